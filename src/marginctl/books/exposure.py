"""The notional of a batch by underlying and side: sums for the summary, in whole 1e-8 of the currency."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from marginctl.books.header import BookHeader
from marginctl.books.price_table import by_prices
from marginctl.core.account import STABLECOINS
from marginctl.core.contract import Contract, ContractType
from marginctl.core.exact import ONE, ZERO
from marginctl.portfolio.assets import bundled
from marginctl.portfolio.prices import REFERENCE_CURRENCY

EXACT = pa.decimal128(38, 8)


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
    if not len(items) or pa.types.is_null(pc.struct_field(items, "symbol").type):
        return {}
    symbols = pc.struct_field(items, "symbol")
    symbols = symbols if pa.types.is_dictionary(symbols.type) else symbols.dictionary_encode()
    weights = [_weight(header, symbol) for symbol in symbols.dictionary.to_pylist()]
    quantity, mark = (_floats(pc.struct_field(items, name)) for name in ("quantity", "mark_price"))
    value = _values(weights, symbols.indices, pc.abs(quantity), mark)
    table = pa.table({"code": _codes(symbols.indices, items, quantity), "value": value.cast(EXACT, safe=False)})
    sums = table.group_by("code", use_threads=False).aggregate([("value", "sum")]).to_pylist()
    found: dict[str, Decimal] = {}
    for one in sums:
        weight = weights[one["code"] // 2] if one["code"] is not None else None
        if weight is not None and one["value_sum"] is not None:
            name = f"{weight.underlying}:{'short' if one['code'] % 2 else 'long'}"
            found[name] = found.get(name, ZERO) + one["value_sum"]
    return found


def _values(weights: list[Weight | None], symbols: Any, size: Any, mark: Any) -> Any:
    """Notionals in binary: sizes and marks of every position, by what its contract counts."""

    def each(name: str) -> Any:
        values = [getattr(one, name) if one is not None else None for one in weights]
        texts = pa.array([None if value is None else str(value) for value in values], pa.string())
        return texts.cast(pa.float64()).take(symbols) if any(value is not None for value in values) else None

    own = each("mark")
    if mark.null_count < len(mark):
        moved = pc.multiply(mark, each("ratio"))
        own = moved if own is None else pc.coalesce(moved, own)
    own = mark if own is None else own
    linear, inverse, fixed = each("linear"), each("inverse"), each("fixed")
    parts = [] if linear is None else [pc.multiply(pc.multiply(size, linear), own)]
    parts += [] if inverse is None else [pc.divide(pc.multiply(size, inverse), own)]
    parts += [] if fixed is None else [pc.multiply(size, fixed)]
    return pc.coalesce(*parts) if parts else pa.nulls(len(size), pa.float64())


def _codes(symbols: Any, items: Any, quantity: Any) -> Any:
    """Twice the contract, and one more where it is short: by the side, else by the sign of the quantity."""
    short = pc.less(quantity, 0)
    side = pc.struct_field(items, "side")
    side = side.dictionary_decode() if pa.types.is_dictionary(side.type) else side
    if side.null_count < len(side):
        short = pc.coalesce(pc.equal(side, "short"), short)
    return pc.add(pc.multiply(symbols, 2), short.cast(pa.int32()))


def _weight(header: BookHeader, symbol: str) -> Weight | None:
    contract = header.contract(symbol)
    return None if contract is None else weight_of(header, contract)


def _floats(column: Any) -> Any:
    column = pc.utf8_ltrim(column, "+") if pa.types.is_string(column.type) else column
    return column.cast(pa.float64())
