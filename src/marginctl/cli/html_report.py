"""``marginctl report``: flags -> files -> outcomes and scenarios -> one page -> a file -> exit code."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from marginctl.analysis.check import Settings, outcome_exit
from marginctl.analysis.compare import compare
from marginctl.analysis.stress import ScenarioChoice, stress, widest_two
from marginctl.cli.app import app
from marginctl.cli.check import BatchFlags, checked, chosen_of, each, exit_of, failed, judging, with_files
from marginctl.cli.inputs import STDIN, Input, content, inputs
from marginctl.cli.options import DateFlags, FileFlags, Read, command
from marginctl.cli.settings import CodeFlags, EditFlags, PolicyFlags, manual, picture_names
from marginctl.cli.stress import ScenarioFlags, days_of
from marginctl.cli.targets import refuse_overlaps, write_files
from marginctl.cli.terminal import complain, deliver, say, tell
from marginctl.document.scalars import FlagError
from marginctl.document.source import printable
from marginctl.render import Options, Verbosity
from marginctl.render.formats.html import draw
from marginctl.render.given_names import names_of
from marginctl.render.pages.overview import overview_page
from marginctl.results import Outcome, Run
from marginctl.results.several import Overview

PICTURES = ("distance", "curve", "waterfall", "margin", "grid", "timeline", "tiers", "modes")
"""The pictures of an account by name, in the order of the page."""
MOST_DETAILED = 20
"""Accounts with a section of their own, unless told otherwise."""


class ReportFlags(ScenarioFlags, PolicyFlags, CodeFlags, EditFlags, DateFlags, FileFlags, BatchFlags):
    """Of ``report``."""

    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Portfolio files, directories or globs; - for standard input."),
    ]
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The page; - for standard output.")]
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="What the page is called.")] = ""
    pictures: Annotated[
        frozenset[str],
        typer.Option("--pictures", metavar="NAME,...", help="Only these pictures, all or none."),
        Read(picture_names("--pictures", *PICTURES), "all"),
    ]
    detail: Annotated[int, typer.Option("--detail", min=0, metavar="N", help="Sections for the N worst accounts.")] = (
        MOST_DETAILED
    )
    data: Annotated[bool, typer.Option("--data/--no-data", help="Keep the JSON documents in the page.")] = True
    script: Annotated[
        bool, typer.Option("--script/--no-script", help="Sliders and sorting; the page is whole without.")
    ] = True


@app.command("report")
@command
def report_command(flags: ReportFlags) -> int:
    """Write one HTML page about portfolios: overview, findings, pictures, tables, scenarios.

    Exits as `check` does: 0, 1 when a finding is at or above --fail-on, 2 when a file could not be checked.
    """
    settings, problems = with_files(flags)
    found, missing = inputs(flags.paths, flags.stdin_filename, complain, chosen_of(flags))
    if STDIN in flags.paths and len(found) > 1:
        raise FlagError("standard input does not go with other files", "write it to a file")
    if flags.output != STDIN:
        others = judging(flags)
        refuse_overlaps([Path(flags.output)], [*(one.path for one in found if one.path), *map(Path, others)])
    results = [] if problems else each(found, partial(checked, settings=settings), flags.jobs, bar=False)
    outcomes = (*failed([*problems, *missing]), *results)
    code = exit_of(outcome_exit(one, settings.fail_on) for one in outcomes)
    run = Run(outcomes=outcomes, exit_code=code, fail_on=settings.fail_on.value)
    wanted = partial(_wanted, flags=flags)
    result = detailed(run, found, settings, wanted, flags.pictures, flags.detail)
    tell(run.problems)
    options = Options(title=flags.title, data=flags.data, script=flags.script, pictures=flags.pictures)
    _write(page_text(result, options), run, flags.output)
    return code


def page_of_run(run: Run, found: Sequence[Input], settings: Settings) -> str:
    """The page of a run of ``check``: that of ``report`` without flags of its own."""
    pictures = frozenset(PICTURES)

    def wanted(outcome: Outcome) -> ScenarioChoice:
        return ScenarioChoice(cascades=True, grid=widest_two(outcome.report))

    result = detailed(run, found, replace(settings, weighs_pools=False), wanted, pictures, MOST_DETAILED)
    return page_text(result, Options(data=True, script=True, pictures=pictures))


def detailed(
    run: Run,
    found: Sequence[Input],
    settings: Settings,
    wanted: Callable[[Outcome], ScenarioChoice],
    pictures: frozenset[str],
    detail: int,
) -> Overview:
    """With what the accounts that have sections of their own are put through, and their modes."""
    result, by_name = Overview(run=run, detail=detail, day=settings.today), {one.name: one for one in found}
    chosen = [one for one in result.ranked[:detail] if one.report is not None and one.file in by_name]
    texts = {one.file: content(by_name[one.file])[0] for one in chosen}
    stressed = {one.file: stress(texts[one.file], one.file, settings, wanted(one)) for one in chosen}
    several = [one.file for one in chosen if "modes" in pictures and one.report and len(one.report.positions) > 1]
    return replace(result, stressed=stressed, compared={name: compare(texts[name], name, settings) for name in several})


def _wanted(outcome: Outcome, flags: ReportFlags) -> ScenarioChoice:
    return ScenarioChoice(
        named=flags.scenario,
        built_ins=flags.builtin,
        shocks=flags.shock,
        cascades=True,
        fee=flags.fee,
        grid=(flags.grid or widest_two(outcome.report)) if "grid" in flags.pictures else None,
        draws_curve="curve" in flags.pictures,
        size=flags.range,
        points=flags.points,
        horizon=days_of(flags.horizon),
    )


def page_text(result: Overview, options: Options) -> str:
    """The whole file."""
    options = replace(options, title=options.title or _title(result), manual=manual(), verbosity=Verbosity.VERBOSE)
    options = replace(options, names=names_of(result))
    return draw(overview_page(result, options), options)


def _write(text: str, run: Run, output: str) -> None:
    if output == STDIN:
        deliver(text)
        return
    write_files({Path(output): text.encode()})
    accounts = len(run.outcomes)
    say(f"{printable(output)}: {accounts} account{'s' * (accounts != 1)}, with balances and positions\n")


def _title(result: Overview) -> str:
    """How many accounts there are; an only one names the page itself."""
    accounts = len(result.run.outcomes)
    return f"{accounts} accounts" if accounts != 1 else ""
