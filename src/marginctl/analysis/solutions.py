"""Where a pool is liquidated, its equity gone or its funding spent: the crossing, as the lines that meet there.

The place of a crossing is the engine's. Here the pieces that the engine walks are named, on the stretch where it lies.
"""

from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from msgspec.structs import replace

from marginctl.analysis.courses import (
    ALL_TOGETHER,
    MOVE,
    Course,
    NamedPart,
    NamedParts,
    asset_course,
    contract_course,
    day_course,
    joint_course,
)
from marginctl.analysis.steps import DAYS, FRACTION, Book, Parts, absent, joined, made, price_unit, stated
from marginctl.core.account import Position
from marginctl.core.assemble import reached, underlying_of
from marginctl.core.exact import ONE, ZERO, sign
from marginctl.core.funding import received_per_day, runway_days
from marginctl.core.liquidation import (
    HERE,
    PoolState,
    asset_sides,
    bankruptcy_move,
    contract_sides,
    joint_sides,
    moves_alone,
)
from marginctl.core.piecewise import Piece
from marginctl.core.report import FundingFigures, PositionFigures, UnderlyingFigures
from marginctl.results.explanation import Solution, Step

# A crossing on a course.


class _Straight(NamedTuple):
    """A stretch of a course on which equity and requirement are straight: lines of u, and the parts that add up."""

    start: Decimal
    until: Decimal | None
    offset: Decimal
    named: NamedParts


def _straights(course: Course) -> list[_Straight]:
    found = []
    for start, end, named in course.parts:
        own = {piece.start for part in (*named.equity, *named.requirement) for piece in part.pieces}
        length = None if end is None else end - start
        starts = sorted(one for one in own if length is None or one < length)
        for low, high in pairwise([*starts, length]):
            found.append(_Straight(start + (low or ZERO), None if high is None else start + high, start, named))
    return found


def _line(parts: Iterable[NamedPart], one: _Straight, side: int) -> tuple[Decimal, Decimal]:
    """The sum of parts on a stretch, as a line of the unknown."""
    at_zero = slope = ZERO
    for part in parts:
        piece = _piece(part, one)
        at_zero += piece.at_zero - piece.slope * one.offset
        slope += piece.slope
    return at_zero, side * slope


def _piece(part: NamedPart, one: _Straight) -> Piece:
    local = one.start - one.offset
    return next((piece for piece in reversed(tuple(part.pieces)) if piece.start <= local), Piece(ZERO, ZERO, ZERO))


def _at(line: tuple[Decimal, Decimal], place: Decimal) -> Decimal:
    return line[0] + line[1] * place


def crossing(book: Book, state: PoolState, course: Course, u: Decimal | None, *, of_equity: bool = False) -> Step:
    """The signed place of the engine's crossing with the lines that meet there, or where least is left without one."""
    level = state.pool.rules.level
    rows = [one for one in _straights(course) if of_equity or any(_line(one.named.requirement, one, 1))]
    if u is None or not rows:
        return _none(state, course, rows)
    on = next((one for one in rows if one.until is None or u <= one.until), rows[-1])
    have = _line(on.named.equity, on, course.side)
    need = _line(on.named.requirement, on, course.side)
    need = level * need[0], level * need[1]
    place = course.side * u
    gap = _at(have, place) - (ZERO if of_equity else _at(need, place))
    beyond, note = None, course.note
    side = sign(gap, state.risk.scale)
    if side > 0:
        beyond, note = _jump(course, rows, on, place, level)
    elif side < 0:
        beyond, note = _at(need, place), "up to there nothing needs maintenance margin"
    low, high = sorted((course.side * on.start, course.side * on.until)) if on.until is not None else (None, None)
    solution = Solution(
        story=course.story,
        unknown=course.unknown,
        unit=course.unit,
        equity=have,
        needed=None if of_equity else need,
        place=place,
        beyond=beyond,
        holds_from=low if on.until is not None else course.side * on.start,
        holds_to=high,
    )
    steps = _parts(book, state, course, on, place, of_equity=of_equity)
    return Step(
        name=course.label,
        of=course.what,
        value=place,
        unit=course.unit,
        operands=tuple(steps),
        solution=solution,
        note=note,
    )


def _jump(course: Course, rows: list[_Straight], on: _Straight, place: Decimal, level: Decimal) -> tuple[Decimal, str]:
    """What is needed just beyond a place where the requirement jumps, and which part of it does."""
    after = next((one for one in rows if one.start >= on.start and one is not on), on)
    need = level * _at(_line(after.named.requirement, after, course.side), place)
    names = [
        part.name
        for part, other in zip(on.named.requirement, after.named.requirement, strict=True)
        if _at(_line([part], on, course.side), place) != _at(_line([other], after, course.side), place)
    ]
    return need, f"a border of its table is passed there: {', '.join(names)}"


def _parts(
    book: Book, state: PoolState, course: Course, on: _Straight, place: Decimal, *, of_equity: bool
) -> list[Step]:
    """Equity and requirement at the place, and the named parts of which each is the sum."""
    totals = [("moved equity", on.named.equity)]
    if not of_equity:
        totals.append(("moved maintenance_margin", on.named.requirement))
    steps = []
    for name, parts in totals:
        rows = [_part(book, state, part, course, on, place) for part in parts]
        rows = [row for row in rows if row.value or (row.line and row.line[1])]
        line = _line(parts, on, course.side)
        whole = made(name, _at(line, place), book.money, *joined(" + ", rows), of=state.pool.name)
        steps.append(replace(whole, line=line, unknown=course.unknown))
    return steps if of_equity else [*steps, book.level(state)]


def _part(book: Book, state: PoolState, part: NamedPart, course: Course, on: _Straight, place: Decimal) -> Step:
    line = _line([part], on, course.side)
    rows: tuple[Step, ...] = ()
    if part.asset:
        rows = (book.figure(f"{book.collateral_path(part.asset, state)}.value"),)
    if part.term is not None and part.term.name and line[1]:
        rate, off = part.term.row_at(on.named.motion, course.side * place - on.offset)
        rows = (
            book.figure(f"positions.{part.term.name}.maintenance_margin"),
            Step(name="rate there", of=part.term.name, value=rate, unit=FRACTION),
            Step(name="deduction there", of=part.term.name, value=off, unit=part.term.unit),
        )
    value = _at(line, place)
    return Step(name=part.name, value=value, unit=book.money, operands=rows, line=line, unknown=course.unknown)


def _none(state: PoolState, course: Course, rows: list[_Straight]) -> Step:
    if not rows:
        note = "nothing needs maintenance margin on the whole way"
        return absent(course.label, course.unit, note, of=course.what)
    level = state.pool.rules.level
    corners = [(u, one) for one in rows for u in (one.start, one.until) if u is not None]

    def left(corner: tuple[Decimal, _Straight]) -> Decimal:
        u, one = corner
        place = course.side * u
        have, need = _line(one.named.equity, one, course.side), _line(one.named.requirement, one, course.side)
        return _at(have, place) - level * _at(need, place)

    u, one = min(corners, key=left)
    have, need = _line(one.named.equity, one, course.side), _line(one.named.requirement, one, course.side)
    end = course.parts[-1][1]
    solution = Solution(
        story=course.story,
        unknown=course.unknown,
        unit=course.unit,
        equity=have,
        needed=(level * need[0], level * need[1]),
        place=None,
        end=None if end is None else course.side * end,
        least_at=course.side * u,
    )
    return Step(name=course.label, of=course.what, unit=course.unit, solution=solution, note=course.note)


def _here(book: Book, state: PoolState, what: str, name: str = MOVE, unit: str = FRACTION) -> Step:
    """The move 0 of a pool that is liquidatable already."""
    liquidatable = book.figure(f"pools.{state.pool.name}.liquidatable")
    note = "the pool is liquidatable already"
    return replace(made(name, ZERO, unit, "here, as ", liquidatable, of=what), note=note)


# Figures.


def joint_move(book: Book, state: PoolState, name: str, side: int, path: str) -> Step:
    """``liquidation.down`` or ``liquidation.up`` of a pool."""
    sides = joint_sides(state, book.account.betas)
    if sides == HERE:
        found = _here(book, state, ALL_TOGETHER)
    else:
        found = crossing(book, state, joint_course(book, state, side), sides.up if side > 0 else sides.down)
    return made(name, found.value, FRACTION, found, of=state.pool.name, figure=path)


def _asset_move(book: Book, state: PoolState, asset: str, side: int) -> Step:
    sides = asset_sides(state, asset)
    if sides == HERE:
        return _here(book, state, asset)
    if asset not in state.touching:
        return absent("rise" if side > 0 else "fall", FRACTION, f"{asset} moves nothing in {state.pool.name}", of=asset)
    return crossing(book, state, asset_course(state, asset, side), sides.up if side > 0 else sides.down)


def asset_move(book: Book, state: PoolState, asset: str, side: int) -> Step:
    """The move of one asset on one side that liquidates a pool."""
    return book.once(f"{state.pool.name} {asset} {side}", lambda _: _asset_move(book, state, asset, side))


def asset_price(
    book: Book, state: PoolState, asset: str, name: str, value: Decimal | None, side: int, path: str
) -> Step:
    """``liquidation_down`` or ``liquidation_up`` of an underlying: price x (1 + move)."""
    move = asset_move(book, state, asset, side)
    if value is None:
        return absent(name, book.money, "nothing reaches it", move, of=asset, figure=path)
    return made(name, value, book.money, book.price(asset), " x (1 + ", move, ")", of=asset, figure=path)


def asset_distance(book: Book, state: PoolState, row: UnderlyingFigures, path: str) -> Step:
    """The size of the nearer move."""
    moves = [asset_move(book, state, row.asset, side) for side in (-1, 1)]
    if row.distance is None:
        return absent("distance", FRACTION, "nothing liquidates", *moves, of=row.asset, figure=path)
    near = next(one for one in moves if isinstance(one.value, Decimal) and abs(one.value) == row.distance)
    return made("distance", row.distance, FRACTION, "|", near, "|", of=row.asset, figure=path, note="the nearer side")


def _nearest(moves: list[Step], value: Decimal, of: str) -> Step:
    """The move that counts, of a fall and a rise."""
    if moves[0] is moves[1]:
        return moves[0]
    step = made(MOVE, value, FRACTION, "the nearer of ", *joined(" and ", moves), of=of)
    return replace(step, chosen=next(k for k, one in enumerate(moves) if one.value == value))


def _price_after(book: Book, position: Position, asset: str, move: Step) -> Parts:
    mark = book.mark(position.contract, position.mark_price)
    between = " x (1 + " if asset == position.contract.base else " / (1 + "
    return [mark, between, move, ")"]


def liquidation_price(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    """The mark at which the pool is liquidated when the underlying asset moves: the nearest to the mark."""
    state, asset = book.pool_of(position), underlying_of(position, book.account)
    moves = [asset_move(book, state, asset, side) for side in (-1, 1)]
    unit = price_unit(position.contract)
    if row.liquidation_price is None:
        note = "nothing reaches it"
        return absent("liquidation_price", unit, note, *moves, of=position.key, figure=path)
    move = _of_price(moves, row.liquidation_price, position, asset)
    parts = _price_after(book, position, asset, move)
    return made("liquidation_price", row.liquidation_price, unit, *parts, of=position.key, figure=path)


def _of_price(moves: list[Step], price: Decimal, position: Position, asset: str) -> Step:
    """Of two moves the one that gives a price, with both shown."""

    def miss(move: Step) -> Decimal:
        factor = ONE + (move.value if isinstance(move.value, Decimal) else ZERO)
        mark = position.mark_price
        return abs((mark * factor if asset == position.contract.base else mark / factor) - price)

    there = [one for one in moves if isinstance(one.value, Decimal) and one.value > -ONE]
    near = min(there, key=miss)
    return _nearest(moves, near.value, asset) if isinstance(near.value, Decimal) else near


def contract_liquidation_price(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    """The same when only the contract's mark moves."""
    name = "contract_liquidation_price"
    state, contract = book.pool_of(position), position.contract
    asset, unit, value = underlying_of(position, book.account), price_unit(contract), row.contract_liquidation_price
    if moves_alone(state, asset, contract):
        found = book.of(position, "liquidation_price")
        if value is None:
            return absent(name, unit, "nothing reaches it", found, of=position.key, figure=path)
        note = f"{asset} moves nothing else in this pool: both kinds of move are one"
        return replace(_shown(position, found, value, path), note=note)
    what = f"the mark of {contract.symbol}"
    sides = contract_sides(state, contract)
    if sides == HERE:
        moves = [_here(book, state, what)] * 2
    else:
        moves = [
            crossing(book, state, contract_course(state, position, side), size)
            for side, size in ((-1, sides.down), (1, sides.up))
        ]
    if value is None:
        return absent(name, unit, "nothing reaches it", *moves, of=position.key, figure=path)
    reach = reached(position, contract.base, sides)
    price = value if reach is None else reach.price
    move = replace(_of_price(moves, price, position, contract.base), of=what)
    parts = _price_after(book, position, contract.base, move)
    if price == value:
        return made(name, value, unit, *parts, of=position.key, figure=path)
    return _shown(position, made("crossing", price, unit, *parts, of=position.key), value, path)


def _shown(position: Position, crossing: Step, value: Decimal, path: str) -> Step:
    """What the venue's screen shows for a crossing: its price, or one tick nearer to the mark."""
    name, contract = "contract_liquidation_price", position.contract
    unit, exact = price_unit(contract), crossing.value
    if exact == value or not isinstance(exact, Decimal):
        return made(name, value, unit, crossing, of=position.key, figure=path)
    note = "the venue's screen shows the crossing one tick nearer to the mark"
    if value == position.mark_price:
        step = made(name, value, unit, crossing, of=position.key, figure=path)
        return replace(step, formula="the mark, less than a tick from {0}", note=note)
    key = f"contracts.{contract.symbol}.tick_size"
    tick = stated("tick_size", contract.tick_size, unit, key, of=contract.symbol)
    between = " + " if value > exact else " - "
    return made(name, value, unit, crossing, between, tick, of=position.key, figure=path, note=note)


def bankruptcy_price(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    """The mark at which the pool's equity is 0, on the side where it is liquidated; on either where it is already."""
    name, unit = "bankruptcy_price", price_unit(position.contract)
    price = book.figure(f"positions.{position.key}.liquidation_price")
    if row.liquidation_price is None or row.bankruptcy_price is None:
        note = (
            "there is no liquidation price" if row.liquidation_price is None else "no such move takes the equity to 0"
        )
        return absent(name, unit, note, price, of=position.key, figure=path)
    state, asset = book.pool_of(position), underlying_of(position, book.account)
    factor = row.bankruptcy_price / position.mark_price
    found = bankruptcy_move(state, asset, asset_sides(state, asset), falling=_falls(factor, asset, position))
    move = found if found is not None else ZERO
    side = 1 if move > 0 else -1
    step = crossing(book, state, asset_course(state, asset, side), abs(move), of_equity=True)
    parts = _price_after(book, position, asset, step)
    return made(name, row.bankruptcy_price, unit, *parts, of=position.key, figure=path)


def _falls(factor: Decimal, asset: str, position: Position) -> bool:
    """Whether the asset falls where a mark goes to ``factor`` times itself."""
    return (factor < ONE) == (asset == position.contract.base)


def liquidation_side(name: str, book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    """On which side of the mark a liquidation price lies."""
    label = path.rpartition(".")[2]
    value = row.liquidation_side if name == "liquidation_price" else row.contract_liquidation_side
    price = book.figure(f"positions.{position.key}.{name}")
    if value is None:
        note = "there is no such price" if price.value is None else "the pool is liquidatable already"
        return absent(label, "", note, price, of=position.key, figure=path)
    mark = book.figure(f"positions.{position.key}.mark_price")
    return made(label, value, "", "where ", price, " lies of ", mark, of=position.key, figure=path)


def runway(book: Book, funding: FundingFigures, path: str) -> Step:
    """The day on which the first pool is liquidated by its funding, prices flat; unknown if a rate is missing."""
    name = "runway_days"
    if funding.missing:
        why = book.figure("funding.missing")
        return absent(name, DAYS, "the funding rate of a position is missing", why, figure=path)
    days = [_runway(book, state) for state in book.states]
    if funding.runway_days is None:
        return absent(name, DAYS, "no pool ever runs out", *days, figure=path)
    if len(days) == 1:
        return made(name, funding.runway_days, DAYS, *days, figure=path)
    step = made(name, funding.runway_days, DAYS, "the first of ", *joined(", ", days), figure=path)
    return replace(step, chosen=next(k for k, one in enumerate(days) if one.value == funding.runway_days))


def _runway(book: Book, state: PoolState) -> Step:
    day = runway_days(state, book.account)
    if state.is_liquidatable:
        return _here(book, state, state.pool.name, "day", DAYS)
    if not any(received_per_day(state.pool.positions, book.account).values()):
        return absent("day", DAYS, "it neither pays nor receives funding", of=state.pool.name)
    return crossing(book, state, day_course(book, state), day)
