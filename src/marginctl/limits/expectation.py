"""`expect:` - the figures a venue shows, against ours: every difference beyond the tolerance is a fact MC209."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from marginctl.core.exact import ZERO
from marginctl.core.report import Report
from marginctl.document.nodes import Node
from marginctl.document.shape import Draft
from marginctl.document.source import Source
from marginctl.findings import DataFact, Problem
from marginctl.limits.wording import plain

DEFAULT_TOLERANCE = Decimal("0.001")


def expectations(draft: Draft | None, report: Report, source: Source) -> tuple[list[DataFact], list[Problem]]:
    """Facts for figures that differ by more than ``tolerance`` times the venue's figure (default 0.1%).

    A position that the account does not have, or a figure that does not exist, cannot be compared: a problem.
    """
    if draft is None:
        return [], []
    tolerance = draft.get("tolerance", DEFAULT_TOLERANCE)
    facts: list[DataFact] = []
    problems: list[Problem] = []
    for subject, figures, ours in _compared(draft, report):
        if ours is None:
            problems.append(
                source.problem(figures.node, "MC030", f"`expect` names {subject}, which the account does not have")
            )
            continue
        for key, theirs, node in figures.items():
            facts += _difference(subject, key.text, theirs, getattr(ours, key.text), tolerance, node, source)
    return facts, problems


def _compared(draft: Draft, report: Report) -> Iterable[tuple[str, Draft, Any]]:
    if "totals" in draft:
        yield "totals", draft.get("totals"), report.totals
    held: dict[str, Any] = {}
    for position in report.positions:
        held.setdefault(position.symbol, position)
        held[position.key] = position
    for key, figures, _ in draft.get("positions", ()):
        yield key.text, figures, held.get(key.text)


def _difference(
    subject: str, name: str, theirs: Decimal, ours: Decimal | None, tolerance: Decimal, node: Node, source: Source
) -> Iterable[DataFact]:
    where = source.location(node)
    if ours is None:
        message = f"{name} of {subject}: the venue shows {plain(theirs)}, here it does not exist"
        yield DataFact("MC209", f"{subject}.{name}", message, where, None, theirs)
    elif abs(ours - theirs) > tolerance * abs(theirs):
        share = f", {plain(round((ours - theirs) / theirs * 100, 4))}%" if theirs != ZERO else ""
        message = (
            f"{name} of {subject}: the venue shows {plain(theirs)}, here it is {plain(round(ours, 8))} "
            f"(difference {plain(round(ours - theirs, 8))}{share})"
        )
        yield DataFact("MC209", f"{subject}.{name}", message, where, ours, theirs)
