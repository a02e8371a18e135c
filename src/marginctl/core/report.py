"""The finished figures that renderers and limits read: exact, unrounded Decimals in immutable structs.

The field names are the keys of the JSON report; ``core.figures`` has a row for each, ``formulas`` of the class says how
it follows, in the language of ``core.formulas``. ``None`` means unknown or non-existent, never zero.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from marginctl.core.exact import ZERO

if TYPE_CHECKING:
    from marginctl.core.model_report import PortfolioMargin

_POOLED = ("equity", "initial_margin", "order_margin", "maintenance_margin")
UNITS = "quantity x contract.contract_size"
VALUE = f"linear: {UNITS} x {{0}} x settle_price or inverse: {UNITS} x settle_price / {{0}}"
_GAIN = f"{UNITS} x (exposure x ({{0}})) x settle_price"
_MARGIN = "terms.requirement_factor x ({0} + {1}_fee)"
_GROWN = "given.{0}_rate + given.{0}_growth x base_size or given.{0}_rate + given.{0}_growth x entry_size"
_MOVED = "base: mark_price x (1 + {0}) or quote: mark_price / (1 + {0})"


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

    formulas: ClassVar[dict[str, str]] = {
        "down": "fall",
        "up": "rise",
        "distance": "the_size_of_the_nearer_of(down, up)",
        "direction": "the_nearer_of(down, up)",
    }


class AccountLiquidation(Liquidation, frozen=True):
    """The same over all pools, with the name of the pool that goes first."""

    pool: str | None

    formulas: ClassVar[dict[str, str]] = {
        "down": "the_nearest_of(pools.down)",
        "up": "the_nearest_of(pools.up)",
        "pool": "the_smallest_of(pools.distance)",
    }


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

    formulas: ClassVar[dict[str, str]] = {
        **{name: f"sum(pools.{name})" for name in _POOLED},
        **{name: f"worst.{name}" for name in ("buffer", "maintenance_ratio")},
        "free_collateral": "worst.free_collateral or sum(shared.free_collateral)",
        "utilization": "worst.utilization or "
        "(sum(shared.initial_margin) + sum(shared.order_margin)) / sum(shared.equity)",
        "unrealized_pnl": "sum(positions.unrealized_pnl)",
        "gross_notional": "sum(positions.notional)",
        "net_notional": "sum(positions.side x positions.notional)",
        "gross_collateral": "sum(collateral.gross_value)",
        "haircut": "gross_collateral + unrealized_pnl + other - equity",
        "other": "sum(others.value)",
        "bonus": "says('the bonus of each asset, less what every losing position in it loses, as far as it counts', "
        "granted.bonus)",
        "own_equity": "equity - bonus",
        "leverage": "gross_notional / equity",
        "worst_pool": "says('highest maintenance_ratio (none being the worst), then utilization, then the least "
        "buffer', competing.maintenance_ratio, competing.utilization, competing.buffer)",
        "liquidatable": "any_of(pools.liquidatable)",
        "state": 'says("liquidation where a pool is liquidatable, margin-call where it is called for margin, '
        'restricted where the free collateral of a cross pool is negative, else healthy", '
        "pools.liquidatable, shared.free_collateral)",
    }


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

    formulas: ClassVar[dict[str, str]] = {
        "equity": "sum(collateral.value) + sum(others.value)",
        "initial_margin": "sum(initial_parts) + sum(others.initial_margin)",
        "order_margin": "sum(orders.margin)",
        "maintenance_margin": "sum(maintenance_parts) + sum(orders.maintenance_margin) + sum(debts.loan_margin) "
        "+ sum(others.maintenance_margin)",
        "free_collateral": "equity - initial_margin - order_margin",
        "buffer": "equity - level x maintenance_margin",
        "utilization": "(initial_margin + order_margin) / equity",
        "maintenance_ratio": "level x maintenance_margin / equity",
        "liquidatable": "liquidated: equity <= level x maintenance_margin and maintenance_margin > 0 "
        "or equity < level x maintenance_margin and maintenance_margin > 0",
    }


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

    formulas: ClassVar[dict[str, str]] = {
        "quantity": "linear: given.notional / (contract.contract_size x mark_price) "
        "or inverse: given.notional / contract.contract_size",
        "mark_price": "mark",
        "notional": VALUE.format("mark_price"),
        "unrealized_pnl": "linear: "
        + _GAIN.format("mark_price - entry_price")
        + " or inverse: "
        + _GAIN.format("1 / mark_price - 1 / entry_price"),
        "leverage": "1 / initial_rate",
        "initial_rate": f"given.initial_rate or {_GROWN.format('initial')} "
        "or given.initial_margin x settle_price / initial_basis or max(1 / given.leverage, initial_tier.initial_rate)",
        "initial_margin": "terms.requirement_factor x given.initial_margin x settle_price or "
        + _MARGIN.format("initial_basis x initial_rate", "initial"),
        "maintenance_rate": f"given.maintenance_rate or {_GROWN.format('maintenance')} "
        "or maintenance_tier.maintenance_rate",
        "maintenance_deduction": "maintenance_tier.deduction x settle_price "
        "or given.maintenance_deduction x settle_price",
        "tier": "maintenance_tier.tier or given.maintenance_rate",
        "maintenance_margin": _MARGIN.format("max(0, maintenance_basis x maintenance_rate - deduction)", "maintenance"),
        "funding_per_day": "-side x notional x given.funding_rate x 24 / given.funding_interval",
        "distance_to_liquidation": "abs(liquidation_price - mark_price) / mark_price",
        "basis": "mark_price x quote_price / base_price - 1 or mark_price / base_price - 1",
        "liquidation_price": _MOVED.format("move"),
        "liquidation_side": "says('the side of the mark to which the move leads', move)",
        "bankruptcy_price": _MOVED.format("bankruptcy_move"),
        "contract_liquidation_price": "alone: liquidation_price or mark_price x (1 + contract_move) "
        "or crossing + contract.tick_size or crossing - contract.tick_size or mark_price",
        "contract_liquidation_side": "says('the side of the mark to which the move leads', contract_move)",
    }


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

    formulas: ClassVar[dict[str, str]] = {
        "balance": "held - sum(set_aside.isolated_margin)",
        "unrealized_pnl": "sum(settled.unrealized_pnl) / unit_price",
        "equity": "balance + unrealized_pnl",
        "price": "current_price",
        "haircut": "1 - value / (equity x price)",
        "value": "debt: terms.liability_factor x equity x unit_price "
        "or one: equity x unit_price x (1 - rate) "
        "or sum((slices.top - slices.floor) x (1 - slices.haircut)) x unit_price",
    }


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

    formulas: ClassVar[dict[str, str]] = {
        "delta": "held + sum(traded.side x traded.size) + sum(others.delta) + sum(followers.size)",
        "net_notional": "sum(on_it.side x on_it.notional)",
        "gross_notional": "sum(on_it.notional)",
        "price": "current_price",
        "down": "fall",
        "up": "rise",
        "liquidation_down": "price x (1 + fall)",
        "liquidation_up": "price x (1 + rise)",
        "distance": "the_size_of_the_nearer_of(fall, rise)",
    }


class MaintenanceNetting(Struct, frozen=True, kw_only=True):
    """Maintenance margin before and after netting, without loans; gross None where a position's rates are unknown."""

    gross_maintenance_margin: Decimal | None
    maintenance_margin: Decimal
    saving: Decimal | None
    saving_rate: Decimal | None

    formulas: ClassVar[dict[str, str]] = {
        "gross_maintenance_margin": "sum(positions.maintenance_margin)",
        "maintenance_margin": "sum(pools.maintenance_parts)",
        "saving": "gross_maintenance_margin - maintenance_margin",
        "saving_rate": "saving / gross_maintenance_margin",
    }


class NettingFigures(Struct, frozen=True, kw_only=True):
    """Initial margin before and after netting; ``saving_rate`` = saving / gross (0 without margin)."""

    gross_initial_margin: Decimal | None
    initial_margin: Decimal
    saving: Decimal | None
    saving_rate: Decimal | None
    maintenance: MaintenanceNetting

    formulas: ClassVar[dict[str, str]] = {
        "gross_initial_margin": "sum(positions.initial_margin)",
        "initial_margin": "sum(pools.initial_parts)",
        "saving": "gross_initial_margin - initial_margin",
        "saving_rate": "saving / gross_initial_margin",
    }


class FundingFigures(Struct, frozen=True, kw_only=True):
    """per_day: received (+) or paid (-) in ``currency``, of the positions with a rate; runway_days with prices flat."""

    per_day: Decimal
    runway_days: Decimal | None
    missing: tuple[str, ...]

    formulas: ClassVar[dict[str, str]] = {
        "per_day": "sum(paying.funding_per_day)",
        "runway_days": "the_first_of(runways) or says('unknown', missing)",
        "missing": "says('the positions without a funding_rate', inputs.funding_rate)",
    }


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
