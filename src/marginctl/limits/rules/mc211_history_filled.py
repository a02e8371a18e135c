"""What it checks: whether a history has holes that were filled or stepped over.

Cells that `missing: carry` filled with the value before, and days between two rows beyond the horizon of a return. A
warning.

Why: a carried price makes a day without a move and hides its loss; a return over a gap is the move of several days.

Example: 3 blank cells carried; a row of Friday followed by one of Monday, with returns of one day.

Instead: complete the file.
"""

from collections.abc import Iterable

from marginctl.findings import Severity
from marginctl.limits.context import Context
from marginctl.limits.figures import histories
from marginctl.limits.rule import Fact, Measurement, Rule, advice
from marginctl.wording import counted


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per kind of hole."""
    found = next(iter(histories(context)), None)
    if found is None:
        return
    told = [f"{counted(found.carried, 'blank cell')} of {found.file} carried"] if found.carried else []
    if found.largest_gap_days > found.horizon:
        told.append(f"{found.file} has a gap of {found.largest_gap_days} days between two rows")
    for what in told:
        yield Measurement(
            subject="history",
            measured=Fact(True),
            what=what,
            location=context.locations.account,
            remedy=advice("complete the file"),
        )


RULE = Rule(
    code="MC211",
    name="history-filled",
    summary="holes of a history, filled or stepped over",
    manual=__doc__ or "",
    measure=measure,
    default_severity=Severity.WARNING,
)
