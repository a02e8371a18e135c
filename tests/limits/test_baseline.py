"""A baseline: what is no worse is accepted, what is worse or new counts, what is gone is a note."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from marginctl.document.reader import read
from marginctl.document.record import bind
from marginctl.findings import Finding, Location, Severity, Status
from marginctl.limits.baseline import (
    BaselineEntry,
    BaselineFile,
    accepted,
    against,
    entries_of,
    entry_of,
    is_worse,
    recorded,
)
from marginctl.limits.engine import Evaluation, evaluate
from marginctl.limits.rules import BY_CODE

from .builders import bound, context, d, held, judged, maybe, only, pool, report

PLACE = Location("baseline.json", 4, 5)


def utilization(margin: str) -> Evaluation:
    """A pool of 1000 under a limit of 70%."""
    return judged("MC101", "0.7", report(pool(equity=1000, initial=margin)))


def entry(value: str | None, code: str = "MC101", subject: str = "cross", limit: str | None = None) -> BaselineEntry:
    return BaselineEntry(code, subject, maybe(value), maybe(limit), PLACE)


@pytest.mark.parametrize(
    ("margin", "status", "waived"),
    [
        pytest.param("800", Status.BASELINE, True, id="as it was"),
        pytest.param("790", Status.BASELINE, True, id="better"),
        pytest.param("800.0000000001", Status.FAIL, False, id="worse by the least"),
    ],
)
def test_no_worse_than_recorded(margin: str, status: Status, waived: bool) -> None:
    evaluation = against(utilization(margin), [entry("0.8")])
    (check,), (finding,) = evaluation.checks, evaluation.findings
    assert (check.status, finding.waived, finding.by_baseline) == (status, waived, waived)
    assert finding.reason == ("in the baseline with 80%" if waived else "")
    assert finding.message.endswith("; worse than in the baseline, which has it with 80%") is not waived


def test_what_is_accepted_needs_no_deposit() -> None:
    figures = report(pool(equity=1000, initial=800), collateral=(held("USDT", 1000),))
    evaluation = judged("MC101", "0.7", figures)
    assert [way.code for way in evaluation.ways] == ["MC101"]
    assert against(evaluation, [entry("0.8")]).ways == ()
    assert against(evaluation, [entry("0.79")]).ways == evaluation.ways


def test_what_is_not_recorded_counts() -> None:
    evaluation = against(utilization("800"), [entry("0.9", subject="cross:USDT")])
    assert evaluation.checks[0].status is Status.FAIL


def test_an_entry_that_is_no_breach_any_more_is_a_note_at_its_line() -> None:
    unfit = replace(utilization("600"), judged=frozenset({"MC101", "MC901"}))
    (note,) = against(unfit, [entry("0.8")]).findings
    assert (note.code, note.severity, note.location, note.subject) == ("MC901", Severity.NOTE, PLACE, "cross")
    assert note.message == "the baseline's MC101 for cross is no breach any more"


@pytest.mark.parametrize("judged", [{"MC901"}, {"MC101"}])
def test_what_was_not_looked_at_is_not_called_unused(judged: set[str]) -> None:
    assert against(replace(utilization("600"), judged=frozenset(judged)), [entry("0.8")]).findings == ()


def test_a_ratio_that_is_gone_is_worse_than_any_figure() -> None:
    sunk = judged("MC101", "0.7", report(pool(equity=0, initial=5)))
    assert against(sunk, [entry("9")]).checks[0].status is Status.FAIL
    assert against(sunk, [entry(None)]).checks[0].status is Status.BASELINE


def fact(value: str | None, limit: str | None) -> Finding:
    return Finding("MC205", "mark-off-prices", Severity.WARNING, "m", PLACE, "BTCUSDT", maybe(value), maybe(limit))


@pytest.mark.parametrize(
    ("code", "value", "limit", "before", "worse"),
    [
        pytest.param("MC102", "0.15", "0.2", "0.15", False, id="a minimum, as it was"),
        pytest.param("MC102", "0.1499", "0.2", "0.15", True, id="a minimum, lower"),
        pytest.param("MC104", "6", "5", "6.1", False, id="a maximum, lower"),
        pytest.param("MC104", "6.2", "5", "6.1", True, id="a maximum, higher"),
        pytest.param("MC205", "0.07", "0.05", "0.07", False, id="a fact above its limit, as it was"),
        pytest.param("MC205", "0.08", "0.05", "0.07", True, id="a fact above its limit, further"),
        pytest.param("MC113", "0.8", "1", "0.7", False, id="a fact below its limit, nearer"),
        pytest.param("MC113", "0.6", "1", "0.7", True, id="a fact below its limit, further"),
        pytest.param("MC115", None, None, None, False, id="a fact without a figure"),
        pytest.param("MC114", None, "0", "0.1", True, id="a figure that is gone"),
    ],
)
def test_what_worse_means(code: str, value: str | None, limit: str | None, before: str | None, worse: bool) -> None:
    finding = replace(fact(value, limit), code=code)
    assert is_worse(BY_CODE[code], finding, entry(before, code, "BTCUSDT", limit)) is worse


def test_mc100_can_be_accepted_by_nobody() -> None:
    sunk = context(report(pool(equity=-1, maintenance=1, liquidatable=True)))
    evaluation = evaluate(sunk, only("MC100", bound()))
    for result in (accepted(evaluation), against(evaluation, [entry(None, "MC100")])):
        assert [one.waived for one in result.findings] == [False]
        assert [one.status for one in result.checks] == [Status.FAIL]


def test_accepting_everything_records_it_at_todays_figures() -> None:
    evaluation = accepted(utilization("812.5"))
    assert [one.status for one in evaluation.checks] == [Status.BASELINE]
    assert recorded(evaluation.findings) == [BaselineEntry("MC101", "cross", d("0.8125"))]


def test_a_ratchet_shrinks_and_never_grows() -> None:
    better, worse = against(utilization("750"), [entry("0.8")]), against(utilization("850"), [entry("0.8")])
    assert [one.value for one in recorded(better.findings)] == [d("0.75")]
    assert recorded(worse.findings) == []


def test_a_figure_without_end_is_recorded_on_the_worse_side_and_passes_again() -> None:
    third = utilization(str(Decimal(1000) * 3 / 4 + Decimal(1) / 3))
    finding = third.findings[0]
    assert entry_of(finding).value == d("0.750333333334")  # 0.75033333..., up
    assert against(third, [entry_of(finding)]).checks[0].status is Status.BASELINE
    short = replace(finding, code="MC102", value=1 / d(7))
    assert entry_of(short).value == d("0.142857142857")  # 0.1428571428571..., down


def test_of_several_with_one_key_the_worst_is_recorded() -> None:
    findings = [replace(fact(value, "0.05"), waived=True, by_baseline=True) for value in ("0.07", "0.09", "0.08")]
    assert [one.value for one in recorded(findings)] == [d("0.09")]


def test_reading_a_baseline() -> None:
    text = b"""{"schema": "marginctl.baseline/1", "entries": [
      {"file": "books/a.yaml", "code": "MC101", "subject": "cross", "value": 0.72},
      {"file": "books/a.yaml", "code": "MC199", "subject": "cross"}
    ]}"""
    source, node, _ = read(text, "b.json")
    assert node is not None
    baseline, _ = bind(node, BaselineFile, source)
    assert baseline is not None
    entries, wrong = entries_of(baseline, source)
    known = BaselineEntry("MC101", "cross", d("0.72"), None, Location("b.json", 2, 7))
    assert (list(entries), entries["books/a.yaml"][0]) == (["books/a.yaml"], known)
    assert [(one.message, one.location.line) for one in wrong] == [("no limit has the code `MC199`", 3)]
