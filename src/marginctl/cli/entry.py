"""Entry point of the console script."""

import gc


def run() -> None:
    """Run the command line without collecting garbage from the first import on.

    One short run: what would be collected is less than the collecting costs. Commands that may run long enable it.
    """
    gc.disable()
    from marginctl.cli.main import run as run_commands

    run_commands()
