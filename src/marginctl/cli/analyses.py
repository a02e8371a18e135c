"""Commands that ask what would be: ``explain``, ``stress``, ``what-if``, ``headroom``."""

from typing import Annotated

import typer

from marginctl.cli.app import app
from marginctl.cli.options import (
    Changes,
    Codes,
    Color,
    FailOn,
    LimitsFiles,
    ListFormat,
    OnePath,
    Quiet,
    RowFormat,
    RulesDir,
    Sets,
    Shocks,
    StdinName,
    Today,
    Verbose,
    Width,
)


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
    format: RowFormat = "table",
    limits: LimitsFiles = None,
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
        limits=limits or [],
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
        typer.Option("--price", metavar="NAME=PRICE", help="Of an asset; or of a contract: its mark alone."),
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
    limits: LimitsFiles = None,
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
        limits=limits or [],
        fail_on=fail_on,
        select=select or [],
        ignore=ignore or [],
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
    format: RowFormat = "table",
    limits: LimitsFiles = None,
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
        limits=limits or [],
        fail_on=fail_on,
        select=select or [],
        ignore=ignore or [],
        sets=set or [],
        shocks=shock or [],
        today=today,
        stdin_name=stdin_filename,
        rules_dir=rules,
        color=color,
        width=width,
    )
    raise typer.Exit(run_headroom(Asked(request=request, leverage=leverage)))
