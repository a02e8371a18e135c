"""The corpus as text: one file per group of cases, one section per case, in full or as digests."""

import difflib
import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from tests.pinned.cases import Group, Kept
from tests.pinned.machine import HERE, Case, Ran

CORPUS = HERE / "corpus"
HEAD = "#### "
TYPER = CORPUS / "typer.txt"
VERSION = ".".join(version("typer").split(".")[:2])
"""Of the library whose own sentences stand in help and in refused flags."""
SHORT = 300
"""Bytes that are kept as they are: a problem, a refusal."""
MOST_TOLD = 60
"""Lines of a difference that a failing test shows."""

CONTROLS = {code: 0x2400 + code for code in range(32) if code != 10} | {127: 0x2421}
"""Control characters as the pictures of them, so that the corpus is plain text."""


def path_of(group: Group) -> Path:
    """Where the expected text of a group stands; what must not change and what may are folders apart."""
    return CORPUS / ("fixed" if group.fixed else "review") / f"{group.name}.txt"


def text_of(group: Group, ran: Sequence[Ran]) -> str:
    """The text of a group."""
    return "".join(_section(case, one, group.kept) for case, one in zip(group.cases, ran, strict=True))


def read(group: Group) -> str:
    """The expected text of a group; empty where there is none yet."""
    path = path_of(group)
    return path.read_bytes().decode("utf-8") if path.exists() else ""


def write(group: Group, text: str) -> None:
    """Accept a text."""
    path = path_of(group)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
    TYPER.write_text(VERSION + "\n", encoding="utf-8")


def _section(case: Case, ran: Ran, kept: Kept) -> str:
    parts = [f"{HEAD}{_shown(case.title.encode())}\nexit {ran.code}\n"]
    for name, content in ran.streams.items():
        if content or name == "stdout":
            parts.append(f"-- {name}{_stream(content, kept)}")
    return "".join(parts)


def _stream(content: bytes, kept: Kept) -> str:
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    open_end = "" if lines[-1] == "" else ", no newline at the end"
    if kept is Kept.FULL or len(content) < SHORT:
        return f"{open_end}\n" + _lines(lines if open_end else lines[:-1])
    if kept is Kept.HEAD:
        return ", first lines\n" + _lines(lines[:7])
    digest = hashlib.sha256(content).hexdigest()
    return f": {len(lines) - 1} lines, {len(content)} bytes, sha256 {digest}{open_end}\n"


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"{_shown(line.encode('utf-8', 'surrogateescape'))}\n" for line in lines)


def _shown(content: bytes) -> str:
    return content.decode("utf-8", "backslashreplace").translate(CONTROLS)


def difference(group: Group, actual: str, expected: str) -> str:
    """Which cases of a group differ, and how; empty where none does."""
    if actual == expected:
        return ""
    before, after = _sections(expected), _sections(actual)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    told = [f"{len(names)} of {len(group.cases)} cases differ from {path_of(group).relative_to(CORPUS)}:"]
    told += names[:20]
    changes = difflib.unified_diff(expected.splitlines(), actual.splitlines(), "expected", "actual", "", n=3)
    told += [line for _, line in zip(range(MOST_TOLD), changes, strict=False)]
    told.append(
        "the whole: python tests/pinned/run.py --against COMMIT; to accept: pytest tests/pinned --update-golden"
    )
    return "\n".join(told)


def _sections(text: str) -> dict[str, str]:
    return {part.partition("\n")[0]: part for part in f"\n{text}".split(f"\n{HEAD}")[1:]}
