"""What it checks: whether the file replaces a rule of the venue by one that asks for less.

A haircut, rate, tier, netting rule or liquidation level of the file that lowers a requirement or raises a value against
the venue's rule set. A warning; an error when a policy file is given. Without a policy, an override of a position's
rate is no finding where the rate, or the margin that it makes, stands under `expect:` and agrees: then the venue's own
screen shows it, and it is the account's own bracket.

Why: a limit means nothing if the figures that it is compared with can be written by hand.

Example: `haircut: 5%` for an asset that the venue counts with 20%.

Instead: remove the override; if the rule set is out of date, update it, or have the policy waive the finding.
"""

from marginctl.findings import Severity
from marginctl.limits.rule import Rule, facts_of

CODE = "MC208"

RULE = Rule(
    code=CODE,
    name="kinder-than-venue",
    summary="an override kinder than the venue's rule",
    manual=__doc__ or "",
    measure=facts_of(CODE, "remove the override, or update the rule set"),
    default_severity=Severity.WARNING,
    policy_severity=Severity.ERROR,
)
