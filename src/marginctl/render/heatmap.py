"""A grid of two coins as a heat map: coloured cells with their numbers, or digits where numbers do not fit.

Every cell says in text what its colour says, so that nothing is lost without colour or on an ASCII terminal.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from marginctl.core.exact import ONE, Direction, rounded
from marginctl.core.grid import Cell, Grid
from marginctl.render.document import Options
from marginctl.render.layout import cells_of
from marginctl.render.numbers import HUNDRED
from marginctl.render.screen import INDENT, Line, Span, line, paragraph, shower
from marginctl.render.stress_document import signed_percent

NUMBER_WIDTH = 5
DIGIT_WIDTH = 2
MOST_PERCENT = 999
DEAD = "x"
GONE = "gone"


class Band(NamedTuple):
    """Maintenance ratios below ``below`` (percent) and how they look."""

    below: int
    style: str
    words: str


BANDS = (
    Band(25, "black on green", "below 25%"),
    Band(50, "black on bright_green", "below 50%"),
    Band(75, "black on yellow", "below 75%"),
    Band(MOST_PERCENT, "black on bright_red", "75% and more"),
)
DEAD_STYLE = "bold bright_white on red"


def heat_map(grid: Grid, options: Options) -> list[Line]:
    """Title, column labels, rows from the highest move to the lowest, and the legend."""
    show = shower(options)
    across, down = (_whom(show(axis.asset)) for axis in (grid.across, grid.down))
    labels = [_label(move) for move in grid.down.moves]
    side = max(map(len, (*labels, down)))
    fits = options.width is None or len(INDENT) + side + 1 + NUMBER_WIDTH * len(grid.across.moves) <= options.width
    width = NUMBER_WIDTH if fits else DIGIT_WIDTH
    rows: list[Line] = [
        (
            ("Maintenance ratio", "bold"),
            (f"  {down} down the side, {across} across; at the point, not on the way", "dim"),
        ),
        *_head(grid.across.moves, across, side, width),
    ]
    for label, move, cells in sorted(zip(labels, grid.down.moves, grid.rows, strict=True), key=lambda row: -row[1]):
        style = "bold" if not move else ""
        rows.append((*line(f"{INDENT}{label:>{side}} ", style), *(_cell(cell, width) for cell in cells)))
    return [*rows, *_legend(options, digits=not fits)]


def _whom(asset: str) -> str:
    return "others" if asset == "*" else asset


def _label(move: Decimal) -> str:
    return signed_percent(rounded(move, 4, Direction.NEAREST)) if move else "now"


def _head(moves: Sequence[Decimal], asset: str, side: int, width: int) -> list[Line]:
    """A label over every column, or over the ends and the middle where columns are narrow."""
    lead = f"{INDENT}{asset:>{side}} " if cells_of(asset) <= side else f"{INDENT}{'':>{side}} "
    if width == NUMBER_WIDTH:
        return [line(lead + "".join(f"{_label(move):>{width - 1}} " for move in moves).rstrip())]
    first, middle, last = (_label(moves[at]) for at in (0, len(moves) // 2, -1))
    room = width * len(moves)
    text = f"{first}{middle:^{room - 2 * max(len(first), len(last))}}{last:>{max(len(first), len(last))}}"
    return [line(lead + text)]


def _cell(cell: Cell, width: int) -> Span:
    if width == DIGIT_WIDTH:
        return (f"{_digit(cell)} ", _style(cell))
    mark = DEAD if cell.liquidatable and cell.maintenance_ratio is not None else " "
    return (f"{_number(cell):>{width - 1}}{mark}", _style(cell))


def percent(cell: Cell) -> int | None:
    """The ratio in whole percent, rounded up; None where equity cannot carry it."""
    if cell.maintenance_ratio is None:
        return None
    return int(rounded(cell.maintenance_ratio * HUNDRED, 0, Direction.UP))


def _number(cell: Cell) -> str:
    share = percent(cell)
    if share is None:
        return GONE
    return f">{MOST_PERCENT}"[:4] if share > MOST_PERCENT else str(share)


def _digit(cell: Cell) -> str:
    """Tenths: 0 is below 10%, 9 is 90% and more; ``x`` where a pool is liquidatable."""
    if cell.liquidatable:
        return DEAD
    ratio = cell.maintenance_ratio
    return "9" if ratio is None or ratio >= ONE else str(int(ratio * 10))


def _style(cell: Cell) -> str:
    if cell.liquidatable:
        return DEAD_STYLE
    ratio = cell.maintenance_ratio
    last = BANDS[-1].style
    return last if ratio is None else next((band.style for band in BANDS if ratio * HUNDRED < band.below), last)


def _legend(options: Options, *, digits: bool) -> list[Line]:
    unit = "tenths: 3 is 30% to 40%" if digits else "percent"
    dead = f"{DEAD} liquidatable there" + ("" if digits else f", {GONE} without any equity")
    if options.color:
        swatches = [span for band in BANDS for span in ((f" {band.words} ", band.style), (" ", ""))]
        return [(*line(f"{INDENT}{unit}  "), *swatches, (f" {dead} ", DEAD_STYLE))]
    return paragraph(f"{unit}; {dead}", options.width, lead=line(INDENT), style="dim")
