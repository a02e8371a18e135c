"""One line for every pass over an account that is asked for again and again."""

from decimal import Decimal

from marginctl.results import Outcome, Verdict
from marginctl.wording import figure_percent

MOST_CHANGES = 4


def line(now: Verdict, outcome: Outcome, before: Outcome | None) -> str:
    """One pass: ``PASS  distance 12.3%  equity 100.00 USD  BTCUSDT long 1 -> 2``."""
    if outcome.report is None:
        return f"{now.value}  {outcome.problems[0].message if outcome.problems else 'not checked'}"
    totals, distance = outcome.report.totals, outcome.report.liquidation.distance
    away = "none" if distance is None else f"{figure_percent('distance', distance)}%"
    found = changes(outcome, before)
    more = [f"and {len(found) - MOST_CHANGES} more"] if len(found) > MOST_CHANGES else []
    changed = ", ".join([*found[:MOST_CHANGES], *more]) or ("first pass" if before is None else "no change")
    return f"{now.value}  distance {away}  equity {totals.equity:.2f}  {changed}"


def changes(outcome: Outcome, before: Outcome | None) -> list[str]:
    """What is another than at the last pass: positions by quantity, findings by code."""
    if before is None or before.report is None:
        return []
    old, new = _quantities(before), _quantities(outcome)
    moved = [_moved(name, old.get(name), new.get(name)) for name in {**old, **new} if old.get(name) != new.get(name)]
    known, found = ({one.code for one in each.findings if not one.waived} for each in (before, outcome))
    return [*moved, *(f"+{code}" for code in sorted(found - known)), *(f"-{code}" for code in sorted(known - found))]


def _quantities(outcome: Outcome) -> dict[str, Decimal]:
    positions = outcome.report.positions if outcome.report is not None else ()
    return {f"{one.symbol} {one.side}": one.quantity for one in positions}


def _moved(name: str, old: Decimal | None, new: Decimal | None) -> str:
    return f"{name} {'none' if old is None else f'{old:f}'} -> {'none' if new is None else f'{new:f}'}"
