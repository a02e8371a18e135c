"""The characters of the terminal beyond letters and digits, and what an output gets that knows only ASCII."""

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from marginctl.document.source import printable
from marginctl.results import Options

Show: TypeAlias = Callable[[str], str]
"""Makes any text fit for the terminal: see ``shower``."""


class Glyphs(Struct, frozen=True):
    """The characters beyond letters and digits, as far as the output can show them."""

    ellipsis: str
    rule: str
    filled: str
    blank: str
    mark: str
    dot: str
    arrow: str


UNICODE = Glyphs("…", "─", "█", "·", "│", "·", "→")
ASCII = Glyphs("...", "-", "#", ".", "|", "|", "->")


def glyphs(options: Options) -> Glyphs:
    """The characters for this output."""
    return ASCII if options.ascii else UNICODE


def shower(options: Options) -> Show:
    """Replaces what a terminal would obey instead of show, and what an ASCII output cannot encode."""
    return _ascii if options.ascii else printable


def _ascii(text: str) -> str:
    shown = printable(text).replace(UNICODE.arrow, ASCII.arrow)
    return shown.encode("ascii", "backslashreplace").decode("ascii")
