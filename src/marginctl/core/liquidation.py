"""First crossings: where a pool is liquidated, where its equity is gone, along any straight motion.

A motion gives every asset price ratio, and what is paid meanwhile, as straight lines in u >= 0. Health is then a sum of
piecewise-linear parts (``piecewise``), and the first crossing is found by walking them outward: exact through tier
changes, haircut tiers and collateral that moves along, and the first one even where health recovers further out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from types import ModuleType
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from marginctl.core.account import Equality
from marginctl.core.contract import Contract
from marginctl.core.exact import ONE, ZERO, net
from marginctl.core.motion import GONE, Bend, Motion, Stretch, asset_path, contract_path, first_below_bent, joint_path
from marginctl.core.piecewise import (
    Crossing,
    Line,
    Piece,
    along,
    first_below,
    first_below_concave,
    is_above_zero,
    masked,
    scaled,
    total,
)
from marginctl.core.pool import Pool
from marginctl.core.requirement import Part, Term
from marginctl.core.risk import NO_MOVE, Risk, pool_risk

FOREVER = Decimal("1e30")
"""Days beyond which a slope is the residue of a division, not a cost."""


class PoolState(Struct, frozen=True):
    """A pool with its figures at today's prices, by part, so that a motion recomputes only what it moves.

    ``needs``: of every part of the maintenance margin. ``touching`` maps an asset (or ``:SYMBOL``) to the indices of
    the holdings and the parts that it moves.
    """

    pool: Pool
    risk: Risk
    grosses: tuple[Decimal, ...]
    values: tuple[Decimal, ...]
    loans: tuple[Decimal, ...]
    needs: tuple[Decimal, ...]
    touching: "dict[str, Touched]"
    may_vanish: bool
    is_liquidatable: bool

    @property
    def bends_down(self) -> bool:
        """Whether its health under a model of the whole bends downward only."""
        return self.pool.asked is not None and self.pool.asked.maintenance.margin.is_convex

    @property
    def assets(self) -> list[str]:
        """The assets whose prices move anything in it."""
        return sorted(key for key in self.touching if not key.startswith((":", "+")))


class Touched(Struct):
    """Indices of the parts of a pool that one asset or contract moves."""

    holdings: dict[int, None]
    parts: dict[int, None]


def pool_state(pool: Pool) -> PoolState:
    """Evaluate a pool by parts and index them by what moves them."""
    touching: dict[str, Touched] = {}

    def touched(key: str) -> Touched:
        return touching.setdefault(key, Touched({}, {}))

    for i, holding in enumerate(pool.sources):
        led = (name for quanto, _ in holding.quantos.values() for name in (quanto.base, quanto.quote))
        for asset in (*holding.form, holding.asset, f"+{holding.asset}", *led):
            touched(asset).holdings[i] = None
    settled_in = {holding.asset: i for i, holding in enumerate(pool.sources)}
    for position in pool.positions:
        touched(f":{position.contract.symbol}").holdings[settled_in[position.contract.settle]] = None
    for i, part in enumerate(pool.maintenance.parts):
        for key in part.movers:
            touched(key).parts[i] = None
    risk = pool_risk(pool)
    return PoolState(
        pool=pool,
        risk=risk,
        grosses=tuple(holding.gross(NO_MOVE) for holding in pool.sources),
        values=tuple(holding.value(NO_MOVE) for holding in pool.sources),
        loans=tuple(holding.loan_margin(NO_MOVE) for holding in pool.sources),
        needs=tuple(part.at(NO_MOVE) for part in pool.maintenance.parts),
        touching=touching,
        may_vanish=not any(part.always_needs for part in pool.maintenance.parts),
        is_liquidatable=risk.is_liquidatable(pool.rules),
    )


Walked: TypeAlias = tuple[Iterable[Piece], str | Part]
"""Pieces along a motion, and of what: an asset's value or loan margin, a part of the requirement, "" = what stays."""


class Parts(NamedTuple):
    """What adds up to the equity and to the maintenance margin of a pool along a motion."""

    equity: list[Walked]
    requirement: list[Walked]


def added(parts: Iterable[Walked]) -> Iterator[Piece]:
    """Their sum."""
    return total([pieces for pieces, _ in parts])


def parts(state: PoolState, motion: Motion, end: Decimal | None, factor: Decimal = ONE) -> Parts:
    """What moves in a pool, each a piecewise function of u; what stays (times the numeraire) is the first of each.

    The requirement is taken times ``factor``.
    """
    moved, rest = moved_by(state, motion), motion.rest
    still, needed = state.risk.equity, state.risk.maintenance_margin
    equity: list[Walked] = []
    requirement: list[Walked] = []
    for i in moved.holdings:
        holding = state.pool.sources[i]
        still, needed = still - state.values[i], needed - state.loans[i]
        gross = gross_line(state, i, motion)
        unit = motion.of(holding.asset).scaled(holding.price)
        equity.append((along(holding.curve, gross, unit, end), holding.label))
        if holding.loan is not None:
            requirement.append((along(holding.loan, gross, rest, end, factor), holding.asset))
    for i in moved.parts:
        part = state.pool.maintenance.parts[i]
        needed -= state.needs[i]
        requirement.append((part.pieces(motion, end, factor), part))
    return Parts([_stays(still, rest), *equity], [_stays(needed * factor, rest), *requirement])


def _stays(amount: Decimal, rest: Line) -> Walked:
    """What does not move, but for the numeraire."""
    return (Piece(ZERO, amount * rest.at_zero, amount * rest.slope),), ""


def moved_by(state: PoolState, motion: Motion) -> Touched:
    """The parts of a pool that a motion moves."""
    found = [state.touching[key] for key in motion.moved if key in state.touching]
    if len(found) == 1:
        return found[0]
    moved = Touched({}, {})
    for one in found:
        moved.holdings.update(one.holdings)
        moved.parts.update(one.parts)
    return moved


def gross_line(state: PoolState, index: int, motion: Motion, *, quantos: bool = True) -> Line:
    """price * (balance + PnL) of one asset along the motion, in currency; costs what moves, not what is held.

    With ``quantos`` the motion must not bend them; without, their notionals are left out.
    """
    holding = state.pool.sources[index]
    form = holding.form
    fewer: Iterable[str] = form if len(form) <= len(motion.ratios) else motion.ratios
    moved = [(form[asset], motion.ratios[asset]) for asset in fewer if asset in form and asset in motion.ratios]
    rest = motion.rest
    apart = [(amount, quanto.line(motion) or rest) for quanto, amount in holding.quantos.values()]
    moved.append((net(state.grosses[index], *(-amount for amount, _ in (*moved, *apart))), rest))
    moved += apart if quantos else []
    for key in motion.ratios.keys() & holding.traded.keys():
        (driver, exposure), own = holding.traded[key], motion.ratios[key]
        led = motion.of(driver)
        moved.append((exposure, Line(own.at_zero - led.at_zero, own.slope - led.slope)))
    if motion.income:
        moved.append((motion.income[holding.asset], Line(ZERO, ONE)))
    return Line(
        net(*(amount * line.at_zero for amount, line in moved)), net(*(amount * line.slope for amount, line in moved))
    )


def health(state: PoolState, motion: Motion, end: Decimal | None) -> Iterator[Piece]:
    """equity - level * maintenance_margin along a motion; 1 on stretches without any maintenance margin."""
    equity, requirement = parts(state, motion, end, -state.pool.rules.level)
    pieces = added([*equity, *requirement])
    if state.pool.needs_equity or (not state.may_vanish and GONE not in motion.ratios.values()):
        return pieces
    return masked(pieces, _needed(state, motion, end), end, state.risk.scale)


def bends_of(state: PoolState, motion: Motion) -> list[Bend]:
    """level * what is curved of the maintenance margin along a motion: to be taken from the pieces of health."""
    moved = (state.pool.maintenance.parts[i] for i in moved_by(state, motion).parts)
    bends = (one for part in moved if isinstance(part, Term) for one in part.bends(motion))
    return [one._replace(factor=one.factor * state.pool.rules.level) for one in bends]


def concave_health(state: PoolState, motion: Motion, end: Decimal | None) -> Callable[[Decimal | None], Line]:
    """The line of health just beyond a place (None = beyond all corners) where equity is concave and needs are convex.

    Haircuts rise and debts count in full at least, so equity is concave; a part that knows its line is asked for it,
    the others have few pieces.
    """
    level = state.pool.rules.level
    equity, requirement = parts(state, motion, end, -level)
    asked = [part for _, part in requirement if not isinstance(part, str) and hasattr(part, "line_at")]
    rest = [list(pieces) for pieces, part in (*equity, *requirement) if part not in asked]

    def line(u: Decimal | None) -> Line:
        found = [_piece_at(pieces, u) for pieces in rest]
        found += [part.line_at(motion, u).scaled(-level) for part in asked]
        return Line(sum((one.at_zero for one in found), ZERO), sum((one.slope for one in found), ZERO))

    return line


def _piece_at(pieces: list[Piece], u: Decimal | None) -> Line:
    here = pieces[-1] if u is None else next(piece for piece in reversed(pieces) if piece.start <= u)
    return Line(here.at_zero, here.slope)


def _needed(state: PoolState, motion: Motion, end: Decimal | None) -> Iterator[Piece]:
    return added(parts(state, motion, end).requirement)


def first_on_path(state: PoolState, path: list[Stretch], *, end_included: bool = False) -> Decimal | None:
    """The first u on a path beyond which the pool is liquidatable, its start where it is so there; None = never.

    Where equality counts, ``end_included`` asks about the end of the path itself as well.
    """
    start = path[0].start
    if _is_liquidatable_at(state, path[0]) if start else state.is_liquidatable:
        return start
    return _first(path, lambda one: _first_liquidation(state, one, end_included=end_included and one is path[-1]))


def _is_liquidatable_at(state: PoolState, start: Stretch) -> bool:
    ratios = {asset: line.at_zero for asset, line in start.motion.ratios.items()}
    return pool_risk(state.pool, ratios).is_liquidatable(state.pool.rules) if ratios else state.is_liquidatable


def _first(path: list[Stretch], found_on: Callable[[Stretch], Crossing | None]) -> Decimal | None:
    """Where something is found first, stretch by stretch."""
    for stretch in path:
        found = found_on(stretch) if stretch.length is None or stretch.length > 0 else None
        if found is not None:
            return stretch.start + found.u
    return None


def _first_liquidation(state: PoolState, stretch: Stretch, *, end_included: bool) -> Crossing | None:
    """The first u within a stretch beyond which the pool is liquidatable; it must not be so at its start.

    Without a maintenance margin at a place, equality there liquidates nothing.
    """
    motion, end, scale = stretch.motion, stretch.length, state.risk.scale
    if state.pool.bends(motion):
        bent: Crossing | None = bending().first_bent(state, stretch, end_included=end_included)
        return bent
    liquidates_equal = state.pool.rules.equality is Equality.LIQUIDATED
    if bends := bends_of(state, motion):
        straight = health(state, motion, end)
        return first_below_bent(straight, bends, end, scale, or_at_zero=liquidates_equal, end_included=end_included)
    if state.pool.needs_equity and not liquidates_equal and state.bends_down:
        return first_below_concave(concave_health(state, motion, end), end, scale)
    found = first_below(
        health(state, motion, end),
        end,
        scale,
        or_at_zero=liquidates_equal,
        end_included=end_included,
        counts=lambda u: is_above_zero(_needed(state, motion, u), u, scale),
    )
    return None if found is not None and motion.income and found.u > FOREVER else found


def bending() -> ModuleType:
    """The other way to walk a stretch, for pools whose quantos bend along it."""
    from marginctl.core import bent  # only ever needed for quantos

    return bent


def _first_bankruptcy(state: PoolState, stretch: Stretch) -> Crossing | None:
    """The first u within a stretch at which the pool's equity is 0, from either sign."""
    if state.pool.bends(stretch.motion):
        gone: Crossing | None = bending().first_gone(state, stretch)
        return gone
    pieces: Iterable[Piece] = added(parts(state, stretch.motion, stretch.length).equity)
    if state.risk.equity < 0:
        pieces = scaled(pieces, -ONE)
    return first_below(pieces, stretch.length, state.risk.scale, or_at_zero=True)


class Sides(NamedTuple):
    """The size u of the move to a crossing on either side (None: there is none)."""

    down: Decimal | None
    up: Decimal | None

    @property
    def nearest(self) -> Decimal | None:
        """The smaller of the two."""
        if self.down is None or self.up is None:
            return self.up if self.down is None else self.down
        return min(self.down, self.up)

    @property
    def is_below(self) -> bool:
        """Whether the nearest one lies below."""
        return self.down is not None and (self.up is None or self.down <= self.up)


NO_SIDES = Sides(None, None)
HERE = Sides(ZERO, ZERO)


def asset_sides(state: PoolState, asset: str) -> Sides:
    """Liquidation moves of one asset, and what follows it, down (less than 100%) and up (without end).

    (0, 0) when already liquidatable.
    """
    paths = (asset_path(asset, side, followers=state.pool.moving_with(asset)) for side in (-1, 1))
    return Sides(*(first_on_path(state, path) for path in paths))


def contract_sides(state: PoolState, contract: Contract) -> Sides:
    """The same when only one contract's mark moves."""
    return Sides(first_on_path(state, contract_path(contract, -1)), first_on_path(state, contract_path(contract, 1)))


def joint_sides(state: PoolState, betas: Mapping[str, Decimal]) -> Sides:
    """The same when all assets move together by their betas."""
    down, up = (joint_path(state.assets, betas, side) for side in (-1, 1))
    return Sides(first_on_path(state, down), first_on_path(state, up))


def moves_alone(state: PoolState, asset: str, contract: Contract) -> bool:
    """Whether a contract's mark is all that its base moves in the pool: then both kinds of move are one."""
    symbol = contract.symbol
    if asset != contract.base or any(one in state.touching for one in state.pool.moving_with(asset)):
        return False
    of_asset, of_symbol = state.touching.get(asset), state.touching.get(f":{symbol}")
    if of_asset is None or of_symbol is None or of_asset != of_symbol:
        return False
    (index,) = of_symbol.holdings
    holding = state.pool.sources[index]
    return holding.asset != asset and holding.form.get(asset) == state.pool.exposures[symbol]


def bankruptcy_move(state: PoolState, asset: str, sides: Sides, *, falling: bool | None = None) -> Decimal | None:
    """The signed move of an asset at which the pool's equity is 0: on the side where it is liquidated, else none.

    Already liquidatable: the nearest one on either side. ``falling`` chooses the side instead of the nearest crossing.
    """
    if sides.nearest is None:
        return None
    below = sides.is_below if falling is None else falling
    moving = state.pool.moving_with(asset)
    down, up = (
        _first(asset_path(asset, side, followers=moving), lambda one: _first_bankruptcy(state, one))
        if sides == HERE or (side < 0) is below
        else None
        for side in (-1, 1)
    )
    found = Sides(down, up)
    if found.nearest is None:
        return None
    return -found.nearest if found.is_below else found.nearest
