"""What it checks: the figures under `expect:`, copied from the venue's screen.

Value: the figure computed; limit: the figure expected. It breaks when they differ by more than the tolerance. An error.

Why: it is the one test of the rule set against the venue itself.

Example: `expect: {totals: {maintenance_margin: 148.75}}` while 151.20 is computed.

Instead: look for what differs with `marginctl explain`: prices and marks of another moment, a missing balance, a tier
table that changed, or a rule that the rule set has wrong.
"""

from marginctl.findings import Severity
from marginctl.limits.facts import facts_of
from marginctl.limits.rule import Rule

CODE = "MC209"

RULE = Rule(
    code=CODE,
    name="expectation-not-met",
    summary="a figure that differs from what the venue shows",
    manual=__doc__ or "",
    measure=facts_of(CODE, "`marginctl explain` shows how the figure came about"),
    default_severity=Severity.ERROR,
)
