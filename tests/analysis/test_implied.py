"""Numbers that a figure implies: the simplest one at which it is met, or none."""

from decimal import Decimal

import pytest

from marginctl.analysis.implied import Recomputed, WantedFigure, common, implied

D = Decimal


@pytest.mark.parametrize(
    ("figure", "wanted", "found"),
    [
        pytest.param(
            lambda fee: 4 + 1000 * fee, WantedFigure(D("4.64900001"), D("0.00000002")), D("0.000649"), id="straight"
        ),
        pytest.param(
            lambda rate: 100 / (1 - rate), WantedFigure(D("102.56410256"), D("0.00000002")), D("0.025"), id="curved"
        ),
        pytest.param(
            lambda rate: 1000 * rate, WantedFigure(D("3.141592653"), D("0.00000001")), None, id="no short number"
        ),
        pytest.param(lambda rate: 7 + 0 * rate, WantedFigure(D(8), D("0.1")), None, id="it does not depend on it"),
        pytest.param(lambda _: None, WantedFigure(D(8), D("0.1")), None, id="it does not exist"),
        pytest.param(lambda rate: 1 - rate, WantedFigure(D(2), D("0.1")), None, id="a rate below 0"),
    ],
)
def test_the_simplest_number_is_found(figure: Recomputed, wanted: WantedFigure, found: D | None) -> None:
    assert implied(figure, wanted) == found


def test_several_figures_agree_on_one_number_or_on_none() -> None:
    def ten(fee: D) -> D:
        return 10 * fee

    assert common(
        [(ten, WantedFigure(D("0.0065"), D("0.0001"))), (ten, WantedFigure(D("0.00649"), D("0.000001")))]
    ) == D("0.000649")
    assert common([(ten, WantedFigure(D("0.0065"), D("0.0001"))), (ten, WantedFigure(D("0.007"), D("0.0001")))]) is None
