"""Discount rates: ``{data: [{ccy, minDiscountRate, details: [{discountRate, minAmt, maxAmt}]}]}``.

GET /api/v5/public/discount-rate-interest-free-quota. Marginal by amount of the currency; beyond the last tier
``minDiscountRate`` counts. Answers that have ``discountInfo`` alone are older, by value in USD, and not used.
"""

from marginctl.core.contract import HaircutTier
from marginctl.document.nodes import Node
from marginctl.venues.answers.answer import Answer, Format, PublishedHaircuts, haircut_fault, haircut_of
from marginctl.venues.answers.reading import any_has, items, keys, member, number, optional_number, text

BY_VALUE = "its tiers are by value in USD, as until 2024: ask for the current answer, which has `details`"
NO_REST = "it does not say what counts beyond the last tier (minDiscountRate)"


def recognizes(root: Node) -> bool:
    """Whether its data are currencies with discounts."""
    rows = items(member(root, "data"))
    return any_has(rows, "ccy", "details") or any_has(rows, "ccy", "discountInfo")


def read(root: Node) -> Answer:
    """The haircuts, by currency."""
    return Answer(title=TITLE, haircuts=tuple(_currency(row) for row in items(member(root, "data"))))


def _currency(row: Node) -> PublishedHaircuts:
    asset = text(row, "ccy")
    if "details" not in keys(row):
        return PublishedHaircuts(asset=asset, haircuts=(), fault=BY_VALUE)
    nodes = sorted(items(member(row, "details")), key=lambda tier: number(tier, "minAmt"))
    haircuts = tuple(
        HaircutTier(optional_number(tier, "maxAmt"), haircut_of(number(tier, "discountRate"))) for tier in nodes
    )
    rest = optional_number(row, "minDiscountRate")
    if haircuts and haircuts[-1].up_to is not None:
        if rest is None:
            return PublishedHaircuts(asset=asset, haircuts=haircuts, fault=NO_REST)
        haircuts = (*haircuts, HaircutTier(None, haircut_of(rest)))
    return PublishedHaircuts(asset=asset, haircuts=haircuts, fault=haircut_fault(haircuts))


TITLE = "discount rates by amount"
FORMAT = Format(TITLE, recognizes, read)
