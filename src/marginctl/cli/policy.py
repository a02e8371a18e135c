"""The risk team's policy files: what a run is checked against beyond the portfolios' own limits."""

from collections.abc import Sequence
from pathlib import Path

from marginctl.analysis.check import Policy, scenarios_of
from marginctl.cli.files import Input, content
from marginctl.document.source import echo, printable
from marginctl.findings import Problem
from marginctl.limits.config import LimitSource, limits_of, together
from marginctl.portfolio.names import scenario_problems


def policy_of(paths: Sequence[str]) -> tuple[Policy | None, list[Problem]]:
    """The policies of all ``--limits`` as one; None with what is wrong with them, or where none was given."""
    read: list[Policy] = []
    problems: list[Problem] = []
    for path in dict.fromkeys(paths):
        policy, wrong = _read(path)
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
    from marginctl.findings import Location

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


def _read(path: str) -> tuple[Policy | None, list[Problem]]:
    from marginctl.document.policy_shape import POLICY
    from marginctl.document.reader import read
    from marginctl.document.shape import bind

    name = printable(path)
    data, problem = content(Input(name, Path(path)))
    if problem is not None:
        return None, [problem]
    source, node, problems = read(data, name)
    if node is None or problems:
        return None, problems
    draft, problems = bind(node, POLICY, source)
    if problems:
        return None, problems
    limits, problems = limits_of(draft, LimitSource.POLICY, source)
    problems += scenario_problems(draft, source)
    if problems:
        return None, problems
    venues = ((name, tuple(element.value for element in draft.get("venues"))),) if "venues" in draft else ()
    return Policy(limits, scenarios_of(draft), venues, (name,)), []
