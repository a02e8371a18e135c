"""Programs that tests start."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def heeds_ctrl_c() -> None:
    """A test run in the background ignores Ctrl-C, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """Nothing can be written into the folder: by the super-user neither, to whom no rights apply.

    Who that becomes must be able to read the program, which nobody can in a folder of the super-user's own.
    """
    user = os.geteuid()
    if user == 0 and not all(above.stat().st_mode & 0o001 for above in Path(__file__).parents):
        pytest.skip("the program lies where only the super-user can read it")
    folder.chmod(0o555)
    for above in list(folder.parents)[:2]:
        above.chmod(0o755)
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(0o755)
