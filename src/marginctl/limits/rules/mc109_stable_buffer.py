"""What it checks: how much of a cross pool's free collateral is in stablecoins.

Value: min(1, max(0, net value of stablecoins and the account's currency) / free collateral), debts subtracted, for
every cross pool in which something is at stake. Without free collateral it does not exist and breaks the limit.
Configured as `min_stable_share`; not configured: a warning below 50%.

Why: free collateral in coins is gone when it is needed, because it falls with the positions; losses are paid in
stablecoins, and a debt in them grows into a forced sale of coins.

Example: 10,000 USD of free collateral, of which 2,000 USDT: 20%.

Instead: deposit stablecoins, or swap coins into them before the market does.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.exact import ONE, ZERO, Direction
from marginctl.core.report import PoolFigures
from marginctl.limits.context import Context
from marginctl.limits.figures import collateral, cross_pools, occupied, total
from marginctl.limits.remedy import deposit, remedy
from marginctl.limits.rule import Comparison, Deposit, Measurement, Ratio, Remedy, Rule, Unit
from marginctl.wording import money


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per cross pool that holds a position, an order or a debt."""
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
            remedy=partial(_remedy, context, pool, net),
        )


def _remedy(context: Context, pool: PoolFigures, net: Decimal, limit: Decimal) -> Remedy:
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


RULE = Rule(
    code="MC109",
    name="stable-buffer",
    summary="share of stablecoins in the free collateral of a cross pool",
    manual=__doc__ or "",
    measure=measure,
    key="min_stable_share",
    compares="net stablecoin equity over free collateral",
    comparison=Comparison.MINIMUM,
    unit=Unit.FRACTION,
    default=Decimal("0.5"),
)
