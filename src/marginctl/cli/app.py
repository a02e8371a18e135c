"""The command line application: its commands, each in a module that is imported when the command is asked for."""

from importlib import import_module
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from marginctl import __version__
from marginctl.cli.entry import NOT_CHECKED

CONTEXT = {"help_option_names": ["-h", "--help"]}
DEFAULT = "show"
FILES = (".yaml", ".yml", ".json")
ASKED = "marginctl.asked"


class Commands(TyperGroup):
    """The commands in the order of the help text; each pays only for its own imports."""

    modules: ClassVar[dict[str, str]] = {
        "check": "check",
        "explain": "explain",
        "stress": "stress",
        "what-if": "what_if",
        "headroom": "headroom",
        "compare": "compare",
        "report": "html_report",
        "book": "book_commands",
        "import": "imports",
        "history": "history",
        "venues": "catalogue",
        "venue": "catalogue",
        "rules": "catalogue",
        "rule": "catalogue",
        "config": "configuring",
        "policy": "policy_files",
        "schema": "catalogue",
        "init": "catalogue",
    }

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """The names in the order of the help text."""
        return list(self.modules)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command; where there is none of the name all are imported, so that one can be suggested."""
        if cmd_name not in self.commands:
            module = self.modules.get(cmd_name)
            for one in dict.fromkeys(self.modules.values()) if module is None else (module,):
                import_module(f"marginctl.cli.{one}")
            self.commands = get_group(self.registered()).commands
        return super().get_command(ctx, cmd_name)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Check where the first word is no command but a file; keep in mind which document is asked for."""
        first = args[0] if args else ""
        if first not in self.modules and (
            first.endswith(FILES) or (first[:1] not in ("", "-") and Path(first).exists())
        ):
            args = ["check", *args]
        ctx.meta.setdefault(ASKED, asked(args))
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            _say(error, ctx)
            raise

    def invoke(self, ctx: Any) -> Any:
        """Run the command; where its flags cannot be read, say so also in the document that was asked for."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            _say(error, ctx)
            raise

    def registered(self) -> typer.Typer:
        """Where the modules add their commands."""
        return app


def asked(words: list[str]) -> str:
    """The kind of JSON that flags ask for, the last one counting; empty for anything else."""
    form = ""
    for word, after in zip_longest(words, words[1:], fillvalue=""):
        if word == "--":  # no flags behind it
            break
        if word in ("--format", "-f"):
            form = after
        elif word.startswith(("--format=", "-f")):
            form = word.removeprefix("--format=").removeprefix("-f")
    return form if form in ("json", "jsonl") else ""


def _say(error: Exception, ctx: Any) -> None:
    if getattr(error, "exit_code", 0) == NOT_CHECKED and hasattr(error, "format_message"):
        from marginctl.cli.options import refuse_words

        refuse_words(error, ctx.meta.pop(ASKED, ""))


class VenueCommands(Commands):
    """``venue NAME`` beside ``venue refresh NAME``: runs ``show`` where the first word is no command of the group."""

    modules: ClassVar[dict[str, str]] = {DEFAULT: "catalogue", "refresh": "refresh"}

    def registered(self) -> typer.Typer:
        """Where the modules add their commands."""
        return venue

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command in front that is meant."""
        named = bool(args) and args[0] in self.modules
        return super().parse_args(ctx, args if named or not args else [DEFAULT, *args])

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """The commands of the group, and what stands in the place of one: a rule set."""
        command = self.get_command(ctx, DEFAULT)
        (name, *_) = (one for one in command.params if one.param_type_name == "argument")
        return [*super().shell_complete(ctx, incomplete), *name.shell_complete(ctx, incomplete)]

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command, nameless where it is the default: usage lines then read ``marginctl venue NAME``."""
        name, command, rest = super().resolve_command(ctx, args)
        return ("" if name == DEFAULT else name), command, rest


class PolicyCommands(Commands):
    """``policy check`` and ``policy test``."""

    modules: ClassVar[dict[str, str]] = {"check": "policy_files", "test": "policy_files"}

    def registered(self) -> typer.Typer:
        """Where the module adds its commands."""
        return policy


class FilesOrLive(TyperCommand):
    """A command that needs no file where it asks a venue."""

    files: ClassVar[tuple[str, ...]] = ("paths", "files", "answers")

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Ask for files only where ``--live`` is not given."""
        is_live = any(word == "--live" or word.startswith("--live=") for word in args)
        for one in self.params:
            one.required = one.required if one.name not in self.files else not is_live
        return super().parse_args(ctx, args)


class FilesOrConfiguration(TyperCommand):
    """A command that needs no file where a configuration names some: what is missing is found when it runs."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Ask for no file."""
        for one in self.params:
            one.required = False
        return super().parse_args(ctx, args)


class Nameless(TyperCommand):
    """A command that usage lines do not name."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write the usage without the space behind which its name would stand."""
        formatter.write_usage(ctx.command_path.rstrip(), " ".join(self.collect_usage_pieces(ctx)))


app = typer.Typer(
    name="marginctl",
    cls=Commands,
    help="Exact margin of cross-collateralised crypto-futures accounts: requirements, haircuts, netting, liquidation.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=CONTEXT,
)
policy = typer.Typer(cls=PolicyCommands, no_args_is_help=True, rich_markup_mode=None, context_settings=CONTEXT)
venue = typer.Typer(cls=VenueCommands, no_args_is_help=True, rich_markup_mode=None, context_settings=CONTEXT)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"marginctl {__version__}")
        raise typer.Exit


@app.callback()
def marginctl(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Margin, haircuts, netting and liquidation of crypto-futures accounts, exactly."""
