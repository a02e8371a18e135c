"""``marginctl policy check`` and ``policy test``: what policies ask for, and whether they do what they should."""

from typing import Annotated

import typer

from marginctl.analysis.policies import policy_of
from marginctl.analysis.policy_cases import CasesRun, tested
from marginctl.analysis.resolved_policy import resolved
from marginctl.cli.app import app, policy
from marginctl.cli.discovery import CASES, FileChoice, root_of
from marginctl.cli.inputs import inputs
from marginctl.cli.options import (
    DateFlags,
    DetailFlags,
    FileFlags,
    Format,
    Read,
    RefusedError,
    command,
    format_of,
    show,
)
from marginctl.cli.terminal import complain
from marginctl.render import COMMON
from marginctl.results.policy_results import PolicyResult

app.add_typer(policy, name="policy", help="Show what a policy asks for, or run its tests.")


class PolicyCheckFlags(DateFlags, FileFlags):
    """Of ``policy check``."""

    paths: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Policies; of several, as for --limits, all hold.")
    ]
    account: Annotated[
        str, typer.Option("--for", metavar="ACCOUNT", help="What holds for one account: its name, or its file.")
    ] = ""
    format: Format


@policy.command("check")
@command
def policy_check_command(flags: PolicyCheckFlags) -> int:
    """Validate policies, and show each limit with the file and the line that set it, `extends:` included.

    Exits 0, or 2 where something is wrong with one of them.
    """
    found, problems = policy_of(flags.paths)
    if found is None:
        return show(PolicyResult(problems=tuple(problems)), flags)
    return show(resolved(found, flags.day, flags.account), flags)


class PolicyTestFlags(DateFlags, FileFlags, DetailFlags):
    """Of ``policy test``."""

    paths: Annotated[
        list[str], typer.Argument(metavar="DIR...", help="Directories, files or globs of marginctl.policy-case/1.")
    ]
    limits: Annotated[
        list[str],
        typer.Option("--limits", metavar="FILE", help="A policy that holds in all tests, repeatable."),
        Read(list, many=True),
    ]
    statistics: Annotated[
        bool, typer.Option("--statistics", help="How many tests break and keep each limit, also where one fails.")
    ] = False
    format: format_of(*COMMON, "junit")  # type: ignore[valid-type]


@policy.command("test")
@command
def policy_test_command(flags: PolicyTestFlags) -> int:
    """Check portfolios of tests, and compare what is found with what is expected.

    Exits 0, 1 where a test finds something else, 2 where one cannot be run.
    """
    found, problems = inputs(flags.paths, flags.stdin_filename, complain, FileChoice(wanted=CASES))
    if problems:
        raise RefusedError(problems)
    paths = [(str(one.path), root_of(str(one.path))) for one in found if one.path is not None]
    result = tested(paths, CasesRun(flags.limits, flags.day, flags.rules))
    return show(result, flags, statistics=flags.statistics)
