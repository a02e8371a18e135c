"""The command line application and its main job, ``check``.

Commands import what they need when they run, so that each pays only for itself.
"""

from typing import Annotated

import typer

from marginctl.cli.default_command import InOrder
from marginctl.cli.options import (
    BaselineFile,
    Color,
    FailOn,
    Format,
    Ignore,
    Jobs,
    LimitsFiles,
    Notes,
    Outputs,
    Paths,
    Quiet,
    RulesDir,
    SarifWaived,
    Select,
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
    limits: LimitsFiles = None,
    fail_on: FailOn = "error",
    select: Select = None,
    ignore: Ignore = None,
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
    notes: Notes = False,
    sarif_waived: SarifWaived = False,
) -> None:
    """Compute and lint portfolios.

    Exits 0 when nothing is at or above --fail-on, 1 when something is, 2 when a file could not be checked.
    """
    from marginctl.cli.check import Request, run_check

    request = Request(
        paths=paths,
        format=format,
        outputs=output or [],
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
        quiet=quiet,
        verbose=verbose,
        jobs=jobs,
        baseline=baseline,
        write_baseline=write_baseline,
        watch=watch,
        notes=notes,
        sarif_waived=sarif_waived,
    )
    raise typer.Exit(run_check(request))
