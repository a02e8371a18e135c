"""What losses and funding are paid with."""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from msgspec import Struct

from marginctl.core.exact import ONE, ZERO, Direction
from marginctl.core.report import PoolFigures
from marginctl.limits.figures import collateral, cross_pools, occupied, total, underlyings
from marginctl.limits.remedy import at_least, deposit, remedy
from marginctl.limits.rule import (
    Comparison,
    Context,
    Deposit,
    Measurement,
    Never,
    Ratio,
    Remedy,
    Rule,
    Unit,
    Unknown,
    advice,
    manual_of,
)
from marginctl.wording import listed, money


def stable_buffer(context: Context) -> Iterable[Measurement]:
    """What it checks: how much of a cross pool's free collateral is in stablecoins.

    Value: min(1, max(0, net value of stablecoins and the account's currency) / free collateral), debts subtracted, for
    every cross pool in which something is at stake. Without free collateral it does not exist and breaks the limit.
    Configured as `min_stable_share`; not configured: a warning below 50%.

    Why: free collateral in coins is gone when it is needed, because it falls with the positions; losses are paid in
    stablecoins, and a debt in them grows into a forced sale of coins.

    Example: 10,000 USD of free collateral, of which 2,000 USDT: 20%.

    Instead: deposit stablecoins, or swap coins into them before the market does.
    """
    # One measurement per cross pool that holds a position, an order or a debt
    currency = context.account.currency
    for pool in occupied(context.report, cross_pools(context.report)):
        rows = collateral(context.report, pool)
        net = total(row.value for row in rows if not context.account.is_volatile(row.asset))
        free = money(pool.free_collateral, currency, Direction.DOWN)
        stable = money(net, currency, Direction.DOWN)
        counted = max(ZERO, net) if pool.free_collateral <= 0 else min(max(ZERO, net), pool.free_collateral)
        yield Measurement(
            subject=pool.name,
            measured=Ratio(counted, pool.free_collateral),
            what=f"stable share in the free collateral of {pool.name}",
            detail=f"{stable} in stablecoins against {free} of free collateral",
            undefined=f"free collateral is {free}",
            location=context.locations.account,
            remedy=partial(_stable_buffer_remedy, context, pool, net),
        )


def _stable_buffer_remedy(context: Context, pool: PoolFigures, net: Decimal, limit: Decimal) -> Remedy:
    found = _deposit(context, pool, net, limit)
    if pool.free_collateral > 0:
        return remedy(found, "swap coins into stablecoins")
    return remedy(found, "close positions until some collateral is free, and swap coins into stablecoins")


def _deposit(context: Context, pool: PoolFigures, net: Decimal, limit: Decimal) -> Deposit | None:
    """The deposit D with free + D > 0 and net + D >= limit * (free + D); at a limit of 100% none changes the share."""
    if limit >= ONE:
        return None
    opening = -pool.free_collateral
    need = (limit * pool.free_collateral - net) / (ONE - limit)
    return deposit(context, pool, max(opening, need), strict=opening >= need, steady=True)


MC109 = Rule(
    code="MC109",
    name="stable-buffer",
    summary="share of stablecoins in the free collateral of a cross pool",
    manual=manual_of(stable_buffer),
    measure=stable_buffer,
    key="min_stable_share",
    compares="net stablecoin equity over free collateral",
    comparison=Comparison.MINIMUM,
    unit=Unit.FRACTION,
    default=Decimal("0.5"),
)


class WrongWay(Struct, frozen=True):
    """A coin held and held long: its collateral value and its net position notional, in currency."""

    asset: str
    value: Decimal
    long: Decimal

    @property
    def overlap(self) -> Decimal:
        """What falls twice."""
        return min(self.value, self.long)


def wrong_way_collateral(context: Context) -> Iterable[Measurement]:
    """What it checks: how much collateral falls exactly when the positions that it backs lose.

    Value: sum over coins of min(collateral value, max(0, net position notional in that coin)) / collateral value, both
    over the assets of a cross pool that are worth more than 0, for every cross pool in which something is at stake.
    Configured as `max_wrong_way_share`; not configured: a warning above 30%.

    Why: a long in a coin secured by the same coin loses twice; liquidation comes at about half the distance.

    Example: 4,000 USD of ETH and 6,000 USDT behind a 5,000 USD ETH long: 4,000 / 10,000 = 40%.

    Instead: secure longs with stablecoins, or reduce the long in the coin that is held. A short against it is a hedge.
    """
    # One measurement per cross pool that holds a position, an order or a debt
    currency = context.account.currency
    for pool in occupied(context.report, cross_pools(context.report)):
        held: dict[str, Decimal] = {}
        for row in (row for row in collateral(context.report, pool) if row.value > 0):
            asset = context.account.underlying(row.asset)
            held[asset] = held.get(asset, ZERO) + row.value
        rows = underlyings(context.report, pool)
        coins = [
            WrongWay(r.asset, held[r.asset], r.net_notional) for r in rows if r.asset in held and r.net_notional > 0
        ]
        wrong, value = total(coin.overlap for coin in coins), total(held.values())
        names = ", ".join(coin.asset for coin in coins)
        of = f"{money(wrong, currency, Direction.DOWN)} in {names} of {money(value, currency, Direction.DOWN)}"
        yield Measurement(
            subject=pool.name,
            measured=Ratio(wrong, value),
            what=f"wrong-way share in the collateral of {pool.name}",
            detail=of,
            location=context.locations.account,
            aliases=tuple(coin.asset for coin in coins) if len(coins) == 1 else (),
            remedy=partial(_wrong_way_collateral_remedy, context, pool, coins, wrong, value),
        )


def _wrong_way_collateral_remedy(
    context: Context, pool: PoolFigures, coins: list[WrongWay], wrong: Decimal, value: Decimal, limit: Decimal
) -> Remedy:
    found = deposit(context, pool, wrong / limit - value, debt_counts=False, steady=True) if limit else None
    return remedy(found, _reduction(coins, wrong - limit * value, context.account.currency))


def _reduction(coins: list[WrongWay], too_much: Decimal, currency: str) -> str:
    """Closing (long - overlap) + too_much of one coin, where its overlap is large enough: the smallest such."""
    ways = [(coin.long - coin.overlap + too_much, coin.asset) for coin in coins if coin.overlap >= too_much]
    if not ways:
        return "reduce the longs in coins that are held"
    least, asset = min(ways, default=(ZERO, ""))
    return f"close {at_least(least, currency)} of the net {asset} long"


MC110 = Rule(
    code="MC110",
    name="wrong-way-collateral",
    summary="collateral in coins that the positions are long in, over collateral value",
    manual=manual_of(wrong_way_collateral),
    measure=wrong_way_collateral,
    key="max_wrong_way_share",
    compares="collateral that falls with the positions it backs",
    comparison=Comparison.MAXIMUM,
    unit=Unit.FRACTION,
    default=Decimal("0.3"),
)


SUBJECT = "account"


def funding_runway(context: Context) -> Iterable[Measurement]:
    """What it checks: how long the account can pay its funding.

    Value: `funding.runway_days`, the days until a pool's equity no longer covers level x maintenance margin when every
    position pays or receives its funding rate and prices stay. An account that never gets there passes. A position
    without a `funding_rate` makes it not evaluated. Configured as `min_funding_runway`; not configured: a warning below
    30 days.

    Why: funding is the cost of time; a hedged book can be flat in price and still bleed to liquidation.

    Example: 10 USDT of funding a day against a buffer of 250 USDT: 25 days.

    Instead: close or reduce what pays most, move it to a contract with a lower rate, or deposit.
    """
    # One measurement, of the account
    funding = context.report.funding
    yield Measurement(
        subject=SUBJECT,
        measured=_measured(funding.runway_days, funding.missing),
        what="funding runway of the account",
        detail=f"funding of {money(funding.per_day, context.account.currency, Direction.DOWN)} a day",
        location=context.locations.account,
        remedy=advice(_funding_runway_remedy(context).text),
    )


def _measured(days: Decimal | None, missing: tuple[str, ...]) -> Ratio | Never | Unknown:
    if missing:
        return Unknown(
            f"no funding_rate for {listed(missing)}", "add `funding_rate` to these positions, 0% if there is none"
        )
    return Never() if days is None else Ratio(days)


def _funding_runway_remedy(context: Context) -> Remedy:
    paid = [(row.funding_per_day, row.symbol) for row in context.report.positions if row.funding_per_day]
    per_day, symbol = min(paid, default=(None, ""))
    if per_day is None or per_day >= 0:
        return Remedy("deposit, or reduce positions")
    cost = money(-per_day, context.account.currency, Direction.UP)
    return Remedy(f"reduce {symbol}, which pays {cost} a day, or deposit")


MC112 = Rule(
    code="MC112",
    name="funding-runway",
    summary="days until funding payments liquidate a pool, prices flat",
    manual=manual_of(funding_runway),
    measure=funding_runway,
    key="min_funding_runway",
    compares="time until funding uses up the buffer",
    comparison=Comparison.MINIMUM,
    unit=Unit.DAYS,
    default=Decimal(30),
)
