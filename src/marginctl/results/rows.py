"""The rows of a check as CSV has them: positions, accounts, what is taken as given, limits, findings."""

from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from marginctl.core.report import OtherFigures, PositionFigures, Report
from marginctl.findings import Check, Finding

if TYPE_CHECKING:
    from marginctl.results import Verdict


class PositionRow(Struct, frozen=True):
    """A position with whose it is."""

    shape: ClassVar[str] = (
        "file account=report.account.name venue=report.account.venue currency=report.account.currency *position"
    )
    file: str
    report: Report
    position: PositionFigures


class AccountRow(Struct, frozen=True):
    """An account in one line."""

    shape: ClassVar[str] = (
        "file account=report.account.name venue=report.account.venue currency=report.account.currency "
        "as_of=report.account.as_of verdict *totals=report.totals down=report.liquidation.down "
        "up=report.liquidation.up distance=report.liquidation.distance direction=report.liquidation.direction "
        "per_day=report.funding.per_day runway_days=report.funding.runway_days"
    )
    file: str
    report: Report
    verdict: "Verdict"


class OtherRow(Struct, frozen=True):
    """What is taken as given, with whose it is."""

    shape: ClassVar[str] = (
        "file account=report.account.name venue=report.account.venue currency=report.account.currency *given"
    )
    file: str
    report: Report
    given: OtherFigures


class LimitRow(Struct, frozen=True):
    """A limit that was evaluated, with whose account it was."""

    shape: ClassVar[str] = (
        "file account=report.account.name venue=report.account.venue currency=report.account.currency *check"
    )
    file: str
    report: Report
    check: Check


class FoundRow(Struct, frozen=True):
    """A finding with whose account it is of; ``portfolio``: its file, which need not be where the finding stands."""

    shape: ClassVar[str] = (
        "portfolio account=report.account.name venue=report.account.venue currency=report.account.currency *finding"
    )
    portfolio: str
    report: Report
    finding: Finding
