"""The derivation of a figure as a tree for the terminal."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from msgspec import Struct

from marginctl.core.explain.decision import Absent, Condition, Decision, Nearest, Unstated
from marginctl.core.explain.node import Constant, Input, Kind, Node, Row, Sum, Unknown, decimal_of, line_of
from marginctl.core.explain.solution import Border, Never, Root
from marginctl.core.piecewise import Line
from marginctl.portfolio.origins import Kind as Place
from marginctl.portfolio.origins import Origin
from marginctl.render.derivation.formula import is_leaf, name, named_parts, numbers, symbols, written
from marginctl.render.derivation.quantity import NONE, exact, line, number, result, with_unit
from marginctl.render.document import Options
from marginctl.render.layout import wrapped
from marginctl.render.paths import spot
from marginctl.render.screen import Block, Span, draw, line_width, shower
from marginctl.render.screen import line as styled

MOST_LINES = 120
"""A tree longer than this is closed at the deepest level that still fits."""
DEEPEST = 40
NARROW = 40

Lines = list[tuple[Span, ...]]


class Heading(Struct, frozen=True):
    """What stands above and below the tree: the figure as the report has it, the file and the rules."""

    figure: str
    reported: str
    about: str


class Branches(Struct, frozen=True):
    """The strokes of the tree."""

    tee: str
    bar: str
    end: str
    arrow: str
    ellipsis: str


UNICODE = Branches("├─ ", "│  ", "└─ ", "←", "…")
ASCII = Branches("|- ", "|  ", "`- ", "<-", "...")


class There(Struct, frozen=True):
    """The unknown of the lines below a solution, and its value there."""

    unknown: str = "move"
    place: Decimal | None = None


TODAY = There()


class Tree:
    """Draws one derivation; sources are numbered as they are met."""

    def __init__(self, origins: Callable[[str], Origin], options: Options, depth: int) -> None:
        self.origins = origins
        self.depth = depth
        self.width = options.width
        self.show = shower(options)
        self.strokes = ASCII if options.ascii else UNICODE
        self.sources: list[str] = []
        self.closed = 0
        self._seen: set[int] = set()

    def lines(self, node: Node) -> Lines:
        """The whole tree below a figure."""
        self._seen.add(id(node))
        own = self._node(node, "", TODAY, 0, is_root=True)
        return own + self._children(node, "", self._there(node, TODAY), 1)

    def _there(self, node: Node, there: There) -> There:
        """What the lines below a node are read at."""
        if isinstance(node, Root):
            return There(node.unknown, node.value if isinstance(node.value, Decimal) else None)
        if isinstance(node, Border):
            return There(node.unknown, node.value if isinstance(node.value, Decimal) else None)
        if isinstance(node, Never):
            return There(node.unknown, decimal_of(node.place))
        return there

    def _children(self, node: Node, prefix: str, there: There, level: int) -> Lines:
        parts = [part for part in self._parts(node) if not self._is_told(node, part)]
        if level > self.depth and parts:
            self.closed += 1
            return []
        drawn: Lines = []
        for number_, part in enumerate(parts):
            is_last = number_ == len(parts) - 1
            first = prefix + (self.strokes.end if is_last else self.strokes.tee)
            rest = prefix + ("   " if is_last else self.strokes.bar)
            drawn += self._branch(node, part, first, rest, there, level)
        return drawn

    def _branch(self, parent: Node, node: Node, first: str, rest: str, there: There, level: int) -> Lines:
        again = id(node) in self._seen and bool(self._parts(node))
        self._seen.add(id(node))
        below = self._there(node, there)
        shown = [*self._parts(node)] and not again
        room = None if self.width is None else max(self.width - len(first), NARROW)
        own = self._again(node, parent.of, there) if again else self._node(node, parent.of, there, level, room=room)
        children = self._children(node, rest, below, level + 1) if shown else []
        trunk = rest + (self.strokes.bar if children else "   ")
        head = [((first, "dim"), *own[0])]
        return head + [((trunk if children else rest + "   ", "dim"), *line_) for line_ in own[1:]] + children

    def _parts(self, node: Node) -> list[Node]:
        """The parts worth a branch: of several moves the one that counts, of a decision what it was asked."""
        if isinstance(node, Nearest):
            return [move for move in node.moves if move.label]
        if isinstance(node, Decision):
            return [part for part in named_parts(node) if part.label]
        return [part for part in named_parts(node) if not isinstance(part, Unknown)]

    def _is_told(self, parent: Node, part: Node) -> bool:
        """Whether a part needs no line of its own: what a row measures, where it stands above already."""
        return isinstance(parent, Row) and id(part) in self._seen

    def _again(self, node: Node, of: str, there: There) -> Lines:
        value = result(node.value, node.unit, there.unknown, self.strokes.ellipsis)
        return [((f"{self._name(node, of)} = {self.show(value)}", ""), ("  (above)", "dim"))]

    def _name(self, node: Node, of: str, *, is_root: bool = False) -> str:
        return self.show(node.label if is_root else name(node, of))

    def _node(
        self, node: Node, of: str, there: There, level: int, *, is_root: bool = False, room: int | None = None
    ) -> Lines:
        label = self._name(node, of, is_root=is_root)
        width = self.width if is_root else room
        if isinstance(node, Row):
            return self._row(node, label, width, there)
        if isinstance(node, (Input, Constant)):
            return self._leaf(node, label, width)
        if isinstance(node, (Root, Border, Never)):
            return self._solution(node, label, width)
        if isinstance(node, (Absent, Unstated)):
            return self._word(node, label, width)
        return self._formula(node, label, width, there)

    def _text(self, text: str, width: int | None, hang: int = 0, style: str = "") -> Lines:
        """A text in lines that fit, later ones indented."""
        if width is None:
            return [styled(text, style)]
        first, *_ = wrapped(text, width)
        rest = text[len(first) :].strip()
        if not rest:
            return [styled(first, style)]
        more = wrapped(rest, max(width - hang, 20))
        return [styled(first, style), *(styled(" " * hang + row, style) for row in more)]

    def _beside(self, lines: Lines, aside: str, width: int | None) -> Lines:
        """The lines with a dim remark at the end of the last one, or below it where there is no room."""
        if not aside:
            return lines
        text = f"{self.strokes.arrow} {self.show(aside)}"
        if width is None or line_width(lines[-1]) + 2 + len(text) <= width:
            return [*lines[:-1], (*lines[-1], ("  " + text, "dim"))]
        return [*lines, *((("  ", ""), *row) for row in self._text(text, width - 2, 2, "dim"))]

    def _leaf(self, node: Node, label: str, width: int | None) -> Lines:
        text = f"{label} = {self._result(node, TODAY)}"
        aside = self._origin(self.origins(node.key)) if isinstance(node, Input) else node.note
        return self._beside(self._text(text, width, 4), aside, width)

    def _result(self, node: Node, there: There) -> str:
        shown = self.show(result(node.value, node.unit, there.unknown, self.strokes.ellipsis))
        value = node.value
        if isinstance(value, Line) and there.place is not None and value.slope:
            at = with_unit(number(value.at(there.place), node.unit, self.strokes.ellipsis), node.unit)
            return f"{shown}, there {at}"
        return shown

    def _origin(self, origin: Origin) -> str:
        """``file:line:column``, the rule set with its date and the number of its source, or who assumes it."""
        places = ", ".join(spot(place) for place in origin.locations)
        dated = " ".join(filter(None, (origin.rule_set, origin.as_of)))
        trust = origin.trust or ""
        words = {
            Place.FILE: places,
            Place.FLAG: "--set",
            Place.VENUE: ", ".join(filter(None, (dated, trust))) + self._footnote(origin.source),
            Place.ASSUMED: "assumed",
            Place.CONVENTION: f"{origin.rule_set} rules" if origin.rule_set else "",
            Place.DERIVED: "derived",
        }[origin.kind]
        note = "" if origin.kind is Place.FLAG else origin.note
        return ": ".join(filter(None, (words, note)))

    def _footnote(self, source: str | None) -> str:
        if source is None:
            return ""
        if source not in self.sources:
            self.sources.append(source)
        return f" [{self.sources.index(source) + 1}]"

    def _row(self, node: Row, label: str, width: int | None, there: There) -> Lines:
        value = result(node.value, node.unit, there.unknown, self.strokes.ellipsis)
        aside = self._origin(self.origins(node.key))
        head = self._beside(self._text(f"{label} = {self.show(value)}", width, 4), aside, width)
        return head + self._text(self._tier(node, there), width, 2, "dim")

    def _tier(self, node: Row, there: There) -> str:
        """Which row, and why: ``tier 2: notional 360,000 USDT is above 300,000 and up to 800,000``."""
        size = node.size
        moving = isinstance(node.measured.value, Line) or isinstance(node.unit_price.value, Line)
        if moving and there.place is not None:
            unit = line_of(node.unit_price).at(there.place)
            size = line_of(node.measured).at(there.place) / unit if unit else None
        low, high = node.borders
        bounds = [f"above {exact(low)}"] * bool(low) + [f"up to {exact(high)}" for high in [high] if high is not None]
        told = "" if size is None else with_unit(exact(size, self.strokes.ellipsis), node.measure_unit, size)
        measure = f"{node.measure} {told}".strip()
        where = f" is {' and '.join(bounds)}" if bounds else ""
        return self.show(f"tier {node.index + 1}: {measure}{where}")

    def _word(self, node: Node, label: str, width: int | None) -> Lines:
        if isinstance(node, Absent):
            return self._text(f"{label}: {NONE}, {self.show(node.note)}", width, 2)
        return self._text(f"{label} = {self._result(node, TODAY)}", width, 2)

    def _formula(self, node: Node, label: str, width: int | None, there: There) -> Lines:
        """The name with its formula, and below it the numbers put in."""
        in_words = self.show(written(node, symbols(node.of)).text)
        in_numbers = self.show(written(node, numbers(there.unknown, self.strokes.ellipsis)).text)
        value = self._result(node, there)
        hang = min(len(label) + 1, 24)
        is_plain = isinstance(node, (Decision, Condition)) or (isinstance(node, Sum) and len(node.terms) < 2)
        is_plain = is_plain or in_numbers.split(" ")[0] == "the" or (in_numbers == value)
        if is_plain:
            lines = self._text(f"{label} = {in_words} = {value}", width, hang)
        else:
            lines = self._text(f"{label} = {in_words}", width, hang)
            below = self._text(f"= {in_numbers} = {value}", None if width is None else width - hang, 2)
            lines += [((" " * hang, ""), *row) for row in below]
        return lines + (self._text(f"({self.show(node.note)})", width, 1, "dim") if node.note else [])

    def _solution(self, node: Node, label: str, width: int | None) -> Lines:
        if isinstance(node, Root):
            return self._root(node, label, width)
        if isinstance(node, Border):
            return self._border(node, label, width)
        return self._never(node, label, width) if isinstance(node, Never) else []

    def _root(self, node: Root, label: str, width: int | None) -> Lines:
        """Both lines, the solution, what both are there, and between which borders the lines hold."""
        dots = self.strokes.ellipsis
        have, need = line_of(node.equity), node.needed
        place = decimal_of(node)
        asked = "equity = level x maintenance_margin" if node.requirement is not None else "equity = 0"
        lines = self._text(f"{label}: where {asked}", width, 2)
        lines += self._text(f"{node.equity.label} = {line(have, node.unknown, dots)}", width, 4)
        above = f"{exact(have.at_zero, dots)}"
        below = f"{exact(have.slope, dots)}"
        if node.requirement is not None:
            name_ = f"level x {node.requirement.label}"
            lines += self._text(f"{name_} = {line(need, node.unknown, dots)}", width, 4)
            above = f"({_less(have.at_zero, need.at_zero, dots)})"
            below = f"({_less(have.slope, need.slope, dots)})"
        elif have.slope < 0:
            below = f"({below})"
        solved = with_unit(number(place, node.unit, dots), node.unit, place)
        lines += self._text(f"{node.unknown} = -{_bracketed(above)} / {below} = {solved}", width, 4)
        meet = with_unit(exact(have.at(place), dots), node.equity.unit)
        held = self._stretch(node)
        lines += self._text(f"there both are {meet}{held}" if node.requirement else held.lstrip("; "), width, 2, "dim")
        return [row for row in lines if row]

    def _stretch(self, node: Root) -> str:
        """Between which values of the unknown the lines hold."""
        low, high = (None if end is None else number(end, node.unit, self.strokes.ellipsis) for end in (node.start, node.end))
        if low is None or high is None:
            return f"; these lines hold from {low or high} on"
        return f"; these lines hold from {low} to {high}"

    def _border(self, node: Border, label: str, width: int | None) -> Lines:
        dots = self.strokes.ellipsis
        place = decimal_of(node)
        have, need = line_of(node.equity).at(place), line_of(node.requirement).at(place) * decimal_of(node.level)
        solved = with_unit(number(place, node.unit, dots), node.unit, place)
        measured = name(node.measured, "") or node.unknown
        lines = self._text(
            f"{label} = {solved}: where {self.show(measured)} meets {exact(decimal_of(node.border))} and the requirement jumps",
            width,
            2,
        )
        told = f"equity there {exact(have, dots)}, level x {node.requirement.label} beyond it {exact(need, dots)}"
        return lines + self._text(told, width, 4)

    def _never(self, node: Never, label: str, width: int | None) -> Lines:
        dots = self.strokes.ellipsis
        end = node.end.value
        way = f"on the way to {number(end, node.unit, dots)}" if isinstance(end, Decimal) else "ever"
        lines = self._text(f"{label}: {NONE} {way}", width, 2)
        at = number(decimal_of(node.place), node.unit, dots)
        told = f"least is left at {at}: equity {exact(node.have, dots)}, level x maintenance_margin {exact(node.need, dots)}"
        return lines + self._text(told, width, 4)


def _less(left: Decimal, right: Decimal, dots: str) -> str:
    minus = f"- {exact(right, dots)}" if right >= 0 else f"+ {exact(-right, dots)}"
    return f"{exact(left, dots)} {minus}"


def _bracketed(text: str) -> str:
    return f"({text})" if text.startswith("-") else text


def render_tree(
    node: Node, heading: Heading, origins: Callable[[str], Origin], options: Options, depth: int | None = None
) -> str:
    """The figure, its tree, the sources it rests on. Without ``depth`` as deep as ``MOST_LINES`` take."""
    tree, lines = _fitting(node, origins, options, depth)
    show = shower(options)
    blocks: list[Block] = [
        (*styled(show(heading.figure), "bold"), ("  ", ""), *styled(show(heading.reported), "bold")),
        styled(show(heading.about), "dim"),
        (),
        *lines,
    ]
    if tree.closed:
        blocks += [(), styled(f"closed below level {tree.depth}: --depth N opens more", "dim")]
    if tree.sources:
        blocks.append(())
    for number_, source in enumerate(tree.sources, 1):
        width = None if options.width is None else options.width - 4
        rows = wrapped(show(source), width)
        blocks += [styled(f"{f'[{number_}]' if k == 0 else '   '} {row}", "dim") for k, row in enumerate(rows)]
    return draw(blocks, options)


def _fitting(
    node: Node, origins: Callable[[str], Origin], options: Options, depth: int | None
) -> tuple[Tree, Sequence[tuple[Span, ...]]]:
    """The tree at the depth asked for, else at the deepest at which it is not too long."""
    if depth is not None:
        tree = Tree(origins, options, depth)
        return tree, tree.lines(node)
    best: tuple[Tree, Lines] | None = None
    for level in range(1, DEEPEST):
        tree = Tree(origins, options, level)
        lines = tree.lines(node)
        if best is not None and len(lines) > MOST_LINES:
            break
        best = tree, lines
        if not tree.closed:
            break
    return best if best is not None else (tree, lines)


