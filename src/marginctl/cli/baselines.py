"""The file of a baseline: which portfolio it means, reading it, and writing it so that a difference can be reviewed."""

import os
from collections.abc import Iterable
from pathlib import Path

from marginctl.cli.files import Input, content
from marginctl.document.reader import read
from marginctl.document.shape import bind
from marginctl.document.source import printable
from marginctl.findings import Problem
from marginctl.limits.baseline import BASELINE, Baseline, Entry, baseline_text, entries_of, named, recorded
from marginctl.results import Outcome


def baseline_of(path: str) -> tuple[Baseline | None, list[Problem]]:
    """A baseline's file, read; None with everything wrong with it."""
    data, problem = content(Input(printable(path), Path(path)))
    if problem is not None:
        return None, [problem]
    source, node, problems = read(data, printable(path))
    if node is None or problems:
        return None, problems
    draft, problems = bind(node, BASELINE, source)
    if problems:
        return None, problems
    entries, problems = entries_of(draft, source)
    return (None, problems) if problems else (Baseline(os.path.dirname(path), entries), [])  # noqa: PTH120


def write_baseline(path: str, outcomes: Iterable[Outcome]) -> list[Problem]:
    """Write what was accepted at today's figures; what other portfolios had there stays, as long as they exist.

    A portfolio that could not be checked keeps its entries too. Raises OSError.
    """
    folder = os.path.dirname(path)  # noqa: PTH120
    entries: dict[str, list[Entry]] = {}
    if Path(path).exists():
        before, problems = baseline_of(path)
        if before is None:
            return problems
        entries = {file: found for file, found in before.entries.items() if (Path(folder) / file).exists()}
    for outcome in outcomes:
        if outcome.report is not None and not outcome.problems:
            entries[named(outcome.file, folder)] = recorded(outcome.findings)
    Path(path).write_text(baseline_text(entries), encoding="utf-8", newline="\n")
    return []
