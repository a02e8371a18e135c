"""The file of a baseline: which portfolio it means, reading it, and writing it so that a difference can be reviewed."""

import os
from collections.abc import Iterable
from json import dumps
from pathlib import Path

from msgspec import Struct

from marginctl.cli.files import Input, content
from marginctl.document.reader import read
from marginctl.document.shape import bind
from marginctl.document.source import printable
from marginctl.findings import Problem
from marginctl.limits.baseline import BASELINE, SCHEMA, Entry, entries_of, recorded
from marginctl.limits.wording import plain
from marginctl.render.document import Outcome


class Baseline(Struct, frozen=True):
    """The entries of a baseline by portfolio, whose names are relative to the folder of its file."""

    folder: str
    entries: dict[str, list[Entry]]

    def of(self, file: str) -> list[Entry]:
        """The entries of one portfolio."""
        return self.entries.get(named(file, self.folder), [])


def named(file: str, folder: str) -> str:
    """A portfolio as a baseline in ``folder`` calls it: the same from every directory that it is checked from."""
    try:
        return os.path.relpath(file, folder or ".").replace(os.sep, "/")
    except ValueError:  # another drive
        return file.replace(os.sep, "/")


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


def baseline_text(entries: dict[str, list[Entry]]) -> str:
    """One line per entry, by file, code and subject."""
    rows = [
        _row(file, entry)
        for file in sorted(entries)
        for entry in sorted(entries[file], key=lambda entry: (entry.code, entry.subject))
    ]
    lines = ",\n".join(f"    {row}" for row in rows)
    inner = f"\n{lines}\n  " if rows else ""
    return f'{{\n  "schema": "{SCHEMA}",\n  "entries": [{inner}]\n}}\n'


def _row(file: str, entry: Entry) -> str:
    texts = {"file": file, "code": entry.code, "subject": entry.subject}
    cells = [f'"{name}": {dumps(text, ensure_ascii=False)}' for name, text in texts.items()]
    numbers = {"value": entry.value, "limit": entry.limit}
    cells += [f'"{name}": {plain(number)}' for name, number in numbers.items() if number is not None]
    return f"{{{', '.join(cells)}}}"
