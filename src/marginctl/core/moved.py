"""What two reports of one account differ in: every figure that moved, by its path in the report.

Reports are compared as their documents have them, rounded: what a reader cannot tell apart has not moved.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar, TypeAlias

from msgspec import Struct

from marginctl.core.exact import ZERO
from marginctl.core.figure import Safer
from marginctl.core.figures import row_of


class Turn(Enum):
    """Whether a figure moved to the safer or to the riskier side."""

    WORSE = "WORSE"
    NONE = ""
    BETTER = "BETTER"


class Moved(Struct, frozen=True):
    """One figure before and after; None where it does not exist, ``difference`` None where it cannot be taken.

    ``path`` is that of the JSON report with names for indexes: totals.equity, positions.BTCUSDT.liquidation_price.
    ``row``: the rows' name and ``name``: the figure's, both parts of the path; ``section``: its first part. ``came``
    and ``went``: the whole row is only in one of the reports. ``marks``: those of a position, before and after.
    """

    shape: ClassVar[str] = "figure=path before after difference turn~=word"

    section: str
    row: str
    name: str
    before: Any
    after: Any
    turn: Turn
    came: bool = False
    went: bool = False
    marks: tuple[Decimal | None, Decimal | None] = (None, None)

    @property
    def path(self) -> str:
        """The parts of the path with dots between them."""
        return ".".join(part for part in (self.section, self.row, self.name) if part)

    @property
    def difference(self) -> Decimal | None:
        """After - before of two numbers."""
        if isinstance(self.before, Decimal) and isinstance(self.after, Decimal):
            return self.after - self.before
        return None

    @property
    def word(self) -> str:
        """``worse``, ``better`` or nothing."""
        return self.turn.value.lower()

    @property
    def size(self) -> Decimal:
        """The change as a share of the larger of both, 1 where it is no number."""
        if self.difference is None:
            return Decimal(1)
        largest: Decimal = max(abs(self.before), abs(self.after))
        return abs(self.difference) / largest


FROM_DISTANCE = frozenset(("liquidation_price", "contract_liquidation_price"))
ALONE = ("totals", "liquidation", "netting", "funding")
"""Sections without rows."""
OWNERS = {"checks": "Check", "totals": "Totals", "collateral": "CollateralFigures"}
"""Sections whose class has rows of its own."""
NO_FIGURES = frozenset(("symbol", "asset", "pool", "name", "code", "subject"))

Key: TypeAlias = tuple[str, str, str]
"""Section, row, name."""
Figures: TypeAlias = dict[Key, Any]
Tree: TypeAlias = Mapping[str, Any]
"""A REPORT, or a part of one, as ``core.plain`` makes it."""


def moved(before: Tree, after: Tree) -> tuple[Moved, ...]:
    """Every figure that differs, in the order of the report; rows that came or went have None on the other side."""
    old, new = figures(before, after), figures(after, before)
    keys = dict.fromkeys([*old, *new])
    return tuple(_moved(old, new, key) for key in keys if old.get(key) != new.get(key))


def _moved(old: Figures, new: Figures, key: Key) -> Moved:
    section, row, name = key
    judged = (section, row, "distance_to_liquidation") if name in FROM_DISTANCE else key
    mark = (section, row, "mark_price")
    stayed = key in old and key in new
    return Moved(
        section=section,
        row=row,
        name=name,
        before=old.get(key),
        after=new.get(key),
        turn=_turn(section, judged[2], old.get(judged), new.get(judged)) if stayed else Turn.NONE,
        came=key not in old,
        went=key not in new,
        marks=(old.get(mark), new.get(mark)),
    )


def figures(tree: Tree, other: Tree) -> Figures:
    """The figures of a report by section, row and name; rows are named so that they are told apart in both reports."""
    found: Figures = {}
    for section in ALONE:
        _add(found, section, "", tree[section])
    for pool in tree["pools"]:
        _add(found, "pools", pool["name"], pool)
    labels = _labels(tree["positions"], other["positions"])
    for label, position in zip(labels, tree["positions"], strict=True):
        _add(found, "positions", label, position)
    for row in tree.get("other", ()):
        _add(found, "other", str(row["name"]), row)
    for section in ("collateral", "underlyings"):
        for row in tree[section]:
            _add(found, section, f"{row['pool']}.{row['asset']}", row)
    for check in tree["checks"]:
        row = f"{check['code']}.{check['subject']}"
        found["checks", row, ""] = check["value"]
        found |= {("checks", row, name): check[name] for name in ("status", "limit", "headroom")}
    return found


def _add(found: Figures, section: str, row: str, tree: Tree, lead: str = "") -> None:
    for name, value in tree.items():
        if isinstance(value, dict):
            _add(found, section, row, value, f"{lead}{name}.")
        elif lead or section in ALONE or name not in NO_FIGURES:
            found[section, row, lead + name] = tuple(value) if isinstance(value, list) else value


def _labels(rows: Sequence[Tree], others: Sequence[Tree]) -> list[str]:
    """A position's symbol, with its side and then its mode where that is needed in one of the two reports."""
    labels = [str(row["symbol"]) for row in rows]
    told: tuple[str, ...] = ("symbol",)
    for more in ("side", "margin_mode"):
        names = [_named(row, told) for row in rows]
        twice = _repeated(names) | _repeated([_named(row, told) for row in others])
        labels = [
            f"{label}:{row[more]}" if name in twice else label
            for label, row, name in zip(labels, rows, names, strict=True)
        ]
        told = (*told, more)
    return labels


def _named(row: Tree, told: tuple[str, ...]) -> tuple[str, ...]:
    """What stands for a row before the next word is added."""
    return tuple(row[name] for name in told)


def _repeated(names: Sequence[tuple[str, ...]]) -> set[tuple[str, ...]]:
    return {name for name, count in Counter(names).items() if count > 1}


def _turn(section: str, path: str, before: Any, after: Any) -> Turn:
    """Which way a figure of this name went; NONE where neither side is the safer one."""
    name = path.rpartition(".")[2]
    scores = _score(section, name, before), _score(section, name, after)
    if scores[0] is None or scores[1] is None or scores[0] == scores[1]:
        return Turn.NONE
    return Turn.BETTER if scores[1] > scores[0] else Turn.WORSE


def _score(section: str, name: str, value: Any) -> tuple[int, Decimal] | None:
    """Something that is larger the safer it is; None for a figure that is neither safe nor risky."""
    row = row_of(name, OWNERS.get(section, ""))
    if row is None or row.safer is Safer.NEITHER:
        return None
    if row.safer is Safer.EARLIER:
        return (-row.choices.index(value), ZERO)
    if value is None:
        return {Safer.FARTHER: (1, ZERO), Safer.LOWER_NONE_WORST: (-1, ZERO)}.get(row.safer)
    if row.safer is Safer.FARTHER:
        return (0, abs(value))
    return (0, value if row.safer is Safer.HIGHER else -value)
