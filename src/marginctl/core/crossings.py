"""The crossings that a report needs, each computed once, or none at all."""

from decimal import Decimal

from marginctl.core.account import Account, Position
from marginctl.core.funding import runway_days
from marginctl.core.liquidation import (
    NO_SIDES,
    PoolState,
    Sides,
    asset_sides,
    bankruptcy_move,
    contract_sides,
    joint_sides,
)


class Crossings:
    """Crossings by pool and asset, each computed once: positions that share both share them."""

    def __init__(self) -> None:
        self._sides: dict[tuple[str, str], Sides] = {}
        self._bankruptcy: dict[tuple[str, str, bool], Decimal | None] = {}

    def sides(self, state: PoolState, asset: str) -> Sides:
        """``asset_sides`` of a pool."""
        key = (state.pool.name, asset)
        if key not in self._sides:
            self._sides[key] = asset_sides(state, asset)
        return self._sides[key]

    def bankruptcy(self, state: PoolState, asset: str, *, falling: bool) -> Decimal | None:
        """``bankruptcy_move`` of a pool on the side of the asset's move."""
        key = (state.pool.name, asset, falling)
        if key not in self._bankruptcy:
            self._bankruptcy[key] = bankruptcy_move(state, asset, self.sides(state, asset), falling=falling)
        return self._bankruptcy[key]

    def together(self, account: Account, state: PoolState) -> Sides:
        """``joint_sides`` of a pool."""
        return joint_sides(state, account.betas)

    def of_contract(self, state: PoolState, position: Position) -> Sides:
        """``contract_sides`` of a position's contract."""
        return contract_sides(state, position.contract)

    def runways(self, account: Account, states: list[PoolState]) -> list[Decimal | None]:
        """``runway_days`` of every pool."""
        return [runway_days(state, account) for state in states]


class NoCrossings(Crossings):
    """For figures of now alone: nothing is looked for ahead, so nothing is found."""

    def sides(self, state: PoolState, asset: str) -> Sides:  # noqa: ARG002 - as above
        """None."""
        return NO_SIDES

    def together(self, account: Account, state: PoolState) -> Sides:  # noqa: ARG002 - as above
        """None."""
        return NO_SIDES

    def of_contract(self, state: PoolState, position: Position) -> Sides:  # noqa: ARG002 - as above
        """None."""
        return NO_SIDES

    def runways(self, account: Account, states: list[PoolState]) -> list[Decimal | None]:  # noqa: ARG002 - as above
        """None."""
        return []


class JointCrossings(NoCrossings):
    """For a comparison: which common move liquidates is all that is looked for."""

    def together(self, account: Account, state: PoolState) -> Sides:
        """``joint_sides`` of a pool."""
        return joint_sides(state, account.betas)
