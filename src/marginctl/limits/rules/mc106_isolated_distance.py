"""What it checks: the smallest move that liquidates each isolated position.

Value: the distance of the position's pool, the smaller one of all volatile assets moving together by their betas and
its underlying moving alone. Its quote moving alone reaches the same mark, and is not asked about. A pool that never
liquidates passes. Configured as `min_isolated_distance`; off otherwise.

Why: an isolated position dies alone, so its distance is a choice: some are meant to be stopped out. Where they are
not, this is the limit.

Example: an isolated 10x long with 0.5% of maintenance margin dies after about 9.5%.

Instead: add isolated margin, or open it at a lower leverage.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.report import PoolFigures
from marginctl.limits.context import Context
from marginctl.limits.distance import Path, Paths
from marginctl.limits.figures import belonging, isolated_pools, underlyings
from marginctl.limits.remedy import remedy
from marginctl.limits.rule import Belongs, Comparison, Measurement, Never, Ratio, Remedy, Rule, Unit


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per isolated pool."""
    paths = Paths(context)
    keys = {row.pool: row.key for row in context.report.positions}
    belongs = belonging(context)
    symbols = {row.pool: row.symbol for row in context.report.positions}
    for pool in isolated_pools(context.report):
        distance = smallest(context, pool)
        yield Measurement(
            subject=pool.name,
            measured=Never() if distance is None else Ratio(distance),
            what=f"distance of {pool.name} to liquidation",
            location=context.locations.position(keys.get(pool.name, "")),
            aliases=(symbols[pool.name],) if pool.name in symbols else (),
            remedy=partial(_remedy, context, pool, paths),
            belongs=belongs.get(keys.get(pool.name, ""), Belongs()),
            slack=partial(_slack, context, pool, paths),
        )


def smallest(context: Context, pool: PoolFigures) -> Decimal | None:
    """The smaller distance of all assets together and each underlying alone; None = never."""
    alone = [row.distance for row in underlyings(context.report, pool)]
    return min((d for d in [pool.liquidation.distance, *alone] if d is not None), default=None)


def _moves(context: Context, pool: PoolFigures, paths: Paths, limit: Decimal) -> list[Path]:
    """All assets together and each underlying alone, as far as the limit."""
    alone = [path for row in underlyings(context.report, pool) for path in paths.alone(row.asset, limit)]
    return [*paths.together(pool.name, limit), *alone]


def _slack(context: Context, pool: PoolFigures, paths: Paths, limit: Decimal) -> Decimal:
    return paths.slack(pool.name, _moves(context, pool, paths, limit))


def _remedy(context: Context, pool: PoolFigures, paths: Paths, limit: Decimal) -> Remedy:
    found = paths.deposit(pool, _moves(context, pool, paths, limit))
    return remedy(found, "reduce the position" if found else "add isolated margin, or reduce the position")


RULE = Rule(
    code="MC106",
    name="isolated-distance",
    summary="move that liquidates an isolated position",
    manual=__doc__ or "",
    measure=measure,
    key="min_isolated_distance",
    compares="move that liquidates an isolated pool",
    comparison=Comparison.MINIMUM,
    unit=Unit.FRACTION,
    default_severity=None,
)
