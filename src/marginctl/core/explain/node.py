"""Expressions whose values are computed from their parts: the tree behind a figure.

A node knows its formula (its class and its parts) and computes its value from the values of its parts: change a part and
everything above it changes. Figures along a motion are straight lines of one unknown (``Unknown``); the same nodes
compute with lines, so that a crossing (``node.Root``) is solved from the very formula that gives today's figure.

A node with a ``label`` is a quantity that a reader may ask about; one without is part of the expression it stands in.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import Enum
from functools import cached_property, reduce
from typing import TypeAlias

from msgspec import Struct

from marginctl.core.exact import ONE, SNAP, ZERO, ratio, sign
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


class Input(Node, frozen=True, kw_only=True):
    """Something that nobody computed. ``key`` names it (``positions.BTCUSDT.quantity``): others know where it stands."""

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
        moving = [factor for factor in self.factors if isinstance(factor.value, Line)]
        if len(moving) > 1:
            raise ValueError(f"{self.label or 'a product'} is no straight line: two of its factors move")
        constant = reduce(Decimal.__mul__, (decimal_of(f) for f in self.factors if f not in moving), ONE)
        return line_of(moving[0]).scaled(constant) if moving else constant


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
        return Line(value.at_zero / below, value.slope / below) if isinstance(value, Line) else (
            decimal_of(self.numerator) / below
        )


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


class Root(Node, frozen=True, kw_only=True):
    """The place where equity = level * requirement (or equity = 0), both straight lines of ``unknown`` around it.

    ``start`` and ``end`` bound the stretch on which these lines hold: no border of a table lies between.
    """

    equity: Node
    requirement: Node | None
    level: Node | None
    unknown: str
    start: Decimal
    end: Decimal | None

    @property
    def operands(self) -> tuple[Node, ...]:
        """The lines."""
        return tuple(node for node in (self.equity, self.requirement, self.level) if node is not None)

    @property
    def health(self) -> Line:
        """equity - level * requirement."""
        have, need = line_of(self.equity), self.needed
        return Line(have.at_zero - need.at_zero, have.slope - need.slope)

    @property
    def needed(self) -> Line:
        """level * requirement; 0 where only the equity is asked about."""
        if self.requirement is None:
            return Line(ZERO, ZERO)
        return line_of(self.requirement).scaled(decimal_of(self.level) if self.level is not None else ONE)

    def evaluated(self) -> Decimal | None:
        """-health(0) / slope of health."""
        at_zero, slope = self.health
        return -at_zero / slope if slope else None


class Border(Node, frozen=True, kw_only=True):
    """The place where a measure (measured / unit_price) meets a border of its table, and the requirement jumps there."""

    measured: Node
    unit_price: Node
    border: Node
    equity: Node
    requirement: Node
    level: Node
    unknown: str

    @property
    def operands(self) -> tuple[Node, ...]:
        """What is measured, the border, and what holds beyond it."""
        return self.measured, self.unit_price, self.border, self.equity, self.requirement, self.level

    def evaluated(self) -> Decimal | None:
        """measured = border * unit_price, solved."""
        value, unit, border = line_of(self.measured), line_of(self.unit_price), decimal_of(self.border)
        rise = value.slope - border * unit.slope
        return (border * unit.at_zero - value.at_zero) / rise if rise else None


class Never(Node, frozen=True, kw_only=True):
    """No crossing on a whole way: the place where what is left is least, and what it is there."""

    equity: Node
    requirement: Node
    level: Node
    place: Node
    unknown: str

    @property
    def operands(self) -> tuple[Node, ...]:
        """The lines around the place, and the place."""
        return self.equity, self.requirement, self.level, self.place

    @property
    def least(self) -> Decimal:
        """equity - level * requirement at the place."""
        return self.have - self.need

    @property
    def have(self) -> Decimal:
        """Equity at the place."""
        return line_of(self.equity).at(decimal_of(self.place))

    @property
    def need(self) -> Decimal:
        """level * requirement at the place."""
        return line_of(self.requirement).at(decimal_of(self.place)) * decimal_of(self.level)

    def evaluated(self) -> None:
        """There is none."""
        return


class Absent(Node, frozen=True, kw_only=True):
    """A figure that does not exist; the note says why, ``because`` shows it."""

    because: tuple[Node, ...] = ()

    @property
    def operands(self) -> tuple[Node, ...]:
        """What shows it."""
        return self.because

    def evaluated(self) -> None:
        """Nothing."""
        return


class Condition(Node, frozen=True, kw_only=True):
    """A comparison of money: ``<``, ``<=``, ``>`` or ``>=``. What ``scale`` leaves as division residue is equality."""

    left: Node
    relation: str
    right: Node
    scale: Decimal = ZERO

    @property
    def operands(self) -> tuple[Node, ...]:
        """Both sides."""
        return self.left, self.right

    def evaluated(self) -> bool:
        """left relation right."""
        side = sign(decimal_of(self.left) - decimal_of(self.right), self.scale)
        return {"<": side < 0, "<=": side <= 0, ">": side > 0, ">=": side >= 0}[self.relation]


class Every(Node, frozen=True, kw_only=True):
    """Whether all conditions hold."""

    conditions: tuple[Node, ...]

    @property
    def operands(self) -> tuple[Node, ...]:
        """The conditions."""
        return self.conditions

    def evaluated(self) -> bool:
        """All of them."""
        return all(condition.value for condition in self.conditions)


class Some(Every, frozen=True, kw_only=True):
    """Whether one of the conditions holds."""

    def evaluated(self) -> bool:
        """Any of them."""
        return any(condition.value for condition in self.conditions)


class Case(Struct, frozen=True):
    """What holds if a condition does."""

    condition: Node
    outcome: Node


class Decision(Node, frozen=True, kw_only=True):
    """The outcome of the first case whose condition holds, else the last resort."""

    cases: tuple[Case, ...]
    otherwise: Node

    @property
    def operands(self) -> tuple[Node, ...]:
        """The conditions up to the one that decides, then the outcome."""
        asked: list[Node] = []
        for case in self.cases:
            asked.append(case.condition)
            if case.condition.value:
                return (*asked, case.outcome)
        return (*asked, self.otherwise)

    def evaluated(self) -> Value:
        """The outcome."""
        return self.operands[-1].value


class Nearest(Node, frozen=True, kw_only=True):
    """The smallest of several moves by size, the first of equals; those that do not exist do not count."""

    moves: tuple[Node, ...]

    @property
    def operands(self) -> tuple[Node, ...]:
        """The moves."""
        return self.moves

    @property
    def chosen(self) -> Node | None:
        """The nearest one."""
        found = [move for move in self.moves if move.value is not None]
        return min(found, key=lambda move: abs(decimal_of(move)), default=None)

    def evaluated(self) -> Value:
        """Its value."""
        return self.chosen.value if self.chosen else None


class Candidate(Struct, frozen=True):
    """A name and what it is ranked by, the first key before the next."""

    name: str
    keys: tuple[Node, ...]


class Ranking(Node, frozen=True, kw_only=True):
    """The name of the candidate that ranks first, the first of equals.

    ``highest``: by the highest keys, where a key that does not exist is above all; else by the smallest size, where it
    does not count.
    """

    candidates: tuple[Candidate, ...]
    highest: bool

    @property
    def operands(self) -> tuple[Node, ...]:
        """All keys."""
        return tuple(key for candidate in self.candidates for key in candidate.keys)

    def evaluated(self) -> str | None:
        """The name of the first."""
        best: Candidate | None = None
        for candidate in self.candidates:
            if not self.highest and candidate.keys[0].value is None:
                continue
            if best is None or self._is_before(candidate, best):
                best = candidate
        return best.name if best else None

    def _is_before(self, one: Candidate, other: Candidate) -> bool:
        for mine, theirs in zip(one.keys, other.keys, strict=True):
            if mine.value is None or theirs.value is None:
                if (mine.value is None) != (theirs.value is None):
                    return mine.value is None
                continue
            left, right = abs(decimal_of(mine)), abs(decimal_of(theirs))
            difference = sign(left - right, left + right)
            if difference:
                return (difference > 0) == self.highest
        return False


class Unstated(Node, frozen=True, kw_only=True):
    """The subjects whose input is not given, each once."""

    inputs: tuple[Node, ...]

    @property
    def operands(self) -> tuple[Node, ...]:
        """All inputs asked for."""
        return self.inputs

    def evaluated(self) -> tuple[str, ...]:
        """Their subjects."""
        return tuple(dict.fromkeys(node.of for node in self.inputs if node.value is None))


def is_close(left: Decimal, right: Decimal) -> bool:
    """Whether two values differ by division residue at most."""
    return abs(left - right) <= SNAP * max(abs(left), abs(right), ONE)


ONE_NODE = Constant(amount=ONE)
ZERO_NODE = Constant(amount=ZERO)
