"""Rates that a rule file states of a contract, instead of tiers: `maintenance_rate: {base: 2%, per_unit: 0.0005%}`."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from tests.portfolio.books import checked, codes, d, position, report, told

from marginctl.analysis.library import explain
from marginctl.venues import loader
from marginctl.venues.contracts import ListedRates

from .rule_files import RULES, said

SOL = "initial_rate: {base: 4%, per_unit: 0.0005%}, maintenance_rate: {base: 2%, per_unit: 0.0005%}"
TIERS = RULES[RULES.index("        tiers:\n") : RULES.index("liquidation:")]


def with_rates(rates: str) -> str:
    """The rule file with rates in place of its tiers."""
    lines = "".join(f"        {line}\n" for line in rates.split("; "))
    return RULES.replace(TIERS, lines)


GROWING = with_rates("initial_rate: {base: 4%, per_unit: 0.0005%}; maintenance_rate: {base: 2%, per_unit: 0.0005%}")


def deribit(*rows: str, more: str = "", asset: str = "USDC", amount: str = "10000000") -> str:
    listed = "".join(f"  - {{{row}}}\n" for row in rows)
    return (
        f"account: {{venue: deribit{more}}}\nprices: {{BTC: 100000, SOL: 200, ETH: 2500}}\n"
        f"collateral: [{{asset: {asset}, amount: {amount}}}]\npositions:\n{listed}"
    )


def of(symbol: str, quantity: str, more: str = "") -> str:
    return f"symbol: {symbol}, side: long, quantity: {quantity}{more}"


class TestDeribit:
    """The venue's own examples, with nothing but the position: margin = q x (rate + k q) x price."""

    @pytest.mark.parametrize(
        ("symbol", "quantity", "initial", "maintenance"),
        [
            ("BTC_USDC-PERPETUAL", "25", "53125", "28125"),
            ("BTC_USDC-PERPETUAL", "350", "1312500", "962500"),
            ("SOL_USDC-PERPETUAL", "25", "200.625", "100.625"),
            ("SOL_USDC-PERPETUAL", "6000", "84000", "60000"),
        ],
    )
    def test_its_published_examples(self, symbol: str, quantity: str, initial: str, maintenance: str) -> None:
        found = position(report(deribit(of(symbol, quantity))), symbol)
        assert (found["initial_margin"], found["maintenance_margin"]) == (d(initial), d(maintenance))

    def test_inverse_contracts_are_of_their_size_in_coins(self) -> None:
        # 1,000,000 contracts of 1 USD at 2,500 are 400 ETH: 2% + 400 x 0.0004% = 2.16% and 1.16% of 1,000,000 USD
        text = deribit(of("ETH-PERPETUAL", "1000000"), asset="ETH", amount="400")
        found = position(report(text), "ETH-PERPETUAL")
        assert (found["initial_margin"], found["maintenance_margin"]) == (21600, 11600)

    def test_they_grow_along_a_fall(self) -> None:
        # ETH alone: 50 + 1,000,000 / 2,500 = 450 coins less N = 1,000,000 / P is N (1% + 0.0004% N):
        # 4e-6 N^2 + 1.01 N - 450 = 0
        text = deribit(of("ETH-PERPETUAL", "1000000"), asset="ETH", amount="50")
        root = (Decimal("1.01") ** 2 + 4 * Decimal("4e-6") * 450).sqrt()
        coins = (root - Decimal("1.01")) / Decimal("8e-6")
        found = position(report(text), "ETH-PERPETUAL")
        assert abs(found["liquidation_price"] - 1_000_000 / coins) < Decimal("0.001")

    def test_a_recorded_position_has_both_margins_of_the_venue(self, tmp_path: Path) -> None:
        """30 USD long at 0.603420186 SOL: 0.603420186 x (4% + 0.0005% x 0.603420186) = 0.024138628 SOL; 0.01207022."""
        text = (loader.DATA / "deribit.yaml").read_text()
        own = text.replace("      ETH-PERPETUAL:\n        base: ETH\n", "      SOL-PERPETUAL:\n        base: SOL\n")
        own = own.replace("{base: 2%, per_unit: 0.0004%}", "{base: 4%, per_unit: 0.0005%}")
        own = own.replace("{base: 1%, per_unit: 0.0004%}", "{base: 2%, per_unit: 0.0005%}")
        (tmp_path / "own.yaml").write_text(own)
        size = Decimal("0.603420186")
        price = (30 / size).quantize(Decimal("1e-15"))
        book = (
            f"account: {{venue: {tmp_path / 'own.yaml'}}}\nprices: {{SOL: {price}}}\n"
            "collateral: [{asset: SOL, amount: 3}]\n"
            "positions: [{symbol: SOL-PERPETUAL, side: long, quantity: 30}]\n"
        )
        found = position(report(book, rules_dir=str(tmp_path)), "SOL-PERPETUAL")
        assert round(found["initial_margin"] / price, 9) == d("0.024138628")
        assert abs(found["maintenance_margin"] / price - d("0.012070224")) < d("1e-8")
        assert round(found["maintenance_margin"] / price, 8) == d("0.01207022")


class TestWhatAPositionStates:
    def test_its_own_rates_come_first(self) -> None:
        own = ", initial_rate: 10%, maintenance_rate: 5%"
        found = report(deribit(of("SOL_USDC-PERPETUAL", "6000", own)))
        row = position(found, "SOL_USDC-PERPETUAL")
        assert (row["initial_margin"], row["maintenance_margin"]) == (120000, 60000)
        assert codes(found, "MC208") == []

    @pytest.mark.parametrize(
        "own", ["leverage: 20", "initial_rate: 5%", "initial_margin: 60000", "maintenance_rate: 4%, leverage: 10"]
    )
    def test_kinder_ones_are_found(self, own: str) -> None:
        # 6,000 SOL: 4% + 3% = 7% and 2% + 3% = 5% of 1,200,000
        found = report(deribit(of("SOL_USDC-PERPETUAL", "6000", f", {own}")))
        assert codes(found, "MC208") == ["MC208 SOL_USDC-PERPETUAL"]

    def test_a_leverage_that_asks_for_more_keeps_the_published_maintenance(self) -> None:
        found = report(deribit(of("SOL_USDC-PERPETUAL", "6000", ", leverage: 5")))
        row = position(found, "SOL_USDC-PERPETUAL")
        assert (row["initial_margin"], row["maintenance_margin"], codes(found, "MC208")) == (240000, 60000, [])

    def test_tiers_of_the_portfolio_come_before_the_rates(self) -> None:
        text = deribit(of("SOL_USDC-PERPETUAL", "6000"))
        tiers = "contracts: {SOL_USDC-PERPETUAL: {tiers: [{maintenance_rate: 3%, max_leverage: 10}]}}\n"
        row = position(report(text + tiers), "SOL_USDC-PERPETUAL")
        assert (row["initial_margin"], row["maintenance_margin"]) == (120000, 36000)

    def test_a_contract_declared_on_another_asset_has_them_no_more(self) -> None:
        text = deribit(of("SOL_USDC-PERPETUAL", "6000"))
        found = told(checked(text + "contracts: {SOL_USDC-PERPETUAL: {base: ETH}}\n"))
        assert found[0] == "MC022 the position in `SOL_USDC-PERPETUAL` has no initial margin rate"

    def test_rows_of_one_position_are_of_their_whole_size(self) -> None:
        rows = [of("SOL_USDC-PERPETUAL", "2000"), of("SOL_USDC-PERPETUAL", "4000")]
        assert position(report(deribit(*rows)), "SOL_USDC-PERPETUAL")["initial_margin"] == 84000

    def test_other_contracts_are_still_asked_for(self) -> None:
        (found,) = told(checked(deribit(of("XRP_USDC-PERPETUAL", "1"))))
        assert found == "MC021 `XRP_USDC-PERPETUAL` is no contract of deribit"


def test_explain_says_where_they_come_from() -> None:
    text = deribit(of("BTC-PERPETUAL", "10000"), asset="BTC", amount="2")
    found = json.dumps(
        explain(text, "positions.BTC-PERPETUAL.maintenance_margin", today=date(2026, 11, 22)).to_dict(), default=str
    )
    assert found.count("support.deribit.com 25944826427293") >= 2
    assert "as published for BTC-PERPETUAL" in found
    assert "2022-01-11" in found


class TestRuleFiles:
    def test_they_are_read(self, tmp_path: Path) -> None:
        assert said(tmp_path, GROWING) == []
        rule_set, _ = loader.named(str(tmp_path / "house.yaml"))
        assert rule_set is not None
        listing = rule_set.listing("BTCUSDT")
        assert listing is not None
        growth = Decimal("0.000005")
        assert listing.rates == ListedRates(
            initial_rate=d("0.04"), initial_growth=growth, maintenance_rate=d("0.02"), maintenance_growth=growth
        )

    def test_one_of_them_is_not_enough(self, tmp_path: Path) -> None:
        assert said(tmp_path, with_rates("maintenance_rate: 2%")) == []
        text = (
            f"account: {{venue: {tmp_path / 'house.yaml'}}}\nprices: {{BTC: 100000}}\n"
            "collateral: [{asset: USDT, amount: 100000, haircut: 0%}]\npositions: [{symbol: BTCUSDT, side: long, "
            "quantity: 1MORE}]\n"
        )
        missing = told(checked(text.replace("MORE", ""), rules_dir=str(tmp_path)))
        assert missing == ["MC022 the position in `BTCUSDT` has no initial margin rate"]
        found = position(report(text.replace("MORE", ", leverage: 5"), rules_dir=str(tmp_path)), "BTCUSDT")
        assert (found["initial_margin"], found["maintenance_margin"]) == (20000, 2000)

    def test_not_beside_tiers(self, tmp_path: Path) -> None:
        text = RULES.replace("        tiers:\n", "        initial_rate: 5%\n        tiers:\n")
        (found,) = said(tmp_path, text)
        assert found.endswith("MC016 `initial_rate` beside `tiers` | keep one of them")

    def test_what_a_growing_rate_lacks(self, tmp_path: Path) -> None:
        (found,) = said(tmp_path, with_rates("maintenance_rate: {base: 2%}"))
        assert "MC012 `per_unit` is missing" in found
