"""``marginctl venue refresh``: answers of a venue's own interface -> an updated rule file and what changed in it."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from marginctl.cli.app import FilesOrLive, venue
from marginctl.cli.catalogue import RuleSetName, own_files, report, rule_path
from marginctl.cli.entry import NOT_CHECKED
from marginctl.cli.inputs import Input, content
from marginctl.cli.live import tables
from marginctl.cli.options import (
    DateFlags,
    Format,
    Read,
    RuleSetFlags,
    ScreenFlags,
    command,
    day,
    show,
)
from marginctl.cli.settings import ConnectionFlags
from marginctl.cli.targets import write_files
from marginctl.cli.terminal import complain
from marginctl.document.nodes import Mapping
from marginctl.document.reader import read
from marginctl.document.scalars import FlagError, assignment, positive
from marginctl.document.source import echo, printable
from marginctl.findings import Problem
from marginctl.venues import loader
from marginctl.venues.answers import answer_of
from marginctl.venues.refresh import Named, Refreshed, RefreshError, RefreshResult, RuleFile, day_for, refreshed
from marginctl.venues.rule_set import RuleSet


def _sizes(texts: Iterable[str]) -> dict[str, Decimal]:
    """Every --contract-size. Raises FlagError."""
    return dict(map(_size, texts))


def _size(text: str) -> tuple[str, Decimal]:
    """SYMBOL=SIZE. Raises FlagError."""
    symbol, size = assignment("--contract-size", text)
    return symbol, positive(size, f"--contract-size {echo(text)}: the size")


def _rule_file_name(output: str) -> Path:
    """--output. Raises FlagError."""
    if not output.endswith((".yaml", ".yml")):
        raise FlagError(f"--output {echo(output)} is no rule file's name", "end it in .yaml")
    return Path(output)


class RefreshFlags(ConnectionFlags, RuleSetFlags, DateFlags, ScreenFlags):
    """Of ``venue refresh``."""

    name: RuleSetName
    answers: Annotated[
        list[str], typer.Option("--from", metavar="FILE", help="An answer of the venue's interface; repeatable.")
    ]
    live: Annotated[bool, typer.Option("--live", help="Ask the venue itself, public answers without a key.")] = False
    as_of: Annotated[
        date | None,
        typer.Option("--as-of", metavar="DATE", help="Its day, where it has none."),
        Read(partial(day, flag="--as-of")),
    ]
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.yaml", help="The rule file to write."),
        Read(_rule_file_name),
    ]
    contract_size: Annotated[
        dict[str, Decimal],
        typer.Option("--contract-size", metavar="SYMBOL=SIZE", help="Of a new contract; repeatable."),
        Read(_sizes, many=True),
    ]
    symbols: Annotated[
        list[str],
        typer.Option("--symbol", metavar="SYMBOL", help="Only this contract, listed here or not; repeatable."),
        Read(list, many=True),
    ]
    complete: Annotated[bool, typer.Option("--complete", help="What the answers do not list is gone.")] = False
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False
    format: Format


@venue.command(cls=FilesOrLive)
@command
def refresh(flags: RefreshFlags) -> int:
    """Bring a rule set up to date from saved answers of the venue's own interface, or with --live from itself.

    Leverage brackets, risk limits, position tiers and collateral ratios are told apart by their form. Shows what
    changed; what contradicts itself is not taken. Exits 0, 1 when something was not taken, 2 when nothing was.
    """
    if flags.symbols and flags.complete:
        raise FlagError("--symbol and --complete do not go together", "leave out one of the two")
    file, problems = _rule_file(flags.name, flags.rules)
    answers, more = _answers(flags.answers or [], flags.name)
    if file is None or problems or more:
        return report([*problems, *more])
    if flags.live:
        found, more = _asked(file.rule_set, flags)
        answers += found
        if more:
            return report(more)
    try:
        done = _refreshed(file, answers, flags)
    except RefreshError as error:
        complain(error.message, error.help)
        return NOT_CHECKED
    own = own_files(file.rule_set, rule_path(flags.name, flags.rules))
    written = _write(done, flags.output, own, force=flags.force) if flags.output else []
    return show(RefreshResult(done=done, written=tuple(printable(str(path)) for path in written)), flags)


def _refreshed(file: RuleFile, answers: list[Named], flags: RefreshFlags) -> Refreshed:
    """The rule set with what the answers say. Raises RefreshError and FlagError."""
    given = flags.as_of or (flags.day if flags.live and not any(one.answer.day for one in answers) else None)
    on = day_for([one.answer for one in answers], None if given is None else given.isoformat())
    if on > flags.day.isoformat():
        raise FlagError(f"the date {on} lies after today, {flags.day.isoformat()}", "correct --as-of")
    stem = flags.output.stem if flags.output else file.rule_set.name
    only = tuple(flags.symbols)
    return refreshed(file, answers, on, stem=stem, sizes=flags.contract_size, complete=flags.complete, only=only)


def _rule_file(name: str, directory: str | None) -> tuple[RuleFile | None, list[Problem]]:
    rule_set, problems = loader.named(name, directory=directory)
    if rule_set is None:
        return None, problems
    path = rule_path(name, directory)
    data, problem = content(Input(printable(str(path)), path))
    source, root, problems = read(data, printable(str(path)))
    if problem is not None or not isinstance(root, Mapping):
        return None, [problem] if problem is not None else problems
    return RuleFile(source, root, rule_set), []


def _answers(names: list[str], venue: str) -> tuple[list[Named], list[Problem]]:
    answers: list[Named] = []
    problems: list[Problem] = []
    for name in names:
        shown = printable(name)
        data, problem = content(Input("<stdin>" if name == "-" else shown, None if name == "-" else Path(name)))
        if problem is not None:
            problems.append(problem)
            continue
        answer, found = answer_of(data, shown, venue)
        problems += found
        if answer is not None:
            answers.append(Named(Path(shown).name, answer))
    return answers, problems


def _asked(rules: RuleSet, flags: RefreshFlags) -> tuple[list[Named], list[Problem]]:
    """The venue's public answers about the contracts of its rule set. Raises FlagError."""
    asked = tables(rules.name, flags.symbols or rules.symbols(), flags)
    for text in asked.remarks:
        complain(text)
    read = [(file.name, answer_of(file.data, file.name, rules.name)) for file in asked.files]
    answers = [Named(name, answer) for name, (answer, _) in read if answer is not None]
    return answers, [problem for _, (_, problems) in read for problem in problems]


def _write(done: Refreshed, output: Path, own: list[Path], *, force: bool) -> list[Path]:
    """Write the tables, then the rule file that refers to them, also over the own ones. Raises FlagError."""
    files = {output.parent / name: data for name, data in done.tables.items()} | {output: done.text.encode()}
    for path, data in files.items():
        if path.exists() and not force and (path == output or path.read_bytes() != data):
            raise FlagError(f"{echo(str(path))} exists already", "choose another name, or add --force to replace it")
    write_files(files, own)
    return [output, *(path for path in files if path != output)]
