"""What can move under a pool, and the parts of equity and requirement that the engine walks on the way."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from marginctl.analysis.steps import DAYS, FRACTION, Book
from marginctl.core.account import Position
from marginctl.core.contract import ContractType
from marginctl.core.exact import ZERO
from marginctl.core.funding import parts_by_day, received_per_day
from marginctl.core.liquidation import (
    DOWN_END,
    FALLING,
    RISING,
    Motion,
    PoolState,
    Stretch,
    asset_motion,
    contract_motion,
    joint_path,
)
from marginctl.core.parts import NamedPart, named_parts

MOVE = "move"
ALL_TOGETHER = "all assets together"
IN_UNITS_OF_THE_MARK = (
    "everything times 1 + move: the notional of an inverse contract, which goes with 1 / mark, then stays"
)


class Course(Struct, frozen=True):
    """What moves and which way: the unknown is ``side`` x u, and u runs through the stretches."""

    what: str
    story: str
    side: int
    parts: "Sequence[tuple[Decimal, Decimal | None, Named]]"
    unknown: str = MOVE
    unit: str = FRACTION
    note: str = ""

    @property
    def label(self) -> str:
        """What the solution is called: a fall, a rise, or what the unknown is."""
        return self.unknown if self.unknown != MOVE else "rise" if self.side > 0 else "fall"


class Named(NamedTuple):
    """The named parts of a pool along a stretch, and what moves there."""

    equity: list[NamedPart]
    requirement: list[NamedPart]
    motion: Motion


def _named(found: tuple[list[NamedPart], list[NamedPart]], motion: Motion) -> Named:
    equity, requirement = ([part._replace(pieces=tuple(part.pieces)) for part in side] for side in found)
    return Named(equity, requirement, motion)


def _course(state: PoolState, what: str, story: str, side: int, stretches: Sequence[Stretch], note: str = "") -> Course:
    parts = [
        (
            one.start,
            one.end,
            _named(named_parts(state, one.motion, None if one.end is None else one.end - one.start), one.motion),
        )
        for one in stretches
    ]
    return Course(what, story, side, parts, note=note)


def asset_course(state: PoolState, asset: str, side: int) -> Course:
    """One asset's price moves, with everything that hangs on it."""
    motion = asset_motion(asset, RISING if side > 0 else FALLING)
    stretch = Stretch(ZERO, None if side > 0 else DOWN_END, motion)
    return _course(state, asset, f"{asset} alone moves", side, [stretch])


def contract_course(state: PoolState, position: Position, side: int) -> Course:
    """One contract's mark moves and nothing else; an inverse contract is measured in units of its mark."""
    contract = position.contract
    inverse = contract.type is ContractType.INVERSE
    motion = contract_motion(contract.symbol, inverse=inverse, line=RISING if side > 0 else FALLING)
    stretch = Stretch(ZERO, None if side > 0 else DOWN_END, motion)
    what = f"the mark of {contract.symbol}"
    return _course(state, what, f"{what} alone moves", side, [stretch], IN_UNITS_OF_THE_MARK if inverse else "")


def joint_course(book: Book, state: PoolState, side: int) -> Course:
    """All assets move together by their betas."""
    assets = sorted({asset for asset in state.touching if not asset.startswith(":")})
    path = joint_path(assets, book.account.betas, side, None if side > 0 else DOWN_END)
    return _course(state, ALL_TOGETHER, "all assets move together by their betas", side, path)


def day_course(book: Book, state: PoolState) -> Course:
    """Funding is paid day by day, prices flat."""
    received = received_per_day(state.pool.positions, book.account)
    parts = [(ZERO, None, _named(parts_by_day(state, received, None), Motion({})))]
    return Course(state.pool.name, "funding is paid day by day, prices flat,", 1, parts, "day", DAYS)
