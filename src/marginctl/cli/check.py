"""``marginctl check``: flags -> files -> outcomes -> texts -> exit code."""

import os
import sys
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from marginctl import __version__
from marginctl.analysis.check import Settings, check, outcome_exit
from marginctl.cli.exits import BROKEN_LIMIT, NOT_CHECKED, OK
from marginctl.cli.files import STDIN, Input, content, inputs
from marginctl.cli.flags import FlagError, assignment, chosen, codes, day, format_named, one_of, outputs_of, shocks
from marginctl.cli.terminal import Terminal, complain, emit, tell, terminal
from marginctl.document.source import printable
from marginctl.findings import Location, Problem
from marginctl.limits.engine import Selection
from marginctl.limits.registry import BY_CODE
from marginctl.limits.verdict import ExitCode, FailOn, worst_exit
from marginctl.render import render
from marginctl.results import Options, Outcome, RuleText, Run, Verbosity

__all__ = ["FlagError", "Request", "assignment", "day", "manual", "one_of", "options_of", "run_check"]

Result = TypeVar("Result")
HOSTS = ("github", "gitlab", "sarif")
"""Formats of code hosts: they get the paths of the repository, and notes only where asked for."""
FOR_MACHINES = frozenset(("json", "jsonl", "gitlab", "sarif", "junit"))
"""Formats that nobody reads on a screen: what stands in the way is also said on standard error."""
EXITS = {ExitCode.PASSED: OK, ExitCode.FAILED: BROKEN_LIMIT, ExitCode.NOT_CHECKED: NOT_CHECKED}


class Request(Struct, frozen=True, kw_only=True):
    """The flags of ``check`` as they were typed. ``jobs``: processes for many files, 0 = as many as pay."""

    paths: list[str]
    format: str = "table"
    outputs: list[str] = []
    limits: list[str] = []
    fail_on: str = "error"
    select: list[str] = []
    ignore: list[str] = []
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
    baseline: str | None = None
    write_baseline: str | None = None
    watch: bool = False
    notes: bool = False
    sarif_waived: bool = False


class Plan(Struct, frozen=True):
    """The flags, read."""

    request: Request
    outputs: tuple[tuple[str, Path], ...]
    settings: Settings


class Line(Struct, frozen=True):
    """All that is kept of a file whose line is written at once."""

    text: str
    exit_code: ExitCode
    problems: tuple[Problem, ...] = ()


def run_check(request: Request) -> int:
    """Check every file of the request; returns the exit code."""
    try:
        plan = plan_of(request)
    except FlagError as error:
        complain(error.message, error.help)
        return NOT_CHECKED
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(newline="\n")
    if request.watch:
        from marginctl.cli.watch import watch

        return watch(lambda: checked_once(plan_of(request)), lambda: _watched(request))
    return checked_once(plan)


def _watched(request: Request) -> list[Path]:
    """The files that a run reads: portfolios, also those that are new, the policies and the baseline."""
    found, _ = inputs(request.paths, request.stdin_name)
    named = [Path(file) for file in (*request.limits, request.baseline) if file is not None]
    return [*named, *(one.path for one in found if one.path is not None)]


def plan_of(request: Request) -> Plan:
    """The request's flags, read. Raises FlagError."""
    fail_on = chosen(FailOn, "--fail-on", request.fail_on)
    format_named("--format", request.format)
    outputs = outputs_of(request.outputs)
    one_of("--color", request.color, ("auto", "always", "never"))
    if request.watch and STDIN in request.paths:
        raise FlagError("--watch cannot watch standard input", "name a file or a directory")
    if request.watch and request.write_baseline is not None:
        raise FlagError("--watch and --write-baseline do not go together", "write the baseline in a run of its own")
    _used_by("--notes", request.notes, HOSTS, request.format, outputs)
    _used_by("--sarif-waived", request.sarif_waived, ("sarif",), request.format, outputs)
    return Plan(request, outputs, settings_of(request, fail_on))


def _used_by(flag: str, given: bool, forms: tuple[str, ...], form: str, outputs: Iterable[tuple[str, Path]]) -> None:
    """Refuse a flag that none of the outputs of this run reads. Raises FlagError."""
    if given and {form, *(name for name, _ in outputs)}.isdisjoint(forms):
        raise FlagError(f"{flag} changes nothing here", f"it is for --format or --output {' or '.join(forms)}")


def checked_once(plan: Plan) -> int:
    """One run over all files; returns the exit code."""
    request = plan.request
    settings, problems = with_files(plan.settings, request)
    if problems:
        return report(_failed(problems), plan)
    found, problems = inputs(request.paths, request.stdin_name, complain)
    if request.format == "jsonl" and not plan.outputs and request.write_baseline is None:
        return _streamed(_failed(problems), found, settings, request)
    results = each(found, partial(checked, settings=settings), request.jobs, bar=not request.quiet)
    outcomes = (*_failed(problems), *results)
    if request.write_baseline is not None:
        outcomes = (*outcomes, *_failed(_written(request.write_baseline, outcomes)))
    return report(outcomes, plan)


def each(found: list[Input], work: "Callable[[Input], Result]", jobs: int, *, bar: bool) -> "Iterable[Result]":
    """``work`` of every file, in the order of the files; a single one needs nothing of what many need."""
    if len(found) < 2:
        return map(work, found)
    from marginctl.cli.batch import in_order, with_progress

    return with_progress(in_order(found, work, jobs), len(found), wanted=bar)


def with_files(settings: Settings, request: Request) -> tuple[Settings, list[Problem]]:
    """The settings with the policies and the baseline that the flags name, and what is wrong with those files."""
    settings = replace(settings, accepts_all=request.write_baseline is not None)
    problems: list[Problem] = []
    if request.limits:
        from marginctl.cli.policy import policy_of

        policy, problems = policy_of(request.limits)
        settings = replace(settings, policy=policy)
    if request.baseline is not None:
        from marginctl.cli.baselines import baseline_of

        baseline, wrong = baseline_of(request.baseline)
        settings, problems = replace(settings, baseline=baseline), [*problems, *wrong]
    return settings, problems


def _written(path: str, outcomes: tuple[Outcome, ...]) -> list[Problem]:
    """The baseline is written; why not, if it cannot be."""
    from marginctl.cli.baselines import write_baseline

    try:
        return write_baseline(path, outcomes)
    except OSError as error:
        return [Problem(Location(printable(path)), "MC001", f"cannot be written: {error.strerror or error}")]


def checked(one: Input, settings: Settings) -> Outcome:
    """The outcome of one file."""
    data, problem = content(one)
    return Outcome(file=one.name, problems=(problem,)) if problem else check(data, one.name, settings)


def _streamed(failed: Iterable[Outcome], found: list[Input], settings: Settings, request: Request) -> int:
    """JSON lines, each written when it is known and forgotten: the memory of a run does not grow with its files."""
    bar = not request.quiet and not sys.stdout.isatty()
    results = each(found, partial(_checked_line, settings=settings), request.jobs, bar=bar)
    seen = set()
    waiting: list[Problem] = []
    has_bar = bar and len(found) > 1 and sys.stderr.isatty()
    for line in chain((_line(outcome, settings.fail_on) for outcome in failed), results):
        emit(line.text)
        seen.add(line.exit_code)
        if has_bar:  # it would be drawn over the lines
            waiting += line.problems
        else:
            tell(line.problems)
    tell(waiting)
    return exit_of(seen)


def _checked_line(one: Input, settings: Settings) -> Line:
    return _line(checked(one, settings), settings.fail_on)


def _line(outcome: Outcome, fail_on: FailOn) -> Line:
    from marginctl.render.jsonl import line_text

    return Line(line_text(outcome), outcome_exit(outcome, fail_on), outcome.problems)


def _failed(problems: Iterable[Problem]) -> tuple[Outcome, ...]:
    by_file: dict[str, list[Problem]] = {}
    for problem in problems:
        by_file.setdefault(problem.location.file, []).append(problem)
    return tuple(Outcome(file=file, problems=tuple(found)) for file, found in by_file.items())


def exit_of(found: Iterable[ExitCode]) -> int:
    """2 when a file or a limit could not be checked, else 1 when a finding reaches the bar, else 0; 2 without files."""
    found = set(found)
    return EXITS[worst_exit(found)] if found else NOT_CHECKED


def report(outcomes: tuple[Outcome, ...], plan: Plan) -> int:
    """Write the outcomes in every form that was asked for; returns the exit code, the same whatever the form."""
    request, fail_on = plan.request, plan.settings.fail_on
    exit_with = exit_of(outcome_exit(outcome, fail_on) for outcome in outcomes)
    run = Run(outcomes=outcomes, exit_code=exit_with, version=__version__, fail_on=fail_on.value)
    plain = Terminal(None, False, False)
    for form, path in plan.outputs:
        try:
            path.write_text(rendered(form, run, plain, request), encoding="utf-8", newline="\n")
        except OSError as error:
            complain(f"{path} cannot be written: {error.strerror or error}")
            run = replace(run, exit_code=NOT_CHECKED)
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if page and not request.watch:
        from marginctl.cli.hosts import append_summary

        append_summary(run, options_of("markdown", plain, request), page)
    if request.format == "csv":
        _tell_problems(run, request)
    elif request.format in FOR_MACHINES:
        tell(problem for outcome in outcomes for problem in outcome.problems)
    emit(rendered(request.format, run, terminal(sys.stdout, request.color, request.width), request))
    return run.exit_code


def rendered(form: str, run: Run, shown: Terminal, request: Request) -> str:
    """The run in one form; a code host gets the paths of its repository."""
    if form in HOSTS:
        from marginctl.cli.hosts import in_repository

        run = in_repository(run)
    return render(form, run, options_of(form, shown, request))


def _tell_problems(run: Run, request: Request) -> None:
    """On standard error, for a format that has no room for them."""
    problems = [problem for outcome in run.outcomes for problem in outcome.problems]
    if problems:
        from marginctl.render.formats.screen import shown_problems

        sys.stderr.write(shown_problems(problems, options_of("csv", terminal(sys.stderr, "never", None), request)))


def options_of(form: str, shown: Terminal, request: Request) -> Options:
    """What a renderer is told; the manual of the rules only where a format prints it."""
    verbosity = Verbosity.QUIET if request.quiet else Verbosity.VERBOSE if request.verbose else Verbosity.NORMAL
    return Options(
        width=shown.width,
        color=shown.color,
        ascii=shown.ascii,
        verbosity=verbosity,
        manual={} if form in {"json", "jsonl", "csv"} else manual(),
        notes=request.notes,
        sarif_waived=request.sarif_waived,
    )


def manual() -> dict[str, RuleText]:
    """Code -> what the rule says about itself."""
    return {code: RuleText(rule.name, rule.summary, rule.manual, rule.unit.value) for code, rule in BY_CODE.items()}


def settings_of(request: Request, fail_on: FailOn) -> Settings:
    """The request's flags, read. Raises FlagError."""
    return Settings(
        today=day(request.today),
        sets=tuple(assignment("--set", text) for text in request.sets),
        shocks=shocks(request.shocks),
        selection=Selection(codes("--select", request.select), codes("--ignore", request.ignore)),
        fail_on=fail_on,
        rules_dir=request.rules_dir,
    )
