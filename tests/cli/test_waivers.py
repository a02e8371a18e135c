"""A waiver's reason stands in every format that has room for one."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from tests.cli.running import BROKEN, check

from marginctl.render.json_schema import line_schema
from marginctl.render.json_schema import report_schema as document_schema

REASON = "one coin desk, agreed on 2026-10-01"
WAIVED = BROKEN + f'waivers: [{{code: MC107, subject: BTC, until: 2027-06-30, reason: "{REASON}"}}]\n'
MESSAGE = "share of BTC in the gross notional is 100%, above the limit 60%: 6,000.00 USD of 6,000.00 USD"


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "book.yaml"
    path.write_text(WAIVED)
    return path


def test_in_json(book: Path) -> None:
    ran = check("book.yaml", "--format", "json")
    (finding,) = (one for one in ran.json()["reports"][0]["findings"] if one["code"] == "MC107")
    assert (finding["message"], finding["waived"], finding["reason"]) == (MESSAGE, True, REASON)
    assert ran.code == 0


def test_in_the_table_in_place_of_the_remedy(book: Path) -> None:
    lines = check("book.yaml").out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("  waived  MC107  "))
    assert lines[at] == f"  waived  MC107  {MESSAGE} (line 1)"
    assert lines[at + 1].strip() == f"waived: {REASON}"


def test_in_markdown(book: Path) -> None:
    (row,) = (
        line for line in check("book.yaml", "--format", "markdown").out.splitlines() if "| waived | MC107 |" in line
    )
    assert f"| waived: {REASON} |" in row


def test_in_sarif_as_the_justification_where_it_is_kept(book: Path) -> None:
    (run,) = json.loads(check("book.yaml", "--format", "sarif", "--sarif-waived").out)["runs"]
    (result,) = (one for one in run["results"] if one["ruleId"] == "MC107")
    assert result["suppressions"] == [{"kind": "external", "status": "accepted", "justification": REASON}]


def test_in_junit_as_the_text_of_the_skipped_case(book: Path) -> None:
    suite = ET.fromstring(check("book.yaml", "--format", "junit").out)
    (case,) = (one for one in suite.iter("testcase") if one.get("name") == "MC107 concentration BTC")
    (skipped,) = case
    assert (skipped.tag, skipped.get("message")) == ("skipped", f"waived: {MESSAGE} ({REASON})")


@pytest.mark.parametrize("form", ["github", "gitlab"])
def test_formats_of_open_findings_leave_it_out(form: str, book: Path) -> None:
    assert "MC107" not in check("book.yaml", "--format", form, "--notes").out


def test_sarif_leaves_it_out_because_hosts_open_alerts_for_suppressed_results(book: Path) -> None:
    (run,) = json.loads(check("book.yaml", "--format", "sarif", "--notes").out)["runs"]
    assert "MC107" not in {result["ruleId"] for result in run["results"]}
    book.write_text(BROKEN)
    (run,) = json.loads(check("book.yaml", "--format", "sarif").out)["runs"]
    assert "MC107" in {result["ruleId"] for result in run["results"]}


@pytest.mark.parametrize(
    ("flag", "form", "forms"),
    [
        ("--notes", "junit", "github or gitlab or sarif"),
        ("--sarif-waived", "gitlab", "sarif"),
    ],
)
def test_a_flag_that_no_output_reads_is_refused(flag: str, form: str, forms: str, book: Path) -> None:
    ran = check("book.yaml", flag, "--format", form)
    assert (ran.code, ran.out) == (2, "")
    assert ran.errors == f"marginctl: {flag} changes nothing here\n  help: it is for --format or --output {forms}\n"
    assert check("book.yaml", flag, "--format", form, "--output", "sarif=out.sarif").code == 0


def test_what_is_not_waived_has_no_reason(book: Path) -> None:
    book.write_text(BROKEN)
    (finding,) = (
        one for one in check("book.yaml", "--format", "json").json()["reports"][0]["findings"] if one["code"] == "MC107"
    )
    assert finding["reason"] == ""


def test_reports_with_waivers_a_baseline_and_expectations_fit_the_schema(book: Path) -> None:
    book.write_text(WAIVED.replace("limits: {", "limits: {max_utilization: 1%, ") + "expect: {totals: {equity: 1}}\n")
    check("book.yaml", "--write-baseline", "base.json")
    document = json.loads(check("book.yaml", "--baseline", "base.json", "--format", "json").out)
    jsonschema.Draft7Validator(document_schema()).validate(document)
    statuses = {one["status"] for one in document["reports"][0]["checks"]}
    assert {"pass", "waived", "waived-by-baseline"} <= statuses
    (line,) = check("book.yaml", "--baseline", "base.json", "--format", "jsonl").out.splitlines()
    jsonschema.Draft7Validator(line_schema()).validate(json.loads(line))
