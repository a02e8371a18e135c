"""A table of prices, ``asset``, ``price``, perhaps ``as_of``: by the time of the rows that they are for."""

from decimal import Decimal
from typing import Any

from marginctl.books.book_parts import raw_batches, schema_of
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
