"""What the names of formula lines stand for in pools: the engine's own requirement parts, order needs and debts."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache, partial
from typing import Any

from marginctl.analysis import solutions
from marginctl.analysis.formula_lines import Operand
from marginctl.analysis.model_operands import model_step, order_subject
from marginctl.analysis.operands import Given, contract_names, formula_word, quantity_unit, terms_of
from marginctl.analysis.subjects import FRACTION, ExplainedAccount, Named, Subject, price_unit
from marginctl.core.account import Equality, Order
from marginctl.core.exact import ONE, ZERO
from marginctl.core.liquidation import PoolState
from marginctl.core.orders import Filled, OrderNeed
from marginctl.core.pool import Holding
from marginctl.core.requirement import DearerSide, Term
from marginctl.results.explanation import Step, Value


def pool_subject(book: ExplainedAccount, prefix: str, row: Any) -> Subject:
    """A pool: what it holds, the parts of its requirement, its orders and its debts."""
    state = next(one for one in book.states if one.pool.name == row.name)
    words = frozenset({"liquidated"} if state.pool.rules.equality is Equality.LIQUIDATED else ())
    names: Named = {
        "level": partial(book.level, state),
        "collateral": lambda: [book.holding(state, one.asset) for one in state.pool.holdings],
        "initial_parts": cache(partial(_parts, book, state, "initial")),
        "maintenance_parts": cache(partial(_parts, book, state, "maintenance")),
        "orders": [_need_subject(book, state, need) for need in state.pool.order_needs]
        + [order_subject(book, one) for one in state.pool.scanned_orders],
        "debts": lambda: [_debt(book, state, one) for one in state.pool.holdings if one.loan_margin({})],
        "others": lambda: [book.subject(f"other.{one.row.name}") for one in state.pool.others],
    }
    return Subject(book, ("PoolFigures",), row.name, prefix, row, words, names=names)


def liquidation_subject(book: ExplainedAccount, prefix: str, row: Any) -> Subject:
    """Where a pool is liquidated when all assets move together."""
    name = prefix.removeprefix("pools.").removesuffix(".liquidation")
    state = next(one for one in book.states if one.pool.name == name)
    names: Named = {
        word: partial(solutions.joint_move, book, state, side) for word, side in (("fall", -1), ("rise", 1))
    }
    return Subject(book, ("Liquidation",), name, prefix, row, names=names)


def _parts(book: ExplainedAccount, state: PoolState, which: str) -> list[Step]:
    """The parts of a pool's requirement: positions alone, what netting leaves of them, the dearer of two sides."""
    pool = state.pool
    if pool.asked is not None:
        return [one for one in [model_step(book, pool.name, pool.asked, which)] if one is not None]
    ordered = {id(term) for term in pool.order_maintenance}
    parts = [one for one in getattr(pool, which).parts if id(one) not in ordered]
    steps = _grouped(book, state, which, [one for one in parts if isinstance(one, Term)])
    for one in parts:
        if isinstance(one, DearerSide):
            names: Named = {
                side: partial(_grouped, book, state, which, getattr(one, side)) for side in ("longs", "shorts")
            }
            of = ", ".join(dict.fromkeys(term.name.partition(":")[0] for term in one.longs + one.shorts))
            values = {"margin": one.at({})}
            subject = Subject(book, ("DearerSide",), f"the dearer side of {of}", values=values, names=names)
            steps += filter(None, [subject.step("margin")])
    return steps


def _grouped(book: ExplainedAccount, state: PoolState, which: str, terms: Iterable[Term]) -> list[Step]:
    """A step for each position of which all terms are there, one for each term that netting has made or left."""
    terms = list(terms)
    there = {id(term) for term in terms}
    whole = {id(term): leg for leg in state.pool.legs for term in getattr(leg, which)}
    steps: dict[str, Step | None] = {}
    for term in terms:
        leg = whole.get(id(term))
        if leg is not None and all(id(one) in there for one in getattr(leg, which)):
            path = f"positions.{leg.position.key}.{which}_margin"
            steps.setdefault(path, book.figure(path))
        else:
            steps[f"{len(steps)}"] = _term(book, term)
    return [step for step in steps.values() if step is not None]


def _term(book: ExplainedAccount, term: Term) -> Step | None:
    """A requirement term at today's prices."""
    k, rate = term.curve.index(term.amount, term.unit_price), term.curve.rate(term.amount, term.unit_price)
    off = -term.curve.intercepts[k] * term.unit_price
    step = partial(Step, of=term.name)
    names: Named = {
        "share": None if term.weight == ONE else step(name="share", value=term.weight),
        "notional": step(name="notional", value=term.amount, unit=book.money),
        "rate": step(name="rate", value=rate, unit=FRACTION),
        "deduction": step(name="deduction", value=off, unit=book.money) if off else None,
    }
    values = {"margin": term.at({})}
    return Subject(book, ("Term",), f"{term.name} after netting", values=values, names=names).step("margin")


def _debt(book: ExplainedAccount, state: PoolState, holding: Holding) -> Subject:
    """What a debt needs."""
    asset = holding.asset
    row = book.holding(state, asset)
    names: Named = {
        "terms": terms_of(book, state, asset),
        "equity": lambda: row.operand("equity") if row else None,
        "unit_price": partial(book.unit_price, asset),
    }
    return Subject(book, ("Debt",), asset, names=names)


# Orders.


def _need_subject(book: ExplainedAccount, state: PoolState, need: OrderNeed) -> Subject:
    """What the orders on one contract need, as the engine finds it."""
    contract, held = need.orders[0].contract, need.position
    names: Named = {
        "terms": terms_of(book, state, contract.settle),
        "own": _given_to(book, need.orders[0]),
        "rate_of_the_tier": Step(name="initial_rate of the tier", of=contract.symbol, value=need.rate, unit=FRACTION),
        "position": lambda: book.position(held.key) if held else None,
        "held_side": held.side if held else None,
    }
    words = frozenset({"held"} if held and len(need.outcomes) > 1 else ())
    values: dict[str, Value] = {"initial_rate": need.rate, "maintenance_margin": need.weight * need.maintenance}
    of, units = f"orders on {contract.symbol}", {"initial_rate": FRACTION}
    subject = Subject(book, ("OrderNeed",), of, words=words, units=units, values=values)
    outcomes = [_outcome(subject, need, one, names) for one in need.outcomes]
    own: Named = {} if need.maintenance else {"maintenance_margin": None}
    subject.names = {**names, **own, "outcomes": outcomes}
    return subject


def _outcome(subject: Subject, need: OrderNeed, filled: Filled, names: Named) -> Subject:
    """One side's orders, and what they would make of the position."""
    book, side = subject.book, filled.side
    of = f"{need.orders[0].contract.symbol} with its {'buys' if side.side > 0 else 'sells'} filled"

    def extra(name: str, value: Decimal) -> Step | None:
        return Step(name=name, of=of, value=value, unit=book.money) if value else None

    placed = [_order(book, one) for one in need.orders if one.side == side.side]
    rate: Operand | Callable[[], Operand] = partial(subject.step, "initial_rate")
    if filled.rate != need.rate:
        rate = Step(name="initial_rate of that size", of=of, value=filled.rate, unit=FRACTION)
    own: Named = {
        "placed": placed,
        "side": side.side,
        "initial_rate": rate,
        "risen": extra("what the position needs more at that rate", filled.risen),
        "open_loss": extra("open_loss", side.loss),
        "fees": extra("fees", filled.fee),
    }
    nothing: Named = {} if placed else {"orders": Step(name="orders", of=of, value=ZERO, unit=book.money)}
    return Subject(book, ("Outcome",), of, words=subject.words, names={**names, **own, **nothing})


def _given_to(book: ExplainedAccount, order: Order) -> Given:
    k = next(k for k, one in enumerate(book.account.orders) if one is order)
    units = {"quantity": quantity_unit(order.contract), "price": price_unit(order.contract)}
    return Given(book, f"orders.{k}", f"order {k + 1}", order, units)


def _order(book: ExplainedAccount, order: Order) -> Subject:
    """One order: what it is worth at its own price."""
    own = _given_to(book, order)
    names = {**contract_names(book, order.contract), "own": own}
    return Subject(book, ("Order",), own.of, words=frozenset({formula_word(order.contract)}), names=names)
