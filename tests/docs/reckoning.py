"""What a portfolio derived by hand comes to, and how its comment writes numbers."""

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

PERCENT = Fraction(1, 100)
HALF_PERCENT = Fraction(5, 1000)
NEVER = None


class Derived(NamedTuple):
    """What a portfolio comes to. ``liquidation`` by SYMBOL:side; ``down`` and ``up``: all volatile assets together.

    ``quotes``: what its comment may say beyond the numbers of its own body. ``failing``: codes of its errors.
    """

    equity: Fraction
    initial_margin: Fraction
    maintenance_margin: Fraction
    liquidation: dict[str, Fraction | None]
    down: Fraction | None
    up: Fraction | None
    quotes: tuple[str, ...]
    order_margin: Fraction = Fraction(0)
    failing: tuple[str, ...] = ()
    warning: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()


def exact(text: str) -> Fraction:
    """A number from its text."""
    return Fraction(text)


def rounded(value: Fraction, places: int, way: Callable[[Fraction], int]) -> str:
    """A number with thousands separated, rounded ``way``."""
    scaled = way(value * 10**places)
    whole, rest = divmod(scaled, 10**places)
    return f"{whole:,}.{rest:0{places}d}" if places else f"{whole:,}"


def below(price: Fraction, places: int = 2) -> str:
    """A liquidation price below the mark, rounded toward it."""
    return rounded(price, places, ceil)


def above(price: Fraction, places: int = 2) -> str:
    """A liquidation price above the mark, rounded toward it."""
    return rounded(price, places, floor)


def whole(value: Fraction) -> str:
    """An amount without decimals."""
    assert value.denominator == 1
    return f"{value.numerator:,}"


def cents(value: Fraction) -> str:
    """An amount that ends at the cent."""
    assert (value * 100).denominator == 1
    return rounded(value, 2, floor)


def share_down(value: Fraction, places: int = 2) -> str:
    """A percentage, rounded down: how far away something is."""
    return f"{rounded(value * 100, places, floor)}%"


def share_up(value: Fraction, places: int = 2) -> str:
    """A percentage, rounded up: how full something is."""
    return f"{rounded(value * 100, places, ceil)}%"
