"""Expressions of a map over one row of an answer: a path, or one operator of a closed set, exactly, over rationals.

An operand that is not given (no such key, null, an empty text) makes the result not given, never 0; ``first`` goes on
to its next operand. A division by 0 is not given either.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import TypeAlias, TypeVar

from msgspec import Struct

from marginctl.document.numbers import MOST_DIGITS
from marginctl.document.source import echo
from marginctl.venues.answers.account import Amount
from marginctl.venues.answers.contents import WHOLE, Trail, Value

_NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,3}))?", re.ASCII)
T = TypeVar("T")
ZERO = Fraction(0)


class MisfitError(ValueError):
    """Something in an answer that is not what its map promises: where, what, and what to do."""

    def __init__(self, trail: Trail, message: str, help: str = WHOLE) -> None:
        super().__init__(message)
        self.trail = trail
        self.message = message
        self.help = help


class Path(Struct, frozen=True):
    """Keys to a value; ``rooted``: from the whole answer, else from the row.

    ``*`` stands for every value in paths to rows, for the first item of a list in others; ``name=word`` for the first
    item of a list that has it so.
    """

    keys: tuple[str, ...]
    rooted: bool
    text: str


class AnswerRow(Struct, frozen=True, gc=False):
    """One object of an answer, where it stands in it, and the whole answer."""

    value: Value
    trail: Trail
    root: Value


def path_of(text: str) -> Path:
    """``result.list``, ``/time`` from the whole answer, ``.`` the value itself."""
    keys = tuple(key for key in text.removeprefix("/").split(".") if key)
    return Path(keys, text.startswith("/"), text)


def found(row: AnswerRow, path: Path) -> Value:
    """The value at a path; None where there is none."""
    value = row.root if path.rooted else row.value
    for key in path.keys:
        value = _inner(value, key)
    return value


def has(row: AnswerRow, path: Path) -> bool:
    """Whether the keys of a path are there, whatever stands behind the last of them."""
    *keys, last = path.keys
    value = found(row, Path(tuple(keys), path.rooted, ""))
    return isinstance(value, dict) and last in value


def _inner(value: Value, key: str) -> Value:
    """The value of a key; an item of a list by its index, the first for ``*``, for ``name=word`` one that has it so."""
    if isinstance(value, dict):
        return value.get(key)
    items = value if isinstance(value, list) else []
    if key.isdecimal():
        return items[int(key)] if int(key) < len(items) else None
    name, _, word = key.partition("=")
    return next((one for one in items if key == "*" or (isinstance(one, dict) and one.get(name) == word)), None)


def trail_to(row: AnswerRow, path: Path) -> Trail:
    """Where a path leads in the whole answer."""
    return path.keys if path.rooted else (*row.trail, *path.keys)


def rows_at(row: AnswerRow, path: Path) -> list[AnswerRow] | None:
    """The rows at a path: a list's items, an object as one row; None where the path leads nowhere."""
    places: list[tuple[Value, Trail]] = [(row.root, ()) if path.rooted else (row.value, row.trail)]
    for key in path.keys:
        places = list(_inside(places, key))
    if not places and "*" not in path.keys:
        return None
    rows: list[AnswerRow] = []
    for value, trail in places:
        if isinstance(value, list):
            rows += [AnswerRow(one, (*trail, k), row.root) for k, one in enumerate(value)]
        elif isinstance(value, dict):
            rows.append(AnswerRow(value, trail, row.root))
        elif "*" not in path.keys:
            return None
    return rows


def _inside(places: list[tuple[Value, Trail]], key: str) -> Iterator[tuple[Value, Trail]]:
    for value, trail in places:
        if key == "*" and isinstance(value, list):
            yield from ((one, (*trail, k)) for k, one in enumerate(value))
        elif isinstance(value, dict) and key == "*":
            yield from ((one, (*trail, name)) for name, one in value.items())
        elif isinstance(value, dict) and key in value:
            yield value[key], (*trail, key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            yield value[int(key)], (*trail, int(key))


def text_of(value: Value) -> str | None:
    """A single value as text: ``true`` for a boolean; None where it is not given."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) and value else None


def printed(written: str) -> Amount | None:
    """The number that a text writes, exactly, exponents included; None where it is none or has over 60 digits."""
    match = _NUMBER.fullmatch(written)
    if match is None:
        return None
    sign, whole, fraction, exponent = match.groups(default="")
    power = int(exponent or 0) - len(fraction)
    if len(whole) + len(fraction) + abs(int(exponent or 0)) > MOST_DIGITS:
        return None
    unit = Fraction(10**power) if power >= 0 else Fraction(1, 10**-power)
    return Amount(int(f"{sign}{whole}{fraction}") * unit, unit)


class NumberRead(Struct, frozen=True):
    """An expression that gives a number. ``shown``: the operand of a ``nonzero``, whose 0 says that there is none."""

    text: str
    of: Callable[[AnswerRow], Amount | None]
    shown: "NumberRead | None" = None


class Word(Struct, frozen=True):
    """An expression that gives a text; ``path``: where a text stands that is taken as it is."""

    text: str
    of: Callable[[AnswerRow], str | None]
    path: Path | None = None


def number_at(path: Path) -> NumberRead:
    """The number at a path. Raises MisfitError where something else stands there."""

    def of(row: AnswerRow) -> Amount | None:
        value = found(row, path)
        if value is None or value == "":
            return None
        written = text_of(value)
        amount = None if written is None or isinstance(value, bool) else printed(written)
        if amount is None:
            raise MisfitError(trail_to(row, path), f"`{path.text}` is not a number: {echo(written or '')}")
        return amount

    return NumberRead(path.text, of)


def word_at(path: Path) -> Word:
    """The text at a path."""
    return Word(path.text, lambda row: text_of(found(row, path)), path)


def constant(text: str, value: Fraction) -> NumberRead:
    """A number that the map states."""
    amount = Amount(value)
    return NumberRead(text, lambda _: amount)


def absolute(one: NumberRead) -> NumberRead:
    """The operand without its sign."""
    return _changed(f"|{one.text}|", one, lambda amount: _like(amount, abs(amount.value)))


def negated(one: NumberRead) -> NumberRead:
    """The operand with the other sign."""
    return _changed(f"-{one.text}", one, lambda amount: _like(amount, -amount.value))


def nonzero(one: NumberRead) -> NumberRead:
    """The operand, not given where it is 0."""
    return NumberRead(one.text, _changed(one.text, one, lambda amount: amount if amount.value else None).of, one)


def cut(one: NumberRead, places: int) -> NumberRead:
    """The operand, of which the venue shows that many places and drops the others."""
    unit = Fraction(1, 10**places)
    return _changed(one.text, one, lambda amount: Amount(amount.value, unit, amount.formula, cut=True))


def first_number(operands: tuple[NumberRead, ...]) -> NumberRead:
    """The first operand that is given; another than the first of them is named as the formula."""

    def of(row: AnswerRow) -> Amount | None:
        for place, one in enumerate(operands):
            amount = one.of(row)
            if amount is not None:
                return _like(amount, amount.value, one.text) if place and not amount.formula else amount
        return None

    return NumberRead(" ?? ".join(one.text for one in operands), of)


def first_word(operands: tuple[Word, ...]) -> Word:
    """The first operand that is given."""
    parts = [one.of for one in operands]
    return Word(
        " ?? ".join(one.text for one in operands),
        lambda row: next((found for of in parts if (found := of(row)) is not None), None),
    )


Combine: TypeAlias = Callable[[Amount, Amount, str], Amount | None]


def plus(one: Amount, other: Amount, text: str) -> Amount:
    """The sum; a last digit of each operand moves it by as much."""
    return Amount(one.value + other.value, one.unit + other.unit, text)


def minus(one: Amount, other: Amount, text: str) -> Amount:
    """The difference."""
    return Amount(one.value - other.value, one.unit + other.unit, text)


def times(one: Amount, other: Amount, text: str) -> Amount:
    """The product: u = abs(a) * u_b + abs(b) * u_a."""
    unit = abs(one.value) * other.unit + abs(other.value) * one.unit
    return Amount(one.value * other.value, unit, text)


def over(one: Amount, other: Amount, text: str) -> Amount | None:
    """The quotient: u = u_a / abs(b) + abs(a) * u_b / b^2; not given where the divisor is 0."""
    if not other.value:
        return None
    size = abs(other.value)
    return Amount(one.value / other.value, one.unit / size + abs(one.value) * other.unit / size**2, text)


COMBINATIONS: Mapping[str, tuple[Combine, str]] = {
    "sum": (plus, "+"),
    "minus": (minus, "-"),
    "times": (times, "x"),
    "over": (over, "/"),
}


def combined(name: str, operands: tuple[NumberRead, ...]) -> NumberRead:
    """The operands, combined from the left."""
    combine, sign = COMBINATIONS[name]
    text = f" {sign} ".join(_enclosed(one.text) for one in operands)
    head, *rest = [one.of for one in operands]

    def of(row: AnswerRow) -> Amount | None:
        total = head(row)
        for one in rest:
            amount = one(row)
            if total is None or amount is None:
                return None
            total = combine(total, amount, text)
        return total

    return NumberRead(text, of)


def sum_of(rows: Path, value: NumberRead) -> NumberRead:
    """The sum of an expression over rows; not given where there are no such rows or one of them does not give it."""
    text = f"sum of {rows.text} {value.text}"

    def of(row: AnswerRow) -> Amount | None:
        inner = rows_at(row, rows)
        if inner is None:
            return None
        total = Amount(ZERO, ZERO, text)
        for one in inner:
            amount = value.of(one)
            if amount is None:
                return None
            total = plus(total, amount, text)
        return total

    return NumberRead(text, of)


def chosen(field: Word, choices: Mapping[str, Callable[[AnswerRow], T]]) -> Callable[[AnswerRow], T | None]:
    """What a venue's word means, or what it chooses. Raises MisfitError for a word that means nothing."""

    def of(row: AnswerRow) -> T | None:
        written = field.of(row)
        if written is None:
            return None
        if written not in choices:
            trail = row.trail if field.path is None else trail_to(row, field.path)
            raise MisfitError(trail, f"`{field.text}` is {echo(written)}, known: {', '.join(choices)}")
        return choices[written](row)

    return of


def signed(one: NumberRead) -> Word:
    """The side that the sign of a size says; not given for 0."""

    def of(row: AnswerRow) -> str | None:
        amount = one.of(row)
        return None if amount is None or not amount.value else "long" if amount.value > 0 else "short"

    return Word(one.text, of)


def by_zero(one: NumberRead, zero: str, nonzero: str) -> Word:
    """One word where an amount is 0, another where it is not."""

    def of(row: AnswerRow) -> str | None:
        amount = one.of(row)
        return None if amount is None else nonzero if amount.value else zero

    return Word(one.text, of)


def without(field: Word, end: str) -> Word:
    """A text without its end; not given where it does not end so or is nothing else."""

    def of(row: AnswerRow) -> str | None:
        written = field.of(row)
        return written[: -len(end)] or None if written is not None and written.endswith(end) else None

    return Word(field.text, of)


def spelled(field: Word, pattern: str, form: str) -> Word:
    """A text in another spelling: the parts that a pattern finds, in the form of the map; else not given."""
    compiled = re.compile(pattern)

    def of(row: AnswerRow) -> str | None:
        match = compiled.fullmatch(field.of(row) or "")
        return None if match is None else match.expand(form)

    return Word(field.text, of)


def _changed(text: str, one: NumberRead, change: Callable[[Amount], Amount | None]) -> NumberRead:
    def of(row: AnswerRow) -> Amount | None:
        amount = one.of(row)
        return None if amount is None else change(amount)

    return NumberRead(text, of)


def _like(amount: Amount, value: Fraction, formula: str = "") -> Amount:
    return Amount(value, amount.unit, amount.formula or formula, amount.cut)


def _enclosed(text: str) -> str:
    return f"({text})" if " " in text and not text.startswith("|") else text
