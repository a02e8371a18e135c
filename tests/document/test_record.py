# ruff: noqa: E501 - tables with one case a line

import datetime as dt
from decimal import Decimal
from enum import Enum

import pytest
from mypy import api

from marginctl.document.kinds import (
    DATE,
    DURATION,
    FLAG,
    MOVE,
    POSITIVE,
    RATE,
    SHARE,
    SIGNED,
    SIGNED_RATE,
    TEXT,
    Choice,
    Instant,
    ListOf,
    MapOf,
    Number,
    any_of,
    members,
    words,
)
from marginctl.document.nodes import Scalar
from marginctl.document.reader import read
from marginctl.document.record import Record, bind, key, nested, optional, records
from marginctl.document.source import Source

from .told import bound, told


class Colour(Enum):
    """Words of the program."""

    RED = "red"
    BLACK = "black"


class Leg(Record, name="leg"):
    """A leg."""

    symbol = key(TEXT)
    size = optional(POSITIVE)


class Levels(Record, name="levels"):
    """Two levels."""

    warn = optional(RATE)


class Book(Record, name="book"):
    """A book of
    legs.

    What editors need not know.
    """

    name = optional(TEXT)
    side = optional(words("long", "short"))
    amount = optional(SIGNED)
    count = optional(Number(minimum=1, integer=True))
    figure = optional(Number(percent=True))
    haircut = optional(SHARE)
    shock = optional(MOVE)
    funding = optional(SIGNED_RATE)
    interval = optional(DURATION)
    until = optional(DATE)
    as_of = optional(Instant())
    reduce_only = optional(FLAG)
    prices = optional(MapOf(POSITIVE))
    legs = optional(records(Leg), default=[])
    names = optional(ListOf(TEXT))
    by_name = optional(MapOf(nested(Leg)))
    limit = optional(any_of(RATE, Choice({"off": None}), nested(Levels)))
    survive = optional(any_of(TEXT, ListOf(TEXT)))
    colour = optional(members(Colour), name="color", default=Colour.RED)


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
        ("limit: off", "limit", None),
        ("survive: all", "survive", "all"),
    ],
)
def test_a_value_binds_to_its_kind(text, name, value):
    book, problems = bound(text, Book)
    assert problems == []
    found = getattr(book, name)
    assert (getattr(Book, name) in book, found, type(found)) == (True, value, type(value))


def test_a_number_keeps_its_digits():
    assert str(bound("amount: 1.50", Book)[0].amount) == "1.50"


def test_a_record_knows_where_everything_stands():
    book, _ = bound("name: desk\nprices:\n  BTC: 60000\n", Book)
    assert book.word(Book.name) == Scalar("name", 1, 1, 5, plain=True)
    assert book.at(Book.name) == Scalar("desk", 1, 7, 11, plain=True)
    assert (book.at(Book.prices).line, book.at(Book.prices).column) == (3, 3)
    assert (book.text_at(Book.name), book.text_at(Book.prices)) == ("desk", "")


def test_a_key_that_was_not_written():
    book, _ = bound("name: desk", Book)
    assert (Book.side in book, book.side, book[Book.side], book.legs) == (False, None, None, [])
    assert book.at(Book.side) is book.node
    with pytest.raises(KeyError):
        book.word(Book.side)


def test_a_key_that_must_be_written_has_no_value_without():
    with pytest.raises(AttributeError, match="symbol was not written"):
        _ = Leg().symbol


def test_a_key_may_be_written_by_another_name():
    book, _ = bound("color: black", Book)
    assert (book.colour, book.text_at(Book.colour)) == (Colour.BLACK, "black")
    assert bound("colour: black", Book)[1] == ["1:1 MC010 unknown key `colour` -> did you mean `color`?"]
    assert Book().colour is Colour.RED


def test_a_record_that_no_file_holds():
    leg = Leg(symbol="A")
    assert (leg.symbol, leg.size, Leg.symbol in leg, leg.to_dict()) == ("A", None, False, {"symbol": "A", "size": None})
    with pytest.raises(TypeError, match="Leg has no key price"):
        Leg(price=1)


def test_a_class_says_its_keys_in_their_order():
    class Priced(Leg, name="priced"):
        """A leg with a price."""

        price = key(POSITIVE)
        size = key(POSITIVE, "must be written here")

    assert [(one.name, one.required) for one in Priced.layout.keys] == [
        ("price", True),
        ("size", True),
        ("symbol", True),
    ]
    assert (Priced.layout.name, Priced.layout.doc) == ("priced", "A leg with a price")
    assert Book.layout.doc == "A book of legs"


def test_the_keys_written_in_their_order():
    book, _ = bound("side: long\nname: desk\n", Book)
    assert [(word.text, value, node.text) for word, value, node in book.items()] == [
        ("side", "long", "long"),
        ("name", "desk", "desk"),
    ]


def test_records_in_a_list():
    book, _ = bound("legs:\n  - symbol: A\n  - {symbol: B, size: 2}\n", Book)
    assert [(leg.symbol, leg.size, leg.node.line) for leg in book.legs] == [("A", None, 2), ("B", Decimal(2), 3)]


def test_a_map_keeps_its_order_and_its_keys():
    book, _ = bound("prices: {ETH: 3000, '*': 1}", Book)
    assert [(word.text, value, node.text) for word, value, node in book.prices.rows()] == [
        ("ETH", Decimal(3000), "3000"),
        ("*", Decimal(1), "1"),
    ]
    assert book.prices == {"ETH": 3000, "*": 1}


def test_records_in_a_map():
    book, _ = bound("by_name: {x: {symbol: A}}", Book)
    assert {name: leg.symbol for name, leg in book.by_name.items()} == {"x": "A"}


def test_any_of_goes_by_what_was_written():
    levels = bound("limit: {warn: 10%}", Book)[0].limit
    assert isinstance(levels, Levels)
    assert levels.warn == Decimal("0.1")
    assert bound("survive: [a, NO]", Book)[0].survive == ["a", "NO"]


@pytest.mark.parametrize("text", ["{}", "prices: {}", "legs: []", "names: []"])
def test_empty_containers_are_values(text):
    book, problems = bound(text, Book)
    assert problems == []
    assert [value for _, value, _ in book.items()] in ([], [[]], [{}])


RATE_HELP = "write a percentage such as 10%, or a fraction such as 0.1"
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
        ("haircut: -1%", f"1:10 MC014 `haircut` must be at least 0%: `-1%` -> {RATE_HELP}"),
        ("haircut: 101%", f"1:10 MC014 `haircut` must be at most 100%: `101%` -> {RATE_HELP}"),
        ("shock: -101%", f"1:8 MC014 `shock` must be at least -100%: `-101%` -> {RATE_HELP}"),
        ("interval: 8", "1:11 MC014 `interval` has no unit: `8` -> write 8s, 8m, 8h or 8d"),
        ("side: buy", "1:7 MC015 `side` must be long or short: `buy` -> write long or short"),
        ("side: LONG", "1:7 MC015 `side` must be long or short: `LONG` -> write long"),
        ("until: 31.12.26", "1:8 MC015 `until` is not a date: `31.12.26` -> write year-month-day, such as 2026-12-31"),
        ("reduce_only: yes", "1:14 MC015 `reduce_only` must be true or false: `yes` -> write true"),
        ("limit: {warn: 60}", "1:15 MC014 `warn` is a rate of 1 or more without %: `60` -> write 60%, the same as 0.6"),
        ("limit: soft", f"1:8 MC014 `limit` is not a number: `soft` -> {RATE_HELP}"),
        ("side: " + "x" * 99, f"1:7 MC015 `side` must be long or short: `{'x' * 57}...` -> write long or short"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_explained(text, expected):
    assert bound(text, Book)[1] == [expected]


def test_what_does_not_fit_is_left_out():
    book, problems = bound("amount: x\nname: desk\nlegs: [{symbol: A}, B]\nprices: {A: 1, B: x}", Book)
    assert len(problems) == 3
    assert Book.amount not in book
    assert book.name == "desk"
    assert [leg.symbol for leg in book.legs] == ["A"]
    assert list(book.prices) == ["A"]


def test_all_problems_in_the_order_of_the_file():
    text = "side: buy\nlegs:\n  - size: 0\n    symbl: A\nzzz: 1\namount:\n"
    assert [problem.partition(" MC")[0] for problem in bound(text, Book)[1]] == [
        "1:7",
        "3:5",
        "3:11",
        "4:5",
        "5:1",
        "6:8",
    ]


def test_what_the_reader_refused_is_not_reported_twice():
    source, root, problems = read(b"amount: *x\nlegs: [*y]\n", "f")
    book, more = bind(root, Book, source)
    assert (len(problems), more, Book.amount in book) == (2, [], False)


def test_suggestions_stop_after_twenty_unknown_keys():
    said = bound("".join(f"nam{number}: 1\n" for number in range(30)), Book)[1]
    assert [problem.endswith("did you mean `name`?") for problem in said] == [True] * 20 + [False] * 10


def test_a_very_long_unknown_key_is_not_searched_for():
    (said,) = bound(f"? {'name' * 100_000}\n: 1\n", Book)[1]
    assert said.startswith(f"1:3 MC010 unknown key `{'name' * 14}n...` -> known here: name, side")


def test_more_problems_than_anybody_reads_end_the_binding():
    source, root, _ = read(b"prices: {" + b"".join(b"A%d: x," % n for n in range(5000)) + b"}", "f")
    book, problems = bind(root, Book, source)
    assert (len(problems), book) == (1001, None)


def test_a_root_that_is_no_mapping():
    book, problems = bind(Scalar("x", 1, 1, 2, plain=True), Book, Source("f", "x"))
    assert told(problems) == [
        "1:1 MC013 `book` must be a mapping, not `x` -> write lines of `key: value`, such as `name: ...`"
    ]
    assert book is None


TYPED = """\
from decimal import Decimal

from marginctl.document.record import Record, key, optional
from marginctl.document.kinds import POSITIVE, TEXT, any_of


class Leg(Record, name="leg"):
    symbol = key(TEXT)
    leverage = optional(POSITIVE)
    size = key(any_of(POSITIVE, TEXT))


def read(leg: Leg) -> None:
    symbol: str = leg.symbol
    leverage: Decimal | None = leg.leverage
    chosen: Decimal | None = leg[Leg.leverage]
    size: Decimal | str = leg.size
    place = leg.at(Leg.leverage) if Leg.leverage in leg else leg.node
    leg.levrage
    leg.at(Leg.levrage)
    leg.at("leverage")
    "leverage" in leg
    leg.leverage + 1
    leg.size.upper()
"""


def test_a_misspelt_key_is_an_error_of_the_type_checker(tmp_path):
    file = tmp_path / "legs.py"
    file.write_text(TYPED, encoding="utf-8")
    out, err, _ = api.run(["--strict", "--no-error-summary", "--cache-dir", str(tmp_path / "cache"), str(file)])
    first = TYPED[: TYPED.index("    leg.levrage")].count("\n") + 1
    found = [
        (int(line.split(":")[1]) - first, line.rpartition("  ")[2]) for line in out.splitlines() if " error: " in line
    ]
    assert err == ""
    assert found == [
        (0, "[attr-defined]"),
        (1, "[attr-defined]"),
        (2, "[arg-type]"),
        (3, "[operator]"),
        (4, "[operator]"),
        (5, "[union-attr]"),
    ]


def test_a_word_of_a_venue_names_the_key_that_is_not_missing_then() -> None:
    class Held(Record, name="held"):
        """What is held."""

        asset = key(TEXT, "the coin")
        amount = key(SIGNED, "how much of it")

    assert bound("{coin: BTC, balance: 1}", Held)[1] == [
        "1:2 MC010 unknown key `coin` -> did you mean `asset`?",
        "1:13 MC010 unknown key `balance` -> did you mean `amount`?",
    ]
