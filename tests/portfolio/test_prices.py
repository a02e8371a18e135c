"""Prices and marks are one system: what follows from what, and what is refused."""

import pytest
from tests.portfolio.books import codes, collateral, d, position, refused, report

RATES = "leverage: 10, maintenance_rate: 0.5%"


def test_a_mark_follows_from_the_prices_of_base_and_quote() -> None:
    found = report(f"""
        prices: {{BTC: 60000, ETH: 3000}}
        collateral: [{{asset: USDT, amount: 10000}}]
        positions:
          - {{symbol: BTCUSDT, side: short, quantity: 0.5, {RATES}}}
          - {{symbol: ETHUSDT, side: long, quantity: 4, {RATES}}}
    """)
    assert [one["mark_price"] for one in found["positions"]] == [d("60000"), d("3000")]


def test_a_base_that_only_a_mark_prices_counts_at_mark_times_quote() -> None:
    found = report(f"""
        prices: {{USDT: 0.99}}
        collateral: [{{asset: BTC, amount: 2, haircut: 10%}}]
        positions: [{{symbol: BTCUSDT, side: short, quantity: 1, mark_price: 60000, {RATES}}}]
    """)
    assert collateral(found, "BTC")["price"] == d("59400")  # 60000 x 0.99
    assert found["totals"]["gross_collateral"] == d("118800")
    assert position(found, "BTCUSDT")["notional"] == d("59400")


def test_the_first_contract_prices_the_base_and_the_others_keep_their_marks() -> None:
    found = report(f"""
        collateral: [{{asset: USDT, amount: 10000}}, {{asset: BTC, amount: 1, haircut: 0%}}]
        positions:
          - {{symbol: BTCUSDT, side: short, quantity: 1, mark_price: 60000, {RATES}}}
          - {{symbol: BTCUSDC, side: long, quantity: 1, mark_price: 60600, {RATES}}}
    """)
    assert collateral(found, "BTC")["price"] == d("60000")
    assert position(found, "BTCUSDC")["mark_price"] == d("60600")
    assert codes(found, "MC205") == []  # 1% off


def test_marks_price_a_base_through_other_marks_in_any_order() -> None:
    found = report(f"""
        collateral:
          - {{asset: USDT, amount: 10000}}
          - {{asset: BTC, amount: 0, haircut: 5%}}
          - {{asset: ETH, amount: 0, haircut: 5%}}
        positions:
          - {{symbol: SOLETH, side: long, quantity: 10, mark_price: 0.04, {RATES}}}
          - {{symbol: ETHBTC, side: long, quantity: 1, mark_price: 0.05, {RATES}}}
          - {{symbol: BTCUSDT, side: short, quantity: 0.1, mark_price: 60000, {RATES}}}
    """)
    prices = {one["asset"]: one["price"] for one in found["collateral"]}
    assert (prices["BTC"], prices["ETH"]) == (d("60000"), d("3000"))
    assert position(found, "SOLETH")["notional"] == d("1200")  # 10 x 0.04 x 3000


def test_marks_that_price_each_other_price_nothing() -> None:
    told = refused(f"""
        collateral: [{{asset: USDT, amount: 10000}}]
        contracts: {{A: {{base: AAA, quote: BBB}}, B: {{base: BBB, quote: AAA}}}}
        positions:
          - {{symbol: A, side: long, quantity: 1, mark_price: 2, {RATES}}}
          - {{symbol: B, side: long, quantity: 1, mark_price: 0.5, {RATES}}}
    """)
    assert told[:2] == ["MC020 no price for BBB, the quote of `A`", "MC020 no price for AAA, the quote of `B`"]


def test_a_chain_of_thousands_of_marks_is_resolved() -> None:
    links = range(3_000)
    contracts = "".join(f"  C{i}: {{base: A{i + 1}, quote: A{i}}}\n" for i in links)
    rows = "".join(f"  - {{symbol: C{i}, side: long, quantity: 1, mark_price: 1, {RATES}}}\n" for i in reversed(links))
    told = refused(f"collateral: [{{asset: USDT, amount: 1}}]\ncontracts:\n{contracts}positions:\n{rows}")
    assert told[0] == "MC020 no price for A2999, the quote of `C2999`"
    assert len(told) == len(links)


@pytest.mark.parametrize(("mark", "found"), [("63000", []), ("57000", []), ("63000.01", ["MC205 BTCUSDT"])])
def test_a_mark_may_be_five_percent_off_its_prices(mark: str, found: list[str]) -> None:
    text = f"""
        prices: {{BTC: 60000}}
        collateral: [{{asset: USDT, amount: 10000}}]
        positions: [{{symbol: BTCUSDT, side: short, quantity: 0.5, mark_price: {mark}, {RATES}}}]
    """
    assert codes(report(text), "MC205") == found
    assert position(report(text), "BTCUSDT")["mark_price"] == d(mark)


def test_a_price_given_wins_over_the_marks() -> None:
    found = report(f"""
        prices: {{BTC: 60000}}
        collateral: [{{asset: BTC, amount: 1, haircut: 0%}}, {{asset: USDT, amount: 10}}]
        positions: [{{symbol: BTCUSDT, side: short, quantity: 0.5, mark_price: 61000, {RATES}}}]
    """)
    assert collateral(found, "BTC")["price"] == d("60000")
    assert position(found, "BTCUSDT")["notional"] == d("30500")


def test_the_mark_of_one_row_is_that_of_its_contract() -> None:
    found = report(f"""
        collateral: [{{asset: USDT, amount: 10000}}]
        positions:
          - {{symbol: BTCUSDT, side: short, quantity: 0.1, {RATES}}}
          - {{symbol: BTCUSDT, side: short, quantity: 0.2, mark_price: 60000, {RATES}}}
    """)
    assert position(found, "BTCUSDT")["notional"] == d("18000")


class TestStablecoins:
    def test_count_one_and_the_assumptions_say_so(self) -> None:
        found = report("collateral: [{asset: USDT, amount: 5}, {asset: DAI, amount: 7}, {asset: USD, amount: 1}]")
        assert found["totals"]["equity"] == d("13")
        assert found["assumptions"] == ["USDT priced at 1", "DAI priced at 1"]

    def test_a_depeg_moves_balances_and_every_mark_quoted_in_them(self) -> None:
        found = report(f"""
            prices: {{BTC: 60000, USDT: 0.98}}
            collateral: [{{asset: USDT, amount: 10000}}]
            positions: [{{symbol: BTCUSDT, side: short, quantity: 0.5, entry_price: 60000, {RATES}}}]
        """)
        row = position(found, "BTCUSDT")
        assert row["mark_price"] == d("61224.48979592")  # 60000 / 0.98
        assert row["notional"] == d("30000")  # 0.5 BTC
        assert row["unrealized_pnl"] == d("-600")  # 0.5 x (60000 - 61224.49) USDT x 0.98
        assert row["maintenance_margin"] == d("150")
        assert found["totals"]["gross_collateral"] == d("9800")
        assert found["totals"]["equity"] == d("9200")
        assert found["assumptions"] == []

    def test_a_shock_of_the_quote_moves_marks_as_a_price_does(self) -> None:
        shocked = report(
            f"""
            prices: {{BTC: 60000}}
            collateral: [{{asset: USDT, amount: 10000}}]
            positions: [{{symbol: BTCUSDT, side: short, quantity: 0.5, entry_price: 60000, {RATES}}}]
            """,
            shocks={"USDT": d("-0.02")},
        )
        assert position(shocked, "BTCUSDT")["mark_price"] == d("61224.48979592")
        assert shocked["totals"]["equity"] == d("9200")

    def test_the_account_may_be_kept_in_one(self) -> None:
        found = report(f"""
            account: {{currency: USDT}}
            prices: {{BTC: 61000}}
            collateral: [{{asset: USDT, amount: 10000}}]
            positions: [{{symbol: BTC-PERP, side: long, quantity: 0.5, {RATES}}}]
        """)
        assert found["account"]["currency"] == "USDT"
        assert position(found, "BTC-PERP")["mark_price"] == d("61000")
        assert found["assumptions"] == ["BTC-PERP entry_price = mark"]


class TestFiat:
    def test_a_pair_is_a_contract_like_any_other_but_stays_when_all_coins_move(self) -> None:
        found = report(f"""
            prices: {{EUR: 1.08}}
            collateral: [{{asset: USDT, amount: 500}}]
            positions: [{{symbol: EURUSDT, side: long, quantity: 1000, entry_price: 1.1, {RATES}}}]
        """)
        row = position(found, "EURUSDT")
        assert (row["mark_price"], row["notional"], row["unrealized_pnl"]) == (d("1.08"), d("1080"), d("-20"))
        assert found["liquidation"]["distance"] is None
        # equity 480 + 1000 x (p - 1.08) = 0.005 x 1000 p  =>  p = 600 / 995
        assert row["liquidation_price"] == d("0.6030150754")

    def test_a_beta_makes_it_move(self) -> None:
        found = report(f"""
            prices: {{EUR: 1.08}}
            betas: {{EUR: 0.5}}
            collateral: [{{asset: USDT, amount: 500}}]
            positions: [{{symbol: EURUSDT, side: long, quantity: 1000, {RATES}}}]
        """)
        # equity 500 - 540 u = 5.4 (1 - u / 2)  =>  u = 494.6 / 537.3
        assert found["liquidation"]["down"] == d("-0.9205285687")

    def test_a_cross_pair_needs_the_prices_of_both(self) -> None:
        found = report(f"""
            prices: {{GBP: 1.25, JPY: 0.008}}
            collateral: [{{asset: USDT, amount: 500}}, {{asset: JPY, amount: 0, haircut: 2%}}]
            positions: [{{symbol: GBPJPY, side: long, quantity: 1000, {RATES}}}]
        """)
        row = position(found, "GBPJPY")
        assert (row["mark_price"], row["notional"], row["maintenance_margin"]) == (d("156.25"), d("1250"), d("6.25"))


def test_a_contract_quoted_in_a_coin_settles_in_it() -> None:
    found = report(f"""
        prices: {{BTC: 60000, ETH: 3000}}
        collateral: [{{asset: BTC, amount: 0.1, haircut: 10%}}]
        positions: [{{symbol: ETHBTC, side: long, quantity: 2, entry_price: 0.04, {RATES}}}]
    """)
    row = position(found, "ETHBTC")
    assert row["mark_price"] == d("0.05")
    assert row["notional"] == d("6000")  # 2 x 0.05 BTC x 60000
    assert row["unrealized_pnl"] == d("1200")  # 2 x 0.01 BTC x 60000
    assert collateral(found, "BTC")["equity"] == d("0.12")
    assert found["totals"]["equity"] == d("6480")  # 0.12 x 60000 x 0.9
