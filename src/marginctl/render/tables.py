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
    shown = "n/a" if ratio is None else f"{figure_percent('maintenance_ratio', ratio)}%"
    return f"{cross}{shown}" if cell.liquidatable else shown


def _tones(cells: Sequence[Cell]) -> list[Tone]:
    return [Tone.BAD if cell.liquidatable else Tone.PLAIN for cell in cells]


def curve_lines(block: CurveChart) -> LinePicture:
    """The buffer and the equity it is part of, through the exact corners, and where the pool is liquidated."""
    points = block.curve.points
    size = points[-1].move
    low, high = points[0].move, size
    down = [end for end in block.ends if end <= 0]
    up = [end for end in block.ends if end >= 0]
    gone = [(low, end) for end in down if end > low] + [(end, high) for end in up if end < high]
    ends = [PlotMark(end, f"liquidated at {_shown(end)}", is_end=True) for end in block.ends if low <= end <= high]
    return LinePicture(
        name="curve",
        title="How far to liquidation",
        reading=_reading(block.ends),
        traces=(
            Trace("buffer", tuple((one.move, one.equity - one.required) for one in points)),
            Trace("equity", tuple((one.move, one.equity) for one in points), Stroke.THIN),
        ),
        marks=(PlotMark(ZERO, "today"), *ends) if ZERO not in block.ends else tuple(ends),
        gone=tuple(gone),
        table=curve_table(block),
        x_title="move of all assets by their betas",
        y_title="currency of the account",
    )


def _reading(ends: Sequence[Decimal]) -> str:
    if not ends:
        return "Neither a fall nor a rise of all assets together liquidates."
    moves = [f"{'a fall' if end < 0 else 'a rise'} of {figure_percent('distance', abs(end))}%" for end in ends if end]
    return f"{' or '.join(moves).capitalize()} liquidates." if moves else "Liquidatable at these prices already."


def _shown(end: Decimal) -> str:
    """Toward now, in hundredths of a percent."""
    return signed_percent(rounded(end, 4, Direction.TOWARD_ZERO))
