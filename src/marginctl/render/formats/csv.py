"""Rows for spreadsheets, numbers as exact as in the JSON documents: of a check, one per position of every checked file.

Files that could not be checked have no rows: what is wrong with them stands in the other formats and on standard error.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from io import StringIO
from typing import Any

from marginctl.core.plain import as_plain, keys_of
from marginctl.core.report import PositionFigures, Report
from marginctl.document.source import printable
from marginctl.render.display import Options
from marginctl.results import Run
from marginctl.wording import plain

ACCOUNT_COLUMNS = ("file", "account", "venue", "currency")
POSITION_COLUMNS = tuple(key.name for key in keys_of(PositionFigures))


def rows_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of a JSON document below a header; what stands inside a row has its path as its name, lists of rows none."""
    flat = [dict(_flat(row)) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    shown = [name for name in names if not any(other.startswith(f"{name}.") for other in names)]
    out = StringIO()
    writer = csv.DictWriter(out, shown, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return out.getvalue()


def _flat(row: Mapping[str, Any], lead: str = "") -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        if isinstance(value, Mapping) and all(isinstance(one, Decimal) for one in value.values()):
            yield lead + name, "; ".join(f"{printable(key)}={plain(one)}" for key, one in value.items())
        elif isinstance(value, Mapping):
            yield from _flat(value, f"{lead}{name}.")
        elif not isinstance(value, list | tuple):
            yield lead + name, _cell(value)
        elif not any(isinstance(one, Mapping) for one in value):
            yield lead + name, "; ".join(map(_cell, value))


def render(run: Run, options: Options) -> str:  # noqa: ARG001 - one signature for all formats
    """A header, then the positions in the order of the files, ended by line feeds; an unknown figure is empty."""
    out = StringIO()
    writer = csv.DictWriter(out, (*ACCOUNT_COLUMNS, *POSITION_COLUMNS), lineterminator="\n")
    writer.writeheader()
    for outcome in run.outcomes:
        if outcome.report is not None:
            writer.writerows(_row(outcome.file, outcome.report, position) for position in outcome.report.positions)
    return out.getvalue()


def _row(file: str, report: Report, position: PositionFigures) -> dict[str, str]:
    account = report.account
    names = dict(zip(ACCOUNT_COLUMNS, (file, account.name, account.venue, account.currency), strict=True))
    return {name: _cell(value) for name, value in (names | as_plain(position)).items()}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain(value) if isinstance(value, Decimal) else printable(str(value))
