"""Motions that bend: the value of a quanto goes with r_base * r_settle / r_quote, and more than one of them moves.

Equity and requirement times the ratio of the quote, which is above 0 on the way, are then made of quadratic pieces: a
curve y = slope * x + intercept of x = v / w is  slope * v + intercept * w  between the places where  v = border * w,
and these are roots of quadratics. Everything is solved as exactly as a square root is; the first crossing is kept. The
quantos of an account have one quote (``portfolio.contracts``), else the pieces would be cubic.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from marginctl.core.account import Equality
from marginctl.core.exact import ONE, SNAP, ZERO, net
from marginctl.core.liquidation import PoolState, gross_line, moved_by
from marginctl.core.motion import FAR, STAYS, Motion, Quanto, Stretch
from marginctl.core.piecewise import Crossing, Curve, Line, Piece, is_same_place
from marginctl.core.requirement import DearerSide, Part, Term


class Bow(NamedTuple):
    """at_zero + slope * u + bend * u ** 2."""

    at_zero: Decimal
    slope: Decimal
    bend: Decimal = ZERO

    def at(self, u: Decimal) -> Decimal:
        """The value at ``u``."""
        return self.at_zero + u * (self.slope + u * self.bend)

    def scaled(self, factor: Decimal) -> "Bow":
        """Times a constant."""
        return Bow(self.at_zero * factor, self.slope * factor, self.bend * factor)

    def plus(self, other: "Bow") -> "Bow":
        """The sum; 0 where coefficients cancel but for residue."""
        return Bow(*(net(one, two) for one, two in zip(self, other, strict=True)))

    def less(self, other: "Bow") -> "Bow":
        """The difference."""
        return self.plus(other.scaled(-ONE))

    def rises_at(self, u: Decimal) -> int:
        """The sign of the slope at ``u``, of the bend where that is 0."""
        slope = net(self.slope, 2 * self.bend * u)
        return _sign(slope or self.bend)


class BentPiece(NamedTuple):
    """A quadratic from ``start`` up to where the next one starts."""

    start: Decimal
    bow: Bow


def _sign(value: Decimal) -> int:
    return (value > 0) - (value < 0)


def product(one: Line, other: Line) -> Bow:
    """Of two straight lines."""
    return Bow(
        one.at_zero * other.at_zero, one.at_zero * other.slope + one.slope * other.at_zero, one.slope * other.slope
    )


def roots(bow: Bow, low: Decimal, high: Decimal | None) -> list[Decimal]:
    """Its zeros beyond ``low`` and before ``high``, ascending; a double one once, none where it is 0 throughout."""
    c, b, a = bow
    if not a:
        found = [-c / b] if b else []
    else:
        inner = net(b * b, -4 * a * c)
        if inner < 0:
            return []
        whole = -(b + (inner.sqrt() if b >= 0 else -inner.sqrt())) / 2
        found = [whole / a, *([c / whole] if whole and inner else [])]
    return sorted(u for u in found if u > low and (high is None or u < high) and not is_same_place(low, u))


def bent_along(curve: Curve, value: Bow, unit: Bow, end: Decimal | None, factor: Decimal = ONE) -> list[BentPiece]:
    """factor * unit * curve(value / unit) over 0 < u < end; ``unit`` must not be negative there."""
    borders = {u for border in curve.borders for u in roots(value.less(unit.scaled(border)), ZERO, end)}
    starts = [ZERO, *sorted(borders)]
    found: list[BentPiece] = []
    for start, until in zip(starts, [*starts[1:], end], strict=True):
        probe = _within(start, until)
        k = curve.index(value.at(probe), unit.at(probe))
        bow = value.scaled(curve.slopes[k] * factor).plus(unit.scaled(curve.intercepts[k] * factor))
        found.append(BentPiece(start, bow))
    return found


def _within(start: Decimal, until: Decimal | None) -> Decimal:
    """A place between two."""
    return start + ONE if until is None else (start + until) / 2


def times(pieces: Iterable[Piece], line: Line) -> list[BentPiece]:
    """Straight pieces times a straight line."""
    return [BentPiece(start, product(Line(at_zero, slope), line)) for start, at_zero, slope in pieces]


def stretches(
    functions: Sequence[Sequence[BentPiece]], end: Decimal | None
) -> Iterator[tuple[Decimal, Decimal | None]]:
    """Where no function changes its piece, from 0 to the end."""
    starts: list[Decimal] = []
    for start in sorted({piece.start for pieces in functions for piece in pieces}):
        if not starts or not is_same_place(starts[-1], start):
            starts.append(start)
    bounds: list[Decimal | None] = [*starts[1:], end]
    yield from zip(starts, bounds, strict=True)


def here(pieces: Sequence[BentPiece], start: Decimal) -> Bow:
    """What holds from a place on."""
    held = (piece.bow for piece in reversed(pieces) if is_same_place(start, max(start, piece.start)))
    return next(held, Bow(ZERO, ZERO))


def total(functions: Sequence[Sequence[BentPiece]], end: Decimal | None) -> list[BentPiece]:
    """The sum."""
    found = []
    for start, _ in stretches(functions, end):
        bow = Bow(ZERO, ZERO)
        for pieces in functions:
            bow = bow.plus(here(pieces, start))
        found.append(BentPiece(start, bow))
    return found


def larger(one: Sequence[BentPiece], other: Sequence[BentPiece], end: Decimal | None) -> list[BentPiece]:
    """The larger of two functions, cut where they meet."""
    found = []
    for start, until in stretches((one, other), end):
        bows = here(one, start), here(other, start)
        meets = roots(bows[0].less(bows[1]), start, until)
        for low, high in zip([start, *meets], [*meets, until], strict=True):
            probe = _within(low, high)
            found.append(BentPiece(low, max(bows, key=lambda bow: bow.at(probe))))
    return found


# A pool along a motion.


class BentParts(NamedTuple):
    """Equity and maintenance margin along a motion, both times the ratio of the quote, ``over``."""

    equity: list[BentPiece]
    requirement: list[BentPiece]
    over: Line


def bent_parts(state: PoolState, motion: Motion, end: Decimal | None) -> BentParts:
    """What ``liquidation.parts`` adds up to where it bends."""
    pool, moved, over = state.pool, moved_by(state, motion), over_of(state, motion)
    still, needed = state.risk.equity, state.risk.maintenance_margin
    equity: list[list[BentPiece]] = []
    requirement: list[list[BentPiece]] = []
    for i in moved.holdings:
        holding = pool.sources[i]
        still, needed = still - state.values[i], needed - state.loans[i]
        value = product(gross_line(state, i, motion, quantos=False), over)
        for quanto, amount in holding.quantos.values():
            value = value.plus(quanto_bow(quanto, motion).scaled(amount))
        unit = product(motion.of(holding.asset).scaled(holding.price), over)
        equity.append(bent_along(holding.curve, value, unit, end))
        if holding.loan is not None:
            requirement.append(bent_along(holding.loan, value, product(motion.rest, over), end))
    for i in moved.parts:
        needed -= state.needs[i]
        requirement.append(_part(pool.maintenance.parts[i], motion, end, over))
    for amount, functions in ((still, equity), (needed, requirement)):
        functions.append([BentPiece(ZERO, product(motion.rest.scaled(amount), over))])
    return BentParts(total(equity, end), total(requirement, end), over)


def over_of(state: PoolState, motion: Motion) -> Line:
    """The ratio of the quote of the pool's quantos where that moves, else 1."""
    quotes = (quanto.factors(motion)[2] for quanto in state.pool.quantos)
    return next((line for line in quotes if line.slope), STAYS)


def quanto_bow(quanto: Quanto, motion: Motion) -> Bow:
    """r_base * r_settle / r_quote, times ``over``: where the quote moves it is ``over``, else that is 1."""
    base, settle, quote = quanto.factors(motion)
    whole = product(base, settle)
    if quote.slope:
        return whole
    return whole.scaled(ONE / quote.at_zero if quote.at_zero else FAR)


def _part(part: Part, motion: Motion, end: Decimal | None, over: Line) -> list[BentPiece]:
    """A part of the requirement, times ``over``."""
    if isinstance(part, DearerSide):
        longs, shorts = (
            total([_part(term, motion, end, over) for term in side], end) for side in (part.longs, part.shorts)
        )
        return larger(longs, shorts, end)
    if isinstance(part, Term) and part.quanto is not None:
        value = quanto_bow(part.quanto, motion).scaled(part.amount)
        unit = product(motion.of(part.unit).scaled(part.unit_price), over)
        return bent_along(part.curve, value, unit, end, part.weight)
    return times(part.pieces(motion, end), over)


def bent_health(state: PoolState, motion: Motion, end: Decimal | None) -> list[BentPiece]:
    """equity - level * maintenance_margin, times ``over``; 1 on stretches without any maintenance margin."""
    equity, requirement, _ = bent_parts(state, motion, end)
    level, scale = state.pool.rules.level, state.risk.scale
    found = []
    for start, until in stretches((equity, requirement), end):
        need = here(requirement, start)
        is_none = _is_zero(need, start, until, scale)
        health = here(equity, start).less(need.scaled(level))
        found.append(BentPiece(start, Bow(ONE, ZERO) if is_none else health))
    return found


def _is_zero(bow: Bow, start: Decimal, until: Decimal | None, scale: Decimal) -> bool:
    """Whether it is 0 throughout: at three places, which no other quadratic is."""
    if until is None:
        return all(abs(value) <= _noise(scale, ZERO) for value in bow)
    return all(abs(bow.at(u)) <= _noise(scale, u) for u in (start, (start + until) / 2, until))


def _noise(scale: Decimal, u: Decimal) -> Decimal:
    """What is residue at ``u``."""
    return SNAP * scale * (ONE + u) ** 2


def first_bent(state: PoolState, stretch: Stretch, *, end_included: bool) -> Crossing | None:
    """The first u within a stretch beyond which the pool is liquidatable; it must not be so at its start."""
    end, scale = stretch.length, state.risk.scale
    equal = state.pool.rules.equality is Equality.LIQUIDATED
    needed = bent_parts(state, stretch.motion, end).requirement if equal else []

    def counts(u: Decimal) -> bool:
        before = [piece.bow for piece in needed if piece.start < u or not piece.start]
        return bool(before) and before[-1].at(u) > _noise(scale, u)

    found = first_below(bent_health(state, stretch.motion, end), end, scale, counts if equal else None)
    if found is None and equal and end_included and end is not None:
        last = bent_health(state, stretch.motion, end)[-1].bow
        return Crossing(end, False) if last.at(end) <= _noise(scale, end) and counts(end) else None
    return found


def first_gone(state: PoolState, stretch: Stretch) -> Crossing | None:
    """The first u within a stretch at which the pool's equity is 0, from either sign."""
    pieces = bent_parts(state, stretch.motion, stretch.length).equity
    side = ONE if state.risk.equity >= 0 else -ONE
    turned = [BentPiece(start, bow.scaled(side)) for start, bow in pieces]
    return first_below(turned, stretch.length, state.risk.scale, lambda _: True)


def first_below(
    pieces: Sequence[BentPiece], end: Decimal | None, scale: Decimal, at_zero: Callable[[Decimal], bool] | None
) -> Crossing | None:
    """The first u in (0, end) beyond which the function is below zero; ``at_zero``: or at it, where that counts."""
    for (start, bow), until in zip(pieces, [*(piece.start for piece in pieces[1:]), end], strict=True):
        value = bow.at(start)
        if value < -_noise(scale, start):
            return Crossing(start, True)
        is_zero = value <= _noise(scale, start)
        if is_zero and (bow.rises_at(start) < 0 or (at_zero is not None and at_zero(start))):
            return Crossing(start, False)
        for u in roots(bow, start, until):
            if bow.rises_at(u) < 0 or (at_zero is not None and at_zero(u)):
                return Crossing(u, False)
    return None


def lowest(pieces: Sequence[BentPiece], end: Decimal | None) -> Iterator[tuple[Decimal, Decimal]]:
    """The places among which the lowest value is, and the values there: corners, and bottoms between them."""
    for (start, bow), until in zip(pieces, [*(piece.start for piece in pieces[1:]), end], strict=True):
        bottom = [-bow.slope / (2 * bow.bend)] if bow.bend > 0 else []
        inside = [u for u in bottom if u > start and (until is None or u < until)]
        for u in (start, *inside, *([] if until is None else [until])):
            yield u, bow.at(u)
