"""``book check``: the summary of a book, in every form."""

import sys

from msgspec.structs import replace

from marginctl.books.deciding import nobody
from marginctl.books.header import BookHeader
from marginctl.books.summing import summary_of
from marginctl.cli.book_commands import BookCheckFlags, BookRunFlags
from marginctl.cli.book_running import prepared, ran
from marginctl.cli.options import draw_problems, options
from marginctl.cli.targets import TargetError, write_files
from marginctl.cli.terminal import complain, put, terminal
from marginctl.render import render
from marginctl.results import Outcome, Run
from marginctl.results.book_summary import BookOutcome


def checked_book(flags: BookCheckFlags) -> int:
    """One run over a book; returns the exit code."""
    header, plan = prepared(flags)
    found = ran(header, plan, flags.books, flags)
    result = summary_of(header, found.tally, way=found.way, wall_ms=found.wall_ms, problems=found.problems)
    return report_book(result, header, flags)


def report_book(result: BookOutcome, header: BookHeader, flags: BookRunFlags) -> int:
    """Write the summary in every form that was asked for; returns the exit code."""
    for form, path in flags.output:
        try:
            write_files({path: _rendered(form, result, header, flags).encode()})
        except TargetError as error:
            complain(error.message, error.help)
            result = replace(result, exit_code=2)
    text = _rendered(flags.format, result, header, flags)
    put(flags.format, text)
    if flags.format in {"json", "junit"} and result.problems:
        draw_problems(result.problems, terminal(sys.stderr, flags.color, flags.width))
    return result.exit_code


def _rendered(form: str, result: BookOutcome, header: BookHeader, flags: BookRunFlags) -> str:
    if form in {"junit", "github"}:
        return render(form, as_run(result, header), options(flags))
    return render(form, result, options(flags))


def as_run(result: BookOutcome, header: BookHeader) -> Run:
    """The limits on a book as formats of findings take them: one file, whose account is the book."""
    outcome = Outcome(
        file=result.header,
        report=nobody(header),
        checks=result.checks,
        findings=result.findings,
        problems=result.problems,
    )
    return Run(outcomes=(outcome,), exit_code=result.exit_code, fail_on=result.fail_on)
