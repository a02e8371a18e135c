"""Changing a value of a document before it is read: ``--set PATH=VALUE``."""

from marginctl.document.files import decode
from marginctl.document.nodes import Mapping, Node, Scalar, Sequence, is_null
from marginctl.document.reader import parse
from marginctl.document.source import Source, echo
from marginctl.document.spans import Path, Value
from marginctl.findings import Problem

QUOTES = ("'", '"')
VALUE_HELP = "write a word, a number, or a list or mapping in brackets"


class PathError(ValueError):
    """A path that leads nowhere. ``message`` and ``help`` are complete sentences for the user."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


def set_value(root: Node, path: str, text: str, source: Source) -> list[Problem]:
    """Sets the value at a path, in place; a root with a problem stays as it was.

    The path names keys and, in lists, indexes from 0, with dots between them: ``positions.0.leverage``. A part in
    quotes may hold dots: ``prices."A.B"``. Missing keys are created, missing list items are not. The text is read as
    a YAML value: a word or number, or a list or mapping in brackets.
    """
    try:
        parts = split_path(path)
        value = _value(path, text)
        _put(root, _places(root, parts), value)
    except PathError as error:
        return [source.problem((0, 0), "MC013", error.message, error.help)]
    return []


def place_and_value(root: Node, path: str, text: str) -> tuple[Path, Value]:
    """What ``rewrite.Put`` needs to do the same in the document's text. Raises PathError."""
    parts = split_path(path)
    value = _value(path, text)
    return _places(root, parts), _as_value(value)


def _places(root: Node, parts: list[str]) -> Path:
    """The parts with numbers for what is in lists. Raises PathError."""
    places: list[str | int] = []
    node: Node | None = root
    for depth, part in enumerate(parts):
        places.append(_index(node, part, parts[:depth]) if isinstance(node, Sequence) else part)
        node = None if node is None else _child(node, part, parts[:depth])
    return tuple(places)


def _as_value(node: Node) -> Value:
    if isinstance(node, Mapping):
        return {key.text: _as_value(value) for key, value in node.entries}
    if isinstance(node, Sequence):
        return [_as_value(item) for item in node.items]
    return None if is_null(node) else node.text


def split_path(path: str) -> list[str]:
    """The parts of a path. Raises PathError."""
    if not path.isprintable():
        raise PathError(f"the path {echo(path)} has a character that no key has", "write it like positions.0.leverage")
    parts: list[str] = []
    rest = path
    while True:
        part, rest = _first_part(rest, path)
        parts.append(part)
        if not rest:
            return parts
        rest = rest[1:]


def _first_part(rest: str, path: str) -> tuple[str, str]:
    """The first part of what is left of a path, and what follows: nothing, or a dot and more."""
    quote = rest[:1]
    if quote not in QUOTES:
        part, dot, behind = rest.partition(".")
        rest = dot + behind
    else:
        part, closing, rest = rest[1:].partition(quote)
        if not closing or rest[:1] not in ("", "."):
            raise PathError(f"the path {echo(path)} has a quote that does not end a part", "close the quote")
    if not part or rest == ".":
        raise PathError(f"the path {echo(path)} has an empty part", "write it like positions.0.leverage")
    return part, rest


def _value(path: str, text: str) -> Node:
    """The node that a text writes, without a place in the file. Raises PathError."""
    source, problems = decode(text.encode("utf-8", "surrogatepass"), "")
    value, problems = (None, problems) if problems else parse(source)
    if problems:
        raise PathError(f"the value for {echo(path)} cannot be read: {problems[0].message}", VALUE_HELP)
    if not isinstance(value, Scalar | None) and not text.lstrip().startswith(("[", "{")):
        raise PathError(f"the value for {echo(path)} is more than one value: {echo(text)}", VALUE_HELP)
    return Scalar("", 0, 0, 0, True) if value is None else _without_place(value)


def _without_place(node: Node) -> Node:
    if isinstance(node, Scalar):
        return Scalar(node.text, 0, 0, 0, node.plain)
    if isinstance(node, Sequence):
        return Sequence([_without_place(item) for item in node.items], 0, 0)
    return Mapping([(_key(key.text), _without_place(value)) for key, value in node.entries], 0, 0)


def _key(text: str) -> Scalar:
    return Scalar(text, 0, 0, 0, True)


def _child(node: Node, part: str, above: list[str]) -> Node | None:
    """What a part names below a node; None for a key that is not there. Raises PathError."""
    if isinstance(node, Sequence):
        return node.items[_index(node, part, above)]
    if isinstance(node, Mapping):
        return next((value for key, value in node.entries if key.text == part), None)
    raise PathError(f"{_path(above)} is a single value, {echo(part)} is not in it", "shorten the path")


def _put(node: Node, places: Path, value: Node) -> None:
    """Set the value at a place; the keys that lead there are created where they are missing."""
    place, *below = places
    if isinstance(node, Sequence) and isinstance(place, int):
        if below:
            _put(node.items[place], tuple(below), value)
        else:
            node.items[place] = value
    elif isinstance(node, Mapping):
        index = next((number for number, (key, _) in enumerate(node.entries) if key.text == place), None)
        if index is None:
            node.entries.append((_key(str(place)), _nested(below, value)))
        elif below:
            _put(node.entries[index][1], tuple(below), value)
        else:
            node.entries[index] = (node.entries[index][0], value)


def _index(node: Sequence, part: str, above: list[str]) -> int:
    count = len(node.items)
    if part.isascii() and part.isdecimal() and len(part) < 10 and int(part) < count:
        return int(part)
    advice = f"write an index from 0 to {count - 1}" if count else "add items in the file"
    raise PathError(f"{_path(above)} has {count} items, {echo(part)} is none of them", advice)


def _nested(parts: list[str | int], value: Node) -> Node:
    for part in reversed(parts):
        value = Mapping([(_key(str(part)), value)], 0, 0)
    return value


def _path(parts: list[str]) -> str:
    return echo(".".join(parts)) if parts else "the document"
