"""Curves, their pieces along a path, sums, the larger of two, and first crossings."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import d

from marginctl.core.exact import ONE, ZERO
from marginctl.core.piecewise import (
    Crossing,
    Curve,
    Line,
    Piece,
    along,
    constant_curve,
    first_below,
    first_below_concave,
    is_above_zero,
    is_same_place,
    larger,
    masked,
    noise_of,
    scaled,
    total,
)

TIERS = Curve((d(100), d(200)), (d("0.01"), d("0.02"), d("0.05")), (ZERO, d(-1), d(-7)))
"""1% up to 100, 2% up to 200, 5% beyond, continuous."""
JUMPS = Curve((d(100),), (d("0.01"), d("0.1")), (ZERO, ZERO))
"""1% up to 100, then 10% of the whole."""


def line(at_zero: str, slope: str) -> Line:
    return Line(d(at_zero), d(slope))


def piece(start: str, at_zero: str, slope: str) -> Piece:
    return Piece(d(start), d(at_zero), d(slope))


def value(pieces: list[Piece], u: Decimal) -> Decimal:
    """The function at ``u``, from the piece that holds just beyond it."""
    held = [one for one in pieces if one.start <= u][-1]
    return held.at_zero + held.slope * u


@pytest.mark.parametrize(
    ("x", "unit", "expected"),
    [
        pytest.param("100", "1", 0, id="a border belongs to the piece below"),
        pytest.param("100.00000001", "1", 1, id="just beyond it does not"),
        pytest.param("200", "2", 0, id="the border moves with the unit"),
        pytest.param("500", "1", 2, id="beyond the last border"),
        pytest.param("-5", "1", 0, id="below the first border"),
        pytest.param("5", "0", 2, id="anything over a unit of nothing is without limit"),
        pytest.param("0.5", "0", 2, id="however little it is"),
        pytest.param("0", "0", 0, id="nothing over nothing is nothing"),
    ],
)
def test_the_piece_of_a_curve(x: str, unit: str, expected: int) -> None:
    assert TIERS.index(d(x), d(unit)) == expected


@pytest.mark.parametrize(
    ("x", "unit", "expected"),
    [("50", "1", "0.5"), ("100", "1", "1"), ("150", "1", "2"), ("300", "1", "8"), ("300", "2", "4")],
)
def test_a_curve_is_worth_unit_times_curve_of_value_over_unit(x: str, unit: str, expected: str) -> None:
    assert TIERS.at(d(x), d(unit)) == d(expected)


def test_a_constant_curve_has_one_slope() -> None:
    assert constant_curve(d("0.03")).at(d(500), ONE) == 15


@pytest.mark.parametrize(
    ("moving", "unit", "end", "expected"),
    [
        pytest.param(line("50", "100"), line("1", "0"), "10", ["0", "0.5", "1.5"], id="up through both borders"),
        pytest.param(line("250", "-250"), line("1", "0"), "1", ["0", "0.2", "0.6"], id="down through both borders"),
        pytest.param(
            line("100", "100"), line("1", "0"), "10", ["0", "1"], id="a border that is left upward is left at once"
        ),
        pytest.param(line("200", "100"), line("1", "0"), "10", ["0"], id="the last one as well"),
        pytest.param(line("100", "-100"), line("1", "0"), "1", ["0"], id="a border that is left downward is not left"),
        pytest.param(
            line("50", "0"), line("1", "-1"), "1", ["0", "0.5", "0.75"], id="a shrinking unit lifts the measure"
        ),
        pytest.param(line("150", "150"), line("1", "1"), "10", ["0"], id="both together leave the measure alone"),
        pytest.param(line("50", "100"), line("1", "0"), "1.5", ["0", "0.5"], id="borders at the end are not reached"),
        pytest.param(line("50", "100"), line("1", "0"), None, ["0", "0.5", "1.5"], id="without an end"),
        pytest.param(line("-50", "100"), line("1", "0"), None, ["0", "1.5", "2.5"], id="from below zero"),
    ],
)
def test_pieces_start_where_a_border_is_crossed(moving: Line, unit: Line, end: str | None, expected: list[str]) -> None:
    pieces = list(along(TIERS, moving, unit, None if end is None else d(end)))
    assert [one.start for one in pieces] == [d(start) for start in expected]
    for one in pieces:
        u = one.start + d("0.0001")
        assert value(pieces, u) == TIERS.at(moving.at(u), unit.at(u))


def test_a_jump_takes_effect_just_beyond_its_border() -> None:
    pieces = list(along(JUMPS, line("80", "40"), line("1", "0"), None))
    assert pieces == [piece("0", "0.8", "0.4"), piece("0.5", "8", "4")]


def test_sums_merge_breakpoints_and_skip_pieces_of_no_length() -> None:
    one = [piece("0", "1", "0"), piece("2", "5", "-2")]
    two = [piece("0", "0", "1"), piece("0", "7", "0"), piece("2", "3", "1"), piece("4", "7", "0")]
    assert list(total([one, two])) == [piece("0", "8", "0"), piece("2", "8", "-1"), piece("4", "12", "-2")]


def test_a_sum_of_nothing_is_zero() -> None:
    assert list(total([])) == [piece("0", "0", "0")]


def test_scaling_keeps_the_breakpoints() -> None:
    assert list(scaled([piece("0", "1", "2"), piece("3", "7", "0")], d(-2))) == [
        piece("0", "-2", "-4"),
        piece("3", "-14", "0"),
    ]


def test_the_larger_of_two_changes_where_they_meet() -> None:
    found = larger([piece("0", "1", "2")], [piece("0", "3", "0")], d(10))
    assert found == [piece("0", "3", "0"), piece("1", "1", "2")]
    # Where both begin alike the steeper one is the larger from there on.
    steep, flat = [piece("0", "1", "2")], [piece("0", "1", "-1")]
    assert larger(steep, flat, d(10)) == larger(flat, steep, None) == steep


def test_where_three_meet_but_for_residue_is_one_corner() -> None:
    """1 - u, 2 u and 5 u - 1 are 2/3 at 1/3: the first up to there, the last from there on."""
    two = larger([piece("0", "1", "-1")], [piece("0", "0", "2")], ONE)
    assert larger(two, [piece("0", "-1", "5")], ONE) == [piece("0", "1", "-1"), Piece(d(1) / 3, d(-1), d(5))]


def test_the_larger_of_two_has_no_piece_where_they_meet_at_the_very_end() -> None:
    # 1 + 2u reaches 3 at u = 1, where the way ends
    assert larger([piece("0", "1", "2")], [piece("0", "3", "0")], d(1)) == [piece("0", "3", "0")]


def test_the_larger_of_two_jumps_with_the_one_that_jumps() -> None:
    found = larger([piece("0", "1", "0"), piece("2", "9", "0")], [piece("0", "3", "1")], d(10))
    assert [value(found, d(u)) for u in ("1", "2", "5", "7")] == [d(4), d(9), d(9), d(10)]


@given(
    st.fractions(Fraction(1, 20), Fraction(19, 20), max_denominator=23),
    st.tuples(*[st.integers(-6, 6)] * 3),
    st.integers(1, 7),
)
def test_the_larger_of_two_is_right_where_they_meet_exactly_at_a_breakpoint(
    at: Fraction, slopes: tuple[int, int, int], height: int
) -> None:
    def through(start: Decimal, slope: int) -> Piece:
        return Piece(start, decimal(height - slope * at), Decimal(slope))

    broken = [through(ZERO, slopes[0]), through(decimal(at), slopes[1])]
    straight = [through(ZERO, slopes[2])]
    for first, second in ((broken, straight), (straight, broken)):
        found = larger(first, second, ONE)
        for u in (decimal(at) / 2, decimal(at + (1 - at) / 2), decimal(at) * d("0.99"), decimal(at + (1 - at) / 100)):
            assert abs(value(found, u) - max(value(broken, u), value(straight, u))) < Decimal("1e-50")


def decimal(value: Fraction) -> Decimal:
    """To 100 digits."""
    return Decimal(value.numerator) / value.denominator


@pytest.mark.parametrize(
    ("pieces", "or_at_zero", "expected"),
    [
        pytest.param([piece("0", "10", "-2")], False, Crossing(d(5), False), id="a straight line down"),
        pytest.param([piece("0", "10", "2")], False, None, id="a straight line up"),
        pytest.param([piece("0", "10", "-1")], False, None, id="zero only at the very end is no crossing"),
        pytest.param([piece("0", "10", "-1")], True, None, id="nor where equality counts: the end is not reached"),
        pytest.param(
            [piece("0", "6", "-2"), piece("3", "-6", "2")], False, None, id="touching zero and rising is no crossing"
        ),
        pytest.param(
            [piece("0", "6", "-2"), piece("3", "-6", "2")],
            True,
            Crossing(d(3), False),
            id="but it is where equality counts",
        ),
        pytest.param(
            [piece("0", "6", "-2"), piece("3", "3", "-1")],
            False,
            Crossing(d(3), False),
            id="reaching zero and going on",
        ),
        pytest.param(
            [piece("0", "5", "0"), piece("4", "-1", "0")], False, Crossing(d(4), True), id="a jump below zero"
        ),
        pytest.param(
            [piece("0", "5", "0"), piece("4", "-1", "0"), piece("9", "5", "0")],
            False,
            Crossing(d(4), True),
            id="the first one counts even where health recovers",
        ),
        pytest.param([piece("0", "0", "-1")], False, Crossing(ZERO, False), id="zero at the start and falling"),
        pytest.param([piece("0", "0", "1")], False, None, id="zero at the start and rising"),
        pytest.param([piece("0", "0", "0")], False, None, id="zero throughout"),
        pytest.param([piece("0", "-1e-85", "1")], False, None, id="residue below zero is zero"),
    ],
)
def test_first_crossings(pieces: list[Piece], or_at_zero: bool, expected: Crossing | None) -> None:
    assert first_below(pieces, d(10), ONE, or_at_zero=or_at_zero) == expected


def test_without_an_end_a_slow_fall_still_crosses() -> None:
    assert first_below([piece("0", "1", "-0.000001")], None, ONE) == Crossing(d(1000000), False)


@pytest.mark.parametrize("start", ["100", "0"])
def test_what_division_leaves_of_a_slope_is_no_fall(start: str) -> None:
    assert first_below([piece("0", start, "-1e-97")], None, d(100)) is None


def test_a_crossing_asks_for_no_more_pieces_than_it_needs() -> None:
    def pieces() -> Iterator[Piece]:
        yield piece("0", "1", "-1")
        yield piece("2", "0", "0")
        raise AssertionError("walked on")

    assert first_below(pieces(), None, ONE) == Crossing(ONE, False)


@pytest.mark.parametrize("scale", [ONE, ZERO], ids=["some money", "none"])
def test_nothing_is_below_zero_where_the_guard_is_zero(scale: Decimal) -> None:
    health = [piece("0", "-5", "0")]
    guard = [piece("0", "0", "0"), piece("3", "-3", "1")]
    assert list(masked(health, guard, d(10), scale)) == [piece("0", "1", "0"), piece("3", "-5", "0")]


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 20)), min_size=1, max_size=5), st.integers(-100, 100))
def test_pieces_along_a_path_are_the_curve_at_every_point(rows: list[tuple[int, int]], drift: int) -> None:
    borders = tuple(Decimal(b) for b in sorted({border for border, _ in rows}))
    slopes = tuple(Decimal(slope) for _, slope in rows)[: len(borders)]
    slopes = (*slopes, *[Decimal(3)] * (len(borders) + 1 - len(slopes)))
    curve = Curve(borders, slopes, tuple(Decimal(k) for k in range(len(slopes))))
    moving, unit = Line(Decimal(25), Decimal(drift)), Line(ONE, Decimal("0.5"))
    pieces = list(along(curve, moving, unit, ONE))
    for step in range(1, 40):
        u = Decimal(step) / 41
        if any(abs(one.start - u) < Decimal("1e-80") for one in pieces[1:]):
            continue  # on a border the curve's value is that of the piece below, the walk's the one it goes on with
        assert abs(value(pieces, u) - curve.at(moving.at(u), unit.at(u))) < Decimal("1e-80")


def smallest_of(lines: list[Line], asked: list[Decimal | None]) -> Callable[[Decimal | None], Line]:
    """The line of the smallest of some lines just beyond a place; every question is noted."""

    def line_at(u: Decimal | None) -> Line:
        asked.append(u)
        if u is None:
            return min(lines, key=lambda one: (one.slope, one.at_zero))
        return min(lines, key=lambda one: (one.at(u), one.slope))

    return line_at


@given(
    rows=st.lists(st.tuples(st.integers(0, 500), st.integers(-90, 40)), min_size=1, max_size=12),
    end=st.sampled_from([None, ONE, d(7)]),
)
def test_a_concave_function_is_crossed_at_the_first_zero_of_its_lines(
    rows: list[tuple[int, int]], end: Decimal | None
) -> None:
    lines = [Line(Decimal(value), Decimal(slope)) for value, slope in rows]
    asked: list[Decimal | None] = []
    found = first_below_concave(smallest_of(lines, asked), end, d(1000))
    zeros = [Fraction(value, -slope) for value, slope in rows if slope < 0]
    first = min((zero for zero in zeros if end is None or zero < end), default=None)
    assert (None if found is None else round(Fraction(found.u), 60)) == (None if first is None else round(first, 60))
    assert len(asked) <= len(set(lines)) + 2


@pytest.mark.parametrize("slip", ["1e-70", "-1e-70"])
def test_a_line_that_never_comes_out_at_zero_ends_the_walk(slip: str) -> None:
    """A function that is off by more than residue wherever it is asked: the place is told, and nobody waits for 0."""
    asked: list[Decimal | None] = []

    def line_at(u: Decimal | None) -> Line:
        asked.append(u)
        return Line(d(10) + d(slip) * len(asked), d(-5))

    found = first_below_concave(line_at, None, ONE)
    assert found is not None
    assert abs(found.u - 2) < d("1e-60")
    assert not found.jump
    assert len(asked) <= 3


# Any functions of a few straight pieces, with jumps, against looking at them in fractions.

ENDS = st.sampled_from([None, d(5), d(8)])


@st.composite
def functions(draw: st.DrawFn) -> list[Piece]:
    starts = [0, *sorted(draw(st.sets(st.integers(1, 7), max_size=3)))]
    return [Piece(Decimal(u), Decimal(draw(st.integers(-9, 9))), Decimal(draw(st.integers(-3, 3)))) for u in starts]


def there(pieces: list[Piece], u: Fraction) -> Fraction:
    """The value just beyond a place."""
    one = next(one for one in reversed(pieces) if Fraction(one.start) <= u)
    return Fraction(one.at_zero) + Fraction(one.slope) * u


PLACES = [Fraction(k, 4) + Fraction(1, 1000) for k in range(36)]


@given(st.lists(functions(), min_size=1, max_size=4))
def test_a_sum_is_the_sum_at_every_place(rows: list[list[Piece]]) -> None:
    found = list(total(rows))
    assert [one.start for one in found] == sorted({piece.start for row in rows for piece in row})
    assert all(there(found, u) == sum(there(row, u) for row in rows) for u in PLACES)
    assert all(there(list(scaled(found, d(-2))), u) == -2 * there(found, u) for u in PLACES)


@given(functions(), functions(), ENDS)
def test_the_larger_of_two_is_the_larger_at_every_place(
    one: list[Piece], other: list[Piece], end: Decimal | None
) -> None:
    found = larger(one, other, end)
    starts = [piece.start for piece in found]
    assert starts == sorted(starts)
    for u in PLACES:
        if end is None or u < end:
            close = abs(there(found, u) - max(there(one, u), there(other, u)))
            assert close < Fraction(1, 10**60) or any(abs(u - Fraction(start)) < Fraction(1, 500) for start in starts)


@given(functions(), functions(), ENDS, st.sampled_from([ONE, ZERO]))
def test_a_mask_hides_what_is_guarded_by_nothing(
    function: list[Piece], guard: list[Piece], end: Decimal | None, scale: Decimal
) -> None:
    found = list(masked(function, guard, end, scale))
    nothing = [one.at_zero == one.slope == 0 for one in guard]
    for u in PLACES:
        if end is None or u < end:
            k = max(k for k, one in enumerate(guard) if Fraction(one.start) <= u)
            assert there(found, u) == (1 if nothing[k] else there(function, u))


@pytest.mark.parametrize(
    ("below", "scale", "start", "is_residue"),
    [
        pytest.param("1e-80", "1", "0", True, id="1e-80 of the money involved"),
        pytest.param("1.1e-80", "1", "0", False, id="more than that"),
        pytest.param("1e-75", "100000", "0", True, id="of more money more"),
        pytest.param("1.1e-75", "100000", "0", False, id="and more than that"),
        pytest.param("4e-80", "1", "3", True, id="further out as many times more"),
        pytest.param("4.1e-80", "1", "3", False, id="and more than that too"),
    ],
)
def test_what_is_residue_grows_with_the_money_and_the_place(
    below: str, scale: str, start: str, is_residue: bool
) -> None:
    """1e-80 x money x (1 + u): a piece that begins so little below zero does not jump below it, nor ends on a side."""
    lower = [piece("0", "5", "0"), piece(start, f"-{below}", "0")]
    assert first_below(lower, d(10), d(scale)) == (None if is_residue else Crossing(d(start), True))
    assert noise_of(d(scale)).side_at_end(piece("0", below, "0"), d(start)) == (0 if is_residue else 1)


@pytest.mark.parametrize(
    ("start", "beyond", "is_same"),
    [("0", "1e-80", True), ("0", "1.1e-80", False), ("9", "1e-79", True), ("9", "1.1e-79", False), ("4", "0", True)],
)
def test_places_are_the_same_but_for_residue_of_what_is_counted_from(start: str, beyond: str, is_same: bool) -> None:
    """1e-80 x (1 + u): at the very start as well, where u itself is no measure; a sum has no piece as short as that."""
    assert is_same_place(d(start), d(start) + d(beyond)) is is_same
    summed = list(total([[piece("0", "5", "0")], [piece("0", "2", "0"), Piece(d(beyond), d(3), d(0))]]))
    if start == "0":
        assert summed == ([piece("0", "8", "0")] if is_same else [piece("0", "7", "0"), Piece(d(beyond), d(8), d(0))])


def crossing(
    pieces: list[Piece], end: Decimal | None, *, at_zero: bool, end_included: bool
) -> tuple[Fraction, bool] | None:
    """Piece by piece: below zero where one begins, at it where that counts or it falls from there, or a zero within."""
    ends = [*(Fraction(one.start) for one in pieces[1:]), None if end is None else Fraction(end)]
    for one, until in zip(pieces, ends, strict=True):
        start, slope = Fraction(one.start), Fraction(one.slope)
        if until is not None and until <= start:
            continue
        value = there([one], start)
        if value < 0:
            return start, True
        if value == 0 and (at_zero or slope < 0):
            return start, False
        zero = -Fraction(one.at_zero) / slope if slope < 0 else None
        if zero is not None and (until is None or zero < until):
            return zero, False
    if at_zero and end_included and end is not None and there([pieces[-1]], Fraction(end)) <= 0:
        return Fraction(end), False
    return None


SCALES = st.sampled_from([ONE, ZERO])
"""Where no money is involved nothing is residue: a value that is 0 is 0 all the same."""


@given(functions(), st.sampled_from([None, d(8)]), st.booleans(), st.booleans(), SCALES)
def test_the_first_crossing_of_any_function(
    pieces: list[Piece], end: Decimal | None, at_zero: bool, included: bool, scale: Decimal
) -> None:
    found = first_below(pieces, end, scale, or_at_zero=at_zero, end_included=included)
    want = crossing(pieces, end, at_zero=at_zero, end_included=included)
    assert (found is None) == (want is None)
    if found is not None and want is not None:
        assert (round(Fraction(found.u), 60), found.jump) == (round(want[0], 60), want[1])


@pytest.mark.parametrize("counts", [True, False], ids=["where something is needed", "where nothing is"])
def test_a_touch_counts_where_it_is_said_to(counts: bool) -> None:
    """Down to 0 at 3 and up again; beyond the end nothing is asked. Falling through 0 or staying needs no leave."""
    touching = [piece("0", "6", "-2"), piece("3", "-6", "2")]
    asked: list[Decimal] = []

    def said(u: Decimal) -> bool:
        asked.append(u)
        return counts

    assert first_below(touching, d(10), ONE, or_at_zero=True, counts=said) == (
        Crossing(d(3), False) if counts else None
    )
    assert asked == [3]
    level = [piece("0", "6", "0"), piece("3", "0", "0"), piece("5", "6", "0")]
    assert first_below(level, d(10), ONE, or_at_zero=True, counts=lambda _: False) == Crossing(d(3), False)
    falling = [piece("0", "6", "-2")]
    assert first_below(falling, d(10), ONE, or_at_zero=True, counts=said) == Crossing(d(3), False)
    ends = first_below(falling, d(3), ONE, or_at_zero=True, end_included=True, counts=said)
    assert ends == (Crossing(d(3), False) if counts else None)


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(-5, 20)), min_size=1, max_size=5),
    st.tuples(st.integers(0, 60), st.integers(0, 60)),
    st.tuples(st.integers(1, 8), st.integers(1, 8)),
    st.sampled_from([1, -1]),
)
def test_pieces_follow_value_and_unit_wherever_they_go(
    rows: list[tuple[int, int]], values: tuple[int, int], units: tuple[int, int], factor: int
) -> None:
    """A value from one number to another and back in a unit that moves as well."""
    borders = tuple(Decimal(b) for b in sorted({border for border, _ in rows}))
    slopes = tuple(Decimal(slope) for _, slope in rows)[: len(borders)]
    slopes = (*slopes, *[Decimal(3)] * (len(borders) + 1 - len(slopes)))
    curve = Curve(borders, slopes, tuple(Decimal(k * k) for k in range(len(slopes))))
    moving, unit = (Line(Decimal(low), Decimal(high - low)) for low, high in (values, units))
    found = list(along(curve, moving, unit, ONE, Decimal(factor)))
    assert [one.start for one in found] == sorted({one.start for one in found})
    assert all(one.start < 1 for one in found)
    for step in range(37):
        u = (Decimal(step) + d("0.3371")) / 38
        assert abs(value(found, u) - factor * curve.at(moving.at(u), unit.at(u))) < Decimal("1e-80")


@pytest.mark.parametrize(("slope", "side"), [("2", 1), ("0", 0), ("-2", -1)])
@pytest.mark.parametrize("until", [None, d(3)], ids=["without an end", "at its end"])
def test_the_side_on_which_a_piece_ends(slope: str, side: int, until: Decimal | None) -> None:
    assert noise_of(ONE).side_at_end(piece("0", "0", slope), until) == side


@given(functions(), st.integers(1, 9), st.sampled_from([ONE, ZERO]))
def test_what_is_above_zero_at_a_place_is_so_before_it(pieces: list[Piece], at: int, scale: Decimal) -> None:
    """At a jump the side before it counts."""
    before = next(one for one in reversed(pieces) if one.start < at)
    assert is_above_zero(pieces, Decimal(at), scale) is (before.at_zero + before.slope * at > 0)


@pytest.mark.parametrize("scale", [ONE, ZERO], ids=["some money", "none"])
@pytest.mark.parametrize(
    ("lines", "end", "expected"),
    [
        pytest.param([(8, -2)], None, Crossing(d(4), False), id="one line"),
        pytest.param([(8, -2)], "4", None, id="zero at the end is no crossing"),
        pytest.param([(8, -2), (20, -10)], "9", Crossing(d(2), False), id="the steeper one first"),
        pytest.param([(8, 0)], None, None, id="level"),
        pytest.param([(0, -2)], None, Crossing(ZERO, False), id="at once"),
        pytest.param([(0, 0)], "9", None, id="zero all the way"),
    ],
)
def test_the_crossing_of_lines_that_bend_downward(
    lines: list[tuple[int, int]], end: str | None, expected: Crossing | None, scale: Decimal
) -> None:
    rows = [Line(Decimal(at_zero), Decimal(slope)) for at_zero, slope in lines]
    assert first_below_concave(smallest_of(rows, []), None if end is None else d(end), scale) == expected
