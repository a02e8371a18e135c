"""Programs that tests start."""

import signal


def heeds_ctrl_c() -> None:
    """A test run in the background ignores Ctrl-C, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
