"""Pictures of bars and lines on the terminal: in blocks, or in ASCII where the encoding has none; no colour needed."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise

from marginctl.core.exact import ONE, ZERO, Direction, rounded
from marginctl.render import Options
from marginctl.render.formats.layout import INDENT, Line, cells_of, line, paragraph, shortened, shower
from marginctl.render.page import Bar, BarPicture, BarRow, LinePicture, Stroke, Tone, Trace
from marginctl.wording import grouped, natural_places, signed_percent

WIDEST = 60
"""Cells of the longest bar."""
NARROWEST = 12
LABEL = 24
"""Cells of a row's name."""
FULL, LETTERS = ("█", "░", "▒"), ("#", "-", "=")
"""A bar, a light one, a sum."""
RISING = (" ▁▂▃▄▅▆▇█", " .:-=+*%#")
"""Eight heights, in blocks and in ASCII."""
STYLES = {Tone.LOSS: "red", Tone.BAD: "red", Tone.GOOD: "green", Tone.DIM: "dim", Tone.WARN: "yellow"}


def bars(block: BarPicture, options: Options) -> list[Line]:
    """What it says, then a row each: its name, its bars on one axis, its words; the ends of the axis below."""
    show = shower(options)
    side = min(LABEL, max(cells_of(show(row.label)) for row in block.rows))
    words = [_words(row) for row in block.rows]
    taken = len(INDENT) + side + 2 + max(map(cells_of, words))
    width = max(NARROWEST, min(WIDEST, (options.width or WIDEST + taken) - taken))
    low, high = min([*block.ends, ZERO]), max([*block.ends, ZERO])
    dots = "..." if options.ascii else "…"
    drawn = paragraph(block.reading, options.width, lead=line(INDENT))
    drawn += [] if block.trace is None else _spark(block.trace, side, width, options)
    for row, told in zip(block.rows, words, strict=True):
        label = shortened(show(row.label), side, dots)
        style = "bold" if row.is_sum else ""
        cells = _cells(row, low, high, width, ascii=options.ascii)
        drawn.append((*line(f"{INDENT}{label:>{side}} ", style), *cells, *line(f" {told}", style)))
        drawn += _note(_plain(row.note, options), f"{INDENT}{'':>{side}} ", options) if row.note else []
    return [*drawn, _axis(low, high, side, width, block)]


def _spark(trace: Trace, side: int, width: int, options: Options) -> list[Line]:
    """A line over the axis in one row of heights, of eight; what is below zero is empty."""
    heights = RISING[options.ascii]
    top = max(ZERO, *(value for _, value in trace.points)) or ONE
    values = [_value(trace.points, trace.points[-1][0] * at / (width - 1)) for at in range(width)]
    cells = "".join(heights[max(0, int(rounded(value * 8 / top, 0, Direction.NEAREST)))] for value in values)
    label = shortened(shower(options)(trace.label), side, "..." if options.ascii else "…")
    first, last = (_amount(rounded(value, 2, Direction.DOWN)) for value in (values[0], values[-1]))
    lead = f"{INDENT}{'':>{side}} "
    return [line(f"{INDENT}{label:>{side}} {cells}"), *_note(f"now {first}, at the end {last}", lead, options)]


def _note(note: str, lead: str, options: Options) -> list[Line]:
    """Below its bars where there is room, else from the margin on."""
    if options.width is None or cells_of(lead + note) <= options.width:
        return [line(f"{lead}{note}", "dim")]
    return paragraph(note, options.width, lead=line(INDENT * 2), style="dim")


def _words(row: BarRow) -> str:
    return "  ".join(bar.text for bar in row.bars if bar.text)


def _plain(note: str, options: Options) -> str:
    return note.replace("▼", "v").replace("▲", "^") if options.ascii else note


def _cells(row: BarRow, low: Decimal, high: Decimal, width: int, *, ascii: bool) -> Line:
    """The bars of a row, the later over the earlier; the place of zero is marked where nothing is drawn."""
    signs = LETTERS if ascii else FULL
    cells = [(" ", "")] * width
    zero = _at(ZERO, low, high, width)
    cells[min(zero, width - 1)] = ("|" if ascii else "│", "dim")
    for bar in row.bars:
        start, end = sorted((_at(bar.start, low, high, width), _at(bar.end, low, high, width)))
        for at in range(start, max(end, start + 1)):
            cells[min(at, width - 1)] = (_sign(bar, row, signs), STYLES.get(bar.tone, ""))
    return tuple(_merged(cells))


def _sign(bar: Bar, row: BarRow, signs: Sequence[str]) -> str:
    if row.is_sum:
        return signs[2]
    return signs[1] if bar.tone is Tone.DIM else signs[0]


def _merged(cells: Sequence[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    text, style = "", ""
    for sign, own in cells:
        if own != style and text:
            yield text, style
            text = ""
        text, style = text + sign, own
    yield text, style


def _at(value: Decimal, low: Decimal, high: Decimal, width: int) -> int:
    share = (value - low) / (high - low) if high > low else ZERO
    return int(rounded(share * width, 0, Direction.NEAREST))


def _axis(low: Decimal, high: Decimal, side: int, width: int, block: BarPicture) -> Line:
    """What stands at both ends of the axis."""
    left, right = (_end(value, block) for value in (low, high))
    return line(f"{INDENT}{'':>{side}} {left}{right:>{max(width - len(left), len(right) + 1)}}", "dim")


def _end(value: Decimal, block: BarPicture) -> str:
    if block.is_part:
        return f"{grouped(value * 100, 0, Direction.NEAREST)}%"
    if block.is_share:
        return signed_percent(rounded(value, 4, Direction.NEAREST)) if value else "now"
    return grouped(value, min(natural_places(value), 2), Direction.NEAREST)


HEIGHT = 10
"""Lines of a picture of lines."""
INKS = {Stroke.SOLID: "•*", Stroke.DASHED: "°o", Stroke.THIN: "·."}
"""What a line is made of, in blocks and in ASCII."""


def lines(block: LinePicture, options: Options) -> list[Line]:
    """What it says; every line over one axis, a column a place; below the axis its marks."""
    xs = [x for trace in block.traces for x, _ in trace.points]
    ys = [ZERO, *(y for trace in block.traces for _, y in trace.points)]
    low, high, left, right = min(ys), max(ys), min(xs), max(xs)
    labels = [_amount(high), _amount(low)]
    side = max(map(len, labels))
    width = max(NARROWEST, min(WIDEST, (options.width or WIDEST * 2) - len(INDENT) - side - 2))
    cells = [[" "] * width for _ in range(HEIGHT)]
    for trace in block.traces:
        for at in range(width):
            value = _value(trace.points, left + (right - left) * at / (width - 1))
            row = _at(value, low, high, HEIGHT - 1)
            cells[HEIGHT - 1 - row][at] = INKS[trace.stroke][options.ascii]
    drawn = paragraph(block.reading, options.width, lead=line(INDENT))
    drawn.append(line(f"{INDENT}{block.y_title}", "dim"))
    for at, signs in enumerate(cells):
        label = labels[0] if not at else labels[1] if at == HEIGHT - 1 else ""
        drawn.append((*line(f"{INDENT}{label:>{side}} ", "dim"), *line("".join(signs).rstrip())))
    return [*drawn, *_foot(block, left, right, side, width, options)]


def _foot(block: LinePicture, left: Decimal, right: Decimal, side: int, width: int, options: Options) -> Iterable[Line]:
    """The axis with its marks, what they are, and the ends of the axis."""
    base = ["-" if options.ascii else "─"] * width
    lead = f"{INDENT}{'':>{side}} "
    for mark in block.marks:
        base[_at(mark.at, left, right, width - 1)] = ("^" if options.ascii else "▲") if mark.is_end else "|"
    yield line(lead + "".join(base), "dim")
    begin, end = _amount(left), f"{_amount(right)}  {block.x_title}"
    yield line(f"{lead}{begin}{end:>{max(width - len(begin), len(end) + 1)}}", "dim")
    words = [f"{('^' if options.ascii else '▲') if one.is_end else '|'} {one.text}" for one in block.marks]
    words += [f"to {_amount(end)}: {text}" for _, end, text in block.spans]
    yield from paragraph("; ".join(words), options.width, lead=line(INDENT), style="dim")


def _amount(value: Decimal) -> str:
    return grouped(value, min(natural_places(value), 2), Direction.NEAREST)


def _value(points: Sequence[tuple[Decimal, Decimal]], at: Decimal) -> Decimal:
    """Straight between the corners; at a jump the farther side."""
    for (left, low), (right, high) in pairwise(points):
        if left <= at <= right and left < right:
            return low + (high - low) * (at - left) / (right - left)
    return points[-1][1]
