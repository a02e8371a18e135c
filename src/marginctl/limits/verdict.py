"""What a run comes to: the counts, the exit code, and the cheapest way to pass."""

from collections.abc import Iterable
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from marginctl.findings import Finding, Severity
from marginctl.limits.engine import GRAVITY, DepositRemedy, Evaluation
from marginctl.limits.remedy import deposit_text
from marginctl.limits.rule import Deposit
from marginctl.wording import closed

if TYPE_CHECKING:
    from marginctl.core.rooms import ReductionWay


class FailOn(Enum):
    """From which severity on a finding fails a run."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


class ExitCode(Enum):
    """The exit codes that a check can end with."""

    PASSED = 0
    FAILED = 1
    NOT_CHECKED = 2


FAILING = {
    FailOn.ERROR: frozenset({Severity.ERROR}),
    FailOn.WARNING: frozenset({Severity.ERROR, Severity.WARNING}),
    FailOn.NEVER: frozenset[Severity](),
}


class FindingCounts(Struct, frozen=True):
    """Counts of the findings that are not waived, and what to do.

    ``deposits`` are the smallest ones, one per pool and asset, that together lift every finding named in ``lifted``;
    ``left`` are the codes at or above the bar that a deposit does not lift. ``text`` says it in a sentence, empty
    when there is nothing to do.
    """

    errors: int
    warnings: int
    notes: int
    waived: int
    deposits: tuple[Deposit, ...] = ()
    lifted: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    text: str = ""


def exit_code(findings: Iterable[Finding], *, problems: bool, fail_on: FailOn) -> ExitCode:
    """2 when anything could not be checked, else 1 when a finding that is not waived reaches ``fail_on``, else 0."""
    if problems:
        return ExitCode.NOT_CHECKED
    failing = FAILING[fail_on]
    fails = any(finding.severity in failing and not finding.waived for finding in findings)
    return ExitCode.FAILED if fails else ExitCode.PASSED


def worst_exit(codes: Iterable[ExitCode]) -> ExitCode:
    """The exit code of several files: 2 outranks 1 outranks 0."""
    return max(codes, key=lambda code: code.value, default=ExitCode.PASSED)


def verdict(
    evaluation: Evaluation, fail_on: FailOn = FailOn.ERROR, closing: "ReductionWay | None" = None
) -> FindingCounts:
    """The counts, and the cheapest way to pass at this bar; warnings are worth lifting where nothing is graver.

    ``closing``: what may be closed instead of all deposits.
    """
    live = [finding for finding in evaluation.findings if not finding.waived]
    counts = {severity: sum(finding.severity is severity for finding in live) for severity in Severity}
    aims = aims_of(evaluation.findings, fail_on)
    ways = [way for way in evaluation.ways if (way.code, way.subject) in {(f.code, f.subject) for f in aims}]
    lifted = {(way.code, way.subject) for way in ways}
    left = [finding for finding in aims if (finding.code, finding.subject) not in lifted]
    deposits = _largest(ways)
    return FindingCounts(
        errors=counts[Severity.ERROR],
        warnings=counts[Severity.WARNING],
        notes=counts[Severity.NOTE],
        waived=len(evaluation.findings) - len(live),
        deposits=deposits,
        lifted=_codes(way.code for way in ways),
        left=_codes(finding.code for finding in left),
        text=_text(deposits, ways, left, closing),
    )


def aims_of(findings: Iterable[Finding], fail_on: FailOn) -> list[Finding]:
    """What has to go to pass; where the run passes already, what it warns about."""
    live = [finding for finding in findings if not finding.waived]
    failing = FAILING[fail_on] or FAILING[FailOn.WARNING]
    aims = [finding for finding in live if finding.severity in failing]
    return aims or [finding for finding in live if finding.severity is Severity.WARNING]


def _largest(ways: Iterable[DepositRemedy]) -> tuple[Deposit, ...]:
    """The largest deposit of each pool and asset: it lifts what the smaller ones lift."""
    largest: dict[tuple[str, str], Decimal] = {}
    for way in ways:
        key = (way.deposit.pool, way.deposit.asset)
        largest[key] = max(largest.get(key, way.deposit.amount), way.deposit.amount)
    return tuple(Deposit(pool, asset, amount) for (pool, asset), amount in largest.items())


def _codes(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(codes)))


def _text(
    deposits: tuple[Deposit, ...], ways: list[DepositRemedy], left: list[Finding], closing: "ReductionWay | None"
) -> str:
    """The deposits or what may be closed instead, what that passes, then the gravest thing left with its own remedy."""
    parts = []
    if deposits or closing:
        todo = [" and ".join(map(deposit_text, deposits))] if deposits else []
        todo += [closed(closing)] if closing and (not left or not deposits) else []
        codes = _codes(way.code for way in ways)
        parts.append(f"{' or '.join(todo)} to pass{' ' + ', '.join(codes) if left and deposits else ''}")
        left = left if deposits else []
    worst = max(left, key=lambda finding: GRAVITY[finding.severity], default=None)
    if worst is not None and worst.remedy:
        parts.append(f"{worst.code}: {worst.remedy}")
    return "; ".join(parts)
