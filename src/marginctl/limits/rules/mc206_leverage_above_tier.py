"""What it checks: whether the venue would allow the leverage that a position states.

Value: the leverage given; limit: the maximum of the tier that its notional or quantity falls into, or 1 where the
leverage is below it. A warning; the initial margin is computed at the tier's rate, or at the leverage below 1.

Why: the venue lowers the leverage as a position grows, and demands the difference in margin. Below 1 the margin would
be more than the position is worth.

Example: 50x on a position in a tier that allows 25x; 0.02 where 20 was meant.

Instead: set the leverage that the venue applies.
"""

from marginctl.findings import Severity
from marginctl.limits.rule import Rule, facts_of

CODE = "MC206"

RULE = Rule(
    code=CODE,
    name="leverage-above-tier",
    summary="leverage above the maximum of the position's tier, or below 1",
    manual=__doc__ or "",
    measure=facts_of(CODE, "write the leverage that the venue applies"),
    default_severity=Severity.WARNING,
)
