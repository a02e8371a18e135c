"""One run over a book: header, parts, rows out, errors out; the same for a check and a stress test."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from marginctl.books.book_parts import BookPart, parts_of, schema_of
from marginctl.books.header import BookHeader, left_to_check, read_header
from marginctl.books.normalising import BookError, renames, unknown_columns
from marginctl.books.part_lines import PartLine
from marginctl.books.price_table import price_table
from marginctl.books.row_drafts import ACCOUNTS
from marginctl.books.running import MOST_PROBLEMS, BookPlan, doubles_in
from marginctl.books.tally import Tally
from marginctl.books.unscreened import why_exact
from marginctl.cli.book_commands import BookRunFlags, HeaderFlags, of_libc
from marginctl.cli.book_engine import Numbered, local_outcomes
from marginctl.cli.book_folder import PartRows, note, prepare, sweep
from marginctl.cli.book_progress import Progress
from marginctl.cli.book_sinks import Staged, check_target, is_folder
from marginctl.cli.options import RefusedError
from marginctl.cli.settings import with_policies
from marginctl.cli.targets import TargetError, refuse_overlaps, write_files
from marginctl.cli.terminal import complain, say
from marginctl.document.scalars import FlagError
from marginctl.document.source import echo, printable
from marginctl.findings import Location, Problem
from marginctl.render.json import guarded

GIVEN_BACK = 1 << 17
"""Accounts after which freed memory goes back to the system."""
MOST_SHOWN = 20
"""Problems that a terminal is told."""
LOCAL, DASK = "local", "dask"


class Prepared(NamedTuple):
    """A header with the plan that says how it was made."""

    header: BookHeader
    plan: BookPlan


class Ran(NamedTuple):
    """What a run comes to: counts, what kept parts from being read, milliseconds, and whether there was a screen."""

    tally: Tally
    problems: list[Problem]
    wall_ms: int
    way: str


def prepared(flags: HeaderFlags) -> Prepared:
    """The header that the flags name. Raises RefusedError, FlagError."""
    settings, problems = with_policies(flags)  # type: ignore[arg-type]
    named = renames(flags.columns)
    policies = [*getattr(flags, "limits", ()), *(one.path for one in flags.around.policies)]
    data, beside = _bytes(flags.header), tuple(map(_bytes, policies))
    if problems:
        raise RefusedError(problems)
    prices = None
    if flags.prices is not None:
        try:
            prices = price_table(flags.prices)
        except BookError as error:
            raise RefusedError([error.problem]) from None
    header, problems = read_header(data, flags.header, settings, beside, prices)
    if header is None:
        raise RefusedError(problems)
    plan = BookPlan(
        header_text=data,
        header_name=flags.header,
        settings=settings,
        beside=beside,
        prices=prices,
        named=named,
        sort_memory=flags.sort_memory,
    )
    return Prepared(header, plan)


def _bytes(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise RefusedError([Problem(Location(printable(file)), "MC001", message, "name a file")]) from None


def ran(header: BookHeader, plan: BookPlan, books: Sequence[str], flags: BookRunFlags) -> Ran:
    """A whole book, rows and errors written. Raises FlagError, RefusedError."""
    started = monotonic()
    _refuse_contradictions(flags)
    plan = replace(plan, batch=flags.batch, exact=flags.exact, only=flags.only, top=flags.top)
    try:
        parts = parts_of(books)
        _refuse_targets(parts, flags)
        _tell_of_columns(parts, plan)
        plan = replace(plan, doubles=doubles_in(parts, plan.named))
    except BookError as error:
        return Ran(Tally(), [error.problem], 0, _way(plan))
    if unjudged := left_to_check(header):
        complain(f"limits of policies that a book is not judged by: {', '.join(unjudged)}", "`check` judges by them")
    if plan.is_exact and not flags.exact:
        complain(
            "the fast screen is not built here: every account is decided by the exact core",
            "install marginctl[books] where a C compiler is, and numpy",
        )
    sizes = [part.rows for part in parts]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    watch = Watch(Progress(total, wanted=not flags.quiet), exact=plan.is_exact)
    by_part = flags.engine != LOCAL or (flags.rows is not None and is_folder(flags.rows))
    tally, told, problems = (_by_part if by_part else _streamed)(header, plan, parts, flags, watch)
    watch.progress.end()
    _write_errors([guarded(msgspec.json.encode(one)) + b"\n" for one in told], tally, flags)
    if not plan.is_exact and 2 * tally.recomputed > tally.ok:
        reason = why_exact(header, is_stress=plan.gaps is not None)
        advice = f"the screen does not know {reason}" if reason else "docs/book.md says what the screen does not know"
        complain(f"{tally.recomputed:,} of {tally.ok:,} accounts were decided by the exact core", advice)
    return Ran(tally, problems, round((monotonic() - started) * 1000), _way(plan))


def _way(plan: BookPlan) -> str:
    return "exact" if plan.is_exact else "screen"


class Watch:
    """Tells somebody at a terminal how far a run is."""

    def __init__(self, progress: Progress, *, exact: bool) -> None:
        self.progress, self._exact = progress, exact
        self._done = self._failing = self._recomputed = self._since = 0

    def saw(self, tally: Tally) -> None:
        """Some more accounts are done."""
        self._done += tally.accounts
        self._failing += tally.verdicts.get("fail", 0)
        self._recomputed += tally.recomputed
        self._since += tally.accounts
        if self._since >= GIVEN_BACK:  # what was freed between buffers that stay is else kept, more and more
            of_libc("malloc_trim", 0)
            self._since = 0
        self.progress.show(self._done, self._failing, self._recomputed, exact=self._exact)


Told = list[dict[str, Any]]


def _streamed(
    header: BookHeader, plan: BookPlan, parts: Sequence[BookPart], flags: BookRunFlags, watch: Watch
) -> tuple[Tally, Told, list[Problem]]:
    """All batches in order into one file, or none."""
    tally, told, problems = Tally(), Told(), list[Problem]()
    with ExitStack() as files:
        sink = files.enter_context(Staged(flags.rows, plan.schema)) if flags.rows is not None else None
        for _, outcome in local_outcomes(header, plan, list(enumerate(parts)), flags.jobs):
            if isinstance(outcome, BookError):
                problems.append(outcome.problem)
                continue
            if sink is not None:
                sink.write(outcome.rows)
            told += outcome.problems[: MOST_PROBLEMS - len(told)]
            tally.add(outcome.tally, plan.top)
            watch.saw(outcome.tally)
    return tally, told, problems


def _by_part(
    header: BookHeader, plan: BookPlan, parts: Sequence[BookPart], flags: BookRunFlags, watch: Watch
) -> tuple[Tally, Told, list[Problem]]:
    """Every part by itself, with a line in the manifest; what another run did is taken as it is."""
    lines: dict[str, PartLine] = {}
    if flags.rows is not None:
        lines = prepare(flags.rows, plan, parts, header.digest, resume=flags.resume)
        if flags.resume:
            complain(f"{len(lines):,} of {len(parts):,} parts are there already")
    for line in lines.values():
        watch.saw(line.tally)
    numbered = [(number, part) for number, part in enumerate(parts) if part.name not in lines]
    problems: list[Problem] = []
    for line_or_not in _lines(header, plan, numbered, flags, watch):
        if isinstance(line_or_not, BookError):
            problems.append(line_or_not.problem)
            continue
        lines[line_or_not.part] = line_or_not
        if flags.rows is not None:
            note(flags.rows, line_or_not)
    if flags.rows is not None:
        sweep(flags.rows, (part.name for part in parts))
    tally, told = Tally(), Told()
    for line in (lines[part.name] for part in parts if part.name in lines):
        tally.add(line.tally, plan.top)
        told += line.problems[: MOST_PROBLEMS - len(told)]
    return tally, told, problems


def _lines(
    header: BookHeader, plan: BookPlan, parts: Sequence[Numbered], flags: BookRunFlags, watch: Watch
) -> Iterator[PartLine | BookError]:
    if flags.engine != LOCAL:
        from marginctl.cli.book_dask import dask_lines

        for line in dask_lines(plan, parts, flags.rows, flags.engine.partition("=")[2]):
            if isinstance(line, PartLine):
                watch.saw(line.tally)
            yield line
        return
    yield from _local_lines(header, plan, parts, flags, watch)


def _local_lines(
    header: BookHeader, plan: BookPlan, parts: Sequence[Numbered], flags: BookRunFlags, watch: Watch
) -> Iterator[PartLine | BookError]:
    """Part by part; the file of a part is written as its batches come."""
    rows: PartRows | None = None
    try:
        for part, outcome in local_outcomes(header, plan, parts, flags.jobs):
            if rows is None or rows.part is not part:
                if rows is not None:
                    yield rows.end(header.digest)
                rows = PartRows(flags.rows, part, plan)
            if isinstance(outcome, BookError):
                rows.drop()
                rows = None
                yield outcome
                continue
            rows.add(outcome)
            watch.saw(outcome.tally)
        if rows is not None:
            line, rows = rows.end(header.digest), None
            yield line
    finally:
        if rows is not None:
            rows.drop()


def _refuse_contradictions(flags: BookRunFlags) -> None:
    folder = flags.rows is not None and is_folder(flags.rows)
    if flags.engine != LOCAL and flags.engine.partition("=")[0] != DASK:
        raise FlagError(f"--engine {echo(flags.engine)} is unknown", "write local, dask or dask=tcp://HOST:PORT")
    if flags.engine != LOCAL and flags.rows is not None and not folder:
        raise FlagError("--engine dask writes a part for each part of the book", "give --rows a folder")
    if flags.resume and not folder:
        raise FlagError("--resume goes on in a folder of parts", "give --rows that folder")


def _refuse_targets(parts: Sequence[BookPart], flags: BookRunFlags) -> None:
    targets = [path for _, path in flags.output]
    if flags.rows is not None:
        check_target(flags.rows)
        targets += [] if is_folder(flags.rows) else [flags.rows]
    targets += [flags.errors] if flags.errors is not None else []
    inputs = [Path(file) for part in parts for file in part.files.values()]
    refuse_overlaps(targets, [*inputs, Path(flags.header)])
    if flags.rows is not None and is_folder(flags.rows):
        here = flags.rows.resolve()
        if any(file.resolve().parent == here for file in inputs):
            raise FlagError(f"--rows {echo(str(flags.rows))} is the folder of the book", "name another folder")


def _tell_of_columns(parts: Sequence[BookPart], plan: BookPlan) -> None:
    """Name once the columns that nothing reads."""
    unread: dict[str, None] = {}
    for part in parts:
        for table, file in part.files.items():
            own = table if part.is_flat else ACCOUNTS
            with suppress(BookError):  # told when the part is read
                unread.update(dict.fromkeys(unknown_columns(schema_of(file), plan.named, own, flat=part.is_flat)))
    if unread:
        names = ", ".join(printable(name) for name in list(unread)[:8]) + (", ..." if len(unread) > 8 else "")
        complain(f"columns that are not read: {names}")


def _write_errors(lines: Sequence[bytes], tally: Tally, flags: BookRunFlags) -> None:
    """The problems as JSON lines: to their file, beside the rows, else on standard error; behind them what is left."""
    target = errors_file(flags)
    if not lines and (target is None or not target.exists()):  # those of another run do not stay
        return
    rest = sum(tally.errors.values()) - len(lines)
    text = b"".join(lines)
    if rest > 0:
        text += msgspec.json.encode({"more": rest, "by_code": dict(sorted(tally.errors.items()))}) + b"\n"
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
