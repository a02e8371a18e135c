"""Profits and losses as whole numbers: nothing of a decimal is lost, however small the others make it look."""

from decimal import Decimal

import pytest
from tests.builders import d

from marginctl.core.exact import exactly
from marginctl.core.money import Form, MovingAmount
from marginctl.core.motion import Motion
from marginctl.core.piecewise import Line
from marginctl.core.sample import Sample, columns_of, decimal_of, whole

LONG_ONE = d("1." + "23456789" * 12)
"""97 digits."""
ROWS = [
    [LONG_ONE, d("-0.5")],
    [LONG_ONE.scaleb(-40), d(0)],
    [d(0), LONG_ONE.scaleb(20)],
]


def test_moves_of_any_size_are_whole_numbers_of_one_power_of_ten() -> None:
    found = columns_of(ROWS)
    assert found.count == 3
    for row, numbers in zip(ROWS, zip(*found.numbers, strict=True), strict=True):
        assert [decimal_of(number, found.place) for number in numbers] == row
    assert columns_of([[d(0)], [d(0)]]).numbers == ([0, 0],)


@pytest.mark.parametrize("values", [[d("12.5"), d("-0.0003"), d(0)], [d(0), d(0)], [d("4e3"), d("7e-70")], []])
def test_decimals_as_whole_numbers_and_of_a_smaller_power(values: list[Decimal]) -> None:
    found = whole(values)
    assert [decimal_of(number, found.place) for number in found.numbers] == values
    assert [decimal_of(number, found.place - 3) for number in found.at(found.place - 3)] == values


def test_a_row_is_what_each_exposure_makes_of_its_move_now_and_along_a_motion() -> None:
    """10 BTC-dollars and 7 ETH-dollars; BTC down by u takes its share along, ETH stays."""
    forms = tuple(Form((MovingAmount(amount, asset),)) for amount, asset in ((d(10), "BTC"), (d(7), "ETH")))
    sample = Sample(forms, columns_of(ROWS))
    with exactly():
        wanted = [10 * btc + 7 * eth for btc, eth in ROWS]
        assert [sample.value(row) for row in range(3)] == wanted
        lines = sample.lines(Motion({"BTC": Line(d(1), d(-1))}))
        assert [decimal_of(number, lines.place) for number in lines.at_zero] == wanted
        assert [decimal_of(number, lines.place) for number in lines.slopes] == [-10 * btc for btc, _ in ROWS]
        rest = sample.less([(0, d(4)), (1, d(7)), (0, d("0.5"))])
        assert [rest.value(row) for row in range(3)] == [d("5.5") * btc for btc, _ in ROWS]
