"""Rates that grow with the size of a position: `maintenance_rate: {base: 2%, per_unit: 0.0005%}`."""

from decimal import Decimal

import pytest
from tests.portfolio.books import checked, d, pool, position, refused, report

from marginctl.core.exact import exactly

SOL = "initial_rate: {base: 4%, per_unit: 0.0005%}, maintenance_rate: {base: 2%, per_unit: 0.0005%}"
BTC = "initial_rate: {base: 2%, per_unit: 0.005%}, maintenance_rate: {base: 1%, per_unit: 0.005%}"


def inverse(more: str = "", rates: str = SOL) -> str:
    """A published case: 300,000 contracts of 10 USD on SOL at 49.72, behind 20,000 SOL."""
    return f"""
        account: {{collateral_mode: single-asset{more}}}
        prices: {{SOL: 49.72}}
        collateral: [{{asset: SOL, amount: 20000}}]
        contracts:
          SOL-PERPETUAL: {{type: inverse, base: SOL, quote: USD, contract_size: 10}}
        positions:
          - {{symbol: SOL-PERPETUAL, side: long, quantity: 300000, {rates}}}
    """


def more(text: str, line: str) -> str:
    """The book with one more section."""
    return f"{text.rstrip()}\n        {line}\n"


def linear(quantity: str, rates: str, price: str = "200") -> str:
    return f"""
        prices: {{SOL: {price}}}
        collateral: [{{asset: USDT, amount: 10000000}}]
        positions: [{{symbol: SOLUSDT, side: long, quantity: {quantity}, {rates}}}]
    """


class TestLinear:
    """The venue's own examples: 25 BTC at 100,000, 350 BTC, 25 SOL at 200, 6,000 SOL."""

    @pytest.mark.parametrize(
        ("quantity", "price", "rates", "initial", "maintenance"),
        [
            ("25", "100000", BTC, "53125", "28125"),
            ("350", "100000", BTC, "1312500", "962500"),
            ("25", "200", SOL, "200.625", "100.625"),
            ("6000", "200", SOL, "84000", "60000"),
        ],
    )
    def test_the_rate_is_that_of_the_size(
        self, quantity: str, price: str, rates: str, initial: str, maintenance: str
    ) -> None:
        found = position(report(linear(quantity, rates, price)), "SOLUSDT")
        assert (found["initial_margin"], found["maintenance_margin"]) == (d(initial), d(maintenance))

    def test_it_stays_along_a_move(self) -> None:
        """1,000,000 + 100,000 (P - 200) = 100,000 P x 52%: P = 190 / 0.48."""
        text = linear("100000", SOL).replace("10000000", "1000000").replace("long", "short")
        found = position(report(text), "SOLUSDT")
        assert found["maintenance_rate"] == d("0.52")
        assert found["liquidation_price"] is not None

    def test_contracts_count_as_what_they_are_of(self) -> None:
        text = linear("60", SOL).replace(
            "positions",
            "contracts: {SOLUSDT: {type: linear, base: SOL, quote: USDT, contract_size: 100}}\n        positions",
        )
        assert position(report(text), "SOLUSDT")["initial_margin"] == 84000


class TestInverse:
    def test_margins_are_those_of_the_size_in_coins(self) -> None:
        with exactly():
            size = Decimal(3_000_000) / d("49.72")
            margin = 3_000_000 * (d("0.02") + d("0.000005") * size)
        found = position(report(inverse()), "SOL-PERPETUAL")
        assert found["maintenance_rate"] == d("0.3216894610")
        assert abs(found["maintenance_margin"] - margin) < d("1e-7")

    def test_the_rate_grows_as_the_price_falls(self) -> None:
        """In coins, n = 3,000,000 / P: 20,000 + 60,337.89... - n = n (0.02 + 0.000005 n); n is a root of a square."""
        with exactly():
            have = 20000 + Decimal(3_000_000) / d("49.72")
            size = (-d("1.02") + (d("1.02") ** 2 + 4 * d("0.000005") * have).sqrt()) / (2 * d("0.000005"))
            price = 3_000_000 / size
        found = position(report(inverse()), "SOL-PERPETUAL")
        assert abs(found["liquidation_price"] - price) < d("1e-8")
        assert found["liquidation_price"] == d("49.42267202")  # published 49.42267201, ours toward the mark
        assert found["contract_liquidation_price"] == d("49.42267202")

    def test_the_rate_of_today_would_say_less(self) -> None:
        fixed = inverse(rates="leverage: 3, maintenance_rate: 32.1689461%")
        assert position(report(fixed), "SOL-PERPETUAL")["liquidation_price"] == d("49.35489686")

    def test_on_the_entry_the_size_stays(self) -> None:
        """20,000 + 60,337.89... - n = 60,337.89... x 32.168946...%"""
        with exactly():
            held = Decimal(3_000_000) / d("49.72")
            price = 3_000_000 / (20000 + held - held * (d("0.02") + d("0.000005") * held))
        found = position(report(inverse(", maintenance_basis: entry")), "SOL-PERPETUAL")
        assert abs(found["liquidation_price"] - price) < d("1e-7")

    def test_a_short_is_liquidated_where_its_coin_is_worth_little(self) -> None:
        """2 SOL behind a short of 30 contracts: 2 - 6.0337... + n = n (0.02 + 0.005 n): both roots lie above 0."""
        rates = "leverage: 3, maintenance_rate: {base: 2%, per_unit: 0.5%}"
        text = inverse(rates=rates).replace("20000", "7").replace("300000", "30").replace("long", "short")
        with exactly():
            have = 7 - Decimal(300) / d("49.72")
            under = (d("0.98") ** 2 + 4 * d("0.005") * have).sqrt()
            price = 300 / ((d("0.98") + under) / (2 * d("0.005")))
        found = report(text)["underlyings"][0]
        assert abs(found["liquidation_down"] - price) < d("1e-8")

    def test_the_dearer_side_of_curved_margins_is_refused(self) -> None:
        told = refused(inverse(", underlying_netting: larger-leg"))
        (message,) = told
        assert message.startswith("MC015 the rate of SOL-PERPETUAL grows with its size in coins, which its price moves")

    def test_scenarios_are_walked_along_the_curve(self) -> None:
        ways = "{name: fall, shocks: {SOL: -0.599%}}, {name: less, shocks: {SOL: -0.597%}}"
        text = more(inverse(), f"scenarios: [{ways}]")
        failed = [one["subject"] for one in report(text)["findings"] if one["code"] == "MC113"]
        assert failed == ["fall"]  # the crossing lies at -0.598005%

    def test_a_worthless_coin_liquidates(self) -> None:
        text = more(inverse(), "scenarios: [{name: gone, shocks: {SOL: -100%}}]")
        assert [one["subject"] for one in report(text)["findings"] if one["code"] == "MC113"] == ["gone"]


class TestOrders:
    def test_what_a_fill_would_need_beyond_the_position(self) -> None:
        """100 SOL at 200 and 100 more: 200 x 200 x 4.1% - 100 x 200 x 4.05%, the whole at the rate of its size."""
        text = more(linear("100", SOL), "orders: [{symbol: SOLUSDT, side: buy, quantity: 100, price: 200}]")
        assert report(text)["totals"]["order_margin"] == d("830")  # 1,640 - 810

    def test_in_hedge_mode_too(self) -> None:
        text = linear("100", SOL).replace("prices", "account: {position_mode: hedge}\n        prices")
        order = "{symbol: SOLUSDT, side: buy, position_side: long, quantity: 100, price: 200}"
        assert report(more(text, f"orders: [{order}]"))["totals"]["order_margin"] == d("830")


class TestReading:
    def test_a_deduction_beside_it_is_refused(self) -> None:
        told = refused(linear("1", SOL + ", maintenance_deduction: 5"))
        assert told == ["MC016 `maintenance_deduction` beside a `maintenance_rate` that grows with the size"]

    def test_rows_of_one_position_grow_alike(self) -> None:
        row = "{symbol: SOLUSDT, side: long, quantity: 50, leverage: 5, maintenance_rate: {base: 2%, per_unit: %s}}"
        text = linear("1", SOL)
        text = text[: text.index("positions")] + "positions: [" + row.replace("%s", "0.1%") + ", "
        assert report(text + row.replace("%s", "0.1%") + "]")["positions"][0]["maintenance_rate"] == d("0.12")
        told = refused(text + row.replace("%s", "0.2%") + "]")
        assert told == ["MC016 rows of `SOLUSDT` differ in `maintenance_rate`: see line 3"]

    def test_both_parts_are_needed(self) -> None:
        assert refused(linear("1", "leverage: 5, maintenance_rate: {base: 2%}")) == ["MC012 `per_unit` is missing"]

    def test_the_order_of_rates_is_that_of_the_size(self) -> None:
        found = report(linear("1000", "leverage: 40, maintenance_rate: {base: 2%, per_unit: 0.01%}"))
        (finding,) = [one for one in found["findings"] if one["code"] == "MC207"]
        assert (finding["value"], finding["limit"]) == (d("0.12"), d("0.025"))

    def test_it_is_carried_to_a_book_that_says_the_same(self) -> None:
        assert checked(inverse()).problems == ()
        assert pool(report(inverse()), "cross:SOL")["liquidatable"] is False
