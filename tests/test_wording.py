"""Decimals as people read them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginctl import wording
from marginctl.core.exact import Direction
from marginctl.findings import Check, Status
from marginctl.limits.rule import Comparison, Unit

D = Decimal
UP, DOWN, NEAREST = Direction.UP, Direction.DOWN, Direction.NEAREST

MONEY = st.decimals(-(10**18), 10**18, places=9)


@pytest.mark.parametrize(
    ("value", "places", "direction", "shown"),
    [
        ("1234.5", 2, NEAREST, "1,234.50"),
        ("123456789012.12345678", 2, UP, "123,456,789,012.13"),
        ("123456789012.12345678", 2, DOWN, "123,456,789,012.12"),
        ("-1200.005", 2, DOWN, "-1,200.01"),
        ("-0.001", 2, UP, "0.00"),
        ("0", 2, NEAREST, "0.00"),
        ("1E+3", 0, NEAREST, "1,000"),
        ("0.00000123", 8, NEAREST, "0.00000123"),
    ],
)
def test_grouped(value: str, places: int, direction: Direction, shown: str) -> None:
    assert wording.grouped(D(value), places, direction) == shown


@given(MONEY)
def test_grouped_is_never_on_the_wrong_side(value: Decimal) -> None:
    up, down = (D(wording.grouped(value, 2, direction).replace(",", "")) for direction in (UP, DOWN))
    assert down <= value <= up
    assert up - down <= D("0.01")


@pytest.mark.parametrize(
    ("value", "text"),
    [("1E+2", "100"), ("1E-7", "0.0000001"), ("-0.00", "0.00"), ("0.10", "0.10"), ("-5", "-5")],
)
def test_plain_is_the_exact_text_without_an_exponent(value: str, text: str) -> None:
    assert wording.plain(D(value)) == text


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("utilization", "0.60000001", "60.01"),  # a share of what is used: up
        ("distance", "0.21349", "21.34"),  # a distance: toward zero
        ("down", "-0.21349", "-21.34"),
        ("maintenance_rate", "0.005", "0.50"),
    ],
)
def test_percent_rounds_to_the_cautious_side(name: str, value: str, shown: str) -> None:
    assert wording.figure_percent(name, D(value)) == shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("equity", "10.999", "10.99"),
        ("free_collateral", "-10.991", "-11.00"),
        ("maintenance_margin", "10.001", "10.01"),
        ("unrealized_pnl", "-0.001", "-0.01"),
    ],
)
def test_figures_round_to_the_cautious_side(name: str, value: str, shown: str) -> None:
    assert wording.figure(name, D(value)) == shown


def test_prices_where_something_ends_turn_toward_the_mark() -> None:
    assert wording.toward(D(90), D(100)) is UP
    assert wording.toward(D(110), D(100)) is DOWN


@pytest.mark.parametrize(
    ("mark", "places"),
    [("60000", 2), ("3000.5", 2), ("1.2345", 5), ("0.174955", 6), ("0.00000123", 11), ("0", 2)],
)
def test_a_price_keeps_six_significant_digits_or_two_decimals(mark: str, places: int) -> None:
    assert wording.price_places(D(mark)) == places


@pytest.mark.parametrize(
    ("value", "shown"),
    [("0.50", "0.5"), ("40000", "40,000"), ("0.000000001", "0.000000001"), ("1.123456789", "1.12345679"), ("0", "0")],
)
def test_quantities_are_shown_as_given(value: str, shown: str) -> None:
    assert wording.exactly(D(value)) == shown


@given(st.decimals(D("1e-30"), 10**9, places=30))
def test_no_quantity_is_ever_shown_as_nothing(value: Decimal) -> None:
    assert D(wording.exactly(value).replace(",", "")) > 0


@pytest.mark.parametrize(
    ("value", "limit", "direction", "shown"),
    [
        ("60.0001", "60", UP, "60.0001"),  # fails by a hair: the hair is shown
        ("60.00000001", "60", UP, "60.00000001"),
        ("59.99999", "60", UP, "59.99999"),  # passes by a hair: not shown as 60.00
        ("69.254", "60", UP, "69.26"),
        ("19.999", "20", DOWN, "19.999"),
        ("19.91", "20", DOWN, "19.91"),
        ("20.0001", "20", DOWN, "20.0001"),
        ("60", "60", NEAREST, "60.00"),
        ("60.125", "60.125", NEAREST, "60.125"),
    ],
)
def test_a_value_stays_on_its_side_of_the_limit(value: str, limit: str, direction: Direction, shown: str) -> None:
    assert wording.beside(D(value), D(limit), direction, 2) == shown


NEAR = st.decimals(-1, 1, places=12)


@given(NEAR, NEAR, st.sampled_from([UP, DOWN, NEAREST]))
def test_shown_values_compare_like_exact_ones(value: Decimal, limit: Decimal, direction: Direction) -> None:
    shown = D(wording.beside(value, limit, direction, 2))
    assert (shown > limit) == (value > limit)
    assert (shown < limit) == (value < limit)


def check(value: str | None, limit: str | None, status: Status, headroom: str | None = None) -> Check:
    value_, limit_, headroom_ = (None if text is None else D(text) for text in (value, limit, headroom))
    return Check("MC101", "utilization", "cross", value_, limit_, status, headroom_)


@pytest.mark.parametrize(
    ("judged", "unit", "value", "limit"),
    [
        (check("0.600001", "0.6", Status.FAIL), "fraction", "60.0001%", "60%"),
        (check("0.30001", "0.6", Status.PASS), "fraction", "30.01%", "60%"),  # under a maximum: up
        (check("0.30009", "0.2", Status.PASS), "fraction", "30.00%", "20%"),  # over a minimum: down
        (check("0.19999", "0.2", Status.WARN), "fraction", "19.999%", "20%"),  # below by a hair
        (check("4.191", "5", Status.PASS), "multiple", "4.20x", "5x"),
        (check("29.96", "30", Status.FAIL), "days", "29.96d", "30d"),
        (check(None, "0.6", Status.FAIL), "fraction", "n/a", "60%"),
        (check("3", "2", Status.FAIL), "count", "3", "2"),
        (check("3", None, Status.FAIL), "", "3", ""),
    ],
)
def test_checks_read_in_their_unit(judged: Check, unit: str, value: str, limit: str) -> None:
    assert wording.check_value(judged, unit) == value
    assert wording.limit_text(judged, unit) == limit


@pytest.mark.parametrize(
    ("headroom", "unit", "shown"),
    [
        ("-0.000001", "fraction", "-0.01%"),
        ("0.0199999", "fraction", "1.99%"),
        ("2.999", "days", "2.99d"),
        (None, "", ""),
    ],
)
def test_headroom_is_rounded_down(headroom: str | None, unit: str, shown: str) -> None:
    assert wording.headroom_text(check("0.6", "6", Status.PASS, headroom), unit) == shown


def test_below_a_day_ages_are_in_what_their_limit_is_a_whole_number_of() -> None:
    # 90 s = 90 / 86,400 of a day, 104.5 s beside it; 30 min = 1/48, 8 h = 1/3.
    limits = {"90s": D(90) / 86400, "30m": D(1) / 48, "8h": D(1) / 3, "1d": D(1)}
    for text, limit in limits.items():
        assert wording.limit_text(Check("MC202", "stale-data", "", None, limit, Status.FAIL), "days") == text
    late = Check("MC202", "stale-data", "", D("104.5") / 86400, limits["90s"], Status.FAIL, -D("14.5") / 86400)
    assert (wording.check_value(late, "days"), wording.headroom_text(late, "days")) == ("104.50s", "-14.50s")
    assert wording.amount(limits["90s"], "days") == "90 seconds"
    assert wording.measured(D("104.5") / 86400, limits["90s"], "days", is_minimum=False) == "105 seconds"
    assert wording.measured(D(90) / 86400, limits["90s"], "days", is_minimum=False) == "90 seconds"
    assert wording.measured(D(2), limits["8h"], "days", is_minimum=False) == "48 hours"


def test_money_is_grouped() -> None:
    assert wording.amount(D(10000), "money") == "10,000"
    assert wording.measured(D("12345.678"), D(10000), "money", is_minimum=False) == "12,345.68"


def test_figures_are_the_same_but_for_the_residue_of_a_division() -> None:
    assert wording.same(D(1) / D(3) * 3, D(1))
    assert not wording.same(D("1.0000000001"), D(1))
    assert wording.same(None, None)
    assert not wording.same(None, D(0))


def test_every_other_asset_is_called_so() -> None:
    assert [wording.whom(asset) for asset in ("BTC", "*")] == ["BTC", "others"]


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
    assert wording.amount(D(value), unit.value) == shown


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
    assert wording.measured(D(value), D(limit), unit.value, is_minimum=comparison is Comparison.MINIMUM) == shown


@pytest.mark.parametrize(
    ("value", "direction", "shown"),
    [
        ("1234.567", Direction.UP, "1,234.57 USD"),
        ("1234.567", Direction.DOWN, "1,234.56 USD"),
        ("-0.5", Direction.DOWN, "-0.50 USD"),
        ("0.000123456", Direction.DOWN, "0.00012 USD"),
        ("0", Direction.UP, "0.00 USD"),
    ],
)
def test_money(value: str, direction: Direction, shown: str) -> None:
    assert wording.money(D(value), "USD", direction) == shown


def test_trimmed_never_prints_an_exponent() -> None:
    assert [wording.trimmed(D(text)) for text in ("1E+3", "1.50", "1E-7", "100")] == ["1000", "1.5", "0.0000001", "100"]


def test_lists_five_names() -> None:
    assert wording.listed(list("abcde")) == "a, b, c, d, e"
    assert wording.listed(list("abcdefg")) == "a, b, c, d, e and 2 more"


def test_amounts_have_their_thousands_separated() -> None:
    assert wording.money(D("1858.825"), "USD", Direction.UP) == "1,858.83 USD"
    assert wording.money(D("-1234567"), "USD") == "-1,234,567.00 USD"
    assert wording.separated(D("1234.560")) == "1,234.56"
    assert wording.priced(D("1858.82352941"), Direction.UP) == "1,858.83"
    assert wording.priced(D("0.0123456789"), Direction.DOWN) == "0.0123456"
