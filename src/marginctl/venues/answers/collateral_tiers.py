"""Collateral ratios by amount: ``{result: {list: [{currency, collateralRatioList: [{minQty, maxQty, ...}]}]}, time}``.

GET /v5/spot-margin-trade/collateral. Marginal by amount of the coin; an empty ``maxQty`` is no limit.
"""

from marginctl.core.contract import HaircutTier
from marginctl.document.nodes import Node
from marginctl.venues.answers.answer import Answer, Format, PublishedHaircuts, day_of, haircut_fault, haircut_of
from marginctl.venues.answers.reading import any_has, items, member, number, optional_number, text


def recognizes(root: Node) -> bool:
    """Whether its list has coins with a list of ratios."""
    return any_has(items(member(root, "result", "list")), "currency", "collateralRatioList")


def read(root: Node) -> Answer:
    """The haircuts, by coin."""
    return Answer(
        title=TITLE,
        day=day_of(text(root, "time")),
        haircuts=tuple(_coin(row) for row in items(member(root, "result", "list"))),
    )


def _coin(row: Node) -> PublishedHaircuts:
    nodes = sorted(items(member(row, "collateralRatioList")), key=lambda tier: number(tier, "minQty"))
    haircuts = tuple(
        HaircutTier(optional_number(tier, "maxQty"), haircut_of(number(tier, "collateralRatio"))) for tier in nodes
    )
    return PublishedHaircuts(asset=text(row, "currency"), haircuts=haircuts, fault=haircut_fault(haircuts))


TITLE = "collateral ratios by amount"
FORMAT = Format(TITLE, recognizes, read)
