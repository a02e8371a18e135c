"""One request through ccxt's own client: exact text, no redirect, repeats, and failures in words without secrets."""

import traceback

import pytest

from marginctl.venues.answers.map_files import bundled_maps
from marginctl.venues.live import client as asking
from marginctl.venues.live.client import Client, Connection, loopback
from marginctl.venues.live.credentials import LiveError

from .venue_server import KEY, PASSWORD, SECRET, Reply, Venue, recorded, serving

PATHS = {
    "binance-usdm": ("fapiPrivateV3GetAccount", "GET /fapi/v3/account"),
    "bybit": ("privateGetV5AccountInfo", "GET /v5/account/info"),
    "okx": ("privateGetAccountBalance", "GET /api/v5/account/balance"),
}
ACCOUNT = recorded("binance-usdm/1-fil-testnet-long.account").strip()
PAGE = b"<html><title>Attention Required</title></html>"
WORDS = {"apiKey": KEY, "secret": SECRET, "password": PASSWORD}


def opened(name: str, server: Venue, **settings: object) -> Client:
    live = bundled_maps()[name].live
    assert live is not None
    words = {key: text for key, text in WORDS.items() if key in live.credentials}
    return Client(name, live, words, Connection(address=server.address, **settings))  # type: ignore[arg-type]


def failure(name: str, server: Venue, **settings: object) -> LiveError:
    """What one request fails with; nowhere in it, nor behind it, is anything secret."""
    with pytest.raises(LiveError) as raised:
        opened(name, server, **settings).ask(PATHS[name][0], {}, "answer.json")
    error = raised.value
    told = "".join(traceback.format_exception(error)) + error.message + error.help + repr(error)
    assert [one for one in server.hidden() if one in told] == []
    assert (error.__cause__, error.__context__) == (None, None)
    return error


def test_the_text_is_the_venues_own_to_the_last_digit() -> None:
    text = b'{"retCode":0,"retMsg":"OK","result":{"a":0.10000000000000000001,"b":1.0E7,"c":"0.30"}, "time": 1}'
    with serving({PATHS["bybit"][1]: text}) as server:
        assert opened("bybit", server).ask(PATHS["bybit"][0], {}, "answer.json").data == text
    assert len(server.asked) == 1


def test_a_refused_key_is_the_venues_code_and_text() -> None:
    with serving({PATHS["binance-usdm"][1]: Reply(recorded("errors/binance-usdm-key"), 401)}) as server:
        error = failure("binance-usdm", server)
    assert error.message.startswith("binance-usdm fapiPrivateV3GetAccount: the key is refused (AuthenticationError, ")
    assert "HTTP 401): binance-usdm refused: code `-2015` `Invalid API-key" in error.message
    assert error.help.startswith("check the API key")
    assert len(server.asked) == 1


def test_too_many_requests_are_repeated(pauses: list[float]) -> None:
    busy = Reply(recorded("errors/binance-usdm-rate"), 429)
    with serving({PATHS["binance-usdm"][1]: [busy, busy, ACCOUNT]}) as server:
        assert opened("binance-usdm", server).ask(PATHS["binance-usdm"][0], {}, "a.json").data == ACCOUNT
    assert len(server.asked) == 3


def test_and_no_more_often_than_is_said() -> None:
    busy = Reply(recorded("errors/binance-usdm-rate"), 429)
    with serving({PATHS["binance-usdm"][1]: [busy, busy, ACCOUNT]}) as server:
        error = failure("binance-usdm", server, retries=1)
    assert "too many requests" in error.message
    assert len(server.asked) == 2


def test_the_wait_that_the_venue_asks_for_is_kept(pauses: list[float]) -> None:
    busy = Reply(b'{"code": -1003, "msg": "x"}', 429, (("Retry-After", "7"),))
    with serving({PATHS["binance-usdm"][1]: [busy, ACCOUNT]}) as server:
        assert opened("binance-usdm", server).ask(PATHS["binance-usdm"][0], {}, "a.json").data == ACCOUNT
    assert 7 in pauses


def test_a_wait_longer_than_the_run_ends_it_with_the_seconds() -> None:
    busy = Reply(b'{"code": -1003, "msg": "x"}', 418, (("Retry-After", "120"),))
    with serving({PATHS["binance-usdm"][1]: busy}) as server:
        error = failure("binance-usdm", server)
    assert "the venue says to wait 120 seconds (HTTP 418)" in error.message
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("name", "reply", "said"),
    [
        pytest.param("bybit", Reply(PAGE, 502, kind="text/html"), "HTTP 502", id="502 with a page"),
        pytest.param("binance-usdm", Reply(PAGE, 502, kind="text/html"), "ExchangeNotAvailable", id="its class"),
        pytest.param(
            "binance-usdm", Reply(PAGE, kind="text/html"), "is a web page (`Attention Required`)", id="200 with a page"
        ),
        pytest.param("binance-usdm", Reply(ACCOUNT[:900]), "is cut off: it ends after 900", id="200, cut off"),
        pytest.param("bybit", Reply(recorded("errors/bybit-key")), "retCode `10003` `API key is invalid.`", id="10003"),
        pytest.param(
            "okx",
            Reply(b'{"code": "50113", "msg": "Invalid Sign"}', 401),
            "code `50113` `Invalid Sign`",
            id="50113",
        ),
        pytest.param("okx", Reply(recorded("errors/okx-ip"), 401), "Your IP *** is not included", id="an IP address"),
    ],
)
def test_what_a_failure_says(name: str, reply: Reply, said: str) -> None:
    with serving({PATHS[name][1]: reply}) as server:
        assert said in failure(name, server, retries=0).message


def test_half_an_answer_is_to_be_asked_for_again() -> None:
    with serving({PATHS["binance-usdm"][1]: ACCOUNT[:900]}) as server:
        assert failure("binance-usdm", server).help == "ask again"


def test_a_redirect_is_not_followed() -> None:
    """It would take the key to another host."""
    with serving({"GET /elsewhere": b"{}"}) as other:
        moved = Reply(b"", 302, (("Location", f"{other.address}/elsewhere"),))
        with serving({PATHS["binance-usdm"][1]: moved}) as server:
            assert "HTTP 302" in failure("binance-usdm", server).message
        assert other.asked == []


def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    with serving({PATHS["bybit"][1]: Reply(held=True)}) as server:
        error = failure("bybit", server, timeout=200, retries=0)
    assert error.message == "bybit privateGetV5AccountInfo: no answer in time (RequestTimeout)"
    assert error.help.endswith("--timeout 30s")


def test_a_venue_that_is_not_there() -> None:
    with serving({}) as server:
        gone = Venue({}, address=server.address)
    assert "the venue was not reached (NetworkError)" in failure("bybit", gone, retries=0).message


def test_the_clock_is_compared_with_the_venues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_clock", lambda date: f" by 9 s ({bool(date)})")
    with serving({PATHS["binance-usdm"][1]: Reply(recorded("errors/binance-usdm-clock"), 400)}) as server:
        assert "the clock is off by 9 s (True) (InvalidNonce" in failure("binance-usdm", server, retries=0).message


def test_the_difference_of_clocks() -> None:
    assert asking._clock("") == ""
    assert asking._clock("Tue, 01 Jan 2019 00:00:00 GMT").endswith(" s, ahead of the venue")


def test_without_ccxt_the_line_that_installs_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(asking, "import_module", missing)
    with pytest.raises(LiveError) as raised:
        opened("bybit", Venue({}, address="http://127.0.0.1:9"))
    assert (raised.value.message, raised.value.help) == (asking.NOT_INSTALLED, asking.INSTALL)
    assert "pip install 'marginctl[live]'" in asking.INSTALL


@pytest.mark.parametrize("flag", ["sandbox", "demo"])
def test_a_system_that_the_venue_does_not_have_is_refused(flag: str) -> None:
    live = bundled_maps()["weex"].live
    assert live is not None
    with pytest.raises(LiveError, match=f"weex has no system for --{flag}"):
        Client("weex", live, WORDS, Connection(**{flag: True}))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://localhost/path", "https://localhost"),
        ("http://[::1]:9", "http://[::1]:9"),
    ],
)
def test_an_address_of_this_machine_may_stand_in(text: str, address: str) -> None:
    assert loopback(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "http://example.org",
        "http://127.0.0.1@example.org",
        "http://127.0.0.1:1@127.0.0.2",
        "ftp://127.0.0.1",
        "127.0.0.1",
        "http://10.0.0.1",
        "http://127.0.0.1.example.org",
        "http://localhost:port",
        "",
    ],
)
def test_no_other_may(text: str) -> None:
    with pytest.raises(LiveError, match="is no address of this machine"):
        loopback(text)


@pytest.mark.parametrize(
    ("proxy", "setting"),
    [("http://a:b@h:1", "httpsProxy"), ("socks5h://h:1", "socksProxy"), ("", None)],
)
def test_a_proxy_is_the_one_that_is_named(proxy: str, setting: str | None) -> None:
    settings = asking._settings({}, Connection(proxy=proxy))
    assert {key: text for key, text in settings.items() if key.endswith("Proxy")} == (
        {setting: proxy} if setting else {}
    )
    assert settings["options"] == {"maxRetriesOnFailure": 2, "maxRetriesOnFailureDelay": 1000}
