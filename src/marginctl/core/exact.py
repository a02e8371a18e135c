"""Decimal arithmetic: one context, and every division's rounding with a named direction.

The context carries 100 digits and traps floats, invalid operations and overflow. Whoever computes enters it with
``exactly``: a command, a function of the library; the context of a program that imports this stays its own. Inputs
have at most 60 digits, so sums and products are exact in practice; what a division leaves behind is below 1e-90 of its
result. ``SNAP`` is where such residue ends: figures that agree to 1e-80 of the money involved are equal, and amounts
that cancel to less are 0 (``net``), so that no residue is a debt, a margin or a profit. Rounding happens in reports
only, and each function here says which way: requirements up, equity and free collateral down, liquidation prices toward
the mark.
"""

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_UP,
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    InvalidOperation,
    Overflow,
    localcontext,
)
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

CONTEXT = Context(
    prec=100,
    rounding=ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    traps=[InvalidOperation, DivisionByZero, Overflow, FloatOperation],
)

ZERO = Decimal(0)
ONE = Decimal(1)
SNAP = Decimal("1e-80")
RESIDUE = Decimal("1e-70")
_SETTLE = Context(prec=80, rounding=ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999)


_WIDE = Context(prec=2_000, Emin=-999_999, Emax=999_999)
_QUANTA = {places: Decimal((0, (1,), -places)) for places in (8, 10)}


def exactly() -> "AbstractContextManager[Context]":
    """Inside it this thread computes in ``CONTEXT``; behind it as before."""
    return localcontext(CONTEXT)


class Direction(StrEnum):
    """Which way a rounded figure may lie from the exact one."""

    UP = ROUND_CEILING
    DOWN = ROUND_FLOOR
    TOWARD_ZERO = ROUND_DOWN
    AWAY_FROM_ZERO = ROUND_UP
    NEAREST = ROUND_HALF_EVEN


def rounded(value: Decimal, places: int, direction: Direction) -> Decimal:
    """``value`` with ``places`` decimals, rounded in ``direction``.

    Division residue (beyond 80 digits) is settled to the nearest first, so that 2.9999...9 is 3 and not 2.99 when
    rounded down. Trailing zeros are kept off and the result never prints with an exponent smaller than its digits ask.
    """
    settled = _SETTLE.plus(value) if abs(value) > RESIDUE else ZERO
    quantum = _QUANTA.get(places) or Decimal((0, (1,), -places))
    rounded_off = settled.quantize(quantum, direction, _WIDE)
    return rounded_off.normalize(_WIDE)


def rounded_price(price: Decimal, direction: Direction) -> Decimal:
    """A price with 8 decimals or 10 significant digits, whichever is finer, in ``direction``."""
    return rounded(price, max(8, 9 - price.adjusted()) if price else 8, direction)


def sign(value: Decimal, scale: Decimal) -> int:
    """-1, 0 or 1; values below ``SNAP`` times ``scale`` (the money involved, >= 0) are division residue: 0."""
    if abs(value) <= SNAP * scale:
        return 0
    return 1 if value > 0 else -1


def settled(value: Decimal, scale: Decimal) -> Decimal:
    """``value``, or 0 where it is division residue of ``scale`` (the money involved, >= 0)."""
    return ZERO if abs(value) <= SNAP * scale else value


def net(*amounts: Decimal) -> Decimal:
    """The sum of amounts; 0 where they cancel but for division residue."""
    value = sum(amounts, ZERO)
    return settled(value, max(map(abs, amounts))) if value and len(amounts) > 1 else value


def at_most(value: Decimal, border: Decimal) -> bool:
    """Whether value <= border, a border reached but for division residue included."""
    return value <= border or value - border <= SNAP * abs(border)


def exceeds(numerator: Decimal, denominator: Decimal, limit: Decimal) -> bool:
    """Whether numerator / denominator > limit, multiplied across; true at a denominator <= 0 under a numerator > 0.

    With the numerator 0 (or negative) and no positive denominator there is nothing to exceed.
    """
    least = limit * max(ZERO, denominator)
    return sign(numerator - least, abs(numerator) + abs(least)) > 0


def ratio(numerator: Decimal, denominator: Decimal) -> Decimal | None:
    """numerator / denominator; 0 when the numerator is 0, ``None`` when the denominator is not positive otherwise."""
    if not numerator:
        return ZERO
    if denominator <= 0:
        return None
    return numerator / denominator
