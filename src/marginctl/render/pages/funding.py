"""Funding at several sets of rates: what positions pay, and what it does to runway and liquidation."""

from collections.abc import Callable, Iterable, Sequence

from marginctl.core.exact import Direction
from marginctl.core.funding_cases import FundingCase, FundingRow, FundingTable, Rated
from marginctl.render.page import Column, DataTable, Section, dim, names, numbers, section, texts
from marginctl.render.pages.columns import NEVER, UNKNOWN, figured
from marginctl.wording import HUNDRED, cents, duration_text, figure, grouped, listed, side_text, signed_percent

EVERY = "every"


def funding_sections(table: FundingTable, unit: str) -> Iterable[Section | None]:
    """What each position receives or pays, then the account; nothing where no rate says anything."""
    rows = [row for row in table.rows if any(row.rated.values())]
    if not rows:
        return
    yield section("Funding", DataTable(tuple(_rates(table, rows, unit))), note="received, or paid (-)")
    missing = list(dict.fromkeys(symbol for case in table.cases for symbol in case.missing))
    yield section(
        "Liquidation under funding",
        _cases(table, unit),
        dim("Fall and rise: all assets together, now and after the days named."),
        dim(f"* no rate for {listed(missing)}: counted as 0.") if missing else None,
        note="prices flat",
    )


def _rates(table: FundingTable, rows: Sequence[FundingRow], unit: str) -> Iterable[Column]:
    """What each position pays or receives per interval and per day, at every set of rates."""
    yield names("position", [f"{row.symbol} {side_text(row.side)}" for row in rows])
    yield figured("notional", rows, "notional", unit, priority=9)
    every: Sequence[str] = []
    for number, case in enumerate(table.cases):
        rated = [row.rated.get(case.name) for row in rows]
        columns = _case_columns(_case_words(case.name, table), rated, unit, number)
        yield from (column for column in columns if column.title != EVERY or column.cells != every)
        every = columns[1].cells


def _case_columns(words: str, rated: Sequence[Rated | None], unit: str, number: int) -> list[Column]:
    def cells(text: Callable[[Rated], str]) -> list[str]:
        return [UNKNOWN if one is None else text(one) for one in rated]

    rates = cells(lambda one: grouped(one.rate * HUNDRED, 4, Direction.NEAREST))
    per_interval = cells(lambda one: cents(one.per_interval))
    per_day = cells(lambda one: figure("funding_per_day", one.per_day))
    heading = f"{words} per interval" if number else "per interval"
    return [
        numbers(words, rates, "%", priority=2 + number),
        numbers(EVERY, cells(lambda one: duration_text(one.interval)), priority=7 + number),
        numbers(heading, per_interval, unit, priority=8 + number),
        numbers("per day", per_day, unit, priority=1),
    ]


def _case_words(case: str, table: FundingTable) -> str:
    """``worst 5%`` for the worst case, else its name."""
    return f"worst {signed_percent(table.quantile).lstrip('+')}" if case == "worst" else case


def _cases(table: FundingTable, unit: str) -> DataTable:
    """The account at every set of rates: a day's funding, the runway, and how much nearer liquidation comes."""
    cases, after = table.cases, f"after {duration_text(table.horizon * 24)}"
    return DataTable(
        (
            texts("rates", [_case_words(case.name, table) for case in cases]),
            figured("per day", cases, "per_day", unit, priority=1),
            numbers("runway", [_runway(case) for case in cases], "days", priority=1),
            texts("pool", [case.runway_pool or "" for case in cases], priority=9),
            figured("fall now", cases, "down", priority=3, absent=NEVER),
            figured(after, cases, "down_after", priority=3, absent=NEVER),
            figured("rise now", cases, "up", priority=4, absent=NEVER),
            figured(after, cases, "up_after", priority=4, absent=NEVER),
        )
    )


def _runway(case: FundingCase) -> str:
    if case.missing:
        return UNKNOWN if case.runway_days is None else f"{figure('runway_days', case.runway_days, 1)}*"
    return "never" if case.runway_days is None else figure("runway_days", case.runway_days, 1)
