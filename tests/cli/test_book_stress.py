"""``book stress``: figures derived by hand, the limit on what is lost."""

from pathlib import Path
from typing import Any

import pytest
from tests.books.made import account, held, nested, rows_of
from tests.cli.running import TODAY, Ran, run

HEADER = """\
schema: marginctl.book/1
prices: {BTC: 60000}
contracts: {BTCUSDT: {tiers: [{maintenance_rate: 1%, max_leverage: 50}]}}
scenarios:
  - {name: fall, shocks: {BTC: -20%}}
  - {name: rise, shocks: {BTC: 10%}}
limits: {max_utilization: 90%, max_concentration: off}
"""
ROWS = [
    account("dies", "6000", held("BTCUSDT", "1", entry_price="60000")),
    account("lives", "30000", held("BTCUSDT", "1", entry_price="60000")),
    account("gains", "9000", held("BTCUSDT", "-1", entry_price="60000")),
]
"""dies: equity 6000 - 12000u on the way to -20%, maintenance 600 - 120u: crossing where 6000 - 12000u = 600 - 120u,
u = 5400/11880 = 5/11; at the end 6000 - 12000 = -6000, a shortfall of 6000.
lives: 30000 - 12000 = 18000. gains: 9000 + 12000 = 21000.
On the way to +10%: dies 12000, lives 36000, gains 9000 - 6000 = 3000, maintenance 660: alive, initial margin 6600 of
3000 is above 90%, and it was 6000 of 9000 = 66.7% before: below its limits."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "h.yaml").write_text(HEADER)
    nested(tmp_path / "b.parquet", ROWS)
    return tmp_path


def stress(folder: Path, *flags: Any) -> Ran:
    common = ["book", "stress", str(folder / "b.parquet"), "--header", str(folder / "h.yaml"), "--today", TODAY]
    return run(*common, "--jobs", "1", *map(str, flags))


def test_a_scenario_says_who_dies_where_and_what_is_lost(folder: Path) -> None:
    ran = stress(folder, "--format", "json")
    fall, rise = ran.json()["scenarios"]
    assert ran.code == 0
    assert (fall["liquidated"], fall["pools"], fall["accounts"]) == (1, 1, 3)
    assert fall["equity_before"] == 6000 + 30000 + 9000
    assert fall["equity_after"] == -6000 + 18000 + 21000
    assert fall["shortfall"] == 6000
    assert fall["largest_share"] == 1
    assert [(one["asset"], one["long"], one["short"]) for one in fall["liquidated_exposure"]] == [("BTC", 60000, 0)]
    assert [(one["account_id"], one["shortfall"]) for one in fall["worst"]] == [("dies", 6000)]
    assert {one["label"]: one["count"] for one in fall["crossings"]}["up to 50%"] == 1
    assert (rise["liquidated"], rise["shortfall"], rise["below_limits"]) == (0, 0, 1)
    assert rise["equity_after"] == 12000 + 36000 + 3000


def test_a_gap_is_what_is_lost_where_a_pool_is_closed_later(folder: Path) -> None:
    """Equity at the crossing 5/11 is 6000 - 60000/11 = 545.45; 50% of the path later, at 21/22, 6000 - 11454.54..."""
    fall, _ = stress(folder, "--format", "json", "--gap", "0%,50%,100%").json()["scenarios"]
    losses = [one["loss"] for one in fall["gaps"]]
    assert losses[0] == 0
    assert float(losses[1]) == pytest.approx(12000 * 21 / 22 - 6000, abs=1e-7)
    assert losses[2] == 6000
    assert [one["accounts"] for one in fall["gaps"]] == [0, 1, 1]


def test_rows_have_a_line_for_each_account_and_scenario(folder: Path) -> None:
    stress(folder, "--rows", folder / "out.parquet")
    rows = {(row["account_id"], row["scenario"]): row for row in rows_of(folder / "out.parquet")}
    assert len(rows) == 6
    dies = rows["dies", "fall"]
    assert dies["crossing"] == pytest.approx(5 / 11, abs=1e-15)
    assert (dies["equity_after"], dies["shortfall"], dies["liquidated_notional"]) == (-6000, 6000, 60000)
    assert rows["lives", "fall"]["crossing"] is None
    stress(folder, "--rows", folder / "few.parquet", "--only", "failed")
    assert [row["account_id"] for row in rows_of(folder / "few.parquet")] == ["dies"]


@pytest.mark.parametrize(("limit", "code"), [("5999", 1), ("6000", 0), ("{warn: 0}", 0), ("off", 0)])
def test_what_may_be_lost_is_a_limit_on_the_book(limit: str, code: int, folder: Path) -> None:
    (folder / "h.yaml").write_text(f"{HEADER}book_limits: {{max_shortfall: {limit}}}\n")
    ran = stress(folder, "--format", "json")
    assert ran.code == code
    found = {one["subject"]: one["status"] for one in ran.json()["checks"] if one["code"] == "MC305"}
    assert found.get("fall") == {"5999": "fail", "6000": "pass", "{warn: 0}": "warn", "off": None}[limit]


def test_without_a_scenario_nothing_begins(folder: Path) -> None:
    (folder / "h.yaml").write_text(HEADER.replace("scenarios:", "#").replace("  - {name", "#"))
    assert stress(folder).code == 2


@pytest.mark.parametrize("form", ["table", "markdown", "junit", "github"])
def test_every_form_is_written(form: str, folder: Path) -> None:
    assert "fall" in stress(folder, "--format", form, "-v").out or form in {"github", "junit"}


@pytest.mark.parametrize(
    ("survive", "code", "failing", "warning"),
    [("all", 1, 1, 0), ("[rise]", 0, 0, 0), ("{warn: all}", 0, 0, 1), ("off", 0, 0, 0), ("[nothing]", 2, 0, 0)],
)
def test_survival_is_a_limit_of_every_account(
    survive: str, code: int, failing: int, warning: int, folder: Path
) -> None:
    """Of three accounts one does not survive the fall, and all survive the rise."""
    (folder / "h.yaml").write_text(HEADER.replace("limits: {", f"limits: {{survive: {survive}, "))
    ran = stress(folder, "--format", "json")
    assert ran.code == code
    if code != 2:
        assert (ran.json()["summary"]["failing"], ran.json()["summary"]["warning"]) == (failing, warning)
