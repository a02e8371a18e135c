"""What positions are for, and what the scenarios of the file do to them."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import partial

from msgspec.structs import replace

from marginctl.core.account import Purpose
from marginctl.core.assemble import account_state
from marginctl.core.exact import ONE, ZERO, Direction
from marginctl.core.scenario import HedgeFigures, PathOutcome
from marginctl.limits.remedy import Paths, remedy
from marginctl.limits.rule import (
    Comparison,
    Context,
    Fact,
    Measurement,
    Ratio,
    Remedy,
    Rule,
    Unit,
    Unknown,
    advice,
    manual_of,
)
from marginctl.wording import enough, listed, percent, rounded_up

IN_GENERAL = "reduce or hedge what loses most in it, or deposit"


NOT_COMPUTED = Unknown("the scenario was not computed")


IDLE = Unknown("it moves no price of this account", "nothing here is in what it names", is_idle=True)


def scenario_survival(context: Context) -> Iterable[Measurement]:
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
    # One measurement per declared scenario
    paths = Paths(context)
    for name in context.scenarios:
        outcome = (context.outcomes or {}).get(name)
        moves = context.moves.get(name)
        yield Measurement(
            subject=name,
            measured=NOT_COMPUTED if outcome is None else IDLE if outcome.is_idle else _scenario_survival_fact(outcome),
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


def _scenario_survival_fact(outcome: PathOutcome) -> Fact:
    crossing = outcome.crossing
    return Fact(crossing is not None, crossing, ONE, None if crossing is None else crossing - ONE)


def _message(name: str, outcome: PathOutcome | None) -> str:
    if outcome is None or outcome.crossing is None:
        return f"survival of scenario {name}"
    if not outcome.crossing:
        return f"scenario {name} is not survived: {outcome.pool} is liquidatable before it begins"
    way = percent(outcome.crossing, Direction.DOWN)
    return f"scenario {name} is not survived: {outcome.pool} is liquidated after {way} of it"


MC113 = Rule(
    code="MC113",
    name="scenario-survival",
    summary="no pool is liquidated on the way to a scenario",
    manual=manual_of(scenario_survival),
    measure=scenario_survival,
    key="survive",
    compares="scenario names to survive, or all",
    unit=Unit.FRACTION,
    needs_subject=True,
)


FAR = Decimal(10)


"""A rise beyond which a liquidation says nothing about a hedge."""


WITHOUT_IT_NOT_COMPUTED = Unknown("the account without it was not computed")


def hedge_adds_risk(context: Context) -> Iterable[Measurement]:
    """What it checks: whether a position marked `purpose: hedge` is one.

    It is not when the same account without it is liquidated further away (a pool's distance, all volatile assets moving
    together), or when it turns the account's delta in its underlying from long to short or back. Value: distance without
    the position - distance with it, null where either does not exist; limit: 0. A distance beyond +1,000% counts as none
    here: a hedge that covers a coin to the full still needs its maintenance margin, which a rise far out outgrows.
    Configured as `hedges_reduce_risk`; not configured: a warning.

    Why: hedges drift. The position they covered is closed or shrinks, and what remains is a bet nobody decided on.

    Example: a short of 2 BTC against collateral of 1 BTC leaves the account short 1 BTC.

    Instead: reduce the hedge to the size of what it covers, or mark it `purpose: speculative`.
    """
    # One measurement per position marked hedge
    for row in context.report.positions:
        if row.purpose != Purpose.HEDGE.value:
            continue
        effect = (context.hedge_effects or {}).get(row.key)
        yield Measurement(
            subject=row.key,
            measured=_hedge_adds_risk_fact(effect) if effect else WITHOUT_IT_NOT_COMPUTED,
            what=f"{row.key} is marked hedge but {_reason(effect)}" if effect else f"effect of the hedge {row.symbol}",
            location=context.locations.position(row.key),
            aliases=(row.symbol,),
            remedy=advice("reduce it to what it covers, or mark it `purpose: speculative`"),
        )


def _hedge_adds_risk_fact(effect: HedgeFigures) -> Fact:
    further = _further(effect)
    headroom = None if further is None else -further
    return Fact(adds_risk(effect) or flips_delta(effect), further, ZERO, headroom)


def _further(effect: HedgeFigures) -> Decimal | None:
    """How much further away liquidation is without the position, negative when it is nearer."""
    near, near_without = _near(effect.distance), _near(effect.distance_without)
    return None if near is None or near_without is None else near_without - near


def _near(distance: Decimal | None) -> Decimal | None:
    return None if distance is None or distance > FAR else distance


def adds_risk(effect: HedgeFigures) -> bool:
    """Whether removing the position moves liquidation away, or abolishes it."""
    further = _further(effect)
    if further is not None:
        return further > 0
    return _near(effect.distance) is not None


def flips_delta(effect: HedgeFigures) -> bool:
    """Whether the account is long with the position and short without it, or the other way round."""
    return effect.delta * effect.delta_without < 0


def _reason(effect: HedgeFigures) -> str:
    reasons = []
    if adds_risk(effect):
        reasons.append("liquidation is further away without it")
    if flips_delta(effect):
        reasons.append(f"it turns the account {'short' if effect.delta < 0 else 'long'} in its underlying")
    return " and ".join(reasons) or "adds no risk"


MC114 = Rule(
    code="MC114",
    name="hedge-adds-risk",
    summary="a position marked hedge that adds risk or flips the delta",
    manual=manual_of(hedge_adds_risk),
    measure=hedge_adds_risk,
    key="hedges_reduce_risk",
    compares="positions marked hedge must lower the risk",
    unit=Unit.FRACTION,
)


def purpose_missing(context: Context) -> Iterable[Measurement]:
    """What it checks: whether every position states its purpose.

    A position without `purpose: speculative` or `purpose: hedge` breaks it. Configured as `require_purpose: true`; off
    otherwise.

    Why: limits treat hedges and bets differently, and so should whoever reads the book later.

    Example: a BTCUSDT short without `purpose`.

    Instead: add the line. A hedge is then checked to be one (MC114).
    """
    # One measurement per position
    for row in context.report.positions:
        yield Measurement(
            subject=row.key,
            measured=Fact(row.purpose is None),
            what=f"{row.key} has no purpose",
            location=context.locations.position(row.key),
            aliases=(row.symbol,),
            remedy=advice("add `purpose: speculative` or `purpose: hedge`"),
        )


MC115 = Rule(
    code="MC115",
    name="purpose-missing",
    summary="a position without a purpose",
    manual=manual_of(purpose_missing),
    measure=purpose_missing,
    key="require_purpose",
    compares="every position states its purpose",
    default_severity=None,
)


def contagion(context: Context) -> Iterable[Measurement]:
    """What it checks: how many winning positions a first liquidation would take along.

    Value, for every scenario: the number of positions with an unrealized PnL of 0 or more that stand in the first pool to
    be liquidated at the point where it is, 0 where none is. Configured as `max_contagion`; off otherwise.

    Why: in a cross pool one loser can close everything; isolating it keeps the rest alive.

    Example: in `crypto-crash` the cross pool is liquidated by a long in a small coin, with two profitable shorts in it.

    Instead: isolate the position that loses most there (the finding says which, and with how much margin where that is
    enough by recomputation), or keep hedges and bets in different pools.
    """
    # One measurement per declared scenario
    for name in context.scenarios:
        outcome = (context.outcomes or {}).get(name)
        yield Measurement(
            subject=name,
            measured=Ratio(Decimal(_count(outcome))) if outcome else NOT_COMPUTED,
            what=f"contagion in scenario {name}",
            detail=f"{listed(outcome.bystanders)} in {outcome.pool}" if outcome and outcome.bystanders else "",
            location=context.locations.scenario(name),
            remedy=partial(_isolating, context, name),
        )


def _isolating(context: Context, name: str, limit: Decimal) -> Remedy:
    """Which loser to isolate, with its stand-alone initial margin, so that no more winners go than the limit allows.

    Tried by recomputation, the largest loss at the crossing first; without an amount where none of them is enough.
    """
    from marginctl.core import outcome, trade

    account, shocks = context.account, dict(context.moves.get(name, {}))
    losers = outcome.losers_of(account, outcome.states_of(account), shocks)
    for position in losers:
        if not position.has_rates or position.is_isolated:
            continue
        margin = rounded_up(trade.stand_alone_margin(account, position))
        held = next(one for one in trade.isolated(account, position).positions if one.key == position.key)
        after = trade.with_position(trade.isolated(account, position), replace(held, isolated_margin=margin))
        states = outcome.states_of(after)
        if account_state(states) == "healthy" and _count(outcome.path_outcome(after, states, shocks)) <= limit:
            return Remedy(f"isolate {position.key} with {enough(margin)} {position.contract.settle}")
    named = f"isolate {losers[0].key}, which loses most there" if losers else ""
    return Remedy(named or "isolate the position that loses first")


def _count(outcome: PathOutcome) -> int:
    return len(outcome.bystanders) if outcome.crossing is not None else 0


MC116 = Rule(
    code="MC116",
    name="contagion",
    summary="winning positions that stand in a pool at its first liquidation",
    manual=manual_of(contagion),
    measure=contagion,
    key="max_contagion",
    compares="winning positions that a first liquidation takes along",
    comparison=Comparison.MAXIMUM,
    unit=Unit.COUNT,
    default_severity=None,
    needs_subject=True,
)
