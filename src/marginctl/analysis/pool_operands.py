"""What the names of formula lines stand for in pools: the engine's own requirement parts, order needs and debts."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from typing import Any

from marginctl.analysis import solutions
from marginctl.analysis.formula_lines import Operand
from marginctl.analysis.operands import Given, contract_names, factor, quantity_unit
from marginctl.analysis.subjects import FRACTION, Book, Named, Subject, price_unit
from marginctl.core.account import Equality, Order
from marginctl.core.exact import ONE, ZERO
from marginctl.core.liquidation import PoolState
from marginctl.core.orders import Filled, OrderNeed
from marginctl.core.pool import Holding
from marginctl.core.requirement import DearerSide, Term
from marginctl.explanation import Step


def pool_subject(book: Book, prefix: str, row: Any) -> Subject:
    """A pool: what it holds, the parts of its requirement, its orders and its debts."""
    state = next(one for one in book.states if one.pool.name == row.name)
    words = frozenset({"liquidated"} if state.pool.rules.equality is Equality.LIQUIDATED else ())
    needs = [_need_subject(book, state, need) for need in state.pool.order_needs]
    names: Named = {
        "level": partial(book.level, state),
        "collateral": lambda: [book.holding(state, one.asset) for one in state.pool.holdings],
        "initial_parts": partial(_parts, book, state, "initial"),
        "maintenance_parts": partial(_parts, book, state, "maintenance"),
        "orders": lambda: needs,
        "debts": lambda: [_debt(book, state, one) for one in state.pool.holdings if one.loan_margin({})],
    }
    return Subject(book, ("PoolFigures",), row.name, prefix, row, words, names=names)


def liquidation_subject(book: Book, prefix: str, row: Any) -> Subject:
    """Where a pool is liquidated when all assets move together."""
    name = prefix.removeprefix("pools.").removesuffix(".liquidation")
    state = next(one for one in book.states if one.pool.name == name)
    names: Named = {
        word: partial(solutions.joint_move, book, state, side) for word, side in (("fall", -1), ("rise", 1))
    }
    return Subject(book, ("Liquidation",), name, prefix, row, names=names)


def _parts(book: Book, state: PoolState, which: str) -> list[Step]:
    """The parts of a pool's requirement: positions alone, what netting leaves of them, the dearer of two sides."""
    pool = state.pool
    ordered = {id(term) for term in pool.order_maintenance}
    parts = [one for one in getattr(pool, which).parts if id(one) not in ordered]
    steps = _grouped(book, state, which, [one for one in parts if isinstance(one, Term)])
    for one in parts:
        if isinstance(one, DearerSide):
            names: Named = {
                side: partial(_grouped, book, state, which, getattr(one, side)) for side in ("longs", "shorts")
            }
            of = ", ".join(dict.fromkeys(term.name.partition(":")[0] for term in one.longs + one.shorts))
            subject = Subject(book, ("DearerSide",), names=names)
            steps += filter(None, [subject.step("margin", one.at({}), label=f"the dearer side of {of}")])
    return steps


def needed_by_all(book: Book, which: str) -> list[Step]:
    """The parts of all pools."""
    return [step for state in book.states for step in _parts(book, state, which)]


def _grouped(book: Book, state: PoolState, which: str, terms: Iterable[Term]) -> list[Step]:
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


def _term(book: Book, term: Term) -> Step | None:
    """A requirement term at today's prices."""
    k = term.curve.index(term.amount, term.unit_price)
    off = -term.curve.intercepts[k] * term.unit_price
    names: Named = {
        "share": lambda: None if term.weight == ONE else Step(name="share", of=term.name, value=term.weight),
        "notional": lambda: Step(name="notional", of=term.name, value=term.amount, unit=book.money),
        "rate": lambda: Step(name="rate", of=term.name, value=term.curve.slopes[k], unit=FRACTION),
        "deduction": lambda: Step(name="deduction", of=term.name, value=off, unit=book.money) if off else None,
    }
    subject = Subject(book, ("Term",), f"{term.name} after netting", names=names)
    return subject.step("margin", term.at({}))


def _debt(book: Book, state: PoolState, holding: Holding) -> Subject:
    """What a debt needs."""
    asset = holding.asset
    rate, key = state.pool.terms[asset].loan_rate, f"collateral.{asset}.loan_rate"
    row = book.holding(state, asset)
    names: Named = {
        "loan_rate": partial(book.stated, "loan_rate", rate, FRACTION, key, asset),
        "equity": lambda: row.operand("equity") if row else None,
        "unit_price": partial(book.unit_price, asset),
    }
    return Subject(book, ("Debt",), asset, names=names)


# Orders.


def _need_subject(book: Book, state: PoolState, need: OrderNeed) -> Subject:
    """What the orders on one contract need, as the engine finds it."""
    first, held = need.orders[0], need.position
    is_one_way = len(need.outcomes) > 1
    k = next(k for k, one in enumerate(book.account.orders) if one is first)
    own = Given(book, f"orders.{k}", f"order {k + 1}", first, {})
    of = f"orders on {first.contract.symbol}"
    subject = Subject(book, ("OrderNeed",), of, words=frozenset({"held"} if held and is_one_way else ()))
    tier = Step(name="initial_rate of the tier", of=first.contract.symbol, value=need.rate, unit=FRACTION)
    position = book.position(held.key) if held else None
    kept = need.weight * need.maintenance
    names: dict[str, Callable[[], Operand]] = {
        "requirement_factor": partial(factor, book, state, first.contract.settle, "requirement_factor"),
        "notional": lambda: position.operand("notional") if position else None,
        "initial_rate": lambda: subject.step("initial_rate", need.rate, FRACTION),
        "held": lambda: position,
        "own": lambda: own,
        "rate_of_the_tier": lambda: tier,
        "maintenance_margin": lambda: subject.step("maintenance_margin", kept) if need.maintenance else None,
    }
    outcomes = [_outcome(subject, need, one, names) for one in need.outcomes]
    subject.names = {**names, "outcomes": lambda: outcomes}
    return subject


def _outcome(subject: Subject, need: OrderNeed, filled: Filled, names: Named) -> Subject:
    """One side's orders, and what they would make of the position."""
    book, side, symbol = subject.book, filled.side, need.orders[0].contract.symbol
    word = "buys" if side.side > 0 else "sells"
    orders = [_order(book, one) for one in need.orders if one.side == side.side]
    none = Step(name=word, of=symbol, value=ZERO, unit=book.money)

    def extra(name: str, value: Decimal) -> Step | None:
        return Step(name=name, of=symbol, value=value, unit=book.money) if value else None

    own = Subject(book, ("Outcome",), subject.of, words=subject.words)
    own.names = {
        **names,
        "orders": lambda: orders,
        "held_side": lambda: need.position.side if need.position else None,
        "side": lambda: side.side,
        "value": lambda: own.step("value", label=word) or none,
        "size": lambda: own.step("size", label=f"size with the {word} filled" if subject.words else ""),
        "open_loss": partial(extra, "open_loss", side.loss),
        "fees": partial(extra, "fees", filled.fee),
        "needed": lambda: own.step("needed", label=f"needed with the {word} filled"),
    }
    return own


def _order(book: Book, order: Order) -> Subject:
    """One order: what it is worth at its own price."""
    k = next(k for k, one in enumerate(book.account.orders) if one is order)
    contract, of = order.contract, f"order {k + 1}"
    units = {"quantity": quantity_unit(contract), "price": price_unit(contract)}
    own = Given(book, f"orders.{k}", of, order, units)
    names = {name: partial(own.operand, name) for name in units}
    words = frozenset({contract.type.value})
    return Subject(book, ("Order",), of, words=words, names={**names, **contract_names(book, contract)})
