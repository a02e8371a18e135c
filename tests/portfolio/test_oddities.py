"""Figures that no venue and no market has are findings; those that some venue has are none."""

import pytest
from tests.cli.running import check

BOOK = """\
account: {taker_fee: FEE, liquidation_level: LEVEL}
prices: {BTC: 60000, ETH: 3000}
betas: {ETH: BETA}
collateral: [{asset: USDT, amount: 1000000}, {asset: ETH, amount: 1, haircut: 5%}]
contracts:
  ETHUSDT: {base: ETH, quote: USDT, tiers: [{maintenance_rate: 5%, initial_rate: INITIAL}]}
positions:
  - {symbol: BTCUSDT, side: long, quantity: 0.01, leverage: 5, maintenance_rate: RATE, funding_rate: FUNDING,
     entry_price: ENTRY}
  - {symbol: ETHUSDT, side: long, quantity: 1, leverage: 5}
"""
USUAL = {
    "FEE": "0.1%",
    "LEVEL": "1",
    "BETA": "1.5",
    "INITIAL": "10%",
    "RATE": "0.5%",
    "FUNDING": "0.01%",
    "ENTRY": "61000",
}
EDGE = {
    "FEE": "5%",
    "LEVEL": "10",
    "BETA": "-20",
    "INITIAL": "5%",
    "RATE": "100%",
    "FUNDING": "-10%",
    "ENTRY": "6000000",
}
BEYOND = {
    "FEE": ("5.1%", "`taker_fee` of account is 5.1%, beyond 5%", 1),
    "LEVEL": ("10.1", "`liquidation_level` of account is 10.1, beyond 10", 1),
    "BETA": ("99999999", "the beta of ETH is 99999999, beyond 20", 3),
    "INITIAL": ("4%", "a tier of ETHUSDT asks for more maintenance than initial margin: 5% against 4%", 6),
    "RATE": ("101%", "`maintenance_rate` of BTCUSDT is 101%, beyond 100%", 8),
    "FUNDING": ("-500%", "`funding_rate` of BTCUSDT is -500%, beyond 10%", 8),
    "ENTRY": ("599", "the entry price of BTCUSDT is 599, its mark 60000", 9),
}


def odd(figures: dict[str, str]) -> list[tuple[str, int, str]]:
    """Message, line and severity of every finding about a figure that nobody has."""
    text = BOOK
    for name, figure in figures.items():
        text = text.replace(name, figure)
    (report,) = check("-", "--format", "json", stdin=text.encode()).json()["reports"]
    return [(one["message"], int(one["line"]), one["severity"]) for one in report["findings"] if one["code"] == "MC216"]


@pytest.mark.parametrize("figures", [USUAL, EDGE], ids=["usual", "at the edge"])
def test_what_some_venue_may_have_is_no_finding(figures: dict[str, str]) -> None:
    assert odd(figures) == []


@pytest.mark.parametrize("name", BEYOND)
def test_what_none_has_is_one(name: str) -> None:
    figure, message, line = BEYOND[name]
    assert odd(USUAL | {name: figure}) == [(message, line, "warning")]


ANCIENT, LAST = "2008-12-31", "2100-01-01"
ROWS = """\
account: {{venue: generic, as_of: "{as_of}T00:00:00Z"}}
prices: {{BTC: 60000, X: {price}}}
assets: {{WX: {{follows: X, ratio: {ratio}}}}}
collateral:
  - {{asset: USDT, amount: {amount}}}
  - {{asset: X, amount: 1, haircut: {haircut}}}
  - {{asset: WX, amount: -1, loan_rate: {loan}, haircut: 0%}}
contracts: {{BTCUSDT: {{base: BTC, quote: USDT, contract_size: {size}, expiry: {expiry},
  tiers: [{{maintenance_rate: {tier}, max_leverage: {most}}}]}}}}
positions: [{{symbol: BTCUSDT, side: long, quantity: {quantity}, leverage: {leverage}}}]
orders: [{{symbol: BTCUSDT, side: buy, quantity: 1, price: {order}}}]
waivers: [{{code: MC101, until: {until}, reason: agreed}}]
"""
ORDINARY = {
    "as_of": "2026-11-01",
    "price": "1",
    "ratio": "1",
    "amount": "100000000",
    "haircut": "5%",
    "loan": "5%",
    "size": "1",
    "expiry": "2027-01-01",
    "tier": "0.05%",
    "most": "1001",
    "quantity": "1",
    "leverage": "5",
    "order": "59000",
    "until": "2027-01-01",
}
AT_THE_EDGE = [
    {"as_of": "2009-01-03"},
    {"expiry": "2099-12-31"},
    {"until": "2099-12-31"},
    {"price": "0.000000000000001"},
    {"price": "1000000000000"},
    {"ratio": "0.000000001"},
    {"ratio": "1000000000"},
    {"amount": "1000000000000000000"},
    {"haircut": "99%"},
    {"loan": "100%"},
    {"size": "0.000000000001"},
    {"tier": "0.01%"},
    {"most": "2000", "leverage": "2000"},
    {"most": "1", "leverage": "1"},
    {"order": "600"},
    {"order": "6000000"},
]
ODD = [
    ({"as_of": "9999-12-31"}, "`as_of` of account is 9999-12-31T00:00:00Z, not from 2009 to 2099", 1),
    ({"expiry": LAST}, "`expiry` of BTCUSDT is 2100-01-01, not from 2009 to 2099", 8),
    ({"until": "9999-12-31"}, "`until` of the waiver of MC101 is 9999-12-31, not from 2009 to 2099", 12),
    ({"as_of": ANCIENT}, "`as_of` of account is 2008-12-31T00:00:00Z, not from 2009 to 2099", 1),
    ({"price": "0.0000000000000009"}, "the price of X is 0.0000000000000009, below 0.000000000000001", 2),
    ({"price": "1000000000001"}, "the price of X is 1000000000001, beyond 1000000000000", 2),
    ({"ratio": "0.0000000009"}, "`ratio` of WX is 0.0000000009, below 0.000000001", 3),
    ({"ratio": "1000000001"}, "`ratio` of WX is 1000000001, beyond 1000000000", 3),
    ({"amount": "1000000000000000001"}, "`amount` of USDT is 1000000000000000001, beyond 1000000000000000000", 5),
    ({"haircut": "100%"}, "`haircut` of X is 100%: nothing of it counts", 6),
    ({"loan": "101%"}, "`loan_rate` of WX is 101%, beyond 100%", 7),
    ({"size": "0.0000000000009"}, "`contract_size` of BTCUSDT is 0.0000000000009, below 0.000000000001", 8),
    ({"tier": "0.009%"}, "`maintenance_rate` of a tier of BTCUSDT is 0.009%, below 0.01%", 9),
    ({"most": "2001"}, "`max_leverage` of a tier of BTCUSDT is 2001, beyond 2000", 9),
    ({"most": "0.1"}, "`max_leverage` of a tier of BTCUSDT is 0.1, below 1", 9),
    ({"most": "2000", "leverage": "2001"}, "`leverage` of BTCUSDT is 2001, beyond 2000", 10),
    ({"quantity": "0.0000000000009"}, "`quantity` of BTCUSDT is 0.0000000000009, below 0.000000000001", 10),
    ({"order": "599"}, "the price of an order on BTCUSDT is 599, the mark 60000", 11),
    ({"order": "6000001"}, "the price of an order on BTCUSDT is 6000001, the mark 60000", 11),
    ({"order": "1000000000001"}, "`price` of an order on BTCUSDT is 1000000000001, beyond 1000000000000", 11),
]


def odd_rows(figures: dict[str, str], behind: str = "") -> list[tuple[str, int]]:
    text = ROWS.format(**(ORDINARY | figures)) + behind
    ran = check("-", "--format", "json", "--today", "2026-11-02", stdin=text.encode()).json()
    assert ran["errors"] == []
    return [(one["message"], one["line"]) for one in ran["reports"][0]["findings"] if one["code"] == "MC216"]


@pytest.mark.parametrize("figures", [{}, *AT_THE_EDGE], ids=str)
def test_rows_at_the_end_of_what_there_is_are_no_finding(figures: dict[str, str]) -> None:
    assert odd_rows(figures) == []


@pytest.mark.parametrize(("figures", "message", "line"), ODD)
def test_rows_beyond_it_are_one_each(figures: dict[str, str], message: str, line: int) -> None:
    assert odd_rows(figures) == [(message, line)]


def test_a_haircut_of_all_is_what_an_imported_file_says_where_a_venue_does_not_count_an_asset() -> None:
    assert odd_rows({"haircut": "100%"}, "origin: {incomplete: [nothing]}\n") == []
