"""The screens of every bundled portfolio, at four widths and piped, as a person has looked at them."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.running import check

PORTFOLIOS = Path(__file__).parents[2] / "portfolios"
GOLDEN = Path(__file__).parent / "golden" / "portfolios"
NAMES = sorted(path.name for path in PORTFOLIOS.glob("*.y*ml"))
VERDICTS = {0: ("PASS", "WARN"), 1: ("FAIL",)}


@pytest.mark.parametrize("width", ["60", "80", "100", "120", "piped"])
@pytest.mark.parametrize("name", NAMES)
def test_a_screen_is_the_golden_one(
    name: str, width: str, monkeypatch: pytest.MonkeyPatch, golden_file: Callable[[Path, str], None]
) -> None:
    monkeypatch.chdir(PORTFOLIOS)
    ran = check(name, "--color", "never", *(() if width == "piped" else ("--width", width)))
    assert ran.errors == ""
    assert ran.out.startswith(VERDICTS[ran.code])
    assert width == "piped" or max(map(len, ran.out.splitlines())) <= int(width)
    golden_file(GOLDEN / f"{Path(name).stem}-{width}.txt", ran.out)


@pytest.mark.parametrize("name", NAMES)
def test_every_bundled_portfolio_says_what_it_ends_with(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PORTFOLIOS)
    document = check(name, "--format", "json").json()
    assert document["errors"] == []
    assert document["summary"]["exit_code"] == (1 if document["summary"]["errors"] else 0)


@pytest.mark.parametrize("name", NAMES)
def test_at_80_columns_the_margins_of_every_position_are_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PORTFOLIOS)
    rows = [row for one in check(name, "--format", "json").json()["reports"] for row in one["positions"]]
    lines = check(name, "--width", "80").out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("Positions"))
    titles = lines[at + 1].split()
    for row in rows:
        for title, key in (("initial", "initial_margin"), ("maint.", "maintenance_margin")):
            assert title in titles or row[key] is None  # a margin model asks the pool, not the position
            assert row[key] is None or f"{math.ceil(row[key] * 100) / 100:,.2f}" in " ".join(lines[at : at + 12])


def test_five_positions_with_all_else_fit_40_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PORTFOLIOS)
    assert len(check("12-five-positions.yaml", "--width", "80").out.splitlines()) <= 40


FAULTS = {
    "03-cross-margin.yaml": {"MC116"},
    "06-margin-tiers.yaml": {"MC206"},
    "07-delta-neutral.yaml": {"MC101"},
    "08-collateral-falls.yaml": {"MC102"},
    "09-two-silos.yaml": {"MC102"},
    "10-coin-margined.yaml": {"MC110"},
    "15-open-orders.yaml": {"MC101"},
    "16-scenarios.yaml": {"MC113"},
    "17-near-liquidation.yaml": {"MC101", "MC102", "MC104"},
}
"""What a portfolio teaches to see; all the others teach something healthy."""


@pytest.mark.parametrize("name", NAMES)
def test_a_portfolio_has_its_fault_and_no_other(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PORTFOLIOS)
    found = check(name, "--format", "json").json()["reports"][0]["findings"]
    assert {one["code"] for one in found if one["severity"] != "note"} == FAULTS.get(name, set())
    assert {one["code"] for one in found if one["severity"] == "note"} <= {"MC201", "MC203"}
    assert (check(name, "-q").out == "") == (name not in FAULTS)


def test_no_golden_screen_is_left_of_a_portfolio_that_is_gone() -> None:
    stems = {Path(name).stem for name in NAMES}
    assert {path.stem.rpartition("-")[0] for path in GOLDEN.glob("*.txt")} == stems
