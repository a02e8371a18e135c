"""Prices, marks, quantities and values of contracts."""

from decimal import Decimal

from marginctl.core.account import Position
from marginctl.core.contract import Contract, ContractType
from marginctl.core.exact import ONE
from marginctl.core.explain.book import Book, in_money, product
from marginctl.core.explain.node import (
    CONTRACTS,
    ONE_NODE,
    Difference,
    Input,
    Negation,
    Node,
    Product,
    Quotient,
    Sum,
    Unit,
    amount,
    decimal_of,
    is_close,
    price_unit,
)
from marginctl.core.value import exposure_side


def price(book: Book, asset: str) -> Node:
    """Price of one unit of an asset, in currency: given, assumed, or that which the mark of a contract gives."""
    return book.once(f"prices.{asset}", lambda: _price(book, asset))


def _price(book: Book, asset: str) -> Node:
    value = book.account.prices[asset]
    key = f"prices.{asset}"
    if key not in book.stated:
        for position in book.account.positions:
            contract = position.contract
            if contract.base == asset and f"marks.{contract.symbol}" in book.stated:
                factors = (
                    mark(book, contract, position.mark_price),
                    *in_money(book, contract.quote, price(book, contract.quote)),
                )
                found = product(*factors, label="price", of=asset, unit=book.money)
                if is_close(decimal_of(found), value):
                    return found
    return Input(label="price", of=asset, unit=book.money, amount=value, key=key)


def money_price(book: Book, asset: str) -> tuple[Node, ...]:
    """The price of an asset as a factor, none for the account's currency."""
    return in_money(book, asset, price(book, asset))


def unit_of(book: Book, asset: str) -> Node:
    """The price of an asset as a node; 1 for the account's currency."""
    return ONE_NODE if asset == book.account.currency else price(book, asset)


def mark(book: Book, contract: Contract, value: Decimal) -> Node:
    """The mark of a contract: given, or price of the base / price of the quote."""
    return book.once(f"marks.{contract.symbol}", lambda: _mark(book, contract, value))


def _mark(book: Book, contract: Contract, value: Decimal) -> Node:
    key = f"marks.{contract.symbol}"
    unit = price_unit(contract.quote, contract.base)
    if key not in book.stated:
        follows = _of_prices(book, contract, unit)
        if is_close(decimal_of(follows), value):
            return follows
    return Input(label="mark_price", of=contract.symbol, unit=unit, amount=value, key=key)


def _of_prices(book: Book, contract: Contract, unit: Unit) -> Node:
    base = price(book, contract.base)
    if contract.quote == book.account.currency:
        return Sum(terms=(base,), label="mark_price", of=contract.symbol, unit=unit)
    quote = price(book, contract.quote)
    return Quotient(numerator=base, denominator=quote, label="mark_price", of=contract.symbol, unit=unit)


def mark_price(book: Book, position: Position) -> Node:
    """The mark of a position's contract."""
    return mark(book, position.contract, position.mark_price)


def given(book: Book, position: Position, name: str, unit: Unit, *, is_figure: bool = False) -> Node:
    """A field of a position, as it was given."""
    path = f"positions.{position.key}.{name}"
    value, figure = getattr(position, name), path if is_figure else ""

    def build() -> Node:
        return Input(label=name, of=position.key, unit=unit, figure=figure, amount=value, key=path)

    return book.once(f"given {path}", build)


def entry_price(book: Book, position: Position) -> Node:
    """The entry price, as given or assumed."""
    contract = position.contract
    return given(book, position, "entry_price", price_unit(contract.quote, contract.base), is_figure=True)


def quantity_unit(contract: Contract) -> Unit:
    """Units of the base where one contract is one of them, else contracts."""
    is_unit = contract.type is ContractType.LINEAR and contract.contract_size == ONE
    return amount(contract.base) if is_unit else CONTRACTS


def quantity(book: Book, position: Position) -> Node:
    """Number of contracts: as given, or from the notional at mark in the quote asset."""
    return book.once(f"positions.{position.key}.quantity", lambda: _quantity(book, position))


def _quantity(book: Book, position: Position) -> Node:
    contract = position.contract
    unit, path = quantity_unit(contract), f"positions.{position.key}.quantity"
    key = f"positions.{position.key}.notional"
    if key in book.stated:
        value = Input(
            label="notional given", of=position.key, unit=amount(contract.quote), amount=book.stated[key], key=key
        )
        each = (*size(book, contract), *((mark_price(book, position),) if _is_linear(contract) else ()))
        per_contract = each[0] if len(each) == 1 else Product(factors=each)
        found = Quotient(
            numerator=value, denominator=per_contract, label="quantity", of=position.key, unit=unit, figure=path
        )
        if is_close(decimal_of(found), position.quantity):
            return found
    return Input(label="quantity", of=position.key, unit=unit, figure=path, amount=position.quantity, key=path)


def _is_linear(contract: Contract) -> bool:
    return contract.type is ContractType.LINEAR


def size(book: Book, contract: Contract) -> tuple[Node, ...]:
    """The contract size as a factor; none where a contract is one unit of the base."""
    if _is_linear(contract) and contract.contract_size == ONE:
        return ()
    key = f"contracts.{contract.symbol}.contract_size"
    unit = amount(contract.base if _is_linear(contract) else contract.quote)
    node = book.once(
        key,
        lambda: Input(label="contract_size", of=contract.symbol, unit=unit, amount=contract.contract_size, key=key),
    )
    return (node,)


def value_of(book: Book, contract: Contract, contracts: Node, at: Node, label: str, of: str, figure: str = "") -> Node:
    """Value of a number of contracts at a price, in currency.

    linear: quantity * contract_size * price * price of the quote; inverse: quantity * contract_size * price of the base
    / price.
    """
    if _is_linear(contract):
        factors = (contracts, *size(book, contract), at, *money_price(book, contract.quote))
        return product(*factors, label=label, of=of, unit=book.money, figure=figure)
    above = product(contracts, *size(book, contract), *money_price(book, contract.base), unit=book.money)
    return Quotient(numerator=above, denominator=at, label=label, of=of, unit=book.money, figure=figure)


def notional(book: Book, position: Position) -> Node:
    """Value at the mark, in currency."""
    path = f"positions.{position.key}.notional"

    def build() -> Node:
        held, at = quantity(book, position), mark_price(book, position)
        return value_of(book, position.contract, held, at, "notional", position.key, path)

    return book.once(path, build)


def entry_value(book: Book, position: Position) -> Node:
    """Value at the entry price, in currency."""

    def build() -> Node:
        held, at = quantity(book, position), entry_price(book, position)
        return value_of(book, position.contract, held, at, "entry_value", position.key)

    return book.once(f"entry value of {position.key}", build)


def unrealized_pnl(book: Book, position: Position) -> Node:
    """linear: quantity * contract_size * (mark - entry); inverse: quantity * contract_size * (1/entry - 1/mark).

    In currency; a short has the two prices the other way round.
    """
    path = f"positions.{position.key}.unrealized_pnl"

    def build() -> Node:
        contract = position.contract
        now, then = mark_price(book, position), entry_price(book, position)
        if not _is_linear(contract):
            now, then = Quotient(numerator=ONE_NODE, denominator=now), Quotient(numerator=ONE_NODE, denominator=then)
        gain = Difference(terms=(now, then) if exposure_side(position) > 0 else (then, now))
        factors = (quantity(book, position), *size(book, contract), gain, *money_price(book, contract.settle))
        return product(*factors, label="unrealized_pnl", of=position.key, unit=book.money, figure=path)

    return book.once(path, build)


def base_units(book: Book, position: Position) -> Node:
    """What a position trades, in units of its base: quantity * contract_size, for inverse contracts / mark_price."""
    contract = position.contract
    unit = amount(contract.base)
    units = product(quantity(book, position), *size(book, contract), unit=unit)
    if _is_linear(contract):
        return units
    return Quotient(numerator=units, denominator=mark_price(book, position))


def quote_units(book: Book, position: Position) -> Node:
    """The same in units of its quote: base units * mark_price, for inverse contracts quantity * contract_size."""
    contract = position.contract
    factors = (quantity(book, position), *size(book, contract))
    if _is_linear(contract):
        factors = (*factors, mark_price(book, position))
    return product(*factors, unit=amount(contract.quote))


def signed_notional(book: Book, position: Position) -> Node:
    """The notional, negative for a short."""
    value = notional(book, position)
    return value if position.side > 0 else Negation(term=value)
