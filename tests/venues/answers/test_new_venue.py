"""A venue more is a map and a recorded answer: nothing in the code knows its name."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.running import TODAY, run

from marginctl.venues.answers import map_files

CACHED = (map_files.bundled_maps, map_files.forms_of, map_files.is_own)
VENUE = "bingx-coinm"
MAP = """\
schema: marginctl.answers/1
venue: bingx-coinm
private: [owner]
answers:
  - name: holdings
    title: a made-up answer
    seen: made up
    rows: [account]
    has: [coin, held, open]
    account: {position_mode: {const: one-way}}
    collateral: {asset: coin, amount: held}
    expect_unit: coin
    expect: {unrealized_pnl: open.profit}
    positions:
      rows: open
      symbol: contract
      side: {map: {field: way, map: {up: long, down: short}}}
      quantity: pieces
      entry_price: from
      mark_price: now
      unrealized_pnl: profit
      leverage: times
      margin_mode: {const: cross}
      expect: {unrealized_pnl: profit}
"""
DUMP = """\
{"account": {"coin": "BTC", "held": "0.5", "owner": "somebody", "open": {
  "contract": "BTC-USD", "way": "up", "pieces": 10, "from": "50000", "now": "62500", "profit": "0.004", "times": 5}}}
"""


@pytest.fixture(autouse=True)
def maps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The bundled maps and one more."""
    assert VENUE not in map_files.bundled_maps()
    folder = tmp_path / "maps"
    folder.mkdir()
    for path in map_files.DATA.glob("*.yaml"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / f"{VENUE}.yaml").write_text(MAP)
    monkeypatch.setattr(map_files, "DATA", folder)
    for one in CACHED:
        one.cache_clear()
    yield
    monkeypatch.undo()
    for one in CACHED:
        one.cache_clear()


FACTS = ("--set", "positions.0.maintenance_rate=0.5%", "--set", "account.taker_fee=0.05%", "--set", "prices.BTC=62500")


def test_its_answer_is_recognised_imported_and_reconciled(tmp_path: Path) -> None:
    """10 x 100 (1 / 50000 - 1 / 62500) = 0.004 BTC."""
    answer = tmp_path / "answer.json"
    answer.write_text(DUMP)
    ran = run("import", str(answer), "--reconcile", "--format", "json", *FACTS, "--today", TODAY)
    document = ran.json()
    assert document["answers"][0]["answer"] == "bingx-coinm holdings"
    assert document["summary"] == {"figures": 2, "within": 2, "beyond": 0, "not_comparable": 0, "exit_code": 0}
    assert "somebody" not in ran.out + ran.errors


def test_what_its_map_does_not_know_is_refused(tmp_path: Path) -> None:
    answer = tmp_path / "answer.json"
    answer.write_text(DUMP.replace('"up"', '"sideways"'))
    ran = run("import", str(answer), *FACTS, "--today", TODAY)
    assert (ran.code, ran.out) == (2, "")
    assert "`way` is `sideways`, known: up, down" in ran.errors
