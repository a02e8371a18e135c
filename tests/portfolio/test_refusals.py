"""Every refusal has a file that provokes it and the exact text that a user reads: ``refusals/NAME.yaml``, ``NAME.txt``.

What a message must have is held for all of them; what it says is what a person has read in the golden file.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from marginctl.cli.app import app

FOLDER = Path(__file__).parent / "refusals"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
TODAY = "2026-11-22"


def screen(name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What ``check`` prints about a file that it refuses; of the screen of one with a report, its problems alone."""
    monkeypatch.chdir(FOLDER)
    result = CliRunner().invoke(app, ["check", f"{name}.yaml", "--today", TODAY, "--width", "100", "--color", "never"])
    assert (result.exit_code, result.stderr) == (2, "")
    before, account, _ = result.stdout.partition("\nAccount, ")
    return before[before.index(f"\n{name}.yaml:") + 1 :].partition("\nFindings\n")[0] if account else result.stdout


@pytest.mark.parametrize("name", NAMES)
def test_a_refusal_reads_as_expected(
    name: str, monkeypatch: pytest.MonkeyPatch, golden_file: Callable[[Path, str], None]
) -> None:
    golden_file(FOLDER / f"{name}.txt", screen(name, monkeypatch))


@pytest.mark.parametrize("name", NAMES)
def test_a_refusal_says_where_and_what_to_write_instead(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = screen(name, monkeypatch)
    heads = [line for line in text.splitlines() if line.startswith(f"{name}.yaml:")]
    helps = [line for line in text.splitlines() if line.startswith("  help: ")]
    assert heads
    assert len(helps) == len(heads)
    assert text.splitlines()[-1].startswith(("ERROR  ", "  help: "))


def test_every_text_has_its_file() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(NAMES)
