"""Problems with their place, the line, a caret and help."""

import pytest
from tests.render.samples import problem

from marginctl.document.source import Source
from marginctl.findings import Problem
from marginctl.render import Options
from marginctl.render.formats.screen import shown_problems


def shown(*problems: Problem, width: int | None = 80, ascii: bool = False) -> str:
    return shown_problems(problems, Options(width=width, ascii=ascii))


def test_place_message_line_caret_and_help() -> None:
    found = problem(4, 11, "`amount` is not a number: `1_000`", end=16, help="write 1000", excerpt="  amount: 1_000")
    assert shown(found) == (
        "broken.yaml:4:11: MC014 `amount` is not a number: `1_000`\n"
        "    amount: 1_000\n"
        "            ^^^^^\n"
        "  help: write 1000\n"
    )


def test_no_problems_are_no_text() -> None:
    assert shown() == ""


@pytest.mark.parametrize(
    ("excerpt", "column", "line", "carets"),
    [
        ("\tamount: x", 10, "      amount: x", "              ^"),  # a tab is four cells
        ("币种: x", 5, "  币种: x", "        ^"),  # two characters of two cells each
        ("key: x", 0, "  key: x", ""),  # the column is not known
        ("key:", 40, "  key:", "      ^"),  # behind the end of the line
    ],
)
def test_the_caret_stands_below_the_place(excerpt: str, column: int, line: str, carets: str) -> None:
    rows = shown(problem(1, column, "wrong", excerpt=excerpt)).splitlines()
    assert rows[1:] == [line, carets] if carets else rows[1:] == [line]


@pytest.mark.parametrize("column", [1, 60, 95, 150, 290])
@pytest.mark.parametrize("width", [80, 100, None])
def test_long_lines_are_cut_around_the_place(column: int, width: int | None) -> None:
    text = "".join(str(number % 10) for number in range(1, 301))
    source = Source("broken.yaml", text[: column - 1] + "X" + text[column:])
    found = source.problem((1, column), "MC014", "wrong")
    row, carets = shown(found, width=width).splitlines()[1:3]
    assert row[len(carets) - 1] == "X"
    assert carets.strip() == "^"
    assert width is None or len(row) <= width


def test_ascii_has_neither_ellipsis_nor_foreign_letters() -> None:
    text = shown(problem(1, 90, "wrong `币`", excerpt="币" * 80 + "x" * 40), ascii=True)
    assert text.isascii()
    assert "\\u5e01" in text
    assert all(len(row) <= 80 for row in text.splitlines())


def test_escapes_in_a_file_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in shown(problem(1, 1, "unknown key `\x1b[31m`", excerpt="\x1b[31m: 1"))
    assert "[bold]" in shown(problem(1, 1, "unknown key `[bold]`"))


def test_the_first_twenty_in_full_then_the_count() -> None:
    text = shown(*(problem(line, 1, f"wrong {line}") for line in range(1, 34)))
    assert "broken.yaml:20:1: MC014 wrong 20\n" in text
    assert "wrong 21" not in text
    assert text.endswith("\n\nand 13 more problems in this file\n")
    assert shown(*(problem(line, 1, "x") for line in range(1, 22))).endswith("and 1 more problem in this file\n")


def test_a_long_path_stays_in_one_piece() -> None:
    found = Problem(problem(3, 5, "").location.__class__("folder/" * 12 + "a.yaml", 3, 5), "MC014", "wrong " * 20)
    rows = shown(found).splitlines()
    assert rows[0] == "folder/" * 12 + "a.yaml:3:5: MC014"
    assert rows[1].startswith("  wrong wrong")
    assert all(len(row) <= 80 for row in rows[1:])


def test_a_long_value_is_marked_at_its_beginning() -> None:
    rows = shown(problem(1, 1, "wrong", end=111, excerpt="x" * 110), width=None).splitlines()
    assert rows[1:] == ["  " + "x" * 110, "  " + "^" * 72]
