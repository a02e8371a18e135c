"""What open orders add to the margins of a pool.

Orders belong to the cross pool of their settle asset and ignore isolated positions.
"""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.account import (
    Account,
    OpenLoss,
    Order,
    OrderFees,
    OrderMaintenance,
    Position,
    PositionMode,
)
from marginctl.core.contract import (
    LONG,
    SHORT,
    TiersBy,
    initial_curve,
    maintenance_curve,
)
from marginctl.core.exact import ONE, ZERO, net
from marginctl.core.piecewise import constant_curve
from marginctl.core.requirement import Term, grown, initial_rate, tiers_in_force
from marginctl.core.value import exposure, notional, value_at


class OrderMargins(Struct, frozen=True):
    """What orders add, in currency: to the initial margin, and to the maintenance margin as terms of a requirement.

    An order's own price does not move: in its settle asset it needs what it needs today.
    """

    initial: Decimal
    maintenance: tuple[Term, ...]


class Sized(Struct, frozen=True):
    """A position or what orders make of it: its value in currency and its number of contracts."""

    value: Decimal
    quantity: Decimal


class SideOrders(Struct, frozen=True):
    """The orders of one side of a contract: value at their prices and loss against the mark in currency, contracts."""

    side: int
    value: Decimal
    loss: Decimal
    quantity: Decimal


class Filled(Struct, frozen=True):
    """What a position would be if one side's orders were filled, and that side's fees, in currency.

    ``rate``: the initial rate of that size. ``risen``: hedge mode, what the position itself needs more at that rate.
    """

    side: SideOrders
    size: Sized
    fee: Decimal
    rate: Decimal
    risen: Decimal = ZERO


class OrderNeed(Struct, frozen=True):
    """What the orders on one contract, or in hedge mode on one leg of it, need, in currency.

    ``now`` the position as it is, at ``rate``; of the ``outcomes`` the dearer one counts. ``initial``, ``maintenance``:
    what they add; ``weight``: what a unit of margin in the settle asset counts.
    """

    orders: tuple[Order, ...]
    position: Position | None
    now: Sized
    rate: Decimal
    outcomes: tuple[Filled, ...]
    initial: Decimal
    maintenance: Decimal
    weight: Decimal


def order_margins(needs: list[OrderNeed], prices: dict[str, Decimal]) -> OrderMargins:
    """What the open orders of a pool add, all together."""
    initial = sum((need.weight * need.initial for need in needs), ZERO)
    terms = []
    for need in needs:
        if need.maintenance:
            settle = need.orders[0].contract.settle
            kept = need.maintenance
            terms.append(Term(constant_curve(ONE), kept, settle, prices[settle], settle, need.weight, ""))
    return OrderMargins(initial, tuple(terms))


def order_needs(
    account: Account, positions: list[Position], orders: tuple[Order, ...], weights: dict[str, Decimal]
) -> list[OrderNeed]:
    """What the open orders of a pool need, contract by contract, in hedge mode leg by leg."""
    by_contract: dict[str, list[Order]] = {}
    for order in orders:
        if not order.reduce_only:
            by_contract.setdefault(order.contract.symbol, []).append(order)
    needs = []
    for symbol, group in by_contract.items():
        held = [position for position in positions if position.contract.symbol == symbol]
        weight = weights[group[0].contract.settle]
        if account.position_mode is PositionMode.HEDGE:
            legs = (_leg_need(account, held, group, side, weight) for side in (LONG, SHORT))
            needs += [need for need in legs if need is not None]
        else:
            needs.append(_contract_need(account, held, group, weight))
    return needs


def _contract_need(account: Account, held: list[Position], orders: list[Order], weight: Decimal) -> OrderNeed:
    """One-way: max(0, max(R(position + buys), R(position - sells)) - R(position)), R(x) = |x| * initial rate.

    x is the signed notional: the position at its mark, the orders at their own prices. Where the venue charges it, a
    side's loss against the mark, and its fees, are added to that side. Maintenance likewise, with the tier table as R.
    """
    position = held[0] if held else None
    now = position.side * notional(position, account.prices) if position else ZERO
    contracts = position.side * position.quantity if position else ZERO
    sides = [placed(account, orders, side) for side in (LONG, SHORT)]
    after = [Sized(abs(now + s.side * s.value), abs(contracts + s.side * s.quantity)) for s in sides]
    rate = order_rate(account, position, orders, max(size.value for size in after))
    rates = [rate_of_size(account, position, size, rate) for size in after]
    pairs = zip(sides, rates, strict=True)
    fees = [opened(now, side) * order_fee_rate(account, orders[0], side.side, one) for side, one in pairs]
    outcomes = tuple(Filled(*row) for row in zip(sides, after, fees, rates, strict=True))
    dearer = max(one.size.value * one.rate + one.side.loss + one.fee for one in outcomes)
    before = Sized(abs(now), abs(contracts))
    kept = ZERO
    if account.rules.order_maintenance is not OrderMaintenance.NONE:
        kept = max(kept_margin(account, position, orders, one.size) + one.fee for one in outcomes)
        kept = max(ZERO, net(kept, -kept_margin(account, position, orders, before)))
    initial = max(ZERO, net(dearer, -before.value * rate))
    return OrderNeed(tuple(orders), position, before, rate, outcomes, initial, kept, weight)


def _leg_need(
    account: Account, held: list[Position], orders: list[Order], side: int, weight: Decimal
) -> OrderNeed | None:
    """Hedge mode: the orders that open a leg add to it; those that close one cost nothing."""
    opening = [order for order in orders if order.position_side == side and order.side == side]
    if not opening:
        return None
    position = next((position for position in held if position.side == side), None)
    added = placed(account, opening, side)
    now = Sized(notional(position, account.prices), position.quantity) if position else Sized(ZERO, ZERO)
    after = Sized(now.value + added.value, now.quantity + added.quantity)
    rate = order_rate(account, position, opening, after.value)
    whole = rate_of_size(account, position, after, rate)
    risen = now.value * (whole - rate)
    fee = added.value * order_fee_rate(account, opening[0], side, whole)
    initial = added.value * whole + risen + added.loss + fee
    kept = ZERO
    if account.rules.order_maintenance is not OrderMaintenance.NONE:
        grown = kept_margin(account, position, opening, after) - kept_margin(account, position, opening, now)
        kept = max(ZERO, grown) + fee
    outcome = Filled(added, after, fee, whole, risen)
    return OrderNeed(tuple(opening), position, now, rate, (outcome,), initial, kept, weight)


def placed(account: Account, orders: list[Order], side: int) -> SideOrders:
    """One side's orders at their own prices, and their loss against the mark where the venue charges it."""
    value = loss = quantity = ZERO
    for order in orders:
        if order.side != side:
            continue
        at_price = value_at(order.contract, order.quantity, order.price, account.prices)
        at_mark = value_at(order.contract, order.quantity, order.mark_price, account.prices)
        gain = exposure(order.contract, side) * net(at_mark, -at_price)
        value += at_price
        quantity += order.quantity
        if account.rules.open_loss is OpenLoss.MARGIN:
            loss += max(ZERO, -gain)
    return SideOrders(side, value, loss, quantity)


def opened(now: Decimal, side: SideOrders) -> Decimal:
    """The value of one side's orders without what closes the position."""
    closing = ZERO if now * side.side >= ZERO else min(side.value, abs(now))
    return side.value - closing


def order_fee_rate(account: Account, order: Order, side: int, rate: Decimal) -> Decimal:
    """Fees to open and to close per value of an order: taker_fee + taker_fee * max(0, 1 - s * initial rate).

    s is the side of the exposure, reversed for inverse contracts.
    """
    if account.rules.order_fees is OrderFees.NONE:
        return ZERO
    return order.taker_fee * (ONE + max(ZERO, ONE - exposure(order.contract, side) * rate))


def kept_margin(account: Account, position: Position | None, orders: list[Order], size: Sized) -> Decimal:
    """The maintenance margin of a size, in currency: by the position's rates, else the orders' own, else the tiers."""
    first = orders[0]
    prices = account.prices
    unit_price = prices[first.contract.settle]
    subject = position or Position(
        "",
        first.contract,
        first.side,
        size.quantity,
        first.price,
        first.mark_price,
        maintenance_rate=first.maintenance_rate,
    )
    tiers = tiers_in_force(subject, size.value / unit_price, size.quantity)
    return maintenance_curve(tiers).at(size.value, unit_price)


def order_rate(account: Account, position: Position | None, orders: list[Order], size: Decimal) -> Decimal:
    """The initial rate of orders: the position's where it has one, else their own, not below their tier's."""
    if position is not None and position.has_initial:
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


def rate_of_size(account: Account, position: Position | None, size: Sized, rate: Decimal) -> Decimal:
    """The initial rate of a size: what the position's own rate grows to, else ``rate``, that of all sizes."""
    if position is None or position.initial_rate is None or not position.initial_growth:
        return rate
    rates = grown(position.contract, position.initial_rate, position.initial_growth, size.quantity)
    return rates.rate(size.value, account.prices[position.contract.settle])


def is_rated_by(order: Order, position: Position, mode: PositionMode) -> bool:
    """Whether an order has its rates from a position: one of the shared pool on its contract, in hedge mode its leg."""
    return (
        not position.is_isolated
        and order.contract.symbol == position.contract.symbol
        and (mode is PositionMode.ONE_WAY or order.position_side == position.side)
    )


def orders_without(account: Account, gone: Position) -> tuple[Order, ...]:
    """The orders after a position is gone: those that had their rates from it keep them, grown ones as they were."""
    rate, kept = gone.initial_rate, gone.maintenance_rate
    if gone.initial_margin is not None or gone.initial_growth:
        rate = initial_rate(gone, account.rules, account.prices)
    if gone.maintenance_growth:
        units = notional(gone, account.prices) / account.prices[gone.contract.settle]
        kept = tiers_in_force(gone, units, gone.quantity)[0].maintenance_rate
    return tuple(
        replace(order, leverage=gone.leverage, initial_rate=rate, maintenance_rate=kept)
        if is_rated_by(order, gone, account.position_mode)
        else order
        for order in account.orders
    )


def orders_with(account: Account, come: Position) -> tuple[Order, ...]:
    """The orders once a position has come: those that have their rates from it have none of their own."""
    return tuple(
        replace(order, leverage=None, initial_rate=None, maintenance_rate=None)
        if is_rated_by(order, come, account.position_mode)
        else order
        for order in account.orders
    )
