"""Golden files: expected texts beside the tests, rewritten by ``pytest --update-golden`` and reviewed like code."""

import gc
from collections.abc import Callable
from pathlib import Path

import pytest

from marginctl.cli import main as _main  # noqa: F401 - switches the collector off, for one short run

FLAG = "--update-golden"

gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(FLAG, action="store_true", help="rewrite the golden files; review the difference")


@pytest.fixture
def golden_file(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with a golden file, or rewrites it."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption(FLAG):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.exists(), f"{path.name} is not there: look at the screen, then {FLAG}"
        assert text == path.read_bytes().decode("utf-8"), f"{path.name} differs: look at it, then {FLAG}"

    return compare
