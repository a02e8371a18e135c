"""What is derived from the program is not out of date: reference pages and the man page."""

import re
from pathlib import Path

import pytest
from tests.deep.direct import has_kernel
from typer.main import get_command

from marginctl.cli import entry
from marginctl.cli.app import app
from marginctl.render import FORMATS

from .generate import EXITS, PAGES, ROOT, main, man_page, roff
from .marks import outside_code, table
from .shown import OMITTED, TODAY, commands, hidden, screen

REWRITE = "run `python tests/docs/generate.py` and look at the difference"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_what_the_program_says(path: str) -> None:
    if path == "docs/tutorials/books.md" and not has_kernel():
        pytest.skip("no kernel is built here, which every command of this page says")
    assert (ROOT / path).read_text(encoding="utf-8") == PAGES[path](), REWRITE


def test_checking_writes_nothing_and_says_so_by_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from . import generate

    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "PAGES", {"docs/a.md": lambda: "new\n"})
    assert main(["--check"]) == 1
    assert capsys.readouterr().out == "out of date: docs/a.md\n"
    assert not (tmp_path / "docs").exists()
    assert main([]) == 0
    assert (tmp_path / "docs/a.md").read_text() == "new\n"
    assert main(["--check"]) == 0


def test_every_command_and_flag_has_a_place_in_the_manual() -> None:
    text = man_page()
    group = get_command(app)
    for name, command in commands(group).items():
        assert f".SS marginctl {roff(name)} " in text
        for parameter in command.params:
            for flag in parameter.opts:
                assert not flag.startswith("--") or roff(flag) in text


def test_the_exit_codes_are_all_of_them() -> None:
    assert tuple(EXITS) == entry.EXIT_CODES


def test_the_formats_are_named_in_the_manual() -> None:
    (line,) = (line for line in man_page().splitlines() if line.startswith("table, json, jsonl"))
    assert re.findall(r"[a-z]+", re.split("[.;]", line)[0].replace(" or ", " ")) == list(FORMATS)


@pytest.mark.parametrize(
    ("text", "shown"), [("--set", r"\-\-set"), (".dot", r"\&.dot"), ("a\\b", r"a\eb"), ("plain", "plain")]
)
def test_roff_shows_text_as_it_is(text: str, shown: str) -> None:
    assert roff(text) == shown


def test_a_bar_does_not_end_a_cell() -> None:
    assert table(["a"], [["x | y"]]) == "| a |\n| --- |\n| x \\| y |\n"


def test_links_are_put_where_the_text_is_no_code() -> None:
    text = outside_code("MC101, `MC101 = 1`, MC101", "(MC101)", r"[\1](\1.md)")
    assert text == "[MC101](MC101.md), `MC101 = 1`, [MC101](MC101.md)"


def test_an_example_says_what_it_leaves_out() -> None:
    lines = screen("rule MC101", start="^key", end="", most=2).splitlines()
    assert lines[:3] == ["```console", "$ marginctl rule MC101", OMITTED]
    assert [line.split()[0] for line in lines[3:5]] == ["key", "default"]
    assert lines[5:] == [OMITTED, "```"]


def test_flags_that_only_pin_the_output_are_given_where_a_command_has_them() -> None:
    assert hidden(["check", "a.yaml", "--width", "90"]) == ["--today", TODAY, "--color", "never"]
    assert hidden(["init", "-"]) == []
    assert "--today" in hidden(["venue", "refresh", "okx"])
