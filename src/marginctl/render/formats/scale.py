"""From a figure to a place in a picture: scales with readable ticks, places rounded to a tenth of a unit."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import count

from msgspec import Struct

from marginctl.core.exact import ONE, ZERO, Direction, rounded

NICE = tuple(map(Decimal, ("1", "2", "2.5", "5", "10")))
"""What the distance of two ticks may begin with."""
MOST_TICKS, FEWEST_TICKS = 8, 4


class Scale(Struct, frozen=True):
    """``low`` .. ``high`` of a figure onto ``start`` .. ``end`` of the picture, straight."""

    low: Decimal
    high: Decimal
    start: Decimal
    end: Decimal

    def at(self, value: Decimal) -> Decimal:
        """The place of a value, to a tenth of a unit; values beyond the ends stand at the end."""
        inside = min(max(value, self.low), self.high)
        share = (inside - self.low) / (self.high - self.low) if self.high > self.low else ZERO
        return placed(self.start + (self.end - self.start) * share)

    @property
    def ticks(self) -> list[Decimal]:
        """Between four and eight round values, 0 among them where it lies within."""
        step = step_of(self.high - self.low)
        first = rounded(self.low / step, 0, Direction.UP)
        found = (step * (first + k) for k in count())
        return list(_until(found, self.high))


def _until(values: Iterable[Decimal], last: Decimal) -> Iterable[Decimal]:
    for value in values:
        if value > last:
            return
        yield value


def step_of(span: Decimal) -> Decimal:
    """The smallest readable step that gives at most ``MOST_TICKS`` ticks over a span: 1, 2, 2.5 or 5 times 10^n."""
    least = (span or ONE) / (MOST_TICKS - 1)
    power = ONE.scaleb(least.adjusted())
    return next(factor * power for factor in NICE if factor * power >= least)


def placed(value: Decimal) -> Decimal:
    """A coordinate: a tenth of a unit at most."""
    return rounded(value, 1, Direction.NEAREST)


def number(value: Decimal) -> str:
    """A coordinate as text: ``12.5``, ``40``."""
    text = format(placed(value), "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
