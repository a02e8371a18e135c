"""The screens on the pages about configurations and tests of policies are what the commands print."""

import re
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from tests.cli.editors import as_editors_see_it
from tests.cli.running import TODAY, run

from marginctl.cli.catalogue import schema_of

ROOT = Path(__file__).parents[2]
OMITTED = "[...]\n"
WIDTH = "80"
FILES = {
    "policy.yaml": (
        "schema: marginctl.policy/1\nextends: firm.yaml\nlimits:\n"
        "  max_utilization: {warn: 50%, fail: 70%}\n  min_liquidation_distance: 20%\n  max_position_leverage: 20\n"
    ),
    "firm.yaml": 'limits: {max_utilization: 80%}\nscenarios: [{name: crash, shocks: {BTC: -30%, "*": -50%}}]\n',
    "stricter.yaml": "limits: {max_position_leverage: 9}\n",
}
"""What stands beside the files that the pages show."""


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("page", "kind"), [("configuration", "config"), ("policy-tests", "policy-case")])
def test_an_editor_finds_nothing_wrong_on_the_pages(page: str, kind: str) -> None:
    Draft7Validator(schema_of(kind)).validate(as_editors_see_it(blocks(page, "yaml")[0]))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the files of both pages."""
    monkeypatch.chdir(tmp_path)
    for name in (".git", "books", "tests", "risk"):
        Path(name).mkdir()
    run("init", "books/desk-a.yaml")
    for name, text in FILES.items():
        Path(name).write_text(text)
    Path("tests/leverage.yaml").write_text(blocks("policy-tests", "yaml")[0])
    return tmp_path


def printed(command: str) -> str:
    """What a line of a console prints."""
    variables = dict(re.findall(r"\b(MARGINCTL_[A-Z_]+)=(\S+)", command))
    words = command.partition("marginctl ")[2].split()
    day = ("--today", TODAY) if words[0] == "policy" else ()
    return run(*words, *day, env={**variables, "MARGINCTL_WIDTH": WIDTH}).out


def hold(screen: str) -> None:
    command, _, shown = screen.partition("\n")
    text = printed(command)
    at = 0
    for piece in shown.split(OMITTED):
        assert piece in text[at:], text
        at = text.index(piece, at) + len(piece)


@pytest.mark.parametrize("number", range(3))
def test_the_page_of_policy_tests(number: int, folder: Path) -> None:
    hold(blocks("policy-tests", "console")[number])


def test_the_page_of_configurations(folder: Path) -> None:
    Path("marginctl.yaml").write_text(blocks("configuration", "yaml")[0])
    (screen,) = blocks("configuration", "console")
    hold(screen)


def test_the_configuration_on_its_page_works(folder: Path) -> None:
    Path("marginctl.yaml").write_text(blocks("configuration", "yaml")[0])
    (folder / "risk/policy.yaml").write_text("limits: {max_leverage: 9}\n")
    (folder / "out").mkdir()
    assert run("check", "--today", TODAY, "-q").code == 0
    assert {path.name for path in (folder / "out").iterdir()} == {"margin.json", "margin.sarif"}


def test_the_page_of_pipelines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.cli.test_git_baseline import BOOK, POLICY, git

    monkeypatch.chdir(tmp_path)
    Path("books").mkdir()
    Path("policy.yaml").write_text(POLICY)
    for name in "ab":
        Path(f"books/{name}.yaml").write_text(BOOK)
    git("init", "-q", ".")
    git("add", "-A")
    git("commit", "-q", "-m", "one")
    for name, leverage in (("a", 8), ("b", 15)):
        Path(f"books/{name}.yaml").write_text(BOOK.replace("leverage: 10", f"leverage: {leverage}"))
    Path("books/c.yaml").write_text(BOOK)
    (screen,) = (one for one in blocks("ci", "console") if "--diff" in one)
    hold(screen.replace("--diff", f"--diff --today {TODAY}"))
