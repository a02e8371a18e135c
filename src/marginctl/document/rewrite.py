"""Changing values in the text of a document, so that everything else in it stays as the user wrote it.

Every edit is made in the text and, beside it, on the plain values that the text means; in the end the new text is read
again and has to mean the edited values. A layout that the edits cannot cope with is an error, never a wrong file.
"""

from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct

from marginctl.document import splices
from marginctl.document.nodes import Mapping, Node, Sequence
from marginctl.document.reader import parse
from marginctl.document.source import Source, echo
from marginctl.document.spans import Path
from marginctl.document.splices import Layout, NoPlaceError, Splice, layout_of, spliced
from marginctl.document.written import Value


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

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


def rewritten(text: str, edits: Iterable[Edit]) -> str:
    """The text after all edits, one after the other; comments and what no edit touches are the same, byte for byte.

    A text without problems is expected. Raises RewriteError.
    """
    waiting = list(edits)
    if not waiting:
        return text
    wanted = _meaning(text)
    for edit in waiting:
        wanted = _edited(wanted, edit.path, edit)
    new = text
    while waiting:
        new, waiting = _some(new, waiting)
    if _meaning(new) != wanted:
        raise _impossible(waiting or list(edits))
    return new


def _some(text: str, edits: list[Edit]) -> tuple[str, list[Edit]]:
    """As many of the first edits as do not depend on each other's places, and the edits that are left."""
    layout = layout_of(text)
    made: list[Splice] = []
    touched: set[Path] = set()
    above: set[Path] = set()
    for number, edit in enumerate(edits):
        changes_places = isinstance(edit, Append | Remove)
        place = _container(layout, edit.path)
        if number and (changes_places or place in above or not touched.isdisjoint(_upwards(place))):
            return spliced(text, made), edits[number:]
        try:
            made += _splices(layout, edit)
        except NoPlaceError as error:
            raise _impossible([edit], f": {error}") from None
        if changes_places:
            return spliced(text, made), edits[number + 1 :]
        touched.add(place)
        above.update(_upwards(place))
    return spliced(text, made), []


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
    path = ".".join(map(str, edits[0].path)) if edits else "the file"
    return RewriteError(
        f"{echo(path)} cannot be changed in the text of this file{why}",
        "write keys and rows one below the other, or all of them in brackets",
    )


def _meaning(text: str) -> Value:
    """The values that a text means, without places and styles. Raises RewriteError for one that cannot be read."""
    root, problems = parse(Source("", text))
    if root is None or problems:
        raise _impossible([])
    return _plain(root)


def _plain(node: Node) -> Value:
    if isinstance(node, Mapping):
        return {key.text: _plain(value) for key, value in node.entries}
    return [_plain(item) for item in node.items] if isinstance(node, Sequence) else node.text


def _edited(value: Value, path: Path, edit: Edit) -> Value:
    """The values after an edit; ``path`` is what is left of its path. Raises RewriteError."""
    if not path:
        return _at_place(value, edit)
    part = path[0]
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        changed = [*value]
        if len(path) == 1 and isinstance(edit, Remove):
            del changed[part]
        else:
            changed[part] = _edited(value[part], path[1:], edit)
        return changed
    if not isinstance(value, dict) or not isinstance(part, str):
        raise _impossible([edit])
    if len(path) == 1 and isinstance(edit, Remove | Rename):
        return _without_key(value, part, edit)
    missing: Value = [] if isinstance(edit, Append) and len(path) == 1 else {}
    return value | {part: _edited(value.get(part, missing), path[1:], edit)}


def _without_key(value: dict[str, Value], key: str, edit: Remove | Rename) -> Value:
    if key not in value or (isinstance(edit, Rename) and edit.key in value):
        raise _impossible([edit])
    name = edit.key if isinstance(edit, Rename) else None
    renamed = {(name or one) if one == key else one: item for one, item in value.items()}
    return renamed if name else {one: item for one, item in value.items() if one != key}


def _at_place(value: Value, edit: Edit) -> Value:
    if isinstance(edit, Append) and isinstance(value, list):
        return [*value, _as_read(edit.item)]
    if isinstance(edit, Put):
        return _as_read(edit.value)
    raise _impossible([edit])


def _as_read(value: Value) -> Value:
    """A written value as the reader gives it back: nothing is the text ``null``."""
    if isinstance(value, list):
        return [_as_read(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_read(item) for key, item in value.items()}
    return "null" if value is None else value
