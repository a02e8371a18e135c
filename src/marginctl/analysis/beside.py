"""What else is wrong with a file of which some rows do not fit: the problems of the other rows, in the same run.

Only what the faulty rows have no say in is told: no price that one of them may have given, no haircut, no sum.
"""

from bisect import bisect_right
from collections.abc import Callable

from marginctl.document.nodes import Mapping, Node
from marginctl.document.record import Record
from marginctl.findings import Problem
from marginctl.portfolio.format import PortfolioFile

Place = tuple[int, int]
ROWS = ("collateral", "positions", "orders", "other", "scenarios")
"""Lists whose rows stand by themselves."""
APART = frozenset((*ROWS, "limits", "waivers", "expect", "origin"))
"""Sections on which nothing rests that is said of others."""
OF_ALL = frozenset(("MC012", "MC023", "MC026"))
"""Problems of what is missing in all rows together: an account that is empty, a haircut, balances set aside."""
PRICED = "MC020"


def problems_beside(
    node: Node, file: PortfolioFile, wrong: list[Problem], resolved: Callable[[PortfolioFile], list[Problem]]
) -> list[Problem]:
    """What ``resolved`` finds wrong with the rows that fit, beside what does not fit."""
    if not isinstance(node, Mapping):
        return []
    places = [(word.line, word.column) for word, _ in node.entries]
    names = [word.text for word, _ in node.entries]

    def section(problem: Problem) -> str:
        found = bisect_right(places, _place(problem)) - 1
        return names[found] if found >= 0 else ""

    faulty = {section(one) for one in wrong}
    if not faulty <= APART or places != sorted(places):
        return []
    for name in ROWS:
        rows = file.__dict__.get(name)
        if rows and name in faulty:
            file.__dict__[name] = _fitting(rows, [_place(one) for one in wrong if section(one) == name])
    return [one for one in resolved(file) if _is_certain(one, section(one), faulty)]


def _place(problem: Problem) -> Place:
    return problem.location.line, problem.location.column


def _fitting(rows: list[Record], wrong: list[Place]) -> list[Record]:
    """The rows in which nothing is wrong."""
    starts = [(row.node.line, row.node.column) for row in rows]
    faulty = {bisect_right(starts, place) - 1 for place in wrong}
    return [row for number, row in enumerate(rows) if number not in faulty]


def _is_certain(problem: Problem, section: str, faulty: set[str]) -> bool:
    """Whether a problem stays, whatever the faulty rows were meant to say."""
    if not faulty & {*ROWS}:
        return True
    if problem.code in OF_ALL or (section == "orders" and "positions" in faulty):
        return False
    return problem.code != PRICED or not (section == "scenarios" or "positions" in faulty)
