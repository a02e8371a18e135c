"""An account as the engine takes it: resolved, complete, immutable. Nothing is looked up or assumed after this."""

from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from marginctl.core.contract import Contract, HaircutTier
from marginctl.core.exact import ONE, ZERO
from marginctl.core.opaque import OpaqueRow

if TYPE_CHECKING:
    from marginctl.core.model import ModelTerms

STABLECOINS = frozenset({"USDT", "USDC", "FDUSD", "DAI", "TUSD", "USDE", "PYUSD", "BUSD"})
FIAT_CURRENCIES = frozenset({"USD", "EUR", "GBP", "JPY", "CHF", "AUD", "CAD", "NZD", "TRY", "BRL"})


class Netting(Enum):
    """How opposite requirements combine.

    NONE: both; LARGER_LEG: the dearer one; NET: that of the net quantity; HEDGED_FEES: both, but what the other leg
    hedges of a leg needs twice its fee to close instead of a maintenance margin, and that beside its initial margin.
    """

    NONE = "none"
    LARGER_LEG = "larger-leg"
    NET = "net"
    HEDGED_FEES = "hedged-fees"


class Basis(Enum):
    """The price a margin is taken on."""

    MARK = "mark"
    ENTRY = "entry"


class CloseFee(Enum):
    """The fee to close as a part of the initial and the maintenance margin.

    NONE; MARK: taker_fee * notional at mark; BANKRUPTCY: taker_fee * notional at the bankruptcy price of the bare
    position, entry notional * (1 - s / leverage) for linear, * (1 + s / leverage) for inverse contracts (s = side); 0
    where that is not above 0, as with a long below leverage 1: no fall makes it bankrupt.
    """

    NONE = "none"
    MARK = "mark"
    BANKRUPTCY = "bankruptcy"


class CloseFeeIn(Enum):
    """Which margins the fee to close is part of."""

    MAINTENANCE = "maintenance"
    INITIAL_AND_MAINTENANCE = "initial-and-maintenance"


class Equality(Enum):
    """Whether equity exactly at the level counts as liquidated."""

    SAFE = "safe"
    LIQUIDATED = "liquidated"


class OpenLoss(Enum):
    """Whether an order that would open at a loss against the mark adds that loss to its margin."""

    NONE = "none"
    MARGIN = "margin"


class OrderFees(Enum):
    """The fees that are part of the margins of an order that would open.

    NONE; OPEN_AND_CLOSE: taker_fee * value at its price, and taker_fee * value * (1 - s / leverage) for linear,
    * (1 + s / leverage) for inverse contracts (s = side), the value at the bankruptcy price of what it would open.
    """

    NONE = "none"
    OPEN_AND_CLOSE = "open-and-close"


class OrderMaintenance(Enum):
    """Whether resting orders add to the maintenance margin, as they add to the initial one."""

    NONE = "none"
    MARGIN = "margin"


class PriceShown(Enum):
    """The liquidation price on a venue's screen: the crossing itself, or the crossing one tick nearer to the mark."""

    CROSSING = "crossing"
    ONE_TICK_TOWARD_MARK = "one-tick-toward-mark"


class MaintenanceShown(Enum):
    """The maintenance margin that a venue shows: what liquidates, or that without the fee to close."""

    WHOLE = "whole"
    WITHOUT_CLOSE_FEE = "without-close-fee"


class CollateralMode(Enum):
    """single-asset: one cross pool per asset; multi-asset: one cross pool for everything."""

    SINGLE_ASSET = "single-asset"
    MULTI_ASSET = "multi-asset"


class PositionMode(Enum):
    """one-way: a contract has one side; hedge: it may have a long and a short leg."""

    ONE_WAY = "one-way"
    HEDGE = "hedge"


class MarginMode(Enum):
    """cross: secured by the pool; isolated: a pool of its own."""

    CROSS = "cross"
    ISOLATED = "isolated"


class Purpose(Enum):
    """Why a position is held, as its owner states it."""

    SPECULATIVE = "speculative"
    HEDGE = "hedge"


class MarginRules(Struct, frozen=True, kw_only=True):
    """The closed set of choices in which venues differ; every bundled rule set states each of them.

    level: liquidated when equity < level * maintenance margin (<= with ``equality`` LIQUIDATED).
    warning_level: the venue warns when equity <= warning_level * maintenance margin; None = it does not.
    """

    level: Decimal = ONE
    equality: Equality = Equality.SAFE
    netting: Netting = Netting.NET
    underlying_netting: Netting = Netting.NONE
    initial_basis: Basis = Basis.MARK
    maintenance_basis: Basis = Basis.MARK
    close_fee: CloseFee = CloseFee.NONE
    close_fee_in: CloseFeeIn = CloseFeeIn.INITIAL_AND_MAINTENANCE
    open_loss: OpenLoss = OpenLoss.NONE
    order_fees: OrderFees = OrderFees.NONE
    order_maintenance: OrderMaintenance = OrderMaintenance.NONE
    warning_level: Decimal | None = None
    shown_liquidation_price: PriceShown = PriceShown.CROSSING
    shown_maintenance: MaintenanceShown = MaintenanceShown.WHOLE

    @property
    def needs_taker_fee(self) -> bool:
        """Whether the fee to close is part of the margins of positions."""
        return self.close_fee is not CloseFee.NONE


class AssetTerms(Struct, frozen=True):
    """How an asset counts in a multi-asset pool.

    haircuts: marginal schedule; liability_factor: what a unit of debt counts (1 = in full);
    requirement_factor: what a unit of margin required in this asset counts; loan_rate: maintenance on debt.
    """

    haircuts: tuple[HaircutTier, ...] = (HaircutTier(None, ZERO),)
    liability_factor: Decimal = ONE
    requirement_factor: Decimal = ONE
    loan_rate: Decimal = ZERO


class Position(Struct, frozen=True):
    """One position after merging. ``side`` is +1 long, -1 short; ``quantity`` > 0 contracts; prices are quote per base.

    Exactly one of initial_rate, leverage, initial_margin may be set; with none the contract's tiers give the rate.
    initial_margin, maintenance_deduction, isolated_margin are amounts of the settle asset. initial_growth,
    maintenance_growth: what its own rate grows by with every unit of the base that it holds.
    """

    shape: ClassVar[str] = "position=key symbol=contract.symbol side quantity"

    key: str
    contract: Contract
    side: int
    quantity: Decimal
    entry_price: Decimal
    mark_price: Decimal
    initial_rate: Decimal | None = None
    leverage: Decimal | None = None
    initial_margin: Decimal | None = None
    maintenance_rate: Decimal | None = None
    maintenance_deduction: Decimal = ZERO
    initial_growth: Decimal = ZERO
    maintenance_growth: Decimal = ZERO
    margin_mode: MarginMode = MarginMode.CROSS
    isolated_margin: Decimal | None = None
    funding_rate: Decimal | None = None
    funding_interval: Decimal = Decimal(8)
    taker_fee: Decimal = ZERO
    purpose: Purpose | None = None

    @property
    def has_rates(self) -> bool:
        """Whether its margins alone are known: a maintenance rate, and what the initial margin follows from."""
        return self.has_initial and (self.maintenance_rate is not None or bool(self.contract.tiers))

    @property
    def has_initial(self) -> bool:
        """Whether its initial margin is known: of its own, or of every tier."""
        tiers = self.contract.tiers
        return self.states_initial or (bool(tiers) and all(tier.initial_rate is not None for tier in tiers))

    @property
    def set_aside(self) -> Decimal:
        """What of its settle asset is its own: the isolated margin, nothing of one in a shared pool."""
        return self.isolated_margin or ZERO

    @property
    def states_initial(self) -> bool:
        """Whether its initial margin is its own: a leverage, a rate or an amount, not that of a tier."""
        return any(one is not None for one in (self.initial_rate, self.leverage, self.initial_margin))

    @property
    def is_isolated(self) -> bool:
        """Whether a margin of its own secures it, instead of a pool that it shares."""
        return self.isolated_margin is not None


class Order(Struct, frozen=True):
    """An open order. ``side`` is +1 buy, -1 sell; ``position_side`` only in hedge mode.

    leverage, initial_rate, maintenance_rate: its own, where the account has no position whose rates count for it.
    """

    contract: Contract
    side: int
    quantity: Decimal
    price: Decimal
    mark_price: Decimal
    leverage: Decimal | None = None
    initial_rate: Decimal | None = None
    reduce_only: bool = False
    position_side: int | None = None
    maintenance_rate: Decimal | None = None
    taker_fee: Decimal = ZERO


class Account(Struct, frozen=True, kw_only=True):
    """Everything the engine needs. ``prices`` are in ``currency`` per unit; ``balances`` include isolated margins.

    ``isolated_rules`` replace ``rules`` in isolated pools where the venue's differ. ``model``: what cross pools need as
    a whole, None = what their contracts' tiers ask; ``watched``: a history that a limit alone looks at. ``follows``:
    the asset that another one moves with (staked ETH with ETH), never one that follows itself; ``dollars``: stablecoins
    beyond ``STABLECOINS``. ``others``: rows that are taken as given. ``bonus``: the part of a balance that is the
    venue's, by asset: it is margin like the rest, is lost first and never withdrawn. ``margin_call``: what part of
    equity a pool's maintenance margin may be before it is warned, beside the venue's own level; None = any.
    ``start_of_day_equity``: as it is given.
    """

    name: str
    venue: str
    currency: str
    collateral_mode: CollateralMode
    position_mode: PositionMode
    rules: MarginRules
    prices: dict[str, Decimal]
    betas: dict[str, Decimal]
    balances: dict[str, Decimal]
    terms: dict[str, AssetTerms]
    positions: tuple[Position, ...]
    orders: tuple[Order, ...] = ()
    as_of: str | None = None
    isolated_rules: MarginRules | None = None
    model: "ModelTerms | None" = None
    watched: "ModelTerms | None" = None
    follows: dict[str, str] = {}
    dollars: frozenset[str] = frozenset()
    others: tuple[OpaqueRow, ...] = ()
    bonus: dict[str, Decimal] = {}
    margin_call: Decimal | None = None
    start_of_day_equity: Decimal | None = None

    @property
    def margin_model(self) -> str:
        """What cross pools need: ``tiered`` without a model of the whole."""
        return "tiered" if self.model is None else self.model.model.value

    def is_volatile(self, asset: str) -> bool:
        """Whether the asset's price can move against the account's currency beyond a stablecoin's peg."""
        led = self.follows.get(asset, asset)
        return led != self.currency and led not in STABLECOINS and led not in self.dollars

    def drifts(self, asset: str) -> bool:
        """Whether it is one of "all others" in a scenario: neither a stablecoin nor a fiat currency."""
        return self.is_volatile(asset) and bool(default_beta(self.follows.get(asset, asset)))

    def underlying(self, asset: str) -> str:
        """The asset whose price moves this one: the one it follows, where the account has that and it can move."""
        led = self.follows.get(asset, asset)
        return led if led in self.prices and led != self.currency else asset

    def moving_with(self, asset: str) -> tuple[str, ...]:
        """What moves when the asset does: itself, and what follows it."""
        return (asset, *(one for one, led in self.follows.items() if led == asset))


def default_beta(asset: str) -> Decimal:
    """How far an asset moves when "all move together": 1; stablecoins and fiat currencies 0."""
    return ZERO if asset in STABLECOINS or asset in FIAT_CURRENCIES else ONE
