"""``check``: the answer, what is found, account, pools, positions, collateral, netting, distances, limits.

Money is shown in cents. Prices and quantities differ by orders of magnitude within one column: they keep the decimals
of their own row.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec.structs import replace

from marginctl.core.exact import Direction
from marginctl.core.pool import is_shared
from marginctl.core.report import (
    CollateralFigures,
    PoolFigures,
    PositionFigures,
    Report,
    UnderlyingFigures,
)
from marginctl.findings import Check, Finding, Severity, Status
from marginctl.render import Manual, Options, Verbosity, found
from marginctl.render.page import (
    Column,
    DataTable,
    Items,
    Page,
    Pictured,
    Section,
    Tone,
    Words,
    names,
    numbers,
    page,
    pointed,
    section,
    texts,
)
from marginctl.render.pages.account import (
    STATUS_WORDS,
    account,
    assumptions,
    findings,
    foot,
    netting,
    problems,
    run_notes,
    taken_as_given,
)
from marginctl.render.pages.columns import NEVER, UNKNOWN, figured, known, sign_tone, signed
from marginctl.render.pages.expectations import expectations
from marginctl.render.pages.head import answer, head, price_text
from marginctl.render.pages.runs import diffs, run_sections, statistics, worst_first
from marginctl.results import Outcome, Run, Verdict, unevaluated, verdict
from marginctl.wording import (
    check_value,
    counted,
    exactly,
    figure,
    figure_percent,
    grouped,
    headroom_text,
    limit_text,
    listed,
    natural_places,
    price_places,
    same,
    toward,
)

EXPLAIN = "`marginctl explain FILE` derives every figure"


def check_page(run: Run, options: Options) -> Page:
    """One file in full; of several the answer and a line each, then what fails; all of them in full with -v."""
    verbosity, outcomes = options.verbosity, run.outcomes
    if verbosity is Verbosity.QUIET:
        return page(part for outcome in outcomes for part in _quiet(outcome, run))
    if len(outcomes) < 2:
        parts = [part for outcome in outcomes for part in _outcome(outcome, run, options)]
    else:
        told = (part for outcome in worst_first(run) for part in _of_several(outcome, run, options))
        parts = [*run_sections(run), *told]
    notes = Section(blocks=tuple(run_notes(outcomes) if len(outcomes) > 1 else ()))
    return page([*parts, *diffs(run), statistics(run) if options.statistics else None, notes])


def _quiet(outcome: Outcome, run: Run) -> Iterable[Section | None]:
    """The verdict and what is found, where something is; nothing of what passes."""
    if verdict(outcome, run.fail_on) is not Verdict.PASS:
        if outcome.report is None:
            yield problems(outcome)
        yield answer(outcome, run.fail_on)
        if outcome.report is not None:
            yield problems(outcome)
        yield findings(replace(outcome, findings=tuple(one for one in outcome.findings if _is_live(one))))


def _of_several(outcome: Outcome, run: Run, options: Options) -> Iterable[Section | None]:
    if options.verbosity is Verbosity.VERBOSE:
        yield from _outcome(outcome, run, options)
    elif outcome.report is None:
        yield problems(outcome)
    elif verdict(outcome, run.fail_on) in (Verdict.ERROR, Verdict.FAIL):
        yield from (head(outcome, run.fail_on), problems(outcome), findings(outcome))


def _outcome(outcome: Outcome, run: Run, options: Options) -> Iterable[Section | None]:
    """The head, what is found where it asks for something, and the tables; what is merely noted stands below them."""
    verbosity, report = options.verbosity, outcome.report
    is_full, is_asked = verbosity is Verbosity.VERBOSE, any(map(_is_live, outcome.findings))
    if report is None:
        yield from (problems(outcome), head(outcome, run.fail_on))
        return
    yield from (head(outcome, run.fail_on), problems(outcome))
    yield findings(outcome) if is_asked else None
    yield account(outcome, report, verbosity)
    yield from tables(report, is_full=is_full)
    yield from plots(outcome, report, options)
    yield expectations(outcome.expectations, outcome.checks)
    if is_full:
        yield limits(outcome.checks, options.manual)
    yield None if is_asked else findings(outcome)
    told = [*_limits_line(outcome), *(run_notes([outcome]) if len(run.outcomes) < 2 else ())]
    if is_full:
        yield from (assumptions(outcome), Section(blocks=tuple(told)))
    else:
        yield foot(outcome, *told)
    if is_full and outcome.rules is not None and outcome.rules.sources:
        yield section("Sources", Items(texts=tuple(outcome.rules.sources)))


def plots(outcome: Outcome, report: Report, options: Options) -> Iterable[Section | None]:
    """The pictures that were asked for."""
    if not options.pictures:
        return
    more = found("render.pages.more_pictures.asked")(outcome) if options.pictures & {"tiers", "modes"} else ()
    for one in (*found("render.pages.pictures.pictures")(report, outcome.checks), *more):
        if isinstance(one, Pictured) and one.name in options.pictures:
            yield section(one.title, one)


def _is_live(finding: Finding) -> bool:
    """Whether it asks for something."""
    return not finding.waived and finding.severity is not Severity.NOTE


def _limits_line(outcome: Outcome) -> Iterable[Words]:
    """How many limits were looked at and with what result; those that could not be are named."""
    if not outcome.checks:
        return
    count = Counter(check.status for check in outcome.checks)
    words = {
        Status.PASS: "passed",
        Status.WARN: "warned",
        Status.FAIL: "failed",
        Status.WAIVED: "waived",
        Status.BASELINE: "in the baseline",
    }
    parts = [f"{count[status]} {word}" for status, word in words.items() if count[status]]
    missing = unevaluated(outcome.checks)
    if missing:
        named = sorted({f"{check.code} {check.name}" for check in missing})
        parts.append(f"{len(missing)} not evaluated: {listed(named)}")
    tried = f"{counted(len(outcome.checks), 'limit')}: {', '.join(parts)}"
    yield Words(texts=(tried, EXPLAIN))


def tables(report: Report, *, is_full: bool = True) -> Iterable[Section | None]:
    """Pools, positions, collateral, netting, the model, and what each asset alone does."""
    yield _pools(report)
    yield _positions(report)
    yield _collateral(report)
    yield taken_as_given(report)
    yield netting(report)
    if report.portfolio_margin:
        from marginctl.render.pages.model import portfolio_margins

        yield from portfolio_margins(report)
    yield _underlyings(report, is_full=is_full)


def _pools(report: Report) -> Section | None:
    """What stands and falls together, where that is more than one thing; the fullest first."""
    if len(report.pools) < 2:
        return None
    rows = sorted(report.pools, key=lambda row: (row.maintenance_ratio is not None, -(row.maintenance_ratio or 0)))
    unit = report.account.currency
    moves = [row.liquidation for row in rows]
    gone = ["LIQUIDATION" if row.liquidatable else "" for row in rows]
    columns = (
        names("pool", [row.name for row in rows]),
        figured("equity", rows, "equity", priority=3),
        figured("free", rows, "free_collateral", priority=5),
        figured("initial", rows, "initial_margin", priority=7),
        figured("orders", rows, "order_margin", priority=9),
        figured("maint.", rows, "maintenance_margin", priority=6),
        figured("buffer", rows, "buffer", priority=8),
        numbers("utilization", [_utilization(row) for row in rows], priority=4),
        numbers("largest loss", [_largest_loss(report, row) for row in rows], priority=2),
        figured("maint. ratio", rows, "maintenance_ratio", priority=2),
        figured("down to liq.", moves, "down", priority=3, absent=NEVER),
        figured("up to liq.", moves, "up", priority=3, absent=NEVER),
        texts("state", gone, priority=1, tones=[Tone.BAD] * len(rows)),
    )
    return section(f"Pools, {unit}", DataTable(columns), note="highest maintenance ratio first")


def _utilization(row: PoolFigures) -> str:
    """Of a cross pool: what is set aside for an isolated position is there to be used up."""
    if not is_shared(row.margin_mode):
        return ""
    return UNKNOWN if row.utilization is None else f"{figure_percent('utilization', row.utilization)}%"


def _largest_loss(report: Report, row: PoolFigures) -> str:
    """What an isolated position can cost: all that was set aside for it."""
    if is_shared(row.margin_mode):
        return ""
    set_aside = sum((one.balance * one.price for one in report.collateral if one.pool == row.name), Decimal(0))
    return figure("initial_margin", set_aside)


def _positions(report: Report) -> Section | None:
    """The positions, nearest to liquidation first."""
    rows = sorted(report.positions, key=lambda row: _nearest(row.distance_to_liquidation))
    if not rows:
        return None
    pools = [row.pool.removesuffix(f":{row.symbol}:{row.side}") for row in rows]
    columns = (
        names("symbol", [row.symbol for row in rows]),
        texts("side", [row.side for row in rows], priority=1),
        _pools_of(report, pools, priority=4),
        pointed("quantity", [exactly(row.quantity) for row in rows], priority=5),
        _prices("entry", rows, "entry_price", priority=10),
        _prices("mark", rows, "mark_price", priority=8),
        figured("notional", rows, "notional", priority=3),
        signed("PnL", rows, "unrealized_pnl", "", priority=6),
        figured("leverage", rows, "leverage", priority=9),
        figured("initial", rows, "initial_margin", priority=1),
        figured("maint.", rows, "maintenance_margin", priority=1),
        figured("rate", rows, "maintenance_rate", priority=15),
        numbers("tier", known([str(row.tier) if row.tier else None for row in rows]), priority=13),
        signed("funding/day", rows, "funding_per_day", "", priority=11),
        texts("purpose", known([row.purpose for row in rows]), priority=14),
        *_dates(rows),
        _prices("bankruptcy", rows, "bankruptcy_price", priority=16),
        _prices("contract liq.", rows, "contract_liquidation_price", priority=12),
        _prices("liquidation", rows, "liquidation_price", priority=2),
        figured("distance", rows, "distance_to_liquidation", priority=1, absent=NEVER),
    )
    unit = report.account.currency
    return section(f"Positions, {unit}", DataTable(columns), note="nearest to liquidation first")


def _dates(rows: Sequence[PositionFigures]) -> tuple[Column, ...]:
    """Last day and basis, where a contract has a last day."""
    if not any(row.expiry for row in rows):
        return ()
    return texts("ends", known([row.expiry for row in rows]), priority=13), figured("basis", rows, "basis", priority=9)


def _collateral(report: Report) -> Section | None:
    """The balances, the most valuable first, debts last."""
    rows = sorted(report.collateral, key=lambda row: -row.value)
    if not rows:
        return None
    some = ["total"] if len(rows) > 1 else []
    none = [""] * len(some)
    is_cut = any(row.equity * row.price != row.value for row in rows)
    gross = [row.equity * row.price for row in rows]
    lost = [before - row.value for before, row in zip(gross, rows, strict=True)]
    pnl = [row.unrealized_pnl for row in rows]
    columns = (
        names("asset", [*(row.asset for row in rows), *some]),
        _pools_of(report, [*(row.pool for row in rows), *none], priority=2),
        pointed("balance", [*(exactly(row.balance) for row in rows), *none], priority=3),
        pointed("bonus", [*("" if row.bonus is None else exactly(row.bonus) for row in rows), *none], priority=4),
        pointed(
            "PnL", [*_units(rows, "unrealized_pnl"), *none], priority=8, tones=[*map(sign_tone, pnl), *_plain(none)]
        ),
        pointed("equity", [*_units(rows, "equity"), *none], priority=6),
        pointed("price", [*(price_text("price", row.price) for row in rows), *none], priority=5),
        numbers("gross", _summed("gross_collateral", gross, some) if is_cut else [""] * len(rows), priority=4),
        numbers(
            "haircut",
            [*(f"{figure_percent('CollateralFigures.haircut', row.haircut)}%" for row in rows), *none],
            priority=3,
        ),
        numbers("lost", _summed("CollateralFigures.haircut", lost, some) if is_cut else [""] * len(rows), priority=2),
        numbers("value", _summed("value", [row.value for row in rows], some), priority=1),
        numbers("+1 counts", [*(figure("value", row.next_unit) for row in rows), *none] if is_cut else [], priority=4),
    )
    return section("Collateral", DataTable(columns), note=f"price and values in {report.account.currency}")


def _plain(cells: Sequence[str]) -> list[Tone]:
    return [Tone.PLAIN] * len(cells)


def _summed(name: str, amounts: Sequence[Decimal], total: Sequence[str]) -> list[str]:
    """Amounts, and their sum where there is a line for it."""
    sums = [sum(amounts, Decimal(0))] if total else []
    return [figure(name, amount) for amount in (*amounts, *sums)]


def _underlyings(report: Report, *, is_full: bool) -> Section | None:
    """At which price of one asset, all others standing still, its pool is liquidated; the nearest first.

    Without ``is_full`` those are left out of which a position says the same.
    """
    rows = sorted(report.underlyings, key=lambda row: _nearest(row.distance))
    shown = rows if is_full else [row for row in rows if not _is_said(row, report)]
    if not shown:
        return None
    columns = (
        names("asset", [row.asset for row in shown]),
        _pools_of(report, [row.pool for row in shown], priority=2),
        pointed("delta, units", [_delta(row.delta) for row in shown], priority=5),
        figured("net notional", shown, "net_notional", priority=6),
        figured("gross notional", shown if is_full else (), "gross_notional", priority=8),
        pointed("falls to", [price_text("liquidation_down", row.liquidation_down) for row in shown], priority=2),
        pointed("rises to", [price_text("liquidation_up", row.liquidation_up) for row in shown], priority=2),
        figured("distance", shown, "distance", priority=1, absent=NEVER),
    )
    rest = "" if len(shown) == len(rows) else "; of others see their positions"
    heading = f"Liquidation, {report.account.currency}"
    return section(heading, DataTable(columns), note=f"when one asset moves alone{rest}")


def _is_said(row: UnderlyingFigures, report: Report) -> bool:
    """Whether an asset is only what one position is on, whose row has the same price and distance."""
    on_it = [one for one in report.positions if one.pool == row.pool and one.symbol.startswith(row.asset)]
    held = any((one.asset, one.pool) == (row.asset, row.pool) for one in report.collateral)
    held = held or any(row.asset in one.delta for one in report.other if one.pool == row.pool)
    return not held and len(on_it) == 1 and same(on_it[0].distance_to_liquidation, row.distance)


def limits(checks: Sequence[Check], manual: Manual) -> Section | None:
    """Every limit that was looked at, broken ones first, in the units that the manual gives."""
    order = list(STATUS_WORDS)
    rows = sorted(checks, key=lambda check: order.index(check.status))
    if not rows:
        return None
    units = [(row, manual[row.code].unit if row.code in manual else "") for row in rows]
    words = [STATUS_WORDS[row.status] for row in rows]
    columns = (
        texts("status", [word.text for word in words], tones=[word.tone for word in words]),
        texts("code", [row.code for row in rows]),
        texts("limit on", [row.name for row in rows]),
        names("subject", [row.subject for row in rows], priority=1),
        numbers("value", [check_value(row, unit) for row, unit in units], priority=2),
        numbers("limit", [limit_text(row, unit) for row, unit in units], priority=2),
        numbers("headroom", [headroom_text(row, unit) for row, unit in units], priority=3),
    )
    return section("Limits", DataTable(columns), note="broken ones first")


# Columns and cells.


def _prices(title: str, rows: Sequence[PositionFigures], name: str, *, priority: int) -> Column:
    """Prices, quote per base, with the decimals that the size of the row's mark asks for."""
    return pointed(title, [_price(row, getattr(row, name)) for row in rows], priority=priority)


def _price(row: PositionFigures, price: Decimal | None) -> str:
    """Entry and mark to the nearest, with no more decimals than they have; where something ends, toward the mark."""
    if price is None:
        return NEVER
    most = price_places(row.mark_price)
    if price not in (row.entry_price, row.mark_price):
        return grouped(price, most, toward(price, row.mark_price))
    given = max(natural_places(row.entry_price), natural_places(row.mark_price), 2)
    return grouped(price, min(most, given), Direction.NEAREST)


def _units(rows: Sequence[CollateralFigures], name: str) -> list[str]:
    """Amounts of each row's own asset."""
    return [figure(name, getattr(row, name), _unit_places(row)) for row in rows]


def _unit_places(row: CollateralFigures) -> int:
    """Decimals at which a unit of the asset's last digit is worth about a cent, fewer where nothing stands there."""
    worth = max(2, min(8, row.price.adjusted() + 2))
    return min(worth, max(2, natural_places(row.unrealized_pnl), natural_places(row.equity)))


def _delta(delta: Decimal) -> str:
    return grouped(delta, min(natural_places(delta), price_places(delta)), Direction.NEAREST)


def _pools_of(report: Report, pools: Sequence[str], *, priority: int) -> Column:
    """The pool of every row; empty, and so not shown, where there is only one."""
    return names("pool", pools if len(report.pools) > 1 else [""] * len(pools), priority=priority)


def _nearest(distance: Decimal | None) -> tuple[bool, Decimal]:
    return (distance is None, distance or Decimal(0))
