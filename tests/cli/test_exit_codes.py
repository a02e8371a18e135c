"""Every row of the table of exit codes, and which one outranks which."""

import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import CLEAN, check, process, run

from marginctl.cli import entry
from marginctl.cli.entry import DEFECT


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["clean.yaml"], 0),
        (["warned.yaml"], 0),
        (["broken.yaml"], 1),
        (["refused.yaml"], 2),
        (["clean.yaml", "warned.yaml"], 0),
        (["clean.yaml", "broken.yaml", "warned.yaml"], 1),
        (["broken.yaml", "refused.yaml"], 2),
        (["clean.yaml", "refused.yaml", "clean.yaml"], 2),
        (["clean.yaml", "nowhere.yaml"], 2),
        (["--fail-on", "error", "warned.yaml"], 0),
        (["--fail-on", "warning", "warned.yaml"], 1),
        (["--fail-on", "warning", "clean.yaml"], 0),
        (["--fail-on", "never", "broken.yaml"], 0),
        (["--fail-on", "never", "broken.yaml", "refused.yaml"], 2),
        (["--ignore", "MC107", "broken.yaml"], 0),
        (["--select", "MC101", "broken.yaml"], 0),
        (["--select", "mc107, mc101", "broken.yaml"], 1),
    ],
)
def test_what_a_run_of_files_ends_with(arguments: list[str], code: int, folder: Path) -> None:
    assert check(*arguments).code == code


@pytest.mark.parametrize(
    "arguments",
    [
        ["--format", "xml", "clean.yaml"],
        ["--fail-on", "sometimes", "clean.yaml"],
        ["--color", "red", "clean.yaml"],
        ["--today", "yesterday", "clean.yaml"],
        ["--today", "2026-02-30", "clean.yaml"],
        ["--shock", "BTC", "clean.yaml"],
        ["--shock", "=5%", "clean.yaml"],
        ["--shock", "BTC=5", "clean.yaml"],
        ["--shock", "BTC=-101%", "clean.yaml"],
        ["--shock", "BTC=1e-1", "clean.yaml"],
        ["--shock", "DOGE=-5%", "clean.yaml"],
        ["--set", "account.venue", "clean.yaml"],
        ["--set", "=x", "clean.yaml"],
        ["--set", "positions.1.leverage=5", "clean.yaml"],
        ["--select", "MC999", "clean.yaml"],
        ["--ignore", "utilization", "clean.yaml"],
        ["--output", "json", "clean.yaml"],
        ["--output", "pdf=x.pdf", "clean.yaml"],
        ["--limits", "nowhere.yaml", "clean.yaml"],
        ["--limits", "clean.yaml", "clean.yaml"],
        ["--width", "wide", "clean.yaml"],
        ["--width", "79", "clean.yaml"],
        ["--no-such-flag", "clean.yaml"],
        [],
        ["nowhere.yaml"],
        ["*.toml"],
        ["--set", "account.venue=nowhere", "clean.yaml"],
        ["--set", "positions.0.symbol=DOGEUSDT", "clean.yaml"],
        ["--set", "limits.min_funding_runway=30d", "--set", "positions.0.funding_rate=~", "clean.yaml"],
        ["--set", "limits.survive=crash", "clean.yaml"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_checked_ends_with_2_and_never_looks_clean(arguments: list[str], folder: Path) -> None:
    ran = check(*arguments)
    assert ran.code == 2
    assert "PASS" not in ran.out
    assert ran.out + ran.errors


def test_an_output_that_cannot_be_written_ends_with_2_although_the_file_was_checked(folder: Path) -> None:
    ran = check("--output", "json=nowhere/x.json", "clean.yaml")
    assert (ran.code, ran.errors) == (2, "marginctl: `nowhere/x.json` cannot be written: No such file or directory\n")


def test_a_command_that_does_not_exist_ends_with_2() -> None:
    assert run("chekc").code == 2


@pytest.mark.parametrize(("fail_on", "code"), [("error", 1), ("warning", 1), ("never", 0)])
def test_an_account_that_is_liquidatable_fails_whatever_is_ignored(fail_on: str, code: int, folder: Path) -> None:
    (folder / "gone.yaml").write_text(CLEAN.replace("amount: 10000", "amount: 10").replace("61000", "58000"))
    ran = check("gone.yaml", "--ignore", "MC100", "--fail-on", fail_on)
    assert ran.code == code
    assert "FAIL  MC100" in ran.out
    assert "ignoring MC100 has no effect" in ran.out


class TestDefects:
    """70: marginctl itself is wrong; it says so, asks for a report, and shows nothing of the file."""

    @pytest.fixture
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def defective(data: bytes, name: str, settings: Any) -> None:
            secret = data.decode()
            raise ZeroDivisionError(secret)

        monkeypatch.setattr("marginctl.cli.check.check", defective)
        monkeypatch.setattr(sys, "argv", ["marginctl", "check", "clean.yaml"])

    @pytest.mark.usefixtures("broken")
    def test_end_with_70_and_a_place(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert entry._exit_code() == DEFECT == 70
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "defect of marginctl itself" in shown.err
        assert f"ZeroDivisionError at {__name__}:" in shown.err
        assert "report" in shown.err

    @pytest.mark.usefixtures("broken")
    def test_show_no_traceback_and_nothing_of_the_file(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        entry._exit_code()
        shown = capsys.readouterr().err
        assert "Traceback" not in shown
        assert "BTCUSDT" not in shown
        assert "secret" not in shown

    def test_reach_the_shell(self, folder: Path) -> None:
        (folder / "sitecustomize.py").write_text(
            "import marginctl.core.assemble as a\n"
            "def report_of(account):\n    raise RuntimeError('10,000 USDT')\n"
            "a.report_of = report_of\n"
        )
        source = str(Path(entry.__file__).parents[2])
        ran = process("check", "clean.yaml", folder=folder, env={"PYTHONPATH": f"{folder}:{source}"})
        assert (ran.returncode, ran.stdout) == (70, b"")
        assert b"RuntimeError at sitecustomize:3" in ran.stderr
        assert b"Traceback" not in ran.stderr
        assert b"10,000 USDT" not in ran.stderr


def test_codes_reach_the_shell(folder: Path) -> None:
    codes = [process("check", f"{name}.yaml", folder=folder).returncode for name in ("clean", "broken", "refused")]
    assert codes == [0, 1, 2]
