"""The law of tables: rows of margins and haircuts, as a venue or a file prints them -> tiers, or what is wrong.

Borders rise, rates do not fall, only the last tier is open, deductions keep the margin continuous. It is the same law
for a venue's table, its answers and the `contracts:` and `collateral:` of a portfolio.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from enum import Enum

from msgspec import Struct

from marginctl.core.contract import HaircutTier, Tier, derived_deductions
from marginctl.core.exact import ONE, ZERO

ROUNDING_SHARE = Decimal("0.01")
"""A rounded deduction may move the margin at its border by no more than this share of it."""
LOWER_HELP = "a higher tier asks for as much or more: check the numbers"
HAIRCUT_HELP = "check the tiers; each haircut is for the part of the amount in its tier"


class Deduction(Enum):
    """How a table says what is deducted from notional * maintenance_rate.

    GIVEN: on every row, and continuous within the rounding of what is printed; DERIVED: not printed, computed so that
    the margin is continuous; WHOLE: nothing, so that a tier's rate counts on the whole position.
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


def tiers_of(rows: Sequence[TierRow], deduction: Deduction) -> tuple[Tier, ...]:
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


def leverage_caps(rows: Sequence[TierRow]) -> tuple[LeverageCap, ...]:
    """The highest leverage by notional, of the rows that state one."""
    return tuple(LeverageCap(row.up_to, row.max_leverage) for row in rows if row.max_leverage is not None)


def has_maintenance_rates(rows: Sequence[TierRow]) -> bool:
    """Whether the table states maintenance rates at all: some venues publish position limits only."""
    return any(row.maintenance_rate is not None for row in rows)


def initial_rate(row: TierRow) -> Decimal | None:
    """The row's initial rate, else 1 / max_leverage, else None."""
    if row.initial_rate is not None:
        return row.initial_rate
    return None if row.max_leverage is None else ONE / row.max_leverage


def continuous_deductions(rows: Sequence[TierRow]) -> list[Decimal]:
    """The deductions with which the margin is continuous, each tier beginning where the one before it ends."""
    floors = [ZERO, *(row.up_to or ZERO for row in rows[:-1])]
    return derived_deductions(floors, [row.maintenance_rate or ZERO for row in rows])


def first_fault(rows: Sequence[TierRow], deduction: Deduction) -> Fault | None:
    """The first thing wrong with a table: borders, rates, then deductions. None for a sound one."""
    return next(faults(rows, deduction), None)


def faults(
    rows: Sequence[TierRow], deduction: Deduction, *, excerpt: bool = False, by_size: bool = False
) -> Iterator[Fault]:
    """Everything wrong with a table: borders, then rates, then (where these are sound) deductions.

    ``excerpt``: the tiers below the first row may be left out, so that its deduction need not be 0. ``by_size``:
    borders are contracts, so that the margin at a border depends on the price, and given deductions stand as they are.
    """
    shape = [*_border_faults(rows), *_rate_faults(rows)]
    yield from shape or _deduction_faults(rows, deduction, excerpt=excerpt, by_size=by_size)


def _border_faults(rows: Sequence[TierRow]) -> Iterator[Fault]:
    end: Decimal | None = ZERO
    for k, row in enumerate(rows):
        if end is None:
            yield Fault(k - 1, "up_to", "only the last tier may leave out its upper border", "give the border")
        elif row.floor is not None and row.floor != end:
            message = f"the tier begins at {row.floor:f}, the one before it ends at {end:f}"
            yield Fault(k, "floor", message, "begin each tier where the one before it ends")
        elif row.up_to is not None and row.up_to <= end:
            message = f"the tier ends at {row.up_to:f}, where it begins or before: {end:f}"
            yield Fault(k, "up_to", message, "put the tiers in the order of their borders, the smallest first")
        end = row.up_to


def _rate_faults(rows: Sequence[TierRow]) -> Iterator[Fault]:
    stated = has_maintenance_rates(rows)
    maintenance, initial, leverage = ZERO, ZERO, ZERO
    for k, row in enumerate(rows):
        if stated and row.maintenance_rate is None:
            yield Fault(k, "maintenance_rate", "the maintenance rate is missing", "give it on every row or on none")
            continue
        rate, opening = row.maintenance_rate or ZERO, initial_rate(row)
        if rate < maintenance:
            yield Fault(k, "maintenance_rate", _falls("maintenance", maintenance, rate), LOWER_HELP)
        if opening is not None and opening < initial:
            yield _opening_fault(k, row, initial, leverage)
        maintenance, initial, leverage = rate, opening or initial, row.max_leverage or leverage


def _opening_fault(k: int, row: TierRow, initial: Decimal, leverage: Decimal) -> Fault:
    """A tier that asks for less to open than the one before it, in the words of its own column."""
    if row.initial_rate is not None or row.max_leverage is None:
        return Fault(k, "initial_rate", _falls("initial", initial, row.initial_rate or ZERO), LOWER_HELP)
    rise = f", from {_plain(leverage)} to {_plain(row.max_leverage)}" if leverage else ""
    return Fault(k, "max_leverage", f"the highest leverage rises with the tier{rise}", LOWER_HELP)


def _falls(which: str, before: Decimal, rate: Decimal) -> str:
    return f"the {which} rate falls with the tier, from {_percent(before)} to {_percent(rate)}"


def _deduction_faults(
    rows: Sequence[TierRow], deduction: Deduction, *, excerpt: bool, by_size: bool
) -> Iterator[Fault]:
    """Deductions that are missing, or with which the margin jumps at a border by more than their rounding."""
    unit = _last_place(rows)
    floor, rate, before = ZERO, ZERO, ZERO
    for k, row in enumerate(rows):
        above = row.maintenance_rate or ZERO
        due = ZERO if deduction is Deduction.WHOLE else before + floor * (above - rate if k else ZERO)
        before = due
        if row.deduction is None:
            if deduction is Deduction.GIVEN and has_maintenance_rates(rows):
                advice = "give it on every row" if by_size else f"write {_plain(due)}"
                yield Fault(k, "deduction", "the deduction is missing", advice)
        elif by_size or (excerpt and not k) or abs(row.deduction - due) <= _rounding(floor * above - due, unit):
            before = row.deduction
        elif deduction is Deduction.WHOLE:
            message = f"the deduction is {_plain(row.deduction)}, but a whole-position rate has none"
            yield Fault(k, "deduction", message, "write 0")
        else:
            yield Fault(k, "deduction", _jump(row.deduction, due, floor), f"write {_plain(due)}")
        floor, rate = row.up_to or ZERO, above


def _last_place(rows: Sequence[TierRow]) -> Decimal:
    """One unit in the last place that the printed deductions have."""
    exponents = [row.deduction.as_tuple().exponent for row in rows if row.deduction is not None]
    return Decimal((0, (1,), min((one for one in exponents if isinstance(one, int)), default=0)))


def _rounding(margin: Decimal, unit: Decimal) -> Decimal:
    """What a printed deduction may be off: its last place, unless that is much of the margin at the border."""
    return min(unit, ROUNDING_SHARE * abs(margin))


def _jump(printed: Decimal, due: Decimal, floor: Decimal) -> str:
    """What a deduction does to the margin at the border where its tier begins."""
    if not floor:
        return f"the first deduction is {_plain(printed)}, but a margin that begins at 0 has none"
    return (
        f"the margin {'falls' if printed > due else 'rises'} by {_plain(abs(printed - due))} at the border of "
        f"{_plain(floor)}: the deduction is {_plain(printed)}, continuity needs {_plain(due)}"
    )


def haircut_faults(tiers: Sequence[HaircutTier], *, open_end: bool = False) -> Iterator[Fault]:
    """Everything wrong with a haircut schedule: borders rise, haircuts do not fall, only the last tier is open.

    ``open_end``: the last tier must be; otherwise a schedule may end, and nothing is known beyond.
    """
    end: Decimal | None = ZERO
    cut = ZERO
    for k, tier in enumerate(tiers):
        if end is None:
            yield Fault(k - 1, "up_to", "only the last haircut tier may leave out `up_to`", "add `up_to: ...`")
        elif tier.up_to is not None and tier.up_to <= end:
            message = f"haircut tiers must rise: {tier.up_to:f} after {end:f}"
            yield Fault(k, "up_to", message, "put the tiers in the order of `up_to`, the smallest first")
        elif open_end and tier.up_to is not None and k == len(tiers) - 1:
            yield Fault(k, "up_to", "the last haircut tier has no `up_to`", "add a tier for what is beyond it")
        if tier.haircut < cut:
            message = f"a haircut must not fall with the amount: {_percent(tier.haircut)} after {_percent(cut)}"
            yield Fault(k, "haircut", message, HAIRCUT_HELP)
        end, cut = tier.up_to, tier.haircut


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _percent(rate: Decimal) -> str:
    """A rate in percent: all digits of one that is written, eight of one that 1 / leverage makes."""
    scaled = rate * 100
    return f"{_plain(scaled if len(scaled.as_tuple().digits) < 20 else round(scaled, 8))}%"
