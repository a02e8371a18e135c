"""Equity against what it must cover while all assets move together: corner points from the exact pieces.

Where the requirement is curved it is drawn through as many points on it as ``DRAWN`` says.
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from msgspec import Struct

from marginctl.core.account import Account
from marginctl.core.exact import ZERO
from marginctl.core.liquidation import PoolState, added, bends_of, parts
from marginctl.core.motion import Stretch, joint_path
from marginctl.core.piecewise import Piece

DRAWN = 64
"""Points of a curved requirement on one stretch."""


class Point(NamedTuple):
    """At a joint move (signed, 0 = now): equity, and level * maintenance margin, in currency."""

    move: Decimal
    equity: Decimal
    required: Decimal


class EquityCurve(Struct, frozen=True):
    """One pool's corner points in the order of the moves; straight in between, two points at one move are a jump."""

    pool: str
    points: tuple[Point, ...]

    def at(self, move: Decimal) -> Point:
        """The point at a move within the curve; at a jump the side that is nearer to now."""
        for left, right in pairwise(self.points):
            if left.move <= move <= right.move and left.move < right.move:
                share = (move - left.move) / (right.move - left.move)
                found = Point(
                    move,
                    left.equity + (right.equity - left.equity) * share,
                    left.required + (right.required - left.required) * share,
                )
                if move < right.move or move >= 0:
                    return found
        return self.points[-1]


def curve_of(account: Account, state: PoolState, size: Decimal) -> EquityCurve:
    """The curve of one pool from -size to size (at most 1 on the way down)."""
    down, up = _side(account, state, -1, size), _side(account, state, 1, size)
    return EquityCurve(state.pool.name, (*reversed(down), *(up[1:] if up[:1] == down[:1] else up)))


def _side(account: Account, state: PoolState, side: int, size: Decimal) -> list[Point]:
    """From now outward on one side."""
    points: list[Point] = []
    for stretch in joint_path(state.assets, account.betas, side, size):
        for point in _corners(state, stretch, size):
            signed = Point(side * point.move, point.equity, point.required)
            if not points or points[-1] != signed:
                points.append(signed)
    return points


def _corners(state: PoolState, stretch: Stretch, size: Decimal) -> list[Point]:
    length = size - stretch.start if stretch.length is None else stretch.length
    found = parts(state, stretch.motion, length)
    equity, requirement = list(added(found.equity)), list(added(found.requirement))
    level, bends = state.pool.rules.level, bends_of(state, stretch.motion)
    drawn = {length * k / DRAWN for k in range(DRAWN)} if bends else set()
    starts = sorted(drawn | {piece.start for piece in (*equity, *requirement) if piece.start < length})
    points = []
    for start, end in pairwise([*starts, length]):
        own, needed = _piece_at(equity, start), _piece_at(requirement, start)
        for u in (start, end) if all(one.unit.at(end) > 0 for one in bends) else (start,):
            curved = sum((one.at(u) for one in bends), ZERO)
            required = level * (needed.at_zero + needed.slope * u) + curved
            points.append(Point(stretch.start + u, own.at_zero + own.slope * u, required))
    return points


def _piece_at(pieces: Sequence[Piece], start: Decimal) -> Piece:
    """The piece that holds from ``start`` on."""
    return next((piece for piece in reversed(pieces) if piece.start <= start), Piece(ZERO, ZERO, ZERO))
