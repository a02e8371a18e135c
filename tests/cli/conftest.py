"""A folder to run in, and an environment that says nothing about the terminal."""

from pathlib import Path

import pytest
from tests.cli.running import BROKEN, CLEAN, REFUSED, WARNED

QUIET = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM", "GITHUB_ACTIONS", "CI")
HOSTS = ("GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "CI_PROJECT_DIR")


@pytest.fixture(autouse=True)
def no_code_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs inside a pipeline are those of a user, not of the pipeline."""
    for name in HOSTS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with one file for each way to end."""
    monkeypatch.chdir(tmp_path)
    for name in QUIET:
        monkeypatch.delenv(name, raising=False)
    for name, text in (("clean", CLEAN), ("warned", WARNED), ("broken", BROKEN), ("refused", REFUSED)):
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path
