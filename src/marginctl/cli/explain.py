"""``marginctl explain``: how one figure of the report came about."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from marginctl.cli.checking import Loaded, Settings, load_portfolio
from marginctl.cli.exits import NOT_CHECKED, OK
from marginctl.cli.files import content, inputs
from marginctl.cli.flags import FlagError, assignment, day, one_of, shock
from marginctl.cli.terminal import complain, emit, terminal
from marginctl.core.assemble import report_of
from marginctl.core.explain.figures import UnknownFigureError, explain, paths
from marginctl.core.report import Report
from marginctl.core.scenario import expanded
from marginctl.document.source import echo
from marginctl.findings import Problem
from marginctl.portfolio.origins import Origins
from marginctl.render.document import Options
from marginctl.venues.loader import load

if TYPE_CHECKING:
    from marginctl.core.explain.node import Node


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
        settings = Settings(
            today=day(None),
            sets=tuple(assignment("--set", text) for text in request.sets),
            shocks=dict(shock(text) for text in request.shocks),
            rules_dir=request.rules_dir,
        )
    except FlagError as error:
        complain(error.message, error.help)
        return NOT_CHECKED
    found, problems = inputs([request.path], request.stdin_name)
    if len(found) > 1:
        complain(f"{echo(request.path)} names {len(found)} files", "explain one at a time")
        return NOT_CHECKED
    if found and not problems:
        data, problem = content(found[0])
        if problem is None:
            loaded, problems = load_portfolio(data, found[0].name, settings)
            if loaded is not None:
                return _explained(loaded, found[0].name, settings, request)
        else:
            problems = [problem]
    return _failed(problems, request)


def _explained(loaded: Loaded, name: str, settings: Settings, request: Request) -> int:
    report = report_of(loaded.account)
    if request.figure is None:
        return _listed(loaded, report, name, request)
    origins = origins_of(loaded, name, settings)
    try:
        node = explain(loaded.account, report, request.figure, origins.stated)
    except UnknownFigureError:
        complain(*unknown_figure(request.figure, paths(loaded.account, report)))
        return NOT_CHECKED
    if request.format == "json":
        from marginctl.render.derivation.document import derivation_text

        emit(derivation_text(node, request.figure, name, report, origins.of))
        return OK
    from marginctl.render.derivation.tree import render_tree

    emit(render_tree(node, heading(loaded, report, request.figure, name), origins.of, _options(request), request.depth))
    return OK


def _options(request: Request) -> Options:
    shown = terminal(sys.stdout, request.color, request.width)
    return Options(width=shown.width, color=shown.color, ascii=shown.ascii)


def origins_of(loaded: Loaded, name: str, settings: Settings) -> Origins:
    """Where the inputs of a portfolio stand; its rule set is read again, which is cheap."""
    rule_set, _ = load(
        loaded.draft.get("account"), loaded.source, directory=settings.rules_dir, beside=Path(name).parent
    )
    if rule_set is None:
        raise RuntimeError("a rule set that was read before cannot be read again")
    shocks = expanded(settings.shocks, loaded.resolved.account)
    return Origins(loaded.draft, loaded.source, loaded.account, rule_set, shocks)


def heading(loaded: Loaded, report: Report, figure: str, name: str) -> "Heading":
    """The figure as the report has it, the file, the rules."""
    from marginctl.render.derivation.tree import Heading

    used = loaded.resolved.rules_used
    rules = f"rules of {used.as_of} ({used.status})" if used.as_of else f"{used.venue} rules"
    about = f"{name}, {report.account.venue}, {report.account.collateral_mode}, {rules}"
    return Heading(figure=figure, reported=reported(report).get(figure), about=about)
