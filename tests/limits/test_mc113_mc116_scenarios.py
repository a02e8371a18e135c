"""MC113 and MC116: what happens on the way to the scenarios."""

import pytest

from marginctl.core.scenario import PathOutcome
from marginctl.findings import Location, Severity, Status
from marginctl.limits.context import Locations
from marginctl.limits.engine import evaluate

from .builders import ACCOUNT_LINE, bound, by_default, check, context, d, finding, judged, only, pool, report

CRASH = PathOutcome(d("0.70126"), "cross", ("ETHUSDT", "SOLUSDT"))
SAFE = PathOutcome(None)
FIGURES = report(pool())


def outcomes(**found: PathOutcome):
    return {"scenarios": tuple(found), "outcomes": found}


def test_a_scenario_that_is_survived_passes_and_one_that_is_not_warns() -> None:
    places = Locations(ACCOUNT_LINE, scenarios={"crash": Location("desk.yaml", 50, 5)})
    evaluation = by_default("MC113", FIGURES, locations=places, **outcomes(rally=SAFE, crash=CRASH))
    assert (check(evaluation, "rally").status, check(evaluation, "rally").value) == (Status.PASS, None)
    crash = check(evaluation, "crash")
    assert (crash.status, crash.value, crash.limit, crash.headroom) == (Status.WARN, d("0.70126"), 1, d("-0.29874"))
    found = finding(evaluation)
    assert found.message == "scenario crash is not survived: cross is liquidated after 70.12% of it"
    assert found.remedy == "reduce or hedge what loses most in it, or deposit"
    assert found.location.line == 50


def test_an_account_that_is_already_liquidatable_survives_nothing() -> None:
    found = finding(by_default("MC113", FIGURES, **outcomes(crash=PathOutcome(d(0), "cross"))))
    assert found.message == "scenario crash is not survived: cross is liquidatable before it begins"


def test_only_the_scenarios_named_count() -> None:
    config = only("MC113", bound(severity=Severity.WARNING), bound(subjects=frozenset({"rally"})))
    evaluation = evaluate(context(FIGURES, **outcomes(rally=SAFE, crash=CRASH)), config)
    assert check(evaluation, "crash").status is Status.WARN
    narrow = evaluate(
        context(FIGURES, **outcomes(rally=SAFE, crash=CRASH)), only("MC113", bound(subjects=frozenset({"rally"})))
    )
    assert [one.subject for one in narrow.checks] == ["rally"]


def test_naming_a_scenario_that_is_not_there_is_a_problem() -> None:
    config = only("MC113", bound(subjects=frozenset({"rally", "crsh"})))
    evaluation = evaluate(context(FIGURES, **outcomes(rally=SAFE)), config)
    (problem,) = evaluation.problems
    assert (problem.code, problem.location.line) == ("MC030", 40)
    assert problem.message == "`survive` cannot be evaluated: there is no scenario crsh"
    assert problem.help == "add it under `scenarios`"
    assert check(evaluation, "crsh").status is Status.NOT_EVALUATED


@pytest.mark.parametrize(("code", "key"), [("MC113", "survive"), ("MC116", "max_contagion")])
def test_without_any_scenario_only_a_configured_limit_is_a_problem(code: str, key: str) -> None:
    (problem,) = judged(code, 0 if code == "MC116" else None, FIGURES).problems
    assert problem.message == f"`{key}` cannot be evaluated: there is no scenario"
    assert by_default(code, FIGURES).problems == ()


def test_without_scenarios_survival_passes_by_default() -> None:
    assert check(by_default("MC113", FIGURES)).status is Status.PASS


@pytest.mark.parametrize("code", ["MC113", "MC116"])
def test_scenarios_that_were_not_computed_are_not_evaluated(code: str) -> None:
    evaluation = judged(code, 0 if code == "MC116" else None, FIGURES, scenarios=("crash",))
    assert check(evaluation).status is Status.NOT_EVALUATED
    assert evaluation.problems[0].message.endswith("the scenario was not computed")


@pytest.mark.parametrize(
    ("limit", "status"),
    [
        pytest.param(3, Status.PASS, id="fewer"),
        pytest.param(2, Status.PASS, id="equality passes"),
        pytest.param(1, Status.FAIL, id="more"),
    ],
)
def test_contagion_counts_winners_in_the_first_pool_to_go(limit: int, status: Status) -> None:
    found = check(judged("MC116", limit, FIGURES, **outcomes(crash=CRASH)))
    assert (found.status, found.value, found.headroom) == (status, 2, limit - 2)


def test_contagion_names_them() -> None:
    found = finding(judged("MC116", 0, FIGURES, **outcomes(crash=CRASH)))
    assert found.message == "contagion in scenario crash is 2, above the limit 0: ETHUSDT, SOLUSDT in cross"
    assert check(judged("MC116", 0, FIGURES, **outcomes(rally=SAFE))).value == 0


def test_contagion_is_off_by_default() -> None:
    assert by_default("MC116", FIGURES, **outcomes(crash=CRASH)).checks == ()
