"""A table of prices, ``asset``, ``price``, perhaps ``as_of``: by the time of the rows that they are for."""

from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from marginctl.books.book_parts import raw_batches, schema_of
from marginctl.books.header import MOST_MOMENTS, BookHeader
from marginctl.books.normalising import BookError, moments, text_column
from marginctl.books.row_drafts import plain_number
from marginctl.books.stored import texts_of
from marginctl.document.kinds import POSITIVE
from marginctl.document.numbers import NumberError
from marginctl.document.source import echo


def price_table(file: str) -> dict[str, dict[str, Decimal]]:
    """Prices by asset, by time, those without a time under an empty one. Raises BookError."""
    names = schema_of(file).names
    for name in ("asset", "price"):
        if name not in names:
            raise BookError(file, f"there is no column {echo(name)}", "its columns are asset, price, as_of", "MC012")
    found: dict[str, dict[str, Decimal]] = {}
    row = 0
    for batch in raw_batches(file, None, 1 << 16):
        assets = texts_of(text_column(batch.column("asset"), "prices.asset", file, numeric=False))
        times = texts_of(moments(batch.column("as_of"), file)) if "as_of" in names else [None] * len(batch)
        for asset, price, time in zip(assets, texts_of(batch.column("price")), times, strict=True):
            _add(found, file, row, asset, price, time)
            row += 1
    return found


def _add(found: dict[str, dict[str, Decimal]], file: str, row: int, asset: Any, price: Any, time: Any) -> None:
    if asset is None or price is None:
        raise BookError(file, f"row {row}: `{'asset' if asset is None else 'price'}` is null", "give it", "MC012")
    prices = found.setdefault(time or "", {})
    if asset in prices:
        raise BookError(file, f"row {row}: {echo(asset)} has two prices{' then' if time else ''}", "keep one", "MC016")
    try:
        prices[asset] = POSITIVE.read(plain_number(price))
    except NumberError as error:
        raise BookError(file, f"row {row}: the price of {echo(asset)} {error.message}", error.help, "MC014") from None


class Group(NamedTuple):
    """The rows of a batch that take the same prices, the header with these, and where they stand in it."""

    header: BookHeader
    batch: pa.RecordBatch
    places: Any


def by_prices(header: BookHeader, batch: pa.RecordBatch) -> list[Group]:
    """The rows of a batch by their times, where a table gives prices by time and these are not too many to prepare.

    Else one group, under the header as it is.
    """
    moments = batch.column("as_of")
    times = pc.unique(moments).to_pylist() if header.prices_at else []
    if not times or len(times) > MOST_MOMENTS:
        return [Group(header, batch, pa.array(np.arange(len(batch))))]
    groups: list[Group] = []
    for moment in times:
        mask = pc.is_null(moments) if moment is None else pc.fill_null(pc.equal(moments, moment), False)
        groups.append(Group(header.at(moment), batch.filter(mask), pc.indices_nonzero(mask).cast(pa.int64())))
    return groups
