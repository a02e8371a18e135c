"""What an explanation of a figure is made of: steps, the rows and crossings behind them, and where inputs come from."""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import ClassVar, TypeAlias

from msgspec import Struct

from marginctl.findings import Document, Location

SECTIONS = (
    *("account", "totals", "liquidation", "pools", "positions", "collateral", "other", "underlyings"),
    *("netting", "funding"),
    "portfolio_margin",
)
"""Of the report, in its order."""


class OriginKind(Enum):
    """Who says so.

    FILE: the portfolio; FLAG: the command line; VENUE: a rule set; ASSUMED: nobody; CONVENTION: the interface;
    DERIVED: it follows from the modes of the account.
    """

    FILE = "file"
    FLAG = "flag"
    VENUE = "venue"
    ASSUMED = "assumed"
    CONVENTION = "convention"
    DERIVED = "derived"


class InputOrigin(Struct, frozen=True, kw_only=True):
    """Where an input comes from. ``locations``: every row of a merged position has one.

    ``as_of``, ``trust``, ``source``: of a venue's rule, as far as it states them. ``note``: what else to know.
    """

    shape: ClassVar[str] = "kind *place? places? rule_set? as_of? trust? source? note?"

    kind: OriginKind
    locations: tuple[Location, ...] = ()
    rule_set: str = ""
    as_of: str | None = None
    trust: str | None = None
    source: str | None = None
    note: str = ""

    @property
    def place(self) -> Location | None:
        """Its one place."""
        return self.locations[0] if len(self.locations) == 1 else None

    @property
    def places(self) -> tuple[Location, ...]:
        """Its places where it has several."""
        return self.locations[: len(self.locations) * (len(self.locations) > 1)]


Value: TypeAlias = Decimal | str | bool | int | tuple[str, ...] | None
"""What a figure of the report can be."""


class TierUsed(Struct, frozen=True, kw_only=True):
    """The row of a table: its number from 1, what was measured, and its borders (``up_to`` inclusive, None = open)."""

    number: int
    measure: str
    size: Decimal | None
    unit: str
    above: Decimal
    up_to: Decimal | None


class StraightLine(Struct, frozen=True):
    """at_zero + slope x the unknown."""

    at_zero: Decimal
    slope: Decimal


class Solution(Struct, frozen=True, kw_only=True):
    """Where the equity of a pool meets what it must cover, along what ``story`` tells.

    Both are straight lines (at 0, slope) of ``unknown`` between ``holds_from`` and ``holds_to``; ``needed`` is level x
    maintenance_margin, None where the equity alone is asked for. ``place`` None: they never meet up to ``end`` (None =
    ever); then ``least_at`` is where least is left. ``beyond``: the requirement jumps over the equity, to this.
    """

    shape: ClassVar[str] = (
        "story unknown unit place beyond holds_from holds_to end least_at equity=equity_line needed=needed_line"
    )

    story: str
    unknown: str
    unit: str
    equity: tuple[Decimal, Decimal]
    needed: tuple[Decimal, Decimal] | None
    place: Decimal | None
    beyond: Decimal | None = None
    holds_from: Decimal | None = None
    holds_to: Decimal | None = None
    end: Decimal | None = None
    least_at: Decimal | None = None

    @property
    def equity_line(self) -> StraightLine:
        """The equity by name."""
        return StraightLine(*self.equity)

    @property
    def needed_line(self) -> StraightLine | None:
        """What it must cover by name."""
        return None if self.needed is None else StraightLine(*self.needed)


class Step(Struct, frozen=True, kw_only=True):
    """One line of an explanation: what it is called, its value, and the formula with the steps that it is made of.

    ``formula``: text with the operands as ``{0}``, ``{1}``, ...; empty for an input, whose ``key`` tells where it comes
    from. ``line``: a part of a solution, as a straight line of the unknown; ``value`` is what it is at the solution.
    ``figure``: its path in the report, if it is one. ``chosen``: of several operands the one that counts.
    """

    name: str
    of: str = ""
    value: Value = None
    unit: str = ""
    formula: str = ""
    operands: "tuple[Step, ...]" = ()
    figure: str = ""
    key: str = ""
    note: str = ""
    tier: TierUsed | None = None
    line: tuple[Decimal, Decimal] | None = None
    unknown: str = "move"
    solution: Solution | None = None
    chosen: int | None = None


def called(step: Step, of: str) -> str:
    """How a step is called below one about ``of``: ``notional``, else ``notional of BTCUSDT``."""
    return step.name if step.of in {"", of} else f"{step.name} of {step.of}"


def in_words(step: Step) -> str:
    """The formula with the names of its operands."""
    return step.formula.format(*(called(one, step.of) for one in step.operands))


class ExplainedStep(Struct, frozen=True):
    """A step as a document has it: with where it comes from, and without what it does not have."""

    shape: ClassVar[str] = (
        "name=step.name of~=step.of figure~=step.figure value=step.value unit~=step.unit formula? "
        "template?=step.formula note?=step.note key?=step.key origin? tier?=step.tier line? solution?=step.solution "
        "operands?"
    )
    step: Step
    origins: Mapping[str, InputOrigin]

    @property
    def formula(self) -> str:
        """In names."""
        return in_words(self.step)

    @property
    def origin(self) -> InputOrigin | None:
        """Of an input, as far as it is known."""
        return self.origins.get(self.step.key)

    @property
    def line(self) -> StraightLine | None:
        """Of a part of a solution."""
        return None if self.step.line is None else StraightLine(*self.step.line)

    @property
    def operands(self) -> "tuple[ExplainedStep, ...]":
        """What the formula is made of."""
        return tuple(ExplainedStep(one, self.origins) for one in self.step.operands)


class FigureValue(Struct, frozen=True):
    """A figure of the report by its path."""

    figure: str
    value: Value


class ExplainResult(Document, frozen=True, kw_only=True):
    """How one figure came about, or (without ``step``) all figures that can be explained; problems say why neither.

    figures: path -> value as the report has it. origins: key of an input -> where it comes from. about: the file, its
    rules and mode.
    """

    schema: ClassVar[str] = "marginctl.explain/2"
    shape: ClassVar[str] = "schema version file figure~ value unit~ tree figures=listed errors=problems summary"
    table: ClassVar[str] = "listed"

    file: str
    figure: str = ""
    about: str = ""
    figures: Mapping[str, Value] = {}
    step: Step | None = None
    origins: Mapping[str, InputOrigin] = {}

    @property
    def value(self) -> Value:
        """Of the figure that was asked for."""
        return self.figures.get(self.figure)

    @property
    def unit(self) -> str:
        """What it is measured in."""
        return self.step.unit if self.step else ""

    @property
    def tree(self) -> ExplainedStep | None:
        """How it came about."""
        return None if self.step is None else ExplainedStep(self.step, self.origins)

    @property
    def listed(self) -> tuple[FigureValue, ...]:
        """What was asked for: every figure, or the one."""
        return tuple(FigureValue(*one) for one in self.figures.items())
