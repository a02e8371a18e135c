"""Flags that say how an account is computed and judged, and the settings of an analysis that they make."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Annotated, NamedTuple

import typer
from msgspec.structs import replace

from marginctl.analysis.check import Settings
from marginctl.cli.inputs import Input, content, inputs
from marginctl.cli.options import DateFlags, FileFlags, FlagError, Flags, Read, assignment, today
from marginctl.document.numbers import NumberError, decimal
from marginctl.document.source import echo
from marginctl.findings import Problem
from marginctl.limits.engine import Selection
from marginctl.limits.registry import BY_CODE, closest
from marginctl.limits.verdict import FailOn
from marginctl.render.display import RuleText


def edits(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Every --set. Raises FlagError."""
    return tuple(assignment("--set", text) for text in texts)


def shocks(texts: Iterable[str]) -> dict[str, Decimal]:
    """Every --shock: a fraction of the price by asset. Raises FlagError, also where an asset is named twice."""
    found: dict[str, Decimal] = {}
    for text in texts:
        asset, move = _shock(text)
        if asset in found:
            raise FlagError(f"--shock names {echo(asset)} twice", "write one move per asset")
        found[asset] = move
    return found


def _shock(text: str) -> tuple[str, Decimal]:
    """ASSET=PERCENT: a fraction of the price, above -100%: at a price of 0 there are no marks."""
    asset, value = assignment("--shock", text)
    is_fall, number = value.startswith("-"), value[1:] if value.startswith(("-", "+")) else value
    if number.startswith(("+", "-")):
        raise FlagError(f"--shock {echo(text)} has two signs", "write it as BTC=-20%")
    try:
        size = decimal(number.removesuffix("%"))
    except NumberError as error:
        raise FlagError(f"--shock {echo(text)}: the move {error.message}", "write it as BTC=-20%") from None
    if not value.endswith("%") and size >= 1:
        raise FlagError(f"--shock {echo(text)} moves by 100% or more without %", f"write {asset}={value}%")
    move = (-size if is_fall else size) / (100 if value.endswith("%") else 1)
    if move <= -1:
        raise FlagError(f"--shock {echo(text)} moves the price to 0 or below", "write less, such as -99.9%")
    return asset, move


def codes(flag: str) -> Callable[[Iterable[str]], frozenset[str]]:
    """A reader of codes of limits, with commas between them, of every time that the flag is given."""

    def read(texts: Iterable[str]) -> frozenset[str]:
        found = frozenset(code.strip().upper() for text in texts for code in text.split(",") if code.strip())
        for code in sorted(found - BY_CODE.keys()):
            near = closest(code)
            raise FlagError(
                f"{flag}: no limit has the code {echo(code)}",
                f"did you mean {near}?" if near else "`marginctl rules` lists them",
            )
        return found

    return read


def bar(text: str) -> FailOn:
    """--fail-on. Raises FlagError."""
    try:
        return FailOn(text)
    except ValueError:
        raise FlagError(f"--fail-on {echo(text)} is unknown", "write error, warning or never") from None


class EditFlags(Flags):
    """Edits of the file."""

    set: Annotated[
        tuple[tuple[str, str], ...],
        typer.Option("--set", metavar="PATH=VALUE", help="Edit the file before reading it: positions.0.leverage=5."),
        Read(edits, many=True),
    ]


class ShockFlags(Flags):
    """Prices moved before anything is computed."""

    shock: Annotated[
        dict[str, Decimal],
        typer.Option("--shock", metavar="ASSET=PERCENT", help="Move a price first, as in BTC=-20%; '*' is all others."),
        Read(shocks, many=True),
    ]


class PolicyFlags(Flags):
    """What must hold beyond the file's own limits, and what fails a run."""

    limits: Annotated[
        list[str],
        typer.Option(
            "--limits", metavar="FILE", help="A policy of the risk team, repeatable; per rule the strictest holds."
        ),
        Read(list, many=True),
    ]
    fail_on: Annotated[
        FailOn,
        typer.Option("--fail-on", help="The least severity that exits 1: error, warning or never."),
        Read(bar, "error"),
    ]


SELECT, IGNORE = Read(codes("--select"), many=True), Read(codes("--ignore"), many=True)


class CodeFlags(Flags):
    """Which limits are looked at."""

    select: Annotated[frozenset[str], typer.Option("--select", metavar="CODE,..."), SELECT]
    ignore: Annotated[frozenset[str], typer.Option("--ignore", metavar="CODE,..."), IGNORE]


class ExplainedCodeFlags(CodeFlags):
    """The same with a help text."""

    select: Annotated[
        frozenset[str],
        typer.Option("--select", metavar="CODE,...", help="Only these limits, and MC100; repeatable."),
        SELECT,
    ]
    ignore: Annotated[
        frozenset[str],
        typer.Option("--ignore", metavar="CODE,...", help="All limits but these; repeatable."),
        IGNORE,
    ]


def settings_of(flags: FileFlags) -> Settings:
    """What an analysis is told, of the flags that a command has."""
    settings = Settings(today=flags.day if isinstance(flags, DateFlags) else today(), rules_dir=flags.rules)
    if isinstance(flags, EditFlags):
        settings = replace(settings, sets=flags.set)
    if isinstance(flags, ShockFlags):
        settings = replace(settings, shocks=flags.shock)
    if isinstance(flags, PolicyFlags):
        settings = replace(settings, fail_on=flags.fail_on)
    if isinstance(flags, CodeFlags):
        settings = replace(settings, selection=Selection(flags.select, flags.ignore))
    return settings


class Opened(NamedTuple):
    """The one file of a command, what it is judged by, and what stands in the way."""

    name: str
    data: bytes
    settings: Settings
    problems: list[Problem]


def with_policies(flags: FileFlags) -> tuple[Settings, list[Problem]]:
    """The settings with the policies that the flags name, and what is wrong with those files."""
    settings = settings_of(flags)
    if not isinstance(flags, PolicyFlags) or not flags.limits:
        return settings, []
    from marginctl.cli.policies import policy_of

    policy, problems = policy_of(flags.limits)
    return replace(settings, policy=policy), problems


def opened(one: Input, flags: FileFlags) -> Opened:
    """A file's bytes, and the settings with the policies."""
    settings, problems = with_policies(flags)
    data, problem = content(one)
    return Opened(one.name, data, settings, problems if problem is None else [*problems, problem])


def single(path: str, flags: FileFlags) -> Input:
    """The one file that is meant. Raises FlagError."""
    found, problems = inputs([path], flags.stdin_filename)
    if problems:
        raise FlagError(f"{problems[0].location.file}: {problems[0].message}", problems[0].help)
    if len(found) != 1:
        raise FlagError(f"PATH means {len(found)} files, one is needed", "name one portfolio file")
    return found[0]


def manual() -> dict[str, RuleText]:
    """Code -> what the rule says about itself."""
    return {code: RuleText(rule.name, rule.summary, rule.manual, rule.unit.value) for code, rule in BY_CODE.items()}
