"""What it checks: how much of the book stands on one underlying.

Value, for every underlying: gross notional of the positions on it / gross notional of all positions, both over the
cross pools. Configured as `max_concentration`; not configured: a warning above 60%, where the book has two underlyings.

Why: gross, because long and short legs on one coin both depend on its liquidity, its funding and its contract terms.

Example: 70,000 USD of BTC contracts in a book of 100,000 USD.

Instead: reduce that underlying, or accept it: an account that trades one coin sets `max_concentration: off`.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.exact import ONE, ZERO, Direction
from marginctl.limits.context import Context
from marginctl.limits.figures import cross_pools, symbols_by_underlying, total, underlyings
from marginctl.limits.remedy import at_least, remedy
from marginctl.limits.rule import Belongs, Comparison, Measurement, Ratio, Remedy, Rule, Unit
from marginctl.wording import money


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per underlying, the largest first."""
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
            remedy=partial(_remedy, asset, notional, gross, currency),
            belongs=Belongs(underlying=asset),
            only_asked=len(notionals) < 2,
        )


def _remedy(asset: str, notional: Decimal, gross: Decimal, currency: str, limit: Decimal) -> Remedy:
    if notional == gross:
        return remedy(None, f"{asset} is the only underlying: its share is 100% at any size")
    too_much = at_least((notional - limit * gross) / (ONE - limit), currency)
    return remedy(None, f"close {too_much} of {asset} notional")


RULE = Rule(
    code="MC107",
    name="concentration",
    summary="largest share of one underlying in gross notional",
    manual=__doc__ or "",
    measure=measure,
    key="max_concentration",
    compares="largest share of one underlying in gross notional",
    comparison=Comparison.MAXIMUM,
    unit=Unit.FRACTION,
    default=Decimal("0.6"),
)
