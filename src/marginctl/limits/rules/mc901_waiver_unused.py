"""What it checks: whether a waiver still waives something.

The limit is evaluated, and nothing that the waiver addresses breaks it. A warning. An entry of a baseline that is no
breach any more is a note under the same code: with it, the breach could come back unnoticed.

Why: what is left lying about will one day hide something else.

Example: a waiver of MC102 for BTCUSDT after the position was reduced.

Instead: remove it.
"""

from marginctl.findings import Severity
from marginctl.limits.rule import Rule, nothing

RULE = Rule(
    code="MC901",
    name="waiver-unused",
    summary="a waiver that waives nothing",
    manual=__doc__ or "",
    measure=nothing,
    default_severity=Severity.WARNING,
    waivable=False,
)
