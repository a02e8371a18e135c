"""A CSV of prices or returns by date -> columns by asset, or every cell that cannot be read.

The first line names the columns: ``date``, then an asset each. A date is a day, or a moment with its zone, one kind per
file, and rises from line to line; a cell is a price of one unit, a return (a fraction or a percentage), or blank. A
Parquet file is read as the CSV that says the same: its first row is line 2.
"""

import datetime as dt
from decimal import Decimal

from msgspec import Struct

from marginctl.document import parquet, scalars
from marginctl.document.files import decode
from marginctl.document.numbers import NumberError, decimal, decimal_or_percentage
from marginctl.document.scalars import WordError
from marginctl.document.source import Source, StoppingCollector, TooManyProblemsError, echo
from marginctl.findings import Problem


def cells_of(line: str) -> list[str]:
    """Cells without the quotes around them."""
    return [
        cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell
        for cell in line.removesuffix("\r").split(",")
    ]


def column_of(line: str, number: int) -> int:
    """The character, from 1, at which a cell begins."""
    return 1 + sum(len(cell) + 1 for cell in line.split(",")[:number])


LARGEST_HISTORY = 64 * 1024 * 1024
HEADER_HELP = "write date,BTC,ETH: `date`, then every asset once"


class PriceHistory(Struct, frozen=True):
    """What a file holds: dates as written, their days, and per asset a value per row, None = blank.

    ``lines``: of every row, to point at.
    """

    source: Source
    dates: tuple[str, ...]
    days: tuple[int, ...]
    columns: dict[str, tuple[Decimal | None, ...]]
    lines: tuple[int, ...]

    def place(self, row: int, asset: str) -> tuple[int, int]:
        """Line and column of a cell."""
        line = self.lines[row]
        return line, column_of(self.source.line(line), 1 + list(self.columns).index(asset))


class _Moment(Struct, frozen=True):
    """A date as it sorts: ``kind`` is day or moment."""

    kind: str
    at: dt.datetime
    day: dt.date


def price_history(data: bytes, name: str, *, are_returns: bool) -> tuple[PriceHistory | None, list[Problem]]:
    """The columns of a file; None where anything is wrong. A price is above 0, a return above -100%."""
    if len(data) <= LARGEST_HISTORY and name.endswith(parquet.ENDINGS):
        data, problems = parquet.csv_of(data, name)
        if problems:
            return None, problems
    source, problems = decode(data, name, LARGEST_HISTORY)
    if problems:
        return None, problems
    found = StoppingCollector(source, [])
    try:
        read = _read(source, found, are_returns=are_returns)
    except TooManyProblemsError:
        read = None
    return (None, found.problems) if found.problems else (read, [])


def _read(source: Source, found: StoppingCollector, *, are_returns: bool) -> PriceHistory | None:
    lines = source.text.removesuffix("\n").split("\n")
    header = cells_of(lines[0])
    assets = header[1:]
    if header[0] != "date" or not assets or len(set(header)) < len(header) or "" in header:
        found.add((1, 1), "MC025", f"the first line does not name the columns once each: {echo(lines[0])}", HEADER_HELP)
        return None
    moments: list[_Moment] = []
    rows: list[list[Decimal | None]] = []
    dates: list[str] = []
    for number, line in enumerate(lines[1:], 2):
        cells = cells_of(line)
        if len(cells) != len(header):
            message = f"the row has {len(cells)} cells, the first line {len(header)}"
            found.add((number, 1), "MC025", message, "write one cell for each column, blank where there is no value")
            continue
        moment = _moment(cells[0], (number, 1), moments, found)
        if moment is not None:
            moments.append(moment)
            dates.append(cells[0])
            places = [_Cell(asset, number, line, k) for k, asset in enumerate(assets, 1)]
            rows.append([_value(place, cells[place.k], found, are_returns) for place in places])
    if not rows and not found.problems:
        found.add((1, 1), "MC025", "the file has no rows below its first line", "add one line for each date")
    columns = {asset: tuple(row[k] for row in rows) for k, asset in enumerate(assets)}
    days = tuple(moment.day.toordinal() for moment in moments)
    return PriceHistory(source, tuple(dates), days, columns, tuple(range(2, 2 + len(rows))))


def _moment(text: str, place: tuple[int, int], before: list[_Moment], found: StoppingCollector) -> _Moment | None:
    try:
        read = _day(text) if "T" not in text and " " not in text else _instant(text)
    except WordError as error:
        found.add(place, error.code, f"`date` {error.message}", error.help)
        return None
    last = before[-1] if before else None
    if last is not None and read.kind != last.kind:
        found.add(place, "MC016", f"`date` is a {read.kind}, the lines before have a {last.kind}", "write one kind")
    elif last is not None and read.at <= last.at:
        order = "repeats" if read.at == last.at else "lies before"
        found.add(place, "MC016", f"{echo(text)} {order} the date above", "sort the lines, each date once")
    return read


def _day(text: str) -> _Moment:
    day = scalars.date(text)
    return _Moment("day", dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC), day)


def _instant(text: str) -> _Moment:
    scalars.instant(text)
    return _Moment("moment", dt.datetime.fromisoformat(text), scalars.day(text))


class _Cell(Struct, frozen=True):
    asset: str
    number: int
    line: str
    k: int

    @property
    def place(self) -> tuple[int, int]:
        return self.number, column_of(self.line, self.k)


def _value(cell: _Cell, text: str, found: StoppingCollector, are_returns: bool) -> Decimal | None:
    if not text.strip():
        return None
    try:
        value = decimal_or_percentage(text) if are_returns else decimal(text)
    except NumberError as error:
        found.add(cell.place, error.code, f"{cell.asset} {error.message}", error.help)
        return None
    if value <= (-1 if are_returns else 0):
        what = "is a return of -100% or less" if are_returns else "is not above 0"
        message = f"{cell.asset} {what}: {echo(text)}"
        found.add(cell.place, "MC014", message, "correct it, or leave the cell blank")
    return value
