"""Tiers on the way to liquidation: corners by hand, notionals at the liquidation price."""

from decimal import Decimal
from typing import Any

import pytest
from tests.builders import LONG, SHORT, account, d, inverse, linear, position, tiers
from tests.cli.running import TODAY, run

from marginctl.core.account import Account, Basis, MarginRules
from marginctl.core.assemble import report_of
from marginctl.core.tiered_way import TieredWay, tiered_ways

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


# Of the engine itself, with a settle asset that is not worth 1.

TABLE = tiers((300, "0.01", "0.1"), (900, "0.02", "0.2"), (None, "0.1", "0.5"))
JUMPS = tiers((300, "0.01", "0.1"), (900, "0.02", "0.2"), (None, "0.1", "0.5"), deductions=[0, 0, 0])


def way(book: Account, number: int = 0) -> TieredWay:
    return tiered_ways(book, report_of(book))[number]


def test_notionals_are_in_the_settle_asset_whatever_it_is_worth() -> None:
    """Short 5 at 100 with 105 USDT at 0.5: 500 USDT. 105 - 500u = 2% of 500 (1 + u) - 3: u = 98/510, at 119.2..."""
    held = position(linear(table=TABLE), SHORT, 5, 100)
    found = way(account(held, balances={"USDT": 105}, prices={"USDT": "0.5", "BTC": 50}))
    assert (found.notional, found.settle, found.side, found.pool) == (500, "USDT", "short", "cross")
    assert found.liquidation_notional is not None
    assert abs(found.liquidation_notional - 500 * (1 + d(98) / 510)) < d("1e-60")
    assert [(one.tier, one.floor, one.row.maintenance_rate) for one in found.tiers] == [
        (1, 0, d("0.01")),
        (2, 300, d("0.02")),
    ]
    assert [one.notional for one in found.corners[:2]] == [0, 300]
    assert found.corners[-1].notional == d("1.2") * found.liquidation_notional


def test_a_long_reaches_beyond_todays_notional_and_a_jump_is_two_corners() -> None:
    """Long 8 at 100, 400 USDT: 1.2 x 800 = 960 is in the third tier. 2% of 300 after 1% of it, 10% of 900 after 2%."""
    found = way(account(position(linear(table=JUMPS), LONG, 8, 100), balances={"USDT": 400}))
    assert [one.tier for one in found.tiers] == [1, 2, 3]
    assert found.corners == ((0, 0), (300, 3), (300, 6), (900, 18), (900, 90), (960, 96))


def test_on_entry_the_notional_stays_what_it_was() -> None:
    rules = MarginRules(maintenance_basis=Basis.ENTRY)
    found = way(account(position(linear(table=TABLE), LONG, 5, 80, 100), balances={"USDT": 400}, rules=rules))
    assert (found.notional, found.liquidation_notional) == (400, 400)


def test_the_notional_of_an_inverse_contract_grows_as_its_mark_falls() -> None:
    """1000 USD of a coin at 100 are 10 of it; where it is liquidated, at price p, 1000 / p."""
    table = tiers((3, "0.01", "0.1"), (None, "0.02", "0.2"))
    book = account(position(inverse(table=table), LONG, 100, 100), balances={"BTC": 2})
    found = way(book)
    price = report_of(book).positions[0].liquidation_price
    assert price is not None
    assert price < 100
    assert (found.notional, found.settle) == (10, "BTC")
    assert found.liquidation_notional is not None
    assert abs(found.liquidation_notional - d(1000) / price) < d("1e-60")


def test_the_nearest_to_liquidation_is_first_and_what_is_never_liquidated_last() -> None:
    eth, sol, xrp = (linear(f"{coin}USDT", coin, table=TABLE) for coin in ("ETH", "SOL", "XRP"))
    book = account(
        position(eth, LONG, 50, 10, isolated_margin=700),
        position(sol, LONG, 50, 10, isolated_margin=50),
        position(xrp, LONG, 50, 10, isolated_margin=20),
        position(linear(table=TABLE), LONG, 5, 100, isolated_margin=30, maintenance_rate="0.01"),
        position(linear("FUSDT", "F"), LONG, 5, 100, isolated_margin=30),
        balances={"USDT": 900},
        prices={"SOL": 10, "XRP": 10, "F": 100},
    )
    found = tiered_ways(book, report_of(book))
    assert [one.symbol for one in found] == ["XRPUSDT", "SOLUSDT", "ETHUSDT"]
    assert found[-1].distance is None
