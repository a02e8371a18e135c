"""``book check``: header, parts, rows out, errors out, and the summary."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from marginctl.books.batch import RESULTS, screening
from marginctl.books.book_parts import Part, parts_of, schema_of
from marginctl.books.header import BookHeader, read_header
from marginctl.books.normalising import BookError, renames, unknown_columns
from marginctl.books.row_drafts import ACCOUNTS
from marginctl.books.running import MOST_PROBLEMS, BatchOutcome, Plan, doubles_in
from marginctl.books.summing import summary_of
from marginctl.books.tally import Tally
from marginctl.cli.book_commands import BookRunFlags, HeaderFlags
from marginctl.cli.book_engine import local_outcomes
from marginctl.cli.book_progress import Progress
from marginctl.cli.book_sinks import Staged, check_target, is_folder
from marginctl.cli.options import RefusedError, draw_problems, options
from marginctl.cli.settings import with_policies
from marginctl.cli.targets import TargetError, refuse_overlaps, write_files
from marginctl.cli.terminal import complain, put, say, terminal
from marginctl.document.source import printable
from marginctl.findings import Location, Problem
from marginctl.render import render
from marginctl.results import Outcome, Run
from marginctl.results.book_summary import BookResult

MOST_SHOWN = 20
"""Problems that a terminal is told."""


class Prepared(NamedTuple):
    """A header with the plan that says how it was made."""

    header: BookHeader
    plan: Plan


def prepared(flags: HeaderFlags) -> Prepared:
    """The header that the flags name. Raises RefusedError, FlagError."""
    settings, problems = with_policies(flags)  # type: ignore[arg-type]
    named = renames(flags.columns)
    data, beside = _bytes(flags.header), tuple(_bytes(file) for file in getattr(flags, "limits", ()))
    if problems:
        raise RefusedError(problems)
    header, problems = read_header(data, flags.header, settings, beside)
    if header is None:
        raise RefusedError(problems)
    plan = Plan(
        header_text=data,
        header_name=flags.header,
        settings=settings,
        beside=beside,
        named=named,
        sort_memory=flags.sort_memory,
    )
    return Prepared(header, plan)


def _bytes(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        problem = Problem(
            Location(printable(file)), "MC001", f"cannot be read: {error.strerror or error}", "name a file"
        )
        raise RefusedError([problem]) from None


def checked_book(flags: BookRunFlags) -> int:
    """One run over a book; returns the exit code."""
    started = monotonic()
    header, plan = prepared(flags)
    plan = replace(plan, batch=flags.batch, exact=flags.exact, only=flags.only, top=flags.top)
    try:
        parts = parts_of(flags.books)  # type: ignore[attr-defined]
        _refuse_targets(parts, flags)
        tell_of_columns(parts, plan)
        plan = replace(plan, doubles=doubles_in(parts, plan.named))
        tally, problems = _run(header, plan, parts, flags)
    except BookError as error:
        tally, problems = Tally(), [error.problem]
    way = "exact" if flags.exact or screening() is None else "screen"
    wall = round((monotonic() - started) * 1000)
    return report_book(summary_of(header, tally, way=way, wall_ms=wall, problems=problems), header, flags)


def tell_of_columns(parts: Sequence[Part], plan: Plan) -> None:
    """Name once the columns that nothing reads. Raises BookError for files that cannot be read."""
    unread: dict[str, None] = {}
    for part in parts:
        for table, file in part.files.items():
            is_flat = part.is_flat
            found = unknown_columns(schema_of(file), plan.named, table if is_flat else ACCOUNTS, flat=is_flat)
            unread.update(dict.fromkeys(found))
    if unread:
        names = ", ".join(printable(name) for name in list(unread)[:8]) + (", ..." if len(unread) > 8 else "")
        complain(f"columns that are not read: {names}")


def _refuse_targets(parts: Sequence[Part], flags: BookRunFlags) -> None:
    targets = [path for _, path in flags.output]
    if flags.rows is not None:
        check_target(flags.rows)
        targets += [] if is_folder(flags.rows) else [flags.rows]
    targets += [flags.errors] if flags.errors is not None else []
    refuse_overlaps(targets, [Path(file) for part in parts for file in part.files.values()])


def _run(header: BookHeader, plan: Plan, parts: Sequence[Part], flags: BookRunFlags) -> tuple[Tally, list[Problem]]:
    """All parts in order: rows and errors written as they come."""
    if not flags.exact and screening() is None:
        complain("the fast screen is not built here: every account is decided by the exact core")
    sizes = [part.rows for part in parts]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    tally, told = Tally(), 0
    progress = Progress(total, wanted=not flags.quiet)
    problems: list[Problem] = []
    lines: list[bytes] = []
    with ExitStack() as files:
        sink = None
        if flags.rows is not None and not is_folder(flags.rows):
            sink = files.enter_context(Staged(flags.rows, RESULTS))
        for _, outcome in local_outcomes(header, plan, parts, flags.jobs):
            if isinstance(outcome, BookError):
                problems.append(outcome.problem)
                continue
            if sink is not None:
                sink.write(outcome.rows)
            lines += _told(outcome, MOST_PROBLEMS - told)
            told += len(outcome.problems)
            tally.add(outcome.tally, plan.top)
            progress.show(tally.accounts, tally.verdicts.get("fail", 0), tally.recomputed, exact=plan.exact)
    progress.end()
    write_errors(lines, tally, flags)
    return tally, problems


def _told(outcome: BatchOutcome, room: int) -> list[bytes]:
    return [msgspec.json.encode(one) + b"\n" for one in outcome.problems[: max(0, room)]]


def write_errors(lines: Sequence[bytes], tally: Tally, flags: BookRunFlags) -> None:
    """The problems as JSON lines: to their file, beside the rows, else on standard error; behind them what is left."""
    if not lines:
        return
    rest = sum(tally.errors.values()) - len(lines)
    text = b"".join(lines)
    if rest > 0:
        text += msgspec.json.encode({"more": rest, "by_code": dict(sorted(tally.errors.items()))}) + b"\n"
    target = errors_file(flags)
    if target is None:
        shown = text.decode().splitlines()
        if sys.stderr.isatty() and len(shown) > MOST_SHOWN:
            shown = [*shown[:MOST_SHOWN], f"{len(shown) - MOST_SHOWN:,} more lines: --errors FILE keeps them"]
        say("".join(f"{printable(line)}\n" for line in shown))
        return
    try:
        write_files({target: text})
    except TargetError as error:
        complain(error.message, error.help)


def errors_file(flags: BookRunFlags) -> Path | None:
    """Where problems go; None = standard error."""
    if flags.errors is not None or flags.rows is None:
        return flags.errors
    return (flags.rows if is_folder(flags.rows) else flags.rows.parent) / "errors.jsonl"


def report_book(result: BookResult, header: BookHeader, flags: BookRunFlags) -> int:
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


def _rendered(form: str, result: BookResult, header: BookHeader, flags: BookRunFlags) -> str:
    if form in {"junit", "github"}:
        return render(form, as_run(result, header), options(flags))
    return render(form, result, options(flags))


def as_run(result: BookResult, header: BookHeader) -> Run:
    """The limits on a book as formats of findings take them: one file, whose account is the book."""
    from marginctl.books.deciding import nobody

    outcome = Outcome(
        file=result.header,
        report=nobody(header),
        checks=result.checks,
        findings=result.findings,
        problems=result.problems,
    )
    return Run(outcomes=(outcome,), exit_code=result.exit_code, fail_on=result.fail_on)


def batches(outcomes: Iterator[BatchOutcome]) -> int:
    """How many accounts there are."""
    return sum(one.tally.accounts for one in outcomes)
