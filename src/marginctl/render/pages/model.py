"""What a margin model finds in a pool: against the tiers, by unit, and who contributes what."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from marginctl.core.exact import Direction
from marginctl.core.model_report import HistoryFigures, PortfolioMargin, TailFigures, UnitFigures
from marginctl.core.report import Report
from marginctl.render.page import DataTable, Items, Section, Sentence, dim, names, numbers, pointed, section, texts
from marginctl.venues.model_format import PublishedCharge, PublishedModel, PublishedUnderlying, names_of
from marginctl.venues.origin import Origin
from marginctl.wording import (
    counted,
    exact_percent,
    exactly,
    figure,
    figure_percent,
    listed,
    money,
    percent,
    signed_percent,
)

NONE = "-"


def portfolio_margins(report: Report) -> Iterable[Section | None]:
    """A section per pool under a model."""
    several = len(report.portfolio_margin) > 1
    for found in report.portfolio_margin:
        heading = f"Portfolio margin, {found.pool}" if several else "Portfolio margin"
        yield section(
            heading,
            Sentence(text=_against_tiers(found, report.account.currency)),
            _units(found, report.account.currency),
            _added(found, report.account.currency),
            _history(found.history, report.account.currency),
            _contributions(found, report.account.currency),
            note=found.model,
        )


def _against_tiers(found: PortfolioMargin, currency: str) -> str:
    """One line: what the model asks, what the tiers would, what is saved, and the worst that it sees."""
    asked = f"maintenance {money(found.maintenance_margin, currency, Direction.UP)}"
    asked += f", initial {money(found.initial_margin, currency, Direction.UP)}"
    tiered, saving = found.tiered, found.saving
    if tiered.maintenance_margin is None or tiered.initial_margin is None:
        against = f"by tiers unknown, no rates for {listed(tiered.missing)}"
    else:
        before = f"{figure('maintenance_margin', tiered.maintenance_margin)} and "
        before += figure("initial_margin", tiered.initial_margin)
        against = f"by tiers {before}, saving {_saved(saving.maintenance, saving.maintenance_rate)} and "
        against += _saved(saving.initial, saving.initial_rate)
    worst = _worst(found)
    return f"{asked}; {against}{f'; worst: {worst}' if worst else ''}"


def _saved(amount: Decimal | None, rate: Decimal | None) -> str:
    shown = figure("saving", amount or Decimal(0))
    return shown if rate is None else f"{shown} ({figure_percent('saving_rate', rate)}%)"


def _worst(found: PortfolioMargin) -> str:
    if found.scenario is not None:
        moves = [f"{name} {signed_percent(_row(unit, found.scenario))}" for name, unit in found.units.items()]
        return f"row {found.scenario} together" if not moves else f"row {found.scenario}, {listed(moves)}"
    moved = [(name, unit.worst_move) for name, unit in found.units.items() if unit.worst_move is not None]
    if found.history is not None:
        dates = found.history.maintenance.tail_dates
        return f"{listed(dates)}" if dates else ""
    return listed([f"{name} {signed_percent(move)}" for name, move in moved])


def _row(unit: UnitFigures, row: int) -> Decimal:
    """The move of a unit in a row, out of its profit and loss there."""
    return unit.pnl[row - 1] / unit.net_value if unit.net_value else Decimal(0)


def _units(found: PortfolioMargin, currency: str) -> DataTable | None:
    rows = [(name, unit) for name, unit in found.units.items() if unit.pnl]
    if not rows:
        return None
    return DataTable(
        (
            names("unit", [name for name, _ in rows]),
            names("assets", [listed(unit.assets) if unit.assets != (name,) else "" for name, unit in rows], priority=4),
            numbers("net", [figure("net_value", unit.net_value) for _, unit in rows], currency, priority=2),
            numbers("hedged", [figure("hedged_value", unit.hedged_value) for _, unit in rows], currency, priority=5),
            texts("worst move", [_move(unit) for _, unit in rows], priority=3),
            numbers("scan", [figure("scan", unit.scan) for _, unit in rows], currency, priority=1),
            numbers("charges", _unless_zero(rows, "charges"), currency, priority=4),
            numbers("floor", _unless_zero(rows, "floor"), currency, priority=4),
            numbers("core", [figure("core", unit.core) for _, unit in rows], currency),
        )
    )


def _unless_zero(rows: Sequence[tuple[str, UnitFigures]], name: str) -> list[str]:
    """The figures of a column; empty, so not shown, where all are 0."""
    values: list[Decimal] = [getattr(unit, name) for _, unit in rows]
    return [figure("core", value) for value in values] if any(values) else [""] * len(values)


def _move(unit: UnitFigures) -> str:
    if unit.worst_move is None or unit.weight is None:
        return NONE
    counts = "" if unit.weight == 1 else f" x {exactly(unit.weight)}"
    return signed_percent(unit.worst_move) + counts


def _added(found: PortfolioMargin, currency: str) -> Sentence | None:
    """Spreads that form, and what is on top of the whole."""
    parts = [
        f"spread {one.name} x {exactly(one.count)}: {money(one.amount, currency, Direction.UP)}"
        for one in found.spreads
        if one.count
    ]
    for one in found.charges:
        if one.where == "on-top" and one.amount:
            margin = "" if one.margins == "both" else f" in the {one.margins} margin"
            parts.append(f"{one.name} on top{margin}: {money(one.amount, currency, Direction.UP)}")
    return dim(", ".join(parts)) if parts else None


def _history(found: HistoryFigures | None, currency: str) -> Sentence | None:
    if found is None:
        return None
    tail = found.maintenance
    text = f"{found.file}, {found.first} to {found.last}: {counted(tail.returns, 'return')}{_over(tail)}, "
    text += f"at {percent(tail.confidence, Direction.NEAREST)} value at risk "
    text += f"{money(tail.value_at_risk, currency, Direction.UP)}, expected shortfall "
    text += money(tail.expected_shortfall, currency, Direction.UP)
    if found.dropped or found.carried:
        text += f"; {counted(found.dropped, 'row')} dropped, {counted(found.carried, 'cell')} carried"
    return dim(text)


def _over(tail: TailFigures) -> str:
    return "" if tail.horizon == 1 else f" over {tail.horizon} rows"


def _contributions(found: PortfolioMargin, currency: str) -> DataTable | None:
    rows = found.contributions
    if len(rows) < 2:
        return None
    shares = [NONE if row.share is None else figure_percent("share", row.share) for row in rows]
    alone = [NONE if row.incremental is None else figure("incremental", row.incremental) for row in rows]
    return DataTable(
        (
            names("contributes", [row.symbol for row in rows]),
            texts("side", [row.side or "held" for row in rows], priority=2),
            pointed("risk", [figure("risk", row.risk) for row in rows], currency),
            numbers("share", shares, "%", priority=1),
            pointed("incremental", alone, currency, priority=3),
        )
    )


def venue_model(model: PublishedModel | None) -> Section | None:
    """A line per row of moves and per charge; None where the venue has no model of its own."""
    if model is None:
        return None
    lines = [*map(_moves, model.underlyings), *map(_charge, model.charges)]
    return section("Portfolio margin", Items(texts=tuple(lines), mark="- "))


def _moves(row: PublishedUnderlying) -> str:
    """Every move; one that counts in part with its weight."""
    moves = [
        signed_percent(one)
        if isinstance(one, Decimal)
        else f"{signed_percent(one.move)} of which {exact_percent(one.weight)}% count"
        for one in row.moves
    ]
    return f"{_assets(row.assets)}: {', '.join(moves)}{_told(row)}"


def _charge(row: PublishedCharge) -> str:
    tiers = f", in {len(row.tiers)} tiers" if row.tiers else ""
    terms = f"{exact_percent(row.rate)}% of {row.on.value}, {row.where.value}{tiers}"
    return f"{row.name}, {_assets(row.assets or '*')}: {terms}{_told(row)}"


def _assets(names: Iterable[str]) -> str:
    return ", ".join("all others" if name == "*" else name for name in names_of(names))


def _told(row: Origin) -> str:
    told = ", ".join(filter(None, (row.note, row.source)))
    return f" ({told})" if told else ""
