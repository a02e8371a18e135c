"""What it checks: how many winning positions a first liquidation would take along.

Value, for every scenario: the number of positions with an unrealized PnL of 0 or more that stand in the first pool to
be liquidated at the point where it is, 0 where none is. Configured as `max_contagion`; off otherwise.

Why: in a cross pool one loser can close everything; isolating it keeps the rest alive.

Example: in `crypto-crash` the cross pool is liquidated by a long in a small coin, with two profitable shorts in it.

Instead: isolate the position that loses first, or keep hedges and bets in different pools.
"""

from collections.abc import Iterable
from decimal import Decimal

from marginctl.core.scenario import PathOutcome
from marginctl.limits.context import Context
from marginctl.limits.rule import Comparison, Measurement, Ratio, Rule, Unit, advice
from marginctl.limits.rules.mc113_scenario_survival import NOT_COMPUTED
from marginctl.wording import listed


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per declared scenario."""
    for name in context.scenarios:
        outcome = (context.outcomes or {}).get(name)
        yield Measurement(
            subject=name,
            measured=Ratio(Decimal(_count(outcome))) if outcome else NOT_COMPUTED,
            what=f"contagion in scenario {name}",
            detail=f"{listed(outcome.bystanders)} in {outcome.pool}" if outcome and outcome.bystanders else "",
            location=context.locations.scenario(name),
            remedy=advice("isolate the position that loses first"),
        )


def _count(outcome: PathOutcome) -> int:
    return len(outcome.bystanders) if outcome.crossing is not None else 0


RULE = Rule(
    code="MC116",
    name="contagion",
    summary="winning positions that stand in a pool at its first liquidation",
    manual=__doc__ or "",
    measure=measure,
    key="max_contagion",
    compares="winning positions that a first liquidation takes along",
    comparison=Comparison.MAXIMUM,
    unit=Unit.COUNT,
    default_severity=None,
    needs_subject=True,
)
