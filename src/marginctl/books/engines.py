"""The one function of a book as other engines call it: batches to batches, or a table to a table."""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import cached_property
from typing import Any

import pyarrow as pa

from marginctl.analysis.check import Settings
from marginctl.books.batch import check_batch
from marginctl.books.header import BookHeader, read_header
from marginctl.books.normalising import check_columns, normalised, renames
from marginctl.books.results_out import RESULTS
from marginctl.core.exact import exactly
from marginctl.document.scalars import today as this_day

WORDS = {pa.string(): "string", pa.bool_(): "boolean", pa.float64(): "double", pa.list_(pa.string()): "array<string>"}
SPARK_SCHEMA = ", ".join(f"{field.name} {WORDS[field.type]}" for field in RESULTS)
"""The rows out as Spark writes a schema."""
NAME = "batch"


class Batches:
    """Batches of accounts -> batches of results, row for row. Raises ValueError for a header that is wrong.

    header: its text. today: the day that waivers and last days are held against (``2026-11-22``), default the day of
    the run. exact: no screen. columns: as ``--columns``. BookError is raised for columns that cannot be those of a
    book; bad accounts are rows with ``status`` error.
    """

    def __init__(
        self, header: str, *, today: str | None = None, exact: bool = False, columns: Iterable[str] = ()
    ) -> None:
        self._text, self._day, self._exact, self._columns = header, today, exact, tuple(columns)
        _ = self._header  # what is wrong with it is told here, not by a worker

    def __getstate__(self) -> tuple[Any, ...]:
        return self._text, self._day, self._exact, self._columns

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._text, self._day, self._exact, self._columns = state

    @cached_property
    def _header(self) -> BookHeader:
        settings = Settings(today=date.fromisoformat(self._day) if self._day else this_day())
        with exactly():
            header, problems = read_header(self._text.encode(), "header", settings)
        if header is None:
            raise ValueError("; ".join(f"line {one.location.line}: {one.message}" for one in problems))
        return header

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The results of each, in their order."""
        for batch in batches:
            yield self.result(batch)

    def result(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The results of one batch."""
        named = renames(self._columns)
        check_columns(batch.schema, named, NAME)
        with exactly():
            results, _ = check_batch(self._header, normalised(batch, named, NAME), exact=self._exact)
        return results


class Tables(Batches):
    """A table of accounts -> the table of results."""

    def __call__(self, accounts: Any) -> Any:
        """The results, in the order of the accounts."""
        whole = accounts.read_all() if hasattr(accounts, "read_all") else accounts
        batches = whole.combine_chunks().to_batches()
        return pa.Table.from_batches([self.result(batch) for batch in batches], RESULTS)


def batches(header: str, **options: Any) -> Batches:
    """For Spark's ``mapInArrow`` and whatever gives and takes iterators of record batches; options as ``Batches``."""
    return Batches(header, **options)


def table(header: str, **options: Any) -> Tables:
    """For Ray's ``map_batches(..., batch_format="pyarrow")``, Daft, Polars and DuckDB; options as ``Batches``."""
    return Tables(header, **options)
