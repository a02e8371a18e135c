"""The README and its companions say what the program does: commands, screens, examples, tables and links."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from marginctl.cli import entry
from marginctl.cli.app import app
from marginctl.limits.rules import RULES
from marginctl.render import FORMATS

from . import derived_applied as applied
from . import derived_generic as generic
from .walk import again

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TODAY = "2026-11-22"
JQ = shutil.which("jq")


def blocks(language: str) -> list[str]:
    """The fenced blocks of the README in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)


def table(first_title: str) -> list[list[str]]:
    """The rows of the README's table whose first column has that title, code marks removed."""
    found = re.search(rf"^\| {re.escape(first_title)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", README, flags=re.MULTILINE)
    assert found, first_title
    return [[cell.strip().replace("`", "") for cell in row.strip("|").split(" | ")] for row in found[1].splitlines()]


def check(*arguments: str, text: str | None = None) -> tuple[int, str]:
    """The exit code and the output of ``marginctl check``."""
    result = CliRunner().invoke(app, ["check", *arguments, "--today", TODAY], input=text)
    return result.exit_code, result.stdout


def test_the_screen_is_what_the_command_prints() -> None:
    screen = blocks("console")[0]
    command, _, shown = screen.partition("\n")
    portfolio = command.removeprefix("$ marginctl check ")
    _, printed = check(str(ROOT / portfolio), "--width", "90")
    assert again(shown, printed) == shown


def test_the_test_command_is_the_one_of_the_ci_script() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    (line,) = (line for line in script.splitlines() if line.startswith('"$python" -m venv'))
    command = line.replace('"$python"', "python3")
    assert f"```sh\n{command}\n```" in README


def test_the_run_command_checks_a_bundled_portfolio_with_the_pinned_versions() -> None:
    (line,) = (line for line in README.splitlines() if "marginctl check portfolios/01" in line)
    assert line == (
        "python3 -m venv .venv && .venv/bin/pip install -q -c .ci/constraints.txt . && "
        ".venv/bin/marginctl check portfolios/01-two-underlyings.yaml"
    )
    assert (ROOT / "portfolios/01-two-underlyings.yaml").exists()
    assert (ROOT / ".ci/constraints.txt").exists()


def test_it_names_as_many_portfolios_as_there_are() -> None:
    assert f"`portfolios/` holds {len(list((ROOT / 'portfolios').glob('*.yaml')))} files" in README


def test_every_command_is_listed_and_every_command_listed_exists() -> None:
    listed = {word for row in table("command") for word in re.findall(r"marginctl ([a-z-]+)", row[0])}
    assert listed == set(get_command(app).list_commands(None))  # type: ignore[attr-defined]


def test_the_first_portfolio_passes_as_it_stands() -> None:
    first = next(block for block in blocks("yaml") if "positions:" in block)
    code, printed = check("-", "--format", "json", text=first)
    (report,) = json.loads(printed)["reports"]
    assert code == 0
    assert report["totals"]["utilization"] == 0.3
    assert {finding["code"] for finding in report["findings"]} <= {"MC107", "MC112", "MC204"}


def test_the_policy_is_one(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(next(block for block in blocks("yaml") if "marginctl.policy/1" in block), encoding="utf-8")
    code, printed = check(str(ROOT / "portfolios/01-two-underlyings.yaml"), "--limits", str(policy), "--format", "json")
    (report,) = json.loads(printed)["reports"]
    assert code == 0
    assert ("MC113", "crash", "pass") in {(one["code"], one["subject"], one["status"]) for one in report["checks"]}


def test_the_exit_codes_are_those_of_the_program() -> None:
    codes = [entry.OK, entry.BROKEN_LIMIT, entry.NOT_CHECKED, entry.DEFECT]
    assert [int(row[0]) for row in table("code")] == codes


def test_the_formats_are_those_of_the_program() -> None:
    (line,) = (line for line in README.splitlines() if line.startswith("Formats: "))
    assert re.findall(r"`([a-z]+)`", line.partition(". ")[0]) == list(FORMATS)


def test_the_number_of_limits_is_theirs() -> None:
    assert f"{len(RULES)} checks (`marginctl rules`)" in README


def test_the_venues_are_the_bundled_ones_with_status_and_date() -> None:
    result = CliRunner().invoke(app, ["venues", "--format", "json"])
    bundled = [
        [venue["name"], mode["collateral_mode"], mode["status"], venue["as_of"] or "-"]
        for venue in json.loads(result.stdout)["venues"]
        for mode in venue["modes"]
    ]
    assert sorted(table("`account.venue`")) == sorted(bundled)


def test_the_figures_of_the_shortcuts_are_derived_by_hand() -> None:
    quoted = [number for row in table("shortcut") for number in re.findall(r"\d[\d,]*\.\d+", row[1])]
    derived = {*applied.published_example().quotes, *generic.margin_tiers().quotes}
    assert quoted
    assert set(quoted) <= derived


@pytest.mark.skipif(JQ is None, reason="jq is not installed")
@pytest.mark.parametrize(
    ("path", "start", "found"),
    [
        ("portfolios/12-five-positions.yaml", ".reports[].positions[]", ["BTC", "ETH", "SOL", "BNB", "DOGE"]),
        ("portfolios", ".reports[] | select", ["07-", "09-", "13-", "15-", "17-"]),
    ],
)
def test_the_jq_examples_find_what_they_ask_for(path: str, start: str, found: list[str]) -> None:
    program = next(text for text in re.findall(r"jq (?:-r )?'([^']*)'", README) if text.startswith(start))
    _, printed = check(str(ROOT / path), "--format", "json")
    result = subprocess.run([str(JQ), "-c", program], input=printed, capture_output=True, text=True, check=True)
    for line, word in zip(result.stdout.splitlines(), found, strict=True):
        assert word in line
