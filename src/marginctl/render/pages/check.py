"""``check``: account, pools, positions, collateral, netting, distances, limits, findings, and the verdict.

Money is shown in cents. Prices and quantities differ by orders of magnitude within one column: they keep the decimals
of their own row.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

from marginctl.core.exact import Direction
from marginctl.core.figures import FIGURES
from marginctl.core.report import CollateralFigures, PositionFigures, Report
from marginctl.findings import Check, Expectation, Status
from marginctl.render.display import Manual, Options, Verbosity
from marginctl.render.page import (
    Column,
    DataTable,
    Items,
    Page,
    Section,
    Sentence,
    Tone,
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
    problems,
    run_line,
    title,
    verdict_line,
)
from marginctl.render.pages.columns import NEVER, UNKNOWN, figured, known, sign_tone, signed
from marginctl.results import Outcome, Run, judged, unevaluated
from marginctl.wording import (
    HUNDRED,
    beside,
    check_value,
    exactly,
    figure,
    grouped,
    headroom_text,
    limit_text,
    listed,
    natural_places,
    price_places,
    separated,
    toward,
)

FEWEST, MOST = 2, 8
"""Decimals of an expected figure."""


def check_page(run: Run, options: Options) -> Page:
    """Every file in turn, then one line about all of them where they are several."""
    parts = [part for outcome in run.outcomes for part in _outcome(outcome, run, options)]
    return page([*parts, run_line(run)] if len(run.outcomes) > 1 else parts)


def _outcome(outcome: Outcome, run: Run, options: Options) -> Iterable[Section | None]:
    verbosity, report = options.verbosity, outcome.report
    is_quiet = verbosity is Verbosity.QUIET
    if report is not None and not is_quiet:
        yield title(outcome, report)
        yield account(outcome, report, verbosity)
        yield from tables(report)
        yield _expectations(outcome.expectations, outcome.checks)
        if verbosity is Verbosity.VERBOSE:
            yield limits(outcome.checks, options.manual)
    yield problems(outcome)
    yield findings(outcome)
    if not is_quiet:
        yield assumptions(outcome, verbosity)
        yield _limits_line(outcome)
    if verbosity is Verbosity.VERBOSE and outcome.rules is not None and outcome.rules.sources:
        yield section("Sources", Items(texts=tuple(outcome.rules.sources)))
    yield verdict_line(outcome, run)


def _limits_line(outcome: Outcome) -> Section | None:
    """How many limits were looked at and with what result; those that could not be are named."""
    if not outcome.checks:
        return None
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
    text = f"{len(outcome.checks)} limits: {', '.join(parts)}"
    return Section(blocks=(Sentence(text=text, tone=Tone.DIM),))


def tables(report: Report) -> Iterable[Section | None]:
    """Pools, positions, collateral, netting, the model, and what each asset alone does."""
    yield _pools(report)
    yield _positions(report)
    yield _collateral(report)
    yield _netting(report)
    if report.portfolio_margin:
        from marginctl.render.pages.model import portfolio_margins

        yield from portfolio_margins(report)
    yield _underlyings(report)


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
        figured("equity", rows, "equity", unit, priority=3),
        figured("free", rows, "free_collateral", unit, priority=5),
        figured("initial", rows, "initial_margin", unit, priority=7),
        figured("orders", rows, "order_margin", unit, priority=9),
        figured("maintenance", rows, "maintenance_margin", unit, priority=6),
        figured("buffer", rows, "buffer", unit, priority=8),
        figured("utilization", rows, "utilization", priority=4),
        figured("maint. ratio", rows, "maintenance_ratio", priority=2),
        figured("down to liq.", moves, "down", priority=3, absent=NEVER),
        figured("up to liq.", moves, "up", priority=3, absent=NEVER),
        texts("state", gone, priority=1, tones=[Tone.BAD] * len(rows)),
    )
    return section("Pools", DataTable(columns), note="highest maintenance ratio first")


def _positions(report: Report) -> Section | None:
    """The positions, nearest to liquidation first."""
    rows = sorted(report.positions, key=lambda row: _nearest(row.distance_to_liquidation))
    if not rows:
        return None
    unit = report.account.currency
    pools = [row.pool.removesuffix(f":{row.symbol}:{row.side}") for row in rows]
    columns = (
        names("symbol", [row.symbol for row in rows]),
        texts("side", [row.side for row in rows], priority=1),
        _pools_of(report, pools, priority=4),
        pointed("quantity", [exactly(row.quantity) for row in rows], priority=3),
        _prices("entry", rows, "entry_price", priority=10),
        _prices("mark", rows, "mark_price", priority=6),
        figured("notional", rows, "notional", unit, priority=3),
        signed("PnL", rows, "unrealized_pnl", unit, priority=5),
        figured("leverage", rows, "leverage", priority=8),
        figured("initial", rows, "initial_margin", unit, priority=7),
        figured("maintenance", rows, "maintenance_margin", unit, priority=8),
        figured("rate", rows, "maintenance_rate", priority=15),
        numbers("tier", known([str(row.tier) if row.tier else None for row in rows]), priority=13),
        signed("funding", rows, "funding_per_day", f"{unit}/day", priority=11),
        texts("purpose", known([row.purpose for row in rows]), priority=14),
        *_dates(rows),
        _prices("bankruptcy", rows, "bankruptcy_price", priority=16),
        _prices("contract liq.", rows, "contract_liquidation_price", priority=12),
        _prices("liquidation", rows, "liquidation_price", priority=2),
        figured("distance", rows, "distance_to_liquidation", priority=1, absent=NEVER),
    )
    return section("Positions", DataTable(columns), note="nearest to liquidation first")


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
    unit = report.account.currency
    columns = (
        names("asset", [row.asset for row in rows]),
        _pools_of(report, [row.pool for row in rows], priority=2),
        pointed("balance", [exactly(row.balance) for row in rows], "units", priority=3),
        _units("PnL", rows, "unrealized_pnl", priority=6),
        _units("equity", rows, "equity", priority=4),
        pointed("price", [_own_price("price", row.price) for row in rows], unit, priority=4),
        figured("haircut", rows, "haircut", priority=3),
        figured("value", rows, "value", unit, priority=1),
    )
    return section("Collateral", DataTable(columns))


def _netting(report: Report) -> Section | None:
    """What opposite legs save, where they save anything."""
    initial, maintenance = report.netting, report.netting.maintenance
    if initial.saving is None or maintenance.saving is None or not (initial.saving or maintenance.saving):
        return None
    gross = (initial.gross_initial_margin, maintenance.gross_maintenance_margin)
    net = (initial.initial_margin, maintenance.maintenance_margin)
    unit = report.account.currency
    columns = (
        texts("margin", ["initial", "maintenance"]),
        numbers("each alone", [figure("initial_margin", value) for value in gross if value is not None], unit),
        numbers("netted", [figure("initial_margin", value) for value in net], unit),
        figured("saving", (initial, maintenance), "saving", unit, priority=1),
        figured("saved", (initial, maintenance), "saving_rate", priority=1),
    )
    return section("Netting", DataTable(columns))


def _underlyings(report: Report) -> Section | None:
    """At which price of one asset, all others standing still, its pool is liquidated; the nearest first."""
    rows = sorted(report.underlyings, key=lambda row: _nearest(row.distance))
    if not rows:
        return None
    unit = report.account.currency
    columns = (
        names("asset", [row.asset for row in rows]),
        _pools_of(report, [row.pool for row in rows], priority=2),
        pointed("delta", [_delta(row.delta) for row in rows], "units", priority=5),
        figured("net notional", rows, "net_notional", unit, priority=6),
        figured("gross notional", rows, "gross_notional", unit, priority=8),
        pointed("falls to", [_own_price("liquidation_down", row.liquidation_down) for row in rows], unit, priority=2),
        pointed("rises to", [_own_price("liquidation_up", row.liquidation_up) for row in rows], unit, priority=2),
        figured("distance", rows, "distance", priority=1, absent=NEVER),
    )
    return section("Liquidation", DataTable(columns), note="when one asset moves alone")


def _expectations(rows: Sequence[Expectation], checks: Sequence[Check]) -> Section | None:
    """Ours, theirs and the difference of every figure that `expect:` asked to compare, in the order of the file."""
    if not rows:
        return None
    found = [judged(row, checks) for row in rows]
    words = [STATUS_WORDS[check.status if check else Status.NOT_EVALUATED] for check in found]
    columns = (
        texts("status", [word.text for word in words], tones=[word.tone for word in words]),
        names("of", [row.subject for row in rows]),
        names("figure", [row.figure for row in rows]),
        pointed("ours", [_expected(row, row.ours) for row in rows], priority=3),
        pointed("theirs", [_expected(row, row.theirs) for row in rows], priority=3),
        pointed("difference", [_expected(row, row.difference) for row in rows], priority=2),
        numbers("of theirs", [_relative(row) for row in rows], "%", priority=1),
        _tolerances(rows),
    )
    return section("Expected", DataTable(columns), note="what the venue shows")


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
        names("limit on", [row.name for row in rows]),
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


def _own_price(name: str, price: Decimal | None) -> str:
    """A price with the decimals that its own size asks for."""
    if price is None:
        return NEVER
    return grouped(price, min(price_places(price), max(natural_places(price), 2)), FIGURES[name].direction)


def _units(title: str, rows: Sequence[CollateralFigures], name: str, *, priority: int) -> Column:
    """Amounts of each row's own asset."""
    values: list[Decimal] = [getattr(row, name) for row in rows]
    cells = [figure(name, value, _unit_places(row)) for row, value in zip(rows, values, strict=True)]
    tones = [sign_tone(value) for value in values] if name == "unrealized_pnl" else []
    return pointed(title, cells, "units", priority=priority, tones=tones)


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


def _expected(row: Expectation, value: Decimal | None) -> str:
    """With two decimals more than the venue shows, so that a difference below its last digit shows."""
    if value is None:
        return UNKNOWN
    theirs = row.theirs or Decimal(0)
    is_share = FIGURES[row.figure].kind == "ratio"
    scale = HUNDRED if is_share else Decimal(1)
    places = min(max(natural_places(theirs * scale) + 2, FEWEST), MOST)
    if value == theirs:
        places = max(natural_places(theirs * scale), FEWEST)
    return grouped(value * scale, places, Direction.NEAREST) + ("%" if is_share else "")


def _relative(row: Expectation) -> str:
    """The relative difference, never rounded onto or across the tolerance."""
    if row.relative is None or row.tolerance is None:
        return UNKNOWN
    return beside(row.relative * HUNDRED, row.tolerance * HUNDRED, Direction.UP, 2)


def _tolerances(rows: Sequence[Expectation]) -> Column:
    """What the differences may be: shares, or where the file gives amounts those as well."""
    if all(row.absolute is None for row in rows):
        return numbers("tolerance", [_exact_percent(row.tolerance or Decimal(0)) for row in rows], "%", priority=4)
    amounts = [row.absolute for row in rows]
    shown = (
        f"{_exact_percent(row.tolerance or Decimal(0))}%" if amount is None else separated(amount)
        for row, amount in zip(rows, amounts, strict=True)
    )
    return pointed("tolerance", list(shown), priority=4)


def _exact_percent(share: Decimal) -> str:
    return grouped(share * HUNDRED, natural_places(share * HUNDRED), Direction.NEAREST)
