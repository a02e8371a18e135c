"""Flags: one annotated attribute of a class each, shown and taken by Typer, read in one place.

A command is a function of one class of flags. Classes take the flags that commands share from the groups below: help
lists a class's own flags first, then those of its groups in their order.
"""

import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from inspect import Parameter, Signature, get_annotations
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar, get_args

import typer
from msgspec import Struct

from marginctl.cli.discovery import Surroundings, configuration_place, variables
from marginctl.cli.entry import NOT_CHECKED
from marginctl.cli.terminal import NARROWEST, Terminal, complain, deliver, put, say, tell, terminal
from marginctl.core.exact import exactly
from marginctl.core.plain import errors_of
from marginctl.document.files import noting
from marginctl.document.scalars import FlagError, WordError, day_or_moment, now
from marginctl.document.source import echo, harmless, printable
from marginctl.findings import Location, Problem, Refusal
from marginctl.render import COMMON, FORMATS, Options, Verbosity, found, render


class Read(Struct, frozen=True):
    """How a flag's text becomes its value: ``by`` may raise FlagError, and never sees a flag that is left out.

    default: the text where the flag is left out, read as well; without one the value is None. many: the flag may be
    repeated, ``by`` reads all of its texts, also none.
    """

    by: Callable[[Any], Any]
    default: str | int | None = None
    many: bool = False


class Flag(Struct, frozen=True):
    """One flag as Typer knows it: the type is what is typed, not what ``reader`` makes of it."""

    name: str
    kind: Any
    shown: Any
    default: Any
    reader: Read | None

    def value(self, typed: Any) -> Any:
        """What was typed, read. Raises FlagError."""
        if self.reader is None or (typed is None and not self.reader.many):
            return typed
        return self.reader.by(typed or () if self.reader.many else typed)

    def parameter(self) -> Parameter:
        """As a parameter of a command."""
        annotated: Any = Annotated
        annotation = annotated[self.kind, self.shown]
        return Parameter(self.name, Parameter.KEYWORD_ONLY, default=self.default, annotation=annotation)


class Flags:
    """The flags of a command, read. ``around``: what it took from its surroundings; ``is_gate``: it is ``check``."""

    around = Surroundings()
    is_gate = False
    lists_settings = False

    def __init__(self, **values: Any) -> None:
        vars(self).update(values)

    @classmethod
    def read(cls, **typed: Any) -> Self:
        """The flags by what was typed, the others as they are when left out. Raises FlagError."""
        return cls(**{flag.name: flag.value(typed.get(flag.name, flag.default)) for flag in flags_of(cls)})


def flags_of(group: type[Flags]) -> list[Flag]:
    """The flags of a class, its own first."""
    annotations: dict[str, Any] = {}
    for one in group.__mro__:
        for name, annotation in get_annotations(one).items():
            annotations.setdefault(name, annotation)
    return [_flag(group, name, *get_args(annotation)) for name, annotation in annotations.items()]


def _flag(group: type[Flags], name: str, kind: Any, shown: Any, reader: Read | None = None) -> Flag:
    if reader is None:
        return Flag(name, kind, shown, getattr(group, name, Parameter.empty), None)
    if reader.many:
        return Flag(name, list[str] | None, shown, None, reader)
    return Flag(name, str | None if reader.default is None else type(reader.default), shown, reader.default, reader)


class RefusedError(Exception):
    """Why a command does not begin, where that is not a flag."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = problems


FLAG = "MC004"
"""The code of a flag that cannot be meant."""
DOCUMENTS = ("json", "jsonl")
F = TypeVar("F", bound=Flags)


def command(run: Callable[[F], int]) -> Callable[..., None]:
    """A command for Typer out of a function of flags that returns the exit code; a FlagError is told and exits 2."""
    group: type[F] = get_annotations(run)["flags"]

    def typed(called: typer.Context, **texts: Any) -> None:
        form = texts.get("format")
        try:
            with exactly(), noting():
                flags = _read(group, texts, called)
                form = getattr(flags, "format", form)
                code = run(flags)
        except FlagError as error:
            code = refuse([Problem(Location(""), FLAG, error.message, error.help)], form)
        except RefusedError as error:
            code = refuse(error.problems, form)
        except BrokenPipeError:
            code = NOT_CHECKED
        raise typer.Exit(code)

    parameters = [flag.parameter() for flag in flags_of(group)]
    parameters.append(Parameter("called", Parameter.KEYWORD_ONLY, annotation=typer.Context))
    typed.__name__, typed.__doc__ = run.__name__, run.__doc__
    typed.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    typed.__annotations__ = {one.name: one.annotation for one in parameters}
    return typed


def _read(group: type[F], texts: dict[str, Any], called: typer.Context) -> F:
    """The flags, with what the surroundings say. Raises FlagError, RefusedError."""
    place = configuration_place() if texts.get("no_config") is False else None
    if place is None and not variables() and not group.lists_settings:
        return group.read(**texts)
    from marginctl.cli.settled import read_settled

    return read_settled(group, texts, lambda name: _is_given(called, name), place)


def _is_given(called: typer.Context, name: str) -> bool:
    """Whether a flag was typed."""
    source = called.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def refuse(problems: Sequence[Problem], form: str | None) -> int:
    """Say why a command did not begin, also in the document that was asked for; returns the exit code."""
    in_files = [one for one in problems if one.location.file]
    for one in problems:
        if not one.location.file:  # a flag, or a name on the command line, not a place in a file
            complain(one.message, one.help)
    if in_files:
        draw_problems(in_files, terminal(sys.stderr, "auto", None))
    if form in DOCUMENTS:
        deliver(render(form, Refusal(problems=tuple(problems))))
    return NOT_CHECKED


def completes(name: str) -> Callable[[Any, str], Any]:
    """How a shell completes a parameter, by a function of ``completing``; imports nothing before a shell asks."""

    def completed(ctx: Any, incomplete: str) -> Any:
        chosen = found(f"cli.completing.{name}")
        return chosen(ctx.params.get("path"), incomplete) if name == "figures" else chosen(incomplete)

    completed.__annotations__ = {"ctx": typer.Context, "incomplete": str}
    return completed


def choice(flag: str, *choices: str) -> Callable[[str], str]:
    """A reader of a text that is one of the choices."""

    def chosen(text: str) -> str:
        if text not in choices:
            raise FlagError(f"{flag} {echo(text)} is unknown", f"write one of {', '.join(choices)}")
        return text

    return chosen


def moment(text: str) -> date | datetime:
    """A day, or a moment with its time zone. Raises FlagError."""
    try:
        return day_or_moment(text)
    except WordError as error:
        wrong = f"--today {error.message}" if len(text) > len("2026-11-22") else f"--today {echo(text)} is no date"
        raise FlagError(wrong, "write it as 2026-11-22 or 2026-11-22T11:00:00Z") from None


def day(text: str, flag: str) -> date:
    """A date. Raises FlagError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FlagError(f"{flag} {echo(text)} is no date", "write it as 2026-11-22") from None


def refuse_existing(file: str, *, force: bool) -> None:
    """Refuse to write a file that exists, unless that is wanted. Raises FlagError."""
    if not force and Path(file).exists():
        raise FlagError(f"{printable(file)} exists already", "choose another name, or add --force to replace it")


OnePath = Annotated[str, typer.Argument(metavar="PATH", help="A portfolio file; - for standard input.")]


def format_of(*forms: str, more: str = "", unlisted: tuple[str, ...] = ()) -> Any:
    """The flag that names the form of what is written; ``more``: what help says besides, of ``unlisted`` ones too."""
    annotated: Any = Annotated
    shown = typer.Option("--format", "-f", help=f"{', '.join(forms[:-1])} or {forms[-1]}{more}.")
    return annotated[str, shown, Read(choice("--format", *forms, *unlisted), "table")]


Format = format_of(*COMMON)
FOR_MACHINES = frozenset(FORMATS) - {"table", "markdown", "github"}
"""Formats that nobody reads on a screen: what stands in the way is also said on standard error."""


class DateFlags(Flags):
    """The day that ages are measured against."""

    today: Annotated[
        date | None,
        typer.Option("--today", metavar="DATE", help="The day or moment that ages are measured against."),
        Read(moment),
    ]

    @property
    def day(self) -> date:
        """--today, else today."""
        told = self.today or now()
        return told.date() if isinstance(told, datetime) else told

    @property
    def now(self) -> datetime | None:
        """The moment of --today, None where that is a day; without it this one."""
        told = self.today or now()
        return told if isinstance(told, datetime) else None


class RuleSetFlags(Flags):
    """Where rule sets lie, and whether a configuration counts."""

    rules: Annotated[str | None, typer.Option("--rules", metavar="DIR", help="A directory of your own rule sets.")] = (
        None
    )
    no_config: Annotated[bool, typer.Option("--no-config", help="Look for no marginctl.yaml or pyproject.toml.")] = (
        False
    )


class ScreenFlags(Flags):
    """How a text looks."""

    color: Annotated[
        str,
        typer.Option("--color", help="auto, always or never."),
        Read(choice("--color", "auto", "always", "never"), "auto"),
    ]
    width: Annotated[
        int | None, typer.Option("--width", min=NARROWEST, metavar="N", help="Columns of the text, 60 or more.")
    ] = None


class DetailFlags(Flags):
    """How much a text says."""

    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Findings and the verdict only.")] = False
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Every limit, assumption and source.")] = False


class FileFlags(RuleSetFlags, ScreenFlags):
    """Of every command that reads portfolios."""

    stdin_filename: Annotated[
        str, typer.Option("--stdin-filename", metavar="NAME", help="What to call standard input.")
    ] = "<stdin>"


def options(flags: ScreenFlags, shown: Terminal | None = None, **more: Any) -> Options:
    """How a text is wanted: for standard output unless told what shows it."""
    shown = shown or terminal(sys.stdout, flags.color, flags.width)
    verbosity = Verbosity.NORMAL
    if isinstance(flags, DetailFlags):
        verbosity = Verbosity.QUIET if flags.quiet else Verbosity.VERBOSE if flags.verbose else Verbosity.NORMAL
    return Options(width=shown.width, color=shown.color, ascii=shown.ascii, verbosity=verbosity, **more)


def show(result: Any, flags: Any, **more: Any) -> int:
    """Write a result in the form that was asked for; returns its exit code. ``more``: of the options of its text.

    What stands in the way is said on standard error too where nobody can read it on standard output.
    """
    text, problems = render(flags.format, result, options(flags, **more)), errors_of(result)
    put(flags.format, text)
    if flags.format in FOR_MACHINES:
        tell(problems)
    elif not text:
        draw_problems(problems, terminal(sys.stderr, flags.color, flags.width))
    return int(result.summary.exit_code)


def draw_problems(problems: Sequence[Problem], shown: Terminal) -> None:
    """Problems with their lines on standard error."""
    from marginctl.render.formats.screen import shown_problems

    say(shown_problems(problems, Options(width=shown.width, color=shown.color, ascii=shown.ascii)))


def refuse_words(error: Any, form: str) -> None:
    """Leave nothing in the message of an error about words that reaches a terminal as it is.

    ``form``: the JSON that was asked for, where it was.
    """
    said, context = str(getattr(error, "message", "")), getattr(error, "ctx", None)
    if context is None or said != context.get_help():  # nobody's words: no command was named
        error.message = harmless(printable(said))
    if form:
        deliver(render(form, Refusal(problems=(Problem(Location(""), FLAG, str(error.format_message())),))))
