"""What a venue's figures imply: the fee, the rate or the haircut at which ours meet theirs, found by recomputation."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from marginctl.document.written import decimal_text, simplest

Recomputed: TypeAlias = Callable[[Decimal], Decimal | None]
MOST_STEPS = 12
MOST_PLACES = 6
"""Decimals of a fee, a rate or a haircut; a number with more is a coincidence."""
STARTS = Decimal("0.01"), Decimal("0.02")


class WantedFigure(NamedTuple):
    """A figure of the venue, and what ours may differ from it."""

    theirs: Decimal
    allowed: Decimal


def implied(figure: Recomputed, wanted: WantedFigure) -> Decimal | None:
    """The number with the fewest decimals, six at most, at which ``figure`` is within; None where there is none."""
    return common([(figure, wanted)])


def common(figures: Iterable[tuple[Recomputed, WantedFigure]]) -> Decimal | None:
    """The same for several figures at once."""
    spans: list[tuple[Fraction, Fraction]] = []
    asked = list(figures)
    for figure, wanted in asked:
        span = _span(figure, wanted)
        if span is None:
            return None
        spans.append(span)
    low, high = max(one for one, _ in spans), min(one for _, one in spans)
    if low > high:
        return None
    found = Decimal(decimal_text(simplest(low, high))[0])
    is_short = -int(found.as_tuple().exponent) <= MOST_PLACES and 0 <= found < 1
    return found if is_short and all(_holds(figure(found), wanted) for figure, wanted in asked) else None


def _holds(ours: Decimal | None, wanted: WantedFigure) -> bool:
    return ours is not None and abs(ours - wanted.theirs) <= wanted.allowed


def _span(figure: Recomputed, wanted: WantedFigure) -> tuple[Fraction, Fraction] | None:
    """Between which numbers the figure is within, as far as it is straight there: by secants from 1% and 2%."""
    left, right = STARTS
    at_left, at_right = figure(left), figure(right)
    for _ in range(MOST_STEPS):
        if at_left is None or at_right is None or at_left == at_right:
            return None
        slope = (at_right - at_left) / (right - left)
        root = right - (at_right - wanted.theirs) / slope
        if _holds(at_right, wanted):
            width = abs(Fraction(wanted.allowed) / Fraction(slope))
            return Fraction(root) - width, Fraction(root) + width
        left, at_left = right, at_right
        right = root
        at_right = figure(right)
    return None
