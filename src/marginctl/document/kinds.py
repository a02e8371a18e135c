"""The kinds of values that a document's keys may have, and the shapes they make up.

A scalar kind knows three things: how to read its text, how to name itself in a message, and its JSON Schema.
"""
# ruff: noqa: D102 - what every kind answers is said once, on ScalarKind

from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from msgspec import Struct

from marginctl.document import scalars
from marginctl.document.numbers import PERCENT_EXAMPLE, NumberError, decimal, decimal_or_percentage, rate
from marginctl.document.scalars import WordError
from marginctl.document.source import echo

DIGITS = r"(0|[1-9][0-9]*)(\.[0-9]+)?"
NOT_ZERO = r"(?!0(\.0+)?%?$)"


class ScalarKind(Struct, frozen=True):
    """A kind of single value."""

    def expects(self) -> str:
        """What a message calls it: ``must be ..., not a list``."""
        raise NotImplementedError

    def hint(self) -> str:
        """What a help text asks for: ``write ...``."""
        return self.expects()

    def read(self, text: str) -> Any:
        """The value of a text. Raises NumberError or WordError."""
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value, in the forms that YAML and JSON editors see."""
        raise NotImplementedError


class Text(ScalarKind, frozen=True):
    """Any text, never interpreted: ``NO``, ``1e3``. Binds to ``str``."""

    def expects(self) -> str:
        return "a text"

    def read(self, text: str) -> str:
        if not text.strip():
            raise WordError("is empty", "write a text, or remove the key")
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"]}


class Choice(ScalarKind, frozen=True):
    """One of a few words. Binds to ``str``. ``not_offered``: why another word is not among them, and what to do."""

    options: tuple[str, ...]
    not_offered: dict[str, tuple[str, str]] = {}

    def expects(self) -> str:
        return scalars.either(self.options)

    def read(self, text: str) -> str:
        if text in self.not_offered:
            message, advice = self.not_offered[text]
            raise WordError(f"cannot be {echo(text)}: {message}", advice)
        return scalars.choice(text, self.options)

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.options)}


class Number(ScalarKind, frozen=True):
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


class Rate(ScalarKind, frozen=True):
    """A percentage (``10%``) or a fraction (``0.1``), bounds included. Binds to ``Decimal``, the fraction."""

    minimum: int | None = 0
    maximum: int | None = None

    def expects(self) -> str:
        return "a rate"

    def hint(self) -> str:
        return "a percentage such as 10%, or a fraction such as 0.1"

    def read(self, text: str) -> Decimal:
        value = rate(text)
        if self.minimum is not None and value < self.minimum:
            raise NumberError(f"must be at least {self.minimum * 100}%: {echo(text)}", PERCENT_EXAMPLE)
        if self.maximum is not None and value > self.maximum:
            raise NumberError(f"must be at most {self.maximum * 100}%: {echo(text)}", PERCENT_EXAMPLE)
        return value

    def schema(self) -> dict[str, Any]:
        signed = self.minimum is None or self.minimum < 0
        pattern = rf"^{'-?' if signed else ''}(0(\.[0-9]+)?|{DIGITS}%)$"
        least = {"exclusiveMinimum": -1} if signed else {"minimum": self.minimum}
        return _number_schema(pattern, exclusiveMaximum=1, **least)


class Duration(ScalarKind, frozen=True):
    """``8h`` or ``30d``, more than 0. Binds to ``Decimal``, in hours."""

    def expects(self) -> str:
        return "a duration"

    def hint(self) -> str:
        return "hours or days, such as 8h or 30d"

    def read(self, text: str) -> Decimal:
        return scalars.duration(text)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": rf"^(?!0(\.0+)?[hd]$){DIGITS}[hd]$"}


class Date(ScalarKind, frozen=True):
    """A day, ``2026-12-31``. Binds to ``datetime.date``."""

    def expects(self) -> str:
        return "a date"

    def hint(self) -> str:
        return "a date such as 2026-12-31"

    def read(self, text: str) -> date:
        return scalars.date(text)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


class Instant(ScalarKind, frozen=True):
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


class Flag(ScalarKind, frozen=True):
    """``true`` or ``false``. Binds to ``bool``."""

    def expects(self) -> str:
        return "true or false"

    def read(self, text: str) -> bool:
        return scalars.flag(text)

    def schema(self) -> dict[str, Any]:
        return {"enum": [True, False, "true", "false"]}


class ListOf(Struct, frozen=True):
    """A list of one kind. Binds to a list: of drafts where the items are records, of elements otherwise."""

    item: "Kind"

    def expects(self) -> str:
        return "a list"

    def hint(self) -> str:
        return "a list, each item behind `- `"


class MapOf(Struct, frozen=True):
    """A mapping with free keys. Binds to a list of ``(key, value, node of the value)`` in the order of the file."""

    value: "Kind"

    def expects(self) -> str:
        return "a mapping"

    def hint(self) -> str:
        return "lines of `key: value`"


class Record(Struct, frozen=True):
    """A mapping with the keys of a shape. Binds to a ``Draft``."""

    shape: "Shape"

    def expects(self) -> str:
        return "a mapping"

    def hint(self) -> str:
        return "lines of `key: value`, such as `" + self.shape.fields[0].name + ": ...`"


class AnyOf(Struct, frozen=True):
    """The first of several kinds that fits the node. Binds to what that kind binds to."""

    kinds: "tuple[Kind, ...]"

    def expects(self) -> str:
        return scalars.either(tuple(dict.fromkeys(kind.expects() for kind in self.kinds)))

    def hint(self) -> str:
        return self.kinds[0].hint()


Kind: TypeAlias = ScalarKind | ListOf | MapOf | Record | AnyOf


class Field(Struct, frozen=True):
    """A key of a shape. ``doc`` is what an editor shows beside it."""

    name: str
    kind: Kind
    required: bool = False
    doc: str = ""


class Shape(Struct):
    """The keys that a mapping may have. ``name`` is unique among the shapes of a document.

    ``not_offered``: keys that it does not have, with what to say about them.
    """

    name: str
    fields: tuple[Field, ...]
    doc: str = ""
    not_offered: dict[str, str] = {}
    by_name: dict[str, Field] = {}

    def __post_init__(self) -> None:
        self.by_name = {field.name: field for field in self.fields}


def _number_schema(pattern: str, **bounds: int | None) -> dict[str, Any]:
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    return {"type": ["number", "string"], "pattern": pattern, **given}
