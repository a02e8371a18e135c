"""What open orders add to the initial and the maintenance margin of a pool."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from marginctl.core.account import OpenLoss, Order, OrderFees, OrderMaintenance, Position, PositionMode
from marginctl.core.contract import LONG, SHORT, ContractType, Tier, TiersBy
from marginctl.core.exact import ONE, ZERO
from marginctl.core.explain.book import TODAY, Book, Way, after, product
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
    Negation,
    Node,
    Product,
    Quotient,
    Row,
    Sum,
    Unit,
    Value,
    amount,
    decimal_of,
    named,
    price_unit,
)
from marginctl.core.explain.prices import (
    given,
    mark,
    quantity,
    quantity_unit,
    signed_notional,
    unit_of,
    value_of,
)
from marginctl.core.explain.prices import notional as position_notional
from marginctl.core.liquidation import PoolState

SIDES = {LONG: "buys", SHORT: "sells"}


class Sized(NamedTuple):
    """A position or what orders make of it: its value in currency and its number of contracts."""

    value: Node
    contracts: Node


def order_margins(book: Book, state: PoolState) -> tuple[Node, ...]:
    """The order margin of a pool by contract (in hedge mode by leg), in currency."""
    return tuple(
        _weighed(book, state, node, symbol, "order_margin")
        for symbol, node in _due(book, state, _contract_orders, _leg_orders)
    )


def order_maintenances(book: Book, state: PoolState, way: Way = TODAY) -> tuple[Node, ...]:
    """What the open orders of a pool add to its maintenance margin by contract, in currency; () where they do not."""
    if book.account.rules.order_maintenance is OrderMaintenance.NONE:
        return ()
    due = book.once(
        f"order maintenance of {state.pool.name}",
        lambda: Sum(
            terms=tuple(
                _weighed(book, state, node, symbol, "maintenance_margin of orders")
                for symbol, node in _due(book, state, _contract_maintenance, _leg_maintenance)
            )
        ),
    )
    settles = {order.contract.symbol: order.contract.settle for order in state.pool.orders}
    return tuple(after(node, way.of(settles[node.of])) for node in due.operands)


def _due(
    book: Book,
    state: PoolState,
    of_contract: Callable[[Book, list[Position], list[Order]], Node],
    of_leg: Callable[[Book, list[Position], list[Order], int], Node | None],
) -> list[tuple[str, Node]]:
    """What the orders of each contract need, in hedge mode those of each leg."""
    by_contract: dict[str, list[Order]] = {}
    for order in state.pool.orders:
        if not order.reduce_only:
            by_contract.setdefault(order.contract.symbol, []).append(order)
    found: list[tuple[str, Node]] = []
    for symbol, group in by_contract.items():
        held = [position for position in state.pool.positions if position.contract.symbol == symbol]
        if book.account.position_mode is PositionMode.HEDGE:
            legs = [of_leg(book, held, group, side) for side in (LONG, SHORT)]
            found += [(symbol, node) for node in legs if node is not None]
        else:
            found.append((symbol, of_contract(book, held, group)))
    return found


def _weighed(book: Book, state: PoolState, due: Node, symbol: str, label: str) -> Node:
    settle = next(order.contract.settle for order in state.pool.orders if order.contract.symbol == symbol)
    weight = book.terms(state, settle).requirement_factor
    if weight != ONE:
        key = f"collateral.{settle}.requirement_factor"
        due = Product(factors=(Input(label="requirement_factor", of=settle, amount=weight, key=key), due))
    return named(due, label, symbol, book.money)


def _contract_orders(book: Book, held: list[Position], orders: list[Order]) -> Node:
    """One-way: max(0, max(R(position + buys), R(position - sells)) - R(position)), R(x) = |x| * initial rate."""
    position = held[0] if held else None
    long, short = _outcomes(book, position, orders)
    rate = order_rate(book, position, orders, Larger(options=(long.value, short.value)))
    outcomes = tuple(
        _with_fees(
            book, _with_loss(book, Product(factors=(one.value, rate)), orders, side), position, orders, side, rate
        )
        for one, side in ((long, LONG), (short, SHORT))
    )
    dearer = Larger(options=outcomes)
    if position is None:
        return Larger(options=(ZERO_NODE, dearer))
    before = Product(factors=(position_notional(book, position), rate))
    return Larger(
        options=(ZERO_NODE, Difference(terms=(dearer, before))), note="of both outcomes the dearer one counts"
    )


def _outcomes(book: Book, position: Position | None, orders: list[Order]) -> tuple[Sized, Sized]:
    """What the position becomes when the buys are filled, and when the sells are."""
    bought, sold = (Sized(_side(book, orders, side), _contracts(book, orders, side)) for side in (LONG, SHORT))
    if position is None:
        return bought, sold
    held = quantity(book, position)
    now = Sized(signed_notional(book, position), held if position.side > 0 else Negation(term=held))
    return (
        Sized(*(Magnitude(term=Sum(terms=pair)) for pair in zip(now, bought, strict=True))),
        Sized(*(Magnitude(term=Difference(terms=pair)) for pair in zip(now, sold, strict=True))),
    )


def _contract_maintenance(book: Book, held: list[Position], orders: list[Order]) -> Node:
    """One-way: max(0, max(M(position + buys), M(position - sells)) - M(position)), M(x) = |x| * rate - deduction."""
    position = held[0] if held else None
    long, short = _outcomes(book, position, orders)
    rate = order_rate(book, position, orders, Larger(options=(long.value, short.value)))
    outcomes = tuple(
        _with_fees(book, _kept(book, position, orders, one), position, orders, side, rate)
        for one, side in ((long, LONG), (short, SHORT))
    )
    dearer = Larger(options=outcomes)
    if position is None:
        return Larger(options=(ZERO_NODE, dearer))
    before = _kept(book, position, orders, Sized(position_notional(book, position), quantity(book, position)))
    return Larger(
        options=(ZERO_NODE, Difference(terms=(dearer, before))), note="of both outcomes the dearer one counts"
    )


class Leg(NamedTuple):
    """What orders open in hedge mode: the orders, the position they add to, and what they make of it."""

    opening: list[Order]
    position: Position | None
    added: Node
    size: Sized


def _leg(book: Book, held: list[Position], orders: list[Order], side: int) -> Leg | None:
    """Orders that open a leg; those that close one cost nothing."""
    opening = [order for order in orders if order.position_side == side and order.side == side]
    if not opening:
        return None
    position = next((position for position in held if position.side == side), None)
    added, more = _side(book, opening, side), _contracts(book, opening, side)
    if position is None:
        return Leg(opening, None, added, Sized(added, more))
    value = Sum(terms=(position_notional(book, position), added))
    return Leg(opening, position, added, Sized(value, Sum(terms=(quantity(book, position), more))))


def _leg_orders(book: Book, held: list[Position], orders: list[Order], side: int) -> Node | None:
    """Hedge mode: orders that open a leg add to it."""
    leg = _leg(book, held, orders, side)
    if leg is None:
        return None
    rate = order_rate(book, leg.position, leg.opening, leg.size.value)
    margin = _with_loss(book, Product(factors=(leg.added, rate)), leg.opening, side)
    return _with_fees(book, margin, None, leg.opening, side, rate)


def _leg_maintenance(book: Book, held: list[Position], orders: list[Order], side: int) -> Node | None:
    """Hedge mode: max(0, M(leg + orders) - M(leg)), and the orders' fees."""
    leg = _leg(book, held, orders, side)
    if leg is None:
        return None
    due = _kept(book, leg.position, leg.opening, leg.size)
    if leg.position is not None:
        now = Sized(position_notional(book, leg.position), quantity(book, leg.position))
        before = _kept(book, leg.position, leg.opening, now)
        due = Larger(options=(ZERO_NODE, Difference(terms=(due, before))))
    rate = order_rate(book, leg.position, leg.opening, leg.size.value)
    return _with_fees(book, due, None, leg.opening, side, rate)


def _kept(book: Book, position: Position | None, orders: list[Order], size: Sized) -> Node:
    """max(0, value * maintenance_rate - deduction) of a size: the position's own, else the orders', else the tier's."""
    contract = orders[0].contract
    due: Node = Product(factors=(size.value, _maintenance_rate(book, position, orders, size)))
    off = _deduction(book, position, orders, size)
    if off is not None and decimal_of(off):
        less = product(off, unit_of(book, contract.settle), unit=book.money)
        due = Difference(terms=(due, less))
    return Larger(options=(ZERO_NODE, due)) if decimal_of(due) < ZERO else due


def _maintenance_rate(book: Book, position: Position | None, orders: list[Order], size: Sized) -> Node:
    if position is not None and position.maintenance_rate is not None:
        return given(book, position, "maintenance_rate", FRACTION, is_figure=True)
    if position is None and orders[0].maintenance_rate is not None:
        return _given(book, orders[0], "maintenance_rate")
    return _row(book, orders[0], size, "maintenance_rate", lambda tier: tier.maintenance_rate)


def _deduction(book: Book, position: Position | None, orders: list[Order], size: Sized) -> Node | None:
    unit = amount(orders[0].contract.settle)
    if position is not None and position.maintenance_rate is not None:
        return given(book, position, "maintenance_deduction", unit)
    if position is None and orders[0].maintenance_rate is not None:
        return None
    return _row(book, orders[0], size, "deduction", lambda tier: tier.deduction, unit)


def _contracts(book: Book, orders: Iterable[Order], side: int) -> Node:
    """The number of contracts of one side's orders."""
    terms = tuple(_given(book, order, "quantity") for order in orders if order.side == side)
    contract = next(iter(orders)).contract
    return Sum(terms=terms, label=f"quantity of {SIDES[side]}", of=contract.symbol, unit=quantity_unit(contract))


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
    unit = units.get(name, MULTIPLE if name == "leverage" else FRACTION)
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


def _with_fees(book: Book, margin: Node, position: Position | None, orders: list[Order], side: int, rate: Node) -> Node:
    """The margin plus the fees to open and to close what one side's orders open, where the venue counts them."""
    if book.account.rules.order_fees is OrderFees.NONE or not any(order.side == side for order in orders):
        return margin
    contract = orders[0].contract
    opened = _side(book, orders, side)
    if position is not None and position.side != side:
        opened = Larger(options=(ZERO_NODE, Difference(terms=(opened, position_notional(book, position)))))
    is_lower = (side == LONG) == (contract.type is ContractType.LINEAR)
    terms = (ONE_NODE, rate)
    closing = Larger(options=(ZERO_NODE, Difference(terms=terms) if is_lower else Sum(terms=terms)))
    fee = Input(label="taker_fee", unit=FRACTION, amount=orders[0].taker_fee, key="account.taker_fee")
    due = Product(factors=(fee, opened, Sum(terms=(ONE_NODE, closing))))
    note = "to open at the order's price, and to close where what it opens is bankrupt"
    return Sum(terms=(margin, named(due, "fees", f"{SIDES[side]} of {contract.symbol}", book.money, note=note)))


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
        quantities = Sum(terms=tuple(_given(book, order, "quantity") for order in orders))
        of_tier = _row(
            book, first, Sized(size, quantities), "initial_rate of the tier", lambda tier: tier.initial_rate or ZERO
        )
        options.append(of_tier)
    rate = Larger(options=tuple(options)) if len(options) > 1 else Sum(terms=tuple(options))
    return named(rate, "initial_rate", f"orders on {first.contract.symbol}", FRACTION)


def _row(
    book: Book, order: Order, size: Sized, label: str, entry: Callable[[Tier], Value], unit: Unit = FRACTION
) -> Node:
    """An entry of the row of a contract's table."""
    contract = order.contract
    by_notional = contract.tiers_by is TiersBy.NOTIONAL
    return Row(
        label=label,
        of=contract.symbol,
        unit=unit,
        measured=size.value if by_notional else size.contracts,
        unit_price=unit_of(book, contract.settle) if by_notional else ONE_NODE,
        up_to=tuple(tier.up_to for tier in contract.tiers[:-1] if tier.up_to is not None),
        column=tuple(entry(tier) for tier in contract.tiers),
        table=f"contracts.{contract.symbol}.tiers",
        measure="notional" if by_notional else "quantity",
        measure_unit=amount(contract.settle) if by_notional else quantity_unit(contract),
    )
