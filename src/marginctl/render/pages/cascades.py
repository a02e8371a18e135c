"""What a liquidation on the way of a scenario does, step by step, and the same book with every position isolated."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from marginctl.core.cascade import Cascade, IsolatedComparison, PositionFate
from marginctl.core.exact import ZERO, Direction
from marginctl.core.report import Report
from marginctl.core.sequence import Action, CascadeStep
from marginctl.render.page import Column, DataTable, Section, Tone, dim, names, numbers, pointed, section, texts
from marginctl.render.pages.columns import figured
from marginctl.render.pages.more_pictures import ENDS
from marginctl.results import ScenarioResult
from marginctl.wording import cents, exactly, grouped, listed, moves_text, price_places, share, side_text

LEAST_UNIT = Decimal("1e-8")


def cascade_sections(told: ScenarioResult, story: Cascade, report: Report) -> Iterable[Section | None]:
    """The steps in order, and the same book isolated; nothing where nothing is closed."""
    if not story.steps:
        return
    unit = report.account.currency
    steps = _steps(told, story.steps, several=len(report.pools) > 1)
    told_in_words = (dim(moves_text(told.scenario)), dim(_left(story, unit)))
    yield section(f"Cascade: {told.name}", steps, *told_in_words)
    if told.comparison is None:
        yield Section(blocks=(dim("Isolated it could not be run: not enough collateral for the initial margins."),))
    else:
        notes = map(dim, _price_of_sharing(story, told.comparison, unit))
        yield section("Each position isolated", _side_by_side(told, told.comparison), *notes, note="the same book")


def _steps(told: ScenarioResult, steps: Sequence[CascadeStep], *, several: bool) -> DataTable:
    fees = any(step.fee for step in steps)
    return DataTable(
        (
            numbers("after", [_when(step, told) for step in steps]),
            names("pool", [step.pool if several else "" for step in steps], priority=6),
            texts("what", [_what(step) for step in steps], tones=[_what_tone(step) for step in steps]),
            names("position", [f"{step.symbol} {step.side}" if step.symbol else "" for step in steps]),
            pointed("quantity", [_quantity(step.quantity) for step in steps], priority=4),
            pointed("at", [_price(step) for step in steps], priority=1),
            numbers("PnL", [_amount(step) for step in steps], priority=2, tones=[_pnl_tone(step) for step in steps]),
            numbers(
                "fee",
                [cents(one.fee, Direction.UP) if fees and one.quantity is not None else "" for one in steps],
                priority=5,
            ),
            figured("equity left", steps, "equity", priority=3),
            figured("required", steps, "maintenance_margin", priority=7),
        )
    )


def _when(step: CascadeStep, told: ScenarioResult) -> str:
    return share(step.move) if told.days is None else f"{_days(step.move, told.days)}d"


def _days(part: Decimal, days: Decimal) -> str:
    return grouped(part * days, 2, Direction.TOWARD_ZERO)


def _what(step: CascadeStep) -> str:
    if step.action is Action.REDUCE:
        return "reduced to the tier below"
    return ENDS[step.action] + (" in profit" if step.in_profit else "")


def _what_tone(step: CascadeStep) -> Tone:
    if step.action in (Action.BANKRUPT, Action.FORFEIT):
        return Tone.BAD
    return Tone.WARN if step.in_profit else Tone.PLAIN


def _quantity(quantity: Decimal | None) -> str:
    """In eighths of decimals at most: a reduction to a border has no end."""
    if quantity is None:
        return ""
    cut = quantity.quantize(LEAST_UNIT)
    return exactly(quantity if quantity == cut else cut)


def _price(step: CascadeStep) -> str:
    return "" if step.price is None else grouped(step.price, price_places(step.price), Direction.NEAREST)


def _amount(step: CascadeStep) -> str:
    """The PnL of what was closed; for steps that close nothing the money they move."""
    if step.quantity is not None:
        return cents(step.pnl)
    return cents(step.amount, Direction.UP) if step.amount else ""


def _pnl_tone(step: CascadeStep) -> Tone:
    if step.quantity is None:
        return Tone.PLAIN
    return Tone.LOSS if step.pnl < 0 else Tone.GOOD


def _left(story: Cascade, unit: str) -> str:
    """What there is at the end of the path."""
    open_still = [f"{one.contract.symbol} {side_text(one.side)}" for one in story.account.positions]
    held = f"still open: {listed(open_still)}" if open_still else "no position is left"
    return f"At the end {cents(story.value)} {unit} are left before haircuts, {held}."


def _side_by_side(told: ScenarioResult, comparison: IsolatedComparison) -> DataTable:
    """Every position in its pool and by itself: when it was closed, and its result at the end."""
    fates = comparison.fates
    return DataTable(
        (
            names("position", [f"{one.contract.symbol} {side_text(one.side)}" for one, _, _ in fates]),
            *_fate_columns("together", [fate for _, fate, _ in fates], told),
            *_fate_columns("isolated", [fate for _, _, fate in fates], told),
        )
    )


def _fate_columns(heading: str, fates: Sequence[PositionFate], told: ScenarioResult) -> tuple[Column, Column]:
    tones = [Tone.PLAIN if fate.closed_at is None else Tone.WARN for fate in fates]
    return (
        texts(heading, [_fate(fate, told) for fate in fates], tones=tones),
        figured("result", fates, "result", priority=1),
    )


def _fate(fate: PositionFate, told: ScenarioResult) -> str:
    if fate.closed_at is None:
        return "reduced" if fate.reduced else "kept"
    if told.days is None:
        return f"closed at {share(fate.closed_at)}"
    return f"closed on day {_days(fate.closed_at, told.days)}"


def _price_of_sharing(story: Cascade, comparison: IsolatedComparison, unit: str) -> Iterable[str]:
    together, apart = cents(story.value), cents(comparison.apart.value)
    difference = _gain_text(story.value - comparison.apart.value, unit)
    yield (
        f"Left at the end, before haircuts: {together} {unit} together, {apart} isolated: "
        f"sharing the pool {difference}."
    )
    if story.closed_winners:
        cost = _gain_text(-comparison.contagion_cost, unit)
        yield f"Contagion: {listed(story.closed_winners)}, in profit, went with the pool, which {cost} by the end."
    if comparison.sharing_saved:
        saved = _gain_text(comparison.sharing_saved, unit)
        yield f"On what the pool carried and what is closed when alone, sharing {saved} by the end."
    if comparison.sold:
        yield "To set the isolated margins aside, other collateral was sold at its price."


def _gain_text(gain: Decimal, unit: str) -> str:
    """``saved 12.00 USD``, ``cost 3.00 USD``; nothing where it is less than half a cent."""
    amount = cents(abs(gain), Direction.NEAREST)
    if amount == cents(ZERO):
        return "made no difference"
    return f"{'saved' if gain > 0 else 'cost'} {amount} {unit}"
