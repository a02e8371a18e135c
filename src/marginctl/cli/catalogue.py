"""The catalogue: rule sets, limits and schemas, as they are; and the starter portfolio."""

import os
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from marginctl.cli.app import DEFAULT, Nameless, app, venue
from marginctl.cli.entry import OK
from marginctl.cli.options import (
    DateFlags,
    Flags,
    Format,
    RefusedError,
    RuleSetFlags,
    ScreenFlags,
    choice,
    command,
    completes,
    format_of,
    options,
    refuse,
    refuse_existing,
    show,
)
from marginctl.cli.targets import write_files
from marginctl.cli.terminal import deliver, emit, put
from marginctl.document.scalars import FlagError
from marginctl.document.source import alike, echo, printable
from marginctl.findings import Problem
from marginctl.render import COMMON, RESULTS, render
from marginctl.results.catalogue import RuleList, RuleManual, RuleResult
from marginctl.venues import loader
from marginctl.venues.catalogue import ContractResult, RuleSetEntry, RuleSetList, RuleSetResult
from marginctl.venues.rule_set import RuleSet
from marginctl.venues.table import Table

READ = ("portfolio", "venue", "policy", "policy-case", "config", "baseline", "book")
"""Kinds of files that are read; the others are written."""
SCHEMAS = (*READ, "report-line", *RESULTS)
STARTER = Path(__file__).with_name("starter.yaml")
"""A portfolio that passes its own limits, with a comment on every choice."""
MOST_NAMES = 5

app.add_typer(venue, name="venue", help="Show one rule set, or bring one up to date: venue refresh.")

RuleSetName = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="A rule set (`marginctl venues`) or a rule file.", autocompletion=completes("venues")
    ),
]


class VenuesFlags(RuleSetFlags, DateFlags, ScreenFlags):
    """Of ``venues``."""

    format: Format


@app.command()
@command
def venues(flags: VenuesFlags) -> int:
    """List the rule sets with their dates and how far each may be trusted."""
    own = _own_names(flags.rules)
    first = (loader.DEFAULT, *(name for name in loader.bundled() if name != loader.DEFAULT))
    listed, problems = _loaded([*(name for name in first if name not in own)], own, flags)
    put(flags.format, render(flags.format, RuleSetList(venues=tuple(listed), problems=tuple(problems)), options(flags)))
    return refuse(problems, None) if problems else OK


def _own_names(directory: str | None) -> dict[str, Path]:
    """Name -> file of the rule sets of a folder. Raises FlagError."""
    if directory is None:
        return {}
    try:
        entries = sorted(os.listdir(directory))  # noqa: PTH208 - names alone, without a Path for each
    except OSError as error:
        raise FlagError(
            f"--rules {echo(directory)}: {error.strerror or error}", "name a folder of rule files"
        ) from None
    paths = [Path(directory, entry) for entry in entries if entry.endswith(loader.SUFFIXES)]
    return {path.stem: path for path in paths if path.is_file()}


def _loaded(bundled: list[str], own: dict[str, Path], flags: VenuesFlags) -> tuple[list[RuleSetEntry], list[Problem]]:
    listed, problems = [], []
    for name in [*bundled, *own]:
        rule_set, found = loader.named(name, directory=flags.rules)
        problems += found
        if rule_set is not None:
            listed.append(RuleSetEntry(rule_set, flags.day, printable(str(own[name])) if name in own else ""))
    return listed, problems


class VenueFlags(RuleSetFlags, DateFlags, ScreenFlags):
    """Of ``venue``."""

    name: RuleSetName
    symbol: Annotated[str | None, typer.Option("--symbol", help="Show the tiers of this contract.")] = None
    table: Annotated[str | None, typer.Option("--table", metavar="FILE.csv", help="Print one of its tables.")] = None
    format: format_of(*COMMON, "yaml", more=" (its file)")  # type: ignore[valid-type]


@venue.command(DEFAULT, cls=Nameless, epilog="`marginctl venue refresh --help`: bring a rule set up to date.")
@command
def venue_command(flags: VenueFlags) -> int:
    """Show one rule set: rules, haircuts, tiers of a contract, dates, sources, status."""
    _one_thing(flags)
    rule_set, problems = loader.named(flags.name, directory=flags.rules)
    if rule_set is None:
        raise RefusedError(problems)
    if flags.symbol is not None:
        return _show_contract(rule_set, flags.symbol, flags)
    if flags.table is not None:
        return _show_table(rule_set, flags.table)
    if flags.format == "yaml":
        return _show_file(rule_set, rule_path(flags.name, flags.rules))
    return show(RuleSetResult(entry=RuleSetEntry(rule_set, flags.day)), flags)


def _one_thing(flags: VenueFlags) -> None:
    """Refuse flags that ask for different things. Raises FlagError."""
    if flags.format == "yaml" and (flags.symbol or flags.table):
        raise FlagError("--format yaml prints the whole rule file", "leave out --symbol and --table")
    if flags.symbol and flags.table:
        raise FlagError("--symbol and --table show different things", "write one of them")


def rule_path(name: str, directory: str | None) -> Path:
    """The file of a rule set that exists, found as the loader finds it."""
    if loader.is_path(name):
        return Path(name)
    folders = [Path(directory)] if directory else []
    candidates = (folder / f"{name}{suffix}" for folder in [*folders, loader.DATA] for suffix in loader.SUFFIXES)
    return next((path for path in candidates if path.is_file()), loader.DATA / f"{name}.yaml")


def _show_contract(rule_set: RuleSet, symbol: str, flags: VenueFlags) -> int:
    listing = rule_set.listing(symbol)
    if listing is None:
        raise FlagError(f"{rule_set.name} lists no contract {echo(symbol)}", _symbol_help(rule_set, symbol, flags.day))
    return show(ContractResult(rule_set=rule_set, listing=listing), flags)


def _symbol_help(rule_set: RuleSet, symbol: str, on: date) -> str:
    if rule_set.splits_symbols:
        return "it reads any symbol as base and quote; a position there states its own rates"
    close, symbols = rule_set.close_symbols(symbol, on), rule_set.symbols()
    if close:
        return f"did you mean {' or '.join(map(echo, close))}?"
    if not symbols:
        return "its contracts are declared in the portfolio: `contracts: {...}`"
    more = f" and {len(symbols) - MOST_NAMES:,} more" if len(symbols) > MOST_NAMES else ""
    return f"it lists {', '.join(map(printable, symbols[:MOST_NAMES]))}{more}"


def tables_of(rule_set: RuleSet) -> dict[str, Table]:
    """The tables of a rule set by the names of their files."""
    return {Path(group.table.name).name: group.table for group in rule_set.groups if group.table is not None}


def own_files(rule_set: RuleSet, path: Path) -> list[Path]:
    """The files that a rule set consists of."""
    return [path, *(path.parent / name for name in tables_of(rule_set))]


def _show_table(rule_set: RuleSet, name: str) -> int:
    tables = tables_of(rule_set)
    if name not in tables:
        known = f"its tables: {', '.join(map(echo, tables))}" if tables else "it has no tables"
        raise FlagError(f"{rule_set.name} has no table {echo(name)}", known)
    deliver(tables[name].data.decode())
    return OK


def _show_file(rule_set: RuleSet, path: Path) -> int:
    """The rule file behind a comment on how to start an own one from it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FlagError(f"{printable(str(path))} cannot be read: {error.strerror or error}") from None
    deliver(text if path.suffix == ".json" else f"{_file_notes(rule_set)}\n{text}")
    return OK


def _file_notes(rule_set: RuleSet) -> str:
    name = printable(rule_set.name)
    lines = [
        "yaml-language-server: $schema=marginctl-venue.schema.json",
        f"An own rule set: save this as my-{name}.yaml and name the file in a portfolio: `venue: my-{name}.yaml`;",
        "or put it into a folder as rules/NAME.yaml, then `--rules rules` finds it by its name.",
        "`marginctl schema venue > marginctl-venue.schema.json` gives the editor completion and checks.",
    ]
    tables = tables_of(rule_set)
    if tables:
        lines.append("It takes contracts from a CSV table that must lie beside it; to have it there as well:")
        lines += [f"  marginctl venue {name} --table {printable(table)} > {printable(table)}" for table in tables]
    return "".join(f"# {text}\n" for text in lines)


class RulesFlags(ScreenFlags):
    """Of ``rules``."""

    format: Format


@app.command()
@command
def rules(flags: RulesFlags) -> int:
    """List the limits that `check` evaluates."""
    from marginctl.limits.catalogue import entries

    return show(RuleList(rules=tuple(entries().values())), flags)


class RuleFlags(ScreenFlags):
    """Of ``rule``."""

    code: Annotated[
        str,
        typer.Argument(help="A code such as MC102, or a name such as utilization.", autocompletion=completes("rules")),
    ]
    format: Format


@app.command()
@command
def rule(flags: RuleFlags) -> int:
    """Show what one limit checks, why, with an example, and what to do instead."""
    from marginctl.limits.catalogue import entries

    code = flags.code
    by_word = {word.lower(): one for one in entries().values() for word in (one.key, one.name, one.code) if word}
    found = by_word.get(code.lower())
    if found is None:
        close = alike(code[:40].lower(), by_word)
        meant = f"did you mean {echo(by_word[close[0]].code if _is_code(code) else close[0])}?" if close else ""
        raise FlagError(f"there is no limit {echo(code)}", meant or "`marginctl rules` lists them")
    return show(RuleResult(rule=RuleManual(found)), flags)


def _is_code(word: str) -> bool:
    return word.lower().startswith("mc") and word[2:].isdigit()


class SchemaFlags(Flags):
    """Of ``schema``."""

    kind: Annotated[
        str,
        typer.Argument(
            help=f"{', '.join(READ)}; {', '.join(RESULTS)}; report-line.", autocompletion=completes("kinds")
        ),
    ]


@app.command()
@command
def schema(flags: SchemaFlags) -> int:
    """Print the JSON Schema (draft-07) of a file format."""
    kind = choice("schema", *SCHEMAS)(flags.kind)
    deliver(msgspec.json.format(msgspec.json.encode(schema_of(kind)), indent=2).decode() + "\n")
    return OK


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of one of ``SCHEMAS``; a report line is one line of ``--format jsonl``."""
    if kind == "book":
        from marginctl.books.columns_text import book_schema

        return book_schema()
    if kind not in READ:
        from marginctl.render.json_schema import schema_of_document

        return schema_of_document(kind)
    from marginctl.analysis.configuration import ConfigFile
    from marginctl.analysis.policy_cases import CasesFile
    from marginctl.document.schema import json_schema
    from marginctl.limits.baseline import BaselineFile
    from marginctl.limits.format import PolicyFile
    from marginctl.portfolio.format import PortfolioFile

    formats = {"portfolio": PortfolioFile, "policy": PolicyFile, "venue": RuleSet, "baseline": BaselineFile}
    formats |= {"config": ConfigFile, "policy-case": CasesFile}
    shape = formats[kind].layout
    return json_schema(shape, identifier=f"marginctl-{kind}.schema.json", title=f"marginctl {kind} file")


class InitFlags(Flags):
    """Of ``init``."""

    file: Annotated[str, typer.Argument(metavar="[FILE]", help="The file to create; - for standard output.")] = (
        "portfolio.yaml"
    )
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False


@app.command()
@command
def init(flags: InitFlags) -> int:
    """Write a commented starter portfolio."""
    text = STARTER.read_text(encoding="utf-8")
    if flags.file == "-":
        deliver(text)
        return OK
    refuse_existing(flags.file, force=flags.force)
    name = printable(flags.file)
    write_files({Path(flags.file): text.encode()})
    emit(f"wrote {name}; next: marginctl check {name}\n")
    return OK
