"""What it checks: how near a cross pool is to liquidation in money.

Value: level x maintenance margin / equity, the maintenance margin with that on debts, for every cross pool in which
something is at stake. At 100% the pool is liquidated. It does not exist, and breaks the limit, when equity is 0 or
negative under a maintenance margin. Configured as `max_maintenance_ratio`; not configured: a warning above 50%.

Why: it is the margin bar of most venues' screens; a limit below 100% leaves time to act.

Example: a maintenance margin of 550 USDT on 1,000 USDT of equity: 55%.

Instead: deposit, or reduce the positions with the largest maintenance margin, first those in high tiers.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.exact import ONE, Direction
from marginctl.core.report import PoolFigures
from marginctl.limits.context import Context
from marginctl.limits.figures import cross_pools
from marginctl.limits.remedy import at_least, deposit, remedy
from marginctl.limits.rule import Comparison, Measurement, Ratio, Remedy, Rule, Unit
from marginctl.wording import money, trimmed


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per cross pool."""
    currency, level = context.account.currency, context.account.rules.level
    for pool in cross_pools(context.report):
        equity = money(pool.equity, currency, Direction.DOWN)
        times = "" if level == ONE else f"{trimmed(level)} x "
        margin = f"{times}{money(pool.maintenance_margin, currency, Direction.UP)} of maintenance margin"
        yield Measurement(
            subject=pool.name,
            measured=Ratio(level * pool.maintenance_margin, pool.equity),
            what=f"maintenance ratio of {pool.name}",
            detail=f"{margin} on {equity} of equity",
            undefined=f"equity is {equity} under {margin}",
            location=context.locations.account,
            remedy=partial(_remedy, context, pool),
        )


def _remedy(context: Context, pool: PoolFigures, limit: Decimal) -> Remedy:
    level = context.account.rules.level
    required = level * pool.maintenance_margin
    found = None
    if limit:
        found = deposit(context, pool, required / limit - pool.equity, relief_weight=level / limit)
    if pool.equity <= 0:
        return remedy(found)
    too_much = at_least((required - limit * pool.equity) / level, context.account.currency)
    return remedy(found, f"close positions until the maintenance margin is {too_much} lower")


RULE = Rule(
    code="MC103",
    name="maintenance-ratio",
    summary="level x maintenance margin over equity of a cross pool",
    manual=__doc__ or "",
    measure=measure,
    key="max_maintenance_ratio",
    compares="level x maintenance margin over equity",
    comparison=Comparison.MAXIMUM,
    unit=Unit.FRACTION,
    default=Decimal("0.5"),
)
