"""A formula line of ``core.formulas`` put together with its operands.

What does not apply leaves with its operator: ``notional x rate - deduction`` is ``{0} x {1}`` where nothing is
deducted. The result is a text with the operands as ``{0}``, ``{1}``, ..., and its value, reckoned from theirs.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cache, partial, reduce
from re import findall
from typing import NamedTuple, Protocol, TypeAlias

from marginctl.core.exact import ONE, ZERO
from marginctl.results.explanation import Step

WORDS, SUM, PRODUCT, ATOM = range(4)
"""How tightly a text binds; words are not reckoned."""
CLOSE = Decimal("1e-40")


class NameScope(Protocol):
    """What the names of a line stand for."""

    def operand(self, name: str) -> "Operand":
        """What a name stands for; None where it does not apply. Raises KeyError."""


Operand: TypeAlias = "Step | int | Decimal | NameScope | Sequence[Operand] | None"
"""A step, a sign (1 or -1), an amount as it stands, another subject, several of them."""


class LinePart(NamedTuple):
    """A part of a line: its text, how tightly it binds, its value, and its text with the sign reversed if it has one.

    ``is_bare``: a number of the line itself.
    """

    text: str
    binds: int
    value: Decimal | None
    reversed: str = ""
    is_bare: bool = False

    def within(self, least: int) -> str:
        """The text, in brackets where it binds less tightly."""
        return self.text if self.binds >= least else f"({self.text})"


Pieces: TypeAlias = "LinePart | list[LinePart | None] | None"


class FilledLine(NamedTuple):
    """A line with its operands."""

    formula: str
    operands: tuple[Step, ...]
    value: Decimal | None
    is_reckoned: bool

    def gives(self, value: object) -> bool:
        """Whether it is the line of a figure with this value, but for what division leaves."""
        if not self.is_reckoned or not isinstance(value, Decimal):
            return True
        return self.value is not None and abs(self.value - value) <= CLOSE * max(ONE, abs(value))


def read(lines: str, scope: NameScope, words: frozenset[str]) -> Iterator[FilledLine]:
    """The lines that apply to a subject, in order; ``words``: what it is, for lines that are of one kind alone."""
    for line in lines.split(" or ") if lines else ():
        word, _, formula = line.rpartition(": ")
        if not word or word in words:
            reading = _Reading(scope)
            piece = _sum(reading.of(_parsed(formula)))
            if piece is not None:
                yield FilledLine(*_in_order(piece.text, reading.operands), piece.value, piece.binds > WORDS)


def _in_order(text: str, operands: list[Step]) -> tuple[str, tuple[Step, ...]]:
    """The operands in the order of the text; behind them those that a sentence does not name."""
    order = list(dict.fromkeys([*map(int, findall(r"{(\d+)}", text)), *range(len(operands))]))
    return text.format(*(f"{{{order.index(k)}}}" for k in range(len(order)))), tuple(operands[k] for k in order)


@cache
def _parsed(formula: str) -> ast.expr:
    return ast.parse(formula.replace(" x ", " * ").strip(), mode="eval").body


class _Reading:
    """One reading of a line: its operands in the order in which they are met."""

    def __init__(self, scope: NameScope) -> None:
        self.operands: list[Step] = []
        self._scope = scope

    def of(self, node: ast.expr) -> Pieces:
        """The text and value of a part."""
        match node:
            case ast.Constant(value=str() as text):
                return LinePart(text, WORDS, None)
            case ast.Constant(value=number):
                return LinePart(str(number), ATOM, Decimal(str(number)), is_bare=True)
            case ast.Name(id=name):
                return self._placed(self._scope.operand(name))
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                return self._of_another(self._scope.operand(owner), name)
            case ast.UnaryOp(operand=operand):
                return _each(_negative, self.of(operand))
            case ast.BinOp(left=left, op=op, right=right):
                return _each(partial(_joined, type(op)), self.of(left), self.of(right))
            case ast.Call(func=ast.Name(id=name), args=args):
                return _called(name, [self.of(one) for one in args])
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._told(f" {COMPARED[type(op)]} ", left, right)
            case ast.BoolOp(values=values):
                return self._told(" and ", *values)
        raise ValueError(ast.unparse(node))

    def _told(self, between: str, *nodes: ast.expr) -> LinePart:
        pieces = [_sum(self.of(node)) for node in nodes]
        return LinePart(between.join(one.text for one in pieces if one is not None), WORDS, None)

    def _of_another(self, owner: Operand, name: str) -> Pieces:
        if owner is None or isinstance(owner, (Step, int, Decimal)):
            return None
        return [self._one(of, name) for of in owner] if isinstance(owner, Sequence) else self._one(owner, name)

    def _one(self, owner: Operand, name: str) -> LinePart | None:
        found = None if owner is None or isinstance(owner, (Step, int, Decimal, Sequence)) else owner.operand(name)
        return _sum(self._placed(found))

    def _placed(self, operand: Operand) -> Pieces:
        if isinstance(operand, int):
            return LinePart(SIGNS[operand > 0], ATOM, Decimal(operand))
        if isinstance(operand, Decimal):
            return LinePart(f"{operand:f}", ATOM, operand)
        if isinstance(operand, Step):
            if not any(one is operand for one in self.operands):
                self.operands.append(operand)
            number = next(k for k, one in enumerate(self.operands) if one is operand)
            return LinePart(f"{{{number}}}", ATOM, operand.value if isinstance(operand.value, Decimal) else None)
        return [_sum(self._placed(one)) for one in operand] if isinstance(operand, Sequence) else None


SIGNS = ("-", "+")
COMPARED: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">"}


def _each(reckon: Callable[..., LinePart | None], *operands: Pieces) -> Pieces:
    """Of single pieces the result; of rows one for each."""
    count = next((len(one) for one in operands if isinstance(one, list)), None)
    if count is None:
        return reckon(*operands)
    rows = (one if isinstance(one, list) else [one] * count for one in operands)
    return [reckon(*row) for row in zip(*rows, strict=True)]


def _flat(pieces: Iterable[Pieces]) -> list[LinePart]:
    return [one for piece in pieces for one in (piece if isinstance(piece, list) else [piece]) if one is not None]


def _sum(pieces: Pieces) -> LinePart | None:
    return reduce(partial(_added, ast.Add), found) if (found := _flat([pieces])) else None


def _negative(piece: LinePart | None) -> LinePart | None:
    if piece is None:
        return None
    value = None if piece.value is None else -piece.value
    if piece.text in SIGNS:
        return LinePart(SIGNS[piece.text == SIGNS[0]], ATOM, value)
    if piece.reversed:
        return LinePart(piece.reversed, piece.binds, value, piece.text)
    if piece.text.startswith("-") and piece.binds >= PRODUCT:
        return LinePart(piece.text[1:], piece.binds, value)
    return LinePart(f"-{piece.within(PRODUCT)}", PRODUCT, value)


def _joined(op: type[ast.operator], left: LinePart | None, right: LinePart | None) -> LinePart | None:
    """Two parts with their operator; what is left of them where one does not apply."""
    if left is None and op is ast.Div:
        return None
    if right is None or left is None:
        alone = left if right is None else _negative(right) if op is ast.Sub else right
        return None if alone is None or alone.is_bare else alone
    if op is ast.Mult and left.text in SIGNS:
        return right if left.text == SIGNS[1] else _negative(right)
    return _added(op, left, right) if op in {ast.Add, ast.Sub} else _multiplied(op, left, right)


def _added(op: type[ast.operator], left: LinePart, right: LinePart) -> LinePart:
    sign, text = (" + ", right.within(SUM)) if op is ast.Add else (" - ", right.within(PRODUCT))
    if text.startswith("-"):
        sign, text = (" - " if op is ast.Add else " + "), text[1:]
    value = None
    if left.value is not None and right.value is not None:
        value = left.value + right.value if op is ast.Add else left.value - right.value
    is_difference = sign == " - " and left.binds >= PRODUCT and right.binds >= PRODUCT
    return LinePart(f"{left.within(SUM)}{sign}{text}", SUM, value, f"{text} - {left.text}" if is_difference else "")


def _multiplied(op: type[ast.operator], left: LinePart, right: LinePart) -> LinePart:
    value = None
    if left.value is not None and right.value is not None:
        value = left.value * right.value if op is ast.Mult else left.value / right.value if right.value else None
    between = " x " if op is ast.Mult else " / "
    return LinePart(left.within(PRODUCT) + between + right.within(PRODUCT if op is ast.Mult else ATOM), PRODUCT, value)


def _called(name: str, given: list[Pieces]) -> LinePart | None:
    """A sum, a bound, a size, a sentence, or a choice by its words."""
    if name == "says":
        (told,) = _flat(given[:1])
        return told
    pieces = _flat(given)
    values = [piece.value for piece in pieces if piece.value is not None]
    if name == "max":
        pieces = [one for one in pieces if not one.is_bare or (values and max(values) <= (one.value or ZERO))]
    if name == "sum" or (len(pieces) < 2 and name != "abs"):
        return _sum(list(pieces))
    if name == "abs":
        value = abs(values[0]) if values else None
        return LinePart(f"|{pieces[0].text}|", ATOM, value) if pieces else None
    if name == "max":
        whole = max(values) if len(values) == len(pieces) else None
        return LinePart(f"max({', '.join(piece.text for piece in pieces)})", ATOM, whole)
    between = " and " if len(pieces) == 2 else ", "
    return LinePart(f"{name.replace('_', ' ')} {between.join(piece.text for piece in pieces)}", WORDS, None)
