"""The command line: ``marginctl``. Commands import what they need when they run, so that each pays only for itself."""

import os
import sys
from typing import Annotated, NoReturn

import typer

from marginctl.cli.default_command import DEFAULT, DefaultCommand, InOrder, Nameless
from marginctl.cli.exits import DEFECT, INTERRUPTED, NOT_CHECKED, OK
from marginctl.cli.options import (
    BaselineFile,
    Changes,
    Codes,
    Color,
    FailOn,
    Format,
    Jobs,
    LimitsFile,
    ListFormat,
    OnePath,
    Outputs,
    Paths,
    Quiet,
    RulesDir,
    RuleSetName,
    Sets,
    Shocks,
    StdinName,
    Today,
    Verbose,
    Watch,
    Width,
    WriteBaseline,
)

CONTEXT = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    name="marginctl",
    cls=InOrder,
    help="Exact margin of cross-collateralised crypto-futures accounts: requirements, haircuts, netting, liquidation.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=CONTEXT,
)


def _show_version(value: bool) -> None:
    if value:
        from marginctl import __version__

        typer.echo(f"marginctl {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Margin, haircuts, netting and liquidation of crypto-futures accounts, exactly and offline."""


@app.command()
def check(
    paths: Paths,
    format: Format = "table",
    output: Outputs = None,
    limits: LimitsFile = None,
    fail_on: FailOn = "error",
    select: Codes = None,
    ignore: Codes = None,
    set: Sets = None,
    shock: Shocks = None,
    today: Today = None,
    stdin_filename: StdinName = "<stdin>",
    rules: RulesDir = None,
    color: Color = "auto",
    width: Width = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    jobs: Jobs = 0,
    baseline: BaselineFile = None,
    write_baseline: WriteBaseline = None,
    watch: Watch = False,
) -> None:
    """Compute and lint portfolios.

    Exits 0 when nothing is at or above --fail-on, 1 when something is, 2 when a file could not be checked.
    """
    from marginctl.cli.check import Request, run_check

    request = Request(
        paths=paths,
        format=format,
        outputs=output or [],
        limits=limits,
        fail_on=fail_on,
        select=select or "",
        ignore=ignore or "",
        sets=set or [],
        shocks=shock or [],
        today=today,
        stdin_name=stdin_filename,
        rules_dir=rules,
        color=color,
        width=width,
        quiet=quiet,
        verbose=verbose,
        jobs=jobs,
        baseline=baseline,
        write_baseline=write_baseline,
        watch=watch,
    )
    raise typer.Exit(run_check(request))


@app.command()
def explain(
    path: Annotated[str, typer.Argument(metavar="PATH", help="A portfolio file; - for standard input.")],
    figure: Annotated[
        str | None,
        typer.Argument(metavar="[FIGURE]", help="As in positions.BTCUSDT.liquidation_price; without it, a list."),
    ] = None,
    format: ListFormat = "table",
    depth: Annotated[
        int | None, typer.Option("--depth", min=0, metavar="N", help="Levels of the tree; else what fits two screens.")
    ] = None,
    set: Sets = None,
    shock: Shocks = None,
    stdin_filename: StdinName = "<stdin>",
    rules: RulesDir = None,
    color: Color = "auto",
    width: Width = None,
) -> None:
    """Show how a figure came about: formula, the numbers put in, tiers and haircuts, where each input stands.

    Exits 0, or 2 when the file cannot be checked or has no such figure.
    """
    from marginctl.cli.explain import Request, run_explain

    request = Request(
        path=path,
        figure=figure,
        format=format,
        depth=depth,
        sets=set or [],
        shocks=shock or [],
        stdin_name=stdin_filename,
        rules_dir=rules,
        color=color,
        width=width,
    )
    raise typer.Exit(run_explain(request))


@app.command()
def stress(
    path: Annotated[str | None, typer.Argument(metavar="PATH", help="A portfolio file; - for standard input.")] = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option("--scenario", "-s", metavar="NAME", help="A scenario of the file, or all; repeatable."),
    ] = None,
    builtin: Annotated[
        list[str] | None,
        typer.Option("--builtin", "-b", metavar="NAME", help="A built-in scenario, or all; repeatable."),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the built-in scenarios with dates and sources.")] = False,
    shock: Annotated[
        list[str] | None,
        typer.Option("--shock", metavar="ASSET=PERCENT", help="A scenario of your own: BTC=-20%; '*' is all others."),
    ] = None,
    cascade: Annotated[bool, typer.Option("--cascade", help="What liquidation closes, step by step.")] = False,
    fee: Annotated[
        str | None, typer.Option("--fee", metavar="RATE", help="Liquidation fee on closed notional.")
    ] = None,
    grid: Annotated[str | None, typer.Option("--grid", metavar="ASSET,ASSET", help="Heat map of two assets.")] = None,
    range: Annotated[str, typer.Option("--range", metavar="PERCENT", help="How far heat map and curve reach.")] = "50%",
    points: Annotated[int, typer.Option("--points", metavar="N", help="Moves per side of the heat map, odd.")] = 11,
    curve: Annotated[bool, typer.Option("--curve/--no-curve", help="Draw equity over the joint move.")] = True,
    funding: Annotated[
        str | None, typer.Option("--funding", metavar="FILE", help="CSV of recorded funding rates: symbol,time,rate.")
    ] = None,
    quantile: Annotated[str, typer.Option("--quantile", metavar="PERCENT", help="What counts as worst rates.")] = "5%",
    horizon: Annotated[str, typer.Option("--horizon", metavar="DAYS", help="How long funding is paid.")] = "30d",
    format: ListFormat = "table",
    limits: LimitsFile = None,
    fail_on: FailOn = "error",
    set: Sets = None,
    today: Today = None,
    stdin_filename: StdinName = "<stdin>",
    rules: RulesDir = None,
    color: Color = "auto",
    width: Width = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Put a portfolio through scenarios: what survives, what liquidates, what a liquidation takes along.

    Runs the file's scenarios, or the built-in ones where it has none. Exits 1 when a scenario is not survived and the
    limit `survive` (MC113) says at least --fail-on, 2 when the file could not be checked.
    """
    from marginctl.cli.stress import run_stress
    from marginctl.cli.stress_flags import Request

    request = Request(
        path=path,
        lists=list_,
        scenarios=scenario or [],
        built_ins=builtin or [],
        shocks=shock or [],
        cascades=cascade,
        fee=fee,
        grid=grid,
        size=range,
        points=points,
        curve=curve,
        funding=funding,
        quantile=quantile,
        horizon=horizon,
        format=format,
        limits=limits,
        fail_on=fail_on,
        sets=set or [],
        today=today,
        stdin_name=stdin_filename,
        rules_dir=rules,
        color=color,
        width=width,
        quiet=quiet,
        verbose=verbose,
    )
    raise typer.Exit(run_stress(request))


@app.command("what-if")
def what_if(
    path: OnePath,
    open: Changes = None,
    close: Annotated[
        list[str] | None, typer.Option("--close", metavar="NAME", help="Close a position at its mark, or NAME @ PRICE.")
    ] = None,
    resize: Annotated[
        list[str] | None,
        typer.Option("--resize", metavar="NAME=QUANTITY", help="At the mark, or NAME=QUANTITY @ PRICE."),
    ] = None,
    deposit: Annotated[list[str] | None, typer.Option("--deposit", metavar="ASSET=AMOUNT", help="Pay in.")] = None,
    withdraw: Annotated[list[str] | None, typer.Option("--withdraw", metavar="ASSET=AMOUNT", help="Take out.")] = None,
    price: Annotated[
        list[str] | None,
        typer.Option("--price", metavar="ASSET=PRICE", help="Another price; given marks move in proportion."),
    ] = None,
    mode: Annotated[
        list[str] | None,
        typer.Option("--mode", metavar="[NAME=]MODE", help="isolated or cross, of all positions or of one."),
    ] = None,
    write: Annotated[
        str | None, typer.Option("--write", metavar="NEW.yaml", help="Write the changed file, comments kept.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Let --write replace an existing file.")] = False,
    format: ListFormat = "table",
    limits: LimitsFile = None,
    fail_on: FailOn = "error",
    select: Codes = None,
    ignore: Codes = None,
    set: Sets = None,
    today: Today = None,
    stdin_filename: StdinName = "<stdin>",
    rules: RulesDir = None,
    color: Color = "auto",
    width: Width = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Show what trades, transfers and prices would do: before, after, difference, limits checked again.

    Changes are made in the order in which their options are listed here, each option possibly several times.
    Exits as `check` does for the account afterwards. The file is only read; --write makes a new one.
    """
    from marginctl.cli.change_flags import Typed
    from marginctl.cli.check import Request
    from marginctl.cli.what_if import Asked, run_what_if

    request = Request(
        paths=[path],
        format=format,
        limits=limits,
        fail_on=fail_on,
        select=select or "",
        ignore=ignore or "",
        sets=set or [],
        today=today,
        stdin_name=stdin_filename,
        rules_dir=rules,
        color=color,
        width=width,
        quiet=quiet,
        verbose=verbose,
    )
    typed = Typed(
        open=open or [],
        close=close or [],
        resize=resize or [],
        deposit=deposit or [],
        withdraw=withdraw or [],
        price=price or [],
        mode=mode or [],
    )
    raise typer.Exit(run_what_if(Asked(request=request, typed=typed, write=write, force=force)))


@app.command()
def headroom(
    path: OnePath,
    leverage: Annotated[
        str | None, typer.Option("--leverage", metavar="N", help="Of the orders; default: that of the position.")
    ] = None,
    format: ListFormat = "table",
    limits: LimitsFile = None,
    fail_on: FailOn = "error",
    select: Codes = None,
    ignore: Codes = None,
    set: Sets = None,
    shock: Shocks = None,
    today: Today = None,
    stdin_filename: StdinName = "<stdin>",
    rules: RulesDir = None,
    color: Color = "auto",
    width: Width = None,
) -> None:
    """Show the largest orders and withdrawals that keep every limit, and the cheapest ways to pass a broken one.

    Counted are the limits that fail a run (--fail-on), and those that a file sets only as a warning. Exits as `check`.
    """
    from marginctl.cli.check import Request
    from marginctl.cli.headroom import Asked, run_headroom

    request = Request(
        paths=[path],
        format=format,
        limits=limits,
        fail_on=fail_on,
        select=select or "",
        ignore=ignore or "",
        sets=set or [],
        shocks=shock or [],
        today=today,
        stdin_name=stdin_filename,
        rules_dir=rules,
        color=color,
        width=width,
    )
    raise typer.Exit(run_headroom(Asked(request=request, leverage=leverage)))


@app.command()
def venues(
    format: ListFormat = "table",
    rules: RulesDir = None,
    today: Today = None,
    color: Color = "auto",
    width: Width = None,
) -> None:
    """List the rule sets with their dates and how far each may be trusted."""
    from marginctl.cli.catalogue import list_venues

    raise typer.Exit(list_venues(format, rules, today, color, width))


venue = typer.Typer(cls=DefaultCommand, no_args_is_help=True, rich_markup_mode=None, context_settings=CONTEXT)
app.add_typer(venue, name="venue", help="Show one rule set, or bring one up to date: venue refresh.")


@venue.command(DEFAULT, cls=Nameless, epilog="`marginctl venue refresh --help`: bring a rule set up to date.")
def show(
    name: RuleSetName,
    symbol: Annotated[str | None, typer.Option("--symbol", help="Show the tiers of this contract.")] = None,
    table: Annotated[str | None, typer.Option("--table", metavar="FILE.csv", help="Print one of its tables.")] = None,
    format: Annotated[str, typer.Option("--format", "-f", help="table, json or yaml (the rule file).")] = "table",
    rules: RulesDir = None,
    today: Today = None,
    color: Color = "auto",
    width: Width = None,
) -> None:
    """Show one rule set: rules, haircuts, tiers of a contract, dates, sources, status."""
    from marginctl.cli.catalogue import show_venue

    raise typer.Exit(show_venue(name, symbol, format, rules, table, today, color, width))


@venue.command()
def refresh(
    name: RuleSetName,
    answers: Annotated[
        list[str], typer.Option("--from", metavar="FILE", help="An answer of the venue's interface; repeatable.")
    ],
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Its day, where it has none.")] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE.yaml", help="The rule file to write."),
    ] = None,
    contract_size: Annotated[
        list[str] | None, typer.Option("--contract-size", metavar="SYMBOL=SIZE", help="Of a new contract; repeatable.")
    ] = None,
    complete: Annotated[bool, typer.Option("--complete", help="What the answers do not list is gone.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    format: ListFormat = "table",
    rules: RulesDir = None,
    today: Today = None,
    color: Color = "auto",
    width: Width = None,
) -> None:
    """Bring a rule set up to date from saved answers of the venue's own interface, offline.

    Leverage brackets, risk limits, position tiers and collateral ratios are told apart by their form. Shows what
    changed; what contradicts itself is not taken. Exits 0, 1 when something was not taken, 2 when nothing was.
    """
    from marginctl.cli.refresh import Request, run_refresh

    request = Request(
        name=name,
        answers=answers,
        as_of=as_of,
        output=output,
        sizes=contract_size or [],
        complete=complete,
        force=force,
        format=format,
        rules_dir=rules,
        today=today,
        color=color,
        width=width,
    )
    raise typer.Exit(run_refresh(request))


@app.command()
def rules(format: ListFormat = "table", color: Color = "auto", width: Width = None) -> None:
    """List the limits that `check` evaluates."""
    from marginctl.cli.catalogue import list_rules

    raise typer.Exit(list_rules(format, color, width))


@app.command()
def rule(
    code: Annotated[str, typer.Argument(help="A code such as MC102, or a name such as utilization.")],
    color: Color = "auto",
    width: Width = None,
) -> None:
    """Show what one limit checks, why, with an example, and what to do instead."""
    from marginctl.cli.catalogue import show_rule

    raise typer.Exit(show_rule(code, color, width))


@app.command()
def schema(kind: Annotated[str, typer.Argument(help="portfolio, report, report-line, venue or policy.")]) -> None:
    """Print the JSON Schema (draft-07) of a file format."""
    from marginctl.cli.catalogue import show_schema

    raise typer.Exit(show_schema(kind))


@app.command()
def init(
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="The file to create; - for standard output.")] = (
        "portfolio.yaml"
    ),
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a commented starter portfolio."""
    from marginctl.cli.starter import write_starter

    raise typer.Exit(write_starter(file, force=force))


def run() -> None:
    """Entry point of the console script: a defect says so and exits 70, a closed pipe ends quietly.

    Leaves without tearing the interpreter down, which would take a fifth of the time of a small check.
    """
    _leave(_exit_code())


def _exit_code() -> int:
    try:
        app()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else OK if leaving.code is None else NOT_CHECKED
    except BrokenPipeError:
        return NOT_CHECKED
    except OSError as error:  # files have been asked for their errors where they were opened: this is a stream's
        sys.stderr.write(f"marginctl: the output cannot be written: {error.strerror or error}\n")
        return NOT_CHECKED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return _defect(error)
    return OK


def _leave(code: int) -> NoReturn:
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        code = code or NOT_CHECKED
    os._exit(code)


def _defect(error: BaseException) -> int:
    """Say that marginctl is wrong, where, and ask for a report; no figures, no locals."""
    place = "unknown place"
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        place = f"{frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
        trace = trace.tb_next
    sys.stderr.write(
        f"marginctl: this is a defect of marginctl itself, not of your file ({type(error).__name__} at {place}).\n"
        "No figure was computed. Please report it with this line and, if you can, the file.\n"
    )
    return DEFECT
