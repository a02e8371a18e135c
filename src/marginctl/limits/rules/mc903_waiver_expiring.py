"""What it checks: whether a waiver in use is about to run out.

Its `until` lies within the next 14 days. A note, which never fails a run.

Why: the run that fails on the day after should surprise nobody.

Example: `until: 2026-11-30` on 2026-11-22.

Instead: solve what it covers, or decide anew in time.
"""

from marginctl.findings import Severity
from marginctl.limits.rule import Rule, nothing

RULE = Rule(
    code="MC903",
    name="waiver-expiring",
    summary="a waiver that runs out within 14 days",
    manual=__doc__ or "",
    measure=nothing,
    default_severity=Severity.NOTE,
    waivable=False,
)
