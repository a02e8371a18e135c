"""What an account holds and owes: haircuts, debts, loan rates, what a venue says about them."""

import pytest
from tests.portfolio.books import codes, collateral, d, refused, report

PM = """
account: {venue: binance-pm}
prices: {BTC: 60000, ETH: 3000, XYZ: 2}
collateral:
  - {asset: USDT, amount: 10000, haircut: 0%}
"""


class TestGeneric:
    def test_cuts_nothing_from_stablecoins_and_the_currency(self) -> None:
        found = report("collateral: [{asset: USDT, amount: 100}, {asset: USD, amount: 50}]")
        assert [one["haircut"] for one in found["collateral"]] == [d("0"), d("0")]
        assert found["totals"]["equity"] == d("150")

    def test_asks_for_the_haircut_of_everything_else(self) -> None:
        told = refused("prices: {ETH: 3000, EUR: 1.1}\ncollateral: [{asset: ETH, amount: 1}, {asset: EUR, amount: 1}]")
        assert told == ["MC023 no haircut for ETH", "MC023 no haircut for EUR"]

    def test_needs_none_where_haircuts_do_not_count(self) -> None:
        found = report(
            """
            account: {collateral_mode: single-asset}
            prices: {ETH: 3000}
            collateral: [{asset: ETH, amount: 5}, {asset: BTC, amount: 0}]
            positions:
              - {symbol: BTC-PERP, side: long, quantity: 1, mark_price: 60000, leverage: 5, maintenance_rate: 1%}
            """
        )
        assert collateral(found, "ETH")["value"] == d("15000")

    def test_a_haircut_in_a_single_asset_account_stays_without_effect(self) -> None:
        found = report(
            "account: {collateral_mode: single-asset}\nprices: {ETH: 3000}\n"
            "collateral: [{asset: ETH, amount: 5, haircut: 50%}]"
        )
        assert found["totals"]["equity"] == d("15000")


class TestHaircuts:
    def test_one_rate(self) -> None:
        found = report("prices: {ETH: 3000}\ncollateral: [{asset: ETH, amount: 5, haircut: 10%}]")
        row = collateral(found, "ETH")
        assert (row["haircut"], row["value"], found["totals"]["haircut"]) == (d("0.1"), d("13500"), d("1500"))

    @pytest.mark.parametrize(
        ("amount", "value"),
        [("1", "57000"), ("3", "165000"), ("5", "267000"), ("6", "267000")],
    )
    def test_tiers_are_marginal(self, amount: str, value: str) -> None:
        found = report(
            f"""
            prices: {{BTC: 60000}}
            collateral:
              - asset: BTC
                amount: {amount}
                haircut_tiers: [{{up_to: 1, haircut: 5%}}, {{up_to: 3, haircut: 10%}}, {{up_to: 5, haircut: 15%}},
                                {{haircut: 100%}}]
            """
        )
        # 57000, then 54000 a coin up to 3, 51000 up to 5, nothing beyond
        assert collateral(found, "BTC")["value"] == d(value)

    def test_profits_of_coin_margined_contracts_are_cut_too(self) -> None:
        found = report(
            """
            prices: {BTC: 60000}
            collateral: [{asset: USDT, amount: 1000}, {asset: BTC, amount: 0, haircut: 20%}]
            contracts: {BTCUSD: {type: inverse, contract_size: 100, tiers: [{maintenance_rate: 1%}]}}
            positions: [{symbol: BTCUSD, side: long, quantity: 60, entry_price: 50000, leverage: 5}]
            """
        )
        row = collateral(found, "BTC")
        assert row["equity"] == d("0.02")  # 6000 x (1/50000 - 1/60000)
        assert row["value"] == d("960")


class TestDebts:
    def test_count_in_full_and_need_no_haircut(self) -> None:
        found = report("prices: {ETH: 3000}\ncollateral: [{asset: USDT, amount: 10000}, {asset: ETH, amount: -1}]")
        row = collateral(found, "ETH")
        assert (row["value"], row["haircut"]) == (d("-3000"), d("0"))
        assert found["totals"]["equity"] == d("7000")

    def test_with_a_loan_rate_need_no_haircut_either(self) -> None:
        found = report(
            "prices: {ETH: 3000}\ncollateral: [{asset: USDT, amount: 10000}, {asset: ETH, amount: -1, loan_rate: 5%}]"
        )
        assert found["totals"]["maintenance_margin"] == d("150")
        assert found["netting"]["maintenance"]["maintenance_margin"] == d("0")  # without loans

    def test_the_loan_rate_counts_on_what_is_owed_after_profits(self) -> None:
        found = report(
            """
            prices: {BTC: 60000}
            collateral: [{asset: USDT, amount: -1000, loan_rate: 5%}, {asset: BTC, amount: 1, haircut: 10%}]
            positions:
              - symbol: BTCUSDT
                side: long
                quantity: 0.1
                entry_price: 54000
                leverage: 10
                maintenance_rate: 0.5%
            """
        )
        # USDT: -1000 + 600 = -400; maintenance 6000 x 0.5% + 400 x 5%
        assert found["totals"]["equity"] == d("53600")
        assert found["totals"]["maintenance_margin"] == d("50")

    def test_that_profits_turn_into_equity_need_the_haircut(self) -> None:
        told = refused(
            """
            prices: {BTC: 60000}
            collateral: [{asset: USDT, amount: 90000}, {asset: BTC, amount: -1}]
            contracts: {BTCUSD: {type: inverse, contract_size: 100, tiers: [{maintenance_rate: 1%}]}}
            positions: [{symbol: BTCUSD, side: short, quantity: 60, leverage: 5}]
            """
        )
        assert told == ["MC023 no haircut for BTC"]

    def test_a_venue_without_a_published_loan_rate_asks_for_it(self) -> None:
        told = refused(PM + "  - {asset: XYZ, amount: -100}\n")
        assert told == ["MC022 no loan rate for the XYZ debt"]
        found = report(PM + "  - {asset: XYZ, amount: -100, loan_rate: 10%}\n")
        assert found["totals"]["maintenance_margin"] == d("20")

    def test_a_venue_that_weighs_debts_by_the_haircut_asks_for_it(self) -> None:
        text = """
            account: {{venue: binance-usdm, collateral_mode: multi-asset}}
            prices: {{XYZ: 2}}
            collateral:
              - {{asset: USDT, amount: 10000}}
              - {{asset: XYZ, amount: -100{haircut}}}
        """
        assert refused(text.format(haircut="")) == ["MC023 no haircut for XYZ"]
        row = collateral(report(text.format(haircut=", haircut: 5%")), "XYZ")
        assert row["value"] == d("-210")  # 200 x (1 + 5%)


class TestVenueTerms:
    BOOK = """
        account: {{venue: bingx-usdm, collateral_mode: multi-asset, taker_fee: 0.05%}}
        prices: {{BTC: 60000}}
        collateral:
          - {{asset: BTC, amount: {amount}{terms}}}
    """

    @pytest.mark.parametrize(
        ("amount", "terms", "facts"),
        [
            ("2", "", []),
            ("2", ", haircut: 5%", []),
            ("2", ", haircut: 4.9%", ["MC208 BTC"]),
            ("2", ", haircut_tiers: [{up_to: 1, haircut: 0%}, {haircut: 10%}]", []),  # 5% of two coins as well
            ("2", ", haircut_tiers: [{up_to: 1, haircut: 5%}, {haircut: 5%}]", []),
            ("2", ", haircut_tiers: [{up_to: 1, haircut: 0%}, {haircut: 9%}]", ["MC208 BTC"]),
            ("0", ", haircut: 4%", ["MC208 BTC"]),
        ],
    )
    def test_a_haircut_below_the_venues_on_what_is_held_is_a_finding(
        self, amount: str, terms: str, facts: list[str]
    ) -> None:
        assert codes(report(self.BOOK.format(amount=amount, terms=terms)), "MC208") == facts

    def test_the_finding_says_by_how_much(self) -> None:
        found = report(self.BOOK.format(amount=2, terms=", haircut: 4%"))
        (one,) = [one for one in found["findings"] if one["code"] == "MC208"]
        assert one["message"] == "`haircut` of BTC is kinder than the venue's: 4% against 5%"
        assert (one["value"], one["limit"], one["line"]) == (d("0.04"), d("0.05"), 4)

    def test_beyond_the_last_published_tier_nothing_is_known(self) -> None:
        told = refused(self.BOOK.format(amount="10.5", terms=""))
        assert told == ["MC025 the haircut of BTC is known up to 10 only, the account holds 10.5"]
        own = report(self.BOOK.format(amount="10.5", terms=", haircut: 6%"))
        assert own["totals"]["equity"] == d("592200")

    def test_an_asset_that_secures_nothing_there_is_refused_in_either_sign(self) -> None:
        for amount in ("1", "-1"):
            told = refused(
                "account: {venue: hyperliquid}\nprices: {BTC: 60000}\n"
                f"collateral: [{{asset: USDC, amount: 10}}, {{asset: BTC, amount: {amount}, haircut: 5%}}]"
            )
            assert told == ["MC023 BTC is no collateral of the venue"]


def test_isolated_margins_may_use_up_what_is_listed_but_no_more() -> None:
    text = """
        prices: {{BTC: 60000}}
        collateral: [{{asset: USDT, amount: 3000}}]
        positions:
          - symbol: BTCUSDT
            side: long
            quantity: 0.1
            leverage: 10
            maintenance_rate: 1%
            margin_mode: isolated
            isolated_margin: {margin}
    """
    assert report(text.format(margin="3000"))["totals"]["gross_collateral"] == d("3000")
    assert refused(text.format(margin="3000.01")) == [
        "MC026 isolated margins of 3000.01 USDT exceed the 3000 USDT of `collateral:`"
    ]
