"""The equity of the pool that a path liquidates first, from its start to its end, through its exact corners."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby, pairwise
from typing import NamedTuple

from marginctl.core.account import Account
from marginctl.core.exact import ZERO
from marginctl.core.liquidation import added, parts, pool_state
from marginctl.core.path import ScenarioPath
from marginctl.core.pool import partition


class Standing(NamedTuple):
    """What equity the pool has at a fraction of the path, in currency; two at one fraction: something was closed."""

    move: Decimal
    equity: Decimal


class Passage(NamedTuple):
    """An account as it is from one fraction of the path to the next at which something is closed."""

    account: Account
    start: Decimal
    end: Decimal


def trail_of(legs: Iterable[Passage], path: ScenarioPath, pool: str) -> tuple[Standing, ...]:
    """Straight in between; nothing where a quanto bends it, and 0 from where on the pool has gone with its position."""
    found: list[Standing] = []
    for leg in legs:
        walked = _walked(leg, path, pool)
        if walked is None:
            return ()
        found += walked
    return tuple(one for one, _ in groupby(found))


def _walked(leg: Passage, path: ScenarioPath, name: str) -> list[Standing] | None:
    pool = next((one for one in partition(leg.account) if one.name == name), None)
    if pool is None:
        return [Standing(leg.start, ZERO), Standing(leg.end, ZERO)]
    state, found = pool_state(pool), list[Standing]()
    for stretch in path.ahead(state, leg.account, leg.start, leg.end):
        length = stretch.length or ZERO
        if pool.bends(stretch.motion):
            return None
        pieces = list(added(parts(state, stretch.motion, length).equity))
        starts = [piece.start for piece in pieces if piece.start < length]
        for piece, (start, end) in zip(pieces, pairwise([*starts, length]), strict=False):
            found += [Standing(stretch.start + u, piece.at_zero + piece.slope * u) for u in (start, end)]
    return found
