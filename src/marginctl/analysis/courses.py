"""What can move under a pool, and the parts of equity and requirement that the engine walks on the way."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from marginctl.analysis.steps import DAYS, FRACTION, Book
from marginctl.core.account import Position
from marginctl.core.contract import ContractType
from marginctl.core.funding import funding_path
from marginctl.core.liquidation import PoolState, Walked, parts
from marginctl.core.motion import Motion, Stretch, asset_path, contract_path, joint_path
from marginctl.core.piecewise import Piece
from marginctl.core.requirement import Term

STILL = "what does not move"
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
    parts: "Sequence[tuple[Decimal, Decimal | None, NamedParts]]"
    unknown: str = MOVE
    unit: str = FRACTION
    note: str = ""

    @property
    def label(self) -> str:
        """What the solution is called: a fall, a rise, or what the unknown is."""
        return self.unknown if self.unknown != MOVE else "rise" if self.side > 0 else "fall"


class NamedPart(NamedTuple):
    """A part of equity or requirement as it is walked, with its name; an asset's value, or a term."""

    name: str
    pieces: Sequence[Piece]
    term: Term | None = None
    asset: str = ""


class NamedParts(NamedTuple):
    """The named parts of a pool along a stretch, and what moves there."""

    equity: list[NamedPart]
    requirement: list[NamedPart]
    motion: Motion


def _named(state: PoolState, stretch: Stretch) -> NamedParts:
    motion = stretch.motion
    found = parts(state, motion, stretch.length)
    when = "later" if motion.income else "moved"
    equity = [_part(one, f"{when} value of", of_equity=True) for one in found.equity]
    return NamedParts(equity, [_part(one, f"{when} loan_margin of") for one in found.requirement], motion)


def _part(walked: Walked, of_asset: str, *, of_equity: bool = False) -> NamedPart:
    pieces, of = walked
    if isinstance(of, str):
        return NamedPart(f"{of_asset} {of}" if of else STILL, tuple(pieces), asset=of if of_equity else "")
    return NamedPart(f"moved {of.label}", tuple(pieces), of if isinstance(of, Term) else None)


def _course(state: PoolState, what: str, story: str, side: int, path: Sequence[Stretch], note: str = "") -> Course:
    return Course(what, story, side, [(one.start, one.end, _named(state, one)) for one in path], note=note)


def asset_course(state: PoolState, asset: str, side: int) -> Course:
    """One asset's price moves, with everything that hangs on it."""
    return _course(state, asset, f"{asset} alone moves", side, asset_path(asset, side))


def contract_course(state: PoolState, position: Position, side: int) -> Course:
    """One contract's mark moves and nothing else; an inverse contract is measured in units of its mark."""
    contract = position.contract
    what = f"the mark of {contract.symbol}"
    note = IN_UNITS_OF_THE_MARK if contract.type is ContractType.INVERSE else ""
    return _course(state, what, f"{what} alone moves", side, contract_path(contract, side), note)


def joint_course(book: Book, state: PoolState, side: int) -> Course:
    """All assets move together by their betas."""
    path = joint_path(state.assets, book.account.betas, side)
    return _course(state, ALL_TOGETHER, "all assets move together by their betas", side, path)


def day_course(book: Book, state: PoolState) -> Course:
    """Funding is paid day by day, prices flat."""
    course = _course(
        state, state.pool.name, "funding is paid day by day, prices flat,", 1, funding_path(state, book.account, None)
    )
    return replace(course, unknown="day", unit=DAYS)
