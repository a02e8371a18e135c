"""The derivation of a figure as a tree for the terminal."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from msgspec import Struct

from marginctl.core.explain.node import Node, Value
from marginctl.render.derivation.branch import Branch, Lines, Notes
from marginctl.render.derivation.quantity import number, result, with_unit
from marginctl.render.layout import wrapped
from marginctl.render.screen import Block, draw, line, paragraph, shower
from marginctl.results import Options, Origin

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
    """Draws one derivation down to a depth; a branch that stands above already is not drawn again.

    ``most``: lines after which it gives up, as somebody else will draw it less deep.
    """

    def __init__(self, origins: Callable[[str], Origin], options: Options, depth: int, most: int | None = None) -> None:
        self.notes = Notes(origins, options)
        self.depth = depth
        self.is_closed = False
        self.count = 0
        self._most = most
        self._options = options
        self._strokes = ASCII if options.ascii else UNICODE
        self._seen: set[object] = set()

    def lines(self, node: Node) -> Lines:
        """The whole tree below a figure."""
        return self._drawn(Branch(node, self._options, self.notes), "", "", 0)

    def _drawn(self, branch: Branch, first: str, rest: str, level: int) -> Lines:
        if branch.identity in self._seen:
            return self._counted(branch.again(len(first)), first, rest + ROOM)
        self._seen.add(branch.identity)
        parts = [part for part in branch.parts() if not (branch.is_row and part.identity in self._seen)]
        if parts and level >= self.depth:
            self.is_closed = True
            return self._counted(branch.closed(len(first)), first, rest + ROOM)
        trunk = rest + (self._strokes.bar if parts else ROOM)
        own = self._counted(branch.lines(len(first)), first, trunk)
        return [*own, *self._below(parts, rest, level + 1)]

    def _below(self, parts: list[Branch], prefix: str, level: int) -> Lines:
        drawn: Lines = []
        for part in parts:
            if self._most is not None and self.count > self._most:
                break
            is_last = part is parts[-1]
            first, rest = (self._strokes.end, ROOM) if is_last else (self._strokes.tee, self._strokes.bar)
            drawn += self._drawn(part, prefix + first, prefix + rest, level)
        return drawn

    def _counted(self, lines: Lines, first: str, rest: str) -> Lines:
        """The lines behind the strokes of the tree."""
        self.count += len(lines)
        return [((first if number_ == 0 else rest, "dim"), *spans) for number_, spans in enumerate(lines)]


def render_tree(
    node: Node, heading: Heading, origins: Callable[[str], Origin], options: Options, depth: int | None = None
) -> str:
    """The figure, its tree, the sources it rests on. Without ``depth`` as deep as ``MOST_LINES`` take."""
    tree, lines = _fitting(node, origins, options, depth)
    show = shower(options)
    value = show(_reported(heading.reported, node))
    head = (*line(show(heading.figure), "bold"), *line(" = "))
    blocks: list[Block] = [*paragraph(value, options.width, lead=head, style="bold cyan")]
    blocks += [*(line(row, "dim") for row in wrapped(show(heading.about), options.width)), (), *lines]
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
    tree = Tree(origins, options, 1 if depth is None else depth)
    lines = tree.lines(node)
    while depth is None and tree.is_closed:
        deeper = Tree(origins, options, tree.depth + 1, MOST_LINES)
        more = deeper.lines(node)
        if deeper.count > MOST_LINES:
            break
        tree, lines = deeper, more
    return tree, lines
