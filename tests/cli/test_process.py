"""The process: its streams, its arguments, how it ends, and the document it writes when it does not begin."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.processes import heeds_ctrl_c
from tests.cli.running import CLEAN, PATIENCE, SOURCE, TODAY, process, run

from marginctl.cli.app import asked

MARGINCTL = f"{sys.executable} -m marginctl"


def shell(command: str, folder: Path, **more: str) -> subprocess.CompletedProcess[bytes]:
    """A line of a shell; ``marginctl`` is ours."""
    return subprocess.run(
        ["sh", "-c", command.replace("marginctl", MARGINCTL)],
        capture_output=True,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE)} | more,
        timeout=PATIENCE,
        check=False,
    )


class TestClosedStreams:
    CANNOT = b"marginctl: the output cannot be written: it is closed\n"

    @pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
    def test_without_standard_output_nothing_can_be_said(self, form: str, folder: Path) -> None:
        ended = shell(f"marginctl check clean.yaml --format {form} >&-", folder)
        assert (ended.returncode, ended.stderr) == (2, self.CANNOT)

    def test_without_standard_error_the_code_is_what_it_was(self, folder: Path) -> None:
        assert shell("marginctl check nofile.yaml 2>&-", folder).returncode == 2
        assert shell("marginctl check broken.yaml 2>&-", folder).returncode == 1
        assert shell("marginctl check broken.yaml --nosuch 2>&-", folder).returncode == 2

    @pytest.mark.parametrize("command", ["check -", "import -", "explain -", "venue refresh okx --from -"])
    def test_a_closed_standard_input_cannot_be_read(self, command: str, folder: Path) -> None:
        ended = shell(f"marginctl {command} <&-", folder)
        assert ended.returncode == 2
        assert b"cannot be read: standard input is closed" in ended.stdout + ended.stderr

    def test_no_file_takes_the_number_of_a_closed_stream(self, folder: Path) -> None:
        ended = shell("marginctl check broken.yaml -o json=out.json <&- >&- 2>&-", folder)
        assert ended.returncode == 2
        assert json.loads((folder / "out.json").read_text())["summary"]["exit_code"] == 1

    def test_a_pipe_that_nobody_reads_is_no_broken_limit(self, folder: Path) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        ended = process("check", "clean.yaml", folder=folder, stdout=writer)
        os.close(writer)
        assert (ended.returncode, ended.stderr) == (2, b"")


@pytest.mark.parametrize("columns", ["9" * 5000, "0", "-1", "x", "²", "100000"])
def test_columns_that_are_no_width_are_none(columns: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from marginctl.cli.terminal import _columns

    monkeypatch.setenv("COLUMNS", columns)
    with (folder / "clean.yaml").open() as no_terminal:
        assert _columns(no_terminal) == 80


CHANGES = ["--open", "--close", "--resize", "--deposit", "--withdraw", "--price", "--mode", "--set"]


@pytest.mark.parametrize("flag", CHANGES)
@pytest.mark.parametrize("text", ["{}=1", "{} long 1 x5", "{}", "{}=isolated"])
def test_an_argument_that_is_no_utf_8_is_refused(flag: str, text: str, folder: Path) -> None:
    ran = run("what-if", "clean.yaml", flag, text.format("\udcff"))
    assert ran.code == 2
    assert "\\udcff" in ran.errors + ran.out


def test_a_character_that_turns_a_line_around_is_not_shown_as_it_is(folder: Path) -> None:
    ran = run("what-if", "clean.yaml", "--withdraw", "\u202e=10", "--format", "json")
    assert ran.code == 2
    assert "\u202e" not in ran.errors + ran.out


BEGUN = """
from marginctl.cli import check, entry
find = check.inputs
check.inputs = lambda *given: print(flush=True) or find(*given)
entry.run()
"""
"""Writes an empty line when the command has begun."""


@pytest.mark.skipif(sys.platform == "win32", reason="no process groups there")
@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "books", "--format", "jsonl", "-j", "2"],
        ["check", "books", "--format", "json", "-j", "2"],
        ["check", "-"],
    ],
    ids=["lines of two workers", "one document of two workers", "waiting for a file"],
)
def test_ctrl_c_ends_a_command(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    for number in range(200):
        (tmp_path / "books" / f"{number:03}.yaml").write_text(CLEAN)
    with subprocess.Popen(
        [sys.executable, "-c", BEGUN, *arguments, "--today", TODAY],
        cwd=tmp_path,
        env={"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=heeds_ctrl_c,  # noqa: PLW1509 - no threads here
    ) as running:
        assert running.stdout is not None
        running.stdout.readline()
        if "jsonl" in arguments:
            running.stdout.readline()
        os.killpg(running.pid, signal.SIGINT)
        try:
            _, errors = running.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            raise
    assert (running.returncode, errors) == (130, b"")


REFUSED = {
    "venue": "venue nosuch",
    "a contract": "venue okx --symbol nosuch",
    "a table": "venue okx --table nosuch",
    "refresh": "venue refresh okx --from nosuch",
    "refresh of nothing": "venue refresh nosuch --from clean.yaml",
    "rule": "rule nosuch",
    "venues": "venues --rules nosuch",
    "check": "check clean.yaml --today x",
    "check -o": "check clean.yaml -o x",
    "stress": "stress clean.yaml --shock x",
    "stress of nothing": "stress",
    "what-if": "what-if clean.yaml --deposit USDT",
    "headroom": "headroom clean.yaml --shock x",
    "explain": "explain clean.yaml --shock x",
    "compare": "compare clean.yaml nofile",
    "import": "import bybit",
    "a flag that is none": "check clean.yaml --nosuch",
    "a number that is none": "rules --width x",
    "an argument that is missing": "check",
    "a command that is none": "chekc clean.yaml",
    "a flag before every command": "-0 clean.yaml",
}


@pytest.mark.parametrize("command", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("flag", [["--format", "json"], ["--format=json"], ["-f", "json"]], ids=lambda it: it[0])
def test_a_refusal_is_a_document(command: str, flag: list[str], folder: Path) -> None:
    ran = run(*command.split(), *flag)
    document = ran.json()
    assert (ran.code, list(document)) == (2, ["schema", "version", "errors", "summary"])
    assert (document["schema"], document["summary"]) == ("marginctl.refusal/1", {"exit_code": 2})
    for one in document["errors"]:
        assert one["message"].splitlines()[0][:40] in ran.errors


def test_a_refusal_on_a_screen_is_said_once(folder: Path) -> None:
    ran = run("check", "clean.yaml", "--today", "x")
    assert (ran.out, ran.errors.splitlines()[0]) == ("", "marginctl: --today `x` is no date")


def test_as_a_line_it_is_one(folder: Path) -> None:
    ran = run("check", "clean.yaml", "--today", "x", "--format", "jsonl")
    assert [json.loads(line)["schema"] for line in ran.out.splitlines()] == ["marginctl.refusal/1"]


@pytest.mark.parametrize(
    ("words", "form"),
    [
        (["check", "a", "--format", "json"], "json"),
        (["-fjsonl"], "jsonl"),
        (["--format=json", "-f", "table"], ""),
        (["--format"], ""),
        (["json"], ""),
        (["import", "--", "--format", "json"], ""),
    ],
)
def test_the_document_that_is_asked_for_is_that_of_the_last_flag(words: list[str], form: str) -> None:
    assert asked(words) == form
