# ruff: noqa: E501 - tables with one case a line

import datetime as dt
from decimal import Decimal

import pytest

from marginctl.document.nodes import Scalar
from marginctl.document.reader import read
from marginctl.document.shape import (
    AnyOf,
    Choice,
    Date,
    Draft,
    Duration,
    Element,
    Field,
    Flag,
    Instant,
    ListOf,
    MapOf,
    Number,
    Rate,
    Record,
    Shape,
    Text,
    bind,
)
from marginctl.document.source import Source

from .told import bound, told

LEG = Shape("leg", (Field("symbol", Text(), required=True), Field("size", Number(exclusive_minimum=0))))
BOOK = Shape(
    "book",
    (
        Field("name", Text()),
        Field("side", Choice(("long", "short"))),
        Field("amount", Number()),
        Field("count", Number(minimum=1, integer=True)),
        Field("figure", Number(percent=True)),
        Field("haircut", Rate(maximum=1)),
        Field("shock", Rate(minimum=-1)),
        Field("funding", Rate(minimum=None)),
        Field("interval", Duration()),
        Field("until", Date()),
        Field("as_of", Instant()),
        Field("reduce_only", Flag()),
        Field("prices", MapOf(Number(exclusive_minimum=0))),
        Field("legs", ListOf(Record(LEG))),
        Field("names", ListOf(Text())),
        Field("by_name", MapOf(Record(LEG))),
        Field("limit", AnyOf((Rate(), Choice(("off",)), Record(Shape("levels", (Field("warn", Rate()),)))))),
        Field("survive", AnyOf((Text(), ListOf(Text())))),
    ),
)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("name: NO", "name", "NO"),
        ("name: 1e3", "name", "1e3"),
        ("name: 'null'", "name", "null"),
        ("side: short", "side", "short"),
        ("amount: -0.10", "amount", Decimal("-0.10")),
        ("amount: '12.5'", "amount", Decimal("12.5")),
        ('{"amount": "12.5"}', "amount", Decimal("12.5")),
        ("count: 3", "count", Decimal(3)),
        ("count: 3.0", "count", Decimal("3.0")),
        ("figure: 8.5%", "figure", Decimal("0.085")),
        ("figure: 8.5", "figure", Decimal("8.5")),
        ("haircut: 100%", "haircut", Decimal(1)),
        ("shock: -100%", "shock", Decimal(-1)),
        ("shock: 250%", "shock", Decimal("2.5")),
        ("funding: -0.01%", "funding", Decimal("-0.0001")),
        ("interval: 8h", "interval", Decimal(8)),
        ("until: 2026-12-31", "until", dt.date(2026, 12, 31)),
        ("as_of: 2026-11-22T11:00:00Z", "as_of", "2026-11-22T11:00:00Z"),
        ("reduce_only: true", "reduce_only", True),
        ("reduce_only: false", "reduce_only", False),
        ("limit: 60%", "limit", Decimal("0.6")),
        ("limit: off", "limit", "off"),
        ("survive: all", "survive", "all"),
    ],
)
def test_a_value_binds_to_its_kind(text, name, value):
    draft, problems = bound(text, BOOK)
    assert problems == []
    assert name in draft
    assert (draft.get(name), type(draft.get(name))) == (value, type(value))


def test_a_number_keeps_its_digits():
    assert str(bound("amount: 1.50", BOOK)[0].get("amount")) == "1.50"


def test_a_draft_knows_where_everything_stands():
    draft, _ = bound("name: desk\nprices:\n  BTC: 60000\n", BOOK)
    assert draft.key("name") == Scalar("name", 1, 1, 5, plain=True)
    assert draft.at("name") == Scalar("desk", 1, 7, 11, plain=True)
    assert (draft.at("prices").line, draft.at("prices").column) == (3, 3)
    assert draft.shape is BOOK


def test_a_key_that_was_not_written():
    draft, _ = bound("name: desk", BOOK)
    assert ("side" in draft, draft.get("side"), draft.get("side", "long")) == (False, None, "long")
    assert draft.at("side") is draft.node
    with pytest.raises(KeyError):
        draft.key("side")


def test_the_keys_written_in_their_order():
    draft, _ = bound("side: long\nname: desk\n", BOOK)
    assert [(key.text, value, node.text) for key, value, node in draft.items()] == [
        ("side", "long", "long"),
        ("name", "desk", "desk"),
    ]


def test_records_in_a_list_are_drafts():
    draft, _ = bound("legs:\n  - symbol: A\n  - {symbol: B, size: 2}\n", BOOK)
    assert [(leg.get("symbol"), leg.get("size"), leg.node.line) for leg in draft.get("legs")] == [
        ("A", None, 2),
        ("B", Decimal(2), 3),
    ]


def test_values_in_a_list_are_elements():
    draft, _ = bound("names: [A, NO]", BOOK)
    assert draft.get("names") == [
        Element("A", Scalar("A", 1, 9, 10, plain=True)),
        Element("NO", Scalar("NO", 1, 12, 14, plain=True)),
    ]


def test_a_map_keeps_its_order_and_its_keys():
    draft, _ = bound("prices: {ETH: 3000, '*': 1}", BOOK)
    assert [(key.text, value, node.text) for key, value, node in draft.get("prices")] == [
        ("ETH", Decimal(3000), "3000"),
        ("*", Decimal(1), "1"),
    ]


def test_records_in_a_map():
    draft, _ = bound("by_name: {x: {symbol: A}}", BOOK)
    ((key, leg, _),) = draft.get("by_name")
    assert (key.text, leg.get("symbol")) == ("x", "A")


def test_any_of_goes_by_what_was_written():
    levels = bound("limit: {warn: 10%}", BOOK)[0].get("limit")
    assert isinstance(levels, Draft)
    assert levels.get("warn") == Decimal("0.1")
    assert [element.value for element in bound("survive: [a, b]", BOOK)[0].get("survive")] == ["a", "b"]


@pytest.mark.parametrize("text", ["{}", "prices: {}", "legs: []", "names: []"])
def test_empty_containers_are_values(text):
    draft, problems = bound(text, BOOK)
    assert problems == []
    assert [value for _, value, _ in draft.items()] in ([], [[]])


RATE = "write a percentage such as 10%, or a fraction such as 0.1"
NUMBER = "a number such as 1000 or 0.5"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("amuont: 1", "1:1 MC010 unknown key `amuont` -> did you mean `amount`?"),
        ("Side: long", "1:1 MC010 unknown key `Side` -> did you mean `side`?"),
        ("legs: [{symbol: A, zzz: 1}]", "1:20 MC010 unknown key `zzz` -> known here: symbol, size"),
        ('"\\u202ename": x', r"1:1 MC010 unknown key `\u202ename` -> did you mean `name`?"),
        ("legs: [{size: 1}]", "1:8 MC012 `symbol` is missing -> add `symbol`: a text"),
        ("amount:", f"1:8 MC013 `amount` has no value -> write {NUMBER}, or remove the key"),
        ("amount: ~", f"1:9 MC013 `amount` has no value -> write {NUMBER}, or remove the key"),
        ('{"side": null}', "1:10 MC013 `side` has no value -> write long or short, or remove the key"),
        ("legs: null", "1:7 MC013 `legs` has no value -> write a list, each item behind `- `, or remove the key"),
        ("name: ''", "1:7 MC015 `name` is empty -> write a text, or remove the key"),
        ("amount: [1]", f"1:9 MC013 `amount` must be a number, not a list -> write {NUMBER}"),
        ("count: {a: 1}", "1:8 MC013 `count` must be a whole number, not a mapping -> write a whole number such as 3"),
        ("legs: A", "1:7 MC013 `legs` must be a list, not `A` -> write a list, each item behind `- `"),
        ("legs: [A]", "1:8 MC013 an item of `legs` must be a mapping, not `A` -> write lines of `key: value`, such as `symbol: ...`"),
        ("names: [[A]]", "1:9 MC013 an item of `names` must be a text, not a list -> write a text"),
        ("prices: 5", "1:9 MC013 `prices` must be a mapping, not `5` -> write lines of `key: value`"),
        ("limit: [1]", "1:8 MC013 `limit` must be a rate, off or a mapping, not a list -> write a percentage such as 10%, or a fraction such as 0.1"),
        ("amount: 1_000", "1:9 MC014 `amount` has `_` between its digits: `1_000` -> write 1000"),
        ("amount: 017", "1:9 MC014 `amount` has a leading zero: `017` -> write 17"),
        ("count: 1.5", "1:8 MC014 `count` must be a whole number: `1.5` -> write it without decimals"),
        ("count: 0", "1:8 MC014 `count` must be at least 1: `0` -> write 1 or more"),
        ("prices: {BTC: 0}", "1:15 MC014 `BTC` must be more than 0: `0` -> write a number above 0"),
        ('prices: {"\\u200b": -1}', r"1:20 MC014 `\u200b` must be more than 0: `-1` -> write a number above 0"),
        ("haircut: 10", "1:10 MC014 `haircut` is a rate of 1 or more without %: `10` -> write 10%, the same as 0.1"),
        ("haircut: -1%", f"1:10 MC014 `haircut` must be at least 0%: `-1%` -> {RATE}"),
        ("haircut: 101%", f"1:10 MC014 `haircut` must be at most 100%: `101%` -> {RATE}"),
        ("shock: -101%", f"1:8 MC014 `shock` must be at least -100%: `-101%` -> {RATE}"),
        ("interval: 8", "1:11 MC014 `interval` has no unit: `8` -> write 8h for hours, 8d for days"),
        ("side: buy", "1:7 MC015 `side` must be long or short: `buy` -> write long or short"),
        ("side: LONG", "1:7 MC015 `side` must be long or short: `LONG` -> write long"),
        ("until: 31.12.26", "1:8 MC015 `until` is not a date: `31.12.26` -> write year-month-day, such as 2026-12-31"),
        ("reduce_only: yes", "1:14 MC015 `reduce_only` must be true or false: `yes` -> write true"),
        ("limit: {warn: 60}", "1:15 MC014 `warn` is a rate of 1 or more without %: `60` -> write 60%, the same as 0.6"),
        ("limit: soft", f"1:8 MC014 `limit` is not a number: `soft` -> {RATE}"),
        ("side: " + "x" * 99, f"1:7 MC015 `side` must be long or short: `{'x' * 57}...` -> write long or short"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_explained(text, expected):
    assert bound(text, BOOK)[1] == [expected]


def test_what_does_not_fit_is_left_out():
    draft, problems = bound("amount: x\nname: desk\nlegs: [{symbol: A}, B]\nprices: {A: 1, B: x}", BOOK)
    assert len(problems) == 3
    assert "amount" not in draft
    assert draft.get("name") == "desk"
    assert [leg.get("symbol") for leg in draft.get("legs")] == ["A"]
    assert [key.text for key, _, _ in draft.get("prices")] == ["A"]


def test_all_problems_in_the_order_of_the_file():
    text = "side: buy\nlegs:\n  - size: 0\n    symbl: A\nzzz: 1\namount:\n"
    assert [problem.partition(" MC")[0] for problem in bound(text, BOOK)[1]] == [
        "1:7",
        "3:5",
        "3:11",
        "4:5",
        "5:1",
        "6:8",
    ]


def test_what_the_reader_refused_is_not_reported_twice():
    source, root, problems = read(b"amount: *x\nlegs: [*y]\n", "f")
    draft, more = bind(root, BOOK, source)
    assert (len(problems), more, "amount" in draft) == (2, [], False)


def test_suggestions_stop_after_twenty_unknown_keys():
    said = bound("".join(f"nam{number}: 1\n" for number in range(30)), BOOK)[1]
    assert [problem.endswith("did you mean `name`?") for problem in said] == [True] * 20 + [False] * 10


def test_a_very_long_unknown_key_is_not_searched_for():
    (said,) = bound(f"? {'name' * 100_000}\n: 1\n", BOOK)[1]
    assert said.startswith(f"1:3 MC010 unknown key `{'name' * 14}n...` -> known here: name, side")


def test_more_problems_than_anybody_reads_end_the_binding():
    source, root, _ = read(b"prices: {" + b"".join(b"A%d: x," % n for n in range(5000)) + b"}", "f")
    draft, problems = bind(root, BOOK, source)
    assert (len(problems), list(draft.items())) == (1001, [])


def test_a_root_that_is_no_mapping():
    draft, problems = bind(Scalar("x", 1, 1, 2, plain=True), BOOK, Source("f", "x"))
    assert told(problems) == [
        "1:1 MC013 `book` must be a mapping, not `x` -> write lines of `key: value`, such as `name: ...`"
    ]
    assert list(draft.items()) == []
