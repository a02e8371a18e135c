"""Flat tables in any order -> files of one row per account, by buckets of names that are sorted one at a time."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

import pyarrow as pa
import pyarrow.compute as pc

from marginctl.books.book_parts import BookPart, opened, raw_batches, schema_of
from marginctl.books.flat_tables import ID, flat_batches
from marginctl.books.normalising import FIELDS, ROW, BookError, Renames, text_column
from marginctl.books.row_drafts import ACCOUNTS, BALANCES, POSITIONS
from marginctl.books.stored import TWICE, UNLISTED
from marginctl.document.source import echo

SWELLS = 6
"""How much more room a table takes in memory than in its file, about."""
READ_ROWS = 1 << 18
WRITE_ROWS = 1 << 15


def bucket_count(files: Mapping[str, str], sort_memory: int) -> int:
    """Buckets of which each can be sorted in memory."""
    size: int = sum(opened(file, lambda name: Path(name).stat().st_size) for file in files.values())
    return max(1, -(-size * SWELLS * 2 // max(1, sort_memory)))


def split(files: Mapping[str, str], named: Renames, count: int, folder: Path) -> list[BookPart]:
    """The tables in buckets by name, as files in a folder. Raises BookError."""
    parts = [
        BookPart(name=f"part-{number:05d}", files={name: str(folder / f"{name}-{number}.arrow") for name in files})
        for number in range(count)
    ]
    for table, file in files.items():
        _split_table(table, file, named, [part.files[table] for part in parts])
    return parts


def _split_table(table: str, file: str, named: Renames, targets: list[str]) -> None:
    theirs = named.of(table, ID)
    schema = schema_of(file)
    if theirs not in schema.names:
        advice = f"its columns are {', '.join(schema.names[:8])}; rename with --columns {table}.{ID}=THEIRS"
        raise BookError(file, f"there is no column {echo(theirs)}", advice, "MC012")
    sinks = [pa.OSFile(target, "wb") for target in targets]
    writers = [pa.ipc.new_file(sink, schema) for sink in sinks]
    try:
        for batch in raw_batches(file, None, READ_ROWS):
            ids = text_column(batch.column(theirs), f"{table}.{ID}", file, numeric=True)
            if ids.null_count:
                raise BookError(file, f"`{table}.{ID}` is null in {ids.null_count:,} rows", "name the account", "MC012")
            coded = ids.dictionary_encode()
            buckets = [crc32(name.encode()) % len(targets) for name in coded.dictionary.to_pylist()]
            places = pa.array(buckets, pa.int32()).take(coded.indices)
            for number, writer in enumerate(writers):
                writer.write_batch(batch.filter(pc.equal(places, number)))
    finally:
        for one in (*writers, *sinks):
            one.close()


def packed_rows(part: BookPart, named: Renames, sort_memory: int) -> Iterator[pa.Table]:
    """The accounts of flat tables, one row each. Raises BookError, also for an account that is not listed, or twice."""
    for accounts in flat_batches(part, named, WRITE_ROWS, sort_memory):
        batch = accounts.batch
        for mark, wrong in (
            (UNLISTED, "is not in the table of accounts"),
            (TWICE, "is twice in the table of accounts"),
        ):
            if mark in batch.schema.names:
                name = batch.filter(batch.column(mark)).column(ID)[0].as_py()
                raise BookError(part.files[ACCOUNTS], f"the account {echo(name)} {wrong}", "mend it, and pack again")
        yield _plain(batch)


def _plain(batch: pa.RecordBatch) -> pa.Table:
    """The columns that a book has, without those that nothing is in."""
    columns: dict[str, Any] = {}
    for name in FIELDS[ACCOUNTS]:
        columns[name] = batch.column(name)
    for name in (BALANCES, POSITIONS):
        column = batch.column(name)
        items = column.flatten()
        kept = [field.name for field in items.type if field.name != ROW and not pa.types.is_null(field.type)]
        if kept:
            arrays = [pc.struct_field(items, one) for one in kept]
            offsets = pc.subtract(column.offsets, column.offsets[0])
            columns[name] = pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(arrays, names=kept))
    return pa.table(columns)
