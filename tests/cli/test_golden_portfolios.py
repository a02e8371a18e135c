"""The screens of every bundled portfolio, at two widths and piped, as a person has looked at them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.running import check

PORTFOLIOS = Path(__file__).parents[2] / "portfolios"
GOLDEN = Path(__file__).parent / "golden" / "portfolios"
NAMES = sorted(path.name for path in PORTFOLIOS.glob("*.y*ml"))
VERDICTS = {0: ("PASS", "WARN"), 1: ("FAIL",)}


@pytest.mark.parametrize("width", ["80", "120", "piped"])
@pytest.mark.parametrize("name", NAMES)
def test_a_screen_is_the_golden_one(
    name: str, width: str, monkeypatch: pytest.MonkeyPatch, golden_file: Callable[[Path, str], None]
) -> None:
    monkeypatch.chdir(PORTFOLIOS)
    ran = check(name, "--color", "never", *(() if width == "piped" else ("--width", width)))
    assert ran.errors == ""
    assert ran.out.splitlines()[-1].startswith(VERDICTS[ran.code]) or ran.out.splitlines()[-1].startswith("      ")
    assert width == "piped" or max(map(len, ran.out.splitlines())) <= int(width)
    golden_file(GOLDEN / f"{Path(name).stem}-{width}.txt", ran.out)


@pytest.mark.parametrize("name", NAMES)
def test_every_bundled_portfolio_says_what_it_ends_with(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PORTFOLIOS)
    document = check(name, "--format", "json").json()
    assert document["errors"] == []
    assert document["summary"]["exit_code"] == (1 if document["summary"]["errors"] else 0)


def test_no_golden_screen_is_left_of_a_portfolio_that_is_gone() -> None:
    stems = {Path(name).stem for name in NAMES}
    assert {path.stem.rpartition("-")[0] for path in GOLDEN.glob("*.txt")} == stems
