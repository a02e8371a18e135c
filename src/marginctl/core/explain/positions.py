"""The figures of one position beyond its margins: what liquidates it, what it pays."""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from marginctl.core.account import Position, PriceShown
from marginctl.core.assemble import Reached, reached, underlying_of
from marginctl.core.exact import SNAP, ZERO
from marginctl.core.explain import crossings
from marginctl.core.explain.book import Book
from marginctl.core.explain.crossings import Course, asset_course, contract_course, here
from marginctl.core.explain.decision import Absent, Case, Condition, Decision, NearestTo
from marginctl.core.explain.margins import (
    Stake,
    deduction_figure,
    initial_margin,
    initial_rate,
    maintenance_margin,
    rate_figure,
    tier,
)
from marginctl.core.explain.node import (
    FRACTION,
    HOURS,
    MULTIPLE,
    ONE_NODE,
    PLAIN,
    Constant,
    Difference,
    Input,
    Magnitude,
    Negation,
    Node,
    Product,
    Quotient,
    Sum,
    decimal_of,
    named,
    price_unit,
)
from marginctl.core.explain.prices import (
    entry_price,
    given,
    mark_price,
    notional,
    quantity,
    unrealized_pnl,
)
from marginctl.core.funding import HOURS_PER_DAY
from marginctl.core.liquidation import PoolState, Sides, moves_alone


def text(position: Position, name: str, value: str | None, note: str = "") -> Node:
    """A word of the report: as the position states it, or as it follows."""
    path = f"positions.{position.key}.{name}"
    return Input(label=name, of=position.key, figure=path, amount=value, key=path, note=note)


def leverage(book: Book, position: Position) -> Node:
    """1 / initial_rate; none at a rate of 0."""
    path = f"positions.{position.key}.leverage"
    rate = initial_rate(book, position)
    if decimal_of(rate) == ZERO:
        note = "the initial rate is 0"
        return Absent(label="leverage", of=position.key, unit=MULTIPLE, figure=path, note=note, because=(rate,))
    return named(Quotient(numerator=ONE_NODE, denominator=rate), "leverage", position.key, MULTIPLE, path)


class Moves(NamedTuple):
    """What may liquidate a position: an asset whose price, or mark, falls or rises, and the nearer one of both."""

    asset: str
    down: Node
    up: Node
    nearest: Node

    def reached(self, position: Position) -> Reached | None:
        """The engine's choice of a side: the crossing nearest to the mark."""
        down, up = (None if move.value is None else abs(decimal_of(move)) for move in (self.down, self.up))
        return reached(position, self.asset, Sides(down, up))


def _moves(book: Book, state: PoolState, key: str, asset: str, course: Callable[[int], Course]) -> Moves:
    down, up = (crossings.one_way(book, state, key, course, side) for side in (-1, 1))
    return Moves(asset, down, up, crossings.nearest(book, state, key, course))


def asset_moves(book: Book, position: Position) -> Moves:
    """The moves of the position's underlying that liquidate its pool."""
    state, asset = book.pool_of(position), underlying_of(position, book.account)
    return _moves(book, state, f"{state.pool.name} {asset}", asset, lambda side: asset_course(asset, side))


def contract_moves(book: Book, position: Position) -> Moves:
    """The moves of the position's mark alone that liquidate its pool."""
    state, contract = book.pool_of(position), position.contract
    if moves_alone(state, underlying_of(position, book.account), contract):
        return asset_moves(book, position)
    key = f"{state.pool.name} :{contract.symbol}"
    return _moves(book, state, key, contract.base, lambda side: contract_course(position, side))


def price_after(book: Book, position: Position, asset: str, move: Node, name: str) -> Node:
    """The mark after a move of an asset; none without a move."""
    path = f"positions.{position.key}.{name}"
    unit = price_unit(position.contract.quote, position.contract.base)
    if move.value is None:
        return Absent(label=name, of=position.key, unit=unit, figure=path, note="nothing reaches it", because=(move,))
    now, ratio = mark_price(book, position), Sum(terms=(ONE_NODE, move))
    if decimal_of(ratio) <= SNAP:
        note = "it would not be positive"
        return Absent(label=name, of=position.key, unit=unit, figure=path, note=note, because=(move,))
    is_base = asset == position.contract.base
    then: Node = Product(factors=(now, ratio)) if is_base else Quotient(numerator=now, denominator=ratio)
    return named(then, name, position.key, unit, path)


def _nearest_price(book: Book, position: Position, moves: Moves, name: str) -> Node:
    """The mark after the nearer move; where a fall and a rise are not alike, the nearer one of both marks."""
    asset, chosen = moves.asset, moves.reached(position)
    if asset == position.contract.base and (chosen is None or chosen.move == moves.nearest.value):
        return price_after(book, position, asset, moves.nearest, name)
    prices = tuple(price_after(book, position, asset, move, name) for move in (moves.down, moves.up))
    options = tuple(
        named(price, f"price after a {way} of {asset}", position.key, price.unit)
        for price, way in zip(prices, ("fall", "rise"), strict=True)
    )
    path, unit = f"positions.{position.key}.{name}", prices[0].unit
    if chosen is None:
        note = "nothing reaches it"
        return Absent(label=name, of=position.key, unit=unit, figure=path, note=note, because=options)
    return named(NearestTo(options=options, target=mark_price(book, position)), name, position.key, unit, path)


def liquidation_price(book: Book, position: Position) -> Node:
    """The mark at which the pool is liquidated when the underlying asset moves: the one nearest to the mark."""
    name = "liquidation_price"
    path = f"positions.{position.key}.{name}"
    return book.once(path, lambda: _nearest_price(book, position, asset_moves(book, position), name))


def contract_liquidation_price(book: Book, position: Position) -> Node:
    """The same when only the contract's mark moves."""
    found = _nearest_price(book, position, contract_moves(book, position), "contract_liquidation_price")
    state, asset = book.pool_of(position), underlying_of(position, book.account)
    if moves_alone(state, asset, position.contract):
        return replace(found, note=f"{asset} moves nothing else in this pool: both kinds of move are one")
    return found


def _shows_a_tick(book: Book, position: Position) -> bool:
    """Whether the venue's screen shows the crossing one tick nearer to the mark."""
    return book.pool_of(position).pool.rules.shown_liquidation_price is PriceShown.ONE_TICK_TOWARD_MARK


def _one_tick_nearer(book: Book, position: Position, crossing: Node, tick: Decimal) -> Node:
    """The crossing one tick nearer to the mark, the mark itself where that would pass it."""
    contract = position.contract
    exact = named(replace(crossing, figure=""), "crossing", position.key, crossing.unit)
    key = f"contracts.{contract.symbol}.tick_size"
    step = Input(label="tick_size", of=contract.symbol, unit=crossing.unit, amount=tick, key=key)
    now = mark_price(book, position)
    gap = position.mark_price - decimal_of(crossing)
    shown: Node = Sum(terms=(exact, step)) if gap > 0 else Difference(terms=(exact, step))
    note = "the venue's screen shows the crossing one tick nearer to the mark"
    if abs(gap) < tick:
        shown, note = Sum(terms=(now,)), f"{note}: here the mark itself"
    return named(shown, "contract_liquidation_price", position.key, crossing.unit, crossing.figure, note)


def bankruptcy_price(book: Book, position: Position) -> Node:
    """The mark at which the pool's equity is 0, on the side where it is liquidated; on either where it is already."""
    state, moves = book.pool_of(position), asset_moves(book, position)
    name = "bankruptcy_price"
    price, chosen = liquidation_price(book, position), moves.reached(position)
    if chosen is None:
        path = f"positions.{position.key}.{name}"
        note = "there is no liquidation price"
        return Absent(label=name, of=position.key, unit=price.unit, figure=path, note=note, because=(price,))
    sides = (-1, 1) if here(book, state, moves.asset) is not None else (-1 if chosen.falling else 1,)
    key = f"bankruptcy {state.pool.name} {moves.asset} {sides}"
    gone = book.once(key, lambda: crossings.bankruptcy(book, state, moves.asset, sides))
    return price_after(book, position, moves.asset, gone, name)


def distance_to_liquidation(book: Book, position: Position) -> Node:
    """|liquidation_price - mark_price| / mark_price."""
    path = f"positions.{position.key}.distance_to_liquidation"
    price = liquidation_price(book, position)
    name = "distance_to_liquidation"
    if price.value is None:
        note = "there is no liquidation price"
        return Absent(label=name, of=position.key, unit=FRACTION, figure=path, note=note, because=(price,))
    now = mark_price(book, position)
    gap = Magnitude(term=Difference(terms=(price, now)))
    return named(Quotient(numerator=gap, denominator=now), name, position.key, FRACTION, path)


def side_of(book: Book, position: Position, name: str, price: Node, moves: Moves) -> Node:
    """``below`` or ``above``: on which side of the mark a price lies; none without one or when already there."""
    path = f"positions.{position.key}.{name}"
    state = book.pool_of(position)
    already = here(book, state, position.contract.symbol)
    if price.value is None:
        return Absent(label=name, of=position.key, figure=path, note="there is no such price", because=(price,))
    if already is not None:
        note = f"{state.pool.name} is liquidatable already"
        return Absent(label=name, of=position.key, figure=path, note=note, because=(already,))
    if decimal_of(price) == position.mark_price:
        words = ("below", "above") if moves.asset == position.contract.base else ("above", "below")
        return named(crossings.nearer(moves.down, moves.up, words), name, position.key, PLAIN, path)
    below = Condition(left=price, relation="<", right=mark_price(book, position))
    case = Case(below, Constant(amount="below"))
    return Decision(cases=(case,), otherwise=Constant(amount="above"), label=name, of=position.key, figure=path)


def liquidation_side(book: Book, position: Position) -> Node:
    """On which side of the mark the liquidation price lies."""
    price = liquidation_price(book, position)
    return side_of(book, position, "liquidation_side", price, asset_moves(book, position))


def contract_liquidation_side(book: Book, position: Position) -> Node:
    """The same for the contract alone."""
    price = contract_liquidation_price(book, position)
    return side_of(book, position, "contract_liquidation_side", price, contract_moves(book, position))


def funding_per_day(book: Book, position: Position) -> Node:
    """-side * notional * funding_rate * 24 h / funding_interval; none without a rate."""
    path = f"positions.{position.key}.funding_per_day"
    rate = given(book, position, "funding_rate", FRACTION)
    if position.funding_rate is None:
        note = "the position states no funding_rate"
        return Absent(
            label="funding_per_day", of=position.key, unit=book.money, figure=path, note=note, because=(rate,)
        )
    hours = Constant(amount=HOURS_PER_DAY, unit=HOURS)
    per_day = Quotient(numerator=hours, denominator=given(book, position, "funding_interval", HOURS))
    paid = Product(factors=(notional(book, position), rate, per_day))
    note = "longs pay a positive rate, shorts receive it"
    received: Node = Negation(term=paid) if position.side > 0 else paid
    return named(received, "funding_per_day", position.key, book.money, path, note)


Builder = Callable[[Book, Position], Node]

FIGURES: dict[str, Builder] = {
    "symbol": lambda _, p: text(p, "symbol", p.contract.symbol),
    "side": lambda _, p: text(p, "side", "long" if p.side > 0 else "short"),
    "quantity": quantity,
    "entry_price": entry_price,
    "mark_price": lambda book, p: replace(mark_price(book, p), of=p.key, figure=f"positions.{p.key}.mark_price"),
    "notional": notional,
    "unrealized_pnl": unrealized_pnl,
    "leverage": leverage,
    "initial_rate": initial_rate,
    "initial_margin": lambda book, p: initial_margin(book, book.pool_of(p), Stake(p)),
    "maintenance_rate": rate_figure,
    "maintenance_deduction": deduction_figure,
    "tier": tier,
    "maintenance_margin": lambda book, p: maintenance_margin(book, book.pool_of(p), Stake(p)),
    "margin_mode": lambda _, p: text(p, "margin_mode", p.margin_mode.value),
    "pool": lambda book, p: text(
        p, "pool", book.pool_of(p).pool.name, "the margin and collateral modes divide the account into pools"
    ),
    "liquidation_price": liquidation_price,
    "liquidation_side": liquidation_side,
    "distance_to_liquidation": distance_to_liquidation,
    "contract_liquidation_price": contract_liquidation_price,
    "bankruptcy_price": bankruptcy_price,
    "funding_per_day": funding_per_day,
    "purpose": lambda _, p: text(p, "purpose", p.purpose.value if p.purpose else None),
    "contract_liquidation_side": contract_liquidation_side,
}
