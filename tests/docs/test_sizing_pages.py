"""The screens and edits on the pages of ``what-if`` and ``headroom`` are what the commands print."""

import re
from pathlib import Path

import pytest
from tests.cli.running import TODAY, run

from .walk import again

ROOT = Path(__file__).parents[2]
WIDTH = {"what-if": "110", "headroom": "100"}


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", list(WIDTH))
def test_a_screen_is_what_the_command_prints(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (screen,) = blocks(page, "console")
    command, _, shown = screen.partition("\n")
    ran = run(*command.split()[2:], "--today", TODAY, "--width", WIDTH[page], "--color", "never")
    assert again(shown, ran.out) == shown


def test_the_edits_are_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (block,) = blocks("what-if", "diff")
    command, *shown = block.splitlines()
    words = command.split()[2:-1]
    old = (ROOT / words[1]).read_text(encoding="utf-8")
    new = tmp_path / "new.yaml"
    assert run(*words, str(new), "--today", TODAY).code == 0
    lines = new.read_text(encoding="utf-8").splitlines()
    assert [line[1:] for line in shown if line[0] == "-"] == [one for one in old.splitlines() if one not in lines]
    assert [line[1:] for line in shown if line[0] == "+"] == [one for one in lines if one not in old.splitlines()]
