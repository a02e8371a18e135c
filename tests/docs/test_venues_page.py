"""The page on rule sets of one's own: its example is read, used and described as it says."""

import json
import re
from pathlib import Path

from tests.cli.running import run

from marginctl.venues import loader
from marginctl.venues.format import RULES

PAGE = Path(__file__).parents[2] / "docs/venues.md"
BOOK = """\
account: {venue: ./house.yaml}
prices: {BTC: 60000}
collateral: [{asset: BTC, amount: 1}]
positions: [{symbol: BTCUSDT, side: short, quantity: 1, leverage: 10}]
"""


def example() -> str:
    return next(block for block in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))


def test_the_example_is_a_rule_set_and_a_portfolio_can_use_it(tmp_path: Path) -> None:
    (tmp_path / "house.yaml").write_text(example(), encoding="utf-8")
    (tmp_path / "book.yaml").write_text(BOOK, encoding="utf-8")
    loaded, problems = loader.named("./house.yaml", beside=tmp_path)
    assert loaded is not None
    assert problems == []
    ran = run("check", str(tmp_path / "book.yaml"), "--format", "json", "--today", "2026-11-22")
    report = json.loads(ran.out)["reports"][0]
    # 60,000 at a haircut of 10%; 60,000 in tier 2: 1% less 250; 1 / 25 is below 1 / 10.
    assert report["totals"]["equity"] == 54000
    assert report["positions"][0]["maintenance_margin"] == 350
    assert report["positions"][0]["initial_margin"] == 6000


def test_every_switch_is_explained() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in RULES.by_name:
        assert f"`{name}`" in text, name
