"""``python -m marginctl``."""

from marginctl.cli.main import run

run()
