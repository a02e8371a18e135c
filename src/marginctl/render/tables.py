"""What the pictures of a page show, as figures: the table beside a picture, or in its place."""

from collections.abc import Sequence
from decimal import Decimal

from marginctl.core.curve import Point
from marginctl.core.exact import ZERO, Direction, rounded
from marginctl.core.grid import Cell
from marginctl.render.page import (
    CurveChart,
    DataTable,
    HeatMap,
    LinePicture,
    PlotMark,
    Stroke,
    Tone,
    Trace,
    numbers,
    texts,
)
from marginctl.wording import cents, figure_percent, signed_percent, whom

MOVES = 8
"""Steps of a curve's table."""
NOW = "now"
LOW, HIGH = Decimal("0.5"), Decimal("0.8")
"""Maintenance ratios at which the class of a cell changes."""


def moved(move: Decimal) -> str:
    """A move of a picture's axis."""
    return signed_percent(move) if move else NOW


def curve_table(block: CurveChart) -> DataTable:
    """The curve at ``MOVES`` equal steps, exact in between its corners."""
    size = block.curve.points[-1].move
    points = [block.curve.at(size * k / (MOVES // 2)) for k in range(-MOVES // 2, MOVES // 2 + 1)]
    columns = (
        texts("Move", [moved(one.move) for one in points]),
        numbers("Equity", [cents(one.equity) for one in points]),
        numbers("Required", [cents(one.required, Direction.UP) for one in points]),
        numbers("Free", ["n/a" if one.free_collateral is None else cents(one.free_collateral) for one in points]),
        numbers("Missing", [_missing(one) for one in points]),
    )
    return DataTable(columns, is_fixed=True)


def _missing(point: Point) -> str:
    lacking = point.required - point.equity
    return cents(lacking, Direction.UP) if lacking > 0 else ""


def heat_table(block: HeatMap, cross: str = "") -> DataTable:
    """The grid, the highest move first; what liquidates stands out, behind ``cross``."""
    grid = block.grid
    head = f"{whom(grid.down.asset)} / {whom(grid.across.asset)}"
    rows = tuple(reversed(grid.rows))
    columns = (
        numbers(head, [moved(move) for move in reversed(grid.down.moves)]),
        *(
            numbers(moved(move), [_ratio(row[at], cross) for row in rows], tones=_tones([row[at] for row in rows]))
            for at, move in enumerate(grid.across.moves)
        ),
    )
    return DataTable(columns, is_fixed=True)


def _ratio(cell: Cell, cross: str) -> str:
    ratio = cell.maintenance_ratio
    none = "gone" if cross else "n/a"
    shown = none if ratio is None else f"{figure_percent('maintenance_ratio', ratio)}%"
    return f"{cross}{shown}" if cell.liquidatable else shown


def _tones(cells: Sequence[Cell]) -> list[Tone]:
    return [_tone(cell) for cell in cells]


def _tone(cell: Cell) -> Tone:
    """Below 50% and from 80% on stand out; what is liquidated most."""
    if cell.liquidatable or cell.maintenance_ratio is None:
        return Tone.BAD
    if cell.maintenance_ratio < LOW:
        return Tone.GOOD
    return Tone.WARN if cell.maintenance_ratio >= HIGH else Tone.PLAIN


def curve_lines(block: CurveChart) -> LinePicture:
    """Buffer, free collateral and the equity they are part of, through the exact corners; where it is liquidated."""
    points = block.curve.points
    low, high = points[0].move, points[-1].move
    free = tuple((one.move, one.free_collateral) for one in points if one.free_collateral is not None)
    down = [end for end in block.ends if end <= 0]
    up = [end for end in block.ends if end >= 0]
    gone = [(low, end) for end in down if end > low] + [(end, high) for end in up if end < high]
    ends = [PlotMark(end, f"liquidated at {_shown(end)}", is_end=True) for end in block.ends if low <= end <= high]
    return LinePicture(
        name="curve",
        title=block.title,
        reading=_reading(block.ends, block.curve.asset),
        traces=(
            Trace("buffer", tuple((one.move, one.buffer) for one in points)),
            *([Trace("free collateral", free, Stroke.DASHED)] if free else []),
            Trace("equity", tuple((one.move, one.equity) for one in points), Stroke.THIN),
        ),
        marks=(PlotMark(ZERO, "today"), *ends) if ZERO not in block.ends else tuple(ends),
        gone=tuple(gone),
        table=curve_table(block),
        x_title=f"move of {block.curve.asset} alone" if block.curve.asset else "move of all assets by their betas",
        y_title=block.unit or "currency of the account",
    )


def _reading(ends: Sequence[Decimal], asset: str) -> str:
    if not ends:
        return f"Neither a fall nor a rise of {f'{asset} alone' if asset else 'all assets together'} liquidates."
    moves = [f"{'a fall' if end < 0 else 'a rise'} of {figure_percent('distance', abs(end))}%" for end in ends if end]
    return f"{' or '.join(moves).capitalize()} liquidates." if moves else "Liquidatable at these prices already."


def _shown(end: Decimal) -> str:
    """Toward now, in hundredths of a percent."""
    return signed_percent(rounded(end, 4, Direction.TOWARD_ZERO))
