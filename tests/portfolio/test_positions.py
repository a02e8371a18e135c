"""What a row of `positions:` means: size, entry, rates, margins of its own, funding, fees."""

import pytest
from tests.portfolio.books import codes, collateral, d, pool, position, refused, report

HEAD = """
prices: {BTC: 60000, ABC: 2}
collateral: [{asset: USDT, amount: 20000}]
"""
TIERS = """
contracts:
  ABCUSDT:
    contract_size: 10
    tiers:
      - {up_to: 50000, maintenance_rate: 0.5%, max_leverage: 50}
      - {up_to: 250000, maintenance_rate: 1%, max_leverage: 25}
      - {maintenance_rate: 2.5%, max_leverage: 10}
"""
RATES = "leverage: 10, maintenance_rate: 0.5%"


def one(row: str, head: str = HEAD) -> dict[str, object]:
    found = report(f"{head}\npositions: [{{{row}}}]\n")
    return dict(found["positions"][0], assumptions=found["assumptions"], facts=codes(found))


class TestSize:
    def test_a_notional_is_divided_by_the_mark_of_a_contract(self) -> None:
        row = one(f"symbol: BTCUSDT, side: short, notional: 30000, {RATES}")
        assert (row["quantity"], row["notional"]) == (d("0.5"), d("30000"))

    def test_a_notional_that_divides_badly_is_exact_all_the_same(self) -> None:
        row = one(f"symbol: BTCUSDT, side: short, notional: 1000, mark_price: 58999.7, {RATES}")
        assert row["notional"] == d("1000")
        assert row["initial_margin"] == d("100")
        assert row["quantity"] == d("0.01694924")  # 1000 / 58999.7

    def test_a_notional_is_in_the_quote_asset_at_its_own_price(self) -> None:
        row = one(f"symbol: BTCUSDT, side: short, notional: 30000, {RATES}", HEAD.replace("}", ", USDT: 0.98}", 1))
        assert row["notional"] == d("29400")

    def test_contracts_larger_than_one_unit_divide_by_their_size(self) -> None:
        row = one("symbol: ABCUSDT, side: long, notional: 1000, leverage: 5", HEAD + TIERS)
        assert row["quantity"] == d("50")  # x 10 units x 2 USDT

    def test_an_inverse_contract_counts_its_notional_in_contracts_of_quote(self) -> None:
        head = """
prices: {BTC: 60000}
collateral: [{asset: BTC, amount: 1, haircut: 0%}]
contracts: {BTCUSD_PERP: {type: inverse, base: BTC, quote: USD, contract_size: 100}}
"""
        row = one(f"symbol: BTCUSD_PERP, side: long, notional: 4500, {RATES}", head)
        assert (row["quantity"], row["notional"], row["initial_margin"]) == (d("45"), d("4500"), d("450"))


class TestEntry:
    def test_is_the_mark_where_it_is_left_out_and_listed_as_an_assumption(self) -> None:
        row = one(f"symbol: BTCUSDT, side: short, quantity: 0.5, mark_price: 59500, {RATES}")
        assert (row["entry_price"], row["unrealized_pnl"]) == (d("59500"), d("0"))
        assert "BTCUSDT entry_price = mark" in row["assumptions"]

    def test_is_echoed_as_given(self) -> None:
        row = one(f"symbol: BTCUSDT, side: short, quantity: 0.50, entry_price: 61000.123456789012345, {RATES}")
        assert str(row["entry_price"]) == "61000.123456789012345"
        assert str(row["quantity"]) == "0.50"
        assert row["unrealized_pnl"] == d("500.06172839")  # 0.5 x 1000.123456789012345, rounded down


class TestInitialMargin:
    @pytest.mark.parametrize(
        ("given", "rate", "margin"),
        [
            ("leverage: 8", "0.125", "3750"),
            ("initial_rate: 12.5%", "0.125", "3750"),
            ("initial_margin: 3750", "0.125", "3750"),
            ("leverage: 0.5", "2", "60000"),
            ("leverage: 3", "0.3333333334", "10000"),
        ],
    )
    def test_three_ways_to_say_it(self, given: str, rate: str, margin: str) -> None:
        row = one(f"symbol: BTCUSDT, side: short, quantity: 0.5, maintenance_rate: 0.5%, {given}")
        assert (row["initial_rate"], row["initial_margin"]) == (d(rate), d(margin))

    def test_of_zero_is_no_leverage(self) -> None:
        row = one("symbol: BTCUSDT, side: short, quantity: 0.5, maintenance_rate: 0.5%, initial_rate: 0%")
        assert (row["initial_margin"], row["leverage"]) == (d("0"), None)

    @pytest.mark.parametrize(
        ("given", "rate", "facts"),
        [
            ("", "0.04", []),  # tier 2: 1 / 25
            ("leverage: 5", "0.2", []),
            ("leverage: 25", "0.04", []),
            ("leverage: 40", "0.04", ["MC206 ABCUSDT"]),
            ("initial_rate: 2%", "0.02", []),  # stands as given
            ("initial_margin: 600", "0.01", []),
        ],
    )
    def test_leverage_never_goes_below_the_tier_an_own_rate_does(self, given: str, rate: str, facts: list[str]) -> None:
        row = one(f"symbol: ABCUSDT, side: long, quantity: 3000, {given}", HEAD + TIERS)
        assert row["notional"] == d("60000")
        assert row["initial_rate"] == d(rate)
        assert [fact for fact in row["facts"] if "MC206" in fact] == facts


class TestInitialMarginOnEntry:
    """A venue that takes initial margin on the entry price: 25,000 of entry value for 30,000 at the mark."""

    BOOK = """
        account: {venue: mexc, taker_fee: 0.02%}
        prices: {BTC: 60000}
        collateral: [{asset: USDT, amount: 10000}]
        positions: [{symbol: BTC_USDT, side: long, quantity: 5000, entry_price: 50000, initial_margin: 3000}]
    """

    def test_an_amount_stands_as_given(self) -> None:
        row = position(report(self.BOOK), "BTC_USDT")
        assert (row["notional"], row["initial_margin"], row["initial_rate"]) == (d("30000"), d("3000"), d("0.12"))

    def test_it_does_not_move_with_the_mark(self) -> None:
        row = position(report(self.BOOK, shocks={"BTC": d("-0.1")}), "BTC_USDT")
        assert (row["notional"], row["initial_margin"]) == (d("27000"), d("3000"))

    def test_on_the_mark_it_does(self) -> None:
        row = "symbol: BTCUSDT, side: long, quantity: 0.5, initial_margin: 3000, maintenance_rate: 1%"
        text = f"{HEAD}\npositions: [{{{row}}}]"
        row = position(report(text, shocks={"BTC": d("-0.1")}), "BTCUSDT")
        assert (row["notional"], row["initial_margin"]) == (d("27000"), d("2700"))


class TestMaintenance:
    @pytest.mark.parametrize(
        ("quantity", "tier", "deduction", "margin"),
        [
            ("2500", 1, "0", "250"),  # 50000, the border belongs to the tier
            ("2500.5", 2, "250", "250.1"),  # 50010 x 1% - 250
            ("12500", 2, "250", "2250"),  # 250000
            ("15000", 3, "4000", "3500"),  # 300000 x 2.5% - (250 + 250000 x 1.5%)
        ],
    )
    def test_tiers_with_derived_deductions(self, quantity: str, tier: int, deduction: str, margin: str) -> None:
        row = one(f"symbol: ABCUSDT, side: long, quantity: {quantity}", HEAD + TIERS)
        assert (row["tier"], row["maintenance_deduction"]) == (tier, d(deduction))
        assert row["maintenance_margin"] == d(margin)

    def test_an_own_rate_and_deduction_take_the_place_of_the_tiers(self) -> None:
        row = one(
            "symbol: ABCUSDT, side: long, quantity: 15000, maintenance_rate: 2%, maintenance_deduction: 1000",
            HEAD + TIERS,
        )
        assert (row["tier"], row["maintenance_margin"]) == (None, d("5000"))

    def test_is_never_below_zero(self) -> None:
        row = one(
            "symbol: ABCUSDT, side: long, quantity: 1, maintenance_rate: 1%, maintenance_deduction: 50", HEAD + TIERS
        )
        assert row["maintenance_margin"] == d("0")

    def test_above_the_initial_margin_is_a_finding(self) -> None:
        row = one("symbol: BTCUSDT, side: long, quantity: 0.1, leverage: 100, maintenance_rate: 1.5%")
        assert "MC207 BTCUSDT" in row["facts"]


class TestIsolated:
    TEXT = f"""
        prices: {{BTC: 60000}}
        collateral: [{{asset: USDT, amount: 10000}}]
        positions:
          - {{symbol: BTCUSDT, side: long, quantity: 0.5, margin_mode: isolated, isolated_margin: 4000, {RATES}}}
          - {{symbol: BTCUSDT, side: short, quantity: 0.1, {RATES}}}
    """

    def test_margin_is_set_aside_out_of_the_collateral(self) -> None:
        found = report(self.TEXT)
        assert collateral(found, "USDT", "isolated:BTCUSDT:long")["balance"] == d("4000")
        assert collateral(found, "USDT", "cross")["balance"] == d("6000")
        assert found["totals"]["gross_collateral"] == d("10000")

    def test_price_follows_from_its_own_margin_alone(self) -> None:
        # 4000 + 0.5 (p - 60000) = 0.0025 p  =>  p = 26000 / 0.4975
        assert position(report(self.TEXT), "BTCUSDT", "long")["liquidation_price"] == d("52261.30653267")

    def test_all_of_an_asset_may_be_set_aside(self) -> None:
        found = report(self.TEXT.replace("amount: 10000", "amount: 4000").replace("side: short", "side: short"))
        assert pool(found, "cross")["equity"] == d("0")


class TestFunding:
    def test_counts_intervals_of_eight_hours_where_none_is_given(self) -> None:
        row = one(f"symbol: BTCUSDT, side: long, quantity: 0.5, funding_rate: 0.01%, {RATES}")
        assert row["funding_per_day"] == d("-9")  # 30000 x 0.01% x 3, longs pay

    @pytest.mark.parametrize(
        ("side", "rate", "interval", "per_day"),
        [("short", "0.01%", "4h", "18"), ("long", "-0.01%", "1d", "3"), ("short", "-0.02%", "8h", "-18")],
    )
    def test_is_paid_by_longs_when_positive(self, side: str, rate: str, interval: str, per_day: str) -> None:
        row = one(
            f"symbol: BTCUSDT, side: {side}, quantity: 0.5, funding_rate: {rate}, funding_interval: {interval}, {RATES}"
        )
        assert row["funding_per_day"] == d(per_day)

    def test_is_unknown_without_a_rate(self) -> None:
        found = report(f"{HEAD}\npositions: [{{symbol: BTCUSDT, side: long, quantity: 0.5, {RATES}}}]")
        assert position(found, "BTCUSDT")["funding_per_day"] is None
        assert found["funding"]["missing"] == ["BTCUSDT"]
        assert found["funding"]["runway_days"] is None


class TestVenueTerms:
    BOOK = """
account: {{venue: bybit{fee}}}
prices: {{BTC: 60000}}
collateral: [{{asset: USDT, amount: 20000}}]
positions: [{{symbol: BTCUSDT, side: long, quantity: 0.5, entry_price: 60000, {terms}}}]
"""

    def test_a_venue_that_counts_the_closing_fee_asks_for_it(self) -> None:
        assert refused(self.BOOK.format(fee="", terms="leverage: 10")) == [
            "MC022 bybit counts the fee to close in its margins: the account's fee is missing"
        ]

    def test_the_fee_is_part_of_both_margins(self) -> None:
        found = report(self.BOOK.format(fee=", taker_fee: 0.055%", terms="leverage: 10"))
        row = position(found, "BTCUSDT")
        assert row["initial_margin"] == d("3014.85")  # 3000 + 0.5 x 60000 x (1 - 1/10) x 0.055%
        assert row["maintenance_margin"] == d("164.85")  # 30000 x 0.5% + 14.85

    @pytest.mark.parametrize(
        ("terms", "facts"),
        [
            ("leverage: 10", []),
            ("leverage: 10, maintenance_rate: 0.5%", []),
            ("leverage: 10, maintenance_rate: 0.4%", ["MC208 BTCUSDT"]),
            ("leverage: 10, maintenance_rate: 0.5%, maintenance_deduction: 1", ["MC208 BTCUSDT"]),
            ("leverage: 10, maintenance_rate: 0.6%, maintenance_deduction: 30", []),
            ("initial_rate: 1%", []),
            ("initial_rate: 0.9%", ["MC208 BTCUSDT"]),
            ("initial_margin: 150", ["MC208 BTCUSDT"]),
        ],
    )
    def test_margins_below_the_table_of_the_venue_are_findings(self, terms: str, facts: list[str]) -> None:
        found = report(self.BOOK.format(fee=", taker_fee: 0.055%", terms=terms))
        assert codes(found, "MC208") == facts

    def test_tiers_of_ones_own_are_compared_too(self) -> None:
        text = self.BOOK.format(fee=", taker_fee: 0.055%", terms="leverage: 10")
        kinder = report(text + "contracts: {BTCUSDT: {tiers: [{maintenance_rate: 0.3%, max_leverage: 100}]}}")
        same = report(text + "contracts: {BTCUSDT: {tiers: [{maintenance_rate: 0.5%, max_leverage: 100}]}}")
        assert codes(kinder, "MC208") == ["MC208 BTCUSDT"]
        assert codes(same, "MC208") == []
        assert position(kinder, "BTCUSDT")["maintenance_margin"] == d("104.85")  # 90 + fee

    def test_leverage_caps_alone_are_held_where_no_rates_are_published(self) -> None:
        text = """
            account: {{venue: bingx-usdm, taker_fee: 0.05%}}
            prices: {{BNB: 600}}
            collateral: [{{asset: USDT, amount: 20000}}]
            positions: [{{symbol: BNB-USDT, side: long, quantity: 20, leverage: {leverage}, maintenance_rate: 1%}}]
        """
        assert codes(report(text.format(leverage=50)), "MC206") == []
        assert codes(report(text.format(leverage=75)), "MC206") == ["MC206 BNB-USDT"]  # 12000 USDT: 50x at most
