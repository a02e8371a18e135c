"""GitHub-flavoured Markdown for comments and job summaries: verdict, account, limits, findings."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from marginctl.core.report import Report
from marginctl.document.source import printable
from marginctl.findings import Check, Finding, Location, Problem, Severity, Status
from marginctl.render.numbers import check_value, figure, headroom_text, limit_text, percent
from marginctl.render.paths import spot
from marginctl.render.summary import common_move
from marginctl.results import Options, Outcome, Run, Verdict, cheapest, ranked, verdict

WORDS = {Severity.ERROR: "**FAIL**", Severity.WARNING: "WARN", Severity.NOTE: "note"}
STATUSES = {Status.FAIL: "**FAIL**", Status.WARN: "WARN"}
MONEY = (
    ("equity", "Equity"),
    ("unrealized_pnl", "Unrealized PnL"),
    ("initial_margin", "Initial margin"),
    ("order_margin", "Order margin"),
    ("maintenance_margin", "Maintenance margin"),
    ("free_collateral", "Free collateral"),
    ("buffer", "Liquidation buffer"),
)
RATIOS = (("utilization", "Utilization"), ("maintenance_ratio", "Maintenance ratio"))
MOST_ROWS = 500
"""Rows of one table; a comment on a code host holds about 65,000 characters."""

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&])")


def render(run: Run, options: Options) -> str:
    """A section per file."""
    parts = [part for outcome in run.outcomes for part in _outcome(outcome, run, options)]
    return "\n\n".join(part for part in parts if part) + "\n" if parts else ""


def _outcome(outcome: Outcome, run: Run, options: Options) -> Iterable[str]:
    word = verdict(outcome, run.fail_on)
    name = outcome.report.account.name if outcome.report else outcome.file
    yield f"### {word.value}: {text(name)}"
    if outcome.report is not None:
        yield _introduction(outcome, outcome.report)
    yield _problems(outcome.problems)
    remedy = cheapest(outcome)
    if remedy and word in (Verdict.WARN, Verdict.FAIL):
        yield f"**Cheapest way:** {text(remedy)}"
    if outcome.report is not None:
        yield _account(outcome.report)
        yield text(common_move(outcome.report.liquidation, str, several=len(outcome.report.pools) > 1))
    yield _checks(outcome.checks, options)
    yield _findings(outcome)
    yield _details("Assumptions", [f"- {text(assumption)}" for assumption in outcome.assumptions])


def _introduction(outcome: Outcome, report: Report) -> str:
    account, rules = report.account, outcome.rules
    facts = [code(outcome.file), text(account.venue), account.collateral_mode, account.position_mode]
    if rules is not None:
        facts.append(f"rules of {text(rules.as_of or 'unknown date')} ({text(rules.status)})")
    if account.as_of:
        facts.append(f"data of {text(account.as_of)}")
    return ", ".join(facts)


def _account(report: Report) -> str:
    totals = report.totals
    rows = [(label, figure(name, getattr(totals, name))) for name, label in MONEY]
    rows += [(label, _percent(name, getattr(totals, name))) for name, label in RATIOS]
    rows.append(("Leverage", "n/a" if totals.leverage is None else f"{figure('leverage', totals.leverage)}x"))
    return _table(("Account", text(report.account.currency)), rows, right=1)


def _percent(name: str, value: Decimal | None) -> str:
    return "n/a" if value is None else f"{percent(name, value)}%"


def _checks(checks: Sequence[Check], options: Options) -> str:
    """The limits that did not simply pass; all of them would bury those."""
    rows = []
    for check in checks:
        if check.status is Status.PASS:
            continue
        unit = options.manual[check.code].unit if check.code in options.manual else ""
        name = f"{check.code} {text(check.name)}"
        figures = (check_value(check, unit), limit_text(check, unit), headroom_text(check, unit))
        rows.append((STATUSES.get(check.status, check.status.value), name, text(check.subject), *figures))
    passed = sum(check.status is Status.PASS for check in checks)
    heading = f"{passed} of {len(checks)} limits passed" if checks else ""
    table = _table(("Status", "Limit", "Subject", "Value", "Bound", "Headroom"), rows, right=3) if rows else ""
    return "\n\n".join(filter(None, (heading, table)))


def _findings(outcome: Outcome) -> str:
    rows = [
        (_word(finding), finding.code, text(finding.message), text(_advice(finding)), _place(finding))
        for finding in ranked(outcome.findings)
    ]
    return _table(("Severity", "Code", "Finding", "Remedy", "Place"), rows, right=5) if rows else ""


def _word(finding: Finding) -> str:
    if finding.waived:
        return "baseline" if finding.by_baseline else "waived"
    return WORDS[finding.severity]


def _advice(finding: Finding) -> str:
    """What to do, or why nothing has to be done."""
    return f"waived: {finding.reason}" if finding.waived and finding.reason else finding.remedy


def _place(finding: Finding) -> str:
    where = finding.location
    return code(spot(Location(where.file, where.line))) if where.file else ""


def _problems(problems: Sequence[Problem]) -> str:
    rows = [
        (problem.code, code(spot(problem.location)), text(problem.message), text(problem.help)) for problem in problems
    ]
    return _table(("Code", "Place", "Problem", "Help"), rows, right=4) if rows else ""


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, right: int) -> str:
    """A table whose columns from number ``right`` on are aligned to the right."""
    rule = ["---:" if number >= right else ":---" for number in range(len(heads))]
    lines = [_row(heads), _row(rule), *map(_row, rows[:MOST_ROWS])]
    if len(rows) > MOST_ROWS:
        lines.append(_row([f"and {len(rows) - MOST_ROWS} more", *[""] * (len(heads) - 1)]))
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _details(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return f"<details><summary>{title} ({len(lines)})</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def text(words: str) -> str:
    """Text that Markdown shows as it is: no markup, no mention, no link, no second line."""
    shown = _SPECIAL.sub(r"\\\1", printable(words))
    return shown.replace("@", "@&#8203;").replace("://", "\\://").replace("\\<", "&lt;")


def code(words: str) -> str:
    """Text as code, also inside a table cell."""
    shown = printable(words).replace("|", "\\|")
    if "``" in shown:
        return text(words)
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"
