"""What stands around a command: the configuration of the folder that it runs in, and variables of the environment."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

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


class ConfigPlace(NamedTuple):
    """A configuration that was found: its file and its folder as they are shown, and what it may not reach out of.

    ``foreign``: it lies above the working directory and belongs to somebody else, so it is not read.
    """

    path: str
    folder: str
    root: Path
    foreign: bool = False


class Surroundings(NamedTuple):
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
