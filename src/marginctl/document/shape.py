"""Formats that are still written as shapes with keys by name, and the drafts that they bind to."""

from collections.abc import Iterator
from typing import Any

from marginctl.document import kinds, record
from marginctl.document.kinds import (
    AnyOf,
    Date,
    Duration,
    Entries,
    Flag,
    Instant,
    Kind,
    ListOf,
    MapOf,
    Number,
    Rate,
    Text,
)
from marginctl.document.nodes import Mapping, Node, Scalar
from marginctl.document.record import Key, bind_shape
from marginctl.document.record import Nested as Record
from marginctl.document.source import Source
from marginctl.findings import Problem

__all__ = [
    "AnyOf",
    "Choice",
    "Date",
    "Draft",
    "Duration",
    "Field",
    "Flag",
    "Instant",
    "Kind",
    "ListOf",
    "MapOf",
    "Number",
    "Rate",
    "Record",
    "Shape",
    "Text",
    "bind",
]


class Draft(record.Record):
    """What a user wrote for one shape: the keys that are there and whose values fit."""

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a key, or the default when it was not written."""
        value = self.__dict__[name] if name in self.places else default
        return list(value.rows()) if isinstance(value, Entries) else value

    def __contains__(self, name: object) -> bool:
        return name in self.places

    def at(self, name: Any) -> Node:
        """The node of a key's value; for a key that was not written, the node of the whole mapping."""
        return self.places[name][1] if name in self.places else self.node

    def key(self, name: str) -> Scalar:
        """The node of a key. Raises KeyError when it was not written."""
        return self.places[name][0]

    def items(self) -> Iterator[tuple[Scalar, Any, Node]]:
        """``(key, value, node of the value)`` of every key written, in the order of the file."""
        for name, (word, node) in self.places.items():
            yield word, self.get(name), node


Shape = record.Shape[Draft]


def shape(name: str, fields: tuple[Key[Any], ...], doc: str = "", not_offered: dict[str, str] | None = None) -> Shape:
    """A shape that binds to a draft."""
    return record.Shape(name, fields, doc, Draft, not_offered or {})


def Field(name: str, kind: Kind[Any], required: bool = False, doc: str = "") -> Key[Any]:  # noqa: N802
    """A key of a shape."""
    return Key(kind, doc, name, required=required)


def Choice(  # noqa: N802
    options: tuple[str, ...], not_offered: dict[str, tuple[str, str]] | None = None
) -> kinds.Choice[str]:
    """One of a few words."""
    return kinds.Choice({one: one for one in options}, not_offered or {})


def bind(node: Node, one: Shape, source: Source) -> tuple[Draft, list[Problem]]:
    """The draft that a node holds for a shape, and everything wrong with it, in the order of the file."""
    draft, problems = bind_shape(node, one, source)
    if draft is None:
        draft = Draft()
        draft.node = Mapping([], node.line, node.column)
    return draft, problems
