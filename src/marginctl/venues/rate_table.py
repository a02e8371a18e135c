"""A CSV of recorded funding rates -> histories by symbol, or every row that cannot be read.

The first line names the columns: ``symbol``, ``time`` and ``rate``, or ``symbol``, ``fundingTime`` and ``fundingRate``
as one venue's interface calls them; other columns are left alone. A time is a date with its zone, or milliseconds since
1970; a rate is a fraction or a percentage per interval, positive when longs pay.
"""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from marginctl.core.funding_cases import MINUTE, RateHistory
from marginctl.document import scalars
from marginctl.document.files import decode
from marginctl.document.numbers import NumberError, rate
from marginctl.document.price_history import cells_of, column_of
from marginctl.document.scalars import WordError
from marginctl.document.source import Source, StoppingCollector, TooManyProblemsError, echo
from marginctl.findings import Problem

NAMES = (("symbol", "time", "rate"), ("symbol", "fundingTime", "fundingRate"))
HEADER_HELP = "write symbol,time,rate"
TIME_EXAMPLE = "write it as 2026-11-22T08:00:00Z, or in milliseconds since 1970"
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MILLISECONDS = (12, 13)
"""Digits of a time in milliseconds between 1973 and 2286; seconds have 9 or 10."""


class _Row(Struct, frozen=True, gc=False):
    line: int
    time: int
    rate: Decimal


def histories(data: bytes, name: str) -> tuple[dict[str, RateHistory], list[Problem]]:
    """The rates of every symbol in the order of time; none of them where anything is wrong."""
    source, problems = decode(data, name)
    if problems:
        return {}, problems
    found = StoppingCollector(source, [])
    try:
        rows = _rows(source, found)
        _check_times(rows, found)
    except TooManyProblemsError:
        return {}, found.problems
    if found.problems:
        return {}, found.problems
    return {symbol: _history(symbol, group) for symbol, group in rows.items()}, []


def _history(symbol: str, rows: Iterable[_Row]) -> RateHistory:
    ordered = sorted(rows, key=lambda row: row.time)
    return RateHistory(symbol, tuple(row.time for row in ordered), tuple(row.rate for row in ordered))


def _rows(source: Source, found: StoppingCollector) -> dict[str, list[_Row]]:
    lines = source.text.removesuffix("\n").split("\n")
    header = cells_of(lines[0])
    names = next((names for names in NAMES if set(names) <= set(header)), None)
    if names is None or len(set(header)) < len(header):
        found.add((1, 1), "MC025", f"the first line does not name the columns once each: {echo(lines[0])}", HEADER_HELP)
        return {}
    columns = [header.index(one) for one in names]
    rows: dict[str, list[_Row]] = {}
    for number, line in enumerate(lines[1:], 2):
        cells = cells_of(line)
        if len(cells) != len(header):
            message = f"the row has {len(cells)} cells, the first line {len(header)}"
            found.add((number, 1), "MC025", message, "write one cell for each column, without commas inside")
            continue
        places = [(number, column_of(line, column)) for column in columns]
        row = _row(places, [cells[column] for column in columns], found)
        if row is not None:
            rows.setdefault(cells[columns[0]], []).append(row)
    if not rows and not found.problems:
        found.add((1, 1), "MC025", "the file has no rates below its first line", "add one line for each rate")
    return rows


def _row(places: list[tuple[int, int]], cells: list[str], found: StoppingCollector) -> _Row | None:
    symbol, time, text = cells
    if not symbol or symbol != symbol.strip():
        found.add(places[0], "MC025", "`symbol` is empty or has spaces around it", "write it without spaces")
        return None
    try:
        return _Row(places[0][0], _milliseconds(time), rate(text))
    except NumberError as error:
        found.add(places[2], error.code, f"`rate` {error.message}", error.help)
    except WordError as error:
        found.add(places[1], error.code, f"`time` {error.message}", error.help)
    return None


def _milliseconds(text: str) -> int:
    """Milliseconds since 1970 of a date with its zone, or as written. Raises WordError."""
    if text.isascii() and text.isdecimal():
        if len(text) not in MILLISECONDS:
            raise WordError(f"is not in milliseconds since 1970: {echo(text)}", TIME_EXAMPLE)
        return int(text)
    scalars.instant(text)
    moment = dt.datetime.fromisoformat(text)
    return (moment - EPOCH) // dt.timedelta(milliseconds=1)


def _check_times(rows: dict[str, list[_Row]], found: StoppingCollector) -> None:
    """Note rates of one contract that stand within a minute of one another."""
    for symbol, group in rows.items():
        ordered = sorted(group, key=lambda row: row.time)
        for before, after in pairwise(ordered):
            if after.time - before.time < MINUTE:
                late, early = max(before.line, after.line), min(before.line, after.line)
                message = f"{echo(symbol)} has a rate for this time already, on line {early}"
                found.add((late, 1), "MC016", message, "remove one of the two")
