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

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from marginctl.books.deciding import BookRow, exact_rows
from marginctl.books.header import BookHeader
from marginctl.books.row_drafts import BALANCE_FIELDS, OPTIONS, POSITION_FIELDS, RowProblem

Header = BookHeader
BATCH = pa.schema(
    [
        *((name, pa.string()) for name in ("account_id", "as_of", *OPTIONS)),
        ("balances", pa.list_(pa.struct([(name, pa.string()) for name in BALANCE_FIELDS]))),
        ("positions", pa.list_(pa.struct([(name, pa.string()) for name in POSITION_FIELDS]))),
    ]
)
"""The columns of a batch, here with every number as text; in a batch numbers have the types they were stored in."""
CODES = pa.list_(pa.string())
RESULTS = pa.schema(
    [
        ("account_id", pa.string()),
        ("as_of", pa.string()),
        ("status", pa.string()),
        ("error", pa.string()),
        ("verdict", pa.string()),
        ("failed", CODES),
        ("warned", CODES),
        ("liquidatable", pa.bool_()),
        ("state", pa.string()),
        *((name, pa.float64()) for name in ("equity", "gross_collateral", "unrealized_pnl", "initial_margin")),
        *((name, pa.float64()) for name in ("maintenance_margin", "gross_notional", "leverage", "free_collateral")),
        *((name, pa.float64()) for name in ("buffer", "utilization", "maintenance_ratio")),
        ("worst_pool", pa.string()),
        *((name, pa.float64()) for name in ("liquidation_down", "liquidation_up", "liquidation_distance")),
        ("nearest_distance", pa.float64()),
        ("nearest_asset", pa.string()),
        *((name, pa.float64()) for name in ("nearest_move", "isolated_distance")),
        ("decided", pa.string()),
        ("error_bound", pa.float64()),
    ]
)
"""The columns of the table out, in their order."""
TOTALS = (
    "equity",
    "gross_collateral",
    "unrealized_pnl",
    "initial_margin",
    "maintenance_margin",
    "gross_notional",
    "leverage",
    "free_collateral",
    "buffer",
    "utilization",
    "maintenance_ratio",
)
"""Columns that are figures of ``totals``."""


def check_batch(
    header: BookHeader, batch: pa.RecordBatch, *, exact: bool = False
) -> tuple[pa.RecordBatch, list[RowProblem]]:
    """The results of a batch of ``BATCH``, row by row in its order, and what is wrong with its bad rows.

    By the screen where the extension is there and ``exact`` is not asked for, else by the exact core.
    """
    screen = None if exact else screening()
    if screen is not None:
        return screen(header, batch)  # rows that ``stored.forced`` marks are left to the exact core
    rows = exact_rows(header, batch)
    return results_of(rows), [problem for row in rows for problem in row.problems]


def screening() -> Callable[[BookHeader, pa.RecordBatch], tuple[pa.RecordBatch, list[RowProblem]]] | None:
    """The way through the float screen; None where it is not built."""
    return None


def results_of(rows: Sequence[BookRow]) -> pa.RecordBatch:
    """Exact rows as ``RESULTS``."""
    columns: dict[str, Any] = {
        "account_id": [row.account_id for row in rows],
        "as_of": [row.as_of for row in rows],
        "status": ["error" if row.problems else "ok" for row in rows],
        "error": [row.problems[0].brief if row.problems else None for row in rows],
        "verdict": [row.verdict for row in rows],
        "failed": [None if row.problems else list(row.failed) for row in rows],
        "warned": [None if row.problems else list(row.warned) for row in rows],
        "liquidatable": [row.totals.liquidatable if row.totals else None for row in rows],
        "state": [row.totals.state if row.totals else None for row in rows],
        **{name: floats(getattr(row.totals, name, None) for row in rows) for name in TOTALS},
        "worst_pool": [row.totals.worst_pool if row.totals else None for row in rows],
        "liquidation_down": floats(row.liquidation.down if row.liquidation else None for row in rows),
        "liquidation_up": floats(row.liquidation.up if row.liquidation else None for row in rows),
        "liquidation_distance": floats(row.liquidation.distance if row.liquidation else None for row in rows),
        "nearest_distance": floats(abs(row.nearest.move) if row.nearest else None for row in rows),
        "nearest_asset": [row.nearest.asset if row.nearest else None for row in rows],
        "nearest_move": floats(row.nearest.move if row.nearest else None for row in rows),
        "isolated_distance": floats(row.isolated_distance for row in rows),
        "decided": [None if row.problems else "exact" for row in rows],
        "error_bound": floats(None if row.problems else Decimal(0) for row in rows),
    }
    return pa.RecordBatch.from_arrays(
        [
            one if isinstance(one, pa.Array) else pa.array(one, field.type)
            for field in RESULTS
            for one in [columns[field.name]]
        ],
        schema=RESULTS,
    )


def floats(values: Iterable[Decimal | None]) -> pa.Array:
    """The binary64 nearest to each."""
    return pa.array([None if one is None else str(one) for one in values], pa.string()).cast(pa.float64())
