"""Funding: what is received per day, and the day on which a pool no longer lives on it."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from msgspec.structs import replace

from marginctl.core.exact import ONE, ZERO
from marginctl.core.explain.book import Book, Way
from marginctl.core.explain.crossings import Course, Straight, Stretch, here, pieces_of, solved
from marginctl.core.explain.decision import Absent, Nearest, Unstated
from marginctl.core.explain.holdings import settled
from marginctl.core.explain.node import DAYS, FRACTION, Node, Product, Sum, Unknown, decimal_of, named
from marginctl.core.explain.positions import funding_per_day
from marginctl.core.explain.prices import given
from marginctl.core.funding import FOREVER
from marginctl.core.liquidation import Motion, PoolState
from marginctl.core.piecewise import Line, Piece, along, masked, scaled, total

DAY = Unknown(label="day", unit=DAYS)


def per_day(book: Book) -> Node:
    """The sum over the positions with a rate, in currency."""
    found = (funding_per_day(book, position) for position in book.account.positions)
    terms = tuple(node for node in found if node.value is not None)
    return named(Sum(terms=terms), "per_day", "", book.money, "funding.per_day")


def missing(book: Book) -> Node:
    """The contracts whose rate is not given."""
    rates = tuple(
        replace(given(book, position, "funding_rate", FRACTION), of=position.contract.symbol)
        for position in book.account.positions
    )
    return Unstated(inputs=rates, label="missing", figure="funding.missing")


def runway_days(book: Book) -> Node:
    """The day on which the first pool is liquidated by its funding, prices flat; unknown if a rate is missing."""
    unstated = missing(book)
    if unstated.value:
        return _runway_figure(Absent(note="the funding rate of a position is missing", because=(unstated,)))
    days = tuple(_runway(book, state) for state in book.states)
    if all(node.value is None for node in days):
        return _runway_figure(Absent(note="no pool ever runs out", because=days))
    first = days[0] if len(days) == 1 else Nearest(moves=days, note="the pool that runs out first")
    return _runway_figure(first)


def _runway_figure(node: Node) -> Node:
    return named(node, "runway_days", "", DAYS, "funding.runway_days")


def _runway(book: Book, state: PoolState) -> Node:
    already = here(book, state, state.pool.name)
    if already is not None:
        return replace(already, label="day", unit=DAYS)
    income = {asset: node for asset in _settle_assets(state) if decimal_of(node := _received(book, state, asset))}
    if not income:
        note = "it neither pays nor receives funding"
        return Absent(label="day", of=state.pool.name, unit=DAYS, note=note)
    after = {asset: Product(factors=(node, DAY)) for asset, node in income.items()}
    stretch = Stretch(ZERO, None, Motion({}), lambda probe: Way({}, income=dict(after), word="later", probe=probe))
    course = Course(1, state.pool.name, "funding is paid day by day, prices flat,", (stretch,), DAY)
    daily = {asset: decimal_of(node) for asset, node in income.items()}
    found = solved(book, state, course, list(_straights(state, stretch, daily)))
    if found.value is not None and decimal_of(found) > FOREVER:
        note = "its funding is no more than the residue of a division"
        return Absent(label="day", of=state.pool.name, unit=DAYS, note=note)
    return found


def _settle_assets(state: PoolState) -> list[str]:
    return list(dict.fromkeys(position.contract.settle for position in state.pool.positions))


def _received(book: Book, state: PoolState, asset: str) -> Node:
    """Funding per day settled in an asset, in currency."""
    paid = (funding_per_day(book, position) for position in settled(state, asset))
    terms = tuple(node for node in paid if node.value is not None)
    return Sum(terms=terms, label="funding_per_day", of=asset, unit=book.money)


def _straights(state: PoolState, stretch: Stretch, daily: dict[str, Decimal]) -> Iterator[Straight]:
    """Health by day, as ``core.funding`` follows it: curves of what each asset holds, margins of positions fixed."""
    level = state.pool.rules.level
    fixed = state.risk.maintenance_margin - state.risk.loan_margin
    needed: Callable[[], list[Iterable[Piece]]] = lambda: [  # noqa: E731 - pieces can be read once only
        (Piece(ZERO, fixed, ZERO),),
        *(
            along(holding.loan, Line(holding.gross({}), daily.get(holding.asset, ZERO)), Line(ONE, ZERO), None)
            for holding in state.pool.holdings
            if holding.loan is not None
        ),
    ]
    have = [
        along(
            holding.curve,
            Line(holding.gross({}), daily.get(holding.asset, ZERO)),
            Line(holding.price, ZERO),
            None,
        )
        for holding in state.pool.holdings
    ]
    pieces: Iterable[Piece] = total([*have, *(scaled(part, -level) for part in needed())])
    if state.may_vanish:
        pieces = masked(pieces, total(needed()), None, state.risk.scale)
    return pieces_of(stretch, pieces)


FUNDING: dict[str, Callable[[Book], Node]] = {
    "per_day": per_day,
    "runway_days": runway_days,
    "missing": missing,
}
