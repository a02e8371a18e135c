"""``marginctl import``: saved answers of a venue -> a portfolio file, and the venue's figures beside ours."""

from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec.structs import replace

from marginctl.analysis.check import Settings
from marginctl.analysis.importing import Wishes, finished, imported
from marginctl.cli.app import FilesOrLive, app
from marginctl.cli.entry import NOT_CHECKED
from marginctl.cli.inputs import stdin_bytes
from marginctl.cli.live import answered, save
from marginctl.cli.options import (
    DateFlags,
    Read,
    RuleSetFlags,
    ScreenFlags,
    choice,
    command,
    options,
    refuse_existing,
)
from marginctl.cli.settings import EditFlags, FactFlags, LiveFlags
from marginctl.cli.targets import write_files
from marginctl.cli.terminal import deliver, put, say, tell
from marginctl.document.files import bytes_of
from marginctl.document.scalars import FlagError
from marginctl.document.source import echo, printable
from marginctl.findings import Location, Problem
from marginctl.portfolio.importing.book import laid_under
from marginctl.portfolio.importing.notebook import Request
from marginctl.render import render
from marginctl.results.reconciliation import ImportResult
from marginctl.venues import loader
from marginctl.venues.answers.contents import LARGEST
from marginctl.venues.answers.map_files import bundled_maps
from marginctl.venues.answers.recognition import AnswerFile

STDIN = "<stdin>"


def portfolio_name(output: str) -> Path:
    """-o. Raises FlagError."""
    if not output.endswith((".yaml", ".yml")):
        raise FlagError(f"-o {echo(output)} is no portfolio's name", "end it in .yaml")
    return Path(output)


class ImportFlags(FactFlags, EditFlags, LiveFlags, RuleSetFlags, DateFlags, ScreenFlags):
    """Of ``import``."""

    files: Annotated[
        list[str], typer.Argument(metavar="[VENUE] FILE...", help="Answers of one account; - for standard input.")
    ]
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.yaml", help="Write it there."), Read(portfolio_name)
    ]
    force: Annotated[bool, typer.Option("--force", help="Let -o replace an existing file.")] = False
    reconcile: Annotated[
        bool, typer.Option("--reconcile", help="Show the venue's figures beside ours instead of the file.")
    ] = False
    format: Annotated[
        str,
        typer.Option("--format", "-f", help="yaml or json."),
        Read(choice("--format", "yaml", "json"), "yaml"),
    ]
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Of the account; default: the venue's.")] = ""
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="TIME", help="Time of the figures, where no answer has one.")
    ] = ""
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 when anything was left out or assumed.")] = False
    draft: Annotated[bool, typer.Option("--draft", help="Write the file although facts are missing; exit 1.")] = False
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="DIR", help="Keep the answers of --live there, without what is private."),
    ] = None


@app.command("import", cls=FilesOrLive)
@command
def import_command(flags: ImportFlags) -> int:
    """Make a portfolio file of the venue's own answers about an account, and hold our figures against its own.

    Exits 0; 1 where a figure differs (--reconcile), something was left out (--strict) or is missing (--draft); 2 when
    nothing was imported: what is missing is then named with the flag that gives it.
    """
    if flags.output is not None:
        refuse_existing(str(flags.output), force=flags.force)
    venue, names = (flags.live, flags.files or []) if flags.live else _venue_and_files(flags.files)
    files, problems = _files(names)
    asked, refused = answered(flags, flags.account, strict=flags.strict)
    if flags.save is not None:
        save(flags.save, asked, flags.live)
    request, more = request_of(flags, asked.remarks)
    place = request.place if flags.output is None else str(flags.output)
    request = replace(request, name=flags.name, as_of=flags.as_of, place=place)
    result = _result(venue, [*asked.files, *files], flags, request, [*problems, *refused, *more])
    if flags.output is not None and result.text and result.exit_code != NOT_CHECKED:
        write_files({flags.output: result.text.encode()})
    _say(result, flags.output)
    if flags.format == "json" or (flags.reconcile and result.reconcile is not None):
        form = "json" if flags.format == "json" else "table"
        put(form, render(form, result, options(flags)))
    elif result.exit_code != NOT_CHECKED and flags.output is None:
        deliver(result.text)
    return result.exit_code


def _venue_and_files(words: list[str]) -> tuple[str | None, list[str]]:
    """The rule set named in front of the files, if one is. Raises FlagError."""
    known = {*bundled_maps(), *loader.bundled()}
    venue, names = (words[0], words[1:]) if words[0] in known else (None, words)
    if not names:
        raise FlagError(f"{echo(words[0])} is a venue, and no file is named", "a file of that name is given as ./NAME")
    return venue, names


def _result(
    venue: str | None, files: list[AnswerFile], flags: ImportFlags, request: Request, problems: list[Problem]
) -> ImportResult:
    if problems:
        return ImportResult(exit_code=NOT_CHECKED, errors=tuple(problems))
    settings = Settings(today=flags.day, rules_dir=flags.rules)
    found = imported(files, venue, request, settings)
    return finished(found, Wishes(flags.reconcile, flags.strict, flags.draft))


def request_of(flags: Any, remarks: tuple[str, ...]) -> tuple[Request, list[Problem]]:
    """What flags of edits and facts say beside the answers, and what is wrong with the file laid under."""
    laid, problems = _laid(flags.laid)
    own = flags.rates == "account"
    told = Request(sets=dict(flags.set), laid=laid, wallet=flags.wallet, own_rates=own, account=flags.account)
    return replace(told, remarks=remarks), problems


def _files(names: list[str]) -> tuple[list[AnswerFile], list[Problem]]:
    """The bytes of every file, named without folders."""
    found: list[AnswerFile] = []
    problems: list[Problem] = []
    for name in names:
        shown = STDIN if name == "-" else printable(Path(name).name)
        try:
            found.append(AnswerFile(shown, _content(name)))
        except OSError as error:
            problems.append(Problem(Location(printable(name)), "MC001", f"cannot be read: {error.strerror or error}"))
    return found, problems


def _content(name: str) -> bytes:
    """The bytes of a file, one more than are read at the most. Raises OSError."""
    if name == "-":
        return stdin_bytes(LARGEST)
    return bytes_of(Path(name), LARGEST)


def _laid(name: str | None) -> tuple[dict[str, object], list[Problem]]:
    """The sections of --with."""
    if name is None:
        return {}, []
    files, problems = _files([name])
    if not files:
        return {}, problems
    sections, found = laid_under(files[0].data, files[0].name)
    return dict(sections), found


def _say(result: ImportResult, output: Path | None) -> None:
    """What was recognised, assumed, left out and is missing, a line each on standard error."""
    tell(result.errors)
    lines = [f"{one.file}: {one.answer}" + (f", {one.as_of}" if one.as_of else "") for one in result.answers]
    lines += [f"remark: {text}" for text in result.remarks]
    lines += [f"left out: {text}" for text in result.incomplete]
    lines += [f"missing: {one.fact}\n  help: {one.flag}" for one in result.missing]
    if output is not None and result.exit_code != NOT_CHECKED:
        lines.append(f"marginctl: wrote {printable(str(output))}")
    say("".join(f"{line}\n" for line in lines))
