"""What it checks: whether a waiver has run out.

Its `until` lies before today (`--today`); the day itself still counts. The limit counts again. A warning.

Why: an exception has an end, or it is a rule.

Example: `until: 2026-11-21` on 2026-11-22.

Instead: remove it, or decide anew and give another date and reason.
"""

from marginctl.findings import Severity
from marginctl.limits.rule import Rule, nothing

RULE = Rule(
    code="MC902",
    name="waiver-expired",
    summary="a waiver whose last day is over",
    manual=__doc__ or "",
    measure=nothing,
    default_severity=Severity.WARNING,
    waivable=False,
)
