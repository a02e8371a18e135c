"""Piecewise-linear functions along a path, and their first crossing of zero.

A path moves asset prices linearly in one variable u >= 0. Measured in the account's currency every part of a margin
account is then piecewise linear in u, even where the base and the quote of one contract move together: a figure in
units of an asset is a quotient v / w of two straight lines (its value v and the asset's price w), a tier table or a
haircut schedule is a curve y = slope * x + intercept, and  w * curve(v / w) = slope * v + intercept * w  is straight
between the borders, which lie where  v = border * w.  No case is curved, none needs an iteration.

Pieces are produced outward and only as far as somebody asks: a walk that ends at the first crossing pays for the
tiers up to there.

Borders that are met at one place may come out a division's residue apart; a place is therefore the same place within
``SNAP``, and a value counts as below zero only where it falls below the noise of the money involved (``Noise``).
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from heapq import heapify, heappop, heapreplace
from itertools import takewhile
from typing import NamedTuple

from msgspec import Struct

from marginctl.core.exact import ONE, SNAP, ZERO, at_most, net


class Line(NamedTuple):
    """at_zero + slope * u."""

    at_zero: Decimal
    slope: Decimal

    def at(self, u: Decimal) -> Decimal:
        """The value at ``u``."""
        return self.at_zero + self.slope * u

    def scaled(self, factor: Decimal) -> "Line":
        """The line times a constant."""
        return Line(self.at_zero * factor, self.slope * factor)


class Piece(NamedTuple):
    """A straight line from ``start`` up to where the next piece starts."""

    start: Decimal
    at_zero: Decimal
    slope: Decimal


class Curve(Struct, frozen=True, gc=False):
    """y = slopes[k] * x + intercepts[k] for borders[k-1] < x <= borders[k]: one slope more than borders, ascending.

    A border belongs to the piece below it (``up_to`` is inclusive). Nothing asks the curve to be continuous. ``bend``:
    the factor of x^2 on top, which no piece has (see ``Bend``).
    """

    borders: tuple[Decimal, ...]
    slopes: tuple[Decimal, ...]
    intercepts: tuple[Decimal, ...]
    bend: Decimal = ZERO

    def index(self, value: Decimal, unit: Decimal) -> int:
        """The piece of x = value / unit, without dividing (unit > 0; at unit 0 the limit from above)."""
        if not unit:
            return len(self.borders) if value > 0 else 0
        for k, border in enumerate(self.borders):
            if at_most(value, border * unit):
                return k
        return len(self.borders)

    def at(self, value: Decimal, unit: Decimal) -> Decimal:
        """unit * curve(value / unit): the curve's value in the currency of ``value`` (unit >= 0)."""
        k = self.index(value, unit)
        straight = self.slopes[k] * value + self.intercepts[k] * unit
        return straight + bent(self.bend, value, unit) if self.bend else straight

    def rate(self, value: Decimal, unit: Decimal) -> Decimal:
        """The rate that holds for x = value / unit."""
        slope = self.slopes[self.index(value, unit)]
        return slope + self.bend * value / unit if self.bend else slope


TWO = Decimal(2)
UNBOUNDED = Decimal("1e30")
"""What x counts as where its unit is worth nothing."""


def bent(factor: Decimal, value: Decimal, unit: Decimal) -> Decimal:
    """factor * value^2 / unit, far beyond everything where ``unit`` is 0."""
    return factor * value * (value / unit if unit > 0 else value and UNBOUNDED)


def constant_curve(slope: Decimal, bend: Decimal = ZERO) -> Curve:
    """y = slope * x + bend * x^2 everywhere."""
    return Curve((), (slope,), (ZERO,), bend)


def along(curve: Curve, value: Line, unit: Line, end: Decimal | None, factor: Decimal = ONE) -> Iterator[Piece]:
    """factor * unit * curve(value / unit) over 0 < u < end, as pieces in order, the first starting at 0.

    ``unit`` must not be negative on the range; ``end`` None = without end. value / unit is monotone in u, so the
    borders are met in order.
    """
    borders = curve.borders
    v0, v1 = value
    w0, w1 = unit
    drift = net(v1 * w0, -v0 * w1)
    k = _index_just_after_zero(curve, value, unit, drift)
    start = ZERO
    step = 1 if drift > 0 else -1
    while True:
        slope, intercept = curve.slopes[k] * factor, curve.intercepts[k] * factor
        yield Piece(start, slope * v0 + intercept * w0, slope * v1 + intercept * w1)
        following = k if step > 0 else k - 1
        if not drift or not 0 <= following < len(borders):
            return
        border = borders[following]
        rise = v1 - border * w1
        if (rise > 0) != (step > 0) or not rise:
            return
        start = max(start, (border * w0 - v0) / rise)
        if end is not None and at_most(end, start):
            return
        k += step


def _index_just_after_zero(curve: Curve, value: Line, unit: Line, drift: Decimal) -> int:
    """The piece that holds on the first stretch beyond u = 0; a border that x leaves upward is left at once."""
    k = curve.index(value.at_zero, unit.at_zero)
    if drift <= 0 or k == len(curve.borders):
        return k
    return k + 1 if at_most(curve.borders[k] * unit.at_zero, value.at_zero) else k


class Crossing(NamedTuple):
    """Where a walk ended: ``u`` and whether the function jumped there (else it is 0 there)."""

    u: Decimal
    jump: bool


def total(parts: Iterable[Iterable[Piece]]) -> Iterator[Piece]:
    """The sum of piecewise functions, piece by piece outward; pieces of no length, but for residue, are skipped."""
    iterators = [iter(part) for part in parts]
    at_zero = slope = start = ZERO
    queue: list[tuple[Decimal, int, Piece, Piece, Iterator[Piece]]] = []
    for order, pieces in enumerate(iterators):
        current = next(pieces, None)
        if current is None:
            continue
        at_zero += current.at_zero
        slope += current.slope
        following = next(pieces, None)
        if following is not None:
            queue.append((following.start, order, current, following, pieces))
    heapify(queue)
    while queue:
        following_start = queue[0][0]
        if not is_same_place(start, following_start):
            yield Piece(start, at_zero, slope)
            start = following_start
        while queue and is_same_place(start, queue[0][0]):
            _, order, current, following, pieces = queue[0]
            at_zero += following.at_zero - current.at_zero
            slope += following.slope - current.slope
            after = next(pieces, None)
            if after is None:
                heappop(queue)
            else:
                heapreplace(queue, (after.start, order, following, after, pieces))
    yield Piece(start, at_zero, slope)


def scaled(pieces: Iterable[Piece], factor: Decimal) -> Iterator[Piece]:
    """The function times a constant."""
    for start, at_zero, slope in pieces:
        yield Piece(start, at_zero * factor, slope * factor)


def larger(first: Iterable[Piece], second: Iterable[Piece], end: Decimal | None) -> list[Piece]:
    """The larger of two functions at every point: their pieces, cut where they meet."""
    merged: list[Piece] = []
    for start, until, one, two in _common(list(first), list(second), end):
        low, high = (one, two) if _is_below(one, two, start) else (two, one)
        merged.append(Piece(start, high.at_zero, high.slope))
        faster = low.slope - high.slope
        if faster > 0:
            meet = max(start, (high.at_zero - low.at_zero) / faster)
            if is_same_place(start, meet):
                merged[-1] = Piece(start, low.at_zero, low.slope)
            elif until is None or meet < until:
                merged.append(Piece(meet, low.at_zero, low.slope))
    return merged


def _is_below(one: Piece, two: Piece, start: Decimal) -> bool:
    """Whether ``one`` is below ``two`` just beyond ``start``."""
    gap = (one.at_zero + one.slope * start) - (two.at_zero + two.slope * start)
    return gap < 0 or (not gap and one.slope < two.slope)


def _common(
    first: list[Piece], second: list[Piece], end: Decimal | None
) -> Iterator[tuple[Decimal, Decimal | None, Piece, Piece]]:
    """Stretches on which both functions are straight."""
    starts: list[Decimal] = []
    for start in sorted({piece.start for piece in first} | {piece.start for piece in second}):
        if not starts or not is_same_place(starts[-1], start):
            starts.append(start)
    bounds: list[Decimal | None] = [*starts[1:], end]
    i = j = 0
    for start, until in zip(starts, bounds, strict=True):
        while i + 1 < len(first) and is_same_place(start, max(start, first[i + 1].start)):
            i += 1
        while j + 1 < len(second) and is_same_place(start, max(start, second[j + 1].start)):
            j += 1
        yield start, until, first[i], second[j]


def is_same_place(start: Decimal, beyond: Decimal) -> bool:
    """Whether a place at or beyond ``start`` is the same one but for division residue."""
    return beyond == start or beyond - start <= SNAP * (ONE + start)


class Noise(Struct, frozen=True):
    """What division residue can make of a function: ``unit`` * (1 + u), unit = ``SNAP`` times the money involved."""

    unit: Decimal

    def at(self, u: Decimal) -> Decimal:
        """The largest value at ``u`` that is none."""
        return self.unit * (ONE + u)

    def hides(self, piece: Piece, until: Decimal | None) -> bool:
        """Whether the piece is 0, but for residue, from its start up to ``until`` (None = without end)."""
        start, at_zero, slope = piece
        if abs(at_zero + slope * start) > self.at(start):
            return False
        return abs(slope) <= self.unit if until is None else abs(at_zero + slope * until) <= self.at(until)

    def side_at_end(self, piece: Piece, until: Decimal | None) -> int:
        """-1, 0 or 1: where the piece ends up against 0."""
        value, noise = (piece.slope, self.unit) if until is None else (_value(piece, until), self.at(until))
        if abs(value) <= noise:
            return 0
        return 1 if value > 0 else -1


def noise_of(scale: Decimal) -> Noise:
    """The noise of a function in which ``scale`` of money is involved."""
    return Noise(SNAP * scale)


def _value(piece: Piece, u: Decimal) -> Decimal:
    return piece.at_zero + piece.slope * u


def is_above_zero(pieces: Iterable[Piece], u: Decimal, scale: Decimal) -> bool:
    """Whether the function is above zero at ``u``, but for residue of the money involved; at a jump from before it."""
    *_, last = takewhile(lambda piece: not piece.start or piece.start < u, pieces)
    return noise_of(scale).side_at_end(last, u) > 0


def first_below(
    pieces: Iterable[Piece],
    end: Decimal | None,
    scale: Decimal,
    *,
    or_at_zero: bool = False,
    end_included: bool = False,
    counts: Callable[[Decimal], bool] | None = None,
) -> Crossing | None:
    """The first u in (0, end) beyond which the function is below zero (``or_at_zero``: at or below), else None.

    ``end_included``: with ``or_at_zero`` the end itself counts too. ``counts``: whether zero counts at a place that the
    function only touches; None = everywhere. ``scale`` is the money involved: what is smaller than its division residue
    counts as zero. ``pieces`` may be consumed only as far as needed.
    """
    noise = noise_of(scale)
    iterator = iter(pieces)
    piece = next(iterator, None)
    while piece is not None:
        following = next(iterator, None)
        until = end if following is None else following.start
        found = _below_on(piece, until, noise, or_at_zero)
        touches = found is not None and not found.jump and noise.side_at_end(piece, until) > 0
        if found is not None and not (touches and counts is not None and not counts(found.u)):
            return found
        if following is None and or_at_zero and end_included and end is not None:
            reached = noise.side_at_end(piece, end) <= 0 and (counts is None or counts(end))
            return Crossing(end, False) if reached else None
        piece = following
    return None


def first_below_concave(
    line_at: Callable[[Decimal | None], Line], end: Decimal | None, scale: Decimal
) -> Crossing | None:
    """The same of a function that bends downward only and is not below zero at 0, by its lines instead of all pieces.

    Such a function lies below each of its lines: where the last one ends at or above zero it never crosses, and else
    the zero of the line at a place beyond the crossing is nearer to it, and is the crossing when it is zero there.
    Every step finds a flatter line that is zero at a smaller place, so there are no more steps than lines; where that
    does not hold any more, only the residue of divisions is left, and the place is the crossing.
    """
    noise = noise_of(scale)
    line = line_at(end)
    if noise.side_at_end(Piece(ZERO, *line), end) >= 0:
        return None
    beyond: Decimal | None = None
    while True:
        u = max(ZERO, -line.at_zero / line.slope) if line.slope < 0 else ZERO
        found = line_at(u)
        if not u or abs(found.at(u)) <= noise.at(u):
            return Crossing(u, False)
        if found.slope <= line.slope or (beyond is not None and u >= beyond):
            return Crossing(u if beyond is None else min(u, beyond), False)
        line, beyond = found, u


def _below_on(piece: Piece, until: Decimal | None, noise: Noise, or_at_zero: bool) -> Crossing | None:
    """The crossing on one piece: it must end below zero by more than noise, or begin there."""
    start, at_zero, slope = piece
    value = at_zero + slope * start
    least = noise.at(start)
    if value < -least:
        return Crossing(start, True)
    if or_at_zero and value <= least:
        return Crossing(start, False)
    if slope >= 0 or noise.side_at_end(piece, until) >= 0:
        return None
    return Crossing(max(start, -at_zero / slope) if value > least else start, False)


def masked(pieces: Iterable[Piece], guard: Iterable[Piece], end: Decimal | None, scale: Decimal) -> Iterator[Piece]:
    """The function where ``guard`` is not zero throughout a stretch, 1 (nothing below zero) where it is.

    ``scale``: the money involved, against which division residue of the guard is told from a figure.
    """
    noise = noise_of(scale)
    for start, until, piece, other in _common(list(pieces), list(guard), end):
        if noise.hides(Piece(start, other.at_zero, other.slope), until):
            yield Piece(start, ONE, ZERO)
        else:
            yield Piece(start, piece.at_zero, piece.slope)
