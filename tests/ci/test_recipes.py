"""The action, the container and the release: pinned, with the rights they need; the action's script as it runs."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from tests.cli.running import BROKEN, CLEAN, PATIENCE
from tests.cli.test_git_baseline import git

ROOT = Path(__file__).parents[2]
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
TOOLS = ("podman", "docker", "buildah")


def loaded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    return found


ACTION, RELEASE = loaded("action.yml"), loaded(".github/workflows/release.yml")


def uses(tree: Any) -> list[str]:
    """Every ``uses:`` of a tree."""
    if isinstance(tree, dict):
        own = [tree["uses"]] if "uses" in tree else []
        return own + [one for value in tree.values() for one in uses(value)]
    return [one for value in tree for one in uses(value)] if isinstance(tree, list) else []


def scripts(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        own = [tree["run"]] if isinstance(tree.get("run"), str) else []
        return own + [one for value in tree.values() for one in scripts(value)]
    return [one for value in tree for one in scripts(value)] if isinstance(tree, list) else []


@pytest.mark.parametrize("recipe", [ACTION, RELEASE], ids=["action", "release"])
class TestRecipes:
    def test_every_action_is_pinned_to_a_commit(self, recipe: dict[str, Any]) -> None:
        assert uses(recipe)
        assert [one for one in uses(recipe) if not PINNED.fullmatch(one)] == []

    def test_no_script_has_text_of_others_in_it(self, recipe: dict[str, Any]) -> None:
        assert scripts(recipe)
        assert [one for one in scripts(recipe) if "${{" in one] == []

    def test_every_script_is_one(self, recipe: dict[str, Any]) -> None:
        for script in scripts(recipe):
            subprocess.run(["bash", "-n"], input=script, text=True, check=True)


class TestRelease:
    def test_it_fits_the_schema_of_workflows(self) -> None:
        tree = {("on" if name is True else name): value for name, value in RELEASE.items()}
        schema = json.loads((Path(__file__).parent / "schemas/github-workflow.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft7Validator(schema).validate(tree)

    def test_only_the_job_that_publishes_may_ask_for_an_identity(self) -> None:
        jobs = RELEASE["jobs"]
        assert RELEASE["permissions"] == {}
        assert jobs["build"]["permissions"] == {"contents": "read"}
        assert jobs["publish"]["permissions"] == {"id-token": "write"}
        assert jobs["publish"]["environment"] == "pypi"
        assert scripts(jobs["publish"]) == []

    def test_no_secret_is_named(self) -> None:
        assert "secrets." not in (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")

    def test_the_changelog_leads_to_the_one_that_is_kept(self) -> None:
        assert "(docs/changes.md)" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        assert "\n## Unreleased\n" in (ROOT / "docs/changes.md").read_text(encoding="utf-8")


class TestAction:
    """The script of the step that checks, run by bash as a runner would."""

    @pytest.fixture
    def runner(self, tmp_path: Path) -> Path:
        tree = tmp_path / "tree"
        (tree / "books").mkdir(parents=True)
        (tree / "books/clean.yaml").write_text(CLEAN)
        (tree / "books/broken.yaml").write_text(BROKEN)
        program = tmp_path / "temp/marginctl/bin/python"
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        program.chmod(0o755)
        return tmp_path

    def ran(self, runner: Path, **inputs: str) -> tuple[int, str, str]:
        """Exit code, standard output, and the outputs of the step."""
        (step,) = (one for one in ACTION["runs"]["steps"] if one.get("id") == "check")
        given = {f"INPUT_{name.upper().replace('-', '_')}": one["default"] for name, one in ACTION["inputs"].items()}
        given |= {f"INPUT_{name.upper()}": text for name, text in inputs.items()}
        places = {"RUNNER_TEMP": runner / "temp", "GITHUB_OUTPUT": runner / "out", "GITHUB_WORKSPACE": runner / "tree"}
        places["GITHUB_STEP_SUMMARY"] = runner / "summary.md"
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=runner / "tree",
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "src"), "GITHUB_ACTIONS": "true", **given}
            | {name: str(path) for name, path in places.items()},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return ended.returncode, ended.stdout + ended.stderr, (runner / "out").read_text()

    def test_every_input_reaches_the_script_and_all_have_a_default(self) -> None:
        (step,) = (one for one in ACTION["runs"]["steps"] if one.get("id") == "check")
        named = {f"INPUT_{name.upper().replace('-', '_')}" for name in ACTION["inputs"]} - {"INPUT_WORKING_DIRECTORY"}
        assert {name for name in step["env"] if name.startswith("INPUT_")} == named
        assert all(name in step["run"] for name in named)
        assert all("default" in one for one in ACTION["inputs"].values())

    def test_a_broken_limit_is_an_annotation_a_summary_and_a_sarif_file(self, runner: Path) -> None:
        code, text, out = self.ran(runner, paths="books")
        assert code == 1
        assert "::error file=books/broken.yaml,line=" in text
        assert (runner / "summary.md").read_text().startswith("## marginctl: FAIL, 2 files")
        assert '"MC107"' in (runner / "tree/margin.sarif").read_text()
        assert out == "exit-code=1\nsarif=margin.sarif\n"

    def test_what_passes_passes(self, runner: Path) -> None:
        assert self.ran(runner, paths="books/clean.yaml", sarif="")[0] == 0

    def test_without_paths_the_configuration_names_them(self, runner: Path) -> None:
        (runner / "tree/marginctl.yaml").write_text("paths: [books/clean.yaml]\n")
        assert self.ran(runner)[0] == 0
        assert self.ran(runner, config="false")[0] == 2

    def test_policies_and_arguments_are_a_line_each(self, runner: Path) -> None:
        for name, limit in (("a b", "max_leverage: 0.1"), ("c", "max_utilization: 1%")):
            (runner / f"{name}.yaml").write_text(f"limits: {{{limit}}}\n")
        code, text, _ = self.ran(
            runner, paths="books/clean.yaml", limits=f"{runner}/a b.yaml\n{runner}/c.yaml", arguments="--notes\n"
        )
        assert (code, "MC104" in text, "MC101" in text) == (1, True, True)

    @pytest.mark.parametrize(
        "text", ["$(touch pwned)", "`touch pwned`", "; touch pwned", "--output=json=pwned", "\n\n"]
    )
    def test_no_input_is_a_command_or_a_flag(self, text: str, runner: Path) -> None:
        code, _, out = self.ran(runner, paths=text)
        assert (code, out.splitlines()[0]) == (2, "exit-code=2")
        assert not (runner / "tree/pwned").exists()

    def test_against_a_commit_the_summary_shows_what_moved(self, runner: Path) -> None:
        tree = str(runner / "tree")
        git("init", "-q", tree)
        git("-C", tree, "add", "-A")
        git("-C", tree, "commit", "-q", "-m", "one")
        path = runner / "tree/books/broken.yaml"
        path.write_text(path.read_text().replace("leverage: 10", "leverage: 20"))
        code, _, _ = self.ran(runner, paths="books", baseline="git:HEAD")
        assert (code, "broken since HEAD" in (runner / "summary.md").read_text()) == (0, True)

    def test_modules_of_the_tree_are_not_those_of_the_program(self, runner: Path) -> None:
        for name in ("msgspec", "typer", "marginctl"):
            (runner / f"tree/{name}.py").write_text("open('pwned', 'w')\n")
        assert self.ran(runner, paths="books/clean.yaml")[0] == 0
        assert not (runner / "tree/pwned").exists()


def statements() -> list[tuple[str, str]]:
    """The statements of the container recipe: word and rest."""
    text = re.sub(r"\\\n", " ", "\n".join(line for line in CONTAINERFILE.splitlines() if not line.startswith("#")))
    return [(line.partition(" ")[0], " ".join(line.partition(" ")[2].split())) for line in text.splitlines() if line]


def copied() -> list[str]:
    """What the build stage is given of the tree."""
    given = [rest.split()[:-1] for word, rest in statements() if word == "COPY" and "--from" not in rest]
    return [one for sources in given for one in sources]


class TestContainer:
    def test_its_bases_have_whole_versions_and_the_same(self) -> None:
        bases = [rest.split()[0] for word, rest in statements() if word == "FROM"]
        assert len(set(bases)) == 1
        assert re.fullmatch(r"docker\.io/library/python:3\.\d+\.\d+-slim-\w+", bases[0])

    def test_it_runs_as_nobody_in_particular(self) -> None:
        words = [word for word, _ in statements()]
        (user,) = (rest for word, rest in statements() if word == "USER")
        assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)
        assert words.index("USER") > max(number for number, word in enumerate(words) if word in ("RUN", "COPY"))

    def test_dependencies_have_hashes_and_the_last_stage_has_no_source(self) -> None:
        last = max(number for number, (word, _) in enumerate(statements()) if word == "FROM")
        installs = [rest for word, rest in statements() if word == "RUN" and "pip install" in rest]
        assert len(installs) == 2
        assert "--require-hashes" in installs[0]
        assert "--no-deps /wheels/*.whl" in installs[1]
        assert re.search(r" setuptools==[\d.]+ .*--no-build-isolation", installs[1])
        assert [rest for word, rest in statements()[last:] if word == "COPY"] == [
            "--from=build /opt/marginctl /opt/marginctl"
        ]

    def test_what_it_copies_exists_and_is_not_ignored(self) -> None:
        kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
        assert [one for one in copied() if not (ROOT / one).exists()] == []
        assert set(copied()) <= set(kept)

    def test_its_wheel_is_built_by_the_backend_of_the_project(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
        (build,) = (rest for word, rest in statements() if word == "RUN" and "pip wheel" in rest)
        (pinned,) = re.findall(r"\s([a-z]+)==([\d.]+)\s", build)
        (name, least), *others = (re.fullmatch(r"([a-z]+)>=([\d.]+)", one).groups() for one in project["requires"])  # type: ignore[union-attr]
        assert (pinned[0], others) == (name, [])
        assert project["build-backend"].startswith(f"{name}.")
        assert int(pinned[1].partition(".")[0]) >= int(least.partition(".")[0])

    def test_its_wheel_is_built_of_what_is_copied(self, tmp_path: Path) -> None:
        """The build stage as it runs, but for the network: the backend is the one that is here, if there is one."""
        pytest.importorskip("setuptools")
        built = shutil.ignore_patterns("__pycache__", "*.so", "*.egg-info")
        for one in copied():
            (tmp_path / one).parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / one).is_dir():
                shutil.copytree(ROOT / one, tmp_path / one, ignore=built)
            else:
                shutil.copy(ROOT / one, tmp_path / one)
        words = ["pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", "wheels", "."]
        environment = {"PATH": "/usr/bin:/bin", "MARGINCTL_PURE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        subprocess.run([sys.executable, "-m", *words], cwd=tmp_path, env=environment, check=True, timeout=PATIENCE)
        (wheel,) = (tmp_path / "wheels").glob("*.whl")
        assert wheel.name.endswith("-py3-none-any.whl")
        names = set(zipfile.ZipFile(wheel).namelist())
        package = ROOT / "src/marginctl"
        kept = {path.relative_to(ROOT / "src").as_posix() for path in package.rglob("*") if path.is_file()}
        assert {name for name in kept if not name.endswith((".pyc", ".so", ".c", ".h"))} <= names

    def test_its_command_is_the_program(self) -> None:
        assert ("ENTRYPOINT", '["marginctl"]') in statements()

    def test_it_builds_and_runs_where_there_is_a_tool(self, tmp_path: Path) -> None:
        tool = next((one for one in TOOLS if shutil.which(one) and works(one)), None)
        if tool is None:
            pytest.skip("no container tool that works here")
        build = ["bud"] if tool == "buildah" else ["build"]
        subprocess.run([tool, *build, "-f", "Containerfile", "-t", "marginctl-test", "."], cwd=ROOT, check=True)
        if tool == "buildah":
            return
        (tmp_path / "clean.yaml").write_text(CLEAN)
        mount = f"{tmp_path}:/work:ro"
        words = [tool, "run", "--rm", "--network", "none", "-v", mount, "marginctl-test", "check", "clean.yaml", "-q"]
        subprocess.run(words, check=True, timeout=PATIENCE)


def works(tool: str) -> bool:
    """Whether a container tool has what it needs to build."""
    try:
        return subprocess.run([tool, "info"], capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
