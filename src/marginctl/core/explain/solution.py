"""Nodes that solve for the unknown: where a pool is liquidated or its equity is gone, and where it never is."""

from decimal import Decimal

from marginctl.core.exact import ONE, ZERO
from marginctl.core.explain.node import Node, decimal_of, line_of
from marginctl.core.piecewise import Line


class Root(Node, frozen=True, kw_only=True):
    """The place where equity = level * requirement (or equity = 0), both straight lines of ``unknown`` around it.

    ``story``: what moves, in words. ``start`` and ``end`` bound the stretch on which these lines hold (None: without
    end): no border of a table lies between.
    """

    equity: Node
    requirement: Node | None
    level: Node | None
    unknown: str
    story: str
    start: Decimal | None
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
    """The place where a measure (measured / unit_price) meets a border of its table: the requirement jumps there."""

    measured: Node
    unit_price: Node
    border: Node
    equity: Node
    requirement: Node
    level: Node
    unknown: str
    story: str

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
    end: Node
    unknown: str
    story: str

    @property
    def operands(self) -> tuple[Node, ...]:
        """The lines around the place, the place, and where the way ends."""
        return self.equity, self.requirement, self.level, self.place, self.end

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
