"""What open orders need: the engine's own needs, contract by contract, named."""

from decimal import Decimal

from msgspec.structs import replace

from marginctl.analysis.steps import FRACTION, Book, Parts, joined, made, price_unit, product, quantity_unit, stated
from marginctl.core.account import Order
from marginctl.core.contract import LONG, ContractType
from marginctl.core.exact import ONE, ZERO
from marginctl.core.liquidation import PoolState
from marginctl.core.orders import Filled, OrderNeed
from marginctl.core.value import value_at
from marginctl.results.explanation import Step


def order_margin(book: Book, state: PoolState, path: str) -> Step:
    """What open orders add to the initial margin of a pool."""
    steps = [_initial(book, need) for need in state.pool.order_needs]
    value = state.pool.order_margin
    return made("order_margin", value, book.money, *joined(" + ", steps), of=state.pool.name, figure=path)


def order_maintenance(book: Book, state: PoolState) -> list[Step]:
    """What they add to the maintenance margin, where the venue counts that."""
    return [_kept(book, need) for need in state.pool.order_needs if need.maintenance]


def _symbol(need: OrderNeed) -> str:
    return need.orders[0].contract.symbol


def _initial(book: Book, need: OrderNeed) -> Step:
    """weight x max(0, the dearer outcome - what the position needs already); in hedge mode what the orders add."""
    rate = _rate(book, need)
    outcomes = [_needed(book, need, one, rate) for one in need.outcomes]
    parts: Parts
    if len(outcomes) == 1:
        parts = outcomes[0]
    else:
        parts = ["max(0, max(", *outcomes[0], ", ", *outcomes[1], ")"]
        parts += [" - ", book.of(need.position, "notional"), " x ", rate, ")"] if need.position else [")"]
    return made(
        "margin", need.weight * need.initial, book.money, *_weighed(need, parts), of=f"orders on {_symbol(need)}"
    )


def _weighed(need: OrderNeed, parts: Parts) -> Parts:
    if need.weight == ONE:
        return parts
    settle = need.orders[0].contract.settle
    key = f"collateral.{settle}.requirement_factor"
    return [stated("requirement_factor", need.weight, "", key, of=settle), " x (", *parts, ")"]


def _needed(book: Book, need: OrderNeed, outcome: Filled, rate: Step) -> Parts:
    """|position + orders| x rate + loss against the mark + fees; of one leg only what the orders add."""
    added = _value(book, need, outcome)
    one_way = len(need.outcomes) > 1
    parts: Parts = [added, " x ", rate]
    if one_way and need.position is not None:
        signed = book.of(need.position, "notional")
        held: Parts = [signed] if need.position.side > 0 else ["-", signed]
        parts = ["|", *held, " + " if outcome.side.side > 0 else " - ", added, "| x ", rate]
    for name, value in (("open_loss", outcome.side.loss), ("fees", outcome.fee)):
        if value:
            parts += [" + ", Step(name=name, of=_symbol(need), value=value, unit=book.money)]
    return parts


def _value(book: Book, need: OrderNeed, outcome: Filled) -> Step:
    """The value of one side's orders at their own prices."""
    name = "buys" if outcome.side.side == LONG else "sells"
    steps = [_order(book, order) for order in need.orders if order.side == outcome.side.side]
    return made(name, outcome.side.value, book.money, *joined(" + ", steps), of=_symbol(need))


def _order(book: Book, order: Order) -> Step:
    """quantity x contract_size x price, in currency."""
    k = next(k for k, one in enumerate(book.account.orders) if one is order)
    contract, of = order.contract, f"order {k + 1}"
    quantity = stated("quantity", order.quantity, quantity_unit(contract), f"orders.{k}.quantity", of=of)
    price = stated("price", order.price, price_unit(contract), f"orders.{k}.price", of=of)
    settle = book.money_price(contract.settle)
    linear = contract.type is ContractType.LINEAR
    head = product(quantity, book.size(contract), *((price, settle) if linear else (settle,)))
    parts = head if linear else [*head, " / ", price]
    return made(
        "value", value_at(contract, order.quantity, order.price, book.account.prices), book.money, *parts, of=of
    )


def _rate(book: Book, need: OrderNeed) -> Step:
    """The initial rate of orders: the position's where there is one, else their own or their tier's."""
    if need.position is not None:
        return book.of(need.position, "initial_rate")
    first = need.orders[0]
    k = next(k for k, one in enumerate(book.account.orders) if one is first)
    name = "initial_rate" if first.initial_rate is not None else "leverage"
    if getattr(first, name) is None:
        return Step(name="initial_rate of the tier", of=_symbol(need), value=need.rate, unit=FRACTION)
    given = stated(name, getattr(first, name), FRACTION if name == "initial_rate" else "multiple", f"orders.{k}.{name}")
    if name == "initial_rate":
        return given
    if need.rate == ONE / Decimal(given.value if isinstance(given.value, Decimal) else ONE):
        return made("initial_rate", need.rate, FRACTION, "1 / ", given, of=f"order {k + 1}")
    tier = Step(name="initial_rate of the tier", of=_symbol(need), value=need.rate, unit=FRACTION)
    return made("initial_rate", need.rate, FRACTION, "max(1 / ", given, ", ", tier, ")", of=f"order {k + 1}")


def _kept(book: Book, need: OrderNeed) -> Step:
    """What the dearer outcome adds to the maintenance margin, by the tier that the position would then have."""
    steps = [_value(book, need, one) for one in need.outcomes if one.side.value]
    fees = sum((one.fee for one in need.outcomes), ZERO)
    steps += [Step(name="fees", of=_symbol(need), value=fees, unit=book.money)] if fees else []
    words = "what the dearer side, once filled, needs beyond the position, with its fees"
    value = need.weight * need.maintenance
    step = made("maintenance_margin", value, book.money, words, of=f"orders on {_symbol(need)}")
    return replace(step, operands=tuple(steps))
