"""Expressions as text: once with the names of what they are made of, once with the numbers put in."""

from collections.abc import Callable, Iterable
from enum import IntEnum

from msgspec import Struct

from marginctl.core.explain.decision import (
    Absent,
    Condition,
    Decision,
    Every,
    Nearest,
    NearestTo,
    Ranking,
    Some,
    Unstated,
)
from marginctl.core.explain.node import (
    At,
    Constant,
    Difference,
    Input,
    Larger,
    Magnitude,
    Negation,
    Node,
    Product,
    Quotient,
    Row,
    Sum,
    Unknown,
)
from marginctl.core.explain.solution import Border, Never, Root
from marginctl.core.piecewise import Line
from marginctl.render.derivation.quantity import line, number, result

MOST_TERMS = 6
"""Terms of a sum that are written out; of more the formula says how many there are."""


class Rank(IntEnum):
    """How tightly an expression binds: what binds less than its place asks for is put in brackets."""

    CLAUSE = 0
    SUM = 1
    PRODUCT = 2
    ATOM = 3


class Text(Struct, frozen=True):
    """A piece of a formula.

    ``is_negative``: with a minus in front that a sum can take over; ``is_line``: the two terms of a straight line,
    which brackets hold together.
    """

    text: str
    rank: Rank = Rank.ATOM
    is_negative: bool = False
    is_line: bool = False

    def leading(self) -> str:
        """The piece at the beginning of a sum."""
        return self.at(Rank.PRODUCT) if self.is_line and not self.is_negative else self.at(Rank.SUM)

    def at(self, rank: Rank) -> str:
        """The piece where at least this rank is needed."""
        return self.text if self.rank >= rank else f"({self.text})"


Leaf = Callable[[Node], Text]


def name(node: Node, of: str) -> str:
    """What a node is called where the subject is ``of``: ``notional``, else ``notional of BTCUSDT``."""
    return node.label if node.of in {"", of} else f"{node.label} of {node.of}"


def symbols(of: str) -> Leaf:
    """Leaves as names."""

    def leaf(node: Node) -> Text:
        if node.label:
            return Text(name(node, of))
        return numeral(node)

    return leaf


def numbers(unknown: str, ellipsis: str) -> Leaf:
    """Leaves as numbers."""
    return lambda node: numeral(node, unknown, ellipsis)


def numeral(node: Node, unknown: str = "move", ellipsis: str = "...") -> Text:
    """The value of a node inside of a formula."""
    value = node.value
    if isinstance(node, Unknown):
        return Text(node.label)
    if isinstance(value, Line):
        text = line(value, unknown, ellipsis)
        is_sum = " + " in text or " - " in text
        return Text(text, Rank.SUM if is_sum else Rank.PRODUCT, text.startswith("-") and not is_sum, is_sum)
    if value is None or isinstance(value, (str, bool, tuple, int)):
        return Text(result(value, node.unit))
    text = number(value, node.unit, ellipsis)
    is_negative = text.startswith("-")
    return Text(text, Rank.SUM if is_negative else Rank.ATOM, is_negative)


def is_leaf(node: Node) -> bool:
    """Whether there is no formula behind a node."""
    return isinstance(node, (Input, Constant, Unknown))


def written(node: Node, leaf: Leaf, *, inside: bool = False) -> Text:
    """The expression of a node; named nodes ``inside`` of it are leaves."""
    if is_leaf(node) or (inside and node.label):
        return leaf(node)

    def part(operand: Node) -> Text:
        return written(operand, leaf, inside=True)

    for kinds, write in _WRITERS:
        if isinstance(node, kinds):
            return write(node, part)
    return leaf(node)


Part = Callable[[Node], Text]


def _sum(node: Sum, part: Part) -> Text:
    if not node.terms:
        return Text("0")
    if len(node.terms) > MOST_TERMS:
        return Text(f"the sum of its {len(node.terms):,} parts")
    if len(node.terms) == 1:
        return part(node.terms[0])
    first, *others = (part(term) for term in node.terms)
    text = first.leading()
    for piece in others:
        text += f" - {piece.text[1:]}" if piece.is_negative else f" + {piece.at(Rank.PRODUCT)}"
    return Text(text, Rank.SUM)


def _difference(node: Difference, part: Part) -> Text:
    first, *others = (part(term) for term in node.terms)
    return Text(" - ".join([first.leading(), *(other.at(Rank.PRODUCT) for other in others)]), Rank.SUM)


def _negation(node: Negation, part: Part) -> Text:
    return Text(f"-{part(node.term).at(Rank.PRODUCT)}", Rank.SUM, is_negative=True)


def _product(node: Product, part: Part) -> Text:
    return Text(" x ".join(part(factor).at(Rank.PRODUCT) for factor in node.factors), Rank.PRODUCT)


def _quotient(node: Quotient, part: Part) -> Text:
    above, below = part(node.numerator).at(Rank.PRODUCT), part(node.denominator).at(Rank.ATOM)
    return Text(f"{above} / {below}", Rank.PRODUCT)


def _larger(node: Larger, part: Part) -> Text:
    return Text(f"max({', '.join(part(option).text for option in node.options)})")


def _magnitude(node: Magnitude, part: Part) -> Text:
    return Text(f"|{part(node.term).text}|")


def _at(node: At, part: Part) -> Text:
    return Text(f"({part(node.line).text}) at {part(node.place).text}", Rank.PRODUCT)


def _condition(node: Condition, part: Part) -> Text:
    return Text(f"{part(node.left).at(Rank.SUM)} {node.relation} {part(node.right).at(Rank.SUM)}", Rank.CLAUSE)


def _every(node: Every, part: Part) -> Text:
    word = " or " if isinstance(node, Some) else " and "
    return Text(word.join(part(condition).text for condition in node.conditions), Rank.CLAUSE)


def _decision(node: Decision, part: Part) -> Text:
    cases = [f"{part(case.outcome).text} if {part(case.condition).text}" for case in node.cases]
    return Text(", else ".join([*cases, part(node.otherwise).text]), Rank.CLAUSE)


def listed(texts: Iterable[str]) -> str:
    """``a, b and c``."""
    *some, last = texts
    return f"{', '.join(some)} and {last}" if some else last


_WRITERS: tuple[tuple[type[Node], Callable[..., Text]], ...] = (
    (Sum, _sum),
    (Difference, _difference),
    (Negation, _negation),
    (Product, _product),
    (Quotient, _quotient),
    (Larger, _larger),
    (Magnitude, _magnitude),
    (At, _at),
    (Condition, _condition),
    (Every, _every),
    (Decision, _decision),
)


def named_parts(node: Node) -> list[Node]:
    """The named nodes that the formula of a node is made of, each once, in order."""
    found: dict[int, Node] = {}
    for operand in node.operands:
        for part in [operand] if operand.label else named_parts(operand):
            found.setdefault(id(part), part)
    return list(found.values())


OPERATIONS: dict[type[Node], str] = {
    Input: "input",
    Constant: "constant",
    Unknown: "unknown",
    Sum: "sum",
    Difference: "difference",
    Negation: "negation",
    Product: "product",
    Quotient: "quotient",
    Larger: "maximum",
    Magnitude: "magnitude",
    Row: "row",
    At: "at",
    Root: "root",
    Border: "border",
    Never: "never",
    Absent: "absent",
    Condition: "condition",
    Every: "every",
    Some: "some",
    Decision: "decision",
    Nearest: "nearest",
    NearestTo: "nearest-to",
    Ranking: "ranking",
    Unstated: "unstated",
}
