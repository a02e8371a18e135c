"""Files that mean harm: nothing hangs, nothing crashes, nothing of them reaches a terminal raw."""

import json
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
from tests.cli.running import CLEAN, check, process, run

from marginctl.render import FORMATS

PLAIN = ("table", "csv", "markdown", "github", "junit")
JSON = ("json", "jsonl", "gitlab", "sarif")
DEEP = 200_000

EVIL = """\
account: {name: "evil\\u202Ename[red]x[/red]\\u200b`|<b>&"}
prices: {"E\\u202EVIL": 2, "[bold]": 3, "|x|": 1}
collateral:
  - {asset: USDT, amount: 10000}
  - {asset: "E\\u202EVIL", amount: 10, haircut: 10%}
  - {asset: "[bold]", amount: 10, haircut: 10%}
contracts:
  "E\\u202EVIL-PERP": {base: "E\\u202EVIL", quote: USDT, tiers: [{maintenance_rate: 1%}]}
  "[link=x]y[/link]": {base: "[bold]", quote: USDT, tiers: [{maintenance_rate: 1%}]}
  "::error::%0A": {base: "|x|", quote: USDT, tiers: [{maintenance_rate: 1%}]}
positions:
  - {symbol: "E\\u202EVIL-PERP", side: short, quantity: 1, leverage: 10}
  - {symbol: "[link=x]y[/link]", side: long, quantity: 1, leverage: 10}
  - {symbol: "::error::%0A", side: long, quantity: 1, leverage: 10}
scenarios: [{name: "sc\\u202E[red]", shocks: {"*": -10%}}]
waivers: [{code: MC108, subject: "x\\u202E[red]", until: 2026-12-31, reason: "r\\u202E"}]
limits: {max_concentration: 10%, survive: all}
"""


def hidden(text: str) -> set[str]:
    """Characters that a terminal does not show as themselves, apart from the ends of lines."""
    return {character for character in text if character != "\n" and unicodedata.category(character)[0] == "C"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("prices: " + "[" * DEEP, "nested deeper than 32 levels", id="open lists"),
        pytest.param("prices: " + "[" * DEEP + "]" * DEEP, "nested deeper than 32 levels", id="lists"),
        pytest.param("{a: " * DEEP, "nested deeper than 32 levels", id="mappings"),
        pytest.param("- " * DEEP, "nested deeper than 32 levels", id="dashes"),
        pytest.param("? " * DEEP, "nested deeper than 32 levels", id="complex keys"),
        pytest.param(
            "a: &a [x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}]\n" for a, b in pairwise("abcdefghi")),
            "the anchor `&a` is not allowed",
            id="aliases that multiply",
        ),
        pytest.param(
            "a: &a {x: 1}\n" + "".join(f"{b}: &{b} {{<<: [*{a}, *{a}]}}\n" for a, b in pairwise("abcdefghi")),
            "the anchor `&a` is not allowed",
            id="merges that multiply",
        ),
        pytest.param("a: &a [*a]\n", "the anchor `&a` is not allowed", id="an alias of itself"),
        pytest.param("a: !!python/object/apply:os.system [ls]\n", "the tag", id="a tag that would run something"),
        pytest.param("%YAML 9.9\n---\na: 1\n", "a `%` line is not allowed", id="a directive"),
        pytest.param('"' + "x" * 1_000_000 + '": 1\n', "a `:` does not belong here", id="a key of a megabyte"),
        pytest.param("x" * 1_000 + ": 1\n", f"unknown key `{'x' * 57}...`", id="a long key"),
        pytest.param("account: {venue: " + "x" * 1_000_000 + "}\n", "there is no rule set `xxx", id="a long venue"),
        pytest.param(f"prices: {{BTC: {'9' * 1_000_000}}}\n", "has more than 60 digits", id="a number of a megabyte"),
        pytest.param("account: {name: " + "[" * 31 + "]" * 31 + "}\n", "nested deeper", id="one level too deep"),
        pytest.param("x" * 40 + "\n" * 100_000 + "- a", "the file holds a single value, not keys", id="many lines"),
        pytest.param("\n".join(f"k{i}: 1" for i in range(20_000)), "more than 1000 problems", id="many problems"),
    ],
)
def test_a_bomb_is_refused(text: str, said: str, folder: Path) -> None:
    (folder / "bomb.yaml").write_text(text)
    ran = check("bomb.yaml", "--format", "json")
    assert ran.code == 2
    assert any(said in error["message"] for error in ran.json()["errors"])
    assert ran.json()["reports"] == []
    assert len(ran.out) < 1_000_000


def test_a_deep_file_does_not_crash_the_interpreter(folder: Path) -> None:
    (folder / "bomb.yaml").write_text("prices: " + "[" * DEEP)
    assert process("check", "bomb.yaml", folder=folder).returncode == 2


def test_long_names_do_not_blow_up_what_is_said(folder: Path) -> None:
    """A symbol of a megabyte stands in a dozen messages."""
    name = "X" * 1_000_000
    (folder / "long.yaml").write_text(
        f"account: {{name: n}}\ncollateral: [{{asset: {name}, amount: 1}}]\n"
        f"positions: [{{symbol: {name}, side: long, quantity: 1}}, {{symbol: {name}-USDT, side: long, quantity: 1}}]\n"
    )
    ran = check("long.yaml")
    assert ran.code == 2
    assert len(ran.out) < 5000


@pytest.mark.parametrize("size", [16 * 1024 * 1024 + 1, 20 * 1024 * 1024])
def test_a_file_over_16_mib_is_not_read(size: int, folder: Path) -> None:
    (folder / "large.yaml").write_bytes(b"#" * size)
    ran = check("large.yaml", "-q")
    assert (ran.code, ran.out.splitlines()[0][:40]) == (2, "large.yaml: MC001 the file has 16.0 MiB,"[:40])


def test_standard_input_over_16_mib_is_not_read(folder: Path) -> None:
    assert "at most 16 MiB are read" in check("-", stdin=b"#" * (17 * 1024 * 1024)).out


@pytest.mark.parametrize("form", PLAIN)
def test_names_reach_no_terminal_raw(form: str, folder: Path) -> None:
    (folder / "evil.yaml").write_text(EVIL)
    ran = check("evil.yaml", "--format", form, "--color", "never", "-v")
    assert ran.code == 1
    assert hidden(ran.out) == set()
    assert "E\\u202eVIL" in ran.out.replace("\\\\", "\\")


@pytest.mark.parametrize("form", JSON)
def test_names_are_what_they_are_in_json_but_hold_no_control_characters(form: str, folder: Path) -> None:
    (folder / "evil.yaml").write_text(EVIL)
    ran = check("evil.yaml", "--format", form)
    assert {character for character in hidden(ran.out) if ord(character) < 0xA0} == set()
    json.loads(ran.out)


def test_markup_is_no_markup(folder: Path) -> None:
    (folder / "evil.yaml").write_text(EVIL)
    text = check("evil.yaml", "--color", "always").out
    assert "[red]x[/red]" in text
    assert "[link=x]y[/link]" in text
    assert "\x1b]8;" not in text  # no hyperlink came of it


def test_workflow_commands_of_a_name_are_no_commands(folder: Path) -> None:
    (folder / "evil.yaml").write_text(EVIL)
    lines = check("evil.yaml", "--format", "github").out.splitlines()
    levels = tuple(f"::{level} file=evil.yaml,line=" for level in ("error", "warning", "notice"))
    assert all(line.startswith(levels) for line in lines[:-1])
    assert lines[-1] == "marginctl: FAIL, 1 checked"


@pytest.mark.parametrize("form", sorted(FORMATS))
@pytest.mark.parametrize(
    "name", ["x\x1b[31mred.yaml", "[red]x[\\red].yaml", "a\nb.yaml", "\u202efile.yaml", "$(ls).yaml"]
)
def test_names_of_files_reach_no_terminal_raw(name: str, form: str, folder: Path) -> None:
    try:
        (folder / name).write_text(CLEAN.replace("leverage", "levarage"))
    except UnicodeEncodeError:
        pytest.skip("no such names in this locale")
    ran = check(name, "nowhere" + name, "--format", form, "--color", "never")
    assert ran.code == 2
    assert {character for character in hidden(ran.out) if form in PLAIN or ord(character) < 0xA0} == set()
    assert hidden(ran.errors) == set()


def test_a_name_of_standard_input_reaches_no_terminal_raw(folder: Path) -> None:
    ran = check("-", "--stdin-filename", "x\x1b[31m\nred", "--format", "table")
    assert hidden(ran.out) == set()


@pytest.mark.parametrize("flag", ["--format", "--today", "--shock", "--set", "--select", "--output", "--fail-on"])
def test_values_of_flags_reach_no_terminal_raw(flag: str, folder: Path) -> None:
    ran = check("clean.yaml", flag, "x\x1b[31m\u202e=y\x1b]0;z\x07")
    assert ran.code == 2
    assert hidden(ran.out + ran.errors) == set()


@pytest.mark.parametrize("word", ["--\u202e", "-\x1b", "x\x1b[31m", "--x\x1b]0;z\x07=1", "##[error]x"])
@pytest.mark.parametrize("before", [[], ["venue", "bybit"], ["book"], ["check", "clean.yaml"], ["check", "-j"]])
def test_words_that_mean_nothing_reach_no_terminal_raw(before: list[str], word: str, folder: Path) -> None:
    ran = run(*before, word, "--format", "json")
    assert ran.code == 2
    assert hidden(ran.out + ran.errors) == set()
    assert "##[" not in ran.out + ran.errors
    assert json.loads(ran.out)["schema"].startswith("marginctl.")


def test_problem_lines_show_no_escapes_of_the_file(folder: Path) -> None:
    (folder / "book.yaml").write_bytes(b"account: {name: \xe2\x80\xaeabc, colour: \xe2\x80\xaered}\n")
    ran = check("book.yaml")
    assert hidden(ran.out) == set()
    assert "\ufffd" in ran.out
