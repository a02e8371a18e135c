"""What it checks: whether the account survives the scenarios of its file and of the policy.

Prices move in a straight line from now to the scenario; no pool may be liquidated anywhere on that way. Value: the
fraction of the way at which the first pool is, null where none is; limit: 1. Configured as `survive`, a name, a list
of names or `all`; naming a scenario that does not exist cannot be evaluated. Not configured: a warning for each. One
that moves no price of the account (a policy's may name coins that are not there) is not evaluated, with a note.

Why: a distance per coin says nothing about coins that move by different amounts, or about a rise in one and a fall in
another. The way matters because an account can be dead halfway and look healthy at the end.

Example: `{name: crypto-crash, shocks: {BTC: -30%, ETH: -40%, "*": -50%}}` liquidates the cross pool after 70% of it.

Instead: reduce or hedge what loses most in the scenario, or deposit.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import partial

from marginctl.core.exact import ONE, Direction
from marginctl.core.scenario import PathOutcome
from marginctl.limits.context import Context
from marginctl.limits.distance import Paths
from marginctl.limits.remedy import remedy
from marginctl.limits.rule import Fact, Measurement, Remedy, Rule, Unit, Unknown
from marginctl.wording import percent

IN_GENERAL = "reduce or hedge what loses most in it, or deposit"
NOT_COMPUTED = Unknown("the scenario was not computed")
IDLE = Unknown("it moves no price of this account", "nothing here is in what it names", is_idle=True)


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per declared scenario."""
    paths = Paths(context)
    for name in context.scenarios:
        outcome = (context.outcomes or {}).get(name)
        moves = context.moves.get(name)
        yield Measurement(
            subject=name,
            measured=NOT_COMPUTED if outcome is None else IDLE if outcome.is_idle else _fact(outcome),
            what=_message(name, outcome),
            location=context.locations.scenario(name),
            remedy=partial(_remedy, context, paths, moves),
            slack=None if moves is None else partial(_slack, context, paths, moves),
        )


def _slack(context: Context, paths: Paths, moves: Mapping[str, Decimal], _: Decimal) -> Decimal:
    """What is left at the lowest point of the way, in the pool in which it is least."""
    return min(paths.slack(pool.name, paths.to(moves)) for pool in context.report.pools)


def _remedy(context: Context, paths: Paths, moves: Mapping[str, Decimal] | None, _: Decimal) -> Remedy:
    """The deposit where one pool alone falls short on the way."""
    if moves is None:
        return Remedy(IN_GENERAL)
    way = paths.to(moves)
    short = [pool for pool in context.report.pools if paths.slack(pool.name, way) < 0]
    found = paths.deposit(short[0], way) if len(short) == 1 else None
    return Remedy(IN_GENERAL) if found is None else remedy(found, "reduce or hedge what loses most in it")


def _fact(outcome: PathOutcome) -> Fact:
    crossing = outcome.crossing
    return Fact(crossing is not None, crossing, ONE, None if crossing is None else crossing - ONE)


def _message(name: str, outcome: PathOutcome | None) -> str:
    if outcome is None or outcome.crossing is None:
        return f"survival of scenario {name}"
    if not outcome.crossing:
        return f"scenario {name} is not survived: {outcome.pool} is liquidatable before it begins"
    way = percent(outcome.crossing, Direction.DOWN)
    return f"scenario {name} is not survived: {outcome.pool} is liquidated after {way} of it"


RULE = Rule(
    code="MC113",
    name="scenario-survival",
    summary="no pool is liquidated on the way to a scenario",
    manual=__doc__ or "",
    measure=measure,
    key="survive",
    compares="scenario names to survive, or all",
    unit=Unit.FRACTION,
    needs_subject=True,
)
