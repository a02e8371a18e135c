"""Many files: in order, on several processors where it pays, with a progress bar for whoever waits at a terminal."""

import gc
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from marginctl.cli.inputs import Input
from marginctl.core.exact import exactly
from marginctl.document.files import note, noting

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

    from marginctl.document.files import Identity

Result = TypeVar("Result")
Work = Callable[[Input], Result]
Answer = tuple[list[Result], "set[Identity]"]
"""What a worker made of a chunk, and the files that it read."""

FILES_PER_WORKER = 100
"""Fewer files than twice this are done before a second process has started."""
CHUNK = 16
AHEAD = 4
"""Chunks per worker that may be under way: what waits for its turn stays a few results, however many there are."""
PATIENCE = 1.0
"""Seconds without an answer after which the bar appears."""


def in_order(found: Sequence[Input], work: "Work[Result]", jobs: int = 0) -> "Iterator[Result]":
    """``work`` of every file, in the order of the files, whichever process did it; ``jobs`` 0 = as many as pay."""
    _collect_garbage(len(found))
    workers = workers_for(len(found), jobs)
    if workers < 2 or any(one.path is None for one in found):
        return map(work, found)
    return _shared(found, work, workers)


def workers_for(files: int, jobs: int = 0) -> int:
    """Processes to use: what was asked for, else one per processor, as long as each has enough files to be worth it."""
    return min(jobs, files) if jobs else min(processors(), files // FILES_PER_WORKER)


def processors() -> int:
    """Processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _collect_garbage(files: int) -> None:
    """The collector is off for one short run; a long one needs it, without another look at what the imports left."""
    if files >= FILES_PER_WORKER:
        gc.freeze()
        gc.enable()


def _shared(found: Sequence[Input], work: "Work[Result]", workers: int) -> "Iterator[Result]":
    from concurrent.futures import ProcessPoolExecutor

    try:
        pool = ProcessPoolExecutor(workers, initializer=_begin_worker)
    except (OSError, NotImplementedError, ImportError):  # no semaphores here: one process does it all
        yield from map(work, found)
        return
    try:
        waiting: deque[tuple[Sequence[Input], Future[Answer[Result]] | None]] = deque()
        for start in range(0, len(found), CHUNK):
            chunk = found[start : start + CHUNK]
            waiting.append((chunk, _submitted(pool, work, chunk)))
            if len(waiting) > workers * AHEAD:
                yield from _results(work, *waiting.popleft())
        while waiting:
            yield from _results(work, *waiting.popleft())
    except BaseException:
        _abandon(pool)
        raise
    pool.shutdown()


def _abandon(pool: "ProcessPoolExecutor") -> None:
    """End the workers, and wait for none: one that died within an answer would be waited for without end."""
    workers = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for one in workers:
        one.kill()


def _submitted(
    pool: "ProcessPoolExecutor", work: "Work[Result]", chunk: Sequence[Input]
) -> "Future[Answer[Result]] | None":
    """The chunk on its way to a worker; None where no worker is left."""
    from concurrent.futures import BrokenExecutor

    try:
        return pool.submit(_all, work, chunk)
    except BrokenExecutor:
        return None


def _results(
    work: "Work[Result]", chunk: Sequence[Input], future: "Future[Answer[Result]] | None"
) -> "Iterable[Result]":
    """What a worker made of a chunk. Where it failed or died, this process does it: a defect then shows its place."""
    if future is not None and future.exception() is None:
        results, seen = future.result()
        note(seen)
        return results
    return map(work, chunk)


def _all(work: "Work[Result]", chunk: Sequence[Input]) -> "Answer[Result]":
    with exactly(), noting() as seen:
        return [work(one) for one in chunk], seen


def _begin_worker() -> None:
    """A worker ends at once with Ctrl-C, without a traceback, and never outlives the process that it works for."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def with_progress(results: "Iterable[Result]", total: int, *, wanted: bool) -> "Iterator[Result]":
    """The results as they come; a bar on standard error once a second has passed, gone when all are there."""
    if not wanted or total < 2 or not sys.stderr.isatty():
        yield from results
        return
    started = monotonic()
    bar: _Bar | None = None
    try:
        for done, result in enumerate(results, 1):
            if bar is None and done < total and monotonic() - started > PATIENCE:
                bar = _Bar(total)
            if bar is not None:
                bar.show(done)
            yield result
    finally:
        if bar is not None:
            bar.end()


class _Bar:
    """A progress bar without a thread of its own: it is drawn when there is something new, ten times a second."""

    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("checking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        console = Console(stderr=True, no_color=bool(os.environ.get("NO_COLOR")))
        self.progress = Progress(
            *columns,
            console=console,
            transient=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self.task = self.progress.add_task("", total=total)
        self.drawn = 0.0
        self.progress.start()

    def show(self, done: int) -> None:
        """Note how many are done; draw it now and then."""
        now = monotonic()
        self.progress.update(self.task, completed=done)
        if now - self.drawn > 0.1:
            self.drawn = now
            self.progress.refresh()

    def end(self) -> None:
        """Take the bar off the screen."""
        self.progress.stop()
