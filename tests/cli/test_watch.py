"""`--watch`: again after every save, until Ctrl-C."""

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.processes import heeds_ctrl_c
from tests.cli.running import BROKEN, CLEAN, PATIENCE, SOURCE, TODAY, check

from marginctl.cli import watch as watching
from marginctl.cli.watch import stamps, watch


def test_it_checks_again_when_a_file_changes_and_ends_with_the_last_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = tmp_path / "a.yaml"
    book.write_text("one")
    codes = iter([1, 0])
    looks = 0

    def files() -> list[Path]:
        nonlocal looks
        looks += 1
        if looks == 4:
            book.write_text("two, and longer")
        if looks == 12:
            raise KeyboardInterrupt
        return [book]

    monkeypatch.setattr(watching, "POLL", 0.0)
    assert watch(lambda: next(codes), files) == 0
    assert next(codes, None) is None


def test_stopped_before_anything_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    assert watch(interrupted, list) == 130


def test_a_file_that_is_gone_is_a_change_and_no_error(tmp_path: Path) -> None:
    book = tmp_path / "a.yaml"
    book.write_text("x")
    before = stamps([book])
    book.unlink()
    assert (len(before), stamps([book])) == (1, {})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-", "--watch"], "--watch cannot watch standard input"),
        (["a.yaml", "--watch", "--write-baseline", "b.json"], "--watch and --write-baseline do not go together"),
    ],
)
def test_what_cannot_be_watched(arguments: list[str], said: str) -> None:
    ran = check(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.errors


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A watching process at a terminal, and our end of that."""
    (tmp_path / "a.yaml").write_text(CLEAN)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "marginctl", "check", "a.yaml", "--watch", "--quiet", "--today", TODAY],
        cwd=tmp_path,
        env={"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"], "TERM": "xterm", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=heeds_ctrl_c,  # noqa: PLW1509 - no threads here
    )
    os.close(theirs)
    yield process, ours
    process.kill()
    process.wait()
    os.close(ours)


def read_until(terminal: int, word: str) -> str:
    """What appears at the terminal up to a word."""
    text = ""
    while word not in text and select.select([terminal], [], [], PATIENCE)[0]:
        text += os.read(terminal, 65536).decode()
    assert word in text
    return text


@pytest.mark.skipif(sys.platform == "win32", reason="no such terminals there")
def test_at_a_terminal(running: tuple[subprocess.Popen[bytes], int], tmp_path: Path) -> None:
    process, terminal = running
    first = read_until(terminal, "watching 1 file, Ctrl-C ends")
    assert first.startswith("\x1b[H\x1b[2J")
    (tmp_path / "a.yaml").write_text(BROKEN)
    second = read_until(terminal, "watching 1 file, Ctrl-C ends")
    assert "\x1b[H\x1b[2J" in second
    assert "FAIL  a: 1 error" in second
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=PATIENCE) == 1
