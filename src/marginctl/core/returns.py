"""Relative moves out of a history of prices or returns: exact ratios, no logarithms, no scaling of time."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from math import prod
from typing import NamedTuple

from msgspec import Struct

from marginctl.core.exact import ONE, ZERO
from marginctl.core.model import Filling, ReturnSpan


class History(Struct, frozen=True, kw_only=True):
    """Rows of a history, oldest first.

    days: of every row, counted from a fixed one. columns: per asset a value per row, None = blank. are_returns: values
    are relative moves from one row to the next, else prices of one unit in the account's currency.
    """

    file: str
    dates: tuple[str, ...]
    days: tuple[int, ...]
    columns: dict[str, tuple[Decimal | None, ...]]
    are_returns: bool = False
    filling: Filling = Filling.ERROR
    first: int | None = None
    last: int | None = None
    window: int | None = None


class ReturnPeriod(NamedTuple):
    """The days on which returns end, both included (None = open), and the newest so many of them (None = all)."""

    first: int | None = None
    last: int | None = None
    window: int | None = None


class Returns(Struct, frozen=True):
    """Moves by the date they end on, oldest first: ``moves[j][a]`` of ``assets[a]``."""

    assets: tuple[str, ...]
    dates: tuple[str, ...]
    moves: tuple[tuple[Decimal, ...], ...]
    dropped: int = 0
    carried: int = 0
    largest_gap_days: int = 0

    def of(self, assets: Sequence[str]) -> tuple[tuple[Decimal, ...], ...]:
        """The moves of these assets, in their order."""
        places = [self.assets.index(asset) for asset in assets]
        return tuple(tuple(row[place] for place in places) for row in self.moves)


def returns_of(
    history: History, assets: Iterable[str], span: ReturnSpan, period: ReturnPeriod | None = None
) -> Returns:
    """The returns of some assets: P_t / P_(t - horizon) - 1, or the product of (1 + r) over the horizon - 1.

    ``period``: default the history's own. Blank cells must have been refused where the history says ERROR. Raises
    ``KeyError`` for an asset without a column.
    """
    names = tuple(assets)
    rows = [k for k in range(len(history.dates)) if _counts(history, names, k)]
    columns = {asset: _filled(history, asset, rows) for asset in names}
    ends = _ends(history, rows, span, period or ReturnPeriod(history.first, history.last, history.window))
    own = [[_move(columns[asset], end, span.horizon, history.are_returns) for asset in names] for end in ends]
    days = [history.days[k] for k in rows]
    return Returns(
        names,
        tuple(history.dates[rows[end]] for end in ends),
        tuple(map(tuple, own)),
        dropped=len(history.dates) - len(rows),
        carried=sum(history.columns[asset][k] is None for asset in names for k in rows),
        largest_gap_days=max((later - day for day, later in pairwise(days)), default=0),
    )


def _counts(history: History, assets: Sequence[str], row: int) -> bool:
    return history.filling is not Filling.DROP or all(history.columns[asset][row] is not None for asset in assets)


def _ends(history: History, rows: Sequence[int], span: ReturnSpan, period: ReturnPeriod) -> list[int]:
    """The rows on which returns end, oldest first."""
    least = span.horizon - 1 if history.are_returns else span.horizon
    ends = [end for end in range(least, len(rows)) if _within(history.days[rows[end]], period)]
    if not span.overlapping:
        ends = ends[::-1][:: span.horizon][::-1]
    return ends if period.window is None else ends[-period.window :]


def _within(day: int, period: ReturnPeriod) -> bool:
    return (period.first is None or day >= period.first) and (period.last is None or day <= period.last)


def _move(column: Sequence[Decimal], end: int, horizon: int, are_returns: bool) -> Decimal:
    if are_returns:
        return prod((ONE + move for move in column[end - horizon + 1 : end + 1]), start=ONE) - ONE
    return column[end] / column[end - horizon] - ONE


def _filled(history: History, asset: str, rows: Iterable[int]) -> list[Decimal]:
    """The values of an asset; where a cell is blank, the price before it, or a return of 0."""
    found: list[Decimal] = []
    for row in rows:
        value = history.columns[asset][row]
        if value is None:
            value = ZERO if history.are_returns else found[-1]
        found.append(value)
    return found


def decayed(decay: Decimal, n: int) -> tuple[Decimal, ...]:
    """Weights decay ** age that add up to 1, age 0 the newest, which is last."""
    raw = [decay**age for age in range(n - 1, -1, -1)]
    whole = sum(raw, ZERO)
    return tuple(weight / whole for weight in raw)
