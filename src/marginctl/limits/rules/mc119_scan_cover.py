"""What it checks: how many times the equity pays for the worst scenario.

Value: equity / worst loss of the scenarios, before charges, spreads and factors, for every cross pool under
`margin_model: scenario`. Where no scenario loses anything it is without end. Configured as `min_scan_cover`; off
otherwise.

Why: factors and floors differ from venue to venue; the loss that the moves make of this book does not.

Example: the worst row costs 200 USD, the equity is 10,000 USD: 50 times.

Instead: deposit, or reduce what the worst scenario loses on.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.exact import ZERO, Direction
from marginctl.core.report import PoolFigures
from marginctl.limits.context import Context
from marginctl.limits.figures import modelled_pools, total
from marginctl.limits.remedy import deposit, remedy
from marginctl.limits.rule import Comparison, Measurement, Never, Ratio, Remedy, Rule, Unit, Unknown
from marginctl.wording import money

NO_SCENARIO = Unknown("no cross pool is under `margin_model: scenario`", "write it, with `portfolio_margin:`")


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per cross pool that is scanned."""
    currency, place = context.account.currency, context.locations.account
    rows = [(pool, found) for pool, found in modelled_pools(context.report) if found.model == "scenario"]
    if not rows:
        yield Measurement(subject="account", measured=NO_SCENARIO, what="scan cover", location=place)
    for pool, found in rows:
        loss = total(row.risk for row in found.contributions)
        shown = money(loss, currency, Direction.UP)
        yield Measurement(
            subject=pool.name,
            measured=Ratio(pool.equity, loss) if loss > 0 else Never(),
            what=f"equity of {pool.name} over its worst scenario",
            detail=f"{money(pool.equity, currency, Direction.DOWN)} against a loss of {shown}",
            location=place,
            remedy=partial(_remedy, context, pool, loss),
        )


def _remedy(context: Context, pool: PoolFigures, loss: Decimal, limit: Decimal) -> Remedy:
    return remedy(deposit(context, pool, limit * loss - pool.equity), "reduce what loses in the worst scenario")


RULE = Rule(
    code="MC119",
    name="scan-cover",
    summary="equity over the worst scenario loss of a cross pool",
    manual=__doc__ or "",
    measure=measure,
    key="min_scan_cover",
    compares="equity over the worst scenario loss",
    comparison=Comparison.MINIMUM,
    unit=Unit.MULTIPLE,
    default=ZERO,
    default_severity=None,
)
