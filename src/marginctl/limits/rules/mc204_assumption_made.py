"""What it checks: what the figures rest on beyond the file.

A value that was not given and that a default stands in for, where the default moves a figure. A note, which never
fails a run.

Why: a reader must be able to tell what was said from what was supposed.

Example: a position without `entry_price` is taken at its mark, so its PnL is 0.

Instead: give the value.
"""

from marginctl.findings import Severity
from marginctl.limits.rule import Rule, facts_of

CODE = "MC204"

RULE = Rule(
    code=CODE,
    name="assumption-made",
    summary="a figure that was assumed because the file does not give it",
    manual=__doc__ or "",
    measure=facts_of(CODE, "give the value"),
    default_severity=Severity.NOTE,
)
