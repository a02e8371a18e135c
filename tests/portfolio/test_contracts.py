"""Which contract a symbol means, and what `contracts:` says about it."""

import pytest
from tests.portfolio.books import checked, codes, d, position, refused, report

HEAD = """
prices: {BTC: 60000, ETH: 3000, ABC: 2}
collateral: [{asset: USDT, amount: 100000}, {asset: USDC, amount: 0}]
"""


@pytest.mark.parametrize(
    "symbol", ["BTCUSDT", "BTC-USDT", "BTC_USDT", "BTC/USDT:USDT", "BTC-PERP", "BTC_USDC-PERPETUAL", "BTC-USDT-SWAP"]
)
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
    "{up_to: 50000, maintenance_rate: 0.5%, deduction: 0}, {up_to: 250000, maintenance_rate: 1%, deduction: 250}, "
    "{maintenance_rate: 2.505%, deduction: 4012}"
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
        (GIVEN, "30000", "350"),
        (GIVEN, "150000", "3503"),  # 4012 for 250 + 250000 x 1.505% = 4012.5: within the last place, kept as printed
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


PRINTED = """
      - {up_to: 5, maintenance_rate: 0.4%, deduction: 0}
      - {up_to: 10, maintenance_rate: 0.5%, deduction: 0.005}
      - {up_to: 20, maintenance_rate: 1%, deduction: 0.055}
      - {up_to: 50, maintenance_rate: 2.5%, deduction: 0.355}
      - {up_to: 100, maintenance_rate: 5%, deduction: 1.605}
      - {up_to: 200, maintenance_rate: 10%, deduction: 6.605}
      - {up_to: 400, maintenance_rate: 12.5%, deduction: 11.605}"""


def coin_margined(table: str, amount: str, quantity: str) -> dict[str, object]:
    found = report(
        f"""prices: {{BTC: 45000}}
collateral: [{{asset: BTC, amount: {amount}, haircut: 0%}}]
contracts:
  BTCUSD:
    type: inverse
    contract_size: 100
    tiers:{table}
positions: [{{symbol: BTCUSD, side: long, quantity: {quantity}, leverage: 10}}]
"""
    )
    return position(found, "BTCUSD") | {"assumptions": found["assumptions"], "codes": codes(found, "MC212")}


class TestTheLawOfTables:
    """Borders rise, rates do not fall, only the last tier is open, deductions are continuous, as for a venue."""

    def test_printed_deductions_that_are_continuous_count_as_printed(self) -> None:
        # 945,000 USD / 45,000 = 21 BTC: 21 x 2.5% - 0.355 = 0.17 BTC = 7,650 USD
        small = coin_margined(PRINTED, "10", "9450")
        assert small["maintenance_margin"] == d("7650")
        # 101 + 10,000,000 (1/45,000 - 1/p) = 12.5% x 10,000,000 / p - 11.605  =>  p = 11,250,000 / (112.605 + 2000/9)
        assert coin_margined(PRINTED, "101", "100000")["contract_liquidation_price"] == d("33599.41860562")

    def test_leaving_them_out_derives_the_same(self) -> None:
        derived = "\n".join(line.split(", deduction")[0] + "}" * ("{" in line) for line in PRINTED.split("\n"))
        assert coin_margined(derived, "10", "9450")["maintenance_margin"] == d("7650")

    def test_a_deduction_that_breaks_continuity_is_refused_at_its_border(self) -> None:
        told = refused(
            f"""prices: {{BTC: 45000}}
collateral: [{{asset: BTC, amount: 10, haircut: 0%}}]
contracts: {{BTCUSD: {{type: inverse, contract_size: 100, tiers: {_flow(PRINTED.replace("0.355", "0.56"))}}}}}
positions: [{{symbol: BTCUSD, side: long, quantity: 9450, leverage: 10}}]
"""
        )
        assert told == [
            "MC016 the margin falls by 0.205 at the border of 20: the deduction is 0.56, continuity needs 0.355"
        ]

    def test_a_zero_in_a_column_of_whole_numbers_is_no_rounding(self) -> None:
        # 100 BTC x (1% - 0.5%) = 0.5: a deduction of 1 would be half of the margin at the border too much
        table = "[{up_to: 100, maintenance_rate: 0.5%, deduction: 0}, {maintenance_rate: 1%, deduction: 1}]"
        told = refused(
            f"""prices: {{BTC: 45000}}
collateral: [{{asset: BTC, amount: 10, haircut: 0%}}]
contracts: {{BTCUSD: {{type: inverse, contract_size: 100, tiers: {table}}}}}
positions: [{{symbol: BTCUSD, side: long, quantity: 9450, leverage: 10}}]
"""
        )
        assert told == ["MC016 the margin falls by 0.5 at the border of 100: the deduction is 1, continuity needs 0.5"]

    def test_a_table_may_begin_above_its_first_tiers_and_says_so(self) -> None:
        excerpt = "\n".join(["", *PRINTED.split("\n")[3:]])
        found = coin_margined(excerpt, "10", "9450")
        assert (found["maintenance_margin"], found["codes"]) == (d("7650"), [])
        assert (
            "BTCUSD: its table begins with a deduction of 0.055, so its first tiers are left out; "
            "smaller positions would need more margin"
        ) in found["assumptions"]
        # 100,000 USD / 45,000 = 2.22 BTC: 2.22 x 1% is less than 0.055
        small = coin_margined(excerpt, "10", "1000")
        assert (small["maintenance_margin"], small["codes"]) == (d("0"), ["MC212 BTCUSD"])

    def test_deductions_of_tiers_by_quantity_stand_as_given(self) -> None:
        table = "{up_to: 100, maintenance_rate: 0.5%, deduction: 0}, {maintenance_rate: 2%, deduction: 3}"
        assert tiers(table, "500", "tiers_by: quantity, ")["maintenance_margin"] == d("17")  # 1,000 x 2% - 3


def _flow(table: str) -> str:
    """The rows of a block list as one line."""
    return f"[{', '.join(line.strip().removeprefix('- ') for line in table.strip().splitlines())}]"


class TestDatedContracts:
    BOOK = """
        {account}
        prices: {{BTC: 60000}}
        collateral: [{{asset: USDT, amount: 10000}}]
        {contracts}
        positions:
          - {{symbol: {symbol}, side: short, quantity: 0.5, mark_price: 61000, leverage: 5, maintenance_rate: 1%}}
    """

    def facts(self, symbol: str, account: str = "", contracts: str = "", **settings: object) -> list[str]:
        text = self.BOOK.format(symbol=symbol, account=account, contracts=contracts)
        found = report(text, **settings)
        assert position(found, symbol)["notional"] == d("30500")
        return codes(found, "MC214")

    @pytest.mark.parametrize("symbol", ["BTCUSDT-27NOV26", "BTCUSDT_261122", "BTC-USDT-20261122"])
    def test_are_read_with_their_last_day_which_still_counts(self, symbol: str) -> None:
        assert self.facts(symbol) == []

    @pytest.mark.parametrize("symbol", ["BTCUSDT-27DEC24", "BTCUSDT_261121"])
    def test_are_a_finding_when_they_have_ended(self, symbol: str) -> None:
        assert self.facts(symbol) == [f"MC214 {symbol}"]

    def test_are_held_to_the_day_of_the_figures(self) -> None:
        assert self.facts("BTCUSDT-27DEC24", account="account: {as_of: 2024-12-27T23:00:00Z}") == []
        late = "account: {as_of: 2024-12-27T23:00:00-02:00}"  # 1 in the morning of the 28th, UTC
        assert self.facts("BTCUSDT-27DEC24", account=late) == ["MC214 BTCUSDT-27DEC24"]

    def test_may_state_their_last_day_themselves(self) -> None:
        ended = "contracts: {BTCUSDTM: {base: BTC, quote: USDT, expiry: 2026-11-21}}"
        assert self.facts("BTCUSDTM", contracts=ended) == ["MC214 BTCUSDTM"]
        assert self.facts("BTCUSDTM", contracts=ended.replace("21}", "22}")) == []
        moved = "contracts: {BTCUSDT_261121: {expiry: 2026-12-01}}"
        assert self.facts("BTCUSDT_261121", contracts=moved) == []

    def test_of_a_venue_and_of_orders_count_too(self) -> None:
        found = report(
            """
            account: {venue: binance-coinm}
            prices: {ETH: 3000, BTC: 60000}
            collateral: [{asset: ETH, amount: 1}, {asset: BTC, amount: 1}]
            positions: [{symbol: ETHUSD_260925, side: short, quantity: 100, leverage: 5}]
            orders: [{symbol: BTCUSD_260626, side: buy, quantity: 1, price: 50000, leverage: 5}]
            """
        )
        assert codes(found, "MC214") == ["MC214 ETHUSD_260925", "MC214 BTCUSD_260626"]
        (message, _) = [one["message"] for one in found["findings"] if one["code"] == "MC214"]
        assert message == "ETHUSD_260925 ended on 2026-09-25, before 2026-11-22, the day of these figures"

    def test_are_no_guess_once_they_have_ended(self) -> None:
        def advice(as_of: str) -> str:
            text = f"""
                account: {{venue: binance-coinm{as_of}}}
                prices: {{ETH: 3000}}
                collateral: [{{asset: ETH, amount: 1}}]
                positions: [{{symbol: ETHUSD_260924, side: short, quantity: 100, leverage: 5}}]
            """
            (problem,) = checked(text).problems
            return problem.help

        assert "ETHUSD_260925" in advice(", as_of: 2026-07-01T00:00:00Z")
        assert "ETHUSD_260626" not in advice(", as_of: 2026-07-01T00:00:00Z")
        assert "ETHUSD_2609" not in advice("").split("Otherwise")[0]
        assert "ETHUSD_261225" in advice("")


@pytest.mark.parametrize(
    ("venue", "symbol", "contract", "assumed"),
    [
        ("binance-usdm", "BTC/USDT:USDT", "BTCUSDT", ""),
        ("okx", "BTC/USDT:USDT", "BTC-USDT-SWAP", ""),
        ("bybit", "BTC-PERP", "BTCUSDT", "BTC-PERP means BTCUSDT, not BTCPERP, BTCUSD"),
    ],
)
def test_a_symbol_of_no_venue_is_the_contract_of_this_one(venue: str, symbol: str, contract: str, assumed: str) -> None:
    found = report(
        f"account: {{venue: {venue}, taker_fee: 0.05%}}\nprices: {{BTC: 60000}}\n"
        "collateral: [{asset: USDT, amount: 100000, haircut: 0}]\n"
        f'positions: [{{symbol: "{symbol}", side: short, quantity: 1, leverage: 10}}]'
    )
    assert position(found, contract)["symbol"] == contract
    assert [text for text in found["assumptions"] if text.startswith(symbol)] == ([assumed] if assumed else [])


def test_both_names_of_a_contract_are_one_position() -> None:
    rows = ", ".join(f'{{symbol: "{name}", side: long, quantity: 1, leverage: 5}}' for name in ("BTCUSDT", "BTC-PERP"))
    found = report(
        "account: {venue: binance-usdm}\nprices: {BTC: 60000}\n"
        f"collateral: [{{asset: USDT, amount: 100000}}]\npositions: [{rows}]"
    )
    assert position(found, "BTCUSDT")["quantity"] == d("2")
