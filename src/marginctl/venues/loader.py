"""Finding and reading rule files: bundled ones by name, a user's by folder or path."""

import os
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from marginctl.document.files import bytes_of, lies_in
from marginctl.document.nodes import Node
from marginctl.document.reader import read
from marginctl.document.source import Source, alike, echo, printable
from marginctl.findings import Location, Problem
from marginctl.venues.binding import rule_set_of
from marginctl.venues.rule_set import RuleSet
from marginctl.venues.table import LARGEST, Table, open_table, table_problems
from marginctl.venues.tiers import Deduction

DATA = Path(__file__).parent / "data"
DEFAULT = "generic"
LONGEST_NAME = 40
SUFFIXES = (".yaml", ".yml", ".json")
TABLE = ".csv"
SCHEMA = b"marginctl.venue/"


def named(
    name: str,
    *,
    node: Node | None = None,
    source: Source | None = None,
    directory: str | None = None,
    beside: Path | None = None,
) -> tuple[RuleSet | None, list[Problem]]:
    """The rule set of a name or path; None with every problem of finding, reading or binding it.

    A name with a path separator or the suffix of a rule file is a path, relative to ``beside`` (the portfolio's
    folder). Any other name is looked for in ``directory``, then among the bundled rule sets. ``node`` and ``source``
    are where the name was written, for the problem that there is no such rule set (MC024): a file that a portfolio
    names outside of its folder and of ``directory`` is never quoted. A ``directory`` that cannot
    be looked into, and a file of the name in it that cannot be read, are problems: nothing else is taken instead.
    """
    if directory is not None and (unreadable := _unreadable(directory, name)) is not None:
        return None, [unreadable]
    if is_path(name):
        path = (beside or Path()) / name
        is_near = node is None or lies_in(path, beside or Path(), None if directory is None else Path(directory))
        found = _load_file(path, name, is_near=is_near)
    else:
        own = _own_file(name, directory)
        if own is None and name in bundled():
            return _load_bundled(name), []
        found = _load_file(own, str(own)) if own is not None else None
    if found is not None:
        return found
    wrong = ("MC024", *_not_found(name, directory))
    if node is None or source is None:
        return None, [Problem(Location(""), *wrong)]
    return None, [source.problem(node, *wrong)]


def _unreadable(directory: str, name: str) -> Problem | None:
    """Why a folder of rule files, or the file of a name in it, cannot be read."""
    try:
        entries = os.listdir(directory)  # noqa: PTH208 - names alone, without a Path for each
        for entry in (name + suffix for suffix in SUFFIXES):
            if entry in entries:
                with open(os.path.join(directory, entry), "rb"):  # noqa: PTH118, PTH123
                    break
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        where = getattr(error, "filename", None) or directory
        return Problem(
            Location(printable(where)), "MC001", f"--rules: cannot be read: {reason}", "name a folder of rule files"
        )
    return None


@cache
def bundled() -> tuple[str, ...]:
    """The names of the bundled rule sets, in alphabetical order."""
    return _names(DATA)


def is_path(name: str) -> bool:
    """Whether ``account.venue`` names a file rather than a rule set."""
    return name.endswith(SUFFIXES) or "/" in name or os.sep in name


def rule_text(name: str) -> str:
    """The text of a bundled rule file, as it stands. Raises KeyError for another name."""
    if name not in bundled():
        raise KeyError(name)
    return (DATA / f"{name}.yaml").read_text(encoding="utf-8")


@cache
def _load_bundled(name: str) -> RuleSet:
    """A bundled rule set. Its tables are not checked again: the tests hold them to it, row by row."""
    path = DATA / f"{name}.yaml"
    loaded, problems = _bound(path.read_bytes(), path.name, DATA, check_tables=False)
    if loaded is None:
        raise RuntimeError(f"bundled rule set {name}: {problems[0].message}")
    return loaded


def _load_file(path: Path, shown: str, *, is_near: bool = True) -> tuple[RuleSet | None, list[Problem]] | None:
    """The rule set of a user's file, shown as it was named; None where there is no such file.

    Of one that lies elsewhere no line is shown, and nothing at all where it does not say that it is a rule file.
    """
    data = _contents(path) if path.name.endswith(SUFFIXES) else None
    if data is None or is_near:
        return None if data is None else _bound(data, shown, path.parent, check_tables=True)
    if SCHEMA not in data:
        return None, [
            Problem(Location(printable(shown)), "MC024", "is no rule file", "a rule set begins with `schema:`")
        ]
    loaded, problems = _bound(data, shown, path.parent, check_tables=True)
    return loaded, [replace(problem, excerpt="") for problem in problems]


def _bound(data: bytes, shown: str, folder: Path, *, check_tables: bool) -> tuple[RuleSet | None, list[Problem]]:
    source, node, problems = read(data, shown)
    return (None, problems) if node is None or problems else _meant(node, source, folder, check_tables=check_tables)


def with_text(path: Path, data: bytes) -> tuple[Source, Node | None, RuleSet | None, list[Problem]]:
    """The text of a rule file that was read, and the rule set that it is; without one, what is wrong."""
    source, node, problems = read(data, printable(str(path)))
    if node is None or problems:
        return source, node, None, problems
    return source, node, *_meant(node, source, path.parent, check_tables=path.parent != DATA)


def _meant(node: Node, source: Source, folder: Path, *, check_tables: bool) -> tuple[RuleSet | None, list[Problem]]:
    shown = source.name

    def table(name: str, deduction: Deduction) -> tuple[Table | None, list[Problem]]:
        content = _contents(folder / name) if _is_table(folder, name) or not check_tables else None
        if content is None:
            return None, []
        opened = open_table(str(Path(shown).parent / name), content)
        found = table_problems(opened, deduction) if check_tables else []
        return (None, found) if found else (opened, [])

    return rule_set_of(node, source, table)


def _is_table(folder: Path, name: str) -> bool:
    """Whether a rule file may name a table: one beside it, so that no other file is shown as one."""
    return name.endswith(TABLE) and lies_in(folder / name, folder)


def _own_file(name: str, directory: str | None) -> Path | None:
    if directory is None or name not in _names(Path(directory)):
        return None
    paths = (Path(directory) / (name + suffix) for suffix in SUFFIXES)
    return next((path for path in paths if path.is_file()), None)


def _names(folder: Path) -> tuple[str, ...]:
    try:
        entries = os.listdir(folder)  # noqa: PTH208 - names alone, without a Path for each
    except OSError:
        return ()
    stems = (os.path.splitext(entry) for entry in entries)  # noqa: PTH122
    return tuple(sorted({stem for stem, suffix in stems if suffix in SUFFIXES}))


def _contents(path: Path) -> bytes | None:
    """The bytes of an ordinary file, one more than is allowed at most; None where there is none to read."""
    try:
        if not path.is_file():
            return None
        return bytes_of(path, LARGEST)
    except (OSError, ValueError):
        return None


def _not_found(name: str, directory: str | None) -> tuple[str, str]:
    if is_path(name):
        return f"there is no rule file {echo(name)}", "the path counts from the folder of the portfolio"
    known = sorted({*bundled(), *(_names(Path(directory)) if directory else ())})
    products = [one for one in known if name and one.startswith(name.lower())]
    close = products or alike(name[:LONGEST_NAME].lower(), known)
    suggestion = f"did you mean {' or '.join(map(echo, close))}? " if close else ""
    return f"there is no rule set {echo(name)}", f"{suggestion}known: {', '.join(known)}, or the path of a rule file"
