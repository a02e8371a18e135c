"""Pictures of bars and lines on the terminal: in blocks, or in ASCII where the encoding has none; no colour needed."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from marginctl.core.exact import ZERO, Direction, rounded
from marginctl.render import Options
from marginctl.render.formats.layout import INDENT, Line, cells_of, line, paragraph, shortened, shower
from marginctl.render.page import Bar, BarPicture, BarRow, Tone
from marginctl.wording import grouped, natural_places, signed_percent

WIDEST = 60
"""Cells of the longest bar."""
NARROWEST = 12
LABEL = 24
"""Cells of a row's name."""
FULL, LETTERS = ("█", "░", "▒"), ("#", "-", "=")
"""A bar, a light one, a sum."""
STYLES = {Tone.LOSS: "red", Tone.BAD: "red", Tone.GOOD: "green", Tone.DIM: "dim", Tone.WARN: "yellow"}


def bars(block: BarPicture, options: Options) -> list[Line]:
    """What it says, then a row each: its name, its bars on one axis, its words; the ends of the axis below."""
    show = shower(options)
    side = min(LABEL, max(cells_of(show(row.label)) for row in block.rows))
    words = [_words(row) for row in block.rows]
    taken = len(INDENT) + side + 2 + max(map(cells_of, words))
    width = max(NARROWEST, min(WIDEST, (options.width or WIDEST + taken) - taken))
    values = [value for row in block.rows for bar in row.bars for value in (bar.start, bar.end)]
    low, high = min([*values, ZERO]), max([*values, ZERO])
    dots = "..." if options.ascii else "…"
    drawn = paragraph(block.reading, options.width, lead=line(INDENT))
    for row, told in zip(block.rows, words, strict=True):
        label = shortened(show(row.label), side, dots)
        style = "bold" if row.is_sum else ""
        cells = _cells(row, low, high, width, ascii=options.ascii)
        drawn.append((*line(f"{INDENT}{label:>{side}} ", style), *cells, *line(f" {told}", style)))
        drawn += [line(f"{INDENT}{'':>{side}} {_plain(row.note, options)}", "dim")] if row.note else []
    return [*drawn, _axis(low, high, side, width, block)]


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
    if block.is_share:
        return signed_percent(rounded(value, 4, Direction.NEAREST)) if value else "now"
    return grouped(value, min(natural_places(value), 2), Direction.NEAREST)
