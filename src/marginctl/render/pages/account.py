"""What several pages share: whose account it is, how full, how far from liquidation, what is found, the verdict."""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from marginctl.core.pool import is_shared
from marginctl.core.report import AccountLiquidation, FundingFigures, Report
from marginctl.findings import Check, Finding, Severity, Status
from marginctl.render.display import Verbosity
from marginctl.render.page import (
    Balance,
    FindingRow,
    Findings,
    Gauge,
    Items,
    Problems,
    Section,
    Sentence,
    Span,
    Tone,
    Words,
    dim,
    section,
)
from marginctl.render.pages.columns import NEVER, UNKNOWN
from marginctl.results import Outcome, Run, Verdict, cheapest, live, ranked, verdict, worst
from marginctl.wording import check_value, counted, figure, figure_percent, label_of, limit_text, listed, same, share

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
VERDICT_TONES = {
    Verdict.PASS: Tone.GOOD,
    Verdict.WARN: Tone.WARN,
    Verdict.FAIL: Tone.BAD,
    Verdict.ERROR: Tone.BAD,
}
STATES = {
    "healthy": Span("healthy", Tone.GOOD),
    "restricted": Span("RESTRICTED: free collateral is negative, nothing new can be opened", Tone.WARN),
    "margin-call": Span("MARGIN CALL: at the venue's warning level", Tone.WARN),
    "liquidation": Span("LIQUIDATION: equity is below the level the venue asks for", Tone.BAD),
}
MONEY = (
    *("equity", "unrealized_pnl", "initial_margin", "order_margin", "maintenance_margin", "free_collateral"),
    "buffer",
)
MORE_MONEY = ("gross_collateral", "haircut", "gross_notional", "net_notional")
MOST_ASSUMPTIONS = 5


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


def title(outcome: Outcome, report: Report, *blocks: Sentence) -> Section:
    """Name and file; venue and modes; the rule set's date and status; the time of the data."""
    account = report.account
    modes = [account.venue, account.collateral_mode, account.position_mode]
    if account.margin_model != "tiered":
        modes.append(account.margin_model)
    facts = Words(texts=(", ".join(modes), *_dates(outcome, report)))
    return Section(heading=account.name, note=Span(outcome.file, Tone.CODE), blocks=(facts, *blocks), is_title=True)


def _dates(outcome: Outcome, report: Report) -> Iterable[str]:
    if outcome.rules is not None:
        dated = f"rules of {outcome.rules.as_of}" if outcome.rules.as_of else "conventions of no venue"
        yield f"{dated} ({outcome.rules.status})"
    if report.account.as_of:
        yield f"data of {report.account.as_of}"


def account(outcome: Outcome, report: Report, verbosity: Verbosity) -> Section | None:
    """Money beside ratios with their limits; which common move liquidates, and what funding does meanwhile."""
    state = STATES.get(report.totals.state, Span(report.totals.state))
    rows = MONEY + MORE_MONEY if verbosity is Verbosity.VERBOSE else MONEY
    amounts = tuple((label_of(name), figure(name, getattr(report.totals, name))) for name in rows)
    balance = Balance(rows=amounts, gauges=tuple(_gauge(ratio, report, outcome.checks) for ratio in RATIOS))
    sentences = (
        common_move(report.liquidation, several=len(report.pools) > 1) + _alone(report),
        pooling_text(outcome.pooling) if outcome.pooling else "",
        funding(report.funding, report.account.currency),
    )
    outlook = (Sentence(text=text) for text in sentences if text)
    heading = f"Account, {report.account.currency}"
    return section(heading, balance, _fullest(report), *outlook, note=state.text, tone=state.tone)


def _gauge(ratio: GaugedRatio, report: Report, checks: Sequence[Check]) -> Gauge:
    """The check beside it is that of this very figure; the same rule may have judged other pools as well."""
    value: Decimal | None = getattr(report.totals, ratio.name)
    check = next((one for one in checks if one.code == ratio.code and same(one.value, value)), None)
    return Gauge(
        label=label_of(ratio.name),
        text=ratio_text(ratio, value) if check is None or value is None else check_value(check, ratio.unit),
        is_share=ratio.unit == "fraction",
        share=value,
        limit=check.limit if check else None,
        tone=STATUS_WORDS[check.status].tone if check else Tone.PLAIN,
        verdict=_judged(check, ratio.unit) if check else Span(""),
    )


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
    cross = any(pool.name == worst and is_shared(pool.margin_mode) for pool in report.pools)
    which = f"the fullest {'cross ' if cross else ''}pool, {worst}"
    return dim(f"Free collateral, buffer, utilization and maintenance ratio are those of {which}.")


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


def _alone(report: Report) -> str:
    """Which asset alone liquidates nearest, where no common move does; empty where one does or nothing liquidates."""
    reached = [(row.distance, row.asset) for row in report.underlyings if row.distance is not None]
    if report.liquidation.distance is not None or not reached:
        return ""
    distance, asset = min(reached, key=lambda pair: pair[0])
    return f" {asset} alone does, {figure_percent('distance', distance)}% away."


def pooling_text(found: "Pooling") -> str:
    """What sharing pools ties up against isolated positions, and how far the nearest liquidation moves."""
    what = "The portfolio" if found.model != "tiered" else "One pool" if found.pools == 1 else "The account"
    together, apart = (figure("initial_margin", margin) for margin in (found.margin, found.margin_apart))
    words = f"{what} ties up {together} where {found.positions} isolated positions tie up {apart}: "
    return f"{words}{_saved(found.saving_rate)}; {_moved(found.distance_apart, found.distance)}"


def _saved(rate: Decimal | None) -> str:
    if not rate:
        return "nothing saved"
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


def problems(outcome: Outcome) -> Section:
    """What is wrong with the file."""
    return Section(blocks=(Problems(outcome.problems),) if outcome.problems else ())


def findings(outcome: Outcome, heading: str = "Findings") -> Section | None:
    """The findings, gravest first, each with its place and what to do about it."""
    rows = tuple(_finding(row, outcome.file) for row in ranked(outcome.findings))
    return section(heading, Findings(rows)) if rows else None


def _finding(finding: Finding, file: str) -> FindingRow:
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


def assumptions(outcome: Outcome, verbosity: Verbosity) -> Section | None:
    """What was taken for granted; all of it only when asked for."""
    texts = outcome.assumptions
    most = len(texts) if verbosity is Verbosity.VERBOSE else MOST_ASSUMPTIONS
    rest = (f"and {len(texts) - most} more (-v lists them)",) if len(texts) > most else ()
    return section("Assumptions", Items(texts=(*texts[:most], *rest))) if texts else None


def verdict_line(outcome: Outcome, run: Run) -> Section:
    """``FAIL  desk-a: 1 error, 2 warnings. Cheapest way: ...``."""
    word = verdict(outcome, run.fail_on)
    name = outcome.report.account.name if outcome.report else outcome.file
    text = f"{name}: {_tally(outcome)}."
    remedy = cheapest(outcome)
    if remedy and (word is Verdict.FAIL or (word is Verdict.WARN and remedy.startswith("deposit"))):
        text += f" Cheapest way: {remedy}"
    return judged(word, text)


def judged(word: Verdict, text: str) -> Section:
    """The last line: one word, and what it is about."""
    return Section(blocks=(Sentence(text=text, lead=(Span(word.value, VERDICT_TONES[word]), Span("  "))),))


def _tally(outcome: Outcome) -> str:
    if outcome.report is None:
        return f"could not be checked, {counted(len(outcome.problems), 'problem')}"
    counts = [
        counted(len(live(outcome.findings, severity)), noun)
        for severity, noun in ((Severity.ERROR, "error"), (Severity.WARNING, "warning"))
        if live(outcome.findings, severity)
    ]
    if outcome.problems:
        counts.append(f"{counted(len(outcome.problems), 'limit')} could not be evaluated")
    waived = sum(finding.waived for finding in outcome.findings)
    if waived:
        counts.append(f"{waived} waived")
    return ", ".join(counts) if counts else "no limit is broken"


def run_line(run: Run) -> Section:
    """The last line of a run over several files."""
    verdicts = [verdict(outcome, run.fail_on) for outcome in run.outcomes]
    counts = Counter(verdicts)
    order = (Verdict.ERROR, Verdict.FAIL, Verdict.WARN, Verdict.PASS)
    tally = ", ".join(f"{counts[each]} {each.value}" for each in order if counts[each])
    return judged(worst(verdicts), f"{counted(len(verdicts), 'file')}: {tally}")
