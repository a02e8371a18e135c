"""Asset index with buffers: ``[{symbol: BTCUSD, time, bidBuffer, askBuffer, ...}]``.

GET /fapi/v1/assetIndex. A positive balance counts index * (1 - bidBuffer), a debt and a requirement
index * (1 + askBuffer). One asset may come without the outer list. Index prices are no rules and are left out.
"""

from marginctl.core.contract import HaircutTier
from marginctl.core.exact import ONE
from marginctl.document.nodes import Node
from marginctl.venues.answers.answer import Answer, Format, PublishedHaircuts, day_of, haircut_fault
from marginctl.venues.answers.reading import any_has, is_mapping, items, number, text

QUOTE = "USD"


def recognizes(root: Node) -> bool:
    """Whether its items have both buffers."""
    return any_has(_rows(root), "symbol", "bidBuffer", "askBuffer")


def read(root: Node) -> Answer:
    """The haircuts, by asset, with what a debt counts."""
    days = {day_of(text(row, "time")) for row in _rows(root)}
    return Answer(
        title=TITLE,
        day=min((day for day in days if day is not None), default=None),
        haircuts=tuple(_asset(row) for row in _rows(root)),
    )


def _rows(root: Node) -> list[Node]:
    return [root] if is_mapping(root) else items(root)


def _asset(row: Node) -> PublishedHaircuts:
    symbol = text(row, "symbol")
    haircuts = (HaircutTier(None, number(row, "bidBuffer")),)
    is_asset = symbol.endswith(QUOTE) and symbol != QUOTE
    return PublishedHaircuts(
        asset=symbol.removesuffix(QUOTE) if is_asset else symbol,
        haircuts=haircuts,
        debt_factor=ONE + number(row, "askBuffer"),
        fault=_fault(row, haircuts) if is_asset else f"its symbol is no asset in {QUOTE}",
    )


def _fault(row: Node, haircuts: tuple[HaircutTier, ...]) -> str:
    buffer = number(row, "askBuffer")
    return haircut_fault(haircuts) or (f"its askBuffer is {buffer:f}, below 0" if buffer < 0 else "")


TITLE = "asset index buffers"
FORMAT = Format(TITLE, recognizes, read)
