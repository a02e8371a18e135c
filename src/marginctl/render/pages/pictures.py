"""The pictures of an account: what liquidates first, from collateral to free collateral, who uses the margin.

They show figures of the report and compute none of their own but sums of what they show: every amount of a waterfall
is the difference of two running totals in cents, so that it adds up in the digits it shows.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import NamedTuple

from marginctl.core.exact import ONE, ZERO, Direction, rounded
from marginctl.core.pool import is_shared
from marginctl.core.report import PoolFigures, PositionFigures, Report, UnderlyingFigures
from marginctl.findings import Check
from marginctl.render.page import Bar, BarPicture, BarRow, DataTable, Sentence, Tone, names, numbers, texts
from marginctl.render.pages.columns import NEVER, sign_tone
from marginctl.wording import HUNDRED, counted, figure, figure_percent, grouped, natural_places, price_places, trimmed

MOST_ASSETS, MOST_POSITIONS, MOST_POOLS, MOST_PARTS = 15, 20, 3, 6
"""Rows of a picture; what is left out is counted."""
NOTHING = "Nothing liquidates, however far one price or all of them move."
TOGETHER = "all together"
FAR = "MC102"
"""The limit on how near the liquidation of a pool may be."""
CENTS = 2


def pictures(report: Report, checks: Iterable[Check] = ()) -> Iterable[BarPicture | Sentence]:
    """Those that have something to show, in the order of the page; ``checks``: the limits that were looked at."""
    yield from distance(report, max((one.limit for one in checks if one.code == FAR and one.limit), default=None))
    yield from waterfalls(report)
    yield from margin(report)


# What liquidates first.


class _Move(NamedTuple):
    """What moves, at which signed moves its pool is liquidated, and the prices that these are."""

    label: str
    down: Decimal | None
    up: Decimal | None
    prices: tuple[Decimal | None, Decimal | None]

    @property
    def nearest(self) -> tuple[bool, Decimal]:
        """The nearer first, what never liquidates last."""
        sizes = [abs(one) for one in (self.down, self.up) if one is not None]
        return (not sizes, min(sizes, default=ZERO))


def distance(report: Report, least: Decimal | None = None) -> Iterable[BarPicture | Sentence]:
    """How far each asset alone, and all together, may move; nothing where no position can be liquidated.

    least: the distance that a limit asks for.
    """
    if not report.positions:
        return
    several = len(report.pools) > 1
    joint = _Move(TOGETHER, report.liquidation.down, report.liquidation.up, (None, None))
    alone = sorted((_asset_move(row, several=several) for row in report.underlyings), key=lambda one: one.nearest)
    shown = sorted((joint, *alone[:MOST_ASSETS]), key=lambda one: one.nearest)
    if shown[0].nearest[0]:
        yield Sentence(text=NOTHING)
        return
    more = len(alone) - MOST_ASSETS
    note = f" {counted(more, 'more asset')} not shown." if more > 0 else ""
    yield BarPicture(
        name="distance",
        title="What liquidates first",
        reading=_nearest_words(shown[0]) + note + (f" The limit: {trimmed(least * HUNDRED)}%." if least else ""),
        rows=tuple(BarRow(label=one.label, bars=(_safe(one),), note=_reach(one), signs=_ends(one)) for one in shown),
        table=_moves_table(shown),
        is_share=True,
        band=(-least, least) if least else None,
    )


def _asset_move(row: UnderlyingFigures, *, several: bool) -> _Move:
    label = f"{row.asset} ({row.pool})" if several else row.asset
    return _Move(label, row.down, row.up, (row.liquidation_down, row.liquidation_up))


def _safe(one: _Move) -> Bar:
    """The moves that do not liquidate, as far as the picture reaches: from -100% to +100%."""
    low = -ONE if one.down is None else max(one.down, -ONE)
    return Bar(low, ONE if one.up is None else min(one.up, ONE), tone=Tone.DIM if one.nearest[0] else Tone.PLAIN)


def _ends(one: _Move) -> tuple[tuple[Decimal, str], ...]:
    """Where the fall and the rise are that liquidate, once where both are now; an arrow for one beyond the edge."""
    fall = () if one.down is None else ((one.down, "▼"),)
    rise = () if one.up is None or one.up == one.down else ((min(one.up, ONE), "▲" if one.up <= ONE else "→"),)
    return (*fall, *rise)


def _reach(one: _Move) -> str:
    return f"▼ {_side(one.down, one.prices[0], 'down')}   ▲ {_side(one.up, one.prices[1], 'up')}"


def _side(move: Decimal | None, price: Decimal | None, name: str) -> str:
    if move is None:
        return "none"
    shown = f"{figure_percent(name, move)}%" if move < 0 else f"+{figure_percent(name, move)}%"
    return shown if price is None else f"{shown} at {_price(price, name)}"


def _price(price: Decimal, side: str) -> str:
    toward = Direction.UP if side == "down" else Direction.DOWN
    return grouped(price, min(price_places(price), max(natural_places(price), 2)), toward)


def _nearest_words(best: _Move) -> str:
    if not best.nearest[1]:
        return "Liquidatable at these prices already."
    falls = best.down is not None and abs(best.down) == best.nearest[1]
    who = "all assets together" if best.label == TOGETHER else f"{best.label} alone"
    return f"The nearest: a {'fall' if falls else 'rise'} of {figure_percent('distance', best.nearest[1])}% of {who}."


def _moves_table(rows: Sequence[_Move]) -> DataTable:
    return DataTable(
        (
            names("asset", [one.label for one in rows]),
            numbers("fall", [_percent(one.down, "down") for one in rows]),
            numbers("at", ["" if one.prices[0] is None else _price(one.prices[0], "down") for one in rows]),
            numbers("rise", [_percent(one.up, "up") for one in rows]),
            numbers("at", ["" if one.prices[1] is None else _price(one.prices[1], "up") for one in rows]),
        )
    )


def _percent(move: Decimal | None, name: str) -> str:
    return NEVER if move is None else f"{figure_percent(name, move)}%"


# From collateral to free collateral.


class _Step(NamedTuple):
    """An amount that is added; ``total``: what there is then has a name."""

    label: str
    amount: Decimal = ZERO
    total: str = ""


def waterfalls(report: Report) -> Iterable[BarPicture]:
    """One for each cross pool with positions, the fullest three."""
    busy = {one.pool for one in report.positions}
    pools = [one for one in report.pools if one.name in busy and is_shared(one.margin_mode)]
    for pool in sorted(pools, key=lambda one: -(one.maintenance_ratio or ZERO))[:MOST_POOLS]:
        yield _waterfall(report, pool, several=len(pools) > 1)


def _waterfall(report: Report, pool: PoolFigures, *, several: bool) -> BarPicture:
    unit = report.account.currency
    steps = [*_to_equity(report, pool), *_to_free(report, pool), *_to_buffer(pool)]
    rows = _running(steps)
    title = "From collateral to free collateral"
    return BarPicture(
        name="waterfall",
        title=f"{title}, {pool.name}" if several else title,
        reading=_usable(pool, unit),
        rows=tuple(rows),
        table=DataTable(
            (
                texts("step", [row.label for row in rows]),
                numbers("amount", [row.bars[0].text for row in rows], unit),
            )
        ),
        unit=unit,
    )


def _usable(pool: PoolFigures, unit: str) -> str:
    free, whole = figure("free_collateral", pool.free_collateral), figure("equity", pool.equity)
    return f"Of {whole} {unit} of equity {free} can be used."


def _to_equity(report: Report, pool: PoolFigures) -> Iterable[_Step]:
    rows = [one for one in report.collateral if one.pool == pool.name]
    gross = [(one.asset, one.balance * one.price) for one in rows if one.balance]
    pnl = sum((one.unrealized_pnl * one.price for one in rows), ZERO)
    yield from _largest(gross, "other assets")
    if pnl:
        yield _Step("unrealized PnL", pnl)
    rest = pool.equity - sum((amount for _, amount in gross), ZERO) - pnl
    if rest:
        yield _Step("haircut" if rest < 0 else "kept apart", rest)
    yield _Step("", total="equity")


def _to_free(report: Report, pool: PoolFigures) -> Iterable[_Step]:
    own = [(_whose(one), one.initial_margin) for one in report.positions if one.pool == pool.name]
    parts = [(name, -amount) for name, amount in own if amount]
    yield from _largest(parts, "other positions")
    rest = -pool.initial_margin - sum((amount for _, amount in parts), ZERO)
    if rest:
        yield _Step("netting" if rest > 0 else "other requirements", rest)
    if pool.order_margin:
        yield _Step("open orders", -pool.order_margin)
    left = pool.equity - pool.initial_margin - pool.order_margin
    if left != pool.free_collateral:
        yield _Step("cannot be used", pool.free_collateral - left)
    yield _Step("", total="free collateral")


def _to_buffer(pool: PoolFigures) -> Iterable[_Step]:
    """Beside it what is left before liquidation."""
    yield _Step("back to equity", pool.equity - pool.free_collateral)
    yield _Step("maintenance margin", pool.buffer - pool.equity)
    yield _Step("", total="buffer")


def _whose(one: PositionFigures) -> str:
    return f"{one.symbol} {one.side}"


def _largest(parts: Sequence[tuple[str, Decimal]], rest: str) -> Iterable[_Step]:
    """The largest first, what is beyond ``MOST_PARTS`` in one."""
    ordered = sorted(parts, key=lambda one: -abs(one[1]))
    for name, amount in ordered[:MOST_PARTS]:
        yield _Step(name, amount)
    if len(ordered) > MOST_PARTS:
        yield _Step(rest, sum((amount for _, amount in ordered[MOST_PARTS:]), ZERO))


def _running(steps: Sequence[_Step]) -> list[BarRow]:
    """BarPicture from one running total to the next, both in cents."""
    exact = accumulate((step.amount for step in steps), initial=ZERO)
    totals = [rounded(one, CENTS, Direction.DOWN) for one in exact]
    return [_stepped(step, *pair) for step, pair in zip(steps, pairwise(totals), strict=True)]


def _stepped(step: _Step, before: Decimal, after: Decimal) -> BarRow:
    if step.total:
        bar = Bar(ZERO, after, grouped(after, CENTS, Direction.NEAREST))
        return BarRow(label=f"= {step.total}", bars=(bar,), is_sum=True)
    change = after - before
    sign = "+" if change > 0 else ""
    return BarRow(
        label=step.label,
        bars=(Bar(before, after, f"{sign}{grouped(change, CENTS, Direction.NEAREST)}", sign_tone(change)),),
    )


# Who uses the margin.


def margin(report: Report) -> Iterable[BarPicture]:
    """Stand-alone margins of the positions, what they come to, and what they ask for together."""
    known = [one for one in report.positions if one.initial_margin is not None and one.maintenance_margin is not None]
    if len(known) < 2 or len(known) != len(report.positions):
        return
    ordered = sorted(known, key=lambda one: -(one.maintenance_margin or ZERO))
    shown, netting, unit = ordered[:MOST_POSITIONS], report.netting, report.account.currency
    rows = [(_whose(one), one.initial_margin or ZERO, one.maintenance_margin or ZERO) for one in shown]
    alone = (netting.gross_initial_margin or ZERO, netting.maintenance.gross_maintenance_margin or ZERO)
    sums = [
        ("each alone", *alone),
        ("together", netting.initial_margin, netting.maintenance.maintenance_margin),
    ]
    more = len(ordered) - len(shown)
    yield BarPicture(
        name="margin",
        title="Who uses the margin",
        reading=_used(report, rows[0][0]) + (f" {counted(more, 'more position')} not shown." if more else ""),
        rows=(*(_margins(*row) for row in rows), *(_margins(*row, is_sum=True) for row in sums)),
        table=DataTable(
            (
                names("position", [name for name, _, _ in (*rows, *sums)]),
                numbers("initial", [figure("initial_margin", one) for _, one, _ in (*rows, *sums)], unit),
                numbers("maintenance", [figure("maintenance_margin", one) for _, _, one in (*rows, *sums)], unit),
            )
        ),
        unit=unit,
    )


def _margins(label: str, initial: Decimal, maintenance: Decimal, *, is_sum: bool = False) -> BarRow:
    """Initial margin, the maintenance margin within it."""
    words = f"{figure('initial_margin', initial)} / {figure('maintenance_margin', maintenance)}"
    bars = (Bar(ZERO, initial, words, Tone.DIM), Bar(ZERO, maintenance))
    return BarRow(label=label, bars=bars, is_sum=is_sum)


def _used(report: Report, first: str) -> str:
    saving, rate = report.netting.saving, report.netting.saving_rate
    shades = "The longer bar: initial, within it: maintenance margin."
    if not saving or rate is None:
        return f"{first} asks for most; netting saves nothing. {shades}"
    saved = f"{figure('saving', saving)} {report.account.currency} ({figure_percent('saving_rate', rate)}%)"
    return f"{first} asks for most; netting saves {saved}. {shades}"
