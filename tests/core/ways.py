"""Pools beside their naive reading, and every way prices can move from here: what the properties walk over."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from marginctl.core.account import Account
from marginctl.core.liquidation import PoolState, Sides, asset_sides, contract_sides, joint_sides, pool_state
from marginctl.core.pool import partition

from . import naive
from .naive import Book, World, frac

CLOSE = Fraction(1, 10**40)
"""What two exact readings may differ by: division residue, far below any money."""
NEXT_TO = Fraction(1, 10**12)
"""How near to a crossing its two sides are looked at, as a share of the way there."""
TINY = Fraction(1, 10**20)


class Way(NamedTuple):
    """One side of one motion: what the engine found, and the worlds along it."""

    name: str
    found: Decimal | None
    book: Book
    world: Callable[[Fraction], World]
    end: Fraction

    def is_dead(self, u: Fraction) -> bool:
        """Whether the pool is liquidatable at ``u``."""
        return naive.is_dead(self.book, self.world(u))

    def health(self, u: Fraction) -> Fraction:
        """The pool's health at ``u``."""
        return naive.health(self.book, self.world(u))

    def before(self) -> Fraction:
        """Just before the crossing, or the end of the way where there is none."""
        return self.end if self.found is None else frac(self.found) * (1 - NEXT_TO)

    def beyond(self) -> Fraction:
        """Just beyond the crossing."""
        return frac(self.found or Decimal(0)) * (1 + NEXT_TO) + TINY


def states(account: Account) -> list[tuple[PoolState, Book]]:
    """The engine's pools beside the naive ones."""
    return list(zip(map(pool_state, partition(account)), naive.books(account), strict=True))


def assets_of(book: Book) -> list[str]:
    """Assets whose price matters to the pool."""
    traded = [asset for p in book.positions for asset in (p.contract.base, p.contract.quote)]
    given = [asset for row in book.others for asset in row.delta]
    return [a for a in dict.fromkeys([*book.balances, *traded, *given]) if a != book.account.currency]


def asset_ways(account: Account, state: PoolState, book: Book) -> Iterator[Way]:
    """Every asset alone, down and up."""
    for asset in assets_of(book):
        sides = asset_sides(state, asset)
        yield from _both(asset, sides, book, partial(naive.asset_world, account, asset))


def contract_ways(account: Account, state: PoolState, book: Book) -> Iterator[Way]:
    """Every contract's mark alone, down and up."""
    for symbol, contract in {p.contract.symbol: p.contract for p in book.positions}.items():
        sides = contract_sides(state, contract)
        yield from _both(f":{symbol}", sides, book, partial(naive.contract_world, account, symbol))


def all_ways(account: Account, state: PoolState, book: Book) -> Iterator[Way]:
    """Assets alone, contracts alone, all together; none from a pool that is liquidatable already."""
    if state.risk.is_liquidatable(book.rules):
        return
    yield from asset_ways(account, state, book)
    yield from contract_ways(account, state, book)
    sides = joint_sides(state, account.betas)
    yield from _both("all", sides, book, partial(naive.joint_world, account))


def _both(name: str, sides: Sides, book: Book, world: Callable[[int, Fraction], World]) -> Iterator[Way]:
    for side, found in ((-1, sides.down), (1, sides.up)):
        yield Way(f"{book.name} {name} {side:+d}", found, book, partial(world, side), naive.ends(side))
