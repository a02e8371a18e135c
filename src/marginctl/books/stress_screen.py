"""Scenarios over a batch: screened in binary numbers with a bound on every error, decided in decimals beyond it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from marginctl.books import arrow_numbers as arrow
from marginctl.books.arrow_numbers import Plain
from marginctl.books.exposure import exposure_of, total
from marginctl.books.float_screen import KERNEL, kernel_columns
from marginctl.books.header import BookHeader
from marginctl.books.limit_tables import accounts_of_sets, with_limits
from marginctl.books.price_table import Group, by_prices
from marginctl.books.row_drafts import RowProblem
from marginctl.books.scenario_tables import Ways, ways_for
from marginctl.books.screening import undecided
from marginctl.books.stress_tally import STEPS, LostRow, ScenarioTally
from marginctl.books.stressed_rows import STATIC, STRESSED, StressedRow, grades, stressed_rows, stressed_table

FIGURES = ("crossing", "equity_after", "shortfall", "liquidated_notional")
BELOW, IDLE = 1, 2
MOST_GAPS = 64
"""As the kernel has them."""
VERDICTS = ("pass", "warn", "fail")


class ScreenedStress(NamedTuple):
    """What the screen says of a batch. ``figures``: by scenario a row for each of ``FIGURES``, then the gaps."""

    why: Plain
    before: Plain
    figures: Plain
    pools: Plain
    marks: Plain
    gone: Plain
    verdicts: Plain


class BatchPlace(NamedTuple):
    """Where a batch stands in the book, and how many of the worst accounts are kept."""

    part: int
    first: int
    most: int


class ThroughAll(NamedTuple):
    """The rows of ``STRESSED``, sums by scenario, what is wrong with bad accounts, verdicts and exact decisions."""

    rows: pa.RecordBatch
    sums: dict[str, ScenarioTally]
    problems: list[RowProblem]
    verdicts: dict[str, int]
    recomputed: int


def through_all(
    header: BookHeader, batch: pa.RecordBatch, gaps: Sequence[Decimal], place: BatchPlace, *, exact: bool
) -> ThroughAll:
    """A batch through all scenarios; ``exact``: without the screen."""
    sums = {name: ScenarioTally() for name in header.scenarios}
    tables: list[pa.RecordBatch] = []
    orders: list[Plain] = []
    problems: list[RowProblem] = []
    verdicts: Counter[str] = Counter()
    recomputed = 0
    for group in by_prices(header, batch):
        places = np.asarray(group.places)
        found = None if exact else screened_stress(group.header, group.batch, gaps)
        unsure = np.ones(len(group.batch), bool)
        if found is not None:
            unsure = np.asarray(undecided(group.batch, found.why != 0))
            sure = np.nonzero(~unsure)[0]
            tables.append(_table(group, found, sure))
            orders.append(np.repeat(places[sure], len(sums)))
            verdicts.update(VERDICTS[one] for one in found.verdicts[sure].tolist())
            for number, one in enumerate(sums.values()):
                one.add(_tally(group, found, number, sure, place), place.most)
        chosen = group.batch.take(pa.array(np.nonzero(unsure)[0], pa.int64()))
        rows = stressed_rows(header, chosen, gaps, places[unsure].tolist())
        recomputed += sum(row.verdict is not None for row in rows)
        verdicts.update(row.verdict for row in rows if row.verdict is not None)
        problems += [problem for row in rows for problem in row.problems]
        _count(sums, rows, places[unsure], place)
        tables.append(stressed_table(rows))
        orders.append(np.repeat(places[unsure], [len(row.through) or 1 for row in rows]))
    order = pa.array(np.argsort(np.concatenate(orders), kind="stable"), pa.int64())
    both = pa.Table.from_batches(tables).take(order).combine_chunks()
    rows_out = both.to_batches()[0] if len(both) else tables[0]
    return ThroughAll(rows_out, sums, sorted(problems, key=lambda one: one.row), dict(verdicts), recomputed)


def _count(sums: dict[str, ScenarioTally], rows: Iterable[StressedRow], places: Plain, place: BatchPlace) -> None:
    for row, at in zip(rows, places.tolist(), strict=True):
        name = row.stored.account_id, row.stored.as_of
        for one in row.through:
            sums[one.scenario].count(one, name, part=place.part, row=place.first + at, most=place.most)


def screened_stress(header: BookHeader, batch: pa.RecordBatch, gaps: Sequence[Decimal]) -> ScreenedStress | None:
    """What the screen says; None where it cannot be told all that the header says."""
    ways = ways_for(header, batch) if len(gaps) <= MOST_GAPS else None
    judged = None if ways is None else with_limits(header, ways.compiled, batch, tuple(sorted(STATIC)))
    if ways is None or judged is None:
        return None
    found = through_ways(ways._replace(compiled=judged.compiled), batch, gaps, judged.own)
    return found._replace(verdicts=_verdicts(header, batch, found.figures[:, 0], found.marks))


def through_ways(
    ways: Ways, batch: pa.RecordBatch, gaps: Sequence[Decimal], own: Plain | None = None
) -> ScreenedStress:
    """A batch through the kernel; nobody's verdict is known here."""
    count, scenarios = len(batch), len(ways.moves)
    tables = (*ways.compiled.tables[:-1], _failing_alone(ways.compiled.tables[-1]))
    columns = kernel_columns(ways.compiled, batch, own)
    figures = np.full((1 + scenarios * (len(FIGURES) + len(gaps)), count), np.nan)
    pools, marks = np.zeros((scenarios, count), "i4"), np.zeros((1 + scenarios, count), "u1")
    gone = np.zeros((scenarios, int(columns[1][-1])), "u1")  # type: ignore[index]
    told = (ways.moves, ways.ratios, np.array(gaps, "f8"), np.array(STEPS, "f8"), ways.contracts, ways.assets)
    kernel = import_module(KERNEL)
    kernel.stress(tables, len(ways.compiled.assets), columns, count, told, (figures, pools, marks, gone))
    by_scenario = figures[1:].reshape(scenarios, -1, count)
    return ScreenedStress(marks[0], figures[0], by_scenario, pools, marks[1:], gone, np.zeros(count, "u1"))


def _failing_alone(limits: Plain) -> Plain:
    """The limits without those that only warn, which nothing of a scenario asks for."""
    found: Plain = limits.copy()
    found["warn"], found["warn_alone"] = np.nan, 0
    return found


def _verdicts(header: BookHeader, batch: pa.RecordBatch, crossings: Plain, marks: Plain) -> Plain:
    """By account the gravest of the scenarios that it does not survive: places in ``VERDICTS``."""
    accounts, own = accounts_of_sets(header, batch)
    grade = np.array([grades(header, one) for one in accounts], "u1")
    theirs = grade[np.zeros(len(batch), "i4") if own is None else own].T
    is_dead = ~np.isnan(crossings) & (marks & IDLE == 0)
    found: Plain = np.where(is_dead, theirs, 0).max(axis=0, initial=0)
    return found


def _table(group: Group, found: ScreenedStress, sure: Plain) -> pa.RecordBatch:
    """A row for each account that is decided, and scenario."""
    names = list(group.header.scenarios)
    each, count = np.repeat(sure, len(names)), len(sure) * len(names)
    figures = {name: found.figures[:, at][:, sure].T.ravel() for at, name in enumerate(FIGURES)}
    words = {"status": "ok", "error": None, "decided": "float"}
    rows = pa.array(each, pa.int64())
    columns: dict[str, Any] = {
        **{name: pa.repeat(pa.scalar(word, pa.string()), count) for name, word in words.items()},
        **{name: group.batch.column(name).take(rows) for name in ("account_id", "as_of")},
        **{name: pa.array(one, from_pandas=True) for name, one in figures.items()},
        "scenario": _words(np.tile(np.arange(len(names)), len(sure)), names),
        "equity_before": pa.array(found.before[each]),
        "below_limits": pa.array((found.marks[:, sure] & BELOW).T.ravel() != 0),
        "verdict": _words(found.verdicts[each], VERDICTS),
    }
    return pa.RecordBatch.from_arrays([columns[one.name] for one in STRESSED], schema=STRESSED)


def _words(places: Plain, words: Sequence[str]) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), pa.array(words)).dictionary_decode()


def _tally(group: Group, found: ScreenedStress, number: int, sure: Plain, place: BatchPlace) -> ScenarioTally:
    """The sums of one scenario over the accounts that are decided."""
    figures = found.figures[number][:, sure]
    crossing, after, shortfall = figures[:3]
    losses = figures[len(FIGURES) :]
    is_dead = ~np.isnan(crossing)
    steps = np.searchsorted(np.array(STEPS, "f8"), crossing[is_dead])
    counts = np.bincount(steps, minlength=len(STEPS) + 1)
    counts[len(STEPS)] += len(sure) - int(is_dead.sum())
    return ScenarioTally(
        accounts=len(sure),
        liquidated=int(is_dead.sum()),
        pools=int(found.pools[number][sure].sum()),
        before=total(found.before[sure]),
        after=total(after),
        shortfall=total(shortfall),
        below=int((found.marks[number][sure] & BELOW != 0).sum()),
        crossings=counts.tolist(),
        exposure=_exposure(group, found.gone[number], sure) if is_dead.any() else {},
        losses=[total(one) for one in losses],
        losing=[int((one > 0).sum()) for one in losses],
        worst=_worst(group, found, number, sure, place),
    )


def _exposure(group: Group, gone: Plain, sure: Plain) -> dict[str, Decimal]:
    positions = arrow.lists(group.batch.column("positions"), len(group.batch))
    is_sure = np.zeros(len(group.batch), bool)
    is_sure[sure] = True
    chosen = (gone != 0) & np.repeat(is_sure, np.diff(positions.ends))
    return exposure_of(group.header, positions.rows.filter(pa.array(chosen)))


def _worst(group: Group, found: ScreenedStress, number: int, sure: Plain, place: BatchPlace) -> list[LostRow]:
    """The accounts that lose most; their exact figures are asked for when they are named."""
    lost = found.figures[number][FIGURES.index("shortfall")][sure]
    order = np.argsort(-lost, kind="stable")[: place.most]
    names = [group.batch.column(name) for name in ("account_id", "as_of")]
    rows = []
    for at in sure[order[lost[order] > 0]].tolist():
        crossing, after, shortfall = (_exact(one) for one in found.figures[number][:3, at].tolist())
        row = place.first + int(np.asarray(group.places)[at])
        account, moment = (one[at].as_py() for one in names)
        before = _exact(found.before[at].item())
        rows.append(LostRow(shortfall, place.part, row, account, moment, crossing, before, after, is_screened=True))  # type: ignore[arg-type]
    return rows


def _exact(figure: Any) -> Decimal | None:
    return None if figure != figure else Decimal(repr(figure))  # noqa: PLR0124 - a NaN
