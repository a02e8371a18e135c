"""The naive reading of what open orders cost; see ``naive``."""

from decimal import Decimal
from fractions import Fraction

from marginctl.core.account import (
    AssetTerms,
    OpenLoss,
    Order,
    OrderFees,
    OrderMaintenance,
    Position,
    PositionMode,
)
from marginctl.core.contract import ContractType

from .naive import NOTHING, WHOLE, Book, World, base_size, frac, rate_today, tier_of, today


def order_margin(book: Book) -> Fraction:
    """What the open orders add to the initial margin, in currency."""
    return _added(book, today(book.account), maintenance=False)


def order_maintenance(book: Book, world: World) -> Fraction:
    """What they add to the maintenance margin, in currency: as many units of the settle asset as today."""
    if book.account.rules.order_maintenance is OrderMaintenance.NONE:
        return NOTHING
    return _added(book, world, maintenance=True)


def _added(book: Book, now: World, *, maintenance: bool) -> Fraction:
    account = book.account
    added = NOTHING
    opening = [order for order in book.orders if not order.reduce_only]
    for symbol in dict.fromkeys(order.contract.symbol for order in opening):
        orders = [order for order in opening if order.contract.symbol == symbol]
        held = [p for p in book.positions if p.contract.symbol == symbol]
        contract = orders[0].contract
        terms = book.terms.get(contract.settle, AssetTerms())
        factor = frac(terms.requirement_factor) if book.name == "cross" else WHOLE
        if account.position_mode is PositionMode.HEDGE:
            of_leg = _leg_order_maintenance if maintenance else _leg_order_margin
            in_settle = sum((of_leg(book, held, orders, side) for side in (1, -1)), NOTHING)
        else:
            in_settle = (_one_way_maintenance if maintenance else _one_way_order_margin)(book, held, orders)
        added += factor * now.prices[contract.settle] * in_settle
    return added


def _one_way_order_margin(book: Book, held: list[Position], orders: list[Order]) -> Fraction:
    now = NOTHING
    if held:
        now = held[0].side * base_size(held[0].contract, frac(held[0].quantity), frac(held[0].mark_price))
    buys, sells = (sum((_order_size(o) for o in orders if o.side == s), NOTHING) for s in (1, -1))
    rate = _order_rate(book, held, orders, max(abs(now + buys), abs(now - sells)))
    bought, sold = (sum((_open_loss(book, o) for o in orders if o.side == s), NOTHING) for s in (1, -1))
    bought += _fees(book, orders, 1, rate, buys - min(buys, max(NOTHING, -now)))
    sold += _fees(book, orders, -1, rate, sells - min(sells, max(NOTHING, now)))
    worse = max(abs(now + buys) * rate + bought, abs(now - sells) * rate + sold)
    return max(NOTHING, worse - abs(now) * rate)


def _one_way_maintenance(book: Book, held: list[Position], orders: list[Order]) -> Fraction:
    now = contracts = NOTHING
    if held:
        contracts = held[0].side * frac(held[0].quantity)
        now = held[0].side * base_size(held[0].contract, frac(held[0].quantity), frac(held[0].mark_price))
    values, counts = (
        {s: sum((size(o) for o in orders if o.side == s), NOTHING) for s in (1, -1)}
        for size in (_order_size, lambda order: frac(order.quantity))
    )
    rate = _order_rate(book, held, orders, max(abs(now + values[1]), abs(now - values[-1])))
    outcomes = []
    for side in (1, -1):
        opened = max(NOTHING, values[side] - max(NOTHING, -side * now))
        kept = _kept(held, orders, abs(now + side * values[side]), abs(contracts + side * counts[side]))
        outcomes.append(kept + _fees(book, orders, side, rate, opened))
    return max(NOTHING, max(outcomes) - _kept(held, orders, abs(now), abs(contracts)))


def _leg_order_maintenance(book: Book, held: list[Position], orders: list[Order], side: int) -> Fraction:
    opening = [order for order in orders if order.side == side == order.position_side]
    if not opening:
        return NOTHING
    leg = [p for p in held if p.side == side]
    contracts = frac(leg[0].quantity) if leg else NOTHING
    now = base_size(leg[0].contract, contracts, frac(leg[0].mark_price)) if leg else NOTHING
    added = sum((_order_size(order) for order in opening), NOTHING)
    count = sum((frac(order.quantity) for order in opening), NOTHING)
    more = _kept(leg, opening, now + added, contracts + count) - _kept(leg, opening, now, contracts)
    rate = _order_rate(book, leg, opening, now + added)
    return max(NOTHING, more) + _fees(book, opening, side, rate, added)


def _kept(held: list[Position], orders: list[Order], size: Fraction, quantity: Fraction) -> Fraction:
    """Maintenance margin of a size, in the settle asset."""
    stated = held[0].maintenance_rate if held else orders[0].maintenance_rate
    if stated is not None:
        deduction = held[0].maintenance_deduction if held else Decimal(0)
        return max(NOTHING, size * frac(stated) - frac(deduction))
    tier = tier_of(orders[0].contract, size, quantity)
    return max(NOTHING, size * frac(tier.maintenance_rate) - frac(tier.deduction)) if tier else NOTHING


def _fees(book: Book, orders: list[Order], side: int, rate: Fraction, opened: Fraction) -> Fraction:
    """Fees to open and to close what orders open, in the settle asset."""
    if book.account.rules.order_fees is OrderFees.NONE:
        return NOTHING
    sign = side if orders[0].contract.type is ContractType.LINEAR else -side
    return frac(orders[0].taker_fee) * opened * (1 + max(NOTHING, 1 - sign * rate))


def _leg_order_margin(book: Book, held: list[Position], orders: list[Order], side: int) -> Fraction:
    opening = [order for order in orders if order.side == side == order.position_side]
    if not opening:
        return NOTHING
    leg = [p for p in held if p.side == side]
    now = base_size(leg[0].contract, frac(leg[0].quantity), frac(leg[0].mark_price)) if leg else NOTHING
    added = sum((_order_size(order) for order in opening), NOTHING)
    losses = sum((_open_loss(book, order) for order in opening), NOTHING)
    rate = _order_rate(book, leg, opening, now + added)
    return added * rate + losses + _fees(book, opening, side, rate, added)


def _order_size(order: Order) -> Fraction:
    return base_size(order.contract, frac(order.quantity), frac(order.price))


def _open_loss(book: Book, order: Order) -> Fraction:
    if book.account.rules.open_loss is OpenLoss.NONE:
        return NOTHING
    bought_at, mark = frac(order.price), frac(order.mark_price)
    amount = order.side * frac(order.quantity) * frac(order.contract.contract_size)
    linear = order.contract.type is ContractType.LINEAR
    gain = amount * (mark - bought_at) if linear else amount * (1 / bought_at - 1 / mark)
    return max(NOTHING, -gain)


def _order_rate(book: Book, held: list[Position], orders: list[Order], size: Fraction) -> Fraction:
    if held:
        return rate_today(held[0], book.account.rules)
    first = orders[0]
    if first.initial_rate is not None:
        return frac(first.initial_rate)
    tier = tier_of(first.contract, size, sum((frac(order.quantity) for order in orders), NOTHING))
    least = tier.initial_rate if tier and tier.initial_rate is not None else Decimal(0)
    by_leverage = 1 / frac(first.leverage) if first.leverage is not None else NOTHING
    return max(by_leverage, frac(least))
