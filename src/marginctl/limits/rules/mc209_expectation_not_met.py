"""What it checks: the figures under `expect:`, copied from the venue's screen.

Value: |ours - theirs| / |theirs|; limit: the `tolerance` under `expect:`, 0.1% unless given. Equality passes. It does
not exist, and breaks the limit, where the figure does not exist here, or theirs is 0 and ours is not. A price of 0 is
how venues show that there is none, and agrees with none here. An error.

Ours is what the venue would show: its screen's liquidation price is `contract_liquidation_price`; where the rule set
says that the venue shows maintenance margins without the fee to close (`shown_maintenance`), ours is compared without
it, while the report's includes it.

Why: it is the one test of the rule set against the venue itself.

Example: `expect: {totals: {maintenance_margin: 148.75}}` while 151.20 is computed: 1.65%.

Instead: look for what differs with `marginctl explain`: prices and marks of another moment, a missing balance, a tier
table that changed, or a rule that the rule set has wrong.
"""

from collections.abc import Iterable

from marginctl.core.exact import Direction
from marginctl.findings import Expectation, Severity
from marginctl.limits.context import Context
from marginctl.limits.expectation import is_met
from marginctl.limits.rule import Fact, Measurement, Rule, Unit, advice
from marginctl.wording import amount, percent, trimmed

SHOWN_PLACES = 8


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per figure expected."""
    for one in context.expectations:
        yield Measurement(
            subject=one.name,
            measured=_fact(one),
            what=_message(one),
            location=one.location,
            aliases=(one.subject,),
            remedy=advice(f"`marginctl explain` shows how {_path(one)} came about"),
        )


def _fact(one: Expectation) -> Fact:
    broken = not is_met(one)
    headroom = None if one.relative is None else one.tolerance - one.relative
    return Fact(broken, one.relative, one.tolerance, headroom)


def _path(one: Expectation) -> str:
    return one.name if one.subject == "totals" else f"positions.{one.name}"


def _message(one: Expectation) -> str:
    start = f"{one.figure} of {one.subject}: the venue shows {trimmed(one.theirs)}, here it"
    if one.ours is None or one.difference is None:
        return f"{start} does not exist"
    share = "" if one.relative is None else f", {percent(one.relative, Direction.UP)}"
    ours, difference = (trimmed(round(number, SHOWN_PLACES)) for number in (one.ours, one.difference))
    noted = f" {one.note}" if one.note else ""
    tolerance = amount(one.tolerance, Unit.FRACTION.value)
    return f"{start} is {ours}{noted} (difference {difference}{share}; tolerance {tolerance})"


RULE = Rule(
    code="MC209",
    name="expectation-not-met",
    summary="a figure that differs from what the venue shows",
    manual=__doc__ or "",
    measure=measure,
    unit=Unit.FRACTION,
    default_severity=Severity.ERROR,
)
