"""``marginctl explain``: how one figure of the report came about."""

from typing import Annotated

import typer

from marginctl.analysis.explain import explain
from marginctl.cli.app import app
from marginctl.cli.inputs import inputs
from marginctl.cli.options import FileFlags, Format, OnePath, command, completes, show
from marginctl.cli.settings import EditFlags, ShockFlags, opened
from marginctl.document.scalars import FlagError
from marginctl.document.source import echo
from marginctl.results.explanation import ExplainResult


class ExplainFlags(EditFlags, ShockFlags, FileFlags):
    """Of ``explain``."""

    path: OnePath
    figure: Annotated[
        str | None,
        typer.Argument(
            metavar="[FIGURE]",
            help="As in positions.BTCUSDT.liquidation_price; without it, a list.",
            autocompletion=completes("figures"),
        ),
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
        raise FlagError(f"{echo(flags.path)} names {len(found)} files", "explain one at a time")
    if problems:
        return show(ExplainResult(file=problems[0].location.file, problems=tuple(problems)), flags)
    file = opened(found[0], flags)
    if file.problems:
        return show(ExplainResult(file=file.name, problems=tuple(file.problems)), flags)
    return show(explain(file.data, file.name, flags.figure, file.settings), flags, depth=flags.depth)
