"""Columns as the kernel reads them: every number as it is stored, and what is none."""

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from marginctl.books.arrow_numbers import child, codes, is_empty, lists, numbers

WIDE = "123456789012345678901234567890.123456789012345678"


def read(values: list[Any], kind: Any) -> list[float | None]:
    found = numbers(pa.array(values, kind))
    assert found is not None
    return [None if np.isnan(one) else one for one in found.values.tolist()]


@pytest.mark.parametrize(
    "kind",
    [
        pa.float64(),
        pa.float32(),
        pa.decimal128(10, 3),
        pa.decimal128(38, 20),
        pa.decimal256(60, 30),
        pa.string(),
        pa.large_string(),
        pa.dictionary(pa.int32(), pa.string()),
    ],
    ids=str,
)
def test_a_tenth_is_a_tenth(kind: Any) -> None:
    """A narrow binary number counts as its own shortest decimal: 0.1, not 0.10000000149."""
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)
    plain: list[Any] = ["0.1", None, "-2.5"] if is_text else [Decimal("0.1"), None, Decimal("-2.5")]
    if pa.types.is_floating(kind):
        plain = [0.1, None, -2.5]
    if pa.types.is_dictionary(kind):
        found = numbers(pa.array(plain).dictionary_encode())
        assert found is not None
        assert found.values[[0, 2]].tolist() == [0.1, -2.5]
        return
    assert read(plain, kind) == [0.1, None, -2.5]


def test_whole_numbers() -> None:
    assert read([3, None, -4], pa.int64()) == [3, None, -4]
    assert read([3, 250], pa.uint8()) == [3, 250]


@pytest.mark.parametrize("text", [WIDE, "0.000000000000000001", "-99999999999999999999.999999999999999999"])
def test_wide_decimals_are_rounded_to_the_nearest(text: str) -> None:
    assert read([Decimal(text)], pa.decimal256(60, 18)) == [float(text)]
    assert read([Decimal(text[-30:])], pa.decimal128(38, 18)) == [float(text[-30:])]


def test_parts_of_a_column() -> None:
    column = pa.array([Decimal(n) / 4 for n in range(10)] + [None], pa.decimal128(20, 2)).slice(3, 8)
    found = numbers(column)
    assert found is not None
    assert found.values[:7].tolist() == [n / 4 for n in range(3, 10)]
    assert np.isnan(found.values[7])


def test_what_is_no_number_is_bad() -> None:
    texts = numbers(pa.array(["1", "1e3", "+.5", "1,000", "", " 1", "0x10", "nan", "inf", None, "1e999"]))
    assert texts is not None
    assert texts.bad is not None
    assert texts.values[:3].tolist() == [1, 1000, 0.5]
    assert texts.bad.tolist() == [False] * 3 + [True] * 6 + [False, True]
    binary = numbers(pa.array([1.0, float("nan"), float("inf"), None], pa.float64()))
    assert binary is not None
    assert binary.bad is not None
    assert binary.bad.tolist() == [False, True, True, False]
    others = numbers(pa.array([True, None]))
    assert others is not None
    assert others.bad is not None
    assert others.bad.tolist() == [True, False]


def test_multiples_of_1e_8_are_known() -> None:
    texts = numbers(pa.array(["1.12345678", "1.123456789", "1e-3", None]))
    fine = numbers(pa.array([Decimal("1.12345678"), Decimal("1.123456789"), None], pa.decimal128(18, 9)))
    coarse = numbers(pa.array([Decimal("1.12345678")], pa.decimal128(18, 8)))
    assert texts is not None
    assert texts.grid is not None
    assert texts.grid.tolist() == [True, False, False, True]
    assert fine is not None
    assert fine.grid is not None
    assert fine.grid.tolist() == [True, False, True]
    assert coarse is not None
    assert coarse.grid is None


def test_words_are_codes() -> None:
    table = {"a": 0, "b": 1}
    for column in (pa.array(["b", None, "c", "a"]), pa.array(["b", None, "c", "a"]).dictionary_encode()):
        assert codes(column, table, 4).tolist() == [1, -1, -1, 0]
        assert codes(column, table, 4, null=5, other=7).tolist() == [1, 5, 7, 0]
        assert codes(column.slice(2), table, 2, other=7).tolist() == [7, 0]
    assert codes(None, table, 2, null=9).tolist() == [9, 9]
    assert codes(pa.array([], pa.string()), table, 0).tolist() == []


def test_lists_are_their_ends_and_rows() -> None:
    column = pa.array([[{"x": 1}], None, [], [{"x": 2}, {"x": 3}]])
    found = lists(column, 4)
    assert found.ends.tolist() == [0, 1, 1, 1, 3]
    assert child(found.rows, "x").to_pylist() == [1, 2, 3]
    assert child(found.rows, "y") is None
    part = lists(column.slice(3), 1)
    assert (part.ends.tolist(), child(part.rows, "x").to_pylist()) == ([0, 2], [2, 3])
    assert lists(None, 2).ends.tolist() == [0, 0, 0]
    assert is_empty(pa.array([None, None], pa.int32()))
