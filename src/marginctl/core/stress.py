"""What a scenario does on its whole straight path, and what a position adds to or takes from the account's safety."""

from collections.abc import Iterable
from decimal import Decimal

from marginctl.core.account import Account, Position, Purpose
from marginctl.core.exact import ONE, ZERO
from marginctl.core.liquidation import PoolState, asset_sides, first_on_path, joint_sides, pool_state
from marginctl.core.motion import shock_path
from marginctl.core.pool import deltas, partition
from marginctl.core.scenario import HedgeFigures, PathOutcome
from marginctl.core.trade import reduced
from marginctl.core.value import unrealized_pnl


def states_of(account: Account) -> list[PoolState]:
    """The pools of an account, evaluated at its prices."""
    return [pool_state(pool) for pool in partition(account)]


def path_outcome(account: Account, states: Iterable[PoolState], shocks: dict[str, Decimal]) -> PathOutcome:
    """Walk the straight path  price * (1 + shock * u), 0 <= u <= 1, to the first crossing of any pool."""
    path = shock_path(shocks)
    first: tuple[Decimal, PoolState] | None = None
    for state in states:
        found = first_on_path(state, path, end_included=True)
        if found is not None and (first is None or found < first[0]):
            first = found, state
    if first is None:
        return PathOutcome(None, is_idle=not any(shocks.values()))
    u, state = first
    at = {asset: ONE + shock * u for asset, shock in shocks.items()}
    winners = tuple(p.key for p in state.pool.positions if unrealized_pnl(p, account.prices, at) >= 0)
    return PathOutcome(u, state.pool.name, winners, not any(shocks.values()))


def hedge_figures(account: Account, position: Position) -> HedgeFigures:
    """What removing a position changes: the smallest move (all together or its base alone) and the account delta."""
    base = account.underlying(position.contract.base)
    before, after = states_of(account), states_of(reduced(account, position, position.quantity))
    name = next(state.pool.name for state in before if any(p.key == position.key for p in state.pool.positions))
    return HedgeFigures(
        _distance(account, before, name, base),
        _distance(account, after, name, base),
        _delta(account, before, base),
        _delta(account, after, base),
    )


def _distance(account: Account, states: list[PoolState], name: str, base: str) -> Decimal | None:
    for state in states:
        if state.pool.name == name:
            sides = asset_sides(state, base), joint_sides(state, account.betas)
            return min((side.nearest for side in sides if side.nearest is not None), default=None)
    return None


def _delta(account: Account, states: list[PoolState], asset: str) -> Decimal:
    """The account's delta over all pools, in units of the asset."""
    return sum((deltas(account, state.pool).get(asset, ZERO) for state in states), ZERO)


def hedges(account: Account) -> tuple[Position, ...]:
    """Positions marked hedge that stand in a shared pool."""
    return tuple(p for p in account.positions if p.purpose is Purpose.HEDGE and not p.is_isolated)
