"""The Decimal context, rounding with a named direction, comparisons across division residue."""

import subprocess
import sys
import threading
from decimal import Context, Decimal, FloatOperation, InvalidOperation, localcontext
from itertools import repeat
from pathlib import Path

import pytest
from tests.builders import SHORT, account, d, inverse, position

from marginctl.core.assemble import report_of
from marginctl.core.exact import (
    CONTEXT,
    SNAP,
    Direction,
    at_most,
    exactly,
    exceeds,
    net,
    ratio,
    rounded,
    rounded_price,
    settled,
    sign,
)

SOURCE = Path(__file__).parents[2] / "src"
ALMOST_THREE = "2." + "9" * 95
SIXTY_DIGITS = "123456789012345678901234567890123456789012345678901234.125678"


@pytest.mark.parametrize(
    ("value", "places", "direction", "expected"),
    [
        pytest.param("1.000000001", 8, Direction.UP, "1.00000001", id="a requirement is rounded up"),
        pytest.param("1.000000009", 8, Direction.DOWN, "1", id="equity is rounded down"),
        pytest.param("-1.000000001", 8, Direction.DOWN, "-1.00000001", id="a debt rounded down grows"),
        pytest.param("-1.000000009", 8, Direction.UP, "-1", id="a negative figure rounded up shrinks"),
        pytest.param("-0.21349999999", 10, Direction.TOWARD_ZERO, "-0.2134999999", id="a move down turns toward zero"),
        pytest.param("0.21349999999", 10, Direction.TOWARD_ZERO, "0.2134999999", id="a move up turns toward zero"),
        pytest.param("-1.11", 1, Direction.AWAY_FROM_ZERO, "-1.2", id="away from zero grows either sign"),
        pytest.param("0.5", 0, Direction.NEAREST, "0", id="a tie goes to the even digit"),
        pytest.param("1.5", 0, Direction.NEAREST, "2", id="the next tie too"),
        pytest.param(ALMOST_THREE, 8, Direction.DOWN, "3", id="division residue is settled before rounding down"),
        pytest.param("3." + "0" * 94 + "1", 8, Direction.UP, "3", id="division residue is settled before rounding up"),
        pytest.param("2.99999999999", 8, Direction.DOWN, "2.99999999", id="eleven nines are a figure, not residue"),
        pytest.param("7", 8, Direction.UP, "7", id="an integer stays as it is"),
        pytest.param(SIXTY_DIGITS, 8, Direction.DOWN, SIXTY_DIGITS, id="sixty digits keep every digit"),
        pytest.param(
            SIXTY_DIGITS + "000000009", 8, Direction.UP, SIXTY_DIGITS[:-6] + "12567801", id="and round at the 8th"
        ),
    ],
)
def test_rounded(value: str, places: int, direction: Direction, expected: str) -> None:
    found = rounded(d(value), places, direction)
    assert found == d(expected)
    assert len(f"{found:f}".partition(".")[2]) <= places


@pytest.mark.parametrize(
    ("price", "direction", "expected"),
    [
        pytest.param("60000.123456789", Direction.UP, "60000.12345679", id="8 decimals above 100"),
        pytest.param("99.123456789", Direction.DOWN, "99.12345678", id="8 decimals where they are 10 digits"),
        pytest.param("0.123456789012", Direction.DOWN, "0.1234567890", id="10 digits below 1"),
        pytest.param("0.00000123456789012", Direction.UP, "0.000001234567891", id="10 digits of a small price"),
        pytest.param("0", Direction.UP, "0", id="zero"),
    ],
)
def test_prices_have_8_decimals_or_10_digits_whichever_is_finer(
    price: str, direction: Direction, expected: str
) -> None:
    assert rounded_price(d(price), direction) == d(expected)


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [
        ("1e-90", "1", 0),
        ("-1e-90", "1", 0),
        ("1e-79", "1", 1),
        ("-1e-79", "1", -1),
        ("1e-79", "100", 0),
        ("0", "0", 0),
        ("-5", "0", -1),
    ],
)
def test_signs_tell_residue_from_figures_by_the_money_involved(value: str, scale: str, expected: int) -> None:
    assert sign(d(value), d(scale)) == expected


@pytest.mark.parametrize(
    ("numerator", "denominator", "limit", "expected"),
    [
        pytest.param("70", "100", "0.7", False, id="equality does not exceed"),
        pytest.param("70.00000001", "100", "0.7", True, id="the smallest step beyond does"),
        pytest.param("1", "3", "0.33333333333333333333", True, id="a third is more than twenty threes"),
        pytest.param("1", "0", "1000", True, id="no equity at all exceeds everything"),
        pytest.param("1", "-5", "1000", True, id="negative equity exceeds everything"),
        pytest.param("0", "-5", "0", False, id="nothing required exceeds nothing"),
        pytest.param("0", "0", "0", False, id="nothing over nothing"),
    ],
)
def test_exceeds_compares_across(numerator: str, denominator: str, limit: str, expected: bool) -> None:
    assert exceeds(d(numerator), d(denominator), d(limit)) is expected


@pytest.mark.parametrize(("beyond", "expected"), [("1.5", False), ("2.5", True)])
def test_residue_is_measured_against_both_sides_of_a_comparison(beyond: str, expected: bool) -> None:
    # 1 + x against 1 x 1: 1e-80 of the two together is 2e-80
    assert exceeds(d(f"1.{'0' * 79}{beyond.replace('.', '')}"), d(1), d(1)) is expected


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [("1", "4", "0.25"), ("0", "0", "0"), ("0", "-3", "0"), ("1", "0", None), ("1", "-3", None)],
)
def test_a_ratio_without_positive_denominator_is_none_unless_the_numerator_is_0(
    numerator: str, denominator: str, expected: str | None
) -> None:
    found = ratio(d(numerator), d(denominator))
    assert found == (None if expected is None else d(expected))


def test_floats_and_invalid_operations_are_trapped() -> None:
    with pytest.raises(FloatOperation):
        Decimal(0.1)  # noqa: RUF032
    with pytest.raises(FloatOperation):
        d("0.1") < 0.2  # noqa: B015
    with pytest.raises(InvalidOperation):
        CONTEXT.sqrt(d(-1))


def test_inside_exactly_a_third_has_a_hundred_digits_and_behind_it_as_many_as_before() -> None:
    with localcontext(Context(prec=5)):
        with exactly():
            third = Decimal(1) / 3
        after = Decimal(1) / 3
    assert (len(third.as_tuple().digits), str(after)) == (100, "0.33333")


def test_importing_the_engine_changes_no_context_of_the_process() -> None:
    code = (
        "from decimal import DefaultContext, getcontext\n"
        "before = repr(getcontext()), repr(DefaultContext)\n"
        "import marginctl.core.assemble\n"
        "assert (repr(getcontext()), repr(DefaultContext)) == before\n"
    )
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCE)}, check=True, timeout=60)


def test_another_thread_computes_the_same_figures() -> None:
    thirds = account(position(inverse(), SHORT, 7, "97.3", "99.7"), balances={"BTC": "0.3"})
    found = []

    def compute() -> None:
        with exactly():
            found.append(report_of(thirds))

    thread = threading.Thread(target=compute)
    thread.start()
    thread.join()
    assert found == [report_of(thirds)]


def test_sums_of_sixty_digit_numbers_are_exact() -> None:
    parts = list(repeat(d(SIXTY_DIGITS), 7))
    assert str(sum(parts)) == "864197523086419752308641975230864197523086419752308638.879746"


@pytest.mark.parametrize("scale", ["0", "1", "300"])
def test_residue_ends_at_exactly_1e_80_of_the_money_involved(scale: str) -> None:
    """Up to it a value is nothing, a cancelled sum too; a border is reached but for so much of itself."""
    border = SNAP * d(scale)
    least = d("1e-95")
    assert (sign(border, d(scale)), sign(-border, d(scale))) == (0, 0)
    assert (sign(border + least, d(scale)), sign(-border - least, d(scale))) == (1, -1)
    assert (settled(border, d(scale)), settled(border + least, d(scale))) == (0, border + least)
    assert at_most(d(scale) + border, d(scale))
    assert not at_most(d(scale) + border + least, d(scale))


def test_what_cancels_but_for_residue_is_nothing() -> None:
    assert net(d(1), d("-1") - SNAP) == 0
    assert net(d(1), d("-1") - SNAP - d("1e-99")) == -SNAP - d("1e-99")
    assert net(SNAP) == SNAP  # alone it cancels with nothing
    assert net(d(2), d("-0.5")) == d("1.5")
