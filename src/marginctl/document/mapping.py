"""A mapping of Python -> the text that a file would hold, so that both are read by the same rules.

Values are texts, whole numbers, Decimals, dates, booleans, None, lists and mappings of them. A binary float is refused:
it is not the number that was written. Places in such a text are paths of keys, as in ``--set``.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from operator import index
from typing import Any

from marginctl.document import nodes
from marginctl.document.numbers import NumberError
from marginctl.document.reader import DEEPEST, FORBIDDEN
from marginctl.document.source import MOST_PROBLEMS, TooManyProblemsError, echo
from marginctl.findings import Location, Problem

MOST_VALUES = 1_000_000
WRITE = "write a text, a whole number, a Decimal, a date, True, False or None"
FLOAT_HELP = 'write it as text, such as "0.1", or as a Decimal of a text'


def mapping_text(mapping: Mapping[str, Any], name: str) -> tuple[str, list[Problem]]:
    """The mapping as JSON, and what in it no file could say."""
    writer = _MappingWriter(name)
    try:
        tree = writer.tree(mapping, ())
    except TooManyProblemsError:
        tree = None
    return "" if writer.problems else json.dumps(tree, indent=2), writer.problems


def exact_text(value: Any) -> str:
    """How a file writes a value. Raises NumberError for one that is not exact, or no value of a file."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    try:
        return str(index(value))
    except TypeError:
        kind = type(value).__name__
        message = f"is a {kind}, not an exact value: {echo(repr(value))}"
        raise NumberError(message, FLOAT_HELP if kind.startswith("float") else WRITE) from None


class _MappingWriter:
    """Makes plain values; what cannot be one is a problem and None. One that holds itself ends as it is too large."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self.count = 0

    def tree(self, value: Any, path: tuple[str, ...]) -> Any:
        self.count += 1
        if self.count > MOST_VALUES:
            self.refuse((), "MC001", f"it holds more than {MOST_VALUES:,} values", "split it into several")
            raise TooManyProblemsError
        if len(path) > DEEPEST:
            return self.refuse(path, "MC003", f"nested deeper than {DEEPEST} levels", "write it flatter")
        if isinstance(value, Mapping):
            return {self.key(key, path): self.tree(item, (*path, str(key))) for key, item in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
            return [self.tree(item, (*path, str(number))) for number, item in enumerate(value)]
        return self.scalar(value, path)

    def key(self, key: Any, path: tuple[str, ...]) -> Any:
        if isinstance(key, str):
            return self.text(key, path)
        return self.refuse(path, "MC003", f"the key {echo(repr(key))} is no text", "write it in quotes")

    def scalar(self, value: Any, path: tuple[str, ...]) -> Any:
        if value is None:
            return None
        try:
            return self.text(exact_text(value), path)
        except NumberError as error:
            return self.refuse(path, error.code, f"{echo(path[-1])} {error.message}", error.help)

    def text(self, text: str, path: tuple[str, ...]) -> Any:
        forbidden = next((character for character in text if character in FORBIDDEN), "")
        if forbidden:
            self.refuse(path, "MC003", f"the control character {echo(forbidden)} is not allowed", "remove it")
        return text

    def refuse(self, path: tuple[str, ...], code: str, message: str, help: str) -> None:
        self.problems.append(Problem(Location(self.name, key=joined(path)), code, message, help))
        if len(self.problems) >= MOST_PROBLEMS:
            raise TooManyProblemsError


def joined(path: Iterable[str]) -> str:
    """The parts of a path with dots between them, in quotes where they hold one: ``prices."A.B"``."""
    return ".".join(f'"{part}"' if "." in part or not part else part for part in path)


def key_paths(root: nodes.Node) -> dict[tuple[int, int], str]:
    """Line and column of every key and value -> the path of the key."""
    found: dict[tuple[int, int], str] = {}
    waiting: list[tuple[nodes.Node, tuple[str, ...]]] = [(root, ())]
    while waiting:
        node, path = waiting.pop()
        found[node.line, node.column] = joined(path)
        if isinstance(node, nodes.Mapping):
            for key, value in node.entries:
                inner = (*path, key.text)
                found[key.line, key.column] = joined(inner)
                waiting.append((value, inner))
        elif isinstance(node, nodes.Sequence):
            waiting += [(item, (*path, str(number))) for number, item in enumerate(node.items)]
    return found
