"""The configuration of a folder: what flags say where none is given, and limits that hold like a policy's.

``marginctl.yaml``, or the table ``[tool.marginctl]`` of ``pyproject.toml``; both are read by the same rules.
"""

import os
import re
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from marginctl.document.files import content_of, decode
from marginctl.document.kinds import FLAG, TEXT, ListOf, MapOf, Number, any_of, words
from marginctl.document.mapping import key_paths, mapping_text
from marginctl.document.reader import read
from marginctl.document.record import Record, bind, optional
from marginctl.document.source import Source, printable
from marginctl.document.toml_places import toml_place, toml_places
from marginctl.findings import Problem
from marginctl.limits.format import PolicyKeys

TABLE = "tool.marginctl"
CONFIGURATION, PROJECT = "marginctl.yaml", "pyproject.toml"
R = TypeVar("R", bound=Record)
COUNT = Number(minimum=0, integer=True)
_LINE = re.compile(r" \(at line ([0-9]+), column ([0-9]+)\)$")


class ConfigFile(PolicyKeys, name="configuration"):
    """What is meant where no flag and no variable says otherwise; `limits` and the like hold like those of a policy."""

    editor_schema = optional(TEXT, "where an editor finds the JSON Schema", name="$schema")
    format = optional(words("marginctl.config/1"), "the format of this file", name="schema")
    paths = optional(ListOf(TEXT), "what `check` checks: files, folders or globs; what they match is a portfolio")
    exclude = optional(ListOf(TEXT), "globs of files and folders that are left out of folders and globs")
    policy = optional(any_of(TEXT, ListOf(TEXT)), "files of the risk team, as `--limits`")
    form = optional(TEXT, "as `--format` of `check`", name="format")
    output = optional(MapOf(TEXT), "files to write, by format, below the folder of this file")
    rules = optional(TEXT, "a folder of rule sets, as `--rules`")
    fail_on = optional(TEXT, "error, warning or never")
    select = optional(ListOf(TEXT), "codes of the limits that count")
    ignore = optional(ListOf(TEXT), "codes of limits that do not")
    baseline = optional(TEXT, "a file of accepted breaches, or `git:COMMIT`")
    rule_pages = optional(TEXT, "the address of the pages of the limits")
    jobs = optional(COUNT, "processes for many files")
    notes = optional(FLAG, "give notes to github, gitlab and sarif too")
    sarif_waived = optional(FLAG, "keep waived findings in sarif")
    color = optional(TEXT, "auto, always or never")
    width = optional(COUNT, "columns of the text")
    quiet = optional(FLAG, "findings and the verdict only")
    verbose = optional(FLAG, "every limit, assumption and source")

    @property
    def asks(self) -> bool:
        """Whether it asks for anything that a policy could ask for."""
        return any(key in self for key in PolicyKeys.layout.keys)


def is_configuration(path: str) -> bool:
    """Whether a file is read as a configuration, by its name."""
    return os.path.basename(path) in (CONFIGURATION, PROJECT)  # noqa: PTH119


def read_configuration(path: str) -> tuple[tuple[ConfigFile, Source] | None, list[Problem]]:
    """A configuration; None with everything wrong with it."""
    return _project(path) if os.path.basename(path) == PROJECT else bound_file(path, ConfigFile)  # noqa: PTH119


def bound_file(path: str, record: type[R]) -> tuple[tuple[R, Source] | None, list[Problem]]:
    """A file as a record; None with everything wrong with it."""
    name = printable(path)
    data, problem = content_of(Path(path), name)
    return (None, [problem]) if problem is not None else _bound(data, name, record)


def _bound(data: bytes, name: str, record: type[R]) -> tuple[tuple[R, Source] | None, list[Problem]]:
    source, node, problems = read(data, name)
    if node is None or problems:
        return None, problems
    found, problems = bind(node, record, source)
    return (None, problems) if found is None else ((found, source), [])


def _project(path: str) -> tuple[tuple[ConfigFile, Source] | None, list[Problem]]:
    """The table of a project's file; numbers with a point stay as they were written."""
    name = printable(path)
    data, problem = content_of(Path(path), name)
    if problem is not None:
        return None, [problem]
    source, problems = decode(data, name)
    if problems:
        return None, problems
    tree, problems = _toml(source)
    if tree is None:
        return None, problems
    tool = tree.get("tool", {})
    table = tool.get("marginctl", {}) if isinstance(tool, dict) else {}
    text, problems = mapping_text(table if isinstance(table, dict) else {"": table}, name)
    if problems:
        return None, [_located(one, source) for one in problems]
    return _table(text, source)


def _table(text: str, source: Source) -> tuple[tuple[ConfigFile, Source] | None, list[Problem]]:
    """The table as a text of ours, whose problems and places are those of the file."""
    _, node, problems = read(text.encode(), source.name)
    if node is None or problems:
        return None, problems
    source.key_paths = key_paths(node)
    places = toml_places(source.text)
    source.written = lambda path: toml_place(f"{TABLE}.{path}" if path else TABLE, places, source.text)
    found, problems = bind(node, ConfigFile, source)
    return (None, problems) if found is None else ((found, source), [])


def _located(problem: Problem, source: Source) -> Problem:
    """A problem of a path of keys, at its line."""
    place = toml_place(f"{TABLE}.{problem.location.key}", toml_places(source.text), source.text)
    return source.problem(place, problem.code, problem.message, problem.help)


def _toml(source: Source) -> tuple[dict[str, Any] | None, list[Problem]]:
    tomllib = import_module("tomllib")  # only ever needed for such a file
    try:
        return dict(tomllib.loads(source.text, parse_float=str)), []
    except tomllib.TOMLDecodeError as error:
        place = _LINE.search(str(error))
        where = (int(place[1]), int(place[2])) if place else (0, 0)
        return None, [source.problem(where, "MC001", f"it is no TOML: {_LINE.sub('', str(error))}")]
    except RecursionError:
        return None, [source.problem((0, 0), "MC003", "it is nested too deep", "write it flatter")]
    except ValueError:  # a whole number of more digits than Python reads
        return None, [source.problem((0, 0), "MC001", "it is no TOML: a number has too many digits")]
