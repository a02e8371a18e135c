"""``marginctl headroom``: how much more an account takes, and the cheapest ways to pass what is broken."""

import sys
from decimal import Decimal
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from marginctl import __version__
from marginctl.cli.check import Request, exit_of, manual, outcome_exit, settings_of
from marginctl.cli.checking import Settings, check, context_of, load_portfolio, scenarios_of
from marginctl.cli.exits import NOT_CHECKED
from marginctl.cli.files import content
from marginctl.cli.flags import FlagError, chosen, one_of
from marginctl.cli.policy import policy_of
from marginctl.cli.terminal import complain, emit, terminal
from marginctl.cli.what_if import single_input
from marginctl.core.rooms import Ways
from marginctl.document.numbers import NumberError, decimal
from marginctl.document.source import echo
from marginctl.findings import Finding
from marginctl.limits.config import Origin, combined, limits_of
from marginctl.limits.engine import Evaluation, Way
from marginctl.limits.headroom import order_rooms, withdrawal_rooms
from marginctl.limits.outcomes import with_outcomes
from marginctl.limits.rule import Deposit
from marginctl.limits.standing import Inquiry
from marginctl.limits.verdict import FailOn, verdict
from marginctl.limits.ways import ways
from marginctl.render.document import Options, Outcome
from marginctl.render.headroom import Headroom, render, render_json


class Asked(Struct, frozen=True, kw_only=True):
    """The flags of ``headroom``: those it shares with ``check``, and the leverage of the orders."""

    request: Request
    leverage: str | None = None


def run_headroom(asked: Asked) -> int:
    """Compute and show the headroom of one file; returns the exit code that ``check`` has for it."""
    request = asked.request
    try:
        fail_on = chosen(FailOn, "--fail-on", request.fail_on)
        one_of("--format", request.format, ("table", "json"))
        one_of("--color", request.color, ("auto", "always", "never"))
        settings = settings_of(request, fail_on)
        leverage = leverage_of(asked.leverage)
        one = single_input(request)
    except FlagError as error:
        complain(error.message, error.help)
        return NOT_CHECKED
    policy, problems = policy_of(request.limits)
    data, problem = content(one)
    problems += [problem] if problem is not None else []
    if problems:
        outcome = Outcome(file=one.name, problems=tuple(problems))
        return _show(Headroom(outcome=outcome, version=__version__, exit_code=NOT_CHECKED), request)
    return _show(headroom(data, one.name, replace(settings, policy=policy), leverage), request)


def leverage_of(text: str | None) -> Decimal | None:
    """--leverage, more than 0. Raises FlagError."""
    if text is None:
        return None
    try:
        leverage = decimal(text)
    except NumberError as error:
        raise FlagError(f"--leverage {echo(text)} {error.message}", error.help) from None
    if leverage <= 0:
        raise FlagError(f"--leverage {echo(text)} must be more than 0", "write it as 10")
    return leverage


def headroom(data: bytes, name: str, settings: Settings, leverage: Decimal | None = None) -> Headroom:
    """The headroom of one file's bytes; none where a limit that a file sets cannot be evaluated."""
    outcome = check(data, name, settings)
    code = exit_of([outcome_exit(outcome, settings.fail_on)])
    found = Headroom(outcome=outcome, version=__version__, exit_code=code, fail_on=settings.fail_on.value)
    loaded, _ = load_portfolio(data, name, settings)
    if outcome.problems or outcome.report is None or loaded is None:
        return found
    limits, _ = limits_of(loaded.draft, Origin.PORTFOLIO, loaded.source)
    inquiry = Inquiry(
        context_of(loaded, outcome.report, settings),
        combined(limits, settings.policy.limits if settings.policy else None),
        settings.selection,
        settings.fail_on,
        partial(with_outcomes, scenarios=scenarios_of(loaded.draft, settings.policy)),
    )
    broken = ways(inquiry, outcome.findings)
    return replace(
        found,
        outcome=replace(outcome, remedy=_cheapest(outcome, broken, settings.fail_on)),
        orders=tuple(order_rooms(inquiry, leverage)),
        withdrawals=tuple(withdrawal_rooms(inquiry)),
        broken=tuple(broken),
    )


def _cheapest(outcome: Outcome, broken: list[tuple[Finding, Ways]], fail_on: FailOn) -> str:
    """What the last line says: as ``check``, with the deposits that were found beyond those that have a formula."""
    found = tuple(
        Way(finding.code, finding.subject, finding.severity, Deposit(way.pool, way.asset, way.amount))
        for finding, ways_out in broken
        for way in ways_out.deposits[:1]
    )
    return verdict(Evaluation(outcome.checks, outcome.findings, ways=found), fail_on).text


def _show(found: Headroom, request: Request) -> int:
    if request.format == "json":
        emit(render_json(found))
    else:
        shown = terminal(sys.stdout, request.color, request.width)
        emit(render(found, Options(width=shown.width, color=shown.color, ascii=shown.ascii, manual=manual())))
    return found.exit_code
