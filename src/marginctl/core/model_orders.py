"""What open orders add to the initial margin under a scan in which every unit takes its own worst move.

Per unit the worse of all its buys filled and all its sells filled, at their own prices:
max(0, max(core(buys), core(sells)) - core) * factor of the initial margin. What only reduces or closes costs nothing.
"""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from marginctl.core.account import Order, Position
from marginctl.core.contract import LONG, SHORT
from marginctl.core.exact import ZERO
from marginctl.core.exposures import exposure_of
from marginctl.core.model import Grade
from marginctl.core.model_margin import ModelMargins, risk_units
from marginctl.core.risk import NO_MOVE


class UnitOrders(Struct, frozen=True):
    """The orders of one unit: its core now, with all its buys filled, with all its sells filled, and what they add."""

    unit: str
    now: Decimal
    buys: Decimal
    sells: Decimal
    factor: Decimal

    @property
    def margin(self) -> Decimal:
        """max(0, max(buys, sells) - now) * factor."""
        return max(ZERO, max(self.buys, self.sells) - self.now) * self.factor


def unit_orders(asked: ModelMargins, orders: Iterable[Order], prices: dict[str, Decimal]) -> list[UnitOrders]:
    """Of every unit with orders what they add."""
    by_unit: dict[str, list[Order]] = {}
    for order in orders:
        if not order.reduce_only and order.position_side in (None, order.side):
            by_unit.setdefault(asked.terms.unit_of(order.contract.base), []).append(order)
    factor = asked.terms.factors[Grade.INITIAL]
    found = []
    for unit, group in by_unit.items():
        now, buys, sells = (_core(asked, unit, group, side, prices) for side in (None, LONG, SHORT))
        found.append(UnitOrders(unit, now, buys, sells, factor))
    return found


def _core(
    asked: ModelMargins, unit: str, orders: Iterable[Order], side: int | None, prices: dict[str, Decimal]
) -> Decimal:
    """The core of a unit with the orders of one side filled; ``side`` None: with none."""
    exposures = asked.exposures
    for order in orders:
        if order.side == side:
            exposures = exposures.plus(exposure_of(filled(order), {**prices, **_own_price(order, prices)}))
    units = {one.name: one for one in risk_units(exposures, asked.terms)}
    return units[unit].core.at(NO_MOVE) if unit in units else ZERO


def filled(order: Order) -> Position:
    """The position that an order makes, marked at its own price."""
    return Position("", order.contract, order.side, order.quantity, order.price, order.price)


def _own_price(order: Order, prices: dict[str, Decimal]) -> dict[str, Decimal]:
    """The price of the base that is the order's own."""
    return {order.contract.base: order.price * prices[order.contract.quote]}
