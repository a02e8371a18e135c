"""What open orders cost: each figure derived by hand beside its case."""

from decimal import Decimal

import pytest
from tests.builders import LONG, SHORT, account, d, flat, inverse, linear, order, position, tiers

from marginctl.core.account import MarginRules, OpenLoss, Order, OrderFees, OrderMaintenance, Position
from marginctl.core.contract import TiersBy
from marginctl.core.exact import ZERO
from marginctl.core.orders import SideOrders, Sized, opened
from marginctl.core.pool import partition
from marginctl.core.risk import pool_risk
from marginctl.core.trade import reduced

BTC, ETH = linear(), linear("ETHUSDT", "ETH")
BTC_USDC = linear("BTCUSDC", "BTC", "USDC")
PERP = inverse()


def ordered(
    *orders: Order, held: tuple[Position, ...] = (), rules: MarginRules | None = None, hedge: bool = False
) -> Decimal:
    """The order margin of the first pool."""
    one = account(*held, orders=orders, balances={"USDT": 1000, "BTC": 1}, rules=rules, hedge=hedge)
    return pool_risk(partition(one)[0]).order_margin


TENTH = {"leverage": d(10)}
LONG_ONE = position(BTC, LONG, 1, 100, leverage=10)
SHORT_ONE = position(BTC, SHORT, 1, 100, leverage=10)


@pytest.mark.parametrize(
    ("orders", "held", "expected"),
    [
        pytest.param((order(BTC, LONG, 1, 90, 100, **TENTH),), (), "9", id="a buy alone: at its own price"),
        pytest.param(
            (order(BTC, LONG, 1, 90, 100, **TENTH), order(BTC, SHORT, 1, 110, 100, **TENTH)),
            (),
            "11",
            id="the worse side only",
        ),
        pytest.param((order(BTC, LONG, 1, 90, 100),), (LONG_ONE,), "9", id="adding to a long"),
        pytest.param((order(BTC, SHORT, 1, 110, 100),), (LONG_ONE,), "0", id="closing a long costs nothing"),
        pytest.param((order(BTC, SHORT, 2, 110, 100),), (LONG_ONE,), "2", id="turning it: |100 - 220| - 100 = 20"),
        pytest.param(
            (order(BTC, LONG, 2, 90, 100),), (SHORT_ONE,), "0", id="turning a short: |-100 + 180| is less than 100"
        ),
        pytest.param(
            (order(BTC, SHORT, 2, 110, 100), order(BTC, LONG, 1, 90, 100)),
            (LONG_ONE,),
            "9",
            id="adding is worse than turning",
        ),
        pytest.param((order(BTC, LONG, 1, 90, 100, reduce_only=True),), (), "0", id="reduce-only costs nothing"),
        pytest.param((order(BTC, LONG, 1, 90, 100, leverage=d(50)),), (), "9", id="never below the tier's rate"),
        pytest.param(
            (order(BTC, LONG, 1, 90, 100, initial_rate=d("0.03")),), (), "2.7", id="an own rate stands as given"
        ),
        pytest.param((order(PERP, LONG, 9, 90, 100, **TENTH),), (), "10", id="inverse: 90 / 90 = 1 BTC, worth 100"),
        pytest.param(
            (order(BTC, LONG, 1, 90, 100, **TENTH), order(ETH, SHORT, 1, 10, 10, **TENTH)), (), "10", id="contracts add"
        ),
    ],
)
def test_order_margin_one_way(orders: tuple[Order, ...], held: tuple[Position, ...], expected: str) -> None:
    assert ordered(*orders, held=held) == d(expected)


def test_orders_ignore_isolated_positions() -> None:
    held = position(BTC, LONG, 1, 100, leverage=10, isolated_margin=20)
    assert ordered(order(BTC, SHORT, 1, 110, 100, **TENTH), held=(held,)) == 11


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        pytest.param((order(BTC, LONG, 1, 90, 100, position_side=LONG),), "9", id="opening adds to its leg"),
        pytest.param((order(BTC, SHORT, 1, 110, 100, position_side=LONG),), "0", id="closing costs nothing"),
        pytest.param(
            (order(BTC, SHORT, 1, 110, 100, position_side=SHORT, **TENTH),), "11", id="opening the other leg adds too"
        ),
        pytest.param(
            (
                order(BTC, LONG, 1, 90, 100, position_side=LONG),
                order(BTC, SHORT, 1, 110, 100, position_side=SHORT, **TENTH),
            ),
            "20",
            id="both legs add",
        ),
    ],
)
def test_order_margin_in_hedge_mode(orders: tuple[Order, ...], expected: str) -> None:
    assert ordered(*orders, held=(LONG_ONE,), hedge=True) == d(expected)


@pytest.mark.parametrize(
    ("placed", "expected"),
    [
        pytest.param(order(BTC, LONG, 2, 110, 100, **TENTH), "42", id="buying 10 above the mark: 22 + 20"),
        pytest.param(order(BTC, LONG, 2, 90, 100, **TENTH), "18", id="buying below it opens at no loss"),
        pytest.param(order(BTC, SHORT, 2, 90, 100, **TENTH), "38", id="selling 10 below the mark: 18 + 20"),
        pytest.param(
            order(PERP, LONG, 11, 110, 100, **TENTH),
            "20",
            id="inverse: 1 BTC at its price, 1.1 at the mark: (0.1 + 0.1) x 100",
        ),
        pytest.param(
            order(PERP, SHORT, 9, 90, 100, **TENTH), "20", id="inverse short: 1 BTC at its price, 0.9 at the mark"
        ),
    ],
)
def test_open_loss_is_charged_where_the_venue_does(placed: Order, expected: str) -> None:
    assert ordered(placed, rules=MarginRules(open_loss=OpenLoss.MARGIN)) == d(expected)


@pytest.mark.parametrize(("quantity", "expected"), [("1", "2"), ("1.00000001", "10.0000001")])
def test_the_tier_of_an_order_is_that_of_what_it_would_open(quantity: str, expected: str) -> None:
    contract = linear(table=tiers((100, "0.01", "0.02"), (None, "0.05", "0.1")))
    assert ordered(order(contract, LONG, quantity, 100, 100)) == d(expected)


def test_one_tier_without_end_margins_an_order_of_any_size() -> None:
    assert ordered(order(linear(table=flat("0.01", "0.1")), LONG, 3, 100, 100)) == 30


def test_orders_are_in_the_silo_of_their_settle_asset_alone() -> None:
    # At 10x: 9 for the buy of 1 at 90, paid in USDT; 11 for the sale of 1 at 110, paid in USDC.
    orders = (order(BTC, LONG, 1, 90, 100, **TENTH), order(BTC_USDC, SHORT, 1, 110, 100, **TENTH))
    one = account(orders=orders, balances={"USDT": 1000, "USDC": 1000}, single_asset=True)
    found = {pool.name: (pool.orders, pool_risk(pool).order_margin) for pool in partition(one)}
    assert found == {"cross:USDT": (orders[:1], 9), "cross:USDC": (orders[1:], 11)}


def test_closing_orders_of_a_leg_need_nothing_at_all() -> None:
    closing = order(BTC, SHORT, 1, 110, 100, position_side=LONG)
    one = account(LONG_ONE, orders=(closing,), balances={"USDT": 1000}, hedge=True)
    assert partition(one)[0].order_needs == ()


def test_orders_keep_their_own_rates_when_an_isolated_position_of_the_contract_goes() -> None:
    # The order is one of the shared pool, which has no position: 90 / 10 before and after.
    held = position(BTC, LONG, 1, 100, leverage=50, isolated_margin=20)
    before = account(held, orders=(order(BTC, LONG, 1, 90, 100, **TENTH),), balances={"USDT": 1000})
    after = reduced(before, held, held.quantity)
    assert after.positions == ()
    assert after.orders == before.orders
    assert pool_risk(partition(after)[0]).order_margin == 9


@pytest.mark.parametrize(
    ("quantities", "rate"),
    [((1,), "0.1"), ((2, 1), "0.2"), ((5,), "0.2"), ((5, 1), "0.5"), ((90,), "0.5")],
    ids=["first", "both together in the second", "at its border", "beyond it", "far beyond"],
)
def test_by_quantity_the_tier_is_that_of_all_orders_on_the_contract(quantities: tuple[int, ...], rate: str) -> None:
    """Orders of one side add up, before any position: 2 contracts are 10%, 5 are 20%, more are 50%."""
    table = tiers((2, "0.01", "0.1"), (5, "0.02", "0.2"), (None, "0.03", "0.5"))
    contract = linear(table=table, tiers_by=TiersBy.QUANTITY)
    found = ordered(*(order(contract, LONG, one, 90, 100) for one in quantities))
    assert found == sum(quantities) * 90 * d(rate)


def test_in_hedge_mode_the_orders_of_both_legs_count_side_by_side() -> None:
    """Buys that open the long need 9, sells that open the short 22; what closes a leg is free. One-way: the dearer."""
    buy, sell = (
        order(BTC, LONG, 1, 90, 100, position_side=LONG, **TENTH),
        order(BTC, SHORT, 2, 110, 100, position_side=SHORT, **TENTH),
    )
    closing = order(BTC, SHORT, 5, 100, 100, position_side=LONG, **TENTH)
    assert ordered(buy, sell, closing, hedge=True) == 31
    assert ordered(buy, closing, hedge=True) == 9
    assert ordered(sell, hedge=True) == 22
    assert ordered(buy, sell) == 22


def test_orders_keep_the_rates_that_a_position_had_grown_to() -> None:
    """5 BTC at 100: 1% and 0.1% for every one of them is 1.5%; USDT is worth half a dollar, and no rate depends on it.

    With the position gone the order has 1.5% of its own, whatever its size.
    """
    grown = position(BTC, LONG, 5, 100, initial_rate="0.1", maintenance_rate="0.01", maintenance_growth="0.001")
    one = account(
        grown,
        orders=(order(BTC, LONG, 2, 100, 100),),
        balances={"USDT": 1000},
        prices={"USDT": "0.5", "BTC": 50},
    )
    (left,) = reduced(one, grown, d(5)).orders
    assert (left.initial_rate, left.maintenance_rate) == (d("0.1"), d("0.015"))
    coins = position(PERP, LONG, 100, 100, initial_rate="0.1", maintenance_rate="0.01", maintenance_growth="0.001")
    (of_coins,) = reduced(account(coins, orders=(order(PERP, LONG, 2, 100, 100),)), coins, d(100)).orders
    assert of_coins.maintenance_rate == d("0.02")  # 100 x 10 USD at 100: 10 coins
    (larger,) = reduced(account(GROWING, orders=(order(BTC, LONG, 2, 100, 100),)), GROWING, d(5)).orders
    assert larger.initial_rate == d("0.15")
    (kept,) = reduced(one, grown, d(2)).orders
    assert (kept.initial_rate, kept.maintenance_rate) == (None, None)


GROWING = position(BTC, LONG, 5, 100, initial_rate="0.1", initial_growth="0.01")
"""15% of its 500: a tenth and a hundredth for every one of its 5."""


@pytest.mark.parametrize("hedge", [False, True], ids=["one-way", "hedge"])
def test_orders_that_make_a_position_larger_raise_its_own_rate(hedge: bool) -> None:
    """A buy of 5 at 90 makes 950 of 10 contracts at 20%: 190, where 75 are margined now."""
    buy = order(BTC, LONG, 5, 90, 100, position_side=LONG if hedge else None)
    (need,) = partition(account(GROWING, orders=(buy,), balances={"USDT": 1000}, hedge=hedge))[0].order_needs
    assert (need.initial, need.rate, need.now) == (115, d("0.15"), Sized(d(500), d(5)))
    outcome = need.outcomes[0]
    assert (outcome.size, outcome.rate, outcome.fee) == (Sized(d(950), d(10)), d("0.2"), 0)
    assert (outcome.side.value, outcome.side.quantity, outcome.side.loss) == (450, 5, 0)
    assert outcome.risen == (25 if hedge else 0)
    assert ordered(order(BTC, SHORT, 5, 110, 100), held=(GROWING,)) == 0  # 50 of no contract at 10%: less than now


FEES = MarginRules(
    order_fees=OrderFees.OPEN_AND_CLOSE, open_loss=OpenLoss.MARGIN, order_maintenance=OrderMaintenance.MARGIN
)


@pytest.mark.parametrize("hedge", [False, True], ids=["one-way", "hedge"])
def test_fees_are_of_what_opens_and_count_in_both_margins(hedge: bool) -> None:
    """A buy of 2 at 110 beside a long of 1 at 100, 10%, fees of 1%: 1% + 1% x (1 - 10%) = 1.9% of 220 are 4.18.

    Initial 22 + 20 lost against the mark + 4.18. Maintenance 1% of 220 and the fees.
    """
    held = position(BTC, LONG, 1, 100, leverage=10)
    buy = order(BTC, LONG, 2, 110, 100, taker_fee="0.01", position_side=LONG if hedge else None)
    (pool,) = partition(account(held, orders=(buy,), balances={"USDT": 1000}, rules=FEES, hedge=hedge))
    (need,) = pool.order_needs
    assert (need.initial, need.maintenance) == (d("46.18"), d("6.38"))
    assert (pool.order_margin, pool_risk(pool).maintenance_margin) == (d("46.18"), 1 + d("6.38"))
    assert (need.outcomes[0].fee, need.outcomes[0].side.loss) == (d("4.18"), 20)


def test_a_sell_pays_fees_on_what_it_opens_beyond_the_position() -> None:
    """Long 1 at 100, sell 3 at 110: of 330 100 close it. 1% + 1% x (1 + 10%) = 2.1% of 230 are 4.83.

    |100 - 330| at 10% is 23, beyond the 10 of now: 13 + 4.83. Maintenance 2.3 and the fees less 1.
    """
    held = position(BTC, LONG, 1, 100, leverage=10)
    sell = order(BTC, SHORT, 3, 110, 100, taker_fee="0.01")
    (need,) = partition(account(held, orders=(sell,), balances={"USDT": 1000}, rules=FEES))[0].order_needs
    assert (need.initial, need.maintenance) == (d("17.83"), d("6.13"))
    assert [(one.side.side, one.size.value, one.fee) for one in need.outcomes] == [(1, 100, 0), (-1, 230, d("4.83"))]


def test_an_inverse_order_pays_by_the_side_of_its_exposure() -> None:
    """A buy of 10 x 10 USD at 100 is 1 BTC, at 100; its exposure is short: 1% + 1% x (1 + 10%)."""
    buy = order(PERP, LONG, 10, 100, 100, taker_fee="0.01", **TENTH)
    assert ordered(buy, rules=FEES) == 10 + d("2.1")


@pytest.mark.parametrize("hedge", [False, True], ids=["one-way", "hedge"])
def test_orders_alone_are_kept_by_the_first_ones_own_rate_or_by_the_tiers(hedge: bool) -> None:
    """Of 200: 3% of their own, 1% of the table; by quantity 2 contracts stay in the first tier, 1%, more are 2%."""
    steps = linear(table=tiers((2, "0.01", "0.1"), (None, "0.02", "0.1"), deductions=[0, 0]), tiers_by=TiersBy.QUANTITY)
    side = {"position_side": LONG if hedge else None}
    for placed, kept in (
        (order(BTC, LONG, 2, 100, 100, maintenance_rate="0.03", **TENTH, **side), 6),
        (order(BTC, LONG, 2, 100, 100, **TENTH, **side), 2),
        (order(steps, LONG, 2, 100, 100, **TENTH, **side), 2),
        (order(steps, LONG, 3, 100, 100, **TENTH, **side), 6),
    ):
        rules = MarginRules(order_maintenance=OrderMaintenance.MARGIN)
        one = account(orders=(placed,), balances={"USDT": 1000}, rules=rules, hedge=hedge)
        (need,) = partition(one)[0].order_needs
        assert (need.maintenance, need.position, need.now) == (kept, None, Sized(ZERO, ZERO))


@pytest.mark.parametrize("hedge", [False, True], ids=["one-way", "hedge"])
def test_the_own_maintenance_rate_of_an_inverse_position_grows_with_its_orders_coins(hedge: bool) -> None:
    """100 x 10 USD at 100 are 10 BTC at 1% + 0.1% for each, 20 dollars; with 5 more 2.5% of 1,500 are 37.50."""
    coins = position(PERP, LONG, 100, 100, initial_rate="0.1", maintenance_rate="0.01", maintenance_growth="0.001")
    buy = order(PERP, LONG, 50, 100, 100, position_side=LONG if hedge else None)
    rules = MarginRules(order_maintenance=OrderMaintenance.MARGIN)
    (pool,) = partition(account(coins, orders=(buy,), balances={"BTC": 9}, rules=rules, hedge=hedge))
    assert pool.order_needs[0].maintenance == d("17.5")


@pytest.mark.parametrize("hedge", [False, True], ids=["one-way", "hedge"])
def test_where_the_venue_keeps_no_margin_of_orders_they_need_none(hedge: bool) -> None:
    buy = order(BTC, LONG, 2, 90, 100, position_side=LONG if hedge else None)
    (pool,) = partition(account(LONG_ONE, orders=(buy,), balances={"USDT": 1000}, hedge=hedge))
    assert (pool.order_needs[0].maintenance, pool_risk(pool).maintenance_margin) == (0, 1)


@pytest.mark.parametrize(
    ("now", "side", "value"),
    [
        ("0.5", LONG, 90),
        ("0", LONG, 90),
        ("-0.5", LONG, "89.5"),
        ("-200", LONG, 0),
        ("0.5", SHORT, "89.5"),
        ("-0.5", SHORT, 90),
    ],
)
def test_what_orders_open_is_what_does_not_close(now: str, side: int, value: str) -> None:
    assert opened(d(now), SideOrders(side, d(90), ZERO, d(1))) == d(value)


@pytest.mark.parametrize("hedge", [False, True], ids=["one-way", "hedge"])
@pytest.mark.parametrize(
    ("rate", "kept"),
    [("0.01", "0.5"), ("0.005", 0)],
    ids=["half a dollar of 50", "150 at 0.5% need less than 100 at 1%"],
)
def test_orders_add_what_more_is_kept_but_never_less_than_nothing(hedge: bool, rate: str, kept: str) -> None:
    contract = linear(table=tiers((100, "0.01", "0.1"), (None, rate, "0.1"), deductions=[0, 0]))
    buy = order(contract, LONG, "0.5", 100, 100, position_side=LONG if hedge else None)
    rules = MarginRules(order_maintenance=OrderMaintenance.MARGIN)
    held = position(contract, LONG, 1, 100, leverage=10)
    (pool,) = partition(account(held, orders=(buy,), balances={"USDT": 1000}, rules=rules, hedge=hedge))
    assert pool.order_needs[0].maintenance == d(kept)
