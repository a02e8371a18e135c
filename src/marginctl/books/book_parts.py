"""Files of a book -> parts that are independent of each other -> batches of accounts.

A part is a file, a range of row groups of a large Parquet file, or a folder of flat tables.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from msgspec import Struct
from msgspec.structs import replace

from marginctl.books.normalising import BookError, Renames, check_columns, normalised, unknown_columns
from marginctl.books.row_drafts import ACCOUNTS, BALANCES, POSITIONS
from marginctl.document.source import echo

PARQUET, ARROW, CSV = (".parquet", ".pq"), (".arrow", ".feather", ".ipc"), (".csv",)
ENDINGS = (*PARQUET, *ARROW, *CSV)
LARGE_GROUP = 4_096
"""Rows of a row group from which on it is worth to be read by itself."""
PART_ROWS = 100_000
"""Accounts of a part of a large file, about."""
FLAT = (POSITIONS, BALANCES, ACCOUNTS)
WORDS = ((BALANCES, "asset"), *((POSITIONS, name) for name in ("symbol", "side", "margin_mode", "purpose")))
"""Fields of lists that are few words said often."""


class BookPart(Struct, frozen=True, kw_only=True):
    """What is computed at once: a file of rows, some of its row groups, or the tables of a flat book by name.

    ``name``: unique in the book, of the part of the table out; ``first``: the row of the file that it begins with;
    ``rows``: how many it has, None = not known before it is read.
    """

    name: str
    files: dict[str, str]
    groups: tuple[int, ...] | None = None
    first: int = 0
    rows: int | None = None

    @property
    def is_flat(self) -> bool:
        """Whether it has a table of each kind."""
        return ACCOUNTS not in self.files or len(self.files) > 1

    @property
    def file(self) -> str:
        """The file of rows, or the folder of the tables."""
        return os.path.dirname(next(iter(self.files.values()))) if self.is_flat else self.files[ACCOUNTS]  # noqa: PTH120


class Accounts(NamedTuple):
    """A batch of accounts, and the row of its file that it begins with."""

    batch: pa.RecordBatch
    first: int


def parts_of(books: Iterable[str]) -> list[BookPart]:
    """The parts of all BOOKs, in order. Raises BookError."""
    found: list[BookPart] = []
    for book in books:
        path = Path(book)
        if path.is_dir():
            found += _of_folder(path)
        elif path.is_file():
            found += _of_file(path)
        else:
            from glob import glob

            named = sorted(Path(one) for one in glob(book, recursive=True) if Path(one).is_file())  # noqa: PTH207
            if not named:
                raise BookError(
                    book, "no such file, and no file matches it", "give a book, a folder or a glob in quotes"
                )
            found += [part for one in named for part in _of_file(one)]
    return _named(found)


def _of_folder(folder: Path) -> list[BookPart]:
    tables = {name: _table(folder, name) for name in FLAT}
    flat = {name: str(path) for name, path in tables.items() if path is not None}
    if POSITIONS in flat and BALANCES in flat:
        orders = _table(folder, "orders")
        if orders is not None:
            raise BookError(
                str(orders), "open orders are not read in books", "take the table out of the folder", "MC010"
            )
        return [BookPart(name=folder.name or "book", files=flat)]
    files = sorted(one for one in folder.rglob("*") if one.suffix.lower() in ENDINGS and one.is_file())
    files = [one for one in files if not any(part.startswith((".", "_")) for part in one.relative_to(folder).parts)]
    if not files:
        advice = f"a book is {', '.join(ENDINGS)}; or positions.* and balances.* in one folder"
        raise BookError(str(folder), "no table in this folder", advice)
    return [part for one in files for part in _of_file(one)]


def _table(folder: Path, name: str) -> Path | None:
    """The file of a flat table. Raises BookError where it could be one of several."""
    found = [path for ending in ENDINGS if (path := folder / f"{name}{ending}").is_file()]
    if len(found) > 1:
        raise BookError(str(folder), f"{echo(found[0].name)} and {echo(found[1].name)} are one table", "remove one")
    return found[0] if found else None


def _of_file(path: Path) -> list[BookPart]:
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise BookError(str(path), "is no table", f"give {', '.join(ENDINGS)}", "MC013")
    if ending not in PARQUET:
        return [BookPart(name=path.stem, files={ACCOUNTS: str(path)})]
    try:
        sizes = [group.num_rows for group in row_groups(str(path))]
    except BookError:  # told when the part is read: the others complete
        return [BookPart(name=path.stem, files={ACCOUNTS: str(path)})]
    parts, groups, start, count = list[BookPart](), list[int](), 0, 0
    for number, size in enumerate(sizes):
        groups.append(number)
        count += size
        if count >= PART_ROWS or number == len(sizes) - 1:
            files = {ACCOUNTS: str(path)}
            parts.append(BookPart(name=path.stem, files=files, groups=tuple(groups), first=start, rows=count))
            groups, start, count = [], start + count, 0
    return parts or [BookPart(name=path.stem, files={ACCOUNTS: str(path)}, groups=(), rows=0)]


def _named(parts: list[BookPart]) -> list[BookPart]:
    """The parts with names of their own: part numbers where a file has several."""
    counts: dict[str, int] = {}
    for one in parts:
        counts[one.name] = counts.get(one.name, 0) + 1
    width = len(str(len(parts)))
    many = (f"{one.name}-{number:0{width}}" if counts[one.name] > 1 else one.name for number, one in enumerate(parts))
    return [replace(one, name=name) for one, name in zip(parts, many, strict=True)]


def opened(file: str, of: Any) -> Any:
    """What a reader makes of a file. Raises BookError where it cannot be read."""
    try:
        return of(file)
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = str(error).partition("\n")[0]
        raise BookError(file, f"cannot be read: {reason}", "save it again, whole") from None


def row_groups(file: str) -> list[Any]:
    """The row groups of a Parquet file. Raises BookError."""
    from pyarrow.parquet import ParquetFile

    metadata = opened(file, lambda name: ParquetFile(name).metadata)
    return [metadata.row_group(number) for number in range(metadata.num_row_groups)]


def schema_of(file: str) -> pa.Schema:
    """The columns of a file. Raises BookError."""
    ending = Path(file).suffix.lower()
    if ending in PARQUET:
        from pyarrow.parquet import read_schema

        return opened(file, lambda name: _readable(read_schema(name)))
    if ending in ARROW:
        return opened(file, lambda name: _readable(_ipc(name).schema))
    return pa.schema([(name, pa.string()) for name in csv_columns(file)])


def _readable(schema: pa.Schema) -> pa.Schema:
    """The columns, whose names are texts all the way down. Raises ValueError for other bytes."""
    waiting = list(schema)
    while waiting:
        field = waiting.pop()
        _ = field.name
        waiting += [field.type.field(number) for number in range(field.type.num_fields)]
    return schema


def _ipc(file: str) -> Any:
    source = pa.memory_map(file)
    try:
        return pa.ipc.open_file(source)
    except pa.ArrowInvalid:
        source.seek(0)
        return pa.ipc.open_stream(source)


def csv_columns(file: str) -> list[str]:
    """The header line of a CSV file. Raises BookError."""
    import csv

    try:
        with Path(file).open(encoding="utf-8-sig", newline="") as lines:
            names = next(csv.reader(lines), [])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BookError(file, f"cannot be read: {error}", "save it as UTF-8 with commas") from None
    twice = {name for name in names if names.count(name) > 1}
    if not names or twice:
        message = f"the header line names {echo(min(twice))} twice" if twice else "is empty"
        raise BookError(file, message, "begin with a line of column names", "MC012")
    return names


def raw_batches(
    file: str,
    columns: Iterable[str] | None,
    size: int,
    groups: tuple[int, ...] | None = None,
    words: frozenset[str] = frozenset(),
) -> Iterator[Any]:
    """The batches of a file with these columns (None: all), those of some row groups alone. Raises BookError.

    ``words``: fields of lists that are few words said often, read as dictionaries where the file is Parquet.
    """
    ending = Path(file).suffix.lower()
    if ending in PARQUET:
        yield from guarded(file, _parquet_batches(file, columns, size, groups, words))
        return
    chosen = None if columns is None else list(columns)
    batches = _ipc_batches(file) if ending in ARROW else csv_batches(file)
    for batch in guarded(file, batches):
        for start in range(0, len(batch), size):
            one = batch.slice(start, size)
            yield one if chosen is None else one.select([name for name in chosen if name in one.schema.names])


def _parquet_batches(
    file: str, columns: Iterable[str] | None, size: int, groups: tuple[int, ...] | None, words: frozenset[str]
) -> Iterator[Any]:
    from pyarrow.parquet import ParquetFile

    with ParquetFile(file, pre_buffer=False) as source:
        metadata = source.metadata
        names = None if columns is None else [one for one in columns if one in source.schema_arrow.names]
        chosen = list(range(metadata.num_row_groups)) if groups is None else list(groups)
        rows = sum(metadata.row_group(number).num_rows for number in chosen)
        leaves = [metadata.schema.column(number) for number in range(metadata.num_columns)]
        said = [one.path for one in leaves if one.max_repetition_level and one.name in words]
        if not said or rows < LARGE_GROUP * len(chosen):
            yield from source.iter_batches(size, chosen, names, use_threads=False)
            return
        with ParquetFile(file, pre_buffer=False, read_dictionary=said) as other:
            for group in chosen:
                yield from _group_batches(other, source, group, names, size)


def _group_batches(said: Any, plain: Any, group: int, names: list[str] | None, size: int) -> Iterator[Any]:
    """A row group with its words as dictionaries; where Arrow cannot have them so (there are too many), as texts."""
    done = 0
    try:
        for batch in said.iter_batches(size, [group], names, use_threads=False):
            done += len(batch)
            yield batch
    except pa.ArrowNotImplementedError:
        for batch in plain.iter_batches(size, [group], names, use_threads=False):
            if len(batch) > done:
                yield batch.slice(done)
            done = max(0, done - len(batch))


def _ipc_batches(file: str) -> Iterator[Any]:
    source = _ipc(file)
    many = hasattr(source, "num_record_batches")
    for batch in map(source.get_batch, range(source.num_record_batches)) if many else source:
        batch.validate(full=True)  # a damaged file may say anything of its offsets
        yield batch


def csv_batches(file: str) -> Iterator[Any]:
    """A CSV as texts; what is empty is null."""
    from pyarrow import csv

    kinds = dict.fromkeys(csv_columns(file), pa.string())
    convert = csv.ConvertOptions(column_types=kinds, strings_can_be_null=True, null_values=[""])
    yield from csv.open_csv(file, convert_options=convert, parse_options=csv.ParseOptions(newlines_in_values=True))


def guarded(file: str, batches: Iterator[Any]) -> Iterator[Any]:
    """The batches, whole and valid; what stops them is a BookError."""
    try:
        for batch in batches:
            for column in batch.columns:
                _check_texts(column)
            yield batch
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = str(error).partition("\n")[0]
        raise BookError(file, f"cannot be read: {reason}", "save it again, whole") from None


def _check_texts(column: Any) -> None:
    """Texts are UTF-8, also those within lists: Arrow itself takes whatever bytes there are."""
    types, kind = pa.types, column.type
    if types.is_string(kind) or types.is_large_string(kind):
        column.validate(full=True)
    elif types.is_dictionary(kind):
        _check_texts(column.dictionary)
    elif types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        _check_texts(column.flatten())
    elif types.is_struct(kind):
        for number in range(kind.num_fields):
            _check_texts(column.field(number))


def account_batches(part: BookPart, named: Renames, size: int, sort_memory: int) -> Iterator[Accounts]:
    """The accounts of a part, some at a time. Raises BookError."""
    if part.is_flat:
        from marginctl.books.flat_tables import flat_batches

        yield from flat_batches(part, named, size, sort_memory)
        return
    file = part.files[ACCOUNTS]
    schema = schema_of(file)
    if Path(file).suffix.lower() in CSV:
        advice = "put positions.csv and balances.csv into a folder and name that, or store Parquet"
        raise BookError(file, "a CSV file holds no lists of positions", advice, "MC013")
    check_columns(schema, named, file)
    unread = {one.partition(".")[2] for one in unknown_columns(schema, named) if one.startswith(f"{ACCOUNTS}.")}
    columns = [name for name in schema.names if name not in unread]
    first = part.first
    words = frozenset(named.of(table, name) for table, name in WORDS)
    for batch in raw_batches(file, columns, size, part.groups, words):
        yield Accounts(normalised(batch, named, file), first)
        first += len(batch)
