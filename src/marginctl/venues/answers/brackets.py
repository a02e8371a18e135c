"""Leverage brackets: ``[{symbol, brackets: [{initialLeverage, notionalCap, maintMarginRatio, cum, ...}]}]``.

GET /fapi/v1/leverageBracket (borders by notional in the quote asset, linear contracts), GET /dapi/v2/leverageBracket
(``qtyCap``: by notional in the base coin, inverse contracts). One symbol may come without the outer list.
"""

from marginctl.core.contract import ContractType
from marginctl.core.exact import ONE, ZERO
from marginctl.document.nodes import Node
from marginctl.venues.answers.answer import Answer, Format, PublishedTable, border
from marginctl.venues.answers.reading import any_has, is_mapping, items, member, number, optional_number, text
from marginctl.venues.tiers import TierRow

FLOORS = ("notionalFloor", "qtyFloor", "qtylFloor")
"""The last one is how the documentation of the second answer spells it."""


def recognizes(root: Node) -> bool:
    """Whether it has brackets with leverages and rates."""
    return any_has(_brackets(root), "initialLeverage", "maintMarginRatio", "cum")


def read(root: Node) -> Answer:
    """The tables, by symbol."""
    by_coin = any_has(_brackets(root), "qtyCap")
    return Answer(
        title=TITLE,
        type=ContractType.INVERSE if by_coin else ContractType.LINEAR,
        tables=tuple(_table(contract, "qtyCap" if by_coin else "notionalCap") for contract in _contracts(root)),
    )


def _contracts(root: Node) -> list[Node]:
    return [root] if is_mapping(root) else items(root)


def _brackets(root: Node) -> list[Node]:
    return [row for contract in _contracts(root) for row in items(member(contract, "brackets"))]


def _table(contract: Node, cap: str) -> PublishedTable:
    rows = sorted((_row(row, cap) for row in items(member(contract, "brackets"))), key=lambda row: row.floor or ZERO)
    name = text(contract, "symbol") or text(contract, "pair")
    return PublishedTable(name=name, rows=tuple(rows), fault=_fault(contract))


def _row(row: Node, cap: str) -> TierRow:
    floor = next((name for name in FLOORS if member(row, name) is not None), FLOORS[0])
    return TierRow(
        up_to=border(number(row, cap)),
        maintenance_rate=number(row, "maintMarginRatio"),
        max_leverage=number(row, "initialLeverage"),
        deduction=number(row, "cum"),
        floor=number(row, floor),
    )


def _fault(contract: Node) -> str:
    multiplier = optional_number(contract, "notionalCoef")
    if multiplier not in (None, ONE):
        return f"brackets of an account with a multiplier of {multiplier} (notionalCoef), not the venue's own"
    if not text(contract, "symbol"):
        return "brackets of a pair, not of a contract: the venue calls them ambiguous; ask by symbol"
    return ""


TITLE = "leverage brackets"
FORMAT = Format(TITLE, recognizes, read)
