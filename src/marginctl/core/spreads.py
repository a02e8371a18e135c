"""Opposite legs that offset each other: how often a spread forms, and what it credits or charges.

A spread forms where every leg has the sign of its ratio, or every one the opposite: count = min over the legs of
available / |ratio|; what it uses is gone for later ones. credit: of every asset leg, credit * scan * used / |net|, the
scan on the side of the leg: coins that are scanned beside it leave less of it to give back. charge: count * charge.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import Struct

from marginctl.core.exact import ONE, ZERO
from marginctl.core.exposures import Exposures
from marginctl.core.model import ModelTerms, Spread, SpreadBy, SpreadLeg
from marginctl.core.money import NOTHING, Fixed, Money, Sum, Times, negative, positive, smallest


class SpreadAmount(Struct, frozen=True):
    """What a spread adds (a credit is negative), and how often it forms."""

    name: str
    count: Money
    amount: Money


class Available(Struct):
    """What legs may still draw on: base units by asset, contracts by symbol, net value by asset."""

    units: dict[str, Decimal]
    contracts: dict[str, Decimal]
    values: dict[str, Money]

    def pool_of(self, leg: SpreadLeg) -> tuple[dict[str, Decimal], str]:
        """Where a leg by quantity draws, and under which name."""
        return (self.contracts, leg.contract) if leg.contract else (self.units, leg.asset)


def spread_amounts(exposures: Exposures, terms: ModelTerms) -> Iterator[SpreadAmount]:
    """The spreads of the terms, first one first."""
    if not terms.spreads:
        return
    available = Available({}, {}, {})
    for symbol, one in exposures.contracts.items():
        base = one.contract.base
        available.contracts[symbol] = one.quantity
        available.units[base] = available.units.get(base, ZERO) + one.units
        available.values[base] = exposures.of(base, terms)
    whole = dict(available.units)
    for spread in terms.spreads:
        if spread.by is SpreadBy.VALUE:
            yield _by_value(spread, available, terms)
        else:
            yield _by_quantity(spread, available, whole, exposures, terms)


def loss_of_side(terms: ModelTerms, asset: str, side: Decimal) -> Decimal:
    """What a unit of value of an asset, long (side > 0) or short, loses in its worst move."""
    table = terms.table_of(asset)
    signs = ONE if side > 0 else -ONE
    return max((-signs * move.weight * move.move for move in table.moves), default=ZERO) if table else ZERO


def _by_quantity(
    spread: Spread, available: Available, whole: dict[str, Decimal], exposures: Exposures, terms: ModelTerms
) -> SpreadAmount:
    pools = [(leg, *available.pool_of(leg)) for leg in spread.legs]
    shares = [pool.get(name, ZERO) / leg.ratio for leg, pool, name in pools]
    if not (min(shares) > 0 or max(shares) < 0):
        return SpreadAmount(spread.name, Fixed(ZERO), Fixed(ZERO))
    count = min(shares, key=abs)
    amounts: list[Money] = [Fixed(abs(count) * spread.charge)]
    for leg, pool, name in pools:
        used = count * leg.ratio
        pool[name] -= used
        if leg.asset and spread.credit:
            side = ONE if used > 0 else -ONE
            scan = positive(exposures.of(leg.asset, terms).times(side))
            rate = max(ZERO, loss_of_side(terms, leg.asset, side))
            amounts.append(Times(scan, -spread.credit * rate * (used / whole[leg.asset])))
    return SpreadAmount(spread.name, Fixed(abs(count)), Sum(tuple(amounts)))


def _by_value(spread: Spread, available: Available, terms: ModelTerms) -> SpreadAmount:
    shares = [Times(available.values.get(leg.asset, NOTHING), ONE / leg.ratio) for leg in spread.legs]
    with_signs, against = positive(smallest(shares)), positive(smallest([negative(share) for share in shares]))
    amounts: list[Money] = []
    for leg in spread.legs:
        used = Sum((Times(with_signs, leg.ratio), Times(against, -leg.ratio)))
        available.values[leg.asset] = Sum((available.values.get(leg.asset, NOTHING), negative(used)))
        amounts += _credits(spread, leg, ((with_signs, leg.ratio), (against, -leg.ratio)), terms)
    count = Sum((with_signs, against))
    return SpreadAmount(spread.name, count, Sum((Times(count, spread.charge), *amounts)))


def _credits(
    spread: Spread, leg: SpreadLeg, sides: Iterable[tuple[Money, Decimal]], terms: ModelTerms
) -> Iterator[Money]:
    for count, signed in sides:
        rate = max(ZERO, loss_of_side(terms, leg.asset, signed))
        if spread.credit and rate:
            yield Times(count, -spread.credit * rate * abs(signed))
