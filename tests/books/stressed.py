"""What the screen says of scenarios against what the exact core says, account by account."""

from collections import Counter
from decimal import Decimal
from math import isnan
from random import Random
from typing import Any, NamedTuple

from tests.books.compare import MONEY_SHARE, Compared, as_stored
from tests.books.random_books import Book, batch_of, gross_of, is_sound
from tests.limits.builders import context

from marginctl.books.float_screen import REASONS
from marginctl.books.scenario_tables import ways_of
from marginctl.books.screening import ScreenTerms
from marginctl.books.stress_screen import BELOW, FIGURES, IDLE, through_ways
from marginctl.books.stressed_rows import STATIC
from marginctl.core.account import Account
from marginctl.core.assemble import report_of
from marginctl.core.exact import ONE, ZERO, exactly
from marginctl.core.liquidation import PoolState, first_on_path
from marginctl.core.motion import shock_path
from marginctl.core.outcome import states_of
from marginctl.core.risk import pool_risk
from marginctl.core.scenario import moved, moves_in, ratios
from marginctl.core.value import notional
from marginctl.findings import Severity
from marginctl.limits.config import LimitsConfig
from marginctl.limits.engine import is_broken
from marginctl.limits.rules import BY_CODE

Shocks = dict[str, Decimal]
GAPS = (ZERO, Decimal("0.02"), Decimal("0.3"))
MOVE_SHARE = Decimal("1e-9")


class ExactWay(NamedTuple):
    """What the exact core says of an account and a scenario."""

    crossing: Decimal | None
    pools: int
    after: Decimal
    shortfall: Decimal
    notional: Decimal
    losses: tuple[Decimal, ...]
    is_below: bool
    is_idle: bool


def some_scenarios(draw: Random, count: int) -> list[Shocks]:
    """Falls and rises of single assets, of all, of all but some."""
    found: list[Shocks] = []
    for _ in range(count):
        shocks = {"*": some_move(draw, -60, 80)} if draw.random() < 0.7 else {}
        for asset in draw.sample(("BTC", "ETH", "DOGE", "SOL", "EUR", "USDT"), draw.randint(0, 3)):
            shocks[asset] = some_move(draw, -5, 5) if asset == "USDT" else some_move(draw, -70, 150)
        found.append(shocks)
    return found


def some_move(draw: Random, low: int, high: int) -> Decimal:
    """Some per cent between two, with two digits behind them."""
    return Decimal(draw.randint(100 * low, 100 * high)).scaleb(-4)


def stressed(book: Book, scenarios: list[Shocks], form: str = "text") -> Compared:
    """Every account of a book through scenarios; accounts that cannot be checked are not the screen's to decide."""
    with exactly():
        ways = ways_of(ScreenTerms(list(book.modes), book.contracts), scenarios)
    assert ways is not None
    compiled = book.compiled
    found = through_ways(ways._replace(compiled=compiled), batch_of(book, form), GAPS)
    reasons, differences = Counter[str](), list[str]()
    for place, account in enumerate(book.accounts):
        reason = REASONS[found.why[place]]
        reasons[reason] += 1
        if reason != "decided":
            continue
        with exactly():
            if not is_sound(account):
                differences.append(f"account {place}: decided, but it cannot be checked")
                continue
            report = report_of(account, looks_ahead=False)
            now, states = failing(account, book.config), states_of(account)
            most = MONEY_SHARE * gross_of(account, report)
            differences += _far(f"account {place}: before", found.before[place], report.totals.equity, most)
            for number, shocks in enumerate(scenarios):
                exact = exact_way(account, states, shocks, book.config, now)
                after = moved(account, ratios(moves_in(shocks, account)))
                larger = max(most, MONEY_SHARE * gross_of(after, report_of(after, looks_ahead=False)))
                name = f"account {place}, {shocks}"
                figures = found.figures[number][:, place]
                marks = found.marks[number][place], found.pools[number][place]
                differences += _wrong(name, figures, marks, exact, larger)
    return Compared(differences, reasons)


def exact_way(
    account: Account, states: list[PoolState], shocks: Shocks, config: LimitsConfig, now: frozenset[str]
) -> ExactWay:
    """By the core's own functions."""
    moves = moves_in(shocks, account)
    path = shock_path(moves)
    crossings = [first_on_path(state, path, end_included=True) for state in states]
    ends = [pool_risk(state.pool, ratios(moves)).equity for state in states]
    gone = [(state, u) for state, u in zip(states, crossings, strict=True) if u is not None]
    losses = []
    for gap in GAPS:
        places = [(state, min(ONE, u + gap)) for state, u in gone]
        there = [pool_risk(s.pool, {a: ONE + m * place for a, m in moves.items()}).equity for s, place in places]
        losses.append(sum((-one for one in there if one < 0), ZERO))
    return ExactWay(
        crossing=min((u for _, u in gone), default=None),
        pools=len(gone),
        after=sum(ends, ZERO),
        shortfall=sum((-one for one in ends if one < 0), ZERO),
        notional=sum((notional(one, account.prices) for state, _ in gone for one in state.pool.positions), ZERO),
        losses=tuple(losses),
        is_below=not gone and bool(failing(moved(account, ratios(moves)), config) - now),
        is_idle=not any(moves.get(asset) for asset in used(account)),
    )


def used(account: Account) -> set[str]:
    """What it holds and trades: the only prices that an account has when it is read from a row."""
    contracts = [one.contract for one in account.positions]
    return {*account.balances, *(asset for one in contracts for asset in (one.base, one.quote, one.settle))}


def failing(account: Account, config: LimitsConfig) -> frozenset[str]:
    """The limits on figures as they stand that fail."""
    report = report_of(account, looks_ahead=False)
    return frozenset(
        code
        for code in STATIC
        for one in BY_CODE[code].measure(context(report, account=account))
        for bound in config.in_force(BY_CODE[code], one)
        if bound.severity is Severity.ERROR and is_broken(BY_CODE[code], one, bound.threshold)
    )


def _wrong(name: str, figures: Any, marks: tuple[int, int], exact: ExactWay, most: Decimal) -> list[str]:
    flags, pools = marks
    said = {"below": bool(flags & BELOW), "idle": bool(flags & IDLE), "pools": int(pools)}
    right = {"below": exact.is_below, "idle": exact.is_idle, "pools": exact.pools}
    wrong = [f"{name}: {one} {said[one]}, exact {right[one]}" for one in said if said[one] != right[one]]
    crossing, after, shortfall, gone = figures[: len(FIGURES)]
    if (exact.crossing is None) != isnan(crossing):
        return [*wrong, f"{name}: crossing {crossing}, exact {exact.crossing}"]
    if exact.crossing is not None:
        wrong += _far(f"{name}: crossing", crossing, exact.crossing, MOVE_SHARE * (1 + exact.crossing))
    wrong += _far(f"{name}: after", after, exact.after, most)
    wrong += _far(f"{name}: shortfall", shortfall, exact.shortfall, most)
    wrong += _far(f"{name}: notional", gone, exact.notional, most)
    if (shortfall > 0) != (exact.shortfall > 0):
        wrong.append(f"{name}: shortfall {shortfall}, exact {exact.shortfall}")
    for gap, loss, right_loss in zip(GAPS, figures[len(FIGURES) :], exact.losses, strict=True):
        wrong += _far(f"{name}: loss at {gap}", loss, right_loss, most)
        if (loss > 0) != (right_loss > 0):
            wrong.append(f"{name}: loss at {gap} {loss}, exact {right_loss}")
    return wrong


def _far(name: str, figure: Any, exact: Decimal, most: Decimal) -> list[str]:
    off = as_stored(float(figure)) - exact
    return [] if abs(off) <= most else [f"{name} {figure!r}, exact {exact:.20g}, off {off:.3g} of {most:.3g}"]


def ends_on_a_threshold(draw: Random, book: Book) -> list[Shocks] | None:
    """A scenario that ends where its only account is liquidated, or bankrupt, or beside that by a little."""
    (account,) = book.accounts
    shocks = some_scenarios(draw, 1)[0]
    with exactly():
        moves = moves_in(shocks, account)
        found = [u for state in states_of(account) if (u := first_on_path(state, shock_path(moves))) is not None]
        if not found or not min(found):
            return None
        off = draw.choice((ZERO, ONE, -ONE)) * Decimal(10) ** -draw.randint(9, 28)
        share = draw.choice(found) + off
        return [{asset: round(move * share, 40) + ZERO for asset, move in moves.items() if move}]
