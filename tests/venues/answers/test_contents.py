"""The bytes of an answer: JSON of any layout, and what is told of anything else, with its place."""

import pytest

from marginctl.venues.answers import contents
from marginctl.venues.answers.contents import content_of


def value(data: bytes):
    content, problems = content_of(data, "answer.json")
    assert problems == []
    assert content is not None
    return content.value


def test_numbers_are_texts_and_words_are_words() -> None:
    assert value(b'\xef\xbb\xbf {"a": 1.0E7, "b": "x", "c": [true, null, -0.10]}\n') == {
        "a": "1.0E7",
        "b": "x",
        "c": [True, None, "-0.10"],
    }


WRONG = {
    "cut off in a text": (b'[{"symbol": "BTC', "the answer is cut off: it ends after 16 characters", (1, 17)),
    "cut off in a list": (b'{"a":\n [1,', "the answer is cut off: it ends after 10 characters", (2, 5)),
    "two documents": (b'{"a": 1}\n{"a": 2}\n', "several answers in one file", (2, 1)),
    "a comma missing": (b'{"a": [1 2]}', "the answer is no JSON: ", (1, 10)),
    "not a number": (b'{"a": NaN}', "the answer is no JSON: NaN is no number", (0, 0)),
    "a key twice": (b'{"a": 1,\n "a": 2}', "`a` is given twice, first on line 1", (2, 2)),
    "nothing": (b" \n", "the file is empty", (0, 0)),
    "text": (b"error code: 1015", "the answer is text, not JSON: `error code: 1015`", (0, 0)),
    "a page": (b"<html><title>Busy</title>", "the file is a web page (`Busy`), not YAML or JSON", (0, 0)),
    "markup": (b"<h1>Bad gateway</h1>", "the answer is a web page, not JSON: `<h1>Bad gateway</h1>`", (0, 0)),
    "a table": (b"symbol,size\nBTCUSDT,1\n", "this is a table (CSV), not an answer of a venue: ", (0, 0)),
    "a portfolio": (b"account:\n  venue: bybit\n", "this is a portfolio file, not an answer", (0, 0)),
    "a portfolio by its schema": (b"# x\nschema: marginctl.portfolio/1\n", "this is a portfolio file", (0, 0)),
    "not UTF-8": (b'{"a": "\xff"}', "the file is not UTF-8: byte 0xff", (1, 8)),
    "too deep": (b"[" * 33 + b"1" + b"]" * 33, "nested deeper than 32 levels", (0, 0)),
    "far too deep": (b"[" * 200_000, "the answer is no JSON: nested deeper than 32 levels", (0, 0)),
}


@pytest.mark.parametrize(("data", "message", "place"), WRONG.values(), ids=WRONG.keys())
def test_what_is_no_answer_is_told_with_its_place(data: bytes, message: str, place: tuple[int, int]) -> None:
    content, (problem,) = content_of(data, "answer.json")
    assert content is None
    assert problem.message.startswith(message)
    assert (problem.location.line, problem.location.column) == place
    assert problem.help
    assert len(problem.message) < 200


def test_32_levels_are_read() -> None:
    assert value(b"[" * 32 + b"1" + b"]" * 32) != []


def test_no_more_is_read_than_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "LARGEST", 2 * 1024 * 1024)
    _, (problem,) = content_of(b'"' + b"x" * (2 * 1024 * 1024) + b'"', "answer.json")
    assert problem.message == "the file has 2.0 MiB, at most 2 MiB are read"


def test_control_characters_are_not_shown() -> None:
    _, (problem,) = content_of("error \u202e red".encode(), "answer.json")
    assert "\u202e" not in problem.message


@pytest.mark.parametrize(
    ("trail", "place"),
    [
        (("data", 1, "size"), (3, 11)),
        (("data", 1, "missing"), (3, 2)),
        (("data", 9), (2, 10)),
        ((), (1, 1)),
    ],
)
def test_a_place_is_that_of_the_value_or_of_what_holds_it(trail: tuple[str | int, ...], place: tuple[int, int]) -> None:
    content, _ = content_of(b'{\n "data": [{"size": 1},\n {"size": 2}]}', "answer.json")
    assert content is not None
    location = content.problem(trail, "wrong").location
    assert (location.line, location.column) == place
