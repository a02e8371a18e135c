"""Columns of figures: how many decimals, which sign and which direction a figure has, its row says."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from marginctl.core.exact import CONTEXT
from marginctl.core.figures import FIGURES, Figure, row_of
from marginctl.core.plain import at
from marginctl.render.page import Column, Tone, numbers
from marginctl.wording import HUNDRED, grouped

NEVER = "none"
"""Shown where there is no such price: nothing liquidates on that side."""
UNKNOWN = "n/a"
"""Shown where a figure does not exist: a ratio over no equity, a rate that nobody gave."""
UNITS = {"ratio": "%", "multiple": "x"}


def figured(
    title: str, rows: Sequence[Any], path: str, unit: str = "", *, priority: int = 0, absent: str = UNKNOWN
) -> Column:
    """The figure at a path of every row: cents, percent or multiples with two decimals, in its cautious direction."""
    row, values = _row(rows, path), [at(one, tuple(path.split("."))) for one in rows]
    cells = [absent if value is None else _shown(row, value) for value in values]
    return numbers(title, cells, UNITS.get(row.kind, unit), priority=priority)


def signed(title: str, rows: Sequence[Any], name: str, unit: str, *, priority: int) -> Column:
    """The same of gains and losses, in their tones; not there where none is known."""
    values = [getattr(one, name) for one in rows]
    cells = known([None if value is None else _shown(_row(rows, name), value) for value in values])
    return numbers(title, cells, unit, priority=priority, tones=[sign_tone(value) for value in values])


def _row(rows: Sequence[Any], path: str) -> Figure:
    name = path.rpartition(".")[2]
    return row_of(name, type(rows[0]).__name__ if rows else "") or FIGURES[name]


def _shown(row: Figure, value: Decimal) -> str:
    return grouped(CONTEXT.multiply(value, HUNDRED) if row.kind == "ratio" else value, 2, row.direction)


def known(values: Sequence[str | None]) -> list[str]:
    """Texts where some are missing; all missing makes an empty column, which is not shown."""
    if not any(values):
        return [""] * len(values)
    return [UNKNOWN if value is None else value for value in values]


def sign_tone(value: Decimal | None) -> Tone:
    """That of a gain or a loss."""
    if not value:
        return Tone.PLAIN
    return Tone.GOOD if value > 0 else Tone.LOSS
