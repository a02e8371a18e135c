"""Rows that are taken as they are given: what an account holds and nobody here models, such as options.

A row is worth  value + sum(units * price * move)  in the account's currency: a straight line along every shock that is
one. Its margins are amounts of money that no price moves.
"""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.exact import ONE, ZERO, net
from marginctl.core.motion import Motion
from marginctl.core.piecewise import Piece

FIXED = ":"
"""What stands for an asset where money moves with no price; no asset and no contract is called so."""


class OpaqueRow(Struct, frozen=True, kw_only=True):
    """One row: ``value`` and margins in the account's currency, ``delta`` in units by asset.

    ``settle``: the asset whose pool it is in where every asset has one, empty where one pool has all.
    """

    name: str
    value: Decimal
    delta: dict[str, Decimal] = {}
    initial_margin: Decimal = ZERO
    maintenance_margin: Decimal = ZERO
    settle: str = ""

    def form(self, prices: dict[str, Decimal]) -> dict[str, Decimal]:
        """Its value as amounts of money by the asset that moves them: units * price, the rest by ``FIXED``."""
        moving = {asset: units * prices[asset] for asset, units in self.delta.items()}
        return {FIXED: net(self.value, *(-amount for amount in moving.values())), **moving}

    def moved(self, prices: dict[str, Decimal], by: dict[str, Decimal]) -> "OpaqueRow":
        """The row with ``prices`` multiplied by ``by``: its units stay."""
        gains = (units * prices[asset] * (by.get(asset, ONE) - ONE) for asset, units in self.delta.items())
        return replace(self, value=net(self.value, *gains))


class GivenMargin(Struct, frozen=True):
    """An amount of money as a part of a requirement, whatever prices do."""

    amount: Decimal
    name: str

    @property
    def label(self) -> str:
        """What an explanation calls it."""
        return f"margin of {self.name}"

    @property
    def movers(self) -> tuple[str, ...]:
        """Nothing moves it."""
        return ()

    @property
    def always_needs(self) -> bool:
        """Whether it is above 0."""
        return bool(self.amount)

    def at(self, ratios: dict[str, Decimal]) -> Decimal:  # noqa: ARG002 - as every part
        """The amount."""
        return self.amount

    def pieces(self, motion: Motion, end: Decimal | None, factor: Decimal = ONE) -> Iterable[Piece]:  # noqa: ARG002
        """factor * the amount, in what the motion measures in."""
        amount, rest = self.amount * factor, motion.rest
        return (Piece(ZERO, amount * rest.at_zero, amount * rest.slope),)


def given_margins(rows: Iterable[OpaqueRow], which: str) -> tuple[GivenMargin, ...]:
    """The margins of rows, ``initial`` or ``maintenance``, where they are above 0."""
    found = ((getattr(row, f"{which}_margin"), row.name) for row in rows)
    return tuple(GivenMargin(amount, name) for amount, name in found if amount)
