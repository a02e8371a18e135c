"""Derivations taken apart: their nodes, and the same tree with one input changed."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.explain.node import Input, Node


def nodes(tree: Node) -> Iterator[Node]:
    """Every node of a tree, each once."""
    seen: set[int] = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            waiting += node.operands


def labelled(tree: Node, label: str, of: str | None = None) -> Node:
    """The one node of that name."""
    (found,) = {id(n): n for n in nodes(tree) if n.label == label and of in {None, n.of}}.values()
    return found


def tampered(tree: Node, key: str, amount: Any) -> Node:
    """The same tree with another value of the input of that key, in every place where it stands."""
    return _changed(tree, key, amount)  # type: ignore[no-any-return]


def _changed(value: Any, key: str, amount: Any) -> Any:
    if isinstance(value, Input):
        return replace(value, amount=amount) if value.key == key else value
    if isinstance(value, tuple):
        return tuple(_changed(one, key, amount) for one in value)
    if isinstance(value, Struct):
        return replace(value, **{name: _changed(getattr(value, name), key, amount) for name in value.__struct_fields__})
    return value
