"""JUnit XML of the tests of a policy: one suite per file, one test case per test."""

from itertools import groupby
from typing import Any

from junitparser import Failure, JUnitXml, TestCase, TestSuite

from marginctl.document.source import printable
from marginctl.render import Options
from marginctl.render.formats.junit import DECLARATION, failed_to_read
from marginctl.render.pages.policy import differences
from marginctl.results.policy_results import CaseResult, CasesResult


def render(result: CasesResult, _: Options) -> str:
    """The document, ending in a line break."""
    document: Any = JUnitXml("marginctl policy test")
    if result.problems:
        suite = TestSuite("files")
        suite.add_testcase(failed_to_read("files", result.problems))
        document.append(suite)
    for file, cases in groupby(result.cases, key=lambda one: one.location.file):
        suite = TestSuite(printable(file))
        suite.add_testcases([_case(one) for one in cases])
        document.append(suite)
    document.update_statistics()
    text: str = document.tostring().decode().replace("##", "#&#35;")  # ##name[ is an order to some runners
    return f"{'' if text.startswith('<?xml') else DECLARATION}{text.rstrip()}\n"


def _case(one: CaseResult) -> Any:
    if not one.is_run:
        return failed_to_read(one.name, one.outcome.problems, one.location.file)
    case = TestCase(printable(one.name), classname=printable(one.location.file))
    if not one.passed:
        failure = Failure("not what was expected")
        failure.text = "\n".join(map(printable, differences(one)))
        case.result = [failure]
    return case
