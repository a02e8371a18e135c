"""MC114: a position marked hedge is one."""

import pytest

from marginctl.core.scenario import HedgeFigures
from marginctl.findings import Status

from .builders import by_default, check, d, finding, maybe, pool, position, report

FIGURES = report(pool(), positions=(position(purpose="hedge"), position("ETHUSDT", purpose="speculative")))


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
    found = check(by_default("MC114", FIGURES, hedge_effects=effects))
    assert (found.subject, found.status, found.value) == ("BTCUSDT", status, maybe(value))


def test_says_what_is_wrong_and_where() -> None:
    found = finding(by_default("MC114", FIGURES, hedge_effects=effect("0.1", "0.3", "-1", "2")))
    assert found.message == (
        "BTCUSDT is marked hedge but liquidation is further away without it and "
        "it turns the account short in its underlying"
    )
    assert found.remedy == "reduce it to what it covers, or mark it `purpose: speculative`"
    assert found.location.line == 20


@pytest.mark.parametrize(("delta", "before", "side"), [("-1", "2", "short"), ("1", "-2", "long")])
def test_names_the_side_that_it_turns_the_account_to(delta: str, before: str, side: str) -> None:
    found = finding(by_default("MC114", FIGURES, hedge_effects=effect("0.3", "0.3", delta, before)))
    assert found.message == f"BTCUSDT is marked hedge but it turns the account {side} in its underlying"


def test_an_effect_that_was_not_computed_is_no_pass() -> None:
    evaluation = by_default("MC114", FIGURES)
    assert check(evaluation).status is Status.NOT_EVALUATED
    assert evaluation.findings == ()


def test_an_account_without_hedges_passes() -> None:
    assert check(by_default("MC114", report(pool(), positions=(position(),)))).status is Status.PASS
