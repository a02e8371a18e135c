"""Which files a PATH means, and their bytes."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from errno import EBADF, ENAMETOOLONG
from fnmatch import fnmatch
from io import UnsupportedOperation
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from marginctl.cli.discovery import ANY, PORTFOLIO, FileChoice, kind_of, passed_over
from marginctl.document.files import LARGEST, content_of, lies_in, note_open
from marginctl.document.source import printable
from marginctl.findings import Location, Problem

if TYPE_CHECKING:
    from marginctl.document.commits import Commit

SUFFIXES = (".yaml", ".yml")
STDIN = "-"
MAGIC = "*?["
ANY_DEPTH = "**"
MOST_NAMED = 3


class Input(Struct, frozen=True):
    """One file to check: the name to show, and its path (None = standard input)."""

    name: str
    path: Path | None


def inputs(
    patterns: list[str], stdin_name: str, tell: Callable[[str], object] = str, chosen: FileChoice = ANY
) -> tuple[list[Input], list[Problem]]:
    """The files of all patterns in order, each once; what matches nothing or cannot be looked into is a problem.

    A file (YAML or JSON), a directory (every ``*.yaml``, ``*.yml`` below it, in capitals too, that is a portfolio and
    in no hidden folder), a glob, or ``-``. An existing file wins over a pattern of the same name. ``tell`` hears what
    is passed over: links to directories, and YAML that is no portfolio.
    """
    found: dict[str, Input] = {}
    problems: list[Problem] = []
    for pattern in patterns:
        if pattern == STDIN:
            found.setdefault(STDIN, Input(stdin_name, None))
            continue
        search = _Search(chosen)
        matched = search.files(pattern)
        problems += search.problems
        if not matched and not search.problems:
            problems.append(_nothing(pattern, search.others, chosen.wanted))
        for path in matched:
            found.setdefault(os.path.realpath(path), Input(printable(str(path)), path))
        for link in search.links:
            tell(f"{printable(link)} is a link to a directory and was not looked into: name it to check it too")
        if matched and search.others:
            tell(passed_over(map(printable, search.others)))
    return list(found.values()), problems


def _nothing(pattern: str, others: list[str], wanted: str) -> Problem:
    if wanted != PORTFOLIO:
        message, advice = f"no marginctl.{wanted} lies there", f"a file of them says `schema: marginctl.{wanted}/1`"
        return Problem(Location(printable(pattern)), "MC001", message, advice)
    if others:
        said = passed_over(map(printable, others))
        return Problem(Location(printable(pattern)), "MC001", "no portfolio lies in it", said)
    return Problem(
        Location(printable(pattern)),
        "MC001",
        "no such file, and no file matches it",
        "give a portfolio file, a directory, a glob in quotes, or - for standard input",
    )


class _Search:
    """The files that one pattern means, what could not be read on the way, and the links that were not followed."""

    def __init__(self, chosen: FileChoice) -> None:
        self.chosen = chosen
        self.others: list[str] = []
        self.root = Path()
        self.problems: list[Problem] = []
        self.links: dict[str, None] = {}

    def files(self, pattern: str) -> list[Path]:
        """In alphabetical order."""
        try:
            path = Path(pattern)
            if path.is_dir():
                self.root = path
                return sorted(map(Path, self._below(str(path))))
            if path.exists():
                return [path] if self._may_read(pattern) else []
        except OSError as error:
            if error.errno != ENAMETOOLONG:
                self._unreadable(pattern, error)
            return []
        except ValueError:
            return []
        if not any(mark in pattern for mark in MAGIC):
            return []
        self.root = Path(*takewhile(lambda part: not any(mark in part for mark in MAGIC), path.parts))
        names = set(self._matches(path.anchor, [*path.parts[bool(path.anchor) :]]))
        names = {name for name in names if not (os.path.isdir(name) or self.chosen.leaves_out(name))}  # noqa: PTH112
        return sorted(Path(name) for name in names if self._is_file(name))

    def _below(self, folder: str) -> Iterator[str]:
        """The portfolios in a folder and below it; no link to another folder is followed, no hidden one looked into."""
        for entry in self._entries(folder):
            if self.chosen.leaves_out(entry.path):
                continue
            if self._is_folder(entry):
                yield from () if entry.name.startswith(".") else self._below(entry.path)
            elif entry.path not in self.links and entry.name.lower().endswith(SUFFIXES) and self._is_file(entry.path):
                kind = self.chosen.kind(entry.path)
                if kind == self.chosen.wanted:
                    yield entry.path
                elif not kind and self.chosen.wanted == PORTFOLIO and not entry.name.startswith("."):
                    self.others.append(os.path.normpath(entry.path))

    def _matches(self, folder: str, parts: list[str]) -> Iterator[str]:
        """What the parts of a glob match; ``**`` is any number of folders. A link to another folder is not followed."""
        if not parts:
            yield folder
            return
        part, rest = parts[0], parts[1:]
        while part == ANY_DEPTH and rest[:1] == [ANY_DEPTH]:
            del rest[0]
        if not any(mark in part for mark in MAGIC):
            path = os.path.join(folder, part)  # noqa: PTH118
            if rest or os.path.lexists(path):
                yield from self._matches(path, rest)
        elif part == ANY_DEPTH:
            yield from self._matches(folder, rest or ["*"])
            for entry in self._entries(folder):
                if not entry.name.startswith(".") and self._is_folder(entry):
                    yield from self._matches(entry.path, parts)
        else:
            for entry in self._entries(folder):
                if _fits(entry.name, part) and (not rest or self._is_folder(entry)):
                    yield from self._matches(entry.path, rest)

    def _is_folder(self, entry: "os.DirEntry[str]") -> bool:
        """Whether to look into it; a link to a folder is noted instead."""
        if entry.is_symlink() and entry.is_dir():
            self.links[entry.path] = None
        return entry.is_dir(follow_symlinks=False)

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
        is_link, is_file = os.path.islink(name), os.path.isfile(name)  # noqa: PTH113, PTH114
        if is_file and not (is_link and not lies_in(Path(name), self.root)):
            return self._may_read(name)
        leads_nowhere = is_link and not os.path.exists(name)  # noqa: PTH110
        reason = "the link leads nowhere" if leads_nowhere else "it is no ordinary file"
        reason = "the link leads out of the folder: name it to check it" if is_file else reason
        self.problems.append(Problem(Location(printable(name)), "MC001", f"cannot be read: {reason}"))
        return False

    def _may_read(self, name: str) -> bool:
        """Whether a file lies where files may be read; what does not is noted."""
        if self.chosen.root is None or lies_in(Path(name), self.chosen.root):
            return True
        self.problems.append(Problem(Location(printable(name)), "MC001", "it lies outside of the repository: name it"))
        return False

    def _unreadable(self, name: str, error: OSError) -> None:
        problem = Problem(Location(printable(name or ".")), "MC001", f"cannot be read: {error.strerror or error}")
        if problem not in self.problems:
            self.problems.append(problem)


def _fits(name: str, pattern: str) -> bool:
    """Whether a name is one that a part of a glob means; a hidden one only where the dot is written."""
    return fnmatch(name, pattern) and (pattern.startswith(".") or not name.startswith("."))


def tell_gone(patterns: list[str], commit: "Commit", tell: Callable[[str], object], chosen: FileChoice = ANY) -> None:
    """``tell`` hears of the portfolios that a commit has where the patterns look, and that are there no more."""
    names = sorted(map(printable, _gone(patterns, commit, chosen)))
    if names:
        more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
        count = "a portfolio is" if len(names) == 1 else f"{len(names):,} portfolios are"
        listed = ", ".join(names[:MOST_NAMED]) + more
        tell(f"{count} gone since {commit.revision} and not compared: {listed} (one that was moved counts as new)")


def _gone(patterns: list[str], commit: "Commit", chosen: FileChoice) -> list[str]:
    found: dict[str, None] = {}
    for pattern in patterns:
        marked = any(mark in pattern for mark in MAGIC) and not os.path.lexists(pattern)
        parts = Path(pattern).parts
        root = os.path.join("", *takewhile(lambda part: not any(mark in part for mark in MAGIC), parts))  # noqa: PTH118
        folder, wanted = (root, parts[len(Path(root).parts) :]) if marked else (pattern, (ANY_DEPTH,))
        for name in commit.below(folder or os.curdir):
            path = os.path.join(folder, name)  # noqa: PTH118
            if not _is_meant(name.split("/"), wanted) or os.path.lexists(path) or chosen.leaves_out(path):
                continue
            if marked or _was_portfolio(path, commit, chosen):
                found[os.path.normpath(path)] = None
    return list(found)


def _is_meant(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the parts of a path are those of a glob, as the search looks at what is there."""
    if not wanted or not parts:
        return not wanted and not parts
    rest = wanted[1:]
    if wanted[0] == ANY_DEPTH:
        is_deeper = len(parts) > 1 and not parts[0].startswith(".") and _is_meant(parts[1:], wanted)
        return is_deeper or _is_meant(parts, rest or ("*",))
    return _fits(parts[0], wanted[0]) and _is_meant(parts[1:], rest)


def _was_portfolio(path: str, commit: "Commit", chosen: FileChoice) -> bool:
    if not path.lower().endswith(SUFFIXES):
        return False
    return chosen.names(path) or kind_of(path, commit.read(Path(path), LARGEST) or b"") == PORTFOLIO


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
