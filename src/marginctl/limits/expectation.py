"""`expect:` - the figures that a venue shows beside ours, each held to a tolerance like a limit (MC209)."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from marginctl.core.account import Account, PriceShown
from marginctl.core.exact import ratio
from marginctl.core.report import PositionFigures, Report
from marginctl.core.shown import as_shown
from marginctl.document.shape import Draft
from marginctl.document.source import Source, echo
from marginctl.findings import Expectation, Problem

DEFAULT_TOLERANCE = Decimal("0.001")
MOST_NAMES = 5
WITHOUT_FEE = "without the fee to close, as the venue shows it"
TICK_UNKNOWN = "without the tick that the venue's screen adds: give the contract's `tick_size`"


def expectations(
    draft: Draft | None, report: Report, account: Account, source: Source
) -> tuple[list[Expectation], list[Problem]]:
    """Every figure under ``expect`` with ours; ``tolerance`` is a fraction of the venue's figure (default 0.1%).

    Ours are those of the report as the venue would show them (see ``core.shown``). A position that the account does not
    have, or a name that several share, cannot be compared: a problem.
    """
    if draft is None:
        return [], []
    shown = as_shown(account, report)
    tolerance = draft.get("tolerance", DEFAULT_TOLERANCE)
    found: list[Expectation] = []
    problems: list[Problem] = []
    if "totals" in draft:
        found += _compared("totals", draft.get("totals"), (shown.totals, report.totals), tolerance, source, {})
    held = dict(zip(_by_name(report.positions), zip(shown.positions, report.positions, strict=True), strict=True))
    for key, figures, _ in draft.get("positions", ()):
        if key.text in held:
            unshown = _unshown(account, held[key.text][0])
            found += _compared(key.text, figures, held[key.text], tolerance, source, unshown)
            continue
        known = ", ".join(map(echo, list(held)[:MOST_NAMES]))
        advice = f"write one of {known}" if known else "the account has no positions"
        problems.append(
            source.problem(key, "MC030", f"`expect` names no position of the account: {echo(key.text)}", advice)
        )
    return found, problems


def _unshown(account: Account, row: PositionFigures) -> dict[str, str]:
    """Figures of a position that cannot be given as the venue shows them, with the reason."""
    contract = next(position.contract for position in account.positions if position.key == row.key)
    is_exact = account.rules.shown_liquidation_price is PriceShown.CROSSING or contract.tick_size is not None
    return {} if is_exact else {"contract_liquidation_price": TICK_UNKNOWN}


def _by_name(positions: Iterable[PositionFigures]) -> dict[str, PositionFigures]:
    """Positions by their symbol, those that share one by their key (``BTCUSDT:long``)."""
    rows = list(positions)
    counts = Counter(position.symbol for position in rows)
    return {position.symbol if counts[position.symbol] == 1 else position.key: position for position in rows}


def _compared(
    subject: str, draft: Draft, held: tuple[Any, Any], tolerance: Decimal, source: Source, unshown: dict[str, str]
) -> Iterable[Expectation]:
    """``held``: the struct as the venue would show it, and as it stands in the report; ``unshown``: why one is not."""
    for key, theirs, node in draft.items():
        ours: Decimal | None
        ours, reported = (getattr(one, key.text) for one in held)
        difference = None if ours is None else ours - theirs
        yield Expectation(
            subject=subject,
            figure=key.text,
            ours=ours,
            theirs=theirs,
            difference=difference,
            relative=None if difference is None else ratio(abs(difference), abs(theirs)),
            tolerance=tolerance,
            location=source.location(node),
            note=WITHOUT_FEE if ours != reported else unshown.get(key.text, ""),
        )
