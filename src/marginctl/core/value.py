"""What a position is worth: notional and entry value, in the account's currency."""

from decimal import Decimal

from marginctl.core.account import (
    Basis,
    Position,
)
from marginctl.core.contract import (
    Contract,
    ContractType,
)


def exposure_side(position: Position) -> int:
    """The sign of the exposure to the notional: the side, reversed for inverse contracts."""
    return position.side if position.contract.type is ContractType.LINEAR else -position.side


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
