"""The rows of a check as CSV has them: positions, accounts, what is taken as given, limits, findings."""

from collections.abc import Iterable
from typing import ClassVar, Self

from msgspec import Struct

from marginctl.core.report import OtherFigures, PositionFigures, Report
from marginctl.findings import Check, Finding
from marginctl.results import Outcome, Run, Verdict, ranked, verdict


class PositionRow(Struct, frozen=True):
    """A position with whose it is."""

    shape: ClassVar[str] = (
        "file account=report.account.name venue=report.account.venue currency=report.account.currency *position"
    )
    file: str
    report: Report
    position: PositionFigures

    @classmethod
    def of(cls, _: Run, one: Outcome, report: Report) -> Iterable[Self]:
        """The rows of a checked file of a run."""
        return (cls(one.file, report, position) for position in report.positions)


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
    verdict: Verdict

    @classmethod
    def of(cls, run: Run, one: Outcome, report: Report) -> Iterable[Self]:
        """The rows of a checked file of a run."""
        yield cls(one.file, report, verdict(one, run.fail_on))


class OtherRow(Struct, frozen=True):
    """What is taken as given, with whose it is."""

    shape: ClassVar[str] = (
        "file account=report.account.name venue=report.account.venue currency=report.account.currency *given"
    )
    file: str
    report: Report
    given: OtherFigures

    @classmethod
    def of(cls, _: Run, one: Outcome, report: Report) -> Iterable[Self]:
        """The rows of a checked file of a run."""
        return (cls(one.file, report, given) for given in report.other)


class LimitRow(Struct, frozen=True):
    """A limit that was evaluated, with whose account it was."""

    shape: ClassVar[str] = (
        "file account=report.account.name venue=report.account.venue currency=report.account.currency *check"
    )
    file: str
    report: Report
    check: Check

    @classmethod
    def of(cls, _: Run, one: Outcome, report: Report) -> Iterable[Self]:
        """The rows of a checked file of a run."""
        return (cls(one.file, report, check) for check in one.checks)


class FoundRow(Struct, frozen=True):
    """A finding with whose account it is of; ``portfolio``: its file, which need not be where the finding stands."""

    shape: ClassVar[str] = (
        "portfolio account=report.account.name venue=report.account.venue currency=report.account.currency *finding"
    )
    portfolio: str
    report: Report
    finding: Finding

    @classmethod
    def of(cls, _: Run, one: Outcome, report: Report) -> Iterable[Self]:
        """The rows of a checked file of a run."""
        return (cls(one.file, report, finding) for finding in ranked(one.findings))


RunRow = PositionRow | AccountRow | OtherRow | LimitRow | FoundRow
TABLES: dict[str, type[RunRow]] = {
    "positions": PositionRow,
    "accounts": AccountRow,
    "other": OtherRow,
    "limits": LimitRow,
    "findings": FoundRow,
}


def rows_of(run: Run, table: str) -> list[RunRow]:
    """The rows of a run in one of ``TABLES``: those of its files with a report, in their order."""
    rows = TABLES[table]
    return [row for one in run.outcomes if one.report is not None for row in rows.of(run, one, one.report)]
