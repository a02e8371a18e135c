"""The rules of ``limits/rules/data_quality``."""

from datetime import date

import pytest
from tests.limits.builders import bound, by_default, check, context, d, finding, judged, only, pool, report

from marginctl.core.report import RulesUsed
from marginctl.findings import DataFact, Location, Severity, Status
from marginctl.limits.config import FileLimits, LimitSource, combined
from marginctl.limits.engine import evaluate

# MC201 to MC220: the data behind the figures.


def rules(as_of: str | None) -> RulesUsed:
    return RulesUsed(venue="generic", as_of=as_of, status="verified", sources=())


@pytest.mark.parametrize(
    ("as_of", "age", "status"),
    [
        pytest.param("2026-11-22", 0, Status.PASS, id="of today"),
        pytest.param("2026-05-26", 180, Status.PASS, id="equality passes"),
    ],
)
def test_mc201_passes_up_to_180_days(as_of: str, age: int, status: Status) -> None:
    found = check(by_default("MC201", report(pool()), rules=rules(as_of)))
    assert (found.subject, found.value, found.status) == ("generic", age, status)


@pytest.mark.parametrize(
    ("policy", "severity"), [(None, Severity.NOTE), (FileLimits(LimitSource.POLICY), Severity.WARNING)]
)
def test_mc201_and_mc203_are_notes_and_under_a_policy_warnings(policy: FileLimits | None, severity: Severity) -> None:
    told = context(report(pool()), rules=rules("2026-05-25"), facts=(fact("MC203"),))
    found = {one.code: one for one in evaluate(told, combined(policy=policy)).findings}
    assert {code: found[code].severity for code in ("MC201", "MC203")} == {"MC201": severity, "MC203": severity}
    assert found["MC201"].value == 181


def test_mc201_names_value_limit_and_remedy() -> None:
    found = finding(judged("MC201", 90, report(pool()), rules=rules("2026-08-01")))
    assert found.message == "age of the generic rule set is 113 days, above the limit 90 days"
    told = "`marginctl venue refresh generic --live` updates it"
    assert found.remedy == told


def test_mc201_a_date_in_the_future_cannot_be_evaluated() -> None:
    evaluation = judged("MC201", 90, report(pool()), rules=rules("2026-11-23"))
    assert check(evaluation).status is Status.NOT_EVALUATED
    (problem,) = evaluation.problems
    assert problem.message == "`max_rules_age` cannot be evaluated: 2026-11-23 lies after today, 2026-11-22"


def test_mc201_a_rule_set_without_a_date_passes() -> None:
    found = check(by_default("MC201", report(pool())))
    assert (found.status, found.value) == (Status.PASS, None)


@pytest.mark.parametrize(
    ("as_of", "today", "age", "status"),
    [
        pytest.param("2026-11-22T11:00:00Z", (2026, 11, 22), 0, Status.PASS, id="today"),
        pytest.param("2026-11-21T00:30:00+02:00", (2026, 11, 22), 2, Status.FAIL, id="the day in UTC counts"),
        pytest.param("2026-11-21T00:00:00Z", (2026, 11, 22), 1, Status.PASS, id="equality passes"),
        pytest.param("0001-01-01T00:00:00+02:00", (2026, 11, 22), 739941, Status.FAIL, id="the first day of all"),
    ],
)
def test_mc202_age_of_the_account(as_of: str, today: tuple[int, int, int], age: int, status: Status) -> None:
    found = check(judged("MC202", 1, report(pool(), as_of=as_of), today=date(*today)))
    assert (found.value, found.status) == (age, status)


def test_mc202_without_a_date_cannot_be_evaluated() -> None:
    (problem,) = judged("MC202", 1, report(pool())).problems
    assert problem.message == "`max_data_age` cannot be evaluated: the account has no as_of"
    assert problem.help == "add `as_of` to `account`, with its time zone"


def test_mc202_is_off_by_default() -> None:
    assert by_default("MC202", report(pool(), as_of="1999-01-01T00:00:00Z")).checks == ()


def fact(code: str) -> DataFact:
    return DataFact(code, "BTCUSDT", "something about BTCUSDT", Location("desk.yaml", 20, 9), d("0.07"), d("0.05"))


@pytest.mark.parametrize(
    ("code", "severity", "status"),
    [
        ("MC205", Severity.WARNING, Status.WARN),
        ("MC206", Severity.WARNING, Status.WARN),
        ("MC207", Severity.WARNING, Status.WARN),
        ("MC208", Severity.WARNING, Status.WARN),
        ("MC212", Severity.WARNING, Status.WARN),
        ("MC213", Severity.WARNING, Status.WARN),
        ("MC214", Severity.WARNING, Status.WARN),
        ("MC215", Severity.WARNING, Status.WARN),
        ("MC216", Severity.WARNING, Status.WARN),
        ("MC220", Severity.WARNING, Status.WARN),
    ],
)
def test_facts_become_findings(code: str, severity: Severity, status: Status) -> None:
    evaluation = evaluate(context(report(pool()), facts=(fact(code),)), combined())
    (found,) = [one for one in evaluation.findings if one.code == code]
    assert (found.severity, found.message, found.subject) == (severity, "something about BTCUSDT", "BTCUSDT")
    assert (found.location.line, found.value, found.limit) == (20, d("0.07"), d("0.05"))
    assert found.remedy
    assert [one.status for one in evaluation.checks if one.code == code] == [status]


def test_mc204_is_found_only_where_it_is_asked_for() -> None:
    told = context(report(pool()), facts=(fact("MC204"),))
    assert [one for one in evaluate(told, combined()).findings if one.code == "MC204"] == []
    found = finding(evaluate(told, only("MC204", bound())))
    assert (found.severity, found.message) == (Severity.ERROR, "something about BTCUSDT")


@pytest.mark.parametrize("code", ["MC208", "MC212", "MC213", "MC214", "MC215"])
def test_some_facts_are_errors_under_a_policy(code: str) -> None:
    config = combined(policy=FileLimits(LimitSource.POLICY))
    evaluation = evaluate(context(report(pool()), facts=(fact(code),)), config)
    (found,) = [one for one in evaluation.findings if one.code == code]
    assert (found.severity, found.message) == (
        Severity.ERROR,
        "something about BTCUSDT (an error under a policy)",
    )


@pytest.mark.parametrize("code", ["MC101", "MC201", "MC209", "MC999"])
def test_a_fact_that_no_rule_takes_is_a_defect(code: str) -> None:
    with pytest.raises(ValueError, match=code):
        evaluate(context(report(pool()), facts=(fact(code),)), combined())
