"""Which contract a symbol means, and what `contracts:` says about it."""

import pytest
from tests.portfolio.books import codes, d, position, refused, report

from marginctl.core.symbols import split_symbol

HEAD = """
prices: {BTC: 60000, ETH: 3000, ABC: 2}
collateral: [{asset: USDT, amount: 100000}, {asset: USDC, amount: 0}]
"""


@pytest.mark.parametrize(
    ("symbol", "pair"),
    [
        ("BTCUSDT", ("BTC", "USDT")),
        ("BTC-USDT", ("BTC", "USDT")),
        ("BTC/USDT:USDT", ("BTC", "USDT")),
        ("BTC/USDT", ("BTC", "USDT")),
        ("BTC-PERP", ("BTC", "USD")),
        ("ETHBTC", ("ETH", "BTC")),
        ("EURUSD", ("EUR", "USD")),
        ("1000PEPEUSDC", ("1000PEPE", "USDC")),
        ("BTCFDUSD", ("BTC", "FDUSD")),
        ("USDTUSDC", ("USDT", "USDC")),
        ("BTC/USD:BTC", None),
        ("BTC-USDT-SWAP", None),
        ("USDT", None),
        ("BTC", None),
        ("-USDT", None),
        ("BTC-", None),
        ("BTC/USDT/X", None),
        ("btcusdt", None),
        ("BTCUSD_PERP", None),
    ],
)
def test_a_symbol_is_split_only_where_it_can_be_told(symbol: str, pair: tuple[str, str] | None) -> None:
    assert split_symbol(symbol, "USD") == pair


@pytest.mark.parametrize("symbol", ["BTCUSDT", "BTC-USDT", "BTC/USDT:USDT", "BTC-PERP"])
def test_every_spelling_is_a_linear_contract_of_size_one(symbol: str) -> None:
    found = report(
        f'{HEAD}positions: [{{symbol: "{symbol}", side: short, quantity: 0.5, leverage: 10, maintenance_rate: 0.5%}}]'
    )
    row = position(found, symbol)
    assert (row["notional"], row["maintenance_margin"]) == (d("30000"), d("150"))


def tiers(table: str, quantity: str, extra: str = "") -> dict[str, object]:
    found = report(
        f"{HEAD}contracts:\n  ABCUSDT: {{{extra}tiers: [{table}]}}\n"
        f"positions: [{{symbol: ABCUSDT, side: long, quantity: {quantity}, leverage: 5}}]"
    )
    return position(found, "ABCUSDT")


DERIVED = "{up_to: 50000, maintenance_rate: 0.5%}, {up_to: 250000, maintenance_rate: 1%}, {maintenance_rate: 2.5%}"
WHOLE = DERIVED.replace("%}", "%, deduction: 0}")
GIVEN = (
    "{up_to: 50000, maintenance_rate: 0.5%, deduction: 0}, {up_to: 250000, maintenance_rate: 1%, deduction: 200}, "
    "{maintenance_rate: 2.5%, deduction: 3900.5}"
)


@pytest.mark.parametrize(
    ("table", "quantity", "margin"),
    [
        (DERIVED, "25000", "250"),
        (DERIVED, "30000", "350"),  # 60000 x 1% - 250
        (DERIVED, "150000", "3500"),  # 300000 x 2.5% - 4000
        (WHOLE, "25000", "250"),
        (WHOLE, "30000", "600"),
        (WHOLE, "150000", "7500"),
        (GIVEN, "30000", "400"),
        (GIVEN, "150000", "3599.5"),
    ],
)
def test_deductions_are_derived_unless_they_are_given(table: str, quantity: str, margin: str) -> None:
    assert tiers(table, quantity)["maintenance_margin"] == d(margin)


def test_tiers_by_quantity_take_the_rate_of_the_size_and_deduct_nothing() -> None:
    table = "{up_to: 100, maintenance_rate: 0.5%}, {up_to: 1000, maintenance_rate: 2%}"
    at_border, above = (tiers(table, quantity, "tiers_by: quantity, ") for quantity in ("100", "101"))
    assert (at_border["tier"], at_border["maintenance_margin"]) == (1, d("1"))
    assert (above["tier"], above["maintenance_margin"]) == (2, d("4.04"))


def test_tiers_by_quantity_do_not_change_with_the_price() -> None:
    text = f"""{HEAD}
contracts: {{ABCUSDT: {{tiers_by: quantity, tiers: [{{up_to: 100, maintenance_rate: 1%}}, {{maintenance_rate: 50%}}]}}}}
positions: [{{symbol: ABCUSDT, side: short, quantity: 100, leverage: 5}}]
"""
    found = report(text.replace("amount: 100000", "amount: 1000"))
    # 1000 + 100 (2 - p) = 1 p  =>  p = 1200 / 101
    assert position(found, "ABCUSDT")["liquidation_price"] == d("11.88118811")


def test_a_declared_symbol_need_not_be_one_that_can_be_split() -> None:
    found = report(
        """
        prices: {BTC: 60000}
        collateral: [{asset: BTC, amount: 1, haircut: 0%}]
        contracts:
          BTCUSD_PERP: {type: inverse, base: BTC, quote: USD, contract_size: 100,
                        tiers: [{maintenance_rate: 0.5%, initial_rate: 2%}]}
        positions: [{symbol: BTCUSD_PERP, side: long, quantity: 100}]
        """
    )
    row = position(found, "BTCUSD_PERP")
    assert (row["notional"], row["initial_margin"], row["maintenance_margin"]) == (d("10000"), d("200"), d("50"))
    # coin: 1 + 10000 (1/60000 - 1/p) = 0.005 x 10000 / p  =>  p = 10050 / (7/6)
    assert row["liquidation_price"] == d("8614.28571429")


class TestVenueContracts:
    BOOK = """
        account: {{venue: binance-usdm}}
        prices: {{BTC: 60000}}
        collateral: [{{asset: USDT, amount: 20000}}]
        {contracts}
        positions: [{{symbol: BTCUSDT, side: long, quantity: 0.5, leverage: 10}}]
    """

    def test_resolve_by_the_venues_own_symbol(self) -> None:
        row = position(report(self.BOOK.format(contracts="")), "BTCUSDT")
        assert (row["tier"], row["maintenance_rate"], row["maintenance_margin"]) == (1, d("0.004"), d("120"))

    def test_take_the_files_tiers_before_the_venues(self) -> None:
        found = report(self.BOOK.format(contracts="contracts: {BTCUSDT: {tiers: [{maintenance_rate: 1%}]}}"))
        assert position(found, "BTCUSDT")["maintenance_margin"] == d("300")
        assert codes(found, "MC208") == []

    def test_say_so_when_the_files_tiers_are_kinder(self) -> None:
        found = report(self.BOOK.format(contracts="contracts: {BTCUSDT: {tiers: [{maintenance_rate: 0.3%}]}}"))
        (one,) = [one for one in found["findings"] if one["code"] == "MC208"]
        assert one["message"] == (
            "the maintenance margin of BTCUSDT is 0.3% of its notional, kinder than binance-usdm's 0.4%"
        )

    def test_change_their_size_alone(self) -> None:
        found = report(self.BOOK.format(contracts="contracts: {BTCUSDT: {contract_size: 0.01}}"))
        row = position(found, "BTCUSDT")
        assert (row["notional"], row["maintenance_margin"]) == (d("300"), d("1.2"))

    def test_may_be_added(self) -> None:
        found = report(
            """
            account: {venue: binance-usdm}
            prices: {ABC: 2}
            collateral: [{asset: USDT, amount: 20000}]
            contracts: {ABCUSDT: {tiers: [{maintenance_rate: 5%, max_leverage: 10}]}}
            positions: [{symbol: ABCUSDT, side: long, quantity: 100}]
            """
        )
        assert position(found, "ABCUSDT")["initial_margin"] == d("20")

    def test_with_tiers_in_the_old_settle_asset_are_refused(self) -> None:
        told = refused(self.BOOK.format(contracts="contracts: {BTCUSDT: {quote: USDC}}"))
        assert told == ["MC016 the tiers of `BTCUSDT` go by notional in USDT, this contract's by notional in USDC"]
