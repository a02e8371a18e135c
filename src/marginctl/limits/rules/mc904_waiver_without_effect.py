"""What it checks: whether a waiver, or `--ignore`, addresses something that cannot be waived.

MC100 can be neither waived nor ignored, the waiver rules themselves cannot be waived, and a portfolio's own waivers do
not apply to the limits of a policy. A warning; the limit counts.

Why: whoever wrote it believes it works.

Example: `waivers: [{code: MC100, ...}]`.

Instead: remove it; for a limit of the policy, ask for a waiver in the policy file.
"""

from marginctl.findings import Severity
from marginctl.limits.rule import Rule, nothing

RULE = Rule(
    code="MC904",
    name="waiver-without-effect",
    summary="a waiver or an --ignore that cannot have an effect",
    manual=__doc__ or "",
    measure=nothing,
    default_severity=Severity.WARNING,
    waivable=False,
)
