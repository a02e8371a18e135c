"""What an order moves: the cross legs of its own contract, and nothing of isolated positions or other contracts."""

import pytest
from tests.builders import LONG, SHORT, account, linear, position

from marginctl.core.exact import ZERO
from marginctl.core.turning import legs_of, turns

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


def test_where_all_legs_are_isolated_an_order_begins_at_nothing() -> None:
    alone = account(*OTHERS, balances={"USDT": 10_000}, hedge=True)
    assert legs_of(alone, CROSS_LONG, SHORT).ahead == ZERO
    assert turns(alone, CROSS_LONG, SHORT) == []
