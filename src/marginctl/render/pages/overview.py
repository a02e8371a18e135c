"""``report``: an overview of all accounts, then the worst of them one by one: findings, pictures, tables, scenarios."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from marginctl.core.figures import FIGURES
from marginctl.core.report import Report
from marginctl.findings import Severity
from marginctl.render import Options
from marginctl.render.page import (
    Balance,
    BarPicture,
    Block,
    Data,
    DataTable,
    Facts,
    Items,
    Page,
    Section,
    Sentence,
    Span,
    Tone,
    names,
    numbers,
    page,
    section,
    texts,
)
from marginctl.render.pages import account
from marginctl.render.pages.check import limits, tables
from marginctl.render.pages.columns import NEVER, UNKNOWN
from marginctl.render.pages.head import TONES, title
from marginctl.render.pages.pictures import pictures
from marginctl.render.pages.stress import scenarios
from marginctl.results import Outcome, Run, StressResult, cheapest, live, verdict
from marginctl.results.several import Overview
from marginctl.wording import counted, figure, figure_percent, label_of

HOW = (
    *("equity", "unrealized_pnl", "initial_margin", "order_margin", "maintenance_margin", "free_collateral"),
    *("buffer", "gross_collateral", "haircut", "gross_notional", "net_notional"),
    *("utilization", "maintenance_ratio", "leverage"),
)
"""Figures whose meaning is told where they occur."""


def overview_page(result: Overview, options: Options) -> Page:
    """All accounts, the worst first."""
    ranked = result.ranked
    detailed = ranked[: result.detail]
    parts: list[Section | None] = [_overview(result, ranked)] if len(ranked) > 1 else []
    for at, outcome in enumerate(detailed):
        head, *rest = _account(outcome, result.stressed.get(outcome.file), result.run, options)
        parts += [head and replace(head, anchor=_anchor(at)), *rest]
    if len(ranked) > len(detailed):
        text = f"{counted(len(ranked) - len(detailed), 'account')} more: in the overview only."
        parts.append(Section(blocks=(Sentence(text=text, tone=Tone.DIM),)))
    shown = page([*parts, Section(blocks=tuple(account.run_notes(detailed)))])
    return page([*shown, _how(shown), *(_data(result) if options.data else ())])


def check_overview(run: Run, options: Options) -> Page:
    """The same of a run without scenarios."""
    return overview_page(Overview(run=run, detail=len(run.outcomes)), options)


def _overview(result: Overview, ranked: Sequence[Outcome]) -> Section | None:
    """A row an account."""
    run, reports = result.run, [one.report for one in ranked]
    words = [verdict(one, run.fail_on) for one in ranked]
    currencies = {one.account.currency for one in reports if one}
    unit = currencies.pop() if len(currencies) == 1 else ""
    columns = (
        texts("verdict", [word.value for word in words], tones=[TONES[word] for word in words]),
        replace(names("account", [_name(one) for one in ranked]), links=_links(result, ranked)),
        texts("state", [_state(one) for one in reports]),
        numbers("equity", [_money(one, "equity", with_unit=not unit) for one in reports], unit),
        numbers("utilization", [_ratio(one, "utilization") for one in reports], "%"),
        numbers("maint. ratio", [_ratio(one, "maintenance_ratio") for one in reports], "%"),
        numbers("distance", [_distance(one) for one in reports]),
        numbers("FAIL", [_count(one, Severity.ERROR) for one in ranked]),
        numbers("WARN", [_count(one, Severity.WARNING) for one in ranked]),
        numbers("runway", [_runway(one) for one in reports], "days"),
    )
    counts = ", ".join(f"{words.count(word)} {word.value}" for word in TONES if word in words)
    return section(f"{counted(len(ranked), 'account')}", DataTable(columns), note=counts)


def _links(result: Overview, ranked: Sequence[Outcome]) -> list[str]:
    return [f"#{_anchor(at)}" if at < result.detail else "" for at in range(len(ranked))]


def _anchor(at: int) -> str:
    return f"account-{at + 1}"


def _name(outcome: Outcome) -> str:
    return outcome.report.account.name if outcome.report else outcome.file


def _state(report: Report | None) -> str:
    return report.totals.state if report else "could not be checked"


def _money(report: Report | None, name: str, *, with_unit: bool) -> str:
    if report is None:
        return UNKNOWN
    shown = figure(name, getattr(report.totals, name))
    return f"{shown} {report.account.currency}" if with_unit else shown


def _ratio(report: Report | None, name: str) -> str:
    value = getattr(report.totals, name) if report else None
    return UNKNOWN if value is None else figure_percent(name, value)


def _distance(report: Report | None) -> str:
    if report is None:
        return UNKNOWN
    found = report.liquidation
    if found.distance is None:
        return NEVER
    return f"{figure_percent('distance', found.distance)}% {found.direction or ''}".rstrip()


def _count(outcome: Outcome, severity: Severity) -> str:
    return str(len(live(outcome.findings, severity)))


def _runway(report: Report | None) -> str:
    days = report.funding.runway_days if report else None
    return "" if days is None else figure("runway_days", days, 1)


def _account(outcome: Outcome, stress: StressResult | None, run: Run, options: Options) -> Iterable[Section | None]:
    """Verdict, findings, pictures, tables, limits, scenarios, assumptions, sources."""
    report, head = outcome.report, _head(outcome, run)
    if report is None:
        yield Section(heading=outcome.file, blocks=(head,), is_title=True)
        yield account.problems(outcome)
        return
    yield title(outcome, report, head)
    yield account.problems(outcome)
    yield account.findings(outcome)
    yield section("Pictures", *_wanted(pictures(report), options))
    yield account.account(outcome, report, options.verbosity)
    yield from tables(report)
    yield limits(outcome.checks, options.manual)
    if stress is not None and stress.report is not None:
        yield from scenarios(stress, stress.report, options)
    yield account.assumptions(outcome)
    yield _sources(outcome)


def _wanted(found: Iterable[BarPicture | Sentence], options: Options) -> Iterable[BarPicture | Sentence]:
    """The pictures that were asked for; without any no word about them either."""
    chosen = options.pictures
    yield from (
        one for one in found if chosen is None or (one.name in chosen if isinstance(one, BarPicture) else chosen)
    )


def _head(outcome: Outcome, run: Run) -> Sentence:
    """The verdict, how far the nearest liquidation is, and the cheapest way to pass."""
    word = verdict(outcome, run.fail_on)
    parts = []
    if outcome.report is None:
        parts.append(f"Could not be checked: {counted(len(outcome.problems), 'problem')}.")
    else:
        report = outcome.report
        parts.append(account.common_move(report.liquidation, several=len(report.pools) > 1))
        remedy = cheapest(outcome)
        parts += [f"Cheapest way to pass: {remedy}."] if remedy and live(outcome.findings, Severity.ERROR) else []
    return Sentence(text=" ".join(parts), lead=(Span(word.value, TONES[word]), Span(" ")))


def _sources(outcome: Outcome) -> Section | None:
    sources = outcome.rules.sources if outcome.rules else ()
    return section("Sources", Items(texts=tuple(sources))) if sources else None


def _how(sections: Sequence[Section]) -> Section | None:
    """What the figures on the page mean, each in one sentence."""
    labels = {label for one in sections for block in one.blocks for label in _labels(block)}
    rows = [(label_of(name), FIGURES[name].meaning) for name in HOW if label_of(name) in labels]
    return section("How to read this", Facts(rows=tuple(row for row in rows if row[1]))) if rows else None


def _labels(block: Block) -> Iterable[str]:
    if isinstance(block, Balance):
        yield from (label for label, _ in block.rows)
        yield from (gauge.label for gauge in block.gauges)


def _data(result: Overview) -> Iterable[Section]:
    """The documents that the page is of."""
    yield Section(blocks=(Data("report", result.run),))
    for stress in result.stressed.values():
        yield Section(blocks=(Data("stress", stress),))
