"""MC112: days until funding liquidates a pool."""

import pytest

from marginctl.findings import Severity, Status

from .builders import by_default, check, d, finding, judged, pool, position, report


@pytest.mark.parametrize(
    ("runway", "status"),
    [
        pytest.param("30.0000000001", Status.PASS, id="just longer"),
        pytest.param("30", Status.PASS, id="equality passes"),
        pytest.param("29.9999999999", Status.FAIL, id="just shorter"),
        pytest.param("0", Status.FAIL, id="liquidatable now"),
        pytest.param(None, Status.PASS, id="never"),
    ],
)
def test_breaks_below_the_limit(runway: str | None, status: Status) -> None:
    found = check(judged("MC112", 30, report(pool(), runway=runway)))
    assert (found.status, found.value) == (status, None if runway is None else d(runway))


def test_names_value_limit_and_what_pays_most() -> None:
    rows = (position("BTCUSDT", funding="-3.5"), position("ETHUSDT", funding="-6.505"), position("SOLUSDT", funding=1))
    found = finding(judged("MC112", 30, report(pool(), positions=rows, runway="25.04", per_day="-9.005")))
    assert found.message == (
        "funding runway of the account is 25 days, below the limit 30 days: funding of -9.01 USD a day"
    )
    assert found.remedy == "reduce ETHUSDT, which pays 6.51 USD a day, or deposit"


def test_a_missing_rate_is_nothing_unless_the_limit_was_asked_for() -> None:
    figures = report(pool(), runway=3, missing=("BTCUSDT", "ETHUSDT"))
    silent = by_default("MC112", figures)
    assert (check(silent).status, check(silent).value) == (Status.NOT_EVALUATED, None)
    assert (silent.findings, silent.problems) == ((), ())
    asked = judged("MC112", 30, figures)
    assert finding(asked).severity is Severity.ERROR
    assert finding(asked).message == "funding runway of the account not evaluated: no funding_rate for BTCUSDT, ETHUSDT"
    (problem,) = asked.problems
    assert (problem.code, problem.location.line) == ("MC030", 40)
    assert problem.message == "`min_funding_runway` cannot be evaluated: no funding_rate for BTCUSDT, ETHUSDT"
    assert problem.help == "add `funding_rate` to these positions, 0% if there is none"
