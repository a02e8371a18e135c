"""The kinds of values that a document's keys may have: how to read one, how messages name it, and its schema.

A kind is of the type that it binds to: ``Kind[Decimal]`` gives decimals.
"""

from __future__ import annotations  # evaluated, types of types would slow every start

# ruff: noqa: D102 - what every kind answers is said once, on Kind and ScalarKind
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Generic, TypeVar, overload

from msgspec import Struct

from marginctl.document import scalars
from marginctl.document.nodes import Node, Scalar
from marginctl.document.numbers import PERCENT_EXAMPLE, NumberError, decimal, decimal_or_percentage, rate
from marginctl.document.scalars import WordError
from marginctl.document.source import echo

DIGITS = r"(0|[1-9][0-9]*)(\.[0-9]+)?"
NOT_ZERO = r"(?!0(\.0+)?%?$)"


T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")
T_co = TypeVar("T_co", covariant=True)
E = TypeVar("E", bound=Enum)


class Kind(Struct, Generic[T_co], frozen=True):
    """What a value may be, and so what it binds to."""

    def expects(self) -> str:
        """What a message calls it: ``must be ..., not a list``."""
        raise NotImplementedError

    def hint(self) -> str:
        """What a help text asks for: ``write ...``."""
        return self.expects()


class ScalarKind(Kind[T_co], frozen=True):
    """A kind of single value."""

    def read(self, text: str) -> T_co:
        """The value of a text. Raises NumberError or WordError."""
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value, in the forms that YAML and JSON editors see."""
        raise NotImplementedError


class Text(ScalarKind[str], frozen=True):
    """Any text, never interpreted: ``NO``, ``1e3``. Binds to ``str``."""

    def expects(self) -> str:
        return "a text"

    def read(self, text: str) -> str:
        if not text.strip():
            raise WordError("is empty", "write a text, or remove the key")
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"]}


class Choice(ScalarKind[T], frozen=True):
    """One of a few words. Binds to what the word means.

    ``not_offered``: why another word is not among them, and what to do.
    """

    meanings: dict[str, T]
    not_offered: dict[str, tuple[str, str]] = {}

    @property
    def options(self) -> tuple[str, ...]:
        """The words."""
        return tuple(self.meanings)

    def expects(self) -> str:
        return scalars.either(self.options)

    def read(self, text: str) -> T:
        if text in self.not_offered:
            message, advice = self.not_offered[text]
            raise WordError(f"cannot be {echo(text)}: {message}", advice)
        return self.meanings[scalars.choice(text, self.options)]

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.options)}


def words(*options: str) -> Choice[str]:
    """A choice between words that stand for themselves."""
    return Choice({one: one for one in options})


def members(kind: type[E], *chosen: E) -> Choice[E]:
    """A choice between the members of an enumeration, or some of them."""
    return Choice({one.value: one for one in chosen or kind})


class Number(ScalarKind[Decimal], frozen=True):
    """An exact decimal, with ``percent`` also as a percentage. Binds to ``Decimal``."""

    minimum: int | None = None
    exclusive_minimum: int | None = None
    integer: bool = False
    percent: bool = False

    def expects(self) -> str:
        return "a whole number" if self.integer else "a number"

    def hint(self) -> str:
        return "a whole number such as 3" if self.integer else "a number such as 1000 or 0.5"

    def read(self, text: str) -> Decimal:
        value = decimal_or_percentage(text) if self.percent else decimal(text)
        if self.integer and value != value.to_integral_value():
            raise NumberError(f"must be a whole number: {echo(text)}", "write it without decimals")
        if self.minimum is not None and value < self.minimum:
            raise NumberError(f"must be at least {self.minimum}: {echo(text)}", f"write {self.minimum} or more")
        if self.exclusive_minimum is not None and value <= self.exclusive_minimum:
            least = self.exclusive_minimum
            raise NumberError(f"must be more than {least}: {echo(text)}", f"write a number above {least}")
        return value

    def schema(self) -> dict[str, Any]:
        least = self.minimum if self.exclusive_minimum is None else self.exclusive_minimum
        sign = "-?" if least is None or least < 0 else NOT_ZERO if self.exclusive_minimum == 0 else ""
        digits = "(0|[1-9][0-9]*)" if self.integer else DIGITS
        return _number_schema(
            f"^{sign}{digits}{'%?' if self.percent else ''}$",
            minimum=self.minimum,
            exclusiveMinimum=self.exclusive_minimum,
            multipleOf=1 if self.integer else None,
        )


class Rate(ScalarKind[Decimal], frozen=True):
    """A percentage (``10%``) or a fraction (``0.1``), bounds included. Binds to ``Decimal``, the fraction.

    One that may be below 0 may have its sign written out: ``+10%``.
    """

    minimum: int | None = 0
    maximum: int | None = None

    @property
    def is_signed(self) -> bool:
        """Whether it may be below 0."""
        return self.minimum is None or self.minimum < 0

    def expects(self) -> str:
        return "a rate"

    def hint(self) -> str:
        return "a percentage such as 10%, or a fraction such as 0.1"

    def read(self, text: str) -> Decimal:
        value = rate(text.removeprefix("+") if self.is_signed else text)
        if self.minimum is not None and value < self.minimum:
            raise NumberError(f"must be at least {self.minimum * 100}%: {echo(text)}", PERCENT_EXAMPLE)
        if self.maximum is not None and value > self.maximum:
            raise NumberError(f"must be at most {self.maximum * 100}%: {echo(text)}", PERCENT_EXAMPLE)
        return value

    def schema(self) -> dict[str, Any]:
        pattern = rf"^{'[-+]?' if self.is_signed else ''}(0(\.[0-9]+)?|{DIGITS}%)$"
        least = {"exclusiveMinimum": -1} if self.is_signed else {"minimum": self.minimum}
        return _number_schema(pattern, exclusiveMaximum=1, **least)


class ShareOfMoney(Struct, frozen=True):
    """A share of an amount of money that stands elsewhere."""

    rate: Decimal


class MoneyOrShare(ScalarKind["Decimal | ShareOfMoney"], frozen=True):
    """An amount of money (``250``), or a percentage of one (``5%``). Binds to ``Decimal``, or to ``ShareOfMoney``."""

    def expects(self) -> str:
        return "an amount or a percentage"

    def hint(self) -> str:
        return "an amount of money such as 250, or a percentage such as 5%"

    def read(self, text: str) -> Decimal | ShareOfMoney:
        return ShareOfMoney(SHARE.read(text)) if text.endswith("%") else AMOUNT.read(text)

    def schema(self) -> dict[str, Any]:
        return _number_schema(f"^{DIGITS}%?$", minimum=0)


class Duration(ScalarKind[Decimal], frozen=True):
    """``90s``, ``30m``, ``8h`` or ``30d``, more than 0. Binds to ``Decimal``, in hours."""

    def expects(self) -> str:
        return "a duration"

    def hint(self) -> str:
        return scalars.DURATIONS

    def read(self, text: str) -> Decimal:
        return scalars.duration(text)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": rf"^(?!0(\.0+)?[smhd]$){DIGITS}[smhd]$"}


class Date(ScalarKind[date], frozen=True):
    """A day, ``2026-12-31``. Binds to ``datetime.date``."""

    def expects(self) -> str:
        return "a date"

    def hint(self) -> str:
        return "a date such as 2026-12-31"

    def read(self, text: str) -> date:
        return scalars.date(text)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


class Period(ScalarKind[str], frozen=True):
    """A day, a month or a year, as exactly as it is known: ``2026-05-01``, ``2025-10``, ``2024``. Binds to ``str``."""

    def expects(self) -> str:
        return "a date"

    def hint(self) -> str:
        return "a date such as 2026-05-01, or only 2026-05 or 2026"

    def read(self, text: str) -> str:
        if len(text) not in (4, 7, 10) or not _is_day(first_day(text)):
            raise WordError(f"is not a date: {echo(text)}", f"write {self.hint()}")
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "integer"], "pattern": "^[0-9]{4}(-[0-9]{2}){0,2}$"}


class Instant(ScalarKind[str], frozen=True):
    """A moment with its time zone. Binds to ``str``, as written."""

    def expects(self) -> str:
        return "a date and time"

    def hint(self) -> str:
        return "a date and time with its zone, such as 2026-11-22T11:00:00Z"

    def read(self, text: str) -> str:
        return scalars.instant(text)

    def schema(self) -> dict[str, Any]:
        zone = r"(Z|[+-][0-9]{2}:[0-9]{2})"
        return {"type": "string", "pattern": rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ][0-9]{{2}}:[0-9.:]+{zone}$"}


class YesOrNo(ScalarKind[bool], frozen=True):
    """``true`` or ``false``. Binds to ``bool``."""

    def expects(self) -> str:
        return "true or false"

    def read(self, text: str) -> bool:
        return scalars.flag(text)

    def schema(self) -> dict[str, Any]:
        return {"enum": [True, False, "true", "false"]}


class Entries(dict[str, T]):
    """A mapping with free keys, in the order of the file, with the places of its keys and values."""

    def __init__(self) -> None:
        """Without entries."""
        super().__init__()
        self.places: dict[str, tuple[Scalar, Node]] = {}

    def rows(self) -> Iterator[tuple[Scalar, T, Node]]:
        """``(key, value, node of the value)`` of every entry."""
        for (word, node), value in zip(self.places.values(), self.values(), strict=True):
            yield word, value, node


class ListOf(Kind[list[T]], frozen=True):
    """A list of one kind."""

    item: Kind[T]

    def expects(self) -> str:
        return "a list"

    def hint(self) -> str:
        return "a list, each item behind `- `"


class MapOf(Kind[Entries[T]], frozen=True):
    """A mapping with free keys."""

    value: Kind[T]

    def expects(self) -> str:
        return "a mapping"

    def hint(self) -> str:
        return "lines of `key: value`"


class AnyOf(Kind[T_co], frozen=True):
    """The first of several kinds that fits the node. Binds to what that kind binds to."""

    kinds: tuple[Kind[Any], ...]

    def expects(self) -> str:
        return scalars.either(tuple(dict.fromkeys(one.expects() for one in self.kinds)))

    def hint(self) -> str:
        return self.kinds[0].hint()


@overload
def any_of(first: Kind[T], second: Kind[U], /) -> Kind[T | U]: ...


@overload
def any_of(first: Kind[T], second: Kind[U], third: Kind[V], /) -> Kind[T | U | V]: ...


def any_of(*kinds: Kind[Any]) -> Kind[Any]:
    """A value of one of several kinds."""
    return AnyOf(kinds)


def _number_schema(pattern: str, **bounds: int | None) -> dict[str, Any]:
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    return {"type": ["number", "string"], "pattern": pattern, **given}


def first_day(period: str) -> str:
    """The first day of a period: what its age counts from, the cautious end."""
    return period + "-01-01"[len(period) - 4 :]


def _is_day(text: str) -> bool:
    try:
        scalars.date(text)
    except WordError:
        return False
    return True


TEXT = Text()
FLAG = YesOrNo()
POSITIVE = Number(exclusive_minimum=0)
AMOUNT = Number(minimum=0)
SIGNED = Number()
RATE = Rate()
SHARE = Rate(maximum=1)
MOVE = Rate(minimum=-1)
SIGNED_RATE = Rate(minimum=None)
DURATION = Duration()
MONEY_OR_SHARE = MoneyOrShare()
DATE = Date()
PERIOD = Period()
