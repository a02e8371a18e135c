"""Rows for spreadsheets, numbers as exact as in the JSON documents: of a check, one per position of every checked file.

Files that could not be checked have no rows: what is wrong with them stands in the other formats and on standard error.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from io import StringIO
from itertools import chain
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
    """Rows of a JSON document below a header."""
    flat = flat_rows(rows)
    return _text(flat, flat[0] if flat else ())


def flat_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a JSON document, each with all columns and values as they are; an unknown one is None.

    What stands inside a row has its path as its name; a list is one text, and lists of rows are left out.
    """
    flat = [dict(_flat(row)) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    shown = [name for name in names if not any(other.startswith(f"{name}.") for other in names)]
    return [{name: row.get(name) for name in shown} for row in flat]


def _flat(row: Mapping[str, Any], lead: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, Mapping) and all(isinstance(one, Decimal) for one in value.values()):
            yield lead + name, "; ".join(f"{key}={plain(one)}" for key, one in value.items())
        elif isinstance(value, Mapping):
            yield from _flat(value, f"{lead}{name}.")
        elif not isinstance(value, list | tuple):
            yield lead + name, value
        elif not any(isinstance(one, Mapping) for one in value):
            yield lead + name, "; ".join(map(_cell, value))


def render(run: Run, options: Options) -> str:  # noqa: ARG001 - one signature for all formats
    """A header, then the positions in the order of the files, ended by line feeds; an unknown figure is empty."""
    rows = chain.from_iterable(position_rows(one.file, one.report) for one in run.outcomes if one.report is not None)
    return _text(rows, (*ACCOUNT_COLUMNS, *POSITION_COLUMNS))


def position_rows(file: str, report: Report) -> Iterator[dict[str, Any]]:
    """A row for every position of a checked file."""
    account = report.account
    names = dict(zip(ACCOUNT_COLUMNS, (file, account.name, account.venue, account.currency), strict=True))
    return (names | as_plain(position) for position in report.positions)


def _text(rows: Iterable[Mapping[str, Any]], columns: Iterable[str]) -> str:
    out = StringIO()
    writer = csv.DictWriter(out, tuple(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain(value) if isinstance(value, Decimal) else printable(str(value))
