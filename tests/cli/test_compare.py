"""``marginctl compare`` and the line of it that ``check`` shows: one book against its positions apart."""

from pathlib import Path

import pytest
from tests.cli.running import TODAY, run

# Short 5,000 of BTC and long 3,000 of ETH: apart 500 + 350 = 850. Moving 10% together: 500 - 300 = 200, times 1.3: 260.
BOOK = """\
account: {margin_model: MODEL, collateral_mode: multi-asset}
prices: {BTC: 50000, ETH: 3000}
collateral: [{asset: USDT, amount: 10000}]
positions:
  - {symbol: BTCUSDT, side: short, quantity: 0.1, entry_price: 50000, leverage: 10, maintenance_rate: 0.5%}
  - {symbol: ETHUSDT, side: long, quantity: 1, entry_price: 3000, initial_margin: 350, maintenance_rate: 0.5%}
portfolio_margin: {combine: joint, underlyings: [{assets: [BTC, ETH], moves: [-10%, 10%]}]}
"""
# Apart: the short has 500 for 5,000 at 0.5%: 500 - 5,000 u = 25 (1 + u), a rise of 475 / 5,025 = 9.45%.
SCANNED = "The portfolio ties up 260.00 where 2 isolated positions tie up 850.00: 69.41% saved; the nearest "
# Together by tiers: 10,000 - 2,000 u = 40 (1 + u), 9,960 / 2,040 = 488.23%; by the model 200 (1 + u), 9,800 / 2,200.
TIERED = "Pooling 2 positions saves no margin; "
MOVES = "liquidation moves from 9.45% to "


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for model in ("tiered", "scenario"):
        (tmp_path / f"{model}.yaml").write_text(BOOK.replace("MODEL", model))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "said"),
    [("scenario.yaml", f"{SCANNED}{MOVES}445.45%."), ("tiered.yaml", f"{TIERED}{MOVES}488.23%.")],
)
def test_check_says_what_sharing_a_pool_saves(name: str, said: str, book: Path) -> None:
    for more in ((), ("-v",)):
        assert said in run("check", name, "--today", TODAY, *more).out
    assert said not in run("check", name, "--today", TODAY, "-q").out


def test_the_first_line_of_compare_answers(book: Path) -> None:
    ran = run("compare", "scenario.yaml", "--today", TODAY)
    assert ran.code == 0
    assert ran.out.splitlines()[0] == f"{SCANNED}{MOVES}445.45%."


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"side: short, quantity": "side: short, margin_mode: isolated, isolated_margin: 500, quantity"}),
        pytest.param({"leverage: 10, maintenance_rate: 0.5%": "purpose: hedge"}),
    ],
    ids=["one position in the pool", "a position without rates"],
)
def test_there_is_no_such_line_where_nothing_is_shared_or_nobody_knows(changes: dict[str, str], book: Path) -> None:
    text = BOOK.replace("MODEL", "scenario")
    for old, new in changes.items():
        text = text.replace(old, new)
    (book / "other.yaml").write_text(text)
    ran = run("check", "other.yaml", "--today", TODAY)
    assert ran.code == 0
    assert "isolated positions tie up" not in ran.out


def test_machines_get_nothing_new(book: Path) -> None:
    assert "tie up" not in run("check", "scenario.yaml", "--today", TODAY, "--format", "json").out


def test_what_cannot_be_carried_is_named_and_marked(book: Path) -> None:
    ran = run("compare", "tiered.yaml", "--venues", "okx,hyperliquid", "--today", TODAY)
    assert ran.code == 0
    rows = run("compare", "tiered.yaml", "--venues", "okx", "--today", TODAY, "--format", "json").json()["rows"]
    assert rows["okx/multi-asset"]["status"] == "failed"
    assert "incomplete" in ran.out
    assert "hyperliquid" in ran.out
    assert run("compare", "tiered.yaml", "--venues", "okx", "--strict", "--today", TODAY).code == 2


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--modes", "crossed"], "no mode is called `crossed`"),
        (["--venues", "okk"], "no rule set is called `okk`"),
        (["--modes", "isolated,crossed"], "known: isolated, cross, multi-asset, portfolio"),
    ],
)
def test_names_that_do_not_exist(flags: list[str], said: str, book: Path) -> None:
    ran = run("compare", "tiered.yaml", *flags, "--today", TODAY)
    assert ran.code == 2
    assert said in ran.out + ran.errors
