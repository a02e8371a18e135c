"""Searches end at the last size that holds, whatever the limits are shaped like."""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import d

from marginctl.core.search import Edge, down_to, largest, smallest, up_to

STEP = Decimal("1e-8")
Slack = Callable[[Decimal], Decimal]


class Asked:
    """Limits as functions of the size; counts how often it is asked. Without slacks only broken or not is told."""

    def __init__(self, limits: dict[str, Slack], *, silent: bool = False) -> None:
        self.limits, self.silent = limits, silent
        self.sizes: list[Decimal] = []

    def __call__(self, size: Decimal) -> "Told":
        self.sizes.append(size)
        return Told({name: slack(size) for name, slack in self.limits.items()}, self.silent)


class Told:
    def __init__(self, slacks: dict[str, Decimal], silent: bool) -> None:
        self.slacks, self.silent = slacks, silent

    @property
    def broken(self) -> frozenset[object]:
        return frozenset(name for name, slack in self.slacks.items() if slack < 0)

    def slack(self, limit: object) -> Decimal:
        slack = self.slacks[str(limit)]
        return slack if not self.silent else d(1) if slack >= 0 else d(-1)


def line(at_zero: str, slope: str) -> Slack:
    return lambda size: d(at_zero) + d(slope) * size


STRAIGHT = line("10", "-3")  # 0 at 3.33333333...
HYPERBOLA = lambda size: d(1) / (d(1) + size) - d("0.3")  # noqa: E731 - 0 at 2.33333333...
KINK = lambda size: min(d(5) - size / 100, d(40) - d(7) * size)  # noqa: E731 - 0 at 5.71428571...
JUMP = lambda size: d(100) - size if size <= d("4.5") else d(-50) - size  # noqa: E731 - a tier's border


@pytest.mark.parametrize(
    ("limits", "stops", "size", "broken"),
    [
        pytest.param({"a": STRAIGHT}, ["100"], "3.33333333", {"a"}, id="a straight line"),
        pytest.param({"a": line("10", "-2.5")}, ["100"], "4", {"a"}, id="equality holds"),
        pytest.param({"a": HYPERBOLA}, ["1000"], "2.33333333", {"a"}, id="a ratio"),
        pytest.param({"a": KINK}, ["1000"], "5.71428571", {"a"}, id="two slopes"),
        pytest.param({"a": JUMP}, ["1000"], "4.5", {"a"}, id="a jump"),
        pytest.param({"a": STRAIGHT, "b": HYPERBOLA}, ["100"], "2.33333333", {"b"}, id="the first of two"),
        pytest.param({"a": STRAIGHT, "b": line("20", "-6")}, ["100"], "3.33333333", {"a", "b"}, id="both at once"),
        pytest.param({"a": line("0", "-1")}, ["100"], "0", {"a"}, id="nothing fits"),
        pytest.param({"a": lambda x: abs(x - 2) - d("0.5")}, ["2", "9"], "1.5", {"a"}, id="failing at a turning point"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("silent", [False, True], ids=["with slacks", "only broken or not"])
def test_the_largest_size_that_holds(limits, stops, size, broken, silent):
    ask = Asked(limits, silent=silent)
    found = largest(ask, [d(stop) for stop in stops], STEP)
    assert found == Edge(d(size), frozenset(broken))
    assert {d(size), d(size) + STEP} <= set(ask.sizes)  # both neighbours have been asked about


@pytest.mark.parametrize(
    ("limits", "most"),
    [({"a": STRAIGHT}, 6), ({"a": KINK}, 12), ({"a": HYPERBOLA}, 20), ({"a": line("1e5", "-1e3")}, 6)],
)
def test_slacks_lead_there_in_a_few_steps(limits, most):
    ask = Asked(limits)
    largest(ask, [d(1000)], STEP)
    assert len(ask.sizes) <= most


@pytest.mark.parametrize(("above", "below"), [("1e30", "-1e-30"), ("1e-30", "-1e30"), ("1", "-1")])
def test_slacks_that_mislead_cost_four_questions_for_a_halving_at_most(above, below):
    """1000 are 1e11 steps, which 37 halvings make one; 0 and the stop are asked about too."""
    ask = Asked({"a": lambda size: d(above) if size <= d("4.5") else d(below)})
    assert largest(ask, [d(1000)], STEP) == Edge(d("4.5"), frozenset({"a"}))
    assert len(ask.sizes) <= 4 * 37 + 2


def test_without_an_end_nothing_limits():
    assert largest(Asked({"a": line("1", "0"), "b": line("1", "2")}), [d(10), d(10) ** 9], STEP) is None


def test_stops_that_are_no_whole_steps_are_looked_at_below():
    assert largest(Asked({"a": line("1", "-1")}), [d("0.000000019"), d("0.5")], STEP) is None
    assert largest(Asked({}), [d("0.000000001")], STEP) is None


@pytest.mark.parametrize(
    ("slack", "most", "size"),
    [
        pytest.param(line("-10", "3"), "100", "3.33333334", id="a straight line"),
        pytest.param(line("-10", "2.5"), "100", "4", id="equality is enough"),
        pytest.param(line("-10", "2.5"), "4", "4", id="just in reach"),
        pytest.param(line("-10", "2.5"), "3.99", None, id="out of reach"),
        pytest.param(line("-10", "0"), "100", None, id="no help"),
        pytest.param(line("-10", "-1"), "100", None, id="the wrong way"),
        pytest.param(lambda x: min(5 * x - 12, 2 * x - d("6.3")), "100", "3.15", id="slower later"),
        pytest.param(lambda x: min(2 * x - 6, 1 - (x - 3)), "100", "3", id="helps, then harms"),
        pytest.param(lambda x: min(2 * x - 6, -(x - 2)), "100", None, id="turns before it helps enough"),
        pytest.param(lambda x: max(d(-1), x - 8), "100", "8", id="of no use at first"),
        pytest.param(lambda x: d(-1) if x < d("0.7") else d(1), "100", "0.7", id="by a leap"),
        pytest.param(lambda x: d("-1e-9") + x, "100", "0.00000001", id="one step"),
    ],
)
def test_the_smallest_size_that_mends(slack, most, size):
    ask = Asked({"a": slack, "other": line("-1", "0")})
    found = smallest(ask, "a", d(most), STEP)
    assert found == (None if size is None else d(size))
    if found is not None:
        assert {found, found - STEP} <= set(ask.sizes)
    assert all(0 <= asked <= d(most) for asked in ask.sizes)


SMALL = st.integers(-400, 400).map(lambda n: Decimal(n) / 16)


@given(lines=st.lists(st.tuples(st.integers(0, 5000), SMALL), min_size=1, max_size=4), most=st.integers(1, 10**7))
def test_the_largest_size_under_any_straight_lines(lines, most):
    limits = {str(k): line(str(at_zero), str(slope)) for k, (at_zero, slope) in enumerate(lines)}
    ends = [Fraction(at_zero) / Fraction(-slope) for at_zero, slope in lines if slope < 0]
    end = min(ends, default=None)
    found = largest(Asked(limits), [Decimal(most)], STEP)
    if end is None or end >= most:
        assert found is None
    else:
        steps = end / Fraction(STEP)
        assert found is not None
        assert found.size == Decimal(steps.numerator // steps.denominator) * STEP


@given(
    need=st.integers(1, 5000), slopes=st.lists(st.integers(1, 400), min_size=1, max_size=4), most=st.integers(1, 10**6)
)
def test_the_smallest_size_on_any_concave_way_up(need, slopes, most):
    """Each slope holds for 3 units, the last one for ever; they fall."""
    falling = sorted(slopes, reverse=True)

    def slack(size: Decimal) -> Decimal:
        left, value = size, Decimal(-need)
        for k, slope in enumerate(falling):
            part = left if k == len(falling) - 1 else min(left, Decimal(3))
            value, left = value + slope * part, left - part
        return value

    exact, missing = Fraction(0), Fraction(need)
    for k, slope in enumerate(falling):
        if k < len(falling) - 1 and missing > 3 * slope:
            exact, missing = exact + 3, missing - 3 * slope
        else:
            exact += missing / slope
            break
    steps = exact / Fraction(STEP)
    first = Decimal(-(-steps.numerator // steps.denominator)) * STEP
    assert smallest(Asked({"a": slack}), "a", Decimal(most), STEP) == (first if first <= most else None)


@given(st.decimals("0", "1000", places=11))
def test_steps_are_taken_down_and_up(size):
    assert down_to(size, STEP) == size.quantize(STEP, ROUND_FLOOR)
    assert up_to(size, STEP) == size.quantize(STEP, ROUND_CEILING)
