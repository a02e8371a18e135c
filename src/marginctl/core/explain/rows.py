"""The figures of pools, of collateral and of underlyings, by name."""

from collections.abc import Callable

from marginctl.core.account import Position
from marginctl.core.assemble import underlying_of
from marginctl.core.exact import ZERO
from marginctl.core.explain import crossings, holdings, pools
from marginctl.core.explain.book import Book
from marginctl.core.explain.crossings import ALL_TOGETHER, asset_course, joint_course
from marginctl.core.explain.decision import Absent, Decision
from marginctl.core.explain.node import (
    FRACTION,
    ONE_NODE,
    PLAIN,
    Difference,
    Input,
    Magnitude,
    Negation,
    Node,
    Product,
    Sum,
    Value,
    amount,
    decimal_of,
    named,
)
from marginctl.core.explain.prices import base_units, notional, price, quote_units
from marginctl.core.liquidation import PoolState
from marginctl.core.pool import Holding

PoolBuilder = Callable[[Book, PoolState], Node]
HoldingBuilder = Callable[[Book, PoolState, Holding], Node]


def word(path: str, value: Value, note: str = "") -> Node:
    """A word of the report that follows from the modes of the account."""
    return Input(label=path.rsplit(".", 1)[-1], figure=path, amount=value, key=path, note=note)


def size(move: Node, label: str, of: str, figure: str) -> Node:
    """The size of a move; none where there is no move."""
    if move.value is None:
        because = (move,)
        return Absent(label=label, of=of, unit=FRACTION, figure=figure, note="nothing liquidates", because=because)
    return named(Magnitude(term=move), label, of, FRACTION, figure)


def joint(book: Book, state: PoolState, side: int) -> Node:
    """The joint move on one side that liquidates a pool."""
    key = f"{state.pool.name} all"
    return crossings.one_way(book, state, key, lambda way: joint_course(book, state, way), side)


def joint_nearest(book: Book, state: PoolState) -> Node:
    """The nearer one of both."""
    key = f"{state.pool.name} all"
    return crossings.nearest(book, state, key, lambda way: joint_course(book, state, way))


def side_figure(book: Book, state: PoolState, name: str, side: int) -> Node:
    """``liquidation.down`` or ``liquidation.up`` of a pool."""
    path = f"pools.{state.pool.name}.liquidation.{name}"
    return named(joint(book, state, side), name, state.pool.name, FRACTION, path)


def direction(down: Node, up: Node, already: Node | None, of: str, figure: str) -> Node:
    """Which side is nearer: ``down`` at equal distances; none without a crossing or when already liquidatable."""
    found = crossings.nearer(down, up, ("down", "up"))
    if already is not None:
        found = Absent(note="it is liquidatable already", because=(already,))
    return named(found, "direction", of, PLAIN, figure)


def _pool_distance(book: Book, state: PoolState) -> Node:
    path = f"pools.{state.pool.name}.liquidation.distance"
    return size(joint_nearest(book, state), "distance", state.pool.name, path)


def _pool_direction(book: Book, state: PoolState) -> Node:
    path = f"pools.{state.pool.name}.liquidation.direction"
    already = crossings.here(book, state, ALL_TOGETHER)
    return direction(joint(book, state, -1), joint(book, state, 1), already, state.pool.name, path)


POOL_FIGURES: dict[str, PoolBuilder] = {
    "name": lambda _, state: word(f"pools.{state.pool.name}.name", state.pool.name),
    "margin_mode": lambda _, state: word(f"pools.{state.pool.name}.margin_mode", state.pool.margin_mode.value),
    "equity": pools.equity,
    "initial_margin": pools.initial_margin,
    "order_margin": pools.order_margin,
    "maintenance_margin": pools.maintenance_margin,
    "free_collateral": pools.free_collateral,
    "buffer": pools.buffer,
    "utilization": pools.utilization,
    "maintenance_ratio": pools.maintenance_ratio,
    "liquidatable": pools.liquidatable,
    "liquidation.down": lambda book, state: side_figure(book, state, "down", -1),
    "liquidation.up": lambda book, state: side_figure(book, state, "up", 1),
    "liquidation.distance": _pool_distance,
    "liquidation.direction": _pool_direction,
}


def _row_word(name: str) -> HoldingBuilder:
    def build(book: Book, state: PoolState, holding: Holding) -> Node:
        path = f"{book.collateral_path(holding.asset, state.pool.name)}.{name}"
        return word(path, holding.asset if name == "asset" else state.pool.name)

    return build


COLLATERAL_FIGURES: dict[str, HoldingBuilder] = {
    "asset": _row_word("asset"),
    "pool": _row_word("pool"),
    "balance": holdings.balance,
    "unrealized_pnl": holdings.coin_pnl,
    "equity": holdings.coin_equity,
    "price": holdings.price_figure,
    "haircut": holdings.haircut,
    "value": holdings.value,
}


def _signed(position: Position, units: Node) -> Node:
    return units if position.side > 0 else Negation(term=units)


class Underlying:
    """The figures of one asset in one pool."""

    def __init__(self, book: Book, state: PoolState, asset: str, path: str) -> None:
        self.book = book
        self.state = state
        self.asset = asset
        self.path = path

    def figures(self) -> dict[str, Callable[[], Node]]:
        """Builder by name of the figure."""
        return {
            "asset": lambda: word(f"{self.path}.asset", self.asset),
            "pool": lambda: word(f"{self.path}.pool", self.state.pool.name),
            "delta": self.delta,
            "net_notional": self.net_notional,
            "gross_notional": self.gross_notional,
            "liquidation_down": lambda: self.price_after("liquidation_down", -1),
            "liquidation_up": lambda: self.price_after("liquidation_up", 1),
            "distance": self.distance,
        }

    def _positions(self) -> list[Position]:
        held = self.state.pool.positions
        return [one for one in held if underlying_of(one, self.book.account) == self.asset]

    def delta(self) -> Node:
        """Coin equity plus the signed base quantity of contracts on the asset, less what those quoted in it sell."""
        book = self.book
        holding = next((one for one in self.state.pool.holdings if one.asset == self.asset), None)
        plus = [holdings.coin_equity(book, self.state, holding)] if holding else []
        minus: list[Node] = []
        for position in self.state.pool.positions:
            if position.contract.base == self.asset:
                plus.append(_signed(position, base_units(book, position)))
            elif position.contract.quote == self.asset:
                minus.append(_signed(position, quote_units(book, position)))
        added = Sum(terms=tuple(plus))
        total: Node = Difference(terms=(added, *minus)) if minus else added
        note = "a contract quoted in the asset sells it" if minus else ""
        return named(total, "delta", self.asset, amount(self.asset), f"{self.path}.delta", note)

    def net_notional(self) -> Node:
        """The notionals of the positions on the asset, shorts negative; a quote is sold where its base is bought."""
        terms = tuple(self._exposed(position) for position in self._positions())
        return named(Sum(terms=terms), "net_notional", self.asset, self.book.money, f"{self.path}.net_notional")

    def _exposed(self, position: Position) -> Node:
        is_long = (position.side > 0) == (position.contract.base == self.asset)
        value = notional(self.book, position)
        return value if is_long else Negation(term=value)

    def gross_notional(self) -> Node:
        """The notionals of the positions on the asset."""
        terms = tuple(notional(self.book, position) for position in self._positions())
        return named(Sum(terms=terms), "gross_notional", self.asset, self.book.money, f"{self.path}.gross_notional")

    def _move(self, side: int) -> Node:
        key = f"{self.state.pool.name} {self.asset}"
        return crossings.one_way(self.book, self.state, key, lambda way: asset_course(self.asset, way), side)

    def price_after(self, name: str, side: int) -> Node:
        """The price of the asset at which its move alone liquidates the pool."""
        move, path = self._move(side), f"{self.path}.{name}"
        if move.value is None:
            because = (move,)
            note = f"no {'fall' if side < 0 else 'rise'} of {self.asset} alone liquidates {self.state.pool.name}"
            return Absent(label=name, of=self.asset, unit=self.book.money, figure=path, note=note, because=because)
        then = Product(factors=(price(self.book, self.asset), Sum(terms=(ONE_NODE, move))))
        return named(then, name, self.asset, self.book.money, path)

    def distance(self) -> Node:
        """The size of the nearer move."""
        key = f"{self.state.pool.name} {self.asset}"
        move = crossings.nearest(self.book, self.state, key, lambda way: asset_course(self.asset, way))
        return size(move, "distance", self.asset, f"{self.path}.distance")


def is_here(moves: tuple[Node, ...]) -> bool:
    """Whether one of the moves is 0 because its pool is liquidatable already."""
    return any(isinstance(move, Decision) and decimal_of(move) == ZERO for move in moves)
