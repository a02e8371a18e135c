"""``marginctl book``: tables of many accounts. What reads and computes them is imported when a command runs."""

import gc
import os
import re
import sys
from contextlib import suppress
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from marginctl.cli.app import CONTEXT, app
from marginctl.cli.check import outputs
from marginctl.cli.options import (
    DateFlags,
    DetailFlags,
    Flags,
    Read,
    RuleSetFlags,
    ScreenFlags,
    choice,
    command,
    format_of,
)
from marginctl.cli.settings import CodeFlags, PolicyFlags, ShockFlags
from marginctl.document.numbers import NumberError, rate
from marginctl.document.scalars import FlagError
from marginctl.document.source import echo

M_MMAP_THRESHOLD, LARGE_BUFFER = -3, 1 << 23
FORMS = ("table", "json", "markdown", "html", "junit", "github")
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
book = typer.Typer(no_args_is_help=True, rich_markup_mode=None, context_settings=CONTEXT)
app.add_typer(book, name="book", help="Tables of many accounts: check, stress, show, pack, sample.")


def memory(text: str) -> int:
    """--sort-memory: a number of bytes such as 2GiB. Raises FlagError."""
    match = re.fullmatch(r"([0-9]{1,15})\s*([kmgt]?)(?:i?b)?", text.lower())
    if match is None:
        raise FlagError(f"--sort-memory {echo(text)} is no size", "write it as 512MiB or 2GiB")
    return int(match[1]) * UNITS[match[2]]


def book_outputs(texts: list[str]) -> tuple[tuple[str, Path], ...]:
    """Every --output. Raises FlagError."""
    found = outputs(texts)
    for form, _ in found:
        choice("--output", *FORMS)(form)
    return found


class TableFlags(Flags):
    """How flat tables are read."""

    columns: Annotated[
        list[str],
        typer.Option("--columns", metavar="TABLE.NAME=THEIRS", help="What a column is called there; repeatable."),
        Read(list, many=True),
    ]
    sort_memory: Annotated[
        int, typer.Option("--sort-memory", metavar="SIZE", help="For flat tables in no order."), Read(memory, "2GiB")
    ]


class HeaderFlags(TableFlags, RuleSetFlags, DateFlags, ScreenFlags):
    """What all accounts share, and how tables are read."""

    header: Annotated[
        str,
        typer.Option("--header", metavar="FILE", help="What all accounts share: prices, contracts, haircuts, limits."),
    ]
    prices: Annotated[
        str | None, typer.Option("--prices", metavar="FILE", help="A table of asset, price, perhaps as_of.")
    ] = None


Books = Annotated[list[str], typer.Argument(metavar="BOOK...", help="Tables, folders of them, or globs.")]


class BookRunFlags(PolicyFlags, CodeFlags, ShockFlags, HeaderFlags, DetailFlags):
    """Of a run over a whole book."""

    rows: Annotated[
        Path | None,
        typer.Option("--rows", metavar="PATH", help="The table out: .parquet, .csv, .jsonl, or a folder of parts."),
    ] = None
    only: Annotated[
        str,
        typer.Option("--only", help="Rows written: all, failed or warned."),
        Read(choice("--only", "all", "failed", "warned"), "all"),
    ]
    errors: Annotated[
        Path | None, typer.Option("--errors", metavar="FILE", help="Problems as JSON lines; default beside the rows.")
    ] = None
    top: Annotated[int, typer.Option("--top", min=0, max=1000, metavar="N", help="Worst accounts named.")] = 20
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, metavar="N", help="Threads; 0 is one a processor.")] = 0
    batch: Annotated[int, typer.Option("--batch", min=1, metavar="N", help="Accounts at a time.")] = 16_384
    engine: Annotated[str, typer.Option("--engine", help="local, dask or dask=ADDRESS.")] = "local"
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a run into the same folder stopped.")] = False
    exact: Annotated[bool, typer.Option("--exact", help="No screen: every account by the exact core.")] = False
    format: format_of(*FORMS)  # type: ignore[valid-type]
    output: Annotated[
        tuple[tuple[str, Path], ...],
        typer.Option("--output", "-o", metavar="FORMAT=FILE", help="Also write this format to a file; repeatable."),
        Read(book_outputs, many=True),
    ]


class BookCheckFlags(BookRunFlags):
    """Of ``book check``."""

    books: Books


def need_tables() -> None:
    """Refuse to begin without the packages that read tables. Raises FlagError.

    Memory comes from the system, which gets back what is no longer used, so that it stays flat however large a book is:
    with glibc buffers of 8 megabytes and more are mapped and given back one by one, whatever was freed before.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    of_libc("mallopt", M_MMAP_THRESHOLD, LARGE_BUFFER)
    gc.enable()
    if find_spec("pyarrow") is None or find_spec("numpy") is None:
        raise FlagError("tables of accounts need the extra `books`", "pip install 'marginctl[books]'")


def of_libc(name: str, *arguments: int) -> None:
    """Call a function of glibc that manages memory, where that is what there is."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library
            getattr(import_module("ctypes").CDLL(None), name)(*arguments)


@book.command("check")
@command
def book_check(flags: BookCheckFlags) -> int:
    """Figures and limits of every account, a summary worst first, a table out.

    Exits 0 when no limit on the book is broken, 1 when one is, 2 when an account could not be checked.
    """
    need_tables()
    from marginctl.cli.book_check import checked_book

    return checked_book(flags)


def shares(texts: list[str]) -> tuple[Decimal, ...]:
    """--gap: shares of a path between commas. Raises FlagError."""
    found: list[Decimal] = []
    for text in (part.strip() for one in texts for part in one.split(",")):
        try:
            gap = rate(text)
        except NumberError as error:
            raise FlagError(f"--gap {echo(text)} {error.message}", error.help) from None
        if not 0 <= gap <= 1:
            raise FlagError(f"--gap {echo(text)} is no share of a path", "write 0% to 100%")
        found.append(gap)
    return tuple(dict.fromkeys(found))


class BookStressFlags(BookRunFlags):
    """Of ``book stress``."""

    books: Books
    gap: Annotated[
        tuple[Decimal, ...],
        typer.Option("--gap", metavar="SHARE,...", help="Close liquidated pools this much of the path later."),
        Read(shares, many=True),
    ]


@book.command("stress")
@command
def book_stress(flags: BookStressFlags) -> int:
    """Scenarios over the book: who is liquidated on the way, and what is lost beyond bankruptcy.

    The scenarios are those of the header and of the policies. Exits 1 where `max_shortfall` is broken, 2 when an
    account could not be checked.
    """
    need_tables()
    from marginctl.cli.book_stress import stressed_book

    return stressed_book(flags)


class BookShowFlags(PolicyFlags, CodeFlags, ShockFlags, HeaderFlags, DetailFlags):
    """Of ``book show``."""

    book: Annotated[str, typer.Argument(metavar="BOOK", help="A table, a folder of them, or a glob.")]
    account: Annotated[str, typer.Argument(metavar="ACCOUNT_ID", help="The account, as the book names it.")]
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="TIME", help="Which of its rows in a history.")] = None
    format: format_of("table", "json", "markdown", "html", "yaml", more=" (the account as a portfolio file)")  # type: ignore[valid-type]


@book.command("show")
@command
def book_show(flags: BookShowFlags) -> int:
    """The full report of one account of a book, as `check` prints it, always by the exact core."""
    need_tables()
    from marginctl.cli.book_show import shown_account

    return shown_account(flags)


class BookPackFlags(TableFlags):
    """Of ``book pack``."""

    positions: Annotated[str, typer.Option("--positions", metavar="FILE", help="A row for every position.")]
    balances: Annotated[str, typer.Option("--balances", metavar="FILE", help="A row for every balance.")]
    out: Annotated[str, typer.Option("--out", "-o", metavar="DIR", help="The folder to write.")]
    accounts: Annotated[
        str | None, typer.Option("--accounts", metavar="FILE", help="A row for every account there is.")
    ] = None


@book.command("pack")
@command
def book_pack(flags: BookPackFlags) -> int:
    """Make one row per account of flat tables in any order, however large."""
    need_tables()
    from marginctl.cli.book_pack import packed_book

    return packed_book(flags)


class BookSampleFlags(Flags):
    """Of ``book sample``."""

    accounts: Annotated[int, typer.Argument(min=1, max=1_000_000_000, metavar="N", help="How many accounts.")]
    folder: Annotated[str, typer.Option("--out", "-o", metavar="DIR", help="The folder to write.")]
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="S", help="Another seed, other accounts.")] = 0
    positions: Annotated[
        int, typer.Option("--positions", min=1, max=1000, metavar="K", help="Of an account, about.")
    ] = 5
    force: Annotated[bool, typer.Option("--force", help="Replace a sample that is there.")] = False


@book.command("sample")
@command
def book_sample(flags: BookSampleFlags) -> int:
    """Write a book of invented accounts with its header, to try the other commands on."""
    need_tables()
    from marginctl.cli.book_sample import written_sample

    return written_sample(flags)
