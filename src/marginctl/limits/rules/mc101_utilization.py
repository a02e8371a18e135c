"""What it checks: how much of a cross pool's equity is tied up.

Value: (initial margin of positions + margin of open orders) / equity, for every cross pool in which something is at
stake. It does not exist, and breaks the limit, when equity is 0 or negative under a margin.
Configured as `max_utilization`; not configured: a warning above 60%.

Why: what is not tied up absorbs losses and pays for hedges. A pool near 100% cannot open anything when it must.

Example: 7,200 USDT of initial and order margin on 10,000 USDT of equity: 72%.

Instead: deposit, cancel orders, reduce positions, or use more leverage only where the maintenance margin allows it.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.exact import Direction
from marginctl.core.report import PoolFigures
from marginctl.limits.context import Context
from marginctl.limits.figures import cross_pools, used_margin
from marginctl.limits.remedy import at_least, deposit, remedy
from marginctl.limits.rule import Comparison, Measurement, Ratio, Remedy, Rule, Unit
from marginctl.wording import money


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per cross pool."""
    currency = context.account.currency
    for pool in cross_pools(context.report):
        used, equity = used_margin(pool), money(pool.equity, currency, Direction.DOWN)
        margin = money(used, currency, Direction.UP)
        yield Measurement(
            subject=pool.name,
            measured=Ratio(used, pool.equity),
            what=f"utilization of {pool.name}",
            detail=f"{margin} of initial and order margin on {equity} of equity",
            undefined=f"equity is {equity} under {margin} of initial and order margin",
            location=context.locations.account,
            remedy=partial(_remedy, context, pool),
        )


def _remedy(context: Context, pool: PoolFigures, limit: Decimal) -> Remedy:
    used = used_margin(pool)
    found = deposit(context, pool, used / limit - pool.equity) if limit else None
    if pool.equity <= 0:
        return remedy(found)
    too_much = at_least(used - limit * pool.equity, context.account.currency)
    return remedy(found, f"release {too_much} of initial and order margin")


RULE = Rule(
    code="MC101",
    name="utilization",
    summary="initial and order margin over equity of a cross pool",
    manual=__doc__ or "",
    measure=measure,
    key="max_utilization",
    compares="initial and order margin over equity",
    comparison=Comparison.MAXIMUM,
    unit=Unit.FRACTION,
    default=Decimal("0.6"),
)
