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
from marginctl.document.splices import Layout, NoPlaceError, Splice, Value, layout_of, spliced


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
        _apply(wanted, edit)
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
            raise _impossible([edit], f": {error}") from None
        number += len(new) or 1
        if changes_places:
            break
        touched.add(place)
        above.update(_upwards(place))
    return spliced(text, made), edits[number:]


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


def _apply(value: Value, edit: Edit) -> None:
    """Make an edit in plain values. Raises RewriteError."""
    if not edit.path:
        raise _impossible([edit])
    for part in edit.path[:-1]:
        below = _below(value, part)
        if below is None and isinstance(value, dict) and isinstance(part, str) and isinstance(edit, Put | Append):
            below = value.setdefault(part, {})
        value = below
    last = edit.path[-1]
    if isinstance(edit, Append):
        _append(value, last, edit)
    elif isinstance(value, list) and isinstance(last, int) and last < len(value) and not isinstance(edit, Rename):
        value[last : last + 1] = [] if isinstance(edit, Remove) else [_as_read(edit.value)]
    elif isinstance(value, dict) and isinstance(last, str):
        _set_key(value, last, edit)
    else:
        raise _impossible([edit])


def _below(value: Value, part: str | int) -> Value:
    if isinstance(value, list):
        return value[part] if isinstance(part, int) and part < len(value) else None
    return value.get(part) if isinstance(value, dict) and isinstance(part, str) else None


def _append(value: Value, part: str | int, edit: Append) -> None:
    rows = _below(value, part)
    if rows is None and isinstance(value, dict) and isinstance(part, str):
        rows = value.setdefault(part, [])
    if not isinstance(rows, list):
        raise _impossible([edit])
    rows.append(_as_read(edit.item))


def _set_key(value: dict[str, Value], key: str, edit: Put | Rename | Remove) -> None:
    if isinstance(edit, Put):
        value[key] = _as_read(edit.value)
        return
    if key not in value or (isinstance(edit, Rename) and edit.key in value):
        raise _impossible([edit])
    item = value.pop(key)
    if isinstance(edit, Rename):
        value[edit.key] = item


def _as_read(value: Value) -> Value:
    """A written value as the reader gives it back: nothing is the text ``null``."""
    if isinstance(value, list):
        return [_as_read(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_read(item) for key, item in value.items()}
    return "null" if value is None else value
