"""What a shell completes: codes, rule sets, figures, kinds; and what it must survive."""

from pathlib import Path

import pytest
from tests.cli.running import CLEAN, process, run

from marginctl.cli import completing
from marginctl.limits.rules import RULES
from marginctl.venues.loader import bundled


def completed(line: str, folder: Path) -> list[str]:
    """What bash gets for a line whose last word is being typed."""
    words = line.split(" ")
    env = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_MARGINCTL_COMPLETE": "complete_bash"}
    ended = process(folder=folder, env=env, options=("-c", PROGRAM))
    assert (ended.returncode, ended.stderr) == (0, b"")
    return ended.stdout.decode().split()


PROGRAM = "import sys; sys.argv[:] = ['marginctl']; from marginctl.cli.app import app; app(prog_name='marginctl')"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("marginctl rule MC10", [rule.code for rule in RULES if rule.code.startswith("MC10")]),
        ("marginctl rule util", ["utilization"]),
        ("marginctl venue by", ["bybit"]),
        ("marginctl venue re", ["refresh"]),
        ("marginctl schema policy-", ["policy-case", "policy-test"]),
        ("marginctl policy c", ["check"]),
        ("marginctl con", ["config"]),
        ("marginctl explain clean.yaml totals.equ", ["totals.equity"]),
    ],
)
def test_a_shell_completes(line: str, found: list[str], folder: Path) -> None:
    assert completed(line, folder) == found


def test_codes_stand_behind_a_comma_each_once() -> None:
    assert ("MC101,MC102", "liquidation-distance") in completing.codes("MC101,mc10")
    assert all(not word.endswith("MC101,MC101") for word, _ in completing.codes("MC101,"))  # type: ignore[misc]


def test_figures_come_one_part_at_a_time(folder: Path) -> None:
    first = completing.figures("clean.yaml", "")
    assert {"totals.", "positions.", "liquidation."} <= set(first)
    assert completing.figures("clean.yaml", "positions.BTCUSDT.liq") == [
        "positions.BTCUSDT.liquidation_price",
        "positions.BTCUSDT.liquidation_side",
    ]


@pytest.mark.parametrize("path", [None, "", "nowhere.yaml", "refused.yaml", ".", "\x00", "no\nname"])
def test_of_a_file_that_cannot_be_read_there_are_none(path: str | None, folder: Path) -> None:
    assert completing.figures(path, "tot") == []


def test_all_rule_sets_and_scenarios_are_offered() -> None:
    assert completing.venues("") == list(bundled())
    assert "all" in completing.scenarios("")


def test_a_command_that_is_run_knows_nothing_of_it(folder: Path) -> None:
    (folder / "a.yaml").write_text(CLEAN)
    assert run("check", "a.yaml", "--select", "MC101").code == 0
