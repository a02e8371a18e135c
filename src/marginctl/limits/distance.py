"""The deposit that keeps a pool alive over a whole range of moves: the largest shortfall of health on the way.

Money that counts in full, as an asset or as a debt paid back, lifts health by its amount everywhere on a path; a
stablecoin whose own price moves on it by its price there. So the deposit needed is exactly the deepest point below
zero, found on the same pieces as the liquidation itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from marginctl.core.account import Equality
from marginctl.core.bends import Bend
from marginctl.core.exact import ONE, ZERO
from marginctl.core.liquidation import PoolState, bends_of, health, pool_state
from marginctl.core.motion import Motion, Stretch, asset_path, joint_path, shock_path
from marginctl.core.piecewise import Piece
from marginctl.core.pool import partition, terms_in
from marginctl.core.report import CollateralFigures, PoolFigures
from marginctl.limits.context import Context
from marginctl.limits.remedy import deposit_of, deposit_row
from marginctl.limits.rule import Deposit

Path = list[Stretch]


class At(NamedTuple):
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
        pieces, bends = list(health(state, stretch.motion, stretch.length)), bends_of(state, stretch.motion)
        ends = [*(following.start for following in pieces[1:]), stretch.length]
        for piece, until in zip(pieces, ends, strict=True):
            yield At(stretch.motion, piece.start), _at(piece, bends, piece.start)
            if until is not None:
                yield At(stretch.motion, until), _at(piece, bends, until)


def _at(piece: Piece, bends: Iterable[Bend], u: Decimal) -> Decimal:
    return piece.at_zero + piece.slope * u - sum((one.at(u) for one in bends), ZERO)


def _moves(asset: str, paths: Iterable[Path]) -> bool:
    return any(asset in stretch.motion.ratios for path in paths for stretch in path)
