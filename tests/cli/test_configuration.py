"""What a folder's configuration and the environment say, where it came from, and what a hostile one cannot do."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from tests.cli.running import CLEAN, TODAY, check, run

from marginctl.document.toml_places import toml_place, toml_places

# of a book: 0.1 BTC at 60000 with leverage 10, 600 of margin on 10000 + 0.1 x (61000 - 60000) = 10100, or 5.94%
OUTSIDE = "lies outside of the repository"


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two books in a folder, the current one its root."""
    root = tmp_path / "repo"
    (root / ".git").mkdir(parents=True)
    (root / "books").mkdir()
    for name in ("desk-a", "fund-b"):
        (root / "books" / f"{name}.yaml").write_text(CLEAN)
    monkeypatch.chdir(root)
    for name in [name for name in os.environ if name.startswith("MARGINCTL_")]:
        monkeypatch.delenv(name)
    return root


def configured(text: str, name: str = "marginctl.yaml") -> None:
    Path(name).write_text(text)


def codes(*arguments: str, **more: str) -> list[tuple[str, str]]:
    """File and code of the findings of a run."""
    reports = check(*arguments, "--format", "json", env=dict(more)).json()["reports"]
    return [(Path(one["file"]).name, found["code"]) for one in reports for found in one["findings"]]


class TestWhatIsFound:
    @pytest.mark.parametrize("folder", [".", "books", "books/deep/down"])
    def test_it_is_looked_for_upward_to_the_root_of_the_repository(
        self, folder: str, repo: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        configured("paths: [books/*-a.yaml]\nlimits: {max_utilization: 5%}\n")
        Path(folder).mkdir(parents=True, exist_ok=True)
        monkeypatch.chdir(folder)
        assert codes() == [("desk-a.yaml", "MC101")]

    def test_nothing_above_the_repository_counts(self, repo: Path) -> None:
        configured("limits: {max_utilization: 5%}\n", "../marginctl.yaml")
        assert codes("books") == []

    def test_nothing_above_the_home_counts(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        home = tmp_path / "home"
        home.mkdir()
        (home / "a.yaml").write_text(CLEAN)
        (tmp_path / "marginctl.yaml").write_text("limits: {max_utilization: 5%}\n")
        monkeypatch.chdir(home)
        assert codes("a.yaml") == [("a.yaml", "MC101")]
        monkeypatch.setenv("HOME", str(home))
        assert codes("a.yaml") == []

    def test_a_projects_file_counts_where_it_has_the_table(self, repo: Path) -> None:
        configured("[project]\nname = 'x'\n", "pyproject.toml")
        assert check().code == 2
        configured(
            "[tool.marginctl]\npaths = ['books']\n[tool.marginctl.limits]\nmax_utilization = 0.05\n", "pyproject.toml"
        )
        assert codes() == [("desk-a.yaml", "MC101"), ("fund-b.yaml", "MC101")]

    def test_of_two_in_a_folder_the_one_of_its_own_name_counts(self, repo: Path) -> None:
        configured("[tool.marginctl]\nselect = ['MC102']\n", "pyproject.toml")
        configured("limits: {max_utilization: 5%}\n")
        assert len(codes("books")) == 2

    def test_none_is_looked_for_where_that_is_not_wanted(self, repo: Path) -> None:
        configured("paths: [books]\nlimits: {max_utilization: 5%}\n")
        assert codes("books", "--no-config") == []
        ran = check("--no-config")
        assert (ran.code, "nothing names what to check" in ran.errors) == (2, True)

    def test_one_of_another_user_above_is_not_read(self, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        configured("limits: {max_utilization: 5%}\n")
        monkeypatch.chdir("books")
        monkeypatch.setattr("marginctl.cli.discovery._is_foreign", lambda path, start: True)
        ran = check("desk-a.yaml")
        assert (ran.code, ran.errors) == (
            0,
            f"marginctl: {Path('..', 'marginctl.yaml')} belongs to another user and is not read\n",
        )

    def test_a_library_call_looks_for_none(self, repo: Path) -> None:
        import marginctl

        configured("limits: {max_utilization: 5%}\nfail_on: nonsense\n")
        assert marginctl.check("books/desk-a.yaml").exit_code == 0


class TestWhoWins:
    def test_a_flag_over_a_variable_over_the_file(self, repo: Path) -> None:
        configured("paths: [books/desk-a.yaml]\nlimits: {max_utilization: {warn: 5%}}\nfail_on: warning\n")
        assert check().code == 1
        assert check(env={"MARGINCTL_FAIL_ON": "error"}).code == 0
        assert check("--fail-on", "warning", env={"MARGINCTL_FAIL_ON": "error"}).code == 1

    def test_a_flag_that_says_the_default_still_wins(self, repo: Path) -> None:
        configured("paths: [books/desk-a.yaml]\nlimits: {max_utilization: {warn: 5%}}\nfail_on: warning\n")
        assert check("--fail-on", "error").code == 0

    def test_who_selects_does_so_instead_of_what_the_file_ignores(self, repo: Path) -> None:
        configured("paths: [books/desk-a.yaml]\nlimits: {max_utilization: 5%}\nignore: [MC101]\n")
        assert codes() == []
        assert codes("--select", "MC101") == [("desk-a.yaml", "MC101")]

    def test_who_wants_all_of_it_gets_no_quiet_screen(self, repo: Path) -> None:
        configured("paths: [books/desk-a.yaml]\nquiet: true\n")
        assert check().out == ""
        assert "Limits" in check("-v").out

    def test_policies_add_up(self, repo: Path) -> None:
        configured("limits: {max_utilization: 5%}\npolicy: policy.yaml\n")
        configured("limits: {max_leverage: 0.1}\n", "policy.yaml")
        configured("limits: {max_position_leverage: 9}\n", "flag.yaml")
        found = codes("books/desk-a.yaml", "--limits", "flag.yaml")
        assert [code for _, code in found] == ["MC101", "MC104", "MC105"]

    def test_variables_have_lists_and_switches(self, repo: Path) -> None:
        configured("limits: {max_utilization: 5%, max_leverage: 0.1}\n", "policy.yaml")
        more = {"MARGINCTL_POLICY": "policy.yaml", "MARGINCTL_PATHS": "books/desk-a.yaml\nbooks/fund-b.yaml"}
        assert len(codes(**more)) == 4
        assert len(codes(MARGINCTL_SELECT="MC101, MC102", **more)) == 2
        assert check(env={**more, "MARGINCTL_QUIET": "yes", "MARGINCTL_FAIL_ON": "never"}).code == 0

    @pytest.mark.parametrize(
        ("name", "text", "said"),
        [
            ("FAIL_ONN", "never", "MARGINCTL_FAIL_ONN is no setting\n  help: did you mean MARGINCTL_FAIL_ON?"),
            ("FAIL_ON", "often", "MARGINCTL_FAIL_ON: --fail-on `often` is unknown\n  help: write error"),
            ("QUIET", "perhaps", "MARGINCTL_QUIET `perhaps` is neither yes nor no\n  help: write 1 or 0"),
            ("WIDTH", "5", "MARGINCTL_WIDTH `5` is no number of width\n  help: write 60 or more"),
            ("JOBS", "-1", "MARGINCTL_JOBS `-1` is no number of jobs\n  help: write 0 or more"),
        ],
    )
    def test_a_variable_that_cannot_be_meant_is_refused(self, name: str, text: str, said: str, repo: Path) -> None:
        ran = check("books", env={f"MARGINCTL_{name}": text})
        assert (ran.code, said in ran.errors) == (2, True), ran.errors

    def test_variables_of_other_things_are_let_be(self, repo: Path) -> None:
        assert check("books", env={"MARGINCTL_OKX_KEY": "x", "MARGINCTL_LIVE_URL": "y"}).code == 0


class TestWhatItSays:
    def test_limits_for_some_accounts(self, repo: Path) -> None:
        configured('paths: [books]\naccounts: {"desk-*": {max_utilization: 5%}}\n')
        assert codes() == [("desk-a.yaml", "MC101")]

    def test_limits_for_some_paths(self, repo: Path) -> None:
        configured('paths: [books]\naccounts: {"books/fund-*": {max_utilization: 5%}}\n')
        assert codes() == [("fund-b.yaml", "MC101")]

    def test_documents_that_are_written_beside_it(self, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        configured("paths: [books]\noutput: {json: report.json, csv=limits: limits.csv}\n")
        monkeypatch.chdir("books")
        assert check("-q").code == 0
        assert {path.name for path in repo.iterdir()} >= {"report.json", "limits.csv"}

    def test_a_switch_of_a_format_that_is_not_written_is_no_mistake(self, repo: Path) -> None:
        configured("paths: [books]\nnotes: true\nsarif_waived: true\n")
        assert check().code == 0
        assert check("--notes").code == 2

    def test_a_document_that_it_asks_for_is_written_also_where_a_run_does_not_begin(self, repo: Path) -> None:
        configured("format: json\n")
        assert check().json()["errors"][0]["message"] == "nothing names what to check"

    def test_formats_are_those_of_check_alone(self, repo: Path) -> None:
        configured("format: sarif\nwidth: 70\n")
        assert run("explain", "books/desk-a.yaml").code == 0

    def test_a_baseline_may_be_about_to_be_made(self, repo: Path) -> None:
        configured("paths: [books]\nlimits: {max_utilization: 5%}\nbaseline: base.json\n")
        assert check().code == 2
        assert check("--write-baseline", "base.json").code == 0
        assert check().code == 0

    def test_other_commands_have_its_limits(self, repo: Path) -> None:
        configured("limits: {max_utilization: 5%}\n")
        assert run("headroom", "books/desk-a.yaml", "--today", TODAY).code == 1
        assert run("what-if", "books/desk-a.yaml", "--deposit", "USDT=1", "--today", TODAY).code == 1


class TestErrors:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (
                "fail_onn: never\n",
                "1:1: MC010 unknown key `fail_onn`\n  fail_onn: never\n  ^^^^^^^^\n  help: did you mean `fail_on`?",
            ),
            ("fail_on: often\n", "marginctl.yaml:1:10: MC004 --fail-on `often` is unknown"),
            ("select: [MC999]\n", "marginctl.yaml:1:9: MC004 --select: no limit has the code `MC999`"),
            ("limits: {max_utilisation: 5%}\n", "marginctl.yaml:1:10: MC010 unknown key `max_utilisation`"),
            ("width: 20\n", "marginctl.yaml:1:8: MC004 `width` must be at least 60"),
            ("jobs: -1\n", "marginctl.yaml:1:7: MC014"),
            ("rule_pages: 'javascript:x'\n", "marginctl.yaml:1:13: MC004 --rule-pages"),
            ("schema: marginctl.config/2\n", "marginctl.yaml:1:9"),
            ("- x\n", "marginctl.yaml:1:1: MC013"),
            ("paths: ['-']\n", "marginctl.yaml:1:8: MC004 standard input is no file"),
            ("a: &x [\n", "marginctl.yaml:"),
        ],
    )
    def test_each_has_its_place_and_exits_2(self, text: str, said: str, repo: Path) -> None:
        configured(text)
        ran = check("books")
        assert (ran.code, ran.out, said in ran.errors) == (2, "", True), ran.errors

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("fail_onn = 'never'\n", "pyproject.toml:3:1: MC010 unknown key `fail_onn`\n  fail_onn = 'never'\n  ^\n"),
            ("limits = {max_leverage = {warn = 1, fial = 2}}\n", "pyproject.toml:3:37: MC010 unknown key `fial`"),
            ("[tool.marginctl.limits]\nmax_leverage = 'high'\n", "pyproject.toml:4:1: "),
            ("[[tool.marginctl.scenarios]]\nname = 'a'\n", "pyproject.toml:3:3: MC012 `shocks` is missing"),
            ("width = 3.5\n", "pyproject.toml:3:1: MC0"),
            ("x = \n", "pyproject.toml:3:5: MC001 it is no TOML: Invalid value"),
            ("at = 10:00:00\n", "pyproject.toml:3:1: MC0"),
            ("limits = {max_leverage = 1e999999999}\n", "pyproject.toml:3:11: MC014"),
            ("limits = {max_leverage = inf}\n", "pyproject.toml:3:11: MC014"),
            (f"jobs = {'9' * 5000}\n", "pyproject.toml: MC001 it is no TOML: a number has too many digits"),
            (f"paths = {'[' * 5000}\n", "pyproject.toml"),
        ],
    )
    def test_those_of_a_projects_file_too(self, text: str, said: str, repo: Path) -> None:
        configured(f"\n[tool.marginctl]\n{text}", "pyproject.toml")
        ran = check("books")
        assert (ran.code, said in ran.errors) == (2, True), ran.errors

    def test_they_are_a_document_where_one_is_asked_for(self, repo: Path) -> None:
        configured("fail_on: often\n")
        (error,) = check("books", "--format", "json").json()["errors"]
        assert (error["file"], error["line"], error["column"]) == ("marginctl.yaml", 1, 10)


class TestHostileTrees:
    """A configuration that came with somebody's books."""

    @pytest.mark.parametrize(
        "target",
        ["../out.json", "/tmp/out.json", ".git/hooks/pre-commit", "a/../../out.json", "link/out.json", "out.json"],
    )
    def test_it_writes_nothing_outside_of_its_folder_and_nothing_hidden(self, target: str, repo: Path) -> None:
        outside = repo.parent / "outside"
        outside.mkdir()
        Path("link").symlink_to(outside)
        Path("out.json").symlink_to(outside / "victim.json")
        configured(f"output: {{json: {target}}}\n")
        ran = check("books")
        assert (ran.code, ran.out) == (2, "")
        assert "marginctl.yaml:1:16: MC004 `output` would write" in ran.errors
        assert list(outside.iterdir()) == []

    @pytest.mark.parametrize("key", ["policy", "baseline", "rules"])
    def test_it_reads_nothing_outside_of_its_repository(self, key: str, repo: Path) -> None:
        (repo.parent / "secret.yaml").write_text("token: hunter2\n")
        Path("link").symlink_to(repo.parent)
        Path("git:x").mkdir()
        for path in ("../secret.yaml", "link/secret.yaml", str(repo.parent / "secret.yaml"), "git:x/../../secret.yaml"):
            if key == "baseline" and path.startswith("git:"):
                continue
            configured(f"{key}: {path}\n")
            ran = check("books")
            assert (ran.code, OUTSIDE in ran.errors, "hunter2" in ran.errors) == (2, True, False)

    @pytest.mark.parametrize("pattern", ["../*.yaml", "link/secret.yaml", "books/*/secret.yaml"])
    def test_nor_does_it_name_portfolios_there(self, pattern: str, repo: Path) -> None:
        (repo.parent / "secret.yaml").write_text("token: hunter2\n")
        Path("link").symlink_to(repo.parent)
        Path("books/inner").symlink_to(repo.parent)
        configured(f'paths: ["{pattern}"]\n')
        ran = check()
        assert (ran.code, "hunter2" in ran.errors + ran.out) == (2, False)

    def test_nor_does_a_policy_of_its_extend_one_there(self, repo: Path) -> None:
        (repo.parent / "secret.yaml").write_text("token: hunter2\n")
        configured("policy: policy.yaml\n")
        configured("extends: ../secret.yaml\n", "policy.yaml")
        ran = check("books")
        assert (ran.code, OUTSIDE in ran.errors + ran.out, "hunter2" in ran.errors + ran.out) == (2, True, False)

    def test_it_is_no_link_to_a_file_there(self, repo: Path) -> None:
        (repo.parent / "secret.yaml").write_text("token: hunter2\n")
        Path("marginctl.yaml").symlink_to(repo.parent / "secret.yaml")
        ran = check("books")
        assert (ran.code, "leads out" in ran.errors, "hunter2" in ran.errors) == (2, True, False)

    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("ignore: [MC101]", "ignore"),
            ("select: [MC102]", "select"),
            ("fail_on: never", "fail_on"),
            ("exclude: [desk-a.yaml]", "exclude"),
            ("rules: books", "rules"),
        ],
    )
    def test_it_takes_nothing_from_a_policy_of_a_flag(self, text: str, key: str, repo: Path) -> None:
        configured("limits: {max_utilization: 5%}\n", "../policy.yaml")
        configured(f"{text}\n")
        ran = check("books", "--limits", "../policy.yaml", "--format", "csv=findings")
        assert (ran.code, ran.out.count("MC101")) == (1, 2)
        assert f"marginctl.yaml:1: `{key}` does not count beside a policy that a flag names" in ran.errors
        ran = check("books", "--format", "csv=findings", env={"MARGINCTL_POLICY": "../policy.yaml"})
        assert (ran.code, "MARGINCTL_POLICY names" in ran.errors) == (1, True)

    def test_nor_by_a_baseline(self, repo: Path) -> None:
        configured("limits: {max_utilization: 5%}\n", "../policy.yaml")
        assert check("books", "--limits", "../policy.yaml", "--write-baseline", "base.json").code == 0
        configured("baseline: base.json\n")
        assert check("books", "--limits", "../policy.yaml").code == 1

    def test_nor_by_waivers_and_limits_that_it_switches_off(self, repo: Path) -> None:
        weak = "account: {venue: binance-usdm, liquidation_level: 0.5}\n" + CLEAN
        Path("books/desk-a.yaml").write_text(weak)
        configured("limits: {}\n", "../policy.yaml")
        before = check("books", "--limits", "../policy.yaml", "--format", "csv=findings")
        assert "MC208" in before.out
        configured(
            'waivers: [{code: MC208, until: 2027-01-01, reason: "ours"}]\n'
            "limits: {max_rules_age: off, forbid_assumptions: off}\n"
        )
        after = check("books", "--limits", "../policy.yaml", "--format", "csv=findings")
        assert (after.code, after.out) == (before.code, before.out)

    def test_it_may_be_stricter(self, repo: Path) -> None:
        configured("limits: {max_leverage: 9}\n", "../policy.yaml")
        configured("limits: {max_utilization: {warn: 5%}}\nfail_on: warning\n")
        ran = check("books", "--limits", "../policy.yaml")
        assert (ran.code, ran.errors) == (1, "")

    def test_it_starts_no_more_processes_than_there_are_processors(self, repo: Path) -> None:
        configured("jobs: 100000\n")
        listed = {one["name"]: one["value"] for one in run("config", "--format", "json").json()["settings"]}
        assert int(listed["jobs"]) <= (os.cpu_count() or 1)


class TestFolders:
    OTHERS: ClassVar = {
        "policy.yaml": "schema: marginctl.policy/1\nlimits: {}\n",
        "marginctl.yaml": "fail_on: error\n",
        "compose.yml": "services:\n  web: {image: x}\n",
        ".github/workflows/ci.yaml": "positions: []\n",
        ".hidden.yaml": "a: 1\n",
        "list.yaml": "- a\n- b\n",
    }

    @pytest.fixture
    def mixed(self, repo: Path) -> Path:
        for name, text in self.OTHERS.items():
            path = repo / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return repo

    def test_portfolios_alone_are_checked_and_other_yaml_is_told(self, mixed: Path) -> None:
        ran = check(".", "--format", "json")
        assert [one["file"] for one in ran.json()["reports"]] == ["books/desk-a.yaml", "books/fund-b.yaml"]
        assert ran.errors == (
            "marginctl: 2 YAML files are no portfolios and were not checked: compose.yml, list.yaml "
            "(a portfolio says `schema: marginctl.portfolio/1`)\n"
        )

    @pytest.mark.parametrize(
        "text",
        [
            "schema: marginctl.portfolio/1\n",
            "schema: marginctl.portfolo/1\na: b\n",
            "# yaml-language-server: $schema=marginctl-portfolio.schema.json\na: 1\n",
            "colateral: []\npositions: []\n",
            '{"prices": {}}\n',
            "",
            "# nothing yet\n",
            "\x00\x01",
            "collateral: [\n",
            "- {asset: USDT, amount: 1}\n",
            "--- {limits: {}, collateral: []}\n",
            "limits: {}\rcollateral: []\r",
            "? collateral\n: []\n",
            "\ufeff{limits: {}, positions: []}\n",
            "  limits: {}\n  collateral: x\n",
        ],
    )
    def test_what_may_be_meant_as_one_is_never_passed_over(self, text: str, repo: Path) -> None:
        Path("books/desk-a.yaml").write_text(text)
        ran = check("books", "--format", "json")
        assert [one["file"] for one in ran.json()["errors"]][:1] == ["books/desk-a.yaml"]

    def test_what_the_configuration_names_is_one_whatever_it_holds(self, repo: Path) -> None:
        Path("books/desk-a.yaml").write_text("a: 1\n")
        assert check(".").code == 0
        configured('paths: ["books/*.yaml"]\n')
        assert check(".").code == 2

    def test_a_folder_without_any_is_an_error(self, repo: Path) -> None:
        Path("other").mkdir()
        Path("other/a.yaml").write_text("a: 1\n")
        ran = check("other")
        assert (ran.code, "no portfolio lies in it" in ran.out + ran.errors) == (2, True)

    @pytest.mark.parametrize("glob", ["desk-a.yaml", "desk-*", "books/desk*", "**/desk-a.yaml", "books/desk-a.yaml"])
    def test_what_is_excluded_is_left_out(self, glob: str, repo: Path) -> None:
        ran = check(".", "--exclude", glob, "--format", "json")
        assert [one["file"] for one in ran.json()["reports"]] == ["books/fund-b.yaml"]
        configured(f'exclude: ["{glob}"]\n')
        ran = check("books/*.yaml", "--format", "json")
        assert [one["file"] for one in ran.json()["reports"]] == ["books/fund-b.yaml"]

    def test_a_file_that_is_named_is_not_left_out(self, repo: Path) -> None:
        assert check("books/desk-a.yaml", "--exclude", "desk-*").code == 0
        assert check("books", "--exclude", "books").code == 2


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_the_screens(width: int, repo: Path, golden_file: Callable[[Path, str], None]) -> None:
    configured("paths: [books, more]\npolicy: risk/policy.yaml\nlimits: {max_leverage: 3, max_utilization: 50%}\n")
    ran = run("config", "--width", str(width), "--jobs", "2", env={"MARGINCTL_SELECT": "MC101,MC102"})
    assert max(map(len, ran.out.splitlines())) <= width
    golden_file(Path(__file__).parent / "golden" / "config" / f"{width}.txt", ran.out)


class TestList:
    def test_each_setting_says_where_it_comes_from(self, repo: Path) -> None:
        configured("paths: [books]\nfail_on: warning\nlimits:\n  max_leverage: 3\nselect: [MC101]\n")
        ran = run("config", "--width", "90", "--format", "json", env={"MARGINCTL_SELECT": "MC102"})
        rows = {one["name"]: (one["value"], one["origin"], one["place"]) for one in ran.json()["settings"]}
        assert rows["paths"] == ("books", "file", "marginctl.yaml:1")
        assert rows["fail_on"] == ("warning", "file", "marginctl.yaml:2")
        assert rows["limits"] == ("max_leverage", "file", "marginctl.yaml:3")
        assert rows["select"] == ("MC102", "variable", "MARGINCTL_SELECT")
        assert rows["width"] == ("90", "flag", "--width")
        assert rows["format"] == ("table", "default", "")

    def test_without_a_configuration_all_is_default(self, repo: Path) -> None:
        document = run("config", "--format", "json").json()
        assert (document["file"], {one["origin"] for one in document["settings"]}) == ("", {"default"})
        assert document["settings"][0]["value"] == ""

    def test_the_keys_of_a_projects_file_have_lines(self, repo: Path) -> None:
        configured(
            "[tool.marginctl]\nfail_on = 'never'\n\n[tool.marginctl.limits]\nmax_leverage = 3\n", "pyproject.toml"
        )
        rows = {one["name"]: one["place"] for one in run("config", "--format", "json").json()["settings"]}
        assert (rows["fail_on"], rows["limits"]) == ("pyproject.toml:2", "pyproject.toml:4")

    def test_a_wrong_configuration_is_exit_2(self, repo: Path) -> None:
        configured("fail_on: often\n")
        assert run("config").code == 2

    @pytest.mark.parametrize(("word", "meant"), [("fail-on", "fail_on"), ("boooks", "books")])
    def test_a_word_that_is_no_file_is_exit_2_and_what_was_meant(self, repo: Path, word: str, meant: str) -> None:
        configured("paths: [books]\n")
        ran = run("config", word, "--format", "json")
        (error,) = ran.json()["errors"]
        assert (ran.code, error["message"]) == (2, f"`{word}`: no such file, and no file matches it")
        assert error["help"].startswith(f"did you mean `{meant}`?")

    def test_paths_of_the_configuration_that_are_not_there_are_a_matter_of_check(self, repo: Path) -> None:
        configured("paths: [nowhere]\n")
        assert run("config").code == 0


TOML = '''\
title = "x"  # a.b = 1
[a]
b = """
c = 1
"""
"d.e" = {f = 1, g = {h = 2}}
i.j = 3
[[k]]
l = 1
[[k]]
l = 2
[k.m]
n = 3
'''


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("title", (1, 1)),
        ("a", (2, 2)),
        ("a.b", (3, 1)),
        ("a.c", (2, 2)),  # stands in a text: no key, so what holds it
        ('a."d.e"', (6, 1)),
        ('a."d.e".g', (6, 17)),
        ('a."d.e".g.h', (6, 22)),
        ("a.i.j", (7, 1)),
        ("k.0.l", (9, 1)),
        ("k.1.l", (11, 1)),
        ("k.1.m.n", (13, 1)),
        ("none", (0, 0)),
    ],
)
def test_keys_of_toml_have_places(path: str, place: tuple[int, int]) -> None:
    assert toml_place(path, toml_places(TOML), TOML) == place
