"""Where a pool is liquidated or its equity is gone: the engine's crossing, as the lines that cross there."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from msgspec import Struct

from marginctl.core.account import Equality, Position
from marginctl.core.contract import ContractType
from marginctl.core.exact import ONE, SNAP, ZERO
from marginctl.core.explain.book import Book, Way
from marginctl.core.explain.decision import Absent, Case, Condition, Decision, Nearest
from marginctl.core.explain.node import (
    FRACTION,
    ONE_NODE,
    ZERO_NODE,
    At,
    Constant,
    Input,
    Magnitude,
    Node,
    Product,
    Row,
    Sum,
    Unknown,
    line_of,
    named,
)
from marginctl.core.explain.pools import equity_on, liquidatable, maintenance_on
from marginctl.core.explain.solution import Border, Never, Root
from marginctl.core.liquidation import (
    DOWN_END,
    FALLING,
    GONE,
    RISING,
    Motion,
    PoolState,
    asset_motion,
    contract_motion,
    health,
    is_required_at,
    joint_path,
    parts,
)
from marginctl.core.piecewise import Line, Piece, first_below, scaled, total

MOVE = Unknown(label="move", unit=FRACTION)
NOTHING_NEEDED = (ONE, ZERO)
"""Health on a stretch without any maintenance margin, as ``core.liquidation`` masks it."""
MOVED = Sum(terms=(ONE_NODE, MOVE))
"""1 + move: the ratio of a price that moves."""
ALL_TOGETHER = "all assets together"
IN_UNITS_OF_THE_MARK = (
    "everything times 1 + move: the notional of an inverse contract, which goes with 1 / mark, then stays"
)


class Stretch(NamedTuple):
    """A part of a course on which every price is one straight line: the engine's motion, and ours in signed moves."""

    start: Decimal
    end: Decimal | None
    motion: Motion
    way: Callable[[Decimal], Way]

    @property
    def length(self) -> Decimal | None:
        """How far it goes; None = without end."""
        return None if self.end is None else self.end - self.start


class Course(Struct, frozen=True):
    """What moves, and which way. The engine counts u from 0 outward; the unknown is side * u."""

    side: int
    what: str
    story: str
    stretches: tuple[Stretch, ...]
    unknown: Unknown = MOVE
    note: str = ""

    @property
    def label(self) -> str:
        """What the solution is called: a fall, a rise, or what the unknown is."""
        if self.unknown is not MOVE:
            return self.unknown.label
        return "rise" if self.side > 0 else "fall"

    @property
    def end(self) -> Node:
        """Where the course ends; nowhere for one without end."""
        end = self.stretches[-1].end
        return Constant(amount=None if end is None else self.side * end, unit=self.unknown.unit)


def _reach(side: int) -> Decimal | None:
    return None if side > 0 else DOWN_END


def asset_course(asset: str, side: int) -> Course:
    """One asset's price moves, with everything that hangs on it."""
    motion = asset_motion(asset, RISING if side > 0 else FALLING)
    stretch = Stretch(ZERO, _reach(side), motion, lambda probe: Way({asset: MOVED}, probe=probe))
    return Course(side, asset, f"{asset} alone moves", (stretch,))


def contract_course(position: Position, side: int) -> Course:
    """One contract's mark moves and nothing else; an inverse contract is measured in units of its mark."""
    contract = position.contract
    inverse = contract.type is ContractType.INVERSE
    motion = contract_motion(contract.symbol, inverse=inverse, line=RISING if side > 0 else FALLING)

    def way(probe: Decimal) -> Way:
        if inverse:
            return Way({}, rest=MOVED, symbol=contract.symbol, mark=None, probe=probe)
        return Way({}, symbol=contract.symbol, mark=MOVED, probe=probe)

    what = f"the mark of {contract.symbol}"
    note = IN_UNITS_OF_THE_MARK if inverse else ""
    return Course(side, what, f"{what} alone moves", (Stretch(ZERO, _reach(side), motion, way),), note=note)


def joint_course(book: Book, state: PoolState, side: int) -> Course:
    """All assets move together by their betas."""
    assets = sorted({asset for asset in state.touching if not asset.startswith(":")})
    betas = book.account.betas

    def ratio(asset: str, *, is_gone: bool) -> Node:
        if is_gone:
            return Constant(amount=ZERO)
        if betas[asset] == ONE:
            return MOVED
        beta = Input(label="beta", of=asset, amount=betas[asset], key=f"betas.{asset}")
        return Sum(terms=(ONE_NODE, Product(factors=(beta, MOVE))))

    def stretch(start: Decimal, end: Decimal | None, motion: Motion) -> Stretch:
        ratios = {asset: ratio(asset, is_gone=line == GONE) for asset, line in motion.ratios.items()}
        return Stretch(start, end, motion, lambda probe: Way(ratios, probe=probe))

    path = joint_path(assets, betas, side, _reach(side))
    story = "all assets move together by their betas"
    return Course(side, ALL_TOGETHER, story, tuple(stretch(*one) for one in path))


class Straight(NamedTuple):
    """A piece of health along a stretch, up to where the next one starts."""

    stretch: Stretch
    piece: Piece
    until: Decimal | None

    @property
    def middle(self) -> Decimal:
        """A u inside of it, from the start of the course."""
        until = self.piece.start + 2 if self.until is None else self.until
        return self.stretch.start + (self.piece.start + until) / 2

    def bounds(self, side: int) -> tuple[Decimal | None, Decimal | None]:
        """The values of the unknown between which it lies, the lower one first; None = without end."""
        near, far = (None if u is None else side * (self.stretch.start + u) for u in (self.piece.start, self.until))
        return (near, far) if side > 0 else (far, near)


def pieces_of(stretch: Stretch, pieces: Iterable[Piece]) -> Iterator[Straight]:
    """The pieces of a stretch with their ends."""
    before: Piece | None = None
    for piece in pieces:
        if before is not None:
            yield Straight(stretch, before, piece.start)
        before = piece
    if before is not None:
        yield Straight(stretch, before, stretch.length)


class Found(NamedTuple):
    """A crossing: the piece on which it lies, the one before it, where it is, and whether health jumps there."""

    on: Straight
    before: Straight | None
    u: Decimal
    jump: bool


def first(
    straights: Iterable[Straight], scale: Decimal, *, or_at_zero: bool, state: PoolState | None = None
) -> Found | None:
    """The first crossing on pieces in order, as ``piecewise.first_below`` finds it; of health with ``state``."""
    before: Straight | None = None
    for one in straights:
        counts = None if state is None else partial(is_required_at, state, one.stretch.motion)
        found = first_below((one.piece,), one.until, scale, or_at_zero=or_at_zero, counts=counts)
        if found is not None:
            return Found(one, before, one.stretch.start + found.u, found.jump)
        before = one
    return None


def crossing(book: Book, state: PoolState, course: Course) -> Node:
    """The signed move at which a course liquidates a pool that is not liquidatable yet, or why there is none."""
    moving = any(asset in state.touching for stretch in course.stretches for asset in stretch.motion.ratios)
    if not moving and not any(stretch.motion.symbol for stretch in course.stretches):
        return _none(course, f"{course.what} moves nothing in {state.pool.name}")
    level = state.pool.rules.level
    straights = [
        one
        for stretch in course.stretches
        for one in pieces_of(stretch, health(state, stretch.motion, stretch.length, level))
    ]
    return solved(book, state, course, straights)


def solved(book: Book, state: PoolState, course: Course, straights: list[Straight]) -> Node:
    """The first crossing of health on a course, given as its pieces."""
    or_at_zero = state.pool.rules.equality is Equality.LIQUIDATED
    found = first(straights, state.risk.scale, or_at_zero=or_at_zero, state=state)
    if found is None:
        return _never(book, state, course, straights)
    if found.jump:
        return _border(book, state, course, found)
    return _root(book, state, course, found)


def _sloped(found: Found) -> Straight:
    """The piece whose line solves for a crossing: the one before where health stays at zero."""
    return found.before if found.before is not None and not found.on.piece.slope else found.on


def _none(course: Course, note: str) -> Node:
    return Absent(label=course.label, of=course.what, unit=course.unknown.unit, note=note)


def _way(course: Course, one: Straight) -> Way:
    return one.stretch.way(course.side * one.middle)


def _root(book: Book, state: PoolState, course: Course, found: Found, *, of_equity: bool = False) -> Node:
    one = _sloped(found)
    way = _way(course, one)
    if not one.piece.slope:
        return _standing(book, state, course, found, way)
    start, end = one.bounds(course.side)
    root = Root(
        equity=equity_on(book, state, way),
        requirement=None if of_equity else maintenance_on(book, state, way),
        level=None if of_equity else book.pool_level(state),
        unknown=course.unknown.label,
        story=course.story,
        start=start,
        end=end,
    )
    return named(root, course.label, course.what, course.unknown.unit, note=course.note)


def _standing(book: Book, state: PoolState, course: Course, found: Found, way: Way) -> Node:
    """A place where equity is 0 already and stays so: there is no line to solve."""
    place = Constant(amount=course.side * found.u, unit=course.unknown.unit)
    there = At(line=equity_on(book, state, way), place=place)
    reached = Condition(left=there, relation="<=", right=ZERO_NODE, scale=state.risk.scale)
    stands = Decision(cases=(Case(reached, place),), otherwise=Absent(note="the equity is not 0"))
    return named(stands, course.label, course.what, course.unknown.unit)


def _border(book: Book, state: PoolState, course: Course, found: Found) -> Node:
    """The border of a table at which the requirement jumps over the equity."""
    way = _way(course, found.on)
    need = maintenance_on(book, state, way)
    place = course.side * found.u
    measured, unit, border = _jumping(need, place) or _beginning(need, place) or (course.unknown, ONE_NODE, place)
    jump = Border(
        measured=measured,
        unit_price=unit,
        border=Constant(amount=border),
        equity=equity_on(book, state, way),
        requirement=need,
        level=book.pool_level(state),
        unknown=course.unknown.label,
        story=course.story,
    )
    return named(jump, course.label, course.what, course.unknown.unit, note=course.note)


def _jumping(node: Node, place: Decimal) -> tuple[Node, Node, Decimal] | None:
    """The measure of a table below a node that meets a border of it at a place, its unit, and the border."""
    for row in _below(node):
        if not isinstance(row, Row):
            continue
        value, unit = line_of(row.measured), line_of(row.unit_price)
        for border in row.up_to:
            gap = value.at(place) - border * unit.at(place)
            if value.slope - border * unit.slope and abs(gap) <= SNAP * max(ONE, abs(value.at_zero)):
                return row.measured, row.unit_price, border
    return None


def _beginning(node: Node, place: Decimal) -> tuple[Node, Node, Decimal] | None:
    """The part of a requirement that begins at a place, where nothing was required before."""
    for part in _below(node):
        if part.label and isinstance(part.value, Line) and part.value.slope:
            at_zero, _ = part.value
            if abs(part.value.at(place)) <= SNAP * max(ONE, abs(at_zero)):
                return part, ONE_NODE, ZERO
    return None


def _below(node: Node) -> Iterator[Node]:
    yield node
    for operand in node.operands:
        yield from _below(operand)


def _never(book: Book, state: PoolState, course: Course, straights: list[Straight]) -> Node:
    """Why there is no crossing: the place where least is left, and what is left there."""
    corners = [
        (one.piece.at_zero + one.piece.slope * u, one.stretch.start + u, one)
        for one in straights
        if (one.piece.at_zero, one.piece.slope) != NOTHING_NEEDED
        for u in (one.piece.start, one.until)
        if u is not None
    ]
    if not corners:
        return _none(course, "nothing needs maintenance margin on the whole way")
    _, place, on = min(corners, key=lambda corner: (corner[0], corner[1]))
    way = _way(course, on)
    never = Never(
        equity=equity_on(book, state, way),
        requirement=maintenance_on(book, state, way),
        level=book.pool_level(state),
        place=Constant(amount=course.side * place, unit=course.unknown.unit),
        end=course.end,
        unknown=course.unknown.label,
        story=course.story,
    )
    return named(never, course.label, course.what, course.unknown.unit, note=course.note)


def here(book: Book, state: PoolState, what: str) -> Node | None:
    """The move 0 of a pool that is liquidatable already; None for any other."""
    if not state.risk.is_liquidatable(state.pool.rules):
        return None
    case = Case(liquidatable(book, state), ZERO_NODE)
    none = Absent(note="the pool is not liquidatable")
    return Decision(cases=(case,), otherwise=none, label="move", of=what, unit=FRACTION)


def nearest(book: Book, state: PoolState, key: str, course: Callable[[int], Course]) -> Node:
    """The nearer one of a fall and a rise that liquidate a pool."""
    return book.once(f"nearest {key}", lambda: _nearest(book, state, key, course))


def _nearest(book: Book, state: PoolState, key: str, course: Callable[[int], Course]) -> Node:
    moves = (one_way(book, state, key, course, -1), one_way(book, state, key, course, 1))
    if moves[0] is moves[1]:
        return moves[0]
    return Nearest(moves=moves, label="move", of=course(-1).what, unit=FRACTION)


def nearer(down: Node, up: Node, words: tuple[str, str]) -> Node:
    """The first word where a fall is at most as large as a rise, else the second; none where there is neither."""
    nothing = Absent(note="nothing liquidates on either side", because=(down, up))
    if down.value is None and up.value is None:
        return nothing
    if down.value is None or up.value is None:
        found, word = (up, words[1]) if down.value is None else (down, words[0])
        there = Condition(left=Magnitude(term=found), relation=">=", right=ZERO_NODE)
        case = Case(there, Constant(amount=word))
        return Decision(cases=(case,), otherwise=nothing, note="the other side has none")
    smaller = Condition(left=Magnitude(term=down), relation="<=", right=Magnitude(term=up))
    return Decision(cases=(Case(smaller, Constant(amount=words[0])),), otherwise=Constant(amount=words[1]))


def one_way(book: Book, state: PoolState, key: str, course: Callable[[int], Course], side: int) -> Node:
    """The move on one side that liquidates a pool; 0 when it is liquidatable already."""
    already = book.once(f"here {key}", lambda: here(book, state, course(side).what) or ONE_NODE)
    if already is not ONE_NODE:
        return already
    return book.once(f"crossing {key} {side}", lambda: crossing(book, state, course(side)))


def bankruptcy(book: Book, state: PoolState, asset: str, sides: Iterable[int]) -> Node:
    """The nearest of the moves of an asset at which the equity of a pool is 0, on the sides asked about."""
    moves = tuple(_bankruptcy(book, state, asset_course(asset, side)) for side in sides)
    return moves[0] if len(moves) == 1 else Nearest(moves=moves, label="move", of=asset, unit=FRACTION)


def _bankruptcy(book: Book, state: PoolState, course: Course) -> Node:
    stretch = course.stretches[0]
    pieces: Iterable[Piece] = total(parts(state, stretch.motion, stretch.end).equity)
    if state.risk.equity < 0:
        pieces = scaled(pieces, -ONE)
    found = first(pieces_of(stretch, pieces), state.risk.scale, or_at_zero=True)
    if found is None:
        word = "rise" if course.side > 0 else "fall"
        return _none(course, f"no {word} of {course.what} takes the equity of {state.pool.name} to 0")
    return _root(book, state, course, found, of_equity=True)
