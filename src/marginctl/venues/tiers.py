"""Rows of a margin table, as a venue prints them -> tiers, or the row that is wrong."""

from decimal import Decimal
from enum import Enum

from msgspec import Struct

from marginctl.core.contract import Tier, derived_deductions
from marginctl.core.exact import ONE, ZERO


class Deduction(Enum):
    """How a table says what is deducted from notional * maintenance_rate.

    GIVEN: on every row, and continuous; DERIVED: not printed, computed so that the margin is continuous;
    WHOLE: nothing, so that a tier's rate counts on the whole position.
    """

    GIVEN = "given"
    DERIVED = "derived"
    WHOLE = "whole"


class TierRow(Struct, frozen=True, gc=False):
    """One row as written; None = left out. ``floor`` None = where the row before ends."""

    up_to: Decimal | None
    maintenance_rate: Decimal | None
    initial_rate: Decimal | None = None
    max_leverage: Decimal | None = None
    deduction: Decimal | None = None
    floor: Decimal | None = None


class LeverageCap(Struct, frozen=True, gc=False):
    """The highest leverage of a position up to a notional; ``up_to`` inclusive, None = no limit."""

    up_to: Decimal | None
    max_leverage: Decimal


class Fault(Struct, frozen=True):
    """What is wrong with a table: the index of the row, the column meant, what to write."""

    row: int
    column: str
    message: str
    help: str = ""


def tiers_of(rows: list[TierRow], deduction: Deduction) -> tuple[Tier, ...]:
    """The tiers of rows without a fault; none where the table states no maintenance rates.

    The initial rate is the one printed, else 1 / max_leverage.
    """
    if not has_maintenance_rates(rows):
        return ()
    derived = continuous_deductions(rows) if deduction is Deduction.DERIVED else []
    return tuple(
        Tier(
            row.up_to,
            row.maintenance_rate or ZERO,
            derived[k] if derived else row.deduction or ZERO,
            initial_rate(row),
        )
        for k, row in enumerate(rows)
    )


def leverage_caps(rows: list[TierRow]) -> tuple[LeverageCap, ...]:
    """The highest leverage by notional, of the rows that state one."""
    return tuple(LeverageCap(row.up_to, row.max_leverage) for row in rows if row.max_leverage is not None)


def has_maintenance_rates(rows: list[TierRow]) -> bool:
    """Whether the table states maintenance rates at all: some venues publish position limits only."""
    return any(row.maintenance_rate is not None for row in rows)


def initial_rate(row: TierRow) -> Decimal | None:
    """The row's initial rate, else 1 / max_leverage, else None."""
    if row.initial_rate is not None:
        return row.initial_rate
    return None if row.max_leverage is None else ONE / row.max_leverage


def continuous_deductions(rows: list[TierRow]) -> list[Decimal]:
    """The deductions with which the margin is continuous, each tier beginning where the one before it ends."""
    floors = [ZERO, *(row.up_to or ZERO for row in rows[:-1])]
    return derived_deductions(floors, [row.maintenance_rate or ZERO for row in rows])


def first_fault(rows: list[TierRow], deduction: Deduction) -> Fault | None:
    """The first thing wrong with a table: borders, rates, then deductions. None for a sound one."""
    return _border_fault(rows) or _rate_fault(rows) or _deduction_fault(rows, deduction)


def _border_fault(rows: list[TierRow]) -> Fault | None:
    end: Decimal | None = ZERO
    for k, row in enumerate(rows):
        if end is None:
            return Fault(k - 1, "up_to", "only the last tier may leave out its upper border", "give the border")
        if row.floor is not None and row.floor != end:
            return Fault(k, "floor", f"the tier begins at {row.floor:f}, the one before it ends at {end:f}")
        if row.up_to is not None and row.up_to <= end:
            return Fault(k, "up_to", f"the tier ends at {row.up_to:f}, where it begins or before: {end:f}")
        end = row.up_to
    return None


def _rate_fault(rows: list[TierRow]) -> Fault | None:
    stated = has_maintenance_rates(rows)
    maintenance, initial = ZERO, ZERO
    for k, row in enumerate(rows):
        if stated and row.maintenance_rate is None:
            return Fault(k, "maintenance_rate", "the maintenance rate is missing", "give it on every row or on none")
        rate = row.maintenance_rate or ZERO
        if rate < maintenance:
            return Fault(k, "maintenance_rate", f"the maintenance rate falls from {maintenance:f} to {rate:f}")
        opening = initial_rate(row)
        if opening is not None and opening < initial:
            column = "max_leverage" if row.initial_rate is None else "initial_rate"
            return Fault(k, column, "the highest leverage rises with the tier")
        maintenance, initial = rate, opening or initial
    return None


def _deduction_fault(rows: list[TierRow], deduction: Deduction) -> Fault | None:
    derived = continuous_deductions(rows)
    whole = deduction is Deduction.WHOLE
    for k, row in enumerate(rows):
        due = ZERO if whole else derived[k]
        if row.deduction is None and deduction is Deduction.GIVEN and has_maintenance_rates(rows):
            return Fault(k, "deduction", "the deduction is missing", f"write {_plain(due)}")
        if row.deduction is not None and row.deduction != due:
            rule = "a whole-position rate has none" if whole else f"its floor and rates make it {_plain(due)}"
            return Fault(
                k, "deduction", f"the deduction is {_plain(row.deduction)}, but {rule}", f"write {_plain(due)}"
            )
    return None


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
