"""A file format is a class: its keys are typed attributes, from which binding, JSON Schema and reference pages derive.

::

    class Leg(Record, name="leg"):
        \"\"\"A leg of a book.\"\"\"

        symbol = key(TEXT, "the venue's own symbol")
        leverage = optional(POSITIVE, "initial rate = 1 / leverage")

``leg.leverage`` is a ``Decimal | None`` because POSITIVE binds to decimals, and ``leg.at(Leg.leverage)`` is its
place in the file: a misspelt key is an error of the type checker in both. What keys mean together is not known here.
"""

from __future__ import annotations  # evaluated, types of types would slow every start

from collections.abc import Iterator
from typing import Any, ClassVar, Generic, TypeVar, overload

from msgspec import Struct

from marginctl.document.kinds import AnyOf, Choice, Entries, Kind, ListOf, ScalarKind
from marginctl.document.nodes import Mapping, Node, Refused, Scalar, Sequence, is_null
from marginctl.document.numbers import NumberError
from marginctl.document.scalars import WordError
from marginctl.document.source import (
    Collector,
    Source,
    StoppingCollector,
    TooManyProblemsError,
    alike,
    echo,
    in_order,
    said_as,
)
from marginctl.findings import Problem

T = TypeVar("T")
R = TypeVar("R", bound="Record")

MOST_SUGGESTIONS = 20
LONGEST_KEY = 40
COMMA_HELP = "write numbers without commas: within brackets a comma begins a new key"
MISFIT: Any = object()
"""What a value binds to that does not fit."""


class Key(Generic[T]):
    """A key of a record: on the class the key itself, on a record its value, or the default when it was not written.

    ``doc`` is what an editor shows beside it. ``name`` is how files write it, the attribute unless told.
    """

    __slots__ = ("attribute", "default", "doc", "kind", "name", "required")

    def __init__(self, kind: Kind[Any], doc: str, name: str, *, required: bool, default: Any = None) -> None:
        self.kind = kind
        self.doc = doc
        self.name = self.attribute = name
        self.required = required
        self.default = default

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.attribute = attribute
        self.name = self.name or attribute

    @overload
    def __get__(self, record: None, owner: type) -> Key[T]: ...

    @overload
    def __get__(self, record: Record, owner: type) -> T: ...

    def __get__(self, record: Record | None, owner: type) -> Any:
        if record is None:
            return self
        if self.required:
            raise AttributeError(f"{self.name} was not written")
        return self.default


def key(kind: Kind[T], doc: str = "", *, name: str = "") -> Key[T]:
    """A key that must be written."""
    return Key(kind, doc, name, required=True)


@overload
def optional(kind: Kind[T], doc: str = "", *, name: str = "") -> Key[T | None]: ...


@overload
def optional(kind: Kind[T], doc: str = "", *, name: str = "", default: T) -> Key[T]: ...


def optional(kind: Kind[Any], doc: str = "", *, name: str = "", default: Any = None) -> Key[Any]:
    """A key that may be left out."""
    return Key(kind, doc, name, required=False, default=default)


class Shape(Struct, Generic[R]):
    """The keys that a mapping may have, and the class that it binds to. ``name`` is unique within a document.

    ``not_offered``: keys that it does not have, with what to say about them.
    """

    name: str
    keys: tuple[Key[Any], ...]
    doc: str
    record: type[R]
    not_offered: dict[str, str] = {}
    by_name: dict[str, Key[Any]] = {}

    def __post_init__(self) -> None:
        self.by_name = {one.name: one for one in self.keys}


class Record:
    """What a file says in one mapping: a value and a place for every key written.

    The docstring of a subclass is what editors show of it; ``name`` is how messages and schemas call it.
    """

    layout: ClassVar[Shape[Any]]
    _fields: ClassVar[tuple[str, ...]]
    node: Mapping
    places: dict[str, tuple[Scalar, Node]]

    def __init_subclass__(cls, *, name: str = "", not_offered: dict[str, str] | None = None) -> None:
        """Gather the keys: its own in their order, then those of its bases."""
        super().__init_subclass__()
        own = {attribute: one for attribute, one in vars(cls).items() if isinstance(one, Key)}
        bases = [base for base in cls.__bases__ if base is not Record and issubclass(base, Record)]
        inherited = [one for base in bases for one in base.layout.keys if one.attribute not in own]
        doc = " ".join((cls.__doc__ or "").partition("\n\n")[0].split()).removesuffix(".")
        cls._fields = (*own, *(one.attribute for one in inherited))
        cls.layout = Shape(name, (*own.values(), *inherited), doc, cls, not_offered or {})

    def __init__(self, **values: Any) -> None:
        """A record that no file holds. Raises TypeError for a value without a key."""
        self.node, self.places = Mapping([], 0, 0), {}
        for attribute, value in values.items():
            if not isinstance(getattr(type(self), attribute, None), Key):
                raise TypeError(f"{type(self).__name__} has no key {attribute}")
            self.__dict__[attribute] = value

    def __getitem__(self, one: Key[T]) -> T:
        """The value of a key, or its default, where the key is chosen at run time."""
        found: T = self.__dict__.get(one.attribute, one.default)
        return found

    def __eq__(self, other: object) -> bool:
        """Whether another record of the class says the same, wherever it stands."""
        return type(other) is type(self) and isinstance(other, Record) and self._values() == other._values()

    __hash__ = None  # type: ignore[assignment]

    def _values(self) -> dict[str, Any]:
        given = self.places.keys() | {one.attribute for one in self.layout.keys}
        return {attribute: value for attribute, value in self.__dict__.items() if attribute in given}

    def __contains__(self, one: Key[Any]) -> bool:
        """Whether the file writes the key."""
        return one.attribute in self.places

    def at(self, one: Key[Any]) -> Node:
        """The node of a key's value; for a key that was not written, the node of the whole mapping."""
        place = self.places.get(one.attribute)
        return self.node if place is None else place[1]

    def word(self, one: Key[Any]) -> Scalar:
        """The node of a key itself. Raises KeyError when it was not written."""
        return self.places[one.attribute][0]

    def text_at(self, one: Key[Any]) -> str:
        """The text of a key's single value, as it was written."""
        node = self.at(one)
        return node.text if isinstance(node, Scalar) else ""

    def written_at(self, one: Key[Any]) -> Any:
        """What stands under a key: the text of a single value, those of a mapping by their keys."""
        value = self[one]
        if not isinstance(value, Record):
            return self.text_at(one)
        return {key.name: value.text_at(key) for key in value.layout.keys if key in value}

    def to_dict(self) -> dict[str, Any]:
        """Every key with its value, or its default where it was not written."""
        return {one.attribute: self[one] for one in self.layout.keys}

    def items(self) -> Iterator[tuple[Scalar, Any, Node]]:
        """``(key, value, node of the value)`` of every key written, in the order of the file."""
        for attribute, (word, node) in self.places.items():
            yield word, self.__dict__[attribute], node


class Nested(Kind[R], frozen=True):
    """A mapping with the keys of a shape."""

    shape: Shape[R]

    def expects(self) -> str:
        """What a message calls it."""
        return "a mapping"

    def hint(self) -> str:
        """What a help text asks for."""
        return "lines of `key: value`, such as `" + self.shape.keys[0].name + ": ...`"


def nested(record: type[R]) -> Nested[R]:
    """A mapping that binds to a record."""
    return Nested(record.layout)


def records(record: type[R]) -> ListOf[R]:
    """A list of records."""
    return ListOf(Nested(record.layout))


def bind(node: Node, record: type[R], source: Source) -> tuple[R | None, list[Problem]]:
    """The record that a node holds; None with everything wrong with it, in the order of the file."""
    bound, problems = bind_shape(node, record.layout, source)
    return (None, problems) if problems else (bound, [])


def bind_shape(node: Node, shape: Shape[R], source: Source) -> tuple[R | None, list[Problem]]:
    """What a node holds for a shape: where there are problems, without what they name."""
    binder = _Binder(StoppingCollector(source, []))
    try:
        bound = binder.value(f"`{shape.name}`", node, Nested(shape))
    except TooManyProblemsError:
        bound = MISFIT
    return None if bound is MISFIT else bound, in_order(binder.found.problems)


class _Binder:
    """Binds node by node. What does not fit is a problem and binds to MISFIT. ``label``: how messages call a value."""

    def __init__(self, found: Collector) -> None:
        self.found = found
        self.suggestions = 0

    def value(self, label: str, node: Node, kind: Kind[Any]) -> Any:
        if isinstance(node, Refused):
            return MISFIT
        if is_null(node):
            advice = COMMA_HELP if label.strip("`").isdecimal() else f"write {kind.hint()}, or remove the key"
            self.found.add(node, "MC013", f"{label} has no value", advice)
            return MISFIT
        if isinstance(kind, AnyOf):
            return self.any_of(label, node, kind)
        if isinstance(kind, ScalarKind):
            return self.scalar(label, node, kind) if isinstance(node, Scalar) else self.misfit(label, node, kind)
        if isinstance(kind, ListOf):
            return self.list_of(label, node, kind) if isinstance(node, Sequence) else self.misfit(label, node, kind)
        if not isinstance(node, Mapping):
            return self.misfit(label, node, kind)
        return self.record(node, kind.shape) if isinstance(kind, Nested) else self.map_of(node, kind)

    def scalar(self, label: str, node: Scalar, kind: ScalarKind[Any]) -> Any:
        try:
            return kind.read(node.text)
        except (NumberError, WordError) as error:
            self.found.add(node, error.code, f"{label} {error.message}", error.help)
            return MISFIT

    def any_of(self, label: str, node: Node, kind: AnyOf[Any]) -> Any:
        fitting = [one for one in kind.kinds if _fits(node, one)]
        if not fitting:
            return self.misfit(label, node, kind)
        if isinstance(node, Scalar):
            for other in fitting[1:]:
                if isinstance(other, Choice) and node.text in other.meanings:
                    return other.meanings[node.text]
        return self.value(label, node, fitting[0])

    def list_of(self, label: str, node: Sequence, kind: ListOf[Any]) -> list[Any]:
        item_label = f"an item of {label}"
        bound = [self.value(item_label, item, kind.item) for item in node.items]
        return [value for value in bound if value is not MISFIT]

    def map_of(self, node: Mapping, kind: Any) -> Entries[Any]:
        entries: Entries[Any] = Entries()
        for word, item in node.entries:
            value = self.value(echo(word.text), item, kind.value)
            if value is not MISFIT:
                entries[word.text] = value
                entries.places[word.text] = word, item
        return entries

    def record(self, node: Mapping, shape: Shape[R]) -> R:
        bound = shape.record()
        bound.node = node
        keys, meant = shape.by_name, set()
        for word, item in node.entries:
            one = keys.get(word.text)
            if one is None:
                self.unknown(word, shape)
                meant |= {key for key in said_as(word.text) if key in keys}
                continue
            value = self.value(f"`{one.name}`", item, one.kind)
            if value is not MISFIT:
                bound.__dict__[one.attribute] = value
                bound.places[one.attribute] = word, item
        self.missing(node, shape, meant)
        return bound

    def missing(self, node: Mapping, shape: Shape[R], meant: set[str]) -> None:
        """Every key that has to be there and is neither written nor meant by another word."""
        written = {word.text for word, _ in node.entries} | meant
        for one in shape.keys:
            if one.required and one.name not in written:
                self.found.add(node, "MC012", f"`{one.name}` is missing", f"add `{one.name}`: {one.kind.hint()}")

    def unknown(self, word: Scalar, shape: Shape[R]) -> None:
        close = "" if word.text in shape.not_offered else self.close_match(word.text, shape)
        advice = f"did you mean `{close}`?" if close else f"known here: {', '.join(shape.by_name)}"
        advice = COMMA_HELP if word.text.isdecimal() else shape.not_offered.get(word.text, advice)
        self.found.add(word, "MC010", f"unknown key {echo(word.text)}", advice)

    def close_match(self, word: str, shape: Shape[R]) -> str:
        if self.suggestions >= MOST_SUGGESTIONS or len(word) > LONGEST_KEY:
            return ""
        self.suggestions += 1
        named = next((one for one in said_as(word) if one in shape.by_name), "")
        if named:
            return named
        return next(iter(alike(word.lower(), shape.by_name)), "")

    def misfit(self, label: str, node: Node, kind: Kind[Any]) -> Any:
        found = {Mapping: "a mapping", Sequence: "a list"}.get(type(node)) or echo(getattr(node, "text", ""))
        self.found.add(node, "MC013", f"{label} must be {kind.expects()}, not {found}", f"write {kind.hint()}")
        return MISFIT


def _fits(node: Node, kind: Kind[Any]) -> bool:
    if isinstance(kind, AnyOf):
        return any(_fits(node, one) for one in kind.kinds)
    if isinstance(kind, ScalarKind):
        return isinstance(node, Scalar)
    return isinstance(node, Sequence if isinstance(kind, ListOf) else Mapping)
