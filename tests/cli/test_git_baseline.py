"""`--baseline git:COMMIT` and `--diff`: a change is judged by what it makes worse, and git does nothing but read."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from tests.cli.running import TODAY, Ran, check, process

from marginctl.cli.catalogue import schema_of
from marginctl.venues.loader import rule_text

GOLDEN = Path(__file__).parent / "golden" / "diff"
POLICY = "limits: {max_utilization: 5%, max_position_leverage: 20}\n"
BOOK = """\
prices: {BTC: 60000}
collateral: [{asset: USDT, amount: 10000}]
positions: [{symbol: BTCUSDT, side: long, quantity: 0.1, leverage: 10, maintenance_rate: 0.5%}]
limits: {max_concentration: off}
"""
"""Notional 6000, margin 600 on 10000: 6%, above the policy's 5%. Leverage 8: 750 or 7.5%; 11: 5.45%; 15: 4%."""


def git(*words: str) -> str:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    kept = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *who, *words], env=kept, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose only commit has one book that breaks the policy."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "books").mkdir()
    (tmp_path / "books/a.yaml").write_text(BOOK)
    (tmp_path / "policy.yaml").write_text(POLICY)
    git("init", "-q", "-b", "main", ".")
    git("add", "-A")
    git("commit", "-q", "-m", "one")
    return tmp_path


def against(*arguments: str, base: str = "git:HEAD") -> Ran:
    return check("books", "--limits", "policy.yaml", "--baseline", base, *arguments)


def edit(before: str, after: str, name: str = "books/a.yaml") -> None:
    path = Path(name)
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


class TestWhatCounts:
    def test_what_was_broken_before_is_accepted(self, repo: Path) -> None:
        assert check("books", "--limits", "policy.yaml").code == 1
        ran = against("--format", "csv=findings")
        assert (ran.code, "in the baseline with 6%" in ran.out) == (0, True)

    @pytest.mark.parametrize(("leverage", "code"), [(11, 0), (15, 0), (8, 1)])
    def test_and_fails_when_it_is_worse(self, leverage: int, code: int, repo: Path) -> None:
        edit("leverage: 10", f"leverage: {leverage}")
        assert against().code == code

    def test_another_breach_is_new(self, repo: Path) -> None:
        edit("leverage: 10", "leverage: 25")
        ran = against("--format", "csv=findings")
        assert (ran.code, "MC105" in ran.out, "MC901" in ran.out) == (1, True, False)

    def test_a_new_file_is_compared_with_nothing(self, repo: Path) -> None:
        Path("books/b.yaml").write_text(BOOK)
        ran = against("--format", "csv=findings")
        assert (ran.code, [line.split(",")[0] for line in ran.out.splitlines()[1:] if "false" in line]) == (
            1,
            ["books/b.yaml"],
        )

    def test_a_file_that_could_not_be_checked_there_too(self, repo: Path) -> None:
        good = Path("books/a.yaml").read_text()
        edit("leverage", "levarage")
        git("commit", "-q", "-a", "-m", "broken")
        Path("books/a.yaml").write_text(good)
        assert (against().code, against(base="git:HEAD~1").code) == (1, 0)

    def test_from_any_folder_of_the_repository(self, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir("books")
        assert check("a.yaml", "--limits", "../policy.yaml", "--baseline", "git:main").code == 0

    def test_rule_files_are_those_of_the_commit(self, repo: Path) -> None:
        own = rule_text("generic")
        Path("books/rules.yaml").write_text(own)
        edit("prices:", "account: {venue: rules.yaml}\nprices:")
        git("add", "-A")
        git("commit", "-q", "-m", "own rules")
        assert against("--select", "MC101").code == 0
        Path("books/rules.yaml").write_text(own.replace("marginctl.venue/1", "marginctl.venue/9"))
        ran = against("--select", "MC101", "--format", "json")
        assert ran.code == 2
        Path("books/rules.yaml").unlink()
        git("commit", "-q", "-a", "-m", "without them")
        Path("books/rules.yaml").write_text(own)
        assert against("--select", "MC101").code == 1

    def test_a_configuration_may_name_it(self, repo: Path) -> None:
        Path("marginctl.yaml").write_text("paths: [books]\npolicy: policy.yaml\nbaseline: git:main\n")
        assert check().code == 0
        edit("leverage: 10", "leverage: 8")
        assert check().code == 1

    def test_several_processes_compare_too(self, repo: Path) -> None:
        for name in "bcd":
            Path(f"books/{name}.yaml").write_text(BOOK)
        words = ("check", "books", "--limits", "policy.yaml", "--baseline", "git:HEAD", "--today", TODAY)
        ran = process(*words, "--format", "csv=findings", "--jobs", "2", folder=repo)
        assert ran.returncode == 1
        assert b"books/a.yaml,a,generic,USD,MC101" in ran.stdout
        assert ran.stdout.count(b",true,in the baseline") == 1


class TestWhatIsGone:
    """A deleted or renamed book is compared with nothing, and somebody has to hear of it."""

    @pytest.fixture(autouse=True)
    def more(self, repo: Path) -> None:
        for name in ("b.yaml", "deep/c.yml", "deep/.d.yaml", ".hidden/e.yaml"):
            Path("books", name).parent.mkdir(parents=True, exist_ok=True)
            Path("books", name).write_text(BOOK)
        Path("books/notes.yaml").write_text("title: no portfolio\n")
        git("add", "-A")
        git("commit", "-q", "-m", "more")
        for name in ("b.yaml", "notes.yaml", ".hidden/e.yaml"):
            Path("books", name).unlink()

    def test_a_folder_says_which(self) -> None:
        ran = against()
        said = "a portfolio is gone since HEAD and not compared: books/b.yaml (one that was moved counts as new)"
        assert (ran.code, said in ran.errors) == (0, True)

    @pytest.mark.parametrize(
        ("pattern", "names"),
        [
            ("books/**/*.y*ml", "books/b.yaml, books/deep/c.yml, books/notes.yaml"),  # a glob takes what it matches
            ("books/*.yaml", "books/b.yaml, books/notes.yaml"),
            ("./books/deep", None),
            ("books/a.yaml", None),
        ],
    )
    def test_what_the_patterns_look_at_counts(self, pattern: str, names: str | None) -> None:
        if "**" in pattern:
            Path("books/deep/c.yml").unlink()
        ran = check(pattern, "--limits", "policy.yaml", "--baseline", "git:HEAD")
        assert ("gone since" in ran.errors) is (names is not None)
        assert names is None or f"not compared: {names} (" in ran.errors

    def test_from_below_and_outside_of_the_repository(self, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir("books")
        assert "not compared: b.yaml (" in check(".", "--baseline", "git:HEAD").errors
        outside = repo.parent / "outside"
        outside.mkdir()
        (outside / "a.yaml").write_text(BOOK)
        assert "gone" not in check(str(outside), "--baseline", "git:HEAD").errors

    def test_what_is_left_out_is_not_missed(self) -> None:
        assert "gone" not in against("--exclude", "b.yaml").errors

    def test_without_a_commit_nobody_looks(self) -> None:
        assert "gone" not in check("books", "--limits", "policy.yaml").errors


class TestSafety:
    @pytest.mark.parametrize(
        "revision",
        [
            "--output=pwned",
            "-h",
            "",
            " ",
            "HEAD:books/a.yaml",
            "HEAD main",
            "HEAD\nmain",
            "a..b",
            "nowhere",
            "HEAD*",
            "^HEAD",
        ],
    )
    def test_what_names_no_commit_is_exit_2_and_does_nothing(self, revision: str, repo: Path) -> None:
        before = snapshot(repo)
        ran = against(base=f"git:{revision}")
        assert (ran.code, ran.out) == (2, "")
        assert "names no commit" in ran.errors or "knows no such commit" in ran.errors
        assert snapshot(repo) == before

    @pytest.mark.parametrize(
        "name",
        ["-rf.yaml", "a b.yaml", "$(touch pwned).yaml", "`touch pwned`.yaml", ":(top)a.yaml", "é.yaml", "*.yaml"],
    )
    def test_names_are_names(self, name: str, repo: Path) -> None:
        Path("books", name).write_text(BOOK)
        git("add", "-A")
        git("commit", "-q", "-m", "two")
        before = snapshot(repo)
        assert against().code == 0
        assert snapshot(repo) == before

    def test_a_repository_cannot_make_git_run_anything(self, repo: Path) -> None:
        trap = repo / "trap.sh"
        trap.write_text(f"#!/bin/sh\ntouch '{repo}/sprung'\n")
        trap.chmod(0o755)
        for key in (
            "core.fsmonitor",
            "core.pager",
            "pager.cat-file",
            "core.sshCommand",
            "diff.external",
            "core.editor",
        ):
            git("config", key, str(trap))
        git("config", "alias.cat-file", f"!{trap}")
        git("config", "remote.origin.url", f"ext::{trap}")
        git("config", "remote.origin.promisor", "true")
        git("config", "extensions.partialClone", "origin")
        Path(".gitattributes").write_text("*.yaml filter=trap diff=trap textconv=trap\n")
        git("config", "filter.trap.smudge", str(trap))
        git("config", "diff.trap.textconv", str(trap))
        edit("leverage: 10", "leverage: 8")
        Path("books/b.yaml").write_text(BOOK)
        assert against("--diff").code == 1
        assert against(base="git:0123456789012345678901234567890123456789").code == 2
        assert not (repo / "sprung").exists()

    def test_a_replaced_object_is_not_believed(self, repo: Path) -> None:
        good = git("rev-parse", "HEAD:books/a.yaml").strip()
        edit("leverage: 10", "leverage: 2")
        worse = git("hash-object", "-w", "books/a.yaml").strip()
        git("replace", good, worse)
        assert against().code == 1

    def test_variables_of_a_hook_lead_nowhere_else(self, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GIT_DIR", "/nonexistent")
        monkeypatch.setenv("GIT_INDEX_FILE", "/nonexistent")
        assert against().code == 0

    def test_nothing_is_written(self, repo: Path) -> None:
        before = snapshot(repo)
        against("--diff")
        assert snapshot(repo) == before

    def test_outside_of_a_repository_it_says_so(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
        Path("a.yaml").write_text(BOOK)
        ran = check("a.yaml", "--baseline", "git:HEAD")
        assert (ran.code, "not a git repository" in ran.errors) == (2, True)

    def test_without_git_it_says_so(self, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("marginctl.document.commits.which", lambda name: None)
        ran = against()
        assert (ran.code, "git is not installed here" in ran.errors) == (2, True)

    def test_it_goes_with_no_live_account(self, repo: Path) -> None:
        ran = check("--live", "bybit", "--baseline", "git:HEAD")
        assert (ran.code, "do not go together" in ran.errors) == (2, True)


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file with its time and size."""
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*")}


class TestDiff:
    def test_it_says_what_moved_and_what_is_new_worse_better_and_fixed(self, repo: Path) -> None:
        edit("leverage: 10", "leverage: 25")
        ran = against("--diff", "--format", "json")
        Draft7Validator(schema_of("report")).validate(json.loads(ran.out))
        (report,) = ran.json()["reports"]
        found = report["diff"]
        assert (found["base"], found["since"]) == ("HEAD", "changed")
        assert (found["verdict_before"], found["verdict_after"]) == ("FAIL", "FAIL")
        assert [(one["turn"], one["code"], one["then"], one["now"]) for one in found["findings"]] == [
            ("new", "MC105", "", "25.00x"),
            ("fixed", "MC101", "6.00%", ""),
        ]
        moved = {one["figure"]: (one["before"], one["after"]) for one in found["changes"]}
        assert moved["totals.initial_margin"] == (600, 240)  # 6000 / 10 and 6000 / 25

    @pytest.mark.parametrize(("leverage", "turn"), [("8", "worse"), ("11", "better"), ("10", "same")])
    def test_one_that_is_still_there_says_which_way_it_went(self, leverage: str, turn: str, repo: Path) -> None:
        edit("leverage: 10", f"leverage: {leverage}")
        (report,) = against("--diff", "--format", "json").json()["reports"]
        assert [(one["turn"], one["code"]) for one in report["diff"]["findings"]] == [(turn, "MC101")]
        assert report["diff"]["since"] == ("same" if turn == "same" else "changed")

    def test_a_new_file_has_nothing_before(self, repo: Path) -> None:
        Path("books/b.yaml").write_text(BOOK)
        reports = {
            one["account"]["name"]: one["diff"] for one in against("--diff", "--format", "json").json()["reports"]
        }
        assert (reports["b"]["since"], reports["b"]["verdict_before"], reports["b"]["changes"]) == ("new", "", [])
        assert [one["turn"] for one in reports["b"]["findings"]] == ["new"]

    def test_without_it_documents_are_as_they_were(self, repo: Path) -> None:
        assert "diff" not in against("--format", "json").json()["reports"][0]

    @pytest.mark.parametrize(
        "flags", [("--diff",), ("--diff", "--baseline", "base.json"), ("--diff", "--baseline", "git:HEAD", "-f", "csv")]
    )
    def test_where_it_changes_nothing_it_is_refused(self, flags: tuple[str, ...], repo: Path) -> None:
        ran = check("books", *flags)
        assert (ran.code, "--diff" in ran.errors) == (2, True)

    @pytest.mark.parametrize("width", [60, 80, 100, 120])
    def test_the_screens(self, width: int, repo: Path, golden_file: Callable[[Path, str], None]) -> None:
        Path("books/b.yaml").write_text(BOOK)
        edit("leverage: 10", "leverage: 8")
        ran = against("--diff", "--width", str(width))
        assert max(map(len, ran.out.splitlines())) <= width
        golden_file(GOLDEN / f"check-{width}.txt", ran.out)

    def test_the_comment(self, repo: Path, golden_file: Callable[[Path, str], None]) -> None:
        edit("leverage: 10", "leverage: 25")
        golden_file(GOLDEN / "comment.md", against("--diff", "--format", "markdown").out)
