"""What several pages share: whose account it is, how full, how far from liquidation, what is found, the verdict."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from marginctl.core.pool import is_shared
from marginctl.core.report import AccountLiquidation, FundingFigures, OtherFigures, Report
from marginctl.findings import Check, Finding, Severity, Status
from marginctl.render import Verbosity
from marginctl.render.page import (
    Balance,
    Block,
    DataTable,
    FindingRow,
    Findings,
    Gauge,
    Items,
    Problems,
    Section,
    Sentence,
    Span,
    Tone,
    dim,
    names,
    numbers,
    section,
    texts,
)
from marginctl.render.pages.columns import NEVER, UNKNOWN, figured
from marginctl.results import Outcome, Verdict, ranked, verdict
from marginctl.wording import check_value, exactly, figure, figure_percent, label_of, limit_text, listed, same, share

if TYPE_CHECKING:
    from marginctl.core.pooling import Pooling

STATUS_WORDS = {
    Status.FAIL: Span("FAIL", Tone.BAD),
    Status.WARN: Span("WARN", Tone.WARN),
    Status.NOT_EVALUATED: Span("not evaluated", Tone.WARN),
    Status.WAIVED: Span("waived", Tone.LABEL),
    Status.BASELINE: Span("baseline", Tone.LABEL),
    Status.PASS: Span("pass", Tone.GOOD),
}
SEVERITY_WORDS = {
    Severity.ERROR: Span("FAIL", Tone.BAD),
    Severity.WARNING: Span("WARN", Tone.WARN),
    Severity.NOTE: Span("note", Tone.DIM),
}
MONEY = (
    *("equity", "unrealized_pnl", "initial_margin", "order_margin", "maintenance_margin", "free_collateral"),
    "buffer",
)
OF_EQUITY = ("bonus", "own_equity", "other")
"""Parts of the equity that most accounts have none of."""
MORE_MONEY = ("gross_collateral", "haircut", "gross_notional", "net_notional")
MOST_ASSUMPTIONS = 5
FAR = Decimal(1)
"""A rise of all assets that is not worth a line beside a fall that liquidates."""
RUN_NOTES = frozenset(("MC201", "MC203"))
ASSUMED = Span("Assumed: ", Tone.LABEL)


class GaugedRatio(NamedTuple):
    """A ratio of the totals: its name there, the code of the limit on it, its unit."""

    name: str
    code: str
    unit: str


RATIOS = (
    GaugedRatio("utilization", "MC101", "fraction"),
    GaugedRatio("maintenance_ratio", "MC103", "fraction"),
    GaugedRatio("leverage", "MC104", "multiple"),
)


def account(outcome: Outcome, report: Report, verbosity: Verbosity) -> Section | None:
    """Money beside ratios with their limits; common moves where both ways liquidate; what funding does meanwhile."""
    is_full = verbosity is Verbosity.VERBOSE
    rows = money_rows(report) + (MORE_MONEY if is_full else ())
    shown = [(name, getattr(report.totals, name)) for name in rows]
    amounts = tuple((label_of(name), figure(name, value)) for name, value in shown if value or name != "order_margin")
    balance = Balance(rows=amounts, gauges=tuple(_gauge(ratio, report, outcome) for ratio in RATIOS))
    move, several = report.liquidation, len(report.pools) > 1
    sentences = (
        common_move(move, several=several) if move.down is not None and (move.up or FAR) < FAR else "",
        pooling_text(outcome.pooling) if outcome.pooling else "",
        funding(report.funding, report.account.currency),
    )
    outlook = (Sentence(text=text) for text in sentences if text)
    return section(f"Account, {report.account.currency}", balance, _fullest(report), *outlook)


def money_rows(report: Report) -> tuple[str, ...]:
    """The money of an account; with what of the equity is a bonus or taken as given, where something is."""
    first, *rest = MONEY
    return (first, *(name for name in OF_EQUITY if getattr(report.totals, name) is not None), *rest)


def _gauge(ratio: GaugedRatio, report: Report, outcome: Outcome) -> Gauge:
    """The check beside it is that of this very figure; the same rule may have judged other pools as well.

    It is green only where all is well: nothing is, below a verdict that says otherwise.
    """
    value: Decimal | None = getattr(report.totals, ratio.name)
    check = next((one for one in outcome.checks if one.code == ratio.code and same(one.value, value)), None)
    return Gauge(
        label=label_of(ratio.name),
        text=ratio_text(ratio, value) if check is None or value is None else check_value(check, ratio.unit),
        is_share=ratio.unit == "fraction",
        share=value,
        limit=check.limit if check else None,
        tone=_gauge_tone(check, outcome),
        verdict=_judged(check, ratio.unit) if check else Span(""),
    )


def _gauge_tone(check: Check | None, outcome: Outcome) -> Tone:
    if check is None or (check.status is Status.PASS and verdict(outcome) is not Verdict.PASS):
        return Tone.PLAIN
    return STATUS_WORDS[check.status].tone


def ratio_text(ratio: GaugedRatio, value: Decimal | None) -> str:
    """``64.21%``, ``2.40x``."""
    if value is None:
        return UNKNOWN
    return f"{figure_percent(ratio.name, value)}%" if ratio.unit == "fraction" else f"{figure(ratio.name, value)}x"


def _judged(check: Check, unit: str) -> Span:
    word = STATUS_WORDS[check.status]
    limit = f"limit {limit_text(check, unit)}" if check.limit is not None else ""
    if check.status is Status.PASS:
        return Span(limit, Tone.DIM)
    return Span(f"{word.text} {limit}".rstrip(), word.tone)


def _fullest(report: Report) -> Sentence | None:
    """Where there are several pools: whose the figures are that do not add up."""
    if len(report.pools) < 2:
        return None
    worst = report.totals.worst_pool
    if any(pool.name == worst and is_shared(pool.margin_mode) for pool in report.pools):
        which = f"those of the fullest cross pool, {worst}"
        return dim(f"Free collateral, buffer, utilization and maintenance ratio are {which}.")
    return dim(f"Free and used is what is not isolated; buffer and maintenance ratio are those of {worst}.")


def common_move(liquidation: AccountLiquidation, *, several: bool) -> str:
    """All volatile assets together: which fall and which rise liquidate; at the nearer one, which of several pools."""
    pool = liquidation.pool if several and liquidation.pool else ""
    if liquidation.distance is not None and liquidation.direction is None:
        return f"Liquidatable at these prices already{f': {pool}' if pool else ''}."
    moves = [
        f"a {word} of {figure_percent(side, abs(move))}%"
        + (f" ({pool})" if pool and side == liquidation.direction else "")
        for side, word, move in (("down", "fall", liquidation.down), ("up", "rise", liquidation.up))
        if move is not None
    ]
    if not moves:
        return "All assets together: neither a fall nor a rise liquidates."
    other = "" if len(moves) > 1 else f", no {'rise' if liquidation.up is None else 'fall'} does"
    return f"All assets together: {' or '.join(moves)} liquidates{other}."


def pooling_text(found: "Pooling") -> str:
    """What sharing pools ties up against isolated positions, and how far the nearest liquidation moves.

    Where it ties up the same, in words that fit a line: the amount is the account's initial margin.
    """
    moved = _moved(found.distance_apart, found.distance)
    if not found.saving_rate:
        return f"Pooling {found.positions} positions saves no margin; {moved.removeprefix('the nearest ')}"
    what = "The portfolio" if found.model != "tiered" else "One pool" if found.pools == 1 else "The account"
    together, apart = (figure("initial_margin", margin) for margin in (found.margin, found.margin_apart))
    words = f"{what} ties up {together} where {found.positions} isolated positions tie up {apart}: "
    return f"{words}{_saved(found.saving_rate)}; {moved}"


def _saved(rate: Decimal) -> str:
    return f"{share(rate)} saved" if rate > 0 else f"{share(-rate)} more"


def _moved(apart: Decimal | None, together: Decimal | None) -> str:
    if apart is None and together is None:
        return "neither is liquidated by all assets moving together."
    near, far = (NEVER if one is None else share(one) for one in (apart, together))
    return f"the nearest liquidation moves from {near} to {far}."


def funding(figures: FundingFigures, currency: str) -> str:
    """What funding brings or costs a day and how long the account can pay it; empty where no rate says anything."""
    if not figures.per_day:
        return ""
    amount = figure("per_day", figures.per_day).lstrip("-")
    texts = [f"Funding {'brings' if figures.per_day > 0 else 'costs'} {amount} {currency} a day"]
    if figures.runway_days is not None:
        texts.append(f"flat prices: enough for {figure('runway_days', figures.runway_days, 1)} days")
    if figures.missing:
        texts.append(f"no rate for {listed(figures.missing)}")
    return f"{', '.join(texts)}."


def taken_as_given(report: Report) -> Section | None:
    """Rows of which nothing is computed."""
    rows = report.other
    columns = (
        names("row", [row.name for row in rows]),
        names("pool", [row.pool if len(report.pools) > 1 else "" for row in rows], priority=3),
        names("moves as", [_moving(row) for row in rows], priority=2),
        figured("initial", rows, "initial_margin", priority=2),
        figured("maint.", rows, "maintenance_margin", priority=1),
        figured("value", rows, "value", priority=1),
    )
    return section(f"Taken as given, {report.account.currency}", DataTable(columns)) if rows else None


def _moving(row: OtherFigures) -> str:
    """``-0.0035 BTC, 2 ETH``."""
    return ", ".join(f"{exactly(units)} {asset}" for asset, units in row.delta.items() if units) or "nothing"


def netting(report: Report) -> Section | None:
    """What opposite legs save, where they save anything."""
    initial, maintenance = report.netting, report.netting.maintenance
    if initial.saving is None or maintenance.saving is None or not (initial.saving or maintenance.saving):
        return None
    gross = (initial.gross_initial_margin, maintenance.gross_maintenance_margin)
    net = (initial.initial_margin, maintenance.maintenance_margin)
    columns = (
        texts("margin", ["initial", "maintenance"]),
        numbers("each alone", [figure("initial_margin", value) for value in gross if value is not None]),
        numbers("netted", [figure("initial_margin", value) for value in net]),
        figured("saving", (initial, maintenance), "saving", priority=1),
        figured("saved", (initial, maintenance), "saving_rate", priority=1),
    )
    return section(f"Netting, {report.account.currency}", DataTable(columns))


def problems(outcome: Outcome) -> Section:
    """What is wrong with the file."""
    return Section(blocks=(Problems(outcome.problems),) if outcome.problems else ())


def findings(outcome: Outcome, heading: str = "Findings") -> Section | None:
    """The findings, gravest first, each with its place and what to do about it; without what is noted once a run."""
    rows = tuple(finding_row(row, outcome.file) for row in ranked(outcome.findings) if not is_run_note(row))
    return section(heading, Findings(rows)) if rows else None


def is_run_note(finding: Finding) -> bool:
    """Whether it is a remark on a rule set, which says nothing about the one file that it was found with."""
    return finding.code in RUN_NOTES and finding.severity is Severity.NOTE and not finding.waived


def run_notes(outcomes: Iterable[Outcome]) -> list[Sentence]:
    """The remarks on rule sets, each once however many files use them."""
    found = {one.message: one for outcome in outcomes for one in outcome.findings if is_run_note(one)}
    return [
        Sentence(text=f"{one.message}; {one.remedy}", lead=(Span(f"{one.code}: ", Tone.DIM),)) for one in found.values()
    ]


def finding_row(finding: Finding, file: str) -> FindingRow:
    """Grade, code, what is found and where; what to do about it, or why it is accepted."""
    advice = finding.reason if finding.waived else finding.remedy
    return FindingRow(
        word=finding_word(finding),
        code=finding.code,
        text=finding.message + _place(finding, file),
        advice=(advice,) if advice else (),
        is_waived=finding.waived,
    )


def finding_word(finding: Finding) -> Span:
    """The grade of a finding, or that it is accepted."""
    if finding.waived:
        return STATUS_WORDS[Status.BASELINE if finding.by_baseline else Status.WAIVED]
    return SEVERITY_WORDS[finding.severity]


def _place(finding: Finding, file: str) -> str:
    """`` (line 12)``, with the file where it is another one than the report's; empty for the file as a whole."""
    where = finding.location
    if where.file == file or not where.file:
        return f" (line {where.line})" if where.line else ""
    return f" ({where.file}{f':{where.line}' if where.line else ''})"


def foot(outcome: Outcome, *notes: Block) -> Section:
    """What was taken for granted, then what is noted."""
    return Section(blocks=(*_assumed(outcome.assumptions), *notes))


def assumptions(outcome: Outcome) -> Section | None:
    """All of it, below each other."""
    return section("Assumptions", Items(texts=outcome.assumptions)) if outcome.assumptions else None


def _assumed(texts: tuple[str, ...]) -> Iterable[Sentence]:
    if not texts:
        return
    more = len(texts) - MOST_ASSUMPTIONS
    rest = [f"{more} more (-v lists them)"] if more > 0 else []
    yield Sentence(text="; ".join([*texts[:MOST_ASSUMPTIONS], *rest]), lead=(ASSUMED,))
