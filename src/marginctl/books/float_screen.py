"""The float screen: the figures of a batch of accounts in binary, or that decimals must decide.

``screen`` is pure and may run in threads: the kernel leaves the interpreter to others. What it decides is what the
exact core says: every verdict, flag and null; figures are within ``error_bound``. The rest is ``undecided``.
"""

from importlib import import_module
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from marginctl.books import arrow_numbers as arrow
from marginctl.books.arrow_numbers import Lists, Plain
from marginctl.books.compiled import SCREENED_LIMITS, Compiled
from marginctl.books.results_out import RESULTS

Columns: TypeAlias = tuple[Plain | None, ...]

FIGURES = tuple(field.name for field in RESULTS if pa.types.is_float64(field.type))
CODES = ("worst_pool", "nearest_asset")
MARKS = ("why", "state", "liquidatable", "failed", "warned")
"""Rows of what the kernel writes, in its order."""
STATES = ("healthy", "restricted", "margin-call", "liquidation")
JUDGED_CODES = ("MC100", *SCREENED_LIMITS)
REASONS = ("decided", "input", "not modelled", "figure", "health", "limit", "path", "tie", "border", "bound")
"""Why an account is left to the exact core."""

SIDES = {"long": 1, "short": 2}
ISOLATED, BAD, GRID, AUX = 4, 8, 16, 32
MODES = {"cross": 0, "isolated": ISOLATED}
PURPOSES = {"speculative": 0, "hedge": 0}
LEFT_OUT, HEDGE_MODE = 1, 2
OPTIONAL = (
    "entry_price",
    "mark_price",
    "leverage",
    "initial_rate",
    "initial_margin",
    "maintenance_rate",
    "maintenance_deduction",
    "isolated_margin",
)
LONGEST_INTERVAL = 8784
"""Hours of a year."""


class Screened(NamedTuple):
    """What the screen says of a batch. ``undecided``: the accounts for which it promises nothing, and why by code."""

    compiled: Compiled
    figures: Plain
    codes: Plain
    marks: Plain

    @property
    def why(self) -> Plain:
        """The place in ``REASONS`` by account."""
        found: Plain = self.marks[0]
        return found

    @property
    def undecided(self) -> Plain:
        """Which accounts the exact core has to decide."""
        found: Plain = self.why != 0
        return found

    def figure(self, name: str) -> Plain:
        """A figure by account, NaN where there is none."""
        found: Plain = self.figures[FIGURES.index(name)]
        return found

    def column(self, name: str) -> Any:
        """A column of results as Arrow has it; what stands in undecided rows means nothing."""
        if name in FIGURES:
            return pa.array(self.figure(name), from_pandas=True)
        if name in ("failed", "warned"):
            return _lists_of_codes(self.marks[MARKS.index(name)])
        if name == "verdict":
            failed, warned = (self.marks[MARKS.index(one)] != 0 for one in ("failed", "warned"))
            return _words(np.where(failed, 2, np.where(warned, 1, 0)), ("pass", "warn", "fail"))
        if name == "liquidatable":
            return pa.array(self.marks[MARKS.index(name)] != 0)
        if name == "state":
            return _words(self.marks[MARKS.index(name)], STATES)
        names = self.compiled.pools if name == "worst_pool" else tuple(self.compiled.assets)
        return _words(self.codes[CODES.index(name)], names)


def _words(places: Plain, words: tuple[str, ...]) -> Any:
    """Words by their places, null below 0."""
    taken = pa.array(places.astype("i4"), mask=places.astype("i4") < 0)
    return pa.DictionaryArray.from_arrays(taken, pa.array(words, pa.string())).dictionary_decode()


def _lists_of_codes(masks: Plain) -> Any:
    bits = np.unpackbits(masks[:, None], axis=1, bitorder="little", count=len(JUDGED_CODES))
    ends = np.concatenate(([0], np.cumsum(bits.sum(axis=1)))).astype("i4")
    return pa.ListArray.from_arrays(pa.array(ends), _words(np.nonzero(bits)[1], JUDGED_CODES))


KERNEL = "marginctl.books._kernel"


def is_built() -> bool:
    """Whether the kernel was compiled when the package was installed."""
    try:
        import_module(KERNEL)
    except ImportError:
        return False
    return True


def screen(compiled: Compiled, batch: Any, own: Plain | None = None) -> Screened:
    """The figures of every account of a RecordBatch. Raises ImportError where the kernel is not built.

    ``own``: by account its row of the table of limits, where there are several; below 0 it is left out.
    """
    count = batch.num_rows
    found = Screened(
        compiled,
        np.full((len(FIGURES), count), np.nan),
        np.full((len(CODES), count), -1, "i4"),
        np.zeros((len(MARKS), count), "u1"),
    )
    columns = kernel_columns(compiled, batch, own)
    kernel = import_module(KERNEL)
    kernel.screen(compiled.tables, len(compiled.assets), columns, count, (found.figures, found.codes, found.marks))
    return found


def kernel_columns(compiled: Compiled, batch: Any, own: Plain | None = None) -> Columns:
    """The columns of a batch as the kernel takes them."""
    count = batch.num_rows
    balances, positions = (arrow.lists(_column(batch, name), count) for name in ("balances", "positions"))
    marks = _account_marks(compiled, batch, (balances, positions))
    variant = _variants(compiled, batch, marks)
    if own is not None:
        marks[own < 0] |= LEFT_OUT
        own = np.maximum(own, 0)
    return (
        balances.ends,
        positions.ends,
        variant,
        marks,
        *_balances(compiled, balances),
        *_positions(compiled, positions),
        own,
    )


def _column(batch: Any, name: str) -> Any:
    at = batch.schema.get_field_index(name)
    return None if at < 0 else batch.column(at)


def _account_marks(compiled: Compiled, batch: Any, found: tuple[Lists, Lists]) -> Plain:
    """Which accounts are left out, and which are in hedge mode."""
    count = batch.num_rows
    default = HEDGE_MODE * compiled.is_hedged
    modes = {"one-way": 0, "hedge": HEDGE_MODE}
    marks = arrow.codes(_column(batch, "position_mode"), modes, count, null=default, other=LEFT_OUT, kind="u1")
    for name, known in (("venue", {compiled.venue: 0}), ("liquidation_level", {}), ("orders", {})):
        column = _column(batch, name)
        if not arrow.is_empty(column):
            marks |= _left_out(column, known, count)
    for one in found:
        if one.odd is not None:
            marks[one.odd] |= LEFT_OUT
    return marks


def _left_out(column: Any, known: dict[str, int], count: int) -> Plain:
    if pa.types.is_string(column.type) or pa.types.is_dictionary(column.type) or pa.types.is_large_string(column.type):
        return arrow.codes(column, known, count, null=0, other=LEFT_OUT, kind="u1")
    return arrow.is_there(column).astype("u1") * np.uint8(LEFT_OUT)


def _variants(compiled: Compiled, batch: Any, marks: Plain) -> Plain:
    """Under which rules each account stands; those that no variant has are left out."""
    modes = tuple(dict.fromkeys(mode for mode, _, _ in compiled.variants))
    nettings: tuple[str | None, ...] = tuple(dict.fromkeys(one for _, one, _ in compiled.variants))
    between: tuple[str | None, ...] = tuple(dict.fromkeys(one for _, _, one in compiled.variants))
    table = np.array([compiled.variants[m, n, u] for m in modes for n in nettings for u in between], "i4")
    place = np.zeros(batch.num_rows, "i4")
    words = (("collateral_mode", modes), ("netting", nettings), ("underlying_netting", between))
    for name, options in words:
        known = {str(option): at for at, option in enumerate(options) if option is not None}
        null = options.index(compiled.mode) if name == "collateral_mode" else options.index(None)
        found = arrow.codes(_column(batch, name), known, batch.num_rows, null=null)
        marks[found < 0] |= LEFT_OUT
        place = place * len(options) + np.maximum(found, 0)
    return table[place]


def _balances(compiled: Compiled, found: Lists) -> Columns:
    count = int(found.ends[-1])
    amounts = arrow.numbers(arrow.child(found.rows, "amount"))
    marks = np.full(count, GRID, "u1")
    if amounts is None:
        return np.full(count, -1, "i4"), np.zeros(count), marks
    _mark(marks, amounts.bad, amounts.grid)
    return arrow.codes(arrow.child(found.rows, "asset"), compiled.assets, count), amounts.values, marks


def _mark(marks: Plain, bad: Plain | None, grid: Plain | None = None) -> None:
    if bad is not None:
        marks[bad] |= BAD
    if grid is not None:
        marks[~grid] &= 255 - GRID


def _positions(compiled: Compiled, found: Lists) -> Columns:
    count = int(found.ends[-1])
    rows = found.rows
    symbols = arrow.codes(arrow.child(rows, "symbol"), compiled.symbols, count)
    marks = np.full(count, GRID, "u1")
    if count:
        marks |= arrow.codes(arrow.child(rows, "side"), SIDES, count, null=0, other=BAD, kind="u1")
        marks |= arrow.codes(arrow.child(rows, "margin_mode"), MODES, count, null=0, other=BAD, kind="u1")
        if rows.null_count:
            marks[~arrow.is_there(rows)] |= BAD
        _aside(rows, marks)
    quantity = arrow.numbers(arrow.child(rows, "quantity"))
    if quantity is None:
        return symbols, marks, np.full(count, np.nan), *(None,) * len(OPTIONAL)
    _mark(marks, quantity.bad, quantity.grid)
    values: list[Plain | None] = []
    for name in OPTIONAL:
        one = arrow.numbers(arrow.child(rows, name))
        if one is not None:
            _mark(marks, one.bad, one.grid if name == "isolated_margin" else None)
        values.append(None if one is None else one.values)
    return symbols, marks, quantity.values, *values


def _aside(rows: Any, marks: Plain) -> None:
    """What changes no figure here, and is an error where it is none or differs between rows of one position."""
    count = len(rows)
    purpose = arrow.child(rows, "purpose")
    if not arrow.is_empty(purpose):
        marks |= arrow.codes(purpose, PURPOSES, count, null=0, other=BAD, kind="u1")
        marks[arrow.is_there(purpose)] |= AUX
    for name, least, most in (("funding_rate", -1, 1), ("funding_interval", 0, LONGEST_INTERVAL)):
        column = arrow.child(rows, name)
        found = arrow.numbers(column)
        if found is None:
            continue
        there = arrow.is_there(column)
        within = (found.values >= least) & (found.values <= most) & ((least < 0) | (found.values != 0))
        marks[there & ~within] |= BAD
        marks[there] |= AUX
