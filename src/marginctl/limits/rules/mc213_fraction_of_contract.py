"""What it checks: whether a quantity in contracts is meant in coins.

Value: the quantity given in a row of `positions:` or `orders:`; limit: the contract's lot, 1 unless stated. A quantity
of an inverse contract, or of one whose `contract_size` is not 1, counts contracts; one that is no multiple of the lot
is a warning, an error when a policy file is given. A quantity that follows from `notional:` is not looked at.

Why: the same 0.1 is 0.1 BTC on one contract, 10 USD on another and 0.6 USD on a third, and a position that is too small
by a factor of thousands passes every limit.

Example: `quantity: 0.1` of a contract of 100 USD is 10 USD, not 0.1 BTC.

Instead: write contracts, or the value as `notional:`.
"""

from marginctl.findings import Severity
from marginctl.limits.rule import Rule, facts_of

CODE = "MC213"

RULE = Rule(
    code=CODE,
    name="fraction-of-contract",
    summary="a quantity that is no multiple of the contract's lot",
    manual=__doc__ or "",
    measure=facts_of(CODE, "write whole contracts; `lot: ...` under the contract where the venue trades parts of one"),
    default_severity=Severity.WARNING,
    policy_severity=Severity.ERROR,
)
