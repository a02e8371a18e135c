"""Tiers on the way to liquidation: corners by hand, notionals at the liquidation price."""

from decimal import Decimal
from typing import Any

import pytest
from tests.cli.running import TODAY, run

BOOK = """\
account: {venue: generic}
prices: {ABC: 100}
collateral: [{asset: USDT, amount: 40000}]
contracts:
  ABCUSDT:
    tiers:
      - {up_to: 50000, maintenance_rate: 0.5%, max_leverage: 50}
      - {up_to: 250000, maintenance_rate: 1%, max_leverage: 25}
      - {maintenance_rate: 2.5%, max_leverage: 10}
positions:
  - {symbol: ABCUSDT, side: long, quantity: 3000, entry_price: 100, leverage: 10}
"""


def ways(text: str) -> list[dict[str, Any]]:
    ran = run("stress", "-", "--today", TODAY, "-f", "json", stdin=text.encode())
    return list(ran.json()["tiered_ways"])


def test_corners_stand_where_rates_change() -> None:
    """50,000 x 0.5% = 250; 250,000 x 1% - 250 = 2,250; 1.2 x 300,000 = 360,000: x 2.5% - 4,000 = 5,000."""
    (way,) = ways(BOOK)
    corners = [(one["notional"], one["maintenance_margin"]) for one in way["corners"]]
    assert corners == [(0, 0), (50_000, 250), (250_000, 2_250), (360_000, 5_000)]
    assert [one["maintenance_deduction"] for one in way["tiers"]] == [0, 250, 4_000]


def test_the_notional_at_liquidation_is_that_of_its_price() -> None:
    """Of a linear contract 3,000 x the price, which the report has as well."""
    (way,) = ways(BOOK)
    (row,) = run("check", "-", "--today", TODAY, "-f", "json", stdin=BOOK.encode()).json()["reports"][0]["positions"]
    assert way["notional"] == 300_000
    assert way["liquidation_notional"] == pytest.approx(3_000 * row["liquidation_price"], abs=Decimal("0.01"))
    assert way["distance"] == row["distance_to_liquidation"]


def test_an_own_rate_and_a_table_of_one_tier_have_no_way() -> None:
    assert ways(BOOK.replace("leverage: 10}\n", "leverage: 10, maintenance_rate: 1%}\n")) == []
