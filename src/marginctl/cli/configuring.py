"""``marginctl config``: every setting as it counts here, and who says so."""

import os
from collections.abc import Iterator
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any

import typer

from marginctl.analysis.configuration import ConfigFile
from marginctl.cli.app import FilesOrConfiguration, app
from marginctl.cli.check import BatchFlags, CheckFlags, outputs
from marginctl.cli.discovery import Surroundings
from marginctl.cli.inputs import inputs
from marginctl.cli.options import DetailFlags, FileFlags, Format, Read, command, flags_of, show
from marginctl.cli.settings import CodeFlags, PolicyFlags
from marginctl.cli.settled import SETTINGS, Setting, SettingOrigin, Taken
from marginctl.document.scalars import FlagError
from marginctl.document.source import echo, near
from marginctl.limits.format import PolicyKeys
from marginctl.results.catalogue import SettingEntry, SettingList


class ConfigFlags(PolicyFlags, CodeFlags, BatchFlags, FileFlags, DetailFlags):
    """Of ``config``: the flags of ``check`` that are settings, so that one sees what they would do."""

    is_gate = True
    lists_settings = True
    paths: Annotated[list[str], typer.Argument(metavar="[PATH...]", help="As of check: what it would check.")]
    output: Annotated[
        list[tuple[str, Any]],
        typer.Option("--output", "-o", metavar="FORMAT=FILE", help="As of check: nothing is written."),
        Read(outputs, many=True),
    ]
    format: Format


@app.command("config", cls=FilesOrConfiguration)
@command
def config_command(flags: ConfigFlags) -> int:
    """Show every setting, and where it comes from: a flag, a variable, a line of the configuration, or the default."""
    taken = {one.setting.key: one for one in flags.around.told}
    if "paths" not in taken or taken["paths"].origin is SettingOrigin.FLAG:
        _refuse_missing(flags.paths or [])
    defaults = {flag.name: flag for flag in flags_of(CheckFlags)}
    rows = [_entry(one, taken.get(one.key), defaults[one.flag]) for one in SETTINGS]
    return show(SettingList(file=flags.around.file, settings=(*rows, *_limits(flags.around))), flags)


def _refuse_missing(paths: list[str]) -> None:
    """Words that are no files are taken for what was to be looked up. Raises FlagError."""
    for path in paths:
        _, problems = inputs([path], "")
        if problems and not os.path.lexists(path):
            close = near(path, [*(one.key for one in SETTINGS), *map(str, Path().glob("*"))])
            advice = f"did you mean {echo(close)}? " if close else ""
            raise FlagError(f"{echo(path)}: {problems[0].message}", f"{advice}`marginctl config` lists every setting")


def _entry(one: Setting, taken: Taken | None, flag: Any) -> SettingEntry:
    value, origin, place = flag.default, SettingOrigin.DEFAULT, ""
    if taken is not None:
        value, origin, place = taken.value, taken.origin, taken.place
    return SettingEntry(
        name=one.key, value=_text(value), origin=origin.value, place=place, flag=one.switch, variable=one.variable
    )


def _text(value: Any) -> str:
    """A value as the configuration writes it."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None or value is Parameter.empty else str(value)


def _limits(around: Surroundings) -> Iterator[SettingEntry]:
    """What the configuration asks for as a policy does: one row for each of its keys."""
    if around.config is None:
        return
    config, source = around.config
    for key in PolicyKeys.layout.keys:
        if key not in config:
            continue
        location = source.location(config.word(ConfigFile.layout.by_name[key.name]))
        place = f"{location.file}:{location.line}"
        yield SettingEntry(
            name=key.name, value=_named(config[key]), origin=SettingOrigin.FILE.value, place=place, flag="", variable=""
        )


def _named(value: Any) -> str:
    """The names of what stands under a key of limits, or how many there are where they have none."""
    if isinstance(value, dict):
        return ", ".join(value)
    if isinstance(value, list):
        return ", ".join(str(getattr(one, "name", "") or getattr(one, "code", "") or one) for one in value)
    return ", ".join(word.text for word, _, _ in value.items())
