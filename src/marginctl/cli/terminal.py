"""How text leaves: colour, width, encoding, and what a stream that cannot show a character gets instead."""

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from msgspec import Struct

from marginctl.document.source import printable
from marginctl.findings import Problem

NARROWEST, USUAL = 60, 80


class Terminal(Struct, frozen=True):
    """What a stream can show: ``width`` None = no limit."""

    width: int | None
    color: bool
    ascii: bool


def terminal(stream: TextIO, color: str, width: int | None) -> Terminal:
    """The abilities of a stream: no terminal has no width limit and no colour unless they are asked for."""
    is_terminal = stream.isatty()
    return Terminal(
        width=width if width is not None else _columns(stream) if is_terminal else None,
        color=wants_color(color, is_terminal),
        ascii=not _speaks_unicode(stream),
    )


def wants_color(color: str, is_terminal: bool) -> bool:
    """--color always|never, else FORCE_COLOR and NO_COLOR (any value but the empty one), else a terminal that can."""
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal and os.environ.get("TERM") != "dumb"


def _columns(stream: TextIO) -> int:
    asked = os.environ.get("COLUMNS", "")
    if asked.isascii() and asked.isdigit() and int(asked):
        return max(NARROWEST, int(asked))
    try:
        return max(NARROWEST, os.get_terminal_size(stream.fileno()).columns)
    except (OSError, ValueError):
        return USUAL


def _speaks_unicode(stream: TextIO) -> bool:
    try:
        "─│█░…≥".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def emit(text: str) -> None:
    """Write text to standard output in one piece, what it cannot encode as escapes."""
    stream = sys.stdout
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(newline="\n")
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def complain(message: str, help: str = "") -> None:
    """Say on standard error what is wrong with the call and what to write instead."""
    sys.stderr.write(f"marginctl: {printable(message)}\n" + (f"  help: {printable(help)}\n" if help else ""))


def tell(problems: Iterable[Problem]) -> None:
    """Say on standard error what stands in the way, one line a problem, where standard output is for machines."""
    from marginctl.render.paths import problem_lines

    for text in problem_lines(problems):
        sys.stderr.write(f"{encodable(printable(text))}\n")


def encodable(text: str) -> str:
    """The text as standard error can write it."""
    encoding = sys.stderr.encoding or "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)
