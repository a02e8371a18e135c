"""Groups of commands: one that has a default, ``venue NAME`` beside ``venue refresh NAME``, and one in order."""

from typing import Any

from typer.core import TyperCommand, TyperGroup

DEFAULT = "show"


class DefaultCommand(TyperGroup):
    """Runs ``show`` where the first word is no command of the group; its help is that of ``show``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command in front that is meant."""
        named = bool(args) and args[0] in self.commands
        return super().parse_args(ctx, args if named or not args else [DEFAULT, *args])

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command, nameless where it is the default: usage lines then read ``marginctl venue NAME``."""
        name, command, rest = super().resolve_command(ctx, args)
        return ("" if name == DEFAULT else name), command, rest


class Nameless(TyperCommand):
    """A command that usage lines do not name."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write the usage without the space behind which its name would stand."""
        formatter.write_usage(ctx.command_path.rstrip(), " ".join(self.collect_usage_pieces(ctx)))


class InOrder(TyperGroup):
    """Lists ``venue``, which is a group, behind ``venues`` and not in front of all commands."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names in the order of the help text."""
        names = super().list_commands(ctx)
        if "venue" in names and "venues" in names:
            names.remove("venue")
            names.insert(names.index("venues") + 1, "venue")
        return names
