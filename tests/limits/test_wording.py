"""Figures inside sentences."""

import pytest

from marginctl.core.exact import Direction
from marginctl.limits.rule import Comparison, Unit
from marginctl.limits.wording import amount, listed, measured, money, plain, priced, separated

from .builders import d


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        ("0.6", Unit.FRACTION, "60%"),
        ("0.12345", Unit.FRACTION, "12.345%"),
        ("5", Unit.MULTIPLE, "5x"),
        ("1", Unit.DAYS, "1 day"),
        ("1.5", Unit.DAYS, "1.5 days"),
        ("2", Unit.COUNT, "2"),
        ("1E+2", Unit.NONE, "100"),
    ],
)
def test_amounts(value: str, unit: Unit, shown: str) -> None:
    assert amount(d(value), unit) == shown


@pytest.mark.parametrize(
    ("value", "limit", "unit", "comparison", "shown"),
    [
        pytest.param("0.7234", "0.7", Unit.FRACTION, Comparison.MAXIMUM, "72.34%", id="two decimals are enough"),
        pytest.param("0.723401", "0.7", Unit.FRACTION, Comparison.MAXIMUM, "72.35%", id="a maximum rounds up"),
        pytest.param("0.600001", "0.6", Unit.FRACTION, Comparison.MAXIMUM, "60.0001%", id="as many digits as it takes"),
        pytest.param("0.1999999", "0.2", Unit.FRACTION, Comparison.MINIMUM, "19.99999%", id="below a minimum"),
        pytest.param("0.19876", "0.2", Unit.FRACTION, Comparison.MINIMUM, "19.87%", id="a minimum rounds down"),
        pytest.param("29.96", "30", Unit.DAYS, Comparison.MINIMUM, "29.96 days", id="days"),
        pytest.param("0.5", "0.5", Unit.FRACTION, Comparison.MAXIMUM, "50%", id="equal"),
    ],
)
def test_a_figure_never_meets_a_limit_it_differs_from(
    value: str, limit: str, unit: Unit, comparison: Comparison, shown: str
) -> None:
    assert measured(d(value), d(limit), unit, comparison) == shown


@pytest.mark.parametrize(
    ("value", "direction", "shown"),
    [
        ("1234.567", Direction.UP, "1,234.57 USD"),
        ("1234.567", Direction.DOWN, "1,234.56 USD"),
        ("-0.5", Direction.DOWN, "-0.5 USD"),
        ("0.000123456", Direction.DOWN, "0.000123 USD"),
        ("0", Direction.UP, "0 USD"),
    ],
)
def test_money(value: str, direction: Direction, shown: str) -> None:
    assert money(d(value), "USD", direction) == shown


def test_plain_never_prints_an_exponent() -> None:
    assert [plain(d(text)) for text in ("1E+3", "1.50", "1E-7", "100")] == ["1000", "1.5", "0.0000001", "100"]


def test_lists_five_names() -> None:
    assert listed(list("abcde")) == "a, b, c, d, e"
    assert listed(list("abcdefg")) == "a, b, c, d, e and 2 more"


def test_amounts_have_their_thousands_separated() -> None:
    assert money(d("1858.825"), "USD", Direction.UP) == "1,858.83 USD"
    assert money(d("-1234567"), "USD") == "-1,234,567 USD"
    assert separated(d("1234.560")) == "1,234.56"
    assert priced(d("1858.82352941"), Direction.UP) == "1,858.83"
    assert priced(d("0.0123456789"), Direction.DOWN) == "0.0123456"
