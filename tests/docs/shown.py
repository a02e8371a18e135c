"""What a command prints, as pages show it: run here, in the root of the project, on a fixed day, 80 columns wide."""

import re
import shlex
from contextlib import chdir
from functools import cache
from pathlib import Path
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner

from marginctl.cli.app import Nameless, app

ROOT = Path(__file__).parents[2]
TODAY = "2026-11-22"
WIDTH, LONGEST = "80", 240
OMITTED = "[...]"
HIDDEN = {"--today": TODAY, "--width": WIDTH, "--color": "never"}
"""Flags that are not shown, for they only make the output the same everywhere."""
ELSEWHERE = ("CI", "CI_PROJECT_DIR", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "COLUMNS")


@cache
def commands(group: Any = None) -> dict[str, Any]:
    """Every command by the words that it is called with, in the order of the help text."""
    group = group or get_command(app)
    found: dict[str, Any] = {}
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        found |= {name: command} if not hasattr(command, "list_commands") else _below(name, command)
    return found


def _below(name: str, group: Any) -> dict[str, Any]:
    inner = commands(group)
    return {name if isinstance(one, Nameless) else f"{name} {word}": one for word, one in inner.items()}


def hidden(words: list[str]) -> list[str]:
    """The flags of ``HIDDEN`` that a command has and that are not given."""
    known = commands()
    command = known.get(" ".join(words[:2])) or known.get(words[0])
    taken = {flag for one in getattr(command, "params", ()) for flag in one.opts}
    return [word for flag, value in HIDDEN.items() if flag in taken and flag not in words for word in (flag, value)]


def printed(line: str) -> str:
    """Standard output of ``marginctl LINE`` in the root of the project."""
    with chdir(ROOT):
        return str(_result(line).stdout)


def ran(line: str) -> tuple[str, int]:
    """All that ``marginctl LINE`` says here, as at a terminal, and its exit code."""
    result = _result(line)
    return str(result.output), int(result.exit_code)


def _result(line: str) -> Any:
    words = shlex.split(line)
    result = CliRunner(env=dict.fromkeys(ELSEWHERE)).invoke(app, [*words, *hidden(words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def screen(line: str, start: str = "", end: str | None = None, most: int = 24) -> str:
    """A block with the command and what it prints from ``start`` on, up to an ``end``; the rest is left out."""
    lines = printed(line).rstrip("\n").split("\n")
    first = next(at for at, text in enumerate(lines) if re.search(start, text))
    last = next(
        (at for at, text in enumerate(lines) if end is not None and at > first and re.fullmatch(end, text)), len(lines)
    )
    shown = [text if len(text) <= LONGEST else text[:LONGEST].rstrip() + OMITTED for text in lines[first:last][:most]]
    while not shown[-1]:
        shown.pop()
    above, below = first > 0, first + len(shown) < len(lines)
    parts = [f"$ marginctl {line}", *[OMITTED] * above, *shown, *[OMITTED] * below]
    return "```console\n" + "\n".join(parts) + "\n```\n"
