"""The tables of a report: pools, positions, collateral, netting, liquidation per underlying, limits.

Each function takes finished figures and gives a grid, or none where there is nothing to say. Money is shown in cents.
Prices and quantities differ by orders of magnitude within one column: they keep the decimals of their own row and stand
with their points below each other.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from marginctl.core.exact import Direction
from marginctl.core.figures import FIGURES
from marginctl.core.report import CollateralFigures, PositionFigures, Report, UnderlyingFigures
from marginctl.findings import Check, Status
from marginctl.render.layout import Column
from marginctl.render.numbers import (
    aligned,
    check_value,
    exactly,
    figure,
    grouped,
    headroom_text,
    limit_text,
    natural_places,
    percent,
    price_places,
    toward,
)
from marginctl.render.screen import Grid, Show
from marginctl.results import Manual

NEVER = "none"
"""Shown where there is no such price: nothing liquidates on that side."""
UNKNOWN = "n/a"
"""Shown where a figure does not exist: a ratio over no equity, a rate that nobody gave."""

STATUS_WORDS = {
    Status.FAIL: ("FAIL", "bold red"),
    Status.WARN: ("WARN", "yellow"),
    Status.NOT_EVALUATED: ("not evaluated", "yellow"),
    Status.WAIVED: ("waived", "cyan"),
    Status.BASELINE: ("baseline", "cyan"),
    Status.PASS: ("pass", "green"),
}


def positions(report: Report, show: Show) -> Grid | None:
    """The positions, nearest to liquidation first."""
    rows = sorted(report.positions, key=lambda row: _nearest(row.distance_to_liquidation))
    if not rows:
        return None
    money = report.account.currency
    columns = (
        Column(title="symbol", cells=[show(row.symbol) for row in rows], right=False, name=True),
        Column(title="side", cells=[row.side for row in rows], right=False, priority=1),
        _pools_of(
            report, ["isolated" if row.margin_mode == "isolated" else row.pool for row in rows], show, priority=4
        ),
        Column(title="quantity", cells=aligned([exactly(row.quantity) for row in rows]), priority=3),
        _prices("entry", rows, "entry_price", priority=10),
        _prices("mark", rows, "mark_price", priority=6),
        _money("notional", rows, "notional", money, priority=3),
        _signed("PnL", rows, "unrealized_pnl", money, priority=5),
        _shares("leverage", rows, "leverage", priority=8, unit="x"),
        _money("initial", rows, "initial_margin", money, priority=7),
        _money("maintenance", rows, "maintenance_margin", money, priority=8),
        _shares("rate", rows, "maintenance_rate", priority=15),
        Column(title="tier", cells=_known([str(row.tier) if row.tier else None for row in rows]), priority=13),
        _signed("funding", rows, "funding_per_day", f"{money}/day", priority=11),
        Column(title="purpose", cells=_known([row.purpose for row in rows]), right=False, priority=14),
        _prices("bankruptcy", rows, "bankruptcy_price", priority=16),
        _prices("contract liq.", rows, "contract_liquidation_price", priority=12),
        _prices("liquidation", rows, "liquidation_price", priority=2),
        _shares("distance", rows, "distance_to_liquidation", priority=1, absent=NEVER),
    )
    return Grid("Positions", "nearest to liquidation first", columns)


def pools(report: Report, show: Show) -> Grid | None:
    """What stands and falls together, where that is more than one thing; the fullest first."""
    if len(report.pools) < 2:
        return None
    rows = sorted(report.pools, key=lambda row: (row.maintenance_ratio is not None, -(row.maintenance_ratio or 0)))
    money = report.account.currency
    moves = [row.liquidation for row in rows]
    columns = (
        Column(title="pool", cells=[show(row.name) for row in rows], right=False, name=True),
        _money("equity", rows, "equity", money, priority=3),
        _money("free", rows, "free_collateral", money, priority=5),
        _money("initial", rows, "initial_margin", money, priority=7),
        _money("orders", rows, "order_margin", money, priority=9),
        _money("maintenance", rows, "maintenance_margin", money, priority=6),
        _money("buffer", rows, "buffer", money, priority=8),
        _shares("utilization", rows, "utilization", priority=4),
        _shares("maint. ratio", rows, "maintenance_ratio", priority=2),
        _shares("down to liq.", moves, "down", priority=3, absent=NEVER),
        _shares("up to liq.", moves, "up", priority=3, absent=NEVER),
        Column(
            title="state",
            cells=["LIQUIDATION" if row.liquidatable else "" for row in rows],
            right=False,
            priority=1,
            styles=["bold red"] * len(rows),
        ),
    )
    return Grid("Pools", "highest maintenance ratio first", columns)


def collateral(report: Report, show: Show) -> Grid | None:
    """The balances, the most valuable first, debts last."""
    rows = sorted(report.collateral, key=lambda row: -row.value)
    if not rows:
        return None
    money = report.account.currency
    columns = (
        Column(title="asset", cells=[show(row.asset) for row in rows], right=False, name=True),
        _pools_of(report, [row.pool for row in rows], show, priority=2),
        Column(title="balance", unit="units", cells=aligned([exactly(row.balance) for row in rows]), priority=3),
        _units("PnL", rows, "unrealized_pnl", priority=6),
        _units("equity", rows, "equity", priority=4),
        Column(title="price", unit=money, cells=aligned([_own_price(row.price) for row in rows]), priority=4),
        _shares("haircut", rows, "haircut", priority=3),
        _money("value", rows, "value", money, priority=1),
    )
    return Grid("Collateral", "", columns)


def netting(report: Report) -> Grid | None:
    """What opposite legs save, where they save anything."""
    initial, maintenance = report.netting, report.netting.maintenance
    if not initial.saving and not maintenance.saving:
        return None
    gross = (initial.gross_initial_margin, maintenance.gross_maintenance_margin)
    net = (initial.initial_margin, maintenance.maintenance_margin)
    money = report.account.currency
    columns = (
        Column(title="margin", cells=["initial", "maintenance"], right=False),
        Column(title="each alone", unit=money, cells=[figure("initial_margin", value) for value in gross]),
        Column(title="netted", unit=money, cells=[figure("initial_margin", value) for value in net]),
        _money("saving", (initial, maintenance), "saving", money, priority=1),
        _shares("saved", (initial, maintenance), "saving_rate", priority=1),
    )
    return Grid("Netting", "", columns)


def underlyings(report: Report, show: Show) -> Grid | None:
    """At which price of one asset, all others standing still, its pool is liquidated; the nearest first."""
    rows = sorted(report.underlyings, key=lambda row: _nearest(row.distance))
    if not rows:
        return None
    money = report.account.currency
    columns = (
        Column(title="asset", cells=[show(row.asset) for row in rows], right=False, name=True),
        _pools_of(report, [row.pool for row in rows], show, priority=2),
        Column(title="delta", unit="units", cells=aligned([_delta(row.delta) for row in rows]), priority=5),
        _money("net notional", rows, "net_notional", money, priority=6),
        _money("gross notional", rows, "gross_notional", money, priority=8),
        Column(title="falls to", unit=money, cells=aligned([_fall(row) for row in rows]), priority=2),
        Column(title="rises to", unit=money, cells=aligned([_rise(row) for row in rows]), priority=2),
        _shares("distance", rows, "distance", priority=1, absent=NEVER),
    )
    return Grid("Liquidation", "when one asset moves alone", columns)


def limits(checks: Sequence[Check], manual: Manual, show: Show) -> Grid | None:
    """Every limit that was looked at, broken ones first, in the units that the manual gives."""
    order = list(STATUS_WORDS)
    rows = sorted(checks, key=lambda check: order.index(check.status))
    if not rows:
        return None
    judged = [(row, manual[row.code].unit if row.code in manual else "") for row in rows]
    columns = (
        Column(
            title="status",
            cells=[STATUS_WORDS[row.status][0] for row in rows],
            right=False,
            styles=[STATUS_WORDS[row.status][1] for row in rows],
        ),
        Column(title="code", cells=[row.code for row in rows], right=False),
        Column(title="limit on", cells=[row.name for row in rows], right=False, name=True),
        Column(title="subject", cells=[show(row.subject) for row in rows], right=False, name=True, priority=1),
        Column(title="value", cells=[check_value(row, unit) for row, unit in judged], priority=2),
        Column(title="limit", cells=[limit_text(row, unit) for row, unit in judged], priority=2),
        Column(title="headroom", cells=[headroom_text(row, unit) for row, unit in judged], priority=3),
    )
    return Grid("Limits", "broken ones first", columns)


def _money(title: str, rows: Sequence[Any], name: str, unit: str, *, priority: int) -> Column:
    """A column of the figure ``name`` of every row, in cautious cents."""
    return Column(title=title, unit=unit, cells=[figure(name, getattr(row, name)) for row in rows], priority=priority)


def _signed(title: str, rows: Sequence[Any], name: str, unit: str, *, priority: int) -> Column:
    """The same with a colour for gains and losses; the figure may be missing."""
    values: list[Decimal | None] = [getattr(row, name) for row in rows]
    cells = _known([None if value is None else figure(name, value) for value in values])
    styles = [_sign_style(value) for value in values]
    return Column(title=title, unit=unit, cells=cells, styles=styles, priority=priority)


def _shares(
    title: str, rows: Sequence[Any], name: str, *, priority: int, unit: str = "%", absent: str = UNKNOWN
) -> Column:
    """A column of ratios with two decimals: in percent, or in multiples when the unit is ``x``."""
    shown = percent if unit == "%" else figure
    values: list[Decimal | None] = [getattr(row, name) for row in rows]
    cells = [absent if value is None else shown(name, value) for value in values]
    return Column(title=title, unit=unit, cells=cells, priority=priority)


def _prices(title: str, rows: Sequence[PositionFigures], name: str, *, priority: int) -> Column:
    """Prices, quote per base, with the decimals that the size of the row's mark asks for."""
    return Column(title=title, cells=aligned([_price(row, getattr(row, name)) for row in rows]), priority=priority)


def _price(row: PositionFigures, price: Decimal | None) -> str:
    """Entry and mark to the nearest, with no more decimals than they have; where something ends, toward the mark."""
    if price is None:
        return NEVER
    most = price_places(row.mark_price)
    if price not in (row.entry_price, row.mark_price):
        return grouped(price, most, toward(price, row.mark_price))
    given = max(natural_places(row.entry_price), natural_places(row.mark_price), 2)
    return grouped(price, min(most, given), Direction.NEAREST)


def _own_price(price: Decimal, direction: Direction = Direction.NEAREST) -> str:
    return grouped(price, min(price_places(price), max(natural_places(price), 2)), direction)


def _units(title: str, rows: Sequence[CollateralFigures], name: str, *, priority: int) -> Column:
    """Amounts of each row's own asset."""
    values: list[Decimal] = [getattr(row, name) for row in rows]
    cells = [figure(name, value, _unit_places(row)) for row, value in zip(rows, values, strict=True)]
    styles = [_sign_style(value) for value in values] if name == "unrealized_pnl" else []
    return Column(title=title, unit="units", cells=aligned(cells), styles=styles, priority=priority)


def _unit_places(row: CollateralFigures) -> int:
    """Decimals at which a unit of the asset's last digit is worth about a cent, fewer where nothing stands there."""
    worth = max(2, min(8, row.price.adjusted() + 2))
    return min(worth, max(2, natural_places(row.unrealized_pnl), natural_places(row.equity)))


def _fall(row: UnderlyingFigures) -> str:
    price = row.liquidation_down
    return NEVER if price is None else _own_price(price, FIGURES["liquidation_down"].direction)


def _rise(row: UnderlyingFigures) -> str:
    price = row.liquidation_up
    return NEVER if price is None else _own_price(price, FIGURES["liquidation_up"].direction)


def _delta(delta: Decimal) -> str:
    return grouped(delta, min(natural_places(delta), price_places(delta)), Direction.NEAREST)


def _pools_of(report: Report, names: Sequence[str], show: Show, *, priority: int) -> Column:
    """The pool of every row; empty, and so not shown, where there is only one."""
    several = len(report.pools) > 1
    cells = [show(name) if several else "" for name in names]
    return Column(title="pool", cells=cells, right=False, name=True, priority=priority)


def _known(values: Sequence[str | None]) -> list[str]:
    """Texts where some are missing; all missing makes an empty column, which is not shown."""
    if not any(values):
        return [""] * len(values)
    return [UNKNOWN if value is None else value for value in values]


def _pool_word(row: PositionFigures) -> str:
    """The name of an isolated pool would only repeat the position's own."""
    return row.margin_mode if row.margin_mode == "isolated" else row.pool


def _nearest(distance: Decimal | None) -> tuple[bool, Decimal]:
    return (distance is None, distance or Decimal(0))


def _sign_style(value: Decimal | None) -> str:
    if not value:
        return ""
    return "green" if value > 0 else "red"
