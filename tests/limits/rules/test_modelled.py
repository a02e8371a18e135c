"""MC117, MC118, MC119, MC210, MC211: what a margin model finds, against limits; books with figures by hand."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import run

from marginctl.analysis.check import Settings, check
from marginctl.core.exact import exactly

# Short 5,000 of BTC, long 3,000 of ETH, 10% either way, row by row: all +10% costs 500 - 300 = 200.
SCANNED: dict[str, Any] = {
    "account": {"margin_model": "scenario"},
    "prices": {"BTC": 50000, "ETH": 3000},
    "collateral": [{"asset": "USDT", "amount": 1000}],
    "positions": [
        {"symbol": "BTCUSDT", "side": "short", "quantity": "0.1", "entry_price": 50000},
        {"symbol": "ETHUSDT", "side": "long", "quantity": 1, "entry_price": 3000},
    ],
    "portfolio_margin": {"combine": "joint", "underlyings": [{"assets": ["BTC", "ETH"], "moves": ["-10%", "10%"]}]},
}
# The same book over five days; the worst 40% are the days on which BTC rises alone: 10% costs 500, 6% costs 300.
READ: dict[str, Any] = SCANNED | {
    "account": {"margin_model": "expected-shortfall"},
    "portfolio_margin": {"confidence": "60%"},
    "history": {"file": "h.csv", "values": "returns", "missing": "carry"},
}
DAYS = "date,BTC,ETH\n2026-11-08,0.1,0\n2026-11-09,0.06,0\n2026-11-10,0,0\n2026-11-11,-0.1,0\n2026-11-12,-0.1,\n"


def findings(document: dict[str, Any], limits: dict[str, Any], code: str, folder: Path, days: str = DAYS) -> list[str]:
    (folder / "h.csv").write_text(days)
    data = json.dumps(document | {"limits": limits}).encode()
    with exactly():
        found = check(data, str(folder / "book.json"), Settings(today=date(2026, 11, 22)))
    return [one.message for one in found.problems] + [one.message for one in found.findings if one.code == code]


@pytest.mark.parametrize(
    ("document", "key", "passes", "breaks", "code", "message"),
    [
        pytest.param(
            READ,
            "max_expected_shortfall",
            "40%",
            "39%",
            "MC117",
            "expected shortfall of cross is 40%, above the limit 39%: 400.00 USD on 1,000.00 USD of equity",
            id="the mean of 500 and 300 on 1,000",
        ),
        pytest.param(
            SCANNED,
            "max_risk_share",
            "250%",
            "240%",
            "MC118",
            "share of BTC in the risk of cross is 250%, above the limit 240%: 500.00 USD of 200.00 USD",
            id="500 of 200: ETH takes 300 away",
        ),
        pytest.param(
            SCANNED,
            "min_scan_cover",
            "5",
            "5.1",
            "MC119",
            "equity of cross over its worst scenario is 5x, below the limit 5.1x: "
            "1,000.00 USD against a loss of 200.00 USD",
            id="1,000 for a loss of 200, before the factor of 1.3",
        ),
        pytest.param(
            READ,
            "max_history_age",
            "10d",
            "9d",
            "MC210",
            "age of the history is 10 days, above the limit 9 days: its last date is 2026-11-12",
            id="ten days since the last date",
        ),
    ],
)
def test_a_limit_passes_at_equality_and_breaks_beyond(
    document: dict[str, Any], key: str, passes: str, breaks: str, code: str, message: str, tmp_path: Path
) -> None:
    assert findings(document, {key: passes}, code, tmp_path) == []
    assert findings(document, {key: breaks}, code, tmp_path) == [message]


def test_a_history_is_stale_after_a_week_unless_said_otherwise(tmp_path: Path) -> None:
    assert len(findings(READ, {}, "MC210", tmp_path)) == 1
    assert findings(READ, {"max_history_age": "off"}, "MC210", tmp_path) == []


def test_holes_are_told_by_kind(tmp_path: Path) -> None:
    gap = DAYS.replace("2026-11-08", "2026-11-05")
    assert findings(READ, {}, "MC211", tmp_path) == ["1 blank cell of h.csv carried"]
    assert findings(READ, {}, "MC211", tmp_path, gap) == [
        "1 blank cell of h.csv carried",
        "h.csv has a gap of 4 days between two rows",
    ]
    assert findings(READ, {}, "MC211", tmp_path, DAYS.replace("-0.1,\n", "-0.1,0\n")) == []


@pytest.mark.parametrize(
    ("document", "limits", "reason"),
    [
        (SCANNED, {"max_expected_shortfall": "40%"}, "the file has no history of a cross pool"),
        (READ, {"min_scan_cover": "5"}, "no cross pool is under `margin_model: scenario`"),
    ],
)
def test_a_limit_on_a_figure_that_the_model_does_not_have_cannot_be_evaluated(
    document: dict[str, Any], limits: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    told = findings(document, limits, "MC117", tmp_path)
    assert reason in told[0]


# The same book by tiers: its history is read for the limit alone.
TIERED: dict[str, Any] = READ | {
    "account": {},
    "positions": [{**one, "leverage": 10, "maintenance_rate": "0.5%"} for one in READ["positions"]],
}


@pytest.mark.parametrize("document", [TIERED, SCANNED | {"history": READ["history"]}], ids=["tiers", "a scan"])
def test_expected_shortfall_is_held_against_the_equity_under_any_model(
    document: dict[str, Any], tmp_path: Path
) -> None:
    other = document | {"portfolio_margin": {**document["portfolio_margin"], "confidence": "60%"}}
    said = "expected shortfall of cross is 40%, above the limit 39%: 400.00 USD on 1,000.00 USD of equity"
    assert findings(other, {"max_expected_shortfall": "40%"}, "MC117", tmp_path) == []
    assert findings(other, {"max_expected_shortfall": "39%"}, "MC117", tmp_path) == [said]
    old = "age of the history is 10 days, above the limit 7 days (default): its last date is 2026-11-12"
    assert findings(other, {"max_expected_shortfall": "40%"}, "MC210", tmp_path) == [old]
    assert findings(other, {"max_expected_shortfall": "40%"}, "MC211", tmp_path) == ["1 blank cell of h.csv carried"]


def with_leverage(document: dict[str, Any], leverage: int) -> dict[str, Any]:
    return document | {"positions": [{**one, "leverage": leverage} for one in document["positions"]]}


def test_under_a_model_only_a_leverage_that_a_position_states_is_limited(tmp_path: Path) -> None:
    """Tiers of the contracts would allow 1 / 1% = 100; the model asks for the pool, so nobody trades at 100."""
    tiers = [{"initial_rate": "1%", "maintenance_rate": "0.5%"}]
    scanned = SCANNED | {"contracts": {one["symbol"]: {"tiers": tiers} for one in SCANNED["positions"]}}
    assert findings(scanned, {}, "MC105", tmp_path) == []
    assert findings(scanned, {"max_position_leverage": 5}, "MC105", tmp_path) == []
    assert findings(with_leverage(scanned, 10), {}, "MC105", tmp_path) == []
    assert findings(with_leverage(scanned, 20), {}, "MC105", tmp_path) == [
        f"leverage of the {symbol} {side} is 20x, above the limit 10x (default)"
        for symbol, side in (("BTCUSDT", "short"), ("ETHUSDT", "long"))
    ]
    by_tiers = scanned | {"account": {}}  # without the model both trade at what the tiers allow
    assert [one.split(" is ")[1] for one in findings(by_tiers, {}, "MC105", tmp_path)] == [
        "100x, above the limit 10x (default)"
    ] * 2


def test_a_history_that_nothing_reads_is_left_alone(tmp_path: Path) -> None:
    assert findings(TIERED, {}, "MC210", tmp_path, "no history at all") == []
    (message, *_) = findings(TIERED, {"max_expected_shortfall": "40%"}, "MC117", tmp_path, "no history at all")
    assert "does not name the columns" in message


def test_a_policy_may_ask_for_it(tmp_path: Path) -> None:
    (tmp_path / "h.csv").write_text(DAYS)
    (tmp_path / "book.json").write_text(json.dumps(TIERED))
    (tmp_path / "policy.yaml").write_text("limits: {max_expected_shortfall: 39%}\n")
    ran = run("check", str(tmp_path / "book.json"), "--limits", str(tmp_path / "policy.yaml"), "--today", "2026-11-22")
    assert "MC117  expected shortfall of cross is 40%" in ran.out
