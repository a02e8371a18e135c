"""The tree of a document with the stretch of text that every node takes, for changing the text in place.

Offsets count characters from 0, ends are exclusive. A block mapping or list ends with the last value in it, before the
comment that may stand behind; a list in block style begins at its first dash.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from msgspec import Struct

from marginctl.document import libyaml
from marginctl.document.reader import hide, holds_pairs, reveal


class LeafSpan(Struct, gc=False):
    """A single value or a key."""

    text: str
    start: int
    end: int


class Branch(Struct):
    """A mapping, or a list (its entries have no key). ``flow``: written in brackets."""

    entries: "list[tuple[LeafSpan | None, Tree]]"
    start: int
    end: int
    flow: bool
    is_list: bool

    def index(self, part: str | int) -> int | None:
        """The number of the entry with this key or index; None where there is none."""
        if self.is_list:
            return part if isinstance(part, int) and part < len(self.entries) else None
        return next((i for i, (key, _) in enumerate(self.entries) if key is not None and key.text == part), None)

    def extent(self, index: int) -> tuple[int, int]:
        """Where an entry begins and ends, its key included; the dash of a block list is not."""
        key, value = self.entries[index]
        return (value if key is None else key).start, value.end


Tree: TypeAlias = LeafSpan | Branch
Path: TypeAlias = tuple[str | int, ...]
"""Keys, and in lists indexes, from the root."""


Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"
"""What is to be written: a word or number as its text, a list, a mapping, nothing."""


def meaning(tree: Tree) -> Value:
    """The values of a tree, without places and styles."""
    if isinstance(tree, LeafSpan):
        return tree.text
    if tree.is_list:
        return [meaning(value) for _, value in tree.entries]
    return {key.text: meaning(value) for key, value in tree.entries if key is not None}


def planted(value: Value, start: int = 0, end: int = 0) -> Tree:
    """The tree of a value that stands nowhere yet, or in a stretch of text; nothing is the text ``null``."""
    if isinstance(value, dict):
        return Branch([(LeafSpan(key, 0, 0), planted(item)) for key, item in value.items()], start, end, True, False)
    if isinstance(value, list):
        return Branch([(None, planted(item)) for item in value], start, end, True, True)
    return LeafSpan("null" if value is None else value, start, end)


def tree_of(text: str) -> Tree | None:
    """The tree of a text that the reader has accepted; None for an empty one."""
    has_pairs = holds_pairs(text)
    planter = _Planter(reveal if has_pairs else str)
    stream = libyaml.events(hide(text) if has_pairs else text)
    while not planter.done:
        planter.take(stream.get_event())
    return planter.root


class _Planter:
    """Builds the tree event by event; ``revealed`` gives a scalar's text."""

    def __init__(self, revealed: Callable[[str], str]) -> None:
        self.revealed = revealed
        self.root: Tree | None = None
        self.done = False
        self.open: list[Branch] = []
        self.keys: list[LeafSpan | None] = []  # of every open branch, the key whose value comes next

    def take(self, event: Any) -> None:
        kind = type(event).__name__
        if kind == "ScalarEvent":
            self.place(LeafSpan(self.revealed(event.value), event.start_mark.index, event.end_mark.index))
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            start = event.start_mark.index
            branch = Branch([], start, start, bool(event.flow_style), kind == "SequenceStartEvent")
            self.place(branch)
            self.open.append(branch)
            self.keys.append(None)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            branch = self.open.pop()
            self.keys.pop()
            branch.end = event.end_mark.index if branch.flow else _end_of_block(branch)
        elif kind == "StreamEndEvent":
            self.done = True

    def place(self, node: Tree) -> None:
        if not self.open:
            self.root = node
            return
        branch, key = self.open[-1], self.keys[-1]
        if branch.is_list or key is not None:
            branch.entries.append((key, node))
            self.keys[-1] = None
        elif isinstance(node, LeafSpan):
            self.keys[-1] = node


def _end_of_block(branch: Branch) -> int:
    return branch.entries[-1][1].end if branch.entries else branch.start
