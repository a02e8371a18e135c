"""``marginctl explain``: how one figure of the report came about."""

import sys

from msgspec import Struct

from marginctl.analysis.check import Loaded, Settings, load_portfolio
from marginctl.analysis.origins import origins_of
from marginctl.cli.exits import NOT_CHECKED, OK
from marginctl.cli.files import Input, content, inputs
from marginctl.cli.flags import FlagError, assignment, day, one_of, shocks
from marginctl.cli.terminal import complain, emit, tell, terminal
from marginctl.core.assemble import report_of
from marginctl.core.explain.figures import UnknownFigureError, explain
from marginctl.core.explain.reported import reported
from marginctl.core.report import Report
from marginctl.document.source import echo
from marginctl.findings import Problem
from marginctl.results import Options

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
        one_of("--format", request.format, ("table", "json"))
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
    """The derivation of a figure of a file on standard output."""
    data, problem = content(file)
    loaded, problems = load_portfolio(data, file.name, settings) if problem is None else (None, [problem])
    if loaded is None:
        return _failed(problems, request)
    report = report_of(loaded.account)
    figures = reported(report)
    if request.figure is None:
        return _list(file.name, figures, request)
    origins = origins_of(loaded, file.name, settings)
    try:
        node = explain(loaded.account, report, request.figure, origins.stated)
    except UnknownFigureError:
        complain(f"the report has no figure {echo(request.figure)}", help_for(request.figure, list(figures)))
        return NOT_CHECKED
    if request.format == "json":
        from marginctl.render.derivation.document import derivation_text

        emit(derivation_text(node, file.name, figures[node.figure], origins.of))
        return OK
    from marginctl.render.derivation.tree import Heading, render_tree

    head = Heading(figure=node.figure, reported=figures[node.figure], about=about(loaded, report, file.name))
    emit(render_tree(node, head, origins.of, _options(request), request.depth))
    return OK


def about(loaded: Loaded, report: Report, file: str) -> str:
    """The file, its rule set and mode."""
    used = loaded.resolved.rules_used
    dated = f"rules of {used.as_of}, {used.status}" if used.as_of else "conventions"
    return f"{file}: {report.account.venue} ({dated}), {report.account.collateral_mode}"


def help_for(figure: str, figures: list[str]) -> str:
    """The figures that an unknown path may mean, else where to look."""
    from difflib import get_close_matches

    same_name = [path for path in figures if path.rpartition(".")[2] == figure.rpartition(".")[2]]
    close = get_close_matches(figure[:200], same_name, 3, 0.6) or get_close_matches(figure[:200], figures, 3, 0.6)
    close = close or same_name[:3]
    meant = f"did you mean {' or '.join(map(echo, close))}? " if close else ""
    return f"{meant}The sections are {SECTIONS}; without a figure, `marginctl explain PATH` lists all of them"


def _list(file: str, figures: dict[str, object], request: Request) -> int:
    if request.format == "json":
        from marginctl.render.derivation.document import figures_text

        emit(figures_text(file, figures))
        return OK
    from marginctl.render.derivation.listing import render_listing

    emit(render_listing(file, list(figures), _options(request)))
    return OK


def _options(request: Request) -> Options:
    shown = terminal(sys.stdout, request.color, request.width)
    return Options(width=shown.width, color=shown.color, ascii=shown.ascii)


def _failed(problems: list[Problem], request: Request) -> int:
    """Say why a file cannot be read: on standard error, or as the document that was asked for."""
    if request.format == "json":
        from marginctl.render.derivation.document import problems_text

        emit(problems_text(problems))
        tell(problems)
        return NOT_CHECKED
    from marginctl.render.problems import render_problems

    shown = terminal(sys.stderr, request.color, request.width)
    sys.stderr.write(render_problems(problems, Options(width=shown.width, color=shown.color, ascii=shown.ascii)))
    return NOT_CHECKED
