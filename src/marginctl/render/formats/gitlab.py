"""GitLab's code quality report: a list of issues in JSON, shown in merge requests."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from marginctl.findings import Finding, Location, Problem, Severity
from marginctl.render import Options
from marginctl.render.json import encoded
from marginctl.render.paths import explained, fingerprint, relative, rule_page
from marginctl.results import Run, ranked, uploaded

SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.NOTE: "info"}
NOT_CHECKED = "blocker"


def render(run: Run, options: Options) -> str:
    """The issues of all files; waived findings are none, notes only where asked for."""
    seen: Counter[str] = Counter()
    issues = [_numbered(issue, seen) for issue in _issues(run, options)]
    return msgspec.json.format(encoded(issues), indent=2).decode() + "\n"


def _issues(run: Run, options: Options) -> Iterable[dict[str, Any]]:
    for outcome in run.outcomes:
        yield from (_of_problem(problem, outcome.file) for problem in outcome.problems)
        findings = uploaded(ranked(outcome.findings), notes=options.notes)
        yield from (_of_finding(finding, outcome.file, options) for finding in findings)


def _of_problem(problem: Problem, file: str) -> dict[str, Any]:
    text = explained(problem.message, problem.help)
    return _issue(text, problem.code, NOT_CHECKED, problem.location, fingerprint(file, problem.code, problem.message))


def _of_finding(finding: Finding, file: str, options: Options) -> dict[str, Any]:
    location = finding.location if finding.location.file else Location(file)
    text, name = explained(finding.message, finding.remedy), fingerprint(file, finding.code, finding.subject)
    page = rule_page(options.rule_pages, finding.code, options.manual)
    return _issue(f"{text} ({page})" if page else text, finding.code, SEVERITIES[finding.severity], location, name)


def _issue(description: str, code: str, severity: str, location: Location, name: str) -> dict[str, Any]:
    return {
        "description": description,
        "check_name": code,
        "fingerprint": name,
        "severity": severity,
        "location": {"path": relative(location.file), "lines": {"begin": max(location.line, 1)}},
    }


def _numbered(issue: dict[str, Any], seen: Counter[str]) -> dict[str, Any]:
    """GitLab drops issues with the same fingerprint: the second and later of a kind count theirs up."""
    name = issue["fingerprint"]
    seen[name] += 1
    return issue if seen[name] == 1 else {**issue, "fingerprint": fingerprint(name, str(seen[name]))}
