"""The tail of a sample of profits and losses: quantiles and expected shortfall, now and along any motion.

p = 1 - confidence, x_1 <= ... <= x_n the sample with weights w that add up to 1. Value at risk is -Q_p, the quantile on
the side of the profits and losses; expected shortfall is -(mean of the worst p). Conventions: R. J. Hyndman and Y. Fan,
"Sample Quantiles in Statistical Packages", The American Statistician 50 (1996), types 1 to 9; the exact mean of the
worst p is the estimator of Regulation (EU) 2024/397, Article 11.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

from msgspec import Struct, field

from marginctl.core.exact import ONE, SNAP, ZERO, settled
from marginctl.core.model import Quantile, TailMean
from marginctl.core.money import Form, Ratios
from marginctl.core.motion import STAYS, Motion
from marginctl.core.piecewise import Line, Piece, is_same_place

HALF = Decimal("0.5")


class Share(NamedTuple):
    """How much of the k-th worst (from 0) a figure takes."""

    k: int
    factor: Decimal


def quantile_shares(quantile: Quantile, n: int, p: Decimal, weights: Sequence[Decimal] | None = None) -> list[Share]:
    """Q_p as shares of the order statistics; ``weights`` in their order, None = equal (else INVERTED_CDF only)."""
    if weights is not None:
        return [Share(_reached(weights, p), ONE)]
    if quantile in STEPS:
        return STEPS[quantile](n, p)
    position = min(max(POSITIONS[quantile](n, p), ONE), Decimal(n))
    low = int(position)
    above = settled(position - low, ONE)
    return [Share(low - 1, ONE - above), Share(low, above)] if above else [Share(low - 1, ONE)]


def _reached(weights: Sequence[Decimal], p: Decimal) -> int:
    """The first whose cumulative weight reaches p."""
    reached = ZERO
    for k, weight in enumerate(weights):
        reached += weight
        if reached >= p or p - reached <= SNAP:
            return k
    return len(weights) - 1


def _inverted(n: int, p: Decimal) -> list[Share]:
    return [Share(_whole(n * p, ROUND_CEILING) - 1, ONE)]


def _averaged(n: int, p: Decimal) -> list[Share]:
    place = _whole(n * p, ROUND_FLOOR)
    return [Share(place - 1, HALF), Share(place, HALF)] if place == n * p else _inverted(n, p)


def _closest(n: int, p: Decimal) -> list[Share]:
    place = n * p - HALF
    low = _whole(place, ROUND_FLOOR)
    k = low if place == low and low % 2 == 0 else low + 1
    return [Share(min(max(k, 1), n) - 1, ONE)]


def _whole(value: Decimal, rounding: str) -> int:
    return int(value.to_integral_value(rounding))


STEPS: dict[Quantile, Callable[[int, Decimal], list[Share]]] = {
    Quantile.INVERTED_CDF: _inverted,
    Quantile.AVERAGED_INVERTED_CDF: _averaged,
    Quantile.CLOSEST_OBSERVATION: _closest,
}
POSITIONS: dict[Quantile, Callable[[int, Decimal], Decimal]] = {
    Quantile.INTERPOLATED_INVERTED_CDF: lambda n, p: n * p,
    Quantile.HAZEN: lambda n, p: n * p + HALF,
    Quantile.WEIBULL: lambda n, p: (n + 1) * p,
    Quantile.LINEAR: lambda n, p: (n - 1) * p + 1,
    Quantile.MEDIAN_UNBIASED: lambda n, p: ((3 * n + 1) * p + 1) / 3,
    Quantile.NORMAL_UNBIASED: lambda n, p: ((4 * n + 1) * p) / 4 + Decimal("0.375"),
}


def worst_shares(n: int, p: Decimal, weights: Sequence[Decimal] | None = None) -> list[Share]:
    """The mean of the worst p as shares: weight / p, of the last one only as far as p reaches."""
    found: list[Share] = []
    left = p
    for k in range(n):
        weight = ONE / n if weights is None else weights[k]
        taken = min(weight, left)
        found.append(Share(k, taken / p))
        left = settled(left - taken, ONE)
        if not left:
            break
    return found


class Sample(Struct, frozen=True):
    """Profits and losses as moves of exposures: x_j = sum of exposure_a * moves[j][a]; ``weights`` None = equal.

    ``values``: all x_j at today's prices, worked out once.
    """

    exposures: tuple[Form, ...]
    moves: tuple[tuple[Decimal, ...], ...]
    weights: tuple[Decimal, ...] | None = None
    values: list[Decimal] = field(default_factory=list)

    @property
    def movers(self) -> frozenset[str]:
        """Those of its exposures."""
        return frozenset().union(*(exposure.movers for exposure in self.exposures))

    def at(self, ratios: Ratios) -> list[Decimal]:
        """All x_j at these price ratios."""
        if ratios:
            values = [exposure.at(ratios) for exposure in self.exposures]
            return [_dot(values, row) for row in self.moves]
        if not self.values:
            values = [exposure.at({}) for exposure in self.exposures]
            self.values.extend(_dot(values, row) for row in self.moves)
        return self.values

    def lines(self, motion: Motion) -> list[Line]:
        """All x_j along a motion: what it does not move stays at its value of today, times the numeraire."""
        moved = set(motion.moved)
        changes = []
        for k, exposure in enumerate(self.exposures):
            if motion.rest != STAYS or moved & exposure.movers:
                now, (at_zero, slope) = exposure.at({}), exposure.line(motion)
                changes.append((k, at_zero - now, slope))
        return [_changed(value, row, changes) for value, row in zip(self.at({}), self.moves, strict=True)]


def _changed(value: Decimal, row: Sequence[Decimal], changes: Sequence[tuple[int, Decimal, Decimal]]) -> Line:
    slope = ZERO
    for k, jump, rise in changes:
        move = row[k]
        slope += rise * move
        if jump:
            value += jump * move
    return Line(value, slope)


def _dot(values: Sequence[Decimal], row: Sequence[Decimal]) -> Decimal:
    return sum((value * move for value, move in zip(values, row, strict=True) if value), ZERO)


class TailFigure(Struct, frozen=True):
    """One figure of the tail of a sample: value at risk (``mean`` None) or expected shortfall; a loss is > 0."""

    sample: Sample
    p: Decimal
    quantile: Quantile = Quantile.INVERTED_CDF
    mean: TailMean | None = None

    @property
    def movers(self) -> frozenset[str]:
        """Those of the sample."""
        return self.sample.movers

    def at(self, ratios: Ratios) -> Decimal:
        """The figure at these price ratios."""
        values = self.sample.at(ratios)
        return -sum((factor * values[j] for j, factor in self.taken([Line(one, ZERO) for one in values])), ZERO)

    def taken(self, lines: Sequence[Line], u: Decimal = ZERO) -> list[tuple[int, Decimal]]:
        """Which rows the figure takes just beyond ``u``, each with its factor; they add up to 1."""
        return self._ranked(Ranks.of(lines, u))[0]

    def pieces(self, motion: Motion, end: Decimal | None) -> Iterator[Piece]:
        """The figure along a motion; a corner wherever another row changes places with one at the boundary."""
        lines = self.sample.lines(motion)
        u = ZERO
        while True:
            ranks = Ranks.of(lines, u)
            taken, boundary = self._ranked(ranks)
            at_zero = -sum((factor * lines[j].at_zero for j, factor in taken), ZERO)
            slope = -sum((factor * lines[j].slope for j, factor in taken), ZERO)
            yield Piece(u, at_zero, slope)
            following = ranks.next_change(boundary)
            if following is None or (end is not None and following >= end):
                return
            u = following

    @property
    def is_convex(self) -> bool:
        """The mean of the worst p is; an order statistic is not."""
        return self.mean is TailMean.EXACT

    def line_at(self, motion: Motion, u: Decimal | None) -> Line:
        """The sum of what it takes of the lines there."""
        lines = self.sample.lines(motion)
        taken, _ = self._ranked(Ranks.of(lines, u))
        at_zero = -sum((factor * lines[j].at_zero for j, factor in taken), ZERO)
        return Line(at_zero, -sum((factor * lines[j].slope for j, factor in taken), ZERO))

    def _ranked(self, ranks: "Ranks") -> tuple[list[tuple[int, Decimal]], list[int]]:
        """The rows that count with their factors, and the ranks whose neighbours matter."""
        n, order = len(ranks.order), ranks.order
        weights = None if self.sample.weights is None else [self.sample.weights[j] for j in order]
        if self.mean is TailMean.EXACT:
            shares = worst_shares(n, self.p, weights)
            return [(order[k], factor) for k, factor in shares], [shares[-1].k]
        shares = quantile_shares(self.quantile, n, self.p, weights)
        boundary = [share.k for share in shares]
        if self.mean is None:
            return [(order[k], factor) for k, factor in shares], boundary
        return _mean_of(order[: ranks.last_tied(shares) + 1], self.sample.weights), boundary


def _mean_of(rows: Sequence[int], weights: Sequence[Decimal] | None) -> list[tuple[int, Decimal]]:
    if weights is None:
        return [(j, ONE / len(rows)) for j in rows]
    whole = sum((weights[j] for j in rows), ZERO)
    return [(j, weights[j] / whole) for j in rows]


class Ranks(Struct):
    """The order of lines just beyond a place: worst first, ties by slope, then the older row."""

    lines: Sequence[Line]
    u: Decimal
    keys: list[tuple[Decimal, Decimal]]
    order: list[int]

    @classmethod
    def of(cls, lines: Sequence[Line], u: Decimal | None) -> "Ranks":
        """The order just beyond ``u``, None = beyond all corners; values that differ by residue only are tied."""
        if u is None:
            keys = [(slope, at_zero) for at_zero, slope in lines]
            return cls(lines, ZERO, keys, sorted(range(len(lines)), key=keys.__getitem__))
        values = [at_zero + slope * u for at_zero, slope in lines]
        largest = max(map(abs, values), default=ZERO)
        unit = Decimal((0, (1,), largest.adjusted() + SNAP.adjusted())) if largest else SNAP
        keys = [(value.quantize(unit), line.slope) for value, line in zip(values, lines, strict=True)]
        return cls(lines, u, keys, sorted(range(len(lines)), key=keys.__getitem__))

    def last_tied(self, shares: Sequence[Share]) -> int:
        """The last rank that is not above the quantile."""
        first, last = (self.keys[self.order[k]] for k in (shares[0].k, shares[-1].k))
        least = last if first == last or len(shares) == 1 else first
        return max(k for k, j in enumerate(self.order) if self.keys[j] <= least)

    def next_change(self, boundary: Sequence[int]) -> Decimal | None:
        """The first place beyond at which a line meets one of the ``boundary`` ranks and passes it."""
        found: Decimal | None = None
        for k in boundary:
            at_zero, slope = self.lines[self.order[k]]
            for rank, j in enumerate(self.order):
                line = self.lines[j]
                closing = line.slope - slope if rank < k else slope - line.slope
                if closing <= 0:
                    continue
                gap = at_zero - line.at_zero if rank < k else line.at_zero - at_zero
                meet = gap / closing
                if (found is None or meet < found) and not is_same_place(self.u, max(self.u, meet)):
                    found = meet
        return found
