import pytest

from marginctl.document.nodes import Mapping, Scalar
from marginctl.document.source import (
    MOST_PROBLEMS,
    Collector,
    Source,
    StoppingCollector,
    TooManyProblemsError,
    caret,
    echo,
    in_order,
    printable,
)
from marginctl.findings import Location


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("BTCUSDT", "BTCUSDT"),
        ("größe 币", "größe 币"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\0b", r"a\x00b"),
        ("two\nlines", r"two\x0alines"),
        ("\u202etxt", r"\u202etxt"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\ud83d alone", r"\ud83d alone"),
        ("\U000e0041", r"\U000e0041"),
        ("no\xa0break", r"no\xa0break"),
    ],
)
def test_what_a_terminal_would_not_show_is_written_out(text, shown):
    assert printable(text) == shown


def test_an_echo_is_at_most_60_characters():
    assert echo("x" * 60) == "`" + "x" * 60 + "`"
    assert echo("x" * 61) == "`" + "x" * 57 + "...`"
    assert echo("\x1b" * 1_000_000) == "`" + "\\x1b" * 14 + "\\...`"


class TestSource:
    source = Source("book.yaml", "first\r\nsecond\rthird\u2028fourth\nfifth")

    @pytest.mark.parametrize(
        ("number", "text"),
        [(1, "first"), (2, "second"), (3, "third"), (4, "fourth"), (5, "fifth"), (0, ""), (6, ""), (-1, "")],
    )
    def test_lines_end_where_the_parser_ends_them(self, number, text):
        assert self.source.line(number) == text

    def test_a_scalar_has_a_beginning_and_an_end(self):
        assert self.source.location(Scalar("second", 2, 1, 7, plain=True)) == Location("book.yaml", 2, 1, 7)

    def test_a_mapping_has_a_beginning(self):
        assert self.source.location(Mapping([], 2, 1)) == Location("book.yaml", 2, 1, 0)

    def test_a_problem_carries_its_line(self):
        problem = self.source.problem((3, 2), "MC010", "unknown", "write x")
        assert problem.location == Location("book.yaml", 3, 2)
        assert (problem.code, problem.message, problem.help, problem.excerpt) == (
            "MC010",
            "unknown",
            "write x",
            "third",
        )

    def test_a_problem_of_the_whole_file_has_no_excerpt(self):
        assert self.source.problem((0, 0), "MC001", "empty").excerpt == ""


def excerpt_at(line: str, column: int) -> tuple[str, int]:
    problem = Source("f", line).problem((1, column), "MC010", "m")
    return problem.excerpt, caret(problem)


def test_an_excerpt_replaces_one_character_by_one():
    assert excerpt_at("\ta:\x1b[31m \u202e'x'", 9) == (" a:\ufffd[31m \ufffd'x'", 8)


def test_the_end_of_a_long_line_is_cut():
    assert excerpt_at("x" * 90 + "!" + "x" * 900, 90) == ("x" * 90 + "!" + "x" * 28 + "…", 89)


@pytest.mark.parametrize("column", [91, 500, 10_000, 99_999, 100_000])
def test_a_long_line_is_shown_around_its_caret(column):
    line = "".join(chr(ord("a") + index % 26) for index in range(100_000))
    excerpt, offset = excerpt_at(line, column)
    assert excerpt[0] == "…"
    assert len(excerpt) <= 120
    assert excerpt[offset] == line[column - 1]


def test_an_ellipsis_of_the_users_is_not_taken_for_a_window():
    assert excerpt_at("… text", 3) == (". text", 2)


def test_a_caret_stays_within_reach_of_the_line():
    assert excerpt_at("short", 400) == ("short", 5)


def test_problems_are_sorted_by_place():
    source = Source("f", "a\nb\nc")
    problems = [source.problem(place, "MC010", str(place)) for place in [(2, 5), (10, 1), (2, 3), (0, 0)]]
    assert [problem.message for problem in in_order(problems)] == ["(0, 0)", "(2, 3)", "(2, 5)", "(10, 1)"]


def test_a_thousand_problems_are_enough():
    collector = Collector(Source("f", ""), [])
    for number in range(3000):
        collector.add((number, 1), "MC010", "unknown key")
    assert len(collector.problems) == MOST_PROBLEMS + 1 == 1001
    assert collector.problems[-1].message == "more than 1000 problems, the others are not listed"
    assert collector.problems[-1].location.line == 1000


def test_a_stopping_collector_ends_the_work():
    collector = StoppingCollector(Source("f", ""), [])
    for number in range(1000):
        collector.add((number, 1), "MC010", "unknown key")
    with pytest.raises(TooManyProblemsError):
        collector.add((1000, 1), "MC010", "unknown key")
    assert len(collector.problems) == 1001
