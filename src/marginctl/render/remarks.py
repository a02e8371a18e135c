"""What there is to say about a report below its tables: findings, limits not evaluated, assumptions, the verdict."""

from collections import Counter
from collections.abc import Sequence

from marginctl.findings import Finding, Severity, Status
from marginctl.render.screen import INDENT, Block, Line, Show, glyphs, line, paragraph, shower
from marginctl.render.summary import listed
from marginctl.results import (
    Options,
    Outcome,
    Run,
    Verbosity,
    Verdict,
    cheapest,
    live,
    ranked,
    unevaluated,
    verdict,
    worst,
)

SEVERITY_WORDS = {
    Severity.ERROR: ("FAIL", "bold red"),
    Severity.WARNING: ("WARN", "yellow"),
    Severity.NOTE: ("note", "dim"),
}
WAIVED = ("waived", "cyan")
BASELINE = ("baseline", "cyan")
VERDICT_STYLES = {
    Verdict.PASS: "bold green",
    Verdict.WARN: "bold yellow",
    Verdict.FAIL: "bold red",
    Verdict.ERROR: "bold red",
}
MOST_ASSUMPTIONS = 5


def findings(outcome: Outcome, options: Options) -> list[Block]:
    """The findings, gravest first, each with its place and what to do about it."""
    rows = ranked(outcome.findings)
    if not rows:
        return []
    words = max(len(_word(row)[0]) for row in rows)
    codes = max(len(row.code) for row in rows)
    return [
        line("Findings", "bold"),
        *(text for row in rows for text in _finding(row, outcome.file, words, codes, options)),
    ]


def _word(finding: Finding) -> tuple[str, str]:
    if finding.waived:
        return BASELINE if finding.by_baseline else WAIVED
    return SEVERITY_WORDS[finding.severity]


def _finding(finding: Finding, file: str, words: int, codes: int, options: Options) -> list[Line]:
    show = shower(options)
    word, style = _word(finding)
    lead: Line = ((INDENT, ""), (f"{word:<{words}}", style), (f"  {finding.code:<{codes}}  ", ""))
    rows = paragraph(show(finding.message) + place(finding, file, show), options.width, lead=lead)
    advice = finding.reason if finding.waived else finding.remedy
    if not advice:
        return rows
    hang = " " * (len(INDENT) + words + codes + 4)
    sign = "waived:" if finding.waived else glyphs(options).arrow
    lead = ((f"{hang}{sign} ", "dim"),)
    return [*rows, *paragraph(show(advice), options.width, lead=lead)]


def place(finding: Finding, file: str, show: Show) -> str:
    """`` (line 12)``, with the file where it is another one than the report's; empty for the file as a whole."""
    where = finding.location
    if where.file == file or not where.file:
        return f" (line {where.line})" if where.line else ""
    return f" ({show(where.file)}{f':{where.line}' if where.line else ''})"


def limits_line(outcome: Outcome, options: Options) -> list[Block]:
    """How many limits were looked at and with what result; those that could not be are named."""
    if not outcome.checks:
        return []
    count = Counter(check.status for check in outcome.checks)
    texts = [
        f"{count[status]} {word}"
        for status, word in (
            (Status.PASS, "passed"),
            (Status.WARN, "warned"),
            (Status.FAIL, "failed"),
            (Status.WAIVED, "waived"),
            (Status.BASELINE, "in the baseline"),
        )
        if count[status]
    ]
    missing = unevaluated(outcome.checks)
    if missing:
        names = sorted({f"{check.code} {check.name}" for check in missing})
        texts.append(f"{len(missing)} not evaluated: {listed(names)}")
    return [*paragraph(f"{len(outcome.checks)} limits: {', '.join(texts)}", options.width, style="dim")]


def assumptions(outcome: Outcome, options: Options) -> list[Block]:
    """What was taken for granted; all of it only when asked for."""
    texts = outcome.assumptions
    if not texts:
        return []
    most = len(texts) if options.verbosity is Verbosity.VERBOSE else MOST_ASSUMPTIONS
    rest = [f"and {len(texts) - most} more (-v lists them)"] if len(texts) > most else []
    return [line("Assumptions", "bold"), *_items([*map(shower(options), texts[:most]), *rest], options)]


def sources(outcome: Outcome, options: Options) -> list[Block]:
    """Where the rule set's figures come from."""
    if outcome.rules is None or not outcome.rules.sources:
        return []
    return [line("Sources", "bold"), *_items(list(map(shower(options), outcome.rules.sources)), options)]


def _items(texts: Sequence[str], options: Options) -> list[Line]:
    return [row for text in texts for row in paragraph(text, options.width, lead=line(INDENT))]


def verdict_line(outcome: Outcome, run: Run, options: Options) -> list[Block]:
    """``FAIL  desk-a: 1 error, 2 warnings. Cheapest way: ...``."""
    word = verdict(outcome, run.fail_on)
    show = shower(options)
    name = show(outcome.report.account.name if outcome.report else outcome.file)
    text = f"{name}: {_tally(outcome)}."
    remedy = cheapest(outcome)
    if remedy and (word is Verdict.FAIL or (word is Verdict.WARN and remedy.startswith("deposit"))):
        text += f" Cheapest way: {show(remedy)}"
    lead: Line = ((word.value, VERDICT_STYLES[word]), ("  ", ""))
    return [*paragraph(text, options.width, lead=lead)]


def _tally(outcome: Outcome) -> str:
    if outcome.report is None:
        return f"could not be checked, {_counted(len(outcome.problems), 'problem')}"
    counts = [
        _counted(len(live(outcome.findings, severity)), noun)
        for severity, noun in ((Severity.ERROR, "error"), (Severity.WARNING, "warning"))
        if live(outcome.findings, severity)
    ]
    if outcome.problems:
        counts.append(f"{_counted(len(outcome.problems), 'limit')} could not be evaluated")
    waived = sum(finding.waived for finding in outcome.findings)
    if waived:
        counts.append(f"{waived} waived")
    return ", ".join(counts) if counts else "no limit is broken"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def run_line(run: Run) -> Line:
    """The last line of a run over several files."""
    verdicts = [verdict(outcome, run.fail_on) for outcome in run.outcomes]
    word = worst(verdicts)
    counts = Counter(verdicts)
    order = (Verdict.ERROR, Verdict.FAIL, Verdict.WARN, Verdict.PASS)
    tally = ", ".join(f"{counts[each]} {each.value}" for each in order if counts[each])
    return ((word.value, VERDICT_STYLES[word]), (f"  {_counted(len(verdicts), 'file')}: {tally}", ""))
