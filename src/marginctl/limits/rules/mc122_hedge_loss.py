"""What it checks: whether a pool bears it when its hedges fail.

Value: what is lost where every position marked `purpose: hedge` is closed at its worst in the scenarios of the file and
of the policy, over the buffer of its pool (equity - level x maintenance margin), for every pool with a hedge. Of each
position that is the largest of its losses at the end of a scenario, against the mark now, and they need not be of one
scenario. It does not exist, and breaks the limit, without a buffer. Configured as `max_hedge_loss`; off otherwise. A
hedge without any scenario cannot be evaluated.

Why: a hedge pays where what it covers loses. Where both lose, because the basis widens or the market turns after the
covered leg was closed, its loss has to fit into what is free.

Example: a short of 1 BTC as the hedge, a scenario `{BTC: +20%}` at 60,000, a buffer of 40,000: 12,000, 30%.

Instead: deposit, or reduce the hedges.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.account import Position, Purpose
from marginctl.core.exact import ONE, ZERO, Direction
from marginctl.core.report import PoolFigures
from marginctl.core.scenario import ratios
from marginctl.core.value import unrealized_pnl
from marginctl.limits.context import Context
from marginctl.limits.remedy import at_least, deposit, remedy
from marginctl.limits.rule import Comparison, Measurement, Ratio, Remedy, Rule, Unit, Unknown
from marginctl.wording import listed, money

NO_SCENARIO = Unknown("there is no scenario in which a hedge could fail", "add one under `scenarios`")


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per pool with a hedge."""
    pools = {row.key: row.pool for row in context.report.positions if row.purpose == Purpose.HEDGE.value}
    for pool in (one for one in context.report.pools if one.name in pools.values()):
        held = [one for one in context.account.positions if pools.get(one.key) == pool.name]
        worst = {one.key: worst_of(one, context) for one in held}
        loss = sum((-change for _, change in worst.values()), ZERO)
        yield Measurement(
            subject=pool.name,
            measured=Ratio(loss, pool.buffer) if context.moves else NO_SCENARIO,
            what=f"loss of all hedges of {pool.name} over its buffer",
            detail=f"{_told(context, worst, loss)}, a buffer of {_money(context, pool.buffer, Direction.DOWN)}",
            undefined=f"the buffer is {_money(context, pool.buffer, Direction.DOWN)}",
            location=context.locations.position(held[0].key),
            remedy=partial(_remedy, context, pool, loss),
        )


def worst_of(position: Position, context: Context) -> tuple[str, Decimal]:
    """The scenario at whose end a position loses most, and what it makes there; "" and 0 where it loses in none."""
    now = unrealized_pnl(position, context.account.prices, {})
    found = "", ZERO
    for name, moves in context.moves.items():
        change = unrealized_pnl(position, context.account.prices, ratios(dict(moves))) - now
        found = min(found, (name, change), key=lambda one: one[1])
    return found


def _money(context: Context, amount: Decimal, way: Direction) -> str:
    return money(amount, context.account.currency, way)


def _told(context: Context, worst: dict[str, tuple[str, Decimal]], loss: Decimal) -> str:
    rows = [f"{key} in {name}" for key, (name, change) in worst.items() if change < 0]
    return f"{_money(context, loss, Direction.UP)} lost" + (f" by {listed(rows)}" if rows else "")


def _remedy(context: Context, pool: PoolFigures, loss: Decimal, limit: Decimal) -> Remedy:
    found = deposit(context, pool, loss / limit - pool.buffer, relief_weight=_level(context, pool)) if limit else None
    borne = max(ZERO, limit * pool.buffer)
    return remedy(found, f"reduce the hedges by {at_least(loss - borne, context.account.currency)} of what they lose")


def _level(context: Context, pool: PoolFigures) -> Decimal:
    rules = context.account.rules if pool.margin_mode == "cross" else context.account.isolated_rules
    return ONE if rules is None else rules.level


RULE = Rule(
    code="MC122",
    name="hedge-loss",
    summary="loss of all hedges at their worst over the buffer",
    manual=__doc__ or "",
    measure=measure,
    key="max_hedge_loss",
    compares="loss of all hedges at their worst in the scenarios, over the buffer",
    comparison=Comparison.MAXIMUM,
    unit=Unit.FRACTION,
    default=ZERO,
    default_severity=None,
)
