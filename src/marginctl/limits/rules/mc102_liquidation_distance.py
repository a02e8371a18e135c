"""What it checks: the smallest move that liquidates a cross pool.

Values, for every cross pool in which something is at stake: the distance when all volatile assets move together by
their betas (subject: the pool), and the distance when one asset moves alone, with every contract and balance in it
and all that follows it (subject: the asset). That asset may also be a stablecoin that the pool holds, or the quote of a
contract: when it loses its peg, every mark quoted in it moves; or what follows another asset and loses its peg to that.
20% means that a move of 20% up or down reaches liquidation. A fall is
looked for down to 0, a rise without end, so that a side without a crossing never liquidates: it passes. Configured as
`min_liquidation_distance`; not configured: a warning below 20%.

Why: it is the margin bar in terms of the market: what has to happen. A day of -20% is not rare.

Example: equity lasts until BTC falls from 60,000 to 51,000: 15%.

Instead: deposit, reduce what loses in that direction, hedge it, or hold less collateral that falls with it.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.exact import ZERO, Direction
from marginctl.core.report import PoolFigures, UnderlyingFigures
from marginctl.limits.context import Context
from marginctl.limits.distance import Paths
from marginctl.limits.figures import cross_pools, quoted_notionals, symbols_by_underlying, underlyings
from marginctl.limits.remedy import remedy
from marginctl.limits.rule import Belongs, Comparison, Measurement, Never, Ratio, Remedy, Rule, Unit
from marginctl.wording import priced

WAYS = {"down": "falls", "up": "rises", None: "moves"}


def measure(context: Context) -> Iterable[Measurement]:
    """Per cross pool: all assets together, then each asset alone unless the pool is liquidatable already."""
    paths = Paths(context)
    quoted = quoted_notionals(context)
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
            reduction = partial(_reduction, context, row, quoted.get((pool.name, row.asset), ZERO))
            yield _alone(context, pool, row, held, names, paths, reduction)


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
    reduction: Callable[[str | None], str],
) -> Measurement:
    way, price = nearest(row, context.account.prices[row.asset])
    return Measurement(
        subject=row.asset if pool.name == "cross" else f"{pool.name}:{row.asset}",
        measured=_measured(row.distance),
        what=f"distance of {pool.name} to liquidation when {row.asset} alone {WAYS[way]}",
        detail=f"at {price} {context.account.currency}",
        location=context.locations.account,
        aliases=(row.asset, *symbols),
        remedy=partial(_alone_remedy, pool, row, reduction(way), paths),
        belongs=Belongs(positions=names, underlying=row.asset),
        slack=lambda limit: paths.slack(pool.name, paths.alone(row.asset, limit)),
    )


def nearest(row: UnderlyingFigures, price: Decimal) -> tuple[str | None, str]:
    """Which way liquidation is nearer, and its price of the asset rounded toward today's; None when it never comes."""
    down, up = row.liquidation_down, row.liquidation_up
    if down is not None and (up is None or price - down <= up - price):
        return "down", priced(down, Direction.UP)
    return ("up", priced(up, Direction.DOWN)) if up is not None else (None, "")


def _alone_remedy(pool: PoolFigures, row: UnderlyingFigures, reduction: str, paths: Paths, limit: Decimal) -> Remedy:
    found = paths.deposit(pool, paths.alone(row.asset, limit))
    return remedy(found, reduction)


def _reduction(context: Context, row: UnderlyingFigures, quoted: Decimal, way: str | None) -> str:
    """What makes the pool less sensitive to the asset on that side.

    A position on it, else what weighs most: the contracts ``quoted`` in it, or the balance or the debt.
    """
    held = row.delta * context.account.prices[row.asset] - row.net_notional + quoted
    if way == "down":
        if row.net_notional > 0:
            return f"reduce the {row.asset} long"
        return f"reduce the shorts quoted in {row.asset}" if -quoted > held else f"hold less {row.asset} as collateral"
    if row.net_notional < 0:
        return f"reduce the {row.asset} short"
    return f"reduce the longs quoted in {row.asset}" if quoted > -held else f"owe less {row.asset}"


RULE = Rule(
    code="MC102",
    name="liquidation-distance",
    summary="smallest move that liquidates a cross pool: all together, or one asset alone",
    manual=__doc__ or "",
    measure=measure,
    key="min_liquidation_distance",
    compares="smallest move that liquidates a cross pool",
    comparison=Comparison.MINIMUM,
    unit=Unit.FRACTION,
    default=Decimal("0.2"),
)
