"""How much more an account takes, and the cheapest ways to pass what is broken."""

from decimal import Decimal
from functools import partial

from msgspec.structs import replace

from marginctl.analysis.check import (
    Loaded,
    Settings,
    checked,
    context_of,
    limits_together,
    load_portfolio,
    outcome_exit,
    scenarios_of,
)
from marginctl.core.rooms import Remedies
from marginctl.document.scalars import positive
from marginctl.document.source import echo
from marginctl.findings import Finding
from marginctl.limits.engine import DepositRemedy, Evaluation
from marginctl.limits.headroom import order_rooms, withdrawal_rooms
from marginctl.limits.outcomes import with_outcomes
from marginctl.limits.rule import Deposit
from marginctl.limits.standing import Inquiry
from marginctl.limits.verdict import FailOn, verdict
from marginctl.limits.ways import ways
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
    limits, _ = loaded.limits()
    inquiry = Inquiry(
        context_of(loaded, outcome.report, settings),
        limits_together(loaded, limits, settings),
        settings.selection,
        settings.fail_on,
        partial(with_outcomes, scenarios=scenarios_of(loaded.file.scenarios, settings.policy)),
    )
    broken = ways(inquiry, outcome.findings)
    return replace(
        found,
        outcome=replace(outcome, remedy=_cheapest(outcome, broken, settings.fail_on)),
        orders=tuple(order_rooms(inquiry, leverage)),
        withdrawals=tuple(withdrawal_rooms(inquiry)),
        broken=tuple(Broken(*one) for one in broken),
    )


def _cheapest(outcome: Outcome, broken: list[tuple[Finding, Remedies]], fail_on: FailOn) -> str:
    """What the last line says: as ``check``, with the deposits that were found beyond those that have a formula."""
    found = tuple(
        DepositRemedy(finding.code, finding.subject, finding.severity, Deposit(way.pool, way.asset, way.amount))
        for finding, ways_out in broken
        for way in ways_out.deposits[:1]
    )
    return verdict(Evaluation(outcome.checks, outcome.findings, ways=found), fail_on).text
