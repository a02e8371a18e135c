"""What a scenario comes to: survived or not on its whole way, what hedges add, and the figures at its end."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import ClassVar

from msgspec import Struct

from marginctl.core.account import Account, Position, Purpose
from marginctl.core.exact import ONE, ZERO, net
from marginctl.core.liquidation import NO_SIDES, PoolState, Sides, asset_sides, first_on_path, joint_sides, pool_state
from marginctl.core.motion import shock_path
from marginctl.core.path import ScenarioPath, first_crossing, reach
from marginctl.core.pool import Pool, partition, rebuilt
from marginctl.core.risk import Risk, bonus_equity, deltas, pool_risk, worst_pool
from marginctl.core.scenario import HedgeFigures, PathOutcome, moved
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


def losers_of(account: Account, states: Iterable[PoolState], shocks: dict[str, Decimal]) -> list[Position]:
    """The positions that lose in the first pool to be liquidated, at its crossing, the largest loss first."""
    states = tuple(states)
    found = path_outcome(account, states, shocks)
    if found.crossing is None:
        return []
    at = {asset: ONE + shock * found.crossing for asset, shock in shocks.items()}
    inside = next(state.pool.positions for state in states if state.pool.name == found.pool)
    changes = {one.key: unrealized_pnl(one, account.prices, at) for one in inside}
    return sorted((one for one in inside if changes[one.key] < 0), key=lambda one: changes[one.key])


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


class PositionEffect(Struct, frozen=True, kw_only=True):
    """What a scenario does to one position: its PnL at the end less its PnL now, or its funding, in currency."""

    shape: ClassVar[str] = "position=key symbol side change"

    key: str
    symbol: str
    side: int
    change: Decimal


class PoolOutcome(Struct, frozen=True, kw_only=True):
    """One pool at the end of the scenario as if nothing had been closed on the way; money in currency.

    crossing: the fraction of the path at which it is liquidated (0 = now), None = it is not. reach: the same past the
    scenario, along the same line as far as it can go on; None = never. free_collateral None: it cannot be told, where
    orders stand and a price has fallen to 0.
    """

    name: str
    crossing: Decimal | None
    reach: Decimal | None
    equity: Decimal
    maintenance_margin: Decimal
    maintenance_ratio: Decimal | None
    free_collateral: Decimal | None
    liquidatable: bool


class ScenarioOutcome(Struct, frozen=True, kw_only=True):
    """A scenario's outcome over all pools.

    ``crossing``, ``reach`` and ``pool`` are those of the first pool to go. ``equity`` is the sum over the pools,
    ``change`` against now; ``maintenance_ratio`` and ``free_collateral`` are those of the worst cross pool, as in the
    report. ``own_equity``: equity without the bonus that is left there, None where the venue gave none. ``worst`` is
    the position that loses most, None where none loses. bystanders: keys of the positions with PnL >= 0 that stand in
    the first pool where it crosses.
    """

    shape: ClassVar[str] = (
        "crossing reach pool bystanders equity change own_equity? maintenance_margin maintenance_ratio "
        "free_collateral worst_pool worst pools"
    )

    crossing: Decimal | None
    reach: Decimal | None
    pool: str | None
    bystanders: tuple[str, ...]
    equity: Decimal
    change: Decimal
    own_equity: Decimal | None
    maintenance_margin: Decimal
    maintenance_ratio: Decimal | None
    free_collateral: Decimal | None
    worst_pool: str
    worst: PositionEffect | None
    pools: tuple[PoolOutcome, ...]

    @property
    def survived(self) -> bool:
        """Whether no pool is liquidated anywhere on the way."""
        return self.crossing is None


def outcome_of(account: Account, states: Sequence[PoolState], path: ScenarioPath) -> ScenarioOutcome:
    """Walk the path with every pool and evaluate its end. ``states`` are the account's."""
    ratios = path.ratios(ONE)
    ends = _ends(account, states, path)
    free = _free(account, ends, ratios)
    pools = tuple(
        _pool_outcome(state, account, path, risk, left)
        for state, (_, risk), left in zip(states, ends, free, strict=True)
    )
    crossed = min((pool for pool in pools if pool.crossing is not None), key=_crossing, default=None)
    first = crossed or min((pool for pool in pools if pool.reach is not None), key=_reach, default=None)
    worst, risk = worst_pool(ends)
    equity = sum((one.equity for _, one in ends), ZERO)
    return ScenarioOutcome(
        crossing=None if crossed is None else crossed.crossing,
        reach=None if first is None else first.reach,
        pool=None if first is None else first.name,
        bystanders=() if crossed is None else _bystanders(account, states, path, crossed),
        equity=equity,
        change=equity - sum((state.risk.equity for state in states), ZERO),
        own_equity=_own(equity, account, path, [pool for pool, _ in ends]),
        maintenance_margin=sum((one.maintenance_margin for _, one in ends), ZERO),
        maintenance_ratio=risk.maintenance_ratio(worst.rules.level),
        free_collateral=_usable([(pool, left) for (pool, _), left in zip(ends, free, strict=True)], worst),
        worst_pool=worst.name,
        worst=_worst(account, path),
        pools=pools,
    )


def _own(equity: Decimal, account: Account, path: ScenarioPath, pools: list[Pool]) -> Decimal | None:
    """Equity without the bonus that is left at the end."""
    bonus = bonus_equity(path.carried(account, ZERO, ONE), pools, path.ratios(ONE))
    return None if bonus is None else equity - bonus


def _usable(left: list[tuple[Pool, Decimal | None]], worst: Pool) -> Decimal | None:
    """Free collateral of the worst pool; of all that is not isolated where that one is. None: it cannot be told."""
    found = [amount for pool, amount in left if (pool is worst if worst.is_shared else pool.is_shared)]
    return None if None in found else sum((one for one in found if one is not None), ZERO)


def _reach(pool: PoolOutcome) -> Decimal:
    return ZERO if pool.reach is None else pool.reach


def _crossing(pool: PoolOutcome) -> Decimal:
    return ZERO if pool.crossing is None else pool.crossing


def _ends(account: Account, states: Sequence[PoolState], path: ScenarioPath) -> list[tuple[Pool, Risk]]:
    """Every pool with its risk at the end of the path."""
    ratios = path.ratios(ONE)
    after = path.carried(account, ZERO, ONE)
    if after is not account:
        states = states_of(after)
    return [(state.pool, pool_risk(state.pool, ratios) if ratios else state.risk) for state in states]


def _free(account: Account, ends: list[tuple[Pool, Risk]], ratios: dict[str, Decimal]) -> list[Decimal | None]:
    """equity - initial margin - order margin, per pool; orders are weighed against the marks of the end."""
    if not account.orders or all(ratio == ONE for ratio in ratios.values()):
        return [risk.free_collateral for _, risk in ends]
    if not all(ratios.values()):
        return [None if pool.orders else risk.free_collateral for pool, risk in ends]
    ordered = partition(moved(account, ratios))
    return [
        risk.equity - risk.initial_margin - after.order_margin for (_, risk), after in zip(ends, ordered, strict=True)
    ]


def _pool_outcome(
    state: PoolState, account: Account, path: ScenarioPath, risk: Risk, free_collateral: Decimal | None
) -> PoolOutcome:
    rules = state.pool.rules
    crossing = first_crossing(path, state, account, ZERO)
    return PoolOutcome(
        name=state.pool.name,
        crossing=crossing,
        reach=reach(path, state, account) if crossing is None else crossing,
        equity=risk.equity,
        maintenance_margin=risk.maintenance_margin,
        maintenance_ratio=risk.maintenance_ratio(rules.level),
        free_collateral=free_collateral,
        liquidatable=risk.is_liquidatable(rules),
    )


def _bystanders(
    account: Account, states: Sequence[PoolState], path: ScenarioPath, crossed: PoolOutcome
) -> tuple[str, ...]:
    at = path.ratios(_crossing(crossed))
    pool = next(state.pool for state in states if state.pool.name == crossed.name)
    return tuple(one.key for one in pool.positions if unrealized_pnl(one, account.prices, at) >= 0)


def _worst(account: Account, path: ScenarioPath) -> PositionEffect | None:
    """The position that loses most between now and the end."""
    effects = [
        PositionEffect(key=one.key, symbol=one.contract.symbol, side=one.side, change=change)
        for one, change in zip(account.positions, path.changes(account), strict=True)
    ]
    worst = min(effects, key=lambda effect: effect.change, default=None)
    return worst if worst is not None and worst.change < 0 else None
