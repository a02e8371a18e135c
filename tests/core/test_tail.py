"""The tail of a sample along a motion, at places that no decimal can hold."""

from decimal import Decimal

from marginctl.core.exact import ONE
from marginctl.core.money import Form, MovingAmount
from marginctl.core.motion import Motion
from marginctl.core.piecewise import Line
from marginctl.core.sample import Sample, columns_of
from marginctl.core.tail import TailFigure


def test_rows_that_all_meet_in_nothing_change_places_there() -> None:
    """3 X and 1 Y over five days: three of nothing, two of X -100%, Y +400%: each of those is 4 - 3 (1 + u) = 1 - 3u.

    The second worst of five is one of the still days up to u = 1/3, and from there on a loss of 3u - 1. At 1/3, which
    no decimal is, all five are 0: what 1 - 3 * 0.333... leaves is residue of 1, however large beside the other rows.
    """
    book = (Form((MovingAmount(Decimal(3), "X"),)), Form((MovingAmount(ONE, "Y"),)))
    still, moved = (Decimal(0), Decimal(0)), (Decimal(-1), Decimal(4))
    figure = TailFigure(Sample(book, columns_of([still, still, still, moved, moved])), Decimal("0.4"))
    pieces = list(figure.pieces(Motion({"X": Line(ONE, ONE)}), Decimal(2)))
    assert [(piece.at_zero, piece.slope) for piece in pieces] == [(0, 0), (-1, 3)]
    assert abs(3 * pieces[1].start - 1) < Decimal("1e-90")
    assert figure.at({"X": Decimal("1.5")}) == Decimal("0.5")  # 4 - 3 * 1.5 = -0.5
