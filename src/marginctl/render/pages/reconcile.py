"""``import --reconcile``: the venue's figures beside ours, what they may differ by, and why the others do."""

from collections.abc import Sequence
from decimal import Decimal

from marginctl.core.exact import Direction, rounded
from marginctl.core.figures import FIGURES
from marginctl.render import Options
from marginctl.render.page import DataTable, Page, Section, Sentence, Tone, names, page, pointed, section, texts
from marginctl.results.reconciliation import Agreement, ImportResult, ReconcileRow
from marginctl.wording import HUNDRED, counted, grouped, natural_places, separated

TONES = {
    Agreement.EQUAL: Tone.GOOD,
    Agreement.WITHIN: Tone.GOOD,
    Agreement.BEYOND: Tone.BAD,
    Agreement.NOT_COMPARABLE: Tone.DIM,
}
NONE = "none"
MOST_PLACES = 10


def reconcile_page(result: ImportResult, _: Options) -> Page:
    """The table, and the count of figures below it."""
    rows = result.reconcile or ()
    return page([_table(rows), _count(result), _reasons(rows)])


def _table(rows: Sequence[ReconcileRow]) -> Section | None:
    if not rows:
        return section("Reconciled", Sentence(text="the answers show no figure that could be compared"))
    columns = (
        texts("verdict", [row.verdict.value for row in rows], tones=[TONES[row.verdict] for row in rows]),
        names("of", [row.subject for row in rows]),
        names("figure", [row.figure for row in rows]),
        pointed("ours", [_amount(row, row.ours) for row in rows], priority=2),
        pointed("venue", [_amount(row, row.venue) for row in rows], priority=2),
        texts("in", [row.unit for row in rows], priority=3),
        pointed("difference", [_difference(row) for row in rows], priority=1),
        pointed("relative", [_relative(row) for row in rows], priority=5),
        pointed("allowed", ["" if row.allowed is None else separated(row.allowed) for row in rows], priority=4),
    )
    return section("Reconciled", DataTable(columns), note="figures that the venue shows beside ours")


def _amount(row: ReconcileRow, value: Decimal | None) -> str:
    """With two decimals more than the venue shows, ten at most."""
    if value is None:
        return "" if row.verdict is Agreement.NOT_COMPARABLE else NONE
    places = natural_places(row.venue) if row.venue is not None else 2
    most = MOST_PLACES if FIGURES[row.figure].kind != "price" else max(MOST_PLACES, 5 - value.adjusted())
    extra = 0 if value is row.venue else 2
    return grouped(value, min(places + extra, most), Direction.NEAREST)


def _difference(row: ReconcileRow) -> str:
    if row.difference is None:
        return ""
    places = MOST_PLACES if rounded(row.difference, MOST_PLACES, Direction.NEAREST) else 0
    return grouped(row.difference, places, Direction.NEAREST)


def _relative(row: ReconcileRow) -> str:
    """The relative difference in percent, with two digits."""
    if not row.relative or row.verdict is Agreement.EQUAL:
        return ""
    share = row.relative * HUNDRED
    return f"{grouped(share, max(1 - share.adjusted(), 0), Direction.UP)}%"


def _count(result: ImportResult) -> Section | None:
    """``17 of 19 figures within tolerance; 2 beyond``."""
    summary = result.summary
    compared = summary.within + summary.beyond
    text = f"{summary.within} of {counted(compared, 'figure')} within tolerance; {summary.beyond} beyond"
    if summary.not_comparable:
        text += f"; {summary.not_comparable} not comparable"
    tone = Tone.BAD if summary.beyond else Tone.GOOD
    return Section(blocks=(Sentence(text=text, tone=tone),)) if result.reconcile else None


def _reasons(rows: Sequence[ReconcileRow]) -> Section | None:
    """Every reason once, with the figures that it is of."""
    named: dict[str, list[str]] = {}
    for row in rows:
        if row.reason:
            named.setdefault(row.reason, []).append(f"{row.subject}.{row.figure}")
    blocks = [Sentence(text=f"{', '.join(figures)}: {reason}") for reason, figures in named.items()]
    return section("Why", *blocks)
