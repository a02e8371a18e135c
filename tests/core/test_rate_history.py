"""Recorded rates: their mean, their worst for a side, their interval."""

import pytest
from tests.builders import LONG, SHORT, d

from marginctl.core.funding_cases import RateHistory

HOUR = 3_600_000


def history(*rates: str, hours: int = 8) -> RateHistory:
    return RateHistory("BTCUSDT", tuple(HOUR * hours * k for k in range(len(rates))), tuple(map(d, rates)))


def test_the_mean_is_exact() -> None:
    assert history("0.0001", "0.0003", "-0.0001").mean * 3 == d("0.0003")


@pytest.mark.parametrize(
    ("side", "quantile", "expected"),
    [
        pytest.param(LONG, "0.05", "20", id="of 20 the worst one: the highest for a long"),
        pytest.param(SHORT, "0.05", "1", id="the lowest for a short"),
        pytest.param(LONG, "0.1", "19", id="10% of 20: the second"),
        pytest.param(LONG, "0.11", "18", id="more than 2 of 20: the third, never less than the share asked for"),
        pytest.param(LONG, "0.0001", "20", id="at least one"),
        pytest.param(LONG, "1", "1", id="all of them: the best"),
    ],
)
def test_the_worst_quantile_is_a_rate_that_was_paid(side: int, quantile: str, expected: str) -> None:
    rates = [str(k) for k in (7, 3, 20, 1, *range(8, 20), 2, 4, 5, 6)]
    assert history(*rates).worst(side, d(quantile)) == d(expected)


def test_the_interval_is_the_most_frequent_spacing() -> None:
    uneven = RateHistory("X", tuple(HOUR * k for k in (0, 8, 16, 20, 28, 52)), (d(0),) * 6)
    assert uneven.interval == 8
    assert dict(uneven.spacings) == {8: 3, 4: 1, 24: 1}


def test_of_two_spacings_as_frequent_the_shorter_counts() -> None:
    assert RateHistory("X", (0, 4 * HOUR, 12 * HOUR), (d(0),) * 3).interval == 4


def test_venues_stamp_a_few_milliseconds_late() -> None:
    late = RateHistory("X", (3, 8 * HOUR, 16 * HOUR + 29_999), (d(0),) * 3)
    assert (late.interval, len(late.spacings)) == (8, 1)


def test_a_single_rate_has_no_interval() -> None:
    assert history("0.0001").interval is None
