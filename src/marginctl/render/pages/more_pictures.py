"""Pictures of what a report alone does not have: tiers on the way, what pooling changes, who is taken along."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from marginctl.core.account import Position
from marginctl.core.cascade import Cascade, IsolatedComparison, PositionFate, fate_of
from marginctl.core.contract import Tier
from marginctl.core.exact import ONE, ZERO, Direction, rounded
from marginctl.core.sequence import Action
from marginctl.core.tiered_way import PassedTier, TieredWay
from marginctl.render.page import (
    Bar,
    BarPicture,
    BarRow,
    DataTable,
    LinePicture,
    Pictured,
    PlotMark,
    Tone,
    Trace,
    names,
    numbers,
    texts,
)
from marginctl.render.pages.columns import NEVER
from marginctl.results import Outcome, ScenarioResult, StressResult
from marginctl.results.comparison import AS_IS, ISOLATED_ROW, ComparedRow, CompareResult
from marginctl.wording import cents, counted, exactly, figure, figure_percent, listed, share, side_text, trimmed

MOST_WAYS, MOST_STORIES = 3, 3
ENDS = {
    Action.CANCEL_ORDERS: "orders cancelled",
    Action.NET_LEGS: "legs netted",
    Action.REPAY: "debts repaid",
    Action.REDUCE: "reduced",
    Action.CLOSE: "closed",
    Action.TAKE_OVER: "taken over",
    Action.FORFEIT: "margin kept by the venue",
    Action.BANKRUPT: "deficit, not owed",
}
"""What a step of a liquidation does, in words."""
MODES = {
    AS_IS: "as it is",
    ISOLATED_ROW: "every position isolated",
    "cross": "one pool per asset",
    "multi-asset": "one pool",
    "portfolio": "one pool, portfolio margin",
}


def asked(outcome: Outcome) -> Iterable[Pictured]:
    """Those that an outcome has figures for."""
    yield from tiers(outcome.tiered_ways)
    if outcome.modes is not None:
        yield from modes(outcome.modes)


# Tiers.


def tiers(ways: Sequence[TieredWay]) -> Iterable[LinePicture]:
    """The tables of the positions nearest to liquidation."""
    yield from map(_tiers, ways[:MOST_WAYS])


def _tiers(way: TieredWay) -> LinePicture:
    points = tuple((one.notional, one.maintenance_margin) for one in way.corners)
    reach = points[-1][0]
    end = way.liquidation_notional
    ends = [] if end is None else [PlotMark(end, f"liquidated at {_units(end)}", is_end=True)]
    return LinePicture(
        name="tiers",
        title=f"Margin tiers on the way, {way.symbol} {way.side}",
        reading=_tiers_reading(way),
        traces=(Trace("maintenance margin", points),),
        table=_tiers_table(way),
        marks=(PlotMark(way.notional, f"today {_units(way.notional)}"), *ends),
        spans=tuple((one.floor, min(reach, one.row.up_to or reach), _terms(one.row)) for one in way.tiers),
        x_title=f"notional, {way.settle}",
        y_title=f"maintenance margin, {way.settle}",
        is_share=False,
    )


def _units(value: Decimal) -> str:
    return exactly(rounded(value, 2 if abs(value) >= ONE else 8, Direction.NEAREST))


def _terms(row: Tier) -> str:
    """``0.4%, 150x``: the maintenance rate and the highest leverage of a tier."""
    most = _most_leverage(row)
    return f"{trimmed(row.maintenance_rate * 100)}%{most and f', {most}x'}"


def _most_leverage(row: Tier) -> str:
    return trimmed(rounded(ONE / row.initial_rate, 2, Direction.NEAREST)) if row.initial_rate else ""


def _tiers_reading(way: TieredWay) -> str:
    now = _tier_at(way, way.notional)
    told = f"Today tier {now.tier}, at {_terms(now.row)}"
    if way.liquidation_notional is None:
        return f"{told}; no price liquidates."
    then = _tier_at(way, way.liquidation_notional)
    end = "the same tier" if then == now else f"tier {then.tier}, at {_terms(then.row)}"
    return f"{told}; liquidated in {end}."


def _tier_at(way: TieredWay, notional: Decimal) -> PassedTier:
    return next((one for one in way.tiers if one.row.up_to is None or notional <= one.row.up_to), way.tiers[-1])


def _tiers_table(way: TieredWay) -> DataTable:
    rows = way.tiers
    now = _tier_at(way, way.notional)
    then = None if way.liquidation_notional is None else _tier_at(way, way.liquidation_notional)
    here = [listed([word for one, word in ((now, "today"), (then, "liquidation")) if one == row]) for row in rows]
    return DataTable(
        (
            numbers("tier", [str(one.tier) for one in rows]),
            numbers("above", [exactly(one.floor) for one in rows], way.settle),
            numbers("up to", [exactly(one.row.up_to) if one.row.up_to else "" for one in rows], way.settle),
            numbers("rate", [f"{trimmed(one.row.maintenance_rate * 100)}%" for one in rows]),
            numbers("deduction", [exactly(one.row.deduction) for one in rows], way.settle),
            numbers("leverage", [_most_leverage(one.row) for one in rows], "x"),
            texts("here", here),
        )
    )


# Modes.


def modes(result: CompareResult) -> Iterable[BarPicture]:
    """What each mode ties up; nothing for a single position, or where nothing could be compared."""
    if result.positions < 2 or result.account is None or not result.rows:
        return
    unit = result.account.currency
    rows = [(name, result.rows.get(name)) for name in MODES if name in result.rows or name != "portfolio"]
    yield BarPicture(
        name="modes",
        title="What pooling changes",
        reading="Bars: what the margins tie up. Below each: what stays free, and the nearest liquidation.",
        rows=tuple(_mode(name, row) for name, row in rows),
        table=_modes_table(rows, unit),
        unit=unit,
    )


def _used(row: ComparedRow) -> Decimal | None:
    if row.initial_margin is None or row.order_margin is None:
        return None
    return row.initial_margin + row.order_margin


def _mode(name: str, row: ComparedRow | None) -> BarRow:
    used = _used(row) if row is not None else None
    if row is None or used is None:
        return BarRow(label=MODES[name], note=_absent(row))
    note = f"free {_free(row)}, {_nearest(row)}"
    bar = Bar(ZERO, used, figure("initial_margin", used), Tone.PLAIN if name == AS_IS else Tone.DIM)
    return BarRow(label=MODES[name], bars=(bar,), note=note, is_sum=name == AS_IS)


def _free(row: ComparedRow | None) -> str:
    if row is None or row.free_collateral is None:
        return ""
    return figure("free_collateral", row.free_collateral)


def _absent(row: ComparedRow | None) -> str:
    if row is None:
        return "not offered by the venue"
    return f"cannot be computed: {row.missing[0].remedy}" if row.missing else "cannot be computed"


def _nearest(row: ComparedRow) -> str:
    far = _distance(row)
    return "nothing liquidates" if far == NEVER else f"liquidated {far} away"


def _distance(row: ComparedRow | None) -> str:
    if row is None or row.liquidation is None or row.liquidation.distance is None:
        return NEVER
    return f"{figure_percent('distance', row.liquidation.distance)}%"


def _modes_table(rows: Sequence[tuple[str, ComparedRow | None]], unit: str) -> DataTable:
    figures = [(None if row is None else _used(row), row) for _, row in rows]
    return DataTable(
        (
            texts("mode", [MODES[name] for name, _ in rows]),
            numbers("tied up", ["" if used is None else figure("initial_margin", used) for used, _ in figures], unit),
            numbers("free", [_free(row) for _, row in rows], unit),
            numbers("nearest", ["" if used is None else _distance(row) for used, row in figures]),
            texts("", ["" if used is not None else _absent(row) for used, row in figures]),
        )
    )


# Who is taken along.


def timelines(stress: StressResult) -> Iterable[BarPicture]:
    """Scenarios that are not survived and whose cascade is known, those that break first before the others."""
    dead = [one for one in stress.scenarios if not one.outcome.survived and one.story is not None and one.story.steps]
    for told in sorted(dead, key=lambda one: one.outcome.crossing or ZERO)[:MOST_STORIES]:
        if told.story is not None and stress.report is not None:
            yield _timeline(told, told.story, stress.report.account.currency)


def _timeline(told: ScenarioResult, story: Cascade, unit: str) -> BarPicture:
    lanes = list(_lanes(told, story))
    return BarPicture(
        name="timeline",
        title=f"Who is taken along: {told.name}",
        reading=_taken(told, story),
        rows=tuple(BarRow(label=one.label, bars=(_lane(one),), note=_end(one)) for one in lanes),
        table=_lanes_table(lanes, story, unit),
        is_part=True,
        trace=_equity(story),
    )


def _equity(story: Cascade) -> Trace | None:
    """Of the pool that is liquidated first, from today to the end."""
    points = tuple((one.move, one.equity) for one in story.trail)
    return Trace(f"equity of {story.steps[0].pool}", points) if points else None


class _Lane(NamedTuple):
    """What becomes of a position in a story; ``label``: what the lane is called."""

    label: str
    position: Position
    fate: PositionFate
    story: Cascade

    @property
    def is_winner(self) -> bool:
        return self.position.key in self.story.closed_winners


def _lanes(told: ScenarioResult, story: Cascade) -> Iterable[_Lane]:
    """A lane per position in its pool, then each by itself."""
    apart = told.comparison
    for position in _positions(apart, story):
        yield _Lane(_name(position), position, fate_of(position, story), story)
    if apart is not None:
        for position, _, alone in apart.fates:
            yield _Lane(f"isolated: {_name(position)}", position, alone, apart.apart)


def _positions(apart: IsolatedComparison | None, story: Cascade) -> Sequence[Position]:
    return [one for one, _, _ in apart.fates] if apart is not None else story.account.positions


def _name(position: Position) -> str:
    return f"{position.contract.symbol} {side_text(position.side)}"


def _lane(one: _Lane) -> Bar:
    closed_at = one.fate.closed_at
    tone = Tone.PLAIN if closed_at is None else Tone.WARN if one.is_winner else Tone.BAD
    return Bar(ZERO, ONE if closed_at is None else closed_at, tone=tone)


def _until(fate: PositionFate) -> Decimal:
    return ONE if fate.closed_at is None else fate.closed_at


def _end(one: _Lane) -> str:
    """``closed at 43.20%: -1,234.00``, ``open: 300.00``."""
    closed_at = one.fate.closed_at
    at = "" if closed_at is None else f" at {share(closed_at)}"
    return f"{_cause(one)}{at}: {cents(one.fate.result)}"


def _cause(one: _Lane) -> str:
    """What the last step that closed anything of it did; where it is still there, that."""
    if one.fate.closed_at is None:
        return "reduced" if one.fate.reduced else "open"
    steps = [step for step in one.story.steps if step.position == one.position.key and step.quantity is not None]
    return f"{ENDS[steps[-1].action]}{' in profit' if one.is_winner else ''}"


def _taken(told: ScenarioResult, story: Cascade) -> str:
    crossing = told.outcome.crossing
    when = "before anything moves" if not crossing else f"after {share(crossing)} of the way"
    first = f"{told.outcome.pool} is liquidated {when}"
    winners = story.closed_winners
    if not winners:
        return f"{first}; nothing that was in profit goes with it."
    return f"{first}; {counted(len(winners), 'position')} in profit {'go' if len(winners) > 1 else 'goes'} with it."


def _lanes_table(lanes: Sequence[_Lane], story: Cascade, unit: str) -> DataTable:
    """The lanes, then the corners of the equity."""
    fates, trail = [one.fate for one in lanes], story.trail
    equity = f"equity of {story.steps[0].pool}"
    moves = [*map(_until, fates), *(one.move for one in trail)]
    results = [*(one.result for one in fates), *(one.equity for one in trail)]
    return DataTable(
        (
            names("position", [*(one.label for one in lanes), *(equity for _ in trail)]),
            numbers("until", [share(one) for one in moves]),
            texts("end", [*map(_cause, lanes), *("" for _ in trail)]),
            numbers("result", [cents(one) for one in results], unit),
        )
    )
