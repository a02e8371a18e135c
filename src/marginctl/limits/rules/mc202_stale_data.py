"""What it checks: the age of the account's figures.

Value: days from the day (UTC) of the account's `as_of` to today (`--today`). An account without `as_of` makes it not
evaluated. Configured as `max_data_age`; off otherwise.

Why: a check of last week's balances says nothing about today's account.

Example: `as_of: 2026-11-20T23:00:00Z`, checked on 2026-11-22: 2 days.

Instead: export the account again.
"""

from collections.abc import Iterable
from decimal import Decimal

from marginctl.document.scalars import day
from marginctl.limits.context import Context
from marginctl.limits.rule import Comparison, Measurement, Ratio, Rule, Unit, Unknown, advice
from marginctl.limits.rules.mc201_stale_rules import age

SUBJECT = "account"
NO_DATE = Unknown("the account has no as_of", "add `as_of` to `account`, with its time zone")


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement, of the account."""
    as_of = context.report.account.as_of
    yield Measurement(
        subject=SUBJECT,
        measured=NO_DATE if as_of is None else _age(context, as_of),
        what="age of the account's figures",
        detail=f"as of {as_of}",
        location=context.locations.account,
        remedy=advice("export the account again"),
    )


def _age(context: Context, as_of: str) -> Ratio | Unknown:
    return age(day(as_of).isoformat(), context.today)


RULE = Rule(
    code="MC202",
    name="stale-data",
    summary="age of the account's as_of",
    manual=__doc__ or "",
    measure=measure,
    key="max_data_age",
    compares="age of the account's as_of",
    comparison=Comparison.MAXIMUM,
    unit=Unit.DAYS,
    default=Decimal(0),
    default_severity=None,
)
