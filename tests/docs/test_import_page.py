"""The page on imports, and the second example of the README: screens are what the commands print."""

import re
import shutil
from pathlib import Path

import pytest
from tests.cli.running import TODAY, check, run

from .walk import again

ROOT = Path(__file__).parents[2]
WIDTHS = {"docs/import.md": "130", "README.md": "90"}


def screen(page: str) -> tuple[list[list[str]], str]:
    """The words of the commands in the line that a page shows, as a shell reads them, and what they print."""
    text = (ROOT / page).read_text(encoding="utf-8")
    shown = re.findall(r"^```console\n\$ (marginctl import [^\n]*)\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    ((line, output),) = shown
    return [command.split()[1:] for command in line.split("; ")], output


def expanded(words: list[str]) -> list[str]:
    """The words with patterns of files as the files."""
    return [name for word in words for name in (sorted(map(str, Path().glob(word))) if "*" in word else [word])]


@pytest.fixture(autouse=True)
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh copy of what the examples read."""
    shutil.copytree(ROOT / "portfolios", tmp_path / "portfolios")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("page", WIDTHS)
def test_a_screen_is_what_the_line_prints(page: str) -> None:
    commands, shown = screen(page)
    flags = ("--today", TODAY, "--width", WIDTHS[page], "--color", "never")
    printed = "".join(run(*expanded(words), *flags).out for words in commands)
    assert again(shown, printed) == shown


def test_the_example_is_imported_reconciled_and_checked() -> None:
    (importing, checking), _ = screen("README.md")
    assert run(*expanded(importing), "--today", TODAY).code == 1  # two figures are beyond
    found = check(*checking[1:], "--format", "json").json()
    assert found["errors"] == []
    assert [one["status"] for one in found["reports"][0]["expectations"]].count("pass") == 8


def test_the_recorded_answers_are_those_of_the_tests() -> None:
    recorded = ROOT / "tests/venues/answers/recorded/bybit"
    for name in ("wallet", "position"):
        assert (ROOT / f"portfolios/answers/sol-{name}.answer").read_bytes() == (
            recorded / f"1-sol-cross.{name}.json"
        ).read_bytes()
