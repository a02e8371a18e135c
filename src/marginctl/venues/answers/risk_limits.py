"""Risk limits: ``{result: {category, list: [{symbol, riskLimitValue, maintenanceMargin, mmDeduction, ...}]}, time}``.

GET /v5/market/risk-limit. A row is one tier; borders are position values in the settle asset and have no floor of their
own: each tier begins where the one before it ends. Several pages come as several answers.
"""

from collections import defaultdict
from decimal import Decimal

from marginctl.core.contract import ContractType
from marginctl.core.exact import ZERO
from marginctl.document.nodes import Node
from marginctl.venues.answers.answer import Answer, Format, PublishedTable, border, day_of, printed_rate_fault
from marginctl.venues.answers.reading import any_has, items, member, number, optional_number, text
from marginctl.venues.tiers import TierRow

NEXT_PAGE = "the answer is one page of several (nextPageCursor): give the others as well"


def recognizes(root: Node) -> bool:
    """Whether its list has risk limits."""
    return any_has(_rows(root), "symbol", "riskLimitValue", "maintenanceMargin")


def read(root: Node) -> Answer:
    """The tables, by symbol."""
    by_symbol: defaultdict[str, list[Node]] = defaultdict(list)
    for row in _rows(root):
        by_symbol[text(row, "symbol")].append(row)
    category = text(member(root, "result") or root, "category")
    return Answer(
        title=TITLE,
        day=day_of(text(root, "time")),
        type=ContractType(category) if category in {one.value for one in ContractType} else None,
        tables=tuple(_table(symbol, rows) for symbol, rows in by_symbol.items()),
        remarks=(NEXT_PAGE,) if text(member(root, "result") or root, "nextPageCursor") else (),
    )


def _rows(root: Node) -> list[Node]:
    return items(member(root, "result", "list"))


def _table(symbol: str, rows: list[Node]) -> PublishedTable:
    nodes = sorted(rows, key=lambda row: number(row, "riskLimitValue"))
    faults = (
        printed_rate_fault(optional_number(row, "initialMargin"), optional_number(row, "maxLeverage")) for row in nodes
    )
    return PublishedTable(
        name=symbol,
        rows=tuple(_tier(row, first=k == 0) for k, row in enumerate(nodes)),
        fault=next(filter(None, faults), ""),
    )


def _tier(row: Node, *, first: bool) -> TierRow:
    return TierRow(
        up_to=border(number(row, "riskLimitValue")),
        maintenance_rate=number(row, "maintenanceMargin"),
        max_leverage=optional_number(row, "maxLeverage"),
        deduction=_deduction(row, first=first),
    )


def _deduction(row: Node, *, first: bool) -> Decimal | None:
    """The deduction; that of the first tier is 0 and often left empty."""
    given = optional_number(row, "mmDeduction")
    return ZERO if given is None and first else given


TITLE = "risk limits"
FORMAT = Format(TITLE, recognizes, read)
