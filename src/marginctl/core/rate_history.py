"""Funding rates as a venue recorded them: their mean, and what they were at their worst for a side."""

from collections import Counter
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise

from msgspec import Struct

from marginctl.core.contract import LONG
from marginctl.core.exact import ZERO

MINUTE = 60_000
MINUTES_PER_HOUR = Decimal(60)


class RateHistory(Struct, frozen=True):
    """One contract's rates, per interval, positive = longs pay; ``times`` in milliseconds, ascending."""

    symbol: str
    times: tuple[int, ...]
    rates: tuple[Decimal, ...]

    @property
    def mean(self) -> Decimal:
        """Sum of the rates / their number."""
        return sum(self.rates, ZERO) / len(self.rates)

    def worst(self, side: int, quantile: Decimal) -> Decimal:
        """The rate that was at least as bad for a side in a share ``quantile`` of the intervals, never less.

        Nearest rank, nothing interpolated: of n rates the k-th worst one, k = quantile * n rounded up, at least 1.
        """
        rank = max(1, int((quantile * len(self.rates)).to_integral_value(ROUND_CEILING)))
        return sorted(self.rates, reverse=side == LONG)[rank - 1]

    @property
    def spacings(self) -> Counter[Decimal]:
        """How often each distance of two neighbours occurs, in hours, to the nearest minute."""
        return Counter(
            Decimal((after - before + MINUTE // 2) // MINUTE) / MINUTES_PER_HOUR
            for before, after in pairwise(self.times)
        )

    @property
    def interval(self) -> Decimal | None:
        """The most frequent spacing, the shorter one where two are; None for a single rate."""
        spacings = self.spacings
        return min(spacings, key=lambda hours: (-spacings[hours], hours), default=None)
