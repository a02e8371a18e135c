"""``marginctl headroom``: how much more an account takes, and the cheapest ways to pass what is broken."""

from decimal import Decimal
from typing import Annotated

import typer

from marginctl.analysis.headroom import headroom, leverage_of
from marginctl.cli.app import app
from marginctl.cli.entry import NOT_CHECKED
from marginctl.cli.options import DateFlags, FileFlags, Format, OnePath, Read, command, show
from marginctl.cli.settings import CodeFlags, EditFlags, PolicyFlags, ShockFlags, opened, single
from marginctl.results import Outcome
from marginctl.results.headroom_result import HeadroomResult


class HeadroomFlags(PolicyFlags, CodeFlags, EditFlags, ShockFlags, DateFlags, FileFlags):
    """Of ``headroom``."""

    path: OnePath
    leverage: Annotated[
        Decimal | None,
        typer.Option("--leverage", metavar="N", help="Of the orders; default: that of the position."),
        Read(leverage_of),
    ]
    format: Format


@app.command("headroom")
@command
def headroom_command(flags: HeadroomFlags) -> int:
    """Show the largest orders and withdrawals that keep every limit, and the cheapest ways to pass a broken one.

    Counted are the limits that fail a run (--fail-on), and those that a file sets only as a warning. Exits as `check`.
    """
    file = opened(single(flags.path, flags), flags)
    if file.problems:
        outcome = Outcome(file=file.name, problems=tuple(file.problems))
        return show(HeadroomResult(outcome=outcome, exit_code=NOT_CHECKED), flags)
    return show(headroom(file.data, file.name, file.settings, flags.leverage), flags)
