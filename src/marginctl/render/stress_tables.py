"""The tables of ``stress``: scenarios, the story of a cascade, the same book isolated, funding.

Each function takes finished figures and gives a grid, or none where there is nothing to say.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

from marginctl.core.cascade import Cascade, Comparison, Fate
from marginctl.core.contract import LONG
from marginctl.core.exact import Direction
from marginctl.core.funding_cases import FundingCase, FundingRow, FundingTable, Rated
from marginctl.core.sequence import Action, CascadeStep
from marginctl.render.layout import Column
from marginctl.render.numbers import HUNDRED, aligned, exactly, figure, grouped, percent, price_places
from marginctl.render.screen import Grid, Show
from marginctl.render.sections import NEVER, UNKNOWN
from marginctl.render.stress_document import duration_text, moves_text, signed_percent
from marginctl.results import ScenarioResult, StressResult

EVERY = "every"
SURVIVED, DIED = ("survives", "green"), ("LIQUIDATED", "bold red")
WORDS = {
    Action.CANCEL_ORDERS: "orders cancelled",
    Action.NET_LEGS: "legs netted",
    Action.REPAY: "debts repaid",
    Action.REDUCE: "reduced",
    Action.CLOSE: "closed",
    Action.TAKE_OVER: "taken over",
    Action.FORFEIT: "margin kept by the venue",
    Action.BANKRUPT: "deficit, not owed",
}


def side_text(side: int) -> str:
    """``long`` or ``short``."""
    return "long" if side == LONG else "short"


def money(value: Decimal, direction: Direction = Direction.DOWN) -> str:
    """An amount in cents, rounded down unless told otherwise."""
    return grouped(value, 2, direction)


def share(value: Decimal, places: int = 2) -> str:
    """A fraction of the way in percent, rounded toward now."""
    return f"{grouped(value * HUNDRED, places, Direction.TOWARD_ZERO)}%"


def scenarios(stress: StressResult, show: Show) -> Grid:
    """One row per scenario, in the order they were asked for."""
    rows = stress.scenarios
    currency = stress.report.account.currency if stress.report else ""
    several = stress.report is not None and len(stress.report.pools) > 1
    verdicts = [SURVIVED if row.outcome.survived else DIED for row in rows]
    columns = (
        Column(title="scenario", cells=[show(row.name) for row in rows], right=False, name=True),
        Column(title="date", cells=[row.date for row in rows], right=False, priority=9),
        Column(title="moves", cells=[show(moves_text(row.scenario)) for row in rows], right=False, priority=12),
        Column(
            title="outcome", cells=[word for word, _ in verdicts], right=False, styles=[style for _, style in verdicts]
        ),
        Column(title="breaks at", cells=[_reach(row) for row in rows], priority=1),
        Column(
            title="pool",
            cells=[_pool(row, show) for row in rows] if several else [],
            right=False,
            name=True,
            priority=7,
        ),
        Column(title="equity", unit=currency, cells=[figure("equity", row.outcome.equity) for row in rows], priority=2),
        Column(title="change", unit=currency, cells=[money(row.outcome.change) for row in rows], priority=3),
        Column(title="maint. ratio", unit="%", cells=[_ratio(row) for row in rows], priority=4),
        Column(title="free", unit=currency, cells=[_free(row) for row in rows], priority=5),
        Column(title="loses most", cells=[_worst(row, show) for row in rows], right=False, name=True, priority=6),
        Column(title="by", unit=currency, cells=[_worst_change(row) for row in rows], priority=10),
    )
    return Grid("Scenarios", "as if nothing were closed", columns)


def _reach(row: ScenarioResult) -> str:
    reach = row.outcome.reach
    return "never" if reach is None else "now" if not reach else share(reach)


def _pool(row: ScenarioResult, show: Show) -> str:
    return show(row.outcome.pool) if row.outcome.pool and row.outcome.reach is not None else ""


def _ratio(row: ScenarioResult) -> str:
    ratio = row.outcome.maintenance_ratio
    return UNKNOWN if ratio is None else percent("maintenance_ratio", ratio)


def _free(row: ScenarioResult) -> str:
    free = row.outcome.free_collateral
    return UNKNOWN if free is None else figure("free_collateral", free)


def _worst(row: ScenarioResult, show: Show) -> str:
    worst = row.outcome.worst
    return "" if worst is None else f"{show(worst.symbol)} {side_text(worst.side)}"


def _worst_change(row: ScenarioResult) -> str:
    worst = row.outcome.worst
    return "" if worst is None else money(worst.change)


def story(told: ScenarioResult, cascade: Cascade, show: Show, *, several: bool) -> Grid | None:
    """The steps in order; none where nothing is closed."""
    steps = cascade.steps
    if not steps:
        return None
    columns = (
        Column(title="after", cells=[_when(step, told) for step in steps]),
        Column(
            title="pool",
            cells=[show(step.pool) for step in steps] if several else [],
            right=False,
            name=True,
            priority=6,
        ),
        Column(
            title="what", cells=[_what(step) for step in steps], right=False, styles=[_style(step) for step in steps]
        ),
        Column(title="position", cells=[_position(step, show) for step in steps], right=False, name=True),
        Column(title="quantity", cells=aligned([_quantity(step.quantity) for step in steps]), priority=4),
        Column(title="at", cells=aligned([_price(step) for step in steps]), priority=1),
        Column(
            title="PnL",
            cells=[_amount(step) for step in steps],
            styles=[_pnl_style(step) for step in steps],
            priority=2,
        ),
        Column(title="fee", cells=_fees(steps), priority=5),
        Column(title="equity left", cells=[figure("equity", step.equity) for step in steps], priority=3),
        Column(
            title="required",
            cells=[figure("maintenance_margin", step.maintenance_margin) for step in steps],
            priority=7,
        ),
    )
    return Grid(f"Cascade: {show(told.name)}", "", columns)


def _when(step: CascadeStep, told: ScenarioResult) -> str:
    if told.days is None:
        return share(step.move)
    return f"{grouped(step.move * told.days, 2, Direction.TOWARD_ZERO)}d"


def _what(step: CascadeStep) -> str:
    if step.action is Action.REDUCE:
        return "reduced to the tier below"
    return WORDS[step.action] + (" in profit" if step.in_profit else "")


def _style(step: CascadeStep) -> str:
    if step.action in (Action.BANKRUPT, Action.FORFEIT):
        return "bold red"
    return "yellow" if step.in_profit else ""


def _position(step: CascadeStep, show: Show) -> str:
    return f"{show(step.symbol)} {step.side}" if step.symbol else ""


def _quantity(quantity: Decimal | None) -> str:
    return "" if quantity is None else exactly(_eight(quantity))


def _eight(quantity: Decimal) -> Decimal:
    return quantity if quantity == quantity.quantize(Decimal("1e-8")) else quantity.quantize(Decimal("1e-8"))


def _price(step: CascadeStep) -> str:
    return "" if step.price is None else grouped(step.price, price_places(step.price), Direction.NEAREST)


def _amount(step: CascadeStep) -> str:
    """The PnL of what was closed; for steps that close nothing the money they move."""
    if step.quantity is not None:
        return money(step.pnl)
    return money(step.amount, Direction.UP) if step.amount else ""


def _pnl_style(step: CascadeStep) -> str:
    return "" if step.quantity is None else "red" if step.pnl < 0 else "green"


def _fees(steps: Sequence[CascadeStep]) -> list[str]:
    if not any(step.fee for step in steps):
        return []
    return [money(step.fee, Direction.UP) if step.quantity is not None else "" for step in steps]


def side_by_side(told: ScenarioResult, comparison: Comparison, show: Show) -> Grid:
    """Every position in its pool and by itself: when it was closed, and its result at the end."""
    fates = comparison.fates
    columns = (
        Column(
            title="position",
            cells=[f"{show(position.contract.symbol)} {side_text(position.side)}" for position, _, _ in fates],
            right=False,
            name=True,
        ),
        *_fate_columns("together", [fate for _, fate, _ in fates], told),
        *_fate_columns("isolated", [fate for _, _, fate in fates], told),
    )
    return Grid("Each position isolated", "the same book", columns)


def _fate_columns(title: str, fates: Sequence[Fate], told: ScenarioResult) -> tuple[Column, Column]:
    return (
        Column(
            title=title,
            cells=[_fate(fate, told) for fate in fates],
            right=False,
            styles=["" if fate.closed_at is None else "yellow" for fate in fates],
        ),
        Column(title="result", cells=[money(fate.result) for fate in fates]),
    )


def _fate(fate: Fate, told: ScenarioResult) -> str:
    if fate.closed_at is None:
        return "reduced" if fate.reduced else "kept"
    if told.days is None:
        return f"closed at {share(fate.closed_at)}"
    return f"closed on day {grouped(fate.closed_at * told.days, 2, Direction.TOWARD_ZERO)}"


def case_words(case: str, table: FundingTable) -> str:
    """``worst 5%`` for the worst case, else its name."""
    return f"worst {signed_percent(table.quantile).lstrip('+')}" if case == "worst" else case


def funding(table: FundingTable, currency: str, show: Show) -> Grid | None:
    """What each position pays or receives per interval and per day, at every set of rates."""
    rows = [row for row in table.rows if any(row.rated.values())]
    if not rows:
        return None
    names = [case.name for case in table.cases]
    columns = [
        Column(
            title="position",
            cells=[f"{show(row.symbol)} {side_text(row.side)}" for row in rows],
            right=False,
            name=True,
        ),
        Column(title="notional", unit=currency, cells=[figure("notional", row.notional) for row in rows], priority=9),
    ]
    every: list[str] = []
    for number, name in enumerate(names):
        added = _case_columns(name, case_words(name, table), rows, currency, number)
        columns += [one for one in added if one.title != EVERY or one.cells != every]
        every = added[1].cells
    return Grid("Funding", "received, or paid (-)", tuple(columns))


def _case_columns(name: str, words: str, rows: Sequence[FundingRow], currency: str, number: int) -> list[Column]:
    rated = [row.rated.get(name) for row in rows]
    per_interval = f"{words} per interval" if number else "per interval"
    return [
        Column(title=words, unit="%", cells=[_of(one, _rate) for one in rated], priority=2 + number),
        Column(title=EVERY, cells=[_of(one, _every) for one in rated], priority=7 + number),
        Column(
            title=per_interval, unit=currency, cells=[_of(one, _per_interval) for one in rated], priority=8 + number
        ),
        Column(title="per day", unit=currency, cells=[_of(one, _per_day) for one in rated], priority=1),
    ]


def _of(rated: Rated | None, text: Callable[[Rated], str]) -> str:
    return UNKNOWN if rated is None else text(rated)


def _rate(rated: Rated) -> str:
    return grouped(rated.rate * HUNDRED, 4, Direction.NEAREST)


def _every(rated: Rated) -> str:
    return duration_text(rated.interval)


def _per_interval(rated: Rated) -> str:
    return money(rated.per_interval)


def _per_day(rated: Rated) -> str:
    return figure("funding_per_day", rated.per_day)


def funding_cases(table: FundingTable, currency: str, show: Show) -> Grid:
    """The account at every set of rates: a day's funding, the runway, and how much nearer liquidation comes."""
    cases = table.cases
    horizon = duration_text(table.horizon * 24)
    columns = (
        Column(title="rates", cells=[case_words(case.name, table) for case in cases], right=False),
        Column(title="per day", unit=currency, cells=[figure("per_day", case.per_day) for case in cases], priority=1),
        Column(title="runway", unit="days", cells=[_runway(case) for case in cases], priority=1),
        Column(
            title="pool",
            cells=[show(case.runway_pool) if case.runway_pool else "" for case in cases],
            right=False,
            priority=9,
        ),
        Column(title="fall now", unit="%", cells=[_move(case.down) for case in cases], priority=3),
        Column(title=f"after {horizon}", unit="%", cells=[_move(case.down_after) for case in cases], priority=3),
        Column(title="rise now", unit="%", cells=[_move(case.up) for case in cases], priority=4),
        Column(title=f"after {horizon}", unit="%", cells=[_move(case.up_after) for case in cases], priority=4),
    )
    return Grid("Liquidation under funding", "prices flat", columns)


def _runway(case: FundingCase) -> str:
    if case.missing:
        return UNKNOWN if case.runway_days is None else f"{figure('runway_days', case.runway_days, 1)}*"
    return "never" if case.runway_days is None else figure("runway_days", case.runway_days, 1)


def _move(size: Decimal | None) -> str:
    return NEVER if size is None else grouped(size * HUNDRED, 2, Direction.TOWARD_ZERO)
