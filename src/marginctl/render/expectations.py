"""The figures that a venue shows beside ours: what `expect:` asked to compare."""

from collections.abc import Sequence
from decimal import Decimal

from marginctl.core.exact import Direction
from marginctl.core.figures import FIGURES
from marginctl.findings import Check, Expectation, Status
from marginctl.render.layout import Column
from marginctl.render.numbers import aligned, beside, grouped, natural_places
from marginctl.render.screen import Grid, Show
from marginctl.render.sections import STATUS_WORDS, UNKNOWN
from marginctl.results import judged

HUNDRED = Decimal(100)
FEWEST, MOST = 2, 8


def expectations(rows: Sequence[Expectation], checks: Sequence[Check], show: Show) -> Grid | None:
    """Ours, theirs and the difference of every figure expected, in the order of the file."""
    if not rows:
        return None
    found = [judged(row, checks) for row in rows]
    words = [STATUS_WORDS[check.status if check else Status.NOT_EVALUATED] for check in found]
    columns = (
        Column(title="status", cells=[word for word, _ in words], right=False, styles=[style for _, style in words]),
        Column(title="of", cells=[show(row.subject) for row in rows], right=False, name=True),
        Column(title="figure", cells=[row.figure for row in rows], right=False, name=True),
        Column(title="ours", cells=aligned([_amount(row, row.ours) for row in rows]), priority=3),
        Column(title="theirs", cells=aligned([_amount(row, row.theirs) for row in rows]), priority=3),
        Column(title="difference", cells=aligned([_amount(row, row.difference) for row in rows]), priority=2),
        Column(title="of theirs", unit="%", cells=[_share(row) for row in rows], priority=1),
        Column(title="tolerance", unit="%", cells=[_percent(row.tolerance) for row in rows], priority=4),
    )
    return Grid("Expected", "what the venue shows", columns)


def _amount(row: Expectation, value: Decimal | None) -> str:
    """With two decimals more than the venue shows, so that a difference below its last digit shows."""
    if value is None:
        return UNKNOWN
    scale = HUNDRED if _is_share(row.figure) else Decimal(1)
    places = min(max(natural_places(row.theirs * scale) + 2, FEWEST), MOST)
    if value == row.theirs:
        places = max(natural_places(row.theirs * scale), FEWEST)
    return grouped(value * scale, places, Direction.NEAREST) + ("%" if scale is HUNDRED else "")


def _is_share(figure: str) -> bool:
    return FIGURES[figure].kind == "ratio"


def _share(row: Expectation) -> str:
    """The relative difference, never rounded onto or across the tolerance."""
    if row.relative is None:
        return UNKNOWN
    return beside(row.relative * HUNDRED, row.tolerance * HUNDRED, Direction.UP, 2)


def _percent(tolerance: Decimal) -> str:
    return grouped(tolerance * HUNDRED, natural_places(tolerance * HUNDRED), Direction.NEAREST)
