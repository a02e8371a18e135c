"""Problems as a user is told them, one line each, so that tests can compare text."""

from collections.abc import Iterable

from marginctl.document.reader import read
from marginctl.document.shape import Draft, Shape, bind
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


def bound(text: str, shape: Shape) -> tuple[Draft, list[str]]:
    """The draft of a text without structure problems, and what binding says of it."""
    source, root, problems = read(text.encode(), "book.yaml")
    assert (problems, root is None) == ([], False)
    draft, problems = bind(root, shape, source)
    return draft, told(problems)
