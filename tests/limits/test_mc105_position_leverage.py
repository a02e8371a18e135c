"""MC105: 1 / initial rate of every position that is not marked hedge."""

import pytest

from marginctl.findings import Location, Status

from .builders import ACCOUNT_LINE, by_default, check, d, finding, judged, position, report


@pytest.mark.parametrize(
    ("initial_rate", "status"),
    [
        pytest.param("0.1000000001", Status.PASS, id="just below 10x"),
        pytest.param("0.1", Status.PASS, id="equality passes"),
        pytest.param("0.0999999999", Status.WARN, id="just above 10x"),
        pytest.param("0", Status.WARN, id="no initial margin at all"),
    ],
)
def test_warns_by_default_above_10(initial_rate: str, status: Status) -> None:
    found = check(by_default("MC105", report(positions=(position(initial_rate=initial_rate),))))
    assert found.status is status
    assert found.value == (1 / d(initial_rate) if d(initial_rate) else None)


def test_equality_holds_where_the_quotient_has_no_end() -> None:
    third = 1 / d(3)
    assert check(judged("MC105", 3, report(positions=(position(initial_rate=third),)))).status is Status.PASS


def test_points_at_the_position_and_names_the_setting() -> None:
    found = finding(judged("MC105", 20, report(positions=(position(initial_rate="0.04"),))))
    assert found.message == "leverage of the BTCUSDT long is 25x, above the limit 20x"
    assert found.remedy == "set its leverage to 20 or less"
    assert found.location == Location("desk.yaml", 20, 5)


def test_leaves_hedges_out_and_isolated_positions_in() -> None:
    rows = (
        position("BTCUSDT", initial_rate="0.01", purpose="hedge"),
        position("ETHUSDT", initial_rate="0.01", purpose="speculative", pool="isolated:ETHUSDT:long"),
    )
    found = finding(by_default("MC105", report(positions=rows)))
    assert (found.subject, found.location) == ("ETHUSDT", ACCOUNT_LINE)
