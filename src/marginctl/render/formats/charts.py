"""What is drawn on the terminal: equity against what it must cover, and the heat map of two assets.

Every column of the curve is evaluated on the exact pieces; the picture is rounded to an eighth of a cell, the words are
not. Every cell of a heat map says in text what its colour says, so that nothing is lost without colour or in ASCII.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from marginctl.core.curve import EquityCurve, Point
from marginctl.core.exact import ONE, ZERO, Direction, rounded
from marginctl.core.grid import Cell, Grid
from marginctl.render import Options
from marginctl.render.formats.layout import INDENT, Line, Styled, cells_of, line, line_width, paragraph, shower
from marginctl.wording import HUNDRED, grouped, signed_percent, whom

HEIGHT = 10
USUAL = 80
"""Columns where nothing says how many there are."""
NARROWEST = 21
EIGHTHS = " ▁▂▃▄▅▆▇█"
OWN, NEEDED, LACKING, FREE = "green", "yellow", "bold red", "bold"


class Ink(NamedTuple):
    """How equity beyond the requirement, the requirement and what is missing are drawn; ``mixes``: two in a cell."""

    own: str
    needed: str
    lacking: str
    partial: str
    axis: str
    tick: str
    end: str
    free: str
    mixes: bool = False


BLOCKS = Ink("█", "▒", "░", EIGHTHS, "─", "┬", "▲", "•")
LETTERS = Ink("#", "=", "!", " " * 4 + "#" * 5, "-", "+", "^", "o")
STEPS = tuple(map(Decimal, ("1", "1.5", "2", "2.5", "3", "4", "5", "6", "8", "10")))
"""What the distance of two labels may begin with."""


def equity_curve(curve: EquityCurve, ends: Sequence[Decimal], options: Options) -> list[Line]:
    """The picture with its axes and a legend, ``ends`` marked; nothing for a pool that never holds anything."""
    ink = LETTERS if options.ascii else BLOCKS._replace(mixes=options.color)
    size = curve.points[-1].move
    lowest, highest = _extent(curve)
    if highest <= 0 or not size:
        return []
    step = even((highest - lowest) / (HEIGHT // 2))
    above, below = (max(0, int(rounded(end / step, 0, Direction.UP))) for end in (highest, -lowest))
    above = above if below else HEIGHT // 2
    side = max(len(_money(step * k)) for k in range(-below, above + 1))
    columns = _columns(options, side)
    points = [_sample(curve, size, at, columns) for at in range(columns)]
    ordered = any(point.free_collateral != point.equity for point in points)
    rows = {level: _row(points, level, step / 2, ink, ordered=ordered) for level in range(-2 * below, 2 * above)}
    base, words = _axis(size, columns, side, ends, ink)
    drawn: list[Line] = []
    for level in sorted(rows, reverse=True):
        drawn += [base] * (level == -1)
        drawn.append((*line(f"{INDENT}{_mark(level, step):>{side}} ", "dim"), *rows[level]))
    return [*drawn, *([] if below else [base]), words, *_legend(ink, options, ordered=ordered)]


def _mark(level: int, step: Decimal) -> str:
    """What a row is called: above the axis by its upper edge, below by its lower one, every other."""
    edge = level + (level >= 0)
    return "" if edge % 2 else _money(step * (edge // 2))


def _extent(curve: EquityCurve) -> tuple[Decimal, Decimal]:
    """The lowest and the highest that is drawn, zero among them."""
    lows = (min(one.equity, one.equity if one.free_collateral is None else one.free_collateral) for one in curve.points)
    return min(ZERO, *lows), max(ZERO, *(max(one.equity, one.required) for one in curve.points))


def even(step: Decimal) -> Decimal:
    """The next number that reads well on an axis: 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 or 10 times a power of 10."""
    power = Decimal(1).scaleb(step.adjusted())
    return next(factor * power for factor in STEPS if factor * power >= step)


def _columns(options: Options, side: int) -> int:
    """A multiple of 4 and 1, so that now and the quarters have columns of their own."""
    columns = max(NARROWEST, (options.width or USUAL) - len(INDENT) - side - 1)
    return (columns - 1) // 4 * 4 + 1


def _sample(curve: EquityCurve, size: Decimal, at: int, columns: int) -> Point:
    half = columns // 2
    return curve.at(size * (at - half) / half)


def _money(value: Decimal) -> str:
    return grouped(value, max(0, -value.adjusted() + 1) if value else 0, Direction.NEAREST)


def _row(points: Sequence[Point], level: int, height: Decimal, ink: Ink, *, ordered: bool) -> Line:
    """One line of the picture; ``height``: of a cell."""
    return joined([_cell_of(point, level, height, ink, ordered=ordered) for point in points])


def _cell_of(point: Point, level: int, height: Decimal, ink: Ink, *, ordered: bool) -> Styled:
    """The free collateral where it runs through the cell, else what fills it."""
    free = point.free_collateral
    if ordered and free is not None and int(rounded(free / height, 0, Direction.DOWN)) == level:
        return (ink.free, FREE)
    return _glyph(point, level, height, ink) if level >= 0 else _below(point, level, height, ink)


def _below(point: Point, level: int, height: Decimal, ink: Ink) -> Styled:
    """A cell under the axis: what is owed, from half a cell on."""
    deep = -point.equity / height + level + 1
    return (ink.lacking, LACKING) if deep * 2 >= 1 else (" ", "")


def joined(spans: Sequence[Styled]) -> Line:
    """Neighbours of one style as one."""
    merged: list[Styled] = []
    for text, style in spans:
        if merged and merged[-1][1] == style:
            merged[-1] = (merged[-1][0] + text, style)
        else:
            merged.append((text, style))
    return tuple(merged)


def _glyph(point: Point, level: int, height: Decimal, ink: Ink) -> Styled:
    """What a cell shows: ``level`` counts from the bottom."""
    equity, required = (_eighths(value, level, height) for value in (point.equity, point.required))
    if point.equity < point.required:
        if equity >= 4:
            return (ink.needed, NEEDED)
        return (ink.lacking, LACKING) if required > 0 else (" ", "")
    if required >= 4:
        return (ink.needed, NEEDED)
    if required and equity == 8 and ink.mixes:
        return (ink.partial[required], f"{NEEDED} on {OWN}")
    return (ink.own if equity == 8 else ink.partial[equity], OWN) if equity else (" ", "")


def _eighths(value: Decimal, level: int, height: Decimal) -> int:
    """How much of the cell a value fills, in eighths."""
    filled = int(rounded(value * 8 / height, 0, Direction.NEAREST)) - 8 * level
    return max(0, min(8, filled))


def _axis(size: Decimal, columns: int, side: int, ends: Sequence[Decimal], ink: Ink) -> list[Line]:
    """The base line with five ticks, their moves below, and where the pool is liquidated."""
    quarter = (columns - 1) // 4
    ticks = (0, quarter, columns // 2, columns - 1 - quarter, columns - 1)
    half = columns // 2
    crossed = {half + int(rounded(end * half / size, 0, Direction.NEAREST)) for end in ends if abs(end) <= size}
    base: list[Styled] = [
        (ink.end, LACKING) if at in crossed else (ink.tick if at in ticks else ink.axis, "dim") for at in range(columns)
    ]
    words = [" "] * columns
    for at in ticks:
        move = size * (at - half) / half
        text = signed_percent(rounded(move, 3, Direction.NEAREST)) if move else "now"
        start = max(0, min(at - len(text) // 2, columns - len(text)))
        words[start : start + len(text)] = text
    lead = " " * (len(INDENT) + side)
    return [(*line(f"{lead} "), *joined(base)), line(f"{lead} {''.join(words).rstrip()}", "dim")]


def _legend(ink: Ink, options: Options, *, ordered: bool) -> list[Line]:
    words = (
        (ink.own, OWN, "equity beyond what is required"),
        (ink.needed, NEEDED, "maintenance margin x level"),
        (ink.lacking, LACKING, "missing"),
        *([(ink.free, FREE, "free collateral")] if ordered else []),
        (ink.end, LACKING, "liquidated from there on"),
    )
    rows: list[Line] = []
    for glyph, style, text in words:
        entry: Line = ((f"{glyph * 2} ", style), (text, "dim"))
        if rows and line_width(rows[-1]) + 3 + line_width(entry) <= (options.width or USUAL):
            rows[-1] = (*rows[-1], *line("   "), *entry)
        else:
            rows.append((*line(INDENT), *entry))
    return rows


# The heat map.

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


BANDS = (
    Band(50, "black on green", "below 50%"),
    Band(80, "black on yellow", "50% to 80%"),
    Band(MOST_PERCENT, "black on magenta", "80% and more"),
)
DEAD_STYLE = "bold white on red"


def heat_map(grid: Grid, options: Options) -> list[Line]:
    """Column labels, rows from the highest move to the lowest, and the legend."""
    show = shower(options)
    across, down = (show(whom(axis.asset)) for axis in (grid.across, grid.down))
    side = max(cells_of(text) for text in (*map(_label, grid.down.moves), down))
    room = None if options.width is None else options.width - len(INDENT) - side - 1
    width, halvings = _fitted(len(grid.across.moves), room)
    columns, lines = (_kept(len(axis.moves), halvings) for axis in (grid.across, grid.down))
    rows: list[Line] = [
        _labels([grid.across.moves[at] for at in columns], across, side, width),
    ]
    for at in reversed(lines):
        move, cells = grid.down.moves[at], grid.rows[at]
        label = line(f"{INDENT}{_label(move):>{side}} ", "" if move else "bold")
        rows.append((*label, *(_cell(cells[column], width) for column in columns)))
    dropped = len(grid.across.moves) - len(columns)
    more = [f"{dropped} moves on each side are not shown (wider terminal or --format json)"] if dropped else []
    return [
        *rows,
        *_key(options, digits=width != NUMBER_WIDTH),
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


def _label(move: Decimal) -> str:
    return signed_percent(rounded(move, 4, Direction.NEAREST)) if move else "now"


def _labels(moves: Sequence[Decimal], asset: str, side: int, width: int) -> Line:
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


def _cell(cell: Cell, width: int) -> Styled:
    if width != NUMBER_WIDTH:
        return (f"{_digit(cell):<{width}}", _style(cell))
    mark = DEAD if cell.liquidatable and cell.maintenance_ratio is not None else " "
    return (f"{_number(cell):>{width - 1}}{mark}", _style(cell))


def whole_percent(cell: Cell) -> int | None:
    """The ratio in whole percent, rounded up; None where equity cannot carry it."""
    if cell.maintenance_ratio is None:
        return None
    return int(rounded(cell.maintenance_ratio * HUNDRED, 0, Direction.UP))


def _number(cell: Cell) -> str:
    share = whole_percent(cell)
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


def _key(options: Options, *, digits: bool) -> list[Line]:
    unit = "tenths: 3 is 30% to 40%" if digits else "percent"
    dead = [f"{DEAD} liquidatable there", *([] if digits else [f"{GONE} without any equity"])]
    if not options.color:
        return paragraph("; ".join([unit, ", ".join(dead)]), options.width, lead=line(INDENT), style="dim")
    bands = [(f" {band.words} ", band.style) for band in BANDS]
    items: list[Styled] = [(unit, ""), *bands, *((f" {text} ", DEAD_STYLE) for text in dead)]
    rows: list[Line] = [line(INDENT)]
    for text, style in items:
        if options.width is not None and line_width(rows[-1]) + cells_of(text) > options.width:
            rows.append(line(INDENT))
        rows[-1] = (*rows[-1], (text, style), (" ", ""))
    return rows
