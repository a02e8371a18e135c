"""The margins of positions and pools: the engine's own requirement terms, named."""

from collections.abc import Iterable
from decimal import Decimal

from msgspec.structs import replace

from marginctl.analysis.order_steps import order_maintenance
from marginctl.analysis.steps import (
    FRACTION,
    MULTIPLE,
    Book,
    Parts,
    absent,
    in_tier,
    is_linear,
    joined,
    made,
    product,
    quantity_unit,
    stated,
)
from marginctl.core.account import Basis, CloseFee, Position
from marginctl.core.contract import TiersBy
from marginctl.core.exact import ONE, ZERO
from marginctl.core.liquidation import PoolState
from marginctl.core.report import PositionFigures
from marginctl.core.requirement import DearerSide, Leg, Term
from marginctl.core.value import basis_value, entry_value, exposure_side
from marginctl.results.explanation import Step, TierUsed


def worth(book: Book, position: Position, price: str, name: str, value: Decimal, figure: str = "") -> Step:
    """Contracts x size x price, in currency; an inverse contract is worth its size over the price, in the base."""
    quantity, size = book.of(position, "quantity"), book.size(position.contract)
    at = book.of(position, price)
    settle = book.money_price(position.contract.settle)
    parts = (
        product(quantity, size, at, settle) if is_linear(position) else [*product(quantity, size, settle), " / ", at]
    )
    return made(name, value, book.money, *parts, of=position.key, figure=figure)


def entry_worth(book: Book, position: Position) -> Step:
    """The value at the entry price."""
    value = entry_value(position, book.account.prices)
    key = f"entry value of {position.key}"
    return book.once(key, lambda _: worth(book, position, "entry_price", "entry_value", value))


# Rates and tiers.


def base_of(book: Book, position: Position, basis: Basis) -> Step:
    """What a rate is taken of: the notional at the mark or at the entry price."""
    return book.of(position, "notional") if basis is Basis.MARK else entry_worth(book, position)


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


def initial_rate(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
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


def maintenance_rate(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    """The position's own rate, or that of its tier."""
    if position.maintenance_rate is not None:
        return stated("maintenance_rate", row.maintenance_rate, FRACTION, path, of=position.key, figure=path)
    basis = book.pool_of(position).pool.rules.maintenance_basis
    found = _from_tier(book, position, basis, "maintenance_rate", row.maintenance_rate, FRACTION)
    return replace(found, figure=path)


def deduction(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
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


def tier(book: Book, position: Position, row: PositionFigures, path: str) -> Step:
    """The row of the contract's table, counted from 1."""
    if row.tier is None:
        own = book.of(position, "maintenance_rate")
        return absent("tier", "", "the position brings its own maintenance_rate", own, of=position.key, figure=path)
    basis = book.pool_of(position).pool.rules.maintenance_basis
    return replace(_from_tier(book, position, basis, "tier", row.tier, ""), figure=path)


# Margins.


def margin(which: str, book: Book, position: Position, row: PositionFigures, path: str) -> Step:
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
        parts = [base_of(book, position, basis), " x ", book.of(position, f"{which}_rate")]
        if not is_initial:
            parts = _less_deduction(book, position, parts, terms[0].at({}))
    fees = [close_fee(book, position, state, term) for term in terms[1:]]
    parts = [*parts, *(part for fee in fees for part in (" + ", fee))]
    return made(name, getattr(row, name), book.money, *_weighed(terms[0], parts), of=position.key, figure=path)


def _less_deduction(book: Book, position: Position, parts: Parts, value: Decimal) -> Parts:
    less = book.of(position, "maintenance_deduction")
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
        parts: Parts = [fee, " x ", book.of(position, "notional")]
        return made("close_fee", value, book.money, *parts, of=position.key)
    sign = " - " if exposure_side(position) > 0 else " + "
    rate = book.of(position, "initial_rate")
    head = " x (1" if value else " x max(0, 1"
    parts = [fee, " x ", entry_worth(book, position), head, sign, rate, ")"]
    note = "on the value at the price where the bare position is bankrupt"
    return made("close_fee", value, book.money, *parts, of=position.key, note=note)


def pool_margin(book: Book, state: PoolState, which: str, value: Decimal, path: str) -> Step:
    """A pool's margin of positions: the positions' own, or what netting leaves of them."""
    parts = joined(" + ", required(book, state, which))
    return made(f"{which}_margin", value, book.money, *parts, of=state.pool.name, figure=path)


def pool_maintenance(book: Book, state: PoolState, value: Decimal, path: str) -> Step:
    """The margin of positions, and what debts need."""
    steps = [*required(book, state, "maintenance"), *order_maintenance(book, state), *loans(book, state)]
    return made("maintenance_margin", value, book.money, *joined(" + ", steps), of=state.pool.name, figure=path)


def required(book: Book, state: PoolState, which: str) -> list[Step]:
    """The parts of a pool's requirement: positions alone, parts that netting leaves, the dearer of two sides."""
    pool = state.pool
    requirement = pool.initial if which == "initial" else pool.maintenance
    whole = {id(term): leg for leg in pool.legs for term in getattr(leg, which)}
    ordered = {id(term) for term in pool.order_maintenance} if which == "maintenance" else set()
    alone = [one for one in requirement.parts if isinstance(one, Term)]
    steps = _grouped(book, which, [one for one in alone if id(one) not in ordered], whole)
    for longs, shorts in ((one.longs, one.shorts) for one in requirement.parts if isinstance(one, DearerSide)):
        sides = [joined(" + ", _grouped(book, which, side, whole)) for side in (longs, shorts)]
        value = max(sum((term.at({}) for term in side), ZERO) for side in (longs, shorts))
        name = "the dearer side of " + ", ".join(dict.fromkeys(term.name.partition(":")[0] for term in longs + shorts))
        steps.append(made(name, value, book.money, "max(", *sides[0], ", ", *sides[1], ")"))
    return steps


def _grouped(book: Book, which: str, terms: Iterable[Term], whole: dict[int, Leg]) -> list[Step]:
    """A step for each leg of which all terms are there, one for each term that netting has made or left."""
    terms = list(terms)
    there = {id(term) for term in terms}
    steps: dict[str, Step] = {}
    for term in terms:
        leg = whole.get(id(term))
        if leg is not None and all(id(one) in there for one in getattr(leg, which)):
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
    if term.weight != ONE:
        parts = [Step(name="share", of=of, value=term.weight), " x (", *parts, ")"]
    return made(f"{which}_margin", term.at({}), book.money, *parts, of=of)


def loans(book: Book, state: PoolState) -> list[Step]:
    """What the debts of a pool need: loan_rate x debt."""
    steps = []
    for holding in state.pool.holdings:
        need = holding.loan_margin({})
        if need:
            rate = state.pool.terms[holding.asset].loan_rate
            factor = stated("loan_rate", rate, FRACTION, f"collateral.{holding.asset}.loan_rate", of=holding.asset)
            debt = book.figure(f"{book.collateral_path(holding.asset, state)}.equity")
            parts: Parts = [factor, " x -", *product(debt, book.money_price(holding.asset))]
            steps.append(made("loan_margin", need, book.money, *parts, of=holding.asset))
    return steps


def netted(book: Book, which: str, value: Decimal, path: str) -> Step:
    """The margin of all pools, without loans."""
    steps = [step for state in book.states for step in required(book, state, which.partition("_")[0])]
    note = "without orders and debts" if which == "maintenance_margin" else ""
    return made(which, value, book.money, *joined(" + ", steps), figure=path, note=note)
