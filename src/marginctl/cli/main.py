"""``marginctl``: all commands, and how the program ends."""

import os
import sys
from typing import NoReturn

from marginctl.cli.app import app
from marginctl.cli.exits import DEFECT, INTERRUPTED, NOT_CHECKED, OK

if sys.argv[1:2] != ["check"]:  # the others would take 5% of the time of a small check, which never looks at them
    from marginctl.cli import analyses, lists  # noqa: F401  (they add their commands)

__all__ = ["app", "run"]


def run() -> None:
    """Entry point of the console script: a defect says so and exits 70, a closed pipe ends quietly.

    Leaves without tearing the interpreter down, which would take a fifth of the time of a small check.
    """
    _leave(_exit_code())


def _exit_code() -> int:
    try:
        app()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else OK if leaving.code is None else NOT_CHECKED
    except BrokenPipeError:
        return NOT_CHECKED
    except OSError as error:  # files have been asked for their errors where they were opened: this is a stream's
        sys.stderr.write(f"marginctl: the output cannot be written: {error.strerror or error}\n")
        return NOT_CHECKED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return _defect(error)
    return OK


def _leave(code: int) -> NoReturn:
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        code = code or NOT_CHECKED
    os._exit(code)


def _defect(error: BaseException) -> int:
    """Say that marginctl is wrong, where, and ask for a report; no figures, no locals."""
    place = "unknown place"
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        place = f"{frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
        trace = trace.tb_next
    sys.stderr.write(
        f"marginctl: this is a defect of marginctl itself, not of your file ({type(error).__name__} at {place}).\n"
        "No figure was computed. Please report it with this line and, if you can, the file.\n"
    )
    return DEFECT
