"""Flags that say how an account is computed and judged, the settings that they make, and what does not go together."""

import os
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct
from msgspec.structs import replace

from marginctl.analysis.check import Settings, bar, codes, edits, shocks
from marginctl.cli.inputs import STDIN, Input, content, inputs
from marginctl.cli.options import DateFlags, FileFlags, Flags, Read, choice, completes
from marginctl.document.numbers import NumberError, decimal
from marginctl.document.scalars import FlagError, assignment, now, today
from marginctl.document.source import echo
from marginctl.findings import Problem
from marginctl.limits.engine import Selection
from marginctl.limits.rules import BY_CODE
from marginctl.limits.verdict import FailOn
from marginctl.render import RuleText

if TYPE_CHECKING:
    from marginctl.cli.check import CheckFlags


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


def balances(texts: Iterable[str]) -> dict[str, Decimal]:
    """Every --wallet. Raises FlagError."""
    found: dict[str, Decimal] = {}
    for text in texts:
        asset, amount = assignment("--wallet", text)
        if asset in found:
            raise FlagError(f"--wallet names {echo(asset)} twice", "write one balance per asset")
        try:
            found[asset] = decimal(amount)
        except NumberError as error:
            raise FlagError(f"--wallet {echo(text)}: the amount {error.message}", error.help) from None
    return found


class FactFlags(Flags):
    """What the answers of a venue do not say."""

    laid: Annotated[
        str | None,
        typer.Option("--with", metavar="FILE.yaml", help="Contracts, prices, limits, scenarios to lay under it."),
    ] = None
    wallet: Annotated[
        dict[str, Decimal],
        typer.Option("--wallet", metavar="ASSET=AMOUNT", help="A balance that is in no file; repeatable."),
        Read(balances, many=True),
    ]
    account: Annotated[
        str, typer.Option("--account", metavar="NAME", help="Which of several accounts that the answers hold.")
    ] = ""
    rates: Annotated[
        str,
        typer.Option("--rates", help="Maintenance rates: of the venue's rule set, or the account's own figures."),
        Read(choice("--rates", "venue", "account"), "venue"),
    ]


def seconds(text: str, flag: str = "--timeout") -> int:
    """A short time such as 10s or 2m, in seconds. Raises FlagError."""
    match = re.fullmatch(r"([0-9]{1,4})(s|m)", text)
    if match is None or not int(match[1]):
        raise FlagError(f"{flag} {echo(text)} is no time", "write seconds or minutes, as in 30s or 2m")
    return int(match[1]) * (60 if match[2] == "m" else 1)


class ConnectionFlags(Flags):
    """How a venue is reached."""

    timeout: Annotated[
        int, typer.Option("--timeout", metavar="TIME", help="Of one request to the venue."), Read(seconds, "10s")
    ]
    retries: Annotated[
        int, typer.Option("--retries", min=0, max=10, metavar="N", help="Of a request that the venue failed.")
    ] = 2
    proxy: Annotated[str | None, typer.Option("--proxy", metavar="URL", help="To the venue; default: HTTPS_PROXY.")] = (
        None
    )
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Ask the venue's test system.")] = False
    demo: Annotated[bool, typer.Option("--demo", help="Ask the venue's demo system.")] = False


class LiveFlags(ConnectionFlags):
    """An account asked for at the venue."""

    live: Annotated[
        str | None, typer.Option("--live", metavar="VENUE", help="Ask the venue itself, with a read-only key.")
    ] = None
    keys: Annotated[
        Path | None,
        typer.Option("--keys", metavar="FILE", help="NAME=VALUE lines instead of the environment; mode 0600."),
    ] = None


def refuse_without_live(flags: LiveFlags) -> None:
    """Refuse a flag that only ``--live`` reads where that is not given. Raises FlagError."""
    for name in ("keys", "proxy", "sandbox", "demo"):
        if getattr(flags, name) and flags.live is None:
            raise FlagError(f"--{name} changes nothing here", "it is for --live")


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


def picture_names(flag: str, *known: str) -> Callable[[str], frozenset[str]]:
    """A reader of names of pictures, ``all`` or ``none``."""

    def named(text: str) -> frozenset[str]:
        if text in ("all", "none"):
            return frozenset(known if text == "all" else ())
        found = text.split(",")
        for name in found:
            if name not in known:
                raise FlagError(f"{flag} {echo(name)} is unknown", f"write {', '.join(known)}, all or none")
        return frozenset(found)

    return named


SELECT, IGNORE = Read(codes("--select"), many=True), Read(codes("--ignore"), many=True)


class CodeFlags(Flags):
    """Which limits are looked at."""

    select: Annotated[
        frozenset[str],
        typer.Option(
            "--select",
            metavar="CODE,...",
            help="Only these limits, and MC100; repeatable.",
            autocompletion=completes("codes"),
        ),
        SELECT,
    ]
    ignore: Annotated[
        frozenset[str],
        typer.Option(
            "--ignore",
            metavar="CODE,...",
            help="All limits but these; repeatable.",
            autocompletion=completes("codes"),
        ),
        IGNORE,
    ]


def settings_of(flags: FileFlags) -> Settings:
    """What an analysis is told, of the flags that a command has."""
    settings = Settings(today=today(), now=now(), rules_dir=flags.rules)
    if isinstance(flags, DateFlags):
        settings = replace(settings, today=flags.day, now=flags.now)
    if isinstance(flags, EditFlags):
        settings = replace(settings, sets=flags.set)
    if isinstance(flags, ShockFlags):
        settings = replace(settings, shocks=flags.shock)
    if isinstance(flags, PolicyFlags):
        settings = replace(settings, fail_on=flags.fail_on)
    if isinstance(flags, CodeFlags):
        settings = replace(settings, selection=Selection(flags.select, flags.ignore))
    return settings


class Opened(Struct, frozen=True):
    """The one file of a command, what it is judged by, and what stands in the way."""

    name: str
    data: bytes
    settings: Settings
    problems: list[Problem]


def with_policies(flags: FileFlags) -> tuple[Settings, list[Problem]]:
    """The settings with the policies that the flags name, and what is wrong with those files."""
    settings = settings_of(flags)
    if not isinstance(flags, PolicyFlags) or not (flags.limits or flags.around.policies):
        return settings, []
    from marginctl.analysis.policies import policy_of

    policy, problems = policy_of([*flags.limits, *flags.around.policies])
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


GIT = "git:"
"""How a baseline begins that is a commit."""
FOR_PEOPLE = ("table",)
"""Formats that begin with what to do."""
HOSTS = ("github", "gitlab", "sarif")
"""Formats of code hosts: they get the paths of the repository, and notes only where asked for."""


def refuse_contradictions(flags: "CheckFlags") -> None:
    """Refuse flags that do not go together. Raises FlagError."""
    if not flags.paths and flags.live is None:
        raise FlagError("nothing names what to check", "add a PATH, or `paths:` to marginctl.yaml")
    if flags.watch and STDIN in (flags.paths or ()):
        raise FlagError("--watch cannot watch standard input", "name a file or a directory")
    if flags.watch and flags.write_baseline is not None:
        raise FlagError("--watch and --write-baseline do not go together", "write the baseline in a run of its own")
    refuse_without_live(flags)
    own = {"--with": flags.laid, "--wallet": flags.wallet, "--account": flags.account}
    for name, given in {**own, "--rates": flags.rates != "venue"}.items():
        if given and flags.live is None:
            raise FlagError(f"{name} changes nothing here", "it is for --live")
    is_git = flags.baseline is not None and flags.baseline.startswith(GIT)
    if flags.diff and not is_git:
        raise FlagError("--diff has nothing to compare with", "add --baseline git:COMMIT, as in git:origin/main")
    if is_git and flags.live is not None:
        raise FlagError("--baseline git: and --live do not go together", "compare with a baseline file")
    shows_page = bool(os.environ.get("GITHUB_STEP_SUMMARY"))
    _used_by("--diff", flags.diff and not shows_page, (*FOR_PEOPLE, "markdown", "json", "jsonl"), flags)
    _used_by("--statistics", flags.statistics, FOR_PEOPLE, flags)
    _used_by("--notes", flags.notes, HOSTS, flags)
    _used_by("--sarif-waived", flags.sarif_waived, ("sarif",), flags)


def _used_by(flag: str, given: bool, forms: tuple[str, ...], flags: "CheckFlags") -> None:
    """Refuse a flag that none of the outputs of this run reads. Raises FlagError."""
    if any(one.setting.switch == flag and one.origin.value != "flag" for one in flags.around.told):
        return
    if given and {flags.format, *(name for name, _ in flags.output)}.isdisjoint(forms):
        raise FlagError(f"{flag} changes nothing here", f"it is for --format or --output {' or '.join(forms)}")
