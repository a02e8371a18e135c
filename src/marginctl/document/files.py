"""The bytes of files, and which files a run has read."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

Identity = tuple[int, int]
"""Device and number of a file: the same by whatever name or link it is reached."""

_READ: ContextVar[set[Identity] | None] = ContextVar("read", default=None)


@contextmanager
def noting() -> Iterator[set[Identity]]:
    """Within it, every file that is read is noted in the set."""
    seen: set[Identity] = set()
    token = _READ.set(seen)
    try:
        yield seen
    finally:
        _READ.reset(token)


def note(seen: Iterable[Identity]) -> None:
    """Files that another process read for this run."""
    noted = _READ.get()
    if noted is not None:
        noted.update(seen)


def is_read(path: Path) -> bool:
    """Whether this run has read the file at a path."""
    found = identity(path)
    return found is not None and found in (_READ.get() or ())


def identity(path: Path) -> Identity | None:
    """Which file stands at a path, links followed; None where there is none."""
    try:
        state = path.stat()
    except (OSError, ValueError):
        return None
    return state.st_dev, state.st_ino


def lies_in(path: Path, *folders: Path | None) -> bool:
    """Whether the file that a path leads to stands in one of the folders or below it."""
    real = os.path.realpath(path)
    roots = [os.path.realpath(folder) for folder in folders if folder is not None]
    return any(root == os.sep or real.startswith(root + os.sep) for root in roots)


_ELSEWHERE: ContextVar[Callable[[Path, int], bytes | None] | None] = ContextVar("elsewhere", default=None)


@contextmanager
def elsewhere(reader: Callable[[Path, int], bytes | None]) -> Iterator[None]:
    """Within it, files are read by ``reader``; where that knows none, as they are."""
    token = _ELSEWHERE.set(reader)
    try:
        yield
    finally:
        _ELSEWHERE.reset(token)


def bytes_of(path: Path, largest: int) -> bytes:
    """The bytes of a file, at the most one more than ``largest``. Raises OSError; ValueError for what is no name."""
    reader = _ELSEWHERE.get()
    found = reader(path, largest) if reader is not None else None
    if found is not None:
        return found
    with path.open("rb") as file:
        note_open(file.fileno())
        return file.read(largest + 1)


def note_open(descriptor: int) -> None:
    """Note an open file."""
    state = os.fstat(descriptor)
    note([(state.st_dev, state.st_ino)])
