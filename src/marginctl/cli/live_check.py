"""``check --live``: the account as the venue has it now, imported and checked in one go; with ``--watch`` again."""

import gc
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from msgspec.structs import replace

from marginctl.analysis.check import Settings, check, outcome_exit
from marginctl.analysis.importing import imported
from marginctl.cli.check import CheckFlags, report, with_files
from marginctl.cli.entry import INTERRUPTED
from marginctl.cli.imports import request_of
from marginctl.cli.live import answered
from marginctl.cli.settings import seconds
from marginctl.cli.terminal import complain, emit
from marginctl.document.scalars import FlagError
from marginctl.document.source import echo, printable
from marginctl.findings import Location, Problem
from marginctl.render.pages.runs import line
from marginctl.results import Outcome, verdict
from marginctl.results.reconciliation import ImportResult

EVERY = 30
"""Seconds between two passes where no time is given."""
WATCHED = ("table", "jsonl")

Pause = Callable[[int], None]


def check_live(flags: CheckFlags) -> int:
    """One pass, or passes until Ctrl-C; returns the exit code of the last. Raises FlagError."""
    every = _every(flags)
    settings, problems = with_files(flags)
    if problems:
        return report((_unchecked(flags, problems),), flags)
    if every is None:
        return report((_outcome(flags, settings, set()),), flags)
    said: set[str] = set()
    return watch_account(lambda: _outcome(flags, settings, said), every, flags)


def _every(flags: CheckFlags) -> int | None:
    """Seconds between passes, None = one pass. Raises FlagError."""
    words = flags.paths or []
    if not flags.watch:
        if words:
            raise FlagError(f"--live and {echo(words[0])} do not go together", "check one of the two")
        return None
    if flags.format not in WATCHED or flags.output:
        raise FlagError("--live --watch writes lines and screens", f"write --format {' or '.join(WATCHED)}")
    if len(words) > 1:
        raise FlagError(f"--live and {echo(words[1])} do not go together", "check one of the two")
    return seconds(words[0], "--watch") if words else EVERY


def _outcome(flags: CheckFlags, settings: Settings, said: set[str]) -> Outcome:
    """The account as it stands now; remarks on the asking are said once."""
    asked, problems = answered(flags, flags.account)
    for text in asked.remarks:
        if text not in said:
            complain(text)
    said.update(asked.remarks)
    request, more = request_of(flags, asked.remarks)
    if problems or more:
        return _unchecked(flags, [*problems, *more])
    result = imported(asked.files, flags.live, request, settings).result
    if result.errors or result.missing:
        return _unchecked(flags, [*result.errors, *_missing(result, str(flags.live))])
    return check(result.text.encode(), str(flags.live), replace(settings, sets=(), now=flags.now))


def _unchecked(flags: CheckFlags, problems: Iterable[Problem]) -> Outcome:
    return Outcome(file=str(flags.live), problems=tuple(problems))


def _missing(result: ImportResult, venue: str) -> list[Problem]:
    """Facts that no answer gives, as problems."""
    return [Problem(Location(venue), "MC012", one.fact, one.flag) for one in result.missing]


def watch_account(once: Callable[[], Outcome], every: int, flags: CheckFlags, pause: Pause = time.sleep) -> int:
    """A line for every pass, the whole screen where the verdict is another; Ctrl-C ends with the last exit code."""
    gc.enable()
    code, before = INTERRUPTED, None
    try:
        while True:
            outcome = once()
            code = outcome_exit(outcome, flags.fail_on).value
            _tell(outcome, before, flags)
            before = outcome
            pause(every)
    except KeyboardInterrupt:
        sys.stdout.flush()
        return code


def _tell(outcome: Outcome, before: Outcome | None, flags: CheckFlags) -> None:
    if flags.format == "jsonl":
        report((outcome,), flags)
        return
    now = verdict(outcome, flags.fail_on.value)
    if before is None or verdict(before, flags.fail_on.value) is not now:
        report((outcome,), flags)
    emit(f"{datetime.now(UTC):%H:%M:%S}Z  {printable(line(now, outcome, before))}\n")
