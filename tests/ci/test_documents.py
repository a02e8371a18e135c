"""docs/ci.md, docs/editor.md, docs/limits.md and the hooks: what stands there is valid and does what it says."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from tests.cli.running import CLEAN, check, run
from typer.main import get_command

from marginctl.cli.app import app
from marginctl.limits.rules import BY_CODE

ROOT = Path(__file__).parents[2]
SCHEMAS = Path(__file__).parent / "schemas"
CI, EDITOR, LIMITS = (ROOT / "docs" / f"{name}.md" for name in ("ci", "editor", "limits"))


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def block(page: Path, word: str, language: str = "yaml") -> str:
    """The only block of a page with that word."""
    (found,) = (text for text in blocks(page, language) if word in text)
    return found


def published(name: str) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(json.loads((SCHEMAS / name).read_text(encoding="utf-8")))


def typed(text: str) -> Any:
    """YAML as its readers see it: numbers are numbers, and `on` is text."""
    return yaml.safe_load(re.sub(r"^on:", '"on":', text, flags=re.MULTILINE))


def test_the_github_workflow_fits_its_schema() -> None:
    workflow = typed(block(CI, "pull_request:"))
    published("github-workflow.schema.json").validate(workflow)
    broken = {**workflow, "jobs": {"margin": {"runs_on": "ubuntu-latest"}}}
    assert not published("github-workflow.schema.json").is_valid(broken)


def test_the_gitlab_job_fits_its_schema() -> None:
    job = typed(block(CI, "artifacts:"))
    published("gitlab-ci.schema.json").validate(job)
    broken = {"margin": {**job["margin"], "artifacts": {"when": "later"}}}
    assert not published("gitlab-ci.schema.json").is_valid(broken)


def commands() -> list[str]:
    """Every call of `marginctl` on the pages, in workflows and jobs too."""
    found = []
    for page in (CI, EDITOR, LIMITS):
        for language in ("sh", "yaml"):
            for text in blocks(page, language):
                found += re.findall(r"marginctl (?:check|init|schema|rule)[^#\n]*", text)
    return [re.sub(r"\s*[>|].*$", "", line.strip().rstrip("\\")) for line in found]


@pytest.mark.parametrize("line", dict.fromkeys(commands()))
def test_every_command_on_the_pages_has_such_flags(line: str) -> None:
    words = shlex.split(line)[1:]
    command = get_command(app).get_command(None, words[0])
    known = {name for option in command.params for name in option.opts}
    assert {word.partition("=")[0] for word in words if word.startswith("-")} <= known


def test_the_formats_that_the_pages_write_exist() -> None:
    from marginctl.render import FORMATS

    named = set(re.findall(r"--(?:format|output) ([a-z]+)", CI.read_text(encoding="utf-8")))
    assert named
    assert named <= set(FORMATS)


def test_the_five_minutes_do_what_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("books").mkdir()
    assert run("init", "books/desk-a.yaml").code == 0
    assert check("books/").code == 0
    Path("policy.yaml").write_text(block(CI, "marginctl.policy/1"))
    for line in re.findall(r"marginctl check books/ --limits policy\.yaml[^\n]*# [01]:[^\n]*", CI.read_text()):
        command, _, says = line.partition("#")
        assert check(*shlex.split(command)[2:]).code == int(says.strip()[0])


def test_a_baseline_is_adopted_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("books").mkdir()
    Path("books/a.yaml").write_text(CLEAN)
    Path("policy.yaml").write_text("limits: {max_utilization: 1%}\n")
    codes = [
        check(*shlex.split(line)[2:]).code
        for line in block(CI, "git add margin-baseline.json", "sh").splitlines()
        if line.startswith("marginctl")
    ]
    assert codes == [0, 0]
    assert check("books", "--limits", "policy.yaml").code == 1


def test_the_exit_codes_are_those_of_the_program() -> None:
    from marginctl.cli import entry

    rows = re.findall(r"^\| (\d+) \|", CI.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert [int(code) for code in rows] == [entry.OK, entry.BROKEN_LIMIT, entry.NOT_CHECKED, entry.DEFECT]


HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


def test_the_hooks_are_those_of_the_page() -> None:
    (source,) = yaml.safe_load(block(CI, "repos:"))["repos"]
    assert {hook["id"] for hook in source["hooks"]} == {hook["id"] for hook in HOOKS}


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_calls_the_program(hook: dict[str, Any]) -> None:
    assert {"id", "name", "entry", "language"} <= hook.keys()
    program, *arguments = shlex.split(hook["entry"])
    assert program in {script.split(" = ")[0] for script in scripts()}
    assert hook["language"] == "python"
    assert arguments == ["check", "--quiet"]


def scripts() -> list[str]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return text.partition("[project.scripts]\n")[2].partition("\n\n")[0].splitlines()


@pytest.mark.parametrize("path", ["books/a.yaml", "portfolios/01-two-underlyings.yaml"])
def test_the_hook_takes_portfolios_and_leaves_other_files_alone(path: str) -> None:
    pattern = re.compile(HOOKS[0]["files"])
    assert pattern.search(path)
    assert not pattern.search(".github/workflows/margin.yaml")
    assert not pattern.search("policy.yaml")


def test_the_editors_settings_are_json_and_toml() -> None:
    import tomllib

    (settings,) = blocks(EDITOR, "json")
    assert set(json.loads(settings)["yaml.schemas"]) == {
        "./marginctl-portfolio.schema.json",
        "./marginctl-policy.schema.json",
    }
    (helix,) = blocks(EDITOR, "toml")
    assert tomllib.loads(helix)["language-server"]["yaml-language-server"]


def test_the_schema_line_is_the_one_that_init_writes() -> None:
    line = block(EDITOR, "yaml-language-server: ").strip()
    assert run("init", "-").out.startswith(f"{line}\n")


@pytest.mark.parametrize("number", range(len(blocks(LIMITS, "yaml")) if LIMITS.exists() else 0))
def test_the_examples_of_limits_can_be_read(number: int, tmp_path: Path) -> None:
    """A block that is no whole policy is part of a portfolio. A limit in seconds needs a time of day."""
    text = blocks(LIMITS, "yaml")[number]
    book = CLEAN.partition("limits:")[0].replace("BTC: 60000", "BTC: 60000, ETH: 3000, DOGE: 1")
    arguments = ["--today", "2026-11-22T12:00:00Z"]
    if "marginctl.policy/1" in text:
        (tmp_path / "firm.yaml").write_text("limits: {max_utilization: 60%}\n")
        (tmp_path / "desk").mkdir()
        (tmp_path / "desk" / "policy.yaml").write_text(text)
        arguments += ["--limits", str(tmp_path / "desk" / "policy.yaml")]
        text = ""
    (tmp_path / "book.yaml").write_text(book + text)
    ran = check(str(tmp_path / "book.yaml"), *arguments, "--format", "json")
    assert ran.json()["errors"] == []


@pytest.mark.parametrize("page", [CI, LIMITS], ids=lambda page: page.name)
def test_the_examples_fit_the_schemas_of_the_editor(page: Path) -> None:
    texts = [
        text for text in blocks(page, "yaml") if re.search(r"^(limits|waivers|expect|schema):", text, re.MULTILINE)
    ]
    assert texts
    for text in texts:
        kind = "policy" if "marginctl.policy/1" in text else "portfolio"
        schema = json.loads(run("schema", kind).out)
        jsonschema.Draft7Validator(schema).validate(yaml.load(text, Loader=yaml.BaseLoader))


def test_the_codes_that_the_pages_name_exist() -> None:
    for page in (CI, EDITOR, LIMITS):
        assert set(re.findall(r"MC[1-9]\d\d\b", page.read_text(encoding="utf-8"))) <= set(BY_CODE)
