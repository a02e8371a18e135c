"""The catalogue: rule sets, limits and schemas, as they are."""

import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marginctl.cli.exits import NOT_CHECKED, OK
from marginctl.cli.flags import FlagError, day, one_of
from marginctl.cli.terminal import complain, emit, terminal
from marginctl.document.source import echo, printable
from marginctl.findings import Problem
from marginctl.results import Options
from marginctl.venues import loader
from marginctl.venues.rule_set import RuleSet

if TYPE_CHECKING:
    from marginctl.limits.rule import Rule
    from marginctl.render.catalogue import Listed, RuleEntry

SCHEMAS = ("portfolio", "report", "report-line", "stress", "what-if", "headroom", "scenarios", "venue", "policy")
MOST_NAMES = 5
COLORS = ("auto", "always", "never")


def list_venues(
    format: str = "table",
    rules_dir: str | None = None,
    today: str | None = None,
    color: str = "auto",
    width: int | None = None,
) -> int:
    """Print every rule set, ``generic`` first, the user's own from ``rules_dir`` last; broken ones exit 2."""
    try:
        one_of("--format", format, ("table", "json"))
        options, on = screen(color, width), day(today)
        own = _own_names(rules_dir)
    except FlagError as error:
        return refuse(error)
    first = (loader.DEFAULT, *(name for name in loader.bundled() if name != loader.DEFAULT))
    listed, problems = _loaded([*(name for name in first if name not in own)], own, rules_dir)
    if format == "json":
        from marginctl.render import catalogue_json

        emit(catalogue_json.text_of(catalogue_json.venues(listed, on)))
    else:
        from marginctl.render.catalogue import render_venues

        emit(render_venues(listed, on, options))
    return report(problems)


def screen(color: str, width: int | None) -> Options:
    """What standard output can show. Raises FlagError."""
    one_of("--color", color, COLORS)
    shown = terminal(sys.stdout, color, width)
    return Options(width=shown.width, color=shown.color, ascii=shown.ascii)


def refuse(error: FlagError) -> int:
    """Say what is wrong with a flag."""
    complain(error.message, error.help)
    return NOT_CHECKED


def report(problems: list[Problem]) -> int:
    """Print problems on standard error, if any; the exit code that follows from them."""
    if not problems:
        return OK
    if not problems[0].location.file:  # a name on the command line, not a place in a file
        complain(problems[0].message, problems[0].help)
        return NOT_CHECKED
    from marginctl.render.problems import render_problems

    shown = terminal(sys.stderr, "auto", None)
    sys.stderr.write(render_problems(problems, Options(width=shown.width, color=shown.color, ascii=shown.ascii)))
    return NOT_CHECKED


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


def _loaded(bundled: list[str], own: dict[str, Path], directory: str | None) -> tuple[list["Listed"], list[Problem]]:
    from marginctl.render.catalogue import Listed

    listed, problems = [], []
    for name in [*bundled, *own]:
        rule_set, found = loader.named(name, directory=directory)
        problems += found
        if rule_set is not None:
            listed.append(Listed(rule_set, printable(str(own[name])) if name in own else ""))
    return listed, problems


def show_venue(
    name: str,
    symbol: str | None = None,
    format: str = "table",
    rules_dir: str | None = None,
    table: str | None = None,
    today: str | None = None,
    color: str = "auto",
    width: int | None = None,
) -> int:
    """Print one rule set, the tiers of one of its contracts, its rule file, or one of its CSV tables."""
    try:
        one_of("--format", format, ("table", "json", "yaml"))
        options, on = screen(color, width), day(today)
        _one_thing(symbol, table, format)
    except FlagError as error:
        return refuse(error)
    rule_set, problems = loader.named(name, directory=rules_dir)
    if rule_set is None:
        return report(problems)
    if symbol is not None:
        return _show_contract(rule_set, symbol, format, on, options)
    if table is not None:
        return _show_table(rule_set, table)
    if format == "yaml":
        return _show_file(rule_set, rule_path(name, rules_dir))
    if format == "json":
        from marginctl.render import catalogue_json

        emit(catalogue_json.text_of(catalogue_json.rule_set(rule_set, on)))
    else:
        from marginctl.render.rule_set import render_rule_set

        emit(render_rule_set(rule_set, on, options))
    return OK


def _one_thing(symbol: str | None, table: str | None, format: str) -> None:
    """Refuse flags that ask for different things."""
    if format == "yaml" and (symbol or table):
        raise FlagError("--format yaml prints the whole rule file", "leave out --symbol and --table")
    if symbol and table:
        raise FlagError("--symbol and --table show different things", "write one of them")


def rule_path(name: str, directory: str | None) -> Path:
    """The file of a rule set that exists, found as the loader finds it."""
    if loader.is_path(name):
        return Path(name)
    folders = [Path(directory)] if directory else []
    candidates = (folder / f"{name}{suffix}" for folder in [*folders, loader.DATA] for suffix in loader.SUFFIXES)
    return next((path for path in candidates if path.is_file()), loader.DATA / f"{name}.yaml")


def _show_contract(rule_set: RuleSet, symbol: str, format: str, on: date, options: Options) -> int:
    listing = rule_set.listing(symbol)
    if listing is None:
        complain(f"{rule_set.name} lists no contract {echo(symbol)}", _symbol_help(rule_set, symbol, on))
        return NOT_CHECKED
    if format == "json":
        from marginctl.render import catalogue_json

        emit(catalogue_json.text_of(catalogue_json.contract(rule_set, listing)))
    else:
        from marginctl.render.contract import render_contract

        emit(render_contract(rule_set, listing, options))
    return OK


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


def _show_table(rule_set: RuleSet, name: str) -> int:
    tables = {Path(group.table.name).name: group.table for group in rule_set.groups if group.table is not None}
    if name not in tables:
        known = f"its tables: {', '.join(map(echo, tables))}" if tables else "it has no tables"
        complain(f"{rule_set.name} has no table {echo(name)}", known)
        return NOT_CHECKED
    emit(tables[name].data.decode())
    return OK


def _show_file(rule_set: RuleSet, path: Path) -> int:
    """The rule file behind a comment on how to start an own one from it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        complain(f"{printable(str(path))} cannot be read: {error.strerror or error}")
        return NOT_CHECKED
    emit(text if path.suffix == ".json" else f"{_file_notes(rule_set)}\n{text}")
    return OK


def _file_notes(rule_set: RuleSet) -> str:
    name = printable(rule_set.name)
    lines = [
        "yaml-language-server: $schema=marginctl-venue.schema.json",
        f"An own rule set: save this as my-{name}.yaml and name the file in a portfolio: `venue: my-{name}.yaml`;",
        "or put it into a folder as rules/NAME.yaml, then `--rules rules` finds it by its name.",
        "`marginctl schema venue > marginctl-venue.schema.json` gives the editor completion and checks.",
    ]
    tables = list(dict.fromkeys(Path(group.table.name).name for group in rule_set.groups if group.table is not None))
    if tables:
        lines.append("It takes contracts from a CSV table that must lie beside it; to have it there as well:")
        lines += [f"  marginctl venue {name} --table {printable(table)} > {printable(table)}" for table in tables]
    return "".join(f"# {text}\n" for text in lines)


def list_rules(format: str = "table", color: str = "auto", width: int | None = None) -> int:
    """Print every limit."""
    try:
        one_of("--format", format, ("table", "json"))
        options = screen(color, width)
    except FlagError as error:
        return refuse(error)
    from marginctl.limits.registry import RULES

    entries = [rule_entry(rule) for rule in RULES]
    if format == "json":
        from marginctl.render import catalogue_json

        emit(catalogue_json.text_of(catalogue_json.rules(entries)))
    else:
        from marginctl.render.catalogue import render_rules

        emit(render_rules(entries, options))
    return OK


def show_rule(code: str, color: str = "auto", width: int | None = None) -> int:
    """Print the manual of one limit, found by its code, its name or its key."""
    try:
        options = screen(color, width)
    except FlagError as error:
        return refuse(error)
    from marginctl.limits.registry import RULES

    by_word = {word.lower(): rule for rule in RULES for word in (rule.key, rule.name, rule.code) if word}
    rule = by_word.get(code.lower())
    if rule is None:
        from difflib import get_close_matches

        close = get_close_matches(code[:40].lower(), by_word, 1)
        found = f"did you mean {echo(by_word[close[0]].code if _is_code(code) else close[0])}?" if close else ""
        complain(f"there is no limit {echo(code)}", found or "`marginctl rules` lists them")
        return NOT_CHECKED
    from marginctl.render.catalogue import render_rule

    emit(render_rule(rule_entry(rule), options))
    return OK


def _is_code(word: str) -> bool:
    return word.lower().startswith("mc") and word[2:].isdigit()


def rule_entry(rule: "Rule") -> "RuleEntry":
    """A rule as the catalogue shows it."""
    from marginctl.render.catalogue import RuleEntry

    default, text = _default(rule)
    severity = rule.default_severity
    return RuleEntry(
        code=rule.code,
        name=rule.name,
        key=rule.key,
        default=default,
        default_text=text,
        unit=rule.unit.value,
        comparison=rule.comparison.value,
        severity=severity.value if severity else None,
        policy_severity=rule.policy_severity.value if rule.policy_severity else None,
        always=rule.always,
        waivable=rule.waivable,
        summary=rule.summary,
        manual=rule.manual,
    )


def _default(rule: "Rule") -> tuple[Any, str]:
    """What stands in the key of a limit that no file configures, as a value and in words."""
    from marginctl.limits.config import ALL, OFF
    from marginctl.limits.rule import Comparison
    from marginctl.limits.wording import amount

    if rule.default_severity is None:
        return None, OFF
    if not rule.key:
        return None, "always" if rule.always else ""
    if rule.comparison is not Comparison.HOLDS and rule.default is not None:
        return rule.default, amount(rule.default, rule.unit)
    return (ALL, ALL) if rule.needs_subject else (True, "true")


def show_schema(kind: str) -> int:
    """Print the JSON Schema (draft-07) of a file format."""
    try:
        one_of("schema", kind, SCHEMAS)
    except FlagError as error:
        return refuse(error)
    import msgspec

    emit(msgspec.json.format(msgspec.json.encode(schema_of(kind)), indent=2).decode() + "\n")
    return OK


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of one of ``SCHEMAS``; a report line is one line of ``--format jsonl``."""
    if kind not in ("portfolio", "policy", "venue"):
        from marginctl.render.schema import schema_of_document

        return schema_of_document(kind)
    from marginctl.document.policy_shape import POLICY
    from marginctl.document.portfolio_shape import PORTFOLIO
    from marginctl.document.schema import json_schema
    from marginctl.document.venue_shape import VENUE

    shape = {"portfolio": PORTFOLIO, "policy": POLICY, "venue": VENUE}[kind]
    return json_schema(shape, identifier=f"marginctl-{kind}.schema.json", title=f"marginctl {kind} file")
