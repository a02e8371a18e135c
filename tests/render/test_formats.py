"""What every format has in common."""

import pytest
from msgspec.structs import replace
from tests.render import samples

from marginctl.findings import Severity
from marginctl.render import FORMATS, Options, render
from marginctl.results import Outcome, Verdict, cheapest, ranked, verdict, worst

HOSTILE = "a\x00\x1b[31m\u202e\ud800\n|`<>&\"'%::@x"


def hostile() -> Outcome:
    finding = samples.finding("MC105", "position-leverage", Severity.ERROR, HOSTILE, subject=HOSTILE, remedy=HOSTILE)
    report = samples.report(account=samples.header(HOSTILE), positions=(samples.position(HOSTILE),))
    problem = samples.problem(1, 1, HOSTILE, help=HOSTILE, excerpt="x")
    return replace(samples.desk(), file=HOSTILE, report=report, findings=(finding,), problems=(problem,))


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_text_passes_through_every_format_as_text(form: str) -> None:
    text = render(form, samples.run(hostile(), samples.broken()))
    assert text.encode("utf-8").endswith(b"\n")
    assert not {"\x00", "\x1b", "\r"} & set(text)
    assert form in {"json", "jsonl", "gitlab", "sarif"} or "\u202e" not in text


@pytest.mark.parametrize("form", FORMATS)
def test_no_files_are_no_defect(form: str) -> None:
    assert isinstance(render(form, samples.run(exit_code=2), Options()), str)


def test_an_unknown_format_is_a_programming_error() -> None:
    with pytest.raises(KeyError, match="pdf"):
        render("pdf", samples.run())


def test_findings_rank_by_severity_with_waived_ones_last() -> None:
    order = [(finding.code, finding.waived) for finding in ranked(samples.desk().findings)]
    assert order == [("MC101", False), ("MC105", False), ("MC204", False), ("MC107", True)]


@pytest.mark.parametrize(
    ("name", "fail_on", "word"),
    [
        ("desk", "error", Verdict.FAIL),
        ("empty", "error", Verdict.PASS),
        ("broken", "never", Verdict.ERROR),
    ],
)
def test_the_verdict_of_a_file(name: str, fail_on: str, word: Verdict) -> None:
    assert verdict(getattr(samples, name)(), fail_on) is word


def test_the_worst_verdict_counts() -> None:
    assert worst([Verdict.PASS, Verdict.ERROR, Verdict.FAIL]) is Verdict.ERROR
    assert worst([]) is Verdict.PASS


def test_the_cheapest_way_is_that_of_the_gravest_finding_unless_the_file_has_its_own() -> None:
    assert cheapest(samples.desk()) == "deposit 1,793.43 USDT, or close 0.18 of BTCUSDT"
    assert cheapest(replace(samples.desk(), remedy="deposit 1")) == "deposit 1"
    assert cheapest(samples.empty()) == ""


def test_a_note_is_no_reason_to_act() -> None:
    note = samples.finding("MC203", "unverified-rules", Severity.NOTE, "partial", remedy="see `marginctl venue`")
    assert cheapest(replace(samples.empty(), findings=(note,))) == ""
    warning = samples.finding("MC105", "position-leverage", Severity.WARNING, "25x", remedy="set its leverage to 10")
    assert cheapest(replace(samples.empty(), findings=(note, warning))) == "set its leverage to 10"
