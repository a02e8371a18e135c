"""MC220: what an import has left out is a warning each, in `check` and after `what-if --write`."""

from pathlib import Path

import pytest
from tests.cli.running import check, run

BOOK = """\
collateral: [{asset: USDT, amount: 5000}]
positions: [{symbol: BTCUSDT, side: long, quantity: 0.1, mark_price: 60000, leverage: 5, maintenance_rate: 0.5%}]
origin:
  answers: [{file: wallet.json, answer: bybit wallet, as_of: 2025-10-02T19:16:00.944Z}, {file: p.json, answer: x}]
"""
INCOMPLETE = BOOK + '  incomplete: ["3 option positions (BTC-27DEC24-100000-C, ...)", "the cross wallet"]\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(name: str) -> list[tuple[int, str, str]]:
    """Line, subject and message of every finding, on a file of the folder."""
    ran = check(name, "--select", "MC220", "--format", "json")
    assert ran.code == 0
    (report,) = ran.json()["reports"]
    return [(one["line"], one["severity"], one["message"]) for one in report["findings"]]


WANTED = [
    (5, "warning", "left out of the import, or unknown: 3 option positions (BTC-27DEC24-100000-C, ...)"),
    (5, "warning", "left out of the import, or unknown: the cross wallet"),
]


def test_every_entry_is_a_warning(folder: Path) -> None:
    Path("book.yaml").write_text(INCOMPLETE)
    assert found("book.yaml") == WANTED


def test_a_whole_import_passes(folder: Path) -> None:
    Path("book.yaml").write_text(BOOK)
    assert found("book.yaml") == []


def test_what_if_keeps_it(folder: Path) -> None:
    Path("book.yaml").write_text(INCOMPLETE)
    run("what-if", "book.yaml", "--deposit", "USDT=100", "--write", "new.yaml")
    assert found("new.yaml") == WANTED


@pytest.mark.parametrize(
    ("origin", "message"),
    [
        ("{answers: [{file: a.json}]}", "`answer` is missing"),
        ("{incomplete: [[]]}", "an item of `incomplete` must be a text, not a list"),
        ("{when: 2025}", "unknown key `when`"),
    ],
)
def test_the_key_is_read_strictly(origin: str, message: str, folder: Path) -> None:
    Path("book.yaml").write_text(BOOK.partition("origin:")[0] + f"origin: {origin}\n")
    ran = check("book.yaml", "--format", "json")
    assert (ran.code, ran.json()["errors"][0]["message"]) == (2, message)
