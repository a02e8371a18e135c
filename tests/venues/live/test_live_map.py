"""The maps' live part: only reading methods that ccxt has, and answers that the map knows."""

from collections.abc import Iterator

import ccxt
import pytest
from tests.cli.recorded_accounts import ACCOUNTS

from marginctl.venues.answers.answer_map import LiveMap
from marginctl.venues.answers.map_files import answer_map_of, bundled_maps, forms_of

LIVE = {name: one.live for name, one in bundled_maps().items() if one.live is not None}
READING_POST = "publicPostInfo"
ACCOUNT_VENUES = {
    "binance-coinm",
    "binance-pm",
    "binance-usdm",
    "bingx-usdm",
    "bybit",
    "dydx",
    "hyperliquid",
    "mexc",
    "okx",
    "weex",
}


def methods(live: LiveMap) -> Iterator[str]:
    """Every method that a map names."""
    yield from (call.method for call in (*live.calls, *live.tables))
    if live.permission is not None:
        yield live.permission.method


def entry(exchange: str, method: str) -> object:
    """ccxt's description of an implicit method."""
    module = getattr(__import__(f"ccxt.abstract.{exchange}").abstract, exchange)
    return vars(module.ImplicitAPI)[method]


NAMED = [(live.exchange, method) for live in LIVE.values() for method in sorted(set(methods(live)))]


@pytest.mark.parametrize(("exchange", "method"), NAMED)
def test_a_method_only_reads(exchange: str, method: str) -> None:
    assert entry(exchange, method).method == ("POST" if method == READING_POST else "GET")


def test_the_one_post_asks_for_information() -> None:
    one = entry("hyperliquid", READING_POST)
    assert (one.path, one.api) == ("info", ["public"])
    posted = [call for live in LIVE.values() for call in (*live.calls, *live.tables) if call.method == READING_POST]
    assert {call.parameters["type"] for call in posted} == {"meta", "perpDexs", "clearinghouseState"}


def test_accounts_are_asked_for_at_every_venue_whose_account_answers_are_read() -> None:
    assert {name for name, live in LIVE.items() if live.calls} == ACCOUNT_VENUES
    assert {one.files.split("/")[0] for one in ACCOUNTS} <= {*ACCOUNT_VENUES, "bingx", "gate"}


@pytest.mark.parametrize("name", LIVE)
def test_an_answer_is_a_form_of_the_map(name: str) -> None:
    forms = {form.name for _, form in forms_of(name)}
    assert {call.answer for call in (*LIVE[name].calls, *LIVE[name].tables)} <= forms


@pytest.mark.parametrize("name", sorted(ACCOUNT_VENUES))
def test_positions_come_last_but_one_and_the_wallet_last(name: str) -> None:
    """Behind them stands only what is asked for each position, and can be missing."""
    forms = {form.name: form for _, form in forms_of(name)}
    once = [call for call in LIVE[name].calls if not call.each]
    assert LIVE[name].calls[: len(once)] == tuple(once)
    assert all(call.optional for call in LIVE[name].calls[len(once) :])
    assert not any(call.optional for call in once if forms[call.answer].collateral or forms[call.answer].positions)
    assert forms[once[-1].answer].collateral is not None
    if name not in {"hyperliquid", "dydx"}:  # one answer has both
        assert forms[once[-2].answer].positions is not None


@pytest.mark.parametrize("name", sorted(ACCOUNT_VENUES))
def test_the_secrets_are_all_that_ccxt_asks_for(name: str) -> None:
    needed = {key for key, is_needed in getattr(ccxt, LIVE[name].exchange)().requiredCredentials.items() if is_needed}
    assert needed - {"privateKey"} <= set(LIVE[name].credentials)
    assert all(text.startswith("MARGINCTL_") for text in LIVE[name].credentials.values())


@pytest.mark.parametrize("name", LIVE)
def test_a_test_system_that_is_promised_exists(name: str) -> None:
    exchange = getattr(ccxt, LIVE[name].exchange)()
    if LIVE[name].sandbox:
        exchange.set_sandbox_mode(True)
    elif LIVE[name].demo:
        exchange.enable_demo_trading(True)
    assert exchange.urls["api"]


def test_tables_need_no_key() -> None:
    tables = [call.method for live in LIVE.values() for call in live.tables]
    assert [method for method in tables if "rivate" in method] == []


def test_an_unknown_key_is_an_error_at_its_line() -> None:
    head = b"schema: marginctl.answers/1\nvenue: x\nanswers: []\n"
    found, problems = answer_map_of(head + b"live:\n  exchange: x\n  calls: [{method: a}]\n  more: 1\n", "x.yaml")
    assert found is None
    assert [(one.location.line, one.message) for one in problems] == [
        (6, "`answer` is missing"),
        (7, "unknown key `more`"),
    ]
