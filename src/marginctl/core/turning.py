"""Sizes of an order at which what an account needs for it changes its course.

An order filled at the mark moves one signed quantity x = x0 + size (one-way: the position as seen from the order's
side; hedge mode: the leg it adds to, and the leg less the other one). At fixed prices every requirement is then a
straight line of the size, or the dearer of several, but at these sizes: where x is 0; where open orders on one side
of it are made up for; where x passes the border of a tier. Between two of them what is left before a limit has no
lowest point of its own: if a limit holds at both, it holds between them.
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import partial
from itertools import combinations, pairwise
from typing import NamedTuple

from marginctl.core.account import (
    Account,
    Basis,
    CloseFee,
    Netting,
    OpenLoss,
    OrderFees,
    Position,
    PositionMode,
)
from marginctl.core.contract import LONG, SHORT, Tier, TiersBy, initial_curve, maintenance_curve
from marginctl.core.exact import ONE, ZERO
from marginctl.core.orders import SideOrders, opened, order_fee_rate, placed
from marginctl.core.requirement import initial_rate
from marginctl.core.value import entry_value, unit_notional


class OrderLegs(NamedTuple):
    """What an order moves: the cross legs on its contract on its own side and on the other, and one contract's value.

    ``worth``: of one contract at the mark, in currency.
    """

    along: tuple[Position, ...]
    against: tuple[Position, ...]
    side: int
    worth: Decimal

    @property
    def ahead(self) -> Decimal:
        """Contracts on the order's side less those on the other one."""
        return _quantity(self.along) - _quantity(self.against)


def legs_of(account: Account, terms: Position, side: int) -> OrderLegs:
    """What an order on the terms of a position, on a side, moves."""
    legs = [p for p in account.positions if p.contract.symbol == terms.contract.symbol and not p.is_isolated]
    worth = unit_notional(terms, account.prices)
    return OrderLegs(tuple(p for p in legs if p.side == side), tuple(p for p in legs if p.side != side), side, worth)


def turns(account: Account, terms: Position, side: int) -> list[Decimal]:
    """The sizes, rising, up to which an order may free more than it needs.

    Where the position on the other side is closed, in hedge mode netted; in one-way mode where open orders stop or
    start to be the dearer ones.
    """
    way = legs_of(account, terms, side)
    targets = {ZERO}
    if account.position_mode is PositionMode.ONE_WAY:
        targets.update(side * value / way.worth for value in _order_turns(account, terms, way))
    return sorted(size for target in targets if (size := target - way.ahead) > 0)


def borders(account: Account, terms: Position, side: int, end: Decimal | None) -> list[Decimal]:
    """The sizes, rising and up to ``end``, at which a quantity that the order moves passes the border of a tier.

    Where a quantity falls, the rate falls at a border, where it rises the rate leaps up: only together with something
    that goes the other way (open orders, a fee that is less at a higher rate) can a limit hold again behind one.
    """
    tiers, way = terms.contract.tiers, legs_of(account, terms, side)
    ends = {tier.up_to for tier in tiers if tier.up_to is not None}
    found = (
        _at(account, way, ends) if terms.contract.tiers_by is TiersBy.QUANTITY else _worth(account, terms, way, ends)
    )
    return sorted(size for size in found if size > 0 and (end is None or size < end))


def beginnings(account: Account, terms: Position, side: int) -> list[Decimal]:
    """The sizes, rising, at which a position begins or ceases to need maintenance margin: its deduction is that much.

    What needs none is not liquidatable, whatever its equity: below such a size limits hold that do not beyond it.
    """
    way = legs_of(account, terms, side)
    own = (
        (Tier(None, terms.maintenance_rate, terms.maintenance_deduction),) if terms.maintenance_rate is not None else ()
    )
    tables = [own or terms.contract.tiers]
    if not own and terms.contract.tiers_by is TiersBy.QUANTITY:
        tables = [(Tier(None, tier.maintenance_rate, tier.deduction),) for tier in terms.contract.tiers]
    found: set[Decimal] = set()
    for curve in map(maintenance_curve, tables):
        needs = zip(curve.borders, curve.slopes, curve.intercepts, strict=False)
        found.update(border for border, slope, at_zero in needs if not slope and not at_zero)
    return sorted(size for size in _worth(account, terms, way, found) if size > 0)


def may_fall_when_rates_rise(account: Account) -> bool:
    """Whether a position of a higher tier may need less: a fee at the bankruptcy price is less at a higher rate."""
    return account.rules.close_fee is CloseFee.BANKRUPTCY


def has_opening_orders(account: Account, terms: Position) -> bool:
    """Whether open orders on the contract need margin."""
    return any(one.contract.symbol == terms.contract.symbol and not one.reduce_only for one in account.orders)


def dearer_side_counts(account: Account) -> bool:
    """Whether of opposite requirements the dearer one counts: a line that turns where the other side is made up for."""
    return Netting.LARGER_LEG in (account.rules.netting, account.rules.underlying_netting)


def leaps(terms: Position) -> bool:
    """Whether the maintenance margin leaps up at a border of the contract's table, as without deductions."""
    if terms.maintenance_rate is not None:
        return False
    if terms.contract.tiers_by is TiersBy.QUANTITY:
        return len(terms.contract.tiers) > 1
    curve = maintenance_curve(terms.contract.tiers)
    pieces = list(zip(curve.slopes, curve.intercepts, strict=True))
    return any(
        slope * border + at_zero != next_slope * border + next_at_zero
        for border, (slope, at_zero), (next_slope, next_at_zero) in zip(curve.borders, pieces, pieces[1:], strict=False)
    )


def _quantity(positions: Iterable[Position]) -> Decimal:
    return sum((position.quantity for position in positions), ZERO)


def _order_turns(account: Account, terms: Position, way: OrderLegs) -> Iterator[Decimal]:
    """One-way: signed values v of the position at which another of the lines of its margin becomes the dearest.

    They are |v + buys| r + loss and fees of the buys, |v - sells| r + loss and fees of the sells, and |v| r: straight
    between -buys, 0 and sells; where two of them meet in such a stretch.
    """
    opening = [one for one in account.orders if one.contract.symbol == terms.contract.symbol and not one.reduce_only]
    if not opening:
        return
    buys, sells = (placed(account, opening, side) for side in (LONG, SHORT))
    bends = sorted({-buys.value, ZERO, sells.value})
    yield from bends
    charges = account.rules.open_loss is OpenLoss.MARGIN or account.rules.order_fees is not OrderFees.NONE
    for rate in _rates(account, terms, way) if charges else {ONE}:

        def after(side: SideOrders, value: Decimal, rate: Decimal = rate) -> Decimal:
            fee = order_fee_rate(account, opening[0], side.side, rate)
            return abs(value + side.side * side.value) * rate + side.loss + opened(value, side) * fee

        lines = (partial(after, buys), partial(after, sells), lambda value, rate=rate: abs(value) * rate)
        yield from _meetings(lines, bends)


def _meetings(lines: Iterable[Callable[[Decimal], Decimal]], bends: list[Decimal]) -> Iterator[Decimal]:
    """Where two of several functions meet that are straight between the bends, and parallel before and beyond them."""
    for one, other in combinations(lines, 2):
        for low, high in pairwise(bends):
            before, beyond = one(low) - other(low), one(high) - other(high)
            if before != beyond:
                place = low + (high - low) * before / (before - beyond)
                if low <= place <= high:
                    yield place


def _rates(account: Account, terms: Position, way: OrderLegs) -> set[Decimal]:
    """The initial rates above 0 that the position may come to have."""
    held = (*way.along, *way.against, terms)
    found = {initial_rate(one, account.rules, account.prices) for one in held}
    for one in held:
        if one.initial_rate is None and one.initial_margin is None:
            least = ONE / one.leverage if one.leverage is not None else ZERO
            found.update(initial_curve(one.contract.tiers, least).slopes)
    return {rate for rate in found if rate > 0}


def _at(account: Account, way: OrderLegs, quantities: Iterable[Decimal]) -> set[Decimal]:
    """The sizes at which something that the order moves has one of these numbers of contracts, on either side."""
    hedged = account.position_mode is PositionMode.HEDGE
    starts = {way.ahead, _quantity(way.along)} if hedged else {way.ahead}
    return {sign * quantity - start for quantity in quantities for start in starts for sign in (ONE, -ONE)}


def _worth(account: Account, terms: Position, way: OrderLegs, values: Iterable[Decimal]) -> set[Decimal]:
    """The sizes at which something that the order moves is worth one of these in the settle asset.

    By the mark and, where a margin is taken on the entry price, by that too: a position on the other side keeps it,
    one that grows mixes it with the mark.
    """
    worths = [value * account.prices[terms.contract.settle] for value in values]
    units = {way.worth}
    grown: set[Decimal] = set()
    if Basis.ENTRY in (account.rules.initial_basis, account.rules.maintenance_basis):
        units.update(entry_value(one, account.prices) / one.quantity for one in way.against)
        grown = {(worth - entry_value(one, account.prices)) / way.worth for one in way.along for worth in worths}
    return grown | _at(account, way, {worth / unit for worth in worths for unit in units})
