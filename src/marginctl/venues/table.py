"""A contract table: a CSV file whose rows are grouped by symbol, read one symbol at a time.

The columns are named by the first line; ``symbol`` is the first one. Cells hold exact decimals (rates also ``10%`` or
``1/30``) without quotes; an empty cell is unknown, or no limit. A table of thousands of contracts is never parsed as a
whole: the lines of a symbol are found by searching the bytes.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal

from msgspec import Struct

from marginctl.document.kinds import AMOUNT, POSITIVE
from marginctl.document.numbers import NumberError
from marginctl.document.source import Collector, Source, echo
from marginctl.findings import Problem
from marginctl.venues.format import EXACT_RATE
from marginctl.venues.tiers import Deduction, TierRow, first_fault

REQUIRED = ("symbol", "base", "quote", "floor", "cap", "maintenance_rate", "max_leverage")
OPTIONAL = ("deduction", "initial_rate")
COLUMN_OF_FAULT = {"up_to": "cap"}
BOM = b"\xef\xbb\xbf"
LARGEST = 16 * 1024 * 1024

_READERS: dict[str, Callable[[str], Decimal]] = {
    "floor": AMOUNT.read,
    "cap": POSITIVE.read,
    "maintenance_rate": EXACT_RATE.read,
    "max_leverage": POSITIVE.read,
    "deduction": AMOUNT.read,
    "initial_rate": EXACT_RATE.read,
}


class TableRows(Struct, frozen=True):
    """The rows of one contract."""

    base: str
    quote: str
    rows: list[TierRow]


class Table(Struct, frozen=True):
    """The bytes of a table under the name it is shown by; ``columns`` in their order."""

    name: str
    data: bytes
    columns: tuple[str, ...]

    def contract(self, symbol: str) -> TableRows | None:
        """The rows of a symbol; None when the table has none. The table must be sound (``table_problems``)."""
        span = self._span(symbol)
        if span is None:
            return None
        lines = _lines(self.data[slice(*span)].decode())
        cells = [dict(zip(self.columns, line.split(","), strict=True)) for line in lines]
        return TableRows(cells[0]["base"], cells[0]["quote"], [_row(row) for row in cells])

    def rated(self) -> set[str]:
        """The symbols with maintenance rates."""
        at = self.columns.index("maintenance_rate")
        rows = (line.split(",") for line in _lines(self.data.decode())[1:])
        return {row[0] for row in rows if row[at]}

    def symbols(self) -> list[str]:
        """Every symbol, in the order of the table."""
        lines = _lines(self.data.decode())
        return list(dict.fromkeys(line.partition(",")[0] for line in lines[1:]))

    def _span(self, symbol: str) -> tuple[int, int] | None:
        """Where the lines of a symbol begin and end."""
        if not symbol.isprintable() or "," in symbol:
            return None
        prefix = f"{symbol},".encode()
        start = self.data.find(b"\n" + prefix) + 1
        end = start
        while start and self.data.startswith(prefix, end):
            end = self.data.find(b"\n", end) + 1 or len(self.data)
        return (start, end) if start else None


def open_table(name: str, data: bytes) -> Table:
    """The table that ``data`` holds; its problems are asked for apart, since a bundled table has none."""
    body = data.removeprefix(BOM)
    header = body.partition(b"\n")[0].decode("utf-8", "replace").strip()
    return Table(name, body, tuple(header.split(",")))


def table_problems(table: Table, deduction: Deduction) -> list[Problem]:
    """Everything wrong with a table, one problem for each contract at most, in the order of the file."""
    source = Source(table.name, "")
    if len(table.data) > LARGEST:
        return [source.problem((0, 0), "MC001", "is larger than 16 MiB", "leave out the contracts that are not used")]
    try:
        source.text = table.data.decode()
    except UnicodeDecodeError as error:
        return [source.problem((0, 0), "MC001", f"is not UTF-8 text (byte {error.start})", "save it as UTF-8")]
    header = _header_problem(table.columns)
    if header:
        return [source.problem((1, 1), "MC025", *header)]
    found = Collector(source, [])
    seen: set[str] = set()
    for lines in _grouped(source.text):
        symbol = _symbol(lines[0][1])
        if symbol in seen:
            found.add((lines[0][0], 1), "MC025", f"rows of {echo(symbol)} stand apart", "keep them together")
        else:
            _check_contract(found, table.columns, lines, deduction)
        seen.add(symbol)
    return found.problems


def _header_problem(columns: tuple[str, ...]) -> tuple[str, str] | None:
    missing = [name for name in REQUIRED if name not in columns]
    unknown = [name for name in columns if name not in REQUIRED + OPTIONAL]
    if missing:
        return f"the table has no column {echo(missing[0])}", "the first line is " + ",".join(REQUIRED + OPTIONAL)
    if unknown:
        return f"the table has an unknown column {echo(unknown[0])}", "known: " + ", ".join(REQUIRED + OPTIONAL)
    if len(set(columns)) < len(columns) or columns[0] != "symbol":
        return "the columns must differ, and `symbol` must be the first", ""
    return None


def _lines(text: str) -> list[str]:
    """Lines without their ends; only a line feed ends one."""
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]


def _symbol(line: str) -> str:
    return line.partition(",")[0]


def _grouped(text: str) -> Iterator[list[tuple[int, str]]]:
    """The lines behind the header with their numbers, neighbours of one symbol together."""
    group: list[tuple[int, str]] = []
    for number, line in enumerate(_lines(text)[1:], 2):
        if group and _symbol(line) != _symbol(group[0][1]):
            yield group
            group = []
        group.append((number, line))
    if group:
        yield group


def _check_contract(
    found: Collector, columns: tuple[str, ...], lines: list[tuple[int, str]], deduction: Deduction
) -> None:
    """Note the first problem of one contract's rows: cells that cannot be read, then what they say together."""
    first: dict[str, str] = {}
    read: list[list[str]] = []
    rows: list[TierRow] = []
    for number, line in lines:
        cells = line.split(",")
        if len(cells) != len(columns):
            message = f"the row has {len(cells)} cells, the first line {len(columns)}"
            found.add((number, 1), "MC025", message, "write one cell for each column, without quotes")
            return
        named = dict(zip(columns, cells, strict=True))
        try:
            _check_names(named, first or named)
            rows.append(_row(named))
        except _CellError as wrong:
            found.add((number, _column(cells, columns, wrong.column)), wrong.code, wrong.message, wrong.help)
            return
        read.append(cells)
        first = first or named
    fault = first_fault(rows, deduction)
    if fault:
        column = _column(read[fault.row], columns, COLUMN_OF_FAULT.get(fault.column, fault.column))
        found.add((lines[fault.row][0], column), "MC025", f"{read[0][0]}: {fault.message}", fault.help)


class _CellError(ValueError):
    """A cell that cannot be read, or differs from that of the contract's first row."""

    def __init__(self, column: str, code: str, message: str, help: str) -> None:
        self.column, self.code, self.message, self.help = column, code, message, help
        super().__init__(message)


def _check_names(cells: dict[str, str], first: dict[str, str]) -> None:
    """Raises _CellError for a name that is none, or another one than in the contract's first row."""
    for name in ("symbol", "base", "quote"):
        if not cells[name] or cells[name] != cells[name].strip():
            raise _CellError(name, "MC025", f"`{name}` is empty or has spaces around it", "write it without spaces")
        if not cells[name].isprintable():
            raise _CellError(name, "MC025", f"`{name}` has invisible characters: {echo(cells[name])}", "remove them")
        if cells[name] != first[name]:
            message = f"`{name}` differs from the first row of {cells['symbol']}"
            raise _CellError(name, "MC025", message, f"write {first[name]}")


def _row(cells: dict[str, str]) -> TierRow:
    """The row of a line; an empty cell is unknown. Raises _CellError."""
    values: dict[str, Decimal | None] = dict.fromkeys(_READERS)
    for name, read in _READERS.items():
        text = cells.get(name)
        try:
            values[name] = read(text) if text else None
        except NumberError as error:
            raise _CellError(name, error.code, f"`{name}` {error.message}", error.help) from error
    return TierRow(
        up_to=values["cap"],
        maintenance_rate=values["maintenance_rate"],
        initial_rate=values["initial_rate"],
        max_leverage=values["max_leverage"],
        deduction=values["deduction"],
        floor=values["floor"],
    )


def _column(cells: list[str], columns: tuple[str, ...], name: str) -> int:
    """The character column, from 1, at which a cell begins; 1 for a column that the table lacks."""
    if name not in columns:
        return 1
    return 1 + sum(len(cell) + 1 for cell in cells[: columns.index(name)])
