"""Drafts: nodes bound to shapes, every problem collected.

A draft holds values as the user wrote them, checked one by one and each with its place. What the keys mean
together is not known here.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from marginctl.document.kinds import (
    AnyOf,
    Choice,
    Date,
    Duration,
    Field,
    Flag,
    Instant,
    Kind,
    ListOf,
    MapOf,
    Number,
    Rate,
    Record,
    ScalarKind,
    Shape,
    Text,
)
from marginctl.document.nodes import Mapping, Node, Refused, Scalar, Sequence, is_null
from marginctl.document.numbers import NumberError
from marginctl.document.scalars import WordError
from marginctl.document.source import Collector, Source, StoppingCollector, TooManyProblemsError, echo, in_order
from marginctl.findings import Problem

__all__ = [
    "AnyOf",
    "Choice",
    "Date",
    "Draft",
    "Duration",
    "Element",
    "Field",
    "Flag",
    "Instant",
    "Kind",
    "ListOf",
    "MapOf",
    "Number",
    "Rate",
    "Record",
    "ScalarKind",
    "Shape",
    "Text",
    "bind",
]

MOST_SUGGESTIONS = 20
LONGEST_KEY = 40
COMMA_HELP = "write numbers without commas: within brackets a comma begins a new key"


class Element(Struct, frozen=True, gc=False):
    """An item of a list that is no record."""

    value: Any
    node: Node


class Draft(Struct, gc=False):
    """What a user wrote for one shape: the keys that are there and whose values fit."""

    shape: Shape
    node: Mapping
    entries: dict[str, tuple[Scalar, Any, Node]]

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a key, or the default when it was not written."""
        entry = self.entries.get(name)
        return default if entry is None else entry[1]

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def at(self, name: str) -> Node:
        """The node of a key's value; for a key that was not written, the node of the whole mapping."""
        entry = self.entries.get(name)
        return self.node if entry is None else entry[2]

    def key(self, name: str) -> Scalar:
        """The node of a key. Raises KeyError when it was not written."""
        return self.entries[name][0]

    def items(self) -> Iterator[tuple[Scalar, Any, Node]]:
        """``(key, value, node of the value)`` of every key written, in the order of the file."""
        return iter(self.entries.values())


def bind(node: Node, shape: Shape, source: Source) -> tuple[Draft, list[Problem]]:
    """The draft that a node holds for a shape, and everything wrong with it, in the order of the file.

    Where there are problems, the draft lacks what they name.
    """
    binder = _Binder(StoppingCollector(source, []))
    try:
        draft = binder.value(f"`{shape.name}`", node, Record(shape))
    except TooManyProblemsError:
        draft = None
    if draft is None:
        draft = Draft(shape, Mapping([], node.line, node.column), {})
    return draft, in_order(binder.found.problems)


class _Binder:
    """Binds node by node. What does not fit is a problem and binds to None, which no valid value does.

    ``label`` is how messages call a value.
    """

    def __init__(self, found: Collector) -> None:
        self.found = found
        self.suggestions = 0

    def value(self, label: str, node: Node, kind: Kind) -> Any:
        if isinstance(node, Refused):
            return None
        if is_null(node):
            advice = COMMA_HELP if label.strip("`").isdecimal() else f"write {kind.hint()}, or remove the key"
            self.found.add(node, "MC013", f"{label} has no value", advice)
            return None
        if isinstance(kind, AnyOf):
            return self.any_of(label, node, kind)
        if isinstance(kind, ScalarKind):
            return self.scalar(label, node, kind) if isinstance(node, Scalar) else self.misfit(label, node, kind)
        if isinstance(kind, ListOf):
            return self.list_of(label, node, kind) if isinstance(node, Sequence) else self.misfit(label, node, kind)
        if not isinstance(node, Mapping):
            return self.misfit(label, node, kind)
        return self.record(node, kind.shape) if isinstance(kind, Record) else self.map_of(node, kind)

    def scalar(self, label: str, node: Scalar, kind: ScalarKind) -> Any:
        try:
            return kind.read(node.text)
        except (NumberError, WordError) as error:
            self.found.add(node, error.code, f"{label} {error.message}", error.help)
            return None

    def any_of(self, label: str, node: Node, kind: AnyOf) -> Any:
        fitting = [one for one in kind.kinds if _fits(node, one)]
        if not fitting:
            return self.misfit(label, node, kind)
        if isinstance(node, Scalar):
            for other in fitting[1:]:
                if isinstance(other, Choice) and node.text in other.options:
                    return node.text
        return self.value(label, node, fitting[0])

    def list_of(self, label: str, node: Sequence, kind: ListOf) -> list[Any]:
        item_label = f"an item of {label}"
        bound = [(self.value(item_label, item, kind.item), item) for item in node.items]
        if isinstance(kind.item, Record):
            return [value for value, _ in bound if value is not None]
        return [Element(value, item) for value, item in bound if value is not None]

    def map_of(self, node: Mapping, kind: MapOf) -> list[tuple[Scalar, Any, Node]]:
        bound = [(key, self.value(echo(key.text), item, kind.value), item) for key, item in node.entries]
        return [entry for entry in bound if entry[1] is not None]

    def record(self, node: Mapping, shape: Shape) -> Draft:
        entries: dict[str, tuple[Scalar, Any, Node]] = {}
        fields = shape.by_name
        for key, item in node.entries:
            field = fields.get(key.text)
            if field is None:
                self.unknown(key, shape)
                continue
            value = self.value(f"`{field.name}`", item, field.kind)
            if value is not None:
                entries[field.name] = (key, value, item)
        self.missing(node, shape)
        return Draft(shape, node, entries)

    def missing(self, node: Mapping, shape: Shape) -> None:
        written = {key.text for key, _ in node.entries}
        for field in shape.fields:
            if field.required and field.name not in written:
                self.found.add(node, "MC012", f"`{field.name}` is missing", f"add `{field.name}`: {field.kind.hint()}")

    def unknown(self, key: Scalar, shape: Shape) -> None:
        close = "" if key.text in shape.not_offered else self.close_match(key.text, shape)
        known = ", ".join(field.name for field in shape.fields)
        advice = f"did you mean `{close}`?" if close else f"known here: {known}"
        advice = COMMA_HELP if key.text.isdecimal() else shape.not_offered.get(key.text, advice)
        self.found.add(key, "MC010", f"unknown key {echo(key.text)}", advice)

    def close_match(self, word: str, shape: Shape) -> str:
        if self.suggestions >= MOST_SUGGESTIONS or len(word) > LONGEST_KEY:
            return ""
        self.suggestions += 1
        from difflib import get_close_matches  # only ever needed for a file with a mistake

        return next(iter(get_close_matches(word.lower(), shape.by_name, 1)), "")

    def misfit(self, label: str, node: Node, kind: Kind) -> None:
        found = {Mapping: "a mapping", Sequence: "a list"}.get(type(node)) or echo(getattr(node, "text", ""))
        self.found.add(node, "MC013", f"{label} must be {kind.expects()}, not {found}", f"write {kind.hint()}")


def _fits(node: Node, kind: Kind) -> bool:
    if isinstance(kind, AnyOf):
        return any(_fits(node, one) for one in kind.kinds)
    if isinstance(kind, ScalarKind):
        return isinstance(node, Scalar)
    return isinstance(node, Sequence if isinstance(kind, ListOf) else Mapping)
