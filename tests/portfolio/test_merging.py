"""Rows of one contract, margin mode and side are one position; splitting a row changes nothing."""

from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from tests.portfolio.books import d, pool, position, report

LINEAR = """
prices: {BTC: 60000}
collateral: [{asset: USDT, amount: 20000}]
positions:
"""
INVERSE = """
prices: {BTC: 60000}
collateral: [{asset: BTC, amount: 1, haircut: 0%}]
contracts: {BTCUSD_PERP: {type: inverse, base: BTC, quote: USD, contract_size: 100, tiers: [{maintenance_rate: 0.5%}]}}
positions:
"""
RATES = "leverage: 10, maintenance_rate: 0.5%"


def book(head: str, *rows: str) -> dict[str, Any]:
    return report(head + "".join(f"  - {{{row}}}\n" for row in rows))


def test_linear_entries_are_weighted_by_quantity() -> None:
    row = position(
        book(
            LINEAR,
            f"symbol: BTCUSDT, side: short, quantity: 0.2, entry_price: 58000, {RATES}",
            f"symbol: BTCUSDT, side: short, quantity: 0.3, entry_price: 61000, {RATES}",
        ),
        "BTCUSDT",
    )
    assert row["quantity"] == d("0.5")
    assert row["entry_price"] == d("59800")
    # 0.2 x (58000 - 60000) + 0.3 x (61000 - 60000)
    assert row["unrealized_pnl"] == d("-100")


def test_inverse_entries_keep_the_profit_in_coin() -> None:
    row = position(
        book(
            INVERSE,
            "symbol: BTCUSD_PERP, side: long, quantity: 30, entry_price: 50000, leverage: 5",
            "symbol: BTCUSD_PERP, side: long, quantity: 70, entry_price: 70000, leverage: 5",
        ),
        "BTCUSD_PERP",
    )
    assert row["entry_price"] == d("62500")  # 100 / (30/50000 + 70/70000)
    # 3000 x (1/50000 - 1/60000) + 7000 x (1/70000 - 1/60000) BTC = 0.01 - 0.01666... = -1/150 BTC, at 60000
    assert row["unrealized_pnl"] == d("-400")


def test_the_weighted_mean_would_be_wrong_for_inverse_contracts() -> None:
    mean = (30 * Decimal(50000) + 70 * Decimal(70000)) / 100
    assert mean == 64000  # which would make the PnL 10000 x (1/64000 - 1/60000) BTC = -625 USD


def test_margins_given_as_amounts_add_up() -> None:
    found = book(
        LINEAR,
        "symbol: BTCUSDT, side: short, quantity: 0.2, initial_margin: 1300, maintenance_rate: 0.5%",
        "symbol: BTCUSDT, side: short, quantity: 0.3, initial_margin: 1700, maintenance_rate: 0.5%",
    )
    row = position(found, "BTCUSDT")
    assert (row["initial_margin"], row["initial_rate"]) == (d("3000"), d("0.1"))


def test_isolated_margins_add_up() -> None:
    found = book(
        LINEAR,
        f"symbol: BTCUSDT, side: long, quantity: 0.2, margin_mode: isolated, isolated_margin: 1300, {RATES}",
        f"symbol: BTCUSDT, side: long, quantity: 0.3, margin_mode: isolated, isolated_margin: 1700, {RATES}",
    )
    assert pool(found, "isolated:BTCUSDT:long")["equity"] == d("3000")
    assert pool(found, "cross")["equity"] == d("17000")


def test_the_same_leverage_in_another_spelling_is_the_same() -> None:
    found = book(
        LINEAR,
        "symbol: BTCUSDT, side: long, quantity: 0.2, leverage: 10, maintenance_rate: 0.5%",
        "symbol: BTCUSDT, side: long, quantity: 0.3, leverage: 10.0, maintenance_rate: 0.005",
    )
    assert position(found, "BTCUSDT")["initial_margin"] == d("3000")


def test_an_entry_left_out_is_the_mark_of_that_row_alone() -> None:
    found = book(
        LINEAR,
        f"symbol: BTCUSDT, side: long, quantity: 0.1, entry_price: 50000, {RATES}",
        f"symbol: BTCUSDT, side: long, quantity: 0.1, {RATES}",
    )
    assert position(found, "BTCUSDT")["entry_price"] == d("55000")
    assert "BTCUSDT entry_price = mark" in found["assumptions"]


def test_a_cross_and_an_isolated_position_stay_apart_even_on_opposite_sides() -> None:
    found = book(
        LINEAR,
        f"symbol: BTCUSDT, side: short, quantity: 0.2, {RATES}",
        f"symbol: BTCUSDT, side: long, quantity: 0.3, margin_mode: isolated, isolated_margin: 2000, {RATES}",
    )
    assert [(one["side"], one["pool"]) for one in found["positions"]] == [
        ("short", "cross"),
        ("long", "isolated:BTCUSDT:long"),
    ]


def test_in_hedge_mode_rows_merge_by_side() -> None:
    found = book(
        "account: {position_mode: hedge}" + LINEAR,
        f"symbol: BTCUSDT, side: short, quantity: 0.1, {RATES}",
        f"symbol: BTCUSDT, side: long, quantity: 0.2, {RATES}",
        f"symbol: BTCUSDT, side: short, quantity: 0.4, {RATES}",
    )
    assert [(one["side"], one["quantity"]) for one in found["positions"]] == [("short", d("0.5")), ("long", d("0.2"))]
    # generic nets the legs: what remains is 0.3 short
    assert found["netting"]["gross_initial_margin"] == d("4200")
    assert found["netting"]["initial_margin"] == d("1800")
    assert found["netting"]["maintenance"]["maintenance_margin"] == d("90")


@pytest.mark.parametrize(
    ("netting", "initial"),
    [("none", "4200"), ("larger-leg", "3000"), ("net", "1800")],
)
def test_netting_of_legs_follows_the_account(netting: str, initial: str) -> None:
    found = book(
        f"account: {{position_mode: hedge, netting: {netting}}}" + LINEAR,
        f"symbol: BTCUSDT, side: short, quantity: 0.5, {RATES}",
        f"symbol: BTCUSDT, side: long, quantity: 0.2, {RATES}",
    )
    assert found["totals"]["initial_margin"] == d(initial)


@pytest.mark.parametrize(("one", "other"), list(product(("0.1", "0.25", "0.4999"), repeat=2)))
def test_three_rows_are_one(one: str, other: str) -> None:
    rest = d("1") - d(one) - d(other)
    row = f"symbol: BTCUSDT, side: short, entry_price: 61234.5, {RATES}"
    whole = book(LINEAR, f"{row}, quantity: 1")
    parts = book(LINEAR, *(f"{row}, quantity: {size}" for size in (one, other, rest)))
    whole["positions"][0]["quantity"] = parts["positions"][0]["quantity"]  # 1 and 1.0000 are the same size
    assert parts == whole
