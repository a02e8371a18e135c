"""Files that a run is judged by beyond the portfolios' own limits: the risk team's policies, and the baseline."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from marginctl.analysis.check import Policy, scenarios_of
from marginctl.document.encoding import content_of
from marginctl.document.reader import read
from marginctl.document.record import Record, bind
from marginctl.document.source import Source, echo, printable
from marginctl.findings import Location, Problem
from marginctl.limits.baseline import Baseline, BaselineEntry, BaselineFile, baseline_text, entries_of, named, recorded
from marginctl.limits.config import LimitSource, limits_of, together
from marginctl.limits.format import PolicyFile
from marginctl.portfolio.names import scenario_problems
from marginctl.results import Outcome

R = TypeVar("R", bound=Record)


def policy_of(paths: Sequence[str]) -> tuple[Policy | None, list[Problem]]:
    """The policies of all ``--limits`` as one; None with what is wrong with them, or where none was given."""
    read: list[Policy] = []
    problems: list[Problem] = []
    for path in dict.fromkeys(paths):
        policy, wrong = _policy(path)
        problems += wrong
        read += [policy] if policy is not None else []
    problems += _contradictions(read)
    return (None, problems) if problems or not read else (_merged(read), [])


def _merged(policies: Sequence[Policy]) -> Policy:
    return Policy(
        limits=together(one.limits for one in policies),
        scenarios={name: shocks for one in policies for name, shocks in one.scenarios.items()},
        venues=tuple(rule for one in policies for rule in one.venues),
        files=tuple(file for one in policies for file in one.files),
    )


def _contradictions(policies: Sequence[Policy]) -> list[Problem]:
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
    return problems


def _bound(path: str, record: type[R]) -> tuple[tuple[R, Source] | None, list[Problem]]:
    """A file as a record; None with everything wrong with it."""
    name = printable(path)
    data, problem = content_of(Path(path), name)
    if problem is not None:
        return None, [problem]
    source, node, problems = read(data, name)
    if node is None or problems:
        return None, problems
    found, problems = bind(node, record, source)
    return (None, problems) if found is None else ((found, source), [])


def _policy(path: str) -> tuple[Policy | None, list[Problem]]:
    bound, problems = _bound(path, PolicyFile)
    if bound is None:
        return None, problems
    file, source = bound
    limits, problems = limits_of(file.limits, file.waivers, LimitSource.POLICY, source)
    problems += scenario_problems(file.scenarios, source)
    if problems:
        return None, problems
    name = printable(path)
    venues = ((name, tuple(file.venues)),) if file.venues is not None else ()
    return Policy(limits, scenarios_of(file.scenarios), venues, (name,)), []


def baseline_of(path: str) -> tuple[Baseline | None, list[Problem]]:
    """A baseline's file, read; None with everything wrong with it."""
    bound, problems = _bound(path, BaselineFile)
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
