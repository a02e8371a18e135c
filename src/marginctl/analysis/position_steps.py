"""The figures of a position beyond its margins, and all of them by name."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from msgspec.structs import replace

from marginctl.analysis import solutions
from marginctl.analysis.margin_steps import deduction, initial_rate, maintenance_rate, margin, tier, worth
from marginctl.analysis.steps import (
    FRACTION,
    HOURS,
    MULTIPLE,
    Book,
    Parts,
    absent,
    is_linear,
    is_same,
    made,
    price_unit,
    product,
    quantity_unit,
    signed,
    stated,
)
from marginctl.core.account import Position
from marginctl.core.exact import ONE
from marginctl.core.liquidation import PoolState
from marginctl.core.report import PositionFigures, UnderlyingFigures
from marginctl.core.value import exposure_side
from marginctl.results.explanation import Step

WORDS = ("symbol", "side", "margin_mode", "pool", "purpose")
Builder = Callable[[Book, Position, PositionFigures, str], Step]


def add_position(book: Book, position: Position) -> None:
    """Add the builders of a position's figures."""
    row = next(one for one in book.report.positions if one.key == position.key)
    prefix = f"positions.{position.key}"
    for name in WORDS:
        path = f"{prefix}.{name}"
        book.builders[path] = partial(stated, name, getattr(row, name), "", path, of=position.key, figure=path)
    for name, build in FIGURES.items():
        book.builders[f"{prefix}.{name}"] = partial(build, book, position, row, f"{prefix}.{name}")


def _quantity(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    """As given, or from the notional at mark in the quote asset."""
    unit, key = quantity_unit(position.contract), f"positions.{position.key}.notional"
    if book.is_stated(key):
        whole = book.stated_value(key)
        mark = book.mark(position.contract, position.mark_price) if is_linear(position) else None
        each = position.contract.contract_size * (position.mark_price if mark else ONE)
        if isinstance(whole, Decimal) and is_same(whole / each, row.quantity):
            given = stated("notional given", whole, position.contract.quote, key, of=position.key)
            below = product(book.size(position.contract), mark)
            parts: Parts = [given, " / ", *(below if len(below) == 1 else ["(", *below, ")"])]
            return made("quantity", row.quantity, unit, *parts, of=position.key, figure=path)
    return stated("quantity", row.quantity, unit, path, of=position.key, figure=path)


def _entry_price(book: Book, position: Position, row: PositionFigures, path: str) -> Step:  # noqa: ARG001
    return stated("entry_price", row.entry_price, price_unit(position.contract), path, of=position.key, figure=path)


def _mark_price(book: Book, position: Position, row: PositionFigures, path: str) -> Step:  # noqa: ARG001
    return replace(book.mark(position.contract, position.mark_price), of=position.key, figure=path)


def _notional(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    return worth(book, position, "mark_price", "notional", row.notional, path)


def _pnl(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    now, then = book.of(position, "mark_price"), book.of(position, "entry_price")
    one, other = (now, then) if exposure_side(position) > 0 else (then, now)
    gain: Parts = ["(", one, " - ", other, ")"] if is_linear(position) else ["(1 / ", one, " - 1 / ", other, ")"]
    head = product(book.of(position, "quantity"), book.size(position.contract))
    price = book.money_price(position.contract.settle)
    parts: Parts = [*head, " x ", *gain]
    if price is not None:
        parts += [" x ", price]
    return made("unrealized_pnl", row.unrealized_pnl, book.money, *parts, of=position.key, figure=path)


def _leverage(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    rate = book.of(position, "initial_rate")
    if row.leverage is None:
        return absent("leverage", MULTIPLE, "the initial rate is 0", rate, of=position.key, figure=path)
    return made("leverage", row.leverage, MULTIPLE, "1 / ", rate, of=position.key, figure=path)


# Funding, deltas, prices.


def _funding_per_day(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    rate = book.given(position, "funding_rate", FRACTION)
    if row.funding_per_day is None:
        note = "the position states no funding_rate"
        return absent("funding_per_day", book.money, note, rate, of=position.key, figure=path)
    lead: Parts = ["-"] if position.side > 0 else []
    hours = book.given(position, "funding_interval", HOURS)
    parts: Parts = [*lead, book.of(position, "notional"), " x ", rate, " x 24 / ", hours]
    note = "longs pay a positive rate, shorts receive it"
    return made("funding_per_day", row.funding_per_day, book.money, *parts, of=position.key, figure=path, note=note)


def delta(book: Book, state: PoolState, row: UnderlyingFigures, path: str) -> Step:
    """Coin equity plus the signed base quantity of contracts; a contract quoted in the asset is short what it costs."""
    asset = row.asset
    terms: list[tuple[int, Step]] = []
    if any(holding.asset == asset for holding in state.pool.holdings):
        terms.append((1, book.figure(f"{book.collateral_path(asset, state)}.equity")))
    for position in state.pool.positions:
        contract = position.contract
        if asset in (contract.base, contract.quote):
            sign = position.side if asset == contract.base else -position.side
            terms.append((sign, _units(book, position, asset)))
    return made("delta", row.delta, asset, *signed(terms), of=asset, figure=path)


def _units(book: Book, position: Position, asset: str) -> Step:
    """What a position trades, in units of its base or its quote."""
    contract = position.contract
    parts = product(book.of(position, "quantity"), book.size(contract))
    value = position.quantity * contract.contract_size
    is_base = asset == contract.base
    if is_linear(position) != is_base:
        mark = book.of(position, "mark_price")
        parts += [" / " if is_base else " x ", mark]
        value = value / position.mark_price if is_base else value * position.mark_price
    return made("size", value, asset, *parts, of=position.key)


def _distance_to(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    price = book.of(position, "liquidation_price")
    if row.distance_to_liquidation is None:
        note = "there is no liquidation price"
        return absent("distance_to_liquidation", FRACTION, note, price, of=position.key, figure=path)
    mark = book.of(position, "mark_price")
    parts: Parts = ["|", price, " - ", mark, "| / ", mark]
    return made("distance_to_liquidation", row.distance_to_liquidation, FRACTION, *parts, of=position.key, figure=path)


FIGURES: dict[str, Builder] = {
    "quantity": _quantity,
    "entry_price": _entry_price,
    "mark_price": _mark_price,
    "notional": _notional,
    "unrealized_pnl": _pnl,
    "leverage": _leverage,
    "initial_rate": initial_rate,
    "initial_margin": partial(margin, "initial"),
    "maintenance_rate": maintenance_rate,
    "maintenance_deduction": deduction,
    "tier": tier,
    "maintenance_margin": partial(margin, "maintenance"),
    "liquidation_price": solutions.liquidation_price,
    "liquidation_side": partial(solutions.liquidation_side, "liquidation_price"),
    "distance_to_liquidation": _distance_to,
    "contract_liquidation_price": solutions.contract_liquidation_price,
    "bankruptcy_price": solutions.bankruptcy_price,
    "funding_per_day": _funding_per_day,
    "contract_liquidation_side": partial(solutions.liquidation_side, "contract_liquidation_price"),
}
