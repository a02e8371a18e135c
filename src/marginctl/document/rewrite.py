"""Changing values in the text of a document, so that everything else in it stays as the user wrote it.

Every edit is made in the text and, beside it, in the tree of the text before; the new text has to mean the same as that
tree. A layout that the edits cannot cope with is an error, never a wrong file.
"""

from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct

from marginctl.document import libyaml, splices
from marginctl.document.source import echo, printable
from marginctl.document.spans import Path, Value, meaning
from marginctl.document.splices import Layout, NoPlaceError, Splice, layout_of, spliced


class Put(Struct, frozen=True):
    """Set the value at a path; missing keys are created, missing list items are not."""

    path: Path
    value: Value


class Rename(Struct, frozen=True):
    """Give the entry at a path another key; its value stays."""

    path: Path
    key: str


class Append(Struct, frozen=True):
    """Add an item at the end of the list at a path; a missing list is created."""

    path: Path
    item: Value


class Remove(Struct, frozen=True):
    """Take away the entry at a path."""

    path: Path


Edit: TypeAlias = Put | Rename | Append | Remove


class RewriteError(Exception):
    """An edit that cannot be made in the text. ``message`` and ``help`` are for the user."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = printable(message)
        self.help = printable(help)


def rewritten(text: str, edits: Iterable[Edit]) -> str:
    """The text after all edits, one after the other; comments and what no edit touches are the same, byte for byte.

    A text without problems is expected. Raises RewriteError.
    """
    every = list(edits)
    waiting = every
    layout = layout_of(text) if waiting else None
    while layout is not None and waiting:
        made, waiting = _some(layout, waiting)
        text = spliced(text, made)
        try:
            after = layout_of(text)
        except (NoPlaceError, libyaml.errors()):
            raise _impossible(every) from None
        if meaning(after.root) != meaning(layout.root):
            raise _impossible(every)
        layout = after
    return text


def _some(layout: Layout, edits: list[Edit]) -> tuple[list[Splice], list[Edit]]:
    """As many of the first edits as do not depend on each other's places, and the edits that are left."""
    made: list[Splice] = []
    touched: set[Path] = set()
    above: set[Path] = set()
    number = 0
    while number < len(edits):
        edit = edits[number]
        changes_places = isinstance(edit, Append | Remove)
        place = _container(layout, edit.path)
        if number and (changes_places or place in above or not touched.isdisjoint(_upwards(place))):
            break
        new = _new_keys(layout, edits[number:])
        try:
            made += splices.added(layout, place, new) if new else _splices(layout, edit)
        except NoPlaceError as error:
            raise _impossible([edit], str(error)) from None
        number += len(new) or 1
        if changes_places:
            break
        touched.add(place)
        above.update(_upwards(place))
    return made, edits[number:]


def _new_keys(layout: Layout, edits: list[Edit]) -> dict[str, Value]:
    """The keys that the first edits add to one mapping; none where the first one does something else."""
    new: dict[str, Value] = {}
    place = edits[0].path[:-1]
    for edit in edits:
        key = edit.path[-1] if edit.path else 0
        is_new = isinstance(edit, Put) and edit.path[:-1] == place and isinstance(key, str) and key not in new
        if not is_new or not isinstance(edit, Put) or _container(layout, edit.path) != place:
            break
        new[str(key)] = edit.value
    return new


def _upwards(path: Path) -> list[Path]:
    """A path and all that it lies in."""
    return [path[:length] for length in range(len(path), -1, -1)]


def _container(layout: Layout, path: Path) -> Path:
    """What an edit adds an entry to, or the value itself that it replaces."""
    return path[: splices.found(layout, path)[1]]


def _splices(layout: Layout, edit: Edit) -> list[Splice]:
    if isinstance(edit, Put):
        return splices.put(layout, edit.path, edit.value)
    if isinstance(edit, Rename):
        return splices.renamed(layout, edit.path, edit.key)
    if isinstance(edit, Append):
        return splices.appended(layout, edit.path, edit.item)
    return splices.removed(layout, edit.path)


def _impossible(edits: list[Edit], why: str = "") -> RewriteError:
    path = ".".join(map(str, edits[0].path)) or "the file"
    return RewriteError(
        f"{echo(path)} cannot be changed in the text of this file{why and f': {why}'}",
        "write keys and rows one below the other, or all of them in brackets",
    )
