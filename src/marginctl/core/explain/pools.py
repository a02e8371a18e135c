"""The figures of one pool."""

from collections.abc import Callable

from marginctl.core.account import Equality
from marginctl.core.explain.book import TODAY, Book, Way
from marginctl.core.explain.decision import Condition, Every
from marginctl.core.explain.holdings import value
from marginctl.core.explain.node import (
    FRACTION,
    ZERO_NODE,
    Difference,
    Input,
    Node,
    Product,
    Ratio,
    Sum,
    named,
)
from marginctl.core.explain.orders import order_maintenances, order_margins
from marginctl.core.explain.requirement import initial_margins, loan_margins, maintenance_margins, netting_note
from marginctl.core.liquidation import PoolState


def _figure(book: Book, state: PoolState, name: str, build: Callable[[str], Node]) -> Node:
    path = f"pools.{state.pool.name}.{name}"
    return book.once(path, lambda: build(path))


def equity(book: Book, state: PoolState) -> Node:
    """What the pool's assets are worth, in currency."""
    return _figure(book, state, "equity", lambda path: equity_on(book, state, TODAY, path))


def equity_on(book: Book, state: PoolState, way: Way, figure: str = "") -> Node:
    """The equity of a pool after a move."""
    terms = tuple(value(book, state, holding, way) for holding in state.pool.holdings)
    label = "equity" if way is TODAY else f"{way.word} equity"
    return Sum(terms=terms, label=label, of=state.pool.name, unit=book.money, figure=figure)


def initial_margin(book: Book, state: PoolState) -> Node:
    """What the positions need, after netting."""

    def build(path: str) -> Node:
        terms, note = initial_margins(book, state), netting_note(book, state)
        return Sum(terms=terms, label="initial_margin", of=state.pool.name, unit=book.money, figure=path, note=note)

    return _figure(book, state, "initial_margin", build)


def order_margin(book: Book, state: PoolState) -> Node:
    """What the open orders add."""

    def build(path: str) -> Node:
        terms = order_margins(book, state)
        return Sum(terms=terms, label="order_margin", of=state.pool.name, unit=book.money, figure=path)

    return _figure(book, state, "order_margin", build)


def maintenance_margin(book: Book, state: PoolState) -> Node:
    """What the positions, orders and debts need to be kept, after netting."""
    return _figure(book, state, "maintenance_margin", lambda path: maintenance_on(book, state, TODAY, path))


def maintenance_on(book: Book, state: PoolState, way: Way, figure: str = "") -> Node:
    """The maintenance margin of a pool after a move, orders and loans included."""
    ordered = order_maintenances(book, state, way)
    terms = (*maintenance_margins(book, state, way), *ordered, *loan_margins(book, state, way))
    label = "maintenance_margin" if way is TODAY else f"{way.word} maintenance_margin"
    note = netting_note(book, state)
    return Sum(terms=terms, label=label, of=state.pool.name, unit=book.money, figure=figure, note=note)


def required(book: Book, state: PoolState) -> Node:
    """level * maintenance_margin."""
    return Product(factors=(book.pool_level(state), maintenance_margin(book, state)))


def free_collateral(book: Book, state: PoolState) -> Node:
    """equity - initial_margin - order_margin, signed."""
    terms = equity(book, state), initial_margin(book, state), order_margin(book, state)

    def build(path: str) -> Node:
        return Difference(terms=terms, label="free_collateral", of=state.pool.name, unit=book.money, figure=path)

    return _figure(book, state, "free_collateral", build)


def buffer(book: Book, state: PoolState) -> Node:
    """equity - level * maintenance_margin: health."""

    def build(path: str) -> Node:
        terms = (equity(book, state), required(book, state))
        return Difference(terms=terms, label="buffer", of=state.pool.name, unit=book.money, figure=path)

    return _figure(book, state, "buffer", build)


def utilization(book: Book, state: PoolState) -> Node:
    """(initial_margin + order_margin) / equity."""

    def build(path: str) -> Node:
        used = Sum(terms=(initial_margin(book, state), order_margin(book, state)))
        have = equity(book, state)
        return named(Ratio(numerator=used, denominator=have), "utilization", state.pool.name, FRACTION, path)

    return _figure(book, state, "utilization", build)


def maintenance_ratio(book: Book, state: PoolState) -> Node:
    """level * maintenance_margin / equity."""

    def build(path: str) -> Node:
        need, have = required(book, state), equity(book, state)
        return named(Ratio(numerator=need, denominator=have), "maintenance_ratio", state.pool.name, FRACTION, path)

    return _figure(book, state, "maintenance_ratio", build)


def liquidatable(book: Book, state: PoolState) -> Node:
    """equity < level * maintenance_margin (<= where the venue counts equality), with maintenance_margin > 0."""

    def build(path: str) -> Node:
        relation = "<=" if state.pool.rules.equality is Equality.LIQUIDATED else "<"
        below = Condition(
            left=equity(book, state), relation=relation, right=required(book, state), scale=state.risk.scale
        )
        at_stake = Condition(left=maintenance_margin(book, state), relation=">", right=ZERO_NODE)
        return Every(conditions=(below, at_stake), label="liquidatable", of=state.pool.name, figure=path)

    return _figure(book, state, "liquidatable", build)


def is_warned(book: Book, state: PoolState) -> Node | None:
    """equity <= warning_level * maintenance_margin, where the venue has such a level."""
    level = state.pool.rules.warning_level
    if level is None:
        return None
    at = Input(label="warning_level", amount=level, key=f"{book.rules_key(state)}.warning_level")
    need = Product(factors=(at, maintenance_margin(book, state)))
    near = Condition(left=equity(book, state), relation="<=", right=need, scale=state.risk.scale)
    at_stake = Condition(left=maintenance_margin(book, state), relation=">", right=ZERO_NODE)
    return Every(conditions=(near, at_stake), label="warned", of=state.pool.name)


def is_restricted(book: Book, state: PoolState) -> Node:
    """free_collateral < 0."""
    free = free_collateral(book, state)
    return Condition(
        left=free, relation="<", right=ZERO_NODE, scale=state.risk.scale, label="restricted", of=state.pool.name
    )
