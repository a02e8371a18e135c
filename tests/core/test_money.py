"""Amounts as expressions: at any prices, along a motion, straight just beyond a place, bending upward or not."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import d

from marginctl.core.money import (
    NOTHING,
    Fixed,
    Form,
    Graded,
    Largest,
    Money,
    MovingAmount,
    Sum,
    Times,
    graded_curve,
    negative,
    positive,
    size,
    smallest,
    upper_envelope,
)
from marginctl.core.motion import Motion
from marginctl.core.piecewise import Line, Piece

BTC, ETH = (Form((MovingAmount(d(100), one),)) for one in ("BTC", "ETH"))
RATIOS = {"BTC": d("0.5"), "ETH": d(3)}
AWAY = Motion({"BTC": Line(d(1), d(-1)), "ETH": Line(d(1), d(2))})
"""BTC falls by u, ETH rises by 2 u: 100 - 100 u and 100 + 200 u."""
RISING = graded_curve(((d(50), d(1)), (None, d(3))))
FALLING = graded_curve(((d(50), d(3)), (None, d(1))))
DIPPING = graded_curve(((d(20), d(1)), (d(50), d(3)), (None, d(2))))


@pytest.mark.parametrize(
    ("money", "amount"),
    [
        pytest.param(NOTHING, 0, id="nothing"),
        pytest.param(Fixed(d(7)), 7, id="what stands"),
        pytest.param(BTC, 50, id="a form"),
        pytest.param(BTC + ETH, 350, id="a sum of forms"),
        pytest.param(Sum((BTC, ETH, Fixed(d(7)))), 357, id="a sum"),
        pytest.param(Times(ETH, d(-2)), -600, id="a multiple"),
        pytest.param(Largest((BTC, ETH, NOTHING)), 300, id="the largest"),
        pytest.param(smallest((BTC, ETH)), 50, id="the smallest"),
        pytest.param(positive(negative(BTC)), 0, id="no less than nothing"),
        pytest.param(size(negative(ETH)), 300, id="a size"),
        pytest.param(Graded(ETH, RISING), 50 + 3 * 250, id="by tiers"),
        pytest.param(Graded(BTC, FALLING), 150, id="at a border"),
        pytest.param(Graded(ETH, DIPPING), 20 + 90 + 500, id="three of them"),
    ],
)
def test_an_amount_at_prices(money: Money, amount: int) -> None:
    assert money.at(RATIOS) == amount


@pytest.mark.parametrize(
    ("money", "is_convex"),
    [
        pytest.param(BTC, True, id="a straight line"),
        pytest.param(Fixed(d(1)), True, id="what stands"),
        pytest.param(Largest((BTC, ETH)), True, id="the largest"),
        pytest.param(smallest((BTC, ETH)), False, id="the smallest"),
        pytest.param(Sum((BTC, size(ETH))), True, id="a sum"),
        pytest.param(Sum((BTC, smallest((BTC, ETH)))), False, id="a sum with one that does not"),
        pytest.param(Times(size(ETH), d(2)), True, id="a multiple"),
        pytest.param(Times(size(ETH), d(0)), True, id="none of it"),
        pytest.param(Graded(size(BTC), RISING), True, id="factors that rise"),
        pytest.param(Graded(size(BTC), graded_curve(((d(9), d(0)), (None, d("0.5"))))), True, id="free at first"),
        pytest.param(Graded(size(BTC), graded_curve(((d(9), d(1)), (None, d(1))))), True, id="a factor that stays"),
        pytest.param(Graded(size(BTC), FALLING), False, id="factors that fall"),
        pytest.param(Graded(size(BTC), DIPPING), False, id="factors that fall once"),
        pytest.param(Graded(smallest((BTC, ETH)), RISING), False, id="of an amount that does not"),
        pytest.param(Graded(size(BTC), graded_curve(((d(9), d(-1)), (None, d(1))))), False, id="a rebate at first"),
    ],
)
def test_what_bends_upward_only(money: Money, is_convex: bool) -> None:
    assert money.is_convex is is_convex


FORMS = st.sampled_from([BTC, ETH, negative(BTC), negative(ETH), BTC + negative(ETH), Fixed(d(40)), NOTHING])


def grown(parts: st.SearchStrategy[Money]) -> st.SearchStrategy[Money]:
    several = st.lists(parts, min_size=1, max_size=3).map(tuple)
    tiers = st.sampled_from([RISING, FALLING, DIPPING])
    return st.one_of(
        several.map(Sum),
        several.map(Largest),
        several.map(smallest),
        st.builds(Times, parts, st.sampled_from([d(2), d("-0.5")])),
        st.builds(Graded, parts.map(size), tiers),
        parts.map(positive),
    )


MONEY = st.recursive(FORMS, grown, max_leaves=6)
MOTIONS = st.sampled_from(
    [
        AWAY,
        Motion({"BTC": Line(d(1), d(-1)), "ETH": Line(d(1), d(-1))}),
        Motion({"ETH": Line(d(1), d(1))}),
        Motion({"BTC": Line(d(1), d(1)), "ETH": Line(d(1), d(-1))}),
    ]
)


def at(money: Money, motion: Motion, u: Decimal) -> Decimal:
    return money.at({asset: line.at(u) for asset, line in motion.ratios.items()})


@given(money=MONEY, motion=MOTIONS, share=st.integers(0, 96))
def test_pieces_and_the_line_at_a_place_are_the_amount_there(money: Money, motion: Motion, share: int) -> None:
    """At a third of a hundredth off, where no corner is by chance; just beyond it by the line as well."""
    u = (Decimal(share) + d("0.337")) / 97
    pieces = list(money.pieces(motion, d(1)))
    starts = [piece.start for piece in pieces]
    assert starts == sorted(set(starts))
    assert starts[0] == 0
    piece = next(one for one in reversed(pieces) if one.start <= u)
    want = Fraction(at(money, motion, u))
    assert abs(Fraction(piece.at_zero + piece.slope * u) - want) < Fraction(1, 10**60)
    line = money.line_at(motion, u)
    assert abs(Fraction(line.at(u)) - want) < Fraction(1, 10**60)
    beyond = u + d("1e-9")
    assert abs(Fraction(line.at(beyond)) - Fraction(at(money, motion, beyond))) < Fraction(1, 10**60)


@given(money=MONEY, motion=MOTIONS)
def test_beyond_all_corners_it_goes_on_straight(money: Money, motion: Motion) -> None:
    line = money.line_at(motion, None)
    for far in (d("1e6"), d("3e7")):
        assert abs(Fraction(line.at(far)) - Fraction(at(money, motion, far))) < Fraction(1, 10**50)


@given(money=MONEY, motion=MOTIONS, low=st.integers(0, 60), width=st.integers(1, 40))
def test_what_is_said_to_bend_upward_lies_below_its_chords(money: Money, motion: Motion, low: int, width: int) -> None:
    if money.is_convex:
        left, right = d(low) / 100, d(low + width) / 100
        middle = at(money, motion, (left + right) / 2)
        assert middle <= (at(money, motion, left) + at(money, motion, right)) / 2 + d("1e-60")


@given(money=MONEY, motion=MOTIONS)
def test_what_moves_it_is_named(money: Money, motion: Motion) -> None:
    other = {"BTC": d("0.37"), "ETH": d("1.9")}
    moving = {asset: ratio for asset, ratio in other.items() if asset in money.movers}
    assert money.at(moving) == money.at(other)


def test_tiers_of_a_piece_end_where_it_does() -> None:
    """20 up to 1, 20 u up to 2, 40 from there on: the second piece alone would come to 50 at 2.5."""
    rising = Motion({"BTC": Line(d(0), d("0.2"))})
    amount = smallest((Largest((Fixed(d(20)), BTC)), Fixed(d(40))))
    pieces = [Piece(d(0), d(20), d(0)), Piece(d(1), d(0), d(20)), Piece(d(2), d(40), d(0))]
    assert list(amount.pieces(rising, d(9))) == pieces
    assert list(Graded(amount, RISING).pieces(rising, d(9))) == pieces


def test_what_is_paid_in_an_asset_belongs_to_a_multiple_as_often() -> None:
    """2 USDT of cost per u: once to the form, six to three of it, back where one is taken off; BTC is another asset."""
    paying = Motion(income={"USDT": d(-2), "BTC": d(5)})
    form = Form((MovingAmount(d(100), "USDT"),), (("USDT", d(1)),))
    assert form.line(paying) == Line(d(100), d(-2))
    assert form.times(d(3)).line(paying) == Line(d(300), d(-6))
    assert form.times(d(3)).times(d(-2)).line(paying) == Line(d(-600), d(12))
    assert (form + form.times(d(-3))).line(paying) == Line(d(-200), d(4))
    assert negative(form).movers == form.movers == {"USDT", "+USDT"}


def lines(*rows: tuple[int, int]) -> list[Line]:
    return [Line(d(at_zero), d(slope)) for at_zero, slope in rows]


@pytest.mark.parametrize(
    ("rows", "end", "corners"),
    [
        pytest.param([(3, 1)], None, [0], id="one line"),
        pytest.param([(3, 1), (1, 2)], None, [0, 2], id="a steeper one takes over"),
        pytest.param([(3, 1), (1, 2)], "2", [0], id="not before the end"),
        pytest.param([(0, 1), (-1, 5)], "1", [0, d("0.25")], id="within the first unit"),
        pytest.param([(3, 1), (3, 2)], None, [0], id="of two that begin together the steeper"),
        pytest.param([(3, 1), (1, 2), (0, 4)], None, [0, 1], id="the steepest overtakes first"),
        pytest.param([(3, 1), (1, 2), (-9, 4)], None, [0, 2, 5], id="one after the other"),
        pytest.param([(3, 1), (1, 2), (-1, 3)], None, [0, 2], id="three in one point: the steepest"),
        pytest.param([(3, 1), (0, 0), (3, 1)], None, [0], id="lower ones never"),
    ],
)
def test_the_largest_of_lines_by_its_corners(
    rows: list[tuple[int, int]], end: str | None, corners: list[Decimal]
) -> None:
    given_rows = lines(*rows)
    found: Iterable[Piece] = upper_envelope(given_rows, None if end is None else d(end))
    assert [piece.start for piece in found] == corners
    for piece in found:
        u = piece.start + d("0.1")
        assert piece.at_zero + piece.slope * u == max(line.at(u) for line in given_rows)


def test_each_factor_is_on_its_part_of_an_amount() -> None:
    """Up to 20 once, 30 more three times, the rest twice: 3 x - 40, then 2 x + 10."""
    found = graded_curve(((d(20), d(1)), (d(50), d(3)), (None, d(2))))
    assert (found.borders, found.slopes, found.intercepts) == ((20, 50), (1, 3, 2), (0, -40, 10))


def test_tiers_are_those_of_the_numeraire_of_there() -> None:
    """In a currency that falls by u what stays at 40 is within 50 (1 - u) up to 0.2, then 120 - 100 (1 - u)."""
    falling = Motion({":BTCUSD": Line(d(1), d(0))}, rest=Line(d(1), d(-1)))
    stays = Graded(Form((MovingAmount(d(40), "BTC", "BTCUSD"),)), RISING)
    assert list(stays.pieces(falling, d(1))) == [(0, 40, 0), (d("0.2"), 20, 100)]
    assert stays.line_at(falling, d("0.1")) == (40, 0)
    assert stays.line_at(falling, d("0.5")) == (20, 100)


def test_tiers_of_what_turns_on_the_way_are_passed_both_ways() -> None:
    """|60 - 100 u|, of which what is above 50 counts three times: at 0.1 no more, from 1.1 on again."""
    short = Form((MovingAmount(d(100), "BTC"), MovingAmount(d(-40), "USDT")))
    found = list(Graded(size(short), RISING).pieces(AWAY, d(2)))
    rows = [("0", 80, -300), ("0.1", 60, -100), ("0.6", -60, 100), ("1.1", -280, 300)]
    assert found == [(d(start), at_zero, slope) for start, at_zero, slope in rows]
