"""What the names in an expression of a custom rule mean: figures of the report, and the columns of its rows."""

from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Literal, NamedTuple, TypeAlias

from marginctl.core.figures import row_of
from marginctl.core.plain import SIDES, at, keys_of
from marginctl.core.report import (
    AccountHeader,
    AccountLiquidation,
    CollateralFigures,
    FundingFigures,
    Liquidation,
    MaintenanceNetting,
    NettingFigures,
    OtherFigures,
    PoolFigures,
    PositionFigures,
    Report,
    Totals,
    UnderlyingFigures,
)
from marginctl.document.source import meant

Type: TypeAlias = Literal["number", "text", "flag"]
Value: TypeAlias = Decimal | str | bool | None
"""None: not known, or not existing."""
ROWS: dict[str, type] = {
    "pools": PoolFigures,
    "positions": PositionFigures,
    "collateral": CollateralFigures,
    "other": OtherFigures,
    "underlyings": UnderlyingFigures,
}
"""Lists of a report -> the class of a row."""
SECTIONS: dict[str, type] = {
    "account": AccountHeader,
    "totals": Totals,
    "liquidation": AccountLiquidation,
    "netting": NettingFigures,
    "funding": FundingFigures,
}
INSIDE: dict[str, type] = {"liquidation": Liquidation, "maintenance": MaintenanceNetting}
"""Keys of rows and sections that have keys of their own."""
WORDS = frozenset(("word", "side", "place"))
MANY = frozenset(((FundingFigures, "missing"), (OtherFigures, "delta")))
"""Keys that hold several values, and so mean nothing here."""


class Name(NamedTuple):
    """A name that means something: the path from the row, or from the report where it is ``rooted``, and its type."""

    path: tuple[str, ...]
    type: Type
    rooted: bool


@cache
def names_of(rows: str) -> dict[str, Name]:
    """Every name that means something within a row of a list of the report; the row's own come first. "" = no row."""
    found: dict[str, Name] = {}
    for section, kind in SECTIONS.items():
        found |= {f"{section}.{name}": one for name, one in _keys(kind, (section,), rooted=True).items()}
    return found | (_keys(ROWS[rows], (), rooted=False) if rows else {})


def _keys(kind: type, path: tuple[str, ...], *, rooted: bool) -> dict[str, Name]:
    found: dict[str, Name] = {}
    for key in keys_of(kind):
        if key.name in INSIDE:
            inner = _keys(INSIDE[key.name], (*path, key.name), rooted=rooted)
            found |= {f"{key.name}.{name}": one for name, one in inner.items()}
        elif (kind, key.name) not in MANY:
            found[key.name] = Name((*path, *key.path), _type(key.name, kind), rooted)
    return found


def _type(name: str, owner: type) -> Type:
    row = row_of(name, owner.__name__)
    if row is None or row.kind in WORDS:
        return "text"
    return "flag" if row.kind == "flag" else "number"


def unknown(word: str, rows: str) -> tuple[str, str]:
    """What is wrong with a name that means nothing, and what was probably meant."""
    if word in ROWS:
        return f"`{word}` is a list", f"write it in sum, share, count, min, max, any or all: count({word})"
    known = names_of(rows)
    ends = [name for name in known if name.partition(".")[2] == word]
    elsewhere = [one for one in ROWS if word in names_of(one)]
    if len(ends) == 1 or (ends and not elsewhere):
        return f"there is no `{word}` here", f"did you mean `{ends[0]}`?"
    if elsewhere:
        return f"there is no `{word}` here", f"it is one of each row of {elsewhere[0]}: sum({elsewhere[0]}, {word})"
    return f"there is no `{word}` here", meant(word, known) or "`marginctl schema report` lists the keys"


def value_at(report: Report, row: Any, name: Name) -> Value:
    """The value of a name, as exact as it was computed."""
    found = at(report if name.rooted else row, name.path)
    if isinstance(found, bool | str | Decimal) or found is None:
        return found
    if isinstance(found, Enum):
        return str(found.value)
    return SIDES[found] if name.type == "text" else Decimal(found)
