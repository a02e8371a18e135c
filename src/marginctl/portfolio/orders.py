"""Rows of `orders:` -> orders."""

from decimal import Decimal

from msgspec import Struct

from marginctl.core.account import MarginMode, MarginRules, Order, OrderMaintenance, Position, PositionMode
from marginctl.core.contract import LONG, SHORT, Contract
from marginctl.core.exact import ZERO
from marginctl.core.value import value_at
from marginctl.document.source import echo
from marginctl.portfolio.contracts import Contracts
from marginctl.portfolio.format import OrderEntry
from marginctl.portfolio.margins import beyond_last_tier, observe_fraction, refuse_beyond
from marginctl.portfolio.prices import Prices
from marginctl.portfolio.reading import Reading


class Placed(Struct, frozen=True):
    """One row with the order it makes."""

    draft: OrderEntry
    order: Order


def orders(
    reading: Reading,
    rows: list[OrderEntry],
    contracts: Contracts,
    prices: Prices,
    mode: PositionMode,
    positions: list[Position],
    rules: MarginRules,
    taker_fee: Decimal,
    *,
    needs_rates: bool = True,
) -> list[Placed]:
    """All orders; they belong to the cross pool of their settle asset and ignore isolated positions.

    needs_rates: whether they count by rates, not by what a model of the whole makes of them.
    """
    book = _Book(reading, contracts, prices, mode is PositionMode.HEDGE, positions, rules, taker_fee, needs_rates)
    placed = [one for draft in rows if (one := book.placed(draft))]
    for group in _groups(placed):
        _refuse_mixed_rates(reading, group)
        if not book.is_held(group[0].order.contract.symbol, group[0].order.position_side):
            _refuse_beyond_tiers(reading, group, prices, has_maintenance=book.has_maintenance)
    return placed


class _Book:
    """Reads rows against what the account holds."""

    def __init__(
        self,
        reading: Reading,
        contracts: Contracts,
        prices: Prices,
        hedge: bool,
        positions: list[Position],
        rules: MarginRules,
        taker_fee: Decimal,
        needs_rates: bool,
    ) -> None:
        self._needs_rates = needs_rates
        self.has_maintenance = rules.order_maintenance is not OrderMaintenance.NONE
        self._taker_fee = taker_fee
        self._reading = reading
        self._contracts = contracts
        self._prices = prices
        self._hedge = hedge
        cross = [one for one in positions if one.margin_mode is MarginMode.CROSS and one.has_initial]
        self._held = {(position.contract.symbol, position.side if hedge else None) for position in cross}

    def is_held(self, symbol: str, leg: int | None) -> bool:
        """Whether the cross pool has a position that orders add to; in hedge mode on that leg."""
        return (symbol, leg) in self._held

    def placed(self, draft: OrderEntry) -> Placed | None:
        """The order of a row; None after noting what is wrong with it."""
        contract = self._contracts.resolve(draft.symbol, draft.at(OrderEntry.symbol))
        if contract is None:
            return None
        self._refuse_contradictions(draft)
        leg = draft.position_side
        self._check_rate(draft, contract, held=self.is_held(contract.symbol, leg))
        mark = self._prices.mark(contract, draft.at(OrderEntry.symbol))
        if mark is None:
            return None
        order = Order(
            contract=contract,
            side=draft.side,
            quantity=draft.quantity,
            price=draft.price,
            mark_price=mark,
            leverage=draft.leverage,
            initial_rate=draft.initial_rate,
            reduce_only=draft.reduce_only,
            position_side=leg,
            maintenance_rate=draft.maintenance_rate,
            taker_fee=self._taker_fee,
        )
        observe_fraction(self._reading, draft.at(OrderEntry.quantity), contract.symbol, order)
        return Placed(draft, order)

    def _refuse_contradictions(self, draft: OrderEntry) -> None:
        refuse = self._reading.refuse
        if self._hedge and OrderEntry.position_side not in draft:
            refuse(
                draft.node,
                "MC012",
                "in hedge mode an order needs `position_side`",
                "add `position_side: long` or `short`",
            )
        if not self._hedge and OrderEntry.position_side in draft:
            refuse(
                draft.at(OrderEntry.position_side),
                "MC016",
                "`position_side` is for `position_mode: hedge`",
                "remove it",
            )
        if OrderEntry.leverage in draft and OrderEntry.initial_rate in draft:
            message = "`leverage` and `initial_rate` contradict each other"
            refuse(draft.at(OrderEntry.initial_rate), "MC016", message, "keep one of them")

    def _check_rate(self, draft: OrderEntry, contract: Contract, *, held: bool) -> None:
        """A position's rate counts for its orders; without one an order needs its own, or the contract's tiers."""
        given = next((one for one in (OrderEntry.leverage, OrderEntry.initial_rate) if one in draft), None)
        tiered = bool(contract.tiers) and all(tier.initial_rate is not None for tier in contract.tiers)
        if held and given is not None:
            message = (
                f"`{given.name}` of an order on {echo(contract.symbol)}, which has a position: the position's counts"
            )
            self._reading.refuse(draft.at(given), "MC016", message, "remove it")
        if self._needs_rates and not (held or given or tiered or draft.reduce_only):
            message = f"the order on {echo(contract.symbol)} has no initial margin rate"
            self._reading.refuse(draft.node, "MC022", message, "add `leverage: ...` (or `initial_rate:`) to the order")
        self._check_maintenance_rate(draft, contract, held=held)

    def _check_maintenance_rate(self, draft: OrderEntry, contract: Contract, *, held: bool) -> None:
        """Where orders add to the maintenance margin: the position's rate, else their own, or the contract's tiers."""
        if held and self.has_maintenance and OrderEntry.maintenance_rate in draft:
            symbol = echo(contract.symbol)
            message = f"`maintenance_rate` of an order on {symbol}, which has a position: the position's counts"
            self._reading.refuse(draft.at(OrderEntry.maintenance_rate), "MC016", message, "remove it")
        if not self.has_maintenance and OrderEntry.maintenance_rate in draft:
            message = "`maintenance_rate` of an order has no effect here: orders add no maintenance margin"
            self._reading.refuse(draft.at(OrderEntry.maintenance_rate), "MC016", message, "remove it")
        known = held or bool(contract.tiers) or OrderEntry.maintenance_rate in draft or draft.reduce_only
        if self.has_maintenance and not known:
            message = f"the order on {echo(contract.symbol)} has no maintenance margin rate"
            self._reading.refuse(draft.node, "MC022", message, "add `maintenance_rate: ...` to the order")


def _groups(placed: list[Placed]) -> list[list[Placed]]:
    """Orders that share a rate: of one contract, in hedge mode on one leg; those that only reduce need none."""
    groups: dict[tuple[str, int | None], list[Placed]] = {}
    for one in placed:
        if not one.order.reduce_only:
            groups.setdefault((one.order.contract.symbol, one.order.position_side), []).append(one)
    return list(groups.values())


def _refuse_mixed_rates(reading: Reading, group: list[Placed]) -> None:
    first = group[0]
    for one in group[1:]:
        for rate in (OrderEntry.leverage, OrderEntry.initial_rate, OrderEntry.maintenance_rate):
            if getattr(one.order, rate.attribute) != getattr(first.order, rate.attribute):
                symbol = echo(one.order.contract.symbol)
                reading.refuse(
                    one.draft.at(rate),
                    "MC016",
                    f"orders on {symbol} differ in `{rate.name}`: see {reading.source.place(first.draft.node)}",
                    "a contract has one leverage: write the same on each order",
                )


def _refuse_beyond_tiers(reading: Reading, group: list[Placed], prices: Prices, *, has_maintenance: bool) -> None:
    """Orders of one side that take a rate from a tier must end within the contract's tiers."""
    first, contract = group[0].order, group[0].order.contract
    missing = ["`initial_rate: ...`"] if first.initial_rate is None else []
    missing += ["`maintenance_rate: ...`"] if has_maintenance and first.maintenance_rate is None else []
    if not contract.tiers or not missing:
        return
    for side in (LONG, SHORT):
        same = [one for one in group if one.order.side == side]
        quantity = sum((one.order.quantity for one in same), ZERO)
        values = (value_at(contract, one.order.quantity, one.order.price, prices.used) for one in same)
        if same and beyond_last_tier(contract, sum(values, ZERO) / prices.used[contract.settle], quantity):
            refuse_beyond(reading, same[-1].draft, contract, _named(same), " and ".join(missing))


def _named(same: list[Placed]) -> str:
    symbol = echo(same[0].order.contract.symbol)
    return f"the order on {symbol}" if len(same) == 1 else f"the sum of the orders of this side on {symbol}"
