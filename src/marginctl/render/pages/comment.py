"""``check`` in short, for a comment on a code host: verdict, account, the limits that did not simply pass, findings."""

from collections.abc import Iterable, Sequence

from marginctl.core.report import Report
from marginctl.findings import Check, Finding, Location, Status
from marginctl.render import Manual, Options
from marginctl.render.page import (
    Block,
    Column,
    ColumnKind,
    DataTable,
    Items,
    Page,
    Problems,
    Section,
    Sentence,
    Span,
    Tone,
    numbers,
    page,
    texts,
)
from marginctl.render.pages.account import MONEY, RATIOS, common_move, finding_word, ratio_text
from marginctl.render.pages.runs import diffs
from marginctl.render.paths import rule_page, spot
from marginctl.results import Outcome, Run, Verdict, cheapest, ranked, verdict
from marginctl.wording import capitalized, check_value, figure, headroom_text, label_of, limit_text


def comment_page(run: Run, options: Options) -> Page:
    """A section per file, and what became of it where that was asked for."""
    return page([*(_outcome(outcome, run, options) for outcome in run.outcomes), *diffs(run)])


def _outcome(outcome: Outcome, run: Run, options: Options) -> Section:
    word = verdict(outcome, run.fail_on)
    name = outcome.report.account.name if outcome.report else outcome.file
    return Section(heading=f"{word.value}: {name}", blocks=tuple(_blocks(outcome, word, options)), is_title=True)


def _blocks(outcome: Outcome, word: Verdict, options: Options) -> Iterable[Block]:
    report = outcome.report
    if report is not None:
        yield _introduction(outcome, report)
    if outcome.problems:
        yield Problems(outcome.problems)
    remedy = cheapest(outcome)
    if remedy and word in (Verdict.WARN, Verdict.FAIL):
        yield Sentence(text=remedy, lead=(Span("Cheapest way:", Tone.STRONG), Span(" ")))
    if report is not None:
        yield _account(report)
        yield Sentence(text=common_move(report.liquidation, several=len(report.pools) > 1))
    yield from _checks(outcome.checks, options.manual)
    yield from _findings(ranked(outcome.findings), options)
    if outcome.assumptions:
        yield Items(texts=outcome.assumptions, folded="Assumptions")


def _introduction(outcome: Outcome, report: Report) -> Sentence:
    account, rules = report.account, outcome.rules
    facts = ["", account.venue, account.collateral_mode, account.position_mode]
    if rules is not None:
        facts.append(f"rules of {rules.as_of or 'unknown date'} ({rules.status})")
    if account.as_of:
        facts.append(f"data of {account.as_of}")
    return Sentence(text=", ".join(facts), lead=(Span(outcome.file, Tone.CODE),))


def _account(report: Report) -> DataTable:
    totals = report.totals
    rows = [(label_of(name), figure(name, getattr(totals, name))) for name in MONEY]
    rows += [(label_of(ratio.name), ratio_text(ratio, getattr(totals, ratio.name))) for ratio in RATIOS]
    labels = texts("Account", [capitalized(label) for label, _ in rows])
    return DataTable((labels, Column(title=report.account.currency, cells=[value for _, value in rows])))


def _checks(checks: Sequence[Check], manual: Manual) -> Iterable[Block]:
    """The limits that did not simply pass; all of them would bury those."""
    if checks:
        passed = sum(check.status is Status.PASS for check in checks)
        yield Sentence(text=f"{passed} of {len(checks)} limits passed")
    rows = [check for check in checks if check.status is not Status.PASS]
    if rows:
        yield _limits(rows, [manual[row.code].unit if row.code in manual else "" for row in rows])


def _limits(rows: Sequence[Check], units: Sequence[str]) -> DataTable:
    words = {Status.FAIL: "FAIL", Status.WARN: "WARN"}
    pairs = list(zip(rows, units, strict=True))
    return DataTable(
        (
            texts(
                "Status",
                [words.get(row.status, row.status.value) for row in rows],
                tones=[Tone.BAD if row.status is Status.FAIL else Tone.PLAIN for row in rows],
            ),
            texts("Limit", [f"{row.code} {row.name}" for row in rows]),
            texts("Subject", [row.subject for row in rows]),
            numbers("Value", [check_value(*pair) for pair in pairs]),
            numbers("Bound", [limit_text(*pair) for pair in pairs]),
            numbers("Headroom", [headroom_text(*pair) for pair in pairs]),
        ),
        is_fixed=True,
    )


def _findings(rows: Sequence[Finding], options: Options) -> Iterable[DataTable]:
    if not rows:
        return
    words = [finding_word(row) for row in rows]
    pages = [rule_page(options.rule_pages, row.code, options.manual) for row in rows]
    yield DataTable(
        (
            texts("Severity", [word.text for word in words], tones=[word.tone for word in words]),
            texts("Code", [row.code for row in rows], links=pages),
            texts("Finding", [row.message for row in rows]),
            texts("Remedy", [_advice(row) for row in rows]),
            Column(title="Place", cells=[_place(row) for row in rows], kind=ColumnKind.PLACE),
        ),
        is_fixed=True,
    )


def _advice(finding: Finding) -> str:
    """What to do, or why nothing has to be done."""
    return f"waived: {finding.reason}" if finding.waived and finding.reason else finding.remedy


def _place(finding: Finding) -> str:
    where = finding.location
    return spot(Location(where.file, where.line)) if where.file else ""
