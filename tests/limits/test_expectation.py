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
    assert [line.split() for line in lines[start + 3 : start + 6]] == [
        ["pass", "totals", "equity", "5,000.00", "5,000.00", "0.00", "0.00%", "0.1%"],
        ["FAIL", "totals", "utilization", "80.00%", "79.00%", "1.00%", "1.27%", "0.1%"],
        ["pass", "BTCUSDT", "liquidation_price", "51,926.298", "51,900.10", "26.198", "0.06%", "0.1%"],
    ]


def test_without_expectations_there_is_no_table(folder: Path) -> None:
    Path("book.yaml").write_text(BOOK)
    assert "Expected" not in check("book.yaml").out
    assert rows(check("book.yaml", "--format", "json")) == []


@pytest.mark.parametrize(
    ("figure", "status", "value", "limit", "allowed"),
    [
        pytest.param(
            "{value: 179.5, tolerance: 0.5}", "pass", "0.0027855153", "0.00278551532033426184", "0.5", id="0.5"
        ),
        pytest.param(
            "{value: 179.5, tolerance: 0.49}", "fail", "0.0027855153", "0.00272980501392757661", "0.49", id="0.49"
        ),
        pytest.param("{value: 160, tolerance: 12.5%}", "pass", "0.125", "0.125", None, id="a share, at equality"),
        pytest.param("{value: 160, tolerance: 12.4%}", "fail", "0.125", "0.124", None, id="a share, beyond"),
        pytest.param("{value: 0, tolerance: 180}", "pass", None, None, "180", id="an amount may lie beside nothing"),
        pytest.param("{value: 179}", "fail", "0.0055865922", "0.001", None, id="without one, that of all: 0.1%"),
    ],
)
def test_a_figure_may_have_a_tolerance_of_its_own(
    figure: str, status: str, value: str | None, limit: str | None, allowed: str | None, folder: Path
) -> None:
    """0.5 / 179.5 = 0.27855...%, 0.49 / 179.5 = 0.27298...%; an amount as a share is rounded up in its 20th decimal."""
    (row,) = rows(ran(f"{{totals: {{maintenance_margin: {figure}}}}}"))
    assert row["status"] == status
    assert texts(row, "value", "limit") == [value, limit]
    assert texts(row, "allowed") == [allowed] if allowed else "allowed" not in row


def test_a_message_names_the_amount_that_is_allowed(folder: Path) -> None:
    found = ran("{totals: {maintenance_margin: {value: 179.5, tolerance: 0.00000002}}}")
    (finding,) = found.json()["reports"][0]["findings"]
    assert finding["message"] == (
        "maintenance_margin of totals: the venue shows 179.5, here it is 180 (difference 0.5, 0.28%; "
        "tolerance 0.00000002)"
    )
    table = ran("{totals: {equity: 5000, maintenance_margin: {value: 179.5, tolerance: 0.6}}}", form="table")
    lines = table.out.splitlines()
    start = lines.index("Expected  what the venue shows")
    assert [line.split()[-1] for line in lines[start + 3 : start + 5]] == ["0.1%", "0.6"]


# Long with 0.6 BTC bought for 36,000 under an equity of 50,000: a fall to 0 leaves 14,000, nothing liquidates below.
SAFE = BOOK.replace("5000", "50000")


@pytest.mark.parametrize(
    ("book", "figure", "met"),
    [
        pytest.param(SAFE, "none", True, id="none there and none here"),
        pytest.param(SAFE, "0", True, id="0 says the same"),
        pytest.param(SAFE, "660000", False, id="11 times the mark of 60,000 is a price"),
        pytest.param(SAFE, "660000.01", True, id="beyond that none here agrees"),
        pytest.param(BOOK, "none", False, id="none there, a price here"),
    ],
)
def test_a_price_that_does_not_exist_agrees_with_none(book: str, figure: str, met: bool, folder: Path) -> None:
    Path("book.yaml").write_text(
        f"{book}expect: {{positions: {{BTCUSDT: {{contract_liquidation_price: {figure}}}}}}}\n"
    )
    found = check("book.yaml", "--select", "MC209", "--format", "json")
    (row,) = rows(found)
    assert row["status"] == ("pass" if met else "fail")
    assert (row["ours"] is None) == (book is SAFE)
    assert (row["theirs"] is None) == (figure == "none")


def test_none_where_there_is_one_here_is_a_finding(folder: Path) -> None:
    found = ran("{positions: {BTCUSDT: {contract_liquidation_price: none}}}")
    (finding,) = found.json()["reports"][0]["findings"]
    assert finding["message"] == (
        "contract_liquidation_price of BTCUSDT: the venue shows none, here it is 51926.29815745"
    )


def test_pools_and_sides_are_named(folder: Path) -> None:
    found = ran('{pools: {cross: {equity: 5000, utilization: 80%}}, positions: {"BTCUSDT:long": {notional: 36000}}}')
    assert [(row["subject"], row["figure"], row["status"]) for row in rows(found)] == [
        ("cross", "equity", "pass"),
        ("cross", "utilization", "pass"),
        ("BTCUSDT:long", "notional", "pass"),
    ]
    (finding,) = ran("{pools: {cross: {equity: 4000}}}").json()["reports"][0]["findings"]
    assert finding["remedy"] == "`marginctl explain` shows how pools.cross.equity came about"


def test_margins_of_positions_and_orders_may_be_one_figure(folder: Path) -> None:
    # 4,000 of the position; a resting buy of 0.1 at 54,000 at 9x needs 5,400 / 9 = 600
    order = "\norders: [{symbol: BTCUSDT, side: buy, quantity: 0.1, price: 54000}]"
    (row,) = rows(ran("{totals: {initial_margin + order_margin: 4600}}" + order))
    assert (row["figure"], row["ours"], row["status"]) == ("initial_margin + order_margin", 4600, "pass")
    (finding,) = ran("{totals: {initial_margin + order_margin: 1}}" + order).json()["reports"][0]["findings"]
    assert finding["remedy"].endswith("totals.initial_margin and totals.order_margin came about")


def test_an_amount_may_be_in_the_coin(folder: Path) -> None:
    """PnL of a short of 10 contracts of 100 USD from 50,000 to 62,500: 1,000 / 62,500 - 1,000 / 50,000 = -0.004 BTC."""
    Path("book.yaml").write_text(
        "prices: {BTC: 62500}\n"
        "collateral: [{asset: BTC, amount: 1, haircut: 0%}]\n"
        "contracts: {BTCUSD_PERP: {type: inverse, base: BTC, quote: USD, contract_size: 100}}\n"
        "positions: [{symbol: BTCUSD_PERP, side: short, quantity: 10, entry_price: 50000, leverage: 5, "
        "maintenance_rate: 1%}]\n"
        "expect: {positions: {BTCUSD_PERP: {unrealized_pnl: {value: -0.00400001, unit: BTC, tolerance: 0.00000001}}}}\n"
    )
    (row,) = rows(check("book.yaml", "--select", "MC209", "--format", "json"))
    assert (row["unit"], row["status"]) == ("BTC", "pass")
    assert texts(row, "ours", "theirs", "difference") == ["-0.004", "-0.00400001", "1E-8"]


@pytest.mark.parametrize(
    ("expect", "code", "message"),
    [
        ("{pools: {margin: {equity: 1}}}", "MC030", "`expect` names no pool of the account: `margin`"),
        ('{positions: {"BTCUSDT:short": {notional: 1}}}', "MC030", "`expect` names no position of the account"),
        ("{totals: {equity: {value: 1, unit: DOGE}}}", "MC020", "`DOGE` is no asset of the account"),
        ("{positions: {BTCUSDT: {entry_price: {value: 1, unit: BTC}}}}", "MC016", "`entry_price` is no amount"),
        ("{totals: {equity: {value: 1, tolerance: -1}}}", "MC014", "`tolerance` must be at least 0"),
        ("{totals: {equity: {tolerance: 1}}}", "MC012", "`value` is missing"),
        ("{totals: {equity: nothing}}", "MC014", "`equity`"),
    ],
)
def test_what_cannot_be_compared_is_a_problem(expect: str, code: str, message: str, folder: Path) -> None:
    found = ran(expect)
    assert found.code == 2
    (error,) = found.json()["errors"]
    assert error["code"] == code
    assert error["message"].startswith(message)
