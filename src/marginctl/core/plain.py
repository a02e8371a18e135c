"""Any result as the tree of its JSON document: dicts, lists, words and rounded Decimals, in the order of the fields.

A class writes its fields, each Decimal rounded by the row of its name. Where the document has other keys the class says
so in ``shape``: words ``key``, ``key=path.to.it`` (through lists as well), with ``?`` behind the key where it is left
out when empty, ``~`` where an empty one is null, and ``*`` before one whose own keys stand in its place.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any

from msgspec import Struct

from marginctl.core.exact import Direction, rounded
from marginctl.core.figure import PLACES, Figure
from marginctl.core.figures import rounded_as, rounded_figure, row_of

SIDES = {1: "long", -1: "short"}
SETTLED_PLACES = PLACES["settled"]
"""Values that agree in this many decimals are shown as equal: what is left is the residue of a division."""


class DocumentKey(Struct, frozen=True):
    """One key of a document: the path to its value, its mark (see above), and its row, if it is a figure."""

    name: str
    path: tuple[str, ...]
    mark: str
    row: Figure | None


@cache
def keys_of(kind: type) -> tuple[DocumentKey, ...]:
    """The keys that a class writes, in their order."""
    shape = getattr(kind, "shape", "") or " ".join(getattr(kind, "__struct_fields__", getattr(kind, "_fields", ())))
    found = (_key(word, kind.__name__) for word in shape.split())
    return tuple(key for key in found if key.row is None or key.row.kind != "internal")


def _key(word: str, owner: str) -> DocumentKey:
    name, _, path = word.partition("=")
    bare = name.strip("*?~")
    return DocumentKey(bare, tuple((path or bare).split(".")), name.replace(bare, ""), row_of(bare, owner))


def as_plain(value: Any) -> Any:
    """A result, or a part of one, as a tree. Raises ``KeyError`` for a Decimal whose name has no row."""
    return _tree(value, None, None)


def _tree(value: Any, row: Figure | None, owner: Any) -> Any:
    kind = type(value)
    if kind is Decimal:
        if row is None:
            raise KeyError(f"a figure of {type(owner).__name__} has no row")
        return SHOWN.get(row.kind, _number)(value, row, owner)
    if value is None or kind is str or kind is bool:
        return value
    if kind is int:
        return SIDES[value] if row is not None and row.kind == "side" else value
    if isinstance(value, Struct) or hasattr(value, "_fields"):
        return _object(value)
    if isinstance(value, Mapping):
        return {name: _tree(one, row, owner) for name, one in value.items()}
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if hasattr(value, "isoformat") else [_tree(one, row, owner) for one in value]


def _object(value: Any) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key in keys_of(value.__class__):
        found = at(value, key.path)
        if key.mark[:1] == "*":
            tree |= {} if found is None else _object(found)
        elif not key.mark or found or isinstance(found, Decimal):
            tree[key.name] = _tree(found, key.row, value)
        elif key.mark == "~":
            tree[key.name] = None
    return tree


def errors_of(result: Any) -> Any:
    """What stands in the way of a result: what its document has as ``errors``."""
    return next(at(result, key.path) for key in keys_of(result.__class__) if key.name == "errors")


def at(value: Any, path: tuple[str, ...]) -> Any:
    """What stands at a path, of every item where it leads through a list; None behind a None."""
    for number, name in enumerate(path):
        if value is None:
            return None
        if isinstance(value, tuple) and not hasattr(value, "_fields"):
            return [at(one, path[number:]) for one in value]
        value = getattr(value, name)
    return value


def _number(value: Decimal, row: Figure, owner: Any) -> Decimal:
    return rounded_as(row, value, getattr(owner, "mark_price", None) if row.to_mark else None)


def _judged(value: Decimal, row: Figure, owner: Any) -> Decimal:  # noqa: ARG001 - as its neighbours
    return beside(value, owner.limit)


def _named(value: Decimal, row: Figure, owner: Any) -> Decimal:  # noqa: ARG001
    return rounded_figure(owner.figure, value)


def beside(value: Decimal, limit: Decimal | None) -> Decimal:
    """A judged figure: ``PLACES`` decimals, more only where fewer would put it on or across its limit."""
    places = PLACES["number"]
    nearest = rounded(value, places, Direction.NEAREST)
    if limit is None or abs(value - limit) > Decimal((0, (1,), 1 - places)):
        return nearest
    side = side_of(value, limit)
    candidates = (rounded(value, places, way) for way in (Direction.NEAREST, Direction.UP, Direction.DOWN))
    held = (shown for shown in candidates if side_of(shown, limit) == side)
    return next(held, rounded(value, SETTLED_PLACES, Direction.NEAREST))


def side_of(value: Decimal, limit: Decimal) -> int:
    """-1, 0 or 1: below, at or above the limit, but for what a division leaves."""
    left, right = (rounded(number, SETTLED_PLACES, Direction.NEAREST) for number in (value, limit))
    return (left > right) - (left < right)


SHOWN: dict[str, Callable[[Decimal, Figure, Any], Decimal]] = {"judged": _judged, "named": _named}
"""Kinds of figures whose rounding depends on what stands beside them."""
