"""Code hosts: repository paths, the summary page of a step, what `csv` leaves to standard error."""

import json
from pathlib import Path

import pytest
from tests.cli.running import BROKEN, CLEAN, REFUSED, check

from marginctl.cli.hosts import in_repository, pages_of, summary
from marginctl.findings import Location, Problem
from marginctl.render import Options
from marginctl.results import Outcome, Run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose portfolios lie below its root; the run is in their folder."""
    books = tmp_path / "desk" / "books"
    books.mkdir(parents=True)
    (books / "broken.yaml").write_text(BROKEN)
    (books / "clean.yaml").write_text(CLEAN)
    (books / "refused.yaml").write_text(REFUSED)
    monkeypatch.chdir(books)
    return tmp_path


@pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_paths_are_those_of_the_repository(variable: str, folder: Path) -> None:
    env: dict[str, str | None] = {variable: str(folder)}
    inside, absolute = "broken.yaml", str(folder / "desk/books/broken.yaml")
    for path in (inside, absolute):
        annotations = check(path, "--format", "github", env=env).out
        assert "::error file=desk/books/broken.yaml,line=" in annotations
        (issue, *_) = json.loads(check(path, "--format", "gitlab", env=env).out)
        assert issue["location"]["path"] == "desk/books/broken.yaml"
        (result, *_) = json.loads(check(path, "--format", "sarif", env=env).out)["runs"][0]["results"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "desk/books/broken.yaml"


def test_fingerprints_are_the_same_from_everywhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env: dict[str, str | None] = {"CI_PROJECT_DIR": str(folder)}
    one = json.loads(check("broken.yaml", "--format", "gitlab", env=env).out)
    monkeypatch.chdir(folder)
    other = json.loads(check("desk/books/broken.yaml", "--format", "gitlab", env=env).out)
    assert one == other


def test_without_a_host_they_are_as_typed(folder: Path) -> None:
    assert "::error file=broken.yaml,line=" in check("broken.yaml", "--format", "github").out


def test_what_is_outside_or_no_path_stays_as_it_is() -> None:
    names = ["/elsewhere/a.yaml", "<stdin>", "-", ""]
    run = Run(outcomes=tuple(Outcome(file=name) for name in names), exit_code=0, version="1")
    assert [one.file for one in in_repository(run, {"GITHUB_WORKSPACE": "/repo"}).outcomes] == names


def test_the_figures_of_other_formats_keep_the_names_as_typed(folder: Path) -> None:
    env: dict[str, str | None] = {"GITHUB_WORKSPACE": str(folder)}
    assert check("clean.yaml", "--format", "json", env=env).json()["reports"][0]["file"] == "clean.yaml"


def test_the_summary_is_appended_whatever_the_format(folder: Path) -> None:
    page = folder / "page.md"
    page.write_text("before\n")
    env: dict[str, str | None] = {"GITHUB_STEP_SUMMARY": str(page), "GITHUB_WORKSPACE": str(folder)}
    for form in ("github", "json"):
        assert check("broken.yaml", "clean.yaml", "--format", form, env=env).code == 1
    text = page.read_text()
    assert text.startswith("before\n## marginctl: FAIL, 2 files\n\n### FAIL: broken\n")
    assert text.count("## marginctl: FAIL, 2 files") == 2
    assert "`desk/books/broken.yaml`" in text
    assert text.index("### FAIL: broken") < text.index("### PASS: clean")


def test_streamed_lines_have_no_summary(folder: Path) -> None:
    check("clean.yaml", "--format", "jsonl", env={"GITHUB_STEP_SUMMARY": str(folder / "page.md")})
    assert not (folder / "page.md").exists()


def test_a_summary_that_cannot_be_written_is_told_and_fails_nothing(folder: Path) -> None:
    ran = check("clean.yaml", "-q", env={"GITHUB_STEP_SUMMARY": str(folder / "none" / "page.md")})
    assert ran.code == 0
    assert "the job summary" in ran.errors
    assert "cannot be written: No such file or directory" in ran.errors


def outcomes(count: int) -> tuple[Outcome, ...]:
    names = [f"{number}.yaml" for number in range(count)]
    return tuple(Outcome(file=name, problems=(Problem(Location(name), "MC001", "x" * 100),)) for name in names)


def test_a_summary_keeps_within_its_room_and_says_what_it_leaves_out() -> None:
    run = Run(outcomes=outcomes(100), exit_code=2, version="1")
    text = summary(run, Options(), room=5_000)
    assert len(text.encode()) <= 5_000
    assert text.startswith("## marginctl: ERROR, 100 files\n\n### ERROR: 0.yaml\n")
    shown = text.count("### ERROR")
    assert 5 < shown < 100
    assert text.splitlines()[-1].startswith(f"Not shown here for lack of room: {shown}.yaml, {shown + 1}.yaml")
    assert text.endswith(f" and {100 - shown - 20} more\n")


def test_csv_leaves_problems_to_standard_error(folder: Path) -> None:
    ran = check("clean.yaml", "refused.yaml", "--format", "csv")
    assert ran.code == 2
    assert [line.split(",")[0] for line in ran.out.splitlines()] == ["file", "clean.yaml"]
    assert ran.errors.startswith("refused.yaml:4:71: MC010 unknown key `levarage`\n")
    assert check("clean.yaml", "--format", "csv").errors == ""


def test_a_file_that_cannot_be_written_shows_in_the_document_too(folder: Path) -> None:
    ran = check("clean.yaml", "--format", "json", "-o", "csv=none/a.csv")
    assert (ran.code, ran.json()["summary"]["exit_code"]) == (2, 2)


ORIGIN = {
    "url": "https://user:secret@host.example/owner/repo.git",
    "vcs_info": {"vcs": "git", "commit_id": "a" * 40, "requested_revision": "v1"},
}


def test_the_pages_are_those_of_the_repository_that_was_installed() -> None:
    page = f"https://host.example/owner/repo/blob/{'a' * 40}/docs/reference/rules/{{code}}.md"
    assert pages_of(json.dumps(ORIGIN)) == page


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "{}",
        "[]",
        '{"url": 1, "vcs_info": {"commit_id": "x"}}',
        json.dumps({"url": "file:///work", "dir_info": {"editable": True}}),
        json.dumps({**ORIGIN, "url": "ssh://git@host.example/owner/repo.git"}),
        json.dumps({**ORIGIN, "vcs_info": {"commit_id": "main"}}),
    ],
)
def test_what_was_installed_from_elsewhere_has_none(origin: str) -> None:
    assert pages_of(origin) == ""


@pytest.mark.usefixtures("folder")
def test_an_address_is_one_of_the_web() -> None:
    given = ("broken.yaml", "--format", "github", "--rule-pages")
    assert (
        "%0Ahttps://host.example/limits.md#mc107-concentration" in check(*given, "https://host.example/limits.md").out
    )
    for wrong in ("javascript:alert(1)", "https://a b", "https://x/<y>"):
        ran = check(*given, wrong)
        assert (ran.code, ran.out) == (2, "")
        assert "is no address" in ran.errors
