"""Styled lines and tables -> terminal text, drawn by rich. The only module that knows how colour is written.

rich is imported when something is drawn. Cells come to it as wide as their columns (``layout``), so that it has nothing
left to measure, wrap or cut.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from marginctl.document.source import printable
from marginctl.render.layout import GUTTER, Column, cells_of, fit, wrapped
from marginctl.results import Options

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.table import Table

INDENT = "  "

Span: TypeAlias = tuple[str, str]
"""A text and its style in rich's words, such as ``bold red``; an empty style is the terminal's own."""
Line: TypeAlias = tuple[Span, ...]
Show: TypeAlias = Callable[[str], str]
"""Makes text of the user's own fit for the terminal: see ``shower``."""


class Grid(Struct, frozen=True):
    """A table with a heading; columns that do not fit are dropped and named below it."""

    title: str
    note: str
    columns: tuple[Column, ...]


Block: TypeAlias = Line | Grid


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
    return printable(text).encode("ascii", "backslashreplace").decode("ascii")


def line(text: str = "", style: str = "") -> Line:
    """A line of one style; without a text an empty one."""
    return ((text, style),) if text else ()


def line_width(spans: Line) -> int:
    """Cells that a line takes."""
    return sum(cells_of(text) for text, _ in spans)


def paragraph(text: str, width: int | None, *, lead: Line = (), style: str = "") -> list[Line]:
    """Words wrapped to the width; later lines hang below the end of ``lead``."""
    hang = line_width(lead)
    rows = wrapped(text, None if width is None else max(width - hang, 20))
    return [(*(lead if number == 0 else line(" " * hang)), *line(row, style)) for number, row in enumerate(rows)]


def draw(blocks: Iterable[Block], options: Options) -> str:
    """The blocks below one another, as text ending in a line break; no line ends in spaces."""
    from rich.console import Console, Group

    out = StringIO()
    console = Console(
        file=out,
        width=options.width or _UNLIMITED,
        color_system="standard" if options.color else None,
        force_terminal=options.color,
        force_jupyter=False,
        legacy_windows=False,
        no_color=not options.color,
    )
    console.print(Group(*_renderables(blocks, options)), crop=False, end="")
    return "".join(f"{row.rstrip()}\n" for row in out.getvalue().split("\n")[:-1])


_UNLIMITED = 1_000_000


def _renderables(blocks: Iterable[Block], options: Options) -> "Iterator[_Rows | Table]":
    for block in blocks:
        if isinstance(block, Grid):
            yield from _grid(block, options)
        else:
            yield _Rows([block])


def _grid(grid: Grid, options: Options) -> "Iterator[_Rows | Table]":
    signs = glyphs(options)
    fitted = fit(grid.columns, options.width and options.width - len(INDENT), signs.ellipsis)
    yield _Rows([(*line(grid.title, "bold"), *line(grid.note and f"  {grid.note}", "dim"))])
    yield _table(fitted.columns, fitted.widths, signs.rule)
    if fitted.dropped:
        names = f"not shown: {', '.join(fitted.dropped)} (wider terminal or --format json)"
        yield _Rows(paragraph(names, options.width, lead=line(INDENT), style="dim"))


def _table(columns: Sequence[Column], widths: Sequence[int], rule: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=0, pad_edge=False, header_style="")
    units = any(column.unit for column in columns)
    indents = [INDENT if number == 0 else " " * GUTTER for number in range(len(columns))]
    for column, cells, indent in zip(columns, widths, indents, strict=True):
        head = [(column.title, "bold"), (column.unit, "dim"), (rule * cells, "dim")]
        texts = [head[0], *head[1 if units else 2 :]]
        header = _Rows([((indent + _padded(text, cells, column.right), style),) for text, style in texts])
        table.add_column(header, width=cells + len(indent), no_wrap=True)
    for row in range(len(columns[0].cells) if columns else 0):
        table.add_row(
            *(
                _Rows([(*line(indent), (_padded(column.cells[row], cells, column.right), _style(column, row)))])
                for column, cells, indent in zip(columns, widths, indents, strict=True)
            )
        )
    return table


def _style(column: Column, row: int) -> str:
    return column.styles[row] if column.styles else ""


def _padded(text: str, cells: int, right: bool) -> str:
    room = " " * (cells - cells_of(text))
    return room + text if right else text + room


class _Rows(Struct, frozen=True):
    """Lines for rich, as they are."""

    rows: Sequence[Line]

    def __rich_console__(self, console: "Console", settings: "ConsoleOptions") -> "RenderResult":
        from rich.segment import Segment
        from rich.style import Style

        for row in self.rows:
            for text, style in row:
                yield Segment(text, Style.parse(style) if style else None)
            yield Segment.line()
