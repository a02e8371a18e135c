"""Ways to a scenario, by hand: what funding has paid by a place, and where a pool is first liquidated."""

import pytest
from tests.builders import LONG, account, d, flat, linear, position

from marginctl.core.path import FirstCrossings, FundingPath, PricePath, ScenarioPath
from marginctl.core.pool import partition

HELD = account(
    position(linear(table=flat("0.1", "0.1")), LONG, 1, 100, funding_rate="0.01", funding_interval=24),
    balances={"USDT": 20},
)
"""Pays 1 a day, needs 10."""


def test_by_a_place_the_funding_of_the_days_since_the_start_is_paid() -> None:
    """Half of 20 days."""
    assert FundingPath(d(20)).carried(HELD, d("0.25"), d("0.75")).balances == {"USDT": 10}
    assert FundingPath(d(20)).changes(HELD) == [-20]
    assert PricePath({"BTC": d("-0.5")}).carried(HELD, d("0.25"), d("0.75")) is HELD


@pytest.mark.parametrize(
    ("path", "places"),
    [
        pytest.param(FundingPath(d(20)), ["0.5", "0.75"], id="funding: 10 days from wherever it begins"),
        pytest.param(PricePath({"BTC": d("-0.25")}), [d(40) / 90, d(40) / 90], id="prices: 20 - 25 u = 10 - 2.5 u"),
    ],
)
def test_where_a_pool_is_first_liquidated_from_a_start_on(path: ScenarioPath, places: list[str]) -> None:
    (pool,) = partition(HELD)
    crossings = FirstCrossings(path)
    found = [crossings.first(pool, HELD, d(start)) for start in ("0", "0.25")]
    assert [round(one, 60) for one in found if one is not None] == [round(d(one), 60) for one in places]
