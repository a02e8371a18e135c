"""What a position is worth and what it has made: notional, entry value and PnL, each with its one formula."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from marginctl.core.account import Basis, Position
from marginctl.core.contract import Contract, ContractType
from marginctl.core.exact import ONE, ZERO, net


def exposure(contract: Contract, side: int) -> int:
    """The sign of the exposure to the notional: the side, reversed for inverse contracts."""
    return side if contract.type is ContractType.LINEAR else -side


def exposure_side(position: Position) -> int:
    """The sign of a position's exposure to its notional."""
    return exposure(position.contract, position.side)


def value_at(contract: Contract, quantity: Decimal, price: Decimal, prices: dict[str, Decimal]) -> Decimal:
    """Value of ``quantity`` contracts at ``price``, in currency.

    linear: quantity * contract_size * price * price of the quote; inverse: quantity * contract_size / price * price of
    the base. At the mark this is the notional, at the entry price the entry value.
    """
    units = quantity * contract.contract_size
    if contract.type is ContractType.LINEAR:
        return units * price * prices[contract.quote]
    return units * prices[contract.base] / price


def notional(position: Position, prices: dict[str, Decimal]) -> Decimal:
    """Notional at the mark, in currency."""
    return value_at(position.contract, position.quantity, position.mark_price, prices)


def entry_value(position: Position, prices: dict[str, Decimal]) -> Decimal:
    """Notional at the entry price, in currency at today's asset prices."""
    return value_at(position.contract, position.quantity, position.entry_price, prices)


def basis_value(position: Position, basis: Basis, prices: dict[str, Decimal]) -> Decimal:
    """The position's notional in currency at the price a margin is taken on."""
    return notional(position, prices) if basis is Basis.MARK else entry_value(position, prices)


def unit_notional(position: Position, prices: dict[str, Decimal]) -> Decimal:
    """Notional of one contract at the mark, in currency."""
    return notional(position, prices) / position.quantity


def base_size(contract: Contract, quantity: Decimal, price: Decimal) -> Decimal:
    """Units of the base in ``quantity`` contracts: quantity * contract_size, / price for inverse contracts."""
    units = quantity * contract.contract_size
    return units if contract.type is ContractType.LINEAR else units / price


def unrealized_pnl(position: Position, prices: dict[str, Decimal], ratios: dict[str, Decimal]) -> Decimal:
    """Notional less entry value by the side of the exposure, in currency, with ``prices`` multiplied by ``ratios``.

    linear: s * q * size * (mark - entry) * quote price; inverse: s * n * size * (1 / entry - 1 / mark) * base price.
    """
    contract = position.contract
    value = notional(position, prices) * driven(contract, ratios)
    return exposure_side(position) * net(value, -entry_value(position, prices) * ratios.get(contract.settle, ONE))


def driven(contract: Contract, ratios: Mapping[str, Decimal]) -> Decimal:
    """What a contract's notional in currency moves by: its own ratio, ``:SYMBOL``, or that of its driver."""
    own = ratios.get(f":{contract.symbol}")
    return ratios.get(contract.driver, ONE) if own is None else own


def marked(contract: Contract, ratios: Mapping[str, Decimal]) -> Decimal:
    """What a contract's mark moves by: ratio of the base / ratio of the quote, one of them its own, if it has one."""
    base, quote = ratios.get(contract.base, ONE), ratios.get(contract.quote, ONE)
    own = ratios.get(f":{contract.symbol}")
    if own is None:
        return base / quote
    return own / quote if contract.type is ContractType.LINEAR else base / own


def own_ratio(contract: Contract, shock: Decimal, ratios: Mapping[str, Decimal]) -> Decimal:
    """``:SYMBOL`` of a contract that moves by ``shock`` as if its base did, whatever that does.

    linear: 1 + shock; inverse: ratio of the base * ratio of the quote / (1 + shock), its notional going with 1 / mark.
    """
    if contract.type is ContractType.LINEAR:
        return ONE + shock
    return ratios.get(contract.base, ONE) * ratios.get(contract.quote, ONE) / (ONE + shock)


def realized_pnl(contract: Contract, side: int, quantity: Decimal, entry_price: Decimal, price: Decimal) -> Decimal:
    """What ``quantity`` contracts opened at ``entry_price`` make at ``price``, in the settle asset."""
    unit = {contract.settle: ONE}
    at_price, at_entry = (value_at(contract, quantity, one, unit) for one in (price, entry_price))
    return exposure(contract, side) * net(at_price, -at_entry)


def merged_entry(contract: Contract, lots: Sequence[tuple[Decimal, Decimal]]) -> Decimal:
    """The entry price of lots (quantity, entry price) of one contract and side as one position, which keeps their PnL.

    sum(n * entry) / sum(n) for linear, sum(n) / sum(n / entry) for inverse contracts; their entry where it is the same.
    """
    entries = {entry for _, entry in lots}
    if len(entries) == 1:
        return entries.pop()
    whole = sum((quantity for quantity, _ in lots), ZERO)
    if contract.type is ContractType.LINEAR:
        return sum((quantity * entry for quantity, entry in lots), ZERO) / whole
    return whole / sum((quantity / entry for quantity, entry in lots), ZERO)
