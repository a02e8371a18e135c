"""A Parquet file of prices or returns as the CSV that says the same; read by the package pyarrow (extra ``parquet``).

Decimals and texts are taken as they are. A binary number counts as the shortest decimal that reads back as it, which
is what was written into it; NaN is a blank cell. A moment at midnight without a zone is a day.
"""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from importlib import import_module
from typing import Any

from marginctl.document.source import echo
from marginctl.findings import Location, Problem

ENDINGS = (".parquet", ".pq")
MOST_CELLS = 2_000_000
NOT_INSTALLED = "Parquet needs the extra `parquet`", "pip install 'marginctl[parquet]', or save it as CSV"
MIDNIGHT = dt.time()


def csv_of(data: bytes, name: str) -> tuple[bytes, list[Problem]]:
    """The rows as CSV, the column ``date`` first; or why there are none."""
    try:
        reader, arrow = import_module("pyarrow.parquet"), import_module("pyarrow")
    except ImportError:
        return b"", [Problem(Location(name), "MC001", *NOT_INSTALLED)]
    try:
        file = reader.ParquetFile(arrow.BufferReader(data))
        cells = file.metadata.num_rows * file.metadata.num_columns
        if cells > MOST_CELLS:
            message = f"the file has {cells:,} cells, at most {MOST_CELLS:,} are read"
            return b"", [Problem(Location(name), "MC001", message, "keep the assets and dates that are needed")]
        table = file.read()
        columns = {str(name): [_text(one) for one in table.column(name).to_pylist()] for name in table.column_names}
    except Exception as error:  # whatever the package makes of a broken file is no defect of this one
        message = f"the file is no Parquet that can be read: {echo(str(error).partition(chr(10))[0])}"
        return b"", [Problem(Location(name), "MC001", message, "save it again, or as CSV")]
    return _csv(columns).encode(), []


def _csv(columns: dict[str, list[str]]) -> str:
    names = sorted(columns, key=lambda name: name != "date")
    rows: Iterable[tuple[str, ...]] = zip(*(columns[name] for name in names), strict=True)
    return "".join(f"{','.join(row)}\n" for row in (names, *rows))


def _text(value: Any) -> str:
    """A cell as a file of this kind writes it."""
    if value is None or isinstance(value, str | int):
        return "" if value is None else str(value)
    if isinstance(value, dt.datetime):
        is_day = value.tzinfo is None and value.time() == MIDNIGHT
        return value.date().isoformat() if is_day else value.isoformat()
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    return "" if number.is_nan() else format(number, "f")
