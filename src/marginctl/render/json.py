"""The report as one JSON document, and the dicts that the other formats for machines build on.

Decimals become JSON numbers with their exact text: no exponent, never through a float. Unknown is ``null``.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from marginctl.core.report import Report, RulesUsed, rounded_figure, rounded_report
from marginctl.findings import Check, Expectation, Finding, Problem, Severity, Status
from marginctl.render.numbers import plain, settled, settled_value
from marginctl.results import Options, Outcome, Run, judged, live

SCHEMA = "marginctl.report/1"
NO_RULES = RulesUsed(venue="", as_of=None, status="unverified", sources=())


def render(run: Run, options: Options) -> str:  # noqa: ARG001 - one signature for all formats
    """One document for all files, indented by two, ending in a line break."""
    return msgspec.json.format(encoded(document(run)), indent=2).decode() + "\n"


def document(run: Run) -> dict[str, Any]:
    """The whole document as plain dicts and lists, decimals still Decimals."""
    return {
        "schema": SCHEMA,
        "version": run.version,
        "reports": [report_of(outcome) for outcome in run.outcomes if outcome.report is not None],
        "errors": [error for outcome in run.outcomes for error in errors_of(outcome.problems)],
        "summary": {
            "files": len(run.outcomes),
            "errors": sum(len(live(outcome.findings, Severity.ERROR)) for outcome in run.outcomes),
            "warnings": sum(len(live(outcome.findings, Severity.WARNING)) for outcome in run.outcomes),
            "failed_files": sum(outcome.report is None for outcome in run.outcomes),
            "exit_code": run.exit_code,
        },
    }


def report_of(outcome: Outcome) -> dict[str, Any]:
    """One REPORT, of an outcome that has one (else ``ValueError``)."""
    if outcome.report is None:
        raise ValueError(f"{outcome.file} was not checked")
    return {
        "schema": SCHEMA,
        "file": outcome.file,
        **figures_of(outcome.report),
        "checks": [_check(check) for check in outcome.checks],
        "findings": [_finding(finding) for finding in outcome.findings],
        "assumptions": list(outcome.assumptions),
        "rules": msgspec.structs.asdict(outcome.rules or NO_RULES),
        "expectations": [_expectation(one, outcome.checks) for one in outcome.expectations],
    }


def figures_of(report: Report) -> dict[str, Any]:
    """The figures of a report, rounded as the report is."""
    return rounded_report(report)


def errors_of(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """ERRORs; a line or column of 0 is unknown."""
    return [
        {
            "file": problem.location.file,
            "line": problem.location.line or None,
            "column": problem.location.column or None,
            "code": problem.code,
            "message": problem.message,
            "help": problem.help,
        }
        for problem in problems
    ]


def _check(check: Check) -> dict[str, Any]:
    return {
        "code": check.code,
        "name": check.name,
        "subject": check.subject,
        "value": None if check.value is None else settled_value(check.value, check.limit),
        "limit": check.limit,
        "status": check.status.value,
        "headroom": None if check.headroom is None else settled(check.headroom),
        "policy": check.policy or None,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "message": finding.message,
        "value": None if finding.value is None else settled_value(finding.value, finding.limit),
        "limit": finding.limit,
        "subject": finding.subject,
        "file": finding.location.file,
        "line": finding.location.line or None,
        "column": finding.location.column or None,
        "remedy": finding.remedy,
        "waived": finding.waived,
        "reason": finding.reason,
    }


def _expectation(one: Expectation, checks: Sequence[Check]) -> dict[str, Any]:
    """What the venue shows, what is computed, and how the difference fares against the tolerance."""
    check = judged(one, checks)
    return {
        "subject": one.subject,
        "figure": one.figure,
        "ours": None if one.ours is None else rounded_figure(one.figure, one.ours),
        "theirs": one.theirs,
        "difference": None if one.difference is None else settled(one.difference),
        "value": None if one.relative is None else settled_value(one.relative, one.tolerance),
        "limit": one.tolerance,
        "headroom": None if one.relative is None else settled(one.tolerance - one.relative),
        "status": (check.status if check else Status.NOT_EVALUATED).value,
    }


def encoded(tree: Any) -> bytes:
    """Compact JSON; lone surrogates, which UTF-8 cannot carry, are written out as text."""
    try:
        return msgspec.json.encode(exact(tree))
    except UnicodeEncodeError:
        return msgspec.json.encode(exact(tree, encodable))


def exact(tree: Any, text: Callable[[str], str] | None = None) -> Any:
    """The tree with every Decimal as raw JSON text; ``text`` is applied to every string that is a value."""
    kind = type(tree)
    if kind is dict:
        return {key: _number(value) if type(value) is Decimal else exact(value, text) for key, value in tree.items()}
    if kind is list or kind is tuple:
        return [exact(value, text) for value in tree]
    if kind is Decimal:
        return _number(tree)
    return text(tree) if text and kind is str else tree


def _number(value: Decimal) -> msgspec.Raw | None:
    return msgspec.Raw(plain(value)) if value.is_finite() else None


def encodable(text: str) -> str:
    """The text with lone surrogates written out."""
    return text.encode("utf-8", "backslashreplace").decode()
