"""What bends along a motion: requirements that grow with the square of a notional, and where health first falls below.

Such a part is the quotient of a square of a straight line and a straight line: it bends upward only, so that health
less it has one zero at most on every straight piece of the rest. Newton's steps from beyond find it.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from marginctl.core.exact import ONE, SNAP, ZERO
from marginctl.core.piecewise import TWO, Crossing, Line, Noise, Piece, bent, noise_of


class Bend(NamedTuple):
    """factor * value^2 / unit, in currency: ``value`` the notional, ``unit`` the price of a coin; ``factor`` > 0."""

    factor: Decimal
    value: Line
    unit: Line

    def at(self, u: Decimal) -> Decimal:
        """The value at ``u``."""
        return bent(self.factor, self.value.at(u), self.unit.at(u))

    def line_at(self, u: Decimal) -> Line:
        """The tangent at ``u``; the coin must be worth something there."""
        size = self.value.at(u) / self.unit.at(u)
        slope = self.factor * size * (TWO * self.value.slope - size * self.unit.slope)
        return Line(self.at(u) - slope * u, slope)

    @property
    def last_slope(self) -> Decimal | None:
        """The slope far out; None where it grows without end."""
        if not self.unit.slope:
            return None if self.value.slope else ZERO
        return self.factor * self.value.slope * self.value.slope / self.unit.slope


def tangent(bends: Iterable[Bend], u: Decimal) -> Line:
    """The sum of the tangents at ``u``."""
    lines = [one.line_at(u) for one in bends]
    return Line(sum((one.at_zero for one in lines), ZERO), sum((one.slope for one in lines), ZERO))


class _Course(NamedTuple):
    """A straight piece of health less what is bent."""

    piece: Piece
    bends: Sequence[Bend]

    def at(self, u: Decimal) -> Decimal:
        return self.piece.at_zero + self.piece.slope * u - sum((one.at(u) for one in self.bends), ZERO)

    def slope_at(self, u: Decimal) -> Decimal:
        return self.piece.slope - tangent(self.bends, u).slope

    def beyond(self, until: Decimal | None, noise: Noise) -> Decimal | None:
        """A place on the piece, up to ``until``, at which it is below zero and the coin worth something; else None."""
        start = self.piece.start
        if until is not None:
            if self.at(until) >= -noise.at(until):
                return None
            place, gap = until, until - start
            while not all(one.unit.at(place) > 0 for one in self.bends):
                gap /= TWO
                place = until - gap
                place = place if self.at(place) < -noise.at(place) else until
            return place
        slopes = [one.last_slope for one in self.bends]
        if None not in slopes and self.piece.slope - sum(filter(None, slopes), ZERO) >= -noise.unit:
            return None
        reach = ONE
        while self.at(start + reach) >= -noise.at(start + reach):
            reach *= TWO
        return start + reach

    def zero(self, u: Decimal, noise: Noise) -> Decimal:
        """The zero before a place at which it is below zero."""
        while True:
            value = self.at(u)
            if value >= -noise.at(u):
                return u
            step = value / self.slope_at(u)
            if step <= SNAP * (ONE + u):
                return u
            u = max(u - step, self.piece.start)


def first_below_bent(
    pieces: Iterable[Piece],
    bends: Sequence[Bend],
    end: Decimal | None,
    scale: Decimal,
    *,
    or_at_zero: bool = False,
    end_included: bool = False,
) -> Crossing | None:
    """The first u in (0, end) beyond which pieces less bends are below zero (``or_at_zero``: at or below), else None.

    ``end_included``: with ``or_at_zero`` the end itself counts too. ``scale``: the money involved.
    """
    noise = noise_of(scale)
    rows = list(pieces)
    ends: list[Decimal | None] = [*(piece.start for piece in rows[1:]), end]
    for piece, until in zip(rows, ends, strict=True):
        course = _Course(piece, bends)
        value = course.at(piece.start)
        if value < -noise.at(piece.start):
            return Crossing(piece.start, True)
        if or_at_zero and value <= noise.at(piece.start):
            return Crossing(piece.start, False)
        place = course.beyond(until, noise)
        if place is not None:
            return Crossing(course.zero(place, noise), False)
    if or_at_zero and end_included and end is not None and _Course(rows[-1], bends).at(end) <= noise.at(end):
        return Crossing(end, False)
    return None
