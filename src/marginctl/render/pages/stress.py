"""``stress``: scenarios, cascades, heat map, curve, funding, findings, and the verdict."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec.structs import replace

from marginctl.core.exact import Direction
from marginctl.core.report import Report
from marginctl.findings import Severity
from marginctl.render import Options, Verbosity
from marginctl.render.page import (
    Block,
    CurveChart,
    DataTable,
    HeatMap,
    Page,
    Pictured,
    Section,
    Sentence,
    Span,
    Tone,
    dim,
    names,
    numbers,
    page,
    section,
    texts,
)
from marginctl.render.pages.account import (
    RATIOS,
    assumptions,
    common_move,
    findings,
    foot,
    problems,
    ratio_text,
    run_notes,
)
from marginctl.render.pages.cascades import cascade_sections
from marginctl.render.pages.columns import figured
from marginctl.render.pages.funding import funding_sections
from marginctl.render.pages.head import answered, headed, resting_on
from marginctl.render.pages.more_pictures import tiers, timelines
from marginctl.render.pages.pictures import pictures
from marginctl.results import Outcome, ScenarioOrigin, ScenarioResult, StressResult, Verdict, live
from marginctl.wording import (
    counted,
    figure,
    grouped,
    listed,
    money,
    moves_text,
    share,
    side_text,
    whom,
)

BREAKS_AT = (
    "Figures of the end of each, as if nothing were closed on the way. Breaks at: how much of it liquidates the first "
    "pool; above 100% it is survived, and that much further along the same line it would not be."
)
SURVIVED, DIED = Span("survives", Tone.GOOD), Span("LIQUIDATED", Tone.BAD)


def stress_page(stress: StressResult, options: Options) -> Page:
    """Everything about one account that was put through scenarios."""
    outcome = Outcome(
        file=stress.file,
        report=stress.report,
        rules=stress.rules,
        findings=stress.findings,
        assumptions=stress.assumptions,
        problems=stress.problems,
    )
    is_quiet = options.verbosity is Verbosity.QUIET
    parts: list[Section | None] = []
    is_asked = _word(stress, outcome) is not Verdict.PASS
    if is_asked or not is_quiet:
        told = [_verdict(stress, outcome, is_quiet=is_quiet), problems(outcome)]
        parts += told if stress.report else reversed(told)
    parts += [findings(outcome)] if is_asked else []
    if stress.report is not None and not is_quiet:
        parts += scenarios(stress, stress.report, options)
    if not is_quiet:
        is_full = options.verbosity is Verbosity.VERBOSE
        parts += [None if is_asked else findings(outcome), assumptions(outcome) if is_full else None]
        parts += [foot(replace(outcome, assumptions=()) if is_full else outcome, *run_notes([outcome]))]
    return page(parts)


def stress_pictured(stress: StressResult, options: Options) -> Page:
    """The same with every picture unless told which: where pictures cost no room."""
    every = ("distance", "waterfall", "margin", "timeline", "tiers")
    return stress_page(stress, options if options.pictures is not None else replace(options, pictures=frozenset(every)))


def scenarios(stress: StressResult, report: Report, options: Options) -> Iterable[Section | None]:
    """What the account was put through: scenarios, cascades, grid, curve, funding."""
    yield from put_through(stress, report, options)
    for one in drawn(stress, report, options):
        yield section(one.title, one) if isinstance(one, Pictured) else one
    if stress.funding is not None:
        yield from funding_sections(stress.funding, report.account.currency)


def put_through(stress: StressResult, report: Report, options: Options) -> Iterable[Section | None]:
    """Scenarios and cascades."""
    if stress.scenarios:
        yield _scenarios(stress, report)
    if options.verbosity is Verbosity.VERBOSE:
        yield details(stress.scenarios)
    for told in stress.scenarios:
        if told.story is not None:
            yield from cascade_sections(told, told.story, report)


def drawn(stress: StressResult, report: Report, options: Options) -> Iterable[Section | Pictured | None]:
    """Grid and curve, where they were computed; of the other pictures those that were asked for."""
    yield from _drawn(stress, report)
    asked = options.pictures or ()
    for one in (*pictures(report), *timelines(stress), *tiers(stress.tiered_ways)) if asked else ():
        if isinstance(one, Pictured) and one.name in asked:
            yield one


def _now(report: Report) -> str:
    totals = report.totals
    ratio = ratio_text(RATIOS[1], totals.maintenance_ratio)
    return (
        f"Now: equity {figure('equity', totals.equity)} {report.account.currency}, maintenance ratio {ratio}, "
        f"free collateral {figure('free_collateral', totals.free_collateral)}."
    )


def _drawn(stress: StressResult, report: Report) -> Iterable[Section | None]:
    if stress.grid is not None:
        down, across = whom(stress.grid.down.asset), whom(stress.grid.across.asset)
        note = f"{down} down the side, {across} across; at the point, not on the way"
        yield section("Maintenance ratio", HeatMap(stress.grid), note=note)
    for curve in stress.curves[:1] if stress.draws_curve else ():
        moves = [pool.liquidation for pool in report.pools if pool.name == curve.pool]
        ends = tuple(end for one in moves for end in (one.down, one.up) if end is not None)
        move = Sentence(text=common_move(report.liquidation, several=len(report.pools) > 1))
        if curve.points[-1].move and max(max(point.equity, point.required) for point in curve.points) > 0:
            note = f"equity and what it must cover, {curve.pool}, {report.account.currency}"
            yield section("All assets together", CurveChart(curve, ends, unit=report.account.currency), move, note=note)
        else:
            yield Section(blocks=(move,))


# Scenarios.


def _scenarios(stress: StressResult, report: Report) -> Section | None:
    """One row per scenario, in the order they were asked for."""
    rows, unit = stress.scenarios, report.account.currency
    words = [SURVIVED if row.outcome.survived else DIED for row in rows]
    columns = (
        names("scenario", [row.name for row in rows]),
        texts("date", [row.date for row in rows], priority=9),
        texts("moves", [moves_text(row.scenario) for row in rows], priority=12),
        texts("outcome", [word.text for word in words], tones=[word.tone for word in words]),
        numbers("breaks at", [_reach(row) for row in rows], priority=1),
        names("pool", [_pool(row) if len(report.pools) > 1 else "" for row in rows], priority=7),
        figured("equity", rows, "outcome.equity", unit, priority=2),
        figured("change", rows, "outcome.change", unit, priority=3),
        figured("own equity", rows if report.totals.bonus is not None else (), "outcome.own_equity", unit, priority=4),
        figured("maint. ratio", rows, "outcome.maintenance_ratio", priority=4),
        figured("free", rows, "outcome.free_collateral", unit, priority=5),
        names("loses most", [_worst(row) for row in rows], priority=6),
        figured("by", rows, "outcome.worst.change", unit, priority=10, absent=""),
    )
    idle = [told.name for told in rows if told.days is None and not any(told.moves.values())]
    untouched = dim(f"Moves nothing that this account holds or trades: {', '.join(idle)}.") if idle else None
    answer = _worst_day(rows, unit)
    return section("Scenarios", DataTable(columns), answer, dim(BREAKS_AT), untouched, note="as if nothing were closed")


def _worst_day(rows: Sequence[ScenarioResult], unit: str) -> Sentence | None:
    """What the worst return of a history does to the book, and how much of it liquidates; None without one."""
    told = next((row for row in rows if row.origin is ScenarioOrigin.HISTORY), None)
    if told is None:
        return None
    change = told.outcome.change
    effect = f"costs {money(-change, unit, Direction.UP)}" if change < 0 else "costs nothing"
    return Sentence(text=f"The worst of the history ends on {told.name} and {effect}; {_multiple(told.outcome.reach)}.")


def _multiple(reach: Decimal | None) -> str:
    """How many times a move liquidates, rounded down."""
    if reach is None:
        return "no multiple of it liquidates"
    return f"{grouped(reach, 4, Direction.DOWN)} times that move liquidates" if reach else "it is liquidatable already"


def _reach(row: ScenarioResult) -> str:
    reach = row.outcome.reach
    return "never" if reach is None else "now" if not reach else share(reach)


def _pool(row: ScenarioResult) -> str:
    return row.outcome.pool if row.outcome.pool and row.outcome.reach is not None else ""


def _worst(row: ScenarioResult) -> str:
    worst = row.outcome.worst
    return "" if worst is None else f"{worst.symbol} {side_text(worst.side)}"


def details(scenarios: Iterable[ScenarioResult]) -> Section | None:
    """What each scenario is, where its figures come from and what is assumed."""
    blocks: list[Block] = []
    for told in scenarios:
        blocks.append(Sentence(text=moves_text(told.scenario), lead=(Span(told.name, Tone.STRONG), Span("  "))))
        if told.built_in is not None:
            blocks.append(Sentence(text=f"{told.date}: {told.built_in.title}. {told.built_in.note}", depth=1))
            blocks += [Sentence(text=one.text, tone=Tone.DIM, depth=1) for one in told.sources]
    return section("What they are", *blocks)


# The verdict.


def _verdict(stress: StressResult, outcome: Outcome, *, is_quiet: bool) -> Section:
    """``FAIL  desk-a: 1 of 3 scenarios is not survived: eth-runs after 98.5% of it.``."""
    name = stress.report.account.name if stress.report else stress.file
    word, text = _word(stress, outcome), f"{name}: {_tally(stress)}"
    if is_quiet or stress.report is None:
        return answered(word, text)
    return headed(word, text, outcome, _now(stress.report))


def _word(stress: StressResult, outcome: Outcome) -> Verdict:
    if stress.problems or stress.report is None:
        return Verdict.ERROR
    if live(outcome.findings, Severity.ERROR):
        return Verdict.FAIL
    if live(outcome.findings, Severity.WARNING):
        return Verdict.FAIL if stress.fail_on == "warning" else Verdict.WARN
    return Verdict.PASS


def _tally(stress: StressResult) -> str:
    if stress.report is None:
        return f"could not be checked, {counted(len(stress.problems), 'problem')}."
    resting = resting_on(stress.report)
    return f"{_survival(stress)}, {resting}." if resting else f"{_survival(stress)}."


def _survival(stress: StressResult) -> str:
    dead = [f"{told.name} {_how_far(told)}" for told in stress.scenarios if not told.outcome.survived]
    count, verb = len(stress.scenarios), "is" if len(dead) == 1 else "are"
    if not dead:
        return f"all {count} scenarios are survived" if count != 1 else f"{stress.scenarios[0].name} is survived"
    return f"{'' if count == 1 else f'{len(dead)} of {count} scenarios {verb} '}not survived: {listed(dead, 3)}"


def _how_far(told: ScenarioResult) -> str:
    crossing = told.outcome.crossing
    return "(already now)" if not crossing else f"(after {share(crossing)} of it)"
