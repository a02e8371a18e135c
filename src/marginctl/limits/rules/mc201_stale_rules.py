"""What it checks: the age of the rule set that the figures were computed with.

Value: days from the rule set's `as_of` to today (`--today`). A rule set without a date, such as `generic`, takes its
figures from the portfolio and passes. Configured as `max_rules_age`; not configured: above 180 days a note, told once a
run, and a warning under a policy.

Why: venues change tiers, haircuts and liquidation rules without notice to anyone's files.

Example: a rule set of 2026-01-05, used on 2026-11-22: 321 days.

Instead: `marginctl venue refresh NAME --live`, or `--from` saved answers of the venue; or give current tiers in the
portfolio.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from marginctl.findings import Severity
from marginctl.limits.context import Context
from marginctl.limits.rule import Comparison, Measurement, Ratio, Rule, Unit, Unknown, advice


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement, where the rule set has a date."""
    if context.rules.as_of is None:
        return
    yield Measurement(
        subject=context.rules.venue,
        measured=age(context.rules.as_of, context.today),
        what=f"age of the {context.rules.venue} rule set",
        location=context.locations.account,
        remedy=advice(f"`marginctl venue refresh {context.rules.venue} --live` updates it"),
    )


def age(as_of: str, today: date) -> Ratio | Unknown:
    """Days from a date (YYYY-MM-DD) to today; unknown when it lies in the future."""
    days = (today - date.fromisoformat(as_of)).days
    if days < 0:
        return Unknown(f"{as_of} lies after today, {today.isoformat()}", "correct the date, or set --today")
    return Ratio(Decimal(days))


RULE = Rule(
    code="MC201",
    name="stale-rules",
    summary="age of the rule set",
    manual=__doc__ or "",
    measure=measure,
    key="max_rules_age",
    compares="age of the rule set",
    comparison=Comparison.MAXIMUM,
    unit=Unit.DAYS,
    default=Decimal(180),
    default_severity=Severity.NOTE,
    policy_severity=Severity.WARNING,
)
