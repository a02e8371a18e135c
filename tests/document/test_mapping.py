"""Mappings of Python as the text of a file: values kept exactly, what no file could say refused at its key."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from marginctl.document import mapping
from marginctl.document.mapping import exact_text, joined, key_paths, mapping_text
from marginctl.document.numbers import NumberError
from marginctl.document.reader import read


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("10%", "10%", id="a text as it is"),
        pytest.param(Decimal("1E+3"), "1000", id="a Decimal without its exponent"),
        pytest.param(Decimal("0.1000"), "0.1000", id="a Decimal with its zeros"),
        pytest.param(Decimal("-1E-30"), "-0." + "0" * 29 + "1", id="a small Decimal in full"),
        pytest.param(12, "12", id="a whole number"),
        pytest.param(True, "true", id="a boolean as YAML writes it"),
        pytest.param(date(2026, 11, 22), "2026-11-22", id="a date"),
    ],
)
def test_a_value_is_written_as_a_file_writes_it(value: Any, text: str) -> None:
    assert exact_text(value) == text


def test_a_float_is_no_exact_value() -> None:
    with pytest.raises(NumberError, match=r"is a float, not an exact value: `0\.1`") as error:
        exact_text(0.1)
    assert error.value.help == 'write it as text, such as "0.1", or as a Decimal of a text'


def test_the_text_holds_the_mapping() -> None:
    text, problems = mapping_text({"a": [1, {"b": None}], "ä\u2028": "x\n😀", "empty": {}}, "m")
    assert (json.loads(text), problems) == ({"a": ["1", {"b": None}], "ä\u2028": "x\n😀", "empty": {}}, [])
    assert text.isascii()


CYCLE: dict[str, Any] = {}
CYCLE["itself"] = CYCLE


@pytest.mark.parametrize(
    ("mapping", "key", "code", "message"),
    [
        pytest.param({"a": {"b": 0.5}}, "a.b", "MC014", "`b` is a float, not an exact value: `0.5`", id="a float"),
        pytest.param({"a": [b"1"]}, "a.0", "MC014", "`0` is a bytes, not an exact value: `b'1'`", id="bytes"),
        pytest.param({"a": {1: "x"}}, "a", "MC003", "the key `1` is no text", id="a key that is no text"),
        pytest.param({"A.B": {"c": {1}}}, '"A.B".c', "MC014", "`c` is a set, not an exact value: `{1}`", id="a dot"),
        pytest.param(
            {"a": "\x1b"}, "a", "MC003", "the control character `\\x1b` is not allowed", id="a control character"
        ),
        pytest.param({"a": "\ud800"}, "a", "MC003", "the control character `\\ud800` is not allowed", id="a surrogate"),
        pytest.param(CYCLE, ".".join(["itself"] * 33), "MC003", "nested deeper than 32 levels", id="one in itself"),
    ],
)
def test_what_no_file_could_say_is_refused_at_its_key(mapping: Any, key: str, code: str, message: str) -> None:
    text, (problem,) = mapping_text(mapping, "book")
    assert (text, problem.location.file, problem.location.line) == ("", "book", 0)
    assert (problem.location.key, problem.code, problem.message) == (key, code, message)


def test_a_mapping_that_unfolds_to_ever_more_is_refused_early(monkeypatch: pytest.MonkeyPatch) -> None:
    assert mapping.MOST_VALUES == 1_000_000
    monkeypatch.setattr(mapping, "MOST_VALUES", 10_000)
    bomb: Any = "x"
    for _ in range(31):
        bomb = {"a": bomb, "b": bomb}
    _, problems = mapping_text(bomb, "book")
    assert [one.message for one in problems] == ["it holds more than 10,000 values"]


def test_a_mapping_full_of_faults_ends_with_the_thousandth() -> None:
    _, problems = mapping_text({str(number): 0.5 for number in range(2000)}, "book")
    assert len(problems) == 1000


def test_every_key_and_value_has_the_path_of_its_key() -> None:
    text = 'a:\n  - {"b.c": 1}\n  - 2\nd: x\n'
    _, root, _ = read(text.encode(), "book")
    assert root is not None
    assert key_paths(root) == {
        (1, 1): "a",
        (2, 3): "a",
        (2, 5): "a.0",
        (2, 6): 'a.0."b.c"',
        (2, 13): 'a.0."b.c"',
        (3, 5): "a.1",
        (4, 1): "d",
        (4, 4): "d",
    }


def test_a_path_is_written_as_for_set() -> None:
    assert joined(["prices", "A.B", "", "0"]) == 'prices."A.B"."".0'
