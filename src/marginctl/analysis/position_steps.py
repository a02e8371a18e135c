"""The figures of a position, and the margins of pools: the engine's own requirement terms, named."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial

from msgspec.structs import replace

from marginctl.analysis import solutions
from marginctl.analysis.steps import (
    FRACTION,
    HOURS,
    MULTIPLE,
    Book,
    Parts,
    absent,
    in_tier,
    is_same,
    joined,
    made,
    price_unit,
    product,
    quantity_unit,
    signed,
    stated,
)
from marginctl.core.account import Basis, CloseFee, Position
from marginctl.core.contract import ContractType, TiersBy
from marginctl.core.exact import ONE, ZERO
from marginctl.core.liquidation import PoolState
from marginctl.core.report import PositionFigures, UnderlyingFigures
from marginctl.core.requirement import Leg, Term
from marginctl.core.value import basis_value, entry_value, exposure_side
from marginctl.results import Step, TierUsed

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


def _of_row(book: Book, position: Position, name: str) -> Step:
    return book.figure(f"positions.{position.key}.{name}")


def _is_linear(position: Position) -> bool:
    return position.contract.type is ContractType.LINEAR


def _quantity(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    """As given, or from the notional at mark in the quote asset."""
    unit, key = quantity_unit(position.contract), f"positions.{position.key}.notional"
    if book.is_stated(key):
        whole = book.stated_value(key)
        mark = book.mark(position.contract, position.mark_price) if _is_linear(position) else None
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


def _worth(book: Book, position: Position, price: str, name: str, value: Decimal, figure: str = "") -> Step:
    """Contracts x size x price, in currency; an inverse contract is worth its size over the price, in the base."""
    quantity, size = _of_row(book, position, "quantity"), book.size(position.contract)
    at = _of_row(book, position, price)
    settle = book.money_price(position.contract.settle)
    parts = (
        product(quantity, size, at, settle) if _is_linear(position) else [*product(quantity, size, settle), " / ", at]
    )
    return made(name, value, book.money, *parts, of=position.key, figure=figure)


def _notional(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    return _worth(book, position, "mark_price", "notional", row.notional, path)


def entry_worth(book: Book, position: Position) -> Step:
    """The value at the entry price."""
    value = entry_value(position, book.account.prices)
    key = f"entry value of {position.key}"
    return book.once(key, lambda _: _worth(book, position, "entry_price", "entry_value", value))


def _pnl(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    now, then = _of_row(book, position, "mark_price"), _of_row(book, position, "entry_price")
    one, other = (now, then) if exposure_side(position) > 0 else (then, now)
    gain: Parts = ["(", one, " - ", other, ")"] if _is_linear(position) else ["(1 / ", one, " - 1 / ", other, ")"]
    head = product(_of_row(book, position, "quantity"), book.size(position.contract))
    price = book.money_price(position.contract.settle)
    parts: Parts = [*head, " x ", *gain]
    if price is not None:
        parts += [" x ", price]
    return made("unrealized_pnl", row.unrealized_pnl, book.money, *parts, of=position.key, figure=path)


def _leverage(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    rate = _of_row(book, position, "initial_rate")
    if row.leverage is None:
        return absent("leverage", MULTIPLE, "the initial rate is 0", rate, of=position.key, figure=path)
    return made("leverage", row.leverage, MULTIPLE, "1 / ", rate, of=position.key, figure=path)


# Rates and tiers.


def base_of(book: Book, position: Position, basis: Basis) -> Step:
    """What a rate is taken of: the notional at the mark or at the entry price."""
    return _of_row(book, position, "notional") if basis is Basis.MARK else entry_worth(book, position)


def tier_used(book: Book, position: Position, basis: Basis) -> TierUsed | None:
    """The row of the contract's table for a position as it stands; None without a table."""
    contract = position.contract
    if not contract.tiers:
        return None
    size = basis_value(position, basis, book.account.prices) / book.account.prices[contract.settle]
    index = min(contract.tier_index(size, position.quantity), len(contract.tiers) - 1)
    by_notional = contract.tiers_by is TiersBy.NOTIONAL
    return TierUsed(
        number=index + 1,
        measure="notional" if by_notional else "quantity",
        size=size if by_notional else position.quantity,
        unit=contract.settle if by_notional else quantity_unit(contract),
        above=(contract.tiers[index - 1].up_to or ZERO) if index else ZERO,
        up_to=contract.tiers[index].up_to,
    )


def _from_tier(book: Book, position: Position, basis: Basis, name: str, value: Decimal | int, unit: str) -> Step:
    tier = tier_used(book, position, basis)
    if tier is None:
        raise ValueError(f"{position.contract.symbol} has no tiers")
    key = f"contracts.{position.contract.symbol}.tiers.{tier.number - 1}"
    return in_tier(stated(name, value, unit, key, of=position.key), tier)


def _initial_rate(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    """The position's own, or max(1 / leverage, the tier's)."""
    basis = book.pool_of(position).pool.rules.initial_basis
    if position.initial_rate is not None:
        return stated("initial_rate", row.initial_rate, FRACTION, path, of=position.key, figure=path)
    parts: Parts
    if position.initial_margin is not None:
        parts = [*_margin_given(book, position), " / ", base_of(book, position, basis)]
    else:
        options: list[Parts] = []
        if position.leverage is not None:
            options.append(["1 / ", book.given(position, "leverage", MULTIPLE)])
        if position.contract.tiers:
            tier = tier_used(book, position, basis)
            rate = position.contract.tiers[tier.number - 1].initial_rate if tier else None
            options.append([_from_tier(book, position, basis, "initial_rate of the tier", rate or ZERO, FRACTION)])
        parts = options[0] if len(options) == 1 else ["max(", *options[0], ", ", *options[1], ")"]
    return made("initial_rate", row.initial_rate, FRACTION, *parts, of=position.key, figure=path)


def _margin_given(book: Book, position: Position) -> Parts:
    own = replace(book.given(position, "initial_margin", position.contract.settle), name="initial_margin given")
    return product(own, book.money_price(position.contract.settle))


def _maintenance_rate(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    if position.maintenance_rate is not None:
        return stated("maintenance_rate", row.maintenance_rate, FRACTION, path, of=position.key, figure=path)
    basis = book.pool_of(position).pool.rules.maintenance_basis
    found = _from_tier(book, position, basis, "maintenance_rate", row.maintenance_rate, FRACTION)
    return replace(found, figure=path)


def _deduction(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    """The maintenance deduction in currency: the position's own, or that of its tier."""
    settle = position.contract.settle
    price = book.account.prices[settle]
    if position.maintenance_rate is not None:
        own = replace(book.given(position, "maintenance_deduction", settle), name="maintenance_deduction given")
    else:
        basis = book.pool_of(position).pool.rules.maintenance_basis
        own = _from_tier(book, position, basis, "deduction", row.maintenance_deduction / price, settle)
    parts = product(own, book.money_price(settle))
    return made("maintenance_deduction", row.maintenance_deduction, book.money, *parts, of=position.key, figure=path)


def _tier(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    if row.tier is None:
        own = _of_row(book, position, "maintenance_rate")
        return absent("tier", "", "the position brings its own maintenance_rate", own, of=position.key, figure=path)
    basis = book.pool_of(position).pool.rules.maintenance_basis
    return replace(_from_tier(book, position, basis, "tier", row.tier, ""), figure=path)


# Margins.


def _margin(which: str, book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    """weight x (base x rate - deduction + fee to close), as far as the rules have each."""
    state = book.pool_of(position)
    leg = next(one for one in state.pool.legs if one.position is position)
    terms: tuple[Term, ...] = getattr(leg, which)
    is_initial = which == "initial"
    name = f"{which}_margin"
    basis = state.pool.rules.initial_basis if is_initial else state.pool.rules.maintenance_basis
    parts: Parts
    if is_initial and position.initial_margin is not None:
        parts = _margin_given(book, position)
    else:
        parts = [base_of(book, position, basis), " x ", _of_row(book, position, f"{which}_rate")]
        if not is_initial:
            parts = _less_deduction(book, position, parts, terms[0].at({}))
    fees = [close_fee(book, position, state, term) for term in terms[1:]]
    parts = [*parts, *(part for fee in fees for part in (" + ", fee))]
    return made(name, getattr(row, name), book.money, *_weighed(terms[0], parts), of=position.key, figure=path)


def _less_deduction(book: Book, position: Position, parts: Parts, value: Decimal) -> Parts:
    less = _of_row(book, position, "maintenance_deduction")
    if less.value == ZERO:
        return parts
    return [*parts, " - ", less] if value else ["max(0, ", *parts, " - ", less, ")"]


def _weighed(term: Term, parts: Parts) -> Parts:
    """The parts times what a unit of margin required in the settle asset counts, where that is not 1."""
    if term.weight == ONE:
        return parts
    key = f"collateral.{term.unit}.requirement_factor"
    factor = stated("requirement_factor", term.weight, "", key, of=term.unit)
    return [factor, " x (", *parts, ")"] if len(parts) > 1 else [factor, " x ", *parts]


def close_fee(book: Book, position: Position, state: PoolState, term: Term) -> Step:
    """The fee to close as the engine's term has it: on the notional, or on the value at the bare bankruptcy price."""
    fee = stated("taker_fee", position.taker_fee, FRACTION, "account.taker_fee")
    value = term.at({}) / term.weight if term.weight else ZERO
    if state.pool.rules.close_fee is CloseFee.MARK:
        parts: Parts = [fee, " x ", _of_row(book, position, "notional")]
        return made("close_fee", value, book.money, *parts, of=position.key)
    sign = " - " if exposure_side(position) > 0 else " + "
    rate = _of_row(book, position, "initial_rate")
    parts = [fee, " x ", entry_worth(book, position), " x (1", sign, rate, ")"]
    note = "on the value at the price where the bare position is bankrupt"
    return made("close_fee", value, book.money, *parts, of=position.key, note=note)


def pool_margin(book: Book, state: PoolState, which: str, value: Decimal, path: str) -> Step:
    """A pool's margin of positions: the positions' own, or what netting leaves of them."""
    parts = joined(" + ", required(book, state, which))
    return made(f"{which}_margin", value, book.money, *parts, of=state.pool.name, figure=path)


def pool_maintenance(book: Book, state: PoolState, value: Decimal, path: str) -> Step:
    """The margin of positions, and what debts need."""
    steps = [*required(book, state, "maintenance"), *loans(book, state)]
    return made("maintenance_margin", value, book.money, *joined(" + ", steps), of=state.pool.name, figure=path)


def required(book: Book, state: PoolState, which: str) -> list[Step]:
    """The parts of a pool's requirement: positions alone, parts that netting leaves, the dearer of two sides."""
    pool = state.pool
    requirement = pool.initial if which == "initial" else pool.maintenance
    whole = {id(term): leg for leg in pool.legs for term in getattr(leg, which)}
    steps = _grouped(book, which, requirement.terms, whole)
    for longs, shorts in requirement.larger_of:
        sides = [joined(" + ", _grouped(book, which, side, whole)) for side in (longs, shorts)]
        value = max(sum((term.at({}) for term in side), ZERO) for side in (longs, shorts))
        name = "the dearer side of " + ", ".join(dict.fromkeys(term.name.partition(":")[0] for term in longs + shorts))
        steps.append(made(name, value, book.money, "max(", *sides[0], ", ", *sides[1], ")"))
    return steps


def _grouped(book: Book, which: str, terms: Iterable[Term], whole: dict[int, Leg]) -> list[Step]:
    """A step for each leg of which all terms are there, one for each term that netting has made."""
    steps: dict[str, Step] = {}
    for term in terms:
        leg = whole.get(id(term))
        if leg is not None:
            path = f"positions.{leg.position.key}.{which}_margin"
            steps.setdefault(path, book.figure(path))
        else:
            steps[f"{len(steps)}"] = term_step(book, which, term)
    return list(steps.values())


def term_step(book: Book, which: str, term: Term) -> Step:
    """A requirement term at today's prices: weight x (amount x rate - deduction)."""
    k = term.curve.index(term.amount, term.unit_price)
    rate = Step(name="rate", of=term.name, value=term.curve.slopes[k], unit=FRACTION)
    amount = Step(name="notional", of=term.name, value=term.amount, unit=book.money)
    parts: Parts = [amount, " x ", rate]
    if term.curve.intercepts[k]:
        value = -term.curve.intercepts[k] * term.unit_price
        parts += [" - ", Step(name="deduction", of=term.name, value=value, unit=book.money)]
    of = f"{term.name} after netting"
    return made(f"{which}_margin", term.at({}), book.money, *_weighed(term, parts), of=of)


def loans(book: Book, state: PoolState) -> list[Step]:
    """What the debts of a pool need: loan_rate x debt."""
    steps = []
    for holding in state.pool.holdings:
        need = holding.loan_margin({})
        if need:
            rate = book.terms(state, holding.asset).loan_rate
            factor = stated("loan_rate", rate, FRACTION, f"collateral.{holding.asset}.loan_rate", of=holding.asset)
            debt = book.figure(f"{book.collateral_path(holding.asset, state)}.equity")
            parts: Parts = [factor, " x -", *product(debt, book.money_price(holding.asset))]
            steps.append(made("loan_margin", need, book.money, *parts, of=holding.asset))
    return steps


def order_margin(book: Book, state: PoolState, path: str) -> Step:
    """What open orders add to the initial margin."""
    note = "" if state.pool.orders else "no orders"
    return Step(
        name="order_margin", of=state.pool.name, value=state.pool.order_margin, unit=book.money, figure=path, note=note
    )


def netted(book: Book, which: str, value: Decimal, path: str) -> Step:
    """The margin of all pools, without loans."""
    steps = [step for state in book.states for step in required(book, state, which.partition("_")[0])]
    note = "without debts" if which == "maintenance_margin" else ""
    return made(which, value, book.money, *joined(" + ", steps), figure=path, note=note)


# Funding, deltas, prices.


def _funding_per_day(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    rate = book.given(position, "funding_rate", FRACTION)
    if row.funding_per_day is None:
        note = "the position states no funding_rate"
        return absent("funding_per_day", book.money, note, rate, of=position.key, figure=path)
    lead: Parts = ["-"] if position.side > 0 else []
    hours = book.given(position, "funding_interval", HOURS)
    parts: Parts = [*lead, _of_row(book, position, "notional"), " x ", rate, " x 24 / ", hours]
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
    parts = product(_of_row(book, position, "quantity"), book.size(contract))
    value = position.quantity * contract.contract_size
    is_base = asset == contract.base
    if _is_linear(position) != is_base:
        mark = _of_row(book, position, "mark_price")
        parts += [" / " if is_base else " x ", mark]
        value = value / position.mark_price if is_base else value * position.mark_price
    return made("size", value, asset, *parts, of=position.key)


def _distance_to(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    price = _of_row(book, position, "liquidation_price")
    if row.distance_to_liquidation is None:
        note = "there is no liquidation price"
        return absent("distance_to_liquidation", FRACTION, note, price, of=position.key, figure=path)
    mark = _of_row(book, position, "mark_price")
    parts: Parts = ["|", price, " - ", mark, "| / ", mark]
    return made("distance_to_liquidation", row.distance_to_liquidation, FRACTION, *parts, of=position.key, figure=path)


FIGURES: dict[str, Builder] = {
    "quantity": _quantity,
    "entry_price": _entry_price,
    "mark_price": _mark_price,
    "notional": _notional,
    "unrealized_pnl": _pnl,
    "leverage": _leverage,
    "initial_rate": _initial_rate,
    "initial_margin": partial(_margin, "initial"),
    "maintenance_rate": _maintenance_rate,
    "maintenance_deduction": _deduction,
    "tier": _tier,
    "maintenance_margin": partial(_margin, "maintenance"),
    "liquidation_price": solutions.liquidation_price,
    "liquidation_side": partial(solutions.liquidation_side, "liquidation_price"),
    "distance_to_liquidation": _distance_to,
    "contract_liquidation_price": solutions.contract_liquidation_price,
    "bankruptcy_price": solutions.bankruptcy_price,
    "funding_per_day": _funding_per_day,
    "contract_liquidation_side": partial(solutions.liquidation_side, "contract_liquidation_price"),
}
