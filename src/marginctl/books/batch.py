"""One batch of accounts in, one batch of results out: the one function that every engine runs.

The contract between reading, screen and exact core:

**In**: a pyarrow RecordBatch of ``BATCH`` columns, missing ones null. ``account_id``, ``as_of`` and the options of the
account are strings; ``balances`` is list<struct<asset: string, amount: T>>, ``positions`` list<struct<symbol: string,
quantity: T, side: string, ...>> with every field of ``POSITION_FIELDS``, numbers in whatever numeric, decimal or string
type they were stored. A child that a book lacks is null; further children (``__row``: where it stood) are ignored.

**Out**: a RecordBatch of ``RESULTS``: binary64 figures, null where there is none.

Meanings that the screen and the exact core share:

* ``nearest_distance``, ``nearest_move``, ``nearest_asset``: over the report's ``underlyings`` rows of the cross pools
  of ``limits.figures.cross_pools`` (in which something is at stake) the smallest distance, its signed move, its asset;
  a tie keeps the first in the order of pools and rows, and of one row the fall before the rise. 0 where a cross pool is
  liquidatable, with no asset. Null where nothing liquidates.
* ``isolated_distance``: the same over the rows of isolated pools, 0 where one is liquidatable.
* ``failed``, ``warned``: codes among ``JUDGED``, sorted; a waived breach is in neither. ``verdict``: fail where a code
  failed, warn where one warned, else pass.
* rows with ``status`` error have null figures, verdict, codes, state, ``decided`` and ``error_bound``.
"""

from collections.abc import Callable

import pyarrow as pa

from marginctl.books.deciding import exact_rows
from marginctl.books.header import BookHeader
from marginctl.books.results_out import RESULTS, results_of
from marginctl.books.row_drafts import BALANCE_FIELDS, OPTIONS, POSITION_FIELDS, RowProblem

Header = BookHeader
__all__ = ["BATCH", "RESULTS", "Header", "check_batch", "exact_rows", "screening"]
BATCH = pa.schema(
    [
        *((name, pa.string()) for name in ("account_id", "as_of", *OPTIONS)),
        ("balances", pa.list_(pa.struct([(name, pa.string()) for name in BALANCE_FIELDS]))),
        ("positions", pa.list_(pa.struct([(name, pa.string()) for name in POSITION_FIELDS]))),
    ]
)
"""The columns of a batch, here with every number as text; in a batch numbers have the types they were stored in."""


def check_batch(
    header: BookHeader, batch: pa.RecordBatch, *, exact: bool = False
) -> tuple[pa.RecordBatch, list[RowProblem]]:
    """The results of a batch of ``BATCH``, row by row in its order, and what is wrong with its bad rows.

    By the screen where the extension is there and ``exact`` is not asked for, else by the exact core.
    """
    screen = None if exact else screening()
    if screen is not None:
        return screen(header, batch)
    rows = exact_rows(header, batch)
    return results_of(rows), [problem for row in rows for problem in row.problems]


def screening() -> Callable[[BookHeader, pa.RecordBatch], tuple[pa.RecordBatch, list[RowProblem]]] | None:
    """The way through the float screen; None where it is not built."""
    from marginctl.books.float_screen import is_built
    from marginctl.books.screening import screened_batch

    return screened_batch if is_built() else None
