"""``headroom``: the largest orders and withdrawals, and the ways to pass, as a screen.

Sizes are told with all their digits: they are exact to their last one.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from marginctl.core.exact import ONE, Direction
from marginctl.core.rooms import DepositWay, OrderRoom, ReductionWay, Stop, WithdrawalRoom
from marginctl.render import remarks, summary
from marginctl.render.layout import Column
from marginctl.render.numbers import aligned, grouped, natural_places
from marginctl.render.problems import problem_blocks
from marginctl.render.screen import INDENT, Block, Grid, Line, Show, draw, glyphs, line, paragraph, shower
from marginctl.results import HeadroomResult, Options, Run

UNLIMITED = "no limit"
UNKNOWN = "unknown"
WORDS = {
    "free-collateral": "free collateral",
    "last-tier": "end of the contract's tiers",
    "no-maintenance-rate": "no maintenance rate is known",
    "held": "all that is held",
}


def render(headroom: HeadroomResult, options: Options) -> str:
    """The whole screen, at most ``options.width`` wide; its last line is the verdict of ``check``."""
    outcome = headroom.outcome
    parts: list[list[Block]] = []
    if outcome.report is not None:
        parts = [
            summary.header(outcome, outcome.report, options),
            *_rooms(headroom, outcome.report.account.currency, options),
        ]
        parts += [_broken(headroom, outcome.report.account.currency, options)]
    parts += [problem_blocks(outcome.problems, options)]
    run = Run(outcomes=(outcome,), exit_code=headroom.exit_code, version=headroom.version, fail_on=headroom.fail_on)
    return draw(_spaced([*parts, remarks.verdict_line(outcome, run, options)]), options)


def _spaced(parts: Iterable[list[Block]]) -> list[Block]:
    blocks: list[Block] = []
    for part in filter(None, parts):
        blocks += ([line()] if blocks else []) + part
    return blocks


def _rooms(headroom: HeadroomResult, currency: str, options: Options) -> list[list[Block]]:
    show = shower(options)
    grids = (_orders(headroom.orders, currency, show), _withdrawals(headroom.withdrawals, currency, show))
    parts: list[list[Block]] = [[grid] for grid in grids if grid is not None]
    broken = list(dict.fromkeys(f"{finding.code} {finding.subject}" for finding, _ in headroom.broken))
    if parts and broken:
        text = f"not kept, as they are broken already: {show(summary.listed(broken))}"
        parts[-1] += paragraph(text, options.width, lead=line(INDENT), style="dim")
    return parts


def _orders(rooms: Sequence[OrderRoom], currency: str, show: Show) -> Grid | None:
    if not rooms:
        return None
    columns = (
        Column(title="contract", cells=[show(room.symbol) for room in rooms], right=False, name=True),
        Column(title="side", cells=[room.side for room in rooms], right=False),
        Column(title="quantity", cells=aligned([_quantity(room) for room in rooms])),
        Column(title="notional", unit=currency, cells=[_notional(room) for room in rooms], priority=2),
        Column(title="leverage", unit="x", cells=[_leverage(room.initial_rate) for room in rooms], priority=3),
        Column(title="stopped by", cells=[_stop_text(room.stop, show) for room in rooms], right=False, priority=1),
    )
    return Grid("Largest orders", "each alone, at the mark, keeping every limit that holds", columns)


def _quantity(room: OrderRoom) -> str:
    if room.quantity is not None:
        return _exactly(room.quantity)
    return UNLIMITED if room.stop is None else UNKNOWN


def _exactly(value: Decimal) -> str:
    return grouped(value, natural_places(value), Direction.NEAREST)


def _notional(room: OrderRoom) -> str:
    return "" if room.notional is None else grouped(room.notional, 2, Direction.DOWN)


def _leverage(rate: Decimal) -> str:
    return "" if not rate else grouped(ONE / rate, 2, Direction.UP)


def _stop_text(stop: Stop | None, show: Show) -> str:
    """``MC101 utilization of cross, 70%``, or what it is that the venue does not allow."""
    if stop is None:
        return ""
    if not stop.code:
        return WORDS[stop.name]
    return f"{stop.code} {stop.name}, {show(stop.subject)}"


def _withdrawals(rooms: Sequence[WithdrawalRoom], currency: str, show: Show) -> Grid | None:
    if not rooms:
        return None
    several = len({room.pool for room in rooms}) > 1
    columns = (
        Column(title="asset", cells=[show(room.asset) for room in rooms], right=False, name=True),
        Column(title="pool", cells=[room.pool if several else "" for room in rooms], right=False, priority=4),
        Column(title="amount", unit="units", cells=aligned([_exactly(room.amount) for room in rooms])),
        Column(title="held", unit="units", cells=aligned([_exactly(room.held) for room in rooms]), priority=3),
        Column(title="value", unit=currency, cells=[grouped(r.value, 2, Direction.DOWN) for r in rooms], priority=2),
        Column(title="stopped by", cells=[_stop_text(room.stop, show) for room in rooms], right=False, priority=1),
    )
    return Grid("Largest withdrawals", "each alone", columns)


def _broken(headroom: HeadroomResult, currency: str, options: Options) -> list[Block]:
    """Every broken limit with the ways to pass it; where a formula does not give one, the rule's own advice."""
    if not headroom.broken:
        return []
    show, arrow = shower(options), glyphs(options).arrow
    blocks: list[Block] = [line("Broken now, and the cheapest ways to pass; each is enough alone", "bold")]
    for finding, ways in headroom.broken:
        word, style = remarks.SEVERITY_WORDS[finding.severity]
        lead: Line = ((INDENT, ""), (word, style), (f"  {finding.code}  ", ""))
        blocks += paragraph(show(finding.message), options.width, lead=lead)
        texts = [*map(_deposit_text, ways.deposits), *([_reduction_text(ways.reduction)] if ways.reduction else [])]
        hang = " " * (len(INDENT) + len(word) + len(finding.code) + 4)
        values = [*(way.value for way in ways.deposits), *([ways.reduction.notional] if ways.reduction else [])]
        worths = [f"{grouped(value, 2, Direction.UP)} {currency}" for value in values]
        for text, worth in zip(texts, worths, strict=True):
            blocks += paragraph(f"{show(text)} ({worth})", options.width, lead=((f"{hang}{arrow} ", "dim"),))
        if not texts and finding.remedy:
            blocks += paragraph(show(finding.remedy), options.width, lead=((f"{hang}{arrow} ", "dim"),))
    return blocks


def _deposit_text(way: DepositWay) -> str:
    amount = f"{_exactly(way.amount)} {way.asset}"
    if way.pool.startswith("isolated:"):
        return f"add {amount} of isolated margin to {way.pool}"
    return f"deposit {amount}" if way.pool == "cross" else f"deposit {amount} into {way.pool}"


def _reduction_text(way: ReductionWay) -> str:
    if not way.left:
        return f"close the {way.symbol} {way.side} of {_exactly(way.quantity)}"
    return f"close {_exactly(way.quantity)} of the {way.symbol} {way.side}, {_exactly(way.left)} stay"
