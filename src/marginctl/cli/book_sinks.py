"""Where rows of results go: one file, or a folder with a file for every part; whole or not at all."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from marginctl.books.book_parts import CSV, PARQUET
from marginctl.cli.targets import Place, TargetError
from marginctl.document.scalars import FlagError
from marginctl.document.source import echo

LINES = (".jsonl", ".ndjson")
GROUP_ROWS = 1 << 16
"""Rows of a row group of a Parquet file out."""


class Writer(Protocol):
    """What takes batches of rows."""

    def write(self, rows: pa.RecordBatch) -> None:
        """Write some rows."""

    def close(self) -> None:
        """Write what is left."""


def leaves(name: str, kind: pa.DataType) -> Iterator[tuple[str, pa.DataType]]:
    """The columns that Parquet makes of one: those of its items or fields, by their paths."""
    if pa.types.is_list(kind):
        yield from leaves(f"{name}.list.element", kind.value_type)
    elif pa.types.is_struct(kind):
        for number in range(kind.num_fields):
            yield from leaves(f"{name}.{kind.field(number).name}", kind.field(number).type)
    else:
        yield name, kind


def parquet_settings(schema: pa.Schema) -> dict[str, Any]:
    """How rows are written: words as dictionaries; figures as they are, for there is next to nothing to compress."""
    columns = [leaf for one in schema for leaf in leaves(one.name, one.type)]
    packed = [name for name, kind in columns if not pa.types.is_floating(kind)]
    return {
        "compression": {name: "zstd" if name in packed else "none" for name, _ in columns},
        "compression_level": dict.fromkeys(packed, 1),
        "use_dictionary": [name for name, kind in columns if pa.types.is_string(kind) and name != "account_id"],
    }


class ParquetRows:
    """Rows as Parquet: one row group for some batches."""

    def __init__(self, path: str, schema: pa.Schema) -> None:
        from pyarrow.parquet import ParquetWriter

        self._writer = ParquetWriter(path, schema, **parquet_settings(schema))
        self._waiting: list[pa.RecordBatch] = []
        self._schema = schema

    def write(self, rows: pa.RecordBatch) -> None:
        """Keep them until a row group is full."""
        self._waiting.append(rows)
        if sum(map(len, self._waiting)) >= GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        table = pa.Table.from_batches(self._waiting, self._schema)
        self._waiting = []
        while len(table) >= GROUP_ROWS:
            self._writer.write_table(table.slice(0, GROUP_ROWS), row_group_size=GROUP_ROWS)
            table = table.slice(GROUP_ROWS)
        self._waiting = table.to_batches()

    def close(self) -> None:
        """The last row group, and the end of the file."""
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting, self._schema), row_group_size=GROUP_ROWS)
        self._writer.close()


class CsvRows:
    """Rows as CSV; lists of codes are joined by a semicolon."""

    def __init__(self, path: str, schema: pa.Schema) -> None:
        from pyarrow import csv

        fields = [(one.name, pa.string() if pa.types.is_list(one.type) else one.type) for one in schema]
        self._schema = pa.schema(fields)
        options = csv.WriteOptions(quoting_style="needed")
        self._writer = csv.CSVWriter(path, self._schema, write_options=options)

    def write(self, rows: pa.RecordBatch) -> None:
        """Write them."""
        columns = [pc.binary_join(one, ";") if pa.types.is_list(one.type) else one for one in rows.columns]
        self._writer.write(pa.RecordBatch.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        """End the file."""
        self._writer.close()


class JsonRows:
    """Rows as one JSON object a line."""

    def __init__(self, path: str, schema: pa.Schema) -> None:  # noqa: ARG002 - as its neighbours
        self._file = Path(path).open("wb")  # noqa: SIM115 - closed by ``close``

    def write(self, rows: pa.RecordBatch) -> None:
        """Write them."""
        self._file.write(b"".join(msgspec.json.encode(one) + b"\n" for one in rows.to_pylist()))

    def close(self) -> None:
        """End the file."""
        self._file.close()


WRITERS: dict[str, Callable[[str, pa.Schema], Writer]] = {
    **dict.fromkeys(PARQUET, ParquetRows),
    **dict.fromkeys(CSV, CsvRows),
    **dict.fromkeys(LINES, JsonRows),
}


def check_target(path: Path) -> None:
    """Refuse a name whose format is not known. Raises FlagError."""
    if path.suffix.lower() not in WRITERS and path.suffix and not path.is_dir():
        known = f"write {', '.join(WRITERS)}, or a folder"
        raise FlagError(f"--rows {echo(str(path))}: the ending is unknown", known)


def is_folder(path: Path) -> bool:
    """Whether rows go into a folder, one file for each part."""
    return path.suffix.lower() not in WRITERS


class Staged:
    """A file that gets its name when it is whole; used in a ``with``, which takes it away when something stops it.

    What is no ordinary file is written as it is.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self._part: Path | None = None
        try:
            self._place = Place(path)
            if self._place.is_ordinary:
                descriptor, self._part = self._place.begin()
                os.close(descriptor)
            self._writer = WRITERS[path.suffix.lower()](str(self._part or path), schema)
        except OSError as error:
            self._drop()
            raise self._refusal(error) from None

    def write(self, rows: pa.RecordBatch) -> None:
        """Write some rows. Raises TargetError."""
        try:
            self._writer.write(rows)
        except OSError as error:
            raise self._refusal(error) from None

    def __enter__(self) -> "Staged":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            self._writer.close()
            if kind is None and self._part is not None:
                self._place.end(self._part)
        except OSError as wrong:
            if kind is None:
                raise self._refusal(wrong) from None
        finally:
            self._drop()

    def _refusal(self, error: OSError) -> TargetError:
        return TargetError(self.path, f"cannot be written: {error.strerror or error}")

    def _drop(self) -> None:
        if self._part is not None:
            self._part.unlink(missing_ok=True)
