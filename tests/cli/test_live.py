"""`import --live`, `check --live`, `venue refresh --live`: a venue on this machine, through ccxt's own client."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.cli.recorded_accounts import ACCOUNTS, RECORDED, files_of, lay_out
from tests.cli.running import TODAY, Ran, run
from tests.venues.answers.published import position_tiers
from tests.venues.live.accounts import ABSENT, BINANCE, BYBIT, TABLES
from tests.venues.live.venue_server import ENVIRONMENT, KEY, SECRET, VARIABLES, Reply, Venue, recorded, serving

from marginctl.venues.live import client as asking

BY_NAME = {one.name: one for one in ACCOUNTS}
FEW = ("--retries", "0", "--today", TODAY)


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """No test waits for a venue's pace."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


HIDDEN: set[str] = set()
"""Secrets and signatures of all requests of a test."""


@pytest.fixture(autouse=True)
def nothing_secret_is_written(tmp_path: Path) -> Iterator[None]:
    """In no file that a test leaves, but its own file of keys, stands a secret or a signature."""
    HIDDEN.clear()
    yield
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "keys"]
    assert [(path.name, one) for path in files for one in HIDDEN if one.encode() in path.read_bytes()] == []


@contextmanager
def running(table: dict[str, Any], **variables: str) -> Iterator[tuple[Any, Venue]]:
    """A server and a way to run a command against it, in whose output nothing secret may stand."""
    with serving(table) as server:

        def ran(*arguments: str, env: dict[str, str | None] | None = None) -> Ran:
            words: dict[str, str | None] = {**ENVIRONMENT, "MARGINCTL_LIVE_URL": server.address, **variables}
            result = run(*arguments, env={**words, **(env or {})})
            HIDDEN.update(server.hidden())
            assert [one for one in HIDDEN if one in result.out + result.errors] == []
            assert result.code in (0, 1, 2)  # no exception of ours, nor of the library
            return result

        yield ran, server


@pytest.mark.parametrize(
    ("venue", "name"),
    [
        ("binance-usdm", "usdm-1"),
        ("bybit", "bybit-1"),
        ("okx", "okx-1"),
        ("hyperliquid", "hyperliquid-1"),
        ("dydx", "dydx-1"),
        ("bingx-usdm", "bingx-2"),
        ("weex", "weex-1"),
    ],
)
def test_a_live_account_is_the_one_of_its_saved_answers(
    venue: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path)
    account = BY_NAME[name]
    flags = (*account.flags.split(), "--reconcile", "--format", "json", "--today", TODAY)
    offline = run("import", venue, *files_of(account), *flags).json()
    with running(TABLES[venue]) as (ran, _):
        live = ran("import", "--live", venue, "--retries", "0", *flags).json()
    for key in ("prices", "collateral", "positions", "contracts", "expect"):
        assert live["portfolio"].get(key) == offline["portfolio"].get(key), key
    summary = live["summary"]
    assert summary["within"] == account.met
    assert (summary["figures"], summary["not_comparable"]) == (account.of + account.apart, account.apart)


def test_the_file_is_printed_and_the_asking_is_told_beside_it() -> None:
    with running(BYBIT) as (ran, _):
        result = ran("import", "--live", "bybit", *FEW)
    assert result.code == 0
    assert result.out.startswith("# Imported by marginctl 0.1.0 from answers of bybit\n# account-info.json: ")
    assert "# not answered: bybit publicGetV5MarketRiskLimit: " in result.out
    assert "remark: not answered: bybit publicGetV5MarketRiskLimit: " in result.errors
    assert "position.json: bybit position, 2025-10-02T19:16:00.944Z\n" in result.errors


def test_it_is_written_and_checks_as_it_stands(tmp_path: Path) -> None:
    book = tmp_path / "book.yaml"
    with running(TABLES["dydx"]) as (ran, _):
        assert ran("import", "--live", "dydx", "-o", str(book), *FEW).code == 0
    assert run("check", str(book), "--today", TODAY, "--select", "MC209", "--format", "json").code == 0


@pytest.mark.parametrize(
    ("venue", "path", "reply", "said"),
    [
        pytest.param(
            "binance-usdm",
            "GET /fapi/v3/account",
            Reply(recorded("errors/binance-usdm-key"), 401),
            "code `-2015`",
            id="a refused key",
        ),
        pytest.param("bybit", "GET /v5/account/info", recorded("errors/bybit-key"), "`10003`", id="10003"),
        pytest.param(
            "bybit", "GET /v5/account/info", Reply(b"<html>", 502), "(ExchangeNotAvailable, HTTP 502)", id="502"
        ),
        pytest.param("bybit", "GET /v5/account/info", Reply(b"<html><title>No</title>"), "a web page", id="a page"),
        pytest.param("bybit", "GET /v5/account/info", Reply(b'{"retCode": 0, "result": {"a'), "cut off", id="cut off"),
        pytest.param("okx", "GET /api/v5/account/balance", recorded("errors/okx-key"), "`50103`", id="okx"),
    ],
)
@pytest.mark.parametrize("command", ["import", "check"])
def test_a_failure_is_a_message_and_exits_2(command: str, venue: str, path: str, reply: Any, said: str) -> None:
    with running({**TABLES[venue], path: reply}) as (ran, _):
        result = ran(command, "--live", venue, *FEW)
        document = ran(command, "--live", venue, *FEW, "--format", "json")
    assert result.code == document.code == 2
    assert said in result.out + result.errors
    assert f"{venue}: MC028 {venue} " in result.out + result.errors
    assert "Traceback" not in result.errors
    assert said in document.json()["errors"][0]["message"]


def test_an_answer_that_does_not_come_ends_after_the_time_given() -> None:
    with running({**BYBIT, "GET /v5/account/info": Reply(held=True)}) as (ran, _):
        result = ran("import", "--live", "bybit", "--timeout", "1s", *FEW)
    assert result.code == 2
    assert "no answer in time (RequestTimeout)" in result.errors


def test_two_refusals_and_an_answer_are_an_account() -> None:
    busy = Reply(b'{"code": -1003, "msg": "Too many requests"}', 429)
    account = "binance-usdm/1-fil-testnet-long.account"
    with running({**BINANCE, "GET /fapi/v3/account": [busy, busy, account]}) as (ran, server):
        assert ran("import", "--live", "binance-usdm", "--today", TODAY).code == 0
    assert server.paths().count("/fapi/v3/account") == 3


def test_secrets_may_stand_in_a_file_of_ones_own(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("".join(f"MARGINCTL_BYBIT_{name}={text}\n" for name, text in VARIABLES.items()))
    keys.chmod(0o600)
    with running(BYBIT, MARGINCTL_BYBIT_KEY="", MARGINCTL_BYBIT_SECRET="") as (ran, server):
        missing = ran("import", "--live", "bybit", *FEW)
        assert ran("import", "--live", "bybit", "--keys", str(keys), *FEW).code == 0
        keys.chmod(0o644)
        loose = ran("import", "--live", "bybit", "--keys", str(keys), *FEW)
    assert (missing.code, loose.code) == (2, 2)
    assert "not set: MARGINCTL_BYBIT_KEY, MARGINCTL_BYBIT_SECRET" in missing.errors
    assert "others may read it" in loose.errors
    assert {one.headers["X-BAPI-API-KEY"] for one in server.asked if "X-BAPI-API-KEY" in one.headers} == {KEY}


def test_a_key_that_may_trade_is_a_remark_and_refused_where_that_is_wanted() -> None:
    with running({**BYBIT, "GET /v5/user/query-api": {"retCode": 0, "result": {"readOnly": 0}}}) as (ran, server):
        loose, strict = (ran("import", "--live", "bybit", *more, *FEW) for more in ((), ("--strict",)))
        before = len(server.asked)
    assert (loose.code, strict.code) == (0, 2)
    assert "remark: the key may trade: use a read-only key bound to your IP" in loose.errors
    assert server.paths()[before - 1] == "/v5/user/query-api"


def test_saved_answers_import_again_and_hold_nothing_of_a_person(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    answer = recorded("dydx/1-btc-short.subaccount").replace(b'"dydx1', b'"dydx1-of-jane-')
    with running({**TABLES["dydx"], next(path for path in TABLES["dydx"] if "addresses" in path): answer}) as (ran, _):
        live = ran("import", "--live", "dydx", "--save", str(kept), "--format", "json", *FEW).json()
    assert [one.name for one in kept.iterdir()] == ["subaccount.json"]
    text = (kept / "subaccount.json").read_text()
    assert "jane" not in text
    assert '"address":"***"' in text.replace(" ", "")
    again = run("import", "dydx", str(kept / "subaccount.json"), "--format", "json", "--today", TODAY).json()
    assert again["portfolio"] == live["portfolio"]


def test_a_file_may_stand_beside_the_live_answers(tmp_path: Path) -> None:
    fees = RECORDED.parent / "public" / "bybit.fee-rate.json"
    with running(BYBIT) as (ran, _):
        result = ran("import", "--live", "bybit", str(fees), "--format", "json", *FEW).json()
    assert "bybit fee-rate" in [one["answer"] for one in result["answers"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import", "--live", "nowhere"], "--live `nowhere` is unknown"),
        (["import", "--live", "kraken"], "--live `kraken` is unknown"),
        (["import", "--live", "bybit", "--timeout", "soon"], "--timeout `soon` is no time"),
        (["import", "--live", "bybit", "--proxy", "host"], "the proxy is no address"),
        (["import", "--live", "weex", "--sandbox"], "weex has no system for --sandbox"),
        (["import", "--live", "bybit", "--sandbox", "--demo"], "--sandbox and --demo do not go together"),
        (["import", "a.json", "--keys", "k"], "--keys changes nothing here"),
        (["import", "a.json", "--sandbox"], "--sandbox changes nothing here"),
        (["import", "a.json", "--save", "d"], "--save changes nothing here"),
        (["check", "a.yaml", "--wallet", "USDT=1"], "--wallet changes nothing here"),
        (["check", "a.yaml", "--account", "1"], "--account changes nothing here"),
        (["check", "a.yaml", "--rates", "account"], "--rates changes nothing here"),
        (["check", "a.yaml", "--demo"], "--demo changes nothing here"),
        (["check", "--live", "bybit", "a.yaml"], "--live and `a.yaml` do not go together"),
        (["check", "--live", "bybit", "--watch", "soon"], "--watch `soon` is no time"),
        (["check", "--live", "bybit", "--watch", "5s", "a.yaml"], "--live and `a.yaml` do not go together"),
        (["check", "--live", "bybit", "--watch", "--format", "sarif"], "--live --watch writes lines and screens"),
        (["venue", "refresh", "weex", "--live"], "--live `weex` is unknown"),
        (["import"], "Missing argument"),
        (["check"], "nothing names what to check"),
        (["venue", "refresh", "bybit"], "Missing option '--from'"),
    ],
)
def test_flags_that_cannot_be_meant(arguments: list[str], said: str) -> None:
    with running({}) as (ran, server):
        result = ran(*arguments)
    assert result.code == 2
    assert said in result.errors
    assert server.asked == []


def test_another_host_does_not_get_the_keys() -> None:
    with running({}, MARGINCTL_LIVE_URL="http://venue.example.org") as (ran, _):
        result = ran("import", "--live", "bybit", *FEW)
    assert result.code == 2
    assert "MARGINCTL_LIVE_URL `http://venue.example.org` is no address of this machine" in result.errors


@pytest.mark.parametrize("arguments", [("import", "--live", "bybit"), ("check", "--live", "bybit")])
def test_without_ccxt_the_line_that_installs_it_is_said(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> object:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(asking, "import_module", missing)
    with running({}) as (ran, _):
        result = ran(*arguments, *FEW)
    assert result.code == 2
    assert "--live needs ccxt, which is not installed" in result.out + result.errors
    assert "pip install 'marginctl[live]'" in result.out + result.errors


def test_a_live_check_is_the_check_of_the_import(tmp_path: Path) -> None:
    book = tmp_path / "book.yaml"
    with running(TABLES["dydx"]) as (ran, _):
        ran("import", "--live", "dydx", "-o", str(book), *FEW)
        live = ran("check", "--live", "dydx", *FEW, "--format", "json")
    saved = run("check", str(book), "--today", TODAY, "--format", "json")
    assert live.code == saved.code
    (one,), (other,) = live.json()["reports"], saved.json()["reports"]
    assert (one["file"], one["totals"], one["positions"]) == ("dydx", other["totals"], other["positions"])
    assert "not answered: dydx indexerGetPerpetualMarkets" in live.errors


def test_what_is_missing_is_said_with_its_flag_which_the_check_takes() -> None:
    with running({**TABLES["bingx-usdm"]}) as (ran, _):
        bare = ran("check", "--live", "bingx-usdm", *FEW)
        flags = BY_NAME["bingx-2"].flags.split()
        given = ran("check", "--live", "bingx-usdm", *FEW, *flags, "--format", "json").json()
    assert bare.code == 2
    assert "help: --set positions.0.maintenance_rate=" in bare.out
    assert [(one["symbol"], one["maintenance_rate"]) for one in given["reports"][0]["positions"]] == [
        ("XRP-USDT", Decimal("0.01")),
    ]


def test_tables_are_brought_up_to_date_from_the_venue(tmp_path: Path) -> None:
    meta = recorded("public/hyperliquid.meta")
    with running({"POST /info": meta}) as (ran, server):
        answer = tmp_path / "meta.json"
        answer.write_bytes(meta)
        live = ran(
            "venue",
            "refresh",
            "hyperliquid",
            "--live",
            *FEW,
            "--format",
            "json",
            env={"MARGINCTL_HYPERLIQUID_ADDRESS": ""},
        )
        saved = run(
            *("venue", "refresh", "hyperliquid", "--from", str(answer)),
            "--as-of",
            TODAY,
            "--today",
            TODAY,
            "-f",
            "json",
        )
    assert live.code == saved.code
    assert [one.words for one in server.asked] == [{"type": "meta"}]
    assert json.loads(live.out) == json.loads(saved.out)


def test_tables_that_are_not_answered_bring_nothing() -> None:
    with running({"POST /info": ABSENT}) as (ran, _):
        result = ran("venue", "refresh", "hyperliquid", "--live", *FEW)
    assert result.code == 2
    assert "hyperliquid publicPostInfo" in result.errors
    assert SECRET not in result.errors


GATE_TIERS = recorded("public/gate.risk_limit_tiers")
LIVE_TABLES: dict[str, tuple[str, dict[str, Any], str]] = {
    "gate": (
        "SOL_USDT",
        {
            "GET /api/v4/futures/usdt/contracts": {
                "name": "SOL_USDT",
                "type": "direct",
                "quanto_multiplier": "0.1",
                "order_price_round": "0.01",
                "mark_price": "150",
            },
            "GET /api/v4/futures/btc/contracts": b"[]",
            "GET /api/v4/futures/usdt/risk_limit_tiers": GATE_TIERS.replace(b"BTC", b"SOL"),
        },
        "0.1",
    ),
    "okx": (
        "SOL-USD-SWAP",
        {
            "GET /api/v5/public/instruments": recorded("okx/1-eth-isolated.instruments")
            .replace(b"ETH-USDT", b"SOL-USD")
            .replace(b"linear", b"inverse")
            .replace(b'"settleCcy": "USDT"', b'"settleCcy": "SOL"'),
            "GET /api/v5/public/discount-rate-interest-free-quota": ABSENT,
            "GET /api/v5/public/position-tiers": position_tiers(("0", "900", "0.01", "0.02", "50"), family="SOL-USD"),
        },
        "0.1",
    ),
}


@pytest.mark.parametrize("venue", LIVE_TABLES)
def test_a_contract_that_is_not_bundled_comes_with_its_table_and_its_size(
    venue: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    symbol, table, size = LIVE_TABLES[venue]
    with running(table) as (ran, server):
        result = ran("venue", "refresh", venue, "--live", "--symbol", symbol, "-o", f"{venue}.yaml", *FEW)
    assert (result.code, f"Contracts added\n  {symbol}" in result.out) == (0, True)
    assert f"{symbol}: {{contract_size: {size}, " in Path(f"{venue}.yaml").read_text()
    assert {f"{one.method} {one.path}" for one in server.asked} == set(table)


STATE, BUILDERS = "hyperliquid/1-hype-isolated.clearinghouseState", "hyperliquid/4-hip3-crcl.clearinghouseState"
EMPTY = json.loads(recorded(STATE)) | {"assetPositions": [], "marginSummary": {"accountValue": "0", "totalNtlPos": "0"}}
MARKETS = {
    "POST /info": [ABSENT, "public/hyperliquid.perpDexs", STATE, BUILDERS, EMPTY, "public/hyperliquid.meta.flx", ABSENT]
}


def test_markets_of_builders_are_accounts_of_their_own() -> None:
    with running(MARKETS) as (ran, server):
        result = ran("import", "--live", "hyperliquid", *FEW)
    assert (result.code, result.out) == (2, "")
    assert "clearinghouseState.json: MC028 the answers are of 2 accounts: `main`, `flx`" in result.errors
    assert "--account main takes that one" in result.errors
    asked = [(one.words["type"], one.words.get("dex")) for one in server.asked]
    assert asked == [
        ("meta", None),
        ("perpDexs", None),
        ("clearinghouseState", None),
        ("clearinghouseState", "flx"),
        ("clearinghouseState", "abc"),
        ("meta", "flx"),
    ]


@pytest.mark.parametrize(("name", "symbol", "remarks"), [("main", "HYPE", 1), ("flx", "flx:CRCL", 2)])
def test_one_of_them_is_asked_for_by_name(name: str, symbol: str, remarks: int) -> None:
    state = STATE if name == "main" else BUILDERS
    more = ["public/hyperliquid.meta.flx"] if name == "flx" else []
    with running({"POST /info": [ABSENT, ABSENT, state, *more]}) as (ran, server):
        flags = ("--account", name, "--reconcile", "--format", "json")
        result = ran("import", "--live", "hyperliquid", *flags, *FEW).json()
    assert [one["symbol"] for one in result["portfolio"]["positions"]] == [symbol]
    assert (result["summary"]["within"], result["summary"]["beyond"]) == (8, 0)
    assert server.asked[2].words.get("dex") == (None if name == "main" else "flx")
    assert len(result["remarks"]) == remarks + 1


def test_an_account_that_is_alone_is_taken_without_its_name() -> None:
    with running({"POST /info": [ABSENT, "public/hyperliquid.perpDexs", STATE, EMPTY, EMPTY]}) as (ran, _):
        result = ran("import", "--live", "hyperliquid", *FEW)
    assert result.code == 0
    assert "symbol: HYPE\n" in result.out
