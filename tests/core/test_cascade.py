"""Cascades in closed form: where a pool goes, what is closed at which price, what is left, what sharing cost."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction

import pytest
from msgspec.structs import replace
from tests.builders import LONG, SHORT, account, d, flat, haircuts, linear, order, position, tiers

from marginctl.core import path
from marginctl.core.account import (
    Account,
    AssetTerms,
    CollateralMode,
    Equality,
    MarginRules,
    Netting,
    OrderMaintenance,
)
from marginctl.core.cascade import Cascade, PositionFate, cascade, compared, fate_of, isolated_apart
from marginctl.core.closing import Moment, Pools, _debts_repaid
from marginctl.core.contract import TiersBy
from marginctl.core.liquidation import PoolState, pool_state
from marginctl.core.path import FundingPath, PricePath
from marginctl.core.pool import Pool, partition
from marginctl.core.risk import pool_risk
from marginctl.core.sequence import Action, ClosingOrder, LiquidationSequence

PLAIN = LiquidationSequence()
BTC, ETH = linear(), linear("ETHUSDT", "ETH")
TINY = Fraction(1, 10**50)


def fall(account: Account, shocks: dict[str, str], sequence: LiquidationSequence = PLAIN) -> Cascade:
    return cascade(account, PricePath({asset: d(shock) for asset, shock in shocks.items()}), sequence)


def close(value: Decimal, expected: Fraction | str | int) -> bool:
    return abs(Fraction(value) - Fraction(expected)) < TINY


def actions(story: Cascade) -> list[tuple[Action, str | None]]:
    return [(step.action, step.symbol) for step in story.steps]


# Long 10 BTC at 100 with 150 USDT, 1% maintenance margin, on the way to -20%:
# 150 - 200u - 10 (1 - 0.2u) = 140 - 198u, so it goes at u = 70/99, at a mark of 100 - 20u = 8500/99.
ONE_LONG = account(position(BTC, LONG, 10, 100), balances={"USDT": 150})
AT, PRICE = Fraction(70, 99), Fraction(8500, 99)


def test_one_position_is_closed_at_the_mark_where_its_pool_goes() -> None:
    story = fall(ONE_LONG, {"BTC": "-0.2"})
    (step,) = story.steps
    assert (step.action, step.symbol, step.side, step.quantity, step.left) == (Action.CLOSE, "BTCUSDT", "long", 10, 0)
    assert close(step.move, AT)
    assert step.price is not None
    assert close(step.price, PRICE)
    assert close(step.pnl, 10 * (PRICE - 100))
    assert close(step.equity, 150 + 10 * (PRICE - 100))  # = 1% of the notional: the maintenance margin at the level
    assert close(step.equity, PRICE / 10)
    assert (step.maintenance_margin, step.fee, step.in_profit) == (0, 0, False)
    assert story.account.positions == ()
    assert close(story.value, PRICE / 10)
    assert close(story.equity, PRICE / 10)


def test_a_fee_is_taken_from_what_is_left_and_a_deficit_beyond_it_is_not_owed() -> None:
    # 1.5% of the notional where 1% is left: 0.5% are missing.
    story = fall(ONE_LONG, {"BTC": "-0.2"}, LiquidationSequence(fee=d("0.015")))
    closing, bankrupt = story.steps
    assert close(closing.fee, PRICE * 10 * Fraction(15, 1000))
    assert close(closing.equity, -PRICE * 10 * Fraction(5, 1000))
    assert bankrupt.action is Action.BANKRUPT
    assert close(bankrupt.amount, PRICE * 10 * Fraction(5, 1000))
    assert (bankrupt.equity, story.equity, story.value) == (0, 0, 0)


def test_no_shock_closes_nothing_and_changes_nothing() -> None:
    story = fall(ONE_LONG, {})
    assert (story.steps, story.account, story.value, story.equity) == ((), ONE_LONG, 150, 150)


@pytest.mark.parametrize(
    ("equality", "closed"),
    [
        pytest.param(Equality.SAFE, 0, id="safe at equality: nothing happens exactly there"),
        pytest.param(Equality.LIQUIDATED, 1, id="liquidated at equality: it happens exactly there"),
    ],
)
def test_a_scenario_that_ends_exactly_at_the_liquidation_move(equality: Equality, closed: int) -> None:
    # Short 10 at 100 with 111.1: 111.1 - 1000u - 10 (1 + u) = 101.1 - 1010u; BTC +10% is 111.1 - 100 - 11 = 0.1 > 0.
    # With 111: exactly 0 there.
    exactly = account(position(BTC, SHORT, 10, 100), balances={"USDT": 111}, rules=MarginRules(equality=equality))
    assert len(fall(exactly, {"BTC": "0.1"}).steps) == closed
    assert len(fall(exactly, {"BTC": "0.10000001"}).steps) == 1


# Two losers and a winner in one pool, USDT 120:
# long 10 BTC at 100, long 20 ETH at 10, short 10 ETH-like "C" entered at 10, now 5: +50.
C = linear("CUSDT", "C")
SHARED = account(
    position(BTC, LONG, 10, 100),
    position(ETH, LONG, 20, 10),
    position(C, SHORT, 10, 10, 5),
    balances={"USDT": 120},
    prices={"C": 5},
)
DOWN = {"BTC": "-0.2", "ETH": "-0.2", "C": "-0.2"}
# equity 170 - 200u - 40u + 10u = 170 - 230u, maintenance (1000 + 200 + 50) 1% (1 - 0.2u) = 12.5 - 2.5u
# health 157.5 - 227.5u: u = 157.5 / 227.5 = 9/13
FIRST = Fraction(9, 13)


def test_the_largest_loss_goes_first_until_the_pool_is_healthy_again() -> None:
    story = fall(SHARED, DOWN)
    first = story.steps[0]
    assert close(first.move, FIRST)
    assert (first.symbol, first.in_profit) == ("BTCUSDT", False)
    assert close(first.pnl, -200 * FIRST)
    # Left: 120 - 200 (9/13) in cash; ETH -40u, C 50 + 10u: equity 170 - 1800/13 - 30u, maintenance 2.5 - 0.5u.
    rest = 170 - 200 * FIRST
    assert close(first.equity, rest - 30 * FIRST)
    assert close(first.maintenance_margin, Fraction(5, 2) - FIRST / 2)
    # rest - 30u = 2.5 - 0.5u has no root up to 1: rest = 31.54, 29.5u = 29.04 -> u = 0.984
    second = story.steps[1]
    assert close(second.move, (rest - Fraction(5, 2)) / Fraction(59, 2))
    assert second.symbol == "ETHUSDT"
    assert [position.contract.symbol for position in story.account.positions] == ["CUSDT"]
    # At the end: cash 120 - 200 (9/13) - 40 u2, and the short's 50 + 10.
    assert close(story.value, 120 - 200 * FIRST - 40 * Fraction(second.move) + 60)


def test_all_at_once_takes_the_winner_along() -> None:
    story = fall(SHARED, DOWN, LiquidationSequence(order=ClosingOrder.ALL_AT_ONCE))
    assert actions(story) == [
        (Action.CLOSE, "BTCUSDT"),
        (Action.CLOSE, "ETHUSDT"),
        (Action.CLOSE, "CUSDT"),
    ]
    assert {step.move for step in story.steps} == {story.steps[0].move}
    assert [step.in_profit for step in story.steps] == [False, False, True]
    assert story.closed_winners == (story.steps[2].position,)
    assert close(story.value, 170 - 230 * FIRST)


def test_what_contagion_cost_beside_the_same_book_apart() -> None:
    # With 125 USDT: 162.5 - 227.5u, all at once at 5/7. The winner C forgoes 10 (1 - 5/7) = 20/7 by the end.
    held = replace(SHARED, balances={"USDT": d(125)})
    path = PricePath({asset: d(shock) for asset, shock in DOWN.items()})
    everything = LiquidationSequence(order=ClosingOrder.ALL_AT_ONCE)
    shared = cascade(held, path, everything)
    found = compared(held, shared, path, everything)
    assert found is not None
    assert close(found.contagion_cost, Fraction(20, 7))
    # Alone: BTC behind 100 goes where 100 - 200u = 10 - 2u, ETH behind 20 where 20 - 40u = 2 - 0.4u: both at 5/11.
    # C behind 5 lives to its 60.
    assert (found.aside, found.sold, found.sharing_saved) == ({"USDT": 125}, False, 0)
    alone = [(fate.closed_at, fate.result) for _, _, fate in found.fates]
    assert close(alone[0][0] or d(0), Fraction(5, 11))
    assert close(alone[1][0] or d(0), Fraction(5, 11))
    assert close(alone[0][1], -200 * Fraction(5, 11))
    assert alone[2] == (None, 60)
    assert close(found.apart.value, 125 - 240 * Fraction(5, 11) + 60)
    assert close(shared.value, 175 - 230 * Fraction(5, 7))


@pytest.mark.parametrize("fee", ["0.01", "0.005"], ids=["all that is left alone", "half of it"])
def test_fees_are_part_of_what_contagion_cost_and_of_every_result(fee: str) -> None:
    """As above: together all go at 5/7, where prices stand at 6/7: 1000, 200 and 50 of notional cost their fee there.

    Alone BTC and ETH go at 5/11, with 1% of their notional left: a fee of as much or less leaves no deficit.
    """
    share = Fraction(fee)
    held = replace(SHARED, balances={"USDT": d(125)})
    path = PricePath({asset: d(shock) for asset, shock in DOWN.items()})
    everything = LiquidationSequence(order=ClosingOrder.ALL_AT_ONCE, fee=d(fee))
    found = compared(held, cascade(held, path, everything), path, everything)
    assert found is not None
    assert close(found.contagion_cost, Fraction(20, 7) + share * 50 * Fraction(6, 7))
    assert found.sharing_saved == 0
    together, alone = ([fate[k] for fate in found.fates] for k in (1, 2))
    at, apart = Fraction(5, 7), Fraction(5, 11)
    assert all(close(one.closed_at or d(0), at) and not one.reduced for one in together)
    assert close(together[0].result, -200 * at - share * 1000 * Fraction(6, 7))
    assert close(together[1].result, -40 * at - share * 200 * Fraction(6, 7))
    assert close(together[2].result, 50 + 10 * at - share * 50 * Fraction(6, 7))
    assert actions(found.apart) == [(Action.CLOSE, "BTCUSDT"), (Action.CLOSE, "ETHUSDT")]
    assert close(alone[0].result, -200 * apart - share * 1000 * Fraction(10, 11))
    assert close(alone[1].result, -40 * apart - share * 200 * Fraction(10, 11))
    assert alone[2] == PositionFate(closed_at=None, reduced=False, result=d(60))


def test_an_account_that_cannot_set_the_margins_aside_has_no_comparison() -> None:
    # 125 are needed, 120 are there.
    path = PricePath({"BTC": d("-0.2")})
    poorer = replace(SHARED, balances={"USDT": d(124)})
    assert compared(poorer, cascade(poorer, path, PLAIN), path, PLAIN) is None
    assert isolated_apart(replace(SHARED, balances={"USDT": d(125)})) is not None


def test_margins_apart_are_funded_out_of_other_collateral_at_its_price() -> None:
    # 100 USDT of initial margin and nothing but 2 BTC at 100: 1 BTC is sold.
    held = account(position(BTC, LONG, 10, 100), balances={"BTC": 2, "USDT": 0})
    found = isolated_apart(held)
    assert found is not None
    assert (found.sold, found.aside) == (True, {"USDT": 100})
    assert (found.account.balances["BTC"], found.account.balances["USDT"]) == (1, 100)


def test_a_loss_so_far_is_set_aside_as_well() -> None:
    # Long 10 entered at 110: 100 of initial margin and 100 of loss.
    found = isolated_apart(account(position(BTC, LONG, 10, 110, 100), balances={"USDT": 300}))
    assert found is not None
    assert found.aside == {"USDT": 200}


def test_sharing_saves_the_position_that_alone_would_have_gone() -> None:
    # Short 10 BTC at 100 beside long 100 ETH at 10, all up 20% and ETH 25%: together nothing happens.
    # Alone the short, behind 100: 100 - 200u - 10 - 2u = 90 - 202u -> u = 45/101, where it loses 200u.
    hedged = account(position(BTC, SHORT, 10, 100), position(ETH, LONG, 100, 10), balances={"USDT": 300})
    path = PricePath({"BTC": d("0.2"), "ETH": d("0.25")})
    shared = cascade(hedged, path, PLAIN)
    assert shared.steps == ()
    found = compared(hedged, shared, path, PLAIN)
    assert found is not None
    alone = Fraction(45, 101)
    # Kept to the end it would have lost 200: being closed at 200u is cheaper, so sharing "saved" a loss.
    assert close(found.sharing_saved, -200 + 200 * alone)
    assert (shared.value, found.contagion_cost) == (350, 0)
    assert close(found.apart.value, 300 + 250 - 200 * alone)
    assert [fate.closed_at for _, fate, _ in found.fates] == [None, None]


def test_orders_are_cancelled_first_and_free_nothing() -> None:
    ordered = replace(ONE_LONG, orders=(order(BTC, LONG, 1, 90, 100),))
    story = fall(ordered, {"BTC": "-0.2"})
    assert actions(story) == [(Action.CANCEL_ORDERS, None), (Action.CLOSE, "BTCUSDT")]
    assert story.account.orders == ()
    kept = fall(ordered, {"BTC": "-0.2"}, LiquidationSequence(cancels_orders=False))
    assert kept.account.orders == ordered.orders


def test_netting_the_legs_may_be_enough() -> None:
    # Long 10, short 4 of one contract, legs added (none): 1% of 1400. 140 - 120u - 14 (1 - 0.2u): u = 126/117.2 > 1
    # at -20%; at -25% (150u, 3.5u): u = 126/146.5 = 252/293.
    rules = MarginRules(netting=Netting.NONE)
    held = account(
        position(BTC, LONG, 10, 100), position(BTC, SHORT, 4, 100), balances={"USDT": 140}, rules=rules, hedge=True
    )
    story = fall(held, {"BTC": "-0.25"}, LiquidationSequence(nets_legs=True))
    at = Fraction(252, 293)
    assert actions(story)[:2] == [(Action.NET_LEGS, "BTCUSDT"), (Action.NET_LEGS, "BTCUSDT")]
    assert [step.quantity for step in story.steps[:2]] == [4, 4]
    assert close(story.steps[0].move, at)
    assert close(story.steps[0].pnl, -100 * at)
    assert close(story.steps[1].pnl, 100 * at)
    # 6 are left: equity 140 - 150u, maintenance 6 - 1.5u; the next crossing is at 134/148.5.
    assert close(story.steps[1].maintenance_margin, 6 - Fraction(3, 2) * at)
    assert close(story.steps[2].move, Fraction(268, 297))
    assert not story.closed_winners
    # Where tiers are cut, netting was no cut: what is over 300 goes there, then what is left.
    table = tiers((300, "0.01", "0.1"), (None, "0.01", "0.1"))
    tiered = replace(held, positions=tuple(replace(one, contract=linear(table=table)) for one in held.positions))
    cut = fall(tiered, {"BTC": "-0.25"}, LiquidationSequence(nets_legs=True, reduces_by_tier=True))
    assert [(step.action, step.tier) for step in cut.steps[1:3]] == [(Action.NET_LEGS, None), (Action.REDUCE, 1)]
    assert cut.steps[2].left is not None
    assert abs(Fraction(cut.steps[2].left) - 300 / (100 - 25 * Fraction(268, 297))) < Fraction(1, 10**25)


TABLE = tiers((500, "0.01", "0.1"), (1000, "0.02", "0.1"), (None, "0.05", "0.1"))


@pytest.mark.parametrize("usdt", ["1", "0.5"], ids=["a dollar", "half a dollar: borders are in USDT"])
def test_a_position_is_cut_to_the_border_of_the_tier_below_before_it_is_closed(usdt: str) -> None:
    # 20 at 100: 2000 is in tier 3: margin 100 - 35 = 65 -> deduction 5 + 1000 (0.03) = 35.
    # Equity 300 - 400u; margin 0.05 x 2000 (1 - 0.2u) - 35 = 65 - 20u: health 235 - 380u: u = 47/76.
    held = account(position(linear(table=TABLE), LONG, 20, 100), balances={"USDT": 300}, prices={"USDT": usdt})
    story = fall(held, {"BTC": "-0.2"}, LiquidationSequence(reduces_by_tier=True))
    at = Fraction(47, 76)
    mark = 100 - 20 * at
    first = story.steps[0]
    assert first.action is Action.REDUCE
    assert close(first.move, at)
    kept = 1000 / mark  # the border of tier 2 at this price
    assert first.left is not None
    assert first.quantity is not None
    assert abs(Fraction(first.left) - kept) < Fraction(1, 10**25)
    assert first.left + first.quantity == 20
    assert abs(Fraction(first.maintenance_margin) - 15 * Fraction(usdt)) < Fraction(1, 10**20)  # 2% of 1000 - 5
    # Closing at the mark changes no equity.
    assert abs(Fraction(first.equity) - (300 - 400 * at) * Fraction(usdt)) < Fraction(1, 10**20)


def test_tiers_by_quantity_are_cut_in_quantity() -> None:
    table = tiers((5, "0.01", "0.1"), (None, "0.05", "0.1"), deductions=[0, 0])
    contract = linear(table=table, tiers_by=TiersBy.QUANTITY)
    # 20 at 100, 5% of it: 300 - 400u - 100 (1 - 0.2u): u = 200/380 = 10/19.
    held = account(position(contract, LONG, 20, 100), balances={"USDT": 300})
    story = fall(held, {"BTC": "-0.2"}, LiquidationSequence(reduces_by_tier=True))
    (step,) = story.steps
    assert (step.action, step.quantity, step.left) == (Action.REDUCE, 15, 5)
    assert close(step.move, Fraction(10, 19))
    assert close(step.maintenance_margin, 5 * (100 - 20 * Fraction(10, 19)) / 100)
    # Down 50% what is left goes as well: cut before it was closed.
    further = fall(held, {"BTC": "-0.5"}, LiquidationSequence(reduces_by_tier=True))
    assert [one.action for one in further.steps] == [Action.REDUCE, Action.CLOSE]
    fate = fate_of(held.positions[0], further)
    assert (fate.closed_at, fate.reduced) == (further.steps[1].move, True)


def test_what_is_cut_of_an_isolated_position_leaves_no_deficit_while_the_rest_stands() -> None:
    """As above behind 300 of its own, with a fee of 6%: where 5% of all 20 are left, 15 cost 4.5% of them.

    0.5% of 20 are 2% of the 5 that stay. For all 20 it would have been 6%, more than is there.
    """
    table = tiers((5, "0.01", "0.1"), (None, "0.05", "0.1"), deductions=[0, 0])
    contract = linear(table=table, tiers_by=TiersBy.QUANTITY)
    held = account(position(contract, LONG, 20, 100, isolated_margin=300), balances={"USDT": 400})
    story = fall(held, {"BTC": "-0.2"}, LiquidationSequence(reduces_by_tier=True, fee=d("0.06")))
    first = story.steps[0]
    mark = 100 - 20 * Fraction(10, 19)
    assert (first.action, first.quantity, first.left) == (Action.REDUCE, 15, 5)
    assert close(first.equity, mark * 20 * Fraction(5, 1000))
    assert [step.action for step in story.steps if step.move == first.move] == [Action.REDUCE]


def test_with_nothing_left_and_nothing_required_a_debt_stays() -> None:
    """150 in 100 of ETH and 50 USDT: at 1% of what closes, all that is left, the fee leaves 100 against 100 owed."""
    held = account(position(BTC, LONG, 10, 100), balances={"ETH": 10, "USDT": 50})
    story = fall(held, {"BTC": "-0.2"}, LiquidationSequence(fee=d("0.01"), repays=False))
    assert actions(story) == [(Action.CLOSE, "BTCUSDT")]
    assert close(story.value, 0)
    assert (story.account.balances["ETH"], round(story.account.balances["USDT"], 50)) == (10, -100)


def test_where_repaying_leaves_exactly_nothing_there_is_no_deficit() -> None:
    """30 ETH at 10, half of it counted; 200 lost so far and a fee of 100: 150 short of 300, which all of it repays."""
    terms = {"ETH": AssetTerms(haircuts=haircuts((None, "0.5")))}
    held = account(position(BTC, LONG, 10, 120, 100), balances={"ETH": 30, "USDT": 0}, terms=terms)
    story = fall(held, {}, LiquidationSequence(fee=d("0.1")))
    assert [(step.action, step.equity) for step in story.steps] == [(Action.CLOSE, -150), (Action.REPAY, 0)]
    assert {asset: story.account.balances[asset] for asset in ("ETH", "USDT")} == {"ETH": 0, "USDT": 0}


def test_what_is_cut_to_a_border_at_the_very_end_is_not_beyond_it() -> None:
    """Short 20 at 100 with 750, up 25%: 750 - 500u meets 10% of 2000 + 500u at the end, where equality counts.

    8 stay, 1000 at 125, and 70 of 250 after 12% of what closed: enough for 1%, not for the 10% of a price beyond.
    """
    table = tiers((1000, "0.01", "0.1"), (None, "0.1", "0.1"), deductions=[0, 0])
    rules = MarginRules(equality=Equality.LIQUIDATED)
    held = account(position(linear(table=table), SHORT, 20, 100), balances={"USDT": 750}, rules=rules)
    story = fall(held, {"BTC": "0.25"}, LiquidationSequence(reduces_by_tier=True, fee=d("0.12")))
    (step,) = story.steps
    assert (step.action, step.move, step.left, step.equity, step.maintenance_margin) == (Action.REDUCE, 1, 8, 70, 10)


def test_a_short_that_grows_back_over_its_border_is_cut_one_tier_further() -> None:
    # Short 11 at 100 with 60 USDT: 1% to 500, 2% to 1010, 5% beyond, no deductions; BTC +10%.
    # 1100 is in tier 3: 60 - 110u = 55 + 5.5u at u = 10/231. Cut to 1010 there, q of it, and 2%.
    table = tiers((500, "0.01", "0.1"), (1010, "0.02", "0.1"), (None, "0.05", "0.1"), deductions=[0, 0, 0])
    held = account(position(linear(table=table), SHORT, 11, 100), balances={"USDT": 60})
    story = fall(held, {"BTC": "0.1"}, LiquidationSequence(reduces_by_tier=True))
    at = Fraction(10, 231)
    q = 1010 / (100 + 10 * at)
    assert [(step.action, step.tier) for step in story.steps] == [
        (Action.REDUCE, 2),
        (Action.REDUCE, 1),
        (Action.CLOSE, None),  # over 500 again, but it was in its first tier already
    ]
    assert close(story.steps[0].move, at)
    # From there on it is over 1010 again, at 5%: 60 - 110 at - 10 q (u - at) = 5 q (1 + u / 10). Not back to 1010.
    again = (60 - 110 * at + 10 * q * at - 5 * q) / (q * Fraction(21, 2))
    assert abs(Fraction(story.steps[1].move) - again) < Fraction(1, 10**25)
    left = story.steps[1].left
    assert left is not None
    assert abs(Fraction(left) - 500 / (100 + 10 * again)) < Fraction(1, 10**25)


def test_a_take_over_keeps_the_margin() -> None:
    story = fall(ONE_LONG, {"BTC": "-0.2"}, LiquidationSequence(takes_over=True))
    assert actions(story) == [(Action.TAKE_OVER, "BTCUSDT"), (Action.FORFEIT, None)]
    assert close(story.steps[1].amount, PRICE / 10)
    assert close(story.value, 0)


def test_below_its_level_a_take_over_comes_at_once_and_above_it_the_rest_stays() -> None:
    backstop = LiquidationSequence(takes_over=True, take_over_level=Decimal(2) / 3, order=ClosingOrder.ALL_AT_ONCE)
    assert actions(fall(ONE_LONG, {"BTC": "-0.2"}, backstop)) == [(Action.CLOSE, "BTCUSDT")]
    # 6 of equity under a margin of 10 from the start: below two thirds of it.
    ruined = account(position(BTC, LONG, 10, 100), balances={"USDT": 6})
    story = fall(ruined, {"BTC": "-0.2"}, backstop)
    assert actions(story) == [(Action.TAKE_OVER, "BTCUSDT"), (Action.FORFEIT, None)]
    assert (story.steps[0].move, story.steps[1].amount, story.value) == (0, 6, 0)


def test_an_isolated_position_loses_its_margin_and_no_more() -> None:
    # 5% fee on what closes: 1% of the notional is left, the other 4% are not the account's.
    held = account(position(BTC, LONG, 10, 100, isolated_margin=150), balances={"USDT": 400})
    story = fall(held, {"BTC": "-0.2"}, LiquidationSequence(fee=d("0.05")))
    assert actions(story) == [(Action.CLOSE, "BTCUSDT"), (Action.BANKRUPT, None)]
    assert story.steps[0].pool == "isolated:BTCUSDT:long"
    assert close(story.steps[1].amount, PRICE * 10 * Fraction(4, 100))
    assert close(story.value, 250)


def test_what_is_left_of_an_isolated_margin_goes_back_to_the_cross_pool() -> None:
    held = account(position(BTC, LONG, 10, 100, isolated_margin=150), balances={"USDT": 400})
    story = fall(held, {"BTC": "-0.2"})
    assert close(story.value, 250 + PRICE / 10)
    assert close(story.account.balances["USDT"], 250 + PRICE / 10)


def test_a_pool_that_goes_leaves_the_others_alone() -> None:
    silos = account(
        position(BTC, LONG, 10, 100),
        position(linear("ETHUSDC", "ETH", "USDC"), LONG, 1, 10),
        balances={"USDT": 150, "USDC": 50},
        single_asset=True,
    )
    assert silos.collateral_mode is CollateralMode.SINGLE_ASSET
    story = fall(silos, {"BTC": "-0.2", "ETH": "-0.2"})
    assert [(step.pool, step.symbol) for step in story.steps] == [("cross:USDT", "BTCUSDT")]
    assert [one.contract.symbol for one in story.account.positions] == ["ETHUSDC"]


def test_debts_are_repaid_at_the_price_of_what_is_sold_which_frees_its_haircut() -> None:
    # 10 ETH at 10 with 50% haircut, 10 USDT owed: 40 of equity; long 1 BTC at 100 needs 1.
    # ETH -80%: equity 50 (1 - 0.8u) - 10 = 40 - 40u; 1 at u = 39/40, ETH at 2.2.
    terms = {"ETH": AssetTerms(haircuts=haircuts((None, "0.5")))}
    held = account(position(BTC, LONG, 1, 100), balances={"ETH": 10, "USDT": -10}, terms=terms)
    story = fall(held, {"ETH": "-0.8"}, LiquidationSequence(repays=True))
    (step,) = story.steps
    assert (step.action, step.amount) == (Action.REPAY, 10)
    assert close(step.move, Fraction(39, 40))
    # 22 of ETH less the 10 sold, half of it counted: 6, where it was 1.
    assert close(step.equity, 6)
    assert close(story.account.balances["USDT"], 0)
    assert close(story.account.balances["ETH"], 10 - Fraction(10) / Fraction(22, 10))
    assert len(story.account.positions) == 1


def test_a_debt_that_a_loss_builds_up_again_is_repaid_once_and_then_positions_close() -> None:
    # 10 ETH at 10 with 50% haircut count 50; long 5 BTC at 100 needs 5. BTC -40%: 50 - 200u - 5 + 2u = 0: u = 45/198.
    # The debt of 200u = 1000/22 is repaid out of 100, which frees half of it. The next crossing closes the long.
    terms = {"ETH": AssetTerms(haircuts=haircuts((None, "0.5")))}
    held = account(position(BTC, LONG, 5, 100), balances={"ETH": 10, "USDT": 0}, terms=terms)
    story = fall(held, {"BTC": "-0.4"}, LiquidationSequence(repays=True))
    assert actions(story) == [(Action.REPAY, None), (Action.REPAY, None), (Action.CLOSE, "BTCUSDT")]
    first, again, last = story.steps
    debt = Fraction(200 * 45, 198)
    assert close(first.move, Fraction(45, 198))
    assert close(first.amount, debt)
    assert close(first.equity, (100 - debt) / 2)
    assert again.move == last.move
    # (100 - debt) / 2 - (200u - debt) = 5 - 2u
    assert close(last.move, (45 + debt / 2) / 198)
    assert story.account.positions == ()


def test_a_debt_without_positions_is_repaid() -> None:
    # 10 ETH at 10, 50 USDT owed at 10% maintenance: 100 (1 - u) - 50 = 5 at u = 0.45.
    terms = {"USDT": AssetTerms(loan_rate=d("0.1"))}
    held = account(balances={"ETH": 10, "USDT": -50}, terms=terms)
    story = fall(held, {"ETH": "-1"})
    (step,) = story.steps
    assert (step.action, step.move, step.amount, step.equity) == (Action.REPAY, d("0.45"), 50, 5)
    assert story.value == 0  # what ETH is left is worth nothing at -100%


def test_days_of_funding_liquidate_at_flat_prices() -> None:
    # 20 USDT, 1 a day on 1000 at 0.1%: 20 - d = 10 on day 10 of 20.
    held = account(position(BTC, LONG, 10, 100, funding_rate="0.001", funding_interval=24), balances={"USDT": 20})
    story = cascade(held, FundingPath(d(20)), PLAIN)
    (step,) = story.steps
    assert (step.move, step.price, step.pnl, step.equity) == (d("0.5"), 100, 0, 10)
    assert (story.value, story.account.positions) == (10, ())
    assert cascade(held, FundingPath(d(10)), PLAIN).steps == ()  # day 10 itself is safe


def test_a_position_with_its_own_rate_has_no_tiers_to_be_cut_to() -> None:
    held = account(position(linear(table=TABLE), LONG, 20, 100, maintenance_rate="0.05"), balances={"USDT": 300})
    assert actions(fall(held, {"BTC": "-0.2"}, LiquidationSequence(reduces_by_tier=True))) == [
        (Action.CLOSE, "BTCUSDT")
    ]


def test_a_jump_at_a_border_closes_one_position_there() -> None:
    # No deduction: 1% up to 1000, 20% beyond. Short 10 at 100: the margin jumps from 10 to 200 just above 100.
    table = tiers((1000, "0.01", "0.1"), (None, "0.2", "0.2"), deductions=[0, 0])
    held = account(position(linear(table=table), SHORT, 10, 100), balances={"USDT": 150})
    story = fall(held, {"BTC": "0.1"})
    (step,) = story.steps
    assert (step.move, step.symbol, step.price, story.value) == (0, "BTCUSDT", 100, 150)


def test_an_account_that_is_liquidatable_already_goes_at_once() -> None:
    story = fall(account(position(BTC, LONG, 10, 100), balances={"USDT": 5}), {})
    assert [(step.move, step.equity) for step in story.steps] == [(0, 5)]


def test_flat_terms_are_what_the_examples_use() -> None:
    assert BTC.tiers == flat("0.01", "0.1")


@pytest.mark.parametrize("number", [3, 6])
def test_a_pool_that_nothing_happens_to_is_asked_once_where_it_goes(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long 10 at 100 with 150 + i set aside each, on the way to -50%: isolated pool i goes where
    # 150 + i - 500u = 10 - 5u, one after the other. Each is asked once, and the shared pool (balances alone) at the
    # start and after every closing.
    asked = []

    def noted(pool: Pool) -> PoolState:
        asked.append(pool.name)
        return pool_state(pool)

    monkeypatch.setattr(path, "pool_state", noted)
    alone = [linear(f"A{i}USDT", f"A{i}") for i in range(number)]
    rows = [position(one, LONG, 10, 100, isolated_margin=150 + i) for i, one in enumerate(alone)]
    book = account(*rows, balances={"USDT": 1000 * number})
    story = fall(book, {f"A{i}": "-0.5" for i in range(number)})
    assert [step.symbol for step in story.steps] == [one.symbol for one in alone]
    for i, step in enumerate(story.steps):
        assert close(step.move, Fraction(140 + i, 495))
    names = Counter(asked)
    assert names.pop("cross") == number + 1
    assert set(names.values()) == {1}
    assert len(names) == number


def test_what_is_cut_in_the_pool_was_not_carried_by_it() -> None:
    # As above: 15 of 20 go from the pool at 10/19. Alone, behind 200, 200 - 400u = 100 - 20u: the same 15 go at 5/19.
    table = tiers((5, "0.01", "0.1"), (None, "0.05", "0.1"), deductions=[0, 0])
    held = account(position(linear(table=table, tiers_by=TiersBy.QUANTITY), LONG, 20, 100), balances={"USDT": 300})
    path, cuts = PricePath({"BTC": d("-0.2")}), LiquidationSequence(reduces_by_tier=True)
    found = compared(held, cascade(held, path, cuts), path, cuts)
    assert found is not None
    assert [(step.quantity, close(step.move, Fraction(5, 19))) for step in found.apart.steps] == [(15, True)]
    assert [(fate.closed_at, fate.reduced) for _, fate, _ in found.fates] == [(None, True)]
    assert found.sharing_saved == 0


def test_what_goes_along_at_its_entry_is_no_winner() -> None:
    # ETH does not move: closed at 10, where it was entered, it makes nothing and costs nothing.
    both = account(position(BTC, LONG, 10, 100), position(ETH, LONG, 10, 10), balances={"USDT": 151})
    story = fall(both, {"BTC": "-0.2"}, LiquidationSequence(order=ClosingOrder.ALL_AT_ONCE))
    assert [(step.symbol, step.in_profit) for step in story.steps] == [("BTCUSDT", False), ("ETHUSDT", False)]
    assert story.steps[1].pnl == 0
    assert story.closed_winners == ()
    # Half a dollar is a profit.
    both = account(position(BTC, LONG, 10, 100), position(ETH, LONG, 10, "9.95", 10), balances={"USDT": 151})
    story = fall(both, {"BTC": "-0.2"}, LiquidationSequence(order=ClosingOrder.ALL_AT_ONCE))
    assert [(step.pnl, step.in_profit) for step in story.steps[1:]] == [(d("0.5"), True)]


def test_orders_that_need_margin_go_where_no_position_is_left_to_close() -> None:
    # 1 BTC at 100 against 98 owed, and an order that needs 1% of its 100: 2 - 1.5u = 1 at u = 2/3. Without it 0.5 is
    # left at the end, and nothing is required: the debt stays.
    rules = MarginRules(order_maintenance=OrderMaintenance.MARGIN)
    held = account(orders=(order(BTC, LONG, 1, 100, 100),), balances={"BTC": 1, "USDT": -98}, rules=rules)
    story = fall(held, {"BTC": "-0.015"}, LiquidationSequence(cancels_orders=False))
    assert actions(story) == [(Action.CANCEL_ORDERS, None)]
    assert close(story.steps[0].move, Fraction(2, 3))
    assert story.account.balances == held.balances
    assert close(story.equity, Fraction(1, 2))


def test_what_is_missing_of_two_assets_comes_out_of_the_others_pro_rata_by_value() -> None:
    """100 USDT and 50 USDC of margin are set aside; 40 and 60 are there: 60 USDT are missing, 10 USDC are spare.

    Beside the 10 USDC there are 0.9 BTC at 100 and 10 EUR at 1.25, of which 6 are the venue's: 5. Of 105 in all 60 are
    sold: four sevenths of each.
    """
    usdc = linear("ETHUSDC", "ETH", "USDC")
    held = account(
        position(BTC, LONG, 10, 100),
        position(usdc, LONG, 50, 10),
        balances={"USDT": 40, "USDC": 60, "BTC": "0.9", "EUR": 10, "TRY": -7},
    )
    held = replace(held, bonus={"EUR": d(6)})
    found = isolated_apart(held)
    assert found is not None
    assert (found.aside, found.sold) == ({"USDT": 100, "USDC": 50}, True)
    left = found.account.balances
    assert left["USDT"] == 100
    sold = {asset: held.balances[asset] - left[asset] for asset in ("USDC", "BTC", "EUR", "TRY")}
    assert close(sold["USDC"], Fraction(40, 7))
    assert close(sold["BTC"], Fraction(36, 70))
    assert close(sold["EUR"], Fraction(16, 7))
    assert sold["TRY"] == 0
    assert found.account.orders == ()


def test_what_is_spare_may_be_just_enough() -> None:
    """100 USDT of margin, nothing but 1 BTC at 100 and a debt of 5 USDT, which is not what is missing: all is sold."""
    held = account(position(BTC, LONG, 10, 100), balances={"BTC": 1, "USDT": -5})
    found = isolated_apart(held)
    assert found is not None
    assert (found.account.balances["BTC"], found.account.balances["USDT"]) == (0, 95)
    assert isolated_apart(replace(held, balances={"BTC": d("0.999999"), "USDT": d(-5)})) is None


def test_nothing_is_sold_where_the_margins_are_there() -> None:
    held = account(position(BTC, LONG, 10, 100), balances={"BTC": 1, "USDT": 100})
    found = isolated_apart(held)
    assert found is not None
    assert (found.sold, found.account.balances) == (False, held.balances)


def test_debts_are_repaid_out_of_what_is_held_and_worth_something() -> None:
    """USDT: 60 held, 150 lost on the way, so 90 are owed. BTC: 1 held at 85; EUR and TRY: 14.50 and half a dollar.

    USDC: nothing held, but 20 of profit, which is no balance. DOGE is owed: 10 at 1. Of 100 owed all are repaid, out of
    85 and 15 to the last.
    """
    doge = linear("DOGEUSDC", "DOGE", "USDC")
    held = account(
        position(BTC, LONG, 10, 100),
        position(doge, SHORT, 20, 2, 1),
        balances={"USDT": 60, "BTC": 1, "EUR": "11.6", "TRY": 20, "DOGE": -10, "USDC": 0},
        prices={"DOGE": 1},
    )
    state = pool_state(partition(held)[0])
    ratios = {"BTC": d("0.85")}
    moment = Moment("cross", d("0.5"), ratios, LiquidationSequence(repays=True), Pools())
    now, (step,) = _debts_repaid(held, state.pool, moment)
    assert (step.action, step.amount) == (Action.REPAY, 100)
    assert {asset: now.balances[asset] for asset in ("USDT", "BTC", "EUR", "TRY", "DOGE", "USDC")} == {
        "USDT": 150,
        "BTC": 0,
        "EUR": 0,
        "TRY": 0,
        "DOGE": 0,
        "USDC": 0,
    }
    assert step.equity == held_equity(state.pool, ratios)


def held_equity(pool: Pool, ratios: dict[str, Decimal]) -> Decimal:
    """Without haircuts nothing is lost by repaying."""
    return pool_risk(pool, ratios).equity


def test_a_loss_in_an_asset_that_is_not_worth_one_is_set_aside_in_its_units() -> None:
    """USDT at 0.5: 10 entered at 220, now 200 USDT: 200 USDT of margin and 200 of loss; a gain sets nothing aside."""
    for entry, aside in ((220, 400), (180, 200)):
        held = position(BTC, LONG, 10, entry, 200)
        found = isolated_apart(account(held, balances={"USDT": 900}, prices={"USDT": "0.5"}))
        assert found is not None
        assert found.aside == {"USDT": aside}
