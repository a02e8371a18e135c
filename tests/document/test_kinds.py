"""Kinds of values that bind to more than their text: periods, words and members of an enumeration."""

from enum import Enum

import pytest

from marginctl.document.kinds import PERIOD, Choice, first_day, members, words
from marginctl.document.scalars import WordError


class Side(Enum):
    """Words of the program."""

    LONG = "long"
    SHORT = "short"
    FLAT = "flat"


@pytest.mark.parametrize(
    ("period", "first"), [("2026", "2026-01-01"), ("2026-05", "2026-05-01"), ("2026-05-17", "2026-05-17")]
)
def test_periods_are_as_exact_as_they_are_known(period: str, first: str) -> None:
    assert PERIOD.read(period) == period
    assert first_day(period) == first


@pytest.mark.parametrize("text", ["26", "2026-13", "2026-02-30", "2026/05", "May 2026", "20260501", "2026-5-1"])
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(WordError):
        PERIOD.read(text)


def test_a_word_binds_to_what_it_means() -> None:
    assert words("buy", "sell").read("sell") == "sell"
    assert members(Side).read("short") is Side.SHORT
    assert members(Side).options == ("long", "short", "flat")
    assert Choice({"none": None, "all": 2}).read("none") is None


def test_some_members_are_a_choice_of_their_own() -> None:
    chosen = members(Side, Side.SHORT, Side.LONG)
    assert (chosen.options, chosen.schema()) == (("short", "long"), {"enum": ["short", "long"]})
    with pytest.raises(WordError, match="must be short or long"):
        chosen.read("flat")


def test_a_word_that_is_not_offered_says_why() -> None:
    kind = Choice({"linear": 1}, {"quanto": ("it settles elsewhere", "leave it out")})
    with pytest.raises(WordError, match="cannot be `quanto`: it settles elsewhere") as error:
        kind.read("quanto")
    assert error.value.help == "leave it out"
