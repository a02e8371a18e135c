"""Columns of a batch -> rows of texts, every number exactly as it is stored."""

from collections.abc import Iterator
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from marginctl.books.row_drafts import BALANCE_FIELDS, BALANCES, OPTIONS, POSITION_FIELDS, POSITIONS, Stored

ORDERS, TWICE, UNLISTED = "orders", "__twice", "__unlisted"
REFUSALS = (
    (ORDERS, "orders", "MC010", "open orders are not read in books", "leave them out, or check the account by itself"),
    (TWICE, "account_id", "MC016", "the account occurs twice", "keep one row of it, or tell them apart by `as_of`"),
    (UNLISTED, "account_id", "MC012", "the table of accounts lacks it", "add it to accounts.*, or take its rows out"),
)
"""Columns that mark a row as one that cannot be checked, and what is said of it."""
CHILDREN = {BALANCES: BALANCE_FIELDS, POSITIONS: POSITION_FIELDS}


def stored_rows(batch: pa.RecordBatch) -> list[Stored]:
    """The accounts of a batch, in their order."""
    ids, moments = texts_of(batch.column("account_id")), texts_of(batch.column("as_of"))
    options = [(name, texts_of(batch.column(name))) for name in OPTIONS if batch.column(name).null_count < len(batch)]
    balances, positions = (_lists(batch.column(table), CHILDREN[table]) for table in (BALANCES, POSITIONS))
    refused = list(zip(*(_refusals(batch, *one) for one in REFUSALS), strict=True))
    refused = [tuple(one for one in found if one is not None) for found in refused]
    return [
        Stored(
            ids[i],
            moments[i],
            {name: text for name, column in options if (text := column[i]) is not None},
            next(balances),
            next(positions),
            refused[i],
        )
        for i in range(len(batch))
    ]


def forced(batch: pa.RecordBatch) -> Any:
    """Whether a row is refused as a whole, whatever is in it; None where none is."""
    masks = [mask for column, *_ in REFUSALS if (mask := _marked(batch, column)) is not None]
    return reduce(pc.or_, masks) if masks else None


def _marked(batch: pa.RecordBatch, name: str) -> Any:
    """Whether a marking column has something in a row; None where the batch does not have it."""
    if name not in batch.schema.names:
        return None
    column = batch.column(name)
    kind = column.type
    if pa.types.is_boolean(kind):
        return column
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pc.greater(pc.fill_null(pc.list_value_length(column), 0), 0)
    return pc.is_valid(column)


def _refusals(batch: pa.RecordBatch, name: str, *told: str) -> list[Any]:
    mask = _marked(batch, name)
    if mask is None:
        return [None] * len(batch)
    return [(*told,) if one else None for one in mask.to_pylist()]


def _lists(column: Any, fields: tuple[str, ...]) -> Iterator[list[dict[str, str]]]:
    """Row by row the items of a list column, each as the texts of its fields that are not null."""
    if pa.types.is_null(column.type):
        yield from ([] for _ in range(len(column)))
        return
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_pylist()
    items = column.flatten()
    columns = [(name, texts_of(pc.struct_field(items, name))) for name in fields if _has(items, name)]
    rows = [{name: text for name, texts in columns if (text := texts[i]) is not None} for i in range(len(items))]
    start = 0
    for length in lengths:
        yield rows[start : start + length]
        start += length


def _has(items: Any, name: str) -> bool:
    """Whether a field is there, with anything in it."""
    index = items.type.get_field_index(name)
    return index >= 0 and not pa.types.is_null(items.type.field(index).type)


def texts_of(column: Any) -> list[str | None]:
    """The values as texts: decimals with all digits, a float as the shortest text that reads back as it."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_null(kind):
        return [None] * len(column)
    if pa.types.is_decimal(kind):
        return [None if one is None else str(one) for one in column.to_pylist()]
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        column = pc.cast(column, pa.string())
    found: list[str | None] = column.to_pylist()
    return found
