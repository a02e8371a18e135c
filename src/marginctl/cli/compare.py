"""``marginctl compare``: what one book ties up in several modes and on other venues."""

from typing import Annotated

import typer

from marginctl.analysis.compare import CompareOptions, compare
from marginctl.cli.app import app
from marginctl.cli.entry import NOT_CHECKED
from marginctl.cli.options import DateFlags, FileFlags, Format, OnePath, Read, command, show
from marginctl.cli.settings import EditFlags, PolicyFlags, ShockFlags, opened, picture_names, single
from marginctl.results.comparison import CompareResult


def listed(text: str) -> tuple[str, ...]:
    """The names between commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


class CompareFlags(PolicyFlags, EditFlags, ShockFlags, DateFlags, FileFlags):
    """Of ``compare``."""

    path: OnePath
    modes: Annotated[
        tuple[str, ...] | None,
        typer.Option("--modes", metavar="A,B", help="isolated, cross, multi-asset, portfolio; default: what there is."),
        Read(listed),
    ]
    venues: Annotated[
        tuple[str, ...] | None,
        typer.Option("--venues", metavar="A,B", help="Other rule sets to carry the book to, or all."),
        Read(listed),
    ]
    map_quotes: Annotated[
        bool, typer.Option("--map-quotes", help="Another dollar may stand for a contract's quote.")
    ] = False
    plot: Annotated[
        frozenset[str],
        typer.Option("--plot", metavar="NAME,...", help="Draw also modes: what pooling changes."),
        Read(picture_names("--plot", "modes"), "none"),
    ]
    strict: Annotated[bool, typer.Option("--strict", help="Exit 2 unless every row covers the whole book.")] = False
    format: Format


@app.command("compare")
@command
def compare_command(flags: CompareFlags) -> int:
    """Compare what one book ties up: isolated, in pools, as one risk, and on other venues.

    Exits 0 when the file as it stands and another row cover the whole book, 2 otherwise; limits are not evaluated.
    """
    file = opened(single(flags.path, flags), flags)
    if file.problems:
        return show(CompareResult(file=file.name, exit_code=NOT_CHECKED, problems=tuple(file.problems)), flags)
    wanted = CompareOptions(
        modes=flags.modes or None,
        venues=flags.venues or None,
        maps_quotes=flags.map_quotes,
        strict=flags.strict,
    )
    return show(compare(file.data, file.name, file.settings, wanted), flags, pictures=flags.plot or None)
