"""Entry point of the console script: how the program starts and how it ends."""

import gc
import os
import sys
from errno import EBADF
from io import TextIOBase

TYPE_CHECKING = False  # until a command begins as little as can be is imported: Ctrl-C is a traceback there
if TYPE_CHECKING:
    from typing import NoReturn

OK = 0
BROKEN_LIMIT = 1
NOT_CHECKED = 2
DEFECT = 70
INTERRUPTED = 130
LAST_STREAM = 2
EXIT_CODES = (OK, BROKEN_LIMIT, NOT_CHECKED, DEFECT, INTERRUPTED)
"""A contract with scripts."""


def run() -> None:
    """Run the command line: a defect says so and exits 70, a closed pipe ends quietly.

    One short run: what the garbage collector would find is less than the collecting costs, so it is off from the first
    large import on (commands that may run long enable it), and nothing is torn down at the end.
    """
    gc.disable()
    _open_streams()
    _leave(_exit_code())


def _open_streams() -> None:
    """Put something in the place of closed streams, so that no file that is opened takes their number."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= LAST_STREAM:
        pass
    os.close(descriptor)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - as long as the process lives
    if sys.stdout is None:
        sys.stdout = Closed()


class Closed(TextIOBase):
    """Standard output of a process that was given none."""

    def write(self, text: str) -> int:  # noqa: ARG002
        """Raises OSError."""
        raise OSError(EBADF, "it is closed")


def _exit_code() -> int:
    try:
        from marginctl.cli.app import app

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


def _leave(code: int) -> "NoReturn":
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
