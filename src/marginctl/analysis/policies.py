"""Files that a run is judged by beyond the portfolios' own limits: the policies, and the baseline."""

import os
from collections.abc import Iterable
from collections.abc import Sequence as Listed
from pathlib import Path
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from marginctl.analysis.check import Policy, scenarios_of
from marginctl.analysis.configuration import bound_file, is_configuration, read_configuration
from marginctl.document.files import lies_in
from marginctl.document.nodes import Node, Sequence
from marginctl.document.record import Record
from marginctl.document.source import Source, echo, printable
from marginctl.findings import Location, Problem
from marginctl.limits.baseline import Baseline, BaselineEntry, BaselineFile, baseline_text, entries_of, recorded
from marginctl.limits.config import Bound, FileLimits, LimitSource, limits_of, named
from marginctl.limits.custom_rules import custom_rules
from marginctl.limits.format import CustomEntry, PolicyFile, PolicyKeys
from marginctl.limits.rule import Rule
from marginctl.portfolio.assets import scenario_problems
from marginctl.results import Outcome

R = TypeVar("R", bound=Record)
OUTSIDE = "it lies outside of the repository: it is not read"


class AskedPolicy(NamedTuple):
    """A policy that a found configuration names, or is. ``root``: nothing outside of it is read for it.

    ``only_adds``: there is a policy that it must not weaken, so what it waives or switches off does not count.
    """

    path: str
    root: Path
    only_adds: bool = False


def policy_of(paths: Listed[str | AskedPolicy]) -> tuple[Policy | None, list[Problem]]:
    """The policies of all ``--limits`` as one; None with what is wrong with them, or where none was given."""
    read: list[Policy] = []
    problems: list[Problem] = []
    waiting = [_Wanted(one) if isinstance(one, str) else _Wanted(one.path, by=one) for one in reversed(paths)]
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
    by: AskedPolicy | None = None


def _policy(wanted: _Wanted) -> tuple[Policy | None, list[_Wanted], list[Problem]]:
    """A policy by itself, and those that it extends."""
    bound, problems = _read_policy(wanted)
    if bound is None:
        return None, [], problems
    file, source = bound
    limits, problems = _limits(file, source)
    problems += scenario_problems(file.scenarios, source)
    extended, wrong = _extended(file, source) if isinstance(file, PolicyFile) else ([], [])
    extended = [one._replace(by=wanted.by) for one in extended]
    problems += wrong
    if problems:
        return None, extended, problems
    name = source.name
    if wanted.by is not None and wanted.by.only_adds:
        limits = _asking(limits)
    venues = ((name, tuple(file.venues)),) if file.venues is not None else ()
    return Policy((limits,), scenarios_of(file.scenarios), venues, (name,)), extended, []


def _read_policy(wanted: _Wanted) -> tuple[tuple[PolicyKeys, Source] | None, list[Problem]]:
    if wanted.by is not None and not lies_in(Path(wanted.path), wanted.by.root):
        problem = Problem(Location(printable(wanted.path)), "MC001", OUTSIDE)
        return None, [problem]
    if is_configuration(wanted.path):
        return read_configuration(wanted.path)
    if wanted.source is not None and wanted.node is not None and not Path(wanted.path).is_file():
        message = f"`extends` names {echo(wanted.path)}, and there is no such file"
        return None, [wanted.source.problem(wanted.node, "MC001", message, "paths count from the folder of this file")]
    return bound_file(wanted.path, PolicyFile)


def _asking(limits: FileLimits) -> FileLimits:
    """What a policy asks for, without what it lets pass."""
    return replace(
        limits,
        waivers=(),
        bounds={code: bounds for code, bounds in limits.bounds.items() if bounds},
        accounts=tuple((pattern, _asking(one)) for pattern, one in limits.accounts),
    )


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
