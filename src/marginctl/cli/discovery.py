"""What stands around a command: the configuration of its folder, variables, and which files there are portfolios."""

import os
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from marginctl.document.files import LARGEST

if TYPE_CHECKING:
    from marginctl.analysis.configuration import ConfigFile
    from marginctl.analysis.policies import AskedPolicy
    from marginctl.cli.settled import Taken
    from marginctl.document.source import Source

NAMES = ("marginctl.yaml", "pyproject.toml")
"""In a folder the first of them that is a configuration counts."""
TABLE = b"tool.marginctl"
"""What a project's file holds where it is a configuration; spelt otherwise it is none."""
PREFIX = "MARGINCTL_"
REPOSITORY = ".git"

PORTFOLIO, CASES = "portfolio", "policy-case"
OTHERS = ("policy", CASES, "config", "venue", "baseline", "book")
"""Kinds of files of ours that are no portfolios."""
GLANCE = 64 * 1024
"""Bytes of a file in which its kind nearly always shows."""
_SCHEMA = rb"""(?m)^(?:\{\s*)?["']?schema["']?\s*:\s*["']?marginctl\.([a-z-]+)/"""
_EDITOR = rb"""\$schema["']?\s*[=:].*marginctl-portfolio"""
_OWN = rb"""["']?(?:account|prices|collateral|positions)["']?\s*:"""
_KEY = rb"""(?m)^(?:-\s*\{?\s*["']?(?:asset|symbol)["']?\s*:|""" + _OWN + rb")"
_FLOWING_KEY = rb"[{,\s]" + _OWN
_SOMETHING = rb"""(?m)^(?:-\s|["']?[\w$./][^#\n]*:(?:\s|$))"""


class ConfigPlace(Struct, frozen=True):
    """A configuration that was found: its file and its folder as they are shown, and what it may not reach out of.

    ``foreign``: it lies above the working directory and belongs to somebody else, so it is not read.
    """

    path: str
    folder: str
    root: Path
    foreign: bool = False


class Surroundings(Struct, frozen=True):
    """What a command took from around it.

    ``told``: its settings; ``policies``, ``portfolios``: those that the configuration names; ``root``: what the PATHs
    may not lead out of, where they are the configuration's; ``file``: its name, ``config``: what it says.
    """

    told: "tuple[Taken, ...]" = ()
    policies: "tuple[AskedPolicy, ...]" = ()
    portfolios: tuple[str, ...] = ()
    root: Path | None = None
    file: str = ""
    config: "tuple[ConfigFile, Source] | None" = None


def configuration_place() -> ConfigPlace | None:
    """The nearest configuration from the working directory upward, to the repository's root or the home at most."""
    try:
        start = os.getcwd()  # noqa: PTH109 - a text, as the names below
    except OSError:
        return None
    folder, home, found = start, os.path.expanduser("~"), ""  # noqa: PTH111
    while True:
        found = found or next(filter(_is_configuration, (os.path.join(folder, name) for name in NAMES)), "")  # noqa: PTH118
        is_repository = os.path.lexists(os.path.join(folder, REPOSITORY))  # noqa: PTH118
        above = os.path.dirname(folder)  # noqa: PTH120
        if is_repository or folder in (home, above):
            return _place(found, start, folder if is_repository else "") if found else None
        folder = above


def root_of(file: str) -> Path:
    """What a file of a tree may not reach out of: its repository, else the working directory that it lies in."""
    start = folder = os.path.dirname(os.path.realpath(file))  # noqa: PTH120
    while not os.path.lexists(os.path.join(folder, REPOSITORY)):  # noqa: PTH118
        above = os.path.dirname(folder)  # noqa: PTH120
        if above == folder:
            here = os.path.realpath(os.curdir)
            return Path(here if start == here or start.startswith(f"{here}{os.sep}") else start)
        folder = above
    return Path(folder)


def _place(path: str, start: str, repository: str) -> ConfigPlace:
    folder = os.path.dirname(path)  # noqa: PTH120
    shown = os.path.relpath(folder, start)
    shown = "" if shown == os.curdir else shown
    name = os.path.join(shown, os.path.basename(path))  # noqa: PTH118, PTH119
    return ConfigPlace(name, shown, Path(repository or folder), folder != start and _is_foreign(path, start))


def _is_configuration(path: str) -> bool:
    if os.path.basename(path) == NAMES[0]:  # noqa: PTH119
        return os.path.lexists(path)
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return TABLE in file.read()
    except OSError:
        return False


def _is_foreign(path: str, start: str) -> bool:
    """Whether neither this user, nor the system, nor the owner of the working directory owns a file."""
    if not hasattr(os, "geteuid"):
        return False
    try:
        return os.stat(path).st_uid not in (os.geteuid(), 0, os.stat(start).st_uid)  # noqa: PTH116
    except OSError:
        return False


def variables(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that may be settings, by their names without the prefix, in small letters; empty ones are unset."""
    return {
        name.removeprefix(PREFIX).lower(): text
        for name, text in environment.items()
        if name.startswith(PREFIX) and text
    }


class FileChoice(Struct, frozen=True):
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
    said = re.search(_SCHEMA, data)
    if said is not None and said[1].decode() in OTHERS:
        return said[1].decode()
    return "" if said is None and not _is_ours(data) and re.search(_SOMETHING, data) else PORTFOLIO


def _is_ours(data: bytes) -> bool:
    is_flowing = data.lstrip()[:1] == b"{"
    found = re.search(_FLOWING_KEY if is_flowing else _KEY, data)
    return bool(found or re.search(_EDITOR, data) or re.search(_SCHEMA, data))


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
