"""Rows of `orders:` -> orders."""

from typing import TYPE_CHECKING

from marginctl.core.account import MarginMode, Order, Position, PositionMode
from marginctl.core.contract import LONG, SHORT
from marginctl.portfolio.contracts import Contracts
from marginctl.portfolio.prices import Prices
from marginctl.portfolio.reading import Reading

if TYPE_CHECKING:
    from marginctl.document.shape import Draft

SIDES = {"buy": LONG, "sell": SHORT}
LEGS = {"long": LONG, "short": SHORT}


def orders(
    reading: Reading,
    rows: list["Draft"],
    contracts: Contracts,
    prices: Prices,
    mode: PositionMode,
    positions: list[Position],
) -> list[Order]:
    """All orders; they belong to the cross pool of their settle asset and ignore isolated positions."""
    found: list[Order] = []
    for draft in rows:
        order = _order(reading, draft, contracts, prices, mode, positions)
        if order is not None:
            found.append(order)
    _refuse_mixed_rates(reading, rows, found)
    return found


def _order(
    reading: Reading,
    draft: "Draft",
    contracts: Contracts,
    prices: Prices,
    mode: PositionMode,
    positions: list[Position],
) -> Order | None:
    symbol = draft.get("symbol")
    contract = contracts.resolve(symbol, draft.at("symbol")) if symbol is not None else None
    if contract is None:
        return None
    hedge = mode is PositionMode.HEDGE
    if hedge and "position_side" not in draft:
        reading.refuse(draft.node, "MC012", "in hedge mode an order needs `position_side`", "write long or short")
    if not hedge and "position_side" in draft:
        reading.refuse(draft.at("position_side"), "MC016", "`position_side` is for `position_mode: hedge`", "remove it")
    leg = LEGS.get(draft.get("position_side") or "")
    held = any(
        position.contract.symbol == symbol
        and position.margin_mode is MarginMode.CROSS
        and (not hedge or position.side == leg)
        for position in positions
    )
    rated = "leverage" in draft or "initial_rate" in draft
    if "leverage" in draft and "initial_rate" in draft:
        reading.refuse(
            draft.at("initial_rate"), "MC016", "`leverage` and `initial_rate` contradict each other", "keep one of them"
        )
    if held and rated:
        name = "leverage" if "leverage" in draft else "initial_rate"
        reading.refuse(
            draft.at(name),
            "MC016",
            f"`{name}` of an order on `{symbol}`, which has a position",
            "the position's counts",
        )
    needs_rate = not held and not draft.get("reduce_only", False)
    tiered = bool(contract.tiers) and all(tier.initial_rate is not None for tier in contract.tiers)
    if needs_rate and not rated and not tiered:
        reading.refuse(
            draft.node, "MC022", f"the order on `{symbol}` has no initial margin rate", "add `leverage:` to the order"
        )
        return None
    mark = prices.mark(contract, draft.at("symbol"))
    side, quantity, price = SIDES.get(draft.get("side") or ""), draft.get("quantity"), draft.get("price")
    if mark is None or side is None or quantity is None or price is None:
        return None
    return Order(
        contract=contract,
        side=side,
        quantity=quantity,
        price=price,
        mark_price=mark,
        leverage=draft.get("leverage"),
        initial_rate=draft.get("initial_rate"),
        reduce_only=draft.get("reduce_only", False),
        position_side=leg,
    )


def _refuse_mixed_rates(reading: Reading, rows: list["Draft"], found: list[Order]) -> None:
    seen: dict[tuple[str, int | None], Order] = {}
    for order in found:
        if order.reduce_only:
            continue
        key = order.contract.symbol, order.position_side
        first = seen.setdefault(key, order)
        if (first.leverage, first.initial_rate) != (order.leverage, order.initial_rate):
            draft = next(draft for draft in rows if draft.get("symbol") == order.contract.symbol)
            reading.refuse(
                draft.node,
                "MC016",
                f"orders on `{order.contract.symbol}` differ in leverage",
                "a contract has one leverage: write the same on each",
            )
            return
