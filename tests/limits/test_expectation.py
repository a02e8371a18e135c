"""`expect:`: the venue's figures beside ours, worked out by hand, and what the tolerance lets pass."""

from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import Ran, check

# Equity 5,000; notional 0.6 x 60,000 = 36,000; maintenance margin 0.5% of it = 180; initial 36,000 / 9 = 4,000.
# Liquidation: 5,000 + 0.6 (p - 60,000) = 0.5% of 0.6 p, p = 31,000 / 0.597 = 51,926.2981574539...
BOOK = """\
prices: {BTC: 60000}
collateral: [{asset: USDT, amount: 5000}]
positions: [{symbol: BTCUSDT, side: long, quantity: 0.6, leverage: 9, maintenance_rate: 0.5%}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(expect: str, *arguments: str, form: str = "json") -> Ran:
    Path("book.yaml").write_text(f"{BOOK}expect: {expect}\n")
    return check("book.yaml", "--select", "MC209", "--format", form, *arguments)


def rows(found: Ran) -> list[dict[str, Any]]:
    """The expectations of the only report."""
    (report,) = found.json()["reports"]
    return list(report["expectations"])


def texts(row: dict[str, Any], *names: str) -> list[str | None]:
    """Figures of a row as text."""
    return [None if row[name] is None else str(row[name]) for name in names]


@pytest.mark.parametrize(
    ("theirs", "tolerance", "status", "difference", "value", "headroom"),
    [
        pytest.param("180", "", "pass", "0", "0", "0.001", id="the same"),
        pytest.param("179.82", "", "fail", "0.18", "0.001001001", "-0.0000010011", id="just beyond 0.1%"),
        pytest.param("180.18", "", "pass", "-0.18", "0.000999001", "0.0000009990", id="just within"),
        pytest.param("160", "tolerance: 12.5%, ", "pass", "20", "0.125", "0", id="20 of 160 at equality"),
        pytest.param("160", "tolerance: 12.49%, ", "fail", "20", "0.125", "-0.0001", id="and beyond it"),
        pytest.param("180", "tolerance: 0%, ", "pass", "0", "0", "0", id="exactly"),
        pytest.param("0", "", "fail", "180", None, None, id="of nothing there is no share"),
    ],
)
def test_a_figure_is_held_to_the_tolerance(
    theirs: str, tolerance: str, status: str, difference: str, value: str | None, headroom: str | None, folder: Path
) -> None:
    found = ran(f"{{{tolerance}totals: {{maintenance_margin: {theirs}}}}}")
    (row,) = rows(found)
    assert (row["subject"], row["figure"], row["status"]) == ("totals", "maintenance_margin", status)
    assert row["ours"] == 180
    assert texts(row, "theirs", "difference") == [theirs, difference]
    assert (row["value"] is None) == (value is None)
    if value is not None:
        assert abs(row["value"] - type(row["value"])(value)) < type(row["value"])("1e-9")
        assert abs(row["headroom"] - type(row["value"])(headroom)) < type(row["value"])("1e-9")
    assert found.code == (1 if status == "fail" else 0)


def test_every_figure_has_a_check_like_any_limit(folder: Path) -> None:
    found = ran("{totals: {equity: 5000, utilization: 79%}, positions: {BTCUSDT: {liquidation_price: 51926.3}}}")
    (report,) = found.json()["reports"]
    checks = [(one["subject"], one["status"]) for one in report["checks"] if one["code"] == "MC209"]
    assert checks == [
        ("totals.equity", "pass"),
        ("totals.utilization", "fail"),
        ("BTCUSDT.liquidation_price", "pass"),
    ]
    assert [str(row["ours"]) for row in rows(found)] == ["5000", "0.8", "51926.29815746"]
    # utilization 4,000 / 5,000 = 80% against 79%: 1 / 79 = 1.2658...%, shown rounded up
    (finding,) = report["findings"]
    assert finding["message"] == (
        "utilization of totals: the venue shows 0.79, here it is 0.8 (difference 0.01, 1.27%; tolerance 0.1%)"
    )
    assert finding["remedy"] == "`marginctl explain` shows how totals.utilization came about"


def test_a_figure_that_does_not_exist_here_is_a_difference(folder: Path) -> None:
    found = ran("{positions: {BTCUSDT: {funding_per_day: 1}}}")
    (row,) = rows(found)
    assert (row["ours"], row["difference"], row["value"], row["status"]) == (None, None, None, "fail")


def test_a_waiver_and_a_selection_show(folder: Path) -> None:
    waiver = '\nwaivers: [{code: MC209, subject: totals.equity, until: 2027-01-01, reason: "stale screen"}]'
    assert [row["status"] for row in rows(ran("{totals: {equity: 4000}}" + waiver))] == ["waived"]
    assert [row["status"] for row in rows(ran("{totals: {equity: 4000}}", "--ignore", "MC209"))] == ["not-evaluated"]


def test_the_table_shows_ours_theirs_and_the_difference(folder: Path) -> None:
    found = ran(
        "{totals: {equity: 5000, utilization: 79%}, positions: {BTCUSDT: {liquidation_price: 51900.1}}}",
        form="table",
    )
    # 51,926.298... - 51,900.1 = 26.198..., 0.0504...% of theirs, rounded to the cautious side
    lines = found.out.splitlines()
    start = lines.index("Expected  what the venue shows")
    assert [line.split() for line in lines[start + 4 : start + 7]] == [
        ["pass", "totals", "equity", "5,000.00", "5,000.00", "0.00", "0.00", "0.1"],
        ["FAIL", "totals", "utilization", "80.00%", "79.00%", "1.00%", "1.27", "0.1"],
        ["pass", "BTCUSDT", "liquidation_price", "51,926.298", "51,900.10", "26.198", "0.06", "0.1"],
    ]


def test_without_expectations_there_is_no_table(folder: Path) -> None:
    Path("book.yaml").write_text(BOOK)
    assert "Expected" not in check("book.yaml").out
    assert rows(check("book.yaml", "--format", "json")) == []
