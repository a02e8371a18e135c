"""``marginctl explain``: how one figure of the report came about."""

import sys

from msgspec import Struct

from marginctl.analysis.check import Settings
from marginctl.analysis.explain import UnknownFigureError, explain
from marginctl.cli.exits import NOT_CHECKED, OK
from marginctl.cli.files import Input, content, inputs
from marginctl.cli.flags import FlagError, assignment, day, one_of, shocks
from marginctl.cli.terminal import complain, emit, tell, terminal
from marginctl.document.source import echo
from marginctl.findings import Problem
from marginctl.results import ExplainResult, Options

SECTIONS = "account, totals, liquidation, pools, positions, collateral, underlyings, netting and funding"


class Request(Struct, frozen=True, kw_only=True):
    """The flags of ``explain`` as they were typed."""

    path: str
    figure: str | None = None
    format: str = "table"
    depth: int | None = None
    sets: list[str] = []
    shocks: list[str] = []
    stdin_name: str = "<stdin>"
    rules_dir: str | None = None
    color: str = "auto"
    width: int | None = None


def run_explain(request: Request) -> int:
    """Explain one figure of one file, or list its figures; returns the exit code."""
    try:
        one_of("--format", request.format, ("table", "json", "markdown"))
        one_of("--color", request.color, ("auto", "always", "never"))
        settings = settings_of(request)
    except FlagError as error:
        complain(error.message, error.help)
        return NOT_CHECKED
    found, problems = inputs([request.path], request.stdin_name)
    if len(found) > 1:
        complain(f"{echo(request.path)} names {len(found)} files", "explain one at a time")
        return NOT_CHECKED
    if problems:
        return _failed(problems, request)
    return explained(found[0], settings, request)


def settings_of(request: Request) -> Settings:
    """The request's flags, read. Raises FlagError."""
    return Settings(
        today=day(None),
        sets=tuple(assignment("--set", text) for text in request.sets),
        shocks=shocks(request.shocks),
        rules_dir=request.rules_dir,
    )


def explained(file: Input, settings: Settings, request: Request) -> int:
    """The explanation of a figure of a file on standard output."""
    data, problem = content(file)
    if problem is not None:
        return _failed([problem], request)
    try:
        found = explain(data, file.name, request.figure, settings)
    except UnknownFigureError as error:
        complain(
            f"the report has no figure {echo(request.figure or '')}", help_for(request.figure or "", error.figures)
        )
        return NOT_CHECKED
    if found.problems:
        return _failed(list(found.problems), request)
    if request.format == "json":
        from marginctl.render.explanation_json import render

        emit(render(found))
        return OK
    from marginctl.render.explanation import render_listing, render_tree

    options = _options(request)
    drawn = (
        render_listing(found, options) if found.step is None else render_tree(found, found.step, options, request.depth)
    )
    if request.format == "markdown":
        from marginctl.render.formats.markdown import fenced

        drawn = fenced(drawn)
    emit(drawn)
    return OK


def help_for(figure: str, figures: list[str]) -> str:
    """The figures that an unknown path may mean, else where to look."""
    from difflib import get_close_matches

    same_name = [path for path in figures if path.rpartition(".")[2] == figure.rpartition(".")[2]]
    close = get_close_matches(figure[:200], same_name, 3, 0.6) or get_close_matches(figure[:200], figures, 3, 0.6)
    close = close or same_name[:3]
    meant = f"did you mean {' or '.join(map(echo, close))}? " if close else ""
    return f"{meant}The sections are {SECTIONS}; without a figure, `marginctl explain PATH` lists all of them"


def _options(request: Request) -> Options:
    color = "never" if request.format == "markdown" else request.color
    shown = terminal(sys.stdout, color, request.width)
    return Options(width=shown.width, color=shown.color, ascii=shown.ascii)


def _failed(problems: list[Problem], request: Request) -> int:
    """Say why a file cannot be read: on standard error, or as the document that was asked for."""
    if request.format == "json":
        from marginctl.render.explanation_json import render

        emit(render(ExplainResult(file="", problems=tuple(problems))))
        tell(problems)
        return NOT_CHECKED
    from marginctl.render.formats.screen import shown_problems

    shown = terminal(sys.stderr, request.color, request.width)
    sys.stderr.write(shown_problems(problems, Options(width=shown.width, color=shown.color, ascii=shown.ascii)))
    return NOT_CHECKED
