"""What it checks: the age of the history that a margin model, or the limit on expected shortfall, reads.

Value: days from the last date of the history to today (`--today`). Configured as `max_history_age`; not configured: a
warning above 7 days.

Why: the tail of last spring knows nothing of last week.

Example: a history that ends on 2026-11-10, checked on 2026-11-22: 12 days.

Instead: add the newer rows to the file.
"""

from collections.abc import Iterable
from decimal import Decimal

from marginctl.limits.context import Context
from marginctl.limits.figures import histories
from marginctl.limits.rule import Comparison, Measurement, Rule, Unit, advice
from marginctl.limits.rules.mc201_stale_rules import age


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement, of the account's history where it has one."""
    for last in (one.last for one in histories(context)):
        yield Measurement(
            subject="history",
            measured=age(last[:10], context.today),
            what="age of the history",
            detail=f"its last date is {last}",
            location=context.locations.account,
            remedy=advice("add the newer rows to its file"),
        )


RULE = Rule(
    code="MC210",
    name="history-stale",
    summary="age of the last date of a history",
    manual=__doc__ or "",
    measure=measure,
    key="max_history_age",
    compares="age of the last date of a history",
    comparison=Comparison.MAXIMUM,
    unit=Unit.DAYS,
    default=Decimal(7),
    tacit=True,
)
