"""How much more an account takes, and the cheapest ways to pass what is broken."""

from decimal import Decimal

from msgspec.structs import replace

from marginctl.analysis.check import Loaded, Settings, checked, inquiry_of, load_portfolio, outcome_exit
from marginctl.core.rooms import ReductionWay, Remedies
from marginctl.document.scalars import positive
from marginctl.document.source import echo
from marginctl.findings import Finding
from marginctl.limits.engine import Evaluation
from marginctl.limits.headroom import order_rooms, withdrawal_rooms
from marginctl.limits.verdict import FailOn, verdict
from marginctl.limits.ways import closing_of, deposit_remedy, ways
from marginctl.results import Outcome
from marginctl.results.headroom_result import Broken, HeadroomResult


def leverage_of(text: str) -> Decimal:
    """--leverage, more than 0. Raises FlagError."""
    return positive(text, f"--leverage {echo(text)}", "write it as 10")


def headroom(data: bytes, name: str, settings: Settings, leverage: Decimal | None = None) -> HeadroomResult:
    """The headroom of one file's bytes; none where a limit that a file sets cannot be evaluated."""
    loaded, problems = load_portfolio(data, name, settings)
    if loaded is None:
        return _of(Outcome(file=name, problems=tuple(problems)), settings)
    return headroom_of(loaded, settings, leverage)


def _of(outcome: Outcome, settings: Settings) -> HeadroomResult:
    code = outcome_exit(outcome, settings.fail_on).value
    return HeadroomResult(outcome=outcome, exit_code=code, fail_on=settings.fail_on.value)


def headroom_of(loaded: Loaded, settings: Settings, leverage: Decimal | None = None) -> HeadroomResult:
    """The same of a portfolio that was read."""
    outcome = checked(loaded, settings)
    found = _of(outcome, settings)
    if outcome.problems or outcome.report is None:
        return found
    inquiry = inquiry_of(loaded, outcome.report, settings)
    broken = ways(inquiry, outcome.findings)
    closing = closing_of(inquiry, outcome.findings)
    return replace(
        found,
        outcome=replace(outcome, remedy=_cheapest(outcome, broken, closing, settings.fail_on)),
        orders=tuple(order_rooms(inquiry, leverage)),
        withdrawals=tuple(withdrawal_rooms(inquiry)),
        broken=tuple(Broken(*one) for one in broken),
    )


def _cheapest(
    outcome: Outcome, broken: list[tuple[Finding, Remedies]], closing: ReductionWay | None, fail_on: FailOn
) -> str:
    """What the head says: as ``check``, with the deposits that were found beyond those that have a formula."""
    found = tuple(deposit_remedy(finding, way) for finding, ways_out in broken for way in ways_out.deposits[:1])
    return verdict(Evaluation(outcome.checks, outcome.findings, ways=found), fail_on, closing).text
