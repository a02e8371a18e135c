"""What moves: prices as straight lines, money paid meanwhile, and paths made of such stretches."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from marginctl.core.contract import Contract, ContractType
from marginctl.core.exact import ONE, ZERO
from marginctl.core.piecewise import Line

STAYS = Line(ONE, ZERO)
GONE = Line(ZERO, ZERO)
MOVES = {-1: Line(ONE, -ONE), 1: Line(ONE, ONE)}
"""A price that falls or rises by u."""
DOWN_END = ONE
"""A price falls by 100% at most; the way up has no end."""


class Motion(Struct, frozen=True):
    """Price ratios as lines in u: ``ratios`` by asset, ``rest`` for all others.

    ``:SYMBOL`` among the ratios makes one contract's notional move by that line instead of its driver's; ``rest`` may
    then be the numeraire in which everything is measured, so that an inverse contract (notional ~ 1 / mark) stays
    straight. ``income``: what the pool receives of an asset per unit of u, in currency; only while prices stay.
    """

    ratios: dict[str, Line] = {}
    rest: Line = STAYS
    income: dict[str, Decimal] = {}

    def of(self, asset: str) -> Line:
        """The ratio of an asset's price."""
        return self.ratios.get(asset, self.rest)

    def driving(self, symbol: str, driver: str) -> Line:
        """The ratio of what moves a contract's notional: its own, or that of its driver."""
        return self.ratios.get(f":{symbol}") or self.of(driver)

    @property
    def moved(self) -> list[str]:
        """What moves, as parts of a pool name what moves them.

        Assets, ``:SYMBOL`` for a contract's own mark, ``+ASSET`` for what is paid in an asset.
        """
        return [*self.ratios, *(f"+{asset}" for asset in self.income)]


class Stretch(NamedTuple):
    """A part of a path on which everything is a straight line of u - ``start``; ``end`` None = without end."""

    start: Decimal
    end: Decimal | None
    motion: Motion

    @property
    def length(self) -> Decimal | None:
        """How far it goes; None = without end."""
        return None if self.end is None else self.end - self.start


def _end(side: int, reach: Decimal | None) -> Decimal | None:
    return reach if side > 0 else DOWN_END if reach is None else min(reach, DOWN_END)


def asset_path(asset: str, side: int, reach: Decimal | None = None, *, followers: Iterable[str] = ()) -> list[Stretch]:
    """One asset's price moves, with what follows it, every contract and all balances; all other prices stay."""
    return [Stretch(ZERO, _end(side, reach), Motion(dict.fromkeys((asset, *followers), MOVES[side])))]


def contract_path(contract: Contract, side: int) -> list[Stretch]:
    """One contract's mark moves and nothing else; for an inverse contract all is measured in units of the mark."""
    line, own = MOVES[side], f":{contract.symbol}"
    inverse = contract.type is ContractType.INVERSE
    motion = Motion({own: STAYS}, rest=line) if inverse else Motion({own: line})
    return [Stretch(ZERO, _end(side, None), motion)]


def joint_path(
    assets: Iterable[str], betas: Mapping[str, Decimal], side: int, reach: Decimal | None = None
) -> list[Stretch]:
    """All assets together: price * max(0, 1 + side * beta * u)."""
    return shock_path({asset: side * betas[asset] for asset in assets}, _end(side, reach))


def shock_path(shocks: Mapping[str, Decimal], end: Decimal | None = ONE, start: Decimal = ZERO) -> list[Stretch]:
    """Prices in proportion: price * max(0, 1 + shock * u) for start <= u <= end, cut where a price reaches 0.

    ``end`` 1 is the scenario, None: without end; a price that has reached 0 stays there. A contract (``:SYMBOL``) that
    does not move is said as well: its asset may.
    """
    slopes = {asset: shock for asset, shock in shocks.items() if shock or asset.startswith(":")}
    gone = {asset: ONE / -slope for asset, slope in slopes.items() if slope < 0 and (end is None or -slope * end > 1)}
    starts = [start, *sorted({place for place in gone.values() if place > start})]
    stretches = []
    for begin, stop in zip(starts, [*starts[1:], end], strict=True):
        ratios = {
            asset: GONE if asset in gone and gone[asset] <= begin else Line(ONE + slope * begin, slope)
            for asset, slope in slopes.items()
        }
        stretches.append(Stretch(begin, stop, Motion(ratios)))
    return stretches
