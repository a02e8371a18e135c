"""``book pack``: flat tables in any order -> a folder of files with one row per account."""

import shutil
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from tempfile import mkdtemp

import pyarrow as pa

from marginctl.books.book_parts import BookPart
from marginctl.books.normalising import BookError, Renames, renames
from marginctl.books.packing import bucket_count, packed_rows, split
from marginctl.books.row_drafts import ACCOUNTS, BALANCES, POSITIONS
from marginctl.cli.book_commands import BookPackFlags
from marginctl.cli.book_sinks import Staged
from marginctl.cli.options import RefusedError
from marginctl.cli.targets import TargetError
from marginctl.cli.terminal import emit
from marginctl.document.scalars import FlagError
from marginctl.document.source import echo, printable


def packed_book(flags: BookPackFlags) -> int:
    """Write the folder; returns the exit code. Raises FlagError, RefusedError."""
    named = renames(flags.columns)
    files = {POSITIONS: flags.positions, BALANCES: flags.balances}
    files |= {ACCOUNTS: flags.accounts} if flags.accounts is not None else {}
    folder = Path(flags.out)
    if folder.exists() and any(folder.iterdir()):
        raise FlagError(f"{echo(flags.out)} is not empty", "name a new folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        work = Path(mkdtemp(prefix=".pack-", dir=folder))
    except OSError as error:
        raise TargetError(folder, f"cannot be written: {error.strerror or error}") from None
    try:
        count = sum(_written(part, named, flags.sort_memory, folder) for part in _parts(files, named, flags, work))
    except BookError as error:
        raise RefusedError([error.problem]) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    name = printable(flags.out)
    emit(f"wrote {count:,} accounts to {name}; next: marginctl book check {name} --header ...\n")
    return 0


def _parts(files: dict[str, str], named: Renames, flags: BookPackFlags, work: Path) -> Iterable[BookPart]:
    """The tables as they are where they fit into memory, else in buckets of names."""
    buckets = bucket_count(files, flags.sort_memory)
    if buckets == 1:
        return [BookPart(name="part-00000", files=files)]
    return split(files, named, buckets, work)


def _written(part: BookPart, named: Renames, sort_memory: int, folder: Path) -> int:
    """One file of accounts; how many there are."""
    tables: Iterator[pa.Table] = packed_rows(part, named, sort_memory)
    first = next(tables, None)
    if first is None:
        return 0
    count = 0
    with Staged(folder / f"{part.name}.parquet", first.schema) as file:
        for table in chain([first], tables):
            for batch in table.cast(first.schema).to_batches():
                file.write(batch)
            count += len(table)
    return count
