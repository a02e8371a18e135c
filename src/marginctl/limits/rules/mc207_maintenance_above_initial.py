"""What it checks: whether a position's maintenance rate is below its initial rate.

Value: the maintenance rate; limit: the initial rate. A warning. Under a margin model also whether what it asks of a
cross pool to be kept is below what it asks to be opened.

Why: such a position would be liquidatable on its own the moment it is opened; nearly always the two rates are swapped
or a percentage is off by a factor of 100.

Example: `initial_rate: 1%` and `maintenance_rate: 5%`.

Instead: correct the rates.
"""

from collections.abc import Iterable

from marginctl.core.exact import Direction
from marginctl.findings import Severity
from marginctl.limits.context import Context
from marginctl.limits.rule import Fact, Measurement, Rule, advice, facts_of
from marginctl.wording import money

CODE = "MC207"
_of_rates = facts_of(CODE, "correct the rates; they may be swapped")


def measure(context: Context) -> Iterable[Measurement]:
    """The positions whose rates are known for it, and the pools under a model."""
    yield from _of_rates(context)
    currency = context.account.currency
    for found in context.report.portfolio_margin:
        kept, opened = found.maintenance_margin, found.initial_margin
        if kept > opened:
            asked = f"{money(kept, currency, Direction.UP)} to be kept and {money(opened, currency, Direction.UP)}"
            yield Measurement(
                subject=found.pool,
                measured=Fact(True, kept, opened),
                what=f"the model asks {asked} to be opened of {found.pool}",
                location=context.locations.account,
                remedy=advice("correct the factors of `maintenance` and `initial`"),
            )


RULE = Rule(
    code=CODE,
    name="maintenance-above-initial",
    summary="a maintenance rate above the initial rate",
    manual=__doc__ or "",
    measure=measure,
    default_severity=Severity.WARNING,
)
