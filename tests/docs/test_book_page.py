"""The page on books: its screens are what the commands print, its header is one, its functions exist."""

import re
from pathlib import Path

import pytest
from tests.cli.running import TODAY, run

import marginctl.books

PAGE = (Path(__file__).parents[2] / "docs" / "book.md").read_text(encoding="utf-8")
OMITTED = "[...]\n"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)


def test_the_screens_are_what_the_commands_print(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (screen,) = blocks("console")
    for told in screen.split("$ marginctl ")[1:]:
        command, _, shown = told.partition("\n")
        dated = [] if command.startswith("book sample") else ["--today", TODAY, "--width", "100"]
        ran = run(*command.split(), *dated)
        at = 0
        for piece in shown.split(OMITTED):
            at = ran.out.index(piece, at) + len(piece)


def test_the_header_is_one(tmp_path: Path) -> None:
    (text,) = (block for block in blocks("yaml") if "marginctl.book/1" in block)
    assert marginctl.books.table(text)


def test_functions_for_other_engines_are_there() -> None:
    (code,) = blocks("python")
    for name in re.findall(r"marginctl\.books\.([A-Za-z_]+)", code):
        assert getattr(marginctl.books, name)
