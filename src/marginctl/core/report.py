"""The finished figures that renderers and limits read: exact, unrounded Decimals in immutable structs.

The field names are the keys of the JSON report. ``FIGURES`` says for every figure how it is rounded when it is shown;
``rounded_report`` applies it. ``None`` means unknown or non-existent, never zero.
"""

from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import asdict

from marginctl.core.exact import Direction, rounded, rounded_price


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
    """Account-wide figures in ``currency``: sums over the pools, then those of the worst cross pool."""

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
    initial_rate: Decimal
    initial_margin: Decimal
    maintenance_rate: Decimal
    maintenance_deduction: Decimal
    tier: int | None
    maintenance_margin: Decimal
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


class CollateralFigures(Struct, frozen=True, kw_only=True):
    """One asset in one pool: the first three in units of the asset, ``value`` in ``currency``."""

    asset: str
    pool: str
    balance: Decimal
    unrealized_pnl: Decimal
    equity: Decimal
    price: Decimal
    haircut: Decimal
    value: Decimal


class UnderlyingFigures(Struct, frozen=True, kw_only=True):
    """One volatile asset in one pool: delta in units, notionals in ``currency``, liquidation prices of the asset."""

    asset: str
    pool: str
    delta: Decimal
    net_notional: Decimal
    gross_notional: Decimal
    liquidation_down: Decimal | None
    liquidation_up: Decimal | None
    distance: Decimal | None


class MaintenanceNetting(Struct, frozen=True, kw_only=True):
    """Maintenance margin before and after netting, without loans."""

    gross_maintenance_margin: Decimal
    maintenance_margin: Decimal
    saving: Decimal
    saving_rate: Decimal | None


class NettingFigures(Struct, frozen=True, kw_only=True):
    """Initial margin before and after netting; ``saving_rate`` = saving / gross (0 without margin)."""

    gross_initial_margin: Decimal
    initial_margin: Decimal
    saving: Decimal
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
    """Everything that was computed about one account."""

    account: AccountHeader
    totals: Totals
    liquidation: AccountLiquidation
    pools: tuple[PoolFigures, ...]
    positions: tuple[PositionFigures, ...]
    collateral: tuple[CollateralFigures, ...]
    underlyings: tuple[UnderlyingFigures, ...]
    netting: NettingFigures
    funding: FundingFigures


class Figure(NamedTuple):
    """A figure: its kind (money, price, ratio, days, units), the direction of its rounding, and how it follows.

    ``formula`` is in names of figures of the same row, and of ``level``; empty where a figure depends on the contract.
    """

    kind: str
    direction: Direction
    formula: str = ""


_UP, _DOWN, _IN, _NEAR = Direction.UP, Direction.DOWN, Direction.TOWARD_ZERO, Direction.NEAREST
PLACES = {"money": 8, "ratio": 10, "days": 10, "units": 8}
AS_GIVEN = frozenset({"quantity", "entry_price", "balance"})
GIVEN_DIGITS = 60
"""What the user may write; figures with more come from a merge or a conversion and are rounded."""

FIGURES: dict[str, Figure] = {
    "equity": Figure("money", _DOWN),
    "gross_collateral": Figure("money", _DOWN),
    "unrealized_pnl": Figure("money", _DOWN),
    "haircut": Figure("money", _UP, "gross_collateral + unrealized_pnl - equity"),
    "initial_margin": Figure("money", _UP),
    "gross_initial_margin": Figure("money", _UP),
    "order_margin": Figure("money", _UP),
    "maintenance_margin": Figure("money", _UP),
    "gross_maintenance_margin": Figure("money", _UP),
    "gross_notional": Figure("money", _UP),
    "net_notional": Figure("money", _NEAR),
    "notional": Figure("money", _UP),
    "leverage": Figure("ratio", _UP, "gross_notional / equity"),
    "free_collateral": Figure("money", _DOWN, "equity - initial_margin - order_margin"),
    "buffer": Figure("money", _DOWN, "equity - level x maintenance_margin"),
    "utilization": Figure("ratio", _UP, "(initial_margin + order_margin) / equity"),
    "maintenance_ratio": Figure("ratio", _UP, "level x maintenance_margin / equity"),
    "down": Figure("ratio", _IN),
    "up": Figure("ratio", _IN),
    "distance": Figure("ratio", _IN),
    "quantity": Figure("units", _NEAR),
    "entry_price": Figure("price", _NEAR),
    "balance": Figure("units", _NEAR),
    "mark_price": Figure("price", _NEAR),
    "initial_rate": Figure("ratio", _UP),
    "maintenance_rate": Figure("ratio", _UP),
    "maintenance_deduction": Figure("money", _DOWN),
    "liquidation_price": Figure("price", _UP),
    "contract_liquidation_price": Figure("price", _UP),
    "bankruptcy_price": Figure("price", _UP),
    "liquidation_down": Figure("price", _UP),
    "liquidation_up": Figure("price", _DOWN),
    "distance_to_liquidation": Figure("ratio", _IN),
    "funding_per_day": Figure("money", _DOWN),
    "per_day": Figure("money", _DOWN),
    "runway_days": Figure("days", _DOWN),
    "price": Figure("price", _NEAR),
    "value": Figure("money", _DOWN),
    "delta": Figure("units", _NEAR),
    "saving": Figure("money", _DOWN),
    "saving_rate": Figure("ratio", _NEAR),
}
"""Rounding by name (one name, one idea): requirements up, what is there down, distances toward zero.

Prices of one position turn toward its mark instead (``rounded_report``); in ``collateral`` ``haircut`` is a rate.
"""


def rounded_report(report: Report) -> dict[str, Any]:
    """The report as plain dicts, lists and rounded Decimals, ready for an encoder; keys as the interface names them."""
    return {
        "account": asdict(report.account),
        "totals": rounded_figures(report.totals),
        "liquidation": rounded_figures(report.liquidation),
        "pools": [rounded_figures(pool) for pool in report.pools],
        "positions": [rounded_position(position) for position in report.positions],
        "collateral": [rounded_figures(row, haircut="ratio") for row in report.collateral],
        "underlyings": [rounded_figures(row) for row in report.underlyings],
        "netting": rounded_figures(report.netting),
        "funding": rounded_figures(report.funding),
    }


def rounded_figures(struct: Struct, **kinds: str) -> dict[str, Any]:
    """One struct as a dict, every Decimal rounded by ``FIGURES``; ``kinds`` overrides the kind of a name."""
    shown = asdict(struct)
    for name, value in shown.items():
        if type(value) is Decimal:
            shown[name] = rounded_figure(name, value, kind=kinds.get(name))
        elif isinstance(value, Struct):
            shown[name] = rounded_figures(value)
    return shown


def rounded_figure(
    name: str, value: Decimal, *, kind: str | None = None, direction: Direction | None = None
) -> Decimal:
    """One figure rounded for the report; figures of the user's own come back as they are."""
    if name in AS_GIVEN and len(value.as_tuple().digits) <= GIVEN_DIGITS:
        return value
    known, towards, _ = FIGURES[name]
    shown = kind or known
    if shown == "price":
        return rounded_price(value, direction or towards)
    return rounded(value, PLACES[shown], direction or towards)


def rounded_position(position: PositionFigures) -> dict[str, Any]:
    """A position as a dict; its liquidation and bankruptcy prices rounded toward the mark (the cautious side)."""
    shown = rounded_figures(position)
    for name in ("liquidation_price", "contract_liquidation_price", "bankruptcy_price"):
        price = getattr(position, name)
        if price is not None:
            towards = Direction.UP if price < position.mark_price else Direction.DOWN
            shown[name] = rounded_figure(name, price, direction=towards)
    del shown["key"]
    return shown
