"""``book stress``: the scenarios of a header over all accounts of a book."""

from msgspec.structs import replace

from marginctl.books.stress_summing import stress_of
from marginctl.cli.book_check import report_book
from marginctl.cli.book_commands import BookStressFlags
from marginctl.cli.book_running import prepared, ran
from marginctl.document.scalars import FlagError


def stressed_book(flags: BookStressFlags) -> int:
    """One run over a book; returns the exit code. Raises FlagError."""
    header, plan = prepared(flags)
    if not header.scenarios:
        raise FlagError("there are no scenarios", "list them under `scenarios:` in the header, or in a --limits file")
    found = ran(header, replace(plan, gaps=flags.gap), flags.books, flags)
    result = stress_of(
        header,
        found.tally,
        flags.gap,
        top=flags.top,
        way=found.way,
        wall_ms=found.wall_ms,
        problems=found.problems,
    )
    return report_book(result, header, flags)
