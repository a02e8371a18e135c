"""Runs the console script many times from one process, as ``sys.exit(entry())`` with arguments, streams and an end.

Knows nothing of the program but its entry point (``module:function``). A request is a JSON line, a list of runs that
share one fork, so that nothing of them reaches the next request. An answer is a JSON line with an exit code for each.
"""

import gc
import importlib
import io
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from typer import main as commands

SECONDS = 60
"""After so many a run is ended with all that were to follow: nothing may hang."""
CRASHED = -1

Entry = Callable[[], Any]
Run = dict[str, Any]


class Left(BaseException):
    """The program has left without unwinding."""

    def __init__(self, code: int) -> None:
        self.code = code


def main() -> None:
    """Serve requests until standard input ends."""
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    script, (module, _, name) = sys.argv[1], sys.argv[2].partition(":")
    sys.argv = [script]
    commands.get_command = cache(commands.get_command)  # the tree of commands is the same for every run of a fork
    entry: Entry = getattr(importlib.import_module(module), name)
    for line in requests:
        runs = json.loads(line)
        codes, modules = _forked(lambda pipe, runs=runs: _serve(entry, script, runs, pipe))
        _load(modules)
        answers.write(json.dumps([*codes, *[CRASHED] * (len(runs) - len(codes))]) + "\n")
        answers.flush()


def _forked(work: Callable[[io.TextIOBase], None]) -> tuple[list[int], list[str]]:
    """Exit codes as far as a fork of this process came, and the modules it imported in their order."""
    readable, writable = os.pipe()
    child = os.fork()
    if not child:
        os.close(readable)
        leave, own = os._exit, os.getpid()

        def unwind(code: int) -> NoReturn:
            if os.getpid() != own:  # a process that the program has made
                leave(code)
            raise Left(code)

        os._exit = unwind
        with os.fdopen(writable, "w") as pipe:
            work(pipe)
        leave(0)
    os.close(writable)
    with os.fdopen(readable) as pipe:
        told = [json.loads(line) for line in pipe.read().splitlines()]
    os.waitpid(child, 0)
    return [one for one in told if isinstance(one, int)], [one for one in told if isinstance(one, str)]


def _serve(entry: Entry, script: str, runs: list[Run], pipe: io.TextIOBase) -> None:
    for run in runs:
        print(_run(entry, script, run), file=pipe, flush=True)
    pipe.writelines(json.dumps(name) + "\n" for name in sys.modules)


def _load(names: list[str]) -> None:
    """Import, in the same order, what every fork would import again."""
    missing = [name for name in names if name not in sys.modules and not name.endswith("__main__")]
    for name in missing:
        try:
            importlib.import_module(name)
        except Exception:  # a module that only its importer can load
            continue
    if missing:
        gc.collect()
        gc.freeze()


def _run(entry: Entry, script: str, run: Run) -> int:
    """The exit code of one run."""
    signal.alarm(SECONDS)
    os.chdir(run["folder"])
    before = dict(os.environ)
    os.environ.update(run["env"])
    _open_streams(run)
    sys.argv = [str(Path(sys.executable).with_name(script)), *run["arguments"]]
    try:
        code = _code(entry)
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = 120  # as the interpreter does where the last flush fails
    os.environ.clear()
    os.environ.update(before)
    gc.enable()
    return code


def _code(entry: Entry) -> int:
    try:
        code = entry()
    except Left as left:
        return left.code
    except SystemExit as leaving:
        code = leaving.code
    except BaseException:
        traceback.print_exc()
        return 1
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        return 1
    return code or 0


def _open_streams(run: Run) -> None:
    for fd, path, flags in (
        (0, run["stdin"], os.O_RDONLY),
        (1, run["stdout"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, run["stderr"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        opened = os.open(path, flags, 0o644)
        os.dup2(opened, fd)
        os.close(opened)
    sys.stdin = sys.__stdin__ = os.fdopen(0, encoding="utf-8", errors="surrogateescape", closefd=False)
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)


if __name__ == "__main__":
    main()
