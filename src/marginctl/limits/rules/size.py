"""How much is held and on how little: margin tied up, leverage, concentration, exposure."""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.account import Purpose
from marginctl.core.exact import ONE, ZERO, Direction
from marginctl.core.report import PoolFigures
from marginctl.core.scenario import EVERY_OTHER
from marginctl.limits.figures import (
    belonging,
    cross_pools,
    modelled_pools,
    symbols_by_underlying,
    total,
    underlyings,
    used_margin,
)
from marginctl.limits.remedy import at_least, deposit, main_pool, remedy
from marginctl.limits.rule import Belongs, Comparison, Context, Measurement, Ratio, Remedy, Rule, Unit, manual_of
from marginctl.wording import money, trimmed


def utilization(context: Context) -> Iterable[Measurement]:
    """What it checks: how much of a cross pool's equity is tied up.

    Value: (initial margin of positions + margin of open orders) / equity, for every cross pool in which something is at
    stake. It does not exist, and breaks the limit, when equity is 0 or negative under a margin.
    Configured as `max_utilization`; not configured: a warning above 60%.

    Why: what is not tied up absorbs losses and pays for hedges. A pool near 100% cannot open anything when it must.

    Example: 7,200 USDT of initial and order margin on 10,000 USDT of equity: 72%.

    Instead: deposit, cancel orders, reduce positions, or use more leverage only where the maintenance margin allows it.
    """
    # One measurement per cross pool
    currency = context.account.currency
    for pool in cross_pools(context.report):
        used, equity = used_margin(pool), money(pool.equity, currency, Direction.DOWN)
        margin = money(used, currency, Direction.UP)
        yield Measurement(
            subject=pool.name,
            measured=Ratio(used, pool.equity),
            what=f"utilization of {pool.name}",
            detail=f"{margin} of initial and order margin on {equity} of equity",
            undefined=f"equity is {equity} under {margin} of initial and order margin",
            location=context.locations.account,
            remedy=partial(_utilization_remedy, context, pool),
        )


def _utilization_remedy(context: Context, pool: PoolFigures, limit: Decimal) -> Remedy:
    used = used_margin(pool)
    found = deposit(context, pool, used / limit - pool.equity) if limit else None
    if pool.equity <= 0:
        return remedy(found)
    too_much = at_least(used - limit * pool.equity, context.account.currency)
    return remedy(found, f"release {too_much} of initial and order margin")


MC101 = Rule(
    code="MC101",
    name="utilization",
    summary="initial and order margin over equity of a cross pool",
    manual=manual_of(utilization),
    measure=utilization,
    key="max_utilization",
    compares="initial and order margin over equity",
    comparison=Comparison.MAXIMUM,
    unit=Unit.FRACTION,
    default=Decimal("0.6"),
)


SUBJECT = "account"


def account_leverage(context: Context) -> Iterable[Measurement]:
    """What it checks: the leverage of the account as a whole, and of parts of it where a limit names them.

    Value: gross notional of all positions / equity of all pools, the figure `totals.leverage` of the report, isolated
    positions with their margins included. It does not exist, and breaks the limit, when equity is 0 or negative under a
    notional. Configured as `max_leverage`; not configured: a warning above 5. Under `purposes` and `underlyings` the same
    key limits the gross notional of those positions alone, over the same equity.

    Why: it is what a move of the whole market costs in terms of equity: at 5x, 10% of the market is half the equity of a
    one-sided book. Leverage set per position does not say that.

    Example: 52,000 USDT of positions on 10,000 USDT of equity: 5.2x.

    Instead: deposit, or reduce positions. Lowering the leverage setting of a position changes nothing here.
    """
    # One measurement of the account, then those of the purposes and underlyings that limits name
    report, named = context.report, context.named
    yield _account_leverage_measurement(context, SUBJECT, "the account", report.totals.gross_notional)
    for purpose, notional in _sums(((row.purpose or "", row.notional) for row in report.positions), named).items():
        yield _account_leverage_measurement(
            context, purpose, f"{purpose} positions", notional, Belongs(purpose=purpose)
        )
    for asset, notional in _sums(((row.asset, row.gross_notional) for row in report.underlyings), named).items():
        yield _account_leverage_measurement(
            context, asset, f"positions on {asset}", notional, Belongs(underlying=asset)
        )


def _sums(rows: Iterable[tuple[str, Decimal]], named: frozenset[str]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for name, notional in rows:
        if name in named or (EVERY_OTHER in named and notional):
            sums[name] = sums.get(name, ZERO) + notional
    return sums


def _account_leverage_measurement(
    context: Context, subject: str, name: str, gross: Decimal, belongs: Belongs | None = None
) -> Measurement:
    totals, currency = context.report.totals, context.account.currency
    notional, equity = money(gross, currency, Direction.UP), money(totals.equity, currency, Direction.DOWN)
    return Measurement(
        subject=subject,
        measured=Ratio(gross, totals.equity),
        what=f"leverage of {name}",
        detail=f"{notional} of gross notional on {equity} of equity",
        undefined=f"equity is {equity} under {notional} of gross notional",
        location=context.locations.account,
        remedy=partial(_account_leverage_remedy, context, gross, f" in {name}" if belongs else ""),
        belongs=belongs or Belongs(),
        narrow=belongs is not None,
    )


def _account_leverage_remedy(context: Context, gross: Decimal, where: str, limit: Decimal) -> Remedy:
    totals = context.report.totals
    pool = main_pool(context.report)
    found = deposit(context, pool, gross / limit - totals.equity) if limit and pool else None
    if totals.equity <= 0:
        return remedy(found)
    too_much = at_least(gross - limit * totals.equity, context.account.currency)
    return remedy(found, f"close {too_much} of notional{where}")


MC104 = Rule(
    code="MC104",
    name="account-leverage",
    summary="gross notional over equity of the account",
    manual=manual_of(account_leverage),
    measure=account_leverage,
    key="max_leverage",
    compares="gross notional over equity",
    comparison=Comparison.MAXIMUM,
    unit=Unit.MULTIPLE,
    default=Decimal(5),
)


def position_leverage(context: Context) -> Iterable[Measurement]:
    """What it checks: the leverage of each position that is not marked `purpose: hedge`, cross or isolated.

    Value: 1 / initial rate in force, the rate being that of the position's tier where the leverage asked for is too high.
    Configured as `max_position_leverage`; not configured: a warning above 10. `positions: {BTCUSDT: {max_leverage: 5}}`
    sets it for one position, `purposes` and `underlyings` for some; these count for hedges too. Under a margin model a
    position that states no leverage has none of its own: what it needs, the model says of the pool, and this limit is
    not about it.

    Why: the initial margin is the venue's first buffer on a position. A hedge is left out because a low margin on it frees
    collateral without adding risk.

    Example: an ETHUSDT long at 25x.

    Instead: set a lower leverage on the venue and in the file; the initial margin grows, liquidation of a cross position
    does not move.
    """
    # One measurement per position; of a hedge for the limits that name it
    belongs = belonging(context)
    modelled = {pool.name for pool, _ in modelled_pools(context.report)}
    stating = {position.key for position in context.account.positions if position.states_initial}
    for row in context.report.positions:
        if row.initial_rate is None or (row.pool in modelled and row.key not in stating):
            continue
        yield Measurement(
            subject=row.key,
            measured=Ratio(ONE, row.initial_rate),
            what=f"leverage of the {row.symbol} {row.side}",
            undefined="its initial rate is 0",
            location=context.locations.position(row.key),
            aliases=(row.symbol,),
            remedy=_position_leverage_remedy,
            belongs=belongs[row.key],
            narrow=row.purpose == Purpose.HEDGE.value,
        )


def _position_leverage_remedy(limit: Decimal) -> Remedy:
    return Remedy(f"set its leverage to {trimmed(limit)} or less" if limit else "close it")


MC105 = Rule(
    code="MC105",
    name="position-leverage",
    summary="leverage of a position that is not marked hedge",
    manual=manual_of(position_leverage),
    measure=position_leverage,
    key="max_position_leverage",
    compares="leverage of a position that is no hedge",
    comparison=Comparison.MAXIMUM,
    unit=Unit.MULTIPLE,
    default=Decimal(10),
)


def concentration(context: Context) -> Iterable[Measurement]:
    """What it checks: how much of the book stands on one underlying.

    Value, for every underlying: gross notional of the positions on it / gross notional of all positions, both over the
    cross pools. Configured as `max_concentration`; not configured: a warning above 60%, where the book has two underlyings.

    Why: gross, because long and short legs on one coin both depend on its liquidity, its funding and its contract terms.

    Example: 70,000 USD of BTC contracts in a book of 100,000 USD.

    Instead: reduce that underlying, or accept it: an account that trades one coin sets `max_concentration: off`.
    """
    # One measurement per underlying, the largest first
    pools = cross_pools(context.report)
    notionals: dict[str, Decimal] = {}
    for row in (row for pool in pools for row in underlyings(context.report, pool) if row.gross_notional):
        notionals[row.asset] = notionals.get(row.asset, ZERO) + row.gross_notional
    symbols = symbols_by_underlying(context)
    gross, currency = total(notionals.values()), context.account.currency
    for asset, notional in sorted(notionals.items(), key=lambda entry: -entry[1]):
        yield Measurement(
            subject=asset,
            measured=Ratio(notional, gross),
            what=f"share of {asset} in the gross notional",
            detail=f"{money(notional, currency, Direction.UP)} of {money(gross, currency, Direction.UP)}",
            location=context.locations.account,
            aliases=tuple(symbol for pool in pools for symbol in symbols.get((pool.name, asset), ())),
            remedy=partial(_concentration_remedy, asset, notional, gross, currency),
            belongs=Belongs(underlying=asset),
            only_asked=len(notionals) < 2,
        )


def _concentration_remedy(asset: str, notional: Decimal, gross: Decimal, currency: str, limit: Decimal) -> Remedy:
    if notional == gross:
        return remedy(None, f"{asset} is the only underlying: its share is 100% at any size")
    too_much = at_least((notional - limit * gross) / (ONE - limit), currency)
    return remedy(None, f"close {too_much} of {asset} notional")


MC107 = Rule(
    code="MC107",
    name="concentration",
    summary="largest share of one underlying in gross notional",
    manual=manual_of(concentration),
    measure=concentration,
    key="max_concentration",
    compares="largest share of one underlying in gross notional",
    comparison=Comparison.MAXIMUM,
    unit=Unit.FRACTION,
    default=Decimal("0.6"),
)


def directional_exposure(context: Context) -> Iterable[Measurement]:
    """What it checks: how much the account bets on the whole market.

    Value: |sum of delta x price| / equity over the cross pools, where delta counts collateral held in coins as well as
    contracts, and stablecoins and the account's currency do not count. It does not exist, and breaks the limit, when
    equity is 0 or negative under an exposure. Configured as `max_directional_exposure`; not configured: a warning above 3.
    Under `underlyings` the same key limits |delta x price| of that asset alone, over the same equity.

    Why: in a crash coins fall together; longs on BTC and ETH are one bet, and a long financed by the same coin is two.

    Example: 20,000 USD of BTC long, 15,000 USD of ETH long, 5,000 USD of SOL short on 10,000 USD of equity: 3x.

    Instead: hedge the net side, reduce it, or hold collateral in stablecoins.
    """
    # One measurement of all cross pools together, then one per asset that a limit names
    account, pools = context.account, cross_pools(context.report)
    nets: dict[str, Decimal] = {}
    rows = [row for pool in pools for row in underlyings(context.report, pool) if account.is_volatile(row.asset)]
    for row in (row for row in rows if account.underlying(row.asset) == row.asset):
        nets[row.asset] = nets.get(row.asset, ZERO) + row.delta * account.prices[row.asset]
    equity = total(pool.equity for pool in pools)
    yield _directional_exposure_measurement(context, SUBJECT, "the account", total(nets.values()), equity)
    for asset in (asset for asset in nets if asset in context.named or EVERY_OTHER in context.named):
        net = nets[asset]
        yield _directional_exposure_measurement(context, asset, asset, net, equity, Belongs(underlying=asset))


def _directional_exposure_measurement(
    context: Context, subject: str, name: str, net: Decimal, equity: Decimal, belongs: Belongs | None = None
) -> Measurement:
    currency = context.account.currency
    exposure, funds = money(abs(net), currency, Direction.UP), money(equity, currency, Direction.DOWN)
    side = "short" if net < 0 else "long"
    return Measurement(
        subject=subject,
        measured=Ratio(abs(net), equity),
        what=f"directional exposure of {name}" if belongs is None else f"exposure to {name}",
        detail=f"net {side} {exposure} on {funds} of equity",
        undefined=f"equity is {funds} under a net {side} of {exposure}",
        location=context.locations.account,
        remedy=partial(_directional_exposure_remedy, context, net, equity),
        belongs=belongs or Belongs(),
        narrow=belongs is not None,
    )


def _directional_exposure_remedy(context: Context, net: Decimal, equity: Decimal, limit: Decimal) -> Remedy:
    pool = main_pool(context.report)
    found = deposit(context, pool, abs(net) / limit - equity, steady=True) if limit and pool else None
    if equity <= 0:
        return remedy(found)
    too_much = at_least(abs(net) - limit * equity, context.account.currency)
    return remedy(found, f"{'buy back' if net < 0 else 'sell'} {too_much} of the net {'short' if net < 0 else 'long'}")


MC108 = Rule(
    code="MC108",
    name="directional-exposure",
    summary="absolute sum of delta x price over equity",
    manual=manual_of(directional_exposure),
    measure=directional_exposure,
    key="max_directional_exposure",
    compares="absolute sum of delta x price over equity",
    comparison=Comparison.MAXIMUM,
    unit=Unit.MULTIPLE,
    default=Decimal(3),
)
