"""``marginctl headroom``: how much more an account takes, and the cheapest ways to pass what is broken."""

import sys
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from marginctl import __version__
from marginctl.analysis.headroom import headroom
from marginctl.cli.check import Request, manual, settings_of
from marginctl.cli.exits import NOT_CHECKED
from marginctl.cli.files import content
from marginctl.cli.flags import FlagError, chosen, one_of
from marginctl.cli.policy import policy_of
from marginctl.cli.terminal import complain, emit, tell, terminal
from marginctl.cli.what_if import single_input
from marginctl.document.numbers import NumberError, decimal
from marginctl.document.source import echo
from marginctl.limits.verdict import FailOn
from marginctl.render.headroom import render
from marginctl.render.json import document_text
from marginctl.results import HeadroomResult, Options, Outcome


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
        return _show(HeadroomResult(outcome=outcome, version=__version__, exit_code=NOT_CHECKED), request)
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


def _show(found: HeadroomResult, request: Request) -> int:
    if request.format == "json":
        emit(document_text(found))
        tell(found.outcome.problems)
    else:
        shown = terminal(sys.stdout, request.color, request.width)
        emit(render(found, Options(width=shown.width, color=shown.color, ascii=shown.ascii, manual=manual())))
    return found.exit_code
