"""Flags as annotated attributes: what Typer shows and takes, what is read from it, how a refusal ends."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from marginctl.cli.options import DateFlags, Flags, Read, choice, command, day, flags_of
from marginctl.document.scalars import FlagError, positive


class SizeFlags(Flags):
    size: Annotated[
        Decimal, typer.Option("--size", help="How much."), Read(lambda text: positive(text, "--size"), "2.50")
    ]


class OrderFlags(SizeFlags, DateFlags):
    name: Annotated[str, typer.Argument(metavar="NAME")]
    sides: Annotated[tuple[str, ...], typer.Option("--side"), Read(tuple, many=True)]
    loud: Annotated[bool, typer.Option("--loud")] = False


def ran(*arguments: str) -> tuple[int, str, str]:
    app = typer.Typer(rich_markup_mode=None)

    @app.command()
    @command
    def order(flags: OrderFlags) -> int:
        """Place an order."""
        typer.echo(vars(flags))
        return 1

    result = CliRunner().invoke(app, [*arguments])
    return result.exit_code, result.stdout, result.stderr


def test_a_class_has_its_own_flags_first_then_those_of_its_groups():
    assert [flag.name for flag in flags_of(OrderFlags)] == ["name", "sides", "loud", "size", "today"]


def test_what_is_typed_is_read_and_what_is_left_out_has_its_default():
    code, out, _ = ran("BTC", "--side", "long", "--side", "short", "--today", "2026-11-22")
    assert code == 1  # that of the function
    assert out == str({
        "name": "BTC", "sides": ("long", "short"), "loud": False, "size": Decimal("2.50"), "today": date(2026, 11, 22),
    }) + "\n"  # fmt: skip
    assert vars(OrderFlags.read(name="x")) == {
        "name": "x", "sides": (), "loud": False, "size": Decimal("2.50"), "today": None,
    }  # fmt: skip


def test_help_shows_the_text_of_a_default_not_its_value():
    _, out, _ = ran("--help")
    assert "Place an order." in out
    assert "How much.  [default: 2.50]" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(("x", "--size", "0"), "marginctl: --size must be more than 0\n", id="without help"),
        pytest.param(
            ("x", "--today", "2026-02-30"),
            "marginctl: --today `2026-02-30` is no date\n  help: write it as 2026-11-22 or 2026-11-22T11:00:00Z\n",
            id="with help",
        ),
    ],
)
def test_a_flag_that_cannot_be_meant_is_told_and_exits_2(arguments, told):
    assert ran(*arguments) == (2, "", told)


def test_readers_refuse():
    with pytest.raises(FlagError, match="--as-of `x` is no date"):
        day("x", "--as-of")
    with pytest.raises(FlagError, match="--color `red` is unknown"):
        choice("--color", "auto", "never")("red")
