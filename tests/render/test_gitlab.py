"""GitLab code quality reports, against a schema of what its documentation asks for."""

import json
from pathlib import Path
from typing import Any

import jsonschema
from msgspec.structs import replace
from tests.render import samples

from marginctl.findings import Severity
from marginctl.render import Options, render
from marginctl.results import Outcome

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "gitlab-code-quality.schema.json").read_text())


def issues(*outcomes: Outcome, notes: bool = False) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(render("gitlab", samples.run(*outcomes), Options(notes=notes)))
    jsonschema.validate(found, SCHEMA)
    return found


def test_findings_and_problems_become_issues() -> None:
    found = issues(samples.desk(), samples.broken(), notes=True)
    assert [(issue["check_name"], issue["severity"]) for issue in found] == [
        *(("MC101", "critical"), ("MC105", "minor"), ("MC204", "info")),
        *(("MC014", "blocker"), ("MC010", "blocker"), ("MC002", "blocker")),
    ]
    assert found[1]["location"] == {"path": "desk.yaml", "lines": {"begin": 31}}
    assert found[3]["description"] == "`amount` is not a number: `1_000`; write 1000"
    assert found[5]["location"]["lines"] == {"begin": 1}


def test_notes_are_issues_only_where_asked_for_and_waived_findings_never() -> None:
    assert [issue["check_name"] for issue in issues(samples.desk())] == ["MC101", "MC105"]
    assert [issue["check_name"] for issue in issues(samples.desk(), notes=True)] == ["MC101", "MC105", "MC204"]


def test_nothing_to_say_is_an_empty_list() -> None:
    assert issues(samples.empty()) == []


def test_a_fingerprint_outlives_moved_lines_and_reworded_messages() -> None:
    outcome = samples.desk()
    moved = tuple(
        replace(finding, location=replace(finding.location, line=finding.location.line + 9), message="other words")
        for finding in outcome.findings
    )
    before, after = issues(outcome), issues(replace(outcome, findings=moved))
    assert [issue["fingerprint"] for issue in before] == [issue["fingerprint"] for issue in after]


def test_fingerprints_differ_by_file_rule_and_subject_and_never_repeat() -> None:
    def finding(code: str, subject: str) -> Any:
        return samples.finding(code, "n", Severity.ERROR, "m", subject=subject)

    findings = (finding("MC101", "cross"), finding("MC101", "cross"), finding("MC101", "a"), finding("MC102", "cross"))
    outcomes = [Outcome(file=file, report=samples.report(), findings=findings) for file in ("a.yaml", "b.yaml")]
    prints = [issue["fingerprint"] for issue in issues(*outcomes)]
    assert len(set(prints)) == len(prints) == 8


def test_paths_are_relative_with_forward_slashes() -> None:
    problem = samples.problem(1, 1, "m")
    names = (".\\books\\a.yaml", "./books/a.yaml", "books/a.yaml", "-")
    outcomes = [
        Outcome(file=name, problems=(replace(problem, location=replace(problem.location, file=name)),))
        for name in names
    ]
    assert [issue["location"]["path"] for issue in issues(*outcomes)] == [*["books/a.yaml"] * 3, "stdin"]
