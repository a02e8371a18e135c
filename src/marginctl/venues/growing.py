"""Rates that grow with the size of a position, as portfolios and rule files state them."""

from decimal import Decimal
from typing import ClassVar

from msgspec import Struct

from marginctl.core.exact import ZERO
from marginctl.document.kinds import RATE, any_of
from marginctl.document.record import Record, key, nested


class GrowingRate(Record, name="growing_rate"):
    """A rate that grows with the size of the position."""

    base = key(RATE, "the rate of a size of 0")
    per_unit = key(RATE, "what it grows by with every unit of the base that the position holds")


STATED_RATE = any_of(RATE, nested(GrowingRate))
"""A rate of any size, or one that grows with it."""


def rate_and_growth(written: Decimal | GrowingRate | None) -> tuple[Decimal | None, Decimal]:
    """A rate, and what it grows by with every unit of the base; None where it is not written."""
    return (written.base, written.per_unit) if isinstance(written, GrowingRate) else (written, ZERO)


class ListedRates(Struct, frozen=True, kw_only=True):
    """The rates of a contract that has no tiers, as published: rate + growth x size in units of the base.

    None where one is not published.
    """

    shape: ClassVar[str] = "initial_rate initial_growth maintenance_rate maintenance_growth"

    initial_rate: Decimal | None
    initial_growth: Decimal
    maintenance_rate: Decimal | None
    maintenance_growth: Decimal
