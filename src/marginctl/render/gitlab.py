"""GitLab's code quality report: a list of issues in JSON, shown in merge requests."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from marginctl.findings import Finding, Location, Problem, Severity
from marginctl.render.document import Options, Run, ranked
from marginctl.render.json import encoded
from marginctl.render.paths import fingerprint, relative

SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.NOTE: "info"}
NOT_CHECKED = "blocker"


def render(run: Run, options: Options) -> str:  # noqa: ARG001 - one signature for all formats
    """The issues of all files; waived findings are none."""
    seen: Counter[str] = Counter()
    issues = [_numbered(issue, seen) for issue in _issues(run)]
    return msgspec.json.format(encoded(issues), indent=2).decode() + "\n"


def _issues(run: Run) -> Iterable[dict[str, Any]]:
    for outcome in run.outcomes:
        yield from map(_of_problem, outcome.problems)
        yield from (_of_finding(finding, outcome.file) for finding in ranked(outcome.findings) if not finding.waived)


def _of_problem(problem: Problem) -> dict[str, Any]:
    text = ". ".join(filter(None, (problem.message, problem.help)))
    return _issue(text, problem.code, problem.message, NOT_CHECKED, problem.location)


def _of_finding(finding: Finding, file: str) -> dict[str, Any]:
    location = finding.location if finding.location.file else Location(file)
    text = ". ".join(filter(None, (finding.message, finding.remedy)))
    return _issue(text, finding.code, finding.subject, SEVERITIES[finding.severity], location)


def _issue(description: str, code: str, subject: str, severity: str, location: Location) -> dict[str, Any]:
    path = relative(location.file)
    return {
        "description": description,
        "check_name": code,
        "fingerprint": fingerprint(path, code, subject),
        "severity": severity,
        "location": {"path": path, "lines": {"begin": max(location.line, 1)}},
    }


def _numbered(issue: dict[str, Any], seen: Counter[str]) -> dict[str, Any]:
    """GitLab drops issues with the same fingerprint: the second and later of a kind count theirs up."""
    name = issue["fingerprint"]
    seen[name] += 1
    return issue if seen[name] == 1 else {**issue, "fingerprint": fingerprint(name, str(seen[name]))}
