"""Built-in scenarios: dated, sourced, plausible, and what their figures were taken from."""

from datetime import date
from decimal import Decimal

import pytest

from marginctl.portfolio.format import PortfolioFile
from marginctl.scenarios.catalogue import BuiltIn, built_in

ALL = list(built_in().values())
BITCOIN_BEGAN = date(2009, 1, 3)


def test_there_are_crashes_depegs_a_rally_and_funding() -> None:
    assert list(built_in()) == [
        "covid-crash",
        "china-ban",
        "ftx-collapse",
        "tariff-crash",
        "btc-rally",
        "xrp-ruling",
        "usdc-depeg",
        "usdt-depeg",
        "usde-depeg",
        "funding-spike",
        "funding-inverted",
    ]


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_each_has_a_day_a_note_and_sources_from_then_on(one: BuiltIn) -> None:
    assert one.date > BITCOIN_BEGAN
    assert one.title
    assert one.note.endswith(".")
    assert one.sources
    for source in one.sources:
        assert source.publisher
        assert source.title
        assert source.reference
        assert source.date[:4] >= str(one.date.year)
        assert "http" not in source.reference


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_each_either_moves_prices_or_pays_funding(one: BuiltIn) -> None:
    scenario = one.scenario
    assert bool(scenario.shocks) != (scenario.funding is not None)
    for shock in scenario.shocks.values():
        assert Decimal("-0.7") < shock < 1
        assert (shock * 100) % 1 == 0  # rounded to whole percent
    if scenario.funding is not None:
        assert scenario.funding.days == 7
        assert all(abs(rate) <= 1 for rate in scenario.funding.rates.values())


def test_what_the_reports_say_gives_the_figures() -> None:
    """The lows of a day against the close before, as the report of that day implies both."""
    btc_before, eth_before = Decimal(33502) / (1 - Decimal("0.22")), Decimal(2439) / (1 - Decimal("0.28"))
    shocks = built_in()["china-ban"].scenario.shocks
    assert round(30066 / btc_before - 1, 2) == shocks["BTC"] == Decimal("-0.30")
    assert round(1850 / eth_before - 1, 2) == shocks["ETH"] == Decimal("-0.45")
    assert round(Decimal(280) / 500 - 1, 2) == shocks["BNB"]
    assert round(Decimal(10017) / 7500 - 1, 2) == built_in()["btc-rally"].scenario.shocks["BTC"]
    assert round(Decimal("0.876") - 1, 2) == built_in()["usdc-depeg"].scenario.shocks["USDC"]


def test_a_year_of_funding_at_100_percent_in_days() -> None:
    funding = built_in()["funding-spike"].scenario.funding
    assert funding is not None
    assert funding.rates["*"] * funding.days * 24 / funding.interval == Decimal(7) / 365


def test_names_do_not_collide_with_what_a_file_means_by_all() -> None:
    assert "all" not in built_in()
    assert "scenarios" in PortfolioFile.layout.by_name
