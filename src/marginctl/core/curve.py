"""Equity against what it must cover while prices move, all together or one alone: corners from the exact pieces.

Where a requirement is curved it is drawn through as many points on it as ``DRAWN`` says; where orders stand, whose
margin has corners of its own, through ``ORDERED``.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import ClassVar, NamedTuple

from msgspec import Struct

from marginctl.core.account import Account
from marginctl.core.exact import ONE, ZERO, Direction, rounded
from marginctl.core.liquidation import PoolState, added, bends_of, parts
from marginctl.core.motion import Bend, Motion, Stretch, asset_path, joint_path
from marginctl.core.piecewise import Piece, total
from marginctl.core.pool import Pool, rebuilt
from marginctl.core.report import Report
from marginctl.core.requirement import Requirement, Term
from marginctl.core.scenario import moved

DRAWN = 64
"""Points of a curved requirement on one stretch."""
MOST_ASSETS = 15
"""Assets with a curve of their own."""
ORDERED = 16
"""The same where orders stand in the pool."""
LEAST, USUAL = Decimal("0.2"), Decimal("0.5")
"""How far a curve reaches at least, and where nothing up to 100% liquidates."""
BEYOND = Decimal("1.25")
"""How far past the farther liquidation."""


class Point(NamedTuple):
    """At a move (signed, 0 = now), in currency: equity, level * maintenance margin, margins of positions and orders.

    order_margin None: it cannot be told, where orders stand and a price has fallen to 0.
    """

    move: Decimal
    equity: Decimal
    required: Decimal
    initial_margin: Decimal = ZERO
    order_margin: Decimal | None = ZERO

    @property
    def buffer(self) -> Decimal:
        """equity - level * maintenance margin."""
        return self.equity - self.required

    @property
    def free_collateral(self) -> Decimal | None:
        """equity - initial_margin - order_margin; None where the last is."""
        return None if self.order_margin is None else self.equity - self.initial_margin - self.order_margin


class EquityCurve(Struct, frozen=True):
    """One pool's corner points in the order of the moves; straight in between, two points at one move are a jump.

    asset: what moves alone, empty = all assets together.
    """

    shape: ClassVar[str] = "pool asset? points"

    pool: str
    points: tuple[Point, ...]
    asset: str = ""

    def at(self, move: Decimal) -> Point:
        """The point at a move within the curve; at a jump the side that is nearer to now."""
        around = [pair for pair in pairwise(self.points) if pair[0].move <= move <= pair[1].move]
        return _between(*around[0 if move >= 0 else -1], move)


def _between(left: Point, right: Point, move: Decimal) -> Point:
    share = (move - left.move) / (right.move - left.move)
    ordered = None
    if left.order_margin is not None and right.order_margin is not None:
        ordered = left.order_margin + (right.order_margin - left.order_margin) * share
    pairs = zip(left[1:4], right[1:4], strict=True)
    equity, required, initial = (one + (other - one) * share for one, other in pairs)
    return Point(move, equity, required, initial, ordered)


def curve_of(account: Account, state: PoolState, size: Decimal, asset: str = "") -> EquityCurve:
    """The curve of one pool from -size to size (at most 1 on the way down); ``asset``: it moves alone."""
    ordered = {
        name for one in state.pool.orders for name in (one.contract.base, one.contract.quote, one.contract.settle)
    }

    def side(sign: int) -> list[Point]:
        if asset:
            path = asset_path(asset, sign, size, followers=state.pool.moving_with(asset))
        else:
            path = joint_path(sorted({*state.assets, *ordered}), account.betas, sign, size)
        return _side(account, state, path, sign)

    down, up = side(-1), side(1)
    return EquityCurve(state.pool.name, (*reversed(down), *(up[1:] if up[:1] == down[:1] else up)), asset)


def reach(ends: Iterable[Decimal | None]) -> Decimal:
    """How far a curve goes to show where it is liquidated: 1.25 x the farther end up to 100%, a whole percent."""
    within = [abs(end) for end in ends if end is not None and abs(end) <= ONE]
    return min(max(rounded(BEYOND * max(within), 2, Direction.UP), LEAST), ONE) if within else USUAL


def pool_curves(
    account: Account, states: Sequence[PoolState], report: Report, size: Decimal | None
) -> tuple[EquityCurve, ...]:
    """One for every pool with a position, the worst pool first; without a ``size`` as far as its liquidation asks."""
    ends = {pool.name: (pool.liquidation.down, pool.liquidation.up) for pool in report.pools}
    occupied = [state for state in states if state.pool.positions and not bends_together(account, state)]
    occupied.sort(key=lambda state: state.pool.name != report.totals.worst_pool)
    return tuple(curve_of(account, state, size or reach(ends[state.pool.name])) for state in occupied)


def asset_curves(
    account: Account, states: Sequence[PoolState], report: Report, size: Decimal | None
) -> tuple[EquityCurve, ...]:
    """One for every asset that liquidates a pool by itself, of the nearest ``MOST_ASSETS`` those that do not bend."""
    by_name = {state.pool.name: state for state in states}
    held = (one for one in report.underlyings if one.distance is not None)
    near = sorted(held, key=lambda one: (one.distance, one.pool, one.asset))[:MOST_ASSETS]
    rows = [(by_name[one.pool], one.asset, (one.down, one.up)) for one in near]
    return tuple(
        curve_of(account, state, size or reach(ends), asset)
        for state, asset, ends in rows
        if not any(state.pool.bends(stretch.motion) for stretch in asset_path(asset, 1))
    )


def bends_together(account: Account, state: PoolState) -> bool:
    """Whether a quanto bends the equity of a pool while all assets move together: corners draw no such curve."""
    paths = (joint_path(state.assets, account.betas, side) for side in (-1, 1))
    return any(state.pool.bends(stretch.motion) for path in paths for stretch in path)


def _side(account: Account, state: PoolState, path: Iterable[Stretch], side: int) -> list[Point]:
    """From now outward on one side; the path has an end."""
    points: list[Point] = []
    for stretch in path:
        for point in _corners(account, state, stretch):
            signed = point._replace(move=side * point.move)
            if not points or points[-1] != signed:
                points.append(signed)
    return points


def _corners(account: Account, state: PoolState, stretch: Stretch) -> list[Point]:
    length = stretch.length or ZERO
    motion = stretch.motion
    found = parts(state, motion, length)
    level, bends = state.pool.rules.level, bends_of(state, motion)
    opened = _opened(state.pool.initial, state.risk.initial_margin, motion, length)
    rows = [list(added(found.equity)), list(added(found.requirement)), opened.pieces]
    steps = DRAWN if (bends or opened.bends) else ORDERED if state.pool.orders else 0
    drawn = {length * k / steps for k in range(steps)} if steps else set()
    starts = sorted(drawn | {piece.start for pieces in rows for piece in pieces if piece.start < length})
    ordered = cache(lambda u: _ordered(account, state.pool, motion, u))
    is_drawn_through = all(one.unit.at(length) > 0 for one in (*bends, *opened.bends))

    def point(start: Decimal, u: Decimal) -> Point:
        """At ``u``, by the pieces that hold from ``start`` on."""
        own, needed, initial = (_piece_at(pieces, start) for pieces in rows)
        return Point(
            stretch.start + u,
            own.at_zero + own.slope * u,
            level * (needed.at_zero + needed.slope * u) + sum((one.at(u) for one in bends), ZERO),
            initial.at_zero + initial.slope * u + sum((one.at(u) for one in opened.bends), ZERO),
            ordered(u),
        )

    ends = [*starts, length]
    return [
        point(start, u)
        for start, end in pairwise(ends)
        for u in ((start, end) if end < length or is_drawn_through else (start,))
    ]


class Opening(NamedTuple):
    """The initial margin along a motion: its pieces, and what is curved on top of them."""

    pieces: list[Piece]
    bends: list[Bend]


def _opened(requirement: Requirement, today: Decimal, motion: Motion, length: Decimal) -> Opening:
    """Only what the motion moves is walked; what stays is what is left of ``today``."""
    keys = set(motion.moved)
    moving = [part for part in requirement.parts if not keys.isdisjoint(part.movers)]
    still = today - sum((part.at({}) for part in moving), ZERO)
    pieces = total([[Piece(ZERO, still, ZERO)], *(part.pieces(motion, length) for part in moving)])
    return Opening(list(pieces), [one for part in moving if isinstance(part, Term) for one in part.bends(motion)])


def _ordered(account: Account, pool: Pool, motion: Motion, u: Decimal) -> Decimal | None:
    """What the open orders of a pool need at ``u`` of a motion, against the marks of there."""
    if not pool.orders:
        return ZERO
    ratios = {asset: line.at(u) for asset, line in motion.ratios.items()}
    if not all(ratio > 0 for ratio in ratios.values()):
        return None
    after = rebuilt(moved(account, ratios), pool)
    return pool.order_margin if after is None else after.order_margin


def _piece_at(pieces: Sequence[Piece], start: Decimal) -> Piece:
    """The piece that holds from ``start`` on; the first begins at 0."""
    return pieces[bisect_right(pieces, start, key=lambda piece: piece.start) - 1]
