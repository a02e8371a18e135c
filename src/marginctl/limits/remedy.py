"""The cheapest ways to pass, as exact figures where one ratio of one pool decides.

A deposit of d units of an asset adds  V(x + d) - V(x)  to the pool's equity, V its marginal haircut schedule, and pays
back debt first, which also lowers the maintenance margin on it. Amounts are rounded up, so that doing what is said
passes, and by less than 1e-6 of a unit, so that anything noticeably smaller does not.

The deposit that keeps a pool alive over a whole range of moves is the largest shortfall of health on the way.
Money that counts in full, as an asset or as a debt paid back, lifts health by its amount everywhere on a path; a
stablecoin whose own price moves on it by its price there. So the deposit needed is exactly the deepest point below
zero, found on the same pieces as the liquidation itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct

from marginctl.core.account import AssetTerms, Equality
from marginctl.core.exact import ONE, ZERO, Direction, rounded
from marginctl.core.liquidation import PoolState, bending, bends_of, health, pool_state
from marginctl.core.motion import Bend, Motion, Stretch, asset_path, joint_path, shock_path
from marginctl.core.piecewise import Piece
from marginctl.core.pool import partition, terms_in
from marginctl.core.report import CollateralFigures, PoolFigures, Report
from marginctl.limits.figures import collateral, cross_pools, settle_assets
from marginctl.limits.rule import Context, Deposit, Remedy
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


Path = list[Stretch]


class At(Struct, frozen=True):
    """A place on a stretch."""

    motion: Motion
    u: Decimal

    def of(self, asset: str) -> Decimal:
        """Price there over price today."""
        return self.motion.of(asset).at(self.u)


class Paths:
    """Paths of an account's pools; the pools are divided up when the first remedy asks for one."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._rows: dict[str, CollateralFigures | None] = {}

    @cached_property
    def states(self) -> dict[str, PoolState]:
        """The pools by name."""
        return {pool.name: pool_state(pool) for pool in partition(self.context.account)}

    def together(self, pool: str, reach: Decimal) -> list[Path]:
        """All assets down and up by their betas, as far as ``reach``."""
        betas = self.context.account.betas
        return [joint_path(self.states[pool].assets, betas, side, reach) for side in (-1, 1)]

    def alone(self, asset: str, reach: Decimal) -> list[Path]:
        """One asset, and what follows it, down and up, as far as ``reach``."""
        followers = self.context.account.moving_with(asset)[1:]
        return [asset_path(asset, side, reach, followers=followers) for side in (-1, 1)]

    def to(self, shocks: Mapping[str, Decimal]) -> list[Path]:
        """The straight path to a scenario."""
        return [shock_path(shocks)]

    def slack(self, pool: str, paths: Iterable[Path]) -> Decimal:
        """What health keeps at its lowest on the paths, in currency; negative = so much is missing."""
        return min(value for path in paths for _, value in _corners(self.states[pool], path))

    def deposit(self, pool: PoolFigures, paths: Iterable[Path]) -> Deposit | None:
        """The smallest deposit after which no path liquidates the pool before its end, where that is exact."""
        paths = list(paths)
        row = self._row(pool)
        if row is None or not self._counts_in_full(pool, row.asset):
            return None
        if self.context.account.is_volatile(row.asset) and _moves(row.asset, paths):
            return None
        state = self.states[pool.name]
        if any(state.pool.bends(one.motion) and _moves_what_counts(state, row.asset, one) for p in paths for one in p):
            return None
        need = max((shortfall(state, path, row.asset) for path in paths), key=lambda found: (found is None, found or 0))
        if need is None:
            return None
        strict = state.pool.rules.equality is Equality.LIQUIDATED
        return deposit_of(self.context, pool, row, need, strict=strict)

    def _row(self, pool: PoolFigures) -> CollateralFigures | None:
        if pool.name not in self._rows:
            self._rows[pool.name] = deposit_row(self.context, pool)
        return self._rows[pool.name]

    def _counts_in_full(self, pool: PoolFigures, asset: str) -> bool:
        terms = terms_in(self.context.account, pool.margin_mode, asset)
        whole = terms.liability_factor == ONE and not terms.loan_rate
        return whole and not any(tier.haircut for tier in terms.haircuts)


def shortfall(state: PoolState, path: Path, asset: str) -> Decimal | None:
    """-min(equity - level * maintenance_margin) over a path with an end; in currency, negative = to spare.

    Measured in today's worth of ``asset``, whose price may move along: of what has lost half its price it takes twice
    as much. A quotient of two straight lines has its extremes at their corners. None where no amount is enough.
    """
    most: Decimal | None = None
    for ratios, value in _corners(state, path):
        ratio = ratios.of(asset)
        if ratio > 0:
            missing = -value / ratio
            most = missing if most is None or missing > most else most
        elif value < 0:
            return None
    return most


def _corners(state: PoolState, path: Path) -> Iterator[tuple[At, Decimal]]:
    """Health at the corners of a path, and the price ratios there."""
    for stretch in path:
        if state.pool.bends(stretch.motion):
            pieces = bending().bent_health(state, stretch.motion, stretch.length)
            yield from ((At(stretch.motion, u), value) for u, value in bending().lowest(pieces, stretch.length))
            continue
        pieces, bends = list(health(state, stretch.motion, stretch.length)), bends_of(state, stretch.motion)
        ends = [*(following.start for following in pieces[1:]), stretch.length]
        for piece, until in zip(pieces, ends, strict=True):
            yield At(stretch.motion, piece.start), _at(piece, bends, piece.start)
            if until is not None:
                yield At(stretch.motion, until), _at(piece, bends, until)


def _moves_what_counts(state: PoolState, asset: str, stretch: Stretch) -> bool:
    """Whether the lowest value of bent pieces is not that of health in units of an asset: it moves, or the quote."""
    return bool(stretch.motion.of(asset).slope or bending().over_of(state, stretch.motion).slope)


def _at(piece: Piece, bends: Iterable[Bend], u: Decimal) -> Decimal:
    return piece.at_zero + piece.slope * u - sum((one.at(u) for one in bends), ZERO)


def _moves(asset: str, paths: Iterable[Path]) -> bool:
    return any(asset in stretch.motion.ratios for path in paths for stretch in path)
