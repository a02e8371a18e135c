"""How the text of a result is wanted: its width and colour, how much of it, and the manual of the rules."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias

from msgspec import Struct, field


class RuleText(Struct, frozen=True):
    """A rule in the words of its manual: ``short`` is one line, ``help`` the whole text.

    unit: what its value and limit are measured in: fraction, multiple, days, or empty for a plain number.
    """

    name: str
    short: str
    help: str
    unit: str = ""


Manual: TypeAlias = Mapping[str, RuleText]
"""Code of a rule -> its text."""


class Verbosity(Enum):
    """QUIET: findings and verdict; NORMAL: what a trader reads; VERBOSE: every limit, assumption and source."""

    QUIET = "quiet"
    NORMAL = "normal"
    VERBOSE = "verbose"


class Options(Struct, frozen=True, kw_only=True):
    """How the text is wanted; formats for machines read ``manual`` and what to leave out only.

    width: columns of the terminal, None = as wide as it gets; ascii: the output cannot show anything else;
    manual: code -> text of its rule. notes: a code host (github, gitlab, sarif) gets notes too; sarif_waived: SARIF
    gets waived findings too. depth: levels of a tree that are open, None = what fits two screens. title: of a
    page, empty = what it is about; data: with its documents; pictures: names of those that are wanted, None = all.
    rule_pages: where the pages of the rules stand, see ``paths.rule_page``; empty = nowhere. table: which rows of a
    check CSV has.
    """

    width: int | None = None
    color: bool = False
    ascii: bool = False
    verbosity: Verbosity = Verbosity.NORMAL
    manual: Manual = field(default_factory=dict)
    notes: bool = False
    sarif_waived: bool = False
    depth: int | None = None
    title: str = ""
    data: bool = False
    pictures: frozenset[str] | None = None
    rule_pages: str = ""
    table: str = ""
