"""What it checks: whether a position or an order is in a contract that has ended.

The last day is the contract's `expiry:`, else the date in its symbol (`BTCUSDT_261225`, `ETH-27DEC24`). It is compared
with the day (UTC) of the account's `as_of`, else with today (`--today`); the day itself still counts. A warning; an
error when a policy file is given.

Why: a contract that was settled is a balance by now. Figures with it count a risk that is gone, or hide that the file
is of another day.

Example: `ETHUSD_260925` in an account of 2026-11-28.

Instead: write what it was settled into, and the contract that replaced it.
"""

from marginctl.findings import Severity
from marginctl.limits.rule import Rule, facts_of

CODE = "MC214"

RULE = Rule(
    code=CODE,
    name="contract-expired",
    summary="a position or order in a contract whose last day is over",
    manual=__doc__ or "",
    measure=facts_of(CODE, "remove what was settled, or correct `expiry` or `as_of`"),
    default_severity=Severity.WARNING,
    policy_severity=Severity.ERROR,
)
