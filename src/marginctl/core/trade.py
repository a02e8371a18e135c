"""Trades: an account after positions are opened, added to, reduced or closed, and after money is moved.

Each is a function account -> account at the account's own prices, used wherever one is computed: by what-if, the search
for headroom, the test of hedges and the cascade. What is opened at the mark changes no equity.
"""

from collections.abc import Mapping
from decimal import Decimal

from msgspec.structs import replace

from marginctl.core.account import Account, MarginMode, Position, PositionMode
from marginctl.core.exact import ONE, ZERO, net
from marginctl.core.orders import orders_with, orders_without
from marginctl.core.requirement import initial_rate, leg
from marginctl.core.risk import bonus_after
from marginctl.core.value import merged_entry, realized_pnl


def transferred(account: Account, amounts: Mapping[str, Decimal]) -> Account:
    """The account with more of some assets, less where negative."""
    added = {asset: net(account.balances.get(asset, ZERO), amount) for asset, amount in amounts.items()}
    return replace(account, balances=account.balances | added)


def realised(account: Account, asset: str, gain: Decimal) -> Account:
    """The account after a profit or loss (negative) in an asset: a loss takes what the venue gave of it first."""
    paid = transferred(account, {asset: gain})
    return paid if gain >= 0 else replace(paid, bonus=bonus_after(account.bonus, {asset: -gain}))


def secured(account: Account, position: Position, amount: Decimal) -> Account:
    """The account after a transfer from outside into a position's isolated margin, in its settle asset."""
    margin = net(position.set_aside, amount)
    paid = transferred(account, {position.contract.settle: amount})
    return with_position(paid, replace(position, isolated_margin=margin))


def with_position(account: Account, position: Position) -> Account:
    """The account with a position instead of the one that has its key."""
    return replace(account, positions=tuple(position if one.key == position.key else one for one in account.positions))


def closed(
    account: Account, position: Position, quantity: Decimal, gain: Decimal, *, frees_margin: bool = True
) -> Account:
    """The account after ``quantity`` contracts of a position, at most all, are closed for ``gain`` of the settle asset.

    An initial margin stays in proportion to what is left, and so does an isolated margin, of which the rest is free
    again; not freed, all of it stays and takes the gain. Orders that had their rates from a position keep them.
    """
    paid = realised(account, position.contract.settle, gain)
    left = position.quantity - quantity
    if left <= 0:
        others = tuple(one for one in account.positions if one.key != position.key)
        return replace(paid, positions=others, orders=orders_without(account, position))
    isolated = position.isolated_margin
    if isolated is not None:
        isolated = isolated * left / position.quantity if frees_margin else net(isolated, gain)
    return with_position(paid, replace(resized(position, left), isolated_margin=isolated))


def resized(position: Position, quantity: Decimal) -> Position:
    """A position of another size at the same entry: an initial margin given as an amount stays in proportion."""
    margin = position.initial_margin
    share = None if margin is None else margin * quantity / position.quantity
    return replace(position, quantity=quantity, initial_margin=share)


def reduced(account: Account, position: Position, quantity: Decimal) -> Account:
    """The account after closing ``quantity`` contracts of a position at its mark."""
    if not quantity:
        return account
    gain = realized_pnl(position.contract, position.side, quantity, position.entry_price, position.mark_price)
    return closed(account, position, quantity, gain)


def increased(position: Position, quantity: Decimal, price: Decimal) -> Position:
    """A position with ``quantity`` contracts more, entered at ``price``; the isolated margin stays."""
    entry = merged_entry(position.contract, ((position.quantity, position.entry_price), (quantity, price)))
    return replace(resized(position, position.quantity + quantity), entry_price=entry)


def opened(account: Account, terms: Position, side: int, quantity: Decimal) -> Position:
    """A new cross position at the mark on the terms of another one; an initial margin given as an amount is a rate."""
    taken = any(one.key == terms.key for one in account.positions)
    fixed = replace(terms, initial_margin=None, initial_rate=initial_rate(terms, account.rules, account.prices))
    return replace(
        terms if terms.initial_margin is None else fixed,
        key=f"{terms.contract.symbol}:{side}" if taken else terms.key,
        side=side,
        quantity=quantity,
        entry_price=terms.mark_price,
        margin_mode=MarginMode.CROSS,
        isolated_margin=None,
    )


def stand_alone_margin(account: Account, position: Position) -> Decimal:
    """The initial margin of a position by itself as an isolated one, in its settle asset, with the venue's fees."""
    terms = leg(position, account.isolated_rules or account.rules, account.prices, ONE).initial
    return sum((term.at({}) for term in terms), ZERO) / account.prices[position.contract.settle]


def added_margin(account: Account, position: Position, quantity: Decimal, price: Decimal) -> Decimal:
    """The isolated margin of more of a position at ``price``, in its settle asset: at the rate of the whole of it."""
    whole = position.quantity if position.initial_margin is not None else position.quantity + quantity
    rate = initial_rate(replace(position, quantity=whole), account.isolated_rules or account.rules, account.prices)
    part = replace(position, quantity=quantity, entry_price=price, mark_price=price)
    fixed = replace(part, initial_rate=rate, initial_growth=ZERO, leverage=None, initial_margin=None)
    return stand_alone_margin(account, fixed)


def isolated(account: Account, position: Position) -> Account:
    """The account with a position behind its stand-alone initial margin, out of what it holds."""
    margin = stand_alone_margin(account, position)
    apart = replace(position, margin_mode=MarginMode.ISOLATED, isolated_margin=margin)
    return replace(with_position(account, apart), orders=orders_without(account, position))


def crossed(account: Account, position: Position) -> Account:
    """The account with a position in the shared pool, its isolated margin free again."""
    shared = replace(position, margin_mode=MarginMode.CROSS, isolated_margin=None)
    return replace(with_position(account, shared), orders=orders_with(account, shared))


def filled(account: Account, terms: Position, side: int, quantity: Decimal) -> Account:
    """The account after an order in the cross pool, filled at the mark on the terms of a position.

    One-way: it nets with the position on the contract and may turn it; hedge mode: it adds to the leg on its side.
    """
    if not quantity:
        return account
    held = next((one for one in account.positions if _is_met(account, one, terms, side)), None)
    if held is None:
        return _with_new(account, terms, side, quantity)
    if held.side == side:
        return with_position(account, increased(held, quantity, held.mark_price))
    after = reduced(account, held, min(quantity, held.quantity))
    rest = quantity - held.quantity
    return _with_new(after, held, side, rest) if rest > 0 else after


def _with_new(account: Account, terms: Position, side: int, quantity: Decimal) -> Account:
    return replace(account, positions=(*account.positions, opened(account, terms, side, quantity)))


def _is_met(account: Account, position: Position, terms: Position, side: int) -> bool:
    """Whether an order meets a position: in the cross pool on its contract, in hedge mode on its side."""
    return (
        position.isolated_margin is None
        and position.contract.symbol == terms.contract.symbol
        and (account.position_mode is PositionMode.ONE_WAY or position.side == side)
    )
