"""Workflow commands, in the form that GitHub's documentation of workflow commands gives."""

import re
from urllib.parse import unquote

import pytest
from tests.render import samples

from marginctl.findings import Location, Severity
from marginctl.render import Options, render
from marginctl.render.formats.github import Annotation, command
from marginctl.results import Outcome

COMMAND = re.compile(r"^::(error|warning|notice) ([a-zA-Z]+=[^,:]*)(,[a-zA-Z]+=[^,:]*)*::.+$")


def lines(*outcomes: Outcome, fail_on: str = "error", notes: bool = True) -> list[str]:
    return render("github", samples.run(*outcomes, fail_on=fail_on), Options(notes=notes)).splitlines()


def test_findings_become_annotations_at_their_place() -> None:
    error, warning = lines(samples.desk())[:2]
    assert error == (
        "::error file=policy.yaml,line=3,col=3,title=MC101 utilization::initial and order margin are 69.26%25 of the"
        " equity of cross, above 60%25%0Adeposit 1,793.43 USDT, or close 0.18 of BTCUSDT"
    )
    assert warning == (
        "::warning file=desk.yaml,line=31,col=5,title=MC105 position-leverage::DOGEUSDT has a leverage of 20x,"
        " above 10x%0Aset leverage: 10, which takes 349.91 USDT more margin"
    )


def test_problems_come_first_then_errors_then_warnings_then_notes() -> None:
    shown = lines(samples.desk(), samples.broken())
    assert [line.split(" ")[0] for line in shown] == [*["::error"] * 4, "::warning", "::notice", "marginctl:"]
    assert shown[0].startswith("::error file=broken.yaml,line=4,col=11,endColumn=16,title=MC014::")
    assert shown[2] == "::error file=broken.yaml,title=MC002::the file ends early"
    assert shown[-1] == "marginctl: ERROR, 2 checked"


def test_waived_findings_are_no_annotations() -> None:
    assert not any("MC107" in line for line in lines(samples.desk()))


@pytest.mark.parametrize(
    ("file", "message"),
    [("a,b:c.yaml", "100%\r\nnext"), ("x::error::y.yaml", "::stop-commands::x"), ("%0A.yaml", "\x1b[31m")],
)
def test_nothing_in_a_name_or_message_can_end_the_command(file: str, message: str) -> None:
    written = command(Annotation("error", Location(file, 3, 5), "a:b,c", message))
    assert COMMAND.match(written)
    assert "\n" not in written
    properties = dict(part.split("=", 1) for part in written[8:].split("::", 1)[0].split(","))
    assert unquote(properties["file"]) == file
    assert unquote(properties["title"]) == "a:b,c"


def test_ten_of_each_level_and_a_notice_about_the_rest() -> None:
    findings = tuple(
        samples.finding("MC105", "n", severity, f"{severity.value} {number}")
        for severity, count in ((Severity.NOTE, 12), (Severity.WARNING, 13), (Severity.ERROR, 14))
        for number in range(count)
    )
    shown = lines(Outcome(file="f", report=samples.report(), findings=findings))
    levels = [line.split(" ")[0] for line in shown]
    assert levels.count("::error") == levels.count("::warning") == levels.count("::notice") == 10
    assert shown[-2] == (
        "::notice title=marginctl::10 more not shown here: GitHub keeps 10 annotations of each level per step."
        " The other formats list all of them."
    )  # 4 errors, 3 warnings, and 3 notes, one of them to make room for this notice


def test_ten_notes_alone_are_all_shown() -> None:
    findings = tuple(samples.finding("MC204", "n", Severity.NOTE, f"note {number}") for number in range(10))
    shown = lines(Outcome(file="f", report=samples.report(), findings=findings))
    assert [line.split(" ")[0] for line in shown] == [*["::notice"] * 10, "marginctl:"]


def test_notes_are_annotations_only_where_asked_for() -> None:
    levels = [line.split(" ")[0] for line in lines(samples.desk(), notes=False)]
    assert levels == ["::error", "::warning", "marginctl:"]
    assert not any("MC204" in line for line in lines(samples.desk(), notes=False))
    many = tuple(samples.finding("MC105", "n", Severity.ERROR, f"{number}") for number in range(11))
    assert lines(Outcome(file="f", report=samples.report(), findings=many), notes=False)[-2].startswith(
        "::notice title=marginctl::1 more not shown here"
    )


def test_nothing_to_say_is_one_line_for_the_log() -> None:
    assert lines(samples.empty()) == ["marginctl: PASS, 1 checked"]
