"""From text to account: JSON, editor keys, names that look like numbers, edits, defaults of the header."""

import json

import pytest
from tests.portfolio.books import checked, d, position, refused, report, told

BOOK = {
    "$schema": "marginctl-portfolio.schema.json",
    "schema": "marginctl.portfolio/1",
    "account": {"name": "desk-a", "currency": "USD"},
    "prices": {"BTC": 60000, "ETH": "3000"},
    "collateral": [{"asset": "USDT", "amount": 10000}, {"asset": "ETH", "amount": 5, "haircut": "10%"}],
    "positions": [
        {
            "symbol": "BTCUSDT",
            "side": "short",
            "quantity": 0.5,
            "entry_price": 61000,
            "leverage": 10,
            "maintenance_rate": 0.005,
        }
    ],
}


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_json_is_read_like_yaml(indent: int | str | None) -> None:
    found = report(json.dumps(BOOK, indent=indent).encode(), "book.json")
    assert found["account"]["name"] == "desk-a"
    assert found["totals"]["equity"] == d("24000")  # 10000 + 500 + 13500
    assert position(found, "BTCUSDT")["maintenance_margin"] == d("150")


def test_json_numbers_are_read_from_their_digits() -> None:
    text = json.dumps(BOOK).replace("0.5,", "0.50000000000000000000000000000000001,")
    assert str(position(report(text.encode()), "BTCUSDT")["quantity"]) == "0.50000000000000000000000000000000001"


def test_json_exponents_are_refused_like_yaml_ones() -> None:
    text = json.dumps(BOOK).replace("60000", "6e4")
    assert refused(text.encode()) == ["MC014 `BTC` has an exponent: `6e4`"]


def test_the_schema_line_of_an_editor_may_stand_in_the_file() -> None:
    assert report('$schema: "x.json"\ncollateral: [{asset: USDT, amount: 1}]')["totals"]["equity"] == d("1")


@pytest.mark.parametrize("asset", ["NO", "ON", "1e3", "017", "~x", "0x1F", "Inf", "2026-11-22"])
def test_names_that_look_like_something_else_stay_names(asset: str) -> None:
    found = report(f"prices: {{{asset}: 2}}\ncollateral: [{{asset: {asset}, amount: 3, haircut: 50%}}]")
    assert [(one["asset"], one["value"]) for one in found["collateral"]] == [(asset, d("3"))]


class TestHeader:
    def test_defaults_are_the_generic_rules_and_the_name_of_the_file(self) -> None:
        found = report("collateral: [{asset: USDT, amount: 1}]", "books/desk-b.yaml")
        assert found["account"] == {
            "name": "desk-b",
            "venue": "generic",
            "collateral_mode": "multi-asset",
            "margin_model": "tiered",
            "position_mode": "one-way",
            "currency": "USD",
            "as_of": None,
        }

    def test_what_is_given_is_kept(self) -> None:
        found = report(
            """
            account: {name: x, venue: binance-usdm, collateral_mode: single-asset, position_mode: hedge,
                      currency: USDC, as_of: "2026-11-22T11:00:00+02:00", margin_model: tiered}
            collateral: [{asset: USDT, amount: 1}]
            """
        )
        assert found["account"]["as_of"] == "2026-11-22T11:00:00+02:00"
        assert found["account"]["position_mode"] == "hedge"
        assert found["rules"]["venue"] == "binance-usdm"

    def test_every_mistake_of_it_is_told_in_one_run_with_those_of_the_rest(self) -> None:
        told_ = refused(
            """
            account: {venue: binance-coinm, collateral_mode: multi-asset, currency: EUR}
            collateral: [{asset: BTC, amount: 1}]
            """
        )
        assert told_ == [
            "MC015 binance-coinm has no multi-asset mode",
            "MC015 totals cannot be reported in EUR",
            "MC020 no price for BTC, which is held as collateral",
        ]

    def test_a_level_moves_liquidation(self) -> None:
        text = """
            account: {{liquidation_level: {level}}}
            prices: {{BTC: 60000}}
            collateral: [{{asset: USDT, amount: 6000}}]
            positions: [{{symbol: BTCUSDT, side: long, quantity: 1, leverage: 10, maintenance_rate: 1%}}]
        """
        # 6000 + p - 60000 = level x 0.01 p
        assert position(report(text.format(level=1)), "BTCUSDT")["liquidation_price"] == d("54545.45454546")
        assert position(report(text.format(level=2)), "BTCUSDT")["liquidation_price"] == d("55102.04081633")
        assert report(text.format(level=2))["totals"]["maintenance_ratio"] == d("0.2")

    @pytest.mark.parametrize(
        ("setting", "facts"),
        [("netting: net", 1), ("netting: none", 0), ("liquidation_level: 0.9", 1), ("liquidation_level: 1.1", 0)],
    )
    def test_a_rule_kinder_than_the_venues_is_a_finding_told_once(self, setting: str, facts: int) -> None:
        found = report(
            f"account: {{venue: bybit, taker_fee: 0.055%, position_mode: hedge, {setting}}}\n"
            "collateral: [{asset: USDT, amount: 1}]"
        )
        assert sum(one["code"] == "MC208" for one in found["findings"]) == facts


class TestEdits:
    def test_a_value_is_set_before_the_file_is_read(self) -> None:
        outcome = checked(json.dumps(BOOK).encode(), sets=(("positions.0.leverage", "5"), ("prices.BTC", "61000")))
        assert outcome.report is not None
        (row,) = outcome.report.positions
        assert (row.leverage, row.mark_price) == (d("5"), d("61000"))

    def test_a_path_that_leads_nowhere_is_a_problem(self) -> None:
        outcome = checked(json.dumps(BOOK).encode(), sets=(("positions.3.leverage", "5"),))
        assert told(outcome) == ["MC013 `positions` has 1 items, `3` is none of them"]


class TestScenarios:
    def test_a_name_given_twice_would_hide_one(self) -> None:
        assert refused(
            """
            collateral: [{asset: USDT, amount: 1}]
            scenarios: [{name: a, shocks: {"*": -10%}}, {name: a, shocks: {"*": 1%}}]
            """
        ) == ["MC016 the scenario `a` is given twice, first on line 2"]
