"""Rules of one's own: what stands under ``custom:`` in a policy, as rules that the engine evaluates like others."""

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from operator import add, mul, sub
from typing import Any

from msgspec import Struct

from marginctl.core.exact import ONE, ZERO, Direction, rounded, sign
from marginctl.core.figures import FIGURES
from marginctl.core.report import Report
from marginctl.document.nodes import Node, Scalar
from marginctl.document.source import Source, echo
from marginctl.findings import Location, Problem
from marginctl.limits.custom_names import Value, value_at
from marginctl.limits.custom_parser import (
    Chain,
    Existence,
    Expr,
    ExpressionError,
    Figured,
    Literal,
    OfRows,
    Operation,
    condition,
    parse,
    refuse_idle,
)
from marginctl.limits.format import CustomEntry
from marginctl.limits.rule import Context, Fact, Measurement, Rule, Unit, Unknown, advice
from marginctl.limits.rules import is_custom
from marginctl.wording import amount, separated

MOST_STEPS = 300_000
NUMERIC: dict[str, Callable[[Any, Any], Any]] = {"+": add, "-": sub, "*": mul}
"""Operators on numbers that always have a result."""


class TooManyStepsError(Exception):
    """An expression that takes too long on this account."""


class Reckoning:
    """One expression on one report; ``missing``: why it is unknown, where it is."""

    def __init__(self, report: Report, text: str) -> None:
        self.report = report
        self.text = text
        self.steps = 0
        self.missing: dict[str, None] = {}

    def value(self, found: Expr, row: Any = None) -> Value:
        """The value; None where it is unknown. Raises TooManyStepsError."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TooManyStepsError
        if isinstance(found, Literal):
            return found.value
        if isinstance(found, Figured):
            return self._figure(found, row)
        if isinstance(found, Chain):
            return self._logic(found, row) if found.type == "flag" else self._number(found, row)
        if isinstance(found, Existence):
            return self._exists(found, row)
        return self._of_rows(found) if isinstance(found, OfRows) else self._operation(found, row)

    def _figure(self, found: Figured, row: Any) -> Value:
        value = value_at(self.report, row, found.name)
        if value is None:
            self.missing[f"`{self.text[found.start : found.end]}` does not exist"] = None
        return value

    def _exists(self, found: Existence, row: Any) -> bool:
        before = dict(self.missing)
        value = self.value(found.of, row)
        self.missing = before
        return (value is not None) is found.exists

    def _logic(self, found: Chain, row: Any) -> bool | None:
        """``and`` is false as soon as an operand is, ``or`` true; else unknown where one is."""
        decisive = found.rest[0][0] == "or"
        before, is_unknown = dict(self.missing), False
        for operand in (found.first, *(one for _, one in found.rest)):
            value = self.value(operand, row)
            if value is decisive:
                self.missing = before
                return decisive
            is_unknown = is_unknown or value is None
        return None if is_unknown else not decisive

    def _number(self, found: Chain, row: Any) -> Value:
        result: Any = self.value(found.first, row)
        for symbol, one in found.rest:
            other: Any = self.value(one, row)
            if result is None or other is None:
                result = None
            elif symbol == "/":
                result = self._quotient(result, other, one)
            else:
                result = NUMERIC[symbol](result, other)
        return result  # type: ignore[no-any-return]

    def _quotient(self, numerator: Decimal, denominator: Decimal, of: Expr) -> Decimal | None:
        if denominator:
            return numerator / denominator
        self.missing[f"`{self.text[of.start : of.end]}` is 0, and something is divided by it"] = None
        return None

    def _operation(self, found: Any, row: Any) -> Value:
        before = dict(self.missing)
        operands: list[Any] = [self.value(one, row) for one in found.operands]
        if found.operands[0].type == "text":
            self.missing = before
            return compared(found.sign, *operands)
        if any(one is None for one in operands):
            return None
        if found.sign == "not":
            return not operands[0]
        if found.sign in OF_NUMBERS:
            return OF_NUMBERS[found.sign](operands)  # type: ignore[no-any-return]
        return compared(found.sign, *operands)

    def _of_rows(self, found: OfRows) -> Value:
        """A function over rows: unknown as soon as one row is, but where another row decides already."""
        if found.function in ("any", "all"):
            return self._decided(found)
        chosen, rest = ZERO, ZERO
        values: list[Decimal] = []
        is_unknown = False
        for one in getattr(self.report, found.rows):
            holds, each = self._row(found, one)
            if holds is None or each is None:
                is_unknown = True
            elif holds:
                chosen += each
                values.append(each)
            else:
                rest += each
        if is_unknown:
            return None
        if found.function in ("min", "max"):
            return self._extreme(found, values)
        return self._quotient(chosen, chosen + rest, found) if found.function == "share" else chosen

    def _row(self, found: OfRows, row: Any) -> tuple[Any, Any]:
        """Whether a row counts, and with what; the others matter for a share alone."""
        holds = True if found.where is None else self.value(found.where, row)
        if found.each is None:
            return holds, ONE
        return holds, self.value(found.each, row) if holds or found.function == "share" else ZERO

    def _extreme(self, found: OfRows, values: list[Decimal]) -> Decimal | None:
        if values:
            return min(values) if found.function == "min" else max(values)
        self.missing[f"`{self.text[found.start : found.end]}` is of no row"] = None
        return None

    def _decided(self, found: OfRows) -> bool | None:
        decisive = found.function == "any"
        before = dict(self.missing)
        values = [self.value(found.where, one) for one in getattr(self.report, found.rows)]  # type: ignore[arg-type]
        if decisive in values:
            self.missing = before
            return decisive
        return None if None in values else not decisive


OF_NUMBERS: dict[str, Callable[[list[Any]], Any]] = {
    "minus": lambda operands: -operands[0],
    "abs": lambda operands: abs(operands[0]),
    "min": min,
    "max": max,
}


def compared(symbol: str, left: Any, right: Any) -> bool:
    """A comparison; numbers that agree but for what a division leaves are equal."""
    if not isinstance(left, Decimal):
        return (left == right) is (symbol == "==")
    side = sign(left - right, abs(left) + abs(right))
    return {
        "<": side < 0,
        "<=": side <= 0,
        ">": side > 0,
        ">=": side >= 0,
        "==": side == 0,
        "!=": side != 0,
    }[symbol]


ACCOUNT = "account"
SUBJECTS = {"positions": "key", "pools": "name", "collateral": "asset", "other": "name", "underlyings": "asset"}
"""Lists of a report -> what its rows are called by."""
UNITS = {"ratio": Unit.FRACTION, "multiple": Unit.MULTIPLE, "days": Unit.DAYS}
PLACES = 8
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
HELP = "where a figure may not exist, say what then holds: `NAME == null or NAME >= 30`"


class Template(Struct, frozen=True):
    """A message: texts with an expression behind each of them, the last without."""

    texts: tuple[str, ...]
    values: tuple[tuple[str, Expr], ...]


class CustomRule(Struct, frozen=True):
    """A condition that has to hold: of the account, or of every row of a list (``rows``)."""

    name: str
    text: str
    tree: Expr
    rows: str
    message: Template | None
    remedy: str

    def __call__(self, context: Context) -> Iterable[Measurement]:
        """The measure of the rule: whether the condition holds."""
        reckoning = Reckoning(context.report, self.text)
        if not self.rows:
            yield _measurement(self, reckoning, None, ACCOUNT, context.locations.account)
            return
        for row in getattr(context.report, self.rows):
            subject = getattr(row, SUBJECTS[self.rows])
            yield _measurement(self, reckoning, row, subject, context.locations.row(self.rows, subject))


Made = dict[str, tuple[CustomEntry, Rule]]
"""By code."""


def custom_rules(entries: Iterable[CustomEntry], source: Source) -> tuple[Made, list[Problem]]:
    """The rules of a policy by code, each with what it was made of, and what is wrong with them."""
    found: Made = {}
    problems: list[Problem] = []
    for entry in entries:
        wrong = list(_code_problems(entry, found, source))
        rule, more = _rule(entry, source)
        problems += [*wrong, *more]
        if rule is not None and not wrong:
            found[entry.code] = entry, rule
    return found, problems


def _code_problems(entry: CustomEntry, known: dict[str, Any], source: Source) -> Iterator[Problem]:
    place = entry.at(CustomEntry.code)
    if not is_custom(entry.code):
        advice = "write capitals and digits, such as ORG001; codes that begin with MC are taken"
        yield source.problem(place, "MC015", f"{echo(entry.code)} is no code for a rule of one's own", advice)
    elif entry.code in known:
        yield source.problem(place, "MC016", f"the code {echo(entry.code)} is given twice", "write another one")


def _rule(entry: CustomEntry, source: Source) -> tuple[Rule | None, list[Problem]]:
    at_expression, at_message = entry.at(CustomEntry.expression), entry.at(CustomEntry.message)
    place, offset = at_expression, 0
    try:
        tree = condition(entry.expression, entry.where)
        refuse_idle(tree, entry.expression)
        place = at_message
        message = None
        if entry.message:
            parts = list(_PLACEHOLDER.finditer(entry.message))
            message, offset = _template(entry.message, parts, entry.where), 0
    except ExpressionError as error:
        return None, [_problem(error, place, offset, source)]
    found = CustomRule(entry.name or entry.code, entry.expression, tree, entry.where, message, entry.remedy)
    return _as_rule(entry.code, found), []


def _template(message: str, parts: list[re.Match[str]], rows: str) -> Template:
    """Raises ExpressionError, at its place in the message."""
    values = []
    for part in parts:
        try:
            values.append((part[1], parse(part[1], rows)))
        except ExpressionError as error:
            raise ExpressionError(part.start(1) + error.offset, error.message, error.help) from None
    return Template(tuple(_PLACEHOLDER.split(message)[::2]), tuple(values))


def _problem(error: ExpressionError, node: Node, offset: int, source: Source) -> Problem:
    """At the very character, where the text stands in one line as it is."""
    place: Node | tuple[int, int] = node
    if isinstance(node, Scalar) and node.line and node.end_column:
        quote = 0 if node.plain else 1
        start = node.column - 1 + quote
        if source.line(node.line)[start : start + len(node.text)] == node.text:
            place = node.line, node.column + quote + error.offset + offset
    return source.problem(place, "MC017", error.message, error.help)


def _as_rule(code: str, found: CustomRule) -> Rule:
    return Rule(
        code=code,
        name=found.name,
        summary=f"`{found.text}`" + (f" of each of {found.rows}" if found.rows else ""),
        manual=found.text,
        measure=found,
        key=code,
        unit=_unit(found.tree),
        default_severity=None,
    )


def _unit(tree: Expr) -> Unit:
    left = tree.operands[0] if isinstance(tree, Operation) and len(tree.operands) == 2 else tree
    if isinstance(left, OfRows):
        return Unit.FRACTION if left.function == "share" else Unit.NONE
    row = FIGURES.get(left.name.path[-1]) if isinstance(left, Figured) else None
    return UNITS.get(row.kind, Unit.NONE) if row is not None else Unit.NONE


def _measurement(found: CustomRule, reckoning: Reckoning, row: Any, subject: str, place: Location) -> Measurement:
    reckoning.missing = {}
    try:
        holds = reckoning.value(found.tree, row)
        if holds is None:
            why = "; ".join(reckoning.missing) or "it is not known"
            return Measurement(subject, Unknown(why, HELP), found.name, place)
        value, limit = _sides(found.tree, reckoning, row)
        what = found.name if holds else _message(found, reckoning, row)
    except TooManyStepsError:
        why = "it takes too many steps on this account"
        return Measurement(subject, Unknown(why, "write it without lists within lists"), found.name, place)
    headroom = None if value is None or limit is None else abs(value - limit) * (1 if holds else -1)
    aliases = (getattr(row, "symbol", ""),) if row is not None else ()
    return Measurement(
        subject, Fact(not holds, value, limit, headroom), what, place, aliases=aliases, remedy=advice(found.remedy)
    )


def _sides(tree: Expr, reckoning: Reckoning, row: Any) -> tuple[Decimal | None, Decimal | None]:
    """What stands on the two sides of a comparison of numbers; nothing of any other condition."""
    if not isinstance(tree, Operation) or len(tree.operands) != 2:
        return None, None
    left, right = (reckoning.value(one, row) for one in tree.operands)
    return (left, right) if isinstance(left, Decimal) and isinstance(right, Decimal) else (None, None)


def _message(found: CustomRule, reckoning: Reckoning, row: Any) -> str:
    if found.message is None:
        told = _told(found.tree, found.text, reckoning, row)
        return f"{found.name}: `{found.text}` does not hold" + (f" ({told})" if told else "")
    values = [*(_shown(one, reckoning, row) for _, one in found.message.values), ""]
    return "".join(text + value for text, value in zip(found.message.texts, values, strict=True))


def _told(tree: Expr, text: str, reckoning: Reckoning, row: Any) -> str:
    sides = tree.operands if isinstance(tree, Operation) else ()
    written = [(text[one.start : one.end], one) for one in sides if not isinstance(one, Literal)]
    return ", ".join(f"{name} is {_shown(one, reckoning, row)}" for name, one in written)


def _shown(of: Expr, reckoning: Reckoning, row: Any) -> str:
    """A value in words."""
    value: Value = reckoning.value(of, row)
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, Decimal):
        return "unknown" if value is None else value
    unit = _unit(of)
    places = PLACES if unit is Unit.NONE else 4
    settled = rounded(value, places, Direction.NEAREST)
    return separated(settled) if unit is Unit.NONE else amount(settled, unit.value)
