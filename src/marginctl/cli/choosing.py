"""Which files of a folder are portfolios, and which are left out."""

import os
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from marginctl.cli.discovery import NAMES
from marginctl.document.encoding import LARGEST

PORTFOLIO, CASES = "portfolio", "policy-case"
OTHERS = ("policy", CASES, "config", "venue", "baseline", "book")
"""Kinds of files of ours that are no portfolios."""
GLANCE = 64 * 1024
"""Bytes of a file in which its kind nearly always shows."""
_SCHEMA = re.compile(rb"""^(?:\{\s*)?["']?schema["']?\s*:\s*["']?marginctl\.([a-z-]+)/""", re.MULTILINE)
_EDITOR = re.compile(rb"""\$schema["']?\s*[=:].*marginctl-portfolio""")
_OWN = rb"""["']?(?:account|prices|collateral|positions)["']?\s*:"""
_KEY = re.compile(rb"""^(?:-\s*\{?\s*["']?(?:asset|symbol)["']?\s*:|""" + _OWN + rb")", re.MULTILINE)
_FLOWING_KEY = re.compile(rb"[{,\s]" + _OWN)
_SOMETHING = re.compile(rb"""^(?:-\s|["']?[\w$./][^#\n]*:(?:\s|$))""", re.MULTILINE)


class FileChoice(NamedTuple):
    """Which files are meant.

    ``exclude``: globs that are left out of folders; ``portfolios``: what a configuration names, which are portfolios
    whatever they hold; ``root``: nothing outside of it is read, None = anything may be; ``wanted``: the
    kind of file.
    """

    exclude: tuple[str, ...] = ()
    portfolios: tuple[str, ...] = ()
    root: Path | None = None
    wanted: str = PORTFOLIO

    def leaves_out(self, path: str) -> bool:
        """Whether a path of the working directory, or a folder that it lies in, is one that is left out."""
        return bool(self.exclude) and any(_matches(path, pattern) for pattern in self.exclude)

    def kind(self, path: str) -> str:
        """What a YAML file of a folder is: a portfolio where it was named as one, else by what it holds."""
        return PORTFOLIO if self.names(path) else kind_of_file(path)

    def names(self, path: str) -> bool:
        """Whether a configuration names a path as a portfolio."""
        return any(_matches(path, pattern) for pattern in self.portfolios)


ANY = FileChoice()
"""Nothing is left out, and nothing forbidden."""


def _matches(path: str, pattern: str) -> bool:
    """Whether a glob is meant for a path; one without a slash for any part of it, another one for the way to it."""
    parts = Path(os.path.relpath(path)).parts
    if "/" not in pattern.rstrip("/"):
        return any(fnmatchcase(part, pattern.rstrip("/")) for part in parts) or pattern == os.curdir
    wanted = os.path.normpath(pattern).replace(os.sep, "/").replace("**/", "*")
    return any(fnmatchcase("/".join(parts[:length]), wanted) for length in range(1, len(parts) + 1))


def kind_of_file(path: str) -> str:
    """The kind of a file: ``portfolio`` also for one that may have been meant as one, empty for other YAML.

    One that says its schema is what it says. Else a portfolio has one of a portfolio's keys; a file that has no keys at
    all is taken for one, so that an empty or a broken one is found.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a text, as scandir gives it
            data = file.read(GLANCE)
            if len(data) == GLANCE and not _is_ours(data):
                data += file.read(LARGEST)
    except OSError:
        data = b""
    return kind_of(path, data)


def kind_of(path: str, data: bytes) -> str:
    """The same of what a file holds."""
    if os.path.basename(path) == NAMES[0]:  # noqa: PTH119
        return "config"
    data = data.replace(b"\r", b"\n")
    said = _SCHEMA.search(data)
    if said is not None and said[1].decode() in OTHERS:
        return said[1].decode()
    return "" if said is None and not _is_ours(data) and _SOMETHING.search(data) else PORTFOLIO


def _is_ours(data: bytes) -> bool:
    is_flowing = data.lstrip()[:1] == b"{"
    found = (_FLOWING_KEY if is_flowing else _KEY).search(data)
    return bool(found or _EDITOR.search(data) or _SCHEMA.search(data))


def passed_over(paths: Iterable[str], most: int = 3) -> str:
    """What is said of files of a folder that are no portfolios; nothing where there are none."""
    names = sorted(paths)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    count = (
        f"{len(names):,} YAML files are no portfolios and were"
        if len(names) > 1
        else "a YAML file is no portfolio and was"
    )
    advice = "a portfolio says `schema: marginctl.portfolio/1`"
    return f"{count} not checked: {', '.join(names[:most])}{more} ({advice})" if names else ""
