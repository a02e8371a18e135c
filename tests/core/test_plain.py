"""Results as trees: what a class writes, under which key, and how each number is rounded."""

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar, NamedTuple

import pytest
from msgspec import Struct
from tests.builders import d, position_row

from marginctl.core.plain import as_plain, at, errors_of, keys_of


class Colour(Enum):
    RED = "red"


class Inner(NamedTuple):
    equity: Decimal
    note: str = "n"


class Outer(Struct):
    shape: ClassVar[str] = "pool equity=inner.equity notes=rows.note empty? none~ zero?=zeroed *inner colour side day"

    pool: str
    inner: Inner | None
    rows: tuple[Inner, ...]
    colour: Colour
    side: int
    day: date
    empty: tuple[str, ...] = ()
    none: str = ""
    zeroed: int = 0


def outer(inner: Inner | None) -> Outer:
    return Outer("p", inner, (Inner(d(1), "a"), Inner(d(2), "b")), Colour.RED, -1, date(2024, 5, 6))


def test_keys_paths_and_marks() -> None:
    """Left out where empty, null where empty, and another one's keys in its place; a path goes through lists."""
    assert as_plain(outer(Inner(d("1.123456789")))) == {
        "pool": "p",
        "equity": d("1.12345678"),
        "notes": ["a", "b"],
        "none": None,
        "note": "n",
        "colour": "red",
        "side": "short",
        "day": "2024-05-06",
    }
    assert list(as_plain(outer(None))) == ["pool", "equity", "notes", "none", "colour", "side", "day"]
    assert as_plain(outer(None))["equity"] is None


def test_a_key_that_may_be_left_out_stays_where_its_number_is_zero() -> None:
    class Given(Struct):
        shape: ClassVar[str] = "equity? buffer~"
        equity: Decimal | None
        buffer: Decimal | None

    assert as_plain(Given(d(0), d(0))) == {"equity": 0, "buffer": 0}
    assert as_plain(Given(None, None)) == {"buffer": None}


def test_a_number_without_a_row_is_an_error() -> None:
    class Unknown(Struct):
        no_such_figure: Decimal

    with pytest.raises(KeyError, match="Unknown has no row"):
        as_plain(Unknown(d(1)))


def test_what_ends_at_a_price_turns_toward_the_mark_of_its_row() -> None:
    found = as_plain(row())
    assert (found["liquidation_price"], found["entry_price"]) == (d("90.12345679"), d(100))
    assert as_plain(row("110.123456789"))["liquidation_price"] == d("110.12345678")


def row(price: str = "90.123456781") -> Any:
    return position_row(liquidation_price=price, mark_price="100")


def test_mappings_and_lists_of_one_figure_have_its_row() -> None:
    class Several(Struct):
        margins: dict[str, Decimal]
        equity: tuple[Decimal, ...]

    found = as_plain(Several({"USDT": d("1.000000001")}, (d("1.000000009"), d(2))))
    assert found == {"margins": {"USDT": d("1.00000001")}, "equity": [d(1), d(2)]}


def test_where_a_path_leads() -> None:
    one = outer(Inner(d(7)))
    assert at(one, ("rows", "note")) == ["a", "b"]
    assert at(one, ("inner", "equity")) == 7
    assert at(outer(None), ("inner", "equity")) is None
    assert at(one, ()) is one


def test_what_stands_in_the_way_of_a_result() -> None:
    class Failed(Struct):
        shape: ClassVar[str] = "errors=problems"
        problems: tuple[str, ...]

    assert errors_of(Failed(("no",))) == ("no",)
    assert [(key.name, key.path) for key in keys_of(Failed)] == [("errors", ("problems",))]
