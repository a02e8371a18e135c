"""The derivation of a figure as a tree for the terminal."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from msgspec import Struct

from marginctl.core.explain.node import Node, Value
from marginctl.portfolio.origins import Origin
from marginctl.render.derivation.branch import Branch, Lines, Notes
from marginctl.render.derivation.quantity import number, result, with_unit
from marginctl.render.document import Options
from marginctl.render.layout import wrapped
from marginctl.render.screen import Block, draw, line, shower

MOST_LINES = 60
"""A tree longer than this is closed at the deepest level that still fits."""


class Heading(Struct, frozen=True):
    """What stands above the tree: the path of the figure, its value in the report, the file and its rules."""

    figure: str
    reported: Value
    about: str


class Strokes(Struct, frozen=True):
    """The lines of the tree."""

    tee: str
    bar: str
    end: str


UNICODE = Strokes("├─ ", "│  ", "└─ ")
ASCII = Strokes("|- ", "|  ", "`- ")
ROOM = "   "


class Tree:
    """Draws one derivation down to a depth; a branch that stands above already is not drawn again."""

    def __init__(self, origins: Callable[[str], Origin], options: Options, depth: int | None) -> None:
        self.notes = Notes(origins, options)
        self.is_closed = False
        self._options = options
        self.depth = depth
        self._strokes = ASCII if options.ascii else UNICODE
        self._seen: set[object] = set()

    def lines(self, node: Node) -> Lines:
        """The whole tree below a figure."""
        return self._drawn(Branch(node, self._options, self.notes), "", "", 0)

    def _drawn(self, branch: Branch, first: str, rest: str, level: int) -> Lines:
        if branch.identity in self._seen:
            return _prefixed(branch.again(len(first)), first, rest + ROOM)
        self._seen.add(branch.identity)
        parts = [part for part in branch.parts() if not (branch.is_row and part.identity in self._seen)]
        if parts and self.depth is not None and level >= self.depth:
            self.is_closed = True
            return _prefixed(branch.closed(len(first)), first, rest + ROOM)
        own = branch.lines(len(first))
        trunk = rest + (self._strokes.bar if parts else ROOM)
        return [*_prefixed(own, first, trunk), *self._below(parts, rest, level + 1)]

    def _below(self, parts: list[Branch], prefix: str, level: int) -> Lines:
        drawn: Lines = []
        for part in parts:
            is_last = part is parts[-1]
            first, rest = (self._strokes.end, ROOM) if is_last else (self._strokes.tee, self._strokes.bar)
            drawn += self._drawn(part, prefix + first, prefix + rest, level)
        return drawn


def _prefixed(lines: Lines, first: str, rest: str) -> Lines:
    return [((first if number == 0 else rest, "dim"), *spans) for number, spans in enumerate(lines)]


def render_tree(
    node: Node, heading: Heading, origins: Callable[[str], Origin], options: Options, depth: int | None = None
) -> str:
    """The figure, its tree, the sources it rests on. Without ``depth`` as deep as ``MOST_LINES`` take."""
    tree, lines = _fitting(node, origins, options, depth)
    show = shower(options)
    value = show(_reported(heading.reported, node))
    head = [
        (*line(show(heading.figure), "bold"), *line(" = "), *line(value, "bold cyan")),
        line(show(heading.about), "dim"),
    ]
    blocks: list[Block] = [*head, (), *lines]
    if tree.is_closed:
        advice = "what lies deeper is closed: --depth N opens N levels, or explain one of the figures above"
        blocks += [(), *(line(row, "dim") for row in wrapped(advice, options.width))]
    if tree.notes.texts:
        blocks += [(), *_footnotes(tree.notes.texts, options)]
    return draw(blocks, options)


def _reported(value: Value, node: Node) -> str:
    """The value as the report has it, all of its digits."""
    if isinstance(value, Decimal):
        return with_unit(number(value, node.unit), node.unit, value)
    return result(value, node.unit)


def _footnotes(texts: Iterable[str], options: Options) -> list[Block]:
    rows: list[Block] = []
    for number_, text in enumerate(texts, 1):
        mark = f"[{number_}] "
        width = None if options.width is None else options.width - len(mark)
        for k, row in enumerate(wrapped(shower(options)(text), width)):
            rows.append(line((mark if k == 0 else " " * len(mark)) + row, "dim"))
    return rows


def _fitting(node: Node, origins: Callable[[str], Origin], options: Options, depth: int | None) -> tuple[Tree, Lines]:
    """The tree at the depth asked for, else at the deepest at which it is not too long (one level at least)."""
    best = _at_depth(node, origins, options, 1 if depth is None else depth)
    while depth is None and best[0].is_closed:
        level = (best[0].depth or 0) + 1
        deeper = _at_depth(node, origins, options, level)
        if len(deeper[1]) > MOST_LINES:
            break
        best = deeper
    return best


def _at_depth(node: Node, origins: Callable[[str], Origin], options: Options, depth: int) -> tuple[Tree, Lines]:
    tree = Tree(origins, options, depth)
    return tree, tree.lines(node)
