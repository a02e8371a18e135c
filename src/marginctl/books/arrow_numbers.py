"""Columns of a batch as the plain arrays that the kernel reads: binary numbers, codes of words, what is odd of a row.

A number counts as it is stored. Decimals, whole numbers and texts become the nearest binary number, a narrow binary one
the nearest to its own shortest decimal. ``grid`` says which of them are whole multiples of 1e-8, so that what the
kernel adds up as such is exact.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Plain: TypeAlias = np.ndarray[Any, np.dtype[Any]]

NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
ON_GRID = r"^[+-]?[0-9]*\.?[0-9]{0,8}$"
GRID_SCALE = 8
MOST_DIGITS = 18
"""Of a decimal that fits into 64 bits."""


class Numbers(NamedTuple):
    """``values``: NaN where null; ``bad``: stored, but no number (None = none); ``grid``: of 1e-8 (None = all)."""

    values: Plain
    bad: Plain | None = None
    grid: Plain | None = None


def is_empty(column: Any) -> bool:
    """Whether a column is not there, or null throughout."""
    return column is None or pa.types.is_null(column.type) or column.null_count == len(column)


def numbers(column: Any) -> Numbers | None:
    """A column of numbers of any type; None where it is null throughout."""
    if is_empty(column):
        return None
    kind = column.type
    if pa.types.is_dictionary(kind):
        return numbers(column.dictionary_decode())
    if pa.types.is_floating(kind):
        return _binary(column)
    if pa.types.is_integer(kind):
        return Numbers(_valued(column.fill_null(0).to_numpy(zero_copy_only=False).astype("f8"), column))
    if pa.types.is_decimal(kind):
        return _decimals(column)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _texts(column)
    return Numbers(np.full(len(column), np.nan), is_there(column))


def is_there(column: Any) -> Plain:
    """Which rows are not null."""
    found: Plain = pc.is_valid(column).to_numpy(zero_copy_only=False)
    return found


def _valued(values: Plain, column: Any) -> Plain:
    """NaN where the column is null."""
    if column.null_count:
        values[~is_there(column)] = np.nan
    return values


def _binary(column: Any) -> Numbers:
    stored = column.to_numpy(zero_copy_only=False)
    values = stored if stored.dtype == np.float64 else stored.astype("U").astype("f8")
    finite = np.isfinite(values)
    if finite.all():
        return Numbers(values)
    bad = ~finite & is_there(column)
    return Numbers(values, bad if bad.any() else None)


def _decimals(column: Any) -> Numbers:
    """k / 10^scale with k as a whole number of 64 bits: rounded once where k has at most 53 bits."""
    kind = column.type
    if kind.bit_width != 128 or not 0 <= kind.scale <= MOST_DIGITS:
        return _spelled(column)
    words = np.frombuffer(column.buffers()[1], "<i8")[2 * column.offset : 2 * (column.offset + len(column))]
    low, high = words[0::2], words[1::2]
    if kind.precision > MOST_DIGITS:
        fits = high == low >> 63
        if not fits.all() and not fits[is_there(column)].all():
            return _spelled(column)
    values = _valued(low / np.float64(10**kind.scale), column)
    extra = kind.scale - GRID_SCALE
    if extra <= 0:
        return Numbers(values)
    return Numbers(values, None, (low % np.int64(10**extra) == 0) | np.isnan(values))


def _spelled(column: Any) -> Numbers:
    """One by one, for what is too wide for anything else."""
    told = column.to_pylist()
    values = np.array([np.nan if one is None else one for one in told], "f8")
    grid = [one is None or _is_on_grid(one) for one in told]
    return Numbers(values, None, np.array(grid, bool))


def _is_on_grid(value: Decimal) -> bool:
    return value == round(value, GRID_SCALE)


def _texts(column: Any) -> Numbers:
    fits = pc.match_substring_regex(column, NUMBER)
    values = pc.cast(pc.if_else(fits, column, None), pa.float64()).to_numpy(zero_copy_only=False)
    bad = is_there(column) & ~np.isfinite(values)
    grid = pc.fill_null(pc.match_substring_regex(column, ON_GRID), True).to_numpy(zero_copy_only=False)
    return Numbers(values, bad if bad.any() else None, grid)


def codes(
    column: Any, table: Mapping[str, int], count: int, *, null: int = -1, other: int = -1, kind: str = "i4"
) -> Plain:
    """Words as their codes: ``null`` where there is none, ``other`` where it is in no table."""
    if is_empty(column):
        return np.full(count, null, kind)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    words = column.dictionary.to_pylist()
    meant = np.array([*(null if word is None else table.get(str(word), other) for word in words), null], kind)
    places = column.indices
    if places.null_count:
        places = places.fill_null(len(words)) if len(words) <= _most(places.type) else places.cast("i8").fill_null(-1)
    found: Plain = meant[places.to_numpy(zero_copy_only=False)]
    return found


def _most(kind: Any) -> int:
    return int(np.iinfo(kind.to_pandas_dtype()).max)


class Lists(NamedTuple):
    """A column of lists of structs: where each list ends (from 0), the rows, the lists that are odd."""

    ends: Plain
    rows: Any
    odd: Plain | None


def lists(column: Any, count: int) -> Lists:
    """A column of lists; null and missing ones are empty."""
    if is_empty(column):
        return Lists(np.zeros(count + 1, "i8"), None, None)
    ends = np.asarray(column.offsets).astype("i8")
    rows = column.values.slice(ends[0], ends[-1] - ends[0])
    odd = None
    if column.null_count:
        odd = ~is_there(column) & (np.diff(ends) > 0)
    return Lists(ends - ends[0], rows, odd)


def child(rows: Any, name: str) -> Any:
    """A field of the rows; None where they have none of that name."""
    if rows is None or not pa.types.is_struct(rows.type):
        return None
    at = rows.type.get_field_index(name)
    return None if at < 0 else rows.field(at)
