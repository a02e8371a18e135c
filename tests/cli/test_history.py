"""``marginctl history --live``: daily closes of a venue on this machine, through ccxt's own client."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import Ran, run
from tests.venues.live.venue_server import ENVIRONMENT, Venue, serving

LAST = datetime(2026, 11, 21, tzinfo=UTC)
FLAGS = ("--retries", "0", "--today", "2026-11-22")


def time_of(ago: int) -> int:
    """Milliseconds of a day so many days before the last one that is over; -1 is today."""
    return int((LAST - timedelta(days=ago)).timestamp() * 1000)


def candle(ago: int, close: str) -> list[Any]:
    return [time_of(ago), "1", "2", "0.5", close, "100"]


def binance(days: int) -> list[list[Any]]:
    """Today's candle, not over, and the days before, oldest first."""
    return [candle(ago, f"{60000 + ago}.10") for ago in range(days - 1, -2, -1)]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Ran, Venue]]:
    monkeypatch.chdir(tmp_path)

    def asked(table: dict[str, Any], *arguments: str) -> tuple[Ran, Venue]:
        with serving(table) as server:
            words = {**ENVIRONMENT, "MARGINCTL_LIVE_URL": server.address}
            return run("history", *arguments, *FLAGS, env=words), server

    return asked


def test_closes_are_written_as_the_venue_writes_them(ask: Callable[..., tuple[Ran, Venue]]) -> None:
    ran, server = ask({"GET /fapi/v1/klines": [binance(3)]}, "--live", "binance-usdm", "BTC", "--days", "2")
    assert (ran.code, ran.out) == (0, "date,BTC\n2026-11-20,60001.10\n2026-11-21,60000.10\n")
    assert ran.errors == "BTC: closes of BTCUSDT in USDT: 2, 2026-11-20 to 2026-11-21\n"
    assert server.asked[0].words == {"symbol": "BTCUSDT", "interval": "1d", "limit": "3"}


def test_a_coin_that_is_younger_has_blank_days(ask: Callable[..., tuple[Ran, Venue]], tmp_path: Path) -> None:
    table = {"GET /fapi/v1/klines": [binance(3), [candle(0, "3000")]]}
    ran, _ = ask(table, "--live", "binance-usdm", "BTC", "ETH/USDT:USDT", "--days", "3", "-o", "history.csv")
    assert (ran.code, ran.out) == (0, "")
    text = (tmp_path / "history.csv").read_text()
    assert text == "date,BTC,ETH\n2026-11-19,60002.10,\n2026-11-20,60001.10,\n2026-11-21,60000.10,3000\n"
    assert "ETH: closes of ETHUSDT in USDT: 1, 2026-11-21 to 2026-11-21, blank days: 2\n" in ran.errors
    assert "marginctl: wrote history.csv\n" in ran.errors
    again, _ = ask(table, "--live", "binance-usdm", "BTC", "-o", "history.csv")
    assert (again.code, "exists already" in again.errors) == (2, True)


def test_what_cannot_be_written_is_not_said_to_be_written(
    ask: Callable[..., tuple[Ran, Venue]], tmp_path: Path
) -> None:
    (tmp_path / "kept.csv").write_text("old\n")
    (tmp_path / "kept.csv").chmod(0o600)
    (tmp_path / "link.csv").symlink_to("kept.csv")
    table = {"GET /fapi/v1/klines": [binance(3)]}
    for name in ("nowhere/history.csv", "."):
        ran, _ = ask(table, "--live", "binance-usdm", "BTC", "-o", name, "--force")
        assert (ran.code, ran.out, "cannot be written" in ran.errors, "wrote" in ran.errors) == (2, "", True, False)
    ran, _ = ask(table, "--live", "binance-usdm", "BTC", "-o", "link.csv", "--force")
    assert ran.errors.endswith("marginctl: wrote link.csv\n")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "kept.csv").read_text().startswith("date,BTC\n")
    assert (tmp_path / "kept.csv").stat().st_mode & 0o777 == 0o600


def test_more_days_than_one_answer_holds_are_asked_page_by_page(ask: Callable[..., tuple[Ran, Venue]]) -> None:
    def page(first: int, count: int) -> dict[str, Any]:
        rows = [[str(time_of(ago)), "1", "2", "0.5", str(100 + ago), "9"] for ago in range(first, first + count)]
        return {"code": "0", "msg": "", "data": rows}

    table = {"GET /api/v5/market/history-candles": [page(-1, 100), page(99, 100), page(199, 100)]}
    ran, server = ask(table, "--live", "okx", "BTC", "--days", "150")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert (len(lines), lines[1].split(",")[1], lines[-1]) == (151, "249", "2026-11-21,100")
    assert [one.words.get("after") for one in server.asked] == [None, str(time_of(98))]
    assert server.asked[0].words["instId"] == "BTC-USDT-SWAP"


def test_rows_may_stand_deeper_and_newest_first(ask: Callable[..., tuple[Ran, Venue]]) -> None:
    rows = [[str(time_of(ago)), "1", "2", "0.5", f"{ago}.5", "9", "9"] for ago in (-1, 0, 1)]
    table = {"GET /v5/market/kline": {"retCode": 0, "retMsg": "OK", "result": {"list": rows}, "time": 1}}
    ran, server = ask(table, "--live", "bybit", "BTC/USD:BTC", "--days", "2")
    assert ran.out == "date,BTC\n2026-11-20,1.5\n2026-11-21,0.5\n"
    assert server.asked[0].words["category"] == "inverse"
    assert server.asked[0].words["symbol"] == "BTCUSD"


def test_what_is_written_is_read(ask: Callable[..., tuple[Ran, Venue]], tmp_path: Path) -> None:
    ask({"GET /fapi/v1/klines": [binance(60)]}, "--live", "binance-usdm", "BTC", "--days", "60", "-o", "history.csv")
    (tmp_path / "book.yaml").write_text(
        "account: {margin_model: expected-shortfall}\nprices: {BTC: 60000}\ncollateral: [{asset: USDT, amount: 9000}]\n"
        "positions: [{symbol: BTCUSDT, side: long, quantity: 1}]\nportfolio_margin: {}\nhistory: {file: history.csv}\n"
    )
    (report,) = run("check", "book.yaml", "--today", "2026-11-22", "--format", "json").json()["reports"]
    assert report["portfolio_margin"][0]["history"]["maintenance"]["returns"] == 59


@pytest.mark.parametrize(
    ("table", "arguments", "said"),
    [
        ({}, ["--live", "binance-usdm", "NOSUCH"], "has no perpetual on `NOSUCH`"),
        ({}, ["--live", "weex", "BTC"], "weex"),
        ({}, ["--live", "nowhere", "BTC"], "--live `nowhere` is unknown"),
        ({}, ["--live", "binance-usdm", "BTC", "BTC/USDT:USDT"], "BTC is named twice"),
        ({}, ["--live", "binance-usdm", "BTC", "--days", "0"], "write 1 or more"),
        ({"GET /fapi/v1/klines": {"rows": []}}, ["--live", "binance-usdm", "BTC"], "no candles in the answer"),
        ({"GET /fapi/v1/klines": [[["x"]]]}, ["--live", "binance-usdm", "BTC"], "a candle without a time"),
        ({}, ["--live", "binance-usdm", "BTC"], "fapiPublicGetKlines"),
    ],
)
def test_what_cannot_be_had_is_told(
    table: dict[str, Any], arguments: list[str], said: str, ask: Callable[..., tuple[Ran, Venue]]
) -> None:
    ran, _ = ask(table, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.errors
    assert "Traceback" not in ran.errors
