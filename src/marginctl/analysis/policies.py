"""Files that a run is judged by beyond the portfolios' own limits: configuration, policies, baseline."""

import os
import re
from collections.abc import Iterable
from collections.abc import Sequence as Listed
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from msgspec.structs import replace

from marginctl.analysis.check import Policy, scenarios_of
from marginctl.document.encoding import content_of, decode
from marginctl.document.kinds import FLAG, TEXT, ListOf, MapOf, Number, any_of, words
from marginctl.document.mapping import key_paths, mapping_text
from marginctl.document.nodes import Node, Sequence
from marginctl.document.reader import read
from marginctl.document.record import Record, bind, optional
from marginctl.document.source import Source, echo, printable
from marginctl.findings import Location, Problem
from marginctl.limits.baseline import Baseline, BaselineEntry, BaselineFile, baseline_text, entries_of, recorded
from marginctl.limits.config import Bound, FileLimits, LimitSource, limits_of, named
from marginctl.limits.custom_rules import custom_rules
from marginctl.limits.format import CustomEntry, PolicyFile, PolicyKeys
from marginctl.limits.rule import Rule
from marginctl.portfolio.names import scenario_problems
from marginctl.results import Outcome

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


def _bound(
    data: bytes, name: str, record: type[R], *, is_mapping: bool = False
) -> tuple[tuple[R, Source] | None, list[Problem]]:
    source, node, problems = read(data, name)
    if node is None or problems:
        return None, problems
    if is_mapping:
        source.key_paths = key_paths(node)
    found, problems = bind(node, record, source)
    return (None, problems) if found is None else ((found, source), [])


def _project(path: str) -> tuple[tuple[ConfigFile, Source] | None, list[Problem]]:
    """The table of a project's file, whose places are paths of keys; numbers stay the decimals that were written."""
    tomllib = import_module("tomllib")  # only ever needed for such a file
    name = printable(path)
    data, problem = content_of(Path(path), name)
    if problem is not None:
        return None, [problem]
    source, problems = decode(data, name)
    if problems:
        return None, problems
    try:
        tree: Any = tomllib.loads(source.text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        return None, [_syntax(str(error), name)]
    except RecursionError:
        return None, [Problem(Location(name), "MC003", "it is nested too deep", "write it flatter")]
    table = tree.get("tool", {}).get("marginctl", {}) if isinstance(tree.get("tool", {}), dict) else {}
    text, problems = mapping_text(table if isinstance(table, dict) else {"": table}, name)
    return (None, problems) if problems else _bound(text.encode(), name, ConfigFile, is_mapping=True)


def _syntax(message: str, name: str) -> Problem:
    place = _LINE.search(message)
    line, column = (int(place[1]), int(place[2])) if place else (0, 0)
    return Problem(Location(name, line, column), "MC001", f"it is no TOML: {_LINE.sub('', message)}")


def policy_of(paths: Listed[str]) -> tuple[Policy | None, list[Problem]]:
    """The policies of all ``--limits`` as one; None with what is wrong with them, or where none was given."""
    read: list[Policy] = []
    problems: list[Problem] = []
    waiting = [_Wanted(path) for path in reversed(paths)]
    seen: set[str] = set()
    while waiting:
        wanted = waiting.pop()
        if (real := os.path.realpath(wanted.path)) in seen:
            continue
        seen.add(real)
        policy, extended, wrong = _policy(wanted)
        problems += wrong
        read += [policy] if policy is not None else []
        waiting += reversed(extended)
    problems += _contradictions(read)
    return (None, problems) if problems or not read else (_merged(read), [])


def _merged(policies: Listed[Policy]) -> Policy:
    return Policy(
        parts=tuple(part for one in policies for part in one.parts),
        scenarios={name: shocks for one in policies for name, shocks in one.scenarios.items()},
        venues=tuple(rule for one in policies for rule in one.venues),
        files=tuple(file for one in policies for file in one.files),
    )


def _contradictions(policies: Listed[Policy]) -> list[Problem]:
    """A name for two scenarios: whichever counted, a limit of one of the policies would be looked at on the other."""
    problems: list[Problem] = []
    first: dict[str, tuple[str, object]] = {}
    for one in policies:
        (file,) = one.files
        for name, shocks in one.scenarios.items():
            before, known = first.setdefault(name, (file, shocks))
            if known != shocks:
                message = f"the scenario {echo(name)} of {before} has other shocks here"
                problems.append(Problem(Location(file), "MC016", message, "give one of them another name"))
    return problems + _other_rules(policies)


def _other_rules(policies: Listed[Policy]) -> list[Problem]:
    """A code for two rules of one's own: a waiver of one would be taken for one of the other."""
    problems: list[Problem] = []
    first: dict[str, tuple[str, Rule]] = {}
    for part in (part for one in policies for part in one.parts):
        for rule in part.custom:
            before, known = first.setdefault(rule.code, (part.file, rule))
            if known != rule:
                message = f"{rule.code} of {before} is another rule here"
                (bound,) = part.bounds[rule.code]
                place = bound.location or Location(part.file)
                problems.append(Problem(place, "MC016", message, "give one of them another code"))
    return problems


class _Wanted(NamedTuple):
    """A policy that is to be read, and where another one asks for it."""

    path: str
    source: Source | None = None
    node: Node | None = None


def _policy(wanted: _Wanted) -> tuple[Policy | None, list[_Wanted], list[Problem]]:
    """A policy by itself, and those that it extends."""
    bound, problems = _read_policy(wanted)
    if bound is None:
        return None, [], problems
    file, source = bound
    limits, problems = _limits(file, source)
    problems += scenario_problems(file.scenarios, source)
    extended, wrong = _extended(file, source) if isinstance(file, PolicyFile) else ([], [])
    problems += wrong
    if problems:
        return None, extended, problems
    name = source.name
    venues = ((name, tuple(file.venues)),) if file.venues is not None else ()
    return Policy((limits,), scenarios_of(file.scenarios), venues, (name,)), extended, []


def _read_policy(wanted: _Wanted) -> tuple[tuple[PolicyKeys, Source] | None, list[Problem]]:
    if is_configuration(wanted.path):
        return read_configuration(wanted.path)
    if wanted.source is not None and wanted.node is not None and not Path(wanted.path).is_file():
        message = f"`extends` names {echo(wanted.path)}, and there is no such file"
        return None, [wanted.source.problem(wanted.node, "MC001", message, "paths count from the folder of this file")]
    return bound_file(wanted.path, PolicyFile)


def _extended(file: PolicyFile, source: Source) -> tuple[list[_Wanted], list[Problem]]:
    """The policies that one extends; a cycle ends where it began, since no file is read twice."""
    names = [file.extends] if isinstance(file.extends, str) else file.extends
    node = file.at(PolicyFile.extends)
    places = node.items if isinstance(node, Sequence) else [node] * len(names)
    found, problems = [], []
    for name, place in zip(names, places, strict=True):
        if "://" in name:
            message, advice = f"{echo(name)} is no file of this computer", "copy it here, and name the copy"
            problems.append(source.problem(place, "MC015", message, advice))
        found.append(_Wanted(os.path.join(os.path.dirname(source.name), name), source, place))  # noqa: PTH118, PTH120
    return ([] if problems else found), problems


def _limits(file: PolicyKeys, source: Source) -> tuple[FileLimits, list[Problem]]:
    """The limits of a policy: for all, for some accounts, and the rules of its own."""
    limits, problems = limits_of(file.limits, file.waivers, LimitSource.POLICY, source)
    accounts = []
    for pattern, one in file.accounts.items() if file.accounts else ():
        found, wrong = limits_of(one, (), LimitSource.POLICY, source)
        accounts.append((pattern, found))
        problems += wrong
    rules, wrong = custom_rules(file.custom, source)
    bounds = {
        code: (Bound(entry.severity, None, LimitSource.POLICY, source.location(entry.at(CustomEntry.code))),)
        for code, (entry, _) in rules.items()
    }
    made = tuple(rule for _, rule in rules.values())
    whole = replace(limits, bounds=limits.bounds | bounds, custom=made, file=source.name, accounts=tuple(accounts))
    return whole, [*problems, *wrong]


def baseline_of(path: str) -> tuple[Baseline | None, list[Problem]]:
    """A baseline's file, read; None with everything wrong with it."""
    bound, problems = bound_file(path, BaselineFile)
    if bound is None:
        return None, problems
    entries, problems = entries_of(*bound)
    return (None, problems) if problems else (Baseline(os.path.dirname(path), entries), [])  # noqa: PTH120


def new_baseline(path: str, outcomes: Iterable[Outcome]) -> tuple[str, list[Problem]]:
    """The text of a baseline file with what was accepted at today's figures, and what is wrong with the file there.

    What other portfolios had there stays, as long as they exist; one that could not be checked keeps its entries too.
    """
    folder = os.path.dirname(path)  # noqa: PTH120
    entries: dict[str, list[BaselineEntry]] = {}
    if Path(path).exists():
        before, problems = baseline_of(path)
        if before is None:
            return "", problems
        entries = {file: found for file, found in before.entries.items() if (Path(folder) / file).exists()}
    for outcome in outcomes:
        if outcome.report is not None and not outcome.problems:
            entries[named(outcome.file, folder)] = recorded(outcome.findings)
    return baseline_text(entries), []
