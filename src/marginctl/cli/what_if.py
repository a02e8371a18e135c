"""``marginctl what-if``: changes -> edits of the file's text -> the same check on both texts."""

import os
import sys
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from marginctl import __version__
from marginctl.analysis.check import Settings, load_portfolio
from marginctl.analysis.what_if import what_if
from marginctl.cli.change_flags import Typed, changes_of
from marginctl.cli.check import Request, manual, settings_of
from marginctl.cli.exits import NOT_CHECKED
from marginctl.cli.files import Input, content, inputs
from marginctl.cli.flags import FlagError, chosen, one_of
from marginctl.cli.policy import policy_of
from marginctl.cli.terminal import complain, emit, tell, terminal
from marginctl.document.encoding import UTF_8_MARK
from marginctl.document.source import printable
from marginctl.findings import Problem
from marginctl.limits.verdict import FailOn
from marginctl.render.what_if import render
from marginctl.render.what_if_json import render_json
from marginctl.results import Options, Outcome, Verbosity, WhatIfResult


class Asked(Struct, frozen=True, kw_only=True):
    """The flags of ``what-if``: those it shares with ``check``, its changes, and the file to write."""

    request: Request
    typed: Typed
    write: str | None = None
    force: bool = False


def run_what_if(asked: Asked) -> int:
    """Compute both accounts, show what moved, write the new file if asked; returns the exit code of the new one."""
    request = asked.request
    try:
        fail_on = chosen(FailOn, "--fail-on", request.fail_on)
        one_of("--format", request.format, ("table", "json"))
        one_of("--color", request.color, ("auto", "always", "never"))
        settings = settings_of(request, fail_on)
        changes = changes_of(asked.typed)
        one = single_input(request)
        _refuse_overwriting(asked)
    except FlagError as error:
        complain(error.message, error.help)
        return NOT_CHECKED
    policy, problems = policy_of(request.limits)
    data, problem = content(one)
    problems += [problem] if problem is not None else []
    if problems:
        return _show(_unread(one, problems), request)
    result, text = what_if(data, one.name, changes, replace(settings, policy=policy))
    if asked.write is not None and result.exit_code == NOT_CHECKED:
        complain(f"{printable(asked.write)} is not written: the account afterwards could not be checked")
    elif asked.write is not None:
        encoded = (UTF_8_MARK if data.startswith(UTF_8_MARK) else b"") + text.encode()
        result = _written(result, encoded, asked.write, settings)
    return _show(result, request)


def single_input(request: Request) -> Input:
    """The one file that is meant. Raises FlagError."""
    found, problems = inputs(request.paths, request.stdin_name)
    if problems:
        raise FlagError(f"{problems[0].location.file}: {problems[0].message}", problems[0].help)
    if len(found) != 1:
        raise FlagError(f"PATH means {len(found)} files, one is needed", "name one portfolio file")
    return found[0]


def _refuse_overwriting(asked: Asked) -> None:
    if asked.write is not None and not asked.force and Path(asked.write).exists():
        raise FlagError(f"{printable(asked.write)} exists already", "choose another name, or add --force to replace it")


def _unread(one: Input, problems: list[Problem]) -> WhatIfResult:
    before = Outcome(file=one.name, problems=tuple(problems))
    return WhatIfResult(file=one.name, version=__version__, before=before, after=None, exit_code=NOT_CHECKED)


def _written(result: WhatIfResult, encoded: bytes, name: str, settings: Settings) -> WhatIfResult:
    """Write the new file, if it can be read under its new name: a rule file beside the old one may not be found."""
    path = Path(name)
    loaded, problems = load_portfolio(encoded, str(path), replace(settings, sets=(), policy=None))
    if loaded is None:
        return replace(result, after=None, problems=tuple(problems), exit_code=NOT_CHECKED)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(encoded)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        complain(f"{printable(name)} cannot be written: {error.strerror or error}")
        return replace(result, exit_code=NOT_CHECKED)
    sys.stderr.write(f"marginctl: wrote {printable(name)}\n")
    return replace(result, written=printable(name))


def _show(result: WhatIfResult, request: Request) -> int:
    if request.format == "json":
        emit(render_json(result))
        after = result.after.problems if result.after is not None else ()
        tell((*result.before.problems, *result.problems, *after))
        return result.exit_code
    shown = terminal(sys.stdout, request.color, request.width)
    verbosity = Verbosity.QUIET if request.quiet else Verbosity.VERBOSE if request.verbose else Verbosity.NORMAL
    options = Options(width=shown.width, color=shown.color, ascii=shown.ascii, verbosity=verbosity, manual=manual())
    emit(render(result, options))
    return result.exit_code
