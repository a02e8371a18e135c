"""Contracts, tier tables and haircut schedules: what a venue publishes, as data and as curves."""

from decimal import Decimal
from enum import Enum

from msgspec import Struct

from marginctl.core.exact import ONE, ZERO, at_most
from marginctl.core.piecewise import Curve

LONG = 1
SHORT = -1
SIDES = {"long": LONG, "short": SHORT}

STEP = Decimal("1e-8")
"""Of coins, and of contracts whose own step is not known."""


def side_word(side: int) -> str:
    """``long`` or ``short``."""
    return "long" if side == LONG else "short"


class ContractType(Enum):
    """Linear contracts settle in their quote asset, inverse ones in their base asset, quantos in a third one.

    A quanto pays a fixed amount of that asset for a move of its price by 1, whatever the quote is worth in it.
    """

    LINEAR = "linear"
    INVERSE = "inverse"
    QUANTO = "quanto"


class TiersBy(Enum):
    """What selects a tier: notional in the settle asset (moves with the price) or the quantity (does not)."""

    NOTIONAL = "notional"
    QUANTITY = "quantity"


class Tier(Struct, frozen=True, gc=False):
    """One row of a tier table; ``up_to`` inclusive, None = no limit.

    maintenance margin = notional * maintenance_rate - deduction, in the settle asset.
    """

    up_to: Decimal | None
    maintenance_rate: Decimal
    deduction: Decimal
    initial_rate: Decimal | None = None


class HaircutTier(Struct, frozen=True, gc=False):
    """One row of a haircut schedule: marginal, by amount of the asset, ``up_to`` inclusive, None = no limit."""

    up_to: Decimal | None
    haircut: Decimal


class Contract(Struct, frozen=True):
    """A futures contract. contract_size: base units per contract (linear), quote units per contract (inverse).

    Of a quanto: units of ``third``, in which it settles, per contract for a price that moves by 1.

    ``lot``: the smallest step of a quantity, in contracts, None = not stated; ``expiry``: its last day, None = none.
    tick_size: the step of its price, quote per base; None where it is not known.
    """

    symbol: str
    type: ContractType
    base: str
    quote: str
    contract_size: Decimal = ONE
    tiers: tuple[Tier, ...] = ()
    tiers_by: TiersBy = TiersBy.NOTIONAL
    lot: Decimal | None = None
    expiry: str | None = None
    tick_size: Decimal | None = None
    third: str = ""

    @property
    def step(self) -> Decimal | None:
        """What quantities are whole multiples of: the lot, else 1 where a contract is not one unit of the base."""
        whole = self.type is ContractType.INVERSE or self.contract_size != ONE
        return self.lot or (ONE if whole else None)

    @property
    def sizing_step(self) -> Decimal:
        """The step of a quantity that is worked out: ``step``, else ``STEP``."""
        return self.step or STEP

    @property
    def settle(self) -> str:
        """The asset in which profit, loss and margins are paid."""
        if self.type is ContractType.QUANTO:
            return self.third
        return self.quote if self.type is ContractType.LINEAR else self.base

    @property
    def driver(self) -> str:
        """The asset whose price moves the notional, measured in currency: the one that is not the settle asset.

        Of a quanto the base; its settle asset and its quote move it as well.
        """
        return self.quote if self.type is ContractType.INVERSE else self.base

    def tier_index(self, notional: Decimal, quantity: Decimal) -> int:
        """The row for a position (notional in the settle asset); the number of rows when it is beyond the last one."""
        measure = notional if self.tiers_by is TiersBy.NOTIONAL else quantity
        for k, tier in enumerate(self.tiers):
            if tier.up_to is None or at_most(measure, tier.up_to):
                return k
        return len(self.tiers)


def derived_deductions(floors: list[Decimal], rates: list[Decimal]) -> list[Decimal]:
    """deduction_1 = 0, deduction_k = deduction_(k-1) + floor_k * (rate_k - rate_(k-1)): the margin is continuous."""
    deductions = [ZERO]
    for k in range(1, len(rates)):
        deductions.append(deductions[-1] + floors[k] * (rates[k] - rates[k - 1]))
    return deductions


def maintenance_curve(tiers: tuple[Tier, ...]) -> Curve:
    """max(0, notional * rate - deduction) by tier, for notional >= 0; beyond the last bounded tier its line goes on."""
    borders: list[Decimal] = []
    slopes: list[Decimal] = []
    intercepts: list[Decimal] = []
    floor = ZERO
    last = len(tiers) - 1
    for k, tier in enumerate(tiers):
        if tier.deduction > tier.maintenance_rate * floor:
            zero_until = tier.deduction / tier.maintenance_rate if tier.maintenance_rate else None
            slopes.append(ZERO)
            intercepts.append(ZERO)
            if k < last and tier.up_to is not None and (zero_until is None or zero_until >= tier.up_to):
                borders.append(tier.up_to)
                floor = tier.up_to
                continue
            if zero_until is None:
                break
            borders.append(zero_until)
        slopes.append(tier.maintenance_rate)
        intercepts.append(-tier.deduction)
        if k < last and tier.up_to is not None:
            borders.append(tier.up_to)
            floor = tier.up_to
    return Curve(tuple(borders), tuple(slopes), tuple(intercepts))


def initial_curve(tiers: tuple[Tier, ...], least_rate: Decimal) -> Curve:
    """notional * max(least_rate, the tier's initial rate): the rate counts on the whole notional."""
    rates = [max(least_rate, tier.initial_rate or ZERO) for tier in tiers] or [least_rate]
    borders = tuple(tier.up_to for tier in tiers[:-1] if tier.up_to is not None)
    return Curve(borders, tuple(rates), (ZERO,) * len(rates))


def collateral_curve(haircuts: tuple[HaircutTier, ...], liability_factor: Decimal) -> Curve:
    """Value of x units at price 1: a debt (x < 0) times ``liability_factor``, else the marginal haircuts."""
    borders = [ZERO]
    slopes = [liability_factor]
    intercepts = [ZERO]
    for k, tier in enumerate(haircuts):
        slope = ONE - tier.haircut
        intercepts.append(intercepts[-1] + (slopes[-1] - slope) * borders[-1] if k else ZERO)
        slopes.append(slope)
        if tier.up_to is not None and k < len(haircuts) - 1:
            borders.append(tier.up_to)
    return Curve(tuple(borders), tuple(slopes), tuple(intercepts))


def loan_curve(loan_rate: Decimal) -> Curve:
    """Maintenance on debt: loan_rate * max(0, -x)."""
    return Curve((ZERO,), (-loan_rate, ZERO), (ZERO, ZERO))
