"""``book show``: one account of a book, as ``check`` prints it."""

import re
from pathlib import Path

from msgspec.structs import replace

from marginctl.analysis.check import check, outcome_exit
from marginctl.books.book_parts import parts_of
from marginctl.books.deciding import decided
from marginctl.books.header import BookHeader
from marginctl.books.normalising import BookError
from marginctl.books.one_account import found_rows, portfolio_text
from marginctl.cli.book_commands import BookShowFlags
from marginctl.cli.book_running import prepared
from marginctl.cli.options import FOR_MACHINES, RefusedError, options
from marginctl.cli.settings import manual
from marginctl.cli.terminal import deliver, put, tell
from marginctl.document.scalars import FlagError
from marginctl.document.source import echo
from marginctl.findings import Location, Problem
from marginctl.render import render
from marginctl.results import Run


def shown_account(flags: BookShowFlags) -> int:
    """The report of one account; returns the exit code that ``check`` has for it. Raises FlagError, RefusedError."""
    header, plan = prepared(flags)
    try:
        rows = found_rows(plan, parts_of([flags.book]), flags.account, flags.as_of)
    except BookError as error:
        raise RefusedError([error.problem]) from None
    if not rows:
        raise FlagError(f"{flags.book} has no account {echo(flags.account)}", "write it as the book does")
    if len(rows) > 1:
        times = [stored.as_of for _, _, stored in rows if stored.as_of is not None]
        advice = f"add --as-of, as in --as-of {times[-1]}" if times else "an account stands in a book once"
        raise FlagError(f"{echo(flags.account)} has {len(rows)} rows", advice)
    ((part, row, stored),) = rows
    found = decided(header, stored, row)
    if found.problems:
        file = part.file
        raise RefusedError([Problem(Location(file), one.code, one.brief, one.help) for one in found.problems])
    return _shown(header, portfolio_text(header, stored), flags)


def _shown(header: BookHeader, text: str, flags: BookShowFlags) -> int:
    if flags.format == "yaml":
        deliver(text)
        return 0
    settings = header.settings
    names = {*header.draft.prices, *header.draft.betas, *(name for one in header.scenarios.values() for name in one)}
    settings = replace(settings, known=frozenset(names))
    file = Path(header.source.name).with_name(f"{re.sub(r'[^A-Za-z0-9._-]', '_', flags.account)}.yaml")
    outcome = check(text.encode(), str(file), settings)
    code = outcome_exit(outcome, flags.fail_on).value
    run = Run(outcomes=(outcome,), exit_code=code, fail_on=flags.fail_on.value)
    put(flags.format, render(flags.format, run, options(flags, manual=manual())))
    if flags.format in FOR_MACHINES:
        tell(run.problems)
    return code
