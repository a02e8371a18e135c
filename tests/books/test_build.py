"""The extension is built where there is a compiler, and nothing fails where there is none."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = ("setup.py", "pyproject.toml", "README.md", "LICENSE", "src/marginctl/books", "share/man/man1/marginctl.1")


def has_setuptools() -> bool:
    """Whether one is here that reads the project's own metadata."""
    try:
        return int(version("setuptools").partition(".")[0]) >= 77
    except PackageNotFoundError:
        return False


pytestmark = pytest.mark.skipif(not has_setuptools(), reason="setuptools >= 77 is not installed")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what a build needs."""
    for name in NEEDED:
        source, target = ROOT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    return tmp_path


def built(project: Path, **surroundings: str) -> list[str]:
    """The files that building the extensions leaves, with an exit code of 0."""
    command = [sys.executable, "setup.py", "-q", "build_ext", "--build-lib", "lib", "--build-temp", "temp"]
    run = subprocess.run(
        command, cwd=project, env=os.environ | surroundings, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return [path.name.partition(".")[0] for path in (project / "lib").rglob("*") if path.suffix in {".so", ".pyd"}]


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
def test_with_a_compiler_there_is_a_kernel(project: Path) -> None:
    assert built(project) == ["_kernel"]


def test_without_a_compiler_there_is_none_and_nothing_fails(project: Path) -> None:
    assert built(project, CC="false", LDSHARED="false") == []


def test_a_pure_build_leaves_it_out(project: Path) -> None:
    assert built(project, MARGINCTL_PURE="1") == []


def test_the_kernel_is_rounded_as_it_is_written() -> None:
    text = (ROOT / "setup.py").read_text(encoding="utf-8")
    assert "-ffp-contract=off" in text
    assert "fast-math" not in text
