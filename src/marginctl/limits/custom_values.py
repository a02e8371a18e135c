"""What an expression of a custom rule comes to on one report: exact, never an exception, in a bounded number of steps.

A figure that does not exist makes everything that needs it unknown, as does a division by 0; ``false and ...`` and
``true or ...`` need nothing more. A text that does not exist is merely none of those it is compared with. What is
unknown in the end is no pass: the rule cannot be evaluated.
"""

from collections.abc import Callable
from decimal import Decimal
from operator import add, mul, sub
from typing import Any

from marginctl.core.exact import ONE, ZERO, sign
from marginctl.core.report import Report
from marginctl.limits.custom_names import Value, value_at
from marginctl.limits.custom_parser import Chain, Existence, Expr, Figured, Literal, OfRows

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
