"""A run over several files: the answer for all of them, a line each, and how often each rule was broken; passes."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from marginctl.core.report import Report
from marginctl.findings import Finding, Severity
from marginctl.render import found
from marginctl.render.page import DataTable, Section, Sentence, names, numbers, section, texts
from marginctl.render.pages.columns import NEVER, UNKNOWN
from marginctl.render.pages.head import TONES, answered, name_of, nearest
from marginctl.results import Outcome, Run, Verdict, live, verdict, worst
from marginctl.wording import counted, figure, figure_percent

GRAVITY = (Verdict.ERROR, Verdict.FAIL, Verdict.WARN, Verdict.PASS)


def worst_first(run: Run) -> list[Outcome]:
    """The files by verdict, then by their distance to liquidation, then as they came."""
    return sorted(run.outcomes, key=lambda one: (GRAVITY.index(verdict(one, run.fail_on)), _away(one)))


def _away(outcome: Outcome) -> tuple[bool, Decimal]:
    found = nearest(outcome.report) if outcome.report else None
    return (found is None, found.distance if found else Decimal(0))


def run_sections(run: Run) -> list[Section | None]:
    """``FAIL  3 files: 1 FAIL, 2 PASS`` and a line per account."""
    verdicts = [verdict(outcome, run.fail_on) for outcome in run.outcomes]
    counts = Counter(verdicts)
    tally = ", ".join(f"{counts[one]} {one.value}" for one in GRAVITY if counts[one])
    table = _accounts(worst_first(run), run.fail_on)
    first = answered(worst(verdicts), f"{counted(len(verdicts), 'file')}: {tally}")
    return [first, section("Accounts", table, note="worst first")]


def _accounts(outcomes: Sequence[Outcome], fail_on: str) -> DataTable:
    """Whose, how full, how far from liquidation, and what was found; the file where names do not tell them apart."""
    words = [verdict(one, fail_on) for one in outcomes]
    called = [name_of(one) for one in outcomes]
    units = [one.report.account.currency if one.report else "" for one in outcomes]
    single = len(set(units) - {""}) < 2

    def cells(text: Callable[[Report], str]) -> list[str]:
        return [text(one.report) if one.report else "" for one in outcomes]

    return DataTable(
        (
            texts("verdict", [one.value for one in words], tones=[TONES[one] for one in words]),
            names("account", called),
            names("file", ["" if len(set(called)) == len(called) else one.file for one in outcomes], priority=4),
            numbers("equity", cells(_equity), max(units) if single else "", priority=5),
            texts("", [""] * len(units) if single else units, priority=5),
            numbers("used", cells(lambda one: _share("utilization", one.totals.utilization)), "%", priority=3),
            numbers("maint. ratio", cells(_maintenance), "%", priority=6),
            numbers("distance", cells(distance_shown), "%", priority=1),
            texts("side", cells(side_shown), priority=2),
            numbers("FAIL", [_count(one, Severity.ERROR) for one in outcomes], priority=1),
            numbers("WARN", [_count(one, Severity.WARNING) for one in outcomes], priority=1),
            numbers("runway", cells(_runway), "days", priority=7),
        )
    )


def _equity(report: Report) -> str:
    return figure("equity", report.totals.equity)


def _maintenance(report: Report) -> str:
    return _share("maintenance_ratio", report.totals.maintenance_ratio)


def _share(name: str, value: Decimal | None) -> str:
    return UNKNOWN if value is None else figure_percent(name, value)


def distance_shown(report: Report) -> str:
    """How far the nearest liquidation is, of all assets together or of one alone, in percent."""
    found = nearest(report)
    return figure_percent("distance", found.distance) if found else NEVER


def side_shown(report: Report) -> str:
    """What goes there: ``all fall``, ``SOL rise``."""
    found = nearest(report)
    return f"{found.asset or 'all'} {found.word}" if found else ""


def _runway(report: Report) -> str:
    days = report.funding.runway_days
    return figure("runway_days", days, 1) if days is not None else UNKNOWN if report.funding.missing else ""


def _count(outcome: Outcome, severity: Severity) -> str:
    return str(len(live(outcome.findings, severity)) or "")


def statistics(run: Run) -> Section | None:
    """How often each rule was broken and in how many files, the most frequent first."""
    found = [(one, outcome.file) for outcome in run.outcomes for one in outcome.findings]
    rules = Counter((one.code, one.name) for one, _ in found)
    keys = [key for key, _ in rules.most_common()]
    if not keys:
        return section("Statistics", Sentence(text="No rule found anything."))

    def tallied(counts: Callable[[Finding], bool]) -> list[str]:
        each = Counter((one.code, one.name) for one, _ in found if counts(one))
        return [str(each[key] or "") for key in keys]

    def of(severity: Severity) -> list[str]:
        return tallied(lambda one: one.severity is severity and not one.waived)

    files = [len({file for one, file in found if (one.code, one.name) == key}) for key in keys]
    columns = (
        texts("code", [code for code, _ in keys]),
        names("limit on", [name for _, name in keys]),
        numbers("FAIL", of(Severity.ERROR)),
        numbers("WARN", of(Severity.WARNING)),
        numbers("note", of(Severity.NOTE)),
        numbers("waived", tallied(lambda one: one.waived)),
        numbers("files", [str(count) for count in files]),
    )
    return section("Statistics", DataTable(columns), note=f"of {counted(len(run.outcomes), 'file')}")


def diffs(run: Run) -> Iterable[Section | None]:
    """What became of the accounts, where that was asked for."""
    return found("render.pages.diff.diff_sections")(run) if any(one.diff for one in run.outcomes) else ()


MOST_CHANGES = 4


def line(now: Verdict, outcome: Outcome, before: Outcome | None) -> str:
    """One pass: ``PASS  distance 12.3%  equity 100.00 USD  BTCUSDT long 1 -> 2``."""
    if outcome.report is None:
        return f"{now.value}  {outcome.problems[0].message if outcome.problems else 'not checked'}"
    totals, distance = outcome.report.totals, outcome.report.liquidation.distance
    away = "none" if distance is None else f"{figure_percent('distance', distance)}%"
    found = changes(outcome, before)
    more = [f"and {len(found) - MOST_CHANGES} more"] if len(found) > MOST_CHANGES else []
    changed = ", ".join([*found[:MOST_CHANGES], *more]) or ("first pass" if before is None else "no change")
    return f"{now.value}  distance {away}  equity {totals.equity:.2f}  {changed}"


def changes(outcome: Outcome, before: Outcome | None) -> list[str]:
    """What is another than at the last pass: positions by quantity, findings by code."""
    if before is None or before.report is None:
        return []
    old, new = _quantities(before), _quantities(outcome)
    moved = [_moved(name, old.get(name), new.get(name)) for name in {**old, **new} if old.get(name) != new.get(name)]
    known, found = ({one.code for one in each.findings if not one.waived} for each in (before, outcome))
    return [*moved, *(f"+{code}" for code in sorted(found - known)), *(f"-{code}" for code in sorted(known - found))]


def _quantities(outcome: Outcome) -> dict[str, Decimal]:
    positions = outcome.report.positions if outcome.report is not None else ()
    return {f"{one.symbol} {one.side}": one.quantity for one in positions}


def _moved(name: str, old: Decimal | None, new: Decimal | None) -> str:
    return f"{name} {'none' if old is None else f'{old:f}'} -> {'none' if new is None else f'{new:f}'}"
