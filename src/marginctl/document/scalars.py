"""Words, dates, durations and what a flag says, from their text."""

import datetime as dt
from decimal import Decimal

from marginctl.document.numbers import NumberError, decimal
from marginctl.document.source import echo

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SECONDS_PER_HOUR = 3600
LONGEST_DURATION = 20  # characters: short enough for the product in seconds to be exact
DURATIONS = "seconds, minutes, hours or days, such as 90s, 30m, 8h or 30d"
DURATION_EXAMPLE = f"write {DURATIONS}"


class WordError(ValueError):
    """Text that is not among the words or dates expected. ``message`` and ``help`` as in NumberError."""

    code = "MC015"

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


def now() -> dt.datetime:
    """The moment, in UTC."""
    return dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """Today in UTC."""
    return now().date()


class FlagError(ValueError):
    """A flag that cannot be meant. ``message`` says what is wrong, ``help`` what to write."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


def assignment(flag: str, text: str) -> tuple[str, str]:
    """PATH=VALUE, split at the first ``=``. Raises FlagError."""
    path, equals, value = text.partition("=")
    if not path or not equals:
        raise FlagError(f"{flag} {echo(text)} has no value", "write PATH=VALUE, as in positions.0.leverage=5")
    return path, value


def positive(text: str, complaint: str, help: str = "") -> Decimal:
    """A number above 0; ``complaint`` is what stands in front of what is wrong with it. Raises FlagError."""
    try:
        number = decimal(text)
    except NumberError as error:
        raise FlagError(f"{complaint} {error.message}", error.help) from None
    if number <= 0:
        raise FlagError(f"{complaint} must be more than 0", help)
    return number


def day(moment: str) -> dt.date:
    """The day, in UTC, of a moment that ``instant`` has read."""
    return in_utc(moment).date()


def in_utc(moment: str) -> dt.datetime:
    """The moment that ``instant`` has read, in UTC."""
    read = dt.datetime.fromisoformat(moment)
    try:
        return read.astimezone(dt.UTC)
    except OverflowError:  # within a day of the first or last one of the calendar
        return read.replace(tzinfo=dt.UTC)


def seconds_since(moment: str, at: dt.datetime) -> Decimal:
    """Seconds from a moment that ``instant`` has read to another one; negative where it is later."""
    passed = at - in_utc(moment)
    return Decimal(passed.days * SECONDS["d"] + passed.seconds) + Decimal(passed.microseconds).scaleb(-6)


def day_or_moment(text: str) -> dt.date | dt.datetime:
    """A day, ``2026-12-31``, or a moment with its zone, in UTC. Raises WordError."""
    return date(text) if len(text) == len("2026-12-31") else in_utc(instant(text))


def choice(text: str, options: tuple[str, ...]) -> str:
    """One of the options, in their spelling. Raises WordError."""
    if text in options:
        return text
    close = next((option for option in options if option.lower() == text.lower()), "")
    raise WordError(f"must be {either(options)}: {echo(text)}", f"write {close or either(options)}")


def either(words: tuple[str, ...]) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    return " or ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]


def flag(text: str) -> bool:
    """``true`` or ``false``. Raises WordError."""
    if text in ("true", "false"):
        return text == "true"
    meant = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
    raise WordError(f"must be true or false: {echo(text)}", f"write {meant.get(text.lower(), 'true or false')}")


def duration(text: str) -> Decimal:
    """The hours that ``90s``, ``30m``, ``8h`` or ``30d`` means, more than 0. Raises NumberError."""
    body, unit = text[:-1], text[-1:]
    if len(text) > LONGEST_DURATION or unit not in SECONDS:
        raise _no_duration(text)
    try:
        value = decimal(body)
    except NumberError:
        raise _no_duration(text) from None
    if value <= 0:
        raise NumberError(f"must be more than 0: {echo(text)}", DURATION_EXAMPLE)
    return value * SECONDS[unit] / SECONDS_PER_HOUR


def _no_duration(text: str) -> NumberError:
    if text.isascii() and text.isdecimal() and len(text) < LONGEST_DURATION:
        return NumberError(f"has no unit: {echo(text)}", f"write {text}s, {text}m, {text}h or {text}d")
    return NumberError(f"is not a duration: {echo(text)}", DURATION_EXAMPLE)


def date(text: str) -> dt.date:
    """The day that ``2026-12-31`` names. Raises WordError."""
    if not _is_date(text):
        raise WordError(f"is not a date: {echo(text)}", "write year-month-day, such as 2026-12-31")
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise WordError(f"is not a day of the calendar: {echo(text)}", "write an existing day") from None


def instant(text: str) -> str:
    """A moment with its time zone, such as ``2026-11-22T11:00:00Z``, as written. Raises WordError."""
    moment = _moment(text)
    if moment is None:
        raise WordError(f"is not a date and time: {echo(text)}", "write it like 2026-11-22T11:00:00Z")
    if moment.tzinfo is None:
        raise WordError(f"has no time zone: {echo(text)}", f"write {text}Z if it is UTC, or add an offset like +02:00")
    return text


def _is_date(text: str) -> bool:
    return len(text) == 10 and text[4] == text[7] == "-" and text.isascii() and text.replace("-", "").isdecimal()


def _moment(text: str) -> dt.datetime | None:
    if not (_is_date(text[:10]) and text[10:11] in ("T", " ") and text[13:14] == ":" and len(text) < 40):
        return None
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None
