"""Values of a derivation as people read them: exact, grouped, cut off visibly where they are too long to show."""

from decimal import Decimal

from marginctl.core.exact import CONTEXT, Direction, rounded
from marginctl.core.explain.node import Kind, Unit, Value
from marginctl.core.piecewise import Line
from marginctl.render.numbers import HUNDRED, MOST_PLACES, plain

PLACES = 12
"""Decimals of a number that does not end sooner; small numbers show as many significant digits as this less four."""
NONE = "none"
_SIGNS = {Kind.FRACTION: "%", Kind.MULTIPLE: "x", Kind.HOURS: " h"}
_UNITS = {Kind.AMOUNT, Kind.PRICE}
_COUNTED = {Kind.DAYS: ("day", "days"), Kind.CONTRACTS: ("contract", "contracts")}


def settled(value: Decimal) -> Decimal:
    """The value without what division leaves: the text that is shown stands for this."""
    return rounded(value, MOST_PLACES, Direction.NEAREST)


def exact(value: Decimal, ellipsis: str = "...") -> str:
    """All digits of a number, thousands grouped; one that is longer than ``PLACES`` decimals is cut off and says so."""
    known = settled(value)
    places = max(PLACES, PLACES - 4 - known.adjusted()) if known else 0
    shown = rounded(known, places, Direction.TOWARD_ZERO)
    whole, _, decimals = plain(shown).partition(".")
    decimals = decimals.rstrip("0") if shown == known else decimals.ljust(places, "0")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    text = f"{sign}{int(digits):,}" + (f".{decimals}" if decimals else "")
    return text if shown == known else text + ellipsis


def number(value: Decimal, unit: Unit, ellipsis: str = "...") -> str:
    """A number as it stands in a formula: rates in percent, without the names of assets."""
    if unit.kind is Kind.FRACTION:
        return f"{exact(CONTEXT.multiply(value, HUNDRED), ellipsis)}%"
    return exact(value, ellipsis) + _SIGNS.get(unit.kind, "")


def result(value: Value, unit: Unit, ellipsis: str = "...") -> str:
    """A value with its unit; a line goes by ``move``."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Line):
        return with_unit(line(value, "move", ellipsis), unit)
    if isinstance(value, Decimal):
        return with_unit(number(value, unit, ellipsis), unit, value)
    return str(value) if isinstance(value, (str, int)) else ", ".join(value) or NONE


def with_unit(text: str, unit: Unit, value: Decimal | None = None) -> str:
    """The text of a number with the name of its asset, pair or count behind it."""
    if unit.kind in _UNITS:
        return f"{text} {unit.name}"
    if unit.kind in _COUNTED:
        one, several = _COUNTED[unit.kind]
        return f"{text} {one if value == 1 else several}"
    return text


def line(value: Line, unknown: str, ellipsis: str = "...") -> str:
    """A straight line: ``1,000 + 250 x move``."""
    at_zero, slope = value
    rise = f"{exact(abs(slope), ellipsis)} x {unknown}"
    if not settled(slope):
        return exact(at_zero, ellipsis)
    if not settled(at_zero):
        return rise if slope > 0 else f"-{rise}"
    return f"{exact(at_zero, ellipsis)} {'+' if slope > 0 else '-'} {rise}"
