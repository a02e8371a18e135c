"""Exact decimals from the text as written, and refusals that say what to write instead."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from marginctl.document.source import echo

MOST_DIGITS = 60
EXAMPLE = "write a decimal number, such as 1000 or 0.5"
PERCENT_EXAMPLE = "write a percentage such as 10%, or a fraction such as 0.1"


class NumberError(ValueError):
    """Text that is no number.

    ``message`` is a predicate that follows the name of what was given (``is not a number: `abc` ``),
    ``help`` says what to write.
    """

    code = "MC014"

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


def decimal(text: str) -> Decimal:
    """The number that a text like ``-12.50`` writes, exactly. Raises NumberError."""
    if not _is_decimal(text):
        raise _refusal(text, "", EXAMPLE)
    return _exact(text)


def rate(text: str) -> Decimal:
    """A fraction (``0.1``) or a percentage (``10%``) as a fraction, exactly. Raises NumberError.

    Without ``%`` it must lie between -1 and 1, both excluded: ``10`` is far more often 10% than 1000%.
    """
    value = _number(text, PERCENT_EXAMPLE)
    if not -1 < value < 1 and not text.endswith("%"):
        raise NumberError(f"is a rate of 1 or more without %: {echo(text)}", _rate_help(text))
    return value


def decimal_or_percentage(text: str) -> Decimal:
    """A number of any size, or a percentage as a fraction. Raises NumberError."""
    return _number(text, EXAMPLE)


def _number(text: str, example: str) -> Decimal:
    body, suffix = (text[:-1], "%") if text.endswith("%") else (text, "")
    if not _is_decimal(body):
        raise _refusal(body, suffix, example)
    return _exact(body + "E-2" if suffix else body)  # the constructor is exact at any precision, scaleb() is not


def _is_decimal(text: str) -> bool:
    digits = text[1:] if text[:1] == "-" else text
    whole, dot, fraction = digits.partition(".")
    return (
        len(whole) + len(fraction) <= MOST_DIGITS
        and text.isascii()
        and whole.isdecimal()
        and (whole[0] != "0" or whole == "0")
        and (fraction.isdecimal() or not dot)
    )


def _exact(text: str) -> Decimal:
    value = Decimal(text)
    return value or value.copy_abs()  # no -0


def _rate_help(text: str) -> str:
    sign = "-" if text.startswith("-") else ""
    if Decimal(text).copy_abs() == 1:
        return f"write {sign}100% for the whole, {sign}1% for one hundredth"
    if Decimal(text).copy_abs() >= 100:  # as a fraction it would be 1 or more again
        return f"write {_short(text)}%"
    return f"write {_short(text)}%, the same as {_short(_shifted(text))}"


def _shifted(text: str) -> str:
    fraction = format(Decimal(text + "E-2"), "f")
    return fraction.rstrip("0") if "." in fraction else fraction


def _refusal(text: str, suffix: str, example: str) -> NumberError:
    """Why a text is no number: the first reason that applies, and the number it was probably meant to be."""
    if not text + suffix:
        return NumberError("is empty", example)
    reason = next((reason for applies, reason in _REASONS if applies(text)), "is not a number")
    meant = _meant(text)
    advice = f"write {_short(meant)}{suffix}" if meant else example
    if _is_ambiguous(text):
        advice += f", or {text.replace(',', '.')}{suffix} if the comma is a decimal point"
    if reason == _TOO_LONG:
        advice = f"write at most {MOST_DIGITS} digits"
    return NumberError(f"{reason}: {echo(text + suffix)}", advice)


_TOO_LONG = f"has more than {MOST_DIGITS} digits"
_INFINITE = ("inf", "infinity", "nan")


def _is_infinite(text: str) -> bool:
    return text.lower().lstrip("+-.") in _INFINITE


def _has_foreign_digits(text: str) -> bool:
    return any(character.isdigit() and not character.isascii() for character in text[:MOST_DIGITS])


def _has_prefix(letter: str) -> Callable[[str], bool]:
    return lambda text: text.lower().lstrip("+-").startswith("0" + letter)


def _has_exponent(text: str) -> bool:
    mantissa, mark, exponent = text.lower().partition("e")
    return bool(mark) and exponent.lstrip("+-").isdecimal() and mantissa.lstrip("+-").replace(".", "", 1).isdecimal()


def _has_leading_zero(text: str) -> bool:
    digits = text.lstrip("+-")
    return len(digits) > 1 and digits[0] == "0" and digits.replace(".", "", 1).isdecimal() and digits[1] != "."


def _is_sexagesimal(text: str) -> bool:
    return ":" in text and text.lstrip("+-").replace(":", "").replace(".", "", 1).isdecimal()


def _holds(character: str) -> Callable[[str], bool]:
    return lambda text: character in text and any("0" <= digit <= "9" for digit in text[: 2 * MOST_DIGITS])


def _bare_dot_in_front(text: str) -> bool:
    digits = text.lstrip("+-")
    return digits[:1] == "." and digits[1:].isdecimal()


def _bare_dot_behind(text: str) -> bool:
    return text[-1:] == "." and text.lstrip("+-")[:-1].isdecimal()


def _is_too_long(text: str) -> bool:
    return len(text) > MOST_DIGITS and text.lstrip("-").replace(".", "", 1).isdecimal()


_REASONS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (_is_infinite, "is not a finite number"),
    (_has_foreign_digits, "has digits other than 0 to 9"),
    (_holds("%"), "is a percentage where a plain number belongs"),
    (_has_prefix("x"), "is written in hexadecimal"),
    (_has_prefix("o"), "is written in octal"),
    (_has_prefix("b"), "is written in binary"),
    (_has_exponent, "has an exponent"),
    (_is_too_long, _TOO_LONG),
    (_is_sexagesimal, "has colons between its digits"),
    (_holds("_"), "has `_` between its digits"),
    (_holds(","), "has a comma"),
    (_bare_dot_in_front, "has no digit before the dot"),
    (_bare_dot_behind, "has no digit after the dot"),
    (_has_leading_zero, "has a leading zero"),
    (lambda text: text[:1] == "+" and _is_decimal(text[1:]), "has a leading +"),
    (lambda text: _is_decimal("".join(text.split())), "has a space in it"),
)


def _meant(text: str) -> str:
    """The number in our notation that a refused text probably means, or nothing where that is a guess."""
    if len(text) > 4 * MOST_DIGITS or not any(character.isdecimal() for character in text):
        return ""
    plain = _without_units(_ascii_digits(text))
    meant = _prefixed(plain) or _expanded(_tidied(_without_separators(plain)))
    return meant if _is_decimal(meant) else ""


def _ascii_digits(text: str) -> str:
    plain = "".join(str(int(c)) if c.isdecimal() else c for c in text)
    return plain.replace("\u2212", "-")


def _without_units(text: str) -> str:
    """Without a currency in front or behind and without the ``x`` of a leverage."""
    number, _, unit = text.strip("$€£¥ ").rpartition(" ")
    plain = number if unit.isalpha() and unit.isupper() and len(unit) > 2 else text.strip("$€£¥ ")
    return plain[:-1] if plain[-1:] in ("x", "X") else plain


def _prefixed(text: str) -> str:
    if len(text) > 2 and text[0] == "0" and text[1] in "xXoObB":
        try:
            return str(int(text.replace("_", ""), 0))
        except ValueError:
            return ""
    return ""


def _without_separators(text: str) -> str:
    joined = "".join(text.replace("_", "").split())
    whole, *groups = joined.split(",")
    if _is_grouped(whole, groups):
        return joined.replace(",", "")
    if len(groups) == 1 and "." not in groups[0]:
        return f"{whole.replace('.', '')}.{groups[0]}"
    return joined


def _is_grouped(whole: str, groups: list[str]) -> bool:
    """Whether commas stand where they part thousands: ``12,345,678.9``."""
    first = whole.lstrip("+-")
    later = [group.partition(".")[0] for group in groups]
    return first.isdecimal() and len(first) <= 3 and first[0] != "0" and all(len(group) == 3 for group in later)


def _is_ambiguous(text: str) -> bool:
    whole, *groups = text.split(",")
    return len(groups) == 1 and "." not in text and _is_grouped(whole, groups)


def _tidied(text: str) -> str:
    sign = "-" if text.startswith("-") else ""
    whole, _, fraction = (text[1:] if text[:1] in ("+", "-") else text).partition(".")
    whole = whole.lstrip("0") or "0"
    return f"{sign}{whole}.{fraction}" if fraction else sign + whole


def _expanded(text: str) -> str:
    if not _has_exponent(text) or len(text.lower().partition("e")[2]) > 3:
        return text
    try:
        return format(Decimal(text), "f")
    except InvalidOperation:
        return ""


def _short(text: str) -> str:
    return text if len(text) <= MOST_DIGITS + 2 else "fewer digits"
