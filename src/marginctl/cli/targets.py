"""Files that a run writes: whole or not at all, and never in the place of one that it reads."""

import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from errno import EACCES, ELOOP
from pathlib import Path

from marginctl.document.files import identity, is_read
from marginctl.document.scalars import FlagError
from marginctl.document.source import echo

LONGEST_STEM = 40
"""Characters of a name that a temporary name repeats: the whole stays within what a file system takes."""
READ = "is read by this run, and not written over"


class TargetError(FlagError):
    """Why a file is not written. ``reason``: without its name."""

    def __init__(self, path: Path, reason: str, help: str = "") -> None:
        super().__init__(f"{echo(str(path))} {reason}", help)
        self.reason = reason


def write_files(files: Mapping[Path, bytes], may_replace: Iterable[Path] = ()) -> None:
    """Write files, all or none, following links and keeping owner and mode of what was there. Raises TargetError.

    What was there stays until every new file is whole and on the disk. ``may_replace``: files that the run read and may
    write anew, as they are what it changes.
    """
    refuse_overlaps(files, ())
    own = {identity(path) for path in may_replace}
    for path in files:
        if is_read(path) and identity(path) not in own:
            raise TargetError(path, READ, "choose another name")
    parts: list[tuple[Path, Path]] = []
    path = Path()
    try:
        for path, data in files.items():
            _stage(path, data, parts)
        while parts:
            part, path = parts[0]
            os.replace(part, path)  # noqa: PTH105 - the name says what it does
            del parts[0]
            _sync(path.parent)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TargetError(path, f"cannot be written: {reason}") from None
    finally:
        for part, _ in parts:
            part.unlink(missing_ok=True)


def refuse_overlaps(targets: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Refuse a target that is no file's name, one of the inputs, or another target. Raises TargetError."""
    read = {identity(path) for path in inputs} - {None}
    seen: set[object] = set()
    for path in targets:
        if str(path) == "-":
            raise TargetError(path, "names no file to write", "give it a name; ./- is a file called -")
        found = identity(path)
        if found in read:
            raise TargetError(path, READ, "choose another name")
        place = found or os.path.realpath(path)
        if place in seen:
            raise TargetError(path, "is to be written twice", "write each to a file of its own")
        seen.add(place)


def _stage(path: Path, data: bytes, parts: list[tuple[Path, Path]]) -> None:
    """Write beside the target under a name that nobody has; a target that is no ordinary file is written as it is."""
    place = Place(path)
    if not place.is_ordinary:
        with path.open("wb") as stream:
            stream.write(data)
        return
    descriptor, part = place.begin()
    parts.append((part, place.target))
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    place.keep_rights(part)


class Place:
    """Where a file is to be, links followed. Raises OSError where it cannot be written."""

    def __init__(self, path: Path) -> None:
        self._before = path.stat() if path.exists() else None
        self.is_ordinary = self._before is None or stat.S_ISREG(self._before.st_mode)
        self.target = Path(os.path.realpath(path)) if self.is_ordinary else path
        if self.is_ordinary and self.target.is_symlink():
            raise OSError(ELOOP, os.strerror(ELOOP))
        if self.is_ordinary and self._before is not None and not os.access(self.target, os.W_OK):
            raise OSError(EACCES, os.strerror(EACCES))

    def begin(self) -> tuple[int, Path]:
        """An open file of a name that nobody has, beside the target; where there is one, nobody else may read it."""
        part = self.target.with_name(f"{begun(self.target.name)}{os.urandom(8).hex()}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        return os.open(part, flags, 0o666 if self._before is None else 0o600), part

    def keep_rights(self, part: Path) -> None:
        """Give it owner and mode of the file that it replaces."""
        if self._before is not None:
            _keep_rights(part, self._before)

    def end(self, part: Path) -> None:
        """What was written gets the name, once it is on the disk."""
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        self.keep_rights(part)
        os.replace(part, self.target)  # noqa: PTH105 - the name says what it does
        _sync(self.target.parent)


def begun(name: str) -> str:
    """What the name of a file that is being written begins with."""
    return f".{name[:LONGEST_STEM]}."


def _keep_rights(part: Path, before: os.stat_result) -> None:
    """Owner and mode of the file that is replaced, the owner as far as this process may give it."""
    if hasattr(os, "chown") and (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
        with suppress(PermissionError):
            os.chown(part, before.st_uid, before.st_gid)
    part.chmod(stat.S_IMODE(before.st_mode))


def _sync(folder: Path) -> None:
    """The new name on the disk as well, where folders can be synchronised."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
