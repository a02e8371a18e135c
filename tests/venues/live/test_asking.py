"""The requests of an account: their order and pages, what the key may do, and what its positions need."""

import json
from typing import Any

import pytest

from marginctl.venues.answers.map_files import bundled_maps
from marginctl.venues.live.asking import Asked, account, published
from marginctl.venues.live.client import Client, Connection
from marginctl.venues.live.credentials import LiveError

from .accounts import ABSENT, BINANCE, BYBIT, NOTHING, OKX, TABLES
from .venue_server import ADDRESS, KEY, PASSWORD, SECRET, Venue, serving

WORDS = {"apiKey": KEY, "secret": SECRET, "password": PASSWORD, "walletAddress": ADDRESS}


def client(name: str, server: Venue, **settings: Any) -> Client:
    live = bundled_maps()[name].live
    assert live is not None
    words = {key: text for key, text in WORDS.items() if key in live.credentials}
    return Client(name, live, words, Connection(address=server.address, retries=0, **settings))


def asked(name: str, table: dict[str, Any], *, strict: bool = False, **settings: Any) -> tuple[Asked, Venue]:
    with serving(table) as server:
        return account(client(name, server, **settings), strict=strict), server


@pytest.mark.parametrize("name", TABLES)
def test_a_venue_is_asked_what_is_in_its_table_and_nothing_else(name: str) -> None:
    found, server = asked(name, TABLES[name])
    assert {f"{one.method} {one.path}" for one in server.asked} == set(TABLES[name])
    assert len(found.files) + sum("not answered" in one for one in found.remarks) == len(server.asked) - (
        bundled_maps()[name].live.permission is not None  # type: ignore[union-attr]
    )


def test_positions_and_wallet_are_asked_for_last_and_what_a_position_needs_after_them() -> None:
    _, server = asked("bybit", BYBIT)
    assert server.paths() == [
        "/v5/user/query-api",
        "/v5/account/info",
        *["/v5/account/fee-rate"] * 2,
        *["/v5/order/realtime"] * 3,
        *["/v5/position/list"] * 3,
        "/v5/account/wallet-balance",
        "/v5/market/risk-limit",
    ]
    assert [one.words for one in server.asked[7:10]] == [
        {"category": "linear", "settleCoin": "USDT", "limit": "200"},
        {"category": "linear", "settleCoin": "USDC", "limit": "200"},
        {"category": "inverse", "limit": "200"},
    ]
    assert server.asked[-1].words == {"category": "linear", "symbol": "SOLUSDT"}


def position(symbol: str) -> dict[str, str]:
    return {
        **dict.fromkeys(("positionIM", "positionMM", "liqPrice"), ""),
        "symbol": symbol,
        "side": "Buy",
        "size": "1",
        "avgPrice": "2",
        "markPrice": "2",
        "leverage": "10",
    }


def page(symbols: list[str], cursor: str) -> dict[str, Any]:
    rows = {"list": [position(one) for one in symbols], "nextPageCursor": cursor}
    return {"retCode": 0, "retMsg": "OK", "result": rows, "time": 1759432560944}


FULL = [f"A{number}USDT" for number in range(20)]


def test_pages_are_followed_until_one_is_empty_and_a_cursor_is_sent_back_as_it_is_meant() -> None:
    pages = [page(FULL, "A19USDT%3A1%2C0"), page(["B0USDT"] * 20, "B%2C1"), page([], "C"), NOTHING]
    found, server = asked("bybit", {**BYBIT, "GET /v5/position/list": pages})
    sent = [one.words for one in server.asked if one.path == "/v5/position/list"]
    assert [one.get("cursor") for one in sent] == [None, "A19USDT:1,0", "B,1", None, None]
    names = [one.name for one in found.files if one.form == "position"]
    assert names == ["position.json", *(f"position_{number}.json" for number in range(2, 6))]
    needed = [one.words["symbol"] for one in server.asked if one.path == "/v5/market/risk-limit"]
    assert needed == [*FULL, "B0USDT"]


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        ([page(FULL, "same")], "the same page comes again"),
        ([page(FULL, f"c{number}") for number in range(30)], "more than 20 pages"),
    ],
)
def test_pages_without_an_end_are_no_account(pages: list[Any], said: str) -> None:
    with pytest.raises(LiveError, match=said):
        asked("bybit", {**BYBIT, "GET /v5/position/list": pages})


RIGHTS = [
    ("bybit", "GET /v5/user/query-api", {"retCode": 0, "result": {"readOnly": 1}}, None),
    ("bybit", "GET /v5/user/query-api", {"retCode": 0, "result": {"readOnly": 0}}, "the key may trade"),
    ("bybit", "GET /v5/user/query-api", {"retCode": 0, "result": {}}, "what the key may do is not said"),
    ("bybit", "GET /v5/user/query-api", ABSENT, "what the key may do is not known: bybit privateGetV5UserQueryApi"),
    ("binance-usdm", "GET /sapi/v1/account/apiRestrictions", {"enableReading": True}, None),
    (
        "binance-usdm",
        "GET /sapi/v1/account/apiRestrictions",
        {"enableReading": True, "enableWithdrawals": False, "enableFutures": True},
        "the key may trade",
    ),
    (
        "binance-usdm",
        "GET /sapi/v1/account/apiRestrictions",
        {"enableReading": True, "enableWithdrawals": True, "enableFutures": True},
        "the key may withdraw",
    ),
]
TABLE = {"bybit": BYBIT, "binance-usdm": BINANCE, "okx": OKX}


@pytest.mark.parametrize(("name", "path", "answer", "said"), RIGHTS)
def test_a_key_that_may_more_than_read_is_said(name: str, path: str, answer: Any, said: str | None) -> None:
    found, _ = asked(name, {**TABLE[name], path: answer})
    told = [one for one in found.remarks if not one.startswith("not answered")]
    assert [one.startswith(said) and one.endswith("use a read-only key bound to your IP") for one in told] == (
        [] if said is None else [True]
    )


@pytest.mark.parametrize(("name", "path", "answer", "said"), [one for one in RIGHTS if one[3] is not None])
def test_and_refused_before_anything_else_is_asked_where_that_is_wanted(
    name: str, path: str, answer: Any, said: str
) -> None:
    with serving({**TABLE[name], path: answer}) as server:
        with pytest.raises(LiveError) as raised:
            account(client(name, server), strict=True)
        assert said in raised.value.message
        assert server.paths() == [path.partition(" ")[2]]


@pytest.mark.parametrize(
    ("rights", "said"),
    [
        ("read_only", []),
        ("read_only,trade", ["the key may trade: use a read-only key bound to your IP"]),
        ("read_only,withdraw", ["the key may withdraw: use a read-only key bound to your IP"]),
    ],
)
def test_rights_in_one_text(rights: str, said: list[str]) -> None:
    config = json.loads(json.dumps(OKX["GET /api/v5/account/config"]).replace("read_only", rights))
    found, _ = asked("okx", {**OKX, "GET /api/v5/account/config": config})
    assert [one for one in found.remarks if one.startswith("the key")] == said


def test_an_answer_that_is_needed_ends_the_round() -> None:
    with pytest.raises(LiveError, match="bybit privateGetV5AccountWalletBalance: it failed"):
        asked("bybit", {**BYBIT, "GET /v5/account/wallet-balance": ABSENT})


def test_a_test_system_is_not_asked_what_the_key_may_do() -> None:
    _, server = asked("bybit", BYBIT, sandbox=True)
    assert server.paths()[0] == "/v5/account/info"


def test_tables_are_asked_for_by_contract_each_once_and_without_a_key() -> None:
    path = "/api/v5/public/position-tiers"
    table = {
        "GET /api/v5/public/instruments": NOTHING,
        "GET /api/v5/public/discount-rate-interest-free-quota": ABSENT,
        f"GET {path}": {"code": "0", "data": []},
    }
    with serving({**table, "GET /api/v5/public/instruments": {"code": "0", "data": []}}) as server:
        live = bundled_maps()["okx"].live
        assert live is not None
        one = Client("okx", live, {}, Connection(address=server.address, retries=0))
        found = published(one, ["BTC-USDT-SWAP", "ETH-USDT-SWAP", "BTC-USDT-261225"])
    words = [one.words["instFamily"] for one in server.asked if one.path == path]
    assert words == ["BTC-USDT", "ETH-USDT"]
    assert not [name for one in server.asked for name in one.headers if name.upper().startswith("OK-ACCESS")]
    assert [one.split(":")[0] for one in found.remarks] == ["not answered"]
