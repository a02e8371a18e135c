"""Quantiles as shares of the order statistics: the nine definitions of Hyndman and Fan, by hand for n = 10."""

from decimal import Decimal

import pytest

from marginctl.core.model import Quantile
from marginctl.core.tail import quantile_shares, worst_shares

D = Decimal
PLACES = [
    (Quantile.INVERTED_CDF, "0.25", [(2, "1")]),  # 10 x 0.25 = 2.5: the 3rd
    (Quantile.AVERAGED_INVERTED_CDF, "0.25", [(2, "1")]),
    (Quantile.AVERAGED_INVERTED_CDF, "0.2", [(1, "0.5"), (2, "0.5")]),  # 2 exactly: half the 2nd, half the 3rd
    (Quantile.CLOSEST_OBSERVATION, "0.25", [(1, "1")]),  # 2.5 lies between 2 and 3: the even one
    (Quantile.CLOSEST_OBSERVATION, "0.35", [(3, "1")]),  # 3.5: the even one is the 4th
    (Quantile.INTERPOLATED_INVERTED_CDF, "0.23", [(1, "0.7"), (2, "0.3")]),  # 10 p = 2.3
    (Quantile.HAZEN, "0.22", [(1, "0.3"), (2, "0.7")]),  # 10 p + 0.5 = 2.7
    (Quantile.WEIBULL, "0.25", [(1, "0.25"), (2, "0.75")]),  # 11 p = 2.75
    (Quantile.LINEAR, "0.25", [(2, "0.75"), (3, "0.25")]),  # 9 p + 1 = 3.25
    (Quantile.MEDIAN_UNBIASED, "0.2", [(1, "0.6"), (2, "0.4")]),  # (10 + 1/3) p + 1/3 = 2.4
    (Quantile.NORMAL_UNBIASED, "0.25", [(1, "0.0625"), (2, "0.9375")]),  # (10 + 1/4) p + 3/8 = 2.9375
    (Quantile.WEIBULL, "0.01", [(0, "1")]),  # 0.11 lies before the first
    (Quantile.WEIBULL, "0.99", [(9, "1")]),  # 10.89 lies behind the last
]


@pytest.mark.parametrize(("quantile", "p", "shares"), PLACES)
def test_each_definition_takes_the_places_that_its_formula_gives(
    quantile: Quantile, p: str, shares: list[tuple[int, str]]
) -> None:
    assert quantile_shares(quantile, 10, D(p)) == [(k, D(factor)) for k, factor in shares]


@pytest.mark.parametrize(("p", "k"), [("0.2", 0), ("0.21", 1), ("0.5", 1), ("0.51", 2), ("1", 2)])
def test_with_weights_it_is_the_first_whose_weights_reach_p(p: str, k: int) -> None:
    weights = [D("0.2"), D("0.3"), D("0.5")]
    assert quantile_shares(Quantile.INVERTED_CDF, 3, D(p), weights) == [(k, 1)]


def test_where_the_weights_stay_below_p_it_is_the_last() -> None:
    assert quantile_shares(Quantile.INVERTED_CDF, 4, D(1), [D("0.2")] * 4) == [(3, 1)]


def test_the_mean_of_the_worst_takes_the_last_one_as_far_as_p_reaches() -> None:
    # a quarter each: p = 0.4 is the worst, and 0.15 of the next
    assert worst_shares(4, D("0.4")) == [(0, D("0.625")), (1, D("0.375"))]
