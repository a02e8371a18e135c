"""What moves: prices as straight lines, money paid meanwhile, and paths of such stretches; what bends along them.

What bends are requirements that grow with the square of a notional: the quotient of a square of a straight line and a
straight line. It bends upward only, so that health less it has one zero at most on every straight piece of the rest.
Newton's steps from beyond find where health first falls below.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from marginctl.core.contract import Contract, ContractType
from marginctl.core.exact import ONE, SNAP, ZERO
from marginctl.core.piecewise import TWO, Crossing, Line, Noise, Piece, bent, noise_of

STAYS = Line(ONE, ZERO)
GONE = Line(ZERO, ZERO)
MOVES = {-1: Line(ONE, -ONE), 1: Line(ONE, ONE)}
"""A price that falls or rises by u."""
DOWN_END = ONE
"""A price falls by 100% at most; the way up has no end."""


class Motion(Struct, frozen=True):
    """Price ratios as lines in u: ``ratios`` by asset, ``rest`` for all others.

    ``:SYMBOL`` among the ratios makes one contract's notional move by that line instead of its driver's; ``rest`` may
    then be the numeraire in which everything is measured, so that an inverse contract (notional ~ 1 / mark) stays
    straight. ``income``: what the pool receives of an asset per unit of u, in currency; only while prices stay.
    """

    ratios: dict[str, Line] = {}
    rest: Line = STAYS
    income: dict[str, Decimal] = {}

    def of(self, asset: str) -> Line:
        """The ratio of an asset's price."""
        return self.ratios.get(asset, self.rest)

    def driving(self, symbol: str, driver: str) -> Line:
        """The ratio of what moves a contract's notional: its own, or that of its driver."""
        return self.ratios.get(f":{symbol}") or self.of(driver)

    @property
    def moved(self) -> list[str]:
        """What moves, as parts of a pool name what moves them.

        Assets, ``:SYMBOL`` for a contract's own mark, ``+ASSET`` for what is paid in an asset.
        """
        return [*self.ratios, *(f"+{asset}" for asset in self.income)]


FAR = Decimal("1e30")
"""What a quote that is gone leaves of a price in it: more than any money."""


class Quanto(Struct, frozen=True):
    """What moves the notional of a quanto in currency: r_base * r_settle / r_quote, the first its own if it has one."""

    symbol: str
    base: str
    settle: str
    quote: str

    def at(self, ratios: Mapping[str, Decimal]) -> Decimal:
        """At these price ratios (1 where not given)."""
        own = ratios.get(f":{self.symbol}")
        up = (ratios.get(self.base, ONE) if own is None else own) * ratios.get(self.settle, ONE)
        down = ratios.get(self.quote, ONE)
        return up / down if down else up * FAR

    def factors(self, motion: Motion) -> tuple[Line, Line, Line]:
        """Base or own, settle and quote along a motion."""
        return motion.driving(self.symbol, self.base), motion.of(self.settle), motion.of(self.quote)

    def line(self, motion: Motion) -> Line | None:
        """Along a motion, where that is straight; None where it bends."""
        base, settle, quote = factors = self.factors(motion)
        if factors == (motion.rest,) * 3:
            return motion.rest
        if quote.slope or not quote.at_zero or (base.slope and settle.slope):
            return None
        moving, still = (settle, base) if settle.slope else (base, settle)
        return moving.scaled(still.at_zero / quote.at_zero)


class Stretch(Struct, frozen=True):
    """A part of a path on which everything is a straight line of u - ``start``; ``end`` None = without end."""

    start: Decimal
    end: Decimal | None
    motion: Motion

    @property
    def length(self) -> Decimal | None:
        """How far it goes; None = without end."""
        return None if self.end is None else self.end - self.start


def _end(side: int, reach: Decimal | None) -> Decimal | None:
    return reach if side == 1 else DOWN_END if reach is None else min(reach, DOWN_END)


def asset_path(asset: str, side: int, reach: Decimal | None = None, *, followers: Iterable[str] = ()) -> list[Stretch]:
    """One asset's price moves, with what follows it, every contract and all balances; all other prices stay."""
    return [Stretch(ZERO, _end(side, reach), Motion(dict.fromkeys((asset, *followers), MOVES[side])))]


def contract_path(contract: Contract, side: int) -> list[Stretch]:
    """One contract's mark moves and nothing else; for an inverse contract all is measured in units of the mark."""
    line, own = MOVES[side], f":{contract.symbol}"
    inverse = contract.type is ContractType.INVERSE
    motion = Motion({own: STAYS}, rest=line) if inverse else Motion({own: line})
    return [Stretch(ZERO, _end(side, None), motion)]


def joint_path(
    assets: Iterable[str], betas: Mapping[str, Decimal], side: int, reach: Decimal | None = None
) -> list[Stretch]:
    """All assets together: price * max(0, 1 + side * beta * u)."""
    return shock_path({asset: side * betas[asset] for asset in assets}, _end(side, reach))


def shock_path(shocks: Mapping[str, Decimal], end: Decimal | None = ONE, start: Decimal = ZERO) -> list[Stretch]:
    """Prices in proportion: price * max(0, 1 + shock * u) for start <= u <= end, cut where a price reaches 0.

    ``end`` 1 is the scenario, None: without end; a price that has reached 0 stays there. A contract (``:SYMBOL``) that
    does not move is said as well: its asset may.
    """
    slopes = {asset: shock for asset, shock in shocks.items() if shock or asset.startswith(":")}
    gone = {asset: ONE / -slope for asset, slope in slopes.items() if slope < 0 and (end is None or -slope * end > 1)}
    starts = [start, *sorted({place for place in gone.values() if place > start})]
    stretches = []
    for begin, stop in zip(starts, [*starts[1:], end], strict=True):
        ratios = {
            asset: GONE if asset in gone and gone[asset] <= begin else Line(ONE + slope * begin, slope)
            for asset, slope in slopes.items()
        }
        stretches.append(Stretch(begin, stop, Motion(ratios)))
    return stretches


class Bend(NamedTuple):
    """factor * value^2 / unit, in currency: ``value`` the notional, ``unit`` the price of a coin; ``factor`` > 0."""

    factor: Decimal
    value: Line
    unit: Line

    def at(self, u: Decimal) -> Decimal:
        """The value at ``u``."""
        return bent(self.factor, self.value.at(u), self.unit.at(u))

    def line_at(self, u: Decimal) -> Line:
        """The tangent at ``u``; the coin must be worth something there."""
        size = self.value.at(u) / self.unit.at(u)
        slope = self.factor * size * (TWO * self.value.slope - size * self.unit.slope)
        return Line(self.at(u) - slope * u, slope)

    @property
    def last_slope(self) -> Decimal | None:
        """The slope far out; None where it grows without end."""
        if not self.unit.slope:
            return None if self.value.slope else ZERO
        return self.factor * self.value.slope * self.value.slope / self.unit.slope


def tangent(bends: Iterable[Bend], u: Decimal) -> Line:
    """The sum of the tangents at ``u``."""
    lines = [one.line_at(u) for one in bends]
    return Line(sum((one.at_zero for one in lines), ZERO), sum((one.slope for one in lines), ZERO))


class _Course(Struct, frozen=True):
    """A straight piece of health less what is bent."""

    piece: Piece
    bends: Sequence[Bend]

    def at(self, u: Decimal) -> Decimal:
        return self.piece.at_zero + self.piece.slope * u - sum((one.at(u) for one in self.bends), ZERO)

    def slope_at(self, u: Decimal) -> Decimal:
        return self.piece.slope - tangent(self.bends, u).slope

    def beyond(self, until: Decimal | None, noise: Noise) -> Decimal | None:
        """A place on the piece, up to ``until``, at which it is below zero and the coin worth something; else None."""
        start = self.piece.start
        if until is not None:
            if self.at(until) >= -noise.at(until):
                return None
            place, gap = until, until - start
            while not all(one.unit.at(place) > 0 for one in self.bends):
                gap /= TWO
                place = until - gap
                place = place if self.at(place) < -noise.at(place) else until
            return place
        slopes = [one.last_slope for one in self.bends]
        if None not in slopes and self.piece.slope - sum(filter(None, slopes), ZERO) >= -noise.unit:
            return None
        place = start + ONE
        while self.at(place) >= -noise.at(place):
            place *= TWO
        return place

    def zero(self, u: Decimal, noise: Noise) -> Decimal:
        """The zero before a place at which it is below zero."""
        while True:
            value = self.at(u)
            if value >= -noise.at(u):
                return u
            step = value / self.slope_at(u)
            if step <= SNAP * (ONE + u):
                return u
            u = max(u - step, self.piece.start)


def first_below_bent(
    pieces: Iterable[Piece],
    bends: Sequence[Bend],
    end: Decimal | None,
    scale: Decimal,
    *,
    or_at_zero: bool = False,
    end_included: bool = False,
) -> Crossing | None:
    """The first u in (0, end) beyond which pieces less bends are below zero (``or_at_zero``: at or below), else None.

    ``end_included``: with ``or_at_zero`` the end itself counts too. ``scale``: the money involved.
    """
    noise = noise_of(scale)
    rows = list(pieces)
    ends: list[Decimal | None] = [*(piece.start for piece in rows[1:]), end]
    for piece, until in zip(rows, ends, strict=True):
        course = _Course(piece, bends)
        value = course.at(piece.start)
        if value < -noise.at(piece.start):
            return Crossing(piece.start, True)
        if or_at_zero and value <= noise.at(piece.start):
            return Crossing(piece.start, False)
        place = course.beyond(until, noise)
        if place is not None:
            return Crossing(course.zero(place, noise), False)
    if or_at_zero and end_included and end is not None and _Course(rows[-1], bends).at(end) <= noise.at(end):
        return Crossing(end, False)
    return None
