"""What the assets of a pool are worth: balances, profit and loss, haircuts, debts; today or along a motion."""

from msgspec.structs import replace

from marginctl.core.account import MarginMode, Position
from marginctl.core.exact import ONE, ZERO
from marginctl.core.explain.book import TODAY, Book, Way, after, product
from marginctl.core.explain.node import (
    FRACTION,
    ONE_NODE,
    ZERO_NODE,
    Constant,
    Difference,
    Input,
    Larger,
    Negation,
    Node,
    Product,
    Quotient,
    Sum,
    amount,
    decimal_of,
    line_of,
    named,
)
from marginctl.core.explain.prices import (
    entry_value,
    given,
    money_price,
    notional,
    price,
    unit_of,
    unrealized_pnl,
)
from marginctl.core.liquidation import PoolState
from marginctl.core.pool import Holding
from marginctl.core.value import exposure_side


def settled(state: PoolState, asset: str) -> list[Position]:
    """The positions of a pool that settle in an asset."""
    return [position for position in state.pool.positions if position.contract.settle == asset]


def balance(book: Book, state: PoolState, holding: Holding) -> Node:
    """Units held: what is listed less the isolated margins set aside; in an isolated pool its margin."""
    path = f"{book.collateral_path(holding.asset, state.pool.name)}.balance"
    return book.once(path, lambda: _balance(book, state, holding, path))


def _balance(book: Book, state: PoolState, holding: Holding, path: str) -> Node:
    asset = holding.asset
    unit = amount(asset)
    if state.pool.margin_mode is MarginMode.ISOLATED:
        own = given(book, state.pool.positions[0], "isolated_margin", unit)
        return Sum(terms=(own,), label="balance", of=asset, unit=unit, figure=path)
    listed = Input(
        label="amount",
        of=asset,
        unit=unit,
        amount=book.account.balances.get(asset, ZERO),
        key=f"collateral.{asset}.amount",
    )
    isolated = [
        given(book, position, "isolated_margin", unit)
        for position in book.account.positions
        if position.margin_mode is MarginMode.ISOLATED and position.contract.settle == asset
    ]
    if not isolated:
        return replace(listed, label="balance", figure=path)
    return Difference(terms=(listed, *isolated), label="balance", of=asset, unit=unit, figure=path)


def coin_pnl(book: Book, state: PoolState, holding: Holding) -> Node:
    """Unrealized PnL settled in an asset, in units of it."""
    path = f"{book.collateral_path(holding.asset, state.pool.name)}.unrealized_pnl"

    def build() -> Node:
        asset = holding.asset
        added: Node = Sum(terms=tuple(unrealized_pnl(book, position) for position in settled(state, asset)))
        is_plain = not settled(state, asset) or asset == book.account.currency
        found = added if is_plain else Quotient(numerator=added, denominator=price(book, asset))
        return named(found, "unrealized_pnl", asset, amount(asset), path)

    return book.once(path, build)


def coin_equity(book: Book, state: PoolState, holding: Holding) -> Node:
    """Balance plus unrealized PnL, in units of the asset."""
    path = f"{book.collateral_path(holding.asset, state.pool.name)}.equity"
    terms = (balance(book, state, holding), coin_pnl(book, state, holding))
    unit = amount(holding.asset)
    return book.once(path, lambda: Sum(terms=terms, label="equity", of=holding.asset, unit=unit, figure=path))


def price_figure(book: Book, state: PoolState, holding: Holding) -> Node:
    """The price as a figure of the report."""
    path = f"{book.collateral_path(holding.asset, state.pool.name)}.price"
    return replace(price(book, holding.asset), figure=path)


def is_moved(state: PoolState, holding: Holding, way: Way) -> bool:
    """Whether a motion moves the price of an asset, what it holds, or a position that settles in it."""
    if holding.asset in way.income:
        return True
    return way.of(holding.asset) is not None or any(map(way.touches, settled(state, holding.asset)))


def pnl_after(book: Book, position: Position, way: Way) -> Node:
    """Unrealized PnL after a move, in currency: side * (notional * its ratio - entry value * the settle asset's)."""
    driver, unit = way.driver(position), way.of(position.contract.settle)
    if driver is None and unit is None:
        return unrealized_pnl(book, position)
    now, then = after(notional(book, position), driver), after(entry_value(book, position), unit)
    terms = (now, then) if exposure_side(position) > 0 else (then, now)
    return Difference(terms=terms, label=f"{way.word} unrealized_pnl", of=position.key, unit=book.money)


def gross(book: Book, state: PoolState, holding: Holding, way: Way) -> Node:
    """price * (balance + unrealized PnL), before haircuts, in currency."""
    asset = holding.asset
    now = product(coin_equity(book, state, holding), *money_price(book, asset), unit=book.money)
    if not is_moved(state, holding, way):
        return now
    if asset in way.income:
        return Sum(terms=(now, way.income[asset]), label=f"{way.word} gross value", of=asset, unit=book.money)
    held = product(balance(book, state, holding), *money_price(book, asset), unit=book.money)
    terms = [after(held, way.of(asset))] if decimal_of(held) else []
    terms += [pnl_after(book, position, way) for position in settled(state, asset)]
    return Sum(terms=tuple(terms), label=f"{way.word} gross value", of=asset, unit=book.money)


def value(book: Book, state: PoolState, holding: Holding, way: Way = TODAY) -> Node:
    """What an asset adds to the equity of its pool, in currency: a debt in full, the rest less its haircuts."""
    if not is_moved(state, holding, way):
        path = f"{book.collateral_path(holding.asset, state.pool.name)}.value"
        return book.once(path, lambda: _named(book, holding, _value(book, state, holding, TODAY), "value", path))
    return _named(book, holding, _value(book, state, holding, way), f"{way.word} value", "")


def _named(book: Book, holding: Holding, node: Node, label: str, figure: str) -> Node:
    return named(node, label, holding.asset, book.money, figure)


def _unit(book: Book, holding: Holding, way: Way) -> Node:
    """The price of an asset after the move."""
    ratio = way.of(holding.asset)
    now = unit_of(book, holding.asset)
    return now if ratio is None else product(now, ratio, unit=book.money)


def _value(book: Book, state: PoolState, holding: Holding, way: Way) -> Node:
    before = gross(book, state, holding, way)
    unit = _unit(book, holding, way)
    index = holding.curve.index(line_of(before).at(way.probe), line_of(unit).at(way.probe))
    if index == 0:
        return _debt(book, state, holding, before)
    haircuts = book.terms(state, holding.asset).haircuts
    if not book.is_multi_asset(state):
        return before
    if index == 1:
        return _less_haircut(before, _haircut(book, state, holding, 0))
    parts = [
        _less_haircut(_slice(book, state, holding, way, unit, k, index - 1), _haircut(book, state, holding, k))
        for k in range(min(index, len(haircuts)))
    ]
    return Sum(terms=tuple(parts), note="haircut tiers are marginal: each counts for the part of the amount in it")


def _less_haircut(part: Node, haircut: Node) -> Node:
    share = Difference(terms=(ONE_NODE, haircut))
    is_bare_product = isinstance(part, Product) and not part.label
    factors = part.operands if is_bare_product else (part,)
    return Product(factors=(*factors, share))


def _slice(book: Book, state: PoolState, holding: Holding, way: Way, unit: Node, k: int, last: int) -> Node:
    """The part of an asset in its haircut tier k, in currency; the ``last`` one takes what is beyond its floor."""
    haircuts = book.terms(state, holding.asset).haircuts
    floor = haircuts[k - 1].up_to or ZERO if k else ZERO
    if k < last:
        width = (haircuts[k].up_to or ZERO) - floor
        return product(Constant(amount=width, unit=amount(holding.asset)), unit, unit=book.money)
    below = Constant(amount=floor, unit=amount(holding.asset))
    if is_moved(state, holding, way):
        return Difference(terms=(gross(book, state, holding, way), product(below, unit, unit=book.money)))
    return product(Difference(terms=(coin_equity(book, state, holding), below)), unit, unit=book.money)


def _haircut(book: Book, state: PoolState, holding: Holding, k: int) -> Node:
    """The haircut of a tier, as given or published."""
    haircuts = book.terms(state, holding.asset).haircuts
    key = f"collateral.{holding.asset}.haircut"
    tiered = len(haircuts) > 1
    return Input(
        label=f"haircut of tier {k + 1}" if tiered else "haircut",
        of=holding.asset,
        unit=FRACTION,
        amount=haircuts[k].haircut,
        key=f"{key}_tiers.{k}" if tiered else key,
    )


def _debt(book: Book, state: PoolState, holding: Holding, before: Node) -> Node:
    counted = book.terms(state, holding.asset).liability_factor
    if counted == ONE or (not line_of(before).at(ZERO) and not line_of(before).slope):
        return before
    key = f"collateral.{holding.asset}.liability_factor"
    return Product(factors=(Input(label="liability_factor", of=holding.asset, amount=counted, key=key), before))


def haircut(book: Book, state: PoolState, holding: Holding) -> Node:
    """``haircut`` of the report: the share of the value that does not count; 0 for debts."""
    path = f"{book.collateral_path(holding.asset, state.pool.name)}.haircut"

    def build() -> Node:
        asset = holding.asset
        before = gross(book, state, holding, TODAY)
        if decimal_of(before) <= 0:
            nothing = Constant(amount=ZERO, note="nothing is held, or it is a debt: that counts in full")
            return named(nothing, "haircut", asset, FRACTION, path)
        counted = Quotient(numerator=value(book, state, holding), denominator=before)
        return named(Difference(terms=(ONE_NODE, counted)), "haircut", asset, FRACTION, path)

    return book.once(path, build)


def loan_margin(book: Book, state: PoolState, holding: Holding, way: Way = TODAY) -> Node | None:
    """loan_rate * debt, in currency; None where there is no debt or its rate is 0."""
    if holding.loan is None:
        return None
    before = gross(book, state, holding, way)
    if line_of(before).at(way.probe) >= 0:
        return None
    rate = book.terms(state, holding.asset).loan_rate
    key = f"collateral.{holding.asset}.loan_rate"
    debt = Larger(options=(ZERO_NODE, Negation(term=before)), probe=way.probe)
    factors = (Input(label="loan_rate", of=holding.asset, unit=FRACTION, amount=rate, key=key), debt)
    label = f"{way.word} loan_margin" if is_moved(state, holding, way) else "loan_margin"
    return Product(factors=factors, label=label, of=holding.asset, unit=book.money)
