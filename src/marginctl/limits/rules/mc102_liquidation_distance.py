"""What it checks: the smallest move that liquidates a cross pool.

Values, for every cross pool in which something is at stake: the distance when all volatile assets move together by
their betas (subject: the pool), and the distance when one underlying moves alone, with every contract and balance in
it (subject: the asset). 20% means that a move of 20% up or down reaches liquidation. A side that never liquidates
passes. Configured as `min_liquidation_distance`; not configured: a warning below 20%.

Why: it is the margin bar in terms of the market: what has to happen. A day of -20% is not rare.

Example: equity lasts until BTC falls from 60,000 to 51,000: 15%.

Instead: deposit, reduce what loses in that direction, hedge it, or hold less collateral that falls with it.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.exact import Direction
from marginctl.core.report import PoolFigures, UnderlyingFigures
from marginctl.limits.context import Context
from marginctl.limits.distance import Paths
from marginctl.limits.figures import cross_pools, symbols_by_underlying, underlyings
from marginctl.limits.remedy import remedy
from marginctl.limits.rule import Belongs, Comparison, Measurement, Never, Ratio, Remedy, Rule, Unit
from marginctl.limits.wording import priced

WAYS = {"down": "falls", "up": "rises", None: "moves"}


def measure(context: Context) -> Iterable[Measurement]:
    """Per cross pool: all assets together, then each underlying alone unless the pool is liquidatable already."""
    paths = Paths(context)
    symbols = symbols_by_underlying(context)
    sides: dict[str, tuple[str, ...]] = {}
    for position in context.report.positions:
        sides[position.symbol] = (*sides.get(position.symbol, ()), f"{position.symbol}:{position.side}")
    for pool in cross_pools(context.report):
        yield _together(context, pool, paths)
        rows = [] if pool.liquidatable else underlyings(context.report, pool)
        for row in rows:
            held = symbols.get((pool.name, row.asset), ())
            names = (*held, *(name for symbol in held for name in sides[symbol]))
            yield _alone(context, pool, row, held, names, paths)


def _measured(distance: Decimal | None) -> Ratio | Never:
    return Never() if distance is None else Ratio(distance)


def _together(context: Context, pool: PoolFigures, paths: Paths) -> Measurement:
    direction = pool.liquidation.direction
    together = f" (all together, {direction})" if direction else ""
    return Measurement(
        subject=pool.name,
        measured=_measured(pool.liquidation.distance),
        what=f"distance of {pool.name} to liquidation{together}",
        detail="it is liquidatable now" if pool.liquidatable else "",
        location=context.locations.account,
        remedy=partial(_together_remedy, pool, paths),
        slack=lambda limit: paths.slack(pool.name, paths.together(pool.name, limit)),
    )


def _together_remedy(pool: PoolFigures, paths: Paths, limit: Decimal) -> Remedy:
    way = WAYS[pool.liquidation.direction]
    found = paths.deposit(pool, paths.together(pool.name, limit))
    return remedy(found, f"reduce what loses when the market {way}")


def _alone(
    context: Context,
    pool: PoolFigures,
    row: UnderlyingFigures,
    symbols: tuple[str, ...],
    names: tuple[str, ...],
    paths: Paths,
) -> Measurement:
    way, price = nearest(row, context.account.prices[row.asset])
    return Measurement(
        subject=row.asset if pool.name == "cross" else f"{pool.name}:{row.asset}",
        measured=_measured(row.distance),
        what=f"distance of {pool.name} to liquidation when {row.asset} alone {WAYS[way]}",
        detail=f"at {price} {context.account.currency}",
        location=context.locations.account,
        aliases=(row.asset, *symbols),
        remedy=partial(_alone_remedy, pool, row, way, paths),
        belongs=Belongs(positions=names, underlying=row.asset),
        slack=lambda limit: paths.slack(pool.name, paths.alone(row.asset, limit)),
    )


def nearest(row: UnderlyingFigures, price: Decimal) -> tuple[str | None, str]:
    """Which way liquidation is nearer, and its price of the asset rounded toward today's; None when it never comes."""
    down, up = row.liquidation_down, row.liquidation_up
    if down is not None and (up is None or price - down <= up - price):
        return "down", priced(down, Direction.UP)
    return ("up", priced(up, Direction.DOWN)) if up is not None else (None, "")


def _alone_remedy(pool: PoolFigures, row: UnderlyingFigures, way: str | None, paths: Paths, limit: Decimal) -> Remedy:
    found = paths.deposit(pool, paths.alone(row.asset, limit))
    return remedy(found, _reduction(row, way))


def _reduction(row: UnderlyingFigures, way: str | None) -> str:
    """What makes the pool less sensitive to the asset on that side: a position on it, else the balance or the debt."""
    if way == "down":
        return f"reduce the {row.asset} long" if row.net_notional > 0 else f"hold less {row.asset} as collateral"
    return f"reduce the {row.asset} short" if row.net_notional < 0 else f"owe less {row.asset}"


RULE = Rule(
    code="MC102",
    name="liquidation-distance",
    summary="smallest move that liquidates a cross pool: all together, or one underlying alone",
    manual=__doc__ or "",
    measure=measure,
    key="min_liquidation_distance",
    comparison=Comparison.MINIMUM,
    unit=Unit.FRACTION,
    default=Decimal("0.2"),
)
