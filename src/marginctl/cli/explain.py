"""``marginctl explain``: how one figure of the report came about."""

import sys
from typing import Annotated

import typer
from msgspec.structs import replace

from marginctl.analysis.explain import explain
from marginctl.cli.app import app
from marginctl.cli.entry import NOT_CHECKED, OK
from marginctl.cli.inputs import inputs
from marginctl.cli.options import FileFlags, Format, OnePath, command, options
from marginctl.cli.settings import EditFlags, Opened, ShockFlags, opened
from marginctl.cli.terminal import complain, emit, tell, terminal
from marginctl.document.source import echo
from marginctl.explanation import ExplainResult
from marginctl.findings import Problem


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
        return _failed(problems, flags)
    file = opened(found[0], flags)
    return _failed(file.problems, flags) if file.problems else explained(file, flags)


def explained(file: Opened, flags: ExplainFlags) -> int:
    """The explanation of a figure of a file on standard output."""
    found = explain(file.data, file.name, flags.figure, file.settings)
    if found.problems:
        return _failed(list(found.problems), flags)
    if flags.format == "json":
        from marginctl.render.explanation_json import render

        emit(render(found))
        return OK
    from marginctl.render.explanation import render_listing, render_tree

    shown = options(flags)
    if flags.format == "markdown":
        shown = replace(shown, color=False)
    drawn = render_listing(found, shown) if found.step is None else render_tree(found, found.step, shown, flags.depth)
    if flags.format == "markdown":
        from marginctl.render.formats.markdown import fenced

        drawn = fenced(drawn)
    emit(drawn)
    return OK


def _failed(problems: list[Problem], flags: ExplainFlags) -> int:
    """Say why a file cannot be read: on standard error, or as the document that was asked for."""
    if flags.format == "json":
        from marginctl.render.explanation_json import render

        emit(render(ExplainResult(file="", problems=tuple(problems))))
        tell(problems)
        return NOT_CHECKED
    from marginctl.render.formats.screen import shown_problems

    sys.stderr.write(shown_problems(problems, options(flags, terminal(sys.stderr, flags.color, flags.width))))
    return NOT_CHECKED
