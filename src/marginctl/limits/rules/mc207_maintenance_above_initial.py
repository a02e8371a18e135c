"""What it checks: whether a position's maintenance rate is below its initial rate.

Value: the maintenance rate; limit: the initial rate. A warning.

Why: such a position would be liquidatable on its own the moment it is opened; nearly always the two rates are swapped
or a percentage is off by a factor of 100.

Example: `initial_rate: 1%` and `maintenance_rate: 5%`.

Instead: correct the rates.
"""

from marginctl.findings import Severity
from marginctl.limits.facts import facts_of
from marginctl.limits.rule import Rule

CODE = "MC207"

RULE = Rule(
    code=CODE,
    name="maintenance-above-initial",
    summary="a maintenance rate above the initial rate",
    manual=__doc__ or "",
    measure=facts_of(CODE, "correct the rates; they may be swapped"),
    default_severity=Severity.WARNING,
)
