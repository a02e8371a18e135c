"""What it checks: how much the account bets on the whole market.

Value: |sum of delta x price| / equity over the cross pools, where delta counts collateral held in coins as well as
contracts, and stablecoins and the account's currency do not count. It does not exist, and breaks the limit, when
equity is 0 or negative under an exposure. Configured as `max_directional_exposure`; not configured: a warning above 3.
Under `underlyings` the same key limits |delta x price| of that asset alone, over the same equity.

Why: in a crash coins fall together; longs on BTC and ETH are one bet, and a long financed by the same coin is two.

Example: 20,000 USD of BTC long, 15,000 USD of ETH long, 5,000 USD of SOL short on 10,000 USD of equity: 3x.

Instead: hedge the net side, reduce it, or hold collateral in stablecoins.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.exact import ZERO, Direction
from marginctl.core.scenario import EVERY_OTHER
from marginctl.limits.context import Context
from marginctl.limits.figures import cross_pools, total, underlyings
from marginctl.limits.remedy import at_least, deposit, main_pool, remedy
from marginctl.limits.rule import Belongs, Comparison, Measurement, Ratio, Remedy, Rule, Unit
from marginctl.wording import money

SUBJECT = "account"


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement of all cross pools together, then one per asset that a limit names."""
    account, pools = context.account, cross_pools(context.report)
    nets: dict[str, Decimal] = {}
    rows = [row for pool in pools for row in underlyings(context.report, pool) if account.is_volatile(row.asset)]
    for row in (row for row in rows if account.underlying(row.asset) == row.asset):
        nets[row.asset] = nets.get(row.asset, ZERO) + row.delta * account.prices[row.asset]
    equity = total(pool.equity for pool in pools)
    yield _measurement(context, SUBJECT, "the account", total(nets.values()), equity)
    for asset in (asset for asset in nets if asset in context.named or EVERY_OTHER in context.named):
        net = nets[asset]
        yield _measurement(context, asset, asset, net, equity, Belongs(underlying=asset))


def _measurement(
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
        remedy=partial(_remedy, context, net, equity),
        belongs=belongs or Belongs(),
        narrow=belongs is not None,
    )


def _remedy(context: Context, net: Decimal, equity: Decimal, limit: Decimal) -> Remedy:
    pool = main_pool(context.report)
    found = deposit(context, pool, abs(net) / limit - equity, steady=True) if limit and pool else None
    if equity <= 0:
        return remedy(found)
    too_much = at_least(abs(net) - limit * equity, context.account.currency)
    return remedy(found, f"{'buy back' if net < 0 else 'sell'} {too_much} of the net {'short' if net < 0 else 'long'}")


RULE = Rule(
    code="MC108",
    name="directional-exposure",
    summary="absolute sum of delta x price over equity",
    manual=__doc__ or "",
    measure=measure,
    key="max_directional_exposure",
    compares="absolute sum of delta x price over equity",
    comparison=Comparison.MAXIMUM,
    unit=Unit.MULTIPLE,
    default=Decimal(3),
)
