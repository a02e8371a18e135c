"""The bundled maps, one file for each rule set whose answers are read, and how a file becomes a map."""

import pathlib
import re
from collections.abc import Callable
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from marginctl.document.nodes import Mapping, Node, Scalar, Sequence, is_null
from marginctl.document.reader import read
from marginctl.document.source import Collector, Source, echo, in_order
from marginctl.findings import Problem
from marginctl.venues.answers import expressions as to
from marginctl.venues.answers.answer_map import AnswerForm, AnswerMap
from marginctl.venues.answers.expressions import COMBINATIONS, NumberRead, Path, Word, path_of, printed

SCHEMA = "marginctl.answers/1"
DATA = pathlib.Path(__file__).parent.parent / "data" / "answers"


@cache
def bundled_maps() -> dict[str, AnswerMap]:
    """The maps by rule set, in alphabetical order."""
    return {path.stem: _map(path) for path in sorted(DATA.glob("*.yaml"))}


def _map(path: pathlib.Path) -> AnswerMap:
    found, problems = answer_map_of(path.read_bytes(), path.name)
    if found is None:
        first = problems[0]
        raise RuntimeError(f"bundled map {path.name}, line {first.location.line}: {first.message}")
    return found


@cache
def forms_of(venue: str) -> tuple[tuple[AnswerMap, AnswerForm], ...]:
    """The answers of a rule set: its own, and those it shares with another map."""
    own = bundled_maps()[venue]
    shared = [(bundled_maps()[one.map], name) for one in own.shares for name in one.answers]
    return (
        *((own, form) for form in own.answers),
        *((own, form) for other, name in shared for form in other.answers if form.name == name),
    )


@cache
def is_own(venue: str, form: str) -> bool:
    """Whether a form is written in the rule set's own map."""
    return any(one.name == form for one in bundled_maps()[venue].answers)


def answer_map_of(data: bytes, name: str) -> tuple[AnswerMap | None, list[Problem]]:
    """The map in a file; None with everything that is wrong with it, each at its line."""
    source, node, problems = read(data, name)
    if node is None or problems:
        return None, problems
    reader = _Reader(source)
    found = reader.struct(node, AnswerMap)
    if isinstance(found, AnswerMap) and found.schema != SCHEMA:
        reader.found.add(node, "MC016", f"`schema` is {echo(found.schema)}", f"write {SCHEMA}")
    problems = in_order(reader.found.problems)
    return (None, problems) if problems else (found, [])


class _MapError(ValueError):
    """What is wrong with a node: ``arguments`` of a problem."""

    def __init__(self, node: Node, code: str, message: str, help: str = "") -> None:
        super().__init__(message)
        self.arguments = (node, code, message, help)


@cache
def _hints(kind: type[Struct]) -> dict[str, Any]:
    return get_type_hints(kind)


class _Reader:
    """Reads nodes by type. What does not fit is a problem and is left out."""

    def __init__(self, source: Source) -> None:
        self.found = Collector(source, [])

    def struct(self, node: Node, kind: type[Struct]) -> Any:
        entries = _entries(node, f"`{kind.__name__}`")
        known = {field.name: field for field in fields(kind)}
        values: dict[str, Any] = {}
        for name, (key, value) in entries.items():
            if name not in known:
                self.found.add(key, "MC010", f"unknown key {echo(name)}", f"known here: {', '.join(known)}")
                continue
            try:
                values[name] = self.value(value, _hints(kind)[name])
            except _MapError as error:
                self.found.add(*error.arguments)
        required = [field.name for field in known.values() if field.required and field.default is NODEFAULT]
        missing = [name for name in required if name not in entries]
        for name in missing:
            self.found.add(node, "MC012", f"`{name}` is missing", f"add `{name}`")
        return kind(**values) if set(required) <= values.keys() else None

    def value(self, node: Node, kind: Any) -> Any:
        if get_origin(kind) is UnionType:
            kind = get_args(kind)[0]
        if get_origin(kind) is tuple:
            found = [self.value(one, get_args(kind)[0]) for one in _items(node)]
            return tuple(one for one in found if one is not None)
        if get_origin(kind) is not None:
            return {name: self.value(one, get_args(kind)[1]) for name, (_, one) in _entries(node, "it").items()}
        return self.single(node, kind)

    def single(self, node: Node, kind: Any) -> Any:
        readers: dict[Any, Callable[[Node], Any]] = {
            NumberRead: number,
            Word: word,
            Path: _path,
            str: _text,
            bool: _flag,
        }
        if kind in readers:
            return readers[kind](node)
        if kind is int:
            return int(_whole(node))
        if issubclass(kind, Enum):
            return _member(node, kind)
        return self.struct(node, kind)


def _entries(node: Node, what: str) -> dict[str, tuple[Scalar, Node]]:
    if not isinstance(node, Mapping):
        raise _MapError(node, "MC013", f"{what} must be a mapping", "write keys and values")
    return {key.text: (key, value) for key, value in node.entries}


def _items(node: Node) -> list[Node]:
    if not isinstance(node, Sequence):
        raise _MapError(node, "MC013", "this must be a list", "write [a, b]")
    return node.items


def _text(node: Node) -> str:
    if not isinstance(node, Scalar) or is_null(node):
        raise _MapError(node, "MC013", "this must be a text", "write a word")
    return node.text


def _path(node: Node) -> Path:
    return path_of(_text(node))


def _flag(node: Node) -> bool:
    if _text(node) not in ("true", "false"):
        raise _MapError(node, "MC013", "this must be true or false")
    return _text(node) == "true"


MOST_DIGITS = 3
"""Of a number of places: 10 to the power of it is computed."""


def _whole(node: Node) -> str:
    if not _text(node).isdecimal():
        raise _MapError(node, "MC013", f"{echo(_text(node))} is no whole number")
    return _text(node)


def _places(node: Node) -> int:
    if len(_whole(node)) > MOST_DIGITS:
        raise _MapError(node, "MC014", f"{echo(_text(node))} has more than {MOST_DIGITS} digits")
    return int(_whole(node))


def _member(node: Node, kind: type[Enum]) -> Enum:
    known = {str(one.value): one for one in kind}
    if _text(node) not in known:
        raise _MapError(node, "MC013", f"{echo(_text(node))} is not known here", f"known: {', '.join(known)}")
    return known[_text(node)]


def number(node: Node) -> NumberRead:
    """The number expression in a node."""
    if isinstance(node, Scalar):
        return to.number_at(_path(node))
    if isinstance(node, Mapping) and {key.text for key, _ in node.entries} == {"of", "places"}:
        entries = _entries(node, "")
        return to.cut(number(entries["of"][1]), _places(entries["places"][1]))
    name, operand = _operator(node)
    one = {"abs": to.absolute, "negate": to.negated, "nonzero": to.nonzero}.get(name)
    if one is not None:
        return one(number(operand))
    if name == "const":
        return _constant(operand)
    if name == "first" or name in COMBINATIONS:
        operands = tuple(number(item) for item in _items(operand))
        if not operands:
            raise _MapError(operand, "MC012", f"`{name}` has no operands")
        return to.first_number(operands) if name == "first" else to.combined(name, operands)
    if name == "sum_of":
        parts = _named(operand, "rows", "value")
        return to.sum_of(_path(parts["rows"]), number(parts["value"]))
    if name == "map":
        field, choices = _choices(operand)
        numbers = {key: number(one) if isinstance(one, Mapping) else _constant(one) for key, one in choices.items()}
        return NumberRead(field.text, to.chosen(field, {key: one.of for key, one in numbers.items()}))
    raise _unknown(node, name, "const, abs, negate, nonzero, first, sum, minus, times, over, sum_of, map, of")


def word(node: Node) -> Word:
    """The text expression in a node."""
    if isinstance(node, Scalar):
        return to.word_at(_path(node))
    name, operand = _operator(node)
    if name == "const":
        return _meaning(operand)
    if name == "first":
        return to.first_word(tuple(word(item) for item in _items(operand)))
    if name == "map":
        field, choices = _choices(operand)
        return Word(field.text, to.chosen(field, {key: _meaning(one).of for key, one in choices.items()}))
    if name == "without":
        entries = _named(operand, "field", "end")
        return to.without(word(entries["field"]), _text(entries["end"]))
    if name == "by_zero":
        entries = _named(operand, "of", "zero", "nonzero")
        return to.by_zero(number(entries["of"]), _text(entries["zero"]), _text(entries["nonzero"]))
    if name == "sign":
        return to.signed(number(operand))
    if name == "spelled":
        return _spelled(operand)
    raise _unknown(node, name, "const, first, map, sign, by_zero, without, spelled")


def _operator(node: Node) -> tuple[str, Node]:
    entries = node.entries if isinstance(node, Mapping) else []
    if len(entries) != 1:
        raise _MapError(node, "MC013", "this must be a path, or one operator", "write `over: [a, b]`")
    return entries[0][0].text, entries[0][1]


def _unknown(node: Node, name: str, known: str) -> _MapError:
    return _MapError(node, "MC010", f"unknown operator {echo(name)}", f"known: {known}")


def _constant(node: Node) -> NumberRead:
    amount = printed(_text(node))
    if amount is None:
        raise _MapError(node, "MC014", f"{echo(_text(node))} is no number")
    return to.constant(_text(node), amount.value)


def _named(node: Node, *names: str) -> dict[str, Node]:
    entries = {name: value for name, (_, value) in _entries(node, "the operand").items()}
    if set(entries) != set(names):
        raise _MapError(node, "MC012", f"this must have {', '.join(map(echo, names))}")
    return entries


def _choices(node: Node) -> tuple[Word, dict[str, Node]]:
    """The field of a ``map``, and what each of its words means."""
    entries = _named(node, "field", "map")
    return word(entries["field"]), {name: one for name, (_, one) in _entries(entries["map"], "`map`").items()}


def _meaning(node: Node) -> Word:
    """What a word means: a word of ours, ``""`` for not given, or an expression."""
    if not isinstance(node, Scalar):
        return word(node)
    text = _text(node) or None
    return Word(node.text, lambda _: text)


def _spelled(node: Node) -> Word:
    entries = _named(node, "field", "pattern", "form")
    pattern, form = _text(entries["pattern"]), _text(entries["form"])
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError) as error:
        raise _MapError(entries["pattern"], "MC016", f"{echo(pattern)} is no pattern: {error}") from None
    try:
        compiled.sub(form, "")  # reads the form, whatever there is to replace
    except (re.error, IndexError) as error:
        raise _MapError(entries["form"], "MC016", f"{echo(form)} is no form: {error}") from None
    return to.spelled(word(entries["field"]), pattern, form)
