"""``marginctl check``: flags -> files -> outcomes -> texts -> exit code."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar, cast

import typer
from msgspec import Struct
from msgspec.structs import replace

from marginctl.analysis.check import Settings, check, outcome_exit
from marginctl.cli.app import FilesOrConfiguration, app
from marginctl.cli.discovery import FileChoice
from marginctl.cli.entry import NOT_CHECKED
from marginctl.cli.inputs import Input, content, inputs, tell_gone
from marginctl.cli.options import (
    FOR_MACHINES,
    DateFlags,
    DetailFlags,
    FileFlags,
    Flags,
    Read,
    choice,
    command,
    draw_problems,
    format_of,
    options,
)
from marginctl.cli.settings import (
    FOR_PEOPLE,
    GIT,
    HOSTS,
    CodeFlags,
    EditFlags,
    FactFlags,
    LiveFlags,
    PolicyFlags,
    ShockFlags,
    manual,
    picture_names,
    refuse_contradictions,
    with_policies,
)
from marginctl.cli.targets import TargetError, refuse_overlaps, write_files
from marginctl.cli.terminal import Terminal, complain, deliver, put, tell, terminal
from marginctl.document.scalars import FlagError
from marginctl.document.source import echo, printable
from marginctl.findings import Location, Problem
from marginctl.limits.verdict import ExitCode, FailOn, worst_exit
from marginctl.render import FORMATS, TABLES, Options, found, render
from marginctl.results import Outcome, Run

if TYPE_CHECKING:
    from marginctl.cli.html_report import ReportFlags

Result = TypeVar("Result")
LINKING = (*HOSTS, "markdown")
"""Formats that lead to the page of a rule."""
PLOTS = ("distance", "waterfall", "margin", "tiers", "modes")
"""Pictures of an account as it stands."""
PLAIN = Terminal(None, False, False)
"""What a file shows."""


def outputs(texts: Iterable[str]) -> tuple[tuple[str, Path], ...]:
    """Every --output. Raises FlagError."""
    return tuple(map(_output, texts))


def _output(text: str) -> tuple[str, Path]:
    """FORMAT=FILE."""
    form = next((table for table in TABLES if text.startswith(f"{table}=")), text.partition("=")[0])
    path = text.removeprefix(form)[1:]
    if not path:
        raise FlagError(f"--output {echo(text)} names no file", "write FORMAT=FILE, as in sarif=margin.sarif")
    return choice("--output", *FORMATS, *TABLES)(form), Path(path)


def address(text: str) -> str:
    """--rule-pages: empty, or an address of the web that needs no quotes anywhere. Raises FlagError."""
    if text and not re.fullmatch(r"https?://[^\s<>\"'\\^`|]+", text, re.ASCII):
        raise FlagError(f"--rule-pages {echo(text)} is no address", "write it as https://HOST/PATH, with {code} or not")
    return text


class BatchFlags(Flags):
    """Of many files at once. ``jobs``: processes, 0 = as many as pay."""

    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=0, metavar="N", help="Processes for many files; 0 is as many as pay.")
    ] = 0
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline", metavar="FILE", help="Breaches accepted while no worse than in this file, or in git:COMMIT."
        ),
    ] = None
    exclude: Annotated[
        list[str],
        typer.Option("--exclude", metavar="GLOB", help="Left out of directories and globs; repeatable."),
        Read(list, many=True),
    ]


class RunFlags(BatchFlags):
    """Of a run over many files."""

    write_baseline: Annotated[
        str | None,
        typer.Option(
            "--write-baseline", metavar="FILE", help="Accept today's breaches; with --baseline, only its own."
        ),
    ] = None
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            "-w",
            help="Check again whenever a file is saved, until Ctrl-C; with --live every 30s, or --watch TIME.",
        ),
    ] = False
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what moved, and what is new or fixed, since --baseline git:COMMIT.")
    ] = False
    notes: Annotated[bool, typer.Option("--notes", help="Give notes to github, gitlab and sarif too.")] = False
    statistics: Annotated[bool, typer.Option("--statistics", help="How often each rule was broken.")] = False
    sarif_waived: Annotated[
        bool, typer.Option("--sarif-waived", help="Keep waived findings in sarif, as suppressed results.")
    ] = False
    rule_pages: Annotated[
        str,
        typer.Option("--rule-pages", metavar="URL", help="Where the pages of the limits stand, for links to them."),
        Read(address, ""),
    ]


class CheckFlags(
    PolicyFlags,
    CodeFlags,
    EditFlags,
    ShockFlags,
    DateFlags,
    FileFlags,
    DetailFlags,
    RunFlags,
    LiveFlags,
    FactFlags,
):
    """Of ``check``."""

    is_gate = True
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="[PATH...]", help="Portfolio files, directories or globs; - for standard input; default: `paths:`."
        ),
    ]
    format: format_of(*FORMATS, more="; csv=accounts, csv=other, csv=limits, csv=findings", unlisted=TABLES)  # type: ignore[valid-type]
    plot: Annotated[
        frozenset[str],
        typer.Option("--plot", metavar="NAME,...", help="Draw distance, waterfall, margin, tiers, modes; or all."),
        Read(picture_names("--plot", *PLOTS), "none"),
    ]
    output: Annotated[
        tuple[tuple[str, Path], ...],
        typer.Option("--output", "-o", metavar="FORMAT=FILE", help="Also write this format to a file; repeatable."),
        Read(outputs, many=True),
    ]


class FileLine(Struct, frozen=True):
    """All that is kept of a file whose line is written at once."""

    text: str
    exit_code: ExitCode
    problems: tuple[Problem, ...] = ()


@app.command("check", cls=FilesOrConfiguration)
@command
def check_command(flags: CheckFlags) -> int:
    """Compute and lint portfolios.

    Exits 0 when nothing is at or above --fail-on, 1 when something is, 2 when a file could not be checked.
    """
    refuse_contradictions(flags)
    if flags.live is not None:
        from marginctl.cli.live_check import check_live

        return check_live(flags)
    if flags.watch:
        from marginctl.cli.watch import watch

        return watch(lambda: checked_once(flags), lambda: _watched(flags))
    return checked_once(flags)


def _watched(flags: CheckFlags) -> list[Path]:
    """The files that a run reads: portfolios, also those that are new, the policies and the baseline."""
    found, _ = inputs(flags.paths, flags.stdin_filename, chosen=chosen_of(flags))
    return [*map(Path, judging(flags)), *(one.path for one in found if one.path is not None)]


def judging(flags: "CheckFlags | ReportFlags") -> list[str]:
    """The files that portfolios are judged by: policies and the baseline."""
    found = [one.path for one in flags.around.policies]
    baseline = flags.baseline if flags.baseline and not flags.baseline.startswith(GIT) else None
    return [file for file in (*flags.limits, *found, baseline) if file is not None]


def chosen_of(flags: BatchFlags) -> FileChoice:
    """Which files of folders and globs are meant."""
    around = flags.around
    return FileChoice(tuple(flags.exclude), around.portfolios, around.root)


def checked_once(flags: CheckFlags) -> int:
    """One run over all files; returns the exit code."""
    settings, problems = with_files(flags)
    if problems:
        return report(failed(problems), flags)
    chosen = chosen_of(flags)
    files, problems = inputs(flags.paths, flags.stdin_filename, complain, chosen)
    if settings.commit is not None:
        tell_gone(flags.paths, settings.commit, complain, chosen)
    _refuse_targets(files, flags)
    if flags.format == "jsonl" and not flags.output and flags.write_baseline is None:
        return _streamed(failed(problems), files, settings, flags)
    results = each(files, partial(checked, settings=settings), flags.jobs, bar=not flags.quiet)
    outcomes = (*failed(problems), *results)
    if flags.write_baseline is not None:
        outcomes = (*outcomes, *failed(_written(Path(flags.write_baseline), outcomes)))
    return report(outcomes, flags, files, settings)


def each(found: list[Input], work: "Callable[[Input], Result]", jobs: int, *, bar: bool) -> "Iterable[Result]":
    """``work`` of every file, in the order of the files; a single one needs nothing of what many need."""
    if len(found) < 2:
        return map(work, found)
    from marginctl.cli.batch import in_order, with_progress

    return with_progress(in_order(found, work, jobs), len(found), wanted=bar)


def with_files(flags: "CheckFlags | ReportFlags") -> tuple[Settings, list[Problem]]:
    """The settings with the policies and the baseline that the flags name, and what is wrong with those files."""
    settings, problems = with_policies(flags)
    settings = replace(settings, seeks_closing=True)
    if isinstance(flags, CheckFlags):
        forms = {flags.format, *(form for form, _ in flags.output)}
        is_read = "html" in forms or (flags.format in FOR_PEOPLE and not flags.quiet)
        settings = replace(settings, accepts_all=flags.write_baseline is not None, weighs_pools="table" in forms)
        plots = flags.plot if is_read else frozenset()
        settings = replace(settings, seeks_closing=is_read, compares=flags.diff, plots=plots)
    if flags.baseline is not None and flags.baseline.startswith(GIT):
        from marginctl.document.commits import commit_of

        settings = replace(settings, commit=commit_of(flags.baseline.removeprefix(GIT)))
    elif flags.baseline is not None:
        from marginctl.analysis.policies import baseline_of

        baseline, wrong = baseline_of(flags.baseline)
        settings, problems = replace(settings, baseline=baseline), [*problems, *wrong]
    return settings, problems


def _refuse_targets(found: Iterable[Input], flags: CheckFlags) -> None:
    """Refuse to write over what is read, and one file twice, before anything is computed. Raises FlagError."""
    targets = [*(path for _, path in flags.output), *map(Path, filter(None, [flags.write_baseline]))]
    if targets:
        others = [file for file in judging(flags) if file != flags.write_baseline]
        refuse_overlaps(targets, [*(one.path for one in found if one.path is not None), *map(Path, others)])


def _written(path: Path, outcomes: tuple[Outcome, ...]) -> list[Problem]:
    """The baseline is written; why not, if it cannot be."""
    from marginctl.analysis.policies import new_baseline

    text, problems = new_baseline(str(path), outcomes)
    try:
        if not problems:
            write_files({path: text.encode()}, [path])
    except TargetError as error:
        return [Problem(Location(printable(str(path))), "MC001", error.reason, error.help)]
    return problems


def checked(one: Input, settings: Settings) -> Outcome:
    """The outcome of one file."""
    data, problem = content(one)
    if problem:
        return Outcome(file=one.name, problems=(problem,))
    if settings.commit is not None:
        outcome = found("analysis.against_commit.checked_against")(data, one.name, one.path, settings)
    else:
        outcome = check(data, one.name, settings)
    if "modes" in settings.plots and outcome.report is not None:
        outcome = replace(outcome, modes=found("analysis.compare.compare")(data, one.name, settings))
    return cast(Outcome, outcome)


def _streamed(failed: Iterable[Outcome], found: list[Input], settings: Settings, flags: CheckFlags) -> int:
    """JSON lines, each written when it is known and forgotten: the memory of a run does not grow with its files."""
    bar = not flags.quiet and not sys.stdout.isatty()
    results = each(found, partial(_checked_line, settings=settings), flags.jobs, bar=bar)
    seen = set()
    waiting: list[Problem] = []
    has_bar = bar and len(found) > 1 and sys.stderr.isatty()
    for line in chain((_line(outcome, settings.fail_on) for outcome in failed), results):
        deliver(line.text)
        seen.add(line.exit_code)
        if has_bar:  # it would be drawn over the lines
            waiting += line.problems
        else:
            tell(line.problems)
    tell(waiting)
    return exit_of(seen)


def _checked_line(one: Input, settings: Settings) -> FileLine:
    return _line(checked(one, settings), settings.fail_on)


def _line(outcome: Outcome, fail_on: FailOn) -> FileLine:
    from marginctl.render.json import line_text

    return FileLine(line_text(outcome), outcome_exit(outcome, fail_on), outcome.problems)


def failed(problems: Iterable[Problem]) -> tuple[Outcome, ...]:
    """What could not be read, file by file."""
    by_file: dict[str, list[Problem]] = {}
    for problem in problems:
        by_file.setdefault(problem.location.file, []).append(problem)
    return tuple(Outcome(file=file, problems=tuple(found)) for file, found in by_file.items())


def exit_of(found: Iterable[ExitCode]) -> int:
    """2 when a file or a limit could not be checked, else 1 when a finding reaches the bar, else 0; 2 without files."""
    found = set(found)
    return worst_exit(found).value if found else NOT_CHECKED


def report(
    outcomes: tuple[Outcome, ...], flags: CheckFlags, files: Sequence[Input] = (), settings: Settings | None = None
) -> int:
    """Write the outcomes in every form that was asked for; returns the exit code, the same whatever the form.

    ``files``: what was read, for the form that puts it through scenarios.
    """
    exit_with = exit_of(outcome_exit(outcome, flags.fail_on) for outcome in outcomes)
    run = Run(outcomes=outcomes, exit_code=exit_with, fail_on=flags.fail_on.value)

    def text_in(form: str, shown: Terminal) -> str:
        if form == "html" and settings is not None:
            return str(found("cli.html_report.page_of_run")(run, files, settings))
        return rendered(form, run, shown, flags)

    for form, path in flags.output:
        try:
            write_files({path: text_in(form, PLAIN).encode()})
        except TargetError as error:
            complain(error.message, error.help)
            run = replace(run, exit_code=NOT_CHECKED)
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if page and not flags.watch:
        found("cli.hosts.append_summary")(run, options_of("markdown", PLAIN, flags), page)
    form = flags.format.partition("=")[0]
    if run.problems and form == "csv":
        draw_problems(run.problems, terminal(sys.stderr, "never", None))
    elif run.problems and form in FOR_MACHINES:
        tell(run.problems)
    put(flags.format, text_in(flags.format, terminal(sys.stdout, flags.color, flags.width)))
    return run.exit_code


def rendered(form: str, run: Run, shown: Terminal, flags: CheckFlags) -> str:
    """The run in one form; a code host gets the paths of its repository."""
    if form in HOSTS:
        run = found("cli.hosts.in_repository")(run)
    return render(form, run, options_of(form, shown, flags))


def options_of(form: str, shown: Terminal, flags: CheckFlags) -> Options:
    """What a renderer is told; the manual of the rules only where a format prints it."""
    if form.partition("=")[0] in {"json", "jsonl", "csv"}:
        return options(flags, shown)
    pages = ""
    if form in LINKING:
        pages = flags.rule_pages or found("cli.hosts.installed_pages")()
    told = {"notes": flags.notes, "sarif_waived": flags.sarif_waived, "statistics": flags.statistics}
    return options(flags, shown, manual=manual(), rule_pages=pages, pictures=flags.plot or None, **told)
