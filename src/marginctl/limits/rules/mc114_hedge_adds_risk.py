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

from collections.abc import Iterable
from decimal import Decimal

from marginctl.core.account import Purpose
from marginctl.core.exact import ZERO
from marginctl.core.scenario import HedgeFigures
from marginctl.limits.context import Context
from marginctl.limits.rule import Fact, Measurement, Rule, Unit, Unknown, advice

FAR = Decimal(10)
"""A rise beyond which a liquidation says nothing about a hedge."""
NOT_COMPUTED = Unknown("the account without it was not computed")


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per position marked hedge."""
    for row in context.report.positions:
        if row.purpose != Purpose.HEDGE.value:
            continue
        effect = (context.hedge_effects or {}).get(row.key)
        yield Measurement(
            subject=row.key,
            measured=_fact(effect) if effect else NOT_COMPUTED,
            what=f"{row.key} is marked hedge but {_reason(effect)}" if effect else f"effect of the hedge {row.symbol}",
            location=context.locations.position(row.key),
            aliases=(row.symbol,),
            remedy=advice("reduce it to what it covers, or mark it `purpose: speculative`"),
        )


def _fact(effect: HedgeFigures) -> Fact:
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


RULE = Rule(
    code="MC114",
    name="hedge-adds-risk",
    summary="a position marked hedge that adds risk or flips the delta",
    manual=__doc__ or "",
    measure=measure,
    key="hedges_reduce_risk",
    compares="positions marked hedge must lower the risk",
    unit=Unit.FRACTION,
)
