"""How far something can grow: exact searches.

A search asks about limits at multiples of a step and ends with two neighbours, one on either side of
the first limit. Slacks (what is left before a limit, in any unit) only tell it where to look: between two points it
tries where the straight line through their slacks is 0, which for a figure that is a straight line of the size is the
answer itself. What it returns is asked about, never extrapolated.
"""

from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple, Protocol

from marginctl.core.exact import ONE, ZERO

MOST_NEWTON_STEPS = 12
SLOW = 3
"""So many steps in a row that do not halve the range are followed by one that does."""


class LimitStanding(Protocol):
    """What the limits say about one account."""

    @property
    def broken(self) -> frozenset[object]:
        """The limits that do not hold."""

    def slack(self, limit: object) -> Decimal:
        """What is left before a limit: negative exactly where it is broken."""


Ask = Callable[[Decimal], LimitStanding]
"""The standing of the account at a size; sizes are multiples of the step."""


class Edge(NamedTuple):
    """``size`` is the last one at which every limit holds, ``broken`` what no longer does one step further."""

    size: Decimal
    broken: frozenset[object]


def largest(ask: Ask, stops: Sequence[Decimal], step: Decimal) -> Edge | None:
    """The largest size up to which every limit holds; None where all hold up to the last stop.

    ``stops``: rising sizes between which a limit that fails does not hold again further on. At size 0 all must hold.
    """
    low, at_low = ZERO, ask(ZERO)
    for stop in stops:
        high = down_to(stop, step)
        if high <= low:
            continue
        at_high = ask(high)
        if at_high.broken:
            low, _, beyond = _neighbours(ask, (low, at_low), (high, at_high), step)
            return Edge(low, beyond.broken)
        low, at_low = high, at_high
    return None


def smallest(ask: Ask, limit: object, most: Decimal, step: Decimal) -> Decimal | None:
    """The smallest size, at most ``most``, from which a limit holds that is broken at 0; None where none is found.

    Follows the slope of the slack from the left, which for a concave slack never leaps over the answer; where it does
    not rise at once, a limit that holds at ``most`` is bracketed.
    """
    low, at_low = ZERO, ask(ZERO)
    most = down_to(most, step)
    for _ in range(MOST_NEWTON_STEPS):
        if most <= low:
            return None
        beside = min(low + step, most)
        at_beside = ask(beside)
        if limit not in at_beside.broken:
            return beside
        rise = (at_beside.slack(limit) - at_low.slack(limit)) / (beside - low)
        if rise <= 0:
            break
        guess = up_to(low - at_low.slack(limit) / rise, step)
        if guess > most:
            break
        at_guess = ask(guess)
        if limit not in at_guess.broken:
            return _first_holding(ask, limit, (beside, at_beside), (guess, at_guess), step)
        low, at_low = guess, at_guess
    at_most = ask(most)
    if limit in at_most.broken:
        return None
    return _first_holding(ask, limit, (low, at_low), (most, at_most), step)


Point = tuple[Decimal, LimitStanding]


class _Only:
    """A standing of which one limit counts, turned round: it holds where the limit is broken."""

    def __init__(self, standing: LimitStanding, limit: object) -> None:
        self.standing, self.limit = standing, limit

    @property
    def broken(self) -> frozenset[object]:
        return frozenset() if self.limit in self.standing.broken else frozenset((self.limit,))

    def slack(self, limit: object) -> Decimal:
        return -self.standing.slack(limit)


def _first_holding(ask: Ask, limit: object, low: Point, high: Point, step: Decimal) -> Decimal:
    """The first size at which the limit holds, between one where it does not and one where it does."""

    def turned(size: Decimal) -> LimitStanding:
        return _Only(ask(size), limit)

    points = (low[0], _Only(low[1], limit)), (high[0], _Only(high[1], limit))
    _, found, _ = _neighbours(turned, *points, step)
    return found


def _neighbours(ask: Ask, low: Point, high: Point, step: Decimal) -> tuple[Decimal, Decimal, LimitStanding]:
    """Two sizes one step apart, everything holding at the first one and not at the second, and the latter's standing.

    An end that stays while the other one moves twice is weighed less (the Illinois rule), so that both close in.
    """
    (left, at_left), (right, at_right) = low, high
    weight = ONE
    moved_left = slow = 0
    while right - left > step:
        width = right - left
        weights = (weight, ONE) if moved_left < 0 else (ONE, weight)
        guess = left + width / 2 if slow >= SLOW else _zero(left, at_left, right, at_right, weights)
        guess = min(max(down_to(guess, step), left + step), right - step)
        at_guess = ask(guess)
        moves_left = -1 if at_guess.broken else 1
        if at_guess.broken:
            right, at_right = guess, at_guess
        else:
            left, at_left = guess, at_guess
        weight = weight / 2 if moves_left == moved_left else ONE
        moved_left = moves_left
        slow = slow + 1 if (right - left) * 2 > width else 0
    return left, right, at_right


def _zero(
    left: Decimal, at_left: LimitStanding, right: Decimal, at_right: LimitStanding, weights: tuple[Decimal, Decimal]
) -> Decimal:
    """The first zero of the straight lines through the slacks of the limits that are broken on the right."""
    zeros = []
    for limit in at_right.broken:
        above, below = at_left.slack(limit) * weights[0], -at_right.slack(limit) * weights[1]
        total = above + below
        zeros.append(left + (right - left) * (above / total if total else ONE / 2))
    return min(zeros)


def down_to(size: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of the step that is not above the size."""
    return (size / step).to_integral_value(ROUND_FLOOR) * step


def up_to(size: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of the step that is not below the size."""
    return (size / step).to_integral_value(ROUND_CEILING) * step
