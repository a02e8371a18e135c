"""The page on imports, and the second example of the README: screens are what the commands print."""

import re
from pathlib import Path

import pytest
from tests.cli.running import TODAY, check, run

ROOT = Path(__file__).parents[2]
OMITTED = "[...]\n"
WIDTHS = {"docs/import.md": "130", "README.md": "90"}


def screen(page: str) -> tuple[list[str], str]:
    """The words of the import that a page shows, and what it prints."""
    text = (ROOT / page).read_text(encoding="utf-8")
    shown = re.findall(r"^```console\n\$ marginctl (import [^\n]*)\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    ((command, output),) = shown
    return command.split(), output


@pytest.mark.parametrize("page", WIDTHS)
def test_a_screen_is_what_the_command_prints(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    words, shown = screen(page)
    ran = run(*words, "--today", TODAY, "--width", WIDTHS[page], "--color", "never")
    at = 0
    for piece in shown.split(OMITTED):
        at = ran.out.index(piece, at) + len(piece)


def test_the_example_is_imported_and_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    words, _ = screen("README.md")
    ran = run(*words[: words.index("--reconcile")], "--today", TODAY)
    assert ran.code == 0
    found = check("-", "--format", "json", stdin=ran.out.encode()).json()
    assert found["errors"] == []
    assert [one["status"] for one in found["reports"][0]["expectations"]].count("pass") == 8


def test_the_recorded_answers_are_those_of_the_tests() -> None:
    recorded = ROOT / "tests/venues/answers/recorded/bybit"
    for name in ("wallet", "position"):
        assert (ROOT / f"portfolios/answers/sol-{name}.answer").read_bytes() == (
            recorded / f"1-sol-cross.{name}.json"
        ).read_bytes()
