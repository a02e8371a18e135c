"""Contracts that settle in a third asset: how they are declared, and what they come to."""

import pytest
from tests.portfolio.books import d, position, refused, report

BITMEX = """
    prices: {ETH: 383.85, BTC: 13500}
    collateral: [{asset: BTC, amount: 1, haircut: 0%}]
    contracts:
      ETHUSD: {type: quanto, base: ETH, quote: USD, settle: BTC, contract_size: 0.000001}
    positions:
      - {symbol: ETHUSD, side: long, quantity: 20090, leverage: 10, maintenance_rate: 1%}
"""


def declared(terms: str, symbol: str = "ETHUSD") -> str:
    """A position in a contract of these terms."""
    contracts = f'contracts: {{"{symbol}": {{{terms}}}}}' if terms else ""
    return f"""
        prices: {{ETH: 400, BTC: 10000, EUR: 1.1}}
        collateral: [{{asset: BTC, amount: 1, haircut: 0%}}, {{asset: USDT, amount: 100}},
                     {{asset: ETH, amount: 0, haircut: 0%}}]
        {contracts}
        positions:
          - {{symbol: "{symbol}", side: long, quantity: 100, leverage: 10, maintenance_rate: 1%}}
    """


class TestWhatItComesTo:
    """20,090 contracts of 0.000001 BTC a dollar at 383.85 with a BTC at 13,500."""

    def test_notional_margins_and_liquidation(self) -> None:
        found = report(BITMEX)
        held = position(found, "ETHUSD")
        assert held["notional"] == d("104105.87775")
        assert held["maintenance_margin"] == d("1041.0587775")
        # 1 + 0.02009 (p - 383.85) BTC = 0.0002009 p BTC
        assert held["liquidation_price"] == d("337.44847681")
        assert held["contract_liquidation_price"] == d("337.44847681")
        assert held["bankruptcy_price"] == d("334.07399204")  # 383.85 - 1 / 0.02009
        assert found["totals"]["utilization"] == d("0.7711546500")

    def test_it_is_liquidated_there_whatever_bitcoin_does(self) -> None:
        for btc in ("0.5", "-0.5"):
            moved = report(BITMEX, shocks={"BTC": d(btc)})
            assert position(moved, "ETHUSD")["liquidation_price"] == d("337.44847681")
        for shocks in ({"ETH": "-0.1208"}, {"ETH": "-0.1208", "BTC": "-0.9"}):
            assert not report(BITMEX, shocks={one: d(by) for one, by in shocks.items()})["totals"]["liquidatable"]
        for shocks in ({"ETH": "-0.1209"}, {"ETH": "-0.1209", "BTC": "3"}):
            assert report(BITMEX, shocks={one: d(by) for one, by in shocks.items()})["totals"]["liquidatable"]
        assert report(BITMEX)["liquidation"]["down"] == d("-0.1208845205")

    def test_a_scenario_of_both_finds_the_same_place(self) -> None:
        text = BITMEX + "    scenarios: [{name: s, shocks: {ETH: -12%, BTC: -60%}}, {name: t, shocks: {ETH: -13%}}]\n"
        survival = {one["subject"]: one["status"] for one in report(text)["checks"] if one["code"] == "MC113"}
        assert survival["s"] == "pass"
        assert survival["t"] in {"warn", "fail"}

    def test_its_delta_is_in_its_base(self) -> None:
        rows = {one["asset"]: one for one in report(BITMEX)["underlyings"]}
        assert rows["ETH"]["delta"] == d("271.215")  # 20,090 x 0.000001 x 13,500 / 1
        assert rows["BTC"]["distance"] is None

    def test_a_silo_of_its_settle_asset_secures_it(self) -> None:
        found = report(f"    account: {{collateral_mode: single-asset}}\n{BITMEX}")
        assert position(found, "ETHUSD")["pool"] == "cross:BTC"
        assert position(found, "ETHUSD")["liquidation_price"] == d("337.44847681")

    def test_isolated_behind_a_margin_in_its_settle_asset(self) -> None:
        text = BITMEX.replace("leverage: 10,", "leverage: 10, margin_mode: isolated, isolated_margin: 0.8,")
        # 0.8 + 0.02009 (p - 383.85) = 0.0002009 p: p = (0.02009 x 383.85 - 0.8) / (0.02009 x 0.99)
        assert position(report(text), "ETHUSD")["liquidation_price"] == d("347.50423599")


class TestDeclarations:
    """``settle`` says the type; what contradicts it, or is missing, is refused."""

    @pytest.mark.parametrize(
        ("terms", "notional"),
        [
            pytest.param("type: quanto, settle: BTC, contract_size: 0.0001", "40000", id="a quanto"),
            pytest.param("settle: BTC, contract_size: 0.0001", "40000", id="by its settle asset alone"),
            pytest.param("settle: USD", "40000", id="its quote: linear"),
            pytest.param("settle: ETH, contract_size: 10", "1000", id="its base: inverse"),
        ],
    )
    def test_types(self, terms: str, notional: str) -> None:
        assert position(report(declared(f"base: ETH, quote: USD, {terms}")), "ETHUSD")["notional"] == d(notional)

    def test_a_symbol_may_name_the_third_asset(self) -> None:
        found = report(declared("contract_size: 0.0001", "ETH/USD:BTC"))
        assert position(found, "ETH/USD:BTC")["notional"] == d("40000")

    @pytest.mark.parametrize(
        ("terms", "said"),
        [
            ("type: linear, settle: BTC", "MC016 the linear contract `ETHUSD` settles in BTC, a third asset"),
            ("type: linear, settle: ETH", "MC016 the linear contract `ETHUSD` settles in ETH, its base"),
            ("type: inverse, settle: USD", "MC016 the inverse contract `ETHUSD` settles in USD, its quote"),
            ("type: quanto, settle: ETH", "MC016 the quanto contract `ETHUSD` settles in ETH, its base"),
            ("type: quanto", "MC016 the quanto `ETHUSD` needs `settle`"),
            ("type: quanto, settle: BTC", "MC016 the contract size of the quanto `ETHUSD` is not known"),
        ],
    )
    def test_contradictions(self, terms: str, said: str) -> None:
        assert refused(declared(f"base: ETH, quote: USD, {terms}")) == [said]

    def test_a_symbol_alone_does_not_say_its_size(self) -> None:
        said = "MC021 `ETH/USD:BTC` settles in BTC, a third asset: its contract size is not known"
        assert refused(declared("", "ETH/USD:BTC")) == [said]

    def test_the_price_of_its_settle_asset_is_asked(self) -> None:
        told = refused(declared("base: ETH, quote: USD, settle: SOL, contract_size: 1"))
        assert told[0] == "MC020 no price for SOL, in which `ETHUSD` settles"

    def test_quantos_of_two_quotes_are_refused(self) -> None:
        terms = "type: quanto, base: ETH, settle: BTC, contract_size: 0.0001"
        assert refused(f"""
            prices: {{ETH: 400, BTC: 10000}}
            collateral: [{{asset: BTC, amount: 1, haircut: 0%}}]
            contracts: {{A: {{{terms}, quote: USD}}, B: {{{terms}, quote: USDT}}}}
            positions:
              - {{symbol: A, side: long, quantity: 100, leverage: 10, maintenance_rate: 1%}}
              - {{symbol: B, side: long, quantity: 100, leverage: 10, maintenance_rate: 1%}}
        """) == ["MC021 quantos quoted in USD and in USDT cannot be computed together"]

    def test_rates_that_grow_with_size_are_refused_beside_them(self) -> None:
        text = declared("type: quanto, base: ETH, quote: USD, settle: BTC, contract_size: 0.0001")
        said = "MC021 the rates of ETHUSD grow with its size, in a book with quantos"
        assert refused(text.replace("maintenance_rate: 1%", "maintenance_rate: {base: 1%, per_unit: 0.001%}")) == [said]

    def test_a_quote_that_falls_to_0_is_refused(self) -> None:
        text = declared("type: quanto, base: ETH, quote: USDT, settle: BTC, contract_size: 0.0001")
        (said,) = refused(text.rstrip() + "\n        scenarios: [{name: s, shocks: {USDT: -100%}}]\n")
        assert said.startswith("MC016 the scenario `s` moves `USDT` to 0")
