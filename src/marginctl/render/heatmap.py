"""A grid of two coins as a heat map: coloured cells with their numbers, or digits where numbers do not fit.

Every cell says in text what its colour says, so that nothing is lost without colour or on an ASCII terminal.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from marginctl.core.exact import ONE, Direction, rounded
from marginctl.core.grid import Cell, Grid
from marginctl.render.layout import cells_of
from marginctl.render.numbers import HUNDRED
from marginctl.render.screen import INDENT, Line, Span, line, line_width, paragraph, shower
from marginctl.render.stress_document import signed_percent
from marginctl.results import Options

NUMBER_WIDTH = 5
DIGIT_WIDTHS = (2, 1)
MOST_PERCENT = 999
DEAD = "x"
GONE = "gone"


class Band(NamedTuple):
    """Maintenance ratios below ``below`` (percent) and how they look."""

    below: int
    style: str
    words: str


BANDS = (Band(50, "black on green", "below 50%"), Band(MOST_PERCENT, "black on yellow", "50% and more"))
DEAD_STYLE = "bold white on red"


def heat_map(grid: Grid, options: Options) -> list[Line]:
    """Title, column labels, rows from the highest move to the lowest, and the legend."""
    show = shower(options)
    across, down = (_whom(show(axis.asset)) for axis in (grid.across, grid.down))
    side = max(cells_of(text) for text in (*map(_label, grid.down.moves), down))
    room = None if options.width is None else options.width - len(INDENT) - side - 1
    width, halvings = _fitted(len(grid.across.moves), room)
    columns, lines = (_kept(len(axis.moves), halvings) for axis in (grid.across, grid.down))
    note = f"{down} down the side, {across} across; at the point, not on the way"
    rows: list[Line] = [
        *paragraph(note, options.width, lead=(("Maintenance ratio", "bold"), ("  ", "")), style="dim"),
        _head([grid.across.moves[at] for at in columns], across, side, width),
    ]
    for at in reversed(lines):
        move, cells = grid.down.moves[at], grid.rows[at]
        label = line(f"{INDENT}{_label(move):>{side}} ", "" if move else "bold")
        rows.append((*label, *(_cell(cells[column], width) for column in columns)))
    dropped = len(grid.across.moves) - len(columns)
    more = [f"{dropped} moves on each side are not shown (wider terminal or --format json)"] if dropped else []
    return [
        *rows,
        *_legend(options, digits=width != NUMBER_WIDTH),
        *(row for text in more for row in paragraph(text, options.width, lead=line(INDENT), style="dim")),
    ]


def _fitted(count: int, room: int | None) -> tuple[int, int]:
    """The widest cells that fit, and how often every other move must go for that."""
    if room is None or count * NUMBER_WIDTH <= room:
        return NUMBER_WIDTH, 0
    halvings = 0
    while len(_kept(count, halvings)) > max(room, 1):
        halvings += 1
    shown = len(_kept(count, halvings))
    return next(width for width in DIGIT_WIDTHS if shown * width <= max(room, width)), halvings


def _kept(count: int, halvings: int) -> list[int]:
    """Every other move outward from the middle one, ``halvings`` times."""
    kept = list(range(count))
    for _ in range(halvings):
        kept = kept[len(kept) // 2 % 2 :: 2]
    return kept


def _whom(asset: str) -> str:
    return "others" if asset == "*" else asset


def _label(move: Decimal) -> str:
    return signed_percent(rounded(move, 4, Direction.NEAREST)) if move else "now"


def _head(moves: Sequence[Decimal], asset: str, side: int, width: int) -> Line:
    """A label over every column, or over the ends and the middle where columns are narrow."""
    lead = f"{INDENT}{asset:>{side}} " if cells_of(asset) <= side else f"{INDENT}{'':>{side}} "
    if width == NUMBER_WIDTH:
        return line(lead + "".join(f"{_label(move):>{width - 1}} " for move in moves).rstrip())
    first, middle, last = (_label(moves[at]) for at in (0, len(moves) // 2, -1))
    text = [" "] * (width * (len(moves) - 1) + 1 + len(last))
    for label, at in ((first, 0), (middle, len(moves) // 2), (last, len(moves) - 1)):
        start = max(0, at * width - len(label) // 2) if at else 0
        text[start : start + len(label)] = label
    return line((lead + "".join(text)).rstrip())


def _cell(cell: Cell, width: int) -> Span:
    if width != NUMBER_WIDTH:
        return (f"{_digit(cell):<{width}}", _style(cell))
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
    dead = [f"{DEAD} liquidatable there", *([] if digits else [f"{GONE} without any equity"])]
    if not options.color:
        return paragraph("; ".join([unit, ", ".join(dead)]), options.width, lead=line(INDENT), style="dim")
    bands = [(f" {band.words} ", band.style) for band in BANDS]
    items: list[Span] = [(unit, ""), *bands, *((f" {text} ", DEAD_STYLE) for text in dead)]
    rows: list[Line] = [line(INDENT)]
    for text, style in items:
        if options.width is not None and line_width(rows[-1]) + cells_of(text) > options.width:
            rows.append(line(INDENT))
        rows[-1] = (*rows[-1], (text, style), (" ", ""))
    return rows
