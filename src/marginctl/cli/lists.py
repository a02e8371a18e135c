"""Commands about the program's own contents: rule sets, limits, schemas, the starter."""

from typing import Annotated

import typer

from marginctl.cli.app import CONTEXT, app
from marginctl.cli.default_command import DEFAULT, DefaultCommand, Nameless
from marginctl.cli.options import (
    Color,
    ListFormat,
    RulesDir,
    RuleSetName,
    Today,
    Width,
)


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
def schema(
    kind: Annotated[
        str,
        typer.Argument(help="portfolio, venue or policy; report, report-line, stress, what-if, headroom or scenarios."),
    ],
) -> None:
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
