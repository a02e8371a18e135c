"""Terms of `account:` that stand instead of the venue's: prices that margins are taken on, and the fee to close."""

from typing import Any

import pytest
from tests.portfolio.books import codes, d, position, refused, report


def book(terms: str, mark: str = "0.4", venue: str = "generic") -> str:
    """500 X long from 0.4 behind 40.096 USDT of its own, maintenance 1%: a venue's published example."""
    return f"""
        account: {{name: book, venue: {venue}, {terms}}}
        prices: {{X: {mark}}}
        collateral: [{{asset: USDT, amount: 100}}]
        positions:
          - {{symbol: XUSDT, side: long, quantity: 500, entry_price: 0.4, leverage: 5, maintenance_rate: 1%,
             margin_mode: isolated, isolated_margin: 40.096}}
    """


def held(terms: str, mark: str = "0.4") -> dict[str, Any]:
    """The row of that position."""
    return position(report(book(terms, mark)), "XUSDT")


class TestWhereItIsLiquidated:
    """40.096 + 500 P - 200 = maintenance margin at P."""

    @pytest.mark.parametrize(
        "terms", ["taker_fee: 0.06%", "close_fee: {rate: 0.06%}", "close_fee: {rate: 0.06%, at: mark}"]
    )
    def test_a_fee_at_the_mark_counts_with_the_rate(self, terms: str) -> None:
        assert held(terms)["contract_liquidation_price"] == d("0.3232342835")  # 159.904 / (500 (0.9994 - 0.01)), up

    def test_a_fee_at_the_bankruptcy_price_stays(self) -> None:
        found = held("close_fee: {rate: 0.06%, at: bankruptcy}")
        assert found["maintenance_margin"] == d("2.096")  # 200 x 1% + 200 x (1 - 1/5) x 0.06%
        assert found["contract_liquidation_price"] == d("0.3232323233")  # 160 / 495, up

    def test_no_fee(self) -> None:
        assert held("taker_fee: 0.06%, close_fee: {at: none}")["contract_liquidation_price"] == d("0.3230383839")

    def test_maintenance_on_the_entry_stays(self) -> None:
        found = held("maintenance_basis: entry", "0.5")
        assert found["maintenance_margin"] == 2  # 200 x 1%, where the mark has 250 x 1%
        assert found["contract_liquidation_price"] == d("0.323808")  # 161.904 / 500


class TestInitialMargin:
    def test_on_the_entry(self) -> None:
        assert held("initial_basis: entry", "0.5")["initial_margin"] == 40  # 200 / 5
        assert held("initial_basis: mark", "0.5")["initial_margin"] == 50

    def test_with_the_fee(self) -> None:
        assert held("close_fee: {rate: 0.06%, in: initial-and-maintenance}", "0.5")["initial_margin"] == d("50.15")
        assert held("close_fee: {rate: 0.06%, in: maintenance}", "0.5")["initial_margin"] == 50


class TestRate:
    def test_its_own_rate_is_not_the_fee_of_orders(self) -> None:
        assert held("taker_fee: 1%, close_fee: {rate: 0.06%}")["maintenance_margin"] == d("2.12")

    def test_a_taker_fee_that_nothing_counts_is_said(self) -> None:
        found = report(book("taker_fee: 1%, close_fee: {rate: 0.06%}"))
        assert "taker_fee has no effect: generic counts no fee to close in its margins" in found["assumptions"]

    def test_a_fee_without_a_rate_is_refused(self) -> None:
        assert refused(book("close_fee: {at: bankruptcy}")) == ["MC012 `close_fee` has no `rate`"]

    def test_a_stated_fee_of_0_is_a_rate(self) -> None:
        assert held("taker_fee: 0%, close_fee: {at: bankruptcy}")["maintenance_margin"] == 2

    def test_a_rate_of_no_fee_is_refused(self) -> None:
        told = refused(book("close_fee: {at: none, rate: 0.06%}"))
        assert told == ["MC016 `rate` and `at: none` of `close_fee` contradict each other"]


class TestKinderThanTheVenue:
    @pytest.mark.parametrize(
        ("venue", "terms", "mark", "kinder"),
        [
            ("binance-usdm", "maintenance_basis: entry", "0.5", True),
            ("binance-usdm", "maintenance_basis: entry", "0.3", False),
            ("binance-usdm", "initial_basis: entry", "0.5", True),
            ("binance-usdm", "initial_basis: mark", "0.5", False),
            ("binance-usdm", "close_fee: {rate: 0.06%}", "0.5", False),
            ("okx, taker_fee: 0.06%", "close_fee: {at: none}", "0.5", True),
            ("okx, taker_fee: 0.06%", "close_fee: {at: mark}", "0.5", False),
            ("okx, taker_fee: 0.06%", "close_fee: {at: bankruptcy}", "0.5", True),
            ("generic", "maintenance_basis: entry", "0.5", False),
        ],
    )
    def test_a_lower_margin_is_a_finding(self, venue: str, terms: str, mark: str, *, kinder: bool) -> None:
        text = f"""
            account: {{venue: {venue}, {terms}}}
            prices: {{X: {mark}}}
            collateral: [{{asset: USDT, amount: 100, haircut: 0%}}]
            contracts: {{XUSDT: {{type: linear, base: X, quote: USDT}}}}
            positions:
              - {{symbol: XUSDT, side: long, quantity: 500, entry_price: 0.4, leverage: 5, maintenance_rate: 1%}}
        """
        assert ("MC208 account" in codes(report(text))) is kinder
