"""Position tiers: ``{data: [{instId, instFamily, tier, minSz, maxSz, mmr, imr, maxLever}]}``.

GET /api/v5/public/position-tiers. Borders count contracts; the rate of a tier counts on the whole position. Most
answers name a family of contracts and no contract. A tier begins one lot behind the one before it.
"""

from collections import defaultdict
from decimal import Decimal

from marginctl.core.contract import TiersBy
from marginctl.core.exact import ONE, ZERO
from marginctl.document.nodes import Node
from marginctl.venues.answers.answer import Answer, Format, PublishedTable, border, printed_rate_fault
from marginctl.venues.answers.reading import any_has, items, member, number, text
from marginctl.venues.tiers import TierRow

LARGEST_LOT = ONE


def recognizes(root: Node) -> bool:
    """Whether its data are tiers with sizes and both rates."""
    return any_has(items(member(root, "data")), "tier", "minSz", "maxSz", "mmr", "imr")


def read(root: Node) -> Answer:
    """The tables, by contract where the answer names one, else by family."""
    by_name: defaultdict[tuple[str, bool], list[Node]] = defaultdict(list)
    for row in items(member(root, "data")):
        contract = text(row, "instId")
        by_name[contract or text(row, "instFamily") or text(row, "uly"), not contract].append(row)
    tables = (_table(name, rows, family=family) for (name, family), rows in by_name.items())
    return Answer(title=TITLE, tiers_by=TiersBy.QUANTITY, tables=tuple(tables))


def _table(name: str, rows: list[Node], *, family: bool) -> PublishedTable:
    nodes = sorted(rows, key=lambda row: number(row, "tier"))
    faults = (printed_rate_fault(number(row, "imr"), number(row, "maxLever")) for row in nodes)
    return PublishedTable(
        name=name,
        family=family,
        rows=tuple(
            TierRow(
                up_to=border(number(row, "maxSz")),
                maintenance_rate=number(row, "mmr"),
                initial_rate=number(row, "imr"),
                max_leverage=number(row, "maxLever"),
                deduction=ZERO,
            )
            for row in nodes
        ),
        fault=_gap(nodes) or next(filter(None, faults), ""),
    )


def _gap(rows: list[Node]) -> str:
    """A tier that does not begin where the one before it ends, or a lot behind."""
    end: Decimal = ZERO
    for number_of, row in enumerate(rows, 1):
        floor = number(row, "minSz")
        if not end <= floor <= end + LARGEST_LOT:
            return f"tier {number_of} begins at {floor:f}, the one before it ends at {end:f}"
        end = number(row, "maxSz")
    return ""


TITLE = "position tiers"
FORMAT = Format(TITLE, recognizes, read)
