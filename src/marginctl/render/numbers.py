"""Numbers as machines get them."""

from decimal import Decimal

from marginctl.core.exact import Direction, rounded
from marginctl.wording import MOST_PLACES, plain, side_of

__all__ = ["plain", "settled", "settled_value"]


def settled_value(value: Decimal, limit: Decimal | None, places: int = 10) -> Decimal:
    """A check's value for machines: ``places`` decimals, more only where fewer would put it on or across its limit."""
    if limit is None:
        return rounded(value, places, Direction.NEAREST)
    if abs(value - limit) > Decimal((0, (1,), 1 - places)):
        return rounded(value, places, Direction.NEAREST)
    side = side_of(value, limit)
    for direction in (Direction.NEAREST, Direction.UP, Direction.DOWN):
        shown = rounded(value, places, direction)
        if side_of(shown, limit) == side:
            return shown
    return rounded(value, MOST_PLACES, Direction.NEAREST)


def settled(headroom: Decimal, places: int = 10) -> Decimal:
    """What is left before a limit, for machines: rounded down."""
    return rounded(headroom, places, Direction.DOWN)
