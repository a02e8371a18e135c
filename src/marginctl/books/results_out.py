"""The table out: its columns, and rows of the exact core as such."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from marginctl.books.deciding import BookRow

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


def joined(rows: list[pa.RecordBatch]) -> pa.RecordBatch:
    """Batches as one."""
    filled = [one for one in rows if len(one)] or rows[:1]
    return filled[0] if len(filled) == 1 else pa.Table.from_batches(filled).combine_chunks().to_batches()[0]


def instead(results: pa.RecordBatch, places: Sequence[int], others: pa.RecordBatch) -> pa.RecordBatch:
    """Results with other rows at some places, which ascend."""
    found, at = [], 0
    for number, place in enumerate(places):
        found += [results.slice(at, place - at), others.slice(number, 1)]
        at = place + 1
    return joined([*found, results.slice(at)])
