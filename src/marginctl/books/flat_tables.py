"""Three flat tables -> batches of accounts: merged as a stream where they share an order, else sorted in memory.

A first pass over the names alone finds the order, so that what is merged is never read into memory as a whole.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from marginctl.books.book_parts import Accounts, BookPart, raw_batches, schema_of
from marginctl.books.normalising import (
    FIELDS,
    KNOWN,
    ROW,
    BookError,
    Renames,
    field_column,
    list_of,
    moments,
    text_column,
)
from marginctl.books.row_drafts import ACCOUNTS, BALANCES, NUMERIC, POSITIONS
from marginctl.books.stored import TWICE, UNLISTED
from marginctl.document.source import echo

ID = "account_id"
Key = Callable[[str], Any]
ORDERS_OF_NAMES: dict[str, tuple[Key, bool]] = {
    "letters": (str, False),
    "letters, falling": (str, True),
    "length": (lambda name: (len(name), name), False),
    "length, falling": (lambda name: (len(name), name), True),
}
"""Orders that tables may share: by letters, or as whole numbers without leading zeros are."""


class TableRun(Struct):
    """Rows of one table for some accounts, which are all of theirs: their names and how many rows each has."""

    names: list[str]
    lengths: list[int]
    rows: pa.StructArray


def flat_batches(part: BookPart, named: Renames, size: int, sort_memory: int) -> Iterator[Accounts]:
    """The accounts of a flat book. Raises BookError."""
    for table, file in part.files.items():
        _check(table, file, named)
    order = _order_of(part, named)
    streams = {
        table: _stream(table, file, named, size) if order else _sorted(table, file, named, size, sort_memory)
        for table, file in part.files.items()
    }
    merged = _Merge(streams, order or "letters")
    first = 0
    for batch in merged.batches(size):
        yield Accounts(batch, first)
        first += len(batch)


def _check(table: str, file: str, named: Renames) -> None:
    names = schema_of(file).names
    required = {BALANCES: ("asset", "amount"), POSITIONS: ("symbol", "quantity"), ACCOUNTS: ()}[table]
    for ours in (ID, *required):
        theirs = named.of(table, ours)
        if theirs not in names:
            advice = f"its columns are {', '.join(names[:8])}; rename with --columns {table}.{ours}=THEIRS"
            raise BookError(file, f"there is no column {echo(theirs)}", advice, "MC012")
    for ours, theirs in named.theirs.get(table, {}).items():
        if theirs not in names:
            advice = f"its columns are {', '.join(names[:8])}"
            raise BookError(file, f"--columns {table}.{ours} names {echo(theirs)}, which is no column", advice)
    if table != ACCOUNTS and "as_of" in names:
        advice = "store one row per account and time with lists, or a book for each time"
        raise BookError(file, "flat tables hold one time, and this one has `as_of`", advice, "MC016")


def _ids(table: str, file: str, named: Renames) -> Iterator[Any]:
    """The names in a table, each once where it is repeated at once."""
    theirs = named.of(table, ID)
    for batch in raw_batches(file, [theirs], 1 << 20):
        column = text_column(batch.column(0), f"{table}.{ID}", file, numeric=True)
        yield pc.run_end_encode(column).values.to_pylist()


def _order_of(part: BookPart, named: Renames) -> str | None:
    """The order that all tables are in; None where there is none."""
    possible = dict(ORDERS_OF_NAMES)
    for table, file in part.files.items():
        last: str | None = None
        for names in _ids(table, file, named):
            if None in names:
                return None
            run = names if last is None else [last, *names]
            run = run[1:] if len(run) > 1 and run[0] == run[1] else run
            for name, (key, falling) in list(possible.items()):
                keys = list(map(key, run))
                pairs = pairwise(reversed(keys)) if falling else pairwise(keys)
                if not all(a < b for a, b in pairs):
                    del possible[name]
            if not possible:
                return None
            last = run[-1] if run else last
    return next(iter(possible))


def _rows(table: str, batch: Any, start: int, named: Renames, file: str) -> tuple[Any, pa.StructArray]:
    """The names and the rows of a batch of a flat table, with where each stood."""
    ids = text_column(batch.column(named.of(table, ID)), f"{table}.{ID}", file, numeric=True)
    arrays: dict[str, Any] = {}
    for name in FIELDS[table]:
        index = batch.schema.get_field_index(named.of(table, name))
        if name == ID:
            continue
        if index < 0:
            arrays[name] = pa.nulls(len(batch), pa.string() if table == ACCOUNTS else pa.null())
        elif name == "as_of":
            arrays[name] = moments(batch.column(index), file)
        elif table == ACCOUNTS:
            is_number = (ACCOUNTS, name) in NUMERIC
            arrays[name] = text_column(batch.column(index), f"{table}.{name}", file, numeric=is_number)
        else:
            arrays[name] = field_column(batch.column(index), table, name, file)
    arrays[ROW] = pa.array(range(start, start + len(batch)), pa.int64())
    return ids, pa.StructArray.from_arrays(list(arrays.values()), names=list(arrays))


def _read(table: str, file: str, named: Renames, size: int) -> Iterator[tuple[Any, pa.StructArray]]:
    wanted = [named.of(table, name) for name in (ID, *(KNOWN[table] & set(FIELDS[table])))]
    start = 0
    for batch in raw_batches(file, list(dict.fromkeys(wanted)), size * 4):
        yield _rows(table, batch, start, named, file)
        start += len(batch)


def _stream(table: str, file: str, named: Renames, size: int) -> Iterator[TableRun]:
    """Runs of whole accounts of a table in order."""
    held: tuple[Any, pa.StructArray] | None = None
    for read in _read(table, file, named, size):
        ids, rows = (
            read if held is None else (pa.concat_arrays([one, more]) for one, more in zip(held, read, strict=True))
        )
        if not len(ids):
            continue
        encoded = pc.run_end_encode(ids)
        ends = encoded.run_ends.to_pylist()
        cut = ends[-2] if len(ends) > 1 else 0
        if cut:
            yield _run(encoded.values.to_pylist()[:-1], ends[:-1], rows.slice(0, cut))
        held = ids.slice(cut), rows.slice(cut)
    if held is not None and len(held[0]):
        yield _run([held[0][0].as_py()], [len(held[0])], held[1])


def _run(names: list[str], ends: list[int], rows: pa.StructArray) -> TableRun:
    return TableRun(names, [end - start for start, end in zip([0, *ends], ends, strict=False)], rows)


def _sorted(table: str, file: str, named: Renames, size: int, sort_memory: int) -> Iterator[TableRun]:
    """A table in no order, sorted by name; rows of one account stay as they come."""
    ids, rows, total = [], [], 0
    for some_ids, some_rows in _read(table, file, named, size):
        total += some_ids.nbytes + some_rows.nbytes
        if total * 2 > sort_memory:
            advice = "`marginctl book pack` makes one row per account of tables in any order; or raise --sort-memory"
            raise BookError(file, "the table is in no order and too large to be sorted in memory", advice)
        ids.append(some_ids)
        rows.append(some_rows)
    if not total:
        return
    names, items = pa.concat_arrays(ids), pa.concat_arrays(rows)
    if names.null_count:
        raise BookError(file, f"`{table}.{ID}` is null in {names.null_count:,} rows", "name the account", "MC012")
    keys = pa.table({"id": names, "at": pa.array(range(len(names)))})
    places = pc.sort_indices(keys, [("id", "ascending"), ("at", "ascending")])
    encoded = pc.run_end_encode(names.take(places))
    yield _run(encoded.values.to_pylist(), encoded.run_ends.to_pylist(), items.take(places))


class _Head:
    """What is read of one table and not yet given out."""

    def __init__(self, runs: Iterator[TableRun]) -> None:
        self._runs = runs
        self._run: TableRun | None = None
        self._at = self._row = self._begun = 0
        self._pieces: list[pa.StructArray] = []

    def name(self) -> str | None:
        """The next account; None behind the last one."""
        while self._run is None or self._at >= len(self._run.names):
            self._cut()
            self._run, self._at, self._row, self._begun = next(self._runs, None), 0, 0, 0
            if self._run is None:
                return None
        return self._run.names[self._at]

    def take(self, name: str) -> int:
        """Give out the rows of an account: how many there are."""
        if self._run is None or self.name() != name:
            return 0
        length = self._run.lengths[self._at]
        self._at += 1
        self._row += length
        return length

    def _cut(self) -> None:
        if self._run is not None and self._row > self._begun:
            self._pieces.append(self._run.rows.slice(self._begun, self._row - self._begun))
            self._begun = self._row

    def taken(self) -> pa.StructArray | None:
        """All rows given out since this was asked before; None where there are none."""
        self._cut()
        found = pa.concat_arrays(self._pieces) if self._pieces else None
        self._pieces = []
        return found


class _Merge:
    """Accounts of several tables in one order."""

    def __init__(self, streams: dict[str, Iterator[TableRun]], order: str) -> None:
        self._heads = {table: _Head(runs) for table, runs in streams.items()}
        self._key, self._falls = ORDERS_OF_NAMES[order]

    def batches(self, size: int) -> Iterator[pa.RecordBatch]:
        """Batches of at most ``size`` accounts."""
        while names := self._names(size):
            yield self._batch(*names)

    def _names(self, size: int) -> tuple[list[str], dict[str, list[int]]] | None:
        """The next names in order, and how many rows each has in each table."""
        names: list[str] = []
        lengths: dict[str, list[int]] = {table: [] for table in self._heads}
        first = max if self._falls else min
        while len(names) < size:
            waiting = {name for head in self._heads.values() if (name := head.name()) is not None}
            if not waiting:
                break
            name = waiting.pop() if len(waiting) == 1 else first(waiting, key=self._key)
            names.append(name)
            for table, head in self._heads.items():
                lengths[table].append(head.take(name))
        return (names, lengths) if names else None

    def _batch(self, names: list[str], lengths: dict[str, list[int]]) -> pa.RecordBatch:
        columns: dict[str, Any] = {ID: pa.array(names, pa.string())}
        columns |= self._of_accounts(lengths.get(ACCOUNTS), len(names))
        for table in (BALANCES, POSITIONS):
            rows = self._heads[table].taken()
            if rows is None:
                rows = pa.nulls(0, pa.struct([(name, pa.null()) for name in FIELDS[table]]))
            columns[table] = list_of(pa.array(lengths[table], pa.int64()), rows)
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))

    def _of_accounts(self, lengths: list[int] | None, count: int) -> dict[str, Any]:
        """The columns of the table of accounts, with marks where it has no row of an account, or two."""
        fields = [name for name in FIELDS[ACCOUNTS] if name != ID]
        rows = self._heads[ACCOUNTS].taken() if lengths is not None else None
        if lengths is None or rows is None:
            columns = {name: pa.nulls(count, pa.string()) for name in fields}
            return columns if lengths is None else {**columns, UNLISTED: pa.array([True] * count)}
        starts, start = [], 0
        for length in lengths:
            starts.append(start if length else None)
            start += length
        chosen = rows.take(pa.array(starts, pa.int64()))
        columns = {name: pc.struct_field(chosen, name) for name in (*fields, ROW)}
        for mark, wrong in ((UNLISTED, [not one for one in lengths]), (TWICE, [one > 1 for one in lengths])):
            if any(wrong):
                columns[mark] = pa.array(wrong)
        return columns
