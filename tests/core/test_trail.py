"""The equity of a pool along a path, by hand."""

from tests.builders import LONG, account, d, linear, position, tiers

from marginctl.core.cascade import cascade
from marginctl.core.path import PricePath
from marginctl.core.sequence import LiquidationSequence
from marginctl.core.trail import Standing

FLAT = tiers((None, "0.1", "0.1"))


def test_the_equity_goes_straight_to_where_the_pool_is_closed_and_stays() -> None:
    # Long 10 at 100 with 400: equity 400 - 1000 u x 50%, margin 10% of 1000 - 500 u. 400 - 500 u = 100 - 50 u at
    # u = 2/3, where 66.67 are left; closed there without a fee, and nothing moves any more.
    held = account(position(linear(table=FLAT), LONG, 10, 100), balances={"USDT": 400})
    story = cascade(held, PricePath({"BTC": d("-0.5")}), LiquidationSequence())
    first, before, *after = story.trail
    assert first == Standing(d(0), d(400))
    assert round(before.move, 6) == d("0.666667")
    assert {round(one.equity, 4) for one in (before, *after)} == {d("66.6667")}
    assert story.trail[-1].move == 1


def test_a_path_that_liquidates_nothing_has_none() -> None:
    held = account(position(linear(table=FLAT), LONG, 10, 100), balances={"USDT": 4000})
    assert cascade(held, PricePath({"BTC": d("-0.5")}), LiquidationSequence()).trail == ()
