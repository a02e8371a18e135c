"""What must hold for any cascade of any account under any sequence."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from marginctl.core.account import Account, CloseFee, MarginMode, OrderMaintenance
from marginctl.core.assemble import report_of
from marginctl.core.cascade import Cascade, cascade, compared, fate_of, isolated_apart, value_of
from marginctl.core.exact import ONE, ZERO
from marginctl.core.outcome import outcome_of, path_outcome, states_of
from marginctl.core.path import PricePath
from marginctl.core.pool import partition
from marginctl.core.risk import pool_risk
from marginctl.core.scenario import moved
from marginctl.core.sequence import Action, ClosingOrder, LiquidationSequence
from marginctl.core.value import unrealized_pnl

from .strategies import ASSETS, accounts, chosen, number

CLOSE = Fraction(1, 10**40)
MOVING = [asset for asset in ASSETS if asset != "USD"]


def shocks() -> st.SearchStrategy[dict[str, Decimal]]:
    """Moves of up to -99% and +300% of some assets."""
    return st.dictionaries(st.sampled_from(MOVING), number(-99, 300, 2), max_size=5)


@st.composite
def sequences(draw: st.DrawFn, *, take_overs: bool = True) -> LiquidationSequence:
    """Every switch of a sequence."""
    return LiquidationSequence(
        cancels_orders=draw(st.booleans()),
        nets_legs=draw(st.booleans()),
        repays=draw(st.booleans()),
        reduces_by_tier=draw(st.booleans()),
        takes_over=take_overs and draw(st.booleans()),
        take_over_level=draw(st.sampled_from([None, Decimal(2) / 3])) if take_overs else None,
        order=draw(st.sampled_from(ClosingOrder)),
        fee=draw(chosen("0", "0.0125")),
    )


def scale(account: Account) -> Fraction:
    """The money involved."""
    return sum((abs(Fraction(pool_risk(pool).scale)) for pool in partition(account)), Fraction(1))


@given(account=accounts(), moves=shocks(), sequence=sequences())
def test_what_was_closed_and_what_is_left_is_the_book(
    account: Account, moves: dict[str, Decimal], sequence: LiquidationSequence
) -> None:
    story = cascade(account, PricePath(moves), sequence)
    left = {position.key: position.quantity for position in story.account.positions}
    for position in account.positions:
        closed = [s.quantity for s in story.steps if s.position == position.key and s.quantity is not None]
        total = sum(closed, left.get(position.key, ZERO))
        assert abs(total - position.quantity) <= position.quantity * Decimal("1e-60")
        assert all(quantity > 0 for quantity in closed)


@given(account=accounts(with_given=False), moves=shocks(), sequence=sequences())
def test_the_story_runs_forward_and_leaves_nothing_that_is_liquidatable(
    account: Account, moves: dict[str, Decimal], sequence: LiquidationSequence
) -> None:
    path = PricePath(moves)
    story = cascade(account, path, sequence)
    at = [step.move for step in story.steps]
    assert at == sorted(at)
    assert all(0 <= move <= 1 for move in at)
    tiers = sum(len(position.contract.tiers) + 6 for position in account.positions)
    assert len(story.steps) <= tiers + 3 * len(partition(account))
    for pool in partition(story.account):
        assert not pool_risk(pool, path.ratios(ONE)).is_liquidatable(pool.rules)


@given(account=accounts(with_given=False), moves=shocks(), sequence=sequences(take_overs=False))
def test_the_money_at_the_end_is_the_sum_by_hand(
    account: Account, moves: dict[str, Decimal], sequence: LiquidationSequence
) -> None:
    """Balances at the end's prices, what each step paid in its settle asset, and the PnL of what is left."""
    path = PricePath(moves)
    story = cascade(account, path, sequence)
    if any(step.action in (Action.BANKRUPT, Action.REPAY) for step in story.steps):
        return
    end = path.ratios(ONE)
    contracts = {position.key: position.contract for position in account.positions}
    worth = sum((n * account.prices[a] * end.get(a, ONE) for a, n in account.balances.items()), ZERO)
    for step in story.steps:
        if step.position is not None:
            settle = contracts[step.position].settle
            there = path.ratios(step.move).get(settle, ONE)
            worth += (step.pnl - step.fee) / there * end.get(settle, ONE)
    worth += sum((unrealized_pnl(one, account.prices, end) for one in story.account.positions), ZERO)
    assert abs(Fraction(story.value) - Fraction(worth)) <= CLOSE * scale(account)


@given(account=accounts(with_given=False), moves=shocks(), sequence=sequences())
def test_the_first_step_comes_where_the_scenario_is_not_survived(
    account: Account, moves: dict[str, Decimal], sequence: LiquidationSequence
) -> None:
    states = states_of(account)
    outcome = outcome_of(account, states, PricePath(moves))
    story = cascade(account, PricePath(moves), sequence)
    assert outcome.crossing == path_outcome(account, states, moves).crossing
    assert outcome.survived == (not story.steps)
    if story.steps:
        assert (story.steps[0].move, story.steps[0].pool) == (outcome.crossing, outcome.pool)
    else:
        assert story.account == account


@given(account=accounts(), sequence=sequences())
def test_a_scenario_without_shocks_is_the_identity(account: Account, sequence: LiquidationSequence) -> None:
    report = report_of(account)
    outcome = outcome_of(account, states_of(account), PricePath({}))
    assert outcome.equity == report.totals.equity
    assert outcome.change == 0
    assert outcome.maintenance_ratio == report.totals.maintenance_ratio
    assert outcome.free_collateral == report.totals.free_collateral
    assert outcome.survived != report.totals.liquidatable
    if outcome.survived:
        story = cascade(account, PricePath({}), sequence)
        assert (story.account, story.equity) == (account, report.totals.equity)


@given(account=accounts(), moves=shocks())
def test_the_end_of_a_scenario_is_the_account_at_its_prices(account: Account, moves: dict[str, Decimal]) -> None:
    """The same figures as a check of the account with those prices, as far as rates do not depend on them."""
    path = PricePath(moves)
    outcome = outcome_of(account, states_of(account), path)
    after = report_of(moved(account, path.ratios(ONE)))
    assert abs(Fraction(outcome.equity) - Fraction(after.totals.equity)) <= CLOSE * scale(account)
    worth = Fraction(after.totals.gross_collateral) + Fraction(after.totals.unrealized_pnl)
    worth += Fraction(after.totals.other or ZERO)
    assert abs(Fraction(value_of(account, path.ratios(ONE))) - worth) <= CLOSE * scale(account)
    assert _agree(outcome.free_collateral, after.totals.free_collateral, account) or _refixed(account)
    for pool, found in zip(after.pools, outcome.pools, strict=True):
        assert pool.name == found.name
        assert _agree(found.equity, pool.equity, account)
        assert _agree(found.maintenance_margin, pool.maintenance_margin, account) or _refixed(account)
        assert _agree(found.free_collateral, pool.free_collateral, account) or _refixed(account)


def _agree(one: Decimal | None, other: Decimal, account: Account) -> bool:
    return one is not None and abs(Fraction(one) - Fraction(other)) <= CLOSE * scale(account)


def _refixed(account: Account) -> bool:
    """What is fixed at the prices that an account is written at: a fee at the bankruptcy price, by its initial rate;
    and the maintenance of resting orders, in coins of their settlement.
    """
    rules = (account.rules, account.isolated_rules or account.rules)
    if any(one.close_fee is CloseFee.BANKRUPTCY for one in rules):
        return True
    return bool(account.orders) and any(one.order_maintenance is OrderMaintenance.MARGIN for one in rules)


@given(account=accounts(), moves=shocks(), sequence=sequences())
def test_beside_the_same_book_apart(account: Account, moves: dict[str, Decimal], sequence: LiquidationSequence) -> None:
    path = PricePath(moves)
    story = cascade(account, path, sequence)
    found = compared(account, story, path, sequence)
    if found is None:
        return
    apart = isolated_apart(account)
    assert apart is not None
    assert abs(Fraction(value_of(apart.account, {})) - Fraction(value_of(account, {}))) <= CLOSE * scale(account)
    assert all(position.margin_mode is MarginMode.ISOLATED for position in apart.account.positions)
    assert all(amount >= 0 for amount in apart.aside.values())
    assert apart.sold == (apart.account.balances != account.balances)
    for position, together, alone in found.fates:
        _never_both(position.key, story, together.closed_at)
        _never_both(position.key, found.apart, alone.closed_at)
        assert together == fate_of(position, story)
        if position.isolated_margin is not None and alone.closed_at is not None:
            margin = position.isolated_margin * account.prices[position.contract.settle]
            steps = [step for step in found.apart.steps if step.position == position.key]
            settle = max(path.ratios(step.move).get(position.contract.settle, ONE) for step in steps)
            assert Fraction(alone.result) >= -Fraction(margin * settle) - CLOSE * scale(account)


def _never_both(key: str, story: Cascade, closed_at: Decimal | None) -> None:
    """A position is closed or still open."""
    assert (closed_at is None) == any(one.key == key for one in story.account.positions)
