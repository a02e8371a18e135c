"""What open orders add to the initial margin.

Orders belong to the cross pool of their settle asset and ignore isolated positions.
"""

from decimal import Decimal

from marginctl.core.account import (
    Account,
    OpenLoss,
    Order,
    Position,
    PositionMode,
)
from marginctl.core.contract import (
    LONG,
    SHORT,
    ContractType,
    TiersBy,
    initial_curve,
)
from marginctl.core.exact import ONE, ZERO, net
from marginctl.core.requirement import initial_rate
from marginctl.core.value import notional, value_at


def order_margin(
    account: Account, positions: list[Position], orders: tuple[Order, ...], weights: dict[str, Decimal]
) -> Decimal:
    """What the open orders of a pool add to its initial margin, in currency; see ``contract_order_margin``."""
    by_contract: dict[str, list[Order]] = {}
    for order in orders:
        if not order.reduce_only:
            by_contract.setdefault(order.contract.symbol, []).append(order)
    required = ZERO
    for symbol, group in by_contract.items():
        held = [position for position in positions if position.contract.symbol == symbol]
        weight = weights.get(group[0].contract.settle, ONE)
        if account.position_mode is PositionMode.HEDGE:
            required += weight * sum((_leg_orders(account, held, group, side) for side in (LONG, SHORT)), ZERO)
        else:
            required += weight * _contract_orders(account, held, group)
    return required


def _contract_orders(account: Account, held: list[Position], orders: list[Order]) -> Decimal:
    """One-way: max(0, max(R(position + buys), R(position - sells)) - R(position)), R(x) = |x| * initial rate.

    x is the signed notional: the position at its mark, the orders at their own prices. Where the venue charges it, a
    side's loss against the mark is added to that side.
    """
    position = held[0] if held else None
    now = position.side * notional(position, account.prices) if position else ZERO
    buys, bought_loss = _side_orders(account, orders, LONG)
    sells, sold_loss = _side_orders(account, orders, SHORT)
    rate = order_rate(account, position, orders, max(abs(now + buys), abs(now - sells)))
    after = max(abs(now + buys) * rate + bought_loss, abs(now - sells) * rate + sold_loss)
    return max(ZERO, net(after, -abs(now) * rate))


def _leg_orders(account: Account, held: list[Position], orders: list[Order], side: int) -> Decimal:
    """Hedge mode: the orders that open a leg add to it; those that close one cost nothing."""
    opening = [order for order in orders if order.position_side == side and order.side == side]
    if not opening:
        return ZERO
    position = next((position for position in held if position.side == side), None)
    added, loss = _side_orders(account, opening, side)
    now = notional(position, account.prices) if position else ZERO
    return added * order_rate(account, position, opening, now + added) + loss


def _side_orders(account: Account, orders: list[Order], side: int) -> tuple[Decimal, Decimal]:
    """Notional of one side's orders at their own prices, and their loss against the mark, in currency."""
    value = loss = ZERO
    for order in orders:
        if order.side != side:
            continue
        at_price = value_at(order.contract, order.quantity, order.price, account.prices)
        at_mark = value_at(order.contract, order.quantity, order.mark_price, account.prices)
        gain = side * (at_mark - at_price) * (ONE if order.contract.type is ContractType.LINEAR else -ONE)
        value += at_price
        if account.rules.open_loss is OpenLoss.MARGIN:
            loss += max(ZERO, -gain)
    return value, loss


def order_rate(account: Account, position: Position | None, orders: list[Order], size: Decimal) -> Decimal:
    """The initial rate of orders: the position's where there is one, else their own, not below their tier's."""
    if position is not None:
        return initial_rate(position, account.rules, account.prices)
    first = orders[0]
    if first.initial_rate is not None:
        return first.initial_rate
    least = ONE / first.leverage if first.leverage is not None else ZERO
    curve = initial_curve(first.contract.tiers, least)
    if first.contract.tiers_by is TiersBy.QUANTITY:
        index = first.contract.tier_index(ZERO, sum((order.quantity for order in orders), ZERO))
        return curve.slopes[min(index, len(curve.slopes) - 1)]
    return curve.slopes[curve.index(size, account.prices[first.contract.settle])]
