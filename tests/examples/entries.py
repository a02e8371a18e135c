"""The recorded examples: one entry per published or recorded case, its figures as exact decimals."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import Struct, convert

DATA = Path(__file__).parent / "data"


class Entry(Struct, frozen=True):
    """A case with the figures its source gives. ``tolerance`` is absolute, for all figures or by name."""

    id: str
    venue: str
    source: str
    date: str
    kind: str
    inputs: dict[str, Any]
    expected: dict[str, Any]
    tolerance: Any
    trust: str
    note: str

    def tolerance_of(self, figure: str) -> Decimal:
        """What a figure may differ by."""
        given = self.tolerance[figure] if isinstance(self.tolerance, dict) else self.tolerance
        return Decimal(given)


def entries() -> list[Entry]:
    """All entries of all files; numbers read without a float."""
    found: list[Entry] = []
    for path in sorted(set(DATA.glob("*.json")) - {DATA / "portfolio_margin.json"}):  # which has its own test
        rows = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal, parse_int=Decimal)
        found += [convert(row, Entry, strict=False) for row in rows]
    return found
