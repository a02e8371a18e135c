"""Places in files as the formats for machines name them."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from marginctl.findings import Location, Problem
from marginctl.render import Manual

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


def rule_page(pages: str, code: str, manual: Manual) -> str:
    """The address of a rule's page; empty where there are no pages, or the rule is not in the manual.

    ``pages`` holds ``{code}`` and ``{name}``, or is one page with a heading per rule, such as ``#mc101-utilization``.
    """
    if not pages or code not in manual:
        return ""
    name = manual[code].name
    if "{code}" in pages or "{name}" in pages:
        return pages.replace("{code}", code).replace("{name}", name)
    return f"{pages}#{code.lower()}-{name}"


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
