"""Which files a PATH means, and their bytes."""

import sys
from pathlib import Path

from msgspec import Struct

from marginctl.document.source import printable
from marginctl.findings import Location, Problem

MOST_BYTES = 16 * 1024 * 1024
SUFFIXES = (".yaml", ".yml")
STDIN = "-"


class Input(Struct, frozen=True):
    """One file to check: the name to show, and its path (None = standard input)."""

    name: str
    path: Path | None


def inputs(patterns: list[str], stdin_name: str) -> tuple[list[Input], list[Problem]]:
    """The files of all patterns in order, each once; a pattern that matches nothing is a problem.

    A file (YAML or JSON), a directory (every ``*.yaml``, ``*.yml`` below it), a glob, or ``-``. An existing file wins
    over a pattern of the same name.
    """
    found: dict[str, Input] = {}
    problems: list[Problem] = []
    for pattern in patterns:
        if pattern == STDIN:
            found.setdefault(STDIN, Input(stdin_name, None))
            continue
        matched = _matched(pattern)
        if not matched:
            problems.append(
                Problem(
                    Location(printable(pattern)),
                    "MC001",
                    "no such file, and no file matches it",
                    "give a portfolio file, a directory, a glob in quotes, or - for standard input",
                )
            )
        for path in matched:
            found.setdefault(str(path), Input(printable(str(path)), path))
    return list(found.values()), problems


def _matched(pattern: str) -> list[Path]:
    try:
        path = Path(pattern)
        if path.is_dir():
            return sorted(child for child in path.rglob("*") if child.suffix in SUFFIXES and child.is_file())
        if path.exists():
            return [path]
        return sorted(match for match in _glob(pattern) if match.is_file())
    except (OSError, ValueError, NotImplementedError):
        return []


def _glob(pattern: str) -> list[Path]:
    if not any(mark in pattern for mark in "*?["):
        return []
    from glob import glob

    return [Path(name) for name in glob(pattern, recursive=True)]  # noqa: PTH207


def content(one: Input) -> tuple[bytes, Problem | None]:
    """The bytes of a file (one more than may be read at most, so that the reader can refuse it), or the problem."""
    try:
        if one.path is None:
            return sys.stdin.buffer.read(MOST_BYTES + 1), None
        with one.path.open("rb") as file:
            return file.read(MOST_BYTES + 1), None
    except OSError as error:
        return b"", Problem(Location(one.name), "MC001", f"cannot be read: {error.strerror or error}")
