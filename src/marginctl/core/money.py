"""Amounts of money as expressions over price ratios: exact at any prices, piecewise linear along any motion.

An exposure is a linear form in the ratios r (price / price now); sums, the larger and the smaller of several, multiples
and tiered amounts of such are piecewise linear along every motion, so their first crossings are exact. All amounts are
in the account's currency; along the move of a mark of its own in the numeraire of the motion.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple, Protocol

from msgspec import Struct

from marginctl.core.exact import ONE, ZERO
from marginctl.core.motion import Motion
from marginctl.core.piecewise import Curve, Line, Piece, along, larger, scaled, total

Ratios = dict[str, Decimal]


class Money(Protocol):
    """What an expression answers."""

    @property
    def movers(self) -> frozenset[str]:
        """What moves it: assets, and ``:SYMBOL`` for a contract's own mark."""

    def at(self, ratios: Ratios) -> Decimal:
        """The amount at these price ratios (1 where not given)."""

    def pieces(self, motion: Motion, end: Decimal | None) -> Iterable[Piece]:
        """The amount along a motion, piece by piece outward."""

    @property
    def is_convex(self) -> bool:
        """Whether it bends upward only, along every motion."""

    def line_at(self, motion: Motion, u: Decimal | None) -> Line:
        """The straight line that it follows just beyond a place of a motion; None = beyond all its corners."""


class MovingAmount(NamedTuple):
    """An amount that moves with the price of an asset, and with the mark of a contract where ``symbol`` names one."""

    amount: Decimal
    asset: str
    symbol: str = ""


class Form(Struct, frozen=True):
    """A linear form: the sum of amount * ratio over its entries.

    ``paid``: (asset, factor) where what is paid in an asset along a motion belongs to it.
    """

    entries: tuple[MovingAmount, ...] = ()
    paid: tuple[tuple[str, Decimal], ...] = ()

    @property
    def movers(self) -> frozenset[str]:
        """Assets and contracts of its entries, and ``+ASSET`` for what is paid in an asset."""
        named = {f":{entry.symbol}" for entry in self.entries if entry.symbol}
        return frozenset({entry.asset for entry in self.entries} | named | {f"+{asset}" for asset, _ in self.paid})

    def at(self, ratios: Ratios) -> Decimal:
        """sum(amount * r)."""
        return sum((entry.amount * _ratio(entry, ratios) for entry in self.entries), ZERO)

    def line(self, motion: Motion) -> Line:
        """The form along a motion, which is straight."""
        at_zero = slope = ZERO
        for amount, asset, symbol in self.entries:
            line = motion.driving(symbol, asset) if symbol else motion.of(asset)
            at_zero, slope = at_zero + amount * line.at_zero, slope + amount * line.slope
        slope += sum((factor * motion.income.get(asset, ZERO) for asset, factor in self.paid), ZERO)
        return Line(at_zero, slope)

    def pieces(self, motion: Motion, end: Decimal | None) -> Iterable[Piece]:  # noqa: ARG002 - as all
        """Its one piece."""
        return (Piece(ZERO, *self.line(motion)),)

    @property
    def is_convex(self) -> bool:
        """It is straight."""
        return True

    def line_at(self, motion: Motion, u: Decimal | None) -> Line:  # noqa: ARG002
        """Its one line."""
        return self.line(motion)

    def times(self, factor: Decimal) -> "Form":
        """The form times a constant."""
        return Form(
            tuple(entry._replace(amount=entry.amount * factor) for entry in self.entries),
            tuple((asset, share * factor) for asset, share in self.paid),
        )

    def __add__(self, other: "Form") -> "Form":
        amounts: dict[tuple[str, str], Decimal] = {}
        for entry in (*self.entries, *other.entries):
            key = entry.asset, entry.symbol
            amounts[key] = amounts.get(key, ZERO) + entry.amount
        return Form(tuple(MovingAmount(amount, *key) for key, amount in amounts.items()), self.paid + other.paid)


def _ratio(entry: MovingAmount, ratios: Ratios) -> Decimal:
    """What an entry has moved by: its contract's own ratio, or that of its asset."""
    own = ratios.get(f":{entry.symbol}") if entry.symbol else None
    return ratios.get(entry.asset, ONE) if own is None else own


NOTHING = Form()


class Fixed(Struct, frozen=True):
    """An amount of the account's currency that no price moves."""

    amount: Decimal

    @property
    def movers(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def at(self, ratios: Ratios) -> Decimal:  # noqa: ARG002 - as all
        """The amount."""
        return self.amount

    def pieces(self, motion: Motion, end: Decimal | None) -> Iterable[Piece]:  # noqa: ARG002
        """The amount in the numeraire."""
        return (Piece(ZERO, *motion.rest.scaled(self.amount)),)

    @property
    def is_convex(self) -> bool:
        """It is straight."""
        return True

    def line_at(self, motion: Motion, u: Decimal | None) -> Line:  # noqa: ARG002
        """Its one line."""
        return motion.rest.scaled(self.amount)


class Sum(Struct, frozen=True):
    """Amounts that add."""

    parts: tuple[Money, ...]

    @property
    def movers(self) -> frozenset[str]:
        """Those of its parts."""
        return _movers(self.parts)

    def at(self, ratios: Ratios) -> Decimal:
        """The sum."""
        return sum((part.at(ratios) for part in self.parts), ZERO)

    def pieces(self, motion: Motion, end: Decimal | None) -> Iterable[Piece]:
        """The sum."""
        return total(part.pieces(motion, end) for part in self.parts)

    @property
    def is_convex(self) -> bool:
        """Where all its parts are."""
        return all(part.is_convex for part in self.parts)

    def line_at(self, motion: Motion, u: Decimal | None) -> Line:
        """The sum."""
        return sum_of_lines(part.line_at(motion, u) for part in self.parts)


class Times(Struct, frozen=True):
    """A multiple of an amount."""

    part: Money
    factor: Decimal

    @property
    def movers(self) -> frozenset[str]:
        """Those of what it multiplies."""
        return self.part.movers

    def at(self, ratios: Ratios) -> Decimal:
        """factor * amount."""
        return self.factor * self.part.at(ratios)

    def pieces(self, motion: Motion, end: Decimal | None) -> Iterable[Piece]:
        """factor * amount."""
        return scaled(self.part.pieces(motion, end), self.factor)

    @property
    def is_convex(self) -> bool:
        """Where what it multiplies is, unless it is turned over."""
        return self.factor >= 0 and self.part.is_convex

    def line_at(self, motion: Motion, u: Decimal | None) -> Line:
        """factor * line."""
        return self.part.line_at(motion, u).scaled(self.factor)


class Largest(Struct, frozen=True):
    """The largest of some amounts; at least one."""

    parts: tuple[Money, ...]

    @property
    def movers(self) -> frozenset[str]:
        """Those of its parts."""
        return _movers(self.parts)

    def at(self, ratios: Ratios) -> Decimal:
        """The largest."""
        return max(part.at(ratios) for part in self.parts)

    def pieces(self, motion: Motion, end: Decimal | None) -> Iterable[Piece]:
        """The largest, cut where it changes."""
        lines = [part.line(motion) for part in self.parts if isinstance(part, Form)]
        others = [part.pieces(motion, end) for part in self.parts if not isinstance(part, Form)]
        found: Iterable[Piece] | None = upper_envelope(lines, end) if lines else None
        for other in others:
            found = other if found is None else larger(found, other, end)
        return found or ()

    @property
    def is_convex(self) -> bool:
        """Where all its parts are."""
        return all(part.is_convex for part in self.parts)

    def line_at(self, motion: Motion, u: Decimal | None) -> Line:
        """That of the largest; where several are, the steepest."""
        lines = [part.line_at(motion, u) for part in self.parts]
        if u is None:
            return max(lines, key=lambda line: (line.slope, line.at_zero))
        return max(lines, key=lambda line: (line.at(u), line.slope))


class Graded(Struct, frozen=True):
    """A curve of an amount >= 0 (a charge whose factor rises with its size): curve(amount), continuous."""

    part: Money
    curve: Curve

    @property
    def movers(self) -> frozenset[str]:
        """Those of the amount."""
        return self.part.movers

    def at(self, ratios: Ratios) -> Decimal:
        """curve(amount)."""
        return self.curve.at(self.part.at(ratios), ONE)

    def pieces(self, motion: Motion, end: Decimal | None) -> Iterable[Piece]:
        """curve(amount) in the numeraire."""
        return _through(self.curve, list(self.part.pieces(motion, end)), motion.rest, end)

    @property
    def is_convex(self) -> bool:
        """Where the amount is and its factors rise."""
        slopes = self.curve.slopes
        return self.part.is_convex and all(one <= other for one, other in pairwise(slopes)) and slopes[0] >= 0

    def line_at(self, motion: Motion, u: Decimal | None) -> Line:
        """The curve's piece there; beyond all corners that of where the amount goes, or stands."""
        value, unit = self.part.line_at(motion, u), motion.rest
        stands = not value.slope and not unit.slope
        k = self.curve.index(
            *((value.slope, unit.slope) if u is None and not stands else (value.at(u or ZERO), unit.at(u or ZERO)))
        )
        return sum_of_lines((value.scaled(self.curve.slopes[k]), unit.scaled(self.curve.intercepts[k])))


def sum_of_lines(lines: Iterable[Line]) -> Line:
    """Their sum."""
    rows = list(lines)
    return Line(sum((row.at_zero for row in rows), ZERO), sum((row.slope for row in rows), ZERO))


def smallest(parts: Iterable[Money]) -> Money:
    """The smallest of some amounts: -max(-x)."""
    return Times(Largest(tuple(negative(part) for part in parts)), -ONE)


def negative(part: Money) -> Money:
    """The amount with the other sign; of a form a form."""
    return part.times(-ONE) if isinstance(part, Form) else Times(part, -ONE)


def positive(part: Money) -> Money:
    """max(0, amount)."""
    return Largest((NOTHING, part))


def size(part: Money) -> Money:
    """|amount|."""
    return Largest((part, negative(part)))


def graded_curve(tiers: Iterable[tuple[Decimal | None, Decimal]]) -> Curve:
    """The marginal schedule of (up_to, factor): each factor on the part of an amount within its tier."""
    borders: list[Decimal] = []
    slopes: list[Decimal] = []
    intercepts: list[Decimal] = []
    paid = below = ZERO
    for up_to, factor in tiers:
        slopes.append(factor)
        intercepts.append(paid - factor * below)
        if up_to is not None:
            borders.append(up_to)
            paid, below = paid + factor * (up_to - below), up_to
    return Curve(tuple(borders), tuple(slopes), tuple(intercepts))


def upper_envelope(lines: Iterable[Line], end: Decimal | None) -> list[Piece]:
    """The largest of straight lines from 0 on, by its corners: the steepest that overtakes first is next."""
    rows = list(dict.fromkeys(lines))
    current = max(rows, key=lambda line: (line.at_zero, line.slope))
    found = [Piece(ZERO, *current)]
    while True:
        steeper = [line for line in rows if line.slope > current.slope]
        if not steeper:
            return found
        meets = ((max(found[-1].start, _meet(current, line)), -line.slope, line) for line in steeper)
        start, _, current = min(meets)
        if end is not None and start >= end:
            return found
        found.append(Piece(start, *current))


def _meet(low: Line, high: Line) -> Decimal:
    """Where the steeper of two lines reaches the other."""
    return (low.at_zero - high.at_zero) / (high.slope - low.slope)


def _through(curve: Curve, pieces: list[Piece], unit: Line, end: Decimal | None) -> Iterator[Piece]:
    ends: list[Decimal | None] = [*(piece.start for piece in pieces[1:]), end]
    for (start, at_zero, slope), until in zip(pieces, ends, strict=True):
        moved, price = (Line(line.at(start), line.slope) for line in (Line(at_zero, slope), unit))
        length = None if until is None else until - start
        for piece in along(curve, moved, price, length):
            yield Piece(start + piece.start, piece.at_zero - piece.slope * start, piece.slope)


def _movers(parts: Iterable[Money]) -> frozenset[str]:
    return frozenset().union(*(part.movers for part in parts))
