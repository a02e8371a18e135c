"""Two coins moved against each other: the maintenance ratio at every point of a grid."""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from msgspec import Struct

from marginctl.core.account import Account
from marginctl.core.exact import ONE, ZERO
from marginctl.core.liquidation import PoolState
from marginctl.core.risk import pool_risk, worst_pool
from marginctl.core.scenario import expanded


class Axis(Struct, frozen=True):
    """An asset (``*`` = every other volatile one) and its moves, ascending."""

    asset: str
    moves: tuple[Decimal, ...]


class Cell(Struct, frozen=True, gc=False):
    """One point, evaluated there and not on the way: ``maintenance_ratio`` of the worst cross pool, as in the report.

    None: equity cannot carry it. ``equity``: the sum over the pools, in currency; ``liquidatable``: any pool.
    """

    maintenance_ratio: Decimal | None
    equity: Decimal
    liquidatable: bool


class Grid(Struct, frozen=True):
    """``rows`` by the moves of ``down``, their cells by the moves of ``across``."""

    shape: ClassVar[str] = (
        "across down maintenance_ratio=rows.maintenance_ratio equity=rows.equity liquidatable=rows.liquidatable"
    )

    across: Axis
    down: Axis
    rows: tuple[tuple[Cell, ...], ...]


def spread(size: Decimal, points: int) -> tuple[Decimal, ...]:
    """``points`` moves from -size to size in equal steps."""
    step = 2 * size / (points - 1)
    half = points // 2
    return tuple(step * k for k in range(-half, 0)) + tuple(step * k for k in range(points - half))


def grid_of(account: Account, states: Sequence[PoolState], across: Axis, down: Axis) -> Grid:
    """Every pair of moves; all other prices stay."""
    rows = tuple(
        tuple(_cell(account, states, {across.asset: x, down.asset: y}) for x in across.moves) for y in down.moves
    )
    return Grid(across, down, rows)


def _cell(account: Account, states: Sequence[PoolState], shocks: dict[str, Decimal]) -> Cell:
    ratios = {asset: ONE + shock for asset, shock in expanded(shocks, account).items()}
    risks = [(state.pool, pool_risk(state.pool, ratios)) for state in states]
    worst, risk = worst_pool(risks)
    return Cell(
        maintenance_ratio=risk.maintenance_ratio(worst.rules.level),
        equity=sum((one.equity for _, one in risks), ZERO),
        liquidatable=any(one.is_liquidatable(pool.rules) for pool, one in risks),
    )
