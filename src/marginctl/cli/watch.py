"""``check --watch``: again whenever a file is saved, until Ctrl-C."""

import gc
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from marginctl.cli.entry import INTERRUPTED

POLL = 0.3
"""Seconds between two looks at the files."""
CLEAR = "\x1b[H\x1b[2J"

Stamps = dict[Path, tuple[int, int]]


def watch(check: Callable[[], int], files: Callable[[], Iterable[Path]]) -> int:
    """Check now and after every change of a file; Ctrl-C ends with the exit code of the last check."""
    gc.enable()
    code = INTERRUPTED
    try:
        while True:
            _clear()
            before = stamps(files())
            code = check()
            _say(len(before))
            _wait_for_change(before, files)
    except KeyboardInterrupt:
        return code


def stamps(files: Iterable[Path]) -> Stamps:
    """When each file was changed last (nanoseconds) and its size (bytes); one that is not there has none."""
    found: Stamps = {}
    for path in files:
        try:
            state = path.stat()
        except OSError:
            continue
        found[path] = (state.st_mtime_ns, state.st_size)
    return found


def _wait_for_change(before: Stamps, files: Callable[[], Iterable[Path]]) -> None:
    """Until the files differ and then stand still: an editor may write a file in several steps."""
    while (now := stamps(files())) == before:
        time.sleep(POLL)
    while True:
        time.sleep(POLL / 3)
        later = stamps(files())
        if later == now:
            return
        now = later


def _clear() -> None:
    """A clean screen at a terminal that can; elsewhere runs follow one another."""
    if sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        sys.stdout.write(CLEAR)
        sys.stdout.flush()


def _say(files: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"watching {files} {'file' if files == 1 else 'files'}, Ctrl-C ends\n")
        sys.stderr.flush()
