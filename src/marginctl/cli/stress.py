"""``marginctl stress``: flags -> one account -> what it was put through -> text -> exit code."""

import sys
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from marginctl import __version__
from marginctl.analysis.stress import Wanted, failed, stress
from marginctl.cli.app import app
from marginctl.cli.entry import OK
from marginctl.cli.inputs import Input, content, inputs
from marginctl.cli.options import (
    DateFlags,
    DetailFlags,
    FileFlags,
    FlagError,
    Read,
    RowFormat,
    choice,
    command,
    options,
)
from marginctl.cli.settings import EditFlags, PolicyFlags, shocks, with_policies
from marginctl.cli.terminal import emit, tell
from marginctl.core.plain import as_plain
from marginctl.core.rate_history import RateHistory
from marginctl.document.names import meant
from marginctl.document.numbers import NumberError, rate
from marginctl.document.scalars import duration
from marginctl.document.source import echo, printable
from marginctl.findings import Location, Problem
from marginctl.render import draw, shown
from marginctl.render.catalogue_json import ScenarioList
from marginctl.render.json import document_text
from marginctl.render.pages.catalogue import scenarios_page
from marginctl.render.pages.stress import stress_page
from marginctl.results import StressResult
from marginctl.scenarios.catalogue import built_in

MOST_POINTS = 201


def _built_ins(names: Iterable[str]) -> tuple[str, ...]:
    """Every --builtin. Raises FlagError."""
    known = built_in()
    for name in names:
        if name != "all" and name not in known:
            raise FlagError(f"--builtin {echo(name)} is unknown", meant(name, (*known, "all"), "write"))
    return tuple(names)


def _share(flag: str, *, zero: bool = False) -> Callable[[str], Decimal]:
    """A reader of a rate above 0, or from 0 on, to 100%."""

    def read(text: str) -> Decimal:
        try:
            value = rate(text)
        except NumberError as error:
            raise FlagError(f"{flag} {error.message}", error.help) from None
        if not 0 <= value <= 1 or (value == 0 and not zero):
            raise FlagError(f"{flag} {echo(text)} is out of range", "write a percentage up to 100%, such as 5%")
        return value

    return read


def _grid(text: str) -> tuple[str, str]:
    """``BTC,ETH``: what runs down the side, what runs across. Raises FlagError."""
    down, comma, across = text.partition(",")
    if not comma or not down or not across or "," in across or down == across:
        raise FlagError(f"--grid {echo(text)} does not name two assets", "write BTC,ETH, or BTC,* for all others")
    return down, across


def _points(points: int) -> int:
    """--points. Raises FlagError."""
    if not 3 <= points <= MOST_POINTS or points % 2 == 0:
        raise FlagError(f"--points {points} cannot be", f"write an odd number from 3 to {MOST_POINTS}")
    return points


def _days(text: str) -> Decimal:
    """--horizon in days. Raises FlagError."""
    try:
        return duration(text) / 24
    except NumberError as error:
        raise FlagError(f"--horizon {error.message}", error.help) from None


class StressFlags(PolicyFlags, EditFlags, DateFlags, FileFlags, DetailFlags):
    """Of ``stress``."""

    path: Annotated[str | None, typer.Argument(metavar="PATH", help="A portfolio file; - for standard input.")] = None
    scenario: Annotated[
        tuple[str, ...],
        typer.Option("--scenario", "-s", metavar="NAME", help="A scenario of the file, or all; repeatable."),
        Read(tuple, many=True),
    ]
    builtin: Annotated[
        tuple[str, ...],
        typer.Option("--builtin", "-b", metavar="NAME", help="A built-in scenario, or all; repeatable."),
        Read(_built_ins, many=True),
    ]
    list_: Annotated[bool, typer.Option("--list", help="List the built-in scenarios with dates and sources.")] = False
    shock: Annotated[
        dict[str, Decimal],
        typer.Option("--shock", metavar="ASSET=PERCENT", help="A scenario of your own: BTC=-20%; '*' is all others."),
        Read(shocks, many=True),
    ]
    cascade: Annotated[bool, typer.Option("--cascade", help="What liquidation closes, step by step.")] = False
    fee: Annotated[
        Decimal | None,
        typer.Option("--fee", metavar="RATE", help="Liquidation fee on closed notional."),
        Read(_share("--fee", zero=True)),
    ]
    grid: Annotated[
        tuple[str, str] | None,
        typer.Option("--grid", metavar="ASSET,ASSET", help="Heat map of two assets."),
        Read(_grid),
    ]
    range: Annotated[
        Decimal,
        typer.Option("--range", metavar="PERCENT", help="How far heat map and curve reach."),
        Read(_share("--range"), "50%"),
    ]
    points: Annotated[
        int, typer.Option("--points", metavar="N", help="Moves per side of the heat map, odd."), Read(_points, 11)
    ]
    curve: Annotated[bool, typer.Option("--curve/--no-curve", help="Draw equity over the joint move.")] = True
    funding: Annotated[
        str | None, typer.Option("--funding", metavar="FILE", help="CSV of recorded funding rates: symbol,time,rate.")
    ] = None
    quantile: Annotated[
        Decimal,
        typer.Option("--quantile", metavar="PERCENT", help="What counts as worst rates."),
        Read(_share("--quantile"), "5%"),
    ]
    horizon: Annotated[
        Decimal, typer.Option("--horizon", metavar="DAYS", help="How long funding is paid."), Read(_days, "30d")
    ]
    format: RowFormat


@app.command("stress")
@command
def stress_command(flags: StressFlags) -> int:
    """Put a portfolio through scenarios: what survives, what liquidates, what a liquidation takes along.

    Runs the file's scenarios, or the built-in ones where it has none. Exits 1 when a scenario is not survived and the
    limit `survive` (MC113) says at least --fail-on, 2 when the file could not be checked.
    """
    if flags.list_:
        return _listed(flags)
    if flags.path is None:
        raise FlagError("no portfolio is named", "write `marginctl stress FILE`, or --list for built-in scenarios")
    result = _stressed(flags.path, flags)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(newline="\n")
    at, document = options(flags), partial(as_plain, result)
    emit(shown(flags.format, at, lambda: stress_page(result, at), document, "scenarios"))
    if flags.format in ("json", "csv"):
        tell(result.problems)
    return result.exit_code


def _stressed(path: str, flags: StressFlags) -> StressResult:
    name = printable(path)
    settings, problems = with_policies(flags)
    rates, wrong = _histories(flags.funding)
    found, missing = inputs([path], flags.stdin_filename)
    problems = [*problems, *wrong, *missing, *_too_many(found, name)]
    if problems:
        return failed(problems[0].location.file or name, problems)
    data, problem = content(found[0])
    if problem is not None:
        return failed(found[0].name, [problem])
    return stress(data, found[0].name, settings, wanted_of(flags, rates))


def wanted_of(flags: StressFlags, rates: dict[str, RateHistory]) -> Wanted:
    """What the flags ask for beyond the settings of every analysis."""
    return Wanted(
        named=flags.scenario,
        built_ins=flags.builtin,
        shocks=flags.shock,
        cascades=flags.cascade,
        fee=flags.fee,
        grid=flags.grid,
        size=flags.range,
        points=flags.points,
        draws_curve=flags.curve,
        histories=rates,
        quantile=flags.quantile,
        horizon=flags.horizon,
    )


def _too_many(found: list[Input], name: str) -> list[Problem]:
    if len(found) < 2:
        return []
    message = f"{len(found)} files match, stress takes one at a time"
    return [Problem(Location(name), "MC001", message, f"name one of them, such as {found[0].name}")]


def _histories(path: str | None) -> tuple[dict[str, RateHistory], list[Problem]]:
    if path is None:
        return {}, []
    from marginctl.venues.rate_table import histories

    data, problem = content(Input(printable(path), Path(path)))
    return ({}, [problem]) if problem else histories(data, printable(path))


def _listed(flags: StressFlags) -> int:
    """The built-in scenarios with dates and sources."""
    choice("--format", "table", "json", "markdown")(flags.format)
    rows = list(built_in().values())
    if flags.format == "json":
        emit(document_text(ScenarioList(tuple(rows), __version__)))
    else:
        at = options(flags)
        emit(draw(flags.format, scenarios_page(rows, at.verbosity), at))
    return OK
