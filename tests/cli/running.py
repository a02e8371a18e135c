"""The program as a user runs it: in this process, or as one of its own where the process itself is the matter."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import Struct
from typer.testing import CliRunner

from marginctl.cli.app import app

SOURCE = Path(__file__).parents[2] / "src"
TODAY = "2026-11-22"
PATIENCE = 600
"""Seconds after which a process hangs. Only then does anything depend on a clock: no test asks how long it takes."""

CLEAN = """\
prices: {BTC: 60000}
collateral: [{asset: USDT, amount: 10000}]
positions:
  - {symbol: BTCUSDT, side: short, quantity: 0.1, entry_price: 61000, leverage: 10, maintenance_rate: 0.5%,
     funding_rate: 0.01%}
limits: {max_concentration: off}
"""
"""Passes every limit without a warning."""
WARNED = CLEAN.replace("max_concentration: off", "max_concentration: {warn: 60%}")
BROKEN = CLEAN.replace("max_concentration: off", "max_concentration: 60%")
REFUSED = CLEAN.replace("leverage", "levarage")


class Ran(Struct, frozen=True):
    """How a run ended: its code, and what it wrote."""

    code: int
    out: str
    errors: str

    def json(self) -> dict[str, Any]:
        """Standard output as one JSON document, its numbers as exact decimals."""
        return dict(json.loads(self.out, parse_float=Decimal, parse_int=Decimal))


def run(*arguments: str, stdin: bytes = b"", env: dict[str, str | None] | None = None) -> Ran:
    """The command line in this process; a defect raises."""
    result = CliRunner(env=env).invoke(app, list(arguments), input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout_bytes.decode(), result.stderr_bytes.decode())


def check(*arguments: str, stdin: bytes = b"", env: dict[str, str | None] | None = None) -> Ran:
    """``check`` with a pinned date."""
    return run("check", "--today", TODAY, *arguments, stdin=stdin, env=env)


def process(
    *arguments: str,
    folder: Path | None = None,
    stdin: bytes = b"",
    env: dict[str, str] | None = None,
    options: Any = (),
    stdout: Any = subprocess.PIPE,
) -> subprocess.CompletedProcess[bytes]:
    """``python -m marginctl`` as a process of its own."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "SYSTEMROOT", "HOME"}}
    return subprocess.run(
        [sys.executable, *options, "-m", "marginctl", *arguments],
        input=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=kept | {"PYTHONPATH": str(SOURCE), "PYTHONUTF8": "0", "LC_ALL": "C.UTF-8"} | (env or {}),
        timeout=PATIENCE,
        check=False,
    )
