"""``explain``: how one figure came about as a tree for the terminal, or the list of all figures."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec import Struct

from marginctl.core.exact import ZERO
from marginctl.render import Options
from marginctl.render.formats.layout import Line, glyphs, line, line_width, paragraph, shower, wrapped
from marginctl.render.paths import spot
from marginctl.render.quantity import NONE, exact, in_numbers, number, result, sloped
from marginctl.results.explanation import (
    SECTIONS,
    ExplainResult,
    InputOrigin,
    OriginKind,
    Solution,
    Step,
    TierUsed,
    called,
    in_words,
)

MOST_LINES = 60
"""A tree longer than this is closed at the deepest level that still fits."""
MOST_TERMS = 6
"""Terms of a sum that are written out; of more the formula says how many there are."""
GAP = "  "
INSET = 3
NARROWEST = 24
ROOM = "   "

# Where a number comes from.


class Notes:
    """What stands behind an input, and the footnotes that it asks for."""

    def __init__(self, found: ExplainResult, arrow: str) -> None:
        self.texts: list[str] = []
        self._origins, self._arrow = found.origins, arrow

    def remark(self, key: str) -> str:
        """``<- book.yaml:3:4``, or the rule set with its date and a footnote."""
        origin = self._origins.get(key)
        if origin is None:
            return ""
        between = ": " if origin.kind in {OriginKind.ASSUMED, OriginKind.DERIVED} else ", "
        note = "" if origin.kind is OriginKind.VENUE else origin.note
        words = between.join(filter(None, (self._who(origin), note)))
        return f"{self._arrow} {words}" if words else ""

    def _who(self, origin: InputOrigin) -> str:
        if origin.kind is OriginKind.FILE:
            return ", ".join(spot(place) for place in origin.locations)
        if origin.kind is OriginKind.VENUE:
            dated = " ".join(filter(None, (origin.rule_set, origin.as_of)))
            return ", ".join(filter(None, (dated, origin.trust))) + self._footnote(origin)
        if origin.kind is OriginKind.CONVENTION:
            return f"{origin.rule_set} rules" if origin.rule_set else ""
        return "" if origin.kind is OriginKind.FLAG else origin.kind.value

    def _footnote(self, origin: InputOrigin) -> str:
        text = "; ".join(filter(None, (origin.source, origin.note)))
        if not text:
            return ""
        if text not in self.texts:
            self.texts.append(text)
        return f" [{self.texts.index(text) + 1}]"


# The tree.


class Strokes(Struct, frozen=True):
    """The lines of the tree."""

    tee: str
    bar: str
    end: str


UNICODE = Strokes("├─ ", "│  ", "└─ ")
ASCII = Strokes("|- ", "|  ", "`- ")


class Tree:
    """Draws one explanation down to a depth; a branch that stands above already is not drawn again.

    ``most``: lines after which it gives up, as somebody else will draw it less deep.
    """

    def __init__(self, found: ExplainResult, options: Options, depth: int, most: int | None = None) -> None:
        self.notes = Notes(found, "<-" if options.ascii else "←")
        self.depth, self.is_closed, self.count = depth, False, 0
        self._most, self._options = most, options
        self._strokes = ASCII if options.ascii else UNICODE
        self._dots = glyphs(options).ellipsis
        self._seen: set[object] = set()
        self._tiers: set[str] = set()

    def drawn(self, step: Step, of: str = "", first: str = "", rest: str = "", level: int = 0) -> list[Line]:
        """The lines of a step and of what lies below it."""
        identity = (step.key, step.name) if step.key else id(step)
        name = called(step, of) if level else step.name
        room = self._room(len(first))
        if identity in self._seen:
            told = f"{name} = {self._result(step)}" if step.value is not None else f"{name}: {NONE}"
            shown = self._beside(self._bold(self._wrapped(told, room), name), "(above)", room)
            return self._counted(shown, first, rest)
        self._seen.add(identity)
        below = list(step.operands)
        if below and level >= self.depth:
            self.is_closed = True
            shown = self._beside(self._lines(step, name, room), f"{self._dots} {step.figure}".strip(), room)
            return self._counted(shown, first, rest + ROOM)
        trunk = rest + (self._strokes.bar if below else ROOM)
        own = self._counted(self._lines(step, name, room), first, trunk)
        return [*own, *self._below(step, below, rest, level + 1)]

    def _below(self, step: Step, below: list[Step], prefix: str, level: int) -> list[Line]:
        drawn: list[Line] = []
        for k, part in enumerate(below):
            if self._most is not None and self.count > self._most:
                break
            last = part is below[-1]
            first, rest = (self._strokes.end, ROOM) if last else (self._strokes.tee, self._strokes.bar)
            if step.chosen is not None and k != step.chosen:
                lines = self._lines(part, called(part, step.of), self._room(len(prefix + first)))
                drawn += self._counted(lines, prefix + first, prefix + rest + ROOM)
            else:
                drawn += self.drawn(part, step.of, prefix + first, prefix + rest, level)
        return drawn

    def _counted(self, lines: list[Line], first: str, rest: str) -> list[Line]:
        self.count += len(lines)
        return [((first if k == 0 else rest, "dim"), *spans) for k, spans in enumerate(lines)]

    def _room(self, indent: int) -> int | None:
        width = self._options.width
        return None if width is None else max(width - indent - INSET, NARROWEST)

    # Lines of one step.

    def _lines(self, step: Step, name: str, room: int | None) -> list[Line]:
        if step.solution is not None:
            texts = solution_texts(name, step.solution, self._dots)
            told = [*self._wrapped(texts[0], room), *(row for text in texts[1:] for row in self._inset(text, room))]
        elif step.value is None:
            told = self._wrapped(f"{name}: {NONE}" + (f", {step.note}" if step.note else ""), room)
            return self._bold(self._beside(told, self._origin(step), room), name)
        elif step.formula:
            told = self._formula(step, name, room)
        else:
            told = self._wrapped(f"{name} = {self._result(step)}", room)
            told = self._beside(told, self._origin(step), room)
        if step.tier is not None and step.key not in self._tiers:
            self._tiers.add(step.key)
            told += self._tier(step.tier, room)
        told += self._inset(f"({step.note})", room, "dim") if step.note else []
        return self._bold(told, name)

    def _origin(self, step: Step) -> str:
        if step.tier is not None and step.key in self._tiers:
            return f"(tier {step.tier.number}, as above)"
        return self.notes.remark(step.key) if step.key else ""

    def _formula(self, step: Step, name: str, room: int | None) -> list[Line]:
        """The name with its formula, and below it the numbers put in."""
        value = self._result(step)
        terms = step.formula.count(" + ") + step.formula.count(" - ") + 1
        words = in_words(step) if terms <= MOST_TERMS else f"the sum of its {len(step.operands):,} parts"
        numbers = in_numbers(step, self._dots) if terms <= MOST_TERMS else words
        if step.chosen is not None:
            texts = (f"{called(one, step.of)} ({number(one.value, one.unit, self._dots)})" for one in step.operands)
            return self._wrapped(f"{name} = {step.formula.format(*texts)}", room)
        if not step.operands:
            return self._wrapped(f"{name} = {value}", room)
        if not isinstance(step.value, Decimal):
            return self._wrapped(f"{name} = {value}: {words}", room)
        if step.formula == "{0}" or numbers in {value, words}:
            return self._wrapped(f"{name} = {words} = {value}", room)
        told = self._wrapped(f"{name} = {words}", room)
        return told + self._inset(f"= {numbers} = {value}", room)

    def _result(self, step: Step) -> str:
        value = result(step.value, step.unit, self._dots)
        if step.line is None or not step.line[1]:
            return value
        return f"{sloped(step.line, step.unknown, self._dots)}; there {value}"

    def _tier(self, tier: TierUsed, room: int | None) -> list[Line]:
        """``tier 2: notional 360,000 USDT is above 300,000 and up to 800,000``."""
        size = "" if tier.size is None else f" {result(tier.size, tier.unit, self._dots)}"
        bounds = [f"above {exact(tier.above)}"] if tier.above else []
        bounds += [f"up to {exact(tier.up_to)}"] if tier.up_to is not None else []
        told = f"tier {tier.number}: {tier.measure}{size}" + (f" is {' and '.join(bounds)}" if bounds else "")
        return self._inset(told, room, "dim")

    # Layout.

    def _wrapped(self, text: str, room: int | None, style: str = "") -> list[Line]:
        """Text in lines that fit, the later ones indented."""
        shown = shower(self._options)(text)
        first, *more = wrapped(shown, None if room is None else room + INSET)
        if more and room is not None:
            more = wrapped(shown[len(first) :].strip(), room - len(GAP))
        return [line(first, style), *(line(GAP + row, style) for row in more)]

    def _inset(self, text: str, room: int | None, style: str = "") -> list[Line]:
        """Lines below the first of a step."""
        first, *more = wrapped(shower(self._options)(text), room)
        return [line(first, style), *(line(GAP + row, style) for row in more)]

    def _beside(self, lines: list[Line], remark: str, room: int | None) -> list[Line]:
        """A dim remark at the end of the last line, below it where there is no room."""
        if not remark:
            return lines
        shown = shower(self._options)(remark)
        more = INSET if len(lines) == 1 else 0
        if room is None or line_width(lines[-1]) + len(GAP) + len(shown) <= room + more:
            return [*lines[:-1], (*lines[-1], (GAP + shown, "dim"))]
        return [*lines, *self._inset(remark, room, "dim")]

    def _bold(self, lines: list[Line], name: str) -> list[Line]:
        """The lines with the name at their beginning in bold."""
        label = shower(self._options)(name)
        first = lines[0]
        if not first or not first[0][0].startswith(label):
            return lines
        (text, style), *others = first
        return [((label, "bold"), (text[len(label) :], style), *others), *lines[1:]]


def solution_texts(name: str, found: Solution, dots: str) -> list[str]:
    """Both lines, the solution, what both are there, and between which borders the lines hold."""
    if found.place is None:
        return _never(name, found, dots)
    place, unknown = found.place, found.unknown
    rows = [f"moved equity = {sloped(found.equity, unknown, dots)}"]
    have = found.equity[0] + found.equity[1] * place
    solved = result(place, found.unit, dots)
    if found.needed is None:
        above, below, asked = exact(found.equity[0], dots), exact(found.equity[1], dots), "equity = 0"
    else:
        asked = "equity = level x maintenance_margin"
        rows.append(f"level x moved maintenance_margin = {sloped(found.needed, unknown, dots)}")
        above, below = (
            f"({exact(have_, dots)} - {_bracketed(exact(need_, dots))})"
            for have_, need_ in zip(found.equity, found.needed, strict=True)
        )
    if found.beyond is not None:
        told = f"{name} = {solved}: {found.story} until the requirement jumps over the equity"
        return [
            told,
            f"equity there is {exact(have, dots)}, level x maintenance_margin beyond it {exact(found.beyond, dots)}",
        ]
    rows.append(f"{unknown} = -{_bracketed(above)} / {_bracketed(below)} = {solved}")
    both = f"there both are {exact(have, dots)}; " if found.needed is not None else ""
    return [f"{name}: {found.story} until {asked}", *rows, f"({both}{_stretch(found, dots)})"]


def _stretch(found: Solution, dots: str) -> str:
    low, high = (None if end is None else number(end, found.unit, dots) for end in (found.holds_from, found.holds_to))
    between = f"from {low or high} on" if low is None or high is None else f"from {low} to {high}"
    return f"no tier or haircut border {between}"


def _never(name: str, found: Solution, dots: str) -> list[str]:
    end, at = found.end, found.least_at or ZERO
    way = "ever" if end is None else f"on the way to {'+' if end > 0 else ''}{number(end, found.unit, dots)}"
    have = exact(found.equity[0] + found.equity[1] * at, dots)
    needed = found.needed or (ZERO, ZERO)
    need = exact(needed[0] + needed[1] * at, dots)
    return [
        f"{name}: {NONE} {way}",
        f"least is left at {number(at, found.unit, dots)}: equity {have} against level x maintenance_margin {need}",
    ]


def _bracketed(text: str) -> str:
    return f"({text})" if text.startswith("-") else text


def explanation_lines(found: ExplainResult, options: Options) -> list[Line]:
    """The tree of a figure, or the list of all."""
    return _listing(found, options) if found.step is None else _traced(found, found.step, options)


def _traced(found: ExplainResult, step: Step, options: Options) -> list[Line]:
    """The figure, its tree, the sources it rests on. Without a depth as deep as ``MOST_LINES`` take."""
    tree, lines = _fitting(found, step, options, options.depth)
    show = shower(options)
    value = show(result(found.figures[found.figure], step.unit, "..."))
    head = (*line(show(found.figure), "bold"), *line(" = "))
    blocks: list[Line] = [*paragraph(value, options.width, lead=head, style="bold cyan")]
    blocks += [*(line(row, "dim") for row in wrapped(show(found.about), options.width)), (), *lines]
    if tree.is_closed:
        advice = "what lies deeper is closed: --depth N opens N levels, or explain one of the figures above"
        blocks += [(), *(line(row, "dim") for row in wrapped(advice, options.width))]
    if tree.notes.texts:
        blocks += [(), *_footnotes(tree.notes.texts, options)]
    return blocks


def _footnotes(texts: Iterable[str], options: Options) -> list[Line]:
    rows: list[Line] = []
    for k, text in enumerate(texts, 1):
        rows += paragraph(shower(options)(text), options.width, lead=line(f"[{k}] ", "dim"), style="dim")
    return rows


def _fitting(found: ExplainResult, step: Step, options: Options, depth: int | None) -> tuple[Tree, list[Line]]:
    """The tree at the depth asked for, else at the deepest at which it is not too long (one level at least)."""
    tree = Tree(found, options, 1 if depth is None else depth)
    lines = tree.drawn(step)
    while depth is None and tree.is_closed:
        deeper = Tree(found, options, tree.depth + 1, MOST_LINES)
        more = deeper.drawn(step)
        if deeper.count > MOST_LINES:
            break
        tree, lines = deeper, more
    return tree, lines


# The list of figures.

WORDS = {"pools": "POOL", "positions": "KEY", "collateral": "ASSET", "underlyings": "ASSET", "portfolio_margin": "POOL"}
"""Sections with a row for each of several subjects, and what stands for the subject."""
MOST_SUBJECTS = 40


def _listing(found: ExplainResult, options: Options) -> list[Line]:
    """Every section once, with its subjects and the names of its figures."""
    show, figures = shower(options), list(found.figures)
    priced = [one for one in figures if one.startswith("positions.") and one.endswith(".liquidation_price")]
    examples = ["totals.utilization", *priced[:1]]
    blocks: list[Line] = [
        *_joined(line(show(found.file), "bold"), line(f"  {len(figures)} figures, for example"), options.width),
        *(row for figure in examples for row in _command(show(found.file), show(figure), options.width)),
    ]
    for section in SECTIONS:
        own = [figure for figure in figures if figure.startswith(f"{section}.")]
        if own:
            blocks += [(), *_section(section, own, options)]
    return blocks


def _command(file: str, figure: str, width: int | None) -> list[Line]:
    """The command as it can be copied, on two lines where one is too narrow."""
    whole = line(f"  marginctl explain {file} {figure}", "cyan")
    if width is None or line_width(whole) <= width:
        return [whole]
    return [line(f"  marginctl explain {file} \\", "cyan"), line(f"    {figure}", "cyan")]


def _joined(first: Line, second: Line, width: int | None) -> list[Line]:
    """Two parts on one line, below one another where it is too narrow."""
    whole = (*first, *second)
    return [whole] if width is None or line_width(whole) <= width else [first, second]


def _section(section: str, figures: Sequence[str], options: Options) -> list[Line]:
    if section not in WORDS:
        names = [figure.removeprefix(f"{section}.") for figure in figures]
        return [line(f"{section}.FIGURE", "bold"), *_listed("FIGURE", names, options)]
    word = WORDS[section]
    subjects = _subjects(section, figures)
    first = f"{section}.{subjects[0]}."
    names = [figure.removeprefix(first) for figure in figures if figure.startswith(first)]
    more = [f"and {len(subjects) - MOST_SUBJECTS} more"] if len(subjects) > MOST_SUBJECTS else []
    return [
        line(f"{section}.{word}.FIGURE", "bold"),
        *_listed(word, [*subjects[:MOST_SUBJECTS], *more], options),
        *_listed("FIGURE", names, options),
    ]


def _listed(word: str, names: Sequence[str], options: Options) -> list[Line]:
    text = shower(options)(", ".join(names))
    return [*paragraph(text, options.width, lead=line(f"  {word:<6}  ", "dim"))]


def _subjects(section: str, figures: Sequence[str]) -> list[str]:
    """The subjects of a section in order; each has the same names behind it, in the same order."""
    last = f".{figures[0].rpartition('.')[2]}"
    named = (figure for figure in figures if figure.endswith(last))
    return [figure.removeprefix(f"{section}.").removesuffix(last) for figure in named]
