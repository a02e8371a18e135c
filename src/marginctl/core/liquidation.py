"""First crossings: where a pool is liquidated, where its equity is gone, along any straight motion of prices.

A motion gives every asset price ratio as a straight line in u >= 0. Health is then a sum of piecewise-linear parts
(``piecewise``), and the first crossing is found by walking them outward: exact through tier changes, haircut tiers and
collateral that moves along, and the first one even where health recovers further out.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from marginctl.core.account import Equality, Rules
from marginctl.core.contract import Contract
from marginctl.core.exact import ONE, ZERO, net
from marginctl.core.piecewise import (
    Crossing,
    Line,
    Piece,
    along,
    first_below,
    is_above_zero,
    larger,
    masked,
    scaled,
    total,
)
from marginctl.core.pool import Pool
from marginctl.core.requirement import Requirement, Term
from marginctl.core.risk import NO_MOVE, Risk, pool_risk

STAYS = Line(ONE, ZERO)
GONE = Line(ZERO, ZERO)
DOWN_END = ONE
"""A price falls by 100% at most; the way up has no end."""
FALLING = Line(ONE, -ONE)
RISING = Line(ONE, ONE)


class Motion(Struct, frozen=True):
    """Price ratios as lines in u: ``ratios`` by asset, ``rest`` for all others.

    ``symbol`` makes one contract's own mark move by ``mark`` instead of its driver; ``rest`` then is the numeraire in
    which everything is measured, so that an inverse contract (notional ~ 1 / mark) stays straight.
    """

    ratios: dict[str, Line]
    rest: Line = STAYS
    symbol: str = ""
    mark: Line = STAYS

    def of(self, asset: str) -> Line:
        """The ratio of an asset's price."""
        return self.ratios.get(asset, self.rest)


class PoolState(Struct, frozen=True):
    """A pool with its figures at today's prices, by part, so that a motion recomputes only what it moves.

    ``touching`` maps an asset (or ``:SYMBOL``) to the indices of the holdings, terms and netting pairs it moves.
    """

    pool: Pool
    risk: Risk
    grosses: tuple[Decimal, ...]
    values: tuple[Decimal, ...]
    loans: tuple[Decimal, ...]
    terms: tuple[Decimal, ...]
    pairs: tuple[Decimal, ...]
    touching: "dict[str, Touched]"
    may_vanish: bool


class Touched(Struct):
    """Indices of the parts of a pool that one asset or contract moves."""

    holdings: dict[int, None]
    terms: dict[int, None]
    pairs: dict[int, None]


def pool_state(pool: Pool) -> PoolState:
    """Evaluate a pool by parts and index them by what moves them."""
    touching: dict[str, Touched] = {}

    def touched(key: str) -> Touched:
        return touching.setdefault(key, Touched({}, {}, {}))

    for i, holding in enumerate(pool.holdings):
        for asset in holding.form:
            touched(asset).holdings[i] = None
        touched(holding.asset).holdings[i] = None
    settled_in = {holding.asset: i for i, holding in enumerate(pool.holdings)}
    for position in pool.positions:
        touched(f":{position.contract.symbol}").holdings[settled_in[position.contract.settle]] = None
    for i, term in enumerate(pool.maintenance.terms):
        for key in _movers(term):
            touched(key).terms[i] = None
    for i, (longs, shorts) in enumerate(pool.maintenance.larger_of):
        for term in longs + shorts:
            for key in _movers(term):
                touched(key).pairs[i] = None
    return PoolState(
        pool=pool,
        risk=pool_risk(pool),
        grosses=tuple(holding.gross(NO_MOVE) for holding in pool.holdings),
        values=tuple(holding.value(NO_MOVE) for holding in pool.holdings),
        loans=tuple(holding.loan_margin(NO_MOVE) for holding in pool.holdings),
        terms=tuple(term.at(NO_MOVE) for term in pool.maintenance.terms),
        pairs=tuple(Requirement((), (pair,)).at(NO_MOVE) for pair in pool.maintenance.larger_of),
        touching=touching,
        may_vanish=_may_vanish(pool.maintenance),
    )


def _movers(term: Term) -> tuple[str, ...]:
    return (term.driver, term.unit, f":{term.symbol}") if term.symbol else (term.driver, term.unit)


def _may_vanish(requirement: Requirement) -> bool:
    """Whether the maintenance margin can be 0 on a whole stretch, where nothing can be liquidated."""
    terms = requirement.terms + tuple(t for pair in requirement.larger_of for side in pair for t in side)
    return not any(term.amount and term.weight and min(term.curve.slopes) > 0 for term in terms)


class Parts(NamedTuple):
    """Piecewise equity and requirement of a pool along a motion; what does not move is one straight part of each."""

    equity: list[Iterable[Piece]]
    requirement: list[Iterable[Piece]]


def parts(state: PoolState, motion: Motion, end: Decimal | None, factor: Decimal = ONE) -> Parts:
    """The moving parts of a pool and the constant rest (times the numeraire), each a piecewise function of u.

    The requirement is taken times ``factor``.
    """
    pool = state.pool
    moved = moved_by(state, motion)
    still = state.risk.equity - sum((state.values[i] for i in moved.holdings), ZERO)
    needed = state.risk.maintenance_margin
    needed -= sum((state.terms[i] for i in moved.terms), ZERO) + sum((state.pairs[i] for i in moved.pairs), ZERO)
    needed = (needed - sum((state.loans[i] for i in moved.holdings), ZERO)) * factor
    equity: list[Iterable[Piece]] = [(Piece(ZERO, still * motion.rest.at_zero, still * motion.rest.slope),)]
    requirement: list[Iterable[Piece]] = [(Piece(ZERO, needed * motion.rest.at_zero, needed * motion.rest.slope),)]
    for i in moved.holdings:
        holding = pool.holdings[i]
        gross = _gross_line(state, i, motion)
        equity.append(along(holding.curve, gross, motion.of(holding.asset).scaled(holding.price), end))
        if holding.loan is not None:
            requirement.append(along(holding.loan, gross, motion.rest, end, factor))
    requirement += [_term_pieces(pool.maintenance.terms[i], motion, end, factor) for i in moved.terms]
    for i in moved.pairs:
        longs, shorts = (total(_term_pieces(t, motion, end) for t in side) for side in pool.maintenance.larger_of[i])
        requirement.append(scaled(larger(longs, shorts, end), factor))
    return Parts(equity, requirement)


def moved_by(state: PoolState, motion: Motion) -> Touched:
    """The parts of a pool that a motion moves."""
    keys = [*motion.ratios, f":{motion.symbol}"] if motion.symbol else list(motion.ratios)
    found = [state.touching[key] for key in keys if key in state.touching]
    if len(found) == 1:
        return found[0]
    moved = Touched({}, {}, {})
    for one in found:
        moved.holdings.update(one.holdings)
        moved.terms.update(one.terms)
        moved.pairs.update(one.pairs)
    return moved


def _gross_line(state: PoolState, index: int, motion: Motion) -> Line:
    """price * (balance + PnL) of one asset along the motion, in currency; costs what moves, not what is held."""
    form = state.pool.holdings[index].form
    moved = [(form[asset], line) for asset, line in motion.ratios.items() if asset in form]
    rest = motion.rest
    moved.append((net(state.grosses[index], *(-amount for amount, _ in moved)), rest))
    if motion.symbol:
        exposure = state.pool.exposures[motion.symbol]
        mark = motion.mark
        moved.append((exposure, Line(mark.at_zero - rest.at_zero, mark.slope - rest.slope)))
    return Line(
        net(*(amount * line.at_zero for amount, line in moved)), net(*(amount * line.slope for amount, line in moved))
    )


def _term_pieces(term: Term, motion: Motion, end: Decimal | None, factor: Decimal = ONE) -> Iterable[Piece]:
    value, unit = term_lines(term, motion)
    return along(term.curve, value, unit, end, factor * term.weight)


def term_lines(term: Term, motion: Motion) -> tuple[Line, Line]:
    """What a term is taken of and the price of its unit, along a motion."""
    driver = motion.mark if motion.symbol and term.symbol == motion.symbol else motion.of(term.driver)
    return driver.scaled(term.amount), motion.of(term.unit).scaled(term.unit_price)


def health(state: PoolState, motion: Motion, end: Decimal | None, level: Decimal) -> Iterator[Piece]:
    """equity - level * maintenance_margin along a motion; 1 on stretches without any maintenance margin."""
    equity, requirement = parts(state, motion, end, -level)
    pieces = total([*equity, *requirement])
    if not state.may_vanish and GONE not in motion.ratios.values():
        return pieces
    return masked(pieces, total(parts(state, motion, end).requirement), end, state.risk.scale)


def first_liquidation(
    state: PoolState, motion: Motion, end: Decimal | None, rules: Rules, *, end_included: bool = False
) -> Crossing | None:
    """The first u in (0, end) beyond which the pool is liquidatable; the pool must not be so at 0.

    Where equality counts, ``end_included`` asks about the end of the range itself as well.
    """
    pieces = health(state, motion, end, rules.level)
    at_zero = rules.equality is Equality.LIQUIDATED
    return first_below(
        pieces,
        end,
        state.risk.scale,
        or_at_zero=at_zero,
        end_included=end_included,
        counts=lambda u: is_required_at(state, motion, u),
    )


def is_required_at(state: PoolState, motion: Motion, u: Decimal) -> bool:
    """Whether there is a maintenance margin at ``u``; without one, equality at that place liquidates nothing."""
    return is_above_zero(total(parts(state, motion, u).requirement), u, state.risk.scale)


def first_bankruptcy(state: PoolState, motion: Motion, end: Decimal | None) -> Crossing | None:
    """The first u in (0, end) at which the pool's equity is 0, from either sign."""
    pieces: Iterable[Piece] = total(parts(state, motion, end).equity)
    if state.risk.equity < 0:
        pieces = scaled(pieces, -ONE)
    return first_below(pieces, end, state.risk.scale, or_at_zero=True)


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


def asset_motion(asset: str, line: Line) -> Motion:
    """One asset's price moves, with every contract on it and all balances of it; all other prices stay."""
    return Motion({asset: line})


def contract_motion(position_symbol: str, *, inverse: bool, line: Line) -> Motion:
    """One contract's mark moves and nothing else; for an inverse contract all is measured in units of the mark."""
    if inverse:
        return Motion({}, rest=line, symbol=position_symbol, mark=STAYS)
    return Motion({}, symbol=position_symbol, mark=line)


def asset_sides(state: PoolState, asset: str, rules: Rules) -> Sides:
    """Liquidation moves of one asset down (less than 100%) and up (without end); (0, 0) when already liquidatable."""
    if state.risk.is_liquidatable(rules):
        return HERE
    if asset not in state.touching:
        return NO_SIDES
    return Sides(
        _size(first_liquidation(state, asset_motion(asset, FALLING), DOWN_END, rules)),
        _size(first_liquidation(state, asset_motion(asset, RISING), None, rules)),
    )


def contract_sides(state: PoolState, symbol: str, *, inverse: bool, rules: Rules) -> Sides:
    """The same when only one contract's mark moves."""
    if state.risk.is_liquidatable(rules):
        return HERE
    down = contract_motion(symbol, inverse=inverse, line=FALLING)
    up = contract_motion(symbol, inverse=inverse, line=RISING)
    return Sides(
        _size(first_liquidation(state, down, DOWN_END, rules)), _size(first_liquidation(state, up, None, rules))
    )


def moves_alone(state: PoolState, asset: str, contract: Contract) -> bool:
    """Whether a contract's mark is all that its base moves in the pool: then both kinds of move are one."""
    symbol = contract.symbol
    if asset != contract.base:
        return False
    of_asset, of_symbol = state.touching.get(asset), state.touching.get(f":{symbol}")
    if of_asset is None or of_symbol is None or of_asset.terms != of_symbol.terms or of_asset.pairs != of_symbol.pairs:
        return False
    if of_asset.holdings != of_symbol.holdings:
        return False
    (index,) = of_symbol.holdings
    holding = state.pool.holdings[index]
    return holding.asset != asset and holding.form.get(asset) == state.pool.exposures[symbol]


def _size(crossing: Crossing | None) -> Decimal | None:
    return None if crossing is None else crossing.u


class Stretch(NamedTuple):
    """A part of a path on which every price is a straight line of u - ``start``; ``end`` None = without end."""

    start: Decimal
    end: Decimal | None
    motion: Motion

    @property
    def length(self) -> Decimal | None:
        """How far it goes; None = without end."""
        return None if self.end is None else self.end - self.start


def joint_path(assets: Iterable[str], betas: Mapping[str, Decimal], side: int, end: Decimal | None) -> list[Stretch]:
    """All assets together: price * max(0, 1 + side * beta * u) for 0 <= u <= end, cut where a price reaches 0.

    ``end`` None: without end; a price that has reached 0 stays there.
    """
    slopes = {asset: side * betas[asset] for asset in assets if betas[asset]}
    gone = {asset: ONE / -slope for asset, slope in slopes.items() if slope < 0 and (end is None or -slope * end > 1)}
    starts = [ZERO, *sorted(set(gone.values()))]
    stretches = []
    for start, stop in zip(starts, [*starts[1:], end], strict=True):
        ratios = {
            asset: GONE if asset in gone and gone[asset] <= start else Line(ONE + slope * start, slope)
            for asset, slope in slopes.items()
        }
        stretches.append(Stretch(start, stop, Motion(ratios)))
    return stretches


def shock_path(shocks: dict[str, Decimal]) -> list[Stretch]:
    """The straight path to a scenario: price * (1 + shock * u) for 0 <= u <= 1 (shock >= -1)."""
    return [Stretch(ZERO, ONE, Motion({asset: Line(ONE, shock) for asset, shock in shocks.items() if shock}))]


def first_on_path(state: PoolState, path: list[Stretch], rules: Rules, *, end_included: bool = False) -> Decimal | None:
    """The first u on a path beyond which the pool is liquidatable; 0 when it already is; None = never."""
    if state.risk.is_liquidatable(rules):
        return ZERO
    for stretch in path:
        last = end_included and stretch is path[-1]
        found = first_liquidation(state, stretch.motion, stretch.length, rules, end_included=last)
        if found is not None:
            return stretch.start + found.u
    return None


def joint_sides(state: PoolState, betas: dict[str, Decimal], rules: Rules) -> Sides:
    """Where all assets moving together by their betas liquidate the pool."""
    if state.risk.is_liquidatable(rules):
        return HERE
    assets = sorted({asset for asset in state.touching if not asset.startswith(":")})
    return Sides(
        first_on_path(state, joint_path(assets, betas, -1, DOWN_END), rules),
        first_on_path(state, joint_path(assets, betas, 1, None), rules),
    )


def bankruptcy_move(state: PoolState, asset: str, sides: Sides, *, falling: bool | None = None) -> Decimal | None:
    """The signed move of an asset at which the pool's equity is 0: on the side where it is liquidated, else none.

    Already liquidatable: the nearest one on either side. ``falling`` chooses the side instead of the nearest crossing.
    """
    if sides.nearest is None:
        return None
    here = sides == HERE
    down_side = sides.is_below if falling is None else falling
    down = _size(first_bankruptcy(state, asset_motion(asset, FALLING), DOWN_END)) if here or down_side else None
    up = _size(first_bankruptcy(state, asset_motion(asset, RISING), None)) if here or not down_side else None
    found = Sides(down, up)
    if found.nearest is None:
        return None
    return -found.nearest if found.is_below else found.nearest
