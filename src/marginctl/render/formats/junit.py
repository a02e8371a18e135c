"""JUnit XML: one suite per file, one test case for the account and one per limit, passing ones too.

Broken limits fail (warnings only where warnings fail the run), waived and unevaluated ones are skipped, and a file that
could not be checked is an error.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from marginctl.document.source import printable
from marginctl.findings import Check, Finding, Problem, Severity, Status
from marginctl.render import Options
from marginctl.render.paths import explained, spot
from marginctl.results import Outcome, Run
from marginctl.wording import check_value, limit_text

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'


def render(run: Run, options: Options) -> str:
    """The document, ending in a line break."""
    document: Any = JUnitXml("marginctl")
    for outcome in run.outcomes:
        document.append(_suite(outcome, run.fail_on, options))
    document.update_statistics()
    text: str = document.tostring().decode().replace("##", "#&#35;")  # ##name[ is an order to some runners
    return f"{'' if text.startswith('<?xml') else DECLARATION}{text.rstrip()}\n"


def _suite(outcome: Outcome, fail_on: str, options: Options) -> TestSuite:
    suite = TestSuite(printable(outcome.file))
    suite.add_testcases(list(_cases(outcome, fail_on, options)))
    return suite


def _cases(outcome: Outcome, fail_on: str, options: Options) -> Iterator[TestCase]:
    found, others = _matched(outcome)
    yield _account(outcome)
    for check in outcome.checks:
        unit = options.manual[check.code].unit if check.code in options.manual else ""
        yield _check(outcome, check, unit, found.get((check.code, check.subject)), fail_on)
    for finding in others:
        yield _finding(outcome, finding, fail_on)


def _matched(outcome: Outcome) -> tuple[dict[tuple[str, str], Finding], list[Finding]]:
    """The finding of each limit, and those that are about no limit, such as the data or a waiver."""
    judged = {(check.code, check.subject) for check in outcome.checks}
    found: dict[tuple[str, str], Finding] = {}
    others = []
    for finding in outcome.findings:
        key = (finding.code, finding.subject)
        if key not in judged or found.setdefault(key, finding) is not finding:
            others.append(finding)
    return found, others


def _case(outcome: Outcome, name: str) -> TestCase:
    account = outcome.report.account.name if outcome.report else outcome.file
    return TestCase(printable(name), classname=printable(account))


def _account(outcome: Outcome) -> TestCase:
    if outcome.problems or outcome.report is None:
        account = outcome.report.account.name if outcome.report else outcome.file
        return failed_to_read("account", outcome.problems, account)
    return _case(outcome, "account")


def failed_to_read(name: str, problems: Sequence[Problem], owner: str = "") -> TestCase:
    """A test case that could not be run, with what stands in the way."""
    case = TestCase(printable(name), classname=printable(owner or name))
    error = Error(f"could not be checked: {len(problems)} problem(s)")
    error.text = "\n".join(map(_line, problems))
    case.result = [error]
    return case


def _line(problem: Problem) -> str:
    return printable(f"{spot(problem.location)}: {problem.code} {explained(problem.message, problem.help)}")


def _check(outcome: Outcome, check: Check, unit: str, finding: Finding | None, fail_on: str) -> TestCase:
    case = _case(outcome, " ".join(filter(None, (check.code, check.name, check.subject))))
    text = finding.message if finding else f"{check_value(check, unit)}, limit {limit_text(check, unit) or 'none'}"
    if check.status in (Status.WAIVED, Status.BASELINE, Status.NOT_EVALUATED):
        case.result = [Skipped(printable(f"{check.status.value}: {text}{_because(finding)}"))]
    elif check.status is Status.FAIL or (check.status is Status.WARN and fail_on == "warning"):
        case.result = [_failure(text, finding)]
    else:
        case.system_out = printable(f"{check.status.value}: {text}")
    return case


def _finding(outcome: Outcome, finding: Finding, fail_on: str) -> TestCase:
    """A finding without a limit of its own."""
    case = _case(outcome, " ".join(filter(None, (finding.code, finding.name, finding.subject))))
    fails = finding.severity is Severity.ERROR or (finding.severity is Severity.WARNING and fail_on == "warning")
    if finding.waived:
        case.result = [Skipped(printable(f"waived: {finding.message}{_because(finding)}"))]
    elif fails:
        case.result = [_failure(finding.message, finding)]
    else:
        case.system_out = printable(f"{finding.severity.value}: {finding.message}")
    return case


def _because(finding: Finding | None) -> str:
    return f" ({finding.reason})" if finding and finding.reason else ""


def _failure(text: str, finding: Finding | None) -> Failure:
    failure = Failure(printable(text), finding.code if finding else None)
    if finding is not None:
        failure.text = "\n".join(map(printable, filter(None, (text, finding.remedy, spot(finding.location)))))
    return failure
