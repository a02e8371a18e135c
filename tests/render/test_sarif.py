"""SARIF logs, against the published schema of SARIF 2.1.0."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace
from tests.render import samples

from marginctl.findings import Location, Severity
from marginctl.render import Options, render
from marginctl.results import Outcome


@cache
def validator() -> Any:
    schema = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.schema.json").read_text())
    return jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())


def only_run(
    *outcomes: Outcome, exit_code: int = 1, manual: Any = samples.MANUAL, notes: bool = False, waived: bool = False
) -> dict[str, Any]:
    options = Options(manual=manual, notes=notes, sarif_waived=waived)
    log = json.loads(render("sarif", samples.run(*outcomes, exit_code=exit_code), options))
    validator().validate(log)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    return dict(run)


@pytest.mark.parametrize("manual", [samples.MANUAL, {}])
def test_every_result_names_its_rule(manual: Any) -> None:
    run = only_run(samples.desk(), samples.broken(), manual=manual)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({rule["id"] for rule in rules})
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])


def test_rules_carry_the_text_of_the_manual() -> None:
    rules = {rule["id"]: rule for rule in only_run(samples.empty())["tool"]["driver"]["rules"]}
    assert set(rules) == set(samples.MANUAL)
    assert rules["MC101"]["name"] == "utilization"
    assert rules["MC101"]["help"]["text"] == "What it checks: how full."


def test_findings_become_results_with_place_level_and_remedy() -> None:
    results = {result["ruleId"]: result for result in only_run(samples.desk(), notes=True)["results"]}
    leverage = results["MC105"]
    assert leverage["level"] == "warning"
    assert leverage["message"]["text"] == (
        "DOGEUSDT has a leverage of 20x, above 10x; set leverage: 10, which takes 349.91 USDT more margin"
    )
    assert leverage["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "desk.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 31, "startColumn": 5},
    }
    assert results["MC101"]["level"] == "error"
    assert results["MC204"]["level"] == "note"
    assert results["MC204"]["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}


@pytest.mark.parametrize("words", ["[click](javascript:alert(1))", "](https://x.example)", "[a] [b](1)"])
def test_nothing_in_a_message_is_a_link(words: str) -> None:
    finding = samples.finding("MC105", "position-leverage", Severity.WARNING, words)
    (result,) = only_run(replace(samples.desk(), findings=(finding,)))["results"]
    assert "](" not in result["message"]["text"]
    assert result["message"]["text"].replace("\N{ZERO WIDTH SPACE}", "").startswith(words)


def test_waived_findings_and_notes_are_no_results() -> None:
    # MC107 is waived, MC204 a note: the host would open an alert for either, a suppressed one included
    run = only_run(samples.desk())
    assert {result["ruleId"] for result in run["results"]} == {"MC101", "MC105"}
    assert not any("suppressions" in result for result in run["results"])
    with_notes = only_run(samples.desk(), notes=True)
    assert {result["ruleId"] for result in with_notes["results"]} == {"MC101", "MC105", "MC204"}


def test_waived_findings_that_are_kept_are_suppressed_and_all_others_say_that_they_are_not() -> None:
    # "all or none of the results of a run": also those of other files, and problems
    run = only_run(samples.broken(), samples.desk(), waived=True)
    told = {result["ruleId"]: result["suppressions"] for result in run["results"]}
    assert told.pop("MC107") == [{"kind": "external", "status": "accepted"}]
    assert told == {code: [] for code in ("MC014", "MC010", "MC002", "MC105", "MC101")}


def test_nothing_waived_means_no_suppressions_at_all() -> None:
    run = only_run(samples.broken(), waived=True)
    assert not any("suppressions" in result for result in run["results"])


def test_fingerprints_do_not_depend_on_lines() -> None:
    outcome = samples.desk()
    moved = tuple(replace(each, location=replace(each.location, line=99)) for each in outcome.findings)
    before, after = only_run(outcome), only_run(replace(outcome, findings=moved))
    assert [result["partialFingerprints"] for result in before["results"]] == [
        result["partialFingerprints"] for result in after["results"]
    ]


def test_a_file_that_could_not_be_checked_fails_the_invocation() -> None:
    run = only_run(samples.broken(), exit_code=2)
    (invocation,) = run["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["message"]["text"] == "The file could not be checked: 3 problem(s)."
    assert [result["ruleId"] for result in run["results"]] == ["MC014", "MC010", "MC002"]
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 4, "startColumn": 11, "endColumn": 16}


def test_findings_do_not_fail_the_invocation() -> None:
    assert only_run(samples.desk())["invocations"] == [{"executionSuccessful": True, "exitCode": 1}]


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("./books/a b.yaml", "books/a%20b.yaml"),
        ("C:\\x.yaml", "C%3A/x.yaml"),
        ("/abs/x.yaml", "file:///abs/x.yaml"),
        ("币.yaml", "%E5%B8%81.yaml"),
        ("bad\udce4.yaml", "bad%5Cudce4.yaml"),
    ],
)
def test_paths_become_uris(file: str, uri: str) -> None:
    problem = replace(samples.problem(1, 1, "m"), location=Location(file, 1, 1))
    (result,) = only_run(Outcome(file=file, problems=(problem,)))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri
