"""Secrets: where they are read from, and how they are kept out of everything that is shown or written."""

import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from marginctl.document.files import bytes_of
from marginctl.document.scalars import FlagError
from marginctl.document.source import echo, printable
from marginctl.venues.answers.answer_map import LiveMap

OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
LARGEST = 1024 * 1024
MASK = "***"
SHORTEST = 4
"""Characters of a text that can be told from a word that merely occurs."""
_SIGNATURES = re.compile(r"(signature|sign|api_?key)(=|%3D)[^&\s\"']+", re.IGNORECASE)
_PEOPLE = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}\b")


class LiveError(FlagError):
    """Why nothing came of asking a venue; without any secret."""


class Masks(Struct, frozen=True):
    """Texts that nobody may see."""

    secrets: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"{len(self.secrets)} texts that nobody may see"

    def masked(self, text: str) -> str:
        """The text without secrets, signatures, e-mail and IP addresses."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            if len(secret) >= SHORTEST:
                text = re.sub(re.escape(secret), MASK, text, flags=re.IGNORECASE)
        return _PEOPLE.sub(MASK, _SIGNATURES.sub(rf"\1\2{MASK}", text))


def credentials_of(live: LiveMap, keys: Path | None, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What the venue asks for, by ccxt's names: of the file, else of the environment. Raises LiveError."""
    given = {**environment, **(_of_file(keys) if keys is not None else {})}
    missing = [name for name in live.credentials.values() if not given.get(name)]
    if missing:
        advice = "export them, or write NAME=VALUE lines into a file that only you can read and give it as --keys FILE"
        raise LiveError(f"not set: {', '.join(missing)}", advice)
    return {ours: given[name] for ours, name in live.credentials.items()}


def _of_file(path: Path) -> dict[str, str]:
    """NAME=VALUE lines of a file that nobody else may read. Raises LiveError."""
    shown = f"--keys {echo(str(path))}"
    try:
        mode = path.stat().st_mode
        if mode & OPEN_TO_OTHERS and os.name == "posix":
            raise LiveError(f"{shown}: others may read it", f"chmod 600 {printable(str(path))}")
        lines = bytes_of(path, LARGEST).decode("utf-8").splitlines()
    except OSError as error:
        raise LiveError(f"{shown} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise LiveError(f"{shown} is no text", "write NAME=VALUE lines") from None
    return dict(_named(lines, shown))


def _named(lines: Iterable[str], shown: str) -> Iterable[tuple[str, str]]:
    for number, line in enumerate(lines, 1):
        text = line.strip().removeprefix("export ")
        name, equals, value = text.partition("=")
        if text and not text.startswith("#"):
            if not equals:
                raise LiveError(f"{shown}: line {number} is no NAME=VALUE", "write one name and its value a line")
            yield name.strip(), value.strip().strip("\"'")


def neutralised(text: str, private: Iterable[str], masks: Masks) -> str:
    """An answer without what belongs to a person: the values of private keys, secrets and addresses."""
    keys = "|".join(map(re.escape, private))
    pattern = rf'("(?:{keys})"\s*:\s*)(?:("(?:[^"\\]|\\.)*")|-?[0-9][0-9.eE+-]*)'
    found = re.sub(pattern, lambda match: match[1] + (f'"{MASK}"' if match[2] else "0"), text) if keys else text
    return masks.masked(found)
