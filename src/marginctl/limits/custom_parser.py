"""The expressions of custom rules: a text -> a tree whose names and types are known to fit. No code is ever run.

::

    or         := and ("or" and)*              and := not ("and" not)*            not := "not" not | comparison
    comparison := sum (("<"|"<="|">"|">="|"=="|"!=") sum)?
    sum        := product (("+"|"-") product)*  product := sign (("*"|"/") sign)*  sign := "-" sign | atom
    atom       := NUMBER["%"] | "text" | true | false | null | name | function "(" or ("," or)* ")" | "(" or ")"
"""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from marginctl.document.source import echo
from marginctl.limits.custom_names import ROWS, Name, Type, names_of, unknown

LONGEST = 1_000
DEEPEST = 24
MOST_ROWS_DEEP = 2
"""Lists within lists: more would take the size of an account to a power."""
MOST_DIGITS = 60
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?%?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)"
    r"|(?P<text>\"[^\"]*\"|'[^']*')|(?P<sign><=|>=|==|!=|[-+*/<>(),]))",
    re.ASCII,
)
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
OVER_ROWS: dict[str, Type] = {
    "sum": "number",
    "share": "number",
    "min": "number",
    "max": "number",
    "count": "number",
    "any": "flag",
    "all": "flag",
}
"""Functions over the rows of a list -> what they give."""
OF_NUMBERS = ("abs", "min", "max")
WORDS = {"and", "or", "not", "true", "false", "null"}


class ExpressionError(ValueError):
    """An expression that means nothing: where in its text (from 0), what is wrong, and what to write."""

    def __init__(self, offset: int, message: str, help: str = "") -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.help = help


class Expr(Struct, frozen=True):
    """A part of an expression. ``start`` and ``end``: where it stands in the text."""

    type: Type
    start: int
    end: int


class Literal(Expr, frozen=True):
    """A number, a text or a flag."""

    value: Decimal | str | bool


class Figured(Expr, frozen=True):
    """A figure of the report or of the row."""

    name: Name


class Chain(Expr, frozen=True):
    """Operands with operators between them, from the left: ``and``, ``or``, ``+``, ``-``, ``*``, ``/``."""

    first: Expr
    rest: tuple[tuple[str, Expr], ...]


class Operation(Expr, frozen=True):
    """``not``, ``minus``, a comparison, ``abs``, ``min`` or ``max`` with its operands."""

    sign: str
    operands: tuple[Expr, ...]


class OfRows(Expr, frozen=True):
    """A function over the rows of a list: of ``each``, where ``where`` holds."""

    function: str
    rows: str
    each: Expr | None
    where: Expr | None


class Existence(Expr, frozen=True):
    """Whether a figure exists (``!= null``) or does not."""

    of: Expr
    exists: bool


class Token(NamedTuple):
    """A word of an expression and where it stands; the last one is empty."""

    kind: str
    text: str
    start: int
    end: int


def parse(text: str, rows: str = "") -> Expr:
    """The tree of a condition over the report, or over a row of one of its lists. Raises ExpressionError."""
    if len(text) > LONGEST:
        raise ExpressionError(0, f"the expression has more than {LONGEST:,} characters", "split it into several rules")
    reader = _Parser(_tokens(text), rows)
    found = reader.either()
    reader.end()
    return found


def condition(text: str, rows: str = "") -> Expr:
    """A tree that is true or false. Raises ExpressionError."""
    found = parse(text, rows)
    if found.type != "flag":
        raise ExpressionError(found.start, f"this is a {found.type}, not a condition", "compare it: `... >= 100000`")
    return found


def refuse_idle(found: Expr, text: str) -> None:
    """Refuse a condition that no account can break, or every one does. Raises ExpressionError.

    One that names no figure, or that compares an expression with itself.
    """
    parts = list(_parts(found))
    if not any(isinstance(one, Figured | OfRows) for one in parts):
        raise ExpressionError(found.start, "the rule is the same for every account", "name a figure of the report")
    for one in parts:
        if isinstance(one, Operation) and one.sign in COMPARISONS:
            left, right = (text[side.start : side.end] for side in one.operands)
            if left == right:
                raise ExpressionError(one.start, f"{echo(left)} is compared with itself", "compare it with a limit")


def _parts(found: Expr) -> Iterator[Expr]:
    """An expression and all that it is made of."""
    yield found
    inner: tuple[Expr | None, ...] = ()
    match found:
        case Chain():
            inner = (found.first, *(one for _, one in found.rest))
        case Operation():
            inner = found.operands
        case OfRows():
            inner = (found.each, found.where)
        case Existence():
            inner = (found.of,)
    for one in inner:
        if one is not None:
            yield from _parts(one)


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            start = place + len(text[place:]) - len(text[place:].lstrip())
            raise ExpressionError(start, f"{echo(text[start])} is no part of an expression", _wrong(text[start]))
        kind = match.lastgroup or ""
        found.append(Token(kind, match[kind], match.start(kind), match.end()))
        place = match.end()
    return [*found, Token("", "", end, end)]


def _wrong(character: str) -> str:
    if character in "=&|!":
        return "write ==, !=, and, or, not"
    return "close the quotes" if character in "\"'" else 'names, numbers, "texts", + - * / < <= > >= == != ( ) ,'


class _Parser:
    """Reads tokens from left to right; one method per line of the grammar."""

    def __init__(self, tokens: list[Token], rows: str) -> None:
        self.tokens = tokens
        self.place = 0
        self.scopes = [rows]
        self.depth = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def take(self, *texts: str) -> Token | None:
        token = self.next
        if token.kind in ("sign", "name") and token.text in texts:
            self.place += 1
            return token
        return None

    def end(self) -> None:
        token = self.next
        if token.kind:
            is_second = token.text in COMPARISONS
            advice = "join conditions with `and` or `or`" if is_second else "an operator belongs before it"
            raise ExpressionError(token.start, f"{echo(token.text)} does not go on from what stands before it", advice)

    def either(self) -> Expr:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ExpressionError(self.next.start, f"nested deeper than {DEEPEST} levels", "write it flatter")
        found = self.chain(("or",), lambda: self.chain(("and",), self.negation, "flag"), "flag")
        self.depth -= 1
        return found

    def chain(self, signs: tuple[str, ...], operand: "Callable[[], Expr]", wanted: Type) -> Expr:
        first = operand()
        rest: list[tuple[str, Expr]] = []
        while token := self.take(*signs):
            rest.append((token.text, operand()))
            _expect(first, wanted, token.text)
            _expect(rest[-1][1], wanted, token.text)
        return Chain(wanted, first.start, rest[-1][1].end, first, tuple(rest)) if rest else first

    def negation(self) -> Expr:
        count, first = 0, self.next.start
        while self.take("not"):
            count += 1
        found = self.comparison()
        if count:
            _expect(found, "flag", "not")
        return Operation("flag", first, found.end, "not", (found,)) if count % 2 else found

    def comparison(self) -> Expr:
        left = self.sum()
        token = self.take(*COMPARISONS)
        if token is None:
            return left
        if token.text in ("==", "!=") and self.take("null"):
            return Existence("flag", left.start, self.tokens[self.place - 1].end, left, token.text == "!=")
        right = self.sum()
        if left.type != right.type:
            raise ExpressionError(right.start, f"a {left.type} is compared with a {right.type}", "compare equal kinds")
        if token.text not in ("==", "!="):
            _expect(left, "number", token.text)
        return Operation("flag", left.start, right.end, token.text, (left, right))

    def sum(self) -> Expr:
        return self.chain(("+", "-"), lambda: self.chain(("*", "/"), self.signed, "number"), "number")

    def signed(self) -> Expr:
        count, first = 0, self.next.start
        while self.take("-"):
            count += 1
        found = self.atom()
        if count:
            _expect(found, "number", "-")
        return Operation("number", first, found.end, "minus", (found,)) if count % 2 else found

    def atom(self) -> Expr:
        token = self.next
        self.place += 1
        if token.kind == "number":
            return _number(token)
        if token.kind == "text":
            return Literal("text", token.start, token.end, token.text[1:-1])
        if token.text == "(":
            found = self.either()
            self.close()
            return found
        if token.text in ("true", "false"):
            return Literal("flag", token.start, token.end, token.text == "true")
        if token.text == "null":
            raise ExpressionError(token.start, "`null` stands for no value", "write `NAME == null` or `NAME != null`")
        if token.kind == "name" and token.text not in WORDS:
            return self.call(token) if self.take("(") else self.name(token)
        self.place -= 1
        what = f"before {echo(token.text)}" if token.kind else "at the end"
        raise ExpressionError(token.start, f"a value is missing {what}", 'write a name, a number or a "text"')

    def close(self) -> None:
        if not self.take(")"):
            raise ExpressionError(self.next.start, "a closing parenthesis is missing", "add `)`")

    def name(self, token: Token) -> Expr:
        found = names_of(self.scopes[-1]).get(token.text)
        if found is None:
            raise ExpressionError(token.start, *unknown(token.text, self.scopes[-1]))
        return Figured(found.type, token.start, token.end, found)

    def call(self, token: Token) -> Expr:
        rows = self.next.text
        if token.text in OVER_ROWS and self.next.kind == "name" and rows in ROWS:
            self.place += 1
            return self.of_rows(token, rows)
        if token.text not in OF_NUMBERS:
            is_known = token.text in OVER_ROWS
            advice = f"it goes over a list: {token.text}(positions, ...)" if is_known else _functions()
            raise ExpressionError(token.start, f"there is no function `{token.text}` of this", advice)
        operands = [self.either()]
        while self.take(","):
            operands.append(self.either())
        for one in operands:
            _expect(one, "number", token.text)
        self.close()
        if token.text == "abs" and len(operands) > 1:
            raise ExpressionError(operands[1].start, "`abs` takes one number", "take it of each")
        return Operation("number", token.start, self.tokens[self.place - 1].end, token.text, tuple(operands))

    def of_rows(self, token: Token, rows: str) -> Expr:
        if len(self.scopes) > MOST_ROWS_DEEP:
            raise ExpressionError(token.start, f"lists nested deeper than {MOST_ROWS_DEEP}", "write several rules")
        self.scopes.append(rows)
        given = []
        while self.take(","):
            given.append(self.either())
        self.scopes.pop()
        end = self.next.end
        self.close()
        is_condition = token.text in ("count", "any", "all")
        each, where = (None, given[0] if given else None) if is_condition else (*given, None, None)[:2]
        if len(given) > (1 if is_condition else 2) or (token.text != "count" and not given):
            raise ExpressionError(token.start, f"`{token.text}` of {rows} takes other things", USAGE[token.text])
        if each is not None:
            _expect(each, "number", token.text)
        if where is not None:
            _expect(where, "flag", token.text)
        if token.text == "share" and where is None:
            raise ExpressionError(token.start, "`share` needs a condition: of what", USAGE["share"])
        return OfRows(OVER_ROWS[token.text], token.start, end, token.text, rows, each, where)


USAGE = {
    **dict.fromkeys(("sum", "min", "max"), "write LIST, a number of each row, and a condition if wanted"),
    "share": 'write share(positions, notional, symbol == "BTCUSDT")',
    **dict.fromkeys(("count", "any", "all"), "write LIST and a condition"),
}


def _functions() -> str:
    return f"functions are {', '.join(sorted({*OVER_ROWS, *OF_NUMBERS}))}"


def _number(token: Token) -> Expr:
    digits = token.text.removesuffix("%")
    if len(digits) > MOST_DIGITS:
        raise ExpressionError(token.start, f"more than {MOST_DIGITS} digits", "write fewer")
    value = Decimal(digits).scaleb(-2) if token.text.endswith("%") else Decimal(digits)
    return Literal("number", token.start, token.end, value)


def _expect(found: Expr, wanted: Type, sign: str) -> None:
    if found.type != wanted:
        needed = {"number": "a number", "flag": "a condition", "text": "a text"}
        message = f"`{sign}` needs {needed[wanted]}, and this is {needed[found.type]}"
        raise ExpressionError(found.start, message, "compare it, as in `... > 0`" if wanted == "flag" else "")
