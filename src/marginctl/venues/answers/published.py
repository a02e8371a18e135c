"""What venues publish in answers: margin tables of contracts and haircuts of assets, and what is wrong with them."""

from decimal import Decimal

from msgspec import Struct

from marginctl.core.contract import HaircutTier
from marginctl.core.exact import ONE, ZERO
from marginctl.venues.tiers import Fault, TierRow, haircut_faults

NO_LIMIT = Decimal(2**63 - 1)
"""The largest 64-bit number: what answers print where there is no upper border."""
RATE_ROUNDING = Decimal("0.001")
"""How far a printed initial rate may lie from 1 / max_leverage: it is rounded."""
LEVERAGE_CUT = Decimal("0.01")
"""How far, at the most, a printed leverage lies below 1 / initial rate: it is cut to two decimals."""
PERCENT = 10
"""An initial rate that many times 1 / max_leverage is written in percent, not cut or rounded."""


class PublishedTable(Struct, frozen=True, kw_only=True):
    """The margin table of one contract, or of a family of contracts.

    ``family``: ``name`` is how the symbols of its contracts begin. ``fault``: why the table cannot be used as it is.
    """

    name: str
    rows: tuple[TierRow, ...]
    family: bool = False
    fault: str = ""


class PublishedHaircuts(Struct, frozen=True, kw_only=True):
    """The haircuts of one asset; ``debt_factor``: what a unit of debt or of required margin counts, None = unsaid."""

    asset: str
    haircuts: tuple[HaircutTier, ...]
    debt_factor: Decimal | None = None
    fault: str = ""


def border(cap: Decimal) -> Decimal | None:
    """An upper border; None where the number printed stands for no limit."""
    return None if cap >= NO_LIMIT else cap


def haircut_fault(haircuts: tuple[HaircutTier, ...]) -> str:
    """What is wrong with a haircut schedule: a rate outside 0 to 100%, or what the law of tables says against it."""
    for tier in haircuts:
        if not ZERO <= tier.haircut <= ONE:
            return f"a collateral ratio of {ONE - tier.haircut:f} is not between 0 and 1"
    fault = next(haircut_faults(haircuts), None)
    if fault:
        return fault.message
    return "" if haircuts else "it has no tiers"


def rate_fault(rows: tuple[TierRow, ...]) -> Fault | None:
    """The first row whose rates cannot be meant: outside 0 to 1, or a maintenance rate above the initial one."""
    for k, row in enumerate(rows):
        if row.max_leverage is not None and row.max_leverage <= 0:
            return Fault(k, "max_leverage", f"the highest leverage is {row.max_leverage:f}")
        rate = row.maintenance_rate
        if rate is not None and not ZERO <= rate < ONE:
            return Fault(k, "maintenance_rate", f"the maintenance rate is {rate:f}, not a fraction below 1")
        if row.up_to is not None and row.up_to <= 0:
            return Fault(k, "up_to", f"the upper border is {row.up_to:f}")
        if rate is not None and row.max_leverage is not None and rate * row.max_leverage > ONE:
            return Fault(k, "maintenance_rate", f"the maintenance rate {rate:f} is above 1 / {row.max_leverage:f}")
    return None


def printed_rate_fault(initial_rate: Decimal | None, max_leverage: Decimal | None) -> str:
    """Whether a printed initial rate and the highest leverage beside it contradict each other.

    They agree where abs(rate - 1 / leverage) <= 0.001, or abs(1 / rate - leverage) < 0.01; both are compared times
    rate and leverage, without a division.
    """
    if initial_rate is None or max_leverage is None or max_leverage <= 0:
        return ""
    gap = abs(initial_rate * max_leverage - ONE)
    if gap <= RATE_ROUNDING * max_leverage or gap < LEVERAGE_CUT * initial_rate:
        return ""
    percentage = ": it may be a percentage" if initial_rate * max_leverage > PERCENT else ""
    return f"the initial rate {initial_rate:f} is not 1 / {max_leverage:f}{percentage}"
