"""Figures inside sentences: never rounded onto or across the limit that they are compared with."""

from collections.abc import Sequence
from decimal import Decimal

from marginctl.core.exact import ONE, Direction, rounded
from marginctl.limits.rule import Comparison, Unit

HUNDRED = Decimal(100)
PLACES = {Unit.FRACTION: 2, Unit.MULTIPLE: 2, Unit.DAYS: 1, Unit.COUNT: 0, Unit.NONE: 8}
MOST_PLACES = 60
MONEY_PLACES = 2
PRICE_DIGITS = 6
MOST_NAMES = 5


def plain(value: Decimal) -> str:
    """All digits, without an exponent and without trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def separated(value: Decimal) -> str:
    """All digits with thousands separated, without trailing zeros."""
    text = format(value, ",f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(value: Decimal, unit: Unit) -> str:
    """A figure that is exact as it stands, with its unit: 60%, 5x, 30 days, 2."""
    return _with_unit(value * _scale(unit), unit)


def _scale(unit: Unit) -> Decimal:
    return HUNDRED if unit is Unit.FRACTION else ONE


def _with_unit(number: Decimal, unit: Unit) -> str:
    if unit is Unit.DAYS:
        return f"{plain(number)} {'day' if number == 1 else 'days'}"
    return plain(number) + {Unit.FRACTION: "%", Unit.MULTIPLE: "x"}.get(unit, "")


def measured(value: Decimal, limit: Decimal, unit: Unit, comparison: Comparison) -> str:
    """A figure rounded to the cautious side, with as many digits as set it apart from a limit it differs from."""
    exact, bound = value * _scale(unit), limit * _scale(unit)
    places = PLACES[unit]
    while places < MOST_PLACES and exact != bound and rounded(exact, places, Direction.NEAREST) == bound:
        places += 1
    direction = Direction.DOWN if comparison is Comparison.MINIMUM else Direction.UP
    return _with_unit(rounded(exact, places, direction), unit)


def money(value: Decimal, currency: str, direction: Direction = Direction.NEAREST) -> str:
    """An amount with two decimals, more where it would show as 0, thousands separated: ``1,858.8 USD``."""
    places = MONEY_PLACES if abs(value) >= 1 or not value else MONEY_PLACES - value.adjusted()
    return f"{separated(rounded(value, places, direction))} {currency}"


def priced(value: Decimal, direction: Direction) -> str:
    """A price with six digits, never below two decimals, thousands separated."""
    places = max(MONEY_PLACES, PRICE_DIGITS - 1 - value.adjusted()) if value else MONEY_PLACES
    return separated(rounded(value, places, direction))


def percent(value: Decimal, direction: Direction) -> str:
    """A fraction as a percentage with two decimals."""
    return f"{plain(rounded(value * HUNDRED, PLACES[Unit.FRACTION], direction))}%"


def listed(names: Sequence[str]) -> str:
    """Names in a row, the first five and how many more there are."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
