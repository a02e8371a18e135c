"""A page: what a result has to say, in blocks that know no width, no colour code and no mark-up.

Numbers are words already (``marginctl.wording``); text of the user's own stands as it was written: every format makes
it safe in its own way.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from marginctl.core.curve import EquityCurve
from marginctl.core.exact import ONE
from marginctl.core.grid import Grid
from marginctl.findings import Problem
from marginctl.results.explanation import ExplainResult


class Tone(Enum):
    """How a text is meant. LOSS: less than nothing; LABEL: names what follows; CODE: to be typed or found as it is."""

    PLAIN = "plain"
    STRONG = "strong"
    DIM = "dim"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    LOSS = "loss"
    LABEL = "label"
    CODE = "code"


class Span(NamedTuple):
    """A text in one tone."""

    text: str
    tone: Tone = Tone.PLAIN


class Sentence(Struct, frozen=True, kw_only=True):
    """Running text behind a lead; ``depth`` steps further in than the section."""

    text: str
    tone: Tone = Tone.PLAIN
    lead: tuple[Span, ...] = ()
    depth: int = 0


class Items(Struct, frozen=True, kw_only=True):
    """Texts below each other, each behind ``mark``. ``folded``: what stands for them where they can be folded away."""

    texts: tuple[str, ...]
    mark: str = ""
    depth: int = 0
    folded: str = ""


class Words(Struct, frozen=True, kw_only=True):
    """Short facts in a row."""

    texts: tuple[str, ...]
    tone: Tone = Tone.DIM


class Facts(Struct, frozen=True, kw_only=True):
    """Labels with a text each."""

    rows: tuple[tuple[str, str], ...]
    tone: Tone = Tone.LABEL


class Gauge(Struct, frozen=True, kw_only=True):
    """A figure beside its limit. ``share``: of 100%, where it is one; None with ``is_share`` is beyond all bounds."""

    label: str
    text: str
    is_share: bool
    share: Decimal | None = None
    limit: Decimal | None = None
    tone: Tone = Tone.PLAIN
    verdict: Span = Span("")


class Balance(Struct, frozen=True, kw_only=True):
    """Amounts of one currency below each other, and the ratios that follow from them."""

    rows: tuple[tuple[str, str], ...]
    gauges: tuple[Gauge, ...] = ()


class ColumnKind(Enum):
    """What a column holds. NAME: may be shortened in the middle; PROSE: may go on below; PLACE: in a file.

    NUMBER: all with the same decimals; POINTED: each with its own, the points below each other.
    """

    TEXT = "text"
    NAME = "name"
    PROSE = "prose"
    PLACE = "place"
    NUMBER = "number"
    POINTED = "pointed"


NUMERIC = frozenset((ColumnKind.NUMBER, ColumnKind.POINTED))


class Column(Struct, frozen=True, kw_only=True):
    """One column: title, unit, cells in the order of the rows; without a single text in its cells it is not there.

    priority: 0 stays always, then the higher the sooner it goes where there is no room; tones: one per cell, or none;
    links: addresses, one per cell, or none.
    """

    title: str
    cells: Sequence[str]
    kind: ColumnKind = ColumnKind.NUMBER
    unit: str = ""
    priority: int = 0
    tones: Sequence[Tone] = ()
    links: Sequence[str] = ()


class DataTable(Struct, frozen=True):
    """Columns of equal length; ``is_fixed``: they stay where they have nothing to show."""

    columns: tuple[Column, ...]
    is_fixed: bool = False

    @property
    def shown(self) -> list[Column]:
        """The columns that are there."""
        return [column for column in self.columns if self.is_fixed or any(column.cells)]


class FindingRow(Struct, frozen=True, kw_only=True):
    """A finding: grade, code, what is found, and what to do about it, or why nothing (``is_waived``)."""

    word: Span
    code: str
    text: str
    advice: tuple[str, ...] = ()
    is_waived: bool = False


class Findings(Struct, frozen=True):
    """Findings below each other."""

    rows: tuple[FindingRow, ...]


class Problems(Struct, frozen=True):
    """What is wrong with a file, with its place and the line."""

    rows: tuple[Problem, ...]


class CurveChart(Struct, frozen=True):
    """Equity and what it must cover over a move; ``ends``: the moves that liquidate.

    source: where the data of the page has it: the number of the document, its key, the place in the list.
    """

    curve: EquityCurve
    ends: tuple[Decimal, ...]
    title: str = "How far to liquidation"
    unit: str = ""
    source: tuple[int, str, int] | None = None


class HeatMap(Struct, frozen=True):
    """The maintenance ratio over the moves of two assets."""

    grid: Grid


class Bar(Struct, frozen=True):
    """From one value to another on the picture's axis; ``text`` stands beside it."""

    start: Decimal
    end: Decimal
    text: str = ""
    tone: Tone = Tone.PLAIN


class BarRow(Struct, frozen=True, kw_only=True):
    """A line of a picture of bars. is_sum: it is what the rows above come to; note: words below it.

    signs: one beside the bars at a value, where there is room for them.
    """

    label: str
    bars: tuple[Bar, ...] = ()
    note: str = ""
    is_sum: bool = False
    signs: tuple[tuple[Decimal, str], ...] = ()


class BarPicture(Struct, frozen=True, kw_only=True):
    """Rows of bars over one axis. ``name``: as it is asked for; ``reading``: what it says; ``table``: its figures.

    is_share: the axis is one of moves; is_part: of parts of a way; unit: of the amounts otherwise. band: a stretch of
    the axis behind the bars. trace: a line above the rows over the same axis, in an axis of its own.
    """

    name: str
    title: str
    reading: str
    rows: tuple[BarRow, ...]
    table: DataTable
    unit: str = ""
    is_share: bool = False
    is_part: bool = False
    band: tuple[Decimal, Decimal] | None = None
    trace: "Trace | None" = None

    @property
    def ends(self) -> list[Decimal]:
        """What its axis has to reach: the ends of all bars, and of the whole way."""
        return [value for row in self.rows for bar in row.bars for value in (bar.start, bar.end)] + [ONE] * self.is_part


class Stroke(Enum):
    """How a line of a picture is drawn: never told apart by colour alone."""

    SOLID = "solid"
    DASHED = "dashed"
    THIN = "thin"


class Trace(Struct, frozen=True):
    """A line through exact corners."""

    label: str
    points: tuple[tuple[Decimal, Decimal], ...]
    stroke: Stroke = Stroke.SOLID


class PlotMark(Struct, frozen=True):
    """A place on the x axis with words."""

    at: Decimal
    text: str
    is_end: bool = False


class LinePicture(Struct, frozen=True, kw_only=True):
    """LinePicture over one axis, as ``BarPicture``. ``gone``: the stretches of x on which the pool is liquidated.

    spans: stretches of x with words for each.
    """

    name: str
    title: str
    reading: str
    traces: tuple[Trace, ...]
    table: DataTable
    marks: tuple[PlotMark, ...] = ()
    gone: tuple[tuple[Decimal, Decimal], ...] = ()
    spans: tuple[tuple[Decimal, Decimal, str], ...] = ()
    x_title: str = ""
    y_title: str = ""
    is_share: bool = True


class Explanation(Struct, frozen=True):
    """How a figure came about as a tree, or the list of all figures."""

    found: ExplainResult


class Data(Struct, frozen=True):
    """The document of a result, for who reads the page with a program; formats without room for it leave it out.

    number: by which pictures of the page find it.
    """

    name: str
    result: object
    number: int = 0


class Folded(Struct, frozen=True):
    """Curves that are read on demand, behind a title."""

    title: str
    blocks: tuple[CurveChart, ...]


Pictured: TypeAlias = BarPicture | LinePicture
Text: TypeAlias = Sentence | Items | Words | Facts | Findings | Problems
Block: TypeAlias = Text | Balance | DataTable | CurveChart | HeatMap | Pictured | Folded | Data | Explanation


class Section(Struct, frozen=True, kw_only=True):
    """Blocks below a heading, with a note beside it; without a heading they stand by themselves.

    is_title: the head of a page, of names that may be shortened; behind a ``lead``, a verdict, it is a sentence and
    nothing is. is_prose: text to be read like a page of a manual. anchor: what links to it say. is_apart: it belongs
    to the page, not to the head before it.
    """

    blocks: tuple[Block, ...] = ()
    heading: str = ""
    note: Span = Span("", Tone.DIM)
    lead: Span = Span("")
    is_title: bool = False
    is_prose: bool = False
    is_apart: bool = False
    anchor: str = ""


Page: TypeAlias = tuple[Section, ...]


def section(
    heading: str, *blocks: Block | None, note: str = "", tone: Tone = Tone.DIM, is_prose: bool = False
) -> Section | None:
    """Blocks below a heading; nothing where there are no blocks."""
    found = tuple(block for block in blocks if block is not None)
    if not found:
        return None
    return Section(heading=heading, note=Span(note, tone), blocks=found, is_prose=is_prose)


def page(sections: Iterable[Section | None]) -> Page:
    """The sections that have something to say."""
    return tuple(one for one in sections if one is not None and (one.blocks or one.heading))


def dim(text: str) -> Sentence:
    """A remark at the side."""
    return Sentence(text=text, tone=Tone.DIM)


def _column(
    kind: ColumnKind,
    title: str,
    cells: Sequence[str],
    unit: str = "",
    *,
    priority: int = 0,
    tones: Sequence[Tone] = (),
    links: Sequence[str] = (),
) -> Column:
    return Column(title=title, cells=cells, kind=kind, unit=unit, priority=priority, tones=tones, links=links)


texts = partial(_column, ColumnKind.TEXT)
"""A column of words."""
names = partial(_column, ColumnKind.NAME)
"""A column of names, which may be shortened in the middle."""
numbers = partial(_column, ColumnKind.NUMBER)
"""A column of numbers with equal decimals."""
pointed = partial(_column, ColumnKind.POINTED)
"""A column of numbers with decimals of their own."""
