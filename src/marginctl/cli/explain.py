"""``marginctl explain``: how one figure of the report came about."""

from typing import Annotated

import typer

from marginctl.analysis.explain import UnknownFigureError, explain
from marginctl.cli.app import app
from marginctl.cli.entry import NOT_CHECKED
from marginctl.cli.inputs import inputs
from marginctl.cli.options import FileFlags, Format, OnePath, command, show
from marginctl.cli.settings import EditFlags, Opened, ShockFlags, opened
from marginctl.cli.terminal import complain
from marginctl.document.source import echo
from marginctl.results.explanation import ExplainResult

SECTIONS = "account, totals, liquidation, pools, positions, collateral, underlyings, netting and funding"


class ExplainFlags(EditFlags, ShockFlags, FileFlags):
    """Of ``explain``."""

    path: OnePath
    figure: Annotated[
        str | None,
        typer.Argument(metavar="[FIGURE]", help="As in positions.BTCUSDT.liquidation_price; without it, a list."),
    ] = None
    format: Format
    depth: Annotated[
        int | None, typer.Option("--depth", min=0, metavar="N", help="Levels of the tree; else what fits two screens.")
    ] = None


@app.command("explain")
@command
def explain_command(flags: ExplainFlags) -> int:
    """Show how a figure came about: formula, the numbers put in, tiers and haircuts, where each input stands.

    Exits 0, or 2 when the file cannot be checked or has no such figure.
    """
    found, problems = inputs([flags.path], flags.stdin_filename)
    if len(found) > 1:
        complain(f"{echo(flags.path)} names {len(found)} files", "explain one at a time")
        return NOT_CHECKED
    if problems:
        return show(ExplainResult(file=problems[0].location.file, problems=tuple(problems)), flags)
    file = opened(found[0], flags)
    if file.problems:
        return show(ExplainResult(file=file.name, problems=tuple(file.problems)), flags)
    return explained(file, flags)


def explained(file: Opened, flags: ExplainFlags) -> int:
    """The explanation of a figure of a file on standard output."""
    try:
        found = explain(file.data, file.name, flags.figure, file.settings)
    except UnknownFigureError as error:
        figure = flags.figure or ""
        complain(f"the report has no figure {echo(figure)}", help_for(figure, error.figures))
        return NOT_CHECKED
    return show(found, flags, depth=flags.depth)


def help_for(figure: str, figures: list[str]) -> str:
    """The figures that an unknown path may mean, else where to look."""
    from difflib import get_close_matches

    same_name = [path for path in figures if path.rpartition(".")[2] == figure.rpartition(".")[2]]
    close = get_close_matches(figure[:200], same_name, 3, 0.6) or get_close_matches(figure[:200], figures, 3, 0.6)
    close = close or same_name[:3]
    meant = f"did you mean {' or '.join(map(echo, close))}? " if close else ""
    return f"{meant}The sections are {SECTIONS}; without a figure, `marginctl explain PATH` lists all of them"
