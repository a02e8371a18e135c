"""``marginctl report``: flags -> files -> outcomes and scenarios -> one page -> a file -> exit code."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from marginctl.analysis.check import Settings, outcome_exit
from marginctl.analysis.stress import ScenarioChoice, stress, widest_two
from marginctl.cli.app import app
from marginctl.cli.check import BatchFlags, checked, chosen_of, each, exit_of, failed, judging, with_files
from marginctl.cli.inputs import STDIN, Input, content, inputs
from marginctl.cli.options import DateFlags, FileFlags, Read, command
from marginctl.cli.settings import CodeFlags, EditFlags, PolicyFlags, manual, picture_names
from marginctl.cli.stress import ScenarioFlags
from marginctl.cli.targets import refuse_overlaps, write_files
from marginctl.cli.terminal import complain, deliver, say, tell
from marginctl.document.scalars import FlagError
from marginctl.document.source import printable
from marginctl.render import Options, Verbosity
from marginctl.results import Outcome, Run, StressResult
from marginctl.results.several import Overview

PICTURES = ("distance", "waterfall", "margin", "curve", "grid")
"""The pictures of an account by name, in the order of the page."""


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
    detail: Annotated[int, typer.Option("--detail", min=0, metavar="N", help="Sections for the N worst accounts.")] = 20
    data: Annotated[bool, typer.Option("--data/--no-data", help="Keep the JSON documents in the page.")] = True


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
    result = _detailed(Overview(run=run, detail=flags.detail), found, settings, flags)
    tell(run.problems)
    _write(result, flags)
    return code


def _detailed(result: Overview, found: list[Input], settings: Settings, flags: ReportFlags) -> Overview:
    """With what the accounts that have sections of their own are put through."""
    by_name = {one.name: one for one in found}
    chosen = [one for one in result.ranked[: result.detail] if one.report is not None and one.file in by_name]
    stressed = {one.file: _stressed(by_name[one.file], one, settings, flags) for one in chosen}
    return replace(result, stressed=stressed)


def _stressed(one: Input, outcome: Outcome, settings: Settings, flags: ReportFlags) -> StressResult:
    data, _ = content(one)
    wanted = ScenarioChoice(
        named=flags.scenario,
        built_ins=flags.builtin,
        shocks=flags.shock,
        cascades=True,
        fee=flags.fee,
        grid=(flags.grid or widest_two(outcome.report)) if "grid" in flags.pictures else None,
        draws_curve="curve" in flags.pictures,
        size=flags.range,
        points=flags.points,
        horizon=flags.horizon,
    )
    return stress(data, one.name, settings, wanted)


def _write(result: Overview, flags: ReportFlags) -> None:
    from marginctl.render.formats.html import draw
    from marginctl.render.pages.overview import overview_page

    options = Options(
        title=flags.title or _title(result),
        data=flags.data,
        pictures=flags.pictures,
        manual=manual(),
        verbosity=Verbosity.VERBOSE,
    )
    text = draw(overview_page(result, options), options)
    if flags.output == STDIN:
        deliver(text)
        return
    write_files({Path(flags.output): text.encode()})
    accounts = len(result.run.outcomes)
    say(f"{printable(flags.output)}: {accounts} account{'s' * (accounts != 1)}, with balances and positions\n")


def _title(result: Overview) -> str:
    """The name of the only account, or how many there are."""
    outcomes = result.run.outcomes
    if len(outcomes) == 1 and outcomes[0].report is not None:
        return ""
    return f"{len(outcomes)} accounts" if len(outcomes) != 1 else outcomes[0].file
