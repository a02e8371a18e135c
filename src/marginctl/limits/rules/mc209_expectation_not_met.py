"""What it checks: the figures under `expect:`, copied from the venue's screen.

Value: |ours - theirs| / |theirs|; limit: the `tolerance` under `expect:`, 0.1% unless given, or the figure's own: a
share (`0.1%`) or an amount (`0.01`), which is then judged as such. Equality passes. It does not exist, and breaks the
limit, where the figure does not exist here, or theirs is 0 and ours is not. A price of 0, or `none`, is how venues show
that there is none, and agrees with none here; so does a liquidation price beyond 11 times the mark. An error.

Ours is what the venue would show: its screen's liquidation price is `contract_liquidation_price`; where the rule set
says that the venue shows maintenance margins without the fee to close (`shown_maintenance`), ours is compared without
it, while the report's includes it.

Why: it is the one test of the rule set against the venue itself.

Example: `expect: {totals: {maintenance_margin: 148.75}}` while 151.20 is computed: 1.65%.

Instead: look for what differs with `marginctl explain`: prices and marks of another moment, a missing balance, a tier
table that changed, or a rule that the rule set has wrong.
"""

from collections.abc import Iterable

from marginctl.core.exact import ZERO, Direction
from marginctl.findings import Expectation, Severity
from marginctl.limits.context import Context
from marginctl.limits.rule import Fact, Measurement, Rule, Unit, advice
from marginctl.wording import amount, percent, trimmed

SHOWN_PLACES = 8


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per figure expected."""
    pools = frozenset(pool.name for pool in context.report.pools)
    for one in context.expectations:
        yield Measurement(
            subject=one.name,
            measured=_fact(one),
            what=_message(one),
            location=one.location,
            aliases=(one.subject,),
            remedy=advice(f"`marginctl explain` shows how {_path(one, pools)} came about"),
        )


def _fact(one: Expectation) -> Fact:
    return Fact(not one.is_met, one.relative, one.tolerance, one.headroom)


def _path(one: Expectation, pools: frozenset[str]) -> str:
    section = "" if one.subject == "totals" else "pools." if one.subject in pools else "positions."
    return " and ".join(f"{section}{one.subject}.{figure}" for figure in one.figure.split(" + "))


def _message(one: Expectation) -> str:
    theirs = "none" if one.theirs is None else trimmed(one.theirs)
    unit = f" {one.unit}" if one.unit else ""
    start = f"{one.figure} of {one.subject}: the venue shows {theirs}{unit}, here it"
    if one.ours is None:
        return f"{start} does not exist"
    ours = trimmed(round(one.ours, SHOWN_PLACES))
    noted = f" {one.note}" if one.note else ""
    return f"{start} is {ours}{noted}{_difference(one)}"


def _difference(one: Expectation) -> str:
    """In brackets: how far apart the two are, and how far they may be."""
    if one.difference is None:
        return ""
    share = "" if one.relative is None else f", {percent(one.relative, Direction.UP)}"
    allowed = one.absolute if one.absolute is not None else one.tolerance
    tolerance = amount(allowed or ZERO, Unit.FRACTION.value if one.absolute is None else Unit.NONE.value)
    return f" (difference {trimmed(round(one.difference, SHOWN_PLACES))}{share}; tolerance {tolerance})"


RULE = Rule(
    code="MC209",
    name="expectation-not-met",
    summary="a figure that differs from what the venue shows",
    manual=__doc__ or "",
    measure=measure,
    unit=Unit.FRACTION,
    default_severity=Severity.ERROR,
)
