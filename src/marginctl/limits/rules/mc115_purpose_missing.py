"""What it checks: whether every position states its purpose.

A position without `purpose: speculative` or `purpose: hedge` breaks it. Configured as `require_purpose: true`; off
otherwise.

Why: limits treat hedges and bets differently, and so should whoever reads the book later.

Example: a BTCUSDT short without `purpose`.

Instead: add the line. A hedge is then checked to be one (MC114).
"""

from collections.abc import Iterable

from marginctl.limits.context import Context
from marginctl.limits.rule import Fact, Measurement, Rule, advice


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per position."""
    for row in context.report.positions:
        yield Measurement(
            subject=row.key,
            measured=Fact(row.purpose is None),
            what=f"{row.key} has no purpose",
            location=context.locations.position(row.key),
            aliases=(row.symbol,),
            remedy=advice("add `purpose: speculative` or `purpose: hedge`"),
        )


RULE = Rule(
    code="MC115",
    name="purpose-missing",
    summary="a position without a purpose",
    manual=__doc__ or "",
    measure=measure,
    key="require_purpose",
    compares="every position states its purpose",
    default_severity=None,
)
