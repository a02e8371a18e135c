"""Pure text layout: cell widths, shortening in the middle, word wrap, and which columns of a table fit a width.

Widths are terminal cells, not characters. Numbers are never cut: a column that does not fit is dropped whole.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

GUTTER = 2
OPTIONAL = 8
"""Columns of this priority and beyond go before any name is shortened."""
NAME_FLOOR = 20
"""Names are shortened to this many cells before a column that matters goes, further only when nothing else is left."""

_NUMBER = re.compile(r"[-+(]?[\d.,]+[%x)]?[.,;:]?")


class Column(Struct, kw_only=True):
    """One column: a title, a unit line below it, its cells in the order of the rows.

    priority: 0 stays always, then the higher the sooner it is dropped; name: text that may be shortened;
    styles: one style per cell, or none at all.
    """

    title: str
    cells: list[str]
    unit: str = ""
    priority: int = 0
    right: bool = True
    name: bool = False
    styles: Sequence[str] = ()


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
    """The columns that have something to show, as many as the width takes.

    Optional ones go first, then names are shortened a little, then the next ones go, then names are shortened further.
    """
    kept = [column for column in columns if any(column.cells)]
    if width is None:
        return Fitted(kept, [column_width(column) for column in kept], [])
    shown = _drop(kept, _natural(kept, width), width, OPTIONAL)
    shown = _drop(shown, _shrink(shown, width, NAME_FLOOR), width, 1)
    widths = _shrink(shown, width, 4)
    cut = [_cut(column, cells, ellipsis) for column, cells in zip(shown, widths, strict=True)]
    remaining = {id(column) for column in shown}
    return Fitted(cut, widths, [column.title for column in kept if id(column) not in remaining])


def table_width(widths: Sequence[int]) -> int:
    """Cells of a row with the gutters between its columns."""
    return sum(widths) + GUTTER * max(len(widths) - 1, 0)


def _natural(columns: Sequence[Column], width: int) -> list[int]:
    return [min(column_width(column), width) if column.name else column_width(column) for column in columns]


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
    names = [index for index, column in enumerate(columns) if column.name]
    for _ in range(table_width(shrunk) - width):
        widest = max(names, key=lambda index: shrunk[index], default=None)
        if widest is None or shrunk[widest] <= max(floor, cells_of(columns[widest].title)):
            break
        shrunk[widest] -= 1
    return shrunk


def _cut(column: Column, width: int, ellipsis: str) -> Column:
    if not column.name or column_width(column) <= width:
        return column
    return Column(
        title=column.title,
        cells=[shortened(cell, width, ellipsis) for cell in column.cells],
        unit=column.unit,
        priority=column.priority,
        right=column.right,
        name=True,
        styles=column.styles,
    )


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
