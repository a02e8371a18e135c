"""What is published and how it is installed: the sdist's list, versions with hashes, what is never loaded."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.cli.running import CLEAN, PATIENCE, SOURCE

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VERSION = re.compile(r"^([\w.-]+)==([\w.]+)", re.MULTILINE)
NETWORK = ("ccxt", "ssl", "http.client", "urllib.request", "marginctl.venues.live.client")


def versions(name: str) -> dict[str, str]:
    text = (ROOT / ".ci" / name).read_text(encoding="utf-8")
    return {found[1].lower().replace("_", "-"): found[2] for found in VERSION.finditer(text)}


def test_the_sdist_takes_what_the_project_has_and_nothing_else_of_that_name() -> None:
    lines = (ROOT / "MANIFEST.in").read_text(encoding="utf-8").splitlines()
    taken = {name for verb, name in map(str.split, (one for one in lines if one.startswith(("graft", "include"))))}
    assert {name for name in taken if not (ROOT / name).exists()} == set()
    assert {"src", "tests", ".pre-commit-hooks.yaml", ".ci", "SECURITY.md", "LICENSE"} <= taken


def test_every_requirement_has_the_pinned_version_and_a_hash() -> None:
    pinned, required = versions("constraints.txt"), versions("requirements.txt")
    assert {name: pinned.get(name, version) for name, version in required.items()} == required
    text = (ROOT / ".ci" / "requirements.txt").read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=[\w-]+==)", text)[1:]:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry
    assert "://" not in text


def test_the_lowest_versions_are_those_of_the_project() -> None:
    lowest = versions("lowest.txt")
    for one in PROJECT["project"]["dependencies"]:
        name, bound = re.match(r"([\w-]+)>=([\w.]+)", one).groups()  # type: ignore[union-attr]
        assert lowest.pop(name).startswith(bound)
    assert lowest == {}


@pytest.mark.parametrize("command", [["check", "clean.yaml"], ["stress", "clean.yaml"], ["venue", "okx"]])
def test_without_live_nothing_is_loaded_that_could_reach_a_network(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "clean.yaml").write_text(CLEAN)
    program = (
        "import sys\nfrom marginctl.cli.app import app\n"
        "try:\n    app(sys.argv[1:])\nexcept SystemExit:\n    print('\\n'.join(sys.modules), file=sys.stderr)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, *command],
        capture_output=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(SOURCE)},
        timeout=PATIENCE,
        check=True,
    )
    loaded = set(ended.stderr.decode().split())
    assert "marginctl.cli.app" in loaded
    assert loaded.isdisjoint(NETWORK)
