"""Where a pool is liquidated, its equity gone or its funding spent: the crossing, as the lines that meet there.

The place of a crossing is the engine's. Here the pieces that the engine walks are named, on the stretch where it lies.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from marginctl.core.contract import Contract, ContractType
from marginctl.core.exact import ZERO, sign
from marginctl.core.funding import funding_path, received_per_day, runway_days
from marginctl.core.liquidation import HERE, PoolState, Sides, bends_of, parts
from marginctl.core.motion import Stretch, asset_path, contract_path, joint_path, tangent
from marginctl.core.piecewise import Line, Piece
from marginctl.core.requirement import Part, Term
from marginctl.results.explanation import Solution, Step

if TYPE_CHECKING:
    from marginctl.analysis.subjects import ExplainedAccount

MOVE, DAY = "move", "day"
UNITS = {MOVE: "fraction", DAY: "days"}
ALL_TOGETHER = "all assets together"
IN_UNITS_OF_THE_MARK = (
    "everything times 1 + move: the notional of an inverse contract, which goes with 1 / mark, then stays"
)


class Course(NamedTuple):
    """What moves in a pool and which way: the unknown is ``side`` x u, and u runs along the path."""

    state: PoolState
    what: str
    story: str
    side: int
    path: Sequence[Stretch]
    unknown: str = MOVE
    note: str = ""

    @property
    def name(self) -> str:
        """What the solution is called: a fall, a rise, or what the unknown is."""
        return self.unknown if self.unknown != MOVE else "rise" if self.side > 0 else "fall"

    def step(self, value: Decimal | None, note: str, *operands: Step, solution: Solution | None = None) -> Step:
        """The place that is looked for."""
        name, unit = self.name, UNITS[self.unknown]
        return Step(name=name, of=self.what, value=value, unit=unit, operands=operands, solution=solution, note=note)


class Walk(NamedTuple):
    """A part of equity or requirement: its name, its straight line of the unknown, and what it is."""

    name: str
    line: Line
    of: str | Part


class Straight(NamedTuple):
    """A stretch of a course on which equity and requirement are straight: the parts that add up to them."""

    start: Decimal
    until: Decimal | None
    equity: list[Walk]
    requirement: list[Walk]
    stretch: Stretch


def _straights(course: Course, at: Decimal) -> Iterator[Straight]:
    """The stretches of a course; what is curved there is its tangent ``at`` a place."""
    for stretch in course.path:
        length = stretch.length
        equity, requirement = (
            [(tuple(pieces), of) for pieces, of in walked] for walked in parts(course.state, stretch.motion, length)
        )
        own = {piece.start for pieces, _ in (*equity, *requirement) for piece in pieces}
        starts = sorted(one for one in own if length is None or one < length)
        for low, high in pairwise([*starts, length]):
            begin, until = stretch.start + (low or ZERO), None if high is None else stretch.start + high
            have, need = (
                [_walk(course, stretch, low or ZERO, at, *one) for one in rows] for rows in (equity, requirement)
            )
            yield Straight(begin, until, have, need, stretch)


def _walk(course: Course, stretch: Stretch, low: Decimal, at: Decimal, pieces: Sequence[Piece], of: str | Part) -> Walk:
    piece = next((one for one in reversed(pieces) if one.start <= low), Piece(ZERO, ZERO, ZERO))
    bends = of.bends(stretch.motion) if isinstance(of, Term) else ()
    bent = tangent(bends, max(ZERO, at - stretch.start))
    at_zero, slope = piece.at_zero + bent.at_zero, piece.slope + bent.slope
    line = Line(at_zero - slope * stretch.start, course.side * slope)
    return Walk((of or "what does not move") if isinstance(of, str) else f"moved {of.label}", line, of)


def _total(walks: Iterable[Walk]) -> Line:
    walks = list(walks)
    return Line(sum((one.line.at_zero for one in walks), ZERO), sum((one.line.slope for one in walks), ZERO))


def crossing(book: "ExplainedAccount", course: Course, u: Decimal | None, *, of_equity: bool = False) -> Step:
    """The signed place of the engine's crossing with the lines that meet there, or where least is left without one."""
    state, side = course.state, course.side
    if any(state.pool.bends(stretch.motion) for stretch in course.path):
        return _bent(book, course, u, of_equity=of_equity)
    level = ZERO if of_equity else state.pool.rules.level
    if u is None and not of_equity and any(bends_of(state, one.motion) for one in course.path):
        return course.step(None, "a requirement that is curved, as a rate grows with the size, stays below the equity")
    rows = [one for one in _straights(course, u or ZERO) if of_equity or any(_total(one.requirement))]
    if not rows:
        return course.step(None, "nothing needs maintenance margin on the whole way")
    place, on = _least(course, rows, level) if u is None else (side * u, _on(rows, u))
    have, need = _total(on.equity), _total(on.requirement).scaled(level)
    end = course.path[-1].end
    found = Solution(
        story=course.story,
        unknown=course.unknown,
        unit=UNITS[course.unknown],
        equity=have,
        needed=None if of_equity else need,
        place=None if u is None else place,
        end=None if end is None or u is not None else side * end,
        least_at=place if u is None else None,
    )
    if u is None:
        return course.step(None, course.note, solution=found)
    low, high = side * on.start, None if on.until is None else side * on.until
    low, high = (high, low) if high is not None and side < 0 else (low, high)
    beyond, note = _jump(course, rows, on, place, level, have.at(place) - need.at(place))
    found = replace(found, beyond=beyond, holds_from=low, holds_to=high)
    return course.step(place, note, *_lines(book, course, on, place, of_equity=of_equity), solution=found)


def _bent(book: "ExplainedAccount", course: Course, u: Decimal | None, *, of_equity: bool) -> Step:
    """The place of the engine's crossing where a quanto bends what meets there: what it is, without lines."""
    needed = "0" if of_equity else "level x maintenance_margin"
    note = f"{course.story} until equity = {needed}; a quanto makes them quadratic in it"
    if u is None:
        return course.step(None, note)
    held = book.figure(f"pools.{course.state.pool.name}.equity")
    return replace(course.step(course.side * u, note, held), formula="the first crossing from {0}")


def _on(rows: list[Straight], u: Decimal) -> Straight:
    return next((one for one in rows if one.until is None or u <= one.until), rows[-1])


def _least(course: Course, rows: list[Straight], level: Decimal) -> tuple[Decimal, Straight]:
    """Where least is left: at a border of one of the stretches."""

    def left(corner: tuple[Decimal, Straight]) -> Decimal:
        place, one = corner
        return _total(one.equity).at(place) - level * _total(one.requirement).at(place)

    corners = ((course.side * u, one) for one in rows for u in (one.start, one.until) if u is not None)
    return min(corners, key=left)


def _jump(
    course: Course, rows: list[Straight], on: Straight, place: Decimal, level: Decimal, gap: Decimal
) -> tuple[Decimal | None, str]:
    """What is needed just beyond a place where the requirement jumps over the equity, and which part of it does."""
    side = sign(gap, course.state.risk.scale)
    if not side:
        return None, course.note
    if side < 0:
        return level * _total(on.requirement).at(place), "up to there nothing needs maintenance margin"
    after = next((one for one in rows if one.start >= on.start and one is not on), on)
    both = zip(on.requirement, after.requirement, strict=True)
    names = ", ".join(one.name for one, other in both if one.line.at(place) != other.line.at(place))
    return level * _total(after.requirement).at(place), f"a border of its table is passed there: {names}"


def _lines(book: "ExplainedAccount", course: Course, on: Straight, place: Decimal, *, of_equity: bool) -> list[Step]:
    """Equity and requirement at the place, and the named parts of which each is the sum."""
    totals = [("moved equity", on.equity)] + ([] if of_equity else [("moved maintenance_margin", on.requirement)])
    steps = []
    for name, walks in totals:
        rows = tuple(
            _part(book, course, on, one, place, "loan_margin" if walks is on.requirement else "value")
            for one in walks
            if one.line.at(place) or one.line.slope
        )
        steps.append(
            Step(
                name=name,
                of=course.state.pool.name,
                value=_total(walks).at(place),
                unit=book.money,
                formula=" + ".join(f"{{{k}}}" for k in range(len(rows))) or "0",
                operands=rows,
                line=_total(walks),
                unknown=course.unknown,
            )
        )
    return steps if of_equity else [*steps, book.level(course.state)]


def _part(book: "ExplainedAccount", course: Course, on: Straight, walk: Walk, place: Decimal, of_asset: str) -> Step:
    """A line at the place, above what it is today and the row of the table that holds there."""
    name, of = walk.name, walk.of
    rows: tuple[Step, ...] = ()
    if isinstance(of, str) and of:
        name = f"{'later' if course.unknown == DAY else 'moved'} {of_asset} of {of}"
        held = book.holding(course.state, of) or book.given_row(course.state, of)
        rows = (book.figure(f"{held.prefix}.value"),) if held and of_asset == "value" else ()
    if isinstance(of, Term) and of.name and walk.line.slope:
        rate, off = of.row_at(on.stretch.motion, abs(place) - on.stretch.start)
        rows = (
            book.figure(f"positions.{of.name}.maintenance_margin"),
            Step(name="rate there", of=of.name, value=rate, unit="fraction"),
            Step(name="deduction there", of=of.name, value=off, unit=of.unit),
        )
    value = walk.line.at(place)
    is_bent = isinstance(of, Term) and bool(of.bends(on.stretch.motion))
    note = "curved, as its rate grows with the size: the line is its tangent there" if is_bent else ""
    return Step(
        name=name, value=value, unit=book.money, operands=rows, line=walk.line, unknown=course.unknown, note=note
    )


# What can move, and what the engine found on the way.


def _sought(book: "ExplainedAccount", course: Course, sides: Sides) -> Step:
    where = f"of {course.what} in {course.state.pool.name}"
    if sides == HERE:
        return book.once(f"move {where}", lambda: _here(book, course))
    return book.once(
        f"{course.name} {where}", lambda: crossing(book, course, sides.up if course.side > 0 else sides.down)
    )


def _here(book: "ExplainedAccount", course: Course) -> Step:
    """The move 0 of a pool that is liquidatable already."""
    liquidatable = book.figure(f"pools.{course.state.pool.name}.liquidatable")
    name = course.unknown
    step = course.step(ZERO, "the pool is liquidatable already", liquidatable)
    return replace(step, name=name, formula="here, as {0}")


def joint_move(book: "ExplainedAccount", state: PoolState, side: int) -> Step:
    """All assets move together by their betas."""
    path = joint_path(state.assets, book.account.betas, side)
    course = Course(state, ALL_TOGETHER, "all assets move together by their betas", side, path)
    return _sought(book, course, book.crossings.together(book.account, state))


def _alone(state: PoolState, asset: str, side: int) -> Course:
    """One asset moves, and what follows it."""
    moving = state.pool.moving_with(asset)
    along = ", ".join(one for one in moving if one in state.touching)
    story = f"{asset} alone moves, {along} with it," if along else f"{asset} alone moves"
    return Course(state, asset, story, side, asset_path(asset, side, followers=moving))


def asset_move(book: "ExplainedAccount", state: PoolState, asset: str, side: int) -> Step:
    """One asset's price moves, with everything that hangs on it."""
    course = _alone(state, asset, side)
    sides = book.crossings.sides(state, asset)
    if sides != HERE and not any(one in state.touching for one in (asset, *state.pool.moving_with(asset))):
        return course.step(None, f"{asset} moves nothing in {state.pool.name}")
    return _sought(book, course, sides)


def bankruptcy(book: "ExplainedAccount", state: PoolState, asset: str, *, falling: bool) -> Step | None:
    """The move of an asset that takes the equity to 0, on the side where the pool is liquidated."""
    found = book.crossings.bankruptcy(state, asset, falling=falling)
    if found is None:
        return None
    side = 1 if found > 0 else -1
    return crossing(book, _alone(state, asset, side), abs(found), of_equity=True)


def contract_move(book: "ExplainedAccount", state: PoolState, contract: Contract, sides: Sides, side: int) -> Step:
    """One contract's mark moves and nothing else; an inverse contract is measured in units of its mark."""
    what = f"the mark of {contract.symbol}"
    note = IN_UNITS_OF_THE_MARK if contract.type is ContractType.INVERSE else ""
    return _sought(
        book, Course(state, what, f"{what} alone moves", side, contract_path(contract, side), note=note), sides
    )


def runway(book: "ExplainedAccount", state: PoolState) -> Step:
    """The day on which funding, paid day by day with prices flat, liquidates a pool."""
    story = "funding is paid day by day, prices flat,"
    course = Course(state, state.pool.name, story, 1, funding_path(state, book.account, None), DAY)
    if state.is_liquidatable:
        return _here(book, course)
    if not any(received_per_day(state.pool.positions, book.account).values()):
        return course.step(None, "it neither pays nor receives funding")
    return crossing(book, course, runway_days(state, book.account))
