"""``marginctl what-if``: changes -> edits of the file's text -> the same check on both texts."""

from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from marginctl.analysis.change_flags import READERS
from marginctl.analysis.check import Settings, load_portfolio
from marginctl.analysis.what_if import what_if
from marginctl.cli.app import app
from marginctl.cli.entry import NOT_CHECKED
from marginctl.cli.options import (
    DateFlags,
    DetailFlags,
    FileFlags,
    Flags,
    Format,
    OnePath,
    Read,
    command,
    refuse_existing,
    show,
)
from marginctl.cli.settings import CodeFlags, EditFlags, Opened, PolicyFlags, manual, opened, single
from marginctl.cli.targets import TargetError, write_files
from marginctl.cli.terminal import complain, say
from marginctl.document.files import UTF_8_MARK
from marginctl.document.source import printable
from marginctl.portfolio.changes import Change
from marginctl.results import Outcome, WhatIfResult


class ChangeFlags(Flags):
    """The changes, in the order in which they are made."""

    open: Annotated[
        list[Change],
        typer.Option("--open", metavar="'SYMBOL SIDE QTY [@ PRICE] [xLEVERAGE]'", help="Open, or add to a position."),
        Read(READERS["open"], many=True),
    ]
    close: Annotated[
        list[Change],
        typer.Option("--close", metavar="NAME", help="Close a position at its mark, or NAME @ PRICE."),
        Read(READERS["close"], many=True),
    ]
    resize: Annotated[
        list[Change],
        typer.Option("--resize", metavar="NAME=QUANTITY", help="At the mark, or NAME=QUANTITY @ PRICE."),
        Read(READERS["resize"], many=True),
    ]
    deposit: Annotated[
        list[Change],
        typer.Option("--deposit", metavar="ASSET=AMOUNT", help="Pay in."),
        Read(READERS["deposit"], many=True),
    ]
    withdraw: Annotated[
        list[Change],
        typer.Option("--withdraw", metavar="ASSET=AMOUNT", help="Take out."),
        Read(READERS["withdraw"], many=True),
    ]
    transfer: Annotated[
        list[Change],
        typer.Option("--transfer", metavar="NAME=+AMOUNT", help="Into an isolated margin, NAME=-AMOUNT out of it."),
        Read(READERS["transfer"], many=True),
    ]
    price: Annotated[
        list[Change],
        typer.Option("--price", metavar="NAME=PRICE", help="Of an asset; or of a contract: its mark alone."),
        Read(READERS["price"], many=True),
    ]
    mode: Annotated[
        list[Change],
        typer.Option("--mode", metavar="[NAME=]MODE", help="isolated or cross, of all positions or of one."),
        Read(READERS["mode"], many=True),
    ]

    def changes(self) -> list[Change]:
        """All changes, in the order in which they are made."""
        return [change for name in READERS for change in getattr(self, name)]


class WriteFlags(Flags):
    """Where the changed file goes."""

    write: Annotated[
        str | None, typer.Option("--write", metavar="NEW.yaml", help="Write the changed file, comments kept.")
    ] = None
    force: Annotated[bool, typer.Option("--force", help="Let --write replace an existing file.")] = False
    format: Format


class WhatIfFlags(ChangeFlags, WriteFlags, PolicyFlags, CodeFlags, EditFlags, DateFlags, FileFlags, DetailFlags):
    """Of ``what-if``."""

    path: OnePath


@app.command("what-if")
@command
def what_if_command(flags: WhatIfFlags) -> int:
    """Show what trades, transfers and prices would do: before, after, difference, limits checked again.

    Changes are made in the order in which their options are listed here, each option possibly several times.
    Exits as `check` does for the account afterwards. The file is only read; --write makes a new one.
    """
    one = single(flags.path, flags)
    if flags.write is not None:
        refuse_existing(flags.write, force=flags.force)
    return show(_result(opened(one, flags), flags), flags, manual=manual())


def _result(file: Opened, flags: WhatIfFlags) -> WhatIfResult:
    """Both accounts; the new file is written if asked."""
    if file.problems:
        before = Outcome(file=file.name, problems=tuple(file.problems))
        return WhatIfResult(file=file.name, before=before, after=None, exit_code=NOT_CHECKED)
    result, text = what_if(file.data, file.name, flags.changes(), file.settings)
    if flags.write is None:
        return result
    if result.exit_code == NOT_CHECKED:
        complain(f"{printable(flags.write)} is not written: the account afterwards could not be checked")
        return result
    encoded = (UTF_8_MARK if file.data.startswith(UTF_8_MARK) else b"") + text.encode()
    return _written(result, encoded, flags.write, file.settings)


def _written(result: WhatIfResult, encoded: bytes, name: str, settings: Settings) -> WhatIfResult:
    """Write the new file, if it can be read under its new name: a rule file beside the old one may not be found."""
    path = Path(name)
    loaded, problems = load_portfolio(encoded, str(path), replace(settings, sets=(), policy=None))
    if loaded is None:
        return replace(result, after=None, changes=(), problems=tuple(problems), exit_code=NOT_CHECKED)
    try:
        write_files({path: encoded}, [Path(result.file)])
    except TargetError as error:
        complain(error.message, error.help)
        return replace(result, exit_code=NOT_CHECKED)
    say(f"marginctl: wrote {printable(name)}\n")
    return replace(result, written=printable(name))
