"""What it checks: whether an open position has a maintenance margin at all.

Value: the maintenance margin of the position at its mark, with the fee to close where it counts. A warning; an error
when a policy file is given.

Why: no venue keeps a position open for nothing. A rate of 0%, or a deduction above rate x notional, takes the position
out of every limit: nothing liquidates it.

Example: `maintenance_rate: 0%`; or 0.5% of 10,000 USDT with a `maintenance_deduction` of 60.

Instead: write the venue's rate, or the deduction that goes with the tier of this size.
"""

from marginctl.findings import Severity
from marginctl.limits.rule import Rule, facts_of

CODE = "MC212"

RULE = Rule(
    code=CODE,
    name="no-maintenance-margin",
    summary="an open position without a maintenance margin",
    manual=__doc__ or "",
    measure=facts_of(CODE, "write its maintenance rate, or correct its deduction or tiers"),
    default_severity=Severity.WARNING,
    policy_severity=Severity.ERROR,
)
