"""JUnit XML, read back by the library that others read it with."""

import xml.etree.ElementTree as ET

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from msgspec.structs import replace
from tests.render import samples

from marginctl.findings import Severity
from marginctl.render import Options, render
from marginctl.results import Outcome


def text(*outcomes: Outcome, fail_on: str = "error") -> str:
    return render("junit", samples.run(*outcomes, fail_on=fail_on), Options(manual=samples.MANUAL))


def cases(*outcomes: Outcome, fail_on: str = "error") -> dict[str, list[type]]:
    document = JUnitXml.fromstring(text(*outcomes, fail_on=fail_on).encode())
    return {case.name: [type(result) for result in case.result] for suite in document for case in suite}


def test_one_case_per_account_and_limit_passing_ones_too() -> None:
    assert cases(samples.desk()) == {
        "account": [],
        "MC100 account-liquidatable desk-a": [],
        "MC101 utilization cross": [Failure],
        "MC102 liquidation-distance cross": [],
        "MC103 maintenance-ratio cross": [],
        "MC104 account-leverage cross": [],
        "MC105 position-leverage DOGEUSDT": [],
        "MC107 concentration BTC": [Skipped],
        "MC112 funding-runway cross": [Skipped],
        "MC204 assumption DOGEUSDT": [],
    }


def test_warnings_fail_where_they_fail_the_run() -> None:
    assert cases(samples.desk(), fail_on="warning")["MC105 position-leverage DOGEUSDT"] == [Failure]


def test_a_file_that_could_not_be_checked_is_an_error() -> None:
    assert cases(samples.broken()) == {"account": [Error]}
    assert "broken.yaml:4:11: MC014 `amount` is not a number: `1_000`; write 1000" in text(samples.broken())


def test_the_document_counts_its_cases() -> None:
    root = ET.fromstring(text(samples.desk(), samples.broken(), samples.empty()))
    assert root.tag == "testsuites"
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "12",
        "failures": "1",
        "errors": "1",
        "skipped": "2",
    }
    assert [suite.get("name") for suite in root] == ["desk.yaml", "broken.yaml", "empty.yaml"]
    children = {child.tag for suite in root for case in suite for child in case}
    assert children == {"failure", "skipped", "error", "system-out"}


def test_a_failure_says_what_to_do_and_where() -> None:
    document = JUnitXml.fromstring(text(samples.desk()).encode())
    (failure,) = [result for suite in document for case in suite for result in case.result if type(result) is Failure]
    assert failure.type == "MC101"
    assert failure.message == "initial and order margin are 69.26% of the equity of cross, above 60%"
    assert failure.text is not None
    assert failure.text.splitlines()[1:] == ["deposit 1,793.43 USDT, or close 0.18 of BTCUSDT", "policy.yaml:3:3"]


def test_a_passing_limit_shows_its_value() -> None:
    document = JUnitXml.fromstring(text(samples.desk()).encode())
    outputs = {case.name: case.system_out for suite in document for case in suite}
    assert outputs["MC102 liquidation-distance cross"] == "pass: 21.34%, limit 20%"


@pytest.mark.parametrize("name", ["\x00\x1b\ufffe", "<&>\"'", "币"])
def test_any_name_makes_well_formed_xml(name: str) -> None:
    finding = samples.finding("MC105", name, Severity.ERROR, name, subject=name)
    outcome = replace(samples.empty(), file=name, findings=(finding,))
    root = ET.fromstring(text(outcome))
    assert root[0].get("tests") == "2"


def test_two_findings_of_one_rule_and_subject_are_both_told() -> None:
    findings = tuple(samples.finding("MC209", "n", Severity.ERROR, words, subject="a") for words in ("one", "two"))
    shown = text(replace(samples.empty(), findings=findings))
    assert 'message="one"' in shown
    assert 'message="two"' in shown
