# ruff: noqa: E501 - tables with one case a line

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginctl.document.edit import PathError, set_value, split_path
from marginctl.document.reader import read
from marginctl.document.record import bind
from marginctl.portfolio.format import PortfolioFile

from .test_reader import plain_of
from .told import told

BOOK = b"account: {name: desk}\npositions:\n  - {symbol: A, leverage: 5}\n  - {symbol: B}\nnotes: text\nempty: []\n"
UNTOUCHED = {
    "account": {"name": "desk"},
    "positions": [{"symbol": "A", "leverage": "5"}, {"symbol": "B"}],
    "notes": "text",
    "empty": [],
}


def edited(path: str, text: str):
    source, root, _ = read(BOOK, "book.yaml")
    return plain_of(root), told(set_value(root, path, text, source)), plain_of(root)


@pytest.mark.parametrize(
    ("path", "text", "change"),
    [
        ("account.name", "desk-b", {"account": {"name": "desk-b"}}),
        ("account.venue", "binance-usdm", {"account": {"name": "desk", "venue": "binance-usdm"}}),
        ("positions.0.leverage", "10", {"positions": [{"symbol": "A", "leverage": "10"}, {"symbol": "B"}]}),
        ("positions.1.leverage", "3", {"positions": [{"symbol": "A", "leverage": "5"}, {"symbol": "B", "leverage": "3"}]}),
        ("positions.1", "{symbol: C}", {"positions": [{"symbol": "A", "leverage": "5"}, {"symbol": "C"}]}),
        ("positions", "[]", {"positions": []}),
        ("notes", "'quoted: text'", {"notes": "quoted: text"}),
        ("notes", "", {"notes": ""}),
        ("prices.BTC", "60000", {"prices": {"BTC": "60000"}}),
        ('prices."A.B"', "1", {"prices": {"A.B": "1"}}),
        ("prices.'A.B'", "1", {"prices": {"A.B": "1"}}),
        ("limits.max_utilization.warn", "60%", {"limits": {"max_utilization": {"warn": "60%"}}}),
        ("limits.max_utilization", "{warn: 60%, fail: 70%}", {"limits": {"max_utilization": {"warn": "60%", "fail": "70%"}}}),
    ],
)  # fmt: skip
def test_a_value_is_set(path, text, change):
    before, said, after = edited(path, text)
    assert (before, said) == (UNTOUCHED, [])
    assert after == UNTOUCHED | change


KINDS = "write a word, a number, or a list or mapping in brackets"


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("positions.2.leverage", "5", "`positions` has 2 items, `2` is none of them -> write an index from 0 to 1"),
        ("positions.2", "5", "`positions` has 2 items, `2` is none of them -> write an index from 0 to 1"),
        ("positions.-1", "5", "`positions` has 2 items, `-1` is none of them -> write an index from 0 to 1"),
        ("positions.A.leverage", "5", "`positions` has 2 items, `A` is none of them -> write an index from 0 to 1"),
        ("positions.9999999999999", "5", "`positions` has 2 items, `9999999999999` is none of them -> write an index from 0 to 1"),
        ("empty.0", "5", "`empty` has 0 items, `0` is none of them -> add items in the file"),
        ("account.name.first", "x", "`account.name` is a single value, `first` is not in it -> shorten the path"),
        ("account.name.first.x", "x", "`account.name` is a single value, `first` is not in it -> shorten the path"),
        ("", "x", "the path `` has an empty part -> write it like positions.0.leverage"),
        ("account..name", "x", "the path `account..name` has an empty part -> write it like positions.0.leverage"),
        ("account.", "x", "the path `account.` has an empty part -> write it like positions.0.leverage"),
        (".account", "x", "the path `.account` has an empty part -> write it like positions.0.leverage"),
        ('prices."A.B', "1", 'the path `prices."A.B` has a quote that does not end a part -> close the quote'),
        ('prices."A"B', "1", 'the path `prices."A"B` has a quote that does not end a part -> close the quote'),
        ("a\x1b.b", "1", r"the path `a\x1b.b` has a character that no key has -> write it like positions.0.leverage"),
        ("notes", "[1", f"the value for `notes` cannot be read: the list `[` of line 1 is not continued here -> {KINDS}"),
        ("notes", "*x", f"the value for `notes` cannot be read: the alias `*x` is not allowed -> {KINDS}"),
        ("notes", "a: b", f"the value for `notes` is more than one value: `a: b` -> {KINDS}"),
        ("notes", "\0", rf"the value for `notes` cannot be read: the control character `\x00` is not allowed -> {KINDS}"),
        ("notes", "\udcff", f"the value for `notes` cannot be read: the file is not UTF-8: byte 0xed -> {KINDS}"),
    ],
)  # fmt: skip
def test_a_path_or_value_that_cannot_be_set_changes_nothing(path, text, expected):
    _, said, after = edited(path, text)
    assert said == ["0:0 MC013 " + expected]
    assert after == UNTOUCHED


def test_what_was_set_has_no_line_of_its_own():
    source, root, _ = read(b"prices: {BTC: 1}\n", "f")
    assert set_value(root, "prices.BTC", "1_000", source) == []
    (problem,) = bind(root, PortfolioFile, source)[1]
    assert told([problem]) == ["0:0 MC014 `BTC` has `_` between its digits: `1_000` -> write 1000"]
    assert problem.excerpt == ""


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_path_and_no_value_raises(path, text):
    source, root, _ = read(BOOK, "f")
    for problem in set_value(root, path, text, source):
        assert (problem.code, problem.message.isprintable()) == ("MC013", True)


@given(st.lists(st.text("ab. 0-", min_size=1), min_size=1))
def test_quoted_parts_come_back_as_they_were(parts):
    assert split_path(".".join(f'"{part}"' for part in parts)) == parts


def test_a_bad_path_is_an_exception_for_those_who_split_it_themselves():
    with pytest.raises(PathError):
        split_path("a..b")
