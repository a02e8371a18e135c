"""Each operator: what it gives, what one last digit does to it, and that nothing is made of what is not given."""

from fractions import Fraction
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given as draws
from hypothesis import strategies as st

from marginctl.document.reader import read
from marginctl.venues.answers.account import Amount
from marginctl.venues.answers.expressions import AnswerRow, MisfitError, path_of, printed, rows_at
from marginctl.venues.answers.map_files import number, word

from .recordings import F

ROW = {
    "a": "1.50",
    "b": "-4",
    "zero": "0",
    "empty": "",
    "none": None,
    "word": "up",
    "flag": True,
    "rate": "0.02269",
    "deep": {"er": "7"},
    "coins": [{"x": "1.1", "k": "one"}, {"x": "2.25", "k": "two"}],
    "partly": [{"x": "1"}, {}],
    "nothing": [],
    "by": {"p": {"x": "3"}, "q": {"x": "4"}},
}


def expression(text: str, read_as: Any = number) -> Any:
    _, node, problems = read(dedent(f"value: {text}").encode(), "map.yaml")
    assert problems == []
    assert node is not None
    return read_as(node.entries[0][1])


def value(text: str, row: Any = ROW) -> Amount | None:
    return expression(text).of(AnswerRow(row, (), {"top": "9", **row}))


def said(text: str) -> str | None:
    return expression(text, word).of(AnswerRow(ROW, (), ROW))


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("a", "1.5", "0.01"),
        ("deep.er", "7", "1"),
        ("/top", "9", "1"),
        ("{const: 1}", "1", "0"),
        ("{abs: b}", "4", "1"),
        ("{negate: a}", "-1.5", "0.01"),
        ("{nonzero: a}", "1.5", "0.01"),
        ("{first: [empty, none, missing, a, b]}", "1.5", "0.01"),
        ("{sum: [a, b]}", "-2.5", "1.01"),
        ("{minus: [a, b, deep.er]}", "-1.5", "2.01"),
        ("{times: [a, b]}", "-6", "1.54"),  # 1.5 x 1 + 4 x 0.01
        ("{over: [a, b]}", "-0.375", "0.09625"),  # 0.01 / 4 + 1.5 x 1 / 16
        ("{sum_of: {rows: coins, value: x}}", "3.35", "0.11"),
        ("{sum_of: {rows: by.*, value: x}}", "7", "2"),
        ("{sum_of: {rows: nothing, value: x}}", "0", "0"),
        ("{map: {field: word, map: {up: 1, down: -1}}}", "1", "0"),
        ("{of: rate, places: 4}", "0.02269", "0.0001"),
        ("coins.k=two.x", "2.25", "0.01"),
        ("coins.1.x", "2.25", "0.01"),
    ],
)
def test_an_expression(text: str, amount: str, unit: str) -> None:
    found = value(text)
    assert found is not None
    assert (found.value, found.unit) == (F(amount), F(unit))


@pytest.mark.parametrize(
    "text",
    [
        "empty",
        "none",
        "missing",
        "word.deeper",
        "{nonzero: zero}",
        "{sum: [a, empty]}",
        "{minus: [none, a]}",
        "{times: [a, missing]}",
        "{over: [a, zero]}",
        "{abs: empty}",
        "{first: [empty, {over: [a, zero]}]}",
        "{sum_of: {rows: missing, value: x}}",
        "{sum_of: {rows: partly, value: x}}",
        "{map: {field: empty, map: {up: 1}}}",
        "{of: none, places: 2}",
    ],
)
def test_what_is_not_given_makes_nothing(text: str) -> None:
    assert value(text) is None


@pytest.mark.parametrize(
    ("text", "shown"), [("word", "`word` is not a number: `up`"), ("flag", "`flag` is not a number")]
)
def test_what_is_no_number_is_refused_at_its_place(text: str, shown: str) -> None:
    with pytest.raises(MisfitError) as error:
        value(text)
    assert error.value.message.startswith(shown)
    assert error.value.trail == (text,)


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("a", ""),
        ("{abs: b}", ""),
        ("{first: [a, b]}", ""),
        ("{first: [empty, b]}", "b"),
        ("{minus: [{over: [a, b]}, a]}", "(a / b) - a"),
        ("{first: [empty, {sum: [a, b]}]}", "a + b"),
    ],
)
def test_what_was_worked_out_says_of_which_fields(text: str, formula: str) -> None:
    found = value(text)
    assert found is not None
    assert found.formula == formula


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("word", "up"),
        ("flag", "true"),
        ("empty", None),
        ("{const: long}", "long"),
        ("{first: [empty, word]}", "up"),
        ("{map: {field: word, map: {up: long, down: short}}}", "long"),
        ('{map: {field: word, map: {up: ""}}}', None),
        ("{map: {field: flag, map: {'true': {sign: b}, 'false': x}}}", "short"),
        ("{sign: a}", "long"),
        ("{sign: zero}", None),
        ("{by_zero: {of: zero, zero: cross, nonzero: isolated}}", "cross"),
        ("{by_zero: {of: a, zero: cross, nonzero: isolated}}", "isolated"),
        ("{by_zero: {of: none, zero: cross, nonzero: isolated}}", None),
        ("{without: {field: word, end: p}}", "u"),
        ("{without: {field: word, end: x}}", None),
        ("{without: {field: word, end: up}}", None),
        ('{spelled: {field: word, pattern: "(u)(p)", form: "\\\\2-\\\\1"}}', "p-u"),
        ('{spelled: {field: word, pattern: "x", form: y}}', None),
    ],
)
def test_a_word(text: str, word: str | None) -> None:
    assert said(text) == word


def test_a_word_that_means_nothing_is_refused_and_shown() -> None:
    with pytest.raises(MisfitError, match="`word` is `up`, known: left, right"):
        said("{map: {field: word, map: {left: a, right: b}}}")


@pytest.mark.parametrize(
    ("written", "number", "unit"),
    [
        ("1.0E7", "10000000", "1000000"),
        ("0.10000000000000000001", "0.10000000000000000001", "1e-20"),
        ("-0.0", "0", "0.1"),
        ("5e-3", "0.005", "0.001"),
        ("9007199254740993", "9007199254740993", "1"),
    ],
)
def test_a_number_is_taken_from_its_text(written: str, number: str, unit: str) -> None:
    assert printed(written) == Amount(F(number), F(unit))


@pytest.mark.parametrize(
    "written", ["1" * 61, "1e61", "01", ".5", "1.", "+1", "1,000", "0x1", "٣", "1e", " 1", "Infinity"]
)
def test_what_is_no_number_of_json(written: str) -> None:
    assert printed(written) is None


@draws(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=9))
def test_every_decimal_is_itself(number: Any) -> None:
    found = printed(f"{number:f}")
    assert found is not None
    assert (found.value, found.unit) == (Fraction(number), F("1e-9"))


@pytest.mark.parametrize(
    ("path", "trails"),
    [
        ("coins", [("coins", 0), ("coins", 1)]),
        ("by.*", [("by", "p"), ("by", "q")]),
        ("coins.*.x", []),
        ("deep", [("deep",)]),
        ("nothing", []),
        ("a", None),
        ("missing", None),
    ],
)
def test_rows_are_where_they_stand(path: str, trails: list[tuple[str | int, ...]] | None) -> None:
    rows = rows_at(AnswerRow(ROW, (), ROW), path_of(path))
    assert (None if rows is None else [row.trail for row in rows]) == trails
