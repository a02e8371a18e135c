"""``marginctl stress``: flags -> one account -> what it was put through -> text -> exit code."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from marginctl import __version__
from marginctl.cli.exits import NOT_CHECKED, OK
from marginctl.cli.files import Input, content, inputs
from marginctl.cli.flags import FlagError, one_of
from marginctl.cli.policy import policy_of
from marginctl.cli.stress_flags import Request, settings_of, wanted_of
from marginctl.cli.terminal import complain, emit, tell, terminal
from marginctl.document.source import printable
from marginctl.results import Options, Verbosity

if TYPE_CHECKING:
    from marginctl.analysis.check import Settings
    from marginctl.analysis.stress import Wanted
    from marginctl.core.rate_history import RateHistory
    from marginctl.findings import Problem
    from marginctl.results import StressResult

FORMATS = ("table", "json")


def run_stress(request: Request) -> int:
    """StressResult the one file of the request, or list the built-in scenarios; returns the exit code."""
    try:
        one_of("--format", request.format, FORMATS)
        one_of("--color", request.color, ("auto", "always", "never"))
        if request.lists:
            return _listed(request)
        path, settings, wanted = _path(request), settings_of(request), wanted_of(request)
    except FlagError as error:
        complain(error.message, error.help)
        return NOT_CHECKED
    stress = _stressed(request, path, settings, wanted)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(newline="\n")
    emit(_text(stress, request))
    if request.format == "json":
        tell(stress.problems)
    return stress.exit_code


def _path(request: Request) -> str:
    """The one argument. Raises FlagError."""
    if request.path is None:
        raise FlagError("no portfolio is named", "write `marginctl stress FILE`, or --list for built-in scenarios")
    return request.path


def _stressed(request: Request, path: str, settings: "Settings", wanted: "Wanted") -> "StressResult":
    from marginctl.analysis.stress import failed, stress

    name = printable(path)
    policy, problems = policy_of(request.limits)
    rates, wrong = _histories(request.funding)
    found, missing = inputs([path], request.stdin_name)
    problems = [*problems, *wrong, *missing, *_too_many(found, name)]
    if problems:
        return failed(problems[0].location.file or name, problems)
    data, problem = content(found[0])
    if problem is not None:
        return failed(found[0].name, [problem])
    if policy is not None:
        settings = replace(settings, policy=policy)
    return stress(data, found[0].name, settings, replace(wanted, histories=rates))


def _too_many(found: list[Input], name: str) -> "list[Problem]":
    if len(found) < 2:
        return []
    from marginctl.findings import Location, Problem

    message = f"{len(found)} files match, stress takes one at a time"
    return [Problem(Location(name), "MC001", message, f"name one of them, such as {found[0].name}")]


def _histories(path: str | None) -> "tuple[dict[str, RateHistory], list[Problem]]":
    if path is None:
        return {}, []
    from marginctl.document.rate_table import histories

    data, problem = content(Input(printable(path), Path(path)))
    return ({}, [problem]) if problem else histories(data, printable(path))


def _options(request: Request) -> Options:
    shown = terminal(sys.stdout, request.color, request.width)
    verbosity = Verbosity.QUIET if request.quiet else Verbosity.VERBOSE if request.verbose else Verbosity.NORMAL
    return Options(width=shown.width, color=shown.color, ascii=shown.ascii, verbosity=verbosity)


def _text(stress: "StressResult", request: Request) -> str:
    if request.format == "json":
        from marginctl.render.json import document_text

        return document_text(stress)
    from marginctl.render import stress as screen

    return screen.render(stress, _options(request))


def _listed(request: Request) -> int:
    """The built-in scenarios with dates and sources."""
    from marginctl.scenarios.catalogue import built_in

    rows = list(built_in().values())
    if request.format == "json":
        from marginctl.render.json import document_text
        from marginctl.results import ScenarioList

        emit(document_text(ScenarioList(tuple(rows), __version__)))
    else:
        from marginctl.render.scenario_list import render_scenarios

        emit(render_scenarios(rows, _options(request)))
    return OK
