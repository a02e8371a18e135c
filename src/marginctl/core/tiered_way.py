"""The tiers that a position goes through on its way to liquidation: its table, where it stands and where it ends."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from typing import ClassVar, NamedTuple

from msgspec import Struct

from marginctl.core.account import Account, Basis, Position
from marginctl.core.contract import Contract, ContractType, Tier, TiersBy, maintenance_curve
from marginctl.core.exact import ZERO
from marginctl.core.pool import rules_of
from marginctl.core.report import PositionFigures, Report
from marginctl.core.value import basis_value

AHEAD = Decimal("1.2")
"""How far the way goes beyond the larger of today's notional and that at liquidation."""


class TierCorner(NamedTuple):
    """Maintenance margin of a notional by the table, both in the settle asset; two at one notional are a jump."""

    notional: Decimal
    maintenance_margin: Decimal


class PassedTier(Struct, frozen=True):
    """A tier that the way goes through, with what it begins above."""

    shape: ClassVar[str] = (
        "tier floor up_to=row.up_to maintenance_rate=row.maintenance_rate maintenance_deduction=row.deduction "
        "initial_rate=row.initial_rate"
    )
    tier: int
    floor: Decimal
    row: Tier


class TieredWay(Struct, frozen=True, kw_only=True):
    """One position on the table of its contract, notionals in the settle asset.

    notional: today. liquidation_notional: at its liquidation price, what it settles in keeping its own price; None
    without one. ``distance``: of the position to its liquidation. ``corners``: straight in between.
    """

    shape: ClassVar[str] = "position symbol side pool settle notional liquidation_notional distance tiers corners"

    position: str
    symbol: str
    side: str
    pool: str
    settle: str
    notional: Decimal
    liquidation_notional: Decimal | None
    distance: Decimal | None
    tiers: tuple[PassedTier, ...]
    corners: tuple[TierCorner, ...]


def tiered_ways(account: Account, report: Report) -> tuple[TieredWay, ...]:
    """Of every position on a table of two tiers and more by notional, the nearest to liquidation first."""
    rows = {one.key: one for one in report.positions}
    found = [_way(account, one, rows[one.key]) for one in account.positions if _is_tiered(one)]
    return tuple(sorted(found, key=lambda one: (one.distance is None, one.distance or ZERO)))


def _is_tiered(one: Position) -> bool:
    return one.maintenance_rate is None and len(one.contract.tiers) > 1 and one.contract.tiers_by is TiersBy.NOTIONAL


def _way(account: Account, position: Position, row: PositionFigures) -> TieredWay:
    contract, basis = position.contract, rules_of(account, position.margin_mode).maintenance_basis
    today = basis_value(position, basis, account.prices) / account.prices[contract.settle]
    ended = None
    if row.liquidation_price is not None:
        ended = today if basis is Basis.ENTRY else today * _growth(contract, position.mark_price, row.liquidation_price)
    reach = AHEAD * max(today, ended or ZERO)
    return TieredWay(
        position=position.key,
        symbol=contract.symbol,
        side=row.side,
        pool=row.pool,
        settle=contract.settle,
        notional=today,
        liquidation_notional=ended,
        distance=row.distance_to_liquidation,
        tiers=tuple(_steps(contract.tiers, reach)),
        corners=tuple(_corners(contract.tiers, reach)),
    )


def _growth(contract: Contract, mark: Decimal, price: Decimal) -> Decimal:
    """What a notional in the settle asset is multiplied by: price / mark; of an inverse contract mark / price."""
    return mark / price if contract.type is ContractType.INVERSE else price / mark


def _steps(tiers: tuple[Tier, ...], reach: Decimal) -> Iterable[PassedTier]:
    floors = [ZERO, *(row.up_to or ZERO for row in tiers)]
    for k, row in enumerate(tiers):
        if not k or floors[k] < reach:
            yield PassedTier(k + 1, floors[k], row)


def _corners(tiers: tuple[Tier, ...], reach: Decimal) -> Iterable[TierCorner]:
    """slope * notional + intercept, at both ends of every piece up to ``reach``; a corner without a jump once."""
    curve = maintenance_curve(tiers)
    ends = [ZERO, *(border for border in curve.borders if border < reach), reach]
    last = None
    for (start, end), slope, intercept in zip(pairwise(ends), curve.slopes, curve.intercepts, strict=False):
        for place in (start, end):
            corner = TierCorner(place, slope * place + intercept)
            if corner != last:
                yield corner
            last = corner
