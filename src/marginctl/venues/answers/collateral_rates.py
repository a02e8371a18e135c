"""Flat collateral ratios: ``[{asset, collateralRate}]``.

GET /sapi/v1/portfolio/collateralRate. One ratio for any amount.
"""

from marginctl.core.contract import HaircutTier
from marginctl.document.nodes import Node
from marginctl.venues.answers.answer import Answer, Format, PublishedHaircuts, haircut_fault, haircut_of
from marginctl.venues.answers.reading import any_has, items, number, text


def recognizes(root: Node) -> bool:
    """Whether its items are assets with a ratio."""
    return any_has(items(root), "asset", "collateralRate")


def read(root: Node) -> Answer:
    """The haircuts, by asset."""
    return Answer(title=TITLE, haircuts=tuple(_asset(row) for row in items(root)))


def _asset(row: Node) -> PublishedHaircuts:
    haircuts = (HaircutTier(None, haircut_of(number(row, "collateralRate"))),)
    return PublishedHaircuts(asset=text(row, "asset"), haircuts=haircuts, fault=haircut_fault(haircuts))


TITLE = "collateral ratios"
FORMAT = Format(TITLE, recognizes, read)
