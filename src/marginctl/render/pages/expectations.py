"""Figures that `expect:` asked to compare: ours, theirs and the difference, in the order of the file."""

from collections.abc import Sequence
from decimal import Decimal

from marginctl.core.exact import Direction
from marginctl.core.figures import FIGURES
from marginctl.findings import Check, Expectation, Status
from marginctl.render.page import (
    Column,
    DataTable,
    Section,
    names,
    numbers,
    pointed,
    section,
    texts,
)
from marginctl.render.pages.account import STATUS_WORDS
from marginctl.render.pages.columns import UNKNOWN
from marginctl.results import judged
from marginctl.wording import (
    HUNDRED,
    beside,
    grouped,
    natural_places,
    separated,
)

EXPLAIN = "`marginctl explain FILE` derives every figure"


FEWEST, MOST = 2, 8
"""Decimals of an expected figure."""


def expectations(rows: Sequence[Expectation], checks: Sequence[Check]) -> Section | None:
    """Ours, theirs and the difference of every figure that `expect:` asked to compare, in the order of the file."""
    if not rows:
        return None
    found = [judged(row, checks) for row in rows]
    words = [STATUS_WORDS[check.status if check else Status.NOT_EVALUATED] for check in found]
    columns = (
        texts("status", [word.text for word in words], tones=[word.tone for word in words]),
        names("of", [row.subject for row in rows]),
        names("figure", [row.figure for row in rows]),
        pointed("ours", [_expected(row, row.ours) for row in rows], priority=3),
        pointed("theirs", [_expected(row, row.theirs) for row in rows], priority=3),
        pointed("difference", [_expected(row, row.difference) for row in rows], priority=2),
        numbers("of theirs", [_relative(row) for row in rows], "%", priority=1),
        _tolerances(rows),
    )
    return section("Expected", DataTable(columns), note="what the venue shows")


def _expected(row: Expectation, value: Decimal | None) -> str:
    """With two decimals more than the venue shows, so that a difference below its last digit shows."""
    if value is None:
        return UNKNOWN
    theirs = row.theirs or Decimal(0)
    is_share = FIGURES[row.figure].kind == "ratio"
    scale = HUNDRED if is_share else Decimal(1)
    places = min(max(natural_places(theirs * scale) + 2, FEWEST), MOST)
    if value == theirs:
        places = max(natural_places(theirs * scale), FEWEST)
    return grouped(value * scale, places, Direction.NEAREST) + ("%" if is_share else "")


def _relative(row: Expectation) -> str:
    """The relative difference, never rounded onto or across the tolerance."""
    if row.relative is None or row.tolerance is None:
        return UNKNOWN
    return beside(row.relative * HUNDRED, row.tolerance * HUNDRED, Direction.UP, 2)


def _tolerances(rows: Sequence[Expectation]) -> Column:
    """What the differences may be: shares, or where the file gives amounts those as well."""
    if all(row.absolute is None for row in rows):
        return numbers("tolerance", [_exact_percent(row.tolerance or Decimal(0)) for row in rows], "%", priority=4)
    amounts = [row.absolute for row in rows]
    shown = (
        f"{_exact_percent(row.tolerance or Decimal(0))}%" if amount is None else separated(amount)
        for row, amount in zip(rows, amounts, strict=True)
    )
    return pointed("tolerance", list(shown), priority=4)


def _exact_percent(share: Decimal) -> str:
    return grouped(share * HUNDRED, natural_places(share * HUNDRED), Direction.NEAREST)
