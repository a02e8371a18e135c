"""MC115: every position states its purpose; off unless configured."""

from marginctl.findings import Status

from .builders import by_default, check, finding, judged, pool, position, report

FIGURES = report(pool(), positions=(position(), position("ETHUSDT", purpose="hedge")))


def test_a_position_without_a_purpose_fails() -> None:
    evaluation = judged("MC115", None, FIGURES)
    assert check(evaluation, "BTCUSDT").status is Status.FAIL
    assert check(evaluation, "ETHUSDT").status is Status.PASS
    found = finding(evaluation)
    assert (found.message, found.remedy) == ("BTCUSDT has no purpose", "add `purpose: speculative` or `purpose: hedge`")
    assert found.location.line == 20


def test_is_off_by_default() -> None:
    assert by_default("MC115", FIGURES).checks == ()
