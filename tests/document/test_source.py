import pytest

from marginctl.document.nodes import Mapping, Scalar
from marginctl.document.source import (
    GLOSSARY,
    MOST_PROBLEMS,
    Collector,
    Source,
    StoppingCollector,
    TooManyProblemsError,
    caret,
    echo,
    in_order,
    meant,
    near,
    printable,
    said_as,
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
    source = Source("book.yaml", "first\r\nsecond\rthird\u2028still\nfourth\nfifth")

    @pytest.mark.parametrize(
        ("number", "text"),
        [(1, "first"), (2, "second"), (3, "third\u2028still"), (4, "fourth"), (5, "fifth"), (0, ""), (6, ""), (-1, "")],
    )
    def test_lines_end_where_editors_end_them(self, number, text):
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
            "third still",
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


@pytest.mark.parametrize(
    ("name", "surely", "expected"),
    [
        ("BTCC", True, "BTC"),
        ("btc", True, "BTC"),
        ("BTTC", True, "BTC"),
        ("LTC", True, ""),  # a coin of its own: one letter of three
        ("LTC", False, "BTC"),
        ("DOGE", False, ""),
        ("x" * 100_000, False, ""),
    ],
)
def test_the_name_that_is_most_like_it(name: str, surely: bool, expected: str) -> None:
    assert near(name, ["BTC", "ETH"], surely=surely) == expected


def test_else_those_that_there_are() -> None:
    assert meant("DOGE", ["ETH", "BTC"]) == "known here: BTC, ETH"
    assert meant("DOGE", []) == "known here: none"
    assert meant("Q", [f"C{i}" for i in range(10)], "write") == "write: C0, C1, C2, C3, C4, C5, C6, C7 and 2 more"
    assert meant("BTCC", ["ETH", "BTC"]) == "did you mean `BTC`?"


@pytest.mark.parametrize(
    ("word", "keys"),
    [
        ("balance", ["amount"]),
        ("walletBalance", ["amount"]),
        ("size", ["amount", "quantity", "contract_size"]),
        ("amount", ["quantity"]),
        ("entryPrice", []),  # as alike as any
        ("avg-price", ["entry_price"]),
        ("MMR", ["maintenance_rate"]),
        ("ctVal", ["contract_size"]),
        ("colour", []),
    ],
)
def test_words_of_venues_stand_for_keys(word: str, keys: list[str]) -> None:
    assert said_as(word) == keys


def test_a_key_is_no_other_word_for_itself() -> None:
    assert not [key for key, words in GLOSSARY.items() if key in words.split()]
