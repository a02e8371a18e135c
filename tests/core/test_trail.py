"""The equity of a pool along a path, by hand."""

from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import LONG, account, d, haircuts, linear, position, tiers

from marginctl.core.account import Account, AssetTerms
from marginctl.core.cascade import cascade
from marginctl.core.contract import Contract, ContractType
from marginctl.core.exact import ZERO
from marginctl.core.path import FundingPath, PricePath
from marginctl.core.pool import partition
from marginctl.core.risk import pool_risk
from marginctl.core.sequence import LiquidationSequence
from marginctl.core.trail import Standing

from .strategies import accounts, number

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


def test_every_corner_of_the_equity_is_one_point() -> None:
    """Of USDT the first 100 count whole, 100 more at 90%, the rest at 80%: 400 are 350, 200 are 190, 100 are 100.

    They become 400 - 500 u: 200 at u = 0.4, 100 at u = 0.6, and 66.67 at u = 2/3, 10% of 1000 - 500 u.
    """
    terms = {"USDT": AssetTerms(haircuts(("100", "0"), ("200", "0.1"), (None, "0.2")))}
    held = account(position(linear(table=FLAT), LONG, 10, 100), balances={"USDT": 400}, terms=terms)
    story = cascade(held, PricePath({"BTC": d("-0.5")}), LiquidationSequence())
    assert story.trail[:3] == ((0, 350), (d("0.4"), 190), (d("0.6"), 100))
    assert [(round(one.move, 6), round(one.equity, 4)) for one in story.trail[3:]] == [
        (d("0.666667"), d("66.6667")),
        (1, d("66.6667")),
    ]


def test_a_path_that_liquidates_nothing_has_none() -> None:
    held = account(position(linear(table=FLAT), LONG, 10, 100), balances={"USDT": 4000})
    assert cascade(held, PricePath({"BTC": d("-0.5")}), LiquidationSequence()).trail == ()


@settings(max_examples=15)
@given(account=accounts(most_contracts=3), moves=st.dictionaries(st.sampled_from(["BTC", "ETH"]), number(-90, 150, 2)))
def test_the_trail_is_the_equity_of_the_pool_that_goes_first(account: Account, moves: dict[str, Decimal]) -> None:
    """Up to the first crossing it is the pool as it stands, at the prices of every point; it ends at what is left."""
    path = PricePath(moves)
    story = cascade(account, path, LiquidationSequence(fee=d("0.001")))
    if not story.steps:
        assert story.trail == ()
        return
    first = story.steps[0]
    pool = next(one for one in partition(account) if one.name == first.pool)
    places = [one.move for one in story.trail]
    assert all(one != other for one, other in pairwise(story.trail))
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0, 1)
    noise = Decimal("1e-60") * (1 + pool_risk(pool, path.ratios(d(1))).scale)
    for one in story.trail[: places.index(first.move) + 1] if first.move else ():
        assert abs(one.equity - pool_risk(pool, path.ratios(one.move)).equity) <= noise
    left = next((one for one in partition(story.account) if one.name == first.pool), None)
    end = ZERO if left is None else pool_risk(left, path.ratios(d(1))).equity
    assert abs(story.trail[-1].equity - end) <= noise


def test_funding_leaves_a_trail_too() -> None:
    """20 USDT less 1 a day, for 20 days: closed at 1 x 10% = 10 after 10 of them, and 10 are left until the end."""
    held = account(
        position(linear(table=FLAT), LONG, 1, 100, funding_rate="0.01", funding_interval=24), balances={"USDT": 20}
    )
    story = cascade(held, FundingPath(d(20)), LiquidationSequence())
    assert story.trail == ((0, 20), (d("0.5"), 10), (1, 10))


def test_a_pool_that_went_with_its_position_is_at_nothing() -> None:
    held = account(position(linear(table=FLAT), LONG, 10, 100, isolated_margin=200), balances={"USDT": 400})
    story = cascade(held, PricePath({"BTC": d("-0.5")}), LiquidationSequence())
    assert story.trail[0] == (0, 200)
    assert story.trail[-2:] == ((story.steps[0].move, 0), (1, 0))


def test_a_quanto_whose_value_bends_leaves_none() -> None:
    bent = Contract("ETHUSD", ContractType.QUANTO, "ETH", "USD", d("0.001"), FLAT, third="BTC")
    held = account(position(bent, LONG, 50, 10), balances={"BTC": "0.1", "USDT": 5})
    path = PricePath({"BTC": d("-0.5"), "ETH": d("-0.5")})
    story = cascade(held, path, LiquidationSequence())
    assert story.steps != ()
    assert story.trail == ()


def test_what_happens_to_another_pool_is_no_point_of_its_own() -> None:
    """Two longs of 10 at 100 behind 200 and 300: the first goes where 200 - 500u = 100 - 50u, the second later."""
    other = linear("CUSDT", "C", table=FLAT)
    held = account(
        position(linear(table=FLAT), LONG, 10, 100, isolated_margin=200),
        position(other, LONG, 10, 100, isolated_margin=300),
        balances={"USDT": 900},
        prices={"C": 100},
    )
    story = cascade(held, PricePath({"BTC": d("-0.5"), "C": d("-0.5")}), LiquidationSequence())
    first, second = (step.move for step in story.steps)
    assert [(one.move, one.equity) for one in story.trail if one.move != first] == [(0, 200), (second, 0), (1, 0)]
    assert [one.equity for one in story.trail if one.move == first][1:] == [0]
