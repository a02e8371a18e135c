"""Sums of binary figures in whole 1e-8 of the currency, and by them the notional of a batch by underlying and side."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from marginctl.books import arrow_numbers as arrow
from marginctl.books.arrow_numbers import Plain
from marginctl.books.header import BookHeader
from marginctl.books.price_table import by_prices
from marginctl.core.account import STABLECOINS
from marginctl.core.contract import Contract, ContractType
from marginctl.core.exact import ONE, ZERO
from marginctl.portfolio.assets import bundled
from marginctl.portfolio.prices import REFERENCE_CURRENCY

UNITS = 10**8
LARGEST = 2.0**93
FINE = 2.0**36
"""Up to here whole parts add up in 64 bits, and their sums by code in 53, for as many as a batch can have."""
SIDES = {"long": 0, "short": 1}


def total(values: Plain) -> Decimal:
    """The sum of figures, each rounded to 1e-8: the same in any order. NaN is none; beyond 2^93 all count as that."""
    values = np.clip(values[~np.isnan(values)], -LARGEST, LARGEST)
    is_large = np.abs(values) > FINE
    large = sum(round(Fraction(one) * UNITS) for one in values[is_large].tolist()) if is_large.any() else 0
    whole, parts = _split(values[~is_large] if large else values)
    return _decimal(large + int(whole.astype("i8").sum()) * UNITS + int(parts.astype("i8").sum()))


def totals_by(codes: Plain, values: Plain, count: int) -> list[Decimal]:
    """The same of every code below ``count``; every value is a number."""
    if np.abs(values).max(initial=0) * len(values) > MOST_WHOLE:
        return [total(values[codes == code]) for code in range(count)]
    whole, parts = (np.bincount(codes, one, count).tolist() for one in _split(values))
    return [_decimal(int(one) * UNITS + int(rest)) for one, rest in zip(whole, parts, strict=True)]


MOST_WHOLE = 2.0**53
"""Binary numbers up to here have every whole number."""


def _split(values: Plain) -> tuple[Plain, Plain]:
    """Whole parts, and the rest in 1e-8."""
    whole = np.trunc(values)
    return whole, np.rint((values - whole) * UNITS)


def _decimal(units: int) -> Decimal:
    return Decimal(units).scaleb(-8).normalize() if units else ZERO


class Weight(Struct, frozen=True):
    """What a contract counts: |quantity| x (``linear`` x mark, or ``inverse`` / mark, or ``fixed``).

    ``mark``: where rows have none; ``ratio``: what a shock makes of those that they have.
    """

    underlying: str
    mark: Decimal | None
    linear: Decimal | None
    inverse: Decimal | None
    fixed: Decimal | None
    ratio: Decimal


def price_of(header: BookHeader, asset: str) -> Decimal | None:
    """The price of an asset in the header, shocks applied."""
    given = header.draft.prices.get(asset)
    if given is None and (asset in STABLECOINS or asset in {REFERENCE_CURRENCY, header.currency}):
        given = ONE
    return None if given is None else given * ratio_of(header, asset)


def ratio_of(header: BookHeader, asset: str) -> Decimal:
    """What a shock makes of a price."""
    shocks = header.shocks
    other = ONE + shocks["*"] if "*" in shocks and asset not in STABLECOINS and asset != header.currency else ONE
    return ONE + shocks[asset] if asset in shocks else other


def weight_of(header: BookHeader, contract: Contract) -> Weight | None:
    """None where the header does not price what the contract is quoted in."""
    base, quote = price_of(header, contract.base), price_of(header, contract.quote)
    if quote is None:
        return None
    led = bundled().get(contract.base)
    underlying = led.follows if led is not None and led.follows else contract.base
    if contract.base == header.currency:
        underlying = contract.quote
    mark = base / quote if base is not None else None
    ratio = ratio_of(header, contract.base) / ratio_of(header, contract.quote)
    size = contract.contract_size
    if contract.type is ContractType.INVERSE:
        inverse, fixed = (size * base, None) if base is not None else (None, size * quote)
        return Weight(underlying, mark, None, inverse, fixed, ratio)
    third = price_of(header, contract.third) if contract.third else quote
    return None if third is None else Weight(underlying, mark, size * third, None, None, ratio)


def exposures(header: BookHeader, batch: pa.RecordBatch, is_ok: Any) -> dict[str, Decimal]:
    """``ASSET:long`` and ``ASSET:short`` -> notional in currency, of the accounts that could be checked."""
    found: dict[str, Decimal] = {}
    for group in by_prices(header, batch):
        fine = is_ok if len(group.batch) == len(batch) else is_ok.take(group.places)
        positions = group.batch.column("positions")
        items = positions.flatten()
        if group.header.prices_at:
            return {}
        if not pc.all(fine).as_py():
            items = items.filter(fine.take(pc.list_parent_indices(positions)))
        for name, amount in exposure_of(group.header, items).items():
            found[name] = found.get(name, ZERO) + amount
    return found


def exposure_of(header: BookHeader, items: Any) -> dict[str, Decimal]:
    """The same of positions."""
    symbols = arrow.child(items, "symbol")
    quantity = arrow.numbers(arrow.child(items, "quantity"))
    if arrow.is_empty(symbols) or quantity is None:
        return {}
    symbols = symbols if pa.types.is_dictionary(symbols.type) else symbols.dictionary_encode()
    names = [one for one in symbols.dictionary.to_pylist() if one is not None]
    weights = [_weight(header, name) for name in names]
    places = arrow.codes(symbols, {name: at for at, name in enumerate(names)}, len(items))
    mark = arrow.numbers(arrow.child(items, "mark_price"))
    value = np.abs(quantity.values) * _each(weights, places, None if mark is None else mark.values)
    side = arrow.codes(arrow.child(items, "side"), SIDES, len(items))
    codes = 2 * places + np.where(side < 0, quantity.values < 0, side)
    known = ~np.isnan(value)
    if not known.all():
        codes, value = codes[known], value[known]
    found: dict[str, Decimal] = {}
    counts = np.bincount(codes, minlength=2 * len(names)).tolist()
    for code, (count, amount) in enumerate(zip(counts, totals_by(codes, value, len(counts)), strict=True)):
        weight = weights[code // 2]
        if weight is not None and count:
            name = f"{weight.underlying}:{'short' if code % 2 else 'long'}"
            found[name] = found.get(name, ZERO) + amount
    return found


def _each(weights: list[Weight | None], places: Plain, mark: Plain | None) -> Plain:
    """What one of each position counts in binary, by its contract and its own mark; NaN where that is unknown."""

    def told(name: str) -> Plain:
        found = [getattr(one, name) if one is not None else None for one in weights]
        return np.array([*(np.nan if one is None else one for one in found), np.nan], "f8")

    kinds, own = [told(name) for name in ("linear", "inverse", "fixed")], told("mark")
    if mark is not None:
        kinds = [one[places] for one in kinds]
        own = np.where(np.isnan(mark), own[places], mark * told("ratio")[places])
    linear, inverse, fixed = kinds
    value = np.where(np.isnan(linear), np.where(np.isnan(inverse), fixed, inverse / own), linear * own)
    return value[places] if mark is None else value


def _weight(header: BookHeader, symbol: str) -> Weight | None:
    contract = header.contract(symbol)
    return None if contract is None else weight_of(header, contract)
