"""`expect:` - the figures a venue shows, against ours: every difference beyond the tolerance is a fact MC209."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from marginctl.core.exact import ZERO
from marginctl.core.report import PositionFigures, Report
from marginctl.document.nodes import Node
from marginctl.document.shape import Draft
from marginctl.document.source import Source, echo
from marginctl.findings import DataFact, Problem
from marginctl.limits.wording import plain

DEFAULT_TOLERANCE = Decimal("0.001")
MOST_NAMES = 5


def expectations(draft: Draft | None, report: Report, source: Source) -> tuple[list[DataFact], list[Problem]]:
    """Facts for figures that differ by more than ``tolerance`` times the venue's figure (default 0.1%).

    A position that the account does not have, or a name that several share, cannot be compared: a problem.
    """
    if draft is None:
        return [], []
    tolerance = draft.get("tolerance", DEFAULT_TOLERANCE)
    facts: list[DataFact] = []
    problems: list[Problem] = []
    if "totals" in draft:
        facts += _differences("totals", draft.get("totals"), report.totals, tolerance, source)
    held = _by_name(report.positions)
    for key, figures, _ in draft.get("positions", ()):
        if key.text in held:
            facts += _differences(key.text, figures, held[key.text], tolerance, source)
            continue
        known = ", ".join(map(echo, list(held)[:MOST_NAMES]))
        advice = f"write one of {known}" if known else "the account has no positions"
        problems.append(
            source.problem(key, "MC030", f"`expect` names no position of the account: {echo(key.text)}", advice)
        )
    return facts, problems


def _by_name(positions: Iterable[PositionFigures]) -> dict[str, PositionFigures]:
    """Positions by their symbol, those that share one by their key (``BTCUSDT:long``)."""
    rows = list(positions)
    counts = Counter(position.symbol for position in rows)
    return {position.symbol if counts[position.symbol] == 1 else position.key: position for position in rows}


def _differences(subject: str, draft: Draft, ours: Any, tolerance: Decimal, source: Source) -> Iterable[DataFact]:
    for key, theirs, node in draft.items():
        yield from _difference(subject, key.text, theirs, getattr(ours, key.text), tolerance, node, source)


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
