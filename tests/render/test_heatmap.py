"""Heat maps at every width: nothing is said by colour alone."""

from decimal import Decimal

import pytest

from marginctl.core.exact import ZERO
from marginctl.core.grid import Axis, Cell, Grid, spread
from marginctl.render import Options
from marginctl.render.formats.charts import heat_map, whole_percent


def cell(ratio: str | None, *, dead: bool = False) -> Cell:
    return Cell(None if ratio is None else Decimal(ratio), ZERO, dead)


def grid(points: int, *, across: str = "ETH", down: str = "BTC") -> Grid:
    """Ratios that grow to the right and downward: the cell in column x of row y has (x + y) / 10."""
    moves = spread(Decimal("0.5"), points)
    rows = tuple(
        tuple(cell(str(Decimal(x + y) / 10), dead=x + y > 10) for x in range(points)) for y in reversed(range(points))
    )
    return Grid(Axis(across, moves), Axis(down, moves), rows)


def text(found: Grid, width: int | None, **options: bool) -> list[str]:
    """The drawn lines, and before them one for the heading."""
    return ["", *("".join(span for span, _ in row) for row in heat_map(found, Options(width=width, **options)))]


def test_numbers_where_they_fit() -> None:
    found = Grid(
        Axis("ETH", (Decimal("-0.1"), ZERO, Decimal("0.1"))),
        Axis("BTC", (ZERO, Decimal("0.25"))),
        ((cell("0.101"), cell("1.2", dead=True), cell(None, dead=True)), (cell("0"), cell("0.99"), cell("12.5"))),
    )
    assert text(found, 80)[1:] == [
        "   ETH -10%  now +10%",
        "  +25%    0   99 >999 ",
        "   now   11  120xgone ",
        "  percent; x liquidatable there, gone without any equity",
    ]


@pytest.mark.parametrize(("ratio", "shown"), [("0.101", 11), ("0.1", 10), ("0", 0), ("1.0000001", 101)])
def test_a_ratio_is_rounded_up(ratio: str, shown: int) -> None:
    assert whole_percent(cell(ratio)) == shown


def test_digits_where_numbers_do_not_fit() -> None:
    head, *rows = text(grid(21), 80)[1:]
    assert head == "   ETH -50%" + " " * 15 + "now" + " " * 16 + "+50%"
    assert rows[0] == "  +50% 0 1 2 3 4 5 6 7 8 9 9 x x x x x x x x x x "
    assert head.index("now") + 1 == rows[0].index("0 1") + 2 * 10
    assert rows[-1] == "  tenths: 3 is 30% to 40%; x liquidatable there"
    assert "  +50% 0123456789" + "9" + "x" * 10 in text(grid(21), 40)


def test_every_other_move_where_not_even_digits_fit() -> None:
    rows = text(grid(81), 80)[2:]
    assert rows[0] == "     +50% " + "024689" + "x" * 35
    assert [row[:9].strip() for row in rows[:41]][20] == "now"
    assert rows[41:] == [
        "  tenths: 3 is 30% to 40%; x liquidatable there",
        "  40 moves on each side are not shown (wider terminal or --format json)",
    ]


@pytest.mark.parametrize("points", [3, 11, 41, 201])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal(points: int, width: int) -> None:
    for color in (True, False):
        assert all(len(row) <= width for row in text(grid(points), width, color=color))


def test_colour_says_nothing_that_the_text_does_not() -> None:
    def squeezed(rows: list[str]) -> list[str]:
        return [" ".join(row.split()) for row in rows]

    plain, coloured = text(grid(11), 80), text(grid(11), 80, color=True)
    assert squeezed(plain)[:13] == squeezed(coloured)[:13]  # title, labels, eleven rows
    styles = {style for row in heat_map(grid(11), Options(width=80, color=True)) for _, style in row}
    assert {"black on green", "black on yellow", "bold white on red"} <= styles


def test_an_ascii_terminal_gets_ascii() -> None:
    assert all(row.isascii() for row in text(grid(11), 80, ascii=True))
