"""Which files a PATH means, and their bytes."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from errno import EBADF, ENAMETOOLONG
from io import UnsupportedOperation
from pathlib import Path

from msgspec import Struct

from marginctl.document.encoding import LARGEST, content_of
from marginctl.document.files import note_open
from marginctl.document.source import printable
from marginctl.findings import Location, Problem

SUFFIXES = (".yaml", ".yml")
STDIN = "-"
MAGIC = "*?["
ANY_DEPTH = "**"


class Input(Struct, frozen=True):
    """One file to check: the name to show, and its path (None = standard input)."""

    name: str
    path: Path | None


def inputs(
    patterns: list[str], stdin_name: str, tell: Callable[[str], object] = str
) -> tuple[list[Input], list[Problem]]:
    """The files of all patterns in order, each once; what matches nothing or cannot be looked into is a problem.

    A file (YAML or JSON), a directory (every ``*.yaml``, ``*.yml`` below it, in capitals too), a glob, or ``-``. An
    existing file wins over a pattern of the same name. ``tell`` hears what a directory holds that is passed over:
    links to other directories.
    """
    found: dict[str, Input] = {}
    problems: list[Problem] = []
    for pattern in patterns:
        if pattern == STDIN:
            found.setdefault(STDIN, Input(stdin_name, None))
            continue
        search = _Search()
        matched = search.files(pattern)
        problems += search.problems
        if not matched and not search.problems:
            problems.append(_nothing(pattern))
        for path in matched:
            found.setdefault(str(path), Input(printable(str(path)), path))
        for link in search.links:
            tell(f"{printable(link)} is a link to a directory and was not looked into: name it to check it too")
    return list(found.values()), problems


def _nothing(pattern: str) -> Problem:
    return Problem(
        Location(printable(pattern)),
        "MC001",
        "no such file, and no file matches it",
        "give a portfolio file, a directory, a glob in quotes, or - for standard input",
    )


class _Search:
    """The files that one pattern means, what could not be read on the way, and the links that were not followed."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.links: list[str] = []

    def files(self, pattern: str) -> list[Path]:
        """In alphabetical order."""
        try:
            path = Path(pattern)
            if path.is_dir():
                return sorted(map(Path, self._below(str(path))))
            if path.exists():
                return [path]
        except OSError as error:
            if error.errno != ENAMETOOLONG:
                self._unreadable(pattern, error)
            return []
        except ValueError:
            return []
        if not any(mark in pattern for mark in MAGIC):
            return []
        names = set(self._matches(path.anchor, [*path.parts[bool(path.anchor) :]]))
        return sorted(Path(name) for name in names if not os.path.isdir(name) and self._is_file(name))  # noqa: PTH112

    def _below(self, folder: str) -> Iterator[str]:
        """The portfolios in a folder and below it; a link to another folder is not followed."""
        for entry in self._entries(folder):
            if entry.is_dir(follow_symlinks=False):
                yield from self._below(entry.path)
            elif entry.is_symlink() and os.path.isdir(entry.path):  # noqa: PTH112
                self.links.append(entry.path)
            elif entry.name.lower().endswith(SUFFIXES) and self._is_file(entry.path):
                yield entry.path

    def _matches(self, folder: str, parts: list[str], above: frozenset[str] = frozenset()) -> Iterator[str]:
        """What the parts of a glob match; ``**`` is any number of folders, also linked ones, but none inside itself."""
        if not parts:
            yield folder
            return
        part, rest = parts[0], parts[1:]
        if not any(mark in part for mark in MAGIC):
            path = os.path.join(folder, part)  # noqa: PTH118
            if rest or os.path.lexists(path):
                yield from self._matches(path, rest)
        elif part == ANY_DEPTH:
            real = os.path.realpath(folder or ".")
            if real not in above:
                yield from self._matches(folder, rest or ["*"])
                for entry in self._entries(folder):
                    if entry.is_dir() and not entry.name.startswith("."):
                        yield from self._matches(entry.path, parts, above | {real})
        else:
            for entry in self._entries(folder):
                if _fits(entry.name, part) and (not rest or entry.is_dir()):
                    yield from self._matches(entry.path, rest)

    def _entries(self, folder: str) -> "list[os.DirEntry[str]]":
        """What a folder holds, in order; nothing where there is none, or after noting that it cannot be read."""
        try:
            with os.scandir(folder or ".") as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self._unreadable(folder, error)
            return []

    def _is_file(self, name: str) -> bool:
        """Whether there is something to read; a link that leads nowhere, a pipe and the like are noted."""
        if os.path.isfile(name):  # noqa: PTH113
            return True
        leads_nowhere = os.path.islink(name) and not os.path.exists(name)  # noqa: PTH110, PTH114
        reason = "the link leads nowhere" if leads_nowhere else "it is no ordinary file"
        self.problems.append(Problem(Location(printable(name)), "MC001", f"cannot be read: {reason}"))
        return False

    def _unreadable(self, name: str, error: OSError) -> None:
        problem = Problem(Location(printable(name or ".")), "MC001", f"cannot be read: {error.strerror or error}")
        if problem not in self.problems:
            self.problems.append(problem)


def _fits(name: str, pattern: str) -> bool:
    """Whether a name is one that a part of a glob means; a hidden one only where the dot is written."""
    from fnmatch import fnmatch

    return fnmatch(name, pattern) and (pattern.startswith(".") or not name.startswith("."))


def content(one: Input) -> tuple[bytes, Problem | None]:
    """The bytes of a file or of standard input, or the problem."""
    if one.path is not None:
        return content_of(one.path, one.name)
    try:
        return stdin_bytes(LARGEST), None
    except OSError as error:
        return b"", Problem(Location(one.name), "MC001", f"cannot be read: {error.strerror or error}")


def stdin_bytes(largest: int) -> bytes:
    """The bytes of standard input, at the most one more than ``largest``. Raises OSError, also where it is closed."""
    if sys.stdin is None:
        raise OSError(EBADF, "standard input is closed")
    with suppress(UnsupportedOperation):
        note_open(sys.stdin.fileno())
    return sys.stdin.buffer.read(largest + 1)
