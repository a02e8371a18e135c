"""Places in files as the formats for machines name them."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from marginctl.findings import Location, Problem

STANDARD_INPUT = "-"
MOST_LINES = 20
"""Problems of one file that are listed."""


def relative(file: str) -> str:
    """The path with forward slashes and without a leading ``./``; standard input is called ``stdin``."""
    if file == STANDARD_INPUT:
        return "stdin"
    path = file.replace("\\", "/")
    while path.startswith("./"):
        path = path[2:].lstrip("/")
    return path or "."


def spot(location: Location) -> str:
    """``file:line:column`` or ``mapping:key`` as far as it is known."""
    known = (location.line or "", location.column or "", location.key)
    return ":".join([location.file, *(str(part) for part in known if part)])


def explained(message: str, advice: str) -> str:
    """One sentence of what is wrong and what to do about it."""
    return f"{message}; {advice}" if advice else message


def problem_lines(problems: Iterable[Problem]) -> Iterator[str]:
    """One line a problem, and how many more there are of a file."""
    for file, found in groupby(problems, key=lambda problem: problem.location.file):
        rows = list(found)
        for one in rows[:MOST_LINES]:
            yield f"{spot(one.location)}: {one.code} {explained(one.message, one.help)}"
        if len(rows) > MOST_LINES:
            yield f"{file}: and {len(rows) - MOST_LINES} more problems"


def fingerprint(file: str, *parts: str) -> str:
    """A name for a finding of a file that stays the same when lines move: 32 hex digits of the file and the parts."""
    from hashlib import sha256

    return sha256("\0".join((relative(file), *parts)).encode("utf-8", "backslashreplace")).hexdigest()[:32]
