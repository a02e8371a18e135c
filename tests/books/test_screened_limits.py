"""Limits by account, waivers and prices by time through the screen: the rows of the exact core, and not by it."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.books.made import HEADER, account, held, many, nested, put, rows_of, table
from tests.cli.running import TODAY, Ran, run

from marginctl.books.float_screen import is_built

pytestmark = pytest.mark.skipif(not is_built(), reason="the kernel is not built")

POLICY = """\
schema: marginctl.policy/1
limits: {max_utilization: {warn: 60%, fail: 95%}}
accounts:
  "a000*": {max_utilization: 20%}
  "*7": {max_leverage: 2}
"""
UNTIL = "2099-01-01"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "h.yaml").write_text(HEADER)
    nested(tmp_path / "b.parquet", many(40))
    return tmp_path


def both(folder: Path, *flags: Any) -> list[dict[str, Any]]:
    """The rows of the screen, which are those of the exact core but for who decided; the codes of both."""
    found = []
    for name, way in (("screen", ()), ("exact", ("--exact",))):
        rows = folder / f"{name}.parquet"
        common = ["book", "check", str(folder / "b.parquet"), "--header", str(folder / "h.yaml"), "--today", TODAY]
        run(*common, "--jobs", "1", "--rows", str(rows), *map(str, flags), *way)
        found.append(rows_of(rows))
    words = ("account_id", "as_of", "status", "verdict", "failed", "warned", "liquidatable", "state", "worst_pool")
    assert [[row[word] for word in words] for row in found[0]] == [[row[word] for word in words] for row in found[1]]
    assert [row["equity"] for row in found[0]] == pytest.approx([row["equity"] for row in found[1]], rel=1e-12)
    return found[0]


def test_limits_of_accounts_by_pattern(folder: Path) -> None:
    """a0003 is under the first pattern alone, a0017 under the second, a0012 under none."""
    (folder / "p.yaml").write_text(POLICY)
    rows = {row["account_id"]: row for row in both(folder, "--limits", folder / "p.yaml")}
    assert [rows[name]["decided"] for name in ("a0003", "a0017", "a0012")] == ["float"] * 3
    assert "MC101" in rows["a0003"]["failed"]
    assert "MC104" in rows["a0017"]["failed"]
    assert "MC104" not in rows["a0012"]["failed"]


def test_a_waiver_of_all_subjects_is_screened_and_one_of_a_pool_is_not(folder: Path) -> None:
    waiver = f"{{code: MC101, reason: known, until: {UNTIL}}}"
    (folder / "h.yaml").write_text(f"{HEADER}waivers: [{waiver}]\n")
    rows = both(folder)
    assert {row["decided"] for row in rows} == {"float"}
    assert not any("MC101" in (*row["failed"], *row["warned"]) for row in rows)
    one = waiver.replace("code: MC101", "code: MC101, subject: cross")
    (folder / "h.yaml").write_text(f"{HEADER}waivers: [{one}]\n")
    assert {row["decided"] for row in both(folder)} == {"exact"}


def test_prices_by_time_are_screened(folder: Path) -> None:
    """Two times of two accounts; at 9:00 BTC costs 50000, and at 10:00 what the header says."""
    nine, ten = "2026-01-01T09:00:00Z", "2026-01-01T10:00:00Z"
    rows = [
        account(name, "9000", held("BTCUSDT", "1", entry_price="60000"), as_of=moment)
        for name in ("a", "b")
        for moment in (nine, ten)
    ]
    put(folder / "b.parquet", table(rows))
    prices = pa.table({"asset": ["BTC", "BTC"], "price": ["50000", "55000"], "as_of": [nine, ten]})
    put(folder / "p.parquet", prices)
    found = both(folder, "--prices", folder / "p.parquet")
    assert [row["equity"] for row in found] == [-1000, 4000, -1000, 4000]
    assert {row["decided"] for row in found} == {"float"}


def told(folder: Path, *flags: Any) -> Ran:
    common = ["book", "check", str(folder / "b.parquet"), "--header", str(folder / "h.yaml"), "--today", TODAY]
    return run(*common, "--jobs", "1", "--format", "json", *map(str, flags))


def test_what_a_book_is_not_judged_by_is_named(folder: Path) -> None:
    (folder / "p.yaml").write_text("schema: marginctl.policy/1\nlimits: {max_position_notional: 10000}\n")
    assert "MC120" in told(folder, "--limits", folder / "p.yaml").errors
    (folder / "h.yaml").write_text(f"{HEADER}".replace("limits: {", "limits: {max_position_notional: 10000, "))
    assert told(folder).code == 2
    assert told(folder, "--ignore", "MC120").code in {0, 1}
