"""Pure text layout: styled lines, shortening in the middle, word wrap, and which columns of a table fit a width.

Widths are terminal cells, not characters. Numbers are never cut: a column that does not fit is dropped whole.
"""

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from marginctl.document.source import printable
from marginctl.render import Options
from marginctl.render.page import Column, ColumnKind

INDENT = "  "
GUTTER = 2
OPTIONAL = 8
"""Columns of this priority and beyond go before any name is shortened."""
NAME_FLOOR = 20
"""Names are shortened to this many cells before a column that matters goes, further only when nothing else is left."""

LEAST_TEXT = 24
"""Cells that a column of running text needs; other columns go before it gets less."""
NARROWEST_TEXT = 12
LEAST_PARAGRAPH = 20

Styled: TypeAlias = tuple[str, str]
"""A text and its style in rich's words, such as ``bold red``; an empty style is the terminal's own."""
Line: TypeAlias = tuple[Styled, ...]

Show: TypeAlias = Callable[[str], str]
"""Makes any text fit for the terminal: see ``shower``."""

_NUMBER = re.compile(r"[-+(]?[\d.,]+[%x)]?[.,;:]?")


class Glyphs(Struct, frozen=True):
    """The characters beyond letters and digits, as far as the output can show them."""

    ellipsis: str
    rule: str
    filled: str
    blank: str
    mark: str
    dot: str
    arrow: str


UNICODE = Glyphs("…", "─", "█", "·", "│", "·", "→")
ASCII = Glyphs("...", "-", "#", ".", "|", "|", "->")


def glyphs(options: Options) -> Glyphs:
    """The characters for this output."""
    return ASCII if options.ascii else UNICODE


def shower(options: Options) -> Show:
    """Replaces what a terminal would obey instead of show, and what an ASCII output cannot encode."""
    return _ascii if options.ascii else printable


def _ascii(text: str) -> str:
    shown = printable(text).replace(UNICODE.arrow, ASCII.arrow)
    return shown.encode("ascii", "backslashreplace").decode("ascii")


class Fitted(Struct, frozen=True):
    """The columns that fit, with their widths, and the titles of those that were dropped."""

    columns: list[Column]
    widths: list[int]
    dropped: list[str]


def cells_of(text: str) -> int:
    """The width of a text on the terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def column_width(column: Column) -> int:
    """The width that shows everything of the column."""
    return max(map(cells_of, (column.title, column.unit, *column.cells)))


def shortened(text: str, width: int, ellipsis: str) -> str:
    """The text, or its beginning and end around an ellipsis where it is wider than ``width`` cells."""
    if cells_of(text) <= width:
        return text
    room = width - cells_of(ellipsis)
    if room < 2:
        return beginning(text, width)
    head = beginning(text, room - room // 2)
    return head + ellipsis + ending(text, room - cells_of(head))


def ending(text: str, width: int) -> str:
    """The longest end of the text that takes at most ``width`` cells."""
    return beginning(text[::-1], width)[::-1]


def beginning(text: str, width: int) -> str:
    """The longest beginning of the text that takes at most ``width`` cells."""
    taken = 0
    for count, character in enumerate(text):
        taken += cells_of(character)
        if taken > width:
            return text[:count]
    return text


def fit(columns: Sequence[Column], width: int | None, ellipsis: str) -> Fitted:
    """As many columns as the width takes.

    Running text goes on below itself. Of the others optional ones go first, then names are shortened a little, then the
    next ones go, then names are shortened further.
    """
    kept = list(columns)
    if width is None:
        return Fitted(kept, [column_width(column) for column in kept], [])
    if kept and kept[-1].kind is ColumnKind.PROSE:
        kept = _with_prose(kept[:-1], kept[-1], width)
    shown = _drop(kept, _natural(kept, width), width, OPTIONAL)
    shown = _drop(shown, _shrink(shown, width, NAME_FLOOR), width, 1)
    widths = _shrink(shown, width, 4)
    cut = [_cut(column, cells, ellipsis) for column, cells in zip(shown, widths, strict=True)]
    remaining = {id(column) for column in shown}
    return Fitted(cut, widths, [column.title for column in kept if id(column) not in remaining])


def _with_prose(columns: list[Column], prose: Column, width: int) -> list[Column]:
    """Running text in the room that the other columns leave; their cells stay blank beside its further lines.

    Text that may be dropped (it has a priority) is where it gets less than ``LEAST_TEXT`` cells; otherwise columns of
    high priority give way.
    """
    least = min(LEAST_TEXT, column_width(prose))
    if prose.priority and _room(columns, width) < least:
        return [*columns, prose]
    kept = list(columns)
    while _room(kept, width) < least and any(column.priority for column in kept):
        kept.remove(max(kept, key=lambda column: column.priority))
    lines = [wrapped(cell, max(_room(kept, width), NARROWEST_TEXT)) for cell in prose.cells]
    heights = [len(rows) for rows in lines]
    below = replace(prose, cells=[row for rows in lines for row in rows], priority=0)
    return [*(_stretched(column, heights) for column in columns), below]


def _room(columns: Sequence[Column], width: int) -> int:
    """What the columns leave of the width, with a gutter before it."""
    return width - table_width([column_width(column) for column in columns]) - GUTTER


def _stretched(column: Column, heights: Sequence[int]) -> Column:
    """The column with every cell followed by blanks up to its row's height."""
    pairs = list(zip(column.cells, heights, strict=True))
    cells = [part for cell, height in pairs for part in (cell, *[""] * (height - 1))]
    tones = [tone for tone, height in zip(column.tones, heights, strict=False) for _ in range(height)]
    return replace(column, cells=cells, tones=tones)


def table_width(widths: Sequence[int]) -> int:
    """Cells of a row with the gutters between its columns."""
    return sum(widths) + GUTTER * max(len(widths) - 1, 0)


def _natural(columns: Sequence[Column], width: int) -> list[int]:
    return [
        min(column_width(column), width) if column.kind is ColumnKind.NAME else column_width(column)
        for column in columns
    ]


def _drop(columns: list[Column], widths: list[int], width: int, from_priority: int) -> list[Column]:
    kept = list(zip(columns, widths, strict=True))
    while table_width([cells for _, cells in kept]) > width:
        candidates = [index for index, (column, _) in enumerate(kept) if column.priority >= from_priority]
        if not candidates:
            break
        del kept[max(candidates, key=lambda index: (kept[index][0].priority, index))]
    return [column for column, _ in kept]


def _shrink(columns: list[Column], width: int, floor: int) -> list[int]:
    """Takes what is too much from the widest name columns, one cell at a time, down to ``floor`` or the title."""
    shrunk = _natural(columns, width)
    names = [index for index, column in enumerate(columns) if column.kind is ColumnKind.NAME]
    for _ in range(table_width(shrunk) - width):
        widest = max(names, key=lambda index: shrunk[index], default=None)
        if widest is None or shrunk[widest] <= max(floor, cells_of(columns[widest].title)):
            break
        shrunk[widest] -= 1
    return shrunk


def _cut(column: Column, width: int, ellipsis: str) -> Column:
    if column.kind is not ColumnKind.NAME or column_width(column) <= width:
        return column
    return replace(column, cells=[shortened(cell, width, ellipsis) for cell in column.cells])


def wrapped(text: str, width: int | None) -> list[str]:
    """The words of a text in lines of at most ``width`` cells; only a word that is no number is ever broken."""
    words = text.split()
    if width is None or cells_of(text) <= width:
        return [" ".join(words)]
    lines = [""]
    for piece in (piece for word in words for piece in _pieces(word, width)):
        joined = f"{lines[-1]} {piece}" if lines[-1] else piece
        if cells_of(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(piece)
    return lines


def _pieces(word: str, width: int) -> list[str]:
    pieces = []
    while cells_of(word) > width and not _NUMBER.fullmatch(word):
        head = beginning(word, width) or word[0]
        pieces.append(head)
        word = word[len(head) :]
    return [*pieces, word]


def line(text: str = "", style: str = "") -> Line:
    """A line of one style; without a text an empty one."""
    return ((text, style),) if text else ()


def line_width(parts: Line) -> int:
    """Cells that a line takes."""
    return sum(cells_of(text) for text, _ in parts)


def paragraph(text: str, width: int | None, *, lead: Line = (), style: str = "") -> list[Line]:
    """Words wrapped to the width; later lines hang below the end of ``lead``."""
    hang = line_width(lead)
    rows = wrapped(text, None if width is None else max(width - hang, LEAST_PARAGRAPH))
    return [(*(lead if number == 0 else line(" " * hang)), *line(row, style)) for number, row in enumerate(rows)]


def packed(pieces: Sequence[str], separator: str, width: int | None) -> list[str]:
    """Short texts in as few lines as the width allows, broken between them."""
    rows = list(pieces[:1])
    for piece in pieces[1:]:
        longer = rows[-1] + separator + piece
        if width is None or cells_of(longer) <= width:
            rows[-1] = longer
        else:
            rows.append(piece)
    return rows


def aligned(cells: Sequence[str]) -> list[str]:
    """Right-aligned cells padded so that their decimal points stand in one column."""
    behind = [len(cell) - cell.find(".") if "." in cell else 0 for cell in cells]
    most = max(behind, default=0)
    return [
        cell + " " * (most - tail) if cell[-1:].isdigit() else cell for cell, tail in zip(cells, behind, strict=True)
    ]
