"""Flags that say how an account is computed and judged, and the settings of an analysis that they make."""

from decimal import Decimal
from typing import Annotated, NamedTuple

import typer
from msgspec.structs import replace

from marginctl.analysis.check import Settings, bar, codes, edits, shocks
from marginctl.cli.inputs import Input, content, inputs
from marginctl.cli.options import DateFlags, FileFlags, Flags, Read
from marginctl.document.scalars import FlagError, today
from marginctl.findings import Problem
from marginctl.limits.engine import Selection
from marginctl.limits.registry import BY_CODE
from marginctl.limits.verdict import FailOn
from marginctl.render.display import RuleText


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
    from marginctl.analysis.policies import policy_of

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
