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
