"""One row per position of every checked file, numbers as exact as in the JSON report.

Files that could not be checked have no rows: what is wrong with them stands in the other formats and on standard error.
"""

import csv
from decimal import Decimal
from io import StringIO
from typing import Any

from marginctl.core.plain import as_plain, keys_of
from marginctl.core.report import PositionFigures, Report
from marginctl.document.source import printable
from marginctl.render.numbers import plain
from marginctl.results import Options, Run

ACCOUNT_COLUMNS = ("file", "account", "venue", "currency")
POSITION_COLUMNS = tuple(key.name for key in keys_of(PositionFigures))


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
    return plain(value) if isinstance(value, Decimal) else printable(str(value))
