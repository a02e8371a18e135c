"""A venue's own margin model: its published example, what a portfolio adds to it, and what is refused."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import TODAY, run
from tests.venues.rule_files import RULES

from marginctl.document.reader import read
from marginctl.venues.binding import rule_set_of
from marginctl.venues.loader import named

ENTRIES = Path(__file__).parents[1] / "examples" / "portfolio_margin.json"
# The book of the example, without the example's own parameters: the venue's count.
BOOK = """\
account: {venue: okx, margin_model: scenario, currency: USD, taker_fee: 0.05%}
prices: {USDT: 0.99954, BTC: 97034.243706, LTC: 101.948182254}
collateral: [{asset: USDT, amount: 100, haircut: 0, loan_rate: 2%}]
contracts: {LTC-USDT-SWAP: {type: linear, base: LTC, quote: USDT, contract_size: 1}}
positions:
  - {symbol: BTC-USDT-SWAP, side: short, quantity: 10, entry_price: 100000, mark_price: 97093.7}
  - {symbol: LTC-USDT-SWAP, side: long, quantity: 10, entry_price: 8000, mark_price: 102}
"""


def checked(text: str, folder: Path, *flags: str) -> Any:
    (folder / "book.yaml").write_text(text)
    return run("check", str(folder / "book.yaml"), "--today", TODAY, "--format", "json", *flags)


def at(tree: Any, path: str) -> Any:
    for name in path.split("."):
        tree = tree[int(name)] if isinstance(tree, list) else tree[name]
    return tree


def test_the_venues_own_example_comes_out_to_the_last_digit(tmp_path: Path) -> None:
    entries = json.loads(ENTRIES.read_text(), parse_float=Decimal)
    expected = next(one["expected"] for one in entries if one["id"] == "okx-position-builder")
    (report,) = checked(BOOK, tmp_path).json()["reports"]
    found = {path: at(report, path) for path in expected}
    assert {path: abs(found[path] - want) <= Decimal("2e-8") for path, want in expected.items()} == dict.fromkeys(
        expected, True
    ), found
    assert report["rules"]["status"] == "partial"
    assert report["rules"]["as_of"] == "2025-01-06"
    assert any("position-builder" in source for source in report["rules"]["sources"])


def test_a_larger_book_meets_the_tiers_of_the_minimum(tmp_path: Path) -> None:
    # 1,000,000 of BTC at 0.45% of 60,000,000: 270,000 raw: 250,000 once and 20,000 twice.
    (report,) = checked(
        "account: {venue: okx, margin_model: scenario, taker_fee: 0.05%}\nprices: {BTC: 60000}\n"
        "collateral: [{asset: USDT, amount: 20000000, haircut: 0}]\n"
        "positions: [{symbol: BTC-USDT-SWAP, side: long, quantity: 100000, entry_price: 60000}]\n",
        tmp_path,
    ).json()["reports"]
    unit = report["portfolio_margin"][0]["units"]["BTC"]
    assert (unit["floor"], unit["scan"]) == (290000, 7200000)


ETH = "  - {symbol: ETH-USDT-SWAP, side: long, quantity: 10, entry_price: 3000}\n"
MORE = """\
portfolio_margin:
  charges:
    - {name: MR4, on: gross, rate: 1%, where: core, assets: [ETH]}
    - {name: MR7, on: gross, rate: 2%, where: floor, assets: [ETH]}
"""


def test_a_rate_that_nobody_published_is_asked_for(tmp_path: Path) -> None:
    text = BOOK.replace("prices: {", "prices: {ETH: 3000, ") + ETH
    ran = checked(text, tmp_path)
    assert ran.code == 2
    messages = [one["message"] for one in ran.json()["errors"]]
    assert messages == ["the rate of MR4 of ETH is not known of okx", "the rate of MR7 of ETH is not known of okx"]
    help_ = ran.json()["errors"][0]["help"]
    assert "{name: MR4, on: gross, where: core, rate: ..., assets: [ETH]}" in help_


def test_the_portfolios_rows_stand_beside_those_of_the_venue(tmp_path: Path) -> None:
    (report,) = checked(BOOK.replace("prices: {", "prices: {ETH: 3000, ") + ETH + MORE, tmp_path).json()["reports"]
    units = report["portfolio_margin"][0]["units"]
    # 1 ETH at 3,000 in dollars: 12% of it; 1% and 2% on the mark 3,000 / 0.99954 USDT, which is 3,000 USD again.
    assert (units["ETH"]["scan"], units["ETH"]["charges"], units["ETH"]["floor"]) == (360, 30, 60)
    assert units["BTC"]["charges"] == Decimal("19.40980738")


def test_the_portfolios_own_row_of_an_asset_counts_instead(tmp_path: Path) -> None:
    own = "portfolio_margin: {underlyings: [{assets: [BTC], moves: [-50%, 50%]}], initial: {factor: 2}}\n"
    (report,) = checked(BOOK + own, tmp_path).json()["reports"]
    found = report["portfolio_margin"][0]
    assert found["units"]["BTC"]["worst_move"] == Decimal("0.5")
    assert found["units"]["LTC"]["worst_move"] == Decimal("-0.18")
    assert found["initial_margin"] - 2 * found["maintenance_margin"] <= Decimal("1e-7")


def test_a_contract_with_a_last_day_is_refused(tmp_path: Path) -> None:
    dated = "LTC-USDT-261225: {type: linear, base: LTC, quote: USDT, contract_size: 1}"
    text = BOOK.replace("LTC-USDT-SWAP: {type: linear, base: LTC, quote: USDT, contract_size: 1}", dated)
    ran = checked(text.replace("symbol: LTC-USDT-SWAP", "symbol: LTC-USDT-261225"), tmp_path)
    assert ran.code == 2
    assert "is known for perpetuals, not for LTC-USDT-261225" in ran.json()["errors"][0]["message"]


def test_where_a_rate_comes_from_is_explained(tmp_path: Path) -> None:
    (tmp_path / "book.yaml").write_text(BOOK)
    ran = run("explain", str(tmp_path / "book.yaml"), "portfolio_margin.cross.maintenance_margin")
    assert "rate of MR4 = 0.8%  ← okx 2025-01-15, inferred" in ran.out
    assert "worst_move = -18%  ← okx 2025-01-06, documented" in ran.out


def test_compare_knows_the_venues_own_model(tmp_path: Path) -> None:
    book = "prices: {BTC: 60000}\ncollateral: [{asset: USDT, amount: 20000, haircut: 0}]\naccount: {taker_fee: 0.05%}\n"
    book += "positions: [{symbol: BTCUSDT, side: long, quantity: 1, leverage: 10, maintenance_rate: 1%}]\n"
    (tmp_path / "book.yaml").write_text(book)
    rows = run(
        "compare", str(tmp_path / "book.yaml"), "--venues", "okx,bybit", "--today", TODAY, "--format", "json"
    ).json()["rows"]
    # 12% of 60,000 and 0.2% of it, times 1.3.
    assert (rows["okx/portfolio"]["model"], rows["okx/portfolio"]["initial_margin"]) == ("scenario", 9516)
    assert "bybit/portfolio" not in rows
    asked = run("compare", str(tmp_path / "book.yaml"), "--venues", "bybit", "--modes", "portfolio", "--format", "json")
    (missing,) = asked.json()["rows"]["bybit/portfolio"]["missing"]
    assert missing["name"] == "portfolio_margin"


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("underlyings: [{assets: BTC, moves: []}]", "`moves` is empty"),
        ("underlyings: [{assets: BTC, moves: [1%]}, {assets: [BTC], moves: [2%]}]", "`BTC` is named twice"),
        ("underlyings: [{assets: BTC, moves: [1%], source: gone}]", "no source has the id `gone`"),
        (
            "underlyings: [{assets: BTC, moves: [1%]}], charges: [{name: a, on: collateral, rate: 1%, where: core}]",
            "a charge on collateral is on top",
        ),
    ],
)
def test_a_rule_file_with_a_model_that_cannot_be_is_refused(block: str, message: str) -> None:
    text = RULES.replace("    collateral:", f"    portfolio_margin: {{{block}}}\n    collateral:", 1)
    source, node, problems = read(text.encode(), "house.yaml")
    assert (problems, node is None) == ([], False)
    _, found = rule_set_of(node, source, lambda *_: (None, []))
    assert [one.message for one in found] == [message]


def test_the_screen_of_a_rule_set_has_the_rows_with_their_trust() -> None:
    out = run("venue", "okx", "--today", TODAY).out
    assert "- MR4, LTC: 0.8% of gross, core (2025-01-15, inferred, position-builder)" in out
    mode = named("okx")[0].mode()
    assert mode.margin_models == ("tiered", "scenario")
