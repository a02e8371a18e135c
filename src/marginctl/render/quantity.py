"""Values of an explanation as people read them: exact, grouped, cut off visibly where they are too long to show."""

from decimal import Decimal
from re import sub

from marginctl.core.exact import CONTEXT, Direction, rounded
from marginctl.core.plain import SETTLED_PLACES
from marginctl.results.explanation import Step, Value
from marginctl.wording import HUNDRED, plain

PLACES = 12
"""Decimals of a number that does not end sooner; small numbers show as many significant digits as this less four."""
NONE = "none"


def settled(value: Decimal) -> Decimal:
    """The value without what division leaves: the text that is shown stands for this."""
    return rounded(value, SETTLED_PLACES, Direction.NEAREST)


def exact(value: Decimal, dots: str = "...") -> str:
    """All digits of a number, thousands grouped; one that is longer than ``PLACES`` decimals is cut off and says so."""
    known = settled(value)
    places = max(PLACES, PLACES - 4 - known.adjusted()) if known else 0
    shown = rounded(known, places, Direction.TOWARD_ZERO)
    whole, _, decimals = plain(shown).partition(".")
    decimals = decimals.rstrip("0") if shown == known else decimals.ljust(places, "0")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    text = f"{sign}{int(digits):,}" + (f".{decimals}" if decimals else "")
    return text if shown == known else text + dots


SIGNS = {"multiple": "x", "hours": " h"}
COUNTED = {"days": ("day", "days"), "contracts": ("contract", "contracts")}


def number(value: Value, unit: str, dots: str) -> str:
    """A value as it stands in a formula: rates in percent, without the names of assets."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value) or NONE
    if not isinstance(value, Decimal):
        return str(value)
    if unit == "fraction":
        return f"{exact(CONTEXT.multiply(value, HUNDRED), dots)}%"
    return exact(value, dots) + SIGNS.get(unit, "")


def result(value: Value, unit: str, dots: str) -> str:
    """A value with its unit."""
    text = number(value, unit, dots)
    if not isinstance(value, Decimal) or not unit or unit == "fraction" or unit in SIGNS:
        return text
    if unit in COUNTED:
        return f"{text} {COUNTED[unit][value != 1]}"
    return f"{text} {unit}"


def sloped(at: tuple[Decimal, Decimal], unknown: str, dots: str) -> str:
    """A straight line: ``1,000 + 250 x move``."""
    at_zero, slope = at
    rise = f"{exact(abs(slope), dots)} x {unknown}"
    if not settled(slope):
        return exact(at_zero, dots)
    if not settled(at_zero):
        return rise if slope > 0 else f"-{rise}"
    return f"{exact(at_zero, dots)} {'+' if slope > 0 else '-'} {rise}"


def in_numbers(step: Step, dots: str) -> str:
    """The formula with the values of its operands put in; a negative one in brackets unless it stands first."""
    texts = [number(one.value, one.unit, dots) for one in step.operands]
    texts = [f"({text})" if text.startswith("-") and k else text for k, text in enumerate(texts)]
    return sub(r"\+ \(-([^()]*)\)", r"- \1", step.formula.format(*texts))
