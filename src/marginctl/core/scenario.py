"""Shocks: asset prices move, quantities and entries stay, marks follow their prices."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.account import Account, Order, Position
from marginctl.core.contract import Contract
from marginctl.core.exact import ONE
from marginctl.core.pool import rules_of
from marginctl.core.value import basis_value, marked, own_ratio

EVERY_OTHER = "*"


class PathOutcome(Struct, frozen=True):
    """The first pool to be liquidated on the straight path to a scenario.

    crossing: the fraction of the path (0 = now, 1 = all of it), None = no pool is. bystanders: keys of the positions
    with PnL >= 0 that stand in that pool at that point. is_idle: no price of the account moves on it.
    """

    crossing: Decimal | None
    pool: str | None = None
    bystanders: tuple[str, ...] = ()
    is_idle: bool = False


class HedgeFigures(Struct, frozen=True):
    """With and without a position: its pool's distance to liquidation (None = never), the delta of its base in units.

    Distances are the smallest move that liquidates: of all assets together, or of the base alone.
    """

    distance: Decimal | None
    distance_without: Decimal | None
    delta: Decimal
    delta_without: Decimal


def expanded(shocks: dict[str, Decimal], account: Account) -> dict[str, Decimal]:
    """Shocks by asset; ``*`` stands for every other volatile asset (no stablecoin, no fiat currency) of the account.

    What follows an asset moves with it, unless it has a shock of its own: a depeg. A contract named by its symbol moves
    by its own shock, as ``:SYMBOL``, whatever its asset does.
    """
    contracts = contracts_of(account)
    own = {name: shock for name, shock in shocks.items() if name in contracts and name not in account.prices}
    named = {asset: shock for asset, shock in shocks.items() if asset != EVERY_OTHER and asset not in own}
    for asset, led in account.follows.items():
        if led in named:
            named.setdefault(asset, named[led])
    if EVERY_OTHER in shocks:
        for asset in account.prices:
            if account.drifts(asset):
                named.setdefault(asset, shocks[EVERY_OTHER])
    by = ratios(named)
    return named | {f":{name}": own_ratio(contracts[name], shock, by) - ONE for name, shock in own.items()}


def moves_in(shocks: Mapping[str, Decimal], account: Account) -> dict[str, Decimal]:
    """The same without what the account has no price for."""
    found = expanded(dict(shocks), account)
    return {asset: shock for asset, shock in found.items() if asset in account.prices or asset.startswith(":")}


def contracts_of(account: Account) -> dict[str, Contract]:
    """The contracts of positions and orders by symbol."""
    contracts = [one.contract for one in account.positions] + [one.contract for one in account.orders]
    return {contract.symbol: contract for contract in contracts}


def ratios(shocks: dict[str, Decimal]) -> dict[str, Decimal]:
    """1 + shock per asset: what a price is multiplied by."""
    return {asset: ONE + shock for asset, shock in shocks.items()}


def moved(account: Account, by: dict[str, Decimal]) -> Account:
    """The account with asset prices multiplied by ``by``: mark = mark * ratio of the base / ratio of the quote.

    Nothing moves where ``by`` is empty: the account itself. An ``initial_margin`` grows with the notional it is for.
    """
    if all(ratio == ONE for ratio in by.values()):
        return account
    prices = {asset: price * by.get(asset, ONE) for asset, price in account.prices.items()}

    def mark(contract: Contract, before: Decimal) -> Decimal:
        return before * marked(contract, by)

    others = tuple(row.moved(account.prices, by) for row in account.others)
    return replace(_marked(account, prices, mark), others=others)


def remarked(account: Account, symbol: str, price: Decimal) -> Account:
    """The account with another mark of one contract; the prices of assets, and all other marks, stay."""
    return _marked(account, account.prices, lambda contract, before: price if contract.symbol == symbol else before)


def _marked(account: Account, prices: dict[str, Decimal], mark: Callable[[Contract, Decimal], Decimal]) -> Account:
    """The account at other prices, with the marks that a function of contract and mark before gives."""

    def position(held: Position) -> Position:
        after = replace(held, mark_price=mark(held.contract, held.mark_price))
        if held.initial_margin is None:
            return after
        settle, basis = held.contract.settle, rules_of(account, held.margin_mode).initial_basis
        size_before = basis_value(held, basis, account.prices) / account.prices[settle]
        size_after = basis_value(after, basis, prices) / prices[settle]
        if size_after == size_before:
            return after
        return replace(after, initial_margin=held.initial_margin * size_after / size_before)

    def order(placed: Order) -> Order:
        return replace(placed, mark_price=mark(placed.contract, placed.mark_price))

    return replace(
        account,
        prices=prices,
        positions=tuple(position(held) for held in account.positions),
        orders=tuple(order(placed) for placed in account.orders),
    )
