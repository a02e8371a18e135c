"""Facts about quantities and maintenance margins, and the fee to close where the file states one."""

import pytest
from tests.portfolio.books import checked, codes, d, position, report

from marginctl.analysis.check import Policy
from marginctl.limits.config import FileLimits, LimitSource
from marginctl.render import Options, render
from marginctl.results import Run

COIN = "BTCUSD_PERP: {type: inverse, base: BTC, quote: USD, contract_size: 100}"
SMALL = "BTC_X: {base: BTC, quote: USDT, contract_size: 0.0001}"
BOOK = """
prices: {{BTC: 60000}}
collateral: [{{asset: USDT, amount: 10000}}, {{asset: BTC, amount: 1, haircut: 0%}}]
contracts: {{{contract}}}
positions: [{{symbol: {symbol}, side: long, {size}, leverage: 10, maintenance_rate: 1%}}]
"""


def messages(found: dict[str, object], code: str) -> list[str]:
    return [one["message"] for one in found["findings"] if one["code"] == code]  # type: ignore[attr-defined]


class TestFractionsOfAContract:
    @pytest.mark.parametrize(
        ("contract", "symbol", "message"),
        [
            pytest.param(
                COIN,
                "BTCUSD_PERP",  # 0.1 x 100 USD; 0.1 BTC x 60,000 / 100 = 60 contracts
                "quantity 0.1 of BTCUSD_PERP is part of a contract, 10 USD; 0.1 BTC would be 60 contracts, "
                "a notional of 6,000 USD",
                id="a coin-margined contract",
            ),
            pytest.param(
                SMALL,
                "BTC_X",  # 0.1 x 0.0001 BTC x 60,000 = 0.6; 0.1 / 0.0001 = 1,000 contracts
                "quantity 0.1 of BTC_X is part of a contract, 0.00001 BTC, 0.6 USDT at the mark; 0.1 BTC would be "
                "1,000 contracts, a notional of 6,000 USDT",
                id="a contract of 0.0001 BTC",
            ),
        ],
    )
    def test_are_a_finding_that_says_what_they_are(self, contract: str, symbol: str, message: str) -> None:
        found = report(BOOK.format(contract=contract, symbol=symbol, size="quantity: 0.1"))
        assert messages(found, "MC213") == [message]

    @pytest.mark.parametrize(
        ("contract", "symbol", "size"),
        [
            (COIN, "BTCUSD_PERP", "quantity: 1"),
            (COIN, "BTCUSD_PERP", "quantity: 1.0"),
            (COIN, "BTCUSD_PERP", "notional: 50"),
            (COIN.replace("100}", "100, lot: 0.1}"), "BTCUSD_PERP", "quantity: 0.3"),
            (SMALL, "BTCUSDT", "quantity: 0.1"),
        ],
        ids=["one", "one with decimals", "a notional", "a lot of 0.1", "a contract of one coin"],
    )
    def test_are_legal_where_quantities_are_coins_or_lots(self, contract: str, symbol: str, size: str) -> None:
        assert codes(report(BOOK.format(contract=contract, symbol=symbol, size=size)), "MC213") == []

    def test_of_a_lot_are_a_finding(self) -> None:
        contract = COIN.replace("100}", "100, lot: 0.1}")
        found = report(BOOK.format(contract=contract, symbol="BTCUSD_PERP", size="quantity: 0.25"))
        (message,) = messages(found, "MC213")
        assert message == (
            "quantity 0.25 of BTCUSD_PERP is no multiple of the lot of 0.1, 25 USD; 0.25 BTC would be 150 contracts, "
            "a notional of 15,000 USD"
        )

    def test_of_rows_that_make_whole_contracts_together_pass(self) -> None:
        row = "{symbol: BTCUSD_PERP, side: long, quantity: 0.5, leverage: 10, maintenance_rate: 1%}"
        text = BOOK.format(contract=COIN, symbol="BTCUSD_PERP", size="quantity: 1")
        assert codes(report(f"{text[: text.index('positions')]}positions: [{row}, {row}]"), "MC213") == []

    def test_of_a_venue_go_by_its_lots(self) -> None:
        text = """
            account: {{venue: {venue}, taker_fee: 0.05%}}
            prices: {{BTC: 60000}}
            collateral: [{{asset: USDT, amount: 10000, haircut: 0%}}]
            positions: [{{symbol: {symbol}, side: long, quantity: {quantity}, leverage: 10, maintenance_rate: 1%}}]
        """
        legal = report(text.format(venue="okx", symbol="BTC-USDT-SWAP", quantity="49.18"))
        assert codes(legal, "MC213") == []
        mexc = report(text.format(venue="mexc", symbol="BTC_USDT", quantity="0.1"))
        assert codes(mexc, "MC213") == ["MC213 BTC_USDT"]

    def test_of_an_order_are_a_finding_too(self) -> None:
        text = BOOK.format(contract=COIN, symbol="BTCUSD_PERP", size="quantity: 1")
        found = report(f"{text}orders: [{{symbol: BTCUSD_PERP, side: buy, quantity: 0.5, price: 50000}}]")
        assert codes(found, "MC213") == ["MC213 BTCUSD_PERP"]


class TestNoMaintenanceMargin:
    BOOK = """
        account: {{{account}}}
        prices: {{BTC: 60000}}
        collateral: [{{asset: USDT, amount: 10000}}]
        positions: [{{symbol: BTCUSDT, side: long, quantity: 0.1, leverage: 10, {terms}}}]
    """

    @pytest.mark.parametrize(
        ("terms", "account", "facts"),
        [
            ("maintenance_rate: 0%", "", ["MC212 BTCUSDT"]),
            ("maintenance_rate: 0.5%, maintenance_deduction: 30", "", ["MC212 BTCUSDT"]),  # 6,000 x 0.5% = 30
            ("maintenance_rate: 0.5%, maintenance_deduction: 29.9", "", []),
            ("maintenance_rate: 0%", "taker_fee: 0.05%", []),  # the fee to close is a requirement
        ],
    )
    def test_is_a_finding(self, terms: str, account: str, facts: list[str]) -> None:
        assert codes(report(self.BOOK.format(terms=terms, account=account)), "MC212") == facts


class TestTheFeeToClose:
    BOOK = """
        account: {{taker_fee: {fee}{account}}}
        prices: {{X: 0.4}}
        collateral: [{{asset: USDT, amount: 100}}]
        positions:
          - {{symbol: XUSDT, side: long, quantity: 500, leverage: 5, maintenance_rate: 1%, margin_mode: isolated,
             isolated_margin: 40.096}}
    """

    @pytest.mark.parametrize(
        ("fee", "margin", "price"),
        [
            # 500 x 0.4 x (1% + 0.06%); 40.096 + 500 (p - 0.4) = 500 p (1% + 0.06%): p = 159.904 / 500 / 0.9894
            ("0.06%", "2.12", "0.32323429"),
            ("0", "2", "0.3230383839"),  # p = 159.904 / 500 / 0.99, rounded up
        ],
    )
    def test_counts_in_maintenance_where_no_venue_says_otherwise(self, fee: str, margin: str, price: str) -> None:
        row = position(report(self.BOOK.format(fee=fee, account="")), "XUSDT")
        assert row["maintenance_margin"] == d(margin)
        assert row["initial_margin"] == d("40")
        assert abs(row["contract_liquidation_price"] - d(price)) < d("1e-8")

    def test_says_so_where_the_venue_counts_none(self) -> None:
        text = """
            account: {venue: binance-usdm, taker_fee: 0.05%}
            prices: {BTC: 60000}
            collateral: [{asset: USDT, amount: 10000}]
            positions: [{symbol: BTCUSDT, side: long, quantity: 0.1, leverage: 10}]
        """
        without = report(text.replace(", taker_fee: 0.05%", ""))
        found = report(text)
        assert found["totals"] == without["totals"]
        (said,) = set(found["assumptions"]) - set(without["assumptions"])
        assert said == "taker_fee has no effect: binance-usdm counts no fee to close in its margins"


class TestKinderThanTheVenue:
    BOOK = """
        account: {{venue: binance-usdm}}
        prices: {{AAPL: 313.2}}
        collateral: [{{asset: USDT, amount: 100}}]
        positions:
          - {{symbol: AAPLUSDT, side: long, quantity: 0.02, leverage: 10, maintenance_rate: 2.5%}}
        {expect}
    """

    def test_the_accounts_own_bracket_is_none_where_the_venue_shows_it(self) -> None:
        # the venue's table says 5%; 0.02 x 313.2 x 2.5% = 0.1566
        assert codes(report(self.BOOK.format(expect="")), "MC208") == ["MC208 AAPLUSDT"]
        shown = "expect: {positions: {AAPLUSDT: {maintenance_margin: 0.1566}}}"
        assert codes(report(self.BOOK.format(expect=shown)), "MC208") == []
        other = shown.replace("0.1566", "0.3132")
        assert codes(report(self.BOOK.format(expect=other)), "MC208") == ["MC208 AAPLUSDT"]

    def test_a_policy_takes_no_figure_of_the_file_for_that(self) -> None:
        shown = "expect: {positions: {AAPLUSDT: {maintenance_rate: 2.5%}}}"
        policy = Policy((FileLimits(LimitSource.POLICY),), {})
        assert codes(report(self.BOOK.format(expect=shown), policy=policy), "MC208") == ["MC208 AAPLUSDT"]

    def test_the_initial_margin_is_compared_at_the_price_it_is_taken_on(self) -> None:
        # 33 x 60,000 = 1,980,000 stands in the first tier (100x), 33 x 61,000 = 2,013,000 in the second (90x)
        text = """
            account: {venue: bybit, taker_fee: 0.055%}
            prices: {BTC: 61000}
            collateral: [{asset: USDT, amount: 100000, haircut: 0%}]
            positions:
              - {symbol: BTCUSDT, side: long, quantity: 33, entry_price: 60000, leverage: 100, margin_mode: isolated,
                 isolated_margin: 30000}
        """
        assert codes(report(text), "MC208") == []
        assert codes(report(text.replace("leverage: 100", "initial_rate: 0.9%")), "MC208") == ["MC208 BTCUSDT"]


def test_a_price_of_0_is_how_a_venue_shows_that_there_is_none() -> None:
    text = """
        prices: {BTC: 60000}
        collateral: [{asset: USDT, amount: 10000}]
        positions: [{symbol: BTCUSDT, side: long, quantity: 0.1, leverage: 1, maintenance_rate: 0.5%}]
        expect: {positions: {BTCUSDT: {liquidation_price: SHOWN}}}
    """
    assert position(report(text.replace("SHOWN", "0")), "BTCUSDT")["liquidation_price"] is None
    assert codes(report(text.replace("SHOWN", "0")), "MC209") == []
    assert codes(report(text.replace("SHOWN", "30000")), "MC209") == ["MC209 BTCUSDT.liquidation_price"]


def test_of_isolated_positions_alone_the_fullest_pool_is_no_cross_pool() -> None:
    text = """
        prices: {BTC: 60000}
        collateral: [{asset: USDT, amount: 10000}]
        positions:
          - {symbol: BTCUSDT, side: long, quantity: 0.1, leverage: 10, maintenance_rate: 1%, margin_mode: isolated,
             isolated_margin: 700}
    """
    screen = render("table", Run(outcomes=(checked(text),), exit_code=0, version="0"), Options(width=120))
    assert "fullest cross pool" not in " ".join(screen.split())
    assert "A fall of 10.77% liquidates isolated:BTCUSDT:long (BTC at 53,535.36)." in " ".join(screen.split())
