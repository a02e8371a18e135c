"""The screen of ``stress``: scenarios, cascades, heat map, curve, funding, and in the last line the verdict."""

from collections.abc import Iterable
from decimal import Decimal

from marginctl.core.cascade import Cascade, Comparison
from marginctl.core.exact import ZERO, Direction
from marginctl.core.report import PoolFigures, Report
from marginctl.findings import Severity
from marginctl.render import remarks, stress_tables, summary
from marginctl.render.chart import chart
from marginctl.render.heatmap import heat_map
from marginctl.render.numbers import figure, percent
from marginctl.render.problems import problem_blocks
from marginctl.render.screen import INDENT, Block, Line, Show, draw, line, paragraph, shower
from marginctl.render.stress_document import moves_text
from marginctl.render.stress_tables import money, share, side_text
from marginctl.results import Options, Outcome, ScenarioResult, StressResult, Verbosity, Verdict, live

BREAKS_AT = (
    "Figures of the end of each, as if nothing were closed on the way. Breaks at: how much of it liquidates the first "
    "pool; above 100% it is survived, and that much further along the same line it would not be."
)


def render(stress: StressResult, options: Options) -> str:
    """The whole screen, at most ``options.width`` wide."""
    outcome = Outcome(
        file=stress.file,
        report=stress.report,
        rules=stress.rules,
        findings=stress.findings,
        assumptions=stress.assumptions,
        problems=stress.problems,
    )
    parts: list[list[Block]] = []
    if stress.report is not None and options.verbosity is not Verbosity.QUIET:
        parts = list(_body(stress, stress.report, outcome, options))
    parts += [problem_blocks(stress.problems, options), remarks.findings(outcome, options)]
    if options.verbosity is not Verbosity.QUIET:
        parts.append(remarks.assumptions(outcome, options))
    parts.append(_verdict(stress, outcome, options))
    return draw(_spaced(parts), options)


def _spaced(parts: Iterable[list[Block]]) -> list[Block]:
    blocks: list[Block] = []
    for part in filter(None, parts):
        blocks += ([line()] if blocks else []) + part
    return blocks


def _body(stress: StressResult, report: Report, outcome: Outcome, options: Options) -> Iterable[list[Block]]:
    show = shower(options)
    several = len(report.pools) > 1
    yield [*summary.header(outcome, report, options), *_now(report, options)]
    if stress.scenarios:
        yield [stress_tables.scenarios(stress, show), *_notes([BREAKS_AT, *_untouched(stress)], options)]
    if options.verbosity is Verbosity.VERBOSE:
        yield _details(stress, options)
    for told in stress.scenarios:
        if told.story is not None:
            yield from _story(told, told.story, report, options, several=several)
    if stress.grid is not None:
        yield [*heat_map(stress.grid, options)]
    if stress.draws_curve:
        for curve in stress.curves[:1]:
            ends = [end for pool in report.pools if pool.name == curve.pool for end in _ends(pool)]
            yield [*chart(curve, ends, options, report.account.currency), *_common_move(report, options)]
    yield _funding(stress, report, options)


def _ends(pool: PoolFigures) -> list[Decimal]:
    """The joint moves that liquidate a pool."""
    return [move for move in (pool.liquidation.down, pool.liquidation.up) if move is not None]


def _now(report: Report, options: Options) -> list[Line]:
    totals = report.totals
    ratio = "n/a" if totals.maintenance_ratio is None else f"{percent('maintenance_ratio', totals.maintenance_ratio)}%"
    text = (
        f"Now: equity {figure('equity', totals.equity)} {shower(options)(report.account.currency)}, maintenance ratio "
        f"{ratio}, free collateral {figure('free_collateral', totals.free_collateral)}."
    )
    return paragraph(text, options.width, lead=line(INDENT))


def _common_move(report: Report, options: Options) -> list[Line]:
    text = summary.common_move(report.liquidation, shower(options), several=len(report.pools) > 1)
    return paragraph(text, options.width, lead=line(INDENT))


def _notes(texts: Iterable[str], options: Options) -> list[Line]:
    return [row for text in texts for row in paragraph(text, options.width, lead=line(INDENT), style="dim")]


def _untouched(stress: StressResult) -> list[str]:
    """Scenarios that move nothing of this account."""
    idle = [told.name for told in stress.scenarios if told.days is None and not any(told.moves.values())]
    return [f"Moves nothing that this account holds or trades: {', '.join(idle)}."] if idle else []


def _details(stress: StressResult, options: Options) -> list[Block]:
    """What each scenario is, where its figures come from and what is assumed."""
    show = shower(options)
    rows: list[Block] = [line("What they are", "bold")] if stress.scenarios else []
    for told in stress.scenarios:
        rows += paragraph(
            show(moves_text(told.scenario)), options.width, lead=((f"{INDENT}{show(told.name)}  ", "bold"),)
        )
        if told.built_in is not None:
            hang = line(INDENT * 2)
            rows += paragraph(f"{told.date}: {told.built_in.title}. {told.built_in.note}", options.width, lead=hang)
            for source in told.sources:
                text = f"{source.publisher}, {source.title}, {source.date}, {source.reference}"
                rows += paragraph(show(text), options.width, lead=hang, style="dim")
    return rows


def _story(
    told: ScenarioResult, story: Cascade, report: Report, options: Options, *, several: bool
) -> Iterable[list[Block]]:
    show = shower(options)
    currency = show(report.account.currency)
    table = stress_tables.story(told, story, show, several=several)
    if table is None:
        return
    yield [table, *_notes([show(moves_text(told.scenario)), _left(story, currency, show)], options)]
    comparison = told.comparison
    if comparison is None:
        yield [*_notes(["Isolated it could not be run: not enough collateral for the initial margins."], options)]
    else:
        yield [
            stress_tables.side_by_side(told, comparison, show),
            *_notes(_price_of_sharing(story, comparison, currency, show), options),
        ]


def _left(story: Cascade, currency: str, show: Show) -> str:
    """What there is at the end of the path."""
    open_still = [f"{show(one.contract.symbol)} {side_text(one.side)}" for one in story.account.positions]
    held = f"still open: {summary.listed(open_still)}" if open_still else "no position is left"
    return f"At the end {money(story.value)} {currency} are left before haircuts, {held}."


def _price_of_sharing(story: Cascade, comparison: Comparison, currency: str, show: Show) -> list[str]:
    together, apart = money(story.value), money(comparison.apart.value)
    difference = _verdict_on(story.value - comparison.apart.value, currency)
    left = f"{together} {currency} together, {apart} isolated"
    texts = [f"Left at the end, before haircuts: {left}: sharing the pool {difference}."]
    if story.closed_winners:
        names = summary.listed([show(key) for key in story.closed_winners])
        cost = _verdict_on(-comparison.contagion_cost, currency)
        texts.append(f"Contagion: {names}, in profit, went with the pool, which {cost} by the end.")
    if comparison.sharing_saved:
        saved = _verdict_on(comparison.sharing_saved, currency)
        texts.append(f"On what the pool carried and what is closed when alone, sharing {saved} by the end.")
    if comparison.sold:
        texts.append("To set the isolated margins aside, other collateral was sold at its price.")
    return texts


def _verdict_on(gain: Decimal, currency: str) -> str:
    """``saved 12.00 USD``, ``cost 3.00 USD``; nothing where it is less than half a cent."""
    amount = money(abs(gain), Direction.NEAREST)
    if amount == money(ZERO):
        return "made no difference"
    return f"{'saved' if gain > 0 else 'cost'} {amount} {currency}"


def _funding(stress: StressResult, report: Report, options: Options) -> list[Block]:
    table = stress.funding
    if table is None:
        return []
    show = shower(options)
    rows = stress_tables.funding(table, show(report.account.currency), show)
    if rows is None:
        return []
    missing = dict.fromkeys(symbol for case in table.cases for symbol in case.missing)
    notes = ["Fall and rise: all assets together, now and after the days named."]
    if missing:
        notes.append(f"* no rate for {summary.listed([show(one) for one in missing])}: counted as 0.")
    return [
        rows,
        line(),
        stress_tables.funding_cases(table, show(report.account.currency), show),
        *_notes(notes, options),
    ]


def _verdict(stress: StressResult, outcome: Outcome, options: Options) -> list[Block]:
    """``FAIL  desk-a: 1 of 3 scenarios is not survived: eth-runs after 98.5% of it.``."""
    word = _word(stress, outcome)
    show = shower(options)
    name = show(stress.report.account.name if stress.report else stress.file)
    lead: Line = ((word.value, remarks.VERDICT_STYLES[word]), ("  ", ""))
    return [*paragraph(f"{name}: {show(_tally(stress))}", options.width, lead=lead)]


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
        count = len(stress.problems)
        return f"could not be checked, {count} problem{'' if count == 1 else 's'}."
    dead = [told for told in stress.scenarios if not told.outcome.survived]
    count = len(stress.scenarios)
    if not dead:
        return f"all {count} scenarios are survived." if count != 1 else f"{stress.scenarios[0].name} is survived."
    names = summary.listed([f"{told.name} {_how_far(told)}" for told in dead], 3)
    if count == 1:
        return f"not survived: {names}."
    return f"{len(dead)} of {count} scenarios {'is' if len(dead) == 1 else 'are'} not survived: {names}."


def _how_far(told: ScenarioResult) -> str:
    crossing = told.outcome.crossing
    return "(already now)" if not crossing else f"(after {share(crossing)} of it)"
