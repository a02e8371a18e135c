"""What it checks: the age of the account's figures.

Value: days from the account's `as_of` to the moment of the run, to the second, or to that of `--today`. Where
`--today` is a day, whole days from the day (UTC) of `as_of`; a limit below a day cannot be judged then. An account
without `as_of` makes it not evaluated. Configured as `max_data_age`, such as `90s`, `30m`, `8h` or `1d`; off otherwise.

Why: a check of last week's balances says nothing about today's account.

Example: `as_of: 2026-11-20T23:00:00Z`, checked on 2026-11-22: 2 days.

Instead: export the account again.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from marginctl.core.exact import ONE
from marginctl.document.scalars import day, seconds_since
from marginctl.limits.context import Context
from marginctl.limits.rule import Comparison, Measurement, Ratio, Rule, Unit, Unknown, advice
from marginctl.limits.rules.mc201_stale_rules import age

SUBJECT = "account"
NO_DATE = Unknown("the account has no as_of", "add `as_of` to `account`, with its time zone")
NO_TIME = Unknown("--today has no time of day", "write it as 2026-11-22T11:00:00Z")
SECONDS_PER_DAY = Decimal(86400)
CLOCKS = Decimal(60)
"""Seconds by which two clocks may differ: figures from no further ahead are of now."""


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
        finest=None if context.now is not None else (ONE, NO_TIME),
    )


def _age(context: Context, as_of: str) -> Ratio | Unknown:
    if context.now is None:
        return age(day(as_of).isoformat(), context.today)
    return _passed(as_of, context.now)


def _passed(as_of: str, now: datetime) -> Ratio | Unknown:
    seconds = seconds_since(as_of, now)
    if seconds < -CLOCKS:
        shown = now.isoformat(timespec="seconds")
        return Unknown(f"{as_of} lies after now, {shown}", "correct the date, or set --today")
    return Ratio(max(Decimal(0), seconds), SECONDS_PER_DAY)


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
