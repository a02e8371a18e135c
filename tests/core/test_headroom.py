"""Searches end at the last size that holds, whatever the limits are shaped like; orders and closings keep equity."""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginctl.core.assemble import report_of
from marginctl.core.headroom import Edge, deposited, down_to, filled, largest, reduced, smallest, up_to

from .accounts import LONG, SHORT, account, d, inverse, linear, order, position

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


BTC = linear()
BOOK = account(
    position(BTC, LONG, 2, 90, 100, key="BTCUSDT", leverage="10"),
    position(inverse(), SHORT, 30, 80, 100, key="BTCUSD", leverage="5"),
    balances={"USDT": 500, "BTC": 3},
)


def held(book, key):
    return next((one for one in book.positions if one.key == key), None)


def totals(book):
    return report_of(book).totals


@pytest.mark.parametrize("size", ["0.25", "1.5", "2", "3.75"])
@pytest.mark.parametrize("side", [LONG, SHORT])
def test_an_order_at_the_mark_changes_no_equity(side, size):
    for terms in BOOK.positions:
        after = filled(BOOK, terms, side, d(size))
        assert abs(totals(after).equity - totals(BOOK).equity) < d("1e-90")
        assert totals(after).net_notional == totals(BOOK).net_notional + side * d(size) * (
            100 if terms.key == "BTCUSDT" else 10
        )


def test_an_order_on_the_same_side_merges_the_entries():
    after = held(filled(BOOK, BOOK.positions[0], LONG, d(3)), "BTCUSDT")
    assert (after.quantity, after.entry_price) == (5, 96)  # (2 x 90 + 3 x 100) / 5
    after = held(filled(BOOK, BOOK.positions[1], SHORT, d(10)), "BTCUSD")
    # 40 / (30 / 80 + 10 / 100)
    assert after.quantity == 40
    assert abs(after.entry_price * d("0.475") - 40) < d("1e-90")


def test_an_order_against_a_position_realises_closes_and_turns_it():
    less = filled(BOOK, BOOK.positions[0], SHORT, d("0.5"))
    assert (held(less, "BTCUSDT").quantity, held(less, "BTCUSDT").entry_price) == (d("1.5"), 90)
    assert less.balances["USDT"] == 505  # 0.5 x (100 - 90)
    none = filled(BOOK, BOOK.positions[0], SHORT, d(2))
    assert (held(none, "BTCUSDT"), none.balances["USDT"]) == (None, 520)
    turned = held(filled(BOOK, BOOK.positions[0], SHORT, d(5)), "BTCUSDT")
    assert (turned.side, turned.quantity, turned.entry_price, turned.leverage) == (SHORT, 3, 100, 10)


def test_in_hedge_mode_an_order_adds_to_its_leg():
    book = account(position(BTC, LONG, 2, 90, 100, key="long", leverage="10"), balances={"USDT": 500}, hedge=True)
    after = filled(book, book.positions[0], SHORT, d(3))
    assert [(one.side, one.quantity) for one in after.positions] == [(LONG, 2), (SHORT, 3)]
    again = filled(after, book.positions[0], SHORT, d(1))
    assert [(one.side, one.quantity) for one in again.positions] == [(LONG, 2), (SHORT, 4)]


def test_an_order_beside_an_isolated_position_stands_in_the_cross_pool():
    book = account(position(BTC, LONG, 2, 90, 100, leverage="10", isolated_margin=20), balances={"USDT": 500})
    after = filled(book, book.positions[0], SHORT, d(1))
    assert [(one.side, one.margin_mode.value) for one in after.positions] == [(LONG, "isolated"), (SHORT, "cross")]
    assert after.positions[1].isolated_margin is None


def test_a_margin_given_as_an_amount_grows_with_the_position_and_is_a_rate_for_a_new_one():
    book = account(position(BTC, LONG, 2, 100, key="a", initial_margin=50), balances={"USDT": 500})
    assert held(filled(book, book.positions[0], LONG, d(2)), "a").initial_margin == 100
    turned = filled(book, book.positions[0], SHORT, d(3))
    assert (turned.positions[0].initial_margin, turned.positions[0].initial_rate) == (None, d("0.25"))
    assert totals(turned).initial_margin == 25


def test_closing_a_part_keeps_its_share_of_the_margins():
    book = account(
        position(BTC, LONG, 4, 110, 100, key="a", isolated_margin=80), balances={"USDT": 500}, prices={"BTC": 100}
    )
    after = reduced(book, "a", d(1))
    assert (after.balances["USDT"], after.positions[0].isolated_margin, after.positions[0].quantity) == (490, 60, 3)
    assert totals(after).equity == totals(book).equity == 460
    assert reduced(book, "a", d(4)).positions == ()
    assert reduced(book, "a", d(0)) is book


def test_orders_keep_the_rate_of_a_position_that_is_closed():
    book = account(
        position(BTC, LONG, 1, 100, key="a", leverage="5"),
        balances={"USDT": 500},
        orders=(order(BTC, LONG, 2, 100, 100), order(linear("ETHUSDT", "ETH"), LONG, 2, 10, 10, leverage="4")),
    )
    after = reduced(book, "a", d(1))
    assert [one.leverage for one in after.orders] == [5, 4]
    assert totals(after).order_margin == 45  # 200 / 5 + 20 / 4


def test_a_deposit_into_an_isolated_position_is_set_aside_for_it():
    book = account(position(BTC, LONG, 1, 100, key="a", isolated_margin=10), balances={"USDT": 50})
    after = deposited(book, "USDT", d(7), "a")
    assert (after.balances["USDT"], after.positions[0].isolated_margin) == (57, 17)
    assert [pool.equity for pool in report_of(after).pools] == [40, 17]
    assert deposited(book, "ETH", d(2)).balances == {"USDT": 50, "ETH": 2}
