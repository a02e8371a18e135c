"""What open orders add to the initial margin of a pool."""

from collections.abc import Iterable

from marginctl.core.account import OpenLoss, Order, Position, PositionMode
from marginctl.core.contract import LONG, SHORT, ContractType, TiersBy
from marginctl.core.exact import ONE, ZERO
from marginctl.core.explain.book import Book
from marginctl.core.explain.margins import initial_rate
from marginctl.core.explain.node import (
    FRACTION,
    MULTIPLE,
    ONE_NODE,
    ZERO_NODE,
    Difference,
    Input,
    Larger,
    Magnitude,
    Node,
    Product,
    Quotient,
    Row,
    Sum,
    amount,
    named,
    price_unit,
)
from marginctl.core.explain.prices import mark, quantity_unit, signed_notional, unit_of, value_of
from marginctl.core.explain.prices import notional as position_notional
from marginctl.core.liquidation import PoolState

SIDES = {LONG: "buys", SHORT: "sells"}


def order_margins(book: Book, state: PoolState) -> tuple[Node, ...]:
    """The order margin of a pool by contract (in hedge mode by leg), in currency."""
    by_contract: dict[str, list[Order]] = {}
    for order in state.pool.orders:
        if not order.reduce_only:
            by_contract.setdefault(order.contract.symbol, []).append(order)
    found: list[Node] = []
    for symbol, group in by_contract.items():
        held = [position for position in state.pool.positions if position.contract.symbol == symbol]
        if book.account.position_mode is PositionMode.HEDGE:
            due = [_leg_orders(book, held, group, side) for side in (LONG, SHORT)]
            found += [_weighed(book, state, node, symbol) for node in due if node is not None]
        else:
            found.append(_weighed(book, state, _contract_orders(book, held, group), symbol))
    return tuple(found)


def _weighed(book: Book, state: PoolState, due: Node, symbol: str) -> Node:
    settle = next(order.contract.settle for order in state.pool.orders if order.contract.symbol == symbol)
    weight = book.terms(state, settle).requirement_factor
    if weight != ONE:
        key = f"collateral.{settle}.requirement_factor"
        due = Product(factors=(Input(label="requirement_factor", of=settle, amount=weight, key=key), due))
    return named(due, "order_margin", symbol, book.money)


def _contract_orders(book: Book, held: list[Position], orders: list[Order]) -> Node:
    """One-way: max(0, max(R(position + buys), R(position - sells)) - R(position)), R(x) = |x| * initial rate."""
    position = held[0] if held else None
    bought, sold = _side(book, orders, LONG), _side(book, orders, SHORT)
    now = signed_notional(book, position) if position else None
    long = Magnitude(term=Sum(terms=(now, bought))) if now else bought
    short = Magnitude(term=Difference(terms=(now, sold))) if now else sold
    rate = order_rate(book, position, orders, Larger(options=(long, short)))
    outcomes = (
        _with_loss(book, Product(factors=(long, rate)), orders, LONG),
        _with_loss(book, Product(factors=(short, rate)), orders, SHORT),
    )
    dearer = Larger(options=outcomes)
    if position is None:
        return Larger(options=(ZERO_NODE, dearer))
    before = Product(factors=(position_notional(book, position), rate))
    return Larger(
        options=(ZERO_NODE, Difference(terms=(dearer, before))), note="of both outcomes the dearer one counts"
    )


def _leg_orders(book: Book, held: list[Position], orders: list[Order], side: int) -> Node | None:
    """Hedge mode: orders that open a leg add to it; those that close one cost nothing."""
    opening = [order for order in orders if order.position_side == side and order.side == side]
    if not opening:
        return None
    position = next((position for position in held if position.side == side), None)
    added = _side(book, opening, side)
    size = Sum(terms=(position_notional(book, position), added)) if position else added
    rate = order_rate(book, position, opening, size)
    return _with_loss(book, Product(factors=(added, rate)), opening, side)


def _side(book: Book, orders: Iterable[Order], side: int) -> Node:
    """The value of one side's orders at their own prices, in currency."""
    terms = tuple(_order_value(book, order, _price(book, order)) for order in orders if order.side == side)
    symbol = next(iter(orders)).contract.symbol
    return Sum(terms=terms, label=SIDES[side], of=symbol, unit=book.money)


def _index(book: Book, order: Order) -> int:
    """The place of an order in the account."""
    return next(k for k, one in enumerate(book.account.orders) if one is order)


def _given(book: Book, order: Order, name: str) -> Input:
    contract = order.contract
    units = {"quantity": quantity_unit(contract), "price": price_unit(contract.quote, contract.base)}
    k = _index(book, order)
    key = f"orders.{k}.{name}"
    unit = units.get(name, FRACTION if name == "initial_rate" else MULTIPLE)
    return Input(label=name, of=f"order {k + 1}", unit=unit, amount=getattr(order, name), key=key)


def _price(book: Book, order: Order) -> Node:
    return _given(book, order, "price")


def _order_value(book: Book, order: Order, at: Node) -> Node:
    """quantity * contract_size * price, in currency."""
    label = "value" if at.label == "price" else "value at mark"
    return value_of(
        book, order.contract, _given(book, order, "quantity"), at, label, f"order {_index(book, order) + 1}"
    )


def _with_loss(book: Book, margin: Node, orders: list[Order], side: int) -> Node:
    """The margin plus the loss against the mark with which one side's orders would open, where the venue charges it."""
    if book.account.rules.open_loss is not OpenLoss.MARGIN:
        return margin
    losses = [_loss(book, order) for order in orders if order.side == side]
    return Sum(terms=(margin, *losses)) if losses else margin


def _loss(book: Book, order: Order) -> Node:
    now = _order_value(book, order, mark(book, order.contract, order.mark_price))
    then = _order_value(book, order, _price(book, order))
    is_rising = (order.side == LONG) == (order.contract.type is ContractType.LINEAR)
    short_of = Difference(terms=(then, now) if is_rising else (now, then))
    due = Larger(options=(ZERO_NODE, short_of))
    return named(due, "open_loss", f"order {_index(book, order) + 1}", book.money)


def order_rate(book: Book, position: Position | None, orders: list[Order], size: Node) -> Node:
    """The initial rate of orders: the position's where there is one, else their own, not below their tier's."""
    if position is not None:
        return initial_rate(book, position)
    first = orders[0]
    if first.initial_rate is not None:
        return _given(book, first, "initial_rate")
    options: list[Node] = []
    if first.leverage is not None:
        options.append(Quotient(numerator=ONE_NODE, denominator=_given(book, first, "leverage")))
    if first.contract.tiers:
        options.append(_tier_rate(book, orders, size))
    rate = Larger(options=tuple(options)) if len(options) > 1 else Sum(terms=tuple(options))
    return named(rate, "initial_rate", f"orders on {first.contract.symbol}", FRACTION)


def _tier_rate(book: Book, orders: list[Order], size: Node) -> Node:
    contract = orders[0].contract
    by_notional = contract.tiers_by is TiersBy.NOTIONAL
    quantities = Sum(terms=tuple(_given(book, order, "quantity") for order in orders))
    return Row(
        label="initial_rate of the tier",
        of=contract.symbol,
        unit=FRACTION,
        measured=size if by_notional else quantities,
        unit_price=unit_of(book, contract.settle) if by_notional else ONE_NODE,
        up_to=tuple(tier.up_to for tier in contract.tiers[:-1] if tier.up_to is not None),
        column=tuple(tier.initial_rate or ZERO for tier in contract.tiers),
        table=f"contracts.{contract.symbol}.tiers",
        measure="notional" if by_notional else "quantity",
        measure_unit=amount(contract.settle) if by_notional else quantity_unit(contract),
    )
