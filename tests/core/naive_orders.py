"""The naive reading of what open orders cost; see ``naive``."""

from decimal import Decimal
from fractions import Fraction

from marginctl.core.account import AssetTerms, OpenLoss, Order, Position, PositionMode
from marginctl.core.contract import ContractType

from .naive import NOTHING, WHOLE, Book, base_size, frac, rate_today, tier_of, today


def order_margin(book: Book) -> Fraction:
    """What the open orders add, in currency."""
    account, now = book.account, today(book.account)
    added = NOTHING
    opening = [order for order in book.orders if not order.reduce_only]
    for symbol in dict.fromkeys(order.contract.symbol for order in opening):
        orders = [order for order in opening if order.contract.symbol == symbol]
        held = [p for p in book.positions if p.contract.symbol == symbol]
        contract = orders[0].contract
        terms = book.terms.get(contract.settle, AssetTerms())
        factor = frac(terms.requirement_factor) if book.name == "cross" else WHOLE
        if account.position_mode is PositionMode.HEDGE:
            margins = [_leg_order_margin(book, held, orders, side) for side in (1, -1)]
            in_settle = sum(margins, NOTHING)
        else:
            in_settle = _one_way_order_margin(book, held, orders)
        added += factor * now.prices[contract.settle] * in_settle
    return added


def _one_way_order_margin(book: Book, held: list[Position], orders: list[Order]) -> Fraction:
    now = NOTHING
    if held:
        now = held[0].side * base_size(held[0].contract, frac(held[0].quantity), frac(held[0].mark_price))
    buys, sells = (sum((_order_size(o) for o in orders if o.side == s), NOTHING) for s in (1, -1))
    rate = _order_rate(book, held, orders, max(abs(now + buys), abs(now - sells)))
    bought, sold = (sum((_open_loss(book, o) for o in orders if o.side == s), NOTHING) for s in (1, -1))
    worse = max(abs(now + buys) * rate + bought, abs(now - sells) * rate + sold)
    return max(NOTHING, worse - abs(now) * rate)


def _leg_order_margin(book: Book, held: list[Position], orders: list[Order], side: int) -> Fraction:
    opening = [order for order in orders if order.side == side == order.position_side]
    if not opening:
        return NOTHING
    leg = [p for p in held if p.side == side]
    now = base_size(leg[0].contract, frac(leg[0].quantity), frac(leg[0].mark_price)) if leg else NOTHING
    added = sum((_order_size(order) for order in opening), NOTHING)
    losses = sum((_open_loss(book, order) for order in opening), NOTHING)
    return added * _order_rate(book, leg, opening, now + added) + losses


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
