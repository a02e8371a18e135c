"""What an order moves: the cross legs of its own contract, and nothing of isolated positions or other contracts."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import LONG, SHORT, Number, account, d, flat, inverse, linear, order, position, tiers

from marginctl.core.account import Account, Basis, CloseFee, MarginRules, Netting, OpenLoss, OrderFees, Position
from marginctl.core.contract import Contract, TiersBy
from marginctl.core.exact import ZERO
from marginctl.core.pool import partition
from marginctl.core.risk import Risk, pool_risk
from marginctl.core.trade import filled
from marginctl.core.turning import (
    beginnings,
    borders,
    dearer_side_counts,
    has_opening_orders,
    leaps,
    legs_of,
    may_fall_when_rates_rise,
    turns,
)

BTC, ETH = linear("BTCUSDT", "BTC"), linear("ETHUSDT", "ETH")
CROSS_LONG = position(BTC, LONG, 5, 100, leverage=10)
CROSS_SHORT = position(BTC, SHORT, 3, 100, leverage=10)
OTHERS = (
    position(BTC, LONG, 70, 100, leverage=10, isolated_margin=9),
    position(ETH, LONG, 200, 10, leverage=10),
    position(ETH, SHORT, 11, 10, leverage=10, isolated_margin=9),
)
DESK = account(CROSS_LONG, CROSS_SHORT, *OTHERS, balances={"USDT": 10_000}, hedge=True)


@pytest.mark.parametrize(("side", "ahead"), [(LONG, 2), (SHORT, -2)])
def test_what_is_ahead_is_counted_in_cross_legs_of_the_contract(side: int, ahead: int) -> None:
    # 5 long and 3 short in the pool: 2 ahead for a buy, 2 behind for a sell
    way = legs_of(DESK, CROSS_LONG, side)
    own, other = (CROSS_LONG, CROSS_SHORT) if side == LONG else (CROSS_SHORT, CROSS_LONG)
    assert (way.along, way.against, way.ahead, way.worth) == ((own,), (other,), ahead, 100)


def test_an_order_turns_where_both_sides_are_equal() -> None:
    # sells of 2 make 5 against 5; buys only lead away from there
    assert turns(DESK, CROSS_LONG, SHORT) == [2]
    assert turns(DESK, CROSS_LONG, LONG) == []


@pytest.mark.parametrize("leverage", [None, 10], ids=["by the table", "by the leverage"])
@pytest.mark.parametrize(
    ("rules", "price", "sizes"),
    [
        pytest.param({}, 100, ["1.5", 3], id="as far on the other side as the 3 reach back"),
        pytest.param({"open_loss": OpenLoss.MARGIN}, 110, ["3.15", "3.3"], id="(330 - v) 10% + 30 = 10% v at v = 315"),
        pytest.param(
            {"order_fees": OrderFees.OPEN_AND_CLOSE},
            100,
            [d(117) / 59, 3],
            id="5% and 5% x (1 - 10%): (300 - v) (10% + 9.5%) = 10% v at v = 58.5 / 0.295",
        ),
    ],
)
def test_a_sell_turns_where_buys_are_made_up_for(
    rules: dict[str, Any], price: int, sizes: list[Any], leverage: int | None
) -> None:
    """3 are to be bought, 10% margin: v short they need what the larger of 3 - v and v does; behind a long 4 later."""
    buy = order(BTC, LONG, 3, price, 100, taker_fee="0.05", leverage=None if leverage is None else d(leverage))
    held = position(BTC, LONG, 4, 100, leverage=leverage)
    idle = order(BTC, LONG, 7, 100, 100, reduce_only=True), order(ETH, LONG, 9, 10, 10, leverage=d(10))
    for positions, start in (((), 0), ((held,), 4)):
        one = account(*positions, orders=(*idle, buy), balances={"USDT": 10_000}, rules=MarginRules(**rules))
        found = turns(one, held, SHORT)
        expected = [*([4] if start else []), *(start + d(size) for size in sizes)]
        assert [round(size, 60) for size in found] == [round(d(size), 60) for size in expected]
        assert turns(one, held, LONG) == []


@pytest.mark.parametrize(
    ("fields", "sizes"),
    [
        pytest.param({}, ["2.4", "3.15", "3.3"], id="every rate of the table"),
        pytest.param({"leverage": 5}, ["2.4", "3.3"], id="but none below that of the leverage"),
        pytest.param({"initial_rate": "0.1"}, ["3.15", "3.3"], id="a rate of its own"),
        pytest.param({"initial_margin": 10}, ["3.15", "3.3"], id="a margin of its own: 10 of 100"),
    ],
)
def test_an_order_turns_at_every_rate_that_its_position_may_come_to(fields: dict[str, Any], sizes: list[str]) -> None:
    """3 to buy at 110 lose 30: (330 - v) r + 30 = v r at v = 165 + 15 / r, which is 315 at 10% and 240 at 20%."""
    contract = linear(table=tiers((1000, "0.01", "0.1"), (None, "0.02", "0.2")))
    buy, terms = order(contract, LONG, 3, 110, 100), position(contract, LONG, 1, 100, **fields)
    one = account(orders=(buy,), balances={"USDT": 10_000}, rules=MarginRules(open_loss=OpenLoss.MARGIN))
    assert turns(one, terms, SHORT) == [d(size) for size in sizes]


def test_where_a_position_stands_no_order_begins() -> None:
    """Long 3 at 100 is at the border of 300: a buy passes none, a sell of 6 comes to it on the other side."""
    held = position(linear(table=FREE), LONG, 3, 100, leverage=10)
    desk = account(held, balances={"USDT": 1000})
    assert [beginnings(desk, held, side) for side in (LONG, SHORT)] == [[], [6]]
    assert [borders(desk, held, side, None) for side in (LONG, SHORT)] == [[], [6]]
    assert [turns(desk, held, side) for side in (LONG, SHORT)] == [[], [3]]


def test_where_all_legs_are_isolated_an_order_begins_at_nothing() -> None:
    alone = account(*OTHERS, balances={"USDT": 10_000}, hedge=True)
    assert legs_of(alone, CROSS_LONG, SHORT).ahead == ZERO
    assert turns(alone, CROSS_LONG, SHORT) == []


@pytest.mark.parametrize(
    ("side", "basis", "sizes"),
    [
        pytest.param(LONG, Basis.MARK, ["0.5"], id="2.5 at the mark"),
        pytest.param(LONG, Basis.ENTRY, ["0.5", d(100) / 120], id="or 200 of entry and 100 more at the mark"),
        pytest.param(SHORT, Basis.MARK, ["4.5"], id="2.5 on the other side"),
        pytest.param(SHORT, Basis.ENTRY, ["4.5", "5"], id="or 3 there at the entry"),
    ],
)
def test_a_border_is_reached_by_the_mark_or_by_the_entry(side: int, basis: Basis, sizes: list[Any]) -> None:
    """Long 2 entered at 100, now 120; another tier from 300 on."""
    held = position(linear(table=tiers((300, "0.01", "0.05"), (None, "0.02", "0.1"))), LONG, 2, 100, 120)
    one = account(held, balances={"USDT": 1000}, rules=MarginRules(initial_basis=basis), prices={"BTC": 120})
    assert borders(one, held, side, None) == [d(size) for size in sizes]


RULES = st.builds(
    MarginRules,
    netting=st.sampled_from([Netting.NONE, Netting.NET]),
    open_loss=st.sampled_from(OpenLoss),
    order_fees=st.sampled_from(OrderFees),
    close_fee=st.sampled_from([CloseFee.NONE, CloseFee.MARK]),
    initial_basis=st.sampled_from(Basis),
    maintenance_basis=st.sampled_from(Basis),
).filter(lambda one: one.netting is Netting.NONE or one.initial_basis is one.maintenance_basis is Basis.MARK)
"""Netted at a mixed entry price a margin is no straight line of the size anywhere."""
SIDES = st.sampled_from([LONG, SHORT])
SIZES = st.integers(1, 40)
JUMPS = tiers((300, "0.01", "0.05"), (1500, "0.02", "0.1"), (None, "0.05", "0.25"), deductions=[0, 0, 0])
STEADY = tiers((300, "0.01", "0.05"), (1500, "0.02", "0.1"), (None, "0.05", "0.25"))
FREE = tiers((300, "0", "0.05"), (None, "0.02", "0.1"))
IN_COINS = tiers((3, "0.01", "0.05"), (15, "0.02", "0.1"), (None, "0.05", "0.25"), deductions=[0, 0, 0])
FLAT = flat("0.01", "0.1")
BY_QUANTITY = tiers((4, "0.01", "0.05"), (20, "0.02", "0.1"), (None, "0.05", "0.25"), deductions=[0, 0, 0])


@st.composite
def desks(draw: st.DrawFn, contract: Contract, orders: bool) -> Account:
    """Up to a leg on each side of one contract, entered off the mark, with or without orders on it."""
    hedge = draw(st.booleans())
    sides = draw(st.sampled_from([(), (LONG,), (SHORT,), (LONG, SHORT)] if hedge else [(), (LONG,), (SHORT,)]))
    fields = {"taker_fee": "0.001", "leverage": draw(st.sampled_from([None, 5]))}
    held = [
        position(contract, side, draw(SIZES), draw(st.sampled_from(["80", "100", "125"])), 100, **fields)
        for side in sides
    ]
    placed = [
        order(
            contract,
            draw(SIDES),
            draw(SIZES),
            draw(st.sampled_from(["90", "100", "110"])),
            100,
            taker_fee="0.001",
            leverage=5,
        )
        for _ in range(draw(st.integers(1, 3)) if orders else 0)
    ]
    balances: dict[str, Number] = {"USDT": 10_000, "BTC": 100}
    return account(*held, orders=tuple(placed), balances=balances, rules=draw(RULES), hedge=hedge)


def straight_between(desk: Account, contract: Contract, side: int, stops: set[Decimal]) -> None:
    """Free collateral and buffer are straight lines of the size between two stops, and for a while beyond the last."""
    terms = terms_of(desk, contract, side)
    risks: dict[Decimal, Risk] = {}

    def left(size: Decimal) -> tuple[Fraction, Fraction]:
        if size not in risks:
            risks[size] = pool_risk(partition(filled(desk, terms, side, size))[0])
        return Fraction(risks[size].free_collateral), Fraction(risks[size].buffer(d(1)))

    places = [d(0), *sorted(stops), max(stops, default=d(0)) + 100]
    for low, high in pairwise(places):
        quarter, middle, beyond = (left(low + (high - low) * k / 4) for k in (1, 2, 3))
        for k in (0, 1):
            bent = quarter[k] + beyond[k] - 2 * middle[k]
            assert abs(bent) < Fraction(1, 10**50), (low, high, k)


def terms_of(desk: Account, contract: Contract, side: int) -> Position:
    return next(iter(desk.positions), position(contract, side, 1, 100, leverage=5, taker_fee="0.001", key="terms"))


@pytest.mark.parametrize("contract", [linear(table=FLAT), inverse(table=FLAT)], ids=["linear", "inverse"])
@settings(max_examples=150)
@given(data=st.data(), side=SIDES)
def test_with_orders_margins_turn_only_at_the_turns(contract: Contract, data: st.DataObject, side: int) -> None:
    desk = data.draw(desks(contract, orders=True))
    straight_between(desk, contract, side, set(turns(desk, terms_of(desk, contract, side), side)))


@pytest.mark.parametrize(
    "contract",
    [
        linear(table=JUMPS),
        linear(table=STEADY),
        linear(table=FREE),
        linear(table=BY_QUANTITY, tiers_by=TiersBy.QUANTITY),
        inverse(table=IN_COINS),
    ],
    ids=["jumps", "deductions", "nothing in the first tier", "by quantity", "inverse"],
)
@settings(max_examples=25)
@given(data=st.data(), side=SIDES)
def test_without_orders_margins_turn_only_at_turns_and_borders(
    contract: Contract, data: st.DataObject, side: int
) -> None:
    desk = data.draw(desks(contract, orders=False))
    terms = terms_of(desk, contract, side)
    found = borders(desk, terms, side, None)
    assert found == sorted(found)
    assert all(size > 0 for size in found)
    assert borders(desk, terms, side, d(5)) == [size for size in found if size < 5]
    straight_between(desk, contract, side, {*turns(desk, terms, side), *found})


@pytest.mark.parametrize(
    ("fields", "table", "found"),
    [
        pytest.param({}, FREE, [5, 1], id="up to 300 nothing is asked, which is 3 at 100 on either side"),
        pytest.param({}, STEADY, [], id="where all ask something nothing begins"),
        pytest.param({"maintenance_rate": "0.02", "maintenance_deduction": 6}, STEADY, [5, 1], id="its own: 6 / 2%"),
    ],
)
def test_where_a_position_begins_to_need_maintenance(fields: dict[str, Any], table: Any, found: list[int]) -> None:
    """Long 2 of a contract at 100: a sell turns it first."""
    held = position(linear(table=table), LONG, 2, 100, leverage=10, **fields)
    desk = account(held, balances={"USDT": 1000})
    assert [beginnings(desk, held, side) for side in (SHORT, LONG)] == [found[:1], found[1:]]


def test_by_quantity_every_tier_begins_where_its_own_deduction_ends() -> None:
    """2 / 1% are 200, 6 / 2% 300, which are 2 and 3 at 100; 8 / 2% of its own 4. Long 2: a sell turns it first."""
    table = tiers((2, "0.01", "0.1"), (None, "0.02", "0.1"), deductions=[2, 6])
    contract = linear(table=table, tiers_by=TiersBy.QUANTITY)
    own = {"maintenance_rate": "0.02", "maintenance_deduction": 8}
    for fields, sells, buys in (({}, [4, 5], [1]), (own, [6], [2])):
        held = position(contract, LONG, 2, 100, leverage=10, **fields)
        desk = account(held, balances={"USDT": 1000})
        assert [beginnings(desk, held, side) for side in (SHORT, LONG)] == [sells, buys]


@pytest.mark.parametrize(
    ("contract", "fields", "expected"),
    [
        pytest.param(linear(table=JUMPS), {}, True, id="rates rise without a deduction"),
        pytest.param(linear(table=STEADY), {}, False, id="with one"),
        pytest.param(linear(table=JUMPS), {"maintenance_rate": "0.01"}, False, id="a rate of its own"),
        pytest.param(linear(table=BY_QUANTITY, tiers_by=TiersBy.QUANTITY), {}, True, id="by quantity"),
        pytest.param(linear(table=FLAT, tiers_by=TiersBy.QUANTITY), {}, False, id="one tier"),
        pytest.param(linear(table=FLAT), {}, False, id="one tier by notional"),
    ],
)
def test_where_maintenance_leaps(contract: Contract, fields: dict[str, Any], expected: bool) -> None:
    assert leaps(position(contract, LONG, 1, 100, **fields)) is expected


def test_what_makes_a_search_look_closer() -> None:
    fee = account(rules=MarginRules(close_fee=CloseFee.BANKRUPTCY))
    assert (may_fall_when_rates_rise(fee), may_fall_when_rates_rise(DESK)) == (True, False)
    for rules in ({"netting": Netting.LARGER_LEG}, {"underlying_netting": Netting.LARGER_LEG}):
        assert dearer_side_counts(account(rules=MarginRules(**rules)))
    assert not dearer_side_counts(account(rules=MarginRules(netting=Netting.NET)))
    closing = order(BTC, SHORT, 1, 100, 100, reduce_only=True)
    assert not has_opening_orders(account(orders=(closing, order(ETH, LONG, 1, 10, 10))), CROSS_LONG)
    assert has_opening_orders(account(orders=(closing, order(BTC, LONG, 1, 100, 100))), CROSS_LONG)
