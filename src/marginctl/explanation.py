"""What an explanation of a figure is made of: steps, the rows and crossings behind them, and where inputs come from."""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from marginctl.findings import Location, Problem


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


class Origin(Struct, frozen=True, kw_only=True):
    """Where an input comes from. ``locations``: every row of a merged position has one.

    ``as_of``, ``trust``, ``source``: of a venue's rule, as far as it states them. ``note``: what else to know.
    """

    kind: OriginKind
    locations: tuple[Location, ...] = ()
    rule_set: str = ""
    as_of: str | None = None
    trust: str | None = None
    source: str | None = None
    note: str = ""


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


class Solution(Struct, frozen=True, kw_only=True):
    """Where the equity of a pool meets what it must cover, along what ``story`` tells.

    Both are straight lines (at 0, slope) of ``unknown`` between ``holds_from`` and ``holds_to``; ``needed`` is level x
    maintenance_margin, None where the equity alone is asked for. ``place`` None: they never meet up to ``end`` (None =
    ever); then ``least_at`` is where least is left. ``beyond``: the requirement jumps over the equity, to this.
    """

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


class ExplainResult(Struct, frozen=True, kw_only=True):
    """How one figure came about, or (without ``step``) all figures that can be explained; problems say why neither.

    figures: path -> value as the report has it. origins: key of an input -> where it comes from. about: the file, its
    rules and mode.
    """

    file: str
    figure: str = ""
    about: str = ""
    figures: Mapping[str, Value] = {}
    step: Step | None = None
    origins: Mapping[str, Origin] = {}
    problems: tuple[Problem, ...] = ()
