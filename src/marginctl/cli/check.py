"""``marginctl check``: flags -> files -> outcomes -> texts -> exit code."""

import sys
from collections.abc import Iterable
from functools import partial
from itertools import chain
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from marginctl import __version__
from marginctl.cli.batch import in_order, with_progress
from marginctl.cli.checking import Settings, check
from marginctl.cli.exits import BROKEN_LIMIT, NOT_CHECKED, OK
from marginctl.cli.files import Input, content, inputs
from marginctl.cli.flags import FlagError, assignment, chosen, codes, day, format_named, one_of, output, shock
from marginctl.cli.policy import policy_of
from marginctl.cli.terminal import Terminal, complain, emit, terminal
from marginctl.findings import Problem
from marginctl.limits.engine import Selection
from marginctl.limits.registry import BY_CODE
from marginctl.limits.verdict import ExitCode, FailOn, exit_code, worst_exit
from marginctl.render import render
from marginctl.render.document import Options, Outcome, RuleText, Run, Verbosity

__all__ = ["FlagError", "Request", "assignment", "day", "manual", "one_of", "options_of", "run_check"]

EXITS = {ExitCode.PASSED: OK, ExitCode.FAILED: BROKEN_LIMIT, ExitCode.NOT_CHECKED: NOT_CHECKED}


class Request(Struct, frozen=True, kw_only=True):
    """The flags of ``check`` as they were typed. ``jobs``: processes for many files, 0 = as many as pay."""

    paths: list[str]
    format: str = "table"
    outputs: list[str] = []
    limits: str | None = None
    fail_on: str = "error"
    select: str = ""
    ignore: str = ""
    sets: list[str] = []
    shocks: list[str] = []
    today: str | None = None
    stdin_name: str = "<stdin>"
    rules_dir: str | None = None
    color: str = "auto"
    width: int | None = None
    quiet: bool = False
    verbose: bool = False
    jobs: int = 0


class Plan(Struct, frozen=True):
    """The flags, read."""

    request: Request
    outputs: tuple[tuple[str, Path], ...]
    settings: Settings


class Line(Struct, frozen=True):
    """All that is kept of a file whose line is written at once."""

    text: str
    exit_code: ExitCode


def run_check(request: Request) -> int:
    """Check every file of the request; returns the exit code."""
    try:
        plan = plan_of(request)
    except FlagError as error:
        complain(error.message, error.help)
        return NOT_CHECKED
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(newline="\n")
    return checked_once(plan)


def plan_of(request: Request) -> Plan:
    """The request's flags, read. Raises FlagError."""
    fail_on = chosen(FailOn, "--fail-on", request.fail_on)
    format_named("--format", request.format)
    outputs = tuple(output(text) for text in request.outputs)
    one_of("--color", request.color, ("auto", "always", "never"))
    return Plan(request, outputs, settings_of(request, fail_on))


def checked_once(plan: Plan) -> int:
    """One run over all files; returns the exit code."""
    policy, problems = policy_of(plan.request.limits)
    if problems:
        return report(_failed(problems), plan)
    settings = replace(plan.settings, policy=policy)
    found, problems = inputs(plan.request.paths, plan.request.stdin_name)
    if plan.request.format == "jsonl" and not plan.outputs:
        return _streamed(_failed(problems), found, settings, plan.request)
    results = in_order(found, partial(checked, settings=settings), plan.request.jobs)
    shown = with_progress(results, len(found), wanted=not plan.request.quiet)
    return report((*_failed(problems), *shown), plan)


def checked(one: Input, settings: Settings) -> Outcome:
    """The outcome of one file."""
    data, problem = content(one)
    return Outcome(file=one.name, problems=(problem,)) if problem else check(data, one.name, settings)


def _streamed(failed: Iterable[Outcome], found: list[Input], settings: Settings, request: Request) -> int:
    """JSON lines, each written when it is known and forgotten: the memory of a run does not grow with its files."""
    results = in_order(found, partial(_checked_line, settings=settings), request.jobs)
    shown = with_progress(results, len(found), wanted=not request.quiet and not sys.stdout.isatty())
    seen = set()
    for line in chain((_line(outcome, settings.fail_on) for outcome in failed), shown):
        emit(line.text)
        seen.add(line.exit_code)
    return exit_of(seen)


def _checked_line(one: Input, settings: Settings) -> Line:
    return _line(checked(one, settings), settings.fail_on)


def _line(outcome: Outcome, fail_on: FailOn) -> Line:
    from marginctl.render.jsonl import line_text

    return Line(line_text(outcome), outcome_exit(outcome, fail_on))


def _failed(problems: Iterable[Problem]) -> tuple[Outcome, ...]:
    by_file: dict[str, list[Problem]] = {}
    for problem in problems:
        by_file.setdefault(problem.location.file, []).append(problem)
    return tuple(Outcome(file=file, problems=tuple(found)) for file, found in by_file.items())


def outcome_exit(outcome: Outcome, fail_on: FailOn) -> ExitCode:
    """The exit code of one file."""
    return exit_code(outcome.findings, problems=bool(outcome.problems), fail_on=fail_on)


def exit_of(found: Iterable[ExitCode]) -> int:
    """2 when a file or a limit could not be checked, else 1 when a finding reaches the bar, else 0; 2 without files."""
    found = set(found)
    return EXITS[worst_exit(found)] if found else NOT_CHECKED


def report(outcomes: tuple[Outcome, ...], plan: Plan) -> int:
    """Write the outcomes in every form that was asked for; returns the exit code, the same whatever the form."""
    request, fail_on = plan.request, plan.settings.fail_on
    exit_with = exit_of(outcome_exit(outcome, fail_on) for outcome in outcomes)
    run = Run(outcomes=outcomes, exit_code=exit_with, version=__version__, fail_on=fail_on.value)
    for form, path in plan.outputs:
        text = render(form, run, options_of(form, Terminal(None, False, False), request))
        try:
            path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            complain(f"{path} cannot be written: {error.strerror or error}")
            exit_with = NOT_CHECKED
    shown = terminal(sys.stdout, request.color, request.width)
    emit(render(request.format, run, options_of(request.format, shown, request)))
    return exit_with


def options_of(form: str, shown: Terminal, request: Request) -> Options:
    """What a renderer is told; the manual of the rules only where a format prints it."""
    verbosity = Verbosity.QUIET if request.quiet else Verbosity.VERBOSE if request.verbose else Verbosity.NORMAL
    return Options(
        width=shown.width,
        color=shown.color,
        ascii=shown.ascii,
        verbosity=verbosity,
        manual={} if form in {"json", "jsonl", "csv"} else manual(),
    )


def manual() -> dict[str, RuleText]:
    """Code -> what the rule says about itself."""
    return {code: RuleText(rule.name, rule.summary, rule.manual, rule.unit.value) for code, rule in BY_CODE.items()}


def settings_of(request: Request, fail_on: FailOn) -> Settings:
    """The request's flags, read. Raises FlagError."""
    return Settings(
        today=day(request.today),
        sets=tuple(assignment("--set", text) for text in request.sets),
        shocks=dict(shock(text) for text in request.shocks),
        selection=Selection(codes("--select", request.select), codes("--ignore", request.ignore)),
        fail_on=fail_on,
        rules_dir=request.rules_dir,
    )
