"""`check --live --watch`: a line for every pass, the screen where the verdict is another, Ctrl-C at any time."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from tests.cli.running import BROKEN, CLEAN, PATIENCE, SOURCE, TODAY, WARNED
from tests.venues.live.accounts import TABLES
from tests.venues.live.venue_server import ENVIRONMENT, serving

from marginctl.analysis.check import Settings, check
from marginctl.cli.check import CheckFlags
from marginctl.cli.live_check import watch_account
from marginctl.document.scalars import today
from marginctl.findings import Location, Problem
from marginctl.results import Outcome

GONE = Outcome(file="bybit", problems=(Problem(Location("bybit"), "MC028", "bybit x: the venue was not reached"),))
TIME = re.compile(r"^\d\d:\d\d:\d\dZ  ", re.MULTILINE)


def outcome(text: str) -> Outcome:
    return check(text.encode(), "bybit", Settings(today=today()))


def watched(*passes: Outcome, **flags: Any) -> tuple[int, list[int]]:
    """The exit code of passes that Ctrl-C ends in the pause after the last, and the pauses."""
    left: Iterator[Outcome] = iter(passes)
    waits: list[int] = []

    def pause(seconds: int) -> None:
        waits.append(seconds)
        if len(waits) == len(passes):
            raise KeyboardInterrupt

    return watch_account(lambda: next(left), 30, CheckFlags.read(live="bybit", today=TODAY, **flags), pause), waits


def lines(text: str) -> list[str]:
    """The lines of the passes."""
    return [line[11:] for line in text.splitlines() if TIME.match(line)]


def test_a_line_for_each_pass_and_the_screen_once(capsys: pytest.CaptureFixture[str]) -> None:
    more = CLEAN.replace("quantity: 0.1,", "quantity: 0.2,")
    code, waits = watched(outcome(CLEAN), outcome(CLEAN), outcome(more))
    text = capsys.readouterr().out
    assert (code, waits) == (0, [30, 30, 30])
    # 10000 + 0.1 (61000 - 60000) = 10100; gone when 10100 - 0.1 d = 0.005 (6000 + 0.1 d), at d = 100199 a coin: 166.99%
    assert [line.split("  ")[0] for line in lines(text)] == ["PASS", "PASS", "PASS"]
    assert [line.split("  ")[2:] for line in lines(text)] == [
        ["equity 10100.00", "first pass"],
        ["equity 10100.00", "no change"],
        ["equity 10200.00", "BTCUSDT short 0.1 -> 0.2"],
    ]
    assert lines(text)[0].split("  ")[1] == "distance 166.99%"
    assert text.count("PASS  bybit") == 1


def test_the_screen_comes_again_with_another_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = watched(outcome(CLEAN), outcome(WARNED), outcome(WARNED), outcome(BROKEN))
    text = capsys.readouterr().out
    assert code == 1
    assert [line.split("  ")[0] for line in lines(text)] == ["PASS", "WARN", "WARN", "FAIL"]
    assert [line.split("  ")[-1] for line in lines(text)] == ["first pass", "+MC107", "no change", "no change"]
    assert re.findall(r"^(PASS|WARN|FAIL)  bybit", text, re.MULTILINE) == ["PASS", "WARN", "FAIL"]


def test_a_pass_that_fails_does_not_end_it_and_the_last_one_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert watched(outcome(CLEAN), GONE, outcome(CLEAN))[0] == 0
    assert watched(outcome(CLEAN), GONE)[0] == 2
    assert "ERROR  bybit x: the venue was not reached" in lines(capsys.readouterr().out)


def test_scripts_read_a_document_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    watched(outcome(CLEAN), outcome(BROKEN), format="jsonl")
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["file"] for one in documents] == ["bybit", "bybit"]


HEEDS_CTRL_C = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from marginctl.cli.entry import run
run()
"""
"""A test run in the background ignores Ctrl-C, and so would its children."""


def test_ctrl_c_ends_a_process_cleanly_with_the_code_of_the_last_pass() -> None:
    with serving(TABLES["dydx"]) as server:
        words = ("check", "--live", "dydx", "--watch", "1s", "--retries", "0", "--today", TODAY)
        environment = {**os.environ, **ENVIRONMENT, "MARGINCTL_LIVE_URL": server.address, "PYTHONPATH": str(SOURCE)}
        started = subprocess.Popen(
            [sys.executable, "-c", HEEDS_CTRL_C, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert started.stdout is not None
        told: list[str] = []
        while sum(TIME.match(line) is not None for line in told) < 2:
            told.append(started.stdout.readline())
        started.send_signal(signal.SIGINT)
        _, errors = started.communicate(timeout=PATIENCE)
        secrets = server.hidden()
    text = "".join(told)
    assert [line.split("  ")[-1] for line in lines(text)] == ["first pass", "no change"]
    assert started.returncode == {"PASS": 0, "WARN": 0, "FAIL": 1}[lines(text)[-1].split("  ")[0]]
    assert "Traceback" not in errors
    assert [one for one in secrets if one in text + errors] == []


def test_stopped_before_anything_was_checked() -> None:
    def interrupted() -> Outcome:
        raise KeyboardInterrupt

    assert watch_account(interrupted, 30, CheckFlags.read(live="bybit")) == 130
