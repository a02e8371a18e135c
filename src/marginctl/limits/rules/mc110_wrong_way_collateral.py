"""What it checks: how much collateral falls exactly when the positions that it backs lose.

Value: sum over coins of min(collateral value, max(0, net position notional in that coin)) / collateral value, both
over the assets of a cross pool that are worth more than 0, for every cross pool in which something is at stake.
Configured as `max_wrong_way_share`; not configured: a warning above 30%.

Why: a long in a coin secured by the same coin loses twice; liquidation comes at about half the distance.

Example: 4,000 USD of ETH and 6,000 USDT behind a 5,000 USD ETH long: 4,000 / 10,000 = 40%.

Instead: secure longs with stablecoins, or reduce the long in the coin that is held. A short against it is a hedge.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from marginctl.core.exact import ZERO, Direction
from marginctl.core.report import PoolFigures
from marginctl.limits.context import Context
from marginctl.limits.figures import collateral, cross_pools, occupied, total, underlyings
from marginctl.limits.remedy import at_least, deposit, remedy
from marginctl.limits.rule import Comparison, Measurement, Ratio, Remedy, Rule, Unit
from marginctl.wording import money


class WrongWay(NamedTuple):
    """A coin held and held long: its collateral value and its net position notional, in currency."""

    asset: str
    value: Decimal
    long: Decimal

    @property
    def overlap(self) -> Decimal:
        """What falls twice."""
        return min(self.value, self.long)


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per cross pool that holds a position, an order or a debt."""
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
            remedy=partial(_remedy, context, pool, coins, wrong, value),
        )


def _remedy(
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


RULE = Rule(
    code="MC110",
    name="wrong-way-collateral",
    summary="collateral in coins that the positions are long in, over collateral value",
    manual=__doc__ or "",
    measure=measure,
    key="max_wrong_way_share",
    compares="collateral that falls with the positions it backs",
    comparison=Comparison.MAXIMUM,
    unit=Unit.FRACTION,
    default=Decimal("0.3"),
)
