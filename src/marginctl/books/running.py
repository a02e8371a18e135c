"""A part of a book, batch by batch: what each comes to, the same wherever it is computed."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from marginctl.analysis.check import Settings
from marginctl.books.batch import check_batch, screening
from marginctl.books.book_parts import Accounts, BookPart, account_batches, raw_batches
from marginctl.books.header import BookHeader, read_header
from marginctl.books.normalising import ROW, BookError, Renames, normalised
from marginctl.books.results_out import RESULTS
from marginctl.books.row_drafts import ACCOUNTS, BALANCES, HEADER, POSITIONS, RowProblem
from marginctl.books.stored import TWICE
from marginctl.books.stress_screen import BatchPlace, through_all
from marginctl.books.stressed_rows import STRESSED
from marginctl.books.tally import Tally, problem_counts, seal, tally_of
from marginctl.core.exact import exactly

Name = tuple[str | None, str | None]
"""An account, and the time of its row."""
MOST_PROBLEMS = 1000
"""Problems told in full; behind them they are counted."""
TEN = 10
"""Accounts whose share in a shortfall is told."""
BATCH_ROWS = 1 << 14
"""Accounts that are read and computed at once: what that takes fits into the caches, and a few are always under way."""
SORT_MEMORY = 2 << 30
ONLY = {"all": None, "failed": ("fail",), "warned": ("fail", "warn")}
"""Verdicts of the rows that are written; errors always are."""


class Doubles(NamedTuple):
    """Accounts that occur more than once, and where each stands first: its part, and the row of its file."""

    names: frozenset[Name] = frozenset()
    first_of: Mapping[Name, tuple[str, int]] = {}


class BookPlan(Struct, frozen=True, kw_only=True):
    """All that a worker needs to know, as plain values.

    ``beside``: what results depend on beyond the header; ``gaps``: of a stress test, None = a check.
    """

    header_text: bytes
    header_name: str
    settings: Settings
    beside: tuple[bytes, ...] = ()
    prices: dict[str, dict[str, Decimal]] | None = None
    named: Renames = Renames()
    batch: int = BATCH_ROWS
    sort_memory: int = SORT_MEMORY
    exact: bool = False
    only: str = "all"
    top: int = 20
    gaps: tuple[Decimal, ...] | None = None
    doubles: Doubles = Doubles()

    @property
    def is_exact(self) -> bool:
        """Whether every account is decided by the exact core."""
        return self.exact or screening() is None

    @property
    def schema(self) -> pa.Schema:
        """The columns of the table out."""
        return RESULTS if self.gaps is None else STRESSED

    def header(self) -> BookHeader:
        """The header, compiled. Raises ValueError where it is wrong, which whoever made the plan has looked at."""
        with exactly():
            header, problems = read_header(self.header_text, self.header_name, self.settings, self.beside, self.prices)
        if header is None:
            raise ValueError(problems[0].message)
        return header


class BatchOutcome(NamedTuple):
    """What a batch comes to: rows to be written, counts, and problems with their places in files."""

    rows: pa.RecordBatch
    tally: Tally
    problems: list[dict[str, Any]]


class Once:
    """Marks all rows but the first of the accounts that occur twice in a part."""

    def __init__(self, twice: frozenset[Name], first_of: Mapping[Name, tuple[str, int]], part: BookPart) -> None:
        self._names = pa.array(sorted({name or "" for name, _ in twice}), pa.string())
        self._twice, self._first_of, self._part = twice, first_of, part

    def marked(self, accounts: Accounts) -> Accounts:
        """The accounts, with a column that marks those that were there before."""
        batch, first = accounts
        if not self._twice or not pc.any(pc.is_in(batch.column("account_id"), self._names)).as_py():
            return accounts
        names = zip(batch.column("account_id").to_pylist(), batch.column("as_of").to_pylist(), strict=True)
        mask = [
            name in self._twice and self._first_of[name] != (self._part.name, first + i) for i, name in enumerate(names)
        ]
        return Accounts(batch.append_column(TWICE, pa.array(mask)), first)


def names_in(part: BookPart, named: Renames) -> Iterator[tuple[pa.Array, pa.Array]]:
    """The names and times of a part's accounts, those of a flat book aside, which are merged by name."""
    if part.is_flat:
        return
    file = part.files[ACCOUNTS]
    columns = [named.of(ACCOUNTS, name) for name in ("account_id", "as_of")]
    for batch in raw_batches(file, columns, 1 << 20, part.groups):
        found = normalised(batch, named, file)
        yield found.column("account_id"), found.column("as_of")


def doubles_in(parts: Iterable[BookPart], named: Renames) -> Doubles:
    """Which accounts occur twice in a book. Where names ascend nothing has to be remembered."""
    parts = [part for part in parts if _can_be_read(part, named)]
    order = _Order()
    if all(order.follows(ids, moments) for part in parts for ids, moments in names_in(part, named)):
        return Doubles()
    counted: dict[Name, int] = {}
    first_of: dict[Name, tuple[str, int]] = {}
    for part in parts:
        row = part.first
        for ids, moments in names_in(part, named):
            for name in zip(ids.to_pylist(), moments.to_pylist(), strict=True):
                counted[name] = counted.get(name, 0) + 1
                first_of.setdefault(name, (part.name, row))
                row += 1
    twice = frozenset(name for name, count in counted.items() if count > 1 and name[0] is not None)
    return Doubles(twice, {name: first_of[name] for name in twice})


def _can_be_read(part: BookPart, named: Renames) -> bool:
    """Whether a part has names at all; why not is told when it is read."""
    try:
        next(names_in(part, named), None)
    except BookError:
        return False
    return True


class _Order:
    """Whether names ascend by length, then by letters, without times."""

    def __init__(self) -> None:
        self._last: tuple[int, str] | None = None

    def follows(self, ids: Any, moments: Any) -> bool:
        if not len(ids):
            return True
        if ids.null_count or moments.null_count < len(moments):
            return False
        lengths = pc.binary_length(ids)
        before, after = lengths.slice(0, len(ids) - 1), lengths.slice(1)
        later = pc.and_(pc.equal(after, before), pc.greater(ids.slice(1), ids.slice(0, len(ids) - 1)))
        ends = [(lengths[i].as_py(), ids[i].as_py()) for i in (0, len(ids) - 1)]
        if (self._last is not None and ends[0] <= self._last) or not pc.all(
            pc.or_(pc.greater(after, before), later)
        ).as_py():
            return False
        self._last = ends[1]
        return True


def accounts_of(plan: BookPlan, part: BookPart) -> Iterator[Accounts]:
    """The accounts of a part, those that occur twice marked. Raises BookError."""
    once = Once(plan.doubles.names, plan.doubles.first_of, part)
    return map(once.marked, account_batches(part, plan.named, plan.batch, plan.sort_memory))


def outcome_of(header: BookHeader, plan: BookPlan, part: BookPart, number: int, accounts: Accounts) -> BatchOutcome:
    """What a batch of a part comes to; ``number``: of the part."""
    with exactly():
        found = (_checked if plan.gaps is None else _stressed)(header, plan, part, number, accounts)
        seal(found.tally, *accounts)
    return found


def _checked(header: BookHeader, plan: BookPlan, part: BookPart, number: int, accounts: Accounts) -> BatchOutcome:
    batch, first = accounts
    results, problems = check_batch(header, batch, exact=plan.exact)
    tally = tally_of(header, batch, results, part=number, first=first, most=plan.top)
    tally.errors = problem_counts(problem.code for problem in problems)
    rows = written_rows(results, plan.only)
    tally.rows = len(rows)
    return BatchOutcome(rows, tally, [placed(one, batch, part, first) for one in problems[:MOST_PROBLEMS]])


def _stressed(header: BookHeader, plan: BookPlan, part: BookPart, number: int, accounts: Accounts) -> BatchOutcome:
    batch, first = accounts
    place = BatchPlace(number, first, max(TEN, plan.top))
    rows, sums, problems, verdicts, recomputed = through_all(
        header, batch, plan.gaps or (), place, exact=plan.exact or screening() is None
    )
    if plan.only != "all":
        wanted = pc.or_(pc.is_valid(rows.column("crossing")), pc.greater(rows.column("shortfall"), 0))
        wanted = pc.or_(wanted, rows.column("below_limits")) if plan.only == "warned" else wanted
        rows = rows.filter(pc.or_(pc.fill_null(wanted, False), pc.equal(rows.column("status"), "error")))
    errors = problem_counts(problem.code for problem in problems)
    ok = sum(verdicts.values())
    tally = Tally(
        accounts=len(batch),
        ok=ok,
        recomputed=recomputed,
        rows=len(rows),
        errors=errors,
        verdicts=verdicts,
        scenarios=sums,
    )
    return BatchOutcome(rows, tally, [placed(one, batch, part, first) for one in problems[:MOST_PROBLEMS]])


def written_rows(results: pa.RecordBatch, only: str) -> pa.RecordBatch:
    """The rows that are wanted; what could not be checked always is."""
    verdicts = ONLY[only]
    if verdicts is None:
        return results
    wanted = pc.is_in(results.column("verdict"), pa.array(verdicts))
    return results.filter(pc.or_(wanted, pc.equal(results.column("status"), "error")))


def placed(problem: RowProblem, batch: pa.RecordBatch, part: BookPart, first: int) -> dict[str, Any]:
    """A problem as a line of the errors: its place in its file instead of its batch."""
    table, row, item = problem.table, problem.row, problem.item
    file, place = part.file, first + row
    if part.is_flat:
        own = _own_row(batch, table, row, item)
        file, place = part.files.get(table, part.file), own  # type: ignore[assignment]
    return {
        "account_id": problem.account_id,
        "file": file,
        "table": table,
        "row": None if table == HEADER else place,
        **({"item": item} if item is not None and not part.is_flat else {}),
        "column": problem.column or None,
        "code": problem.code,
        "value": problem.value,
        "message": problem.message,
        "help": problem.help,
    }


def _own_row(batch: pa.RecordBatch, table: str, row: int, item: int | None) -> int | None:
    """The row of a flat table that an item was; None where it was none."""
    if table == ACCOUNTS and ROW in batch.schema.names:
        found: int | None = batch.column(ROW)[row].as_py()
        return found
    if item is None or table not in {BALANCES, POSITIONS}:
        return None
    items = batch.column(table)[row].as_py() or []
    return items[item].get(ROW) if item < len(items) else None
