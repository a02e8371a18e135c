"""Quantiles as shares of the order statistics: the nine definitions of Hyndman and Fan, by hand for n = 10."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marginctl.core.exact import ONE, ZERO
from marginctl.core.model import Quantile, TailMean
from marginctl.core.money import Form, MovingAmount
from marginctl.core.motion import Motion
from marginctl.core.piecewise import Line
from marginctl.core.returns import decayed
from marginctl.core.sample import PnlLines, Sample, columns_of
from marginctl.core.tail import KEPT_BITS, Ranks, Share, TailFigure, quantile_shares, worst_shares

from . import naive_model

D = Decimal
PLACES = [
    (Quantile.INVERTED_CDF, "0.25", [(2, "1")]),  # 10 x 0.25 = 2.5: the 3rd
    (Quantile.AVERAGED_INVERTED_CDF, "0.25", [(2, "1")]),
    (Quantile.AVERAGED_INVERTED_CDF, "0.2", [(1, "0.5"), (2, "0.5")]),  # 2 exactly: half the 2nd, half the 3rd
    (Quantile.AVERAGED_INVERTED_CDF, "0.4", [(3, "0.5"), (4, "0.5")]),  # the 4th and the 5th
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
    # a quarter is three twelfths, though three times 0.0833...3 is a little less: the residue is no fourth one
    assert [share.k for share in worst_shares(12, D("0.25"))] == [0, 1, 2]


def test_what_differs_by_residue_of_the_largest_is_tied() -> None:
    """Two of 2^300, one of them more by 1: in the order of their slopes; what is small comes before both."""
    lines = PnlLines([1 << 300, (1 << 300) + 1, 3], [5, 1, 0], 0)
    assert Ranks.of(lines, ZERO).order == [2, 1, 0]
    assert Ranks.of(lines, ZERO).last_tied([Share(1, ONE)]) == 1
    assert Ranks.of(PnlLines([8, 9, 3], [5, 1, 0], 0), ZERO).order == [2, 0, 1]
    for far in (PnlLines([(1 << 300) + 1, 1 << 300], [1, 5], 0), PnlLines([3, 0], [1 << 300, (1 << 300) + 1], 0)):
        assert Ranks.of(far, D("0.125")).order == [0, 1]  # at an eighth the second is the smaller by 4, or by 23
    whole = 1 << (KEPT_BITS - 3)  # eight of it are one bit more than is kept, and 8 beside 7 is tied with it
    assert Ranks.of(PnlLines([whole + 1, whole], [0, 7], 0), D("0.125")).order == [0, 1]
    assert Ranks.of(PnlLines([8, -1], [whole, whole + 1], 0), D(8)).order == [0, 1]
    for bits, order in ((KEPT_BITS, [0, 1]), (KEPT_BITS + 1, [1, 0])):  # one bit more than is kept: 1 and 2 are 1 there
        numbers = [(1 << (bits - 1)) + 1, (1 << (bits - 1)) + 2]
        assert Ranks.of(PnlLines(numbers, [5, 1], 0), ZERO).order == order


@pytest.mark.parametrize(("steep", "is_ahead"), [(10**81 // 15, False), (10**81 // 25, True), (1, True)])
def test_a_meeting_at_the_very_place_is_none_ahead(steep: int, is_ahead: bool) -> None:
    """10 + s (u - 1) and 11 meet at 1 + 1 / s: by 1.5e-80 that is 1 but for residue, which is 2e-80 there."""
    ranks = Ranks(PnlLines([10 - steep, 11], [steep, 0], 0), ONE, [10, 11], [steep, 0], [0, 1])
    ahead = D(steep + 1) / steep if is_ahead else None
    assert (ranks.next_change([0]), ranks.next_change([1])) == (ahead, ahead)


@pytest.mark.parametrize(("end", "pieces"), [(None, 2), ("3", 2), ("2", 1), ("1", 1)])
def test_along_a_motion_it_is_followed_as_far_as_is_asked(end: str | None, pieces: int) -> None:
    """The worst of two rows: 3 x 100 of ETH, which stays, until 100 (1 + u) of BTC are more: from 2 on."""
    forms = tuple(Form((MovingAmount(D(100), asset),)) for asset in ASSETS)
    sample = Sample(forms, columns_of([(D(-1), D(0)), (D(0), D(-3))]))
    found = list(
        TailFigure(sample, D("0.5")).pieces(Motion({"BTC": Line(D(1), D(1))}), None if end is None else D(end))
    )
    assert found == [(0, 300, 0), (2, 100, 100)][:pieces]


@pytest.mark.parametrize("u", [ZERO, ONE, None])
def test_what_ties_beyond_all_corners_too_is_told_by_both_numbers(u: Decimal | None) -> None:
    """One row loses 1 and three nothing, at every price: the worst quarter is the one, and not the mean of all four."""
    forms = (Form((MovingAmount(ONE, "BTC"),)),)
    sample = Sample(forms, columns_of([(D(-1),), (ZERO,), (ZERO,), (ZERO,)]))
    figure = TailFigure(sample, D("0.25"), Quantile.INVERTED_CDF, TailMean.AT_OR_BEYOND)
    assert figure.line_at(Motion({}), u) == Line(ONE, ZERO)


ASSETS = ("BTC", "ETH")
SMALL = st.integers(-3, 3)
ROWS = st.lists(st.tuples(SMALL, SMALL), min_size=2, max_size=8)
LINES = st.tuples(st.integers(1, 5), st.integers(-4, 5)).map(lambda one: Line(D(one[0]), D(one[1])))


@st.composite
def figures(draw: st.DrawFn) -> TailFigure:
    """Few rows of few values: many of them tie, at the start and on the way."""
    rows = draw(ROWS)
    amounts = draw(st.tuples(SMALL, SMALL))
    forms = tuple(Form((MovingAmount(D(amount), asset),)) for amount, asset in zip(amounts, ASSETS, strict=True))
    weights = draw(st.sampled_from([None, None, decayed(D("0.5"), len(rows))]))
    sample = Sample(forms, columns_of([tuple(map(D, row)) for row in rows]), weights)
    quantile = Quantile.INVERTED_CDF if weights else draw(st.sampled_from(Quantile))
    p = draw(st.sampled_from([D("0.25"), D("0.4"), D("0.5"), D("0.333")]))
    return TailFigure(sample, p, quantile, draw(st.sampled_from([None, *TailMean])))


def meant(weight: Decimal) -> Fraction:
    """The fraction of which a decimal is as much as there is room for."""
    return Fraction(weight).limit_denominator(10**9)


def worst(figure: TailFigure, u: Fraction, motion: Motion) -> list[tuple[Fraction, Fraction]]:
    """Profits and losses at a place with their weights, the worst first."""
    ratios = [Fraction(motion.of(asset).at_zero) + Fraction(motion.of(asset).slope) * u for asset in ASSETS]
    amounts = [
        Fraction(form.entries[0].amount) * ratio for form, ratio in zip(figure.sample.exposures, ratios, strict=True)
    ]
    columns, n = figure.sample.columns, figure.sample.columns.count
    place = Fraction(10) ** columns.place
    values = [
        sum(x * numbers[j] * place for x, numbers in zip(amounts, columns.numbers, strict=True)) for j in range(n)
    ]
    weights = figure.sample.weights or [D(1) / n] * n
    return sorted((Fraction(value), meant(weight)) for value, weight in zip(values, weights, strict=True))


@settings(max_examples=120)
@given(figure=figures(), lines=st.tuples(LINES, LINES), share=st.integers(0, 40))
def test_along_a_motion_it_is_the_figure_of_the_ranks_of_there(
    figure: TailFigure, lines: tuple[Line, Line], share: int
) -> None:
    motion = Motion(dict(zip(ASSETS, lines, strict=True)))
    u = Fraction(share, 41) + Fraction(1, 7919)
    if any(Fraction(line.at_zero) + Fraction(line.slope) * u <= 0 for line in lines):
        return
    ranked, p = worst(figure, u, motion), meant(figure.p)
    if figure.mean is TailMean.EXACT:
        left, want = p, Fraction(0)
        for value, weight in ranked:
            taken = min(left, weight)
            want, left = want + taken * value, left - taken
        want = -want / p
    else:
        q = naive_model.quantile(ranked, p, figure.quantile)
        beyond = [(value, weight) for value, weight in ranked if value <= q]
        want = -q if figure.mean is None else -sum(v * w for v, w in beyond) / sum(w for _, w in beyond)
    pieces = list(figure.pieces(motion, None))
    starts = [piece.start for piece in pieces]
    assert starts == sorted(set(starts))
    at = D(u.numerator) / D(u.denominator)
    piece = next(one for one in reversed(pieces) if one.start <= at)
    assert abs(Fraction(piece.at_zero + piece.slope * at) - want) < Fraction(1, 10**60)
    assert abs(Fraction(figure.line_at(motion, at).at(at)) - want) < Fraction(1, 10**60)
    last = figure.line_at(motion, None)
    assert abs(last.at_zero - pieces[-1].at_zero) < D("1e-60")
    assert abs(last.slope - pieces[-1].slope) < D("1e-60")


def test_a_place_that_is_whole_but_for_residue_is_one_row() -> None:
    """((3 n + 1) p + 1) / 3 with n = 4 and p = 8/13, which no decimal is: the third of four."""
    assert quantile_shares(Quantile.MEDIAN_UNBIASED, 4, D(8) / 13) == [(2, 1)]


def test_weights_that_reach_p_but_for_residue_reach_it() -> None:
    """Two thirds are two of three thirds, though 0.66...6 is less than 0.66...7."""
    assert quantile_shares(Quantile.INVERTED_CDF, 3, D(2) / 3, [D(1) / 3] * 3) == [(1, 1)]
