import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginctl.document import scalars
from marginctl.document.numbers import NumberError
from marginctl.document.scalars import WordError

DURATION = "write seconds, minutes, hours or days, such as 90s, 30m, 8h or 30d"


@pytest.mark.parametrize(("text", "hours"), [("8h", 8), ("30d", 720), ("180d", 4320), ("0.5h", Decimal("0.5"))])
def test_a_duration_is_in_hours(text, hours):
    assert scalars.duration(text) == hours


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("8", "has no unit: `8`", "write 8s, 8m, 8h or 8d"),
        ("30 d", "is not a duration: `30 d`", DURATION),
        ("2w", "is not a duration: `2w`", DURATION),
        ("1e2h", "is not a duration: `1e2h`", DURATION),
        ("h", "is not a duration: `h`", DURATION),
        ("", "is not a duration: ``", DURATION),
        ("0h", "must be more than 0: `0h`", DURATION),
        ("-8h", "must be more than 0: `-8h`", DURATION),
        ("1" * 30 + "h", f"is not a duration: `{'1' * 30}h`", DURATION),
    ],
)
def test_a_refused_duration(text, message, help):
    with pytest.raises(NumberError) as refused:
        scalars.duration(text)
    assert (refused.value.message, refused.value.help) == (message, help)


def test_a_date_is_a_day():
    assert scalars.date("2026-12-31") == dt.date(2026, 12, 31)


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("31.12.2026", "is not a date: `31.12.2026`", "write year-month-day, such as 2026-12-31"),
        ("20261231", "is not a date: `20261231`", "write year-month-day, such as 2026-12-31"),
        ("2026-W53-4", "is not a date: `2026-W53-4`", "write year-month-day, such as 2026-12-31"),
        ("٢٠٢٦-١٢-٣١", "is not a date: `٢٠٢٦-١٢-٣١`", "write year-month-day, such as 2026-12-31"),
        ("2026-02-30", "is not a day of the calendar: `2026-02-30`", "write an existing day"),
    ],
)
def test_a_refused_date(text, message, help):
    with pytest.raises(WordError) as refused:
        scalars.date(text)
    assert (refused.value.message, refused.value.help, refused.value.code) == (message, help, "MC015")


@pytest.mark.parametrize(
    "text", ["2026-11-22T11:00:00Z", "2026-11-22 11:00:00+02:00", "2026-11-22T11:00Z", "2026-11-22T11:00:00.123Z"]
)
def test_an_instant_is_kept_as_written(text):
    assert scalars.instant(text) == text


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        (
            "2026-11-22T11:00:00",
            "has no time zone: `2026-11-22T11:00:00`",
            "write 2026-11-22T11:00:00Z if it is UTC, or add an offset like +02:00",
        ),
        ("2026-11-22", "is not a date and time: `2026-11-22`", "write it like 2026-11-22T11:00:00Z"),
        ("20261122T110000Z", "is not a date and time: `20261122T110000Z`", "write it like 2026-11-22T11:00:00Z"),
        (
            "2026-11-22T25:00:00Z",
            "is not a date and time: `2026-11-22T25:00:00Z`",
            "write it like 2026-11-22T11:00:00Z",
        ),
        ("now", "is not a date and time: `now`", "write it like 2026-11-22T11:00:00Z"),
    ],
)
def test_a_refused_instant(text, message, help):
    with pytest.raises(WordError) as refused:
        scalars.instant(text)
    assert (refused.value.message, refused.value.help) == (message, help)


def test_a_flag_is_true_or_false():
    assert [scalars.flag("true"), scalars.flag("false")] == [True, False]


@pytest.mark.parametrize(
    ("text", "help"), [("yes", "write true"), ("OFF", "write false"), ("1", "write true or false")]
)
def test_a_refused_flag(text, help):
    with pytest.raises(WordError) as refused:
        scalars.flag(text)
    assert (refused.value.message, refused.value.help) == (f"must be true or false: `{text}`", help)


@pytest.mark.parametrize(
    ("text", "help"), [("Short", "write short"), ("buy", "write long or short"), ("", "write long or short")]
)
def test_a_refused_choice(text, help):
    with pytest.raises(WordError) as refused:
        scalars.choice(text, ("long", "short"))
    assert (refused.value.message, refused.value.help) == (f"must be long or short: `{text}`", help)


def test_words_are_joined_as_in_a_sentence():
    assert [scalars.either(("a",)), scalars.either(("a", "b")), scalars.either(("a", "b", "c"))] == [
        "a",
        "a or b",
        "a, b or c",
    ]


def refusal_of(read: Callable[[str], object], text: str) -> str:
    try:
        read(text)
    except (NumberError, WordError) as refused:
        return f"{refused.message} {refused.help}"
    return ""


@given(st.text(max_size=40) | st.text("0123456789-:TZ+. hd", max_size=40))
def test_any_text_is_read_or_refused(text):
    for read in (scalars.duration, scalars.date, scalars.instant, scalars.flag):
        assert refusal_of(read, text).isprintable()
