"""``python -m marginctl``."""

from marginctl.cli.entry import run

run()
