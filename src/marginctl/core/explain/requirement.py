"""The margins of a pool: what netting leaves of its legs, the dearer side where one counts, orders, debts."""

from collections.abc import Callable
from decimal import Decimal

from marginctl.core.account import Netting
from marginctl.core.exact import ZERO
from marginctl.core.explain.book import TODAY, Book, Way
from marginctl.core.explain.holdings import loan_margin
from marginctl.core.explain.margins import Stake, initial_margin, maintenance_margin
from marginctl.core.explain.node import (
    FRACTION,
    Difference,
    Larger,
    Node,
    Product,
    Quotient,
    Sum,
    decimal_of,
    named,
)
from marginctl.core.explain.prices import quantity, quantity_unit
from marginctl.core.liquidation import PoolState
from marginctl.core.requirement import Leg, Requirement, Term, combined, netted


def stakes(book: Book, state: PoolState) -> list[tuple[Stake, Leg]]:
    """What needs margin after netting, with its terms."""
    weights = {holding.asset: book.terms(state, holding.asset).requirement_factor for holding in state.pool.holdings}
    if state.pool.rules.netting is Netting.HEDGED_FEES:
        return _hedged(book, state, weights)
    whole = {id(one) for one in state.pool.legs}
    remaining = netted(state.pool.legs, state.pool.rules, book.account.prices, weights)
    return [(Stake(one.position, None if id(one) in whole else _rest(book, state, one)), one) for one in remaining]


def _hedged(book: Book, state: PoolState, weights: dict[str, Decimal]) -> list[tuple[Stake, Leg]]:
    """Every leg, with the share of it that the other side hedges."""
    legs = netted(state.pool.legs, state.pool.rules, book.account.prices, weights)
    found: list[tuple[Stake, Leg]] = []
    for one in legs:
        same = [p for p in state.pool.positions if p.contract.symbol == one.position.contract.symbol]
        mine = tuple(quantity(book, p) for p in same if p.side == one.position.side)
        theirs = tuple(quantity(book, p) for p in same if p.side != one.position.side)
        if not theirs:
            found.append((Stake(one.position), one))
            continue
        own, other = Sum(terms=mine), Sum(terms=theirs)
        least = own if decimal_of(own) <= decimal_of(other) else other
        share = named(Quotient(numerator=least, denominator=own), "hedged share", one.position.key, FRACTION)
        found.append((Stake(one.position, hedged=share), one))
    return found


def _rest(book: Book, state: PoolState, one: Leg) -> Node:
    """The quantity that netting leaves of a leg: what its side has more than the other, its share of it."""
    contract = one.position.contract
    same = [p for p in state.pool.positions if p.contract.symbol == contract.symbol]
    mine = [quantity(book, p) for p in same if p.side == one.position.side]
    theirs = [quantity(book, p) for p in same if p.side != one.position.side]
    if len(mine) == 1:
        return named(Difference(terms=(*mine, *theirs)), "net quantity", contract.symbol, quantity_unit(contract))
    held = Sum(terms=tuple(mine))
    share = Quotient(numerator=Difference(terms=(held, *theirs)), denominator=held)
    left = Product(factors=(quantity(book, one.position), share))
    return named(left, "net quantity", contract.symbol, quantity_unit(contract))


def cancelled(state: PoolState, left: list[tuple[Stake, Leg]]) -> list[str]:
    """Contracts whose legs cancel: nothing of them needs margin."""
    kept = {stake.position.contract.symbol for stake, _ in left}
    return [symbol for symbol in state.pool.exposures if symbol not in kept]


def _required(
    left: list[tuple[Stake, Leg]],
    terms: Callable[[Leg], tuple[Term, ...]],
    need: Requirement,
    margin: Callable[[Stake], Node],
    probe: Decimal,
) -> list[Node]:
    """The requirement as nodes: stakes that add, and pairs of sides of which the dearer one counts."""
    owner = {id(term): k for k, (_, leg) in enumerate(left) for term in terms(leg)}

    def nodes(of: tuple[Term, ...]) -> tuple[Node, ...]:
        return tuple(margin(left[k][0]) for k in dict.fromkeys(owner[id(term)] for term in of))

    found = list(nodes(need.terms))
    for longs, shorts in need.larger_of:
        sides = tuple(Sum(terms=nodes(side)) for side in (longs, shorts))
        found.append(Larger(options=sides, probe=probe, note="of opposite sides the dearer one counts"))
    return found


def initial_margins(book: Book, state: PoolState) -> tuple[Node, ...]:
    """The parts of a pool's initial margin."""
    left = stakes(book, state)
    need, _ = combined([leg for _, leg in left], state.pool.rules)
    return tuple(_required(left, lambda leg: leg.initial, need, lambda stake: initial_margin(book, state, stake), ZERO))


def maintenance_margins(book: Book, state: PoolState, way: Way = TODAY) -> tuple[Node, ...]:
    """The parts of a pool's maintenance margin, without loans."""
    left = stakes(book, state)
    _, need = combined([leg for _, leg in left], state.pool.rules)

    def margin(stake: Stake) -> Node:
        return maintenance_margin(book, state, stake, way)

    return tuple(_required(left, lambda leg: leg.maintenance, need, margin, way.probe))


def loan_margins(book: Book, state: PoolState, way: Way = TODAY) -> tuple[Node, ...]:
    """The maintenance margins of a pool's debts."""
    found = (loan_margin(book, state, holding, way) for holding in state.pool.holdings)
    return tuple(node for node in found if node is not None)


def netting_note(book: Book, state: PoolState) -> str:
    """What netting did to the legs of contracts."""
    gone = cancelled(state, stakes(book, state))
    return f"the legs of {', '.join(gone)} cancel: nothing of them needs margin" if gone else ""
