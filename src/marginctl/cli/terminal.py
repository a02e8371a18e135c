"""How text leaves: colour, width, encoding, and what a stream that cannot show a character gets instead."""

import os
import stat
import sys
from collections.abc import Iterable
from typing import TextIO

from msgspec import Struct

from marginctl.document.source import harmless, printable
from marginctl.findings import Problem

NARROWEST, USUAL = 60, 80
LONGEST_WIDTH = 5
"""Digits."""
LINE = "\n"


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
    if asked.isascii() and asked.isdigit() and len(asked) <= LONGEST_WIDTH and int(asked):
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


def put(form: str, text: str) -> None:
    """Write a result to standard output as its format wants it."""
    (emit if form == "table" else deliver)(text)


def emit(text: str) -> None:
    """Write text for people to standard output in one piece, what it cannot encode as escapes, orders as mere text."""
    stream = sys.stdout
    if text and _is_log(stream):
        token = os.urandom(16).hex()
        text = f"::stop-commands::{token}\n{text}{'' if text.endswith(LINE) else LINE}::{token}::\n"
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(newline=LINE)
    stream.write(_encodable(text, stream))
    stream.flush()


def deliver(text: str) -> None:
    """Write what programs read to standard output: UTF-8, whatever the terminal speaks."""
    stream = sys.stdout
    if not hasattr(stream, "buffer"):  # a program put a stream of its own there
        stream.write(text)
        return
    stream.flush()
    stream.buffer.write(text.encode("utf-8", "backslashreplace"))
    stream.flush()


def _is_log(stream: TextIO) -> bool:
    """Whether a stream is the log of a job of GitHub, whose lines may be orders to the runner."""
    if not os.environ.get("GITHUB_ACTIONS") or stream.isatty():
        return False
    try:
        return not stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return True


def say(text: str) -> None:
    """Write lines to standard error, which no runner takes for orders."""
    sys.stderr.write(_encodable(harmless(text), sys.stderr))
    sys.stderr.flush()


def complain(message: str, help: str = "") -> None:
    """Say on standard error what is wrong with the call and what to write instead."""
    say(f"marginctl: {printable(message)}\n" + (f"  help: {printable(help)}\n" if help else ""))


def tell(problems: Iterable[Problem]) -> None:
    """Say on standard error what stands in the way, one line a problem, where standard output is for machines."""
    from marginctl.render.paths import problem_lines

    for text in problem_lines(problems):
        say(f"{printable(text)}\n")


def _encodable(text: str, stream: TextIO) -> str:
    """The text as a stream can write it."""
    encoding = stream.encoding or "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)
