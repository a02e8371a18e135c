"""``report``: an overview of all accounts, then the worst of them one by one: findings, pictures, tables, scenarios."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from marginctl import __version__
from marginctl.core.figures import FIGURES
from marginctl.core.pool import is_shared
from marginctl.core.report import Report
from marginctl.findings import Severity
from marginctl.render import Options, Verbosity
from marginctl.render.page import (
    Balance,
    Block,
    CurveChart,
    Data,
    DataTable,
    Facts,
    Folded,
    HeatMap,
    Items,
    Page,
    Section,
    Sentence,
    Span,
    Tone,
    Words,
    names,
    numbers,
    page,
    section,
    texts,
)
from marginctl.render.pages import account
from marginctl.render.pages.check import limits, tables
from marginctl.render.pages.columns import UNKNOWN
from marginctl.render.pages.funding import funding_sections
from marginctl.render.pages.head import STATES, TONES, distance, title, todo
from marginctl.render.pages.more_pictures import modes, tiers, timelines
from marginctl.render.pages.pictures import MOST_POOLS, pictures
from marginctl.render.pages.runs import distance_shown, side_shown
from marginctl.render.pages.stress import details, put_through
from marginctl.results import Outcome, Run, StressResult, live, verdict
from marginctl.results.comparison import CompareResult
from marginctl.results.several import Overview
from marginctl.wording import counted, figure, figure_percent, label_of

HOW = (
    *("equity", "unrealized_pnl", "initial_margin", "order_margin", "maintenance_margin", "free_collateral"),
    *("buffer", "gross_collateral", "haircut", "gross_notional", "net_notional"),
    *("utilization", "maintenance_ratio", "leverage"),
)
"""Figures whose meaning is told where they occur."""
SECOND = 2
"""The number of the first document behind that of the run."""
KINDS: dict[type, str] = {CurveChart: "curve", Folded: "curve", HeatMap: "grid"}
"""Pictures that are no bars and lines yet, by the name that they are asked for."""


def overview_page(result: Overview, options: Options) -> Page:
    """All accounts, the worst first."""
    ranked = result.ranked
    detailed = ranked[: result.detail]
    parts: list[Section | None] = [_overview(result, ranked)] if len(ranked) > 1 else []
    for at, outcome in enumerate(detailed):
        head, *rest = _account(outcome, result, options)
        parts += [head and replace(head, anchor=_anchor(at)), *rest]
    if len(ranked) > len(detailed):
        text = f"{counted(len(ranked) - len(detailed), 'account')} more: in the overview only."
        parts.append(Section(blocks=(Sentence(text=text, tone=Tone.DIM),)))
    notes = Section(blocks=tuple(account.run_notes(detailed)), is_apart=True)
    shown = page([*parts, _ready_made(result), notes])
    foot = Section(blocks=(_written_by(result),), is_apart=True)
    return page([*shown, _how(shown), foot, *(_data(result) if options.data else ())])


def check_overview(run: Run, options: Options) -> Page:
    """The same of a run whose files are not at hand: without scenarios."""
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
        numbers("distance", [UNKNOWN if one is None else distance_shown(one) for one in reports], "%"),
        texts("side", ["" if one is None else side_shown(one) for one in reports]),
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
    """What the venue would do about it, in the words of the head; nothing where that is nothing."""
    if report is None:
        return "could not be checked"
    return STATES.get(report.totals.state, "")


def _money(report: Report | None, name: str, *, with_unit: bool) -> str:
    if report is None:
        return UNKNOWN
    shown = figure(name, getattr(report.totals, name))
    return f"{shown} {report.account.currency}" if with_unit else shown


def _ratio(report: Report | None, name: str) -> str:
    value = getattr(report.totals, name) if report else None
    return UNKNOWN if value is None else figure_percent(name, value)


def _count(outcome: Outcome, severity: Severity) -> str:
    return str(len(live(outcome.findings, severity)))


def _runway(report: Report | None) -> str:
    days = report.funding.runway_days if report else None
    return "" if days is None else figure("runway_days", days, 1)


def _account(outcome: Outcome, result: Overview, options: Options) -> Iterable[Section | None]:
    """Verdict, findings, pictures, tables, limits, scenarios, assumptions, sources."""
    report, head = outcome.report, _head(outcome, result.run)
    if report is None:
        yield Section(heading=outcome.file, blocks=(head,), is_title=True)
        yield account.problems(outcome)
        return
    stress = result.stressed.get(outcome.file)
    named = title(outcome, report, head)
    yield replace(named, blocks=(*named.blocks, Words(texts=_terms(outcome, report))))
    yield account.problems(outcome)
    yield account.findings(outcome)
    yield section("Pictures", *_wanted(_pictures(outcome, report, result), options))
    yield account.account(outcome, report, options.verbosity)
    yield from tables(report)
    yield limits(outcome.checks, options.manual)
    if stress is not None and stress.report is not None:
        yield from put_through(stress, stress.report, replace(options, verbosity=Verbosity.NORMAL))
        if stress.funding is not None:
            yield from funding_sections(stress.funding, report.account.currency)
    yield account.assumptions(outcome)
    yield _sources(outcome)


def _terms(outcome: Outcome, report: Report) -> tuple[str, ...]:
    """The currency, and the policies that set limits of it."""
    policies = {one.policy.rpartition(":")[0] or one.policy for one in outcome.checks if one.policy}
    return (f"in {report.account.currency}", *(f"policy {one}" for one in sorted(policies)))


def _written_by(result: Overview) -> Words:
    """The program, the documents of the page, and its day."""
    documents: list[Run | StressResult | CompareResult] = [result.run, *result.stressed.values()]
    documents += result.compared.values()
    day = () if result.day is None else (f"as of {result.day.isoformat()}",)
    return Words(texts=(f"marginctl {__version__}", *dict.fromkeys(one.schema for one in documents), *day))


def _pictures(outcome: Outcome, report: Report, result: Overview) -> Iterable[Block]:
    """All that there are figures for, in the order of the page."""
    stress, compared = result.stressed.get(outcome.file), result.compared.get(outcome.file)
    every = list(pictures(report, outcome.checks))
    yield from every[:1]
    if stress is not None:
        yield from curves(stress, report, list(result.stressed).index(outcome.file) + SECOND)
    yield from every[1:]
    if stress is not None:
        yield from (HeatMap(stress.grid),) if stress.grid is not None else ()
        yield from timelines(stress)
        yield from tiers(stress.tiered_ways)
    if compared is not None:
        yield from modes(compared)


def curves(stress: StressResult, report: Report, document: int) -> Iterable[CurveChart | Folded]:
    """Of the worst shared pools; folded those of isolated ones, and of single assets."""
    shared = {pool.name for pool in report.pools if is_shared(pool.margin_mode)}
    charts = [_chart(stress, report, (document, "curve", at)) for at in range(len(stress.curves))]
    open_ones = [one for one in charts if one.curve.pool in shared][:MOST_POOLS]
    yield from open_ones if stress.draws_curve else ()
    apart = tuple(one for one in charts if one.curve.pool not in shared)
    near = range(len(stress.asset_curves))[:MOST_POOLS]
    alone = tuple(_chart(stress, report, (document, "asset_curves", at)) for at in near)
    for words, found in (("Isolated positions", apart), ("One asset alone, the nearest", alone)):
        if found and stress.draws_curve:
            yield Folded(f"{words} ({len(found)})", found)


def _chart(stress: StressResult, report: Report, source: tuple[int, str, int]) -> CurveChart:
    _, key, at = source
    curve = (stress.asset_curves if key == "asset_curves" else stress.curves)[at]
    rows = [one for one in report.underlyings if (one.pool, one.asset) == (curve.pool, curve.asset)]
    pools = [one.liquidation for one in report.pools if one.name == curve.pool]
    ends = [end for one in (rows if curve.asset else pools) for end in (one.down, one.up) if end is not None]
    named = f", {curve.pool}" if len(report.pools) > 1 else ""
    alone = f": {curve.asset} alone" if curve.asset else ""
    title = f"How far to liquidation{alone}{named}"
    return CurveChart(curve, tuple(ends), title, report.account.currency, source)


def _wanted(found: Iterable[Block], options: Options) -> Iterable[Block]:
    """The pictures that were asked for; without any no word about them either."""
    chosen = options.pictures
    for one in found:
        name = KINDS.get(type(one)) or getattr(one, "name", "")
        if chosen is None or (name in chosen if name else chosen):
            yield one


def _head(outcome: Outcome, run: Run) -> Sentence:
    """The verdict, how far the nearest liquidation is, and the cheapest way to pass."""
    word = verdict(outcome, run.fail_on)
    parts = []
    if outcome.report is None:
        parts.append(f"Could not be checked: {counted(len(outcome.problems), 'problem')}.")
    else:
        parts += [distance(outcome.report), todo(outcome, word, outcome.report)]
    return Sentence(text=" ".join(parts), lead=(Span(word.value, TONES[word]), Span(" ")))


def _ready_made(result: Overview) -> Section | None:
    """What the built-in scenarios of the page are, each once however many accounts were put through it."""
    every = (told for one in result.stressed.values() for told in one.scenarios if told.built_in is not None)
    found = details({told.name: told for told in every}.values())
    return found and replace(found, heading="Built-in scenarios", is_apart=True)


def _sources(outcome: Outcome) -> Section | None:
    sources = outcome.rules.sources if outcome.rules else ()
    return section("Sources", Items(texts=tuple(sources))) if sources else None


def _how(sections: Sequence[Section]) -> Section | None:
    """What the figures on the page mean, each in one sentence."""
    labels = {label for one in sections for block in one.blocks for label in _labels(block)}
    rows = [(label_of(name), FIGURES[name].meaning) for name in HOW if label_of(name) in labels]
    made = section("How to read this", Facts(rows=tuple(row for row in rows if row[1]))) if rows else None
    return made and replace(made, is_apart=True)


def _labels(block: Block) -> Iterable[str]:
    if isinstance(block, Balance):
        yield from (label for label, _ in block.rows)
        yield from (gauge.label for gauge in block.gauges)


def _data(result: Overview) -> Iterable[Section]:
    """The documents that the page is of."""
    named = [("report", result.run), *(("stress", one) for one in result.stressed.values())]
    named += [("compare", one) for one in result.compared.values()]
    for number, (name, document) in enumerate(named, 1):
        yield Section(blocks=(Data(name, document, number),))
