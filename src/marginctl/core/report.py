"""The finished figures that renderers and limits read: exact, unrounded Decimals in immutable structs.

The field names are the keys of the JSON report; ``core.figures`` has a row for each. ``None`` means unknown or
non-existent, never zero.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from marginctl.core.exact import ZERO

if TYPE_CHECKING:
    from marginctl.core.model_report import PortfolioMargin


class AccountHeader(Struct, frozen=True):
    """Who and under which modes."""

    name: str
    venue: str
    collateral_mode: str
    margin_model: str
    position_mode: str
    currency: str
    as_of: str | None


class Liquidation(Struct, frozen=True):
    """Where all volatile assets moving together liquidate: signed fractions, the nearer one's size and side.

    Already liquidatable: down = up = distance = 0 and no direction.
    """

    down: Decimal | None
    up: Decimal | None
    distance: Decimal | None
    direction: str | None


class AccountLiquidation(Liquidation, frozen=True):
    """The same over all pools, with the name of the pool that goes first."""

    pool: str | None


class Totals(Struct, frozen=True, kw_only=True):
    """Account-wide figures in ``currency``: sums over the pools, then those of the worst cross pool.

    ``other``: what rows taken as given are worth; ``bonus``: what of the equity is the venue's; ``own_equity``: what is
    not. None where there is none, and then no key of the document.
    """

    shape: ClassVar[str] = (
        "equity other? bonus? own_equity? gross_collateral unrealized_pnl haircut initial_margin order_margin "
        "maintenance_margin gross_notional net_notional leverage free_collateral buffer utilization maintenance_ratio "
        "worst_pool liquidatable state"
    )

    equity: Decimal
    gross_collateral: Decimal
    unrealized_pnl: Decimal
    haircut: Decimal
    initial_margin: Decimal
    order_margin: Decimal
    maintenance_margin: Decimal
    gross_notional: Decimal
    net_notional: Decimal
    leverage: Decimal | None
    free_collateral: Decimal
    buffer: Decimal
    utilization: Decimal | None
    maintenance_ratio: Decimal | None
    worst_pool: str
    liquidatable: bool
    state: str
    other: Decimal | None = None
    bonus: Decimal | None = None
    own_equity: Decimal | None = None


class PoolFigures(Struct, frozen=True, kw_only=True):
    """What stands and falls together."""

    name: str
    margin_mode: str
    equity: Decimal
    initial_margin: Decimal
    order_margin: Decimal
    maintenance_margin: Decimal
    free_collateral: Decimal
    buffer: Decimal
    utilization: Decimal | None
    maintenance_ratio: Decimal | None
    liquidatable: bool
    liquidation: Liquidation


class PositionFigures(Struct, frozen=True, kw_only=True):
    """One position after merging; margins are stand-alone, money in ``currency``, prices quote per base."""

    symbol: str
    side: str
    quantity: Decimal
    entry_price: Decimal
    mark_price: Decimal
    notional: Decimal
    unrealized_pnl: Decimal
    leverage: Decimal | None
    initial_rate: Decimal | None
    initial_margin: Decimal | None
    maintenance_rate: Decimal | None
    maintenance_deduction: Decimal | None
    tier: int | None
    maintenance_margin: Decimal | None
    margin_mode: str
    pool: str
    liquidation_price: Decimal | None
    liquidation_side: str | None
    distance_to_liquidation: Decimal | None
    contract_liquidation_price: Decimal | None
    bankruptcy_price: Decimal | None
    funding_per_day: Decimal | None
    purpose: str | None
    key: str
    contract_liquidation_side: str | None = None
    expiry: str | None = None
    basis: Decimal = ZERO


class CollateralFigures(Struct, frozen=True, kw_only=True):
    """One asset in one pool: the first three in units of the asset, ``value`` in ``currency``.

    ``next_unit``: what one more unit would add to the value; it is not in the report's document. ``bonus``: the part of
    the balance that the venue gave, None where it gave none.
    """

    shape: ClassVar[str] = "asset pool balance bonus? unrealized_pnl equity price haircut value"

    asset: str
    pool: str
    balance: Decimal
    unrealized_pnl: Decimal
    equity: Decimal
    price: Decimal
    haircut: Decimal
    value: Decimal
    next_unit: Decimal = ZERO
    bonus: Decimal | None = None


class OtherFigures(Struct, frozen=True, kw_only=True):
    """A row that is taken as given: its value and margins in ``currency``, what it is long of each asset in units."""

    shape: ClassVar[str] = "name pool value delta initial_margin maintenance_margin"

    name: str
    pool: str
    value: Decimal
    delta: dict[str, Decimal]
    initial_margin: Decimal
    maintenance_margin: Decimal
    number: int


class UnderlyingFigures(Struct, frozen=True, kw_only=True):
    """One volatile asset in one pool: delta in units, notionals in ``currency``, its price and where it liquidates.

    down, up: the signed moves of the asset alone that liquidate, then the prices that it has there.
    """

    asset: str
    pool: str
    delta: Decimal
    net_notional: Decimal
    gross_notional: Decimal
    price: Decimal
    down: Decimal | None
    up: Decimal | None
    liquidation_down: Decimal | None
    liquidation_up: Decimal | None
    distance: Decimal | None


class MaintenanceNetting(Struct, frozen=True, kw_only=True):
    """Maintenance margin before and after netting, without loans; gross None where a position's rates are unknown."""

    gross_maintenance_margin: Decimal | None
    maintenance_margin: Decimal
    saving: Decimal | None
    saving_rate: Decimal | None


class NettingFigures(Struct, frozen=True, kw_only=True):
    """Initial margin before and after netting; ``saving_rate`` = saving / gross (0 without margin)."""

    gross_initial_margin: Decimal | None
    initial_margin: Decimal
    saving: Decimal | None
    saving_rate: Decimal | None
    maintenance: MaintenanceNetting


class FundingFigures(Struct, frozen=True, kw_only=True):
    """per_day: received (+) or paid (-) in ``currency``, of the positions with a rate; runway_days with prices flat."""

    per_day: Decimal
    runway_days: Decimal | None
    missing: tuple[str, ...]


class RulesUsed(Struct, frozen=True, kw_only=True):
    """The rule set behind the figures."""

    venue: str
    as_of: str | None
    status: str
    sources: tuple[str, ...]


class Report(Struct, frozen=True, kw_only=True):
    """Everything that was computed about one account; ``other``: what it took as given."""

    shape: ClassVar[str] = (
        "account totals liquidation pools positions collateral other? underlyings netting funding portfolio_margin"
    )

    account: AccountHeader
    totals: Totals
    liquidation: AccountLiquidation
    pools: tuple[PoolFigures, ...]
    positions: tuple[PositionFigures, ...]
    collateral: tuple[CollateralFigures, ...]
    underlyings: tuple[UnderlyingFigures, ...]
    netting: NettingFigures
    funding: FundingFigures
    portfolio_margin: "tuple[PortfolioMargin, ...]" = ()
    other: tuple[OtherFigures, ...] = ()
