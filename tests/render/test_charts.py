"""The curve as a picture: heights, marks, and what an output that knows only ASCII gets."""

from decimal import Decimal

import pytest

from marginctl.core.curve import EquityCurve, Point
from marginctl.core.exact import ZERO
from marginctl.render import Options
from marginctl.render.formats.charts import HEIGHT, equity_curve, even


def d(text: str) -> Decimal:
    return Decimal(text)


# Equity 1000 + 2000 t, so nothing at -50%; 100 required everywhere: liquidated at -45%.
CURVE = EquityCurve(
    "cross", (Point(d("-0.5"), ZERO, d("100")), Point(ZERO, d("1000"), d("100")), Point(d("0.5"), d("2000"), d("100")))
)
ENDS = (d("-0.45"),)


def rows(
    curve: EquityCurve = CURVE, ends: tuple[Decimal, ...] = ENDS, width: int | None = 64, **options: bool
) -> list[str]:
    """The drawn lines, and before them one for the heading."""
    found = equity_curve(curve, ends, Options(width=width, **options))
    return [*([""] if found else []), *("".join(text for text, _ in row) for row in found)]


@pytest.mark.parametrize(
    ("step", "expected"),
    [("1", "1"), ("1.01", "1.5"), ("234", "250"), ("50906", "60000"), ("0.031", "0.04"), ("9.1", "10"), ("6.5", "8")],
)
def test_an_axis_has_even_numbers(step: str, expected: str) -> None:
    assert even(d(step)) == d(expected)


def test_equity_rises_to_the_right_and_the_axis_says_what_is_where() -> None:
    found = rows()
    assert [row[2:7].strip() for row in found[1 : HEIGHT + 1 : 2]] == ["2,000", "1,600", "1,200", "800", "400"]
    top, bottom = found[1], found[HEIGHT]
    assert top.endswith("█")
    assert len(top) == 2 + 5 + 1 + 53
    # The lowest cell is 200 high: 100 required is half of it, and at -50% none of it is there.
    assert bottom[8] == "░"
    assert bottom[-1] == "▒"
    assert found[HEIGHT + 2].split() == ["-50%", "-25%", "now", "+25%", "+50%"]


def test_where_it_is_liquidated_is_marked_on_the_axis() -> None:
    axis = rows()[HEIGHT + 1]
    half = 26
    assert axis[8 + half + round(half * -0.45 / 0.5)] == "▲"
    assert axis.count("▲") == 1
    assert "▲" not in rows(ends=())[HEIGHT + 1]
    assert "▲" not in rows(ends=(d("-0.9"),))[HEIGHT + 1]


def test_every_height_is_right_to_an_eighth_of_a_cell() -> None:
    columns = [row[8:] for row in reversed(rows()[1 : HEIGHT + 1])]
    eighths = " ▁▂▃▄▅▆▇█"
    for at in range(10, 53):
        drawn = sum(8 if row[at] in "█▒" else eighths.index(row[at]) for row in columns)
        exact = (1000 + 2000 * (at - 26) / 52) / 2000 * HEIGHT * 8
        assert abs(drawn - exact) <= 0.5 + 1e-9


@pytest.mark.parametrize("width", [40, 60, 80, 120, None])
def test_no_line_is_wider_than_the_terminal(width: int | None) -> None:
    found = rows(width=width)
    assert all(len(row) <= (width or 120) for row in found)


def test_an_ascii_terminal_gets_letters() -> None:
    found = rows(ascii=True)
    assert all(row.isascii() for row in found)
    assert found[1].endswith("#")
    assert "!" in found[HEIGHT]
    assert "^" in found[HEIGHT + 1]


def test_colour_adds_the_requirement_where_it_is_less_than_half_a_cell() -> None:
    thin = EquityCurve("cross", tuple(point._replace(required=d("50")) for point in CURVE.points))
    plain, coloured = rows(thin), rows(thin, color=True)
    assert plain[HEIGHT][-1] == "█"
    assert coloured[HEIGHT][-1] == "▂"


def test_a_pool_that_holds_nothing_has_no_picture() -> None:
    empty = EquityCurve("cross", (Point(d("-0.5"), ZERO, ZERO), Point(d("0.5"), ZERO, ZERO)))
    assert rows(empty) == []


def test_a_deficit_everywhere_is_all_lacking() -> None:
    lost = EquityCurve("cross", (Point(d("-0.5"), d("-10"), d("100")), Point(d("0.5"), d("-10"), d("100"))))
    found = rows(lost)
    assert set(found[5][8:]) == {"░"}
