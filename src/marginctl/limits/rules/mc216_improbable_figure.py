"""What it checks: whether a figure of the file is one that no venue and no market has.

A fee to close above 5%, a liquidation level above 10, a maintenance rate above 100% or above the initial rate of its
tier, a funding rate beyond 10% per interval, a beta beyond 20, an entry price a hundred times off the mark. A warning.

Why: a figure ten or a hundred times off is a typing mistake (a percent sign that is missing, a beta in percent), and
every other figure rests on it.

Example: `taker_fee: 55%` for 0.055%.

Instead: correct it; where it is meant, waive the finding.
"""

from marginctl.findings import Severity
from marginctl.limits.rule import Rule, facts_of

CODE = "MC216"

RULE = Rule(
    code=CODE,
    name="improbable-figure",
    summary="a figure that no venue or market has",
    manual=__doc__ or "",
    measure=facts_of(CODE, "correct it"),
    default_severity=Severity.WARNING,
)
