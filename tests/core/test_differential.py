"""Random accounts, everything about each at once, against the naive reading of the definitions and against each other.

A few accounts in an ordinary run, 20,000 with ``pytest --deep``.
"""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.formulas import check_figure

from marginctl.analysis.explain import book_of
from marginctl.analysis.subjects import reported
from marginctl.core.account import Account
from marginctl.core.assemble import report_of
from marginctl.core.cascade import cascade
from marginctl.core.exact import ONE, SNAP, ZERO
from marginctl.core.liquidation import pool_state
from marginctl.core.path import PricePath
from marginctl.core.pool import partition
from marginctl.core.report import Report
from marginctl.core.risk import pool_risk
from marginctl.core.sequence import LiquidationSequence

from . import naive
from .naive import frac
from .naive_orders import order_margin
from .strategies import accounts
from .test_properties_cascade import sequences, shocks
from .ways import CLOSE, all_ways, states

LOOKS = 6
"""Points on the way to a crossing at which nothing may be liquidatable yet."""


@pytest.mark.rounds(2_000)
@given(account=accounts(), moves=shocks(), sequence=sequences(), share=st.integers(1, 99))
@settings(max_examples=10)
def test_an_account_is_what_a_naive_reading_finds(
    account: Account, moves: dict[str, Decimal], sequence: LiquidationSequence, share: int
) -> None:
    assert_figures(account)
    assert_first_crossings(account)
    assert_derivations(account)
    assert_end(account, moves, sequence)
    assert_end(account, {asset: move * share / 100 for asset, move in moves.items()}, sequence)


def assert_figures(account: Account) -> None:
    """Equity, margins and state of every pool."""
    now = naive.today(account)
    for book, pool in zip(naive.books(account), report_of(account).pools, strict=True):
        assert pool.name == book.name
        assert abs(naive.equity(book, now) - frac(pool.equity)) < CLOSE
        assert abs(naive.maintenance(book, now) - frac(pool.maintenance_margin)) < CLOSE
        assert abs(naive.initial(book, now) - frac(pool.initial_margin)) < CLOSE
        assert abs(order_margin(book) - frac(pool.order_margin)) < CLOSE
        assert pool.liquidatable == naive.is_dead(book, now)


def assert_first_crossings(account: Account) -> None:
    """Alive on the way to every liquidation price, dead beyond it; alive all the way where there is none."""
    for state, book in states(account):
        for way in all_ways(account, state, book):
            for u in naive.points(way.before(), LOOKS):
                assert not way.is_dead(u), f"{way.name}: dead at {float(u)}, engine says {way.found}"
            if way.found is not None:
                assert frac(way.found) < way.end, f"{way.name}: at its end, where the price is gone"
                assert not way.is_dead(way.before()), f"{way.name}: dead before {way.found}"
                assert way.is_dead(way.beyond()), f"{way.name}: alive beyond {way.found}"


def assert_derivations(account: Account) -> None:
    """The formula of every figure gives the one that is reported."""
    report = report_of(account)
    if is_on_the_edge(account, report):
        return
    book = book_of(account, report, {})
    reckoned: set[int] = set()
    for path in reported(report):
        check_figure(book.figure(path), reckoned)


def is_on_the_edge(account: Account, report: Report) -> bool:
    """Whether it is chance that a figure exists: an equity or a price that is the residue of a division."""
    risks = [pool_state(pool).risk for pool in partition(account)]
    prices = [
        price / held.mark_price
        for held in report.positions
        for price in (held.liquidation_price, held.contract_liquidation_price, held.bankruptcy_price)
        if price is not None
    ]
    return any(ZERO < abs(risk.equity) <= SNAP * risk.scale for risk in risks) or min(prices, default=ONE) <= SNAP


def assert_end(account: Account, moves: dict[str, Decimal], sequence: LiquidationSequence) -> None:
    """What a cascade leaves is worth what it says, and nothing of it is liquidatable at the end's prices."""
    story = cascade(account, PricePath(moves), sequence)
    world = naive.moved(story.account, {asset: frac(ratio) for asset, ratio in story.ratios.items()})
    for pool, book in zip(partition(story.account), naive.books(story.account), strict=True):
        risk = pool_risk(pool, story.ratios)
        near = frac(SNAP) * (1 + frac(risk.scale)) + CLOSE
        assert abs(naive.equity(book, world) - frac(risk.equity)) < near
        stuck = book.others and not book.positions  # what is taken as given is nobody's to close
        assert stuck or naive.maintenance(book, world) <= near or naive.health(book, world) >= -near
    assert not any(step.move < 0 or step.move > 1 for step in story.steps)
