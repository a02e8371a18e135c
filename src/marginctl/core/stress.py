"""What a scenario does on its whole straight path, and what a position adds to or takes from the account's safety."""

from collections.abc import Iterable
from decimal import Decimal

from marginctl.core.account import Account, Position, Purpose
from marginctl.core.exact import ONE, ZERO, net
from marginctl.core.liquidation import NO_SIDES, PoolState, Sides, asset_sides, first_on_path, joint_sides, pool_state
from marginctl.core.motion import shock_path
from marginctl.core.pool import deltas, partition, rebuilt
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


def hedge_effects(account: Account, states: Iterable[PoolState]) -> dict[str, HedgeFigures]:
    """What removing each position marked hedge changes, by its key; ``states``: of the account's pools.

    The smallest move that liquidates its pool (all together or its base alone) and the account's delta. Every removal
    has a first crossing of its own to be found, so the time grows as hedges times positions.
    """
    found: dict[str, HedgeFigures] = {}
    marked = {position.key for position in hedges(account)}
    standing = [(state, deltas(account, state.pool)) for state in states] if marked else []
    for state, held in standing:
        hedging = [position for position in state.pool.positions if position.key in marked]
        joint = joint_sides(state, account.betas) if hedging else NO_SIDES
        for position in hedging:
            base = account.underlying(position.contract.base)
            distance, left = _without(account, state, position, base)
            near = _nearest(asset_sides(state, base), joint)
            units = sum((one.get(base, ZERO) for _, one in standing), ZERO)
            found[position.key] = HedgeFigures(near, distance, units, net(units, -held.get(base, ZERO), left))
    return found


def _without(account: Account, state: PoolState, position: Position, base: str) -> tuple[Decimal | None, Decimal]:
    """A pool without one of its positions: the smallest move that liquidates it, its delta in ``base``."""
    after = reduced(account, position, position.quantity)
    pool = rebuilt(after, state.pool)
    if pool is None:
        return None, ZERO
    rest = pool_state(pool)
    distance = _nearest(asset_sides(rest, base), joint_sides(rest, after.betas))
    return distance, deltas(after, pool).get(base, ZERO)


def _nearest(*sides: Sides) -> Decimal | None:
    return min((side.nearest for side in sides if side.nearest is not None), default=None)


def hedges(account: Account) -> tuple[Position, ...]:
    """Positions marked hedge that stand in a shared pool."""
    return tuple(p for p in account.positions if p.purpose is Purpose.HEDGE and not p.is_isolated)
