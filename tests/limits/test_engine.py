"""The engine: levels, severities, the stricter of two files, waivers, selection, what cannot be evaluated."""

from datetime import date

import pytest

from marginctl.findings import Location, Severity, Status
from marginctl.limits.config import FileLimits, LimitsConfig, LimitSource, Waiver, combined
from marginctl.limits.engine import Selection, evaluate
from marginctl.limits.rules import FACT_CODES, RULES

from .builders import (
    LIMIT_LINE,
    POLICY_LINE,
    TODAY,
    account,
    bound,
    check,
    context,
    d,
    finding,
    isolated,
    linear,
    only,
    pool,
    position,
    report,
    stand,
    underlying,
)

WARN_60 = bound("0.6", Severity.WARNING)
FAIL_70 = bound("0.7")
POLICY_65 = bound("0.65", origin=LimitSource.POLICY, location=POLICY_LINE)


def used(margin: str, **fields):
    """A pool of 1000 that uses this much."""
    return context(report(pool(equity=1000, initial=margin)), **fields)


def waiver(
    code: str = "MC101", until: date = TODAY, subject: str = "", origin: LimitSource = LimitSource.PORTFOLIO
) -> Waiver:
    file = "desk.yaml" if origin is LimitSource.PORTFOLIO else POLICY_LINE.file
    return Waiver(code, until, "agreed with risk", origin, Location(file, 60, 5), subject)


@pytest.mark.parametrize(
    ("margin", "status", "limit", "headroom"),
    [
        pytest.param("600", Status.PASS, "0.6", "0", id="at the warning level"),
        pytest.param("600.01", Status.WARN, "0.6", "-0.00001", id="between the levels"),
        pytest.param("700", Status.WARN, "0.6", "-0.1", id="at the failing level"),
        pytest.param("700.01", Status.FAIL, "0.7", "-0.00001", id="above both"),
    ],
)
def test_warn_and_fail_levels(margin: str, status: Status, limit: str, headroom: str) -> None:
    evaluation = evaluate(used(margin), only("MC101", WARN_60, FAIL_70))
    found = check(evaluation)
    assert (found.status, found.limit, found.headroom) == (status, d(limit), d(headroom))
    severities = {Status.WARN: [Severity.WARNING], Status.FAIL: [Severity.ERROR]}.get(status, [])
    assert [one.severity for one in evaluation.findings] == severities


@pytest.mark.parametrize(
    ("margin", "status", "limit"),
    [
        pytest.param("640", Status.PASS, "0.65", id="below both"),
        pytest.param("650.01", Status.FAIL, "0.65", id="above the policy's only"),
        pytest.param("700.01", Status.FAIL, "0.65", id="above both: the stricter one is named"),
    ],
)
def test_the_stricter_of_policy_and_portfolio_wins(margin: str, status: Status, limit: str) -> None:
    config = combined(
        FileLimits(LimitSource.PORTFOLIO, {"MC101": (FAIL_70,)}),
        FileLimits(LimitSource.POLICY, {"MC101": (POLICY_65,)}),
    )
    evaluation = evaluate(used(margin), config, Selection(select=frozenset({"MC101"})))
    found = check(evaluation, "cross") if len(evaluation.checks) == 1 else _of(evaluation.checks, "MC101")
    assert (found.status, found.limit) == (status, d(limit))
    if status is Status.FAIL:
        assert "above the limit 65% (policy.yaml:4)" in _of(evaluation.findings, "MC101").message


def _of(values, code: str):
    (found,) = [one for one in values if one.code == code]
    return found


def test_the_portfolio_may_be_stricter_and_may_not_switch_the_policy_off() -> None:
    policy = FileLimits(LimitSource.POLICY, {"MC101": (POLICY_65,)})
    stricter = combined(FileLimits(LimitSource.PORTFOLIO, {"MC101": (WARN_60,)}), policy)
    assert _of(evaluate(used("610"), stricter).checks, "MC101").status is Status.WARN
    off = combined(FileLimits(LimitSource.PORTFOLIO, {"MC101": ()}), policy)
    assert _of(evaluate(used("651"), off).checks, "MC101").status is Status.FAIL


def test_a_rule_that_both_files_switch_off_or_one_without_the_other_is_not_checked() -> None:
    off = combined(FileLimits(LimitSource.PORTFOLIO, {"MC101": ()}), FileLimits(LimitSource.POLICY))
    assert [one for one in evaluate(used("999"), off).checks if one.code == "MC101"] == []


def test_every_rule_that_is_on_by_default_leaves_a_check() -> None:
    book = account({"USDT": 1000}, stand(linear(), 1, 1, 100, funding_rate=d(0)))
    codes = {one.code for one in evaluate(context(book), combined()).checks}
    off = {"MC106", "MC115", "MC116", "MC117", "MC118", "MC119", "MC120", "MC121", "MC122", "MC202", "MC204", "MC210"}
    off |= {"MC107", "MC123"}  # one underlying; nobody is called below 80% where no level is set
    assert codes == {rule.code for rule in RULES if rule.key or rule.code == "MC100"} - off


def test_a_fact_has_no_pass_to_show() -> None:
    assert [one for one in evaluate(context(report(pool())), combined()).checks if one.code in FACT_CODES] == []


def test_mc100_cannot_be_ignored_and_says_so() -> None:
    sunk = context(report(pool(equity=-1, maintenance=1, liquidatable=True)))
    evaluation = evaluate(sunk, combined(), Selection(ignore=frozenset({"MC100", "MC101"})))
    assert _of(evaluation.checks, "MC100").status is Status.FAIL
    assert [one for one in evaluation.checks if one.code == "MC101"] == []
    said = _of(evaluation.findings, "MC904")
    assert (said.severity, said.message) == (Severity.WARNING, "ignoring MC100 has no effect: it is always checked")


def test_selecting_leaves_only_what_is_selected_and_mc100() -> None:
    evaluation = evaluate(context(report(pool())), combined(), Selection(select=frozenset({"MC103"})))
    assert [one.code for one in evaluation.checks] == ["MC100", "MC103"]


def test_mc100_cannot_be_waived_and_says_so() -> None:
    sunk = context(report(pool(equity=-1, maintenance=1, liquidatable=True)))
    config = LimitsConfig(only("MC100", bound()).bounds, (waiver("MC100"),))
    evaluation = evaluate(sunk, config)
    assert check(evaluation).status is Status.FAIL
    assert not _of(evaluation.findings, "MC100").waived
    assert _of(evaluation.findings, "MC904").message == "the waiver of MC100 has no effect: MC100 cannot be waived"


def waived(margin: str, *waivers: Waiver, bounds=(FAIL_70,)):
    return evaluate(used(margin), LimitsConfig({"MC101": bounds}, waivers))


def test_a_waiver_counts_up_to_and_on_its_last_day() -> None:
    evaluation = waived("710", waiver(until=TODAY))
    assert check(evaluation).status is Status.WAIVED
    found = _of(evaluation.findings, "MC101")
    assert (found.waived, found.severity) == (True, Severity.ERROR)
    note = _of(evaluation.findings, "MC903")
    assert (note.severity, note.location.line) == (Severity.NOTE, 60)
    assert note.message == "the waiver of MC101 runs out on 2026-11-22, today is its last day"


def test_an_expired_waiver_no_longer_counts_and_says_so() -> None:
    evaluation = waived("710", waiver(until=date(2026, 11, 21)))
    assert check(evaluation).status is Status.FAIL
    found = _of(evaluation.findings, "MC902")
    assert found.severity is Severity.WARNING
    assert found.message == "the waiver of MC101 expired: its last day was 2026-11-21, the limit counts again"


@pytest.mark.parametrize(
    ("until", "codes"),
    [
        pytest.param(date(2026, 11, 23), "1 day left", id="tomorrow"),
        pytest.param(date(2026, 12, 6), "14 days left", id="in 14 days"),
        pytest.param(date(2026, 12, 7), None, id="in 15 days"),
    ],
)
def test_a_waiver_that_runs_out_soon_is_a_note(until: date, codes: str | None) -> None:
    notes = [one.message for one in waived("710", waiver(until=until)).findings if one.code == "MC903"]
    assert [note.endswith(codes or "") for note in notes] == ([True] if codes else [])


def test_an_unused_waiver_is_a_warning() -> None:
    evaluation = waived("690", waiver(subject="cross"))
    assert check(evaluation).status is Status.PASS
    assert finding(evaluation).message == "the waiver of MC101 for cross waives nothing"
    assert finding(evaluation).subject == "cross"
    assert finding(waived("690", waiver())).subject == "MC101"
    assert (finding(evaluation).code, finding(evaluation).severity) == ("MC901", Severity.WARNING)


def test_a_waiver_of_something_that_could_not_be_judged_is_not_called_unused() -> None:
    config = LimitsConfig(only("MC112", bound(30)).bounds, (waiver("MC112"),))
    evaluation = evaluate(context(report(pool(), missing=("BTCUSDT",))), config)
    assert check(evaluation).status is Status.NOT_EVALUATED
    assert [one.code for one in evaluation.findings] == ["MC112"]


def test_a_waiver_for_another_subject_does_not_count() -> None:
    evaluation = waived("710", waiver(subject="cross:USDT"))
    assert check(evaluation).status is Status.FAIL
    assert {one.code for one in evaluation.findings} == {"MC101", "MC901"}


@pytest.mark.parametrize("subject", ["BTC", "BTCUSDT", ""])
def test_a_waiver_may_name_the_asset_or_the_contract(subject: str) -> None:
    figures = report(
        pool(initial=1), positions=(position(),), underlyings=(underlying("BTC", distance="0.1", down=90),)
    )
    config = LimitsConfig(only("MC102", bound("0.2")).bounds, (waiver("MC102", date(2027, 1, 1), subject),))
    evaluation = evaluate(context(figures), config)
    assert check(evaluation, "BTC").status is Status.WAIVED
    assert [one.code for one in evaluation.findings] == ["MC102"]


def test_a_portfolios_waiver_does_not_reach_the_policys_limit() -> None:
    evaluation = waived("710", waiver(until=date(2027, 1, 1)), bounds=(POLICY_65, FAIL_70))
    found = check(evaluation)
    assert (found.status, found.limit) == (Status.FAIL, d("0.65"))
    said = _of(evaluation.findings, "MC904")
    assert said.message == "the waiver of MC101 does not apply to the limit of the policy"
    assert said.remedy == "ask for a waiver in the policy file"


def test_a_portfolios_waiver_reaches_its_own_stricter_limit() -> None:
    policy = bound("0.75", origin=LimitSource.POLICY, location=POLICY_LINE)
    evaluation = waived("710", waiver(until=date(2027, 1, 1)), bounds=(policy, FAIL_70))
    assert check(evaluation).status is Status.WAIVED


def test_a_policys_waiver_reaches_the_policys_limit_only() -> None:
    accepted = waiver(until=date(2027, 1, 1), origin=LimitSource.POLICY)
    assert check(waived("690", accepted, bounds=(POLICY_65,))).status is Status.WAIVED
    both = waived("710", accepted, bounds=(POLICY_65, FAIL_70))
    assert (check(both).status, check(both).limit) == (Status.FAIL, d("0.7"))


def test_any_waiver_reaches_a_default() -> None:
    default = bound("0.6", Severity.WARNING, origin=LimitSource.DEFAULT, location=None)
    for origin in (LimitSource.PORTFOLIO, LimitSource.POLICY):
        evaluation = waived("610", waiver(until=date(2027, 1, 1), origin=origin), bounds=(default,))
        assert check(evaluation).status is Status.WAIVED


def test_ignoring_a_waiver_rule_silences_it() -> None:
    config = LimitsConfig(only("MC101", FAIL_70).bounds, (waiver(),))
    assert evaluate(used("1"), config, Selection(ignore=frozenset({"MC901"}))).findings == ()


def test_an_exact_equality_passes_where_the_quotient_has_no_end() -> None:
    # 1/3 of the equity, against a limit of 1/3
    third = context(report(pool(equity=3, initial=1)))
    assert check(evaluate(third, only("MC101", bound(1 / d(3))))).status is Status.PASS


def test_a_configured_limit_that_cannot_be_evaluated_is_an_error_at_its_line() -> None:
    figures = report(pool(), missing=("BTCUSDT",))
    config = only("MC112", bound(30, Severity.WARNING), bound(10))
    evaluation = evaluate(context(figures), config)
    (problem,) = evaluation.problems
    assert (problem.location, problem.code) == (LIMIT_LINE, "MC030")
    assert (check(evaluation).limit, check(evaluation).value) == (30, None)


def test_a_limit_does_not_hide_behind_an_isolated_pool() -> None:
    """An account whose cross pool holds nothing: cross limits have nothing at stake, the isolated pool has its own."""
    book = account({"USDT": 30}, isolated(linear(), 1, 2, 100, 25))
    checks = evaluate(context(book), combined()).checks
    assert [(c.subject, c.value) for c in checks if c.code == "MC101"] == [("cross", d(0))]
    assert [(c.subject, c.status) for c in checks if c.code == "MC104"] == [("account", Status.WARN)]


def test_division_residue_breaks_no_minimum() -> None:
    almost_one = 1 / d(3) * 3
    assert almost_one < 1
    figures = context(report(pool(distance=almost_one, direction="down")))
    assert check(evaluate(figures, only("MC102", bound(1)))).status is Status.PASS
