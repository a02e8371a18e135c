"""Rows for spreadsheets, numbers as exact as in the JSON documents: those that a result names as its ``table``.

Files that could not be checked have none: what is wrong with them stands in the other formats and on standard error.
"""

import csv
from collections.abc import Iterator, Mapping
from decimal import Decimal
from io import StringIO
from typing import Any

from marginctl.core.plain import as_plain, keys_of
from marginctl.core.report import OtherFigures, PositionFigures, Totals
from marginctl.document.source import harmless, printable
from marginctl.findings import Check, Finding, Location
from marginctl.render import Options
from marginctl.results import Run
from marginctl.results.rows import TABLES, rows_of
from marginctl.wording import plain

INSIDE = {
    "position": PositionFigures,
    "given": OtherFigures,
    "totals": Totals,
    "check": Check,
    "finding": Finding,
    "location": Location,
}
"""Of what class the keys are that stand in the place of a key."""

FORMULAS = ("=", "+", "-", "@", "\t")
"""What makes a spreadsheet compute a text; a quote in front says that it is one."""


def render(result: Any, options: Options) -> str:
    """Rows below a header, ended by line feeds; a check's header stands also where there are none."""
    table = options.table or result.table
    rows = flat_rows(result, table)
    out = StringIO()
    columns = tuple(_columns(TABLES[table])) if isinstance(result, Run) else tuple(rows[0]) if rows else ()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _columns(kind: type) -> Iterator[str]:
    for key in keys_of(kind):
        if key.mark[:1] == "*":
            yield from _columns(INSIDE[key.name])
        else:
            yield key.name


def flat_rows(result: Any, table: str = "") -> list[dict[str, Any]]:
    """The rows of a result, each with all columns, and values as they are; an unknown one is None.

    What stands inside a row has its path as its name; a list is one text, and lists of rows are left out.
    """
    table = table or result.table
    rows = rows_of(result, table) if isinstance(result, Run) else getattr(result, table)
    flat = [dict(_flat(row)) for row in as_plain(rows)]
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
            yield lead + name, "; ".join(map(_text, value))


def _cell(value: Any) -> str:
    """A value as a cell; a text that would be a formula has a quote in front."""
    text = _text(value)
    return f"'{text}" if text.startswith(FORMULAS) and not isinstance(value, Decimal) else text


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    return harmless(printable(str(value)))
