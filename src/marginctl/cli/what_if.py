"""``marginctl what-if``: changes -> edits of the file's text -> the same check on both texts."""

import os
import sys
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from marginctl import __version__
from marginctl.cli.change_flags import Typed, changes_of
from marginctl.cli.check import Request, exit_of, manual, outcome_exit, settings_of
from marginctl.cli.checking import Loaded, Settings, check, load_portfolio
from marginctl.cli.exits import NOT_CHECKED
from marginctl.cli.files import Input, content, inputs
from marginctl.cli.flags import FlagError, chosen, one_of
from marginctl.cli.policy import policy_of
from marginctl.cli.terminal import complain, emit, terminal
from marginctl.document.encoding import UTF_8_MARK, decode
from marginctl.document.reader import read
from marginctl.document.rewrite import Put, RewriteError, rewritten
from marginctl.document.source import printable
from marginctl.findings import Location, Problem
from marginctl.limits.verdict import FailOn
from marginctl.portfolio.changes import Book, Change, ChangeError
from marginctl.portfolio.what_if import in_order, plan, steps
from marginctl.render.document import Options, Outcome, Verbosity
from marginctl.render.what_if import WhatIf, render, render_json

CANNOT_CHANGE = "MC040"


class Asked(Struct, frozen=True, kw_only=True):
    """The flags of ``what-if``: those it shares with ``check``, its changes, and the file to write."""

    request: Request
    typed: Typed
    write: str | None = None
    force: bool = False


class Changed(Struct, frozen=True):
    """A text after the changes, what was done, and what stood in the way."""

    text: str
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


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


def _unread(one: Input, problems: list[Problem]) -> WhatIf:
    before = Outcome(file=one.name, problems=tuple(problems))
    return WhatIf(file=one.name, version=__version__, before=before, after=None, exit_code=NOT_CHECKED)


def what_if(data: bytes, name: str, changes: list[Change], settings: Settings) -> tuple[WhatIf, str]:
    """Both accounts and the text of the new one; --set is an edit of the text like the changes, made before both."""
    plain = replace(settings, sets=())
    before = check(data, name, settings)
    source, unreadable = decode(data, name)
    if before.report is None or unreadable:
        return _result(name, settings, before, None, Changed("")), ""
    try:
        text = _with_sets(source.text, settings)
        changed = _changed(text, name, changes, plain)
    except (ChangeError, RewriteError) as error:
        problem = Problem(Location(name), CANNOT_CHANGE, error.message, error.help)
        return _result(name, settings, before, None, Changed("", (), (problem,))), ""
    if changed.problems:
        return _result(name, settings, before, None, changed), ""
    after = check(changed.text.encode(), name, plain) if changes else before
    return _result(name, settings, before, after, changed), changed.text


def _result(name: str, settings: Settings, before: Outcome, after: Outcome | None, changed: Changed) -> WhatIf:
    code = NOT_CHECKED if after is None else exit_of([outcome_exit(after, settings.fail_on)])
    return WhatIf(
        file=name,
        version=__version__,
        before=before,
        after=after,
        exit_code=code,
        notes=changed.notes,
        problems=changed.problems,
        fail_on=settings.fail_on.value,
    )


def _with_sets(text: str, settings: Settings) -> str:
    """--set as edits of the text; the paths have been found good when the file was checked."""
    if settings.sets:
        from marginctl.document.edit import place_and_value

        for path, value in settings.sets:
            _, root, _ = read(text.encode(), "")
            if root is not None:
                text = rewritten(text, [Put(*place_and_value(root, path, value))])
    return text


def _changed(text: str, name: str, changes: list[Change], settings: Settings) -> Changed:
    """Make the changes one after the other, each planned on the portfolio that the ones before have left."""
    notes: list[str] = []
    loaded, problems = load_portfolio(text.encode(), name, settings)
    if loaded is None:
        return Changed(text, (), tuple(problems))
    for change in in_order(changes, _book(loaded)):
        for step in steps(change, _book(loaded)):
            made = plan(step, _book(loaded))
            text = rewritten(text, made.edits)
            notes += made.notes
            if not made.edits:
                continue
            following, problems = load_portfolio(text.encode(), name, settings)
            if following is None:
                return Changed(text, tuple(notes), tuple(problems))
            loaded = following
    if changes and "expect" in loaded.draft:
        notes.append("`expect` compares with the account before the changes: remove it, or --ignore MC209")
    return Changed(text, tuple(notes))


def _book(loaded: Loaded) -> Book:
    return Book(loaded.draft, loaded.account)


def _written(result: WhatIf, encoded: bytes, name: str, settings: Settings) -> WhatIf:
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


def _show(result: WhatIf, request: Request) -> int:
    if request.format == "json":
        emit(render_json(result))
        return result.exit_code
    shown = terminal(sys.stdout, request.color, request.width)
    verbosity = Verbosity.QUIET if request.quiet else Verbosity.VERBOSE if request.verbose else Verbosity.NORMAL
    options = Options(width=shown.width, color=shown.color, ascii=shown.ascii, verbosity=verbosity, manual=manual())
    emit(render(result, options))
    return result.exit_code
