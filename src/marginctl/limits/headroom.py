"""How much more an account takes: the largest orders and withdrawals that keep every limit.

An order is filled at the mark on the terms of the position on its contract, so it changes no equity, only what is
needed and at stake. Its size is the largest up to which every limit holds: every smaller fill keeps them as well.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from msgspec.structs import replace

from marginctl.core.account import Account, Order, Position, PositionMode
from marginctl.core.contract import LONG, SHORT, STEP, TiersBy
from marginctl.core.exact import ONE, ZERO
from marginctl.core.pool import shared_name
from marginctl.core.report import CollateralFigures, Report
from marginctl.core.requirement import initial_rate
from marginctl.core.rooms import OrderRoom, Stop, WithdrawalRoom
from marginctl.core.search import Edge, down_to, largest
from marginctl.core.trade import filled, opened, transferred
from marginctl.core.turning import (
    beginnings,
    borders,
    dearer_side_counts,
    has_opening_orders,
    leaps,
    may_fall_when_rates_rise,
    turns,
)
from marginctl.core.value import unit_notional
from marginctl.limits.standing import Inquiry, Limit

GROWTH = Decimal(8)
ENOUGH = Decimal(1_000_000)
"""Times everything in the account: an order this large that still breaks nothing is not limited by anything."""
LOOKS = 8
"""Into so many parts a stretch is divided on which a limit goes by leaps."""
LEAPING = frozenset(("MC114", "MC116"))
LAST_TIER = "last-tier"
NO_MAINTENANCE = "no-maintenance-rate"
ALL_OF_IT, BONUS = "held", "bonus"
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
    for position in sorted(account.positions, key=lambda one: one.is_isolated):
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
        with_leverage(one, leverage) if one.contract.symbol == symbol and not one.is_isolated else one
        for one in account.positions
    )
    return replace(account, positions=changed)


def _order_room(inquiry: Inquiry, ticket: Ticket, leverage: Decimal | None) -> OrderRoom:
    account = inquiry.context.account
    terms, side = ticket
    symbol, worth = terms.contract.symbol, unit_notional(terms, account.prices)
    rate, step = initial_rate(terms, account.rules, account.prices), terms.contract.sizing_step
    base = account if leverage is None else _releveraged(account, symbol, leverage)

    def after(size: Decimal) -> Account:
        return filled(base, terms, side, size) if size else account

    quantity: Decimal | None = None
    stop: Stop | None = Stop(NO_MAINTENANCE, subject=symbol)
    if terms.maintenance_rate is not None or terms.contract.tiers:
        end = _tier_end(base, ticket)
        stops = sorted(_stops(inquiry, base, ticket, worth, end))
        if "MC109" in inquiry.kept_codes and dearer_side_counts(base) and has_opening_orders(base, terms):
            stops = list(_with_looks(stops))
        edge = largest_kept(inquiry, after, stops, step=step, leaps=leaps(terms))
        quantity, stop = _outcome(edge, end, step, symbol)
    return OrderRoom(
        symbol=symbol,
        side=SIDES[side],
        quantity=quantity,
        notional=None if quantity is None else quantity * worth,
        mark_price=terms.mark_price,
        initial_rate=rate,
        stop=stop,
    )


def largest_kept(
    inquiry: Inquiry,
    after: Callable[[Decimal], Account],
    stops: list[Decimal],
    *,
    step: Decimal = STEP,
    leaps: bool = False,
) -> Edge | None:
    """The largest size up to which all limits to be kept hold; those that look ahead are asked only up to the others.

    ``after``: the account at a size; ``leaps``: whether what is needed further on a way leaps at sizes of its own.
    """
    now = largest(lambda size: inquiry.keeping(after(size), ahead=False), stops, step)
    if now is not None:
        stops = [*(stop for stop in stops if stop < now.size), now.size]
    if leaps or not LEAPING.isdisjoint(inquiry.kept_codes):
        stops = list(_with_looks(stops))
    ahead = largest(lambda size: inquiry.keeping(after(size), ahead=True), stops, step)
    return now if ahead is None else ahead


def _with_looks(stops: list[Decimal]) -> Iterator[Decimal]:
    """The stops and evenly spaced sizes between them."""
    for low, high in pairwise([ZERO, *stops]):
        yield from (low + (high - low) * k / LOOKS for k in range(1, LOOKS))
        yield high


def _outcome(edge: Edge | None, end: Decimal | None, step: Decimal, symbol: str) -> tuple[Decimal | None, Stop | None]:
    if edge is not None:
        return edge.size, stop_of(edge)
    if end is not None:
        return max(ZERO, down_to(end, step)), Stop(LAST_TIER, subject=symbol)
    return None, None


def stop_of(edge: Edge) -> Stop:
    """The first by code of what one step more breaks, the limits before the venue's own."""
    limits = [limit for limit in edge.broken if isinstance(limit, Limit)]
    first = min(limits, key=lambda limit: (not limit.code, limit.code, limit.subject))
    return Stop(first.name, first.code, first.subject, first.threshold)


def _stops(
    inquiry: Inquiry, account: Account, ticket: Ticket, worth: Decimal, end: Decimal | None
) -> Iterator[Decimal]:
    """Where to look, rising: at the first step, at and beside every turning point, then ever larger.

    The first step may change what open orders need: from then on they have the terms of the position. Beside a turning
    point, as what is needed may leap there. Between two stops a limit that fails does not hold again further on.
    """
    terms, side = ticket
    turning = turns(account, terms, side)
    last = max(turning, default=ZERO)
    points = [*turning, *beginnings(account, terms, side)]
    if may_fall_when_rates_rise(account):
        points += borders(account, terms, side, end)
    elif has_opening_orders(account, terms):
        points += borders(account, terms, side, last)
    step = terms.contract.sizing_step
    around = {down_to(point, step) + k * step for point in points for k in (-1, 0, 1)} | {step}
    yield from sorted(size for size in around if size > 0 and (end is None or size < end))
    report = inquiry.context.report
    rate = initial_rate(terms, account.rules, account.prices)
    free = max((pool.free_collateral for pool in report.pools), default=ZERO)
    everything = abs(report.totals.gross_collateral) + report.totals.gross_notional + ONE
    most = everything * ENOUGH / worth
    size = 2 * last + max(free, everything / ENOUGH) / (max(rate, ONE / ENOUGH) * worth)
    while size < (most if end is None else min(most, end)):
        yield size
        size *= GROWTH
    yield most if end is None else end


def _tier_end(account: Account, ticket: Ticket) -> Decimal | None:
    """The order at which the position would end with the last tier; None where tiers have no end or do not count."""
    terms, side = ticket
    contract = terms.contract
    last = contract.tiers[-1].up_to if contract.tiers else None
    has_own = terms.maintenance_rate is not None and (terms.initial_rate or terms.initial_margin or terms.leverage)
    if last is None or has_own:
        return None
    alone = opened(account, terms, side, ONE)
    worth = unit_notional(alone, account.prices) / account.prices[contract.settle]
    unit = ONE if contract.tiers_by is TiersBy.QUANTITY else worth
    held = sum(
        (
            p.side * p.quantity
            for p in account.positions
            if p.contract.symbol == contract.symbol
            and not p.is_isolated
            and (account.position_mode is PositionMode.ONE_WAY or p.side == side)
        ),
        ZERO,
    )
    return last / unit - side * held


def withdrawal_rooms(inquiry: Inquiry) -> list[WithdrawalRoom]:
    """Per asset held, the largest part of it that can leave; what is set aside, and what is a bonus, stays."""
    account = inquiry.context.account
    return [_withdrawal_room(inquiry, asset, held) for asset, held in account.balances.items() if held > 0]


def _withdrawal_room(inquiry: Inquiry, asset: str, held: Decimal) -> WithdrawalRoom:
    account = inquiry.context.account
    aside = sum(
        (p.set_aside for p in account.positions if p.contract.settle == asset),
        ZERO,
    )

    def after(size: Decimal) -> Account:
        return transferred(account, {asset: -size}) if size else account

    most = max(ZERO, held - aside - account.bonus.get(asset, ZERO))
    stops = [*_withdrawal_turns(inquiry, asset, after, most), most]
    edge = largest_kept(inquiry, after, stops) if most > 0 else Edge(ZERO, frozenset())
    if edge is None:
        whole = after(most)
        beyond = inquiry.keeping(whole, ahead=False).broken | inquiry.keeping(whole, ahead=True).broken
        edge = Edge(down_to(most, STEP), beyond) if beyond else None  # what is held beyond the last whole step
    amount = most if edge is None else edge.size
    return WithdrawalRoom(
        asset=asset,
        pool=shared_name(account, asset),
        amount=amount,
        held=held,
        value=amount * account.prices[asset],
        stop=stop_of(edge) if edge is not None and edge.broken else Stop(whole_of(account, asset), subject=asset),
    )


def whole_of(account: Account, asset: str) -> str:
    """What ends a withdrawal that no limit does: all of it is gone, or what is left is the venue's."""
    return BONUS if account.bonus.get(asset) else ALL_OF_IT


class _Over(NamedTuple):
    """What an asset is worth more than the longs in it: a limit like any other to a search."""

    left: Decimal

    @property
    def broken(self) -> frozenset[object]:
        return frozenset(("over",)) if self.left < 0 else frozenset()

    def slack(self, _: object) -> Decimal:
        return self.left


def _withdrawal_turns(
    inquiry: Inquiry, asset: str, after: Callable[[Decimal], Account], most: Decimal
) -> Iterator[Decimal]:
    """Where a coin is worth no more than the longs in it: from there on the wrong-way share falls with it.

    Everything else that a withdrawal takes goes one way, or has its least slack at an end.
    """
    if "MC110" not in inquiry.kept_codes or most <= 0:
        return
    for long in [row for row in inquiry.context.report.underlyings if row.asset == asset and row.net_notional > 0]:

        def ask(size: Decimal, pool: str = long.pool, notional: Decimal = long.net_notional) -> _Over:
            report = inquiry.context_of(after(size), looks_ahead=False).report
            return _Over(sum((row.value for row in _collateral_of(report, pool, asset)), ZERO) - notional)

        if not ask(ZERO).broken and (edge := largest(ask, [most], STEP)) is not None:
            yield from (edge.size, edge.size + STEP)


def _collateral_of(report: Report, pool: str, asset: str) -> list[CollateralFigures]:
    """The rows of an asset in a pool."""
    return [row for row in report.collateral if (row.pool, row.asset) == (pool, asset)]
