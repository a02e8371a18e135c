"""Expressions whose values are computed from their parts: the tree behind a figure.

A node knows its formula (its class and its parts) and computes its value from the values of its parts: change a part
and everything above it changes. Figures along a motion are straight lines of one unknown (``Unknown``); the same nodes
compute with lines, so that a crossing (``solution.Root``) is solved from the very formula that gives today's figure.

A node with a ``label`` is a quantity that a reader may ask about; one without is part of the expression it stands in.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import Enum
from functools import cached_property, reduce
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.exact import ONE, SNAP, ZERO, ratio
from marginctl.core.piecewise import Curve, Line

Value: TypeAlias = Decimal | Line | str | int | tuple[str, ...] | None
"""A number, a straight line of the unknown, a text, a truth (bool) or a tier (int), names; None = does not exist."""
Number: TypeAlias = Decimal | Line


class Kind(Enum):
    """What a value is measured in; ``Unit.name`` says which asset or pair."""

    AMOUNT = "amount"
    PRICE = "price"
    FRACTION = "fraction"
    MULTIPLE = "multiple"
    DAYS = "days"
    HOURS = "hours"
    CONTRACTS = "contracts"
    PLAIN = "plain"


class Unit(Struct, frozen=True, gc=False):
    """A kind and the asset it is an amount of (or ``QUOTE per BASE``)."""

    kind: Kind
    name: str = ""


FRACTION, MULTIPLE, DAYS = Unit(Kind.FRACTION), Unit(Kind.MULTIPLE), Unit(Kind.DAYS)
HOURS, CONTRACTS, PLAIN = Unit(Kind.HOURS), Unit(Kind.CONTRACTS), Unit(Kind.PLAIN)


def amount(asset: str) -> Unit:
    """Units of an asset."""
    return Unit(Kind.AMOUNT, asset)


def price_unit(quote: str, base: str) -> Unit:
    """Units of the quote per unit of the base."""
    return Unit(Kind.PRICE, f"{quote} per {base}")


class Node(Struct, frozen=True, kw_only=True, dict=True):
    """A value with its name, the subject it is ``of``, its unit, and the path of the figure it is, if it is one.

    ``note``: why the formula is what it is, in words. ``value`` is evaluated once, from the operands.
    """

    label: str = ""
    of: str = ""
    unit: Unit = PLAIN
    figure: str = ""
    note: str = ""

    @property
    def operands(self) -> tuple["Node", ...]:
        """The parts that the value is computed from."""
        return ()

    @cached_property
    def value(self) -> Value:
        """What the formula gives."""
        return self.evaluated()

    def evaluated(self) -> Value:
        """The formula, applied to the values of the operands."""
        raise NotImplementedError


def line_of(node: Node) -> Line:
    """The value as a line; a constant is a level one. Raises TypeError for what is no number."""
    value = node.value
    if isinstance(value, Line):
        return value
    return Line(decimal_of(node), ZERO)


def decimal_of(node: Node) -> Decimal:
    """The value as a decimal. Raises TypeError for what is none."""
    value = node.value
    if isinstance(value, Decimal):
        return value
    raise TypeError(f"{node.label or type(node).__name__} has no number as its value")


def has_line(nodes: Iterable[Node]) -> bool:
    """Whether one of the values moves."""
    return any(isinstance(node.value, Line) for node in nodes)


def _joined(nodes: tuple[Node, ...], join: Callable[[Decimal, Decimal], Decimal], empty: Decimal) -> Number:
    """A linear operation on all values, as a line where one of them is."""
    if not has_line(nodes):
        return reduce(join, map(decimal_of, nodes)) if nodes else empty
    lines = [line_of(node) for node in nodes]
    return Line(reduce(join, (line.at_zero for line in lines)), reduce(join, (line.slope for line in lines)))


def named(node: Node, label: str, of: str, unit: Unit, figure: str = "", note: str = "") -> Node:
    """The same formula under a name."""
    return replace(node, label=label, of=of, unit=unit, figure=figure, note=note or node.note)


class Input(Node, frozen=True, kw_only=True):
    """Something that nobody computed. ``key`` names it (``positions.X.quantity``): others know where it stands."""

    amount: Value
    key: str

    def evaluated(self) -> Value:
        """As it was given."""
        return self.amount


class Constant(Node, frozen=True, kw_only=True):
    """A number of the formula itself."""

    amount: Value

    def evaluated(self) -> Value:
        """Itself."""
        return self.amount


class Unknown(Node, frozen=True, kw_only=True):
    """The variable of a motion: 0 today."""

    def evaluated(self) -> Line:
        """The line through the origin."""
        return Line(ZERO, ONE)


class Sum(Node, frozen=True, kw_only=True):
    """Terms that add; of nothing it is 0."""

    terms: tuple[Node, ...]

    @property
    def operands(self) -> tuple[Node, ...]:
        """The terms."""
        return self.terms

    def evaluated(self) -> Number:
        """term + term + ..."""
        return _joined(self.terms, Decimal.__add__, ZERO)


class Difference(Node, frozen=True, kw_only=True):
    """The first of the terms less all the others."""

    terms: tuple[Node, ...]

    @property
    def operands(self) -> tuple[Node, ...]:
        """Minuend and subtrahends."""
        return self.terms

    def evaluated(self) -> Number:
        """term - term - ..."""
        return _joined(self.terms, Decimal.__sub__, ZERO)


class Negation(Node, frozen=True, kw_only=True):
    """The same with the other sign."""

    term: Node

    @property
    def operands(self) -> tuple[Node, ...]:
        """The one term."""
        return (self.term,)

    def evaluated(self) -> Number:
        """-term."""
        value = self.term.value
        return value.scaled(-ONE) if isinstance(value, Line) else -decimal_of(self.term)


class Product(Node, frozen=True, kw_only=True):
    """Factors, at most one of which moves (else ValueError)."""

    factors: tuple[Node, ...]

    @property
    def operands(self) -> tuple[Node, ...]:
        """The factors."""
        return self.factors

    def evaluated(self) -> Number:
        """factor * factor * ..."""
        moving = [line_of(factor) for factor in self.factors if isinstance(factor.value, Line)]
        if len(moving) > 1:
            raise ValueError(f"{self.label or 'a product'} is no straight line: two of its factors move")
        still = (decimal_of(factor) for factor in self.factors if not isinstance(factor.value, Line))
        constant = reduce(Decimal.__mul__, still, ONE)
        return moving[0].scaled(constant) if moving else constant


class Quotient(Node, frozen=True, kw_only=True):
    """numerator / denominator; the denominator is not 0."""

    numerator: Node
    denominator: Node

    @property
    def operands(self) -> tuple[Node, ...]:
        """Numerator and denominator."""
        return self.numerator, self.denominator

    def evaluated(self) -> Value:
        """numerator / denominator."""
        below = decimal_of(self.denominator)
        value = self.numerator.value
        if isinstance(value, Line):
            return Line(value.at_zero / below, value.slope / below)
        return decimal_of(self.numerator) / below


class Ratio(Quotient, frozen=True, kw_only=True):
    """A quotient of money: 0 of nothing, non-existent where the denominator cannot carry the numerator."""

    def evaluated(self) -> Decimal | None:
        """numerator / denominator, 0 with the numerator, else None at a denominator <= 0."""
        return ratio(decimal_of(self.numerator), decimal_of(self.denominator))


class Magnitude(Node, frozen=True, kw_only=True):
    """The size without the sign."""

    term: Node

    @property
    def operands(self) -> tuple[Node, ...]:
        """The one term."""
        return (self.term,)

    def evaluated(self) -> Decimal:
        """|term|."""
        return abs(decimal_of(self.term))


class Larger(Node, frozen=True, kw_only=True):
    """The largest option, the first of equals; of lines the one that is higher at ``probe``."""

    options: tuple[Node, ...]
    probe: Decimal = ZERO

    @property
    def operands(self) -> tuple[Node, ...]:
        """The options."""
        return self.options

    @property
    def chosen(self) -> Node:
        """The option that counts."""
        return max(self.options, key=lambda node: line_of(node).at(self.probe))

    def evaluated(self) -> Value:
        """max(option, option, ...)."""
        value = self.chosen.value
        return line_of(self.chosen) if has_line(self.options) else value


class Row(Node, frozen=True, kw_only=True):
    """The entry of the row of a table that a measure falls into.

    The measure is ``measured / unit_price``, compared without dividing; row k holds for values up to ``up_to[k]``
    inclusive, the last row has no border. ``table`` + ``.`` + the index of the row is the key of where the row stands.
    """

    measured: Node
    unit_price: Node
    up_to: tuple[Decimal, ...]
    column: tuple[Value, ...]
    table: str
    measure: str
    measure_unit: Unit
    probe: Decimal = ZERO

    @property
    def operands(self) -> tuple[Node, ...]:
        """What is measured, and in what."""
        return self.measured, self.unit_price

    @property
    def index(self) -> int:
        """The row, counted from 0."""
        borders = Curve(self.up_to, (), ())
        return borders.index(line_of(self.measured).at(self.probe), line_of(self.unit_price).at(self.probe))

    @property
    def size(self) -> Decimal | None:
        """measured / unit_price at the probe; None where the unit is worth nothing there."""
        unit = line_of(self.unit_price).at(self.probe)
        return line_of(self.measured).at(self.probe) / unit if unit else None

    @property
    def borders(self) -> tuple[Decimal, Decimal | None]:
        """The row holds above the first and up to the second (None: without end)."""
        k = self.index
        return self.up_to[k - 1] if k else ZERO, self.up_to[k] if k < len(self.up_to) else None

    @property
    def key(self) -> str:
        """Where the row stands."""
        return f"{self.table}.{self.index}"

    def evaluated(self) -> Value:
        """column[row]."""
        return self.column[self.index]


class At(Node, frozen=True, kw_only=True):
    """The value of a line at one value of its unknown."""

    line: Node
    place: Node

    @property
    def operands(self) -> tuple[Node, ...]:
        """The line, and where it is read."""
        return self.line, self.place

    def evaluated(self) -> Decimal:
        """line(place)."""
        return line_of(self.line).at(decimal_of(self.place))


def is_close(left: Decimal, right: Decimal) -> bool:
    """Whether two values differ by division residue at most."""
    return abs(left - right) <= SNAP * max(abs(left), abs(right), ONE)


ONE_NODE = Constant(amount=ONE)
ZERO_NODE = Constant(amount=ZERO)
