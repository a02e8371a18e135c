"""Files: their bytes, which of them a run has read, and text that a parser may see, or the reason why not."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from marginctl.document.source import Source, echo, lines_of, printable
from marginctl.findings import Location, Problem

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


LARGEST = 16 * 1024 * 1024
UTF_8_MARK = b"\xef\xbb\xbf"
SAVE_AS_UTF_8 = "save it as UTF-8"
_PAGE = r"(?ai)<(?:!doctype|html|head|body|!--|\?xml|error)\b"
_TITLE = "(?i)<title[^<>]*>([^<>]*)<"
_MARKUP = "<[^<>]*>"
PAGE_HEAD = 4096
"""Characters of a web page that are searched for its title."""

# UTF-32 first: one of its marks begins with one of UTF-16.
_OTHERS = (
    ("UTF-32", (b"\xff\xfe\0\0", b"\0\0\xfe\xff")),
    ("UTF-16", (b"\xff\xfe", b"\xfe\xff")),
)
_CONTROLS = bytes(code for code in (*range(32), 127) if code not in b"\t\n\r")
_LINE_ENDS = frozenset("\x85\u2028\u2029")
"""They end a line for a YAML parser, and hardly ever for who reads the file."""
_HIGH_CONTROLS = frozenset(map(chr, (*range(0x80, 0xA0), 0xFFFE, 0xFFFF))) | _LINE_ENDS


def content_of(path: Path, name: str, largest: int = LARGEST) -> tuple[bytes, Problem | None]:
    """The bytes of a file (one more than may be read at most, so that ``decode`` can refuse it), or the problem."""
    try:
        return bytes_of(path, largest), None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        return b"", Problem(Location(name), "MC001", f"cannot be read: {reason}")


def decode(data: bytes, name: str, largest: int = LARGEST) -> tuple[Source, list[Problem]]:
    """The text of a file, without byte order mark. With a problem the text is not to be parsed."""
    if len(data) > largest:
        size = f"the file has {len(data) / 1048576:.1f} MiB, at most {largest // 1048576} MiB are read"
        return _unreadable(name, size, "split it into several files")
    page = _page_words(data)
    if page is not None:
        words = f" ({echo(page)})" if page else ""
        return _unreadable(name, f"the file is a web page{words}, not YAML or JSON", "save the data, not the page")
    other = _other_encoding(data)
    if other:
        return _unreadable(name, f"the file is {other}, not UTF-8", SAVE_AS_UTF_8)
    try:
        source = Source(name, data.removeprefix(UTF_8_MARK).decode("utf-8"))
    except UnicodeDecodeError as error:
        return _not_utf_8(data.removeprefix(UTF_8_MARK), error, name)
    return source, _control_characters(data, source)


def _unreadable(name: str, message: str, help: str) -> tuple[Source, list[Problem]]:
    source = Source(name, "")
    return source, [source.problem((0, 0), "MC001", message, help)]


def _other_encoding(data: bytes) -> str:
    """UTF-16 or UTF-32 by its byte order mark, or by the zeros beside its first, surely ASCII, character."""
    for encoding, marks in _OTHERS:
        if data.startswith(marks):
            return encoding
    head = data[:4]
    zeros = tuple(byte == 0 for byte in head)
    if zeros in ((True, True, True, False), (False, True, True, True)):
        return "UTF-32"
    return "UTF-16" if zeros in ((True, False, True, False), (False, True, False, True)) else ""


def _page_words(data: bytes) -> str | None:
    """The title of a web page, else its first words, such as those of an error; None where it is no web page."""
    start = data[:PAGE_HEAD].removeprefix(UTF_8_MARK).lstrip()
    head = start.decode("utf-8", "replace") if start.startswith(b"<") else ""
    if not re.match(_PAGE, head):
        return None
    title = re.search(_TITLE, head)
    return " ".join((title[1] if title else re.sub(_MARKUP, " ", head)).split())


def _not_utf_8(data: bytes, error: UnicodeDecodeError, name: str) -> tuple[Source, list[Problem]]:
    source = Source(name, data.decode("utf-8", "replace"))
    before = data[: error.start].decode("utf-8")
    message = f"the file is not UTF-8: byte 0x{data[error.start]:02x}"
    return source, [source.problem(_place(before), "MC001", message, SAVE_AS_UTF_8)]


def _control_characters(data: bytes, source: Source) -> list[Problem]:
    """One problem at the first control character, if there are any."""
    has_high = not source.text.isascii() and not _HIGH_CONTROLS.isdisjoint(source.text)
    if len(data.translate(None, _CONTROLS)) == len(data) and not has_high:
        return []
    controls = _HIGH_CONTROLS.union(map(chr, _CONTROLS))
    at = next(index for index, character in enumerate(source.text) if character in controls)
    found = printable(source.text[at])
    kind, more = (
        ("line separator", f", or write {found} in double quotes")
        if source.text[at] in _LINE_ENDS
        else ("control character", "")
    )
    message = f"the {kind} `{found}` is not allowed"
    return [source.problem(_place(source.text[:at]), "MC001", message, f"remove it{more}")]


def _place(before: str) -> tuple[int, int]:
    """Line and column of the character that follows a text."""
    lines = lines_of(before + "x")
    return len(lines), len(lines[-1])
