"""Sums of binary figures: in whole 1e-8, exact, the same in any order."""

from decimal import Decimal

import numpy as np
import pytest

from marginctl.books.exposure import total, totals_by


@pytest.mark.parametrize(
    ("figures", "sum_of_them"),
    [
        ([], "0"),
        ([0.1] * 10, "1"),  # 0.99999999999999989 in binary
        ([0.1, 0.2, -0.3], "0"),  # 5.6e-17 in binary
        ([1e15, 0.25, -1e15], "0.25"),
        ([2.0**40 + 2.0**-12, 1.5], "1099511627777.50024414"),  # 2^-12 is 0.000244140625
        ([1e20, 0.5, np.nan], "100000000000000000000.5"),
        ([np.inf, 1.0], str(2**93 + 1)),
        ([4e-9, 4e-9], "0"),  # each to the nearest 1e-8
        ([-2.5, 1e-8], "-2.49999999"),
    ],
)
def test_a_sum_has_all_its_digits(figures: list[float], sum_of_them: str) -> None:
    for one in (figures, figures[::-1]):
        assert total(np.array(one, "f8")) == Decimal(sum_of_them)


def test_sums_by_code_are_those_of_each_code() -> None:
    """0.1 + 0.2 of code 0, nothing of 1, 7 of 2; and where one is too large for sums of binary numbers."""
    codes = np.array([0, 2, 0])
    assert totals_by(codes, np.array([0.1, 7, 0.2]), 3) == [Decimal("0.3"), 0, 7]
    assert totals_by(codes, np.array([0.1, 2.0**60, 0.2]), 3) == [Decimal("0.3"), 0, 2**60]
