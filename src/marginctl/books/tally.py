"""What batches of results come to: counts and exact sums, the same however a book is cut, and the worst accounts.

Sums are of the figures as the rows have them, in whole 1e-8 of the currency: no order of adding changes them.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar
from zlib import compress, decompress

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from msgspec.structs import replace

from marginctl.books.arrow_numbers import Plain
from marginctl.books.exposure import exposures, total
from marginctl.books.header import BookHeader
from marginctl.books.stress_tally import LostRow, ScenarioTally
from marginctl.core.exact import ZERO

OK, EXACT = pa.scalar("ok", pa.string()), pa.scalar("exact", pa.string())
FALSE = pa.scalar(False, pa.bool_())
"""Told once: what is told as a Python value is looked at anew every time."""
DISTANCES = ("0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1")
SHARES = ("0.2", "0.4", "0.6", "0.8", "1")
"""Upper ends of the steps of the histograms, inclusive; behind the last one comes what is beyond, then what is null."""
SUMS = (
    "equity",
    "gross_collateral",
    "unrealized_pnl",
    "initial_margin",
    "maintenance_margin",
    "gross_notional",
)


class CodeCount(Struct):
    """Accounts that fail or only warn at a limit, and their gross notional."""

    failed: int = 0
    failed_notional: Decimal = ZERO
    warned: int = 0
    warned_notional: Decimal = ZERO


class Worst(Struct, frozen=True, omit_defaults=True):
    """An account by how badly it stands, with its row as it came: ``held`` as a batch, ``data`` as bytes to be kept."""

    safety: int
    ratio: Decimal
    part: int
    row: int
    data: bytes = b""
    held: Any = None

    @property
    def rank(self) -> tuple[int, Decimal, int, int]:
        """The worst first: liquidatable, then by maintenance ratio, none the worst, then as they come."""
        return self.safety, -self.ratio, self.part, self.row


Named = TypeVar("Named", Worst, LostRow)


class Tally(Struct):
    """Counts of some accounts. ``errors``: by code; ``sums``: by figure; ``exposure``: by underlying and side."""

    accounts: int = 0
    ok: int = 0
    recomputed: int = 0
    rows: int = 0
    errors: dict[str, int] = {}
    verdicts: dict[str, int] = {}
    states: dict[str, int] = {}
    codes: dict[str, CodeCount] = {}
    liquidatable: int = 0
    liquidatable_equity: Decimal = ZERO
    liquidatable_shortfall: Decimal = ZERO
    sums: dict[str, Decimal] = {}
    exposure: dict[str, Decimal] = {}
    distances: list[int] = []
    utilizations: list[int] = []
    worst: list[Worst] = []
    scenarios: dict[str, ScenarioTally] = {}

    def add(self, other: "Tally", most: int) -> None:
        """Add what others come to; keep ``most`` of the worst accounts."""
        for name in ("accounts", "ok", "recomputed", "rows", "liquidatable"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.liquidatable_equity += other.liquidatable_equity
        self.liquidatable_shortfall += other.liquidatable_shortfall
        for name in ("errors", "verdicts", "states", "sums", "exposure"):
            setattr(self, name, _added(getattr(self, name), getattr(other, name)))
        for name in ("distances", "utilizations"):
            own, their = getattr(self, name), getattr(other, name)
            setattr(self, name, [a + b for a, b in zip(own, their, strict=True)] if own and their else own or their)
        for code, found in other.codes.items():
            own = self.codes.get(code, CodeCount())
            self.codes[code] = CodeCount(*(a + b for a, b in zip(_tuple(own), _tuple(found), strict=True)))
        for name, sums in other.scenarios.items():
            self.scenarios.setdefault(name, ScenarioTally()).add(sums, most)
        self.worst = sorted((*self.worst, *other.worst), key=lambda one: one.rank)[:most]


def _tuple(one: CodeCount) -> tuple[Any, ...]:
    return one.failed, one.failed_notional, one.warned, one.warned_notional


def _added(own: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {name: own.get(name, 0) + other.get(name, 0) for name in dict.fromkeys((*own, *other))}


def tally_of(
    header: BookHeader, batch: pa.RecordBatch, results: pa.RecordBatch, *, part: int, first: int, most: int
) -> Tally:
    """What one batch comes to; ``part`` and ``first``: where it stands in the book."""
    is_ok = pc.equal(results.column("status"), OK)
    gone = figure(results, "equity")[liquidatable_in(results)]
    return Tally(
        accounts=len(results),
        ok=pc.sum(is_ok).as_py() or 0,
        recomputed=pc.sum(pc.equal(results.column("decided"), EXACT)).as_py() or 0,
        verdicts=_counts(results.column("verdict")),
        states=_counts(results.column("state")),
        codes=_codes(results),
        liquidatable=len(gone),
        liquidatable_equity=total(gone),
        liquidatable_shortfall=-total(gone[gone < 0]),
        sums={name: total(figure(results, name)) for name in SUMS},
        exposure=exposures(header, batch, is_ok),
        distances=histogram(results.column("liquidation_distance").filter(is_ok), DISTANCES),
        utilizations=histogram(results.column("utilization").filter(is_ok), SHARES),
        worst=_worst(results, is_ok, part=part, first=first, most=most),
    )


def figure(results: pa.RecordBatch, name: str) -> Plain:
    """A figure of every account, NaN where it has none."""
    found: Plain = results.column(name).to_numpy(zero_copy_only=False)
    return found


def liquidatable_in(results: pa.RecordBatch) -> Plain:
    """Which accounts are."""
    found: Plain = results.column("liquidatable").fill_null(FALSE).to_numpy(zero_copy_only=False)
    return found


def _counts(column: Any) -> dict[str, int]:
    return {one["values"]: one["counts"] for one in pc.value_counts(column.drop_null()).to_pylist()}


def _codes(results: pa.RecordBatch) -> dict[str, CodeCount]:
    gross = figure(results, "gross_notional")
    found: dict[str, CodeCount] = {}
    for grade in ("failed", "warned"):
        column = results.column(grade)
        codes, parents = column.flatten().dictionary_encode(), np.asarray(pc.list_parent_indices(column))
        places = np.asarray(codes.indices)
        for at, code in enumerate(codes.dictionary.to_pylist()):
            theirs = gross[parents[places == at]]
            one = found.setdefault(code, CodeCount())
            setattr(one, grade, len(theirs))
            setattr(one, f"{grade}_notional", total(theirs))
    return found


def histogram(column: Any, ends: tuple[str, ...]) -> list[int]:
    """How many lie at or below each end and above the one before, how many beyond the last, and how many are null."""
    values = column.drop_null().to_numpy(zero_copy_only=False)
    steps = np.searchsorted(np.array(ends, "f8"), values)
    return [*np.bincount(steps, minlength=len(ends) + 1).tolist(), column.null_count]


def _worst(results: pa.RecordBatch, is_ok: Any, *, part: int, first: int, most: int) -> list[Worst]:
    """The worst of a batch."""
    rows = np.nonzero(np.asarray(is_ok))[0]
    ratio = figure(results, "maintenance_ratio")[rows]
    safety = 2 * ~liquidatable_in(results)[rows] + ~np.isnan(ratio)
    ranked = pa.table({"safety": safety, "ratio": np.where(np.isnan(ratio), 0, ratio), "row": rows})
    keys = [("safety", "ascending"), ("ratio", "descending"), ("row", "ascending")]
    chosen = ranked.take(pc.select_k_unstable(ranked, k=most, sort_keys=keys)) if len(ranked) > most else ranked
    return [Worst(one["safety"], Decimal(repr(one["ratio"])), part, first + one["row"]) for one in chosen.to_pylist()]


def seal(tally: Tally, batch: pa.RecordBatch, first: int) -> None:
    """Lay to the accounts that a tally names their rows, which stand in a batch that begins with row ``first``."""
    lost = [one for sums in tally.scenarios.values() for one in sums.worst if one.is_screened]
    rows = sorted({one.row for one in tally.worst} | {one.row for one in lost})
    chosen = batch.take(pa.array([row - first for row in rows], pa.int64()))
    held = {row: chosen.slice(at, 1) for at, row in enumerate(rows)}
    tally.worst = [replace(one, held=held[one.row]) for one in tally.worst]
    for sums in tally.scenarios.values():
        sums.worst = [replace(one, held=held[one.row]) if one.is_screened else one for one in sums.worst]


def pack(tally: Tally) -> None:
    """Make the rows that are laid to a tally bytes."""
    tally.worst = [_packed_up(one) for one in tally.worst]
    for sums in tally.scenarios.values():
        sums.worst = [_packed_up(one) for one in sums.worst]


def _packed_up(one: Named) -> Named:
    return one if one.held is None else replace(one, held=None, data=packed(one.held))


def row_of(one: Worst | LostRow) -> pa.RecordBatch:
    """The row of an account that a tally names."""
    return unpacked(one.data) if one.held is None else one.held


def packed(batch: pa.RecordBatch) -> bytes:
    """A batch as bytes, to be sent or kept."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch.take(pa.array(range(len(batch)), pa.int64())))
    return compress(bytes(sink.getvalue()))


def unpacked(data: bytes) -> pa.RecordBatch:
    """The batch that ``packed`` made bytes of."""
    return next(iter(pa.ipc.open_stream(decompress(data))))


def problem_counts(codes: Iterable[str]) -> dict[str, int]:
    """How often each code occurs."""
    found: dict[str, int] = {}
    for code in codes:
        found[code] = found.get(code, 0) + 1
    return found
