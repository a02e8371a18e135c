"""One node of a derivation: its lines, and the parts that branch off below it."""

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

from marginctl.core.explain.decision import Absent, Decision, Nearest, NearestTo, Ranking, Unstated
from marginctl.core.explain.node import FRACTION, Constant, Input, Node, Row, Sum, Unknown, decimal_of, line_of
from marginctl.core.explain.solution import Border, Never, Root
from marginctl.core.piecewise import Line
from marginctl.render.derivation.formula import listed, name, named_parts, numbers, symbols, written
from marginctl.render.derivation.quantity import NONE, exact, line, number, result, with_unit
from marginctl.render.layout import wrapped
from marginctl.render.paths import spot
from marginctl.render.screen import Line as Spans
from marginctl.render.screen import glyphs, line_width, shower
from marginctl.render.screen import line as styled
from marginctl.results import Options, Origin, OriginKind

Lines = list[Spans]

GAP = "  "
INSET = 3
"""Cells by which the tree indents all lines of a node but the first."""
NARROWEST = 36
"""Cells that a deep branch gets even where the terminal has less."""


class There(Struct, frozen=True):
    """The unknown of the lines below a solution, and its value there."""

    unknown: str = "move"
    place: Decimal | None = None


TODAY = There()


class Notes:
    """Where inputs come from, as short remarks; sources are numbered as they are met."""

    def __init__(self, origins: Callable[[str], Origin], options: Options) -> None:
        self.texts: list[str] = []
        self._origins = origins
        self._arrow = "<-" if options.ascii else "←"
        self._told: set[tuple[str, int]] = set()

    def is_told(self, row: Row) -> bool:
        """Whether the same row, chosen by the same measure, was told before; remembers it."""
        told = row.key, id(row.measured)
        if told in self._told:
            return True
        self._told.add(told)
        return False

    def remark(self, key: str) -> str:
        """``← file:line:column``, ``← binance-usdm 2026-05-01, verified [1]``, ``← assumed: priced at 1``."""
        origin = self._origins(key)
        between = ": " if origin.kind in {OriginKind.ASSUMED, OriginKind.DERIVED} else ", "
        words = between.join(filter(None, (self._who(origin), "" if origin.kind is OriginKind.VENUE else origin.note)))
        return f"{self._arrow} {words}" if words else ""

    def _who(self, origin: Origin) -> str:
        if origin.kind is OriginKind.FILE:
            return ", ".join(spot(place) for place in origin.locations)
        if origin.kind is OriginKind.VENUE:
            dated = " ".join(filter(None, (origin.rule_set, origin.as_of)))
            return ", ".join(filter(None, (dated, origin.trust))) + self._footnote(origin)
        if origin.kind is OriginKind.CONVENTION:
            return f"{origin.rule_set} rules" if origin.rule_set else ""
        return "" if origin.kind is OriginKind.FLAG else origin.kind.value

    def _footnote(self, origin: Origin) -> str:
        text = "; ".join(filter(None, (origin.source, origin.note)))
        if not text:
            return ""
        if text not in self.texts:
            self.texts.append(text)
        return f" [{self.texts.index(text) + 1}]"


class Branch:
    """A node where it stands: below a subject, and where it is part of a solution, read at its place."""

    def __init__(
        self,
        node: Node,
        options: Options,
        notes: Notes,
        parent: "Branch | None" = None,
        siblings: frozenset[int] = frozenset(),
        *,
        is_closed: bool = False,
    ) -> None:
        self.node = node
        self._options = options
        self._notes = notes
        self._there = parent.there() if parent else TODAY
        self._is_closed = is_closed
        self._is_root = parent is None
        self._siblings = siblings
        self._dots = glyphs(options).ellipsis
        self._label = node.label if parent is None else name(node, parent.node.of)
        if isinstance(node, (Root, Border, Never)) and not node.figure:
            self._label = node.label

    @property
    def identity(self) -> object:
        """What makes it the same branch: an input by its key, anything else as the node that it is."""
        return self.node.key if isinstance(self.node, Input) else id(self.node)

    @property
    def is_row(self) -> bool:
        """Whether it is the row of a table: what it measures often stands beside it."""
        return isinstance(self.node, Row)

    def there(self) -> There:
        """What lines below it are read at."""
        node, value = self.node, self.node.value
        if isinstance(node, Never):
            return There(node.unknown, decimal_of(node.place))
        if isinstance(node, (Root, Border)):
            return There(node.unknown, value if isinstance(value, Decimal) else None)
        return self._there

    def parts(self) -> "list[Branch]":
        """The branches below it: the named parts of its formula; of several moves only the nearest one opens."""
        if self._is_closed:
            return []
        parts = [part for part in named_parts(self.node) if not isinstance(part, Unknown)]
        if isinstance(self.node, Row) and not self._is_root:
            parts = [part for part in parts if part is self.node.measured and id(part) not in self._siblings]
        chosen = self.node.chosen if isinstance(self.node, Nearest) else None
        siblings = frozenset(map(id, parts))
        return [self._part(part, siblings, is_closed=chosen is not None and part is not chosen) for part in parts]

    def _part(self, node: Node, siblings: frozenset[int], *, is_closed: bool) -> "Branch":
        return Branch(node, self._options, self._notes, self, siblings, is_closed=is_closed)

    def again(self, indent: int) -> Lines:
        """One line for a branch that stands above already."""
        told = f"{self._label} = {self._result()}" if self.node.value is not None else f"{self._label}: {NONE}"
        return self._beside(self._headed(self._wrapped(told, indent)), "(above)", indent)

    def _headed(self, lines: Lines) -> Lines:
        """The lines with the name at their beginning in bold."""
        label = shower(self._options)(self._label)
        first = lines[0]
        if not first or not first[0][0].startswith(label):
            return lines
        (text, style), *others = first
        return [((label, "bold"), (text[len(label) :], style), *others), *lines[1:]]

    def closed(self, indent: int) -> Lines:
        """Its own lines where its branches are not drawn: with the path to ask for, if it is a figure."""
        return self._beside(self.lines(indent), f"{self._dots} {self.node.figure}".strip(), indent)

    def lines(self, indent: int = 0) -> Lines:
        """Its own lines, in what ``indent`` leaves of the width."""
        return self._headed(self._lines(indent))

    def _lines(self, indent: int) -> Lines:
        node = self.node
        if isinstance(node, Row):
            return self._row(node, indent)
        if isinstance(node, Input):
            told = self._wrapped(f"{self._label} = {self._result()}", indent)
            return self._noted(self._beside(told, self._notes.remark(node.key), indent), indent)
        if isinstance(node, (Root, Border, Never)):
            return self._noted(self._solution(node, indent), indent)
        if isinstance(node, Absent):
            return self._wrapped(f"{self._label}: {NONE}, {node.note}", indent)
        if isinstance(node, (Constant, Unstated)):
            return self._noted(self._wrapped(f"{self._label} = {self._result()}", indent), indent)
        return self._noted(self._formula(node, indent), indent)

    def _wrapped(self, text: str, indent: int, *, style: str = "", hang: bool = False) -> Lines:
        """Text in lines that fit; ``hang``: its first line is not the first of the node, so that later ones indent."""
        shown = shower(self._options)(text)
        width = self._options.width
        room = None if width is None else max(width - indent - INSET, NARROWEST)
        first, *more = wrapped(shown, room if hang or room is None else room + INSET)
        if more and room is not None:
            more = wrapped(shown[len(first) :].strip(), room - len(GAP))
        return [styled(first, style), *(styled(GAP + row, style) for row in more)]

    def _beside(self, lines: Lines, remark: str, indent: int) -> Lines:
        """A dim remark at the end of the last line, below it where there is no room."""
        if not remark:
            return lines
        shown = shower(self._options)(remark)
        width = self._options.width
        taken = line_width(lines[-1]) + len(GAP) + len(shown) + indent + (INSET if len(lines) > 1 else 0)
        if width is None or taken <= width:
            return [*lines[:-1], (*lines[-1], (GAP + shown, "dim"))]
        return [*lines, *self._wrapped(remark, indent, style="dim", hang=True)]

    def _noted(self, lines: Lines, indent: int) -> Lines:
        note = self.node.note
        return lines + (self._wrapped(f"({note})", indent, style="dim", hang=True) if note else [])

    def _result(self) -> str:
        """The value; a line with what it is at the place of the solution."""
        value, unit = self.node.value, self.node.unit
        if isinstance(value, Line):
            told = line(value, self._there.unknown, self._dots)
            if self._there.place is None or not value.slope:
                return with_unit(told, unit)
            return f"{told}; there {with_unit(exact(value.at(self._there.place), self._dots), unit)}"
        return result(value, unit, self._dots)

    def _formula(self, node: Node, indent: int) -> Lines:
        """The name with its formula, and below it the numbers put in."""
        value = self._result()
        if isinstance(node, Nearest):
            return self._wrapped(f"{self._label} = the nearest of {self._moves(node.moves)}", indent)
        if isinstance(node, NearestTo):
            text = f"{self._label} = the nearest to {node.target.label} of {self._moves(node.options)} = {value}"
            return self._wrapped(text, indent)
        if isinstance(node, Ranking):
            return self._ranking(node, indent)
        in_words = written(node, symbols(node.of)).text
        if isinstance(node, Decision):
            return self._wrapped(f"{self._label} = {value}: {in_words}", indent)
        in_numbers = written(node, numbers(self._there.unknown, self._dots)).text
        if isinstance(node, Sum) and not node.terms:
            return self._wrapped(f"{self._label} = {value}", indent)
        is_alias = isinstance(node, Sum) and len(node.terms) == 1 and bool(node.terms[0].label)
        if is_alias or in_numbers in {value, in_words}:
            return self._wrapped(f"{self._label} = {in_words} = {value}", indent)
        told = self._wrapped(f"{self._label} = {in_words}", indent)
        equals = ": " if isinstance(node.value, bool) else " = "
        return told + self._wrapped(f"= {in_numbers}{equals}{value}", indent, hang=True)

    def _moves(self, moves: tuple[Node, ...]) -> str:
        """``fall (-29.96%) and rise (none)``."""
        of = self.node.of
        return listed(f"{name(move, of)} ({result(move.value, move.unit, self._dots)})" for move in moves)

    def _ranking(self, node: Ranking, indent: int) -> Lines:
        """The name that ranks first, what it is ranked by, and every candidate with that."""
        keys = ", then ".join(key.label for key in node.candidates[0].keys)
        least = node.candidates[0].least
        last = f", then the least {least.label}" if least else ""
        word = "highest" if node.highest else "smallest"
        told = self._wrapped(f"{self._label} = {self._result()}: {word} {keys}{last}", indent)
        for one in node.candidates:
            ranked_by = (*one.keys, one.least) if one.least else one.keys
            values = ", ".join(f"{key.label} {result(key.value, key.unit, self._dots)}" for key in ranked_by)
            told += self._inset(f"{one.name}: {values}", indent)
        return told

    def _row(self, node: Row, indent: int) -> Lines:
        """The entry, where the row stands, and why it is that one."""
        told = self._wrapped(f"{self._label} = {self._result()}", indent)
        if self._notes.is_told(node):
            return self._beside(told, f"(tier {node.index + 1}, as above)", indent)
        told = self._beside(told, self._notes.remark(node.key), indent)
        return told + self._wrapped(self._tier(node), indent, style="dim", hang=True)

    def _tier(self, node: Row) -> str:
        """``tier 2: notional 360,000 USDT is above 300,000 and up to 800,000``."""
        place = self._there.place if self._there.place is not None else node.probe
        unit = line_of(node.unit_price).at(place)
        size = line_of(node.measured).at(place) / unit if unit else None
        told = "" if size is None else f" {with_unit(exact(size, self._dots), node.measure_unit, size)}"
        low, high = node.borders
        bounds = [f"above {exact(low)}"] if low else []
        bounds += [f"up to {exact(high)}"] if high is not None else []
        return f"tier {node.index + 1}: {node.measure}{told}" + (f" is {listed(bounds)}" if bounds else "")

    def _solution(self, node: "Root | Border | Never", indent: int) -> Lines:
        if isinstance(node, Root):
            return self._root(node, indent)
        told = self._border(node) if isinstance(node, Border) else self._never(node)
        first, *more = told
        return [*self._wrapped(first, indent), *(row for text in more for row in self._inset(text, indent))]

    def _inset(self, text: str, indent: int, style: str = "") -> Lines:
        return self._wrapped(text, indent, style=style, hang=True)

    def _root(self, node: Root, indent: int) -> Lines:
        """Both lines, the solution, what both are there, and between which borders the lines hold."""
        have, need, place = line_of(node.equity), node.needed, decimal_of(node)
        dots, unknown = self._dots, node.unknown
        rows = [f"{node.equity.label} = {line(have, unknown, dots)}"]
        above, below = exact(have.at_zero, dots), exact(have.slope, dots)
        asked = "equity = 0"
        if node.requirement is not None:
            asked = "equity = level x maintenance_margin"
            rows.append(f"level x {node.requirement.label} = {line(need, unknown, dots)}")
            above = f"({_less(have.at_zero, need.at_zero, dots)})"
            below = f"({_less(have.slope, need.slope, dots)})"
        solved = with_unit(number(place, node.unit, dots), node.unit, place)
        rows.append(f"{unknown} = -{_bracketed(above)} / {_bracketed(below)} = {solved}")
        told = self._wrapped(f"{self._label}: {node.story} until {asked}", indent)
        told += [line_ for row in rows for line_ in self._inset(row, indent)]
        meet = with_unit(exact(have.at(place), dots), node.equity.unit)
        both = f"there both are {meet}; " if node.requirement is not None else ""
        return told + self._inset(f"({both}{self._stretch(node)})", indent, "dim")

    def _stretch(self, node: Root) -> str:
        """Between which values of the unknown the lines hold."""
        low, high = (None if end is None else number(end, node.unit, self._dots) for end in (node.start, node.end))
        between = f"from {low or high} on" if low is None or high is None else f"from {low} to {high}"
        return f"no tier or haircut border {between}"

    def _border(self, node: Border) -> list[str]:
        dots, place = self._dots, decimal_of(node)
        have, need = line_of(node.equity).at(place), line_of(node.requirement).at(place) * decimal_of(node.level)
        border = exact(decimal_of(node.border))
        solved = with_unit(number(place, node.unit, dots), node.unit, place)
        measured = name(node.measured, "") or node.unknown
        return [
            f"{self._label} = {solved}: {node.story} until {measured} passes {border}, where the requirement jumps",
            f"equity there is {exact(have, dots)}, level x maintenance_margin beyond it {exact(need, dots)}",
        ]

    def _never(self, node: Never) -> list[str]:
        dots, end = self._dots, node.end.value
        way = (
            f"on the way to {'+' if end > 0 else ''}{number(end, node.unit, dots)}"
            if isinstance(end, Decimal)
            else "at any size"
            if node.unit == FRACTION
            else "ever"
        )
        at = number(decimal_of(node.place), node.unit, dots)
        have, need = exact(node.have, dots), exact(node.need, dots)
        return [
            f"{self._label}: {NONE} {way}",
            f"least is left at {at}: equity {have} against level x maintenance_margin {need}",
        ]


def _less(left: Decimal, right: Decimal, dots: str) -> str:
    minus = f"- {exact(right, dots)}" if right >= 0 else f"+ {exact(-right, dots)}"
    return f"{exact(left, dots)} {minus}"


def _bracketed(text: str) -> str:
    return f"({text})" if text.startswith("-") else text
