"""The notional of a batch by underlying and side: sums for the summary, in whole 1e-8 of the currency."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from marginctl.books.header import BookHeader
from marginctl.core.account import STABLECOINS
from marginctl.core.contract import Contract, ContractType
from marginctl.core.exact import ONE
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
    positions = batch.column("positions")
    items = positions.flatten()
    if header.prices_at or not len(items) or pa.types.is_null(pc.struct_field(items, "symbol").type):
        return {}
    parents = pc.list_parent_indices(positions)
    items = items.filter(is_ok.take(parents))
    symbols = pc.struct_field(items, "symbol").dictionary_encode()
    weights = [_weight(header, symbol) for symbol in symbols.dictionary.to_pylist()]
    quantity, mark = (_floats(pc.struct_field(items, name)) for name in ("quantity", "mark_price"))

    def each(name: str) -> Any:
        values = [getattr(one, name) if one is not None else None for one in weights]
        texts = pa.array([None if value is None else str(value) for value in values], pa.string())
        return texts.cast(pa.float64()).take(symbols.indices)

    mark = pc.coalesce(pc.multiply(mark, each("ratio")), each("mark"))
    size = pc.abs(quantity)
    straight = pc.multiply(pc.multiply(size, each("linear")), mark)
    divided = pc.divide(pc.multiply(size, each("inverse")), mark)
    value = pc.coalesce(straight, divided, pc.multiply(size, each("fixed")))
    sides = pc.coalesce(_sides(items), pc.if_else(pc.less(quantity, 0), "short", "long"))
    names = pa.array([one.underlying if one is not None else None for one in weights], pa.string()).take(
        symbols.indices
    )
    table = pa.table({"name": pc.binary_join_element_wise(names, sides, ":"), "value": value}).drop_null()
    table = table.set_column(1, "value", table.column("value").cast(EXACT, safe=False))
    sums = table.group_by("name", use_threads=False).aggregate([("value", "sum")]).to_pylist()
    return {one["name"]: one["value_sum"] for one in sums}


def _weight(header: BookHeader, symbol: str) -> Weight | None:
    contract = header.contract(symbol)
    return None if contract is None else weight_of(header, contract)


def _sides(items: Any) -> Any:
    column = pc.struct_field(items, "side")
    return column.cast(pa.string()) if pa.types.is_null(column.type) else column


def _floats(column: Any) -> Any:
    column = pc.utf8_ltrim(column, "+") if pa.types.is_string(column.type) else column
    return column.cast(pa.float64())
