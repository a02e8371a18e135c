"""Rules of one's own: what stands under ``custom:`` in a policy, as rules that the engine evaluates like others."""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from msgspec import Struct

from marginctl.core.exact import Direction, rounded
from marginctl.core.figures import FIGURES
from marginctl.document.nodes import Node, Scalar
from marginctl.document.source import Source, echo
from marginctl.findings import Location, Problem
from marginctl.limits.context import Context
from marginctl.limits.custom_names import Value
from marginctl.limits.custom_parser import Expr, ExpressionError, Figured, Literal, OfRows, Operation, condition, parse
from marginctl.limits.custom_values import Reckoning, TooManyStepsError
from marginctl.limits.format import CustomEntry
from marginctl.limits.registry import is_custom
from marginctl.limits.rule import Fact, Measurement, Rule, Unit, Unknown, advice
from marginctl.wording import amount, separated

ACCOUNT = "account"
SUBJECTS = {"positions": "key", "pools": "name", "collateral": "asset", "underlyings": "asset"}
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
            place = context.locations.position(subject) if self.rows == "positions" else context.locations.account
            yield _measurement(self, reckoning, row, subject, place)


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
