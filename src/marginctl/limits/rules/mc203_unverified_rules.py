"""What it checks: whether the venue's rules behind the figures are verified.

The rule set as a whole, or a part of it that this account uses, has the status `partial` or `unverified`: figures or
switches that the venue does not publish, that were inferred, or that contradict each other. A warning.

Why: margins computed on an assumption may be right and must not look certain.

Example: a collateral ratio that the venue's page and its interface state differently.

Instead: read what is uncertain with `marginctl venue NAME`, compare one of the account's figures with the venue's
screen (`expect`), and waive the finding with that as the reason.
"""

from marginctl.findings import Severity
from marginctl.limits.rule import Rule, facts_of

CODE = "MC203"

RULE = Rule(
    code=CODE,
    name="unverified-rules",
    summary="a partial or unverified rule set, or part of one",
    manual=__doc__ or "",
    measure=facts_of(CODE, "see `marginctl venue` for what is uncertain, and compare a figure with the venue's screen"),
    default_severity=Severity.WARNING,
)
