"""SARIF 2.1.0, for code scanning: findings as results; waived ones only where asked for, as suppressed results.

A file that could not be checked gives a result per problem and marks the invocation as unsuccessful, so that nobody
takes the missing findings for a clean file.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from marginctl.document.source import printable
from marginctl.findings import Finding, Location, Problem, Severity
from marginctl.render import Manual, Options, RuleText
from marginctl.render.json import encoded
from marginctl.render.paths import explained, fingerprint, relative, rule_page
from marginctl.results import Outcome, Run, uploaded

SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
NOT_CHECKED = RuleText(
    "file-not-checked", "The file, or one of its limits, could not be checked.", "Correct the place that is named."
)
FINGERPRINT = "marginctl/v1"


def render(run: Run, options: Options) -> str:
    """One log with one run."""
    codes = _codes(run, options.manual)
    results = [result for outcome in run.outcomes for result in _results(outcome, codes, options)]
    log = {
        "$schema": SCHEMA_URI,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(run, codes, options)},
                "columnKind": "unicodeCodePoints",
                "invocations": [_invocation(run)],
                "results": _with_suppressions(results) if options.sarif_waived else results,
            }
        ],
    }
    return msgspec.json.format(encoded(log), indent=2).decode() + "\n"


def _codes(run: Run, manual: Manual) -> list[str]:
    """Every rule of the manual and every code in use, in order; a result names its rule by its place in here."""
    used = {finding.code for outcome in run.outcomes for finding in outcome.findings}
    problems = {problem.code for outcome in run.outcomes for problem in outcome.problems}
    return sorted(used | problems | set(manual))


def _driver(run: Run, codes: Sequence[str], options: Options) -> dict[str, Any]:
    names = {finding.code: finding.name for outcome in run.outcomes for finding in outcome.findings}
    texts = {code: RuleText(name, name, name) for code, name in names.items()}
    manual = options.manual
    return {
        "name": "marginctl",
        "version": run.version,
        "rules": [_rule(code, manual.get(code) or texts.get(code, NOT_CHECKED), options) for code in codes],
    }


def _rule(code: str, text: RuleText, options: Options) -> dict[str, Any]:
    page = rule_page(options.rule_pages, code, options.manual)
    return {
        "id": code,
        "name": text.name,
        "shortDescription": {"text": text.short},
        "fullDescription": {"text": text.short},
        "help": {"text": text.help, "markdown": text.help},
        **({"helpUri": page} if page else {}),
    }


def _invocation(run: Run) -> dict[str, Any]:
    """Successful where every file was checked in full, whatever the findings."""
    notes = [_notification(outcome) for outcome in run.outcomes if outcome.problems]
    invocation: dict[str, Any] = {"executionSuccessful": not notes, "exitCode": run.exit_code}
    return {**invocation, "toolExecutionNotifications": notes} if notes else invocation


def _notification(outcome: Outcome) -> dict[str, Any]:
    what = "The file could not be checked" if outcome.report is None else "Limits of the file could not be evaluated"
    return {
        "level": "error",
        "message": {"text": f"{what}: {len(outcome.problems)} problem(s)."},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(outcome.file)}}],
    }


def _results(outcome: Outcome, codes: Sequence[str], options: Options) -> Iterable[dict[str, Any]]:
    yield from (_of_problem(problem, outcome.file, codes) for problem in outcome.problems)
    for finding in uploaded(outcome.findings, notes=options.notes, waived=options.sarif_waived):
        result = _of_finding(finding, outcome.file, codes)
        yield {**result, "suppressions": [_suppression(finding)]} if finding.waived else result


def _with_suppressions(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where one result of a run tells its suppressions, all have to: an empty list says that there is none."""
    told = any("suppressions" in result for result in results)
    return [{**result, "suppressions": result.get("suppressions", [])} for result in results] if told else results


def _of_problem(problem: Problem, file: str, codes: Sequence[str]) -> dict[str, Any]:
    text, name = explained(problem.message, problem.help), fingerprint(file, problem.code, problem.message)
    return _result(problem.code, "error", text, problem.location, name, codes)


def _of_finding(finding: Finding, file: str, codes: Sequence[str]) -> dict[str, Any]:
    location = finding.location if finding.location.file else Location(file)
    text, name = explained(finding.message, finding.remedy), fingerprint(file, finding.code, finding.subject)
    return _result(finding.code, LEVELS[finding.severity], text, location, name, codes)


def _result(code: str, level: str, text: str, location: Location, name: str, codes: Sequence[str]) -> dict[str, Any]:
    return {
        "ruleId": code,
        "ruleIndex": codes.index(code),
        "level": level,
        "message": {"text": _without_links(text)},
        "locations": [
            {"physicalLocation": {"artifactLocation": _artifact(location.file), "region": _region(location)}}
        ],
        "partialFingerprints": {FINGERPRINT: name},
    }


def _without_links(text: str) -> str:
    """A message in which nothing is a link: readers of SARIF make one of `[words](address)`, so nothing stands so."""
    return text.replace("](", "]\N{ZERO WIDTH SPACE}(")


def _suppression(finding: Finding) -> dict[str, str]:
    """By a waiver in the portfolio, in a policy file, or by a baseline."""
    suppression = {"kind": "external", "status": "accepted"}
    return {**suppression, "justification": printable(finding.reason)} if finding.reason else suppression


def _artifact(file: str) -> dict[str, str]:
    """A path relative to the root of the repository, or a ``file:`` URI of an absolute one."""
    path = quote(relative(file), errors="backslashreplace")
    if path.startswith("/"):
        return {"uri": f"file://{path}"}
    return {"uri": path.replace(":", "%3A"), "uriBaseId": "%SRCROOT%"}


def _region(location: Location) -> dict[str, int]:
    """Line and columns from 1, the end column behind the last character; the first line for the file as a whole."""
    region = {"startLine": max(location.line, 1)}
    if location.line and location.column:
        region["startColumn"] = location.column
        if location.end_column > location.column:
            region["endColumn"] = location.end_column
    return region
