"""Profits and losses of a book over a history, as whole numbers of one power of ten: exact, and quick to add and sort.

x_j = sum of exposure_a * move_(a,j). Exposures and moves are decimals of at most 100 digits; times a power of ten they
are whole numbers, and so is every x_j. Nothing is rounded before a figure is read out of them.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import Struct, field

from marginctl.core.exact import CONTEXT, ZERO
from marginctl.core.money import Form, Ratios
from marginctl.core.motion import STAYS, Motion

MOST_DIGITS = CONTEXT.prec


class Whole(NamedTuple):
    """Whole numbers that count a power of ten: value = number * 10 ** place."""

    numbers: list[int]
    place: int

    def at(self, place: int) -> list[int]:
        """The same of a smaller power of ten."""
        factor = 10 ** (self.place - place)
        return self.numbers if factor == 1 else [number * factor for number in self.numbers]


class Columns(Struct, frozen=True):
    """Moves by asset, ``count`` of each, as whole numbers of one power of ten."""

    numbers: tuple[list[int], ...]
    place: int
    count: int

    def dot(self, factors: Iterable[int]) -> list[int]:
        """The sum of factor * move over the assets, row by row."""
        found = [0] * self.count
        for factor, column in zip(factors, self.numbers, strict=True):
            if factor:
                found = [value + factor * move for value, move in zip(found, column, strict=True)]
        return found


def whole(values: Sequence[Decimal]) -> Whole:
    """Decimals as whole numbers."""
    place = min((int(value.as_tuple().exponent) for value in values if value), default=0)
    return Whole([int(CONTEXT.scaleb(value, -place)) for value in values], place)


def columns_of(rows: Sequence[Sequence[Decimal]]) -> Columns:
    """Moves row by row as columns.

    A decimal has no more digits than ``MOST_DIGITS``, so how far its last one lies follows from its first.
    """
    least = min((move.adjusted() for row in rows for move in row if move), default=0)
    place = least + 1 - MOST_DIGITS
    numbers = tuple([int(CONTEXT.scaleb(move, -place)) for move in column] for column in zip(*rows, strict=True))
    return Columns(numbers, place, len(rows))


def decimal_of(number: int, place: int) -> Decimal:
    """number * 10 ** place."""
    return CONTEXT.scaleb(Decimal(number), place)


class PnlLines(NamedTuple):
    """at_zero_j + slope_j * u of every row, both counting 10 ** place."""

    at_zero: list[int]
    slopes: list[int]
    place: int


class Sample(Struct, frozen=True):
    """A book's profits and losses over ``columns``, one per row; ``weights`` None = equal.

    known: those at today's prices and the lines of the motion asked last, each worked out once.
    """

    exposures: tuple[Form, ...]
    columns: Columns
    weights: tuple[Decimal, ...] | None = None
    known: dict[str, Any] = field(default_factory=dict)

    @property
    def movers(self) -> frozenset[str]:
        """Those of its exposures."""
        return frozenset().union(*(exposure.movers for exposure in self.exposures))

    def at(self, ratios: Ratios) -> Whole:
        """All x_j at these price ratios."""
        if not ratios and "now" in self.known:
            now: Whole = self.known["now"]
            return now
        factors = whole([exposure.at(ratios) for exposure in self.exposures])
        found = Whole(self.columns.dot(factors.numbers), factors.place + self.columns.place)
        if not ratios:
            self.known["now"] = found
        return found

    def value(self, row: int) -> Decimal:
        """x of one row at today's prices."""
        now = self.at({})
        return decimal_of(now.numbers[row], now.place)

    def lines(self, motion: Motion) -> PnlLines:
        """All x_j along a motion: what it does not move stays at its value of today, times the numeraire."""
        if self.known.get("motion") is not motion:
            self.known.update(motion=motion, lines=self._lines(motion))
        found: PnlLines = self.known["lines"]
        return found

    def _lines(self, motion: Motion) -> PnlLines:
        moved = set(motion.moved)
        jumps, rises = [ZERO] * len(self.exposures), [ZERO] * len(self.exposures)
        for k, exposure in enumerate(self.exposures):
            if motion.rest != STAYS or moved & exposure.movers:
                at_zero, rises[k] = exposure.line(motion)
                jumps[k] = at_zero - exposure.at({})
        jumped, risen, now = self._moved(jumps), self._moved(rises), self.at({})
        place = min(now.place, jumped.place, risen.place)
        at_zero_ints = now.at(place)
        if any(jumps):
            at_zero_ints = [value + jump for value, jump in zip(at_zero_ints, jumped.at(place), strict=True)]
        return PnlLines(at_zero_ints, risen.at(place), place)

    def _moved(self, amounts: Sequence[Decimal]) -> Whole:
        factors = whole(amounts)
        return Whole(self.columns.dot(factors.numbers), factors.place + self.columns.place)

    def less(self, legs: Iterable[tuple[int, Decimal]]) -> "Sample":
        """The same rows at today's prices without some amounts of its assets."""
        amounts = [ZERO] * len(self.exposures)
        for k, amount in legs:
            amounts[k] += amount
        now, taken = self.at({}), self._moved(amounts)
        place = min(now.place, taken.place)
        rest = [value - part for value, part in zip(now.at(place), taken.at(place), strict=True)]
        return Sample(self.exposures, self.columns, self.weights, {"now": Whole(rest, place)})
