"""Nodes that decide: comparisons, the case that applies, the nearest move, the pool that ranks first."""

from decimal import Decimal

from msgspec import Struct

from marginctl.core.exact import ZERO, sign
from marginctl.core.explain.node import Node, Value, decimal_of


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


class NearestTo(Node, frozen=True, kw_only=True):
    """The option whose value is nearest to a target, the first of equals; those that do not exist do not count."""

    options: tuple[Node, ...]
    target: Node

    @property
    def operands(self) -> tuple[Node, ...]:
        """The options and the target."""
        return *self.options, self.target

    @property
    def chosen(self) -> Node | None:
        """The nearest one."""
        found = [option for option in self.options if option.value is not None]
        aim = decimal_of(self.target)
        return min(found, key=lambda option: abs(decimal_of(option) - aim), default=None)

    def evaluated(self) -> Value:
        """Its value."""
        return self.chosen.value if self.chosen else None


class Candidate(Struct, frozen=True):
    """A name and what it is ranked by: the first key before the next, then, where it has one, the ``least``."""

    name: str
    keys: tuple[Node, ...]
    least: Node | None = None


class Ranking(Node, frozen=True, kw_only=True):
    """The name of the candidate that ranks first, the first of equals.

    ``highest``: by the highest keys, where a key that does not exist is above all; else by the smallest size, where it
    does not count. With equal keys the lower ``least`` is first.
    """

    candidates: tuple[Candidate, ...]
    highest: bool

    @property
    def operands(self) -> tuple[Node, ...]:
        """All keys."""
        keys = ((*one.keys, one.least) if one.least else one.keys for one in self.candidates)
        return tuple(key for several in keys for key in several)

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
        if one.least is None or other.least is None:
            return False
        return decimal_of(one.least) < decimal_of(other.least)


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
