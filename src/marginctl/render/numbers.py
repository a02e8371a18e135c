"""Decimals as people read them: grouped thousands, a fixed number of decimals, rounded in a named direction.

Nothing is ever shown as an exponent, and no rounding moves a value across the limit it is compared with.
"""

from decimal import Decimal

from marginctl.core.exact import CONTEXT, Direction, rounded
from marginctl.core.figures import FIGURES
from marginctl.core.plain import SETTLED_PLACES, side_of
from marginctl.findings import Check, Status

HUNDRED = Decimal(100)

SIGNS = {"fraction": "%", "multiple": "x", "days": "d"}
"""Unit of a rule -> the sign behind its figures; a fraction is shown in percent."""


def plain(value: Decimal) -> str:
    """The exact decimal text: no exponent, no grouping, no negative zero."""
    return format(value or abs(value), "f")


def grouped(value: Decimal, places: int, direction: Direction) -> str:
    """The value rounded in ``direction`` to exactly ``places`` decimals, thousands separated: ``-1,234.50``."""
    shown = rounded(value, places, direction)
    return f"{shown or abs(shown):,.{places}f}"


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

    70.0000001 beside 70 shows as 70.0000001, neither as 70.00 nor as 70.01; equal values show alike.
    """
    side = side_of(value, limit)
    if side == 0:
        return _trimmed(grouped(limit, max(natural_places(limit), places), Direction.NEAREST), places)
    for digits in range(places, SETTLED_PLACES):
        candidates = (rounded(value, digits, way) for way in (Direction.NEAREST, direction))
        if all(side_of(candidate, limit) == side for candidate in candidates):
            return grouped(value, digits, direction)
    return grouped(value, SETTLED_PLACES, Direction.NEAREST)


def _trimmed(text: str, places: int) -> str:
    whole, point, fraction = text.partition(".")
    return whole + point + fraction[:places] + fraction[places:].rstrip("0") if point else text


def cautious(check: Check) -> Direction:
    """The rounding of a check's value: up under a maximum, down over a minimum; which it is shows in its outcome."""
    if check.value is None or check.limit is None or check.value == check.limit:
        return Direction.NEAREST
    broken = check.status in (Status.WARN, Status.FAIL, Status.WAIVED, Status.BASELINE)
    return Direction.UP if (check.value > check.limit) == broken else Direction.DOWN


def check_value(check: Check, unit: str) -> str:
    """A check's value with its unit, never rounded onto or across its limit; ``n/a`` where there is no value."""
    if check.value is None:
        return "n/a"
    shown, places = _scaled(check.value, unit), _places(check.value, unit)
    sign = SIGNS.get(unit, "")
    if check.limit is None:
        return grouped(shown, places, cautious(check)) + sign
    return beside(shown, _scaled(check.limit, unit), cautious(check), places) + sign


def limit_text(check: Check, unit: str) -> str:
    """A limit as it was given: ``60%``, ``5x``, ``30d``; empty where the rule has none."""
    if check.limit is None:
        return ""
    shown = _scaled(check.limit, unit)
    return grouped(shown, natural_places(shown), Direction.NEAREST) + SIGNS.get(unit, "")


def headroom_text(check: Check, unit: str) -> str:
    """What is left before the limit is broken, rounded down, negative when it is broken."""
    if check.headroom is None:
        return ""
    shown = _scaled(check.headroom, unit)
    return grouped(shown, _places(check.headroom, unit), Direction.DOWN) + SIGNS.get(unit, "")


def _scaled(value: Decimal, unit: str) -> Decimal:
    return CONTEXT.multiply(value, HUNDRED) if unit == "fraction" else value


def _places(value: Decimal, unit: str) -> int:
    return 2 if unit in ("fraction", "multiple") else min(natural_places(value), 2)


def same(left: Decimal | None, right: Decimal | None) -> bool:
    """Whether two figures are equal but for the residue of a division."""
    if left is None or right is None:
        return left is right
    return side_of(left, right) == 0
