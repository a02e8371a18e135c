"""What is curved: parabolas and hyperbolas against their own closed forms, and the ends of a way."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import d

from marginctl.core.exact import exactly
from marginctl.core.motion import Bend, first_below_bent, tangent
from marginctl.core.piecewise import Crossing, Line, Piece, bent

FLAT = Line(d(1), d(0))
TINY = d("1e-60")


def first(
    *rows: tuple[str, str, str], bends: list[Bend], end: str | None = None, scale: int = 1000, **how: bool
) -> Crossing | None:
    """``first_below_bent`` of pieces (start, at zero, slope), a thousand of money being involved."""
    with exactly():
        pieces = [Piece(d(start), d(at_zero), d(slope)) for start, at_zero, slope in rows]
        return first_below_bent(pieces, bends, None if end is None else d(end), d(scale), **how)


def u_of(found: Crossing | None) -> Decimal:
    """Where it was found."""
    assert found is not None
    return found.u


def test_a_parabola() -> None:
    """10 + u - 2 (1 + u)^2 = 0: 8 - 3 u - 2 u^2, u = (-3 + sqrt 73) / 4."""
    found = first(("0", "10", "1"), bends=[Bend(d(2), Line(d(1), d(1)), FLAT)])
    with exactly():
        assert abs(u_of(found) - (d(73).sqrt() - 3) / 4) < TINY


def test_a_hyperbola_toward_a_price_of_0() -> None:
    """3 + u - 1 / (1 - u) = 0: 2 - 2 u - u^2, u = -1 + sqrt 3; at u = 1 the coin is worth nothing."""
    found = first(("0", "3", "1"), bends=[Bend(d(1), FLAT, Line(d(1), d(-1)))], end="1")
    with exactly():
        assert abs(u_of(found) - (d(3).sqrt() - 1)) < TINY


def test_where_the_coin_rises_a_bend_fades() -> None:
    """2 - 1 / (1 + u) stays above 0; 2 - u - 1 / (1 + u) = 0 at u = (1 + sqrt 5) / 2."""
    hyperbola = [Bend(d(1), FLAT, Line(d(1), d(1)))]
    assert first(("0", "2", "0"), bends=hyperbola) is None
    with exactly():
        assert abs(u_of(first(("0", "2", "-1"), bends=hyperbola)) - (1 + d(5).sqrt()) / 2) < TINY


def test_far_out_a_bend_may_be_straight() -> None:
    """(1 + u)^2 / (1 + u) = 1 + u: against 3 + u / 2 at u = 4, against 3 + 2 u never."""
    line = [Bend(d(1), Line(d(1), d(1)), Line(d(1), d(1)))]
    with exactly():
        assert abs(u_of(first(("0", "3", "0.5"), bends=line)) - 4) < TINY
    assert first(("0", "3", "2"), bends=line) is None


@pytest.mark.parametrize(("slope", "crosses"), [("4.4", True), ("4.6", False)])
def test_far_out_a_bend_is_as_steep_as_its_square_over_its_coin(slope: str, crosses: bool) -> None:
    """2 (1 + 3 u)^2 / (1 + 4 u) rises by 2 x 9 / 4 = 4.5 in the end."""
    found = first(("0", "3", slope), bends=[Bend(d(2), Line(d(1), d(3)), Line(d(1), d(4)))])
    assert (found is not None) is crosses


def test_the_first_of_several_pieces_counts() -> None:
    """Health recovers at u = 1 by a piece that leaps up; the crossing before it is the one."""
    parabola = [Bend(d(1), Line(d(0), d(1)), FLAT)]
    found = first(("0", "0.25", "0"), ("1", "100", "0"), bends=parabola)
    assert abs(u_of(found) - d("0.5")) < TINY
    assert abs(u_of(first(("0", "4", "0"), ("1", "9", "0"), bends=parabola)) - 3) < TINY


def test_a_piece_that_begins_later_is_followed_from_there() -> None:
    """8 u - 12 - u^2 is above 0 between 2 and 6; what it is before u = 3, where it begins, is another piece's."""
    parabola = [Bend(d(1), Line(d(0), d(1)), FLAT)]
    assert abs(u_of(first(("0", "100", "0"), ("3", "-12", "8"), bends=parabola)) - 6) < TINY


def test_a_jump_below_zero_is_one() -> None:
    assert first(("0", "4", "0"), ("1", "0.5", "0"), bends=[Bend(d(1), FLAT, FLAT)]) == Crossing(d(1), True)


def test_equality_counts_where_it_does() -> None:
    """1 - u^2 on the way to 1 ends at 0."""
    parabola = [Bend(d(1), Line(d(0), d(1)), FLAT)]
    assert first(("0", "1", "0"), bends=parabola, end="1") is None
    assert first(("0", "1", "0"), bends=parabola, end="1", or_at_zero=True) is None
    assert first(("0", "1", "0"), bends=parabola, end="1", or_at_zero=True, end_included=True) == Crossing(d(1), False)


def test_before_a_coin_is_gone_no_place_before_the_piece_is_looked_at() -> None:
    """25 u - 12 - 1 / (1 - u) is above 0 between the roots of 25 u^2 - 37 u + 13; it begins at 0.6 between them."""
    hyperbola = [Bend(d(1), FLAT, Line(d(1), d(-1)))]
    u = u_of(first(("0", "100", "0"), ("0.6", "-12", "25"), bends=hyperbola, end="1"))
    with exactly():
        assert abs(u - (37 + d(69).sqrt()) / 50) < TINY


def test_of_several_coins_one_may_be_gone_at_the_end() -> None:
    """3 - 1 / (1 - u) - u^2: worth nothing at u = 1 is one coin alone."""
    both = [Bend(d(1), FLAT, Line(d(1), d(-1))), Bend(d(1), Line(d(0), d(1)), FLAT)]
    for bends in (both, both[::-1]):
        u = u_of(first(("0", "3", "0"), bends=bends, end="1"))
        with exactly():
            assert abs(3 - 1 / (1 - u) - u * u) < TINY
            assert all(3 - 1 / (1 - v) - v * v > 0 for v in (u * k / 9 for k in range(9)))


def test_toward_the_end_of_a_coin_nothing_before_the_piece_is_looked_at() -> None:
    """15 u - 30 - 4 / (4 - u) from 3 on, where it is 11: of v = 4 - u, 15 v^2 - 30 v + 4, v = 1 - sqrt 660 / 30."""
    found = first(("0", "100", "0"), ("3", "-30", "15"), bends=[Bend(d(4), FLAT, Line(d(4), d(-1)))], end="4")
    with exactly():
        assert abs(u_of(found) - (3 + d(660).sqrt() / 30)) < TINY


def test_a_worthless_coin() -> None:
    assert bent(d(1), d(2), d(0)) > d("1e20")
    assert bent(d(1), d(0), d(0)) == 0


AMOUNTS = st.integers(1, 400).map(lambda one: Decimal(one) / 20)


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, st.integers(-40, 40))
def test_the_place_is_the_first_at_which_nothing_is_left(
    factor: Decimal, value: Decimal, price: Decimal, spare: Decimal, slope: int
) -> None:
    """spare + bend(0) + slope u - factor value^2 / (price (1 - u)): above 0 before the place, 0 at it."""
    with exactly():
        one = Bend(factor, Line(value, d(0)), Line(price, -price))
        at_zero = spare + one.at(d(0))
        found = first_below_bent([Piece(d(0), at_zero, d(slope))], [one], d(1), at_zero)
        place = u_of(found)
        left = [at_zero + slope * u - one.at(u) for u in (place * k / 7 for k in range(7))]
        assert min(left) > 0
        assert abs(at_zero + slope * place - one.at(place)) < TINY * at_zero


@pytest.mark.parametrize("u", ["0", "0.25", "0.5"])
def test_a_tangent_touches(u: str) -> None:
    with exactly():
        one = Bend(d(3), Line(d(2), d(1)), Line(d(5), d(-1)))
        line = one.line_at(d(u))
        assert abs(line.at(d(u)) - one.at(d(u))) < TINY
        assert all(line.at(d(v)) <= one.at(d(v)) + TINY for v in ("0", "0.1", "0.3", "0.6", "0.9"))


def test_tangents_add() -> None:
    """At 1 u^2 is 2 u - 1, and 4 / (1 + u) is 3 - u."""
    both = [Bend(d(1), Line(d(0), d(1)), FLAT), Bend(d(1), Line(d(2), d(0)), Line(d(1), d(1)))]
    assert tangent(both, d(1)) == Line(d(2), d(1))


@pytest.mark.parametrize("scale", [1000, 0], ids=["some money", "none: nothing is residue"])
def test_zero_is_zero_whatever_money_is_involved(scale: int) -> None:
    """u^2 against 4, 1 and 0: at its start, within a piece, at the end; level at zero it is not below it."""
    parabola, level = [Bend(d(1), Line(d(0), d(1)), FLAT)], [Bend(d(1), FLAT, FLAT)]
    assert first(("0", "4", "0"), bends=parabola, scale=scale) == Crossing(d(2), False)
    assert first(("0", "4", "0"), bends=parabola, end="2", scale=scale) is None
    at_end = first(("0", "4", "0"), bends=parabola, end="2", scale=scale, or_at_zero=True, end_included=True)
    assert at_end == Crossing(d(2), False)
    assert first(("0", "1", "0"), bends=level, scale=scale) is None
    assert first(("0", "1", "0"), bends=level, scale=scale, or_at_zero=True) == Crossing(d(0), False)
    assert first(("0", "9", "0"), ("1", "0.5", "0"), bends=level, scale=scale) == Crossing(d(1), True)
