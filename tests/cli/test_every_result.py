"""Every result in every format that draws a page, and its rows as CSV: no figure is lost between them."""

import csv
import re
from io import StringIO
from pathlib import Path

import pytest
from tests.cli.running import TODAY, run

PORTFOLIOS = Path(__file__).parents[2] / "portfolios"
CROSS = str(PORTFOLIOS / "03-cross-margin.yaml")
SILOS = str(PORTFOLIOS / "09-two-silos.yaml")
SCENARIOS = str(PORTFOLIOS / "16-scenarios.yaml")
DATED = ("--today", TODAY)
COMMANDS = {
    "stress": ("stress", SCENARIOS, "--cascade", *DATED),
    "stress, no curve": ("stress", CROSS, "--no-curve", *DATED),
    "stress --list": ("stress", "--list", "-v"),
    "what-if": ("what-if", SILOS, "--deposit", "USDT=1000", "-v", *DATED),
    "headroom": ("headroom", CROSS, *DATED),
    "venues": ("venues", *DATED),
    "venue": ("venue", "bybit", *DATED),
    "venue --symbol": ("venue", "binance-usdm", "--symbol", "BTCUSDT", *DATED),
    "rules": ("rules",),
    "rule": ("rule", "MC102"),
}
NUMBER = re.compile(r"(?<![\w.,])[-+]?\d[\d,]*(?:\.\d+)?(?![\w.])")
PICTURE = re.compile(r"[█▒░▁▂▃▄▅▆▇┬─▲]")
TABLE_SIGN = re.compile(r"(?<!\\)\|")


def numbers(text: str) -> set[str]:
    """The numbers of a text, those beside a picture left out."""
    return {found for line in text.splitlines() if not PICTURE.search(line) for found in NUMBER.findall(line)}


@pytest.mark.parametrize("name", COMMANDS)
def test_markdown_has_every_number_of_the_screen(name: str) -> None:
    screen, markdown = (run(*COMMANDS[name], *more) for more in ((), ("-f", "markdown")))
    assert (markdown.code, markdown.errors) == (screen.code, screen.errors)
    assert markdown.out.startswith("### ") or name in {"venues", "venue --symbol", "rules"}
    assert numbers(screen.out) - {"50", "-50", "25", "-25", "+50", "+25"} <= numbers(markdown.out)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_row_of_a_table_has_as_many_cells_as_its_head(name: str) -> None:
    for block in run(*COMMANDS[name], "-f", "markdown").out.split("\n\n"):
        assert len({len(TABLE_SIGN.findall(line)) for line in block.splitlines() if line.startswith("|")}) <= 1


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("width", ["60", "80", "100", "120"])
def test_no_width_cuts_a_number(name: str, width: str) -> None:
    """What is not shown is a column, named below its table; running text may break a name, never a number."""
    whole = run(*COMMANDS[name]).out
    narrow = run(*COMMANDS[name], "--width", width).out
    figures = {one for one in numbers(narrow) if "." in one}
    assert figures - {"12.5", "-12.5"} <= numbers(whole)
    assert all(len(line) <= int(width) for line in narrow.splitlines())


def test_markdown_of_explain_is_its_tree_between_fences() -> None:
    figure = ("explain", CROSS, "totals.utilization")
    drawn = run(*figure, "-f", "markdown", "--color", "always").out
    assert drawn == f"```text\n{run(*figure).out}```\n"


def rows(*arguments: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(run(*arguments, "-f", "csv").out)))


@pytest.mark.parametrize(
    ("command", "section", "key", "figure"),
    [
        (("headroom", CROSS, *DATED), "orders", "symbol", "quantity"),
        (("stress", SCENARIOS, *DATED), "scenarios", "name", "equity"),
        (("venues", *DATED), "venues", "name", "age_days"),
        (("rules",), "rules", "code", "default"),
    ],
)
def test_csv_has_the_rows_of_the_document(command: tuple[str, ...], section: str, key: str, figure: str) -> None:
    document = run(*command, "-f", "json").json()[section]
    words = {None: "", True: "true", False: "false"}
    expected = [
        (row[key], words[value] if value is None or value is True else str(value))
        for row in document
        for value in [row[figure]]
    ]
    assert [(row[key], row[figure]) for row in rows(*command)] == expected


def test_what_stands_inside_a_row_has_its_path_as_its_name() -> None:
    # 16-scenarios.yaml: crypto-crash is BTC -30%, ETH -40%, all others -50%.
    (crash, *_) = rows("stress", SCENARIOS, *DATED)
    assert crash["shocks"] == "BTC=-0.30; ETH=-0.40; *=-0.50"
    assert crash["worst_position.symbol"] == "BTCUSDT"


def test_a_file_that_cannot_be_read_has_no_rows_and_says_why_on_standard_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("positions: 1\n")
    ran = run("stress", str(broken), *DATED, "-f", "csv")
    assert ran.code == 2
    assert "MC" in ran.errors
    assert ran.out.strip() == ""
