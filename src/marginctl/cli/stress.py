"""``marginctl stress``: flags -> one account -> what it was put through -> text -> exit code."""

from decimal import Decimal
from typing import Annotated

import typer

from marginctl.analysis.check import shocks
from marginctl.analysis.recorded import prices_of, rates_of
from marginctl.analysis.stress import (
    FUNDED,
    ScenarioChoice,
    axes,
    built_ins,
    days,
    failed,
    listed,
    points_of,
    share,
    stress,
)
from marginctl.cli.app import app
from marginctl.cli.inputs import Input, content, inputs
from marginctl.cli.options import DateFlags, DetailFlags, FileFlags, Flags, Format, Read, command, completes, show
from marginctl.cli.settings import EditFlags, PolicyFlags, picture_names, with_policies
from marginctl.core.funding_cases import RateHistory
from marginctl.core.model import ReturnSpan
from marginctl.core.returns import History
from marginctl.document.scalars import FlagError
from marginctl.document.source import printable
from marginctl.findings import Location, Problem
from marginctl.results import StressResult

MOST_DIGITS_OF_ROWS = 9
PLOTS = ("distance", "curve", "waterfall", "margin", "grid", "timeline", "tiers")
"""Pictures of an account and what it is put through."""


def horizon(text: str) -> Decimal | ReturnSpan:
    """--horizon: a time, in days; a number without a unit is rows of a history. Raises FlagError."""
    is_rows = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS_OF_ROWS and int(text)
    return ReturnSpan(int(text)) if is_rows else days(text)


def days_of(given: Decimal | ReturnSpan) -> Decimal:
    """--horizon where no history is read. Raises FlagError."""
    return days(f"{given.horizon}") if isinstance(given, ReturnSpan) else given


class ScenarioFlags(Flags):
    """What an account is put through."""

    scenario: Annotated[
        tuple[str, ...],
        typer.Option("--scenario", "-s", metavar="NAME", help="A scenario of the file, or all; repeatable."),
        Read(tuple, many=True),
    ]
    builtin: Annotated[
        tuple[str, ...],
        typer.Option(
            "--builtin",
            "-b",
            metavar="NAME",
            help="A built-in scenario, or all; repeatable.",
            autocompletion=completes("scenarios"),
        ),
        Read(built_ins, many=True),
    ]
    shock: Annotated[
        dict[str, Decimal],
        typer.Option("--shock", metavar="ASSET=PERCENT", help="A scenario of your own: BTC=-20%; '*' is all others."),
        Read(shocks, many=True),
    ]
    fee: Annotated[
        Decimal | None,
        typer.Option("--fee", metavar="RATE", help="Liquidation fee on closed notional."),
        Read(share("--fee", zero=True)),
    ]
    grid: Annotated[
        tuple[str, str] | None,
        typer.Option("--grid", metavar="ASSET,ASSET", help="Heat map of two assets."),
        Read(axes),
    ]
    range: Annotated[
        Decimal | None,
        typer.Option(
            "--range", metavar="PERCENT", help="How far heat map (50%) and curve (past its liquidation) reach."
        ),
        Read(share("--range")),
    ]
    points: Annotated[
        int, typer.Option("--points", metavar="N", help="Moves per side of the heat map, odd."), Read(points_of, 11)
    ]
    horizon: Annotated[
        Decimal | ReturnSpan,
        typer.Option("--horizon", metavar="DAYS", help="How long funding is paid."),
        Read(horizon, "30d"),
    ]


class StressFlags(ScenarioFlags, PolicyFlags, EditFlags, DateFlags, FileFlags, DetailFlags):
    """Of ``stress``."""

    path: Annotated[str | None, typer.Argument(metavar="PATH", help="A portfolio file; - for standard input.")] = None
    list_: Annotated[bool, typer.Option("--list", help="List the built-in scenarios with dates and sources.")] = False
    cascade: Annotated[bool, typer.Option("--cascade", help="What liquidation closes, step by step.")] = False
    curve: Annotated[bool, typer.Option("--curve/--no-curve", help="Draw equity over the joint move.")] = True
    plot: Annotated[
        frozenset[str],
        typer.Option(
            "--plot", metavar="NAME,...", help="Draw also distance, waterfall, margin, timeline, tiers, grid."
        ),
        Read(picture_names("--plot", *PLOTS), "none"),
    ]
    funding: Annotated[
        str | None, typer.Option("--funding", metavar="FILE", help="CSV of recorded funding rates: symbol,time,rate.")
    ] = None
    quantile: Annotated[
        Decimal,
        typer.Option("--quantile", metavar="PERCENT", help="What counts as worst rates."),
        Read(share("--quantile"), "5%"),
    ]
    history: Annotated[
        str | None, typer.Option("--history", metavar="FILE", help="CSV of prices by date; its worst days are run.")
    ] = None
    worst: Annotated[
        int | None,
        typer.Option("--worst", min=1, metavar="N", help="Its N worst days, of --history or of the portfolio's own."),
    ] = None
    span: Annotated[
        int | None,
        typer.Option(
            "--span", min=1, metavar="ROWS", help="Rows per return of a history, also --horizon N; default 1."
        ),
    ] = None
    returns: Annotated[bool, typer.Option("--returns", help="The history holds returns, not prices.")] = False
    format: Format


@app.command("stress")
@command
def stress_command(flags: StressFlags) -> int:
    """Put a portfolio through scenarios: what survives, what liquidates, what a liquidation takes along.

    Runs the file's scenarios, or the built-in ones where it has none. Exits 1 when a scenario is not survived and the
    limit `survive` (MC113) says at least --fail-on, 2 when the file could not be checked.
    """
    if flags.list_:
        return show(listed(), flags)
    if flags.path is None:
        raise FlagError("no portfolio is named", "write `marginctl stress FILE`, or --list for built-in scenarios")
    return show(_stressed(flags.path, flags), flags, pictures=flags.plot or None)


def _stressed(path: str, flags: StressFlags) -> StressResult:
    if flags.returns and flags.history is None:
        raise FlagError("--returns changes nothing here", "it is for --history FILE")
    name = printable(path)
    settings, problems = with_policies(flags)
    rates, wrong = rates_of(flags.funding)
    prices, unread = prices_of(flags.history, are_returns=flags.returns)
    found, missing = inputs([path], flags.stdin_filename)
    problems = [*problems, *wrong, *unread, *missing, *_too_many(found, name)]
    if problems:
        return failed(problems[0].location.file or name, problems)
    data, problem = content(found[0])
    if problem is not None:
        return failed(found[0].name, [problem])
    return stress(data, found[0].name, settings, wanted_of(flags, rates, prices))


def _span(flags: StressFlags) -> int | None:
    """Rows per return of a history that is asked for: --span, or --horizon without a unit. Raises FlagError."""
    rows = flags.horizon
    reads = flags.history is not None or flags.worst is not None
    if not isinstance(rows, ReturnSpan) or not reads:
        days_of(rows)
        return flags.span
    if flags.span not in (None, rows.horizon):
        raise FlagError(f"--horizon {rows.horizon} and --span {flags.span} say the same", "keep one of them")
    return rows.horizon


def wanted_of(flags: StressFlags, rates: dict[str, RateHistory], prices: History | None = None) -> ScenarioChoice:
    """What the flags ask for beyond the settings of every analysis."""
    return ScenarioChoice(
        named=flags.scenario,
        built_ins=flags.builtin,
        shocks=flags.shock,
        cascades=flags.cascade or "timeline" in flags.plot,
        fee=flags.fee,
        grid=flags.grid,
        size=flags.range,
        points=flags.points,
        draws_curve=flags.curve or "curve" in flags.plot,
        draws_grid="grid" in flags.plot,
        histories=rates,
        quantile=flags.quantile,
        horizon=FUNDED if isinstance(flags.horizon, ReturnSpan) else flags.horizon,
        prices=prices,
        worst=flags.worst,
        span=_span(flags),
    )


def _too_many(found: list[Input], name: str) -> list[Problem]:
    if len(found) < 2:
        return []
    message = f"{len(found)} files match, stress takes one at a time"
    return [Problem(Location(name), "MC001", message, f"name one of them, such as {found[0].name}")]
