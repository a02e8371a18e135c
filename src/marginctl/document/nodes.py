"""The tree of a document, every node with its place. Lines and columns count from 1, columns in characters.

Line 0 marks a node that no line of the file holds, such as a value set on the command line.
"""

from typing import TypeAlias

from msgspec import Struct


class Scalar(Struct, frozen=True, gc=False):
    """A single value, always as its exact text.

    ``plain`` is true when it was written without quotes. ``end_column`` is the column behind its last character,
    0 when it ends on another line.
    """

    text: str
    line: int
    column: int
    end_column: int
    plain: bool


class Refused(Scalar, frozen=True, gc=False):
    """Stands where something was refused and already reported: binding skips it in silence."""


class Mapping(Struct, gc=False):
    """Keys and values in the order of the file. The reader leaves no duplicate keys."""

    entries: "list[tuple[Scalar, Node]]"
    line: int
    column: int


class Sequence(Struct, gc=False):
    """Items in the order of the file."""

    items: "list[Node]"
    line: int
    column: int


Node: TypeAlias = Scalar | Mapping | Sequence

NULLS = frozenset(("", "~", "null", "Null", "NULL"))


def is_null(node: Node) -> bool:
    """Whether a node is an empty value: nothing, ``~`` or ``null``, without quotes."""
    return isinstance(node, Scalar) and node.plain and node.text in NULLS
