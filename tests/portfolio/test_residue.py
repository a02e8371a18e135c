"""Whole files that division residue or a negative fee once falsified, each worked out by hand."""

from decimal import Decimal
from pathlib import Path

from .books import codes, collateral, pool, position, report

NOWHERE = {"down": None, "up": None, "distance": None, "direction": None}

RULES = """
schema: marginctl.venue/1
name: house
title: House
status: partial
sources: []
rules:
  level: 1
  equality: safe
  netting: none
  underlying_netting: none
  initial_basis: entry
  maintenance_basis: mark
  close_fee: bankruptcy
  close_fee_in: initial-and-maintenance
  open_loss: margin
  warning_level: none
modes:
  - collateral_mode: single-asset
    status: partial
    isolated_positions: true
    hedge_mode: true
    collateral: {unlisted: unused, loan_rate: 0.02, ask_buffer: none}
contracts: [{type: linear, tiers_by: notional, deduction: derived, unlisted: split, status: partial}]
liquidation: {steps: [], order: unknown}
"""


def test_maintenance_is_never_below_zero() -> None:
    """0.5% of 180,000 = 900; the fee to close is taken at 60,000 x (1 - 50) < 0, so there is none."""
    found = report(
        """
        account: {venue: bybit, taker_fee: 0.055%}
        prices: {BTC: 60000}
        collateral: [{asset: USDT, amount: 500000}]
        positions: [{symbol: BTCUSDT, side: long, quantity: 3, leverage: 0.02}]
        """
    )
    assert found["totals"]["maintenance_margin"] == 900
    assert found["totals"]["maintenance_ratio"] == Decimal("0.0018")
    assert position(found, "BTCUSDT")["maintenance_margin"] == 900
    assert codes(found, "MC206") == ["MC206 BTCUSDT"]


def test_a_leverage_of_almost_nothing_asks_for_margin_and_takes_none_away() -> None:
    """Long 3 at 60,000: 0.5% of 180,000 = 900 and no fee; initial margin 180,000 / 2e-39 = 9e43."""
    found = report(
        """
        account: {venue: bybit, taker_fee: 0.055%, position_mode: hedge}
        prices: {BTC: 60000, ETH: 3000}
        collateral:
          - {asset: USDT, amount: 50000}
          - {asset: BTC, amount: 2, haircut: 5%}
          - {asset: ETH, amount: -1, loan_rate: 3%}
        positions:
          - symbol: BTCUSDT
            side: long
            quantity: 3
            entry_price: 59000
            leverage: 0.0000000000000000000000000000000000000020
          - {symbol: BTCUSDT, side: short, quantity: 1, entry_price: 60000, leverage: 20}
          - {symbol: ETHUSDT, side: short, quantity: 20, entry_price: 3100, leverage: 10}
        """
    )
    long = position(found, "BTCUSDT", "long")
    assert (long["maintenance_margin"], long["initial_margin"]) == (900, Decimal("9e43"))
    assert all(row["maintenance_margin"] > 0 for row in (*found["positions"], *found["pools"]))


def test_a_ratio_exists_however_small_the_equity_is_beside_the_position() -> None:
    """(1e60 - 1) x 100 / 50 over 10: utilization (1e60 - 1) / 5, maintenance ratio (1e60 - 1) / 10."""
    found = report(
        f"""
        prices: {{BTC: 100}}
        collateral: [{{asset: USDT, amount: 10}}]
        positions:
          - {{symbol: BTCUSDT, side: long, quantity: {"9" * 60}, leverage: 50, maintenance_rate: 1%}}
        """
    )
    assert found["totals"]["equity"] == 10
    assert found["totals"]["utilization"] == Decimal(10**60 - 1) / 5
    assert found["totals"]["maintenance_ratio"] == Decimal(10**60 - 1) / 10


def test_a_pool_that_is_never_liquidated_has_no_crossing_where_the_prices_are_gone() -> None:
    """ADA (beta 3) is gone at -1/3; from there 184.48 x 0.227 x (1 - u) stands against 1.25 x 0.4% of it."""
    found = report(
        """
        account: {collateral_mode: single-asset, position_mode: hedge, currency: USDT, liquidation_level: 1.25}
        prices: {SOL: 0.227, ADA: 6.54534}
        betas: {ADA: 3}
        collateral: [{asset: ADA, amount: 34.4}]
        contracts:
          ADASOL:
            type: inverse
            base: ADA
            quote: SOL
            tiers_by: quantity
            tiers: [{maintenance_rate: 0.4%, initial_rate: 1%}]
        positions:
          - {symbol: ADASOL, side: long, quantity: 2550, entry_price: 30.79}
          - {symbol: ADASOL, side: short, quantity: 2734.48, entry_price: 28.3}
        """
    )
    assert pool(found, "cross:ADA")["liquidation"] == NOWHERE


def test_what_is_set_aside_whole_leaves_nothing_to_cut() -> None:
    """162.5 of 162.5 DOGE stand behind the isolated position; the others stand at their marks: 0 DOGE, cut by 0%."""
    found = report(
        """
        account: {liquidation_level: 1.25}
        prices: {DOGE: 239.3, XRP: 2.30512}
        collateral: [{asset: USDT, amount: 4090}, {asset: DOGE, amount: 162.5, haircut: 2%}]
        contracts:
          DOGEUSD: {type: inverse, base: DOGE, quote: USD, tiers: [{maintenance_rate: 0.4%, initial_rate: 1%}]}
          DOGEXRP: {type: inverse, base: DOGE, quote: XRP, tiers: [{maintenance_rate: 1%, initial_rate: 2%}]}
        positions:
          - symbol: DOGEXRP
            side: long
            quantity: 7
            entry_price: 116.4907
            margin_mode: isolated
            isolated_margin: 162.5
          - {symbol: DOGEUSD, side: long, quantity: 1068}
          - {symbol: DOGEXRP, side: long, quantity: 4}
        """
    )
    row = collateral(found, "DOGE", "cross")
    assert (row["balance"], row["equity"], row["haircut"], row["value"]) == (0, 0, 0, 0)


def test_a_maintenance_of_nothing_begins_with_the_loan(tmp_path: Path) -> None:
    """XRP-PERP: long 1 at 2 behind B USD, 0.5% less a deduction of 1, loans 2%, fee 0.1% of 2 x max(0, 1 - margin / 2).

    Its own margin is 0 below a price of 200. Below p = 2 - B the USD are a debt, and 2% of it is required while the
    equity is below 0: liquidated from there on, at 2 with B = 0 and at 1 with B = 1, whatever margin was given. A
    margin above 2 must not make a fee below 0, with which it would be 1.02 (p - 1) + 0.001 = 0 and p = 0.99902.
    """
    (tmp_path / "house.yaml").write_text(RULES)
    for balance, margin, price in ((0, 2, 2), (1, 2, 1), (1, 3, 1)):
        text = f"""
            account: {{venue: ./house.yaml, taker_fee: 0.001}}
            prices: {{XRP: 2}}
            collateral: [{{asset: USD, amount: {balance}}}]
            contracts:
              XRPUSDT: {{base: XRP, quote: USDT, tiers: [{{maintenance_rate: 0.05, initial_rate: 0.2}}]}}
            positions:
              - {{symbol: XRPUSDT, side: short, quantity: 1, mark_price: 2}}
              - symbol: XRP-PERP
                side: long
                quantity: 1
                maintenance_rate: 0.005
                maintenance_deduction: 1
                initial_margin: {margin}
            """
        found = report(text, str(tmp_path / "book.yaml"))
        row = position(found, "XRP-PERP")
        assert (row["maintenance_margin"], row["liquidation_price"], row["liquidation_side"]) == (0, price, "below")
        # the short holds nothing: 5% of 2 and a fee of 0.1% of 2 x 1.2
        assert pool(found, "cross:USDT")["maintenance_margin"] == Decimal("0.1024")
        assert pool(found, "cross:USDT")["liquidatable"]
