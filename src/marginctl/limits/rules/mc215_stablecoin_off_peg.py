"""What it checks: whether a dollar stablecoin is priced at about a dollar.

Value: |price - 1|; limit: 5%. A warning; an error when a policy file is given.

Why: a stablecoin at another price is a typing mistake, or a coin that has lost its peg; either moves every balance and
every contract quoted in it. Written too high, it makes any account look safe.

Example: `prices: {USDT: 60000}`.

Instead: correct the price; where the peg is lost, have the policy waive the finding, or put the loss into a scenario.
"""

from marginctl.findings import Severity
from marginctl.limits.rule import Rule, facts_of

CODE = "MC215"

RULE = Rule(
    code=CODE,
    name="stablecoin-off-peg",
    summary="a dollar stablecoin more than 5% off 1",
    manual=__doc__ or "",
    measure=facts_of(CODE, "correct its price"),
    default_severity=Severity.WARNING,
    policy_severity=Severity.ERROR,
)
