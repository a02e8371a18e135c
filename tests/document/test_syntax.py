# ruff: noqa: E501 - tables with one case a line

import pytest

from .told import structure_of

QUOTE = "put it in quotes"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: b: c", "1:5 MC002 a `:` does not belong here -> indent the line like the keys beside it; put text that holds `: ` in quotes"),
        ("a: 1\n  b: 2\n", "2:4 MC002 a `:` does not belong here -> indent the line like the keys beside it; put text that holds `: ` in quotes"),
        ("BTC:60000\nETH: 1\n", "2:4 MC002 line 1 has no space behind its colon -> write `key: value`, with a space"),
        ("a: 1\nBTC:60000\nETH: 1\n", "2:1 MC002 this line is no `key: value` -> write a colon and a space behind the key"),
        ("a:\n- b\n-c\n", "3:1 MC002 this line is no `key: value` -> write a colon and a space behind the key"),
        ("a:\n    b: 1\n  c: 2\n", "3:3 MC002 this line does not fit the keys of line 1 -> indent it like the keys beside it"),
        ("a: 1\n- b\n", "2:1 MC002 this line does not fit the keys of line 1 -> indent it like the keys beside it"),
        ("a: {: 5}\n", "1:5 MC002 a key is missing in front of the colon -> write `key: value`"),
        (": 5\n", "1:1 MC002 a key is missing in front of the colon -> write `key: value`"),
        ("reason: 'it's late'\n", "1:13 MC002 the value has ended before this -> put the whole text in double quotes"),
        ('a: "x" y', "1:8 MC002 the value has ended before this -> put the whole text in double quotes"),
        ("a: [1, 2\nb: 3\n", "2:2 MC002 the list `[` of line 1 is not continued here -> put a comma between items and `]` at the end"),
        ("\na: {x: 1\nb: 3\n", "3:2 MC002 the mapping `{` of line 2 is not continued here -> put a comma between entries and `}` at the end"),
        ("a: [1,, 2]", "1:7 MC002 a value is missing here -> write a value, or close the brackets"),
        ("a: [\n1,\n2,\n", "3:3 MC002 a value is missing here -> write a value, or close the brackets"),
        ("a: 'abc\nb: 1\n", "1:4 MC002 this text has no closing quote -> close the quote"),
        ("shocks: {*: -50%}\n", '1:10 MC002 `*` and `&` cannot begin a word -> put it in quotes, such as "*"'),
        ("a: @x\n", f"1:4 MC002 no word can begin with `@` -> {QUOTE}"),
        ("a: %x\n", f"1:4 MC002 no word can begin with `%` -> {QUOTE}"),
        ("a: - b\n", "1:4 MC002 a list item cannot stand here -> start the list on a line of its own, with `- ` in front of each item"),
        ("a: 1\n...\nb: 2\n", "3:1 MC002 this line belongs to no key -> remove it, or indent it below a key"),
        ("a: 'x\n---\n'\n", "2:1 MC002 the document ends within a text -> close the quote"),
        ("%YAML 3.0\n---\na: 1\n", "1:1 MC002 a `%` line is not allowed -> remove it"),
        ("a: !e!x 5\n", "1:4 MC003 tags are not allowed -> remove everything from `!` to the space"),
        ("a:\n\tb: 1\n", "2:1 MC003 a tab is used as indent -> indent with spaces"),
        ("account:\n  name: x\n  \tvenue: y\n", "3:3 MC003 a tab is used as indent -> indent with spaces"),
        ("a: 1\n?\tb\n", "2:2 MC002 a tab stands where a space belongs -> write a space"),
        ("\ta: 1", "1:1 MC003 a tab is used as indent -> indent with spaces"),
    ],
)  # fmt: skip
def test_a_slip_is_explained_in_plain_words(text, expected):
    assert structure_of(text) == [expected]


@pytest.mark.parametrize("text", ['a: "abc\\q"\n', 'a: "\\ud83d"\n', 'a: "\\xzz"\n'])
def test_unknown_escapes(text):
    (said,) = structure_of(text)
    assert said.endswith("MC002 unknown escape in a text with double quotes -> use single quotes")


def test_tabs_in_json_are_not_blamed_for_another_slip():
    assert structure_of('{\n\t"a": 1\n\t"b": 2\n}') == [
        "3:5 MC002 the mapping `{` of line 1 is not continued here -> put a comma between entries and `}` at the end"
    ]


def test_a_slip_comes_after_what_was_found_before_it():
    assert structure_of("a: 1\na: 2\nb: c: d\n") == [
        "2:1 MC011 `a` is given twice, first on line 1 -> remove one of the two",
        "3:5 MC002 a `:` does not belong here -> indent the line like the keys beside it; put text that holds `: ` in quotes",
    ]
