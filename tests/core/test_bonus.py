"""Bonus of a venue: margin like the rest, lost first, never the trader's."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.builders import LONG, SHORT, account, d, flat, haircuts, inverse, linear, position

from marginctl.core.account import Account, AssetTerms
from marginctl.core.assemble import report_of
from marginctl.core.exact import ZERO
from marginctl.core.funding import after_funding
from marginctl.core.outcome import outcome_of, states_of
from marginctl.core.path import FundingPath, PricePath
from marginctl.core.pool import partition
from marginctl.core.risk import bonus_equity, bonus_left
from marginctl.core.trade import realised, reduced

from . import naive
from .naive import frac
from .strategies import accounts
from .ways import CLOSE

TABLE = flat("0.01", "0.1")


def with_bonus(one: Account, **bonus: int) -> Account:
    """The account with more of an asset that the venue gave."""
    more = {asset: one.balances.get(asset, ZERO) + units for asset, units in bonus.items()}
    return replace(one, balances=one.balances | more, bonus={asset: d(units) for asset, units in bonus.items()})


def test_it_counts_as_margin_and_is_no_equity_of_the_trader() -> None:
    totals = report_of(with_bonus(account(balances={"USDT": 1000}), USDT=500)).totals
    assert (totals.equity, totals.bonus, totals.own_equity, totals.free_collateral) == (1500, 500, 1000, 1500)


def test_a_loss_takes_it_first() -> None:
    # Long 10 BTC from 100 with the mark at 70: a loss of 300 of the 500; at 40 a loss of 600: 500 and 100 of the own.
    for mark, left, own in ((70, 200, 1000), (40, 0, 900)):
        book = with_bonus(account(position(linear(), LONG, 10, 100, mark), balances={"USDT": 1000}), USDT=500)
        totals = report_of(book).totals
        assert (totals.bonus, totals.own_equity) == (left, own)


def test_gains_are_the_traders_beside_a_loss() -> None:
    # A gain of 300 and a loss of 200: the loss takes 200 of the bonus, whatever the gain.
    gain = position(linear(), LONG, 10, 100, 130)
    loss = position(linear("ETHUSDT", "ETH"), LONG, 100, 12, 10)
    totals = report_of(with_bonus(account(gain, loss, balances={"USDT": 1000}), USDT=500)).totals
    assert (totals.equity, totals.bonus, totals.own_equity) == (1600, 300, 1300)


def test_of_a_coin_the_last_units_are_the_bonus() -> None:
    # 3 BTC at 100 with 10% cut beyond 2 of them: the third is the bonus and counts 90.
    terms = {"BTC": AssetTerms(haircuts=haircuts((2, 0), (None, "0.1")))}
    totals = report_of(with_bonus(account(balances={"BTC": 2}, terms=terms), BTC=1)).totals
    assert (totals.equity, totals.bonus, totals.own_equity) == (290, 90, 200)


def test_an_inverse_loss_takes_coins() -> None:
    # 100 contracts of 10 USD, long from 100, at 80: 1,000 x (1 / 100 - 1 / 80) = -2.5 BTC; of 4 stay 1.5 at 80.
    one = account(position(inverse(), LONG, 100, 100, 80), balances={"BTC": 10}, prices={"BTC": 80})
    totals = report_of(with_bonus(one, BTC=4)).totals
    assert (totals.bonus, totals.equity, totals.own_equity) == (120, (14 - d("2.5")) * 80, 800)


def test_what_the_shared_pool_lacks_is_in_isolated_margins() -> None:
    # 100 own and 500 bonus, 450 of them behind an isolated position: 150 in the pool, all bonus, and 350 of the 450.
    apart = position(linear(), LONG, 1, 100, isolated_margin=450)
    report = report_of(with_bonus(account(apart, balances={"USDT": 100}), USDT=500))
    assert (report.totals.bonus, report.totals.own_equity) == (500, 100)
    assert [row.bonus for row in report.collateral] == [500, None]


def test_closing_at_a_loss_realises_what_was_left_before() -> None:
    book = with_bonus(account(position(linear(), LONG, 10, 100, 70), balances={"USDT": 1000}), USDT=500)
    after = reduced(book, book.positions[0], d(4))
    assert (after.bonus, after.balances["USDT"]) == ({"USDT": d(380)}, 1380)  # a loss of 120
    assert report_of(after).totals.own_equity == report_of(book).totals.own_equity == 1000


def test_funding_that_is_paid_takes_it_first() -> None:
    # 1,000 of notional at 0.1% three times a day: 3 a day, 30 in 10 days.
    payer = position(linear(), LONG, 10, 100, funding_rate="0.001")
    book = with_bonus(account(payer, balances={"USDT": 1000}), USDT=500)
    assert after_funding(book, d(10)).bonus == {"USDT": d(470)}
    outcome = outcome_of(book, states_of(book), FundingPath(d(10)))
    assert (outcome.equity, outcome.own_equity) == (1470, 1000)
    received = replace(book, positions=(replace(payer, side=SHORT),))
    assert after_funding(received, d(10)).bonus == {"USDT": d(500)}


def test_at_the_end_of_a_scenario_own_equity_is_what_the_loss_left() -> None:
    # A fall of 60% of 10 BTC from 100 costs 600: 500 of bonus, then 100.
    book = with_bonus(account(position(linear(table=TABLE), LONG, 10, 100), balances={"USDT": 1000}), USDT=500)
    outcome = outcome_of(book, states_of(book), PricePath({"BTC": d("-0.6")}))
    assert (outcome.equity, outcome.own_equity) == (900, 900)
    assert outcome_of(replace(book, bonus={}), states_of(book), PricePath({"BTC": d("-0.6")})).own_equity is None


def test_without_a_bonus_there_is_no_such_figure() -> None:
    totals = report_of(account(balances={"USDT": 1000})).totals
    assert (totals.bonus, totals.own_equity) == (None, None)


@pytest.mark.rounds(800)
@given(accounts(), st.sampled_from(["USDT", "BTC", "ETH"]), st.integers(1, 40))
@settings(max_examples=8)
def test_a_bonus_is_the_same_margin_as_an_equal_amount_of_ones_own(one: Account, asset: str, hundreds: int) -> None:
    units = Decimal(hundreds * 100) / one.prices[asset]
    balances = one.balances | {asset: one.balances.get(asset, ZERO) + units}
    own, given_ = (replace(one, balances=balances, bonus=bonus) for bonus in ({}, {asset: units}))
    ours, theirs = report_of(own), report_of(given_)
    assert (ours.pools, ours.positions, ours.underlyings, ours.liquidation) == (
        theirs.pools,
        theirs.positions,
        theirs.underlyings,
        theirs.liquidation,
    )
    assert theirs.totals == replace(ours.totals, bonus=theirs.totals.bonus, own_equity=theirs.totals.own_equity)
    assert (theirs.totals.bonus or ZERO) >= ZERO


@pytest.mark.rounds(800)
@given(accounts(with_orders=False), st.integers(-60, 60), st.sampled_from(["BTC", "ETH"]))
@settings(max_examples=8)
def test_what_is_left_agrees_with_a_naive_reading(one: Account, percent: int, asset: str) -> None:
    book = replace(one, bonus={"USDT": Decimal(2000)})
    ratios = {asset: Decimal(100 + percent) / 100}
    world = naive.moved(book, {asset: frac(ratios[asset])})
    left = bonus_left(book, ratios)["USDT"]
    assert abs(frac(left) - naive.bonus_left(book, world)["USDT"]) < CLOSE
    counted = bonus_equity(book, partition(book), ratios)
    whole = sum((naive.equity(pool, world) for pool in naive.books(book)), naive.NOTHING)
    assert counted is not None
    assert abs(whole - frac(counted) - naive.own_equity(book, world)) < CLOSE


@pytest.mark.parametrize(("bonus", "used"), [("5", "2.53"), ("2", "2")])
def test_a_published_example_uses_what_it_says(bonus: str, used: str) -> None:
    """MEXC Learn, futures bonus usage instructions, 2025-10-20: a loss of 2.5 and a fee of 0.03."""
    before = replace(account(balances={"USDT": 100}), bonus={"USDT": d(bonus)})
    assert before.bonus["USDT"] - realised(before, "USDT", -d("2.53")).bonus["USDT"] == d(used)


def test_a_loss_in_a_coin_takes_as_many_of_it_as_it_costs_at_its_price_of_there() -> None:
    """100 USD of BTC long at 100, at 50: 2 coins less 1 of the entry are owed, and 2 of 3 are left."""
    one = with_bonus(account(position(inverse(), LONG, 10, 100)), BTC=3)
    assert bonus_left(one, {"BTC": d("0.5")}) == {"BTC": 2}


@pytest.mark.parametrize(("gain", "left"), [("0.5", 3), ("0", 3), ("-0.5", "2.5"), ("-4", 0)])
def test_a_gain_however_small_leaves_it_and_a_loss_takes_of_it(gain: str, left: str) -> None:
    after = realised(with_bonus(account(), USDT=3), "USDT", d(gain))
    assert (after.balances["USDT"], after.bonus) == (3 + d(gain), {"USDT": d(left)})


def test_what_is_left_of_it_is_worth_its_price_of_there() -> None:
    """1 of 3 BTC, at 50 instead of 100."""
    one = with_bonus(account(balances={"BTC": 2}), BTC=1)
    assert bonus_equity(one, partition(one), {"BTC": d("0.5")}) == 50
