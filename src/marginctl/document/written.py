"""Values -> the text of a new YAML document, with comments beside what they explain. Same values, same bytes."""

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import TypeAlias

from msgspec import Struct

from marginctl.document.source import printable
from marginctl.document.splices import scalar

STEP = "  "
MOST_DIGITS = 60
"""What a document may write of a number; one with more is rounded."""
_ROUNDED = Context(prec=28, rounding=ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999)
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*((?: \+ | |:)[A-Za-z0-9_./-]+)+")
_EXACT = Context(prec=400, Emin=-999_999, Emax=999_999)


class WrittenValue(Struct, frozen=True):
    """A value on one line, and the comment behind it."""

    text: str
    note: str = ""


class WrittenLine(Struct, frozen=True):
    """A mapping on one line, in brackets, with the comment behind it."""

    entries: Mapping[str, str]
    note: str = ""


Written: TypeAlias = "str | WrittenValue | WrittenLine | Mapping[str, Written] | Sequence[Written]"


def document(header: Sequence[str], sections: Mapping[str, Written], remarks: Mapping[str, Sequence[str]]) -> str:
    """The text: ``header`` and ``remarks`` (by the section that they stand above) are comments, a line each."""
    rows = [_comment(line) for line in header]
    for name, value in sections.items():
        rows += ["", *(_comment(line) for line in remarks.get(name, ())), *_entry(name, value, "")]
    return "".join(f"{row}\n" for row in rows)


def _comment(text: str) -> str:
    return f"# {printable(text)}".rstrip()


def _entry(key: str, value: Written, indent: str) -> list[str]:
    lead = f"{indent}{_word(key)}:"
    inline = _inline(value)
    if inline is not None:
        return [f"{lead} {inline}"]
    if isinstance(value, Mapping):
        return [lead, *_entries(value, indent + STEP)]
    return [lead, *(row for item in _items(value) for row in _item(item, indent + STEP))]


def _entries(value: Mapping[str, Written], indent: str) -> list[str]:
    return [row for key, one in value.items() for row in _entry(key, one, indent)]


def _item(value: Written, indent: str) -> list[str]:
    """An item of a list: its first key stands behind the dash."""
    inline = _inline(value)
    if inline is not None:
        return [f"{indent}- {inline}"]
    first, *rest = _entries(value, indent + STEP) if isinstance(value, Mapping) else []
    return [f"{indent}- {first.lstrip()}", *rest]


def _inline(value: Written) -> str | None:
    """A value on one line; None where it takes several."""
    if isinstance(value, str):
        return _word(value)
    if isinstance(value, WrittenValue):
        return _noted(_word(value.text), value.note)
    if isinstance(value, WrittenLine):
        entries = ", ".join(f"{_word(key)}: {_word(text)}" for key, text in value.entries.items())
        return _noted(f"{{{entries}}}", value.note)
    return None if value else "{}" if isinstance(value, Mapping) else "[]"


def _items(value: Written) -> Sequence[Written]:
    return value if isinstance(value, Sequence) else ()


def _noted(text: str, note: str) -> str:
    return f"{text}  {_comment(note)}" if note else text


def _word(text: str) -> str:
    """A number, a word, or words, times and names with colons as they are; anything else in quotes."""
    return text if _PLAIN.fullmatch(text) else scalar(text, as_json=False)


def decimal_text(value: Fraction) -> tuple[str, bool]:
    """A number as a document writes it, and whether that is all of it.

    Exact where it ends within 60 digits, else rounded half even to 28 significant ones; no exponent.
    """
    parts = Decimal(value.numerator), Decimal(value.denominator)
    quotient = _EXACT.divide(*parts)
    text = _trimmed(quotient)
    if Fraction(quotient) == value and sum(map(str.isdigit, text)) <= MOST_DIGITS:
        return text, True
    return _trimmed(_ROUNDED.divide(*parts)), False


def _trimmed(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """The number with the fewest decimals from ``low`` to ``high``, the one nearest to their middle; 28 at most."""
    middle, places = (low + high) / 2, 0
    while places < _ROUNDED.prec and not low <= round(middle, places) <= high:
        places += 1
    return Fraction(round(middle, places))
