"""Whole contract tables as text: read into raw lines, and written."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec import Struct

from marginctl.core.exact import ZERO
from marginctl.venues.table import OPTIONAL, REQUIRED, Table
from marginctl.venues.tiers import TierRow

COLUMNS = ("symbol", "base", "quote", "floor", "cap", "maintenance_rate", "deduction", "max_leverage")
"""The columns of a new table."""


class Lines(Struct, frozen=True):
    """The lines of one contract as they stand in a table."""

    base: str
    quote: str
    lines: list[str]


def contracts_of(table: Table) -> dict[str, Lines]:
    """Symbol -> its lines, in the order of the table. The table must be sound."""
    at = [table.columns.index(name) for name in REQUIRED[:3]]
    found: dict[str, Lines] = {}
    for line in table.data.decode().splitlines()[1:]:
        cells = line.split(",")
        symbol, base, quote = (cells[k] for k in at)
        found.setdefault(symbol, Lines(base, quote, [])).lines.append(line)
    return found


def columns_for(table: Table | None, rows: Iterable[TierRow]) -> tuple[str, ...]:
    """The columns of a table, or of a new one, and those that the rows need besides."""
    columns = table.columns if table is not None else COLUMNS
    needed = {
        "deduction": any(row.deduction for row in rows),
        "initial_rate": table is None and any(row.initial_rate is not None for row in rows),
    }
    return (*columns, *(name for name in OPTIONAL if needed[name] and name not in columns))


def lines_of(columns: Sequence[str], symbol: str, base: str, quote: str, rows: Sequence[TierRow]) -> list[str]:
    """The lines of a contract's rows; each tier begins where the one before it ends."""
    floors = [ZERO, *(row.up_to or ZERO for row in rows[:-1])]
    names = {"symbol": symbol, "base": base, "quote": quote}
    return [
        ",".join(_cell(column, names, floor, row) for column in columns)
        for floor, row in zip(floors, rows, strict=True)
    ]


def _cell(column: str, names: dict[str, str], floor: Decimal, row: TierRow) -> str:
    if column in names:
        return names[column]
    value = floor if column == "floor" else getattr(row, {"cap": "up_to"}.get(column, column))
    return "" if value is None else plain(value)


def table_text(columns: Sequence[str], contracts: dict[str, list[str]]) -> bytes:
    """A table of lines by symbol, sorted by symbol."""
    lines = [",".join(columns), *(line for symbol in sorted(contracts, key=str.encode) for line in contracts[symbol])]
    return "".join(f"{line}\n" for line in lines).encode()


def plain(value: Decimal) -> str:
    """All digits of a number, without an exponent and without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def fits_table(name: str) -> bool:
    """Whether a symbol or an asset can be written into a cell."""
    return bool(name) and name == name.strip() and name.isprintable() and not set(name) & set(',"')
