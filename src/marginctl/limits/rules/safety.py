"""How near a pool is to liquidation."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.account import Equality, MarginRules
from marginctl.core.exact import ONE, ZERO, Direction, ratio
from marginctl.core.pool import rules_of
from marginctl.core.report import PoolFigures, UnderlyingFigures
from marginctl.findings import Severity
from marginctl.limits.figures import (
    belonging,
    cross_pools,
    isolated_pools,
    quoted_notionals,
    symbols_by_underlying,
    underlyings,
)
from marginctl.limits.remedy import Path, Paths, at_least, deposit, remedy
from marginctl.limits.rule import (
    Belongs,
    Comparison,
    Context,
    Fact,
    Measurement,
    Never,
    Ratio,
    Remedy,
    Rule,
    Unit,
    manual_of,
)
from marginctl.wording import money, priced, trimmed


def account_liquidatable(context: Context) -> Iterable[Measurement]:
    """What it checks: whether a pool is liquidatable as it stands.

    A pool is liquidatable when its equity is below level x maintenance margin while there is a maintenance margin (a venue
    whose published rule counts equality says so in its rule set). Value: level x maintenance margin / equity; limit: 1.
    Every pool is checked, isolated ones too. The finding is always an error; it can be neither waived nor ignored.

    Why: figures of such an account describe a state that the venue is about to end.

    Example: 900 USDT of equity against a maintenance margin of 1,000 USDT.

    Instead: deposit, or reduce positions until equity covers the maintenance margin again; if the account is healthy on
    the venue's screen, look for a missing balance, a wrong price or a wrong entry price in the file.
    """
    # One measurement per pool, whether something is at stake in it or not
    for pool in context.report.pools:
        rules = rules_of(context.account, pool.margin_mode)
        value = ratio(rules.level * pool.maintenance_margin, pool.equity)
        yield Measurement(
            subject=pool.name,
            measured=Fact(pool.liquidatable, value, ONE, None if value is None else ONE - value),
            what=_message(pool, rules, context.account.currency),
            location=context.locations.account,
            remedy=partial(_account_liquidatable_remedy, context, pool, rules),
            slack=partial(_account_liquidatable_slack, pool),
        )


def _account_liquidatable_slack(pool: PoolFigures, _: Decimal) -> Decimal:
    return pool.buffer


def _message(pool: PoolFigures, rules: MarginRules, currency: str) -> str:
    equity = money(pool.equity, currency, Direction.DOWN)
    margin = money(pool.maintenance_margin, currency, Direction.UP)
    times = "" if rules.level == ONE else f"{trimmed(rules.level)} x "
    below = "does not exceed" if rules.equality is Equality.LIQUIDATED else "is below"
    return f"{pool.name} is liquidatable: equity {equity} {below} {times}the maintenance margin {margin}"


def _account_liquidatable_remedy(context: Context, pool: PoolFigures, rules: MarginRules, _: Decimal) -> Remedy:
    strict = rules.equality is Equality.LIQUIDATED
    found = deposit(context, pool, -pool.buffer, relief_weight=rules.level, strict=strict)
    return remedy(found, _less(context, pool, rules))


def _less(context: Context, pool: PoolFigures, rules: MarginRules) -> str:
    missing: Decimal = -pool.buffer / rules.level
    if pool.equity <= 0 or not missing:
        return ""
    return f"close positions until the maintenance margin is {at_least(missing, context.account.currency)} lower"


MC100 = Rule(
    code="MC100",
    name="account-liquidatable",
    summary="any pool is liquidatable",
    manual=manual_of(account_liquidatable),
    measure=account_liquidatable,
    unit=Unit.FRACTION,
    default_severity=Severity.ERROR,
    always=True,
    waivable=False,
)


WAYS = {"down": "falls", "up": "rises", None: "moves"}


def liquidation_distance(context: Context) -> Iterable[Measurement]:
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
    # Per cross pool: all assets together, then each asset alone unless the pool is liquidatable already
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


MC102 = Rule(
    code="MC102",
    name="liquidation-distance",
    summary="smallest move that liquidates a cross pool: all together, or one asset alone",
    manual=manual_of(liquidation_distance),
    measure=liquidation_distance,
    key="min_liquidation_distance",
    compares="smallest move that liquidates a cross pool",
    comparison=Comparison.MINIMUM,
    unit=Unit.FRACTION,
    default=Decimal("0.2"),
)


def maintenance_ratio(context: Context) -> Iterable[Measurement]:
    """What it checks: how near a cross pool is to liquidation in money.

    Value: level x maintenance margin / equity, the maintenance margin with that on debts, for every cross pool in which
    something is at stake. At 100% the pool is liquidated. It does not exist, and breaks the limit, when equity is 0 or
    negative under a maintenance margin. Configured as `max_maintenance_ratio`; not configured: a warning above 50%.

    Why: it is the margin bar of most venues' screens; a limit below 100% leaves time to act.

    Example: a maintenance margin of 550 USDT on 1,000 USDT of equity: 55%.

    Instead: deposit, or reduce the positions with the largest maintenance margin, first those in high tiers.
    """
    # One measurement per cross pool
    currency, level = context.account.currency, context.account.rules.level
    for pool in cross_pools(context.report):
        equity = money(pool.equity, currency, Direction.DOWN)
        times = "" if level == ONE else f"{trimmed(level)} x "
        margin = f"{times}{money(pool.maintenance_margin, currency, Direction.UP)} of maintenance margin"
        yield Measurement(
            subject=pool.name,
            measured=Ratio(level * pool.maintenance_margin, pool.equity),
            what=f"maintenance ratio of {pool.name}",
            detail=f"{margin} on {equity} of equity",
            undefined=f"equity is {equity} under {margin}",
            location=context.locations.account,
            remedy=partial(_maintenance_ratio_remedy, context, pool),
        )


def _maintenance_ratio_remedy(context: Context, pool: PoolFigures, limit: Decimal) -> Remedy:
    level = context.account.rules.level
    required = level * pool.maintenance_margin
    found = None
    if limit:
        found = deposit(context, pool, required / limit - pool.equity, relief_weight=level / limit)
    if pool.equity <= 0:
        return remedy(found)
    too_much = at_least((required - limit * pool.equity) / level, context.account.currency)
    return remedy(found, f"close positions until the maintenance margin is {too_much} lower")


MC103 = Rule(
    code="MC103",
    name="maintenance-ratio",
    summary="level x maintenance margin over equity of a cross pool",
    manual=manual_of(maintenance_ratio),
    measure=maintenance_ratio,
    key="max_maintenance_ratio",
    compares="level x maintenance margin over equity",
    comparison=Comparison.MAXIMUM,
    unit=Unit.FRACTION,
    default=Decimal("0.5"),
)


def isolated_distance(context: Context) -> Iterable[Measurement]:
    """What it checks: the smallest move that liquidates each isolated position.

    Value: the distance of the position's pool, the smaller one of all volatile assets moving together by their betas and
    its underlying moving alone. Its quote moving alone reaches the same mark, and is not asked about. A pool that never
    liquidates passes. Configured as `min_isolated_distance`; off otherwise.

    Why: an isolated position dies alone, so its distance is a choice: some are meant to be stopped out. Where they are
    not, this is the limit.

    Example: an isolated 10x long with 0.5% of maintenance margin dies after about 9.5%.

    Instead: add isolated margin, or open it at a lower leverage.
    """
    # One measurement per isolated pool
    paths = Paths(context)
    keys = {row.pool: row.key for row in context.report.positions}
    belongs = belonging(context)
    symbols = {row.pool: row.symbol for row in context.report.positions}
    for pool in isolated_pools(context.report):
        distance = smallest(context, pool)
        yield Measurement(
            subject=pool.name,
            measured=Never() if distance is None else Ratio(distance),
            what=f"distance of {pool.name} to liquidation",
            location=context.locations.position(keys.get(pool.name, "")),
            aliases=(symbols[pool.name],) if pool.name in symbols else (),
            remedy=partial(_isolated_distance_remedy, context, pool, paths),
            belongs=belongs.get(keys.get(pool.name, ""), Belongs()),
            slack=partial(_isolated_distance_slack, context, pool, paths),
        )


def smallest(context: Context, pool: PoolFigures) -> Decimal | None:
    """The smaller distance of all assets together and each underlying alone; None = never."""
    alone = [row.distance for row in underlyings(context.report, pool)]
    return min((d for d in [pool.liquidation.distance, *alone] if d is not None), default=None)


def _moves(context: Context, pool: PoolFigures, paths: Paths, limit: Decimal) -> list[Path]:
    """All assets together and each underlying alone, as far as the limit."""
    alone = [path for row in underlyings(context.report, pool) for path in paths.alone(row.asset, limit)]
    return [*paths.together(pool.name, limit), *alone]


def _isolated_distance_slack(context: Context, pool: PoolFigures, paths: Paths, limit: Decimal) -> Decimal:
    return paths.slack(pool.name, _moves(context, pool, paths, limit))


def _isolated_distance_remedy(context: Context, pool: PoolFigures, paths: Paths, limit: Decimal) -> Remedy:
    found = paths.deposit(pool, _moves(context, pool, paths, limit))
    return remedy(found, "reduce the position" if found else "add isolated margin, or reduce the position")


MC106 = Rule(
    code="MC106",
    name="isolated-distance",
    summary="move that liquidates an isolated position",
    manual=manual_of(isolated_distance),
    measure=isolated_distance,
    key="min_isolated_distance",
    compares="move that liquidates an isolated pool",
    comparison=Comparison.MINIMUM,
    unit=Unit.FRACTION,
    default_severity=None,
)
