"""What flags mean: their text -> values, or a FlagError that says what to write."""

import os
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path

from marginctl.document.numbers import NumberError, decimal
from marginctl.document.source import echo
from marginctl.limits.registry import BY_CODE, closest
from marginctl.limits.verdict import FailOn
from marginctl.render import FORMATS


class FlagError(ValueError):
    """A flag that cannot be meant. ``message`` says what is wrong, ``help`` what to write."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


def day(text: str | None) -> date:
    """--today, else today in UTC."""
    if text is None:
        from datetime import UTC, datetime

        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FlagError(f"--today {echo(text)} is no date", "write it as 2026-11-22") from None


def assignment(flag: str, text: str) -> tuple[str, str]:
    """PATH=VALUE, split at the first ``=``."""
    path, equals, value = text.partition("=")
    if not path or not equals:
        raise FlagError(f"{flag} {echo(text)} has no value", "write PATH=VALUE, as in positions.0.leverage=5")
    return path, value


def shocks(texts: Iterable[str]) -> dict[str, Decimal]:
    """Every --shock: a fraction of the price by asset. Raises FlagError, also where an asset is named twice."""
    found: dict[str, Decimal] = {}
    for text in texts:
        asset, move = _shock(text)
        if asset in found:
            raise FlagError(f"--shock names {echo(asset)} twice", "write one move per asset")
        found[asset] = move
    return found


def _shock(text: str) -> tuple[str, Decimal]:
    """ASSET=PERCENT: a fraction of the price, above -100%: at a price of 0 there are no marks."""
    asset, value = assignment("--shock", text)
    is_fall, number = value.startswith("-"), value[1:] if value.startswith(("-", "+")) else value
    if number.startswith(("+", "-")):
        raise FlagError(f"--shock {echo(text)} has two signs", "write it as BTC=-20%")
    try:
        size = decimal(number.removesuffix("%"))
    except NumberError as error:
        raise FlagError(f"--shock {echo(text)}: the move {error.message}", "write it as BTC=-20%") from None
    if not value.endswith("%") and size >= 1:
        raise FlagError(f"--shock {echo(text)} moves by 100% or more without %", f"write {asset}={value}%")
    move = (-size if is_fall else size) / (100 if value.endswith("%") else 1)
    if move <= -1:
        raise FlagError(f"--shock {echo(text)} moves the price to 0 or below", "write less, such as -99.9%")
    return asset, move


def codes(flag: str, texts: Iterable[str]) -> frozenset[str]:
    """Codes of rules, with commas between them, of every time that the flag is given."""
    found = frozenset(code.strip().upper() for text in texts for code in text.split(",") if code.strip())
    for code in sorted(found):
        if code not in BY_CODE:
            near = closest(code)
            raise FlagError(
                f"{flag}: no limit has the code {echo(code)}",
                f"did you mean {near}?" if near else "`marginctl rules` lists them",
            )
    return found


def outputs_of(texts: Iterable[str]) -> tuple[tuple[str, Path], ...]:
    """Every --output. Raises FlagError, also where two go to one file."""
    found = tuple(map(_output, texts))
    files = [os.path.abspath(path) for _, path in found]  # noqa: PTH100 - of a file that need not be there
    for (_, path), file in zip(found, files, strict=True):
        if files.count(file) > 1:
            raise FlagError(
                f"--output: {echo(str(path))} is to be written twice", "write each format to a file of its own"
            )
    return found


def _output(text: str) -> tuple[str, Path]:
    """FORMAT=FILE."""
    form, equals, path = text.partition("=")
    if not equals or not path:
        raise FlagError(f"--output {echo(text)} names no file", "write FORMAT=FILE, as in sarif=margin.sarif")
    format_named("--output", form)
    return form, Path(path)


def format_named(flag: str, form: str) -> None:
    """Refuse an unknown format."""
    one_of(flag, form, FORMATS)


def one_of(flag: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse a value that is not among the choices."""
    if value not in choices:
        raise FlagError(f"{flag} {echo(value)} is unknown", f"write one of {', '.join(choices)}")


def chosen(choices: "Callable[[str], FailOn]", flag: str, value: str) -> FailOn:
    """The choice of that name."""
    try:
        return choices(value)
    except ValueError:
        raise FlagError(f"{flag} {echo(value)} is unknown", "write error, warning or never") from None
