"""Relative moves out of a history, by hand."""

import pytest
from msgspec.structs import replace
from tests.builders import d

from marginctl.core.model import Filling, ReturnSpan
from marginctl.core.returns import History, ReturnPeriod, decayed, returns_of

DATES = ("d0", "d1", "d3", "d4", "d8", "d9")
DAYS = (0, 1, 3, 4, 8, 9)
PRICES = tuple(map(d, ("100", "110", "99", "99", "198", "99")))
PAST = History(file="prices.csv", dates=DATES, days=DAYS, columns={"BTC": PRICES, "ETH": tuple(map(d, "124824"))})

DAILY = ReturnSpan()


def moves(history: History, span: ReturnSpan = DAILY, period: ReturnPeriod | None = None) -> dict[str, str]:
    """The moves of BTC in percent by their dates."""
    found = returns_of(history, ["BTC"], span, period)
    assert list(found.dates) == sorted(found.dates)
    return {date: f"{row[0] * 100:.0f}" for date, row in zip(found.dates, found.moves, strict=True)}


def test_a_return_is_the_quotient_of_two_prices_less_one() -> None:
    assert moves(PAST) == {"d1": "10", "d3": "-10", "d4": "0", "d8": "100", "d9": "-50"}
    found = returns_of(PAST, ["ETH", "BTC"], ReturnSpan())
    assert (found.assets, found.moves[0], found.moves[-1]) == (("ETH", "BTC"), (1, d("0.1")), (1, d("-0.5")))
    assert (found.dropped, found.carried, found.largest_gap_days) == (0, 0, 4)


def test_over_two_rows_they_overlap_or_stand_side_by_side_from_the_newest_back() -> None:
    assert moves(PAST, ReturnSpan(2)) == {"d3": "-1", "d4": "-10", "d8": "100", "d9": "0"}
    assert moves(PAST, ReturnSpan(2, overlapping=False)) == {"d4": "-10", "d9": "0"}
    assert moves(PAST, ReturnSpan(3, overlapping=False)) == {"d9": "0"}  # three more rows do not stand before it


def test_given_returns_are_multiplied() -> None:
    """10%, -10%, 100%: 1.1 x 0.9 - 1 = -1%, 0.9 x 2 - 1 = 80%; the first row is a return already."""
    given = replace(
        PAST, dates=DATES[:3], days=DAYS[:3], columns={"BTC": (d("0.1"), d("-0.1"), d(1))}, are_returns=True
    )
    assert moves(given) == {"d0": "10", "d1": "-10", "d3": "100"}
    assert moves(given, ReturnSpan(2)) == {"d1": "-1", "d3": "80"}


@pytest.mark.parametrize(
    ("period", "dates"),
    [
        (ReturnPeriod(3, 8), ["d3", "d4", "d8"]),
        (ReturnPeriod(first=4), ["d4", "d8", "d9"]),
        (ReturnPeriod(last=3), ["d1", "d3"]),
        (ReturnPeriod(window=2), ["d8", "d9"]),
        (ReturnPeriod(3, 8, 1), ["d8"]),
        (ReturnPeriod(window=99), ["d1", "d3", "d4", "d8", "d9"]),
    ],
    ids=["both ends", "from", "until", "the newest", "the newest of them", "more than there are"],
)
def test_which_returns_count(period: ReturnPeriod, dates: list[str]) -> None:
    """Those that end within the period; what they begin with may lie before it."""
    assert list(moves(PAST, period=period)) == dates
    own = replace(PAST, first=period.first, last=period.last, window=period.window)
    assert list(moves(own)) == dates


def test_a_blank_cell_takes_the_price_before_or_its_row_is_dropped() -> None:
    """Without d3 the price of d1 counts for it; its row left out, d4 follows d1."""
    blank = replace(PAST, columns={"BTC": (*PRICES[:2], None, *PRICES[3:]), "ETH": PAST.columns["ETH"]})
    held = replace(blank, filling=Filling.CARRY)
    assert moves(held) == {"d1": "10", "d3": "0", "d4": "-10", "d8": "100", "d9": "-50"}
    found = returns_of(held, ["BTC"], ReturnSpan())
    assert (found.dropped, found.carried) == (0, 1)
    dropped = replace(blank, filling=Filling.DROP)
    assert moves(dropped) == {"d1": "10", "d4": "-10", "d8": "100", "d9": "-50"}
    found = returns_of(dropped, ["BTC"], ReturnSpan())
    assert (found.dropped, found.carried, found.largest_gap_days) == (1, 0, 4)
    assert returns_of(dropped, ["ETH"], ReturnSpan()).dropped == 0  # its own cells are all there


def test_a_blank_return_is_none() -> None:
    given = replace(
        PAST,
        dates=DATES[:3],
        days=DAYS[:3],
        columns={"BTC": (d("0.1"), None, d(1))},
        are_returns=True,
        filling=Filling.CARRY,
    )
    assert moves(given, ReturnSpan(2)) == {"d1": "10", "d3": "100"}


def test_weights_decay_with_age_and_add_up_to_one() -> None:
    """1, 1/2, 1/4 from the newest back: 4, 2 and 1 of 7."""
    assert [round(weight * 7, 60) for weight in decayed(d("0.5"), 3)] == [1, 2, 4]
    assert sum(decayed(d("0.9"), 20)) == pytest.approx(d(1), abs=d("1e-90"))
    assert decayed(d("0.3"), 1) == (1,)


def test_one_row_has_no_gap_and_no_return() -> None:
    alone = replace(PAST, dates=DATES[:1], days=DAYS[:1], columns={"BTC": PRICES[:1]})
    found = returns_of(alone, ["BTC"], DAILY)
    assert (found.largest_gap_days, found.moves) == (0, ())
