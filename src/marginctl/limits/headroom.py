"""How much more an account takes: the largest orders and withdrawals that keep every limit.

An order is filled at the mark on the terms of the position on its contract, so it changes no equity, only what is
needed and at stake. Its size is the largest up to which every limit holds: every smaller fill keeps them as well.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from marginctl.core.account import Account, CollateralMode, MarginMode, Order, Position, PositionMode
from marginctl.core.contract import LONG, SHORT, TiersBy
from marginctl.core.exact import ONE, ZERO
from marginctl.core.headroom import Edge, deposited, down_to, filled, largest, opened, unit_value
from marginctl.core.requirement import initial_rate
from marginctl.core.rooms import OrderRoom, Stop, WithdrawalRoom
from marginctl.core.value import value_at
from marginctl.limits.standing import Inquiry, Limit

STEP = Decimal("1e-8")
"""Of a contract's quantity and of an asset's amount."""
GROWTH = Decimal(8)
ENOUGH = Decimal(1_000_000)
"""Times everything in the account: an order this large that still breaks nothing is not limited by anything."""
LAST_TIER = "last-tier"
NO_MAINTENANCE = "no-maintenance-rate"
ALL_OF_IT = "held"
SIDES = {LONG: "buy", SHORT: "sell"}


class Ticket(NamedTuple):
    """An order to be sized: the terms that it has, and its side."""

    terms: Position
    side: int


def order_rooms(inquiry: Inquiry, leverage: Decimal | None = None) -> list[OrderRoom]:
    """Per contract with a position or an order, the largest buy and the largest sell."""
    account = inquiry.context.account
    return [
        _order_room(inquiry, Ticket(terms, side), leverage)
        for terms in contract_terms(account, leverage)
        for side in (LONG, SHORT)
    ]


def contract_terms(account: Account, leverage: Decimal | None = None) -> Iterator[Position]:
    """One position per contract whose terms an order on it has: a cross one before an isolated one before an order."""
    found: dict[str, Position] = {}
    for position in sorted(account.positions, key=lambda one: one.margin_mode is not MarginMode.CROSS):
        found.setdefault(position.contract.symbol, position)
    for order in account.orders:
        found.setdefault(order.contract.symbol, _terms_of_order(order))
    for terms in found.values():
        yield terms if leverage is None else with_leverage(terms, leverage)


def _terms_of_order(order: Order) -> Position:
    return Position(
        key=order.contract.symbol,
        contract=order.contract,
        side=order.side,
        quantity=order.quantity,
        entry_price=order.mark_price,
        mark_price=order.mark_price,
        initial_rate=order.initial_rate,
        leverage=order.leverage,
    )


def with_leverage(position: Position, leverage: Decimal) -> Position:
    """A position with another leverage instead of the initial rate or margin that it states."""
    return replace(position, leverage=leverage, initial_rate=None, initial_margin=None)


def _releveraged(account: Account, symbol: str, leverage: Decimal) -> Account:
    """A contract has one leverage: an order with another one changes that of the cross position it adds to."""
    changed = tuple(
        with_leverage(one, leverage) if one.contract.symbol == symbol and one.margin_mode is MarginMode.CROSS else one
        for one in account.positions
    )
    return replace(account, positions=changed)


def _order_room(inquiry: Inquiry, ticket: Ticket, leverage: Decimal | None) -> OrderRoom:
    account = inquiry.context.account
    terms, side = ticket
    symbol, worth = terms.contract.symbol, unit_value(terms, account)
    rate = initial_rate(terms, account.rules, account.prices)
    base = account if leverage is None else _releveraged(account, symbol, leverage)

    def after(size: Decimal) -> Account:
        return filled(base, terms, side, size) if size else account

    quantity: Decimal | None = None
    stop: Stop | None = Stop(NO_MAINTENANCE, subject=symbol)
    if terms.maintenance_rate is not None or terms.contract.tiers:
        end = _tier_end(base, ticket)
        edge = largest_kept(inquiry, after, list(_stops(inquiry, base, ticket, worth, end)))
        quantity, stop = _outcome(edge, end, symbol)
    return OrderRoom(
        symbol=symbol,
        side=SIDES[side],
        quantity=quantity,
        notional=None if quantity is None else quantity * worth,
        mark_price=terms.mark_price,
        initial_rate=rate,
        stop=stop,
    )


def largest_kept(inquiry: Inquiry, after: Callable[[Decimal], Account], stops: list[Decimal]) -> Edge | None:
    """The largest size up to which all limits to be kept hold; those that look ahead are asked only up to the others.

    ``after``: the account at a size.
    """
    now = largest(lambda size: inquiry.keeping(after(size), ahead=False), stops, STEP)
    if now is not None:
        stops = [*(stop for stop in stops if stop < now.size), now.size]
    ahead = largest(lambda size: inquiry.keeping(after(size), ahead=True), stops, STEP)
    return now if ahead is None else ahead


def _outcome(edge: Edge | None, end: Decimal | None, symbol: str) -> tuple[Decimal | None, Stop | None]:
    if edge is not None:
        return edge.size, stop_of(edge)
    if end is not None:
        return max(ZERO, down_to(end, STEP)), Stop(LAST_TIER, subject=symbol)
    return None, None


def stop_of(edge: Edge) -> Stop:
    """The first by code of what one step more breaks, the limits before the venue's own."""
    limits = [limit for limit in edge.broken if isinstance(limit, Limit)]
    first = min(limits, key=lambda limit: (not limit.code, limit.code, limit.subject))
    return Stop(first.name, first.code, first.subject, first.threshold)


def _stops(
    inquiry: Inquiry, account: Account, ticket: Ticket, worth: Decimal, end: Decimal | None
) -> Iterator[Decimal]:
    """Where to look, rising: where a position is closed or netted, what the free collateral takes, then ever larger.

    Between two of them a limit that fails does not hold again further on.
    """
    turning = _turning_points(account, ticket, worth)
    yield from (point for point in turning if end is None or point < end)
    report = inquiry.context.report
    rate = initial_rate(ticket.terms, account.rules, account.prices)
    free = max((pool.free_collateral for pool in report.pools), default=ZERO)
    everything = abs(report.totals.gross_collateral) + report.totals.gross_notional + ONE
    most = everything * ENOUGH / worth
    size = 2 * max(turning, default=ZERO) + max(free, everything / ENOUGH) / (max(rate, ONE / ENOUGH) * worth)
    while size < (most if end is None else min(most, end)):
        yield size
        size *= GROWTH
    yield most if end is None else end


def _turning_points(account: Account, ticket: Ticket, worth: Decimal) -> list[Decimal]:
    """The sizes, rising, up to which an order may free more than it needs.

    Where the position on the other side is closed, in hedge mode netted. In one-way mode open orders need the dearer of
    position + buys and position - sells: that is least where the position is half of what the sells are more.
    """
    terms, side = ticket
    on_contract = [
        p for p in account.positions if p.contract.symbol == terms.contract.symbol and p.margin_mode is MarginMode.CROSS
    ]
    held = sum((p.side * p.quantity for p in on_contract), ZERO)
    targets = {ZERO}
    if account.position_mode is PositionMode.ONE_WAY:
        targets.add(_more_sold(account, terms) / worth / 2)
    return sorted(size for target in targets if (size := side * (target - held)) > 0)


def _more_sold(account: Account, terms: Position) -> Decimal:
    """Value of the open sells on a contract less that of the buys, at their own prices, in currency."""
    return sum(
        (
            -order.side * value_at(order.contract, order.quantity, order.price, account.prices)
            for order in account.orders
            if order.contract.symbol == terms.contract.symbol and not order.reduce_only
        ),
        ZERO,
    )


def _tier_end(account: Account, ticket: Ticket) -> Decimal | None:
    """The order at which the position would end with the last tier; None where tiers have no end or do not count."""
    terms, side = ticket
    contract = terms.contract
    last = contract.tiers[-1].up_to if contract.tiers else None
    has_own = terms.maintenance_rate is not None and (terms.initial_rate or terms.initial_margin or terms.leverage)
    if last is None or has_own:
        return None
    alone = opened(account, terms, side, ONE)
    unit = (
        ONE if contract.tiers_by is TiersBy.QUANTITY else unit_value(alone, account) / account.prices[contract.settle]
    )
    held = sum(
        (
            p.side * p.quantity
            for p in account.positions
            if p.contract.symbol == contract.symbol
            and p.margin_mode is MarginMode.CROSS
            and (account.position_mode is PositionMode.ONE_WAY or p.side == side)
        ),
        ZERO,
    )
    return last / unit - side * held


def withdrawal_rooms(inquiry: Inquiry) -> list[WithdrawalRoom]:
    """Per asset held, the largest part of it that can leave; what is set aside for isolated positions stays."""
    account = inquiry.context.account
    return [_withdrawal_room(inquiry, asset, held) for asset, held in account.balances.items() if held > 0]


def _withdrawal_room(inquiry: Inquiry, asset: str, held: Decimal) -> WithdrawalRoom:
    account = inquiry.context.account
    aside = sum(
        (p.isolated_margin or ZERO for p in account.positions if p.contract.settle == asset),
        ZERO,
    )

    def after(size: Decimal) -> Account:
        return deposited(account, asset, -size) if size else account

    most = held - aside
    edge = largest_kept(inquiry, after, [most]) if most > 0 else Edge(ZERO, frozenset())
    if edge is None:
        whole = after(most)
        beyond = inquiry.keeping(whole, ahead=False).broken | inquiry.keeping(whole, ahead=True).broken
        edge = Edge(down_to(most, STEP), beyond) if beyond else None  # what is held beyond the last whole step
    amount = most if edge is None else edge.size
    return WithdrawalRoom(
        asset=asset,
        pool="cross" if account.collateral_mode is CollateralMode.MULTI_ASSET else f"cross:{asset}",
        amount=amount,
        held=held,
        value=amount * account.prices[asset],
        stop=stop_of(edge) if edge is not None and edge.broken else Stop(ALL_OF_IT, subject=asset),
    )
