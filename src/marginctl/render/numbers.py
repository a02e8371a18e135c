"""Decimals as people read them: grouped thousands, a fixed number of decimals, rounded in a named direction.

Nothing is ever shown as an exponent, and no rounding moves a value across the limit it is compared with.
"""

from decimal import Decimal

from marginctl.core.exact import CONTEXT, Direction, rounded
from marginctl.core.report import FIGURES
from marginctl.findings import Check, Status

HUNDRED = Decimal(100)
MOST_PLACES = 48
"""Values that agree in this many decimals are shown as equal: what is left is the residue of a division."""

PERCENT_RULES = frozenset({"MC101", "MC102", "MC103", "MC106", "MC107", "MC109", "MC110", "MC205", "MC207"})
MULTIPLE_RULES = frozenset({"MC104", "MC105", "MC108", "MC206"})
DAY_RULES = frozenset({"MC112", "MC201", "MC202"})


def plain(value: Decimal) -> str:
    """The exact decimal text: no exponent, no grouping, no negative zero."""
    return format(value if value else abs(value), "f")


def grouped(value: Decimal, places: int, direction: Direction) -> str:
    """The value rounded in ``direction`` to exactly ``places`` decimals, thousands separated: ``-1,234.50``."""
    shown = rounded(value, places, direction)
    return f"{shown if shown else abs(shown):,.{places}f}"


def figure(name: str, value: Decimal, places: int = 2) -> str:
    """A figure of the report, rounded in the cautious direction of its name."""
    return grouped(value, places, FIGURES[name].direction)


def percent(name: str, value: Decimal, places: int = 2) -> str:
    """A fraction in percent without the sign, rounded in the cautious direction of its name."""
    return grouped(CONTEXT.multiply(value, HUNDRED), places, FIGURES[name].direction)


def toward(price: Decimal, mark: Decimal) -> Direction:
    """The cautious direction of a price at which something bad happens: toward the mark."""
    return Direction.UP if price < mark else Direction.DOWN


def natural_places(value: Decimal) -> int:
    """The decimals a value has, trailing zeros not counted."""
    text = plain(value)
    return len(text.rstrip("0").partition(".")[2]) if "." in text else 0


def price_places(mark: Decimal) -> int:
    """The decimals at which a price of this size shows at least six significant digits, never below two."""
    return max(2, 5 - mark.adjusted()) if mark else 2


def exactly(value: Decimal) -> str:
    """A quantity as it was given, grouped, trailing zeros off; beyond 8 decimals six significant digits are kept."""
    most = max(8, 5 - value.adjusted()) if value else 0
    return grouped(value, min(natural_places(value), most), Direction.NEAREST)


def aligned(cells: list[str]) -> list[str]:
    """Right-aligned cells padded so that their decimal points stand in one column."""
    behind = [len(cell) - cell.find(".") if "." in cell else 0 for cell in cells]
    most = max(behind, default=0)
    return [
        cell + " " * (most - tail) if cell[-1:].isdigit() else cell for cell, tail in zip(cells, behind, strict=True)
    ]


def beside(value: Decimal, limit: Decimal, direction: Direction, places: int) -> str:
    """The value with as many decimals (at least ``places``) as it takes to stay on its side of the limit.

    70.0000001 beside 70 shows as 70.0000001 and not as 70.00; equal values show alike.
    """
    side = _side(value, limit)
    if side == 0:
        return _trimmed(grouped(limit, max(natural_places(limit), places), Direction.NEAREST), places)
    for digits in range(places, MOST_PLACES):
        if _side(rounded(value, digits, direction), limit) == side:
            return grouped(value, digits, direction)
    return grouped(value, MOST_PLACES, Direction.NEAREST)


def _side(value: Decimal, limit: Decimal) -> int:
    """-1, 0 or 1: below, at or above the limit, to ``MOST_PLACES`` decimals."""
    left, right = (rounded(number, MOST_PLACES, Direction.NEAREST) for number in (value, limit))
    return (left > right) - (left < right)


def _trimmed(text: str, places: int) -> str:
    whole, point, fraction = text.partition(".")
    return whole + point + fraction[:places] + fraction[places:].rstrip("0") if point else text


def unit_of(code: str) -> str:
    """The unit in which people read a rule's value: ``%``, ``x``, ``d`` or none."""
    if code in PERCENT_RULES:
        return "%"
    if code in MULTIPLE_RULES:
        return "x"
    return "d" if code in DAY_RULES else ""


def cautious(check: Check) -> Direction:
    """The rounding of a check's value: up under a maximum, down over a minimum; which it is shows in its outcome."""
    if check.value is None or check.limit is None or check.value == check.limit:
        return Direction.NEAREST
    broken = check.status in (Status.WARN, Status.FAIL, Status.WAIVED)
    return Direction.UP if (check.value > check.limit) == broken else Direction.DOWN


def check_value(check: Check) -> str:
    """A check's value with its unit, never rounded onto or across its limit; ``none`` where there is no value."""
    if check.value is None:
        return "none"
    unit = unit_of(check.code)
    scale = HUNDRED if unit == "%" else Decimal(1)
    direction = cautious(check)
    shown = CONTEXT.multiply(check.value, scale)
    places = 2 if unit in ("%", "x") else min(natural_places(shown), 2)
    if check.limit is None:
        return grouped(shown, places, direction) + unit
    return beside(shown, CONTEXT.multiply(check.limit, scale), direction, places) + unit


def limit_text(check: Check) -> str:
    """A limit as it was given: ``60%``, ``5x``, ``30d``; empty where the rule has none."""
    if check.limit is None:
        return ""
    unit = unit_of(check.code)
    shown = CONTEXT.multiply(check.limit, HUNDRED) if unit == "%" else check.limit
    return grouped(shown, natural_places(shown), Direction.NEAREST) + unit


def headroom_text(check: Check) -> str:
    """What is left before the limit is broken, rounded down, negative when it is broken."""
    if check.headroom is None:
        return ""
    unit = unit_of(check.code)
    shown = CONTEXT.multiply(check.headroom, HUNDRED) if unit == "%" else check.headroom
    return grouped(shown, 2 if unit in ("%", "x") else min(natural_places(shown), 2), Direction.DOWN) + unit


def settled_value(value: Decimal, limit: Decimal | None, places: int = 10) -> Decimal:
    """A check's value for machines: ``places`` decimals, more only where fewer would put it on or across its limit."""
    if limit is None:
        return rounded(value, places, Direction.NEAREST)
    side = _side(value, limit)
    for direction in (Direction.NEAREST, Direction.UP, Direction.DOWN):
        shown = rounded(value, places, direction)
        if _side(shown, limit) == side:
            return shown
    return rounded(value, MOST_PLACES, Direction.NEAREST)
