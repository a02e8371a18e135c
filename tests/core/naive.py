"""A second, deliberately naive reading of the definitions, to hold the engine against.

Everything is evaluated at given asset prices in ``Fraction``, in units of each asset and from the formulas as they are
written: no price ratios, no curves, no pieces. A crossing is found by looking at many points and halving between the
last safe and the first dead one. From the engine only the account's structs and enums are used.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from marginctl.core.account import (
    Account,
    AssetTerms,
    Basis,
    CloseFee,
    CloseFeeIn,
    CollateralMode,
    Equality,
    MarginMode,
    MarginRules,
    Netting,
    Order,
    Position,
)
from marginctl.core.contract import Contract, ContractType, Tier, TiersBy
from marginctl.core.opaque import OpaqueRow

NOTHING = Fraction(0)
WHOLE = Fraction(1)
NEXT_TO_NOTHING = Fraction(1, 10**60)
NEAR = Fraction(10)
UP_END = Fraction(10**30)
"""How far the naive reading looks for what the engine walks without an end."""


@lru_cache(maxsize=65536)
def frac(value: Decimal) -> Fraction:
    """The exact value of a decimal."""
    return Fraction(value)


class World(NamedTuple):
    """Asset prices in the account's currency, marks by symbol."""

    prices: dict[str, Fraction]
    marks: dict[str, Fraction]


class Book(NamedTuple):
    """What stands and falls together."""

    account: Account
    name: str
    isolated: bool
    rules: MarginRules
    balances: dict[str, Fraction]
    terms: dict[str, AssetTerms]
    positions: list[Position]
    orders: list[Order]
    others: tuple[OpaqueRow, ...] = ()


def books(account: Account) -> list[Book]:
    """The partition, in words: isolated positions with their own margin, the rest per asset or all together."""
    isolated = [p for p in account.positions if p.margin_mode is MarginMode.ISOLATED]
    cross = [p for p in account.positions if p.margin_mode is MarginMode.CROSS]
    balances = {asset: frac(amount) for asset, amount in account.balances.items()}
    for contract in [p.contract for p in account.positions] + [o.contract for o in account.orders]:
        balances.setdefault(contract.settle, NOTHING)
    for row in account.others if account.collateral_mode is CollateralMode.SINGLE_ASSET else ():
        balances.setdefault(row.settle, NOTHING)
    for position in isolated:
        balances[position.contract.settle] -= frac(position.isolated_margin or Decimal(0))
    found = []
    if account.collateral_mode is CollateralMode.MULTI_ASSET:
        orders = list(account.orders)
        book = Book(account, "cross", False, account.rules, balances, account.terms, cross, orders, account.others)
        found.append(book)
    else:
        for asset, amount in balances.items():
            loan_rate = account.terms.get(asset, AssetTerms()).loan_rate
            found.append(
                Book(
                    account,
                    f"cross:{asset}",
                    False,
                    account.rules,
                    {asset: amount},
                    {asset: AssetTerms(loan_rate=loan_rate)},
                    [p for p in cross if p.contract.settle == asset],
                    [o for o in account.orders if o.contract.settle == asset],
                    tuple(row for row in account.others if row.settle == asset),
                )
            )
    for position in isolated:
        side = "long" if position.side > 0 else "short"
        found.append(
            Book(
                account,
                f"isolated:{position.contract.symbol}:{side}",
                True,
                account.isolated_rules or account.rules,
                {position.contract.settle: frac(position.isolated_margin or Decimal(0))},
                {},
                [position],
                [],
            )
        )
    return found


def today(account: Account) -> World:
    """Prices and marks as they stand."""
    marks = {o.contract.symbol: frac(o.mark_price) for o in account.orders}
    marks |= {p.contract.symbol: frac(p.mark_price) for p in account.positions}
    return World({asset: frac(price) for asset, price in account.prices.items()}, marks)


def moved(account: Account, ratios: dict[str, Fraction]) -> World:
    """mark = mark0 * (base / base0) / (quote / quote0)."""
    now = today(account)
    contracts = {p.contract.symbol: p.contract for p in account.positions}
    marks = {
        symbol: now.marks[symbol] * ratios.get(contract.base, WHOLE) / ratios.get(contract.quote, WHOLE)
        for symbol, contract in contracts.items()
    }
    return World({asset: price * ratios.get(asset, WHOLE) for asset, price in now.prices.items()}, marks)


def remarked(account: Account, symbol: str, ratio: Fraction) -> World:
    """Only one contract's mark moves."""
    now = today(account)
    return World(now.prices, {**now.marks, symbol: now.marks[symbol] * ratio})


def base_size(contract: Contract, quantity: Fraction, price: Fraction) -> Fraction:
    """Notional in the settle asset."""
    units = quantity * frac(contract.contract_size)
    return units * price if contract.type is ContractType.LINEAR else units / price


def pnl(position: Position, mark: Fraction) -> Fraction:
    """Unrealized PnL in the settle asset."""
    contract, entry = position.contract, frac(position.entry_price)
    units = position.side * frac(position.quantity) * frac(contract.contract_size)
    if contract.type is ContractType.LINEAR:
        return units * (mark - entry)
    return units * (1 / entry - 1 / mark)


def units(book: Book, world: World) -> dict[str, Fraction]:
    """X_a = balance + unrealized PnL settled in a, in units of a."""
    found = dict(book.balances)
    for position in book.positions:
        found[position.contract.settle] += pnl(position, world.marks[position.contract.symbol])
    return found


def worth(amount: Fraction, terms: AssetTerms) -> Fraction:
    """What an amount of an asset counts, in units of the asset."""
    if amount < 0:
        return amount * frac(terms.liability_factor)
    counted, floor = NOTHING, NOTHING
    for tier in terms.haircuts:
        top = amount if tier.up_to is None else min(amount, frac(tier.up_to))
        counted += max(NOTHING, top - floor) * (1 - frac(tier.haircut))
        floor = max(floor, top)
    return counted


def equity(book: Book, world: World) -> Fraction:
    """Sum of the values of the pool's assets, and of what is taken as given, in currency."""
    held = units(book, world)
    found = sum((world.prices[a] * worth(x, book.terms.get(a, AssetTerms())) for a, x in held.items()), NOTHING)
    return found + sum((given_value(row, book, world) for row in book.others), NOTHING)


def given_value(row: OpaqueRow, book: Book, world: World) -> Fraction:
    """value + sum(delta * (price there - price today)), in currency."""
    now = today(book.account).prices
    return frac(row.value) + sum((frac(d) * (world.prices[a] - now[a]) for a, d in row.delta.items()), NOTHING)


def loans(book: Book, world: World) -> Fraction:
    """Maintenance on debt, in currency."""
    owed = NOTHING
    for asset, amount in units(book, world).items():
        if amount < 0:
            owed += -amount * world.prices[asset] * frac(book.terms.get(asset, AssetTerms()).loan_rate)
    return owed


def tier_of(contract: Contract, size: Fraction, quantity: Fraction) -> Tier | None:
    """The row of the table: the first one that reaches the notional (or the quantity), else the last."""
    measure = size if contract.tiers_by is TiersBy.NOTIONAL else quantity
    for tier in contract.tiers:
        if tier.up_to is None or measure <= frac(tier.up_to):
            return tier
    return contract.tiers[-1] if contract.tiers else None


def initial_rate(position: Position, rules: MarginRules, size: Fraction, quantity: Fraction) -> Fraction:
    """The position's own rate, or the larger of 1 / leverage and the tier's; a given margin is one for the whole."""
    if position.initial_rate is not None:
        return frac(position.initial_rate)
    if position.initial_margin is not None:
        return frac(position.initial_margin) / basis_size(position, rules.initial_basis)
    tier = tier_of(position.contract, size, quantity)
    least = tier.initial_rate if tier and tier.initial_rate is not None else Decimal(0)
    by_leverage = 1 / frac(position.leverage) if position.leverage is not None else NOTHING
    return max(by_leverage, frac(least))


def basis_size(position: Position, basis: Basis) -> Fraction:
    """Notional of the whole position today at the price a margin is taken on, in the settle asset."""
    price = position.mark_price if basis is Basis.MARK else position.entry_price
    return base_size(position.contract, frac(position.quantity), frac(price))


def rate_today(position: Position, rules: MarginRules) -> Fraction:
    """The initial rate of the position as it stands."""
    return initial_rate(position, rules, basis_size(position, rules.initial_basis), frac(position.quantity))


def close_fee(position: Position, rules: MarginRules, quantity: Fraction, mark: Fraction) -> Fraction:
    """The fee to close, in the settle asset."""
    contract, taker = position.contract, frac(position.taker_fee)
    if rules.close_fee is CloseFee.NONE:
        return NOTHING
    if rules.close_fee is CloseFee.MARK:
        return taker * base_size(contract, quantity, mark)
    rate = rate_today(position, rules)
    sign = position.side if contract.type is ContractType.LINEAR else -position.side
    return taker * base_size(contract, quantity, frac(position.entry_price)) * max(NOTHING, 1 - sign * rate)


def required(
    position: Position, book: Book, world: World, quantity: Fraction, *, initial: bool, hedged: Fraction = NOTHING
) -> Fraction:
    """Initial or maintenance margin of ``quantity`` of a position alone, in currency.

    What is ``hedged`` of it by the other leg (a share) needs no maintenance beyond twice its fee to close.
    """
    rules, contract = book.rules, position.contract
    mark = world.marks[contract.symbol]
    basis = rules.initial_basis if initial else rules.maintenance_basis
    size = base_size(contract, quantity, mark if basis is Basis.MARK else frac(position.entry_price))
    if initial:
        margin = size * initial_rate(position, rules, size, quantity)
    elif position.maintenance_rate is not None:
        margin = max(NOTHING, size * frac(position.maintenance_rate) - frac(position.maintenance_deduction))
    else:
        tier = tier_of(contract, size, quantity)
        margin = max(NOTHING, size * frac(tier.maintenance_rate) - frac(tier.deduction)) if tier else NOTHING
    if not initial:
        margin *= 1 - hedged
    as_given = position.initial_margin is not None or rules.close_fee_in is CloseFeeIn.MAINTENANCE
    if not (initial and as_given):
        margin += close_fee(position, rules, quantity, mark) * (1 + hedged)
    terms = book.terms.get(contract.settle, AssetTerms())
    factor = frac(terms.requirement_factor) if book.name == "cross" else WHOLE
    return factor * world.prices[contract.settle] * margin


def after_netting(book: Book) -> list[tuple[Position, Fraction]]:
    """What is margined: every position whole, or what remains of the larger leg of a contract."""
    if book.rules.netting is not Netting.NET:
        return [(p, frac(p.quantity)) for p in book.positions]
    kept = []
    for symbol in dict.fromkeys(p.contract.symbol for p in book.positions):
        legs = [p for p in book.positions if p.contract.symbol == symbol]
        net = sum((p.side * frac(p.quantity) for p in legs), NOTHING)
        kept += [(p, abs(net)) for p in legs if net * p.side > 0]
    return kept


def hedged_share(position: Position, book: Book) -> Fraction:
    """How much of a leg the opposite one covers, where the rules know such a thing."""
    if book.rules.netting is not Netting.HEDGED_FEES:
        return NOTHING
    legs = [p for p in book.positions if p.contract.symbol == position.contract.symbol]
    own, other = (
        sum((frac(p.quantity) for p in legs if (p.side == position.side) is same), NOTHING) for same in (True, False)
    )
    return min(own, other) / own


def margin(book: Book, world: World, *, initial: bool) -> Fraction:
    """Initial or maintenance margin of a pool's positions after netting, without loans, in currency."""
    rows = [
        (p, required(p, book, world, q, initial=initial, hedged=hedged_share(p, book))) for p, q in after_netting(book)
    ]
    if book.rules.underlying_netting is Netting.LARGER_LEG:
        return _dearer(rows, lambda p: p.contract.base)
    if book.rules.netting is Netting.LARGER_LEG:
        return _dearer(rows, lambda p: p.contract.symbol)
    return sum((amount for _, amount in rows), NOTHING)


def _dearer(rows: list[tuple[Position, Fraction]], key: Callable[[Position], str]) -> Fraction:
    longs: dict[str, Fraction] = {}
    shorts: dict[str, Fraction] = {}
    for position, amount in rows:
        side = longs if position.side > 0 else shorts
        side[key(position)] = side.get(key(position), NOTHING) + amount
    return sum((max(longs.get(k, NOTHING), shorts.get(k, NOTHING)) for k in {*longs, *shorts}), NOTHING)


def initial(book: Book, world: World) -> Fraction:
    """Initial margin with that of rows taken as given, in currency."""
    return margin(book, world, initial=True) + sum((frac(row.initial_margin) for row in book.others), NOTHING)


def maintenance(book: Book, world: World) -> Fraction:
    """Maintenance margin with orders, loans and rows taken as given, in currency."""
    from .naive_orders import order_maintenance  # it reads this module in turn

    given = sum((frac(row.maintenance_margin) for row in book.others), NOTHING)
    return margin(book, world, initial=False) + order_maintenance(book, world) + loans(book, world) + given


def bonus_left(account: Account, world: World) -> dict[str, Fraction]:
    """Units of each asset that are the venue's still: what it gave less what every losing position loses in it."""
    found = {asset: frac(amount) for asset, amount in account.bonus.items()}
    for position in account.positions:
        settle = position.contract.settle
        if settle in found:
            found[settle] -= max(NOTHING, -pnl(position, world.marks[position.contract.symbol]))
    return {asset: max(NOTHING, amount) for asset, amount in found.items()}


def own_equity(account: Account, world: World) -> Fraction:
    """Equity of all pools without the bonus that is left: taken out of the shared pool first, then of others."""
    found, left = NOTHING, bonus_left(account, world)
    for book in books(account):
        held = units(book, world)
        for asset, amount in held.items():
            taken = min(left.get(asset, NOTHING), max(NOTHING, amount))
            left[asset] = left.get(asset, NOTHING) - taken
            found += world.prices[asset] * worth(amount - taken, book.terms.get(asset, AssetTerms()))
        found += sum((given_value(row, book, world) for row in book.others), NOTHING)
    return found


def health(book: Book, world: World) -> Fraction:
    """equity - level * maintenance margin."""
    return equity(book, world) - frac(book.rules.level) * maintenance(book, world)


def is_dead(book: Book, world: World) -> bool:
    """equity < level * maintenance margin, with maintenance margin > 0."""
    needed = maintenance(book, world)
    if needed <= 0:
        return False
    left = equity(book, world) - frac(book.rules.level) * needed
    return left < 0 or (left == 0 and book.rules.equality is Equality.LIQUIDATED)


def funding_received(position: Position, world: World) -> Fraction:
    """Per day, in the settle asset; longs pay a positive rate."""
    size = base_size(position.contract, frac(position.quantity), world.marks[position.contract.symbol])
    rate = frac(position.funding_rate or Decimal(0))
    return -position.side * size * rate * 24 / frac(position.funding_interval)


def after_days(book: Book, days: Fraction) -> Book:
    """The pool after so many days of funding, prices flat."""
    now = today(book.account)
    balances = dict(book.balances)
    for position in book.positions:
        balances[position.contract.settle] += days * funding_received(position, now)
    return book._replace(balances=balances)


def points(end: Fraction, count: int) -> Iterable[Fraction]:
    """Points in (0, end), denser near 0; beyond 10 one in each power of ten."""
    near = min(end, NEAR)
    yield from (near * Fraction(k * k, count * count) for k in range(1, count))
    while near < end:
        yield near
        near *= 10


def first_crossing(dead: Callable[[Fraction], bool], end: Fraction, *, count: int, halvings: int) -> Fraction | None:
    """The first u in (0, end) found dead by looking at ``count`` points, then by halving; 0 < u."""
    safe = NOTHING
    for u in points(end, count):
        if dead(u):
            return _halved(dead, safe, u, halvings)
        safe = u
    return None


def _halved(dead: Callable[[Fraction], bool], safe: Fraction, beyond: Fraction, halvings: int) -> Fraction:
    """The dead end of the interval after halving it around the crossing."""
    for _ in range(halvings):
        middle = (safe + beyond) / 2
        if dead(middle):
            beyond = middle
        else:
            safe = middle
    return beyond


def asset_world(account: Account, asset: str, side: int, u: Fraction) -> World:
    """One asset's price moved by side * u."""
    return moved(account, {asset: 1 + side * u})


def contract_world(account: Account, symbol: str, side: int, u: Fraction) -> World:
    """One contract's mark moved by side * u."""
    return remarked(account, symbol, 1 + side * u)


def joint_world(account: Account, side: int, u: Fraction) -> World:
    """All assets moved together: price * max(0, 1 + side * beta * u); a quote that is gone is worth next to nothing."""
    quotes = {position.contract.quote for position in account.positions}
    least = {asset: NEXT_TO_NOTHING if asset in quotes else NOTHING for asset in account.betas}
    return moved(account, {a: max(least[a], 1 + side * frac(beta) * u) for a, beta in account.betas.items()})


def ends(side: int) -> Fraction:
    """Where the way down ends, and how far the way up is looked at."""
    return WHOLE if side < 0 else UP_END
