"""What open orders cost, and to whom they belong."""

import pytest
from tests.portfolio.books import d, pool, refused, report

HEAD = """
prices: {BTC: 60000}
collateral: [{asset: USDT, amount: 20000}, {asset: USDC, amount: 5000}]
"""
SHORT = "symbol: BTCUSDT, side: short, quantity: 0.5, leverage: 10, maintenance_rate: 0.5%"


def text(orders: list[str], positions: list[str] | None = None, head: str = HEAD) -> str:
    rows = "".join(f"  - {{{row}}}\n" for row in orders)
    held = "".join(f"  - {{{row}}}\n" for row in positions or [])
    return head + (f"positions:\n{held}" if held else "") + f"orders:\n{rows}"


def margin(orders: list[str], positions: list[str] | None = None, head: str = HEAD) -> object:
    return report(text(orders, positions, head))["totals"]["order_margin"]


def buy(quantity: str, price: str, more: str = "") -> str:
    return f"symbol: BTCUSDT, side: buy, quantity: {quantity}, price: {price}{more}"


def sell(quantity: str, price: str, more: str = "") -> str:
    return f"symbol: BTCUSDT, side: sell, quantity: {quantity}, price: {price}{more}"


class TestWithoutAPosition:
    @pytest.mark.parametrize(
        ("orders", "cost"),
        [
            ([buy("0.1", "58000", ", leverage: 10")], "580"),
            ([buy("0.1", "58000", ", initial_rate: 12.5%")], "725"),
            ([buy("0.1", "58000", ", leverage: 10"), buy("0.2", "57000", ", leverage: 10")], "1720"),
            ([buy("0.1", "58000", ", leverage: 10"), sell("0.1", "62000", ", leverage: 10")], "620"),  # dearer side
            ([buy("0.1", "58000", ", reduce_only: true")], "0"),
        ],
    )
    def test_the_dearer_side_counts_at_its_own_prices(self, orders: list[str], cost: str) -> None:
        assert margin(orders) == d(cost)

    @pytest.mark.parametrize(
        ("quantity", "more", "cost"),
        [
            ("0.8", "", "960"),  # 48000 in tier 1, 1/50
            ("1", "", "2400"),  # 60000 in tier 2, 1/25
            ("1", ", leverage: 50", "2400"),  # not below the tier
            ("1", ", leverage: 10", "6000"),
            ("1", ", initial_rate: 1%", "600"),  # stands as given
        ],
    )
    def test_the_tier_of_their_size_gives_the_rate(self, quantity: str, more: str, cost: str) -> None:
        head = HEAD + (
            "contracts: {BTCUSDT: {tiers: [{up_to: 50000, maintenance_rate: 0.5%, max_leverage: 50}, "
            "{up_to: 90000, maintenance_rate: 1%, max_leverage: 25}]}}\n"
        )
        assert margin([buy(quantity, "60000", more)], head=head) == d(cost)

    def test_beyond_the_last_tier_only_a_rate_of_their_own_helps(self) -> None:
        head = HEAD + "contracts: {BTCUSDT: {tiers: [{up_to: 50000, maintenance_rate: 1%, max_leverage: 50}]}}\n"
        (told,) = refused(text([buy("1", "60000", ", leverage: 50")], head=head))
        assert told.startswith("MC025 the order on `BTCUSDT` is beyond the last tier of the contract")
        assert told.endswith("which ends at a notional of 50000 USDT")
        assert margin([buy("1", "60000", ", initial_rate: 4%")], head=head) == d("2400")


class TestBesideAPosition:
    @pytest.mark.parametrize(
        ("orders", "cost"),
        [
            ([buy("0.1", "58000")], "0"),  # closes
            ([sell("0.1", "62000")], "620"),  # |-30000 - 6200| - 30000, at the position's 1/10
            ([buy("1.2", "58000")], "960"),  # |-30000 + 69600| - 30000
            ([buy("1.2", "58000"), sell("0.2", "62000")], "1240"),  # 12400 against 9600
            ([buy("1.2", "58000", ", reduce_only: true")], "0"),
        ],
    )
    def test_what_the_worse_side_adds_to_it_counts(self, orders: list[str], cost: str) -> None:
        assert margin(orders, [SHORT]) == d(cost)

    def test_an_isolated_one_is_ignored(self) -> None:
        isolated = f"{SHORT}, margin_mode: isolated, isolated_margin: 3000"
        assert margin([buy("0.1", "58000", ", leverage: 20")], [isolated]) == d("290")
        assert refused(text([buy("0.1", "58000")], [isolated])) == [
            "MC022 the order on `BTCUSDT` has no initial margin rate"
        ]


class TestHedgeMode:
    HEDGE = "account: {position_mode: hedge}\n" + HEAD

    @pytest.mark.parametrize(
        ("orders", "cost"),
        [
            ([sell("0.1", "62000", ", position_side: short")], "620"),  # adds to its leg
            ([buy("0.1", "58000", ", position_side: short")], "0"),  # closes it
            ([buy("0.1", "58000", ", position_side: long, leverage: 5")], "1160"),  # opens the other
            (
                [
                    sell("0.1", "62000", ", position_side: short"),
                    buy("0.1", "58000", ", position_side: long, leverage: 5"),
                ],
                "1780",
            ),
        ],
    )
    def test_orders_that_open_add_to_their_leg(self, orders: list[str], cost: str) -> None:
        assert margin(orders, [SHORT], self.HEDGE) == d(cost)

    def test_the_rate_of_the_other_leg_is_not_theirs(self) -> None:
        assert refused(text([buy("0.1", "58000", ", position_side: long")], [SHORT], self.HEDGE)) == [
            "MC022 the order on `BTCUSDT` has no initial margin rate"
        ]


class TestPools:
    def test_orders_belong_to_the_cross_pool_of_their_settle_asset(self) -> None:
        head = "account: {collateral_mode: single-asset}\n" + HEAD
        found = report(text(["symbol: BTCUSDC, side: buy, quantity: 0.1, price: 58000, leverage: 10"], head=head))
        assert (pool(found, "cross:USDC")["order_margin"], pool(found, "cross:USDT")["order_margin"]) == (
            d("580"),
            d("0"),
        )
        assert found["totals"]["worst_pool"] == "cross:USDC"

    def test_orders_alone_need_the_terms_of_their_settle_asset(self) -> None:
        head = """
account: {{venue: binance-usdm, collateral_mode: multi-asset}}
prices: {{BTC: 60000}}
collateral:
  - {{asset: USDT, amount: 20000, haircut: 0%}}
  - {{asset: USDC, amount: 0, haircut: {haircut}}}
"""
        orders = ["symbol: BTCUSDC, side: buy, quantity: 0.1, price: 58000, leverage: 10"]
        assert margin(orders, head=head.format(haircut="0%")) == d("580")
        assert margin(orders, head=head.format(haircut="5%")) == d("609")  # requirements count 1 + haircut there

    def test_they_add_to_utilization_but_not_to_maintenance(self) -> None:
        found = report(text([buy("1", "60000", ", leverage: 10")]))
        assert found["totals"]["utilization"] == d("0.24")  # 6000 of 25000
        assert found["totals"]["maintenance_margin"] == d("0")
