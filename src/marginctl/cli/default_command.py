"""Groups of commands: one that has a default, ``venue NAME`` beside ``venue refresh NAME``, and one in order."""

from typing import TYPE_CHECKING, Any

from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer import Context

DEFAULT = "show"


class DefaultCommand(TyperGroup):
    """Runs ``show`` where the first word is no command of the group; its help is that of ``show``."""

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:
        """Put the command in front that is meant."""
        named = bool(args) and args[0] in self.commands
        return super().parse_args(ctx, args if named or not args else [DEFAULT, *args])

    def resolve_command(self, ctx: "Context", args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command, nameless where it is the default: usage lines then read ``marginctl venue NAME``."""
        name, command, rest = super().resolve_command(ctx, args)
        return ("" if name == DEFAULT else name), command, rest


class InOrder(TyperGroup):
    """Lists ``venue``, which is a group, behind ``venues`` and not in front of all commands."""

    def list_commands(self, ctx: "Context") -> list[str]:
        """The names in the order of the help text."""
        names = super().list_commands(ctx)
        if "venue" in names and "venues" in names:
            names.remove("venue")
            names.insert(names.index("venues") + 1, "venue")
        return names
