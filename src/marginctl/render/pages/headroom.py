"""``headroom``: the largest orders and withdrawals, and the ways to pass what is broken.

Sizes are told with all their digits: they are exact to their last one.
"""

from collections.abc import Sequence
from decimal import Decimal

from marginctl.core.exact import ONE, Direction
from marginctl.core.rooms import DepositWay, OrderRoom, ReductionWay, Remedies, Stop, WithdrawalRoom
from marginctl.findings import Finding
from marginctl.render import Options
from marginctl.render.page import (
    DataTable,
    FindingRow,
    Findings,
    Page,
    Section,
    Sentence,
    dim,
    names,
    numbers,
    page,
    pointed,
    section,
    texts,
)
from marginctl.render.pages.account import SEVERITY_WORDS, problems
from marginctl.render.pages.columns import figured
from marginctl.render.pages.head import head
from marginctl.results.headroom_result import HeadroomResult
from marginctl.wording import closed, deposited, grouped, listed, rounded_up, separated

UNLIMITED = "no limit"
UNSURE = "unknown"
WORDS = {
    "free-collateral": "free collateral",
    "last-tier": "end of the contract's tiers",
    "no-maintenance-rate": "no maintenance rate is known",
    "held": "all that is held",
    "bonus": "all that is the account's own",
}


def headroom_page(result: HeadroomResult, _: Options) -> Page:
    """The verdict of ``check``, what is broken and how to mend it, and then what fits."""
    outcome = result.outcome
    parts: list[Section | None] = []
    if outcome.report is not None:
        unit = outcome.report.account.currency
        note = _broken_already(result)
        parts = [
            _broken(result, unit),
            _orders(result.orders, unit, None if result.withdrawals else note),
            _withdrawals(result.withdrawals, unit, note),
        ]
    told = [head(outcome, result.fail_on), problems(outcome)]
    return page([*(told if outcome.report else reversed(told)), *parts])


def _broken_already(result: HeadroomResult) -> Sentence | None:
    broken = list(dict.fromkeys(f"{one.finding.code} {one.finding.subject}" for one in result.broken))
    return dim(f"not kept, as they are broken already: {listed(broken)}") if broken else None


def _orders(rooms: Sequence[OrderRoom], unit: str, note: Sentence | None) -> Section | None:
    if not rooms:
        return None
    columns = (
        names("contract", [room.symbol for room in rooms]),
        texts("side", [room.side for room in rooms]),
        pointed("quantity", [_quantity(room) for room in rooms]),
        figured("notional", rooms, "notional", unit, priority=2, absent=""),
        numbers("leverage", [_leverage(room.initial_rate) for room in rooms], "x", priority=3),
        texts("stopped by", [_stop_text(room.stop) for room in rooms], priority=1),
    )
    return section(
        "Largest orders", DataTable(columns), note, note="each alone, at the mark, keeping every limit that holds"
    )


def _quantity(room: OrderRoom) -> str:
    if room.quantity is not None:
        return separated(room.quantity)
    return UNLIMITED if room.stop is None else UNSURE


def _leverage(rate: Decimal) -> str:
    return "" if not rate else grouped(ONE / rate, 2, Direction.UP)


def _stop_text(stop: Stop | None) -> str:
    """``MC101 utilization, cross``, or what it is that the venue does not allow."""
    if stop is None:
        return ""
    return f"{stop.code} {stop.name}, {stop.subject}" if stop.code else WORDS[stop.name]


def _withdrawals(rooms: Sequence[WithdrawalRoom], unit: str, note: Sentence | None) -> Section | None:
    if not rooms:
        return None
    several = len({room.pool for room in rooms}) > 1
    columns = (
        names("asset", [room.asset for room in rooms]),
        texts("pool", [room.pool if several else "" for room in rooms], priority=4),
        pointed("amount", [separated(room.amount) for room in rooms], "units"),
        pointed("held", [separated(room.held) for room in rooms], "units", priority=3),
        figured("value", rooms, "value", unit, priority=2),
        texts("stopped by", [_stop_text(room.stop) for room in rooms], priority=1),
    )
    return section("Largest withdrawals", DataTable(columns), note, note="each alone")


def _broken(result: HeadroomResult, unit: str) -> Section | None:
    """Every broken limit with the ways to pass it; where a formula does not give one, the rule's own advice."""
    rows = tuple(_mended(one.finding, one.ways, unit) for one in result.broken)
    heading = "Broken now, and the cheapest ways to pass; each is enough alone"
    return section(heading, Findings(rows)) if rows else None


def _mended(finding: Finding, ways: Remedies, unit: str) -> FindingRow:
    found = [(_deposit_text(way), way.value) for way in ways.deposits]
    found += [(_reduction_text(way), way.notional) for way in (ways.reduction,) if way and (way.left or found)]
    advice = tuple(f"{text} ({grouped(value, 2, Direction.UP)} {unit})" for text, value in found)
    return FindingRow(
        word=SEVERITY_WORDS[finding.severity],
        code=finding.code,
        text=finding.message,
        advice=advice or ((finding.remedy,) if finding.remedy else ()),
    )


def _deposit_text(way: DepositWay) -> str:
    return deposited(way.amount, way.asset, way.pool)


def _reduction_text(way: ReductionWay) -> str:
    stay = way.quantity + way.left - rounded_up(way.quantity)
    return f"{closed(way)}, {separated(stay)} stay" if way.left else closed(way)
