"""Where the keys of a TOML text stand: the parser of the standard library does not tell."""

import re
from collections.abc import Iterable, Iterator

from marginctl.document.mapping import joined
from marginctl.document.source import lines_of

_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")
_KEY = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=\s*""")
_HEAD = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_LONG = ('"""', "'''")

TomlPlace = tuple[int, int]
"""Line and column, from 1."""


def toml_places(text: str) -> dict[str, TomlPlace]:
    """Path of a key or a table -> where it is written; the keys of inline tables are found by ``toml_place``."""
    places: dict[str, TomlPlace] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in _lines(text):
        head, key = _HEAD.match(line), _KEY.match(line)
        if head is not None:
            table = _parts(head[2])
            if head[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, str(counts[table]))
            places.setdefault(joined(table), (number, head.start(2) + 1))
        elif key is not None:
            path = (*_numbered(table, counts), *_parts(key[1]))
            places.setdefault(joined(path), (number, key.start(1) + 1))
    return places


def toml_place(path: str, places: dict[str, TomlPlace], text: str) -> TomlPlace:
    """Where a path is written, or what holds it; within one line as near as its last word."""
    whole = _parts(path)
    for length in range(len(whole), 0, -1):
        known = places.get(joined(whole[:length]))
        if known is not None:
            return _within(known, whole[length:], text)
    return (0, 0)


def _within(place: TomlPlace, rest: Iterable[str], text: str) -> TomlPlace:
    number, column = place
    line = lines_of(text)[number - 1]
    for part in rest:
        found = re.compile(rf"(?<![\w-]){re.escape(part)}(?=[\"']?\s*=)").search(line, column)
        column = found.start() + 1 if found is not None else column
    return number, column


def _numbered(table: tuple[str, ...], counts: dict[tuple[str, ...], int]) -> tuple[str, ...]:
    """A table below an item of a list has the number of the item in its path."""
    path: tuple[str, ...] = ()
    for part in table:
        path = (*path, part)
        if path in counts and path != table and table[len(path) : len(path) + 1] != (str(counts[path]),):
            path = (*path, str(counts[path]))
    return path


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(found[1] or found[2] or found[3] or "" for found in _PART.finditer(dotted))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that may begin with a key: none inside of a text of several lines."""
    closing = ""
    for number, line in enumerate(lines_of(text), 1):
        if closing:
            closing = "" if closing in line else closing
            continue
        yield number, line
        for mark in _LONG:
            if line.partition("#")[0].count(mark) % 2:
                closing = mark
