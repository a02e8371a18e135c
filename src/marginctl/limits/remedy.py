"""The cheapest ways to pass, as exact figures where one ratio of one pool decides.

A deposit of d units of an asset adds  V(x + d) - V(x)  to the pool's equity, V its marginal haircut schedule, and pays
back debt first, which also lowers the maintenance margin on it. Amounts are rounded up, so that doing what is said
passes, and by less than 1e-6 of a unit, so that anything noticeably smaller does not.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from marginctl.core.account import AssetTerms
from marginctl.core.exact import ONE, ZERO, Direction, rounded
from marginctl.core.pool import terms_in
from marginctl.core.report import CollateralFigures, PoolFigures, Report
from marginctl.limits.context import Context
from marginctl.limits.figures import collateral, cross_pools, settle_assets
from marginctl.limits.rule import Deposit, Remedy
from marginctl.wording import deposited, money

STEADY_PLACES = 6
COIN_PLACES = 8


class Segment(NamedTuple):
    """A stretch of a deposit: ``length`` units, None = without end.

    Each unit is worth ``gain`` of equity and ``relief`` of maintenance margin on debt, in currency.
    """

    length: Decimal | None
    gain: Decimal
    relief: Decimal


def segments(held: Decimal, price: Decimal, terms: AssetTerms, *, debt_counts: bool = True) -> Iterator[Segment]:
    """What further units of an asset are worth, on top of ``held`` units (negative = a debt).

    ``debt_counts`` False leaves out what only pays back debt.
    """
    if held < 0:
        worth = price if debt_counts else ZERO
        yield Segment(-held, worth * terms.liability_factor, worth * terms.loan_rate)
    floor = max(held, ZERO)
    for tier in terms.haircuts:
        if tier.up_to is None:
            yield Segment(None, price * (ONE - tier.haircut), ZERO)
        elif tier.up_to > floor:
            yield Segment(tier.up_to - floor, price * (ONE - tier.haircut), ZERO)
            floor = tier.up_to


def units_for(need: Decimal, pieces: Iterable[Segment], relief_weight: Decimal = ZERO) -> Decimal | None:
    """The fewest units with  gain + relief_weight * relief >= need  (currency); None when no number of them does."""
    units = ZERO
    for length, gain, relief in pieces:
        worth = gain + relief_weight * relief
        if length is None or worth * length >= need:
            return units + need / worth if worth > 0 else None
        units += length
        need -= worth * length
    return None


def deposit_row(context: Context, pool: PoolFigures) -> CollateralFigures | None:
    """The asset to deposit: the account's currency where the pool has it, else a stablecoin, else any.

    Of several the one that its positions settle in, then the one with the largest value.
    """
    rows = collateral(context.report, pool)
    currency = [row for row in rows if row.asset == context.account.currency]
    steady = [row for row in rows if not context.account.is_volatile(row.asset)]
    settled = settle_assets(context, pool)
    return max(currency or steady or rows, key=lambda row: (row.asset in settled, row.value), default=None)


def deposit(
    context: Context,
    pool: PoolFigures,
    need: Decimal,
    *,
    relief_weight: Decimal = ZERO,
    strict: bool = False,
    debt_counts: bool = True,
    steady: bool = False,
) -> Deposit | None:
    """The smallest deposit that adds ``need`` (``strict``: more than that) to a pool, or None.

    ``steady``: only in an asset whose price does not move, where the deposit must not change any exposure.
    """
    row = deposit_row(context, pool)
    if row is None or (steady and context.account.is_volatile(row.asset)):
        return None
    return deposit_of(context, pool, row, need, relief_weight=relief_weight, strict=strict, debt_counts=debt_counts)


def deposit_of(
    context: Context,
    pool: PoolFigures,
    row: CollateralFigures,
    need: Decimal,
    *,
    relief_weight: Decimal = ZERO,
    strict: bool = False,
    debt_counts: bool = True,
) -> Deposit | None:
    """The same in an asset that is already chosen."""
    terms = terms_in(context.account, pool.margin_mode, row.asset)
    units = units_for(need, segments(row.equity, row.price, terms, debt_counts=debt_counts), relief_weight)
    if units is None or units < 0 or not (units or strict):
        return None
    places = COIN_PLACES if context.account.is_volatile(row.asset) else STEADY_PLACES
    return Deposit(pool.name, row.asset, stepped(units, places, strict=strict))


def stepped(units: Decimal, places: int, *, strict: bool = False) -> Decimal:
    """Rounded up to a multiple of 10 ** -places; ``strict``: the smallest multiple above it."""
    if strict:
        return rounded(units, places, Direction.DOWN) + Decimal((0, (1,), -places))
    return rounded(units, places, Direction.UP)


def main_pool(report: Report) -> PoolFigures | None:
    """The cross pool that a deposit for the account as a whole goes into: the worst one."""
    pools = cross_pools(report)
    return next((pool for pool in pools if pool.name == report.totals.worst_pool), pools[0] if pools else None)


def remedy(found: Deposit | None, *others: str) -> Remedy:
    """A deposit, if there is one, and other ways."""
    texts = [deposit_text(found)] if found else []
    return Remedy(", or ".join([*texts, *(text for text in others if text)]), found)


def deposit_text(found: Deposit) -> str:
    """A deposit in words, rounded up."""
    return deposited(found.amount, found.asset, found.pool)


def at_least(amount: Decimal, currency: str) -> str:
    """An amount of money rounded up."""
    return money(amount, currency, Direction.UP)
