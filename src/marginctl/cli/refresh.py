"""``marginctl venue refresh``: answers of a venue's own interface -> an updated rule file and what changed in it."""

import os
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from marginctl.cli.catalogue import refuse, report, rule_path, screen
from marginctl.cli.exits import BROKEN_LIMIT, NOT_CHECKED, OK
from marginctl.cli.files import Input, content
from marginctl.cli.flags import FlagError, assignment, day, one_of
from marginctl.cli.terminal import complain, emit
from marginctl.document.numbers import NumberError, decimal
from marginctl.document.source import echo, printable
from marginctl.findings import Problem
from marginctl.venues import loader
from marginctl.venues.refresh import Named, Refreshed, RefreshError, RuleFile, day_for, refreshed


class Request(Struct, frozen=True, kw_only=True):
    """The flags as they were typed."""

    name: str
    answers: list[str]
    as_of: str | None = None
    output: str | None = None
    sizes: list[str] = []
    complete: bool = False
    force: bool = False
    format: str = "table"
    rules_dir: str | None = None
    today: str | None = None
    color: str = "auto"
    width: int | None = None


def run_refresh(request: Request) -> int:
    """Show what changed and, with an output, write it. 1: some of the answer was not taken, 2: nothing was."""
    try:
        one_of("--format", request.format, ("table", "json"))
        options = screen(request.color, request.width)
        sizes = dict(_size(text) for text in request.sizes)
        _is_rule_file(request.output)
    except FlagError as error:
        return refuse(error)
    file, problems = _rule_file(request.name, request.rules_dir)
    answers, more = _answers(request.answers)
    if file is None or problems or more:
        return report([*problems, *more])
    try:
        on = day_for([one.answer for one in answers], _day(request.as_of))
        _not_ahead(on, request.today)
        stem = Path(request.output).stem if request.output else file.rule_set.name
        done = refreshed(file, answers, on, stem=stem, sizes=sizes, complete=request.complete)
        written = _write(done, Path(request.output), force=request.force) if request.output else []
    except (RefreshError, FlagError) as error:
        complain(error.message, error.help)
        return NOT_CHECKED
    from marginctl.render.refresh import render_refresh
    from marginctl.render.refresh_json import refresh_json

    names = [printable(str(path)) for path in written]
    emit(refresh_json(done, names) if request.format == "json" else render_refresh(done, names, options))
    return BROKEN_LIMIT if done.untaken else OK


def _size(text: str) -> tuple[str, Decimal]:
    """SYMBOL=SIZE. Raises FlagError."""
    symbol, size = assignment("--contract-size", text)
    try:
        value = decimal(size)
    except NumberError as error:
        raise FlagError(f"--contract-size {echo(text)}: the size {error.message}", error.help) from None
    if value <= 0:
        raise FlagError(f"--contract-size {echo(text)}: the size must be more than 0")
    return symbol, value


def _is_rule_file(output: str | None) -> None:
    if output is not None and not output.endswith((".yaml", ".yml")):
        raise FlagError(f"--output {echo(output)} is no rule file's name", "end it in .yaml")


def _day(text: str | None) -> str | None:
    """--as-of as a day. Raises FlagError."""
    if text is None:
        return None
    try:
        return day(text).isoformat()
    except FlagError:
        raise FlagError(f"--as-of {echo(text)} is no date", "write it as 2026-11-22") from None


def _not_ahead(on: str, today: str | None) -> None:
    """Refuse a date after today. Raises FlagError."""
    if on > day(today).isoformat():
        raise FlagError(f"the date {on} lies after today, {day(today).isoformat()}", "correct --as-of")


def _rule_file(name: str, directory: str | None) -> tuple[RuleFile | None, list[Problem]]:
    from marginctl.document.nodes import Mapping
    from marginctl.document.reader import read

    rule_set, problems = loader.named(name, directory=directory)
    if rule_set is None:
        return None, problems
    path = rule_path(name, directory)
    data, problem = content(Input(printable(str(path)), path))
    source, root, problems = read(data, printable(str(path)))
    if problem is not None or not isinstance(root, Mapping):
        return None, [problem] if problem is not None else problems
    return RuleFile(source, root, rule_set), []


def _answers(names: list[str]) -> tuple[list[Named], list[Problem]]:
    from marginctl.venues.answers import answer_of

    answers: list[Named] = []
    problems: list[Problem] = []
    for name in names:
        shown = printable(name)
        data, problem = content(Input("<stdin>" if name == "-" else shown, None if name == "-" else Path(name)))
        if problem is not None:
            problems.append(problem)
            continue
        answer, found = answer_of(data, shown)
        problems += found
        if answer is not None:
            answers.append(Named(Path(shown).name, answer))
    return answers, problems


def _write(done: Refreshed, output: Path, *, force: bool) -> list[Path]:
    """Write the tables, then the rule file that refers to them. Raises FlagError."""
    files = {output.parent / name: data for name, data in done.tables.items()} | {output: done.text.encode()}
    for path, data in files.items():
        if path.exists() and not force and (path == output or path.read_bytes() != data):
            raise FlagError(f"{echo(str(path))} exists already", "choose another name, or add --force to replace it")
    for path, data in files.items():
        _replace(path, data)
    return [output, *(path for path in files if path != output)]


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)  # noqa: PTH105 - the name says what it does
    except OSError as error:
        part.unlink(missing_ok=True)
        raise FlagError(f"{echo(str(path))} cannot be written: {error.strerror or error}") from None
