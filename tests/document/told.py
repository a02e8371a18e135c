"""Problems as a user is told them, one line each, so that tests can compare text."""

from collections.abc import Iterable
from typing import Any

from marginctl.document.reader import read
from marginctl.document.record import Record, Shape, bind_shape
from marginctl.findings import Problem


def told(problems: Iterable[Problem]) -> list[str]:
    """``line:column code message -> help`` of each problem."""
    return [
        f"{problem.location.line}:{problem.location.column} {problem.code} {problem.message} -> {problem.help}"
        for problem in problems
    ]


def structure_of(text: str | bytes) -> list[str]:
    """What the reader says of a text."""
    data = text if isinstance(text, bytes) else text.encode()
    return told(read(data, "book.yaml")[2])


def bound(text: str, record: type[Record] | Shape[Any]) -> tuple[Any, list[str]]:
    """The record of a text without structure problems, as far as it fits, and what binding says of it."""
    source, root, problems = read(text.encode(), "book.yaml")
    assert (problems, root is None) == ([], False)
    found, problems = bind_shape(root, record if isinstance(record, Shape) else record.layout, source)
    return found, told(problems)
