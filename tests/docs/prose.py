"""What no part of the program says itself, from ``prose.yaml``."""

from pathlib import Path

import yaml
from msgspec import Struct, convert, field


class Example(Struct, frozen=True, forbid_unknown_fields=True):
    """A command, and which part of its output is shown, as in ``shown.screen``."""

    line: str
    start: str = field(name="from", default="")
    end: str | None = field(name="to", default=None)
    most: int = 24


class Format(Struct, frozen=True, forbid_unknown_fields=True):
    """For whom it is, what it holds, and an example."""

    whom: str = field(name="for")
    holds: str
    example: Example | None = None


class Picture(Struct, frozen=True, forbid_unknown_fields=True):
    """What it shows, when there is one, how it is read, and an example."""

    shows: str
    where: str
    read: str
    example: Example


class Command(Struct, frozen=True, forbid_unknown_fields=True):
    """Pages of ``docs`` about it, where they are not called what it is, and an example."""

    guides: tuple[str, ...] = ()
    example: Example | None = None


class Prose(Struct, frozen=True, forbid_unknown_fields=True):
    """By name."""

    formats: dict[str, Format]
    pictures: dict[str, Picture]
    commands: dict[str, Command]


PROSE = convert(yaml.safe_load(Path(__file__).with_name("prose.yaml").read_text(encoding="utf-8")), Prose)
