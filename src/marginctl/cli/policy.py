"""The risk team's policy file: what a run is checked against beyond the portfolios' own limits."""

from pathlib import Path

from marginctl.analysis.check import Policy, scenarios_of
from marginctl.cli.files import Input, content
from marginctl.document.source import printable
from marginctl.findings import Problem
from marginctl.limits.config import Origin, limits_of


def policy_of(path: str | None) -> tuple[Policy | None, list[Problem]]:
    """The policy of ``--limits``, read; None with what is wrong with it, or where none was given."""
    if path is None:
        return None, []
    from marginctl.document.policy_shape import POLICY
    from marginctl.document.reader import read
    from marginctl.document.shape import bind

    data, problem = content(Input(printable(path), Path(path)))
    if problem is not None:
        return None, [problem]
    source, node, problems = read(data, printable(path))
    if node is None or problems:
        return None, problems
    draft, problems = bind(node, POLICY, source)
    if problems:
        return None, problems
    limits, problems = limits_of(draft, Origin.POLICY, source)
    if problems:
        return None, problems
    venues = tuple(element.value for element in draft.get("venues")) if "venues" in draft else None
    return Policy(limits, scenarios_of(draft), venues), []
