"""The tail of a sample of profits and losses: quantiles and expected shortfall, now and along any motion.

p = 1 - confidence, x_1 <= ... <= x_n the sample with weights w that add up to 1. Value at risk is -Q_p, the quantile on
the side of the profits and losses; expected shortfall is -(mean of the worst p). Conventions: R. J. Hyndman and Y. Fan,
"Sample Quantiles in Statistical Packages", The American Statistician 50 (1996), types 1 to 9; the exact mean of the
worst p is the estimator of Regulation (EU) 2024/397, Article 11.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise
from typing import NamedTuple

from msgspec import Struct

from marginctl.core.exact import ONE, SNAP, ZERO, settled
from marginctl.core.model import Quantile, TailMean
from marginctl.core.money import Ratios
from marginctl.core.motion import Motion
from marginctl.core.piecewise import Line, Piece
from marginctl.core.sample import PnlLines, Sample, Whole, decimal_of

HALF = Decimal("0.5")
KEPT_BITS = int(1 / SNAP).bit_length()
"""Of the largest profit or loss; what differs behind them differs by the residue of a division."""


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
    above = position - low
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
        return -weighted(values, self._taken_of(values))

    def taken(self) -> list[tuple[int, Decimal]]:
        """Which rows the figure takes at today's prices, each with its factor; they add up to 1."""
        return self._taken_of(self.sample.at({}))

    def _taken_of(self, values: Whole) -> list[tuple[int, Decimal]]:
        still = PnlLines(values.numbers, [0] * len(values.numbers), values.place)
        return self._ranked(Ranks.of(still, ZERO))[0]

    def pieces(self, motion: Motion, end: Decimal | None) -> Iterator[Piece]:
        """The figure along a motion; a corner wherever another row changes places with one at the boundary."""
        lines = self.sample.lines(motion)
        u = ZERO
        while True:
            ranks = Ranks.of(lines, u)
            taken, boundary = self._ranked(ranks)
            yield Piece(u, *_line_of(lines, taken))
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
        return _line_of(lines, taken)

    def _ranked(self, ranks: "Ranks") -> tuple[list[tuple[int, Decimal]], list[int]]:
        """The rows that count with their factors, and the ranks whose neighbours matter."""
        order = ranks.order
        shares = self._shares(order)
        if self.mean is TailMean.EXACT:
            return [(order[k], factor) for k, factor in shares], [shares[-1].k]
        boundary = [share.k for share in shares]
        if self.mean is None:
            return [(order[k], factor) for k, factor in shares], boundary
        return _mean_of(order[: ranks.last_tied(shares) + 1], self.sample.weights), boundary

    def _shares(self, order: Sequence[int]) -> list[Share]:
        """The ranks that count; with equal weights they are the same in every order."""
        weights = self.sample.weights
        key = f"shares {self.mean} {self.quantile} {self.p}"
        if weights is None and key in self.sample.known:
            found: list[Share] = self.sample.known[key]
            return found
        own = None if weights is None else [weights[j] for j in order]
        if self.mean is TailMean.EXACT:
            found = worst_shares(len(order), self.p, own)
        else:
            found = quantile_shares(self.quantile, len(order), self.p, own)
        self.sample.known[key] = found
        return found


def weighted(values: Whole, taken: Sequence[tuple[int, Decimal]]) -> Decimal:
    """The sum of factor * value; rows of one factor are added up before it."""
    sums: dict[Decimal, int] = {}
    for j, factor in taken:
        sums[factor] = sums.get(factor, 0) + values.numbers[j]
    return sum((factor * decimal_of(number, values.place) for factor, number in sums.items()), ZERO)


def _line_of(lines: PnlLines, taken: Sequence[tuple[int, Decimal]]) -> Line:
    """The figure as a straight line: a loss is > 0."""
    at_zero, slopes = (Whole(numbers, lines.place) for numbers in (lines.at_zero, lines.slopes))
    return Line(-weighted(at_zero, taken), -weighted(slopes, taken))


def _mean_of(rows: Sequence[int], weights: Sequence[Decimal] | None) -> list[tuple[int, Decimal]]:
    if weights is None:
        return [(j, ONE / len(rows)) for j in rows]
    whole = sum((weights[j] for j in rows), ZERO)
    return [(j, weights[j] / whole) for j in rows]


class Ranks(Struct):
    """The order of lines just beyond a place: worst first, ties by ``then`` (the slope), after it the older row."""

    lines: PnlLines
    u: Decimal
    keys: Sequence[int]
    then: Sequence[int]
    order: list[int]

    @classmethod
    def of(cls, lines: PnlLines, u: Decimal | None) -> "Ranks":
        """The order just beyond ``u``, None = beyond all corners; values that differ by residue only are tied."""
        if u is None:
            return cls(lines, ZERO, lines.slopes, lines.at_zero, _sorted(lines.slopes, lines.at_zero))
        values: Sequence[int] = lines.at_zero
        largest = _largest(values)
        if u:
            number, unit = _fraction(u)
            values = [value * unit + slope * number for value, slope in zip(values, lines.slopes, strict=True)]
            largest = max(largest * unit, _largest(lines.slopes) * number)
        keys = _without_residue(values, largest)
        return cls(lines, u, keys, lines.slopes, _sorted(keys, lines.slopes))

    def last_tied(self, shares: Sequence[Share]) -> int:
        """The last rank that is not above the quantile."""
        keys = [(self.keys[j], self.then[j]) for j in self.order]
        first, last = keys[shares[0].k], keys[shares[-1].k]
        least = last if first == last or len(shares) == 1 else first
        return max(k for k, key in enumerate(keys) if key <= least)

    def next_change(self, boundary: Sequence[int]) -> Decimal | None:
        """The first place beyond at which a line meets one of the ``boundary`` ranks and passes it."""
        least, unit = _fraction(self.u + SNAP * (ONE + self.u))
        found: tuple[int, int] | None = None
        for k in boundary:
            at_zero, slope = self.lines.at_zero[self.order[k]], self.lines.slopes[self.order[k]]
            for rank, j in enumerate(self.order):
                closing = self.lines.slopes[j] - slope if rank < k else slope - self.lines.slopes[j]
                if closing <= 0:
                    continue
                gap = at_zero - self.lines.at_zero[j] if rank < k else self.lines.at_zero[j] - at_zero
                if gap * unit > least * closing and (found is None or gap * found[1] < found[0] * closing):
                    found = gap, closing
        return None if found is None else Decimal(found[0]) / Decimal(found[1])


def _fraction(u: Decimal) -> tuple[int, int]:
    """A number >= 0 as a whole number over a power of ten."""
    above, below = u.as_integer_ratio()
    return above, below


def _largest(values: Sequence[int]) -> int:
    return max(map(abs, values), default=0)


def _without_residue(values: Sequence[int], largest: int) -> Sequence[int]:
    """The values without the bits behind ``KEPT_BITS`` of the largest of what they are sums of, to the nearest.

    What two large terms leave of each other may be residue alone: it is small beside them, not beside itself.
    """
    more = largest.bit_length() - KEPT_BITS
    if more <= 0:
        return values
    half = 1 << (more - 1)
    return [(value + half) >> more for value in values]


def _sorted(keys: Sequence[int], then: Sequence[int]) -> list[int]:
    """Indices by key, then by the second number, then as they stand."""
    order = sorted(range(len(keys)), key=keys.__getitem__)
    if len(set(keys)) < len(keys) and any(
        keys[one] == keys[other] and then[one] > then[other] for one, other in pairwise(order)
    ):
        return sorted(order, key=lambda j: (keys[j], then[j], j))
    return order
