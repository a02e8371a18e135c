"""The rules of ``limits/rules/intentions``."""

import pytest
from tests.limits.builders import (
    ACCOUNT_LINE,
    bound,
    by_default,
    check,
    context,
    d,
    finding,
    judged,
    maybe,
    only,
    pool,
    position,
    report,
)
from tests.portfolio import books

from marginctl.core.scenario import HedgeFigures, PathOutcome
from marginctl.findings import Location, Severity, Status
from marginctl.limits.engine import evaluate
from marginctl.limits.rule import Locations

# MC113 and MC116: what happens on the way to the scenarios.


CRASH = PathOutcome(d("0.70126"), "cross", ("ETHUSDT", "SOLUSDT"))
SAFE = PathOutcome(None)
MC113_FIGURES = report(pool())


def outcomes(**found: PathOutcome):
    return {"scenarios": tuple(found), "outcomes": found}


def test_a_scenario_that_is_survived_passes_and_one_that_is_not_warns() -> None:
    places = Locations(ACCOUNT_LINE, scenarios={"crash": Location("desk.yaml", 50, 5)})
    evaluation = by_default("MC113", MC113_FIGURES, locations=places, **outcomes(rally=SAFE, crash=CRASH))
    assert (check(evaluation, "rally").status, check(evaluation, "rally").value) == (Status.PASS, None)
    crash = check(evaluation, "crash")
    assert (crash.status, crash.value, crash.limit, crash.headroom) == (Status.WARN, d("0.70126"), 1, d("-0.29874"))
    found = finding(evaluation)
    assert found.message == "scenario crash is not survived: cross is liquidated after 70.12% of it"
    assert found.remedy == "reduce or hedge what loses most in it, or deposit"
    assert found.location.line == 50


def test_an_account_that_is_already_liquidatable_survives_nothing() -> None:
    found = finding(by_default("MC113", MC113_FIGURES, **outcomes(crash=PathOutcome(d(0), "cross"))))
    assert found.message == "scenario crash is not survived: cross is liquidatable before it begins"


def test_only_the_scenarios_named_count() -> None:
    config = only("MC113", bound(severity=Severity.WARNING), bound(subjects=frozenset({"rally"})))
    evaluation = evaluate(context(MC113_FIGURES, **outcomes(rally=SAFE, crash=CRASH)), config)
    assert check(evaluation, "crash").status is Status.WARN
    narrow = evaluate(
        context(MC113_FIGURES, **outcomes(rally=SAFE, crash=CRASH)), only("MC113", bound(subjects=frozenset({"rally"})))
    )
    assert [one.subject for one in narrow.checks] == ["rally"]


def test_naming_a_scenario_that_is_not_there_is_a_problem() -> None:
    config = only("MC113", bound(subjects=frozenset({"rally", "crsh"})))
    evaluation = evaluate(context(MC113_FIGURES, **outcomes(rally=SAFE)), config)
    (problem,) = evaluation.problems
    assert (problem.code, problem.location.line) == ("MC030", 40)
    assert problem.message == "`survive` cannot be evaluated: there is no scenario crsh"
    assert problem.help == "add it under `scenarios`"
    assert check(evaluation, "crsh").status is Status.NOT_EVALUATED


@pytest.mark.parametrize(("code", "key"), [("MC113", "survive"), ("MC116", "max_contagion")])
def test_without_any_scenario_only_a_configured_limit_is_a_problem(code: str, key: str) -> None:
    (problem,) = judged(code, 0 if code == "MC116" else None, MC113_FIGURES).problems
    assert problem.message == f"`{key}` cannot be evaluated: there is no scenario"
    assert by_default(code, MC113_FIGURES).problems == ()


def test_without_scenarios_survival_passes_by_default() -> None:
    assert check(by_default("MC113", MC113_FIGURES)).status is Status.PASS


@pytest.mark.parametrize("code", ["MC113", "MC116"])
def test_scenarios_that_were_not_computed_are_not_evaluated(code: str) -> None:
    evaluation = judged(code, 0 if code == "MC116" else None, MC113_FIGURES, scenarios=("crash",))
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
    found = check(judged("MC116", limit, MC113_FIGURES, **outcomes(crash=CRASH)))
    assert (found.status, found.value, found.headroom) == (status, 2, limit - 2)


def test_contagion_names_them() -> None:
    found = finding(judged("MC116", 0, MC113_FIGURES, **outcomes(crash=CRASH)))
    assert found.message == "contagion in scenario crash is 2, above the limit 0: ETHUSDT, SOLUSDT in cross"
    assert check(judged("MC116", 0, MC113_FIGURES, **outcomes(rally=SAFE))).value == 0


def test_contagion_is_off_by_default() -> None:
    assert by_default("MC116", MC113_FIGURES, **outcomes(crash=CRASH)).checks == ()


CONTAGIOUS = """
prices: {BTC: 57000, ETH: 3000}
collateral: [{asset: USDT, amount: AMOUNT}]
positions:
  - {symbol: BTCUSDT, side: long, quantity: 1, entry_price: 60000, leverage: 10, maintenance_rate: 0.5%}
  - {symbol: ETHUSDT, side: long, quantity: 10, entry_price: 2800, leverage: 10, maintenance_rate: 0.5%}
scenarios: [{name: slump, shocks: {BTC: -90%, ETH: -5%}}]
limits: {max_contagion: 0, survive: off}
"""


@pytest.mark.parametrize(
    ("amount", "remedy"),
    [
        # 10% of 57,000; ETH alone is left 20,000 - 5,700 and a loss of 5% of 30,000
        pytest.param("20000", "isolate BTCUSDT with 5,700 USDT", id="enough"),
        # 6,000 less the loss of 3,000 leaves less than the margin of both: no amount is free to set aside
        pytest.param("6000", "isolate BTCUSDT, which loses most there", id="not there"),
    ],
)
def test_the_remedy_of_contagion_is_tried(amount: str, remedy: str) -> None:
    found = books.report(CONTAGIOUS.replace("AMOUNT", amount))
    (one,) = (one for one in found["findings"] if one["code"] == "MC116")
    assert one["remedy"] == remedy


# MC114: a position marked hedge is one.


MC114_FIGURES = report(pool(), positions=(position(purpose="hedge"), position("ETHUSDT", purpose="speculative")))


def effect(distance: str | None, without: str | None, delta: str = "1", delta_without: str = "2"):
    return {"BTCUSDT": HedgeFigures(maybe(distance), maybe(without), d(delta), d(delta_without))}


@pytest.mark.parametrize(
    ("effects", "status", "value"),
    [
        pytest.param(effect("0.3", "0.2"), Status.PASS, "-0.1", id="nearer without it"),
        pytest.param(effect("0.3", "0.3"), Status.PASS, "0", id="the same without it"),
        pytest.param(effect("0.3", "0.3000000001"), Status.WARN, "0.0000000001", id="further without it"),
        pytest.param(effect("0.3", None), Status.WARN, None, id="never without it"),
        pytest.param(effect("199", None), Status.PASS, None, id="a covered short dies at 200 times its mark"),
        pytest.param(effect("10", None), Status.WARN, None, id="at 11 times its mark it counts"),
        pytest.param(effect(None, "0.3"), Status.PASS, None, id="never with it"),
        pytest.param(effect(None, None), Status.PASS, None, id="never either way"),
        pytest.param(effect("0.3", "0.2", "-1", "2"), Status.WARN, "-0.1", id="long becomes short"),
        pytest.param(effect("0.3", "0.2", "0", "2"), Status.PASS, "-0.1", id="covers exactly"),
        pytest.param(effect("0.3", "0.2", "-1", "0"), Status.PASS, "-0.1", id="nothing to flip"),
    ],
)
def test_warns_by_default_where_a_hedge_adds_risk(
    effects: dict[str, HedgeFigures], status: Status, value: str | None
) -> None:
    found = check(by_default("MC114", MC114_FIGURES, hedge_effects=effects))
    assert (found.subject, found.status, found.value) == ("BTCUSDT", status, maybe(value))


def test_says_what_is_wrong_and_where() -> None:
    found = finding(by_default("MC114", MC114_FIGURES, hedge_effects=effect("0.1", "0.3", "-1", "2")))
    assert found.message == (
        "BTCUSDT is marked hedge but liquidation is further away without it and "
        "it turns the account short in its underlying"
    )
    assert found.remedy == "reduce it to what it covers, or mark it `purpose: speculative`"
    assert found.location.line == 20


@pytest.mark.parametrize(("delta", "before", "side"), [("-1", "2", "short"), ("1", "-2", "long")])
def test_names_the_side_that_it_turns_the_account_to(delta: str, before: str, side: str) -> None:
    found = finding(by_default("MC114", MC114_FIGURES, hedge_effects=effect("0.3", "0.3", delta, before)))
    assert found.message == f"BTCUSDT is marked hedge but it turns the account {side} in its underlying"


def test_an_effect_that_was_not_computed_is_no_pass() -> None:
    evaluation = by_default("MC114", MC114_FIGURES)
    assert check(evaluation).status is Status.NOT_EVALUATED
    assert evaluation.findings == ()


def test_an_account_without_hedges_passes() -> None:
    assert check(by_default("MC114", report(pool(), positions=(position(),)))).status is Status.PASS


# MC115: every position states its purpose; off unless configured.


MC115_FIGURES = report(pool(), positions=(position(), position("ETHUSDT", purpose="hedge")))


def test_a_position_without_a_purpose_fails() -> None:
    evaluation = judged("MC115", None, MC115_FIGURES)
    assert check(evaluation, "BTCUSDT").status is Status.FAIL
    assert check(evaluation, "ETHUSDT").status is Status.PASS
    found = finding(evaluation)
    assert (found.message, found.remedy) == ("BTCUSDT has no purpose", "add `purpose: speculative` or `purpose: hedge`")
    assert found.location.line == 20


def test_is_off_by_default() -> None:
    assert by_default("MC115", MC115_FIGURES).checks == ()
