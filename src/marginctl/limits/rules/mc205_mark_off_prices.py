"""What it checks: whether a position's mark agrees with the prices of its assets.

Value: |mark / (price of the base / price of the quote) - 1|; limit: 5%. A warning.

Why: marks and prices are one system. A mark that is far off is a typing mistake, a stale price, or a contract that
is not what its name says, and moves PnL, notional and liquidation alike.

Example: `prices: {BTC: 60000}` and a BTCUSDT position with `mark_price: 6600`.

Instead: correct the one that is wrong; a dated contract with a true premium can be waived.
"""

from marginctl.findings import Severity
from marginctl.limits.rule import Rule, facts_of

CODE = "MC205"

RULE = Rule(
    code=CODE,
    name="mark-off-prices",
    summary="a mark more than 5% off the asset prices",
    manual=__doc__ or "",
    measure=facts_of(CODE, "correct the mark or the prices"),
    default_severity=Severity.WARNING,
)
