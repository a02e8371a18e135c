"""The bundled rule files: complete, in the published format, and with the figures of the venues' documents."""

import json
from decimal import Decimal

import pytest
import yaml
from jsonschema import Draft7Validator

from marginctl.core.account import Basis, CloseFee, CloseFeeIn, Equality, Netting, OpenLoss
from marginctl.core.contract import ContractType, TiersBy
from marginctl.document.schema import json_schema
from marginctl.venues import loader
from marginctl.venues.format import SWITCHES, LiquidationStep, PublishedOrder
from marginctl.venues.origin import Trust
from marginctl.venues.rule_set import RuleSet

D = Decimal
PRODUCTS = (
    "binance-coinm",
    "binance-pm",
    "binance-usdm",
    "bingx-coinm",
    "bingx-usdm",
    "bitget",
    "bybit",
    "deribit",
    "dydx",
    "gate",
    "generic",
    "hyperliquid",
    "kraken",
    "kraken-inverse",
    "mexc",
    "okx",
    "weex",
)
# name: default mode, level, equality, netting, initial basis, maintenance basis, close fee, its margins, open loss
RULES = {
    "generic": ("multi-asset", "1", "safe", "net", "mark", "mark", "mark", "maintenance", "none"),
    "binance-usdm": ("single-asset", "1", "liquidated", "none", "mark", "mark", "none", "maintenance", "margin"),
    "binance-coinm": ("single-asset", "1", "liquidated", "none", "mark", "mark", "none", "maintenance", "margin"),
    "binance-pm": ("multi-asset", "1.05", "liquidated", "none", "mark", "mark", "none", "maintenance", "margin"),
    "bybit": (
        *("multi-asset", "1", "liquidated", "hedged-fees", "mark", "mark", "bankruptcy"),
        *("initial-and-maintenance", "margin"),
    ),
    "bingx-usdm": ("single-asset", "1", "liquidated", "none", "mark", "mark", "mark", "maintenance", "none"),
    "bingx-coinm": ("single-asset", "1", "liquidated", "none", "entry", "mark", "mark", "maintenance", "none"),
    "mexc": ("single-asset", "1", "liquidated", "none", "entry", "entry", "mark", "maintenance", "none"),
    "weex": ("single-asset", "1", "liquidated", "none", "mark", "mark", "none", "maintenance", "none"),
    "okx": ("multi-asset", "1", "liquidated", "none", "mark", "mark", "mark", "maintenance", "none"),
    "hyperliquid": ("single-asset", "1", "safe", "net", "mark", "mark", "none", "maintenance", "none"),
    "dydx": ("single-asset", "1", "safe", "net", "mark", "mark", "none", "maintenance", "none"),
    "kraken": ("multi-asset", "1", "liquidated", "larger-leg", "mark", "mark", "none", "maintenance", "none"),
    "kraken-inverse": ("single-asset", "1", "liquidated", "larger-leg", "mark", "mark", "none", "maintenance", "none"),
    "deribit": ("single-asset", "1", "safe", "none", "mark", "mark", "none", "maintenance", "none"),
    "bitget": ("single-asset", "1", "liquidated", "none", "mark", "mark", "none", "maintenance", "none"),
    "gate": ("single-asset", "1", "liquidated", "none", "mark", "mark", "none", "maintenance", "none"),
}
STATUS = {
    "generic": {"multi-asset": "verified", "single-asset": "verified"},
    "binance-usdm": {"single-asset": "verified", "multi-asset": "partial"},
    "binance-coinm": {"single-asset": "verified"},
    "binance-pm": {"multi-asset": "partial"},
    "bybit": {"multi-asset": "partial"},
    "bingx-usdm": {"single-asset": "unverified", "multi-asset": "unverified"},
    "bingx-coinm": {"single-asset": "partial"},
    "mexc": {"single-asset": "unverified", "multi-asset": "unverified"},
    "weex": {"single-asset": "unverified"},
    "okx": {"multi-asset": "partial"},
    "hyperliquid": {"single-asset": "partial"},
    "dydx": {"single-asset": "partial"},
    "kraken": {"multi-asset": "unverified"},
    "kraken-inverse": {"single-asset": "unverified"},
    "deribit": {"single-asset": "partial", "multi-asset": "partial"},
    "bitget": {"single-asset": "unverified", "multi-asset": "unverified"},
    "gate": {"single-asset": "unverified", "multi-asset": "unverified"},
}


def bundled(name):
    rule_set, problems = loader.named(name)
    assert problems == []
    return rule_set


def test_every_product_of_the_interface_is_bundled():
    assert loader.bundled() == PRODUCTS


@pytest.mark.parametrize("name", PRODUCTS)
def test_the_json_schema_accepts_the_file(name):
    schema = json_schema(RuleSet.layout, identifier="marginctl.venue/1", title="venue")
    Draft7Validator.check_schema(schema)
    document = yaml.load(loader.rule_text(name), Loader=yaml.BaseLoader)
    assert [error.message for error in Draft7Validator(schema).iter_errors(document)] == []


def test_the_json_schema_names_a_wrong_key():
    schema = json_schema(RuleSet.layout, identifier="marginctl.venue/1", title="venue")
    document = yaml.load(loader.rule_text("okx"), Loader=yaml.BaseLoader) | {"colateral": {}}
    assert ["colateral" in error.message for error in Draft7Validator(schema).iter_errors(document)] == [True]


@pytest.mark.parametrize("name", PRODUCTS)
def test_the_file_names_itself_and_states_every_rule_with_its_trust(name):
    rule_set = bundled(name)
    assert rule_set.name == name
    for mode in rule_set.modes:
        assert set(mode.origins) == set(SWITCHES)
        assert all(origin.trust is not None for origin in mode.origins.values())
        unsourced = {rule for rule, origin in mode.origins.items() if origin.source is None}
        assert all(mode.origins[rule].trust in {Trust.ASSUMED, Trust.INFERRED} for rule in unsourced)


@pytest.mark.parametrize("name", PRODUCTS)
def test_the_rules_are_those_of_the_venue(name):
    mode = bundled(name).mode()
    rules = mode.rules
    assert (
        mode.collateral_mode.value,
        str(rules.level),
        rules.equality.value,
        rules.netting.value,
        rules.initial_basis.value,
        rules.maintenance_basis.value,
        rules.close_fee.value,
        mode.rules.close_fee_in.value,
        rules.open_loss.value,
    ) == RULES[name]
    assert (rules.underlying_netting is Netting.LARGER_LEG) is name.startswith("kraken")


def test_the_multi_asset_mode_of_bitget_adds_the_liquidation_fee_and_nets_legs():
    mode = bundled("bitget").mode("multi-asset")
    assert (mode.rules.netting, mode.rules.close_fee) == (Netting.LARGER_LEG, CloseFee.MARK)
    assert (mode.rules.order_maintenance.value, mode.offers_isolated) == ("margin", False)
    assert mode.collateral.requires_loan_rate("USDT")


@pytest.mark.parametrize("name", PRODUCTS)
def test_what_orders_need_and_what_screens_show_is_that_of_the_venue(name):
    rules = bundled(name).mode().rules
    found = (
        rules.order_fees.value,
        rules.order_maintenance.value,
        rules.shown_liquidation_price.value,
        rules.shown_maintenance.value,
    )
    assert found == {
        "bybit": ("open-and-close", "margin", "crossing", "whole"),
        "okx": ("none", "none", "one-tick-toward-mark", "without-close-fee"),
    }.get(name, ("none", "none", "crossing", "whole"))


def test_the_tick_of_a_contract_is_known_where_a_screen_depends_on_it():
    assert bundled("okx").contract("BTC-USDT-SWAP").tick_size == D("0.1")
    assert bundled("okx").contract("BTC-USD-SWAP").tick_size is None


@pytest.mark.parametrize("name", PRODUCTS)
def test_every_mode_has_its_own_status(name):
    assert {mode.collateral_mode.value: mode.status.value for mode in bundled(name).modes} == STATUS[name]


def test_a_mode_that_is_not_offered_is_none():
    assert bundled("bybit").mode("single-asset") is None


@pytest.mark.parametrize(
    ("name", "warning_level"), [("binance-pm", "1.2"), ("okx", "3"), ("bybit", None), ("generic", None)]
)
def test_warning_levels(name, warning_level):
    assert bundled(name).mode().rules.warning_level == (None if warning_level is None else D(warning_level))


def test_only_bybit_has_rules_of_its_own_for_isolated_positions():
    own = {name: mode.isolated_rules for name in PRODUCTS for mode in bundled(name).modes if mode.isolated_rules}
    assert list(own) == ["bybit"]
    assert own["bybit"].initial_basis is Basis.ENTRY
    assert own["bybit"].maintenance_basis is Basis.MARK
    assert own["bybit"].close_fee is CloseFee.BANKRUPTCY


@pytest.mark.parametrize(
    ("name", "mode", "isolated", "hedge"),
    [
        ("binance-usdm", "single-asset", True, True),
        ("binance-usdm", "multi-asset", False, True),
        ("mexc", "multi-asset", False, True),
        ("binance-pm", "multi-asset", False, True),
        ("hyperliquid", "single-asset", True, False),
        ("dydx", "single-asset", True, False),
        ("bitget", "multi-asset", False, True),
        ("kraken", "multi-asset", True, False),
        ("deribit", "single-asset", False, False),
        ("deribit", "multi-asset", False, False),
    ],
)
def test_what_a_mode_offers(name, mode, isolated, hedge):
    offered = bundled(name).mode(mode)
    assert (offered.offers_isolated, offered.offers_hedge) == (isolated, hedge)


def tier(contract, k):
    row = contract.tiers[k]
    return tuple(None if v is None else f"{v:f}" for v in (row.up_to, row.maintenance_rate, row.deduction))


# One row of the venues' own listings each: up to, maintenance rate, deduction; leverage; size of the contract
@pytest.mark.parametrize(
    ("name", "symbol", "k", "row", "leverage", "kind", "pair", "size", "tiers"),
    [
        ("binance-usdm", "BTCUSDT", 0, ("300000", "0.004", "0"), "150", "linear", "BTC/USDT", "1", 12),
        ("binance-usdm", "BTCUSDT", 2, ("3000000", "0.0065", "1500"), "75", "linear", "BTC/USDT", "1", 12),
        ("binance-usdm", "BTCUSDT", 11, ("1800000000", "0.5", "421482000"), "1", "linear", "BTC/USDT", "1", 12),
        ("binance-usdm", "BTCUSDT_260626", 0, ("50000", "0.01", "0"), "50", "linear", "BTC/USDT", "1", 8),
        ("binance-usdm", "ETHBTC", 1, ("10", "0.006", "0.005"), "75", "linear", "ETH/BTC", "1", 10),
        ("binance-usdm", "1000PEPEUSDT", 1, ("200000", "0.01", "70"), "50", "linear", "1000PEPE/USDT", "1", 10),
        ("binance-usdm", "龙虾USDT", 3, ("250000", "0.1667", "5920"), "3", "linear", "龙虾/USDT", "1", 6),
        ("binance-coinm", "BTCUSD_PERP", 3, ("150", "0.025", "0.43"), "20", "inverse", "BTC/USD", "100", 10),
        ("binance-coinm", "ETHUSD_PERP", 1, ("100", "0.0065", "0.0225"), "75", "inverse", "ETH/USD", "10", 10),
        ("binance-pm", "BTCUSDT", 1, ("800000", "0.005", "300"), "100", "linear", "BTC/USDT", "1", 12),
        ("binance-pm", "BTCUSD_PERP", 1, ("10", "0.005", "0.005"), "100", "inverse", "BTC/USD", "100", 10),
        ("bybit", "BTCUSDT", 1, ("2600000", "0.0056", "1200"), "90", "linear", "BTC/USDT", "1", 35),
        ("bybit", "BTCPERP", 1, ("1000000", "0.005", "100"), "100", "linear", "BTC/USDC", "1", 30),
        ("bybit", "BTCUSD", 0, ("150", "0.005", "0"), "100", "inverse", "BTC/USD", "1", 2),
        ("bybit", "BTCUSD", 1, ("300", "0.01", "0.75"), "66.67", "inverse", "BTC/USD", "1", 2),
        ("bybit", "BTCUSDZ26", 0, ("100", "0.005", "0"), "100", "inverse", "BTC/USD", "1", 1),
        ("mexc", "BTC_USDT", 0, ("50000", "0.001", "0"), "500", "linear", "BTC/USDT", "0.0001", 6),
        ("mexc", "BTC_USDT", 3, ("2280000", "0.01", "0"), "50", "linear", "BTC/USDT", "0.0001", 6),
        ("mexc", "BTC_USDT", 5, ("17000000", "0.05", "0"), "10", "linear", "BTC/USDT", "0.0001", 6),
        ("weex", "PAXGUSDT", 4, ("30000000", "0.25", "0"), "2", "linear", "PAXG/USDT", "1", 6),
        ("weex", "TRBUSDT", 2, ("400000", "0.1", "0"), "3", "linear", "TRB/USDT", "1", 5),
        ("okx", "BTC-USDT-SWAP", 3, ("40000", "0.0125", "0"), "40", "linear", "BTC/USDT", "0.01", 99),
        ("okx", "ETH-USDT-SWAP", 33, ("800000", "0.1625", "0"), None, "linear", "ETH/USDT", "0.1", 99),
        ("okx", "ETH-USDT-SWAP", 98, ("2425000", "0.4875", "0"), "2", "linear", "ETH/USDT", "0.1", 99),
        ("okx", "SOL-USDT-SWAP", 0, ("2500", "0.0065", "0"), "50", "linear", "SOL/USDT", "1", 93),
        ("okx", "XRP-USDT-SWAP", 0, ("2500", "0.0065", "0"), "50", "linear", "XRP/USDT", "100", 93),
        ("okx", "DOGE-USDT-SWAP", 0, ("1500", "0.0065", "0"), "50", "linear", "DOGE/USDT", "1000", 93),
        ("okx", "BNB-USDT-SWAP", 0, ("20000", "0.0065", "0"), "50", "linear", "BNB/USDT", "0.01", 93),
        ("bitget", "BTCUSDT", 2, ("5000000", "0.007", "0"), "75", "linear", "BTC/USDT", "1", 12),
        ("bitget", "BTCUSDT", 11, ("1200000000", "0.6", "0"), "1", "linear", "BTC/USDT", "1", 12),
        ("bitget", "BTCPERP", 4, ("9000000", "0.015", "0"), "40", "linear", "BTC/USDC", "1", 14),
        ("gate", "BTC_USDT", 0, ("500000", "0.003", "0"), "200", "linear", "BTC/USDT", "0.0001", 5),
        ("gate", "BTC_USDT", 4, ("3000000", "0.005", "2500"), "100", "linear", "BTC/USDT", "0.0001", 5),
        ("gate", "ETH_USDT", 0, ("300000", "0.003", "0"), "200", "linear", "ETH/USDT", "0.01", 1),
        ("gate", "ETH_USDT_20261009", 0, ("1000000", "0.005", "0"), "100", "linear", "ETH/USDT", "0.01", 1),
        ("gate", "BTC_USD", 0, ("3", "0.005", "0"), "100", "inverse", "BTC/USD", "1", 1),
        ("kraken", "PF_XBTUSD", 1, ("3000000", "0.01", "0"), "50", "linear", "BTC/USD", "1", 3),
        ("kraken", "PF_XBTUSD", 2, (None, "0.02", "0"), "25", "linear", "BTC/USD", "1", 3),
        ("kraken", "PF_DOGEUSD", 0, ("2000000", "0.01", "0"), "50", "linear", "DOGE/USD", "1", 2),
        ("kraken", "PF_ETHUSD", 0, ("2000000", "0.01", "0"), "50", "linear", "ETH/USD", "1", 2),
        ("kraken", "FF_XBTUSD_261225", 1, (None, "0.02", "0"), "25", "linear", "BTC/USD", "1", 2),
        ("kraken-inverse", "PI_XBTUSD", 0, ("500000", "0.01", "0"), "50", "inverse", "BTC/USD", "1", 2),
        ("kraken-inverse", "FI_XBTUSD_261225", 0, (None, "0.01", "0"), "50", "inverse", "BTC/USD", "1", 1),
        ("kraken-inverse", "PI_ETHUSD", 0, (None, "0.01", "0"), "50", "inverse", "ETH/USD", "1", 1),
        ("hyperliquid", "BTC", 0, ("150000000", "0.0125", "0"), "40", "linear", "BTC/USDC", "1", 2),
        ("hyperliquid", "BTC", 1, (None, "0.025", "1875000"), "20", "linear", "BTC/USDC", "1", 2),
        ("dydx", "BTC-USD", 0, (None, "0.012", "0"), "50", "linear", "BTC/USDC", "1", 1),
        ("dydx", "SOL-USD", 0, (None, "0.03", "0"), "20", "linear", "SOL/USDC", "1", 1),
    ],
)
def test_rows_of_the_listings(name, symbol, k, row, leverage, kind, pair, size, tiers):
    contract = bundled(name).contract(symbol)
    found = tier(contract, k)
    assert tuple(None if v is None else D(v) for v in found) == tuple(None if v is None else D(v) for v in row)
    if leverage is not None:
        assert contract.tiers[k].initial_rate == 1 / D(leverage)
    assert (contract.type.value, f"{contract.base}/{contract.quote}") == (kind, pair)
    assert contract.contract_size == D(size)
    assert len(contract.tiers) == tiers


@pytest.mark.parametrize("name", ["kraken", "kraken-inverse"])
def test_kraken_maintenance_is_half_of_initial_in_every_level(name):
    rows = [row for symbol in bundled(name).symbols() for row in bundled(name).contract(symbol).tiers]
    assert len(rows) == {"kraken": 9, "kraken-inverse": 4}[name]
    assert all(row.maintenance_rate * 2 == row.initial_rate for row in rows)


@pytest.mark.parametrize(
    ("symbol", "as_of", "rates"),
    [
        ("BTC-PERPETUAL", "2022-01-11", ("0.02", "0.01", "0.00005")),
        ("ETH-PERPETUAL", "2022-01-11", ("0.02", "0.01", "0.000004")),
        ("BTC_USDC-PERPETUAL", None, ("0.02", "0.01", "0.00005")),
        ("SOL_USDC-PERPETUAL", None, ("0.04", "0.02", "0.000005")),
    ],
)
def test_rates_that_grow_with_the_size_are_the_published_ones(symbol, as_of, rates):
    listing = bundled("deribit").listing(symbol)
    initial, maintenance, growth = map(D, rates)
    assert (listing.contract.tiers, listing.as_of, listing.status.value) == ((), as_of, "partial")
    assert (listing.rates.initial_rate, listing.rates.maintenance_rate) == (initial, maintenance)
    assert (listing.rates.initial_growth, listing.rates.maintenance_growth) == (growth, growth)


def test_an_initial_rate_is_the_printed_one_or_the_inverse_of_the_leverage():
    assert bundled("okx").contract("BTC-USDT-SWAP").tiers[1].initial_rate == D("0.015")  # printed beside 66.66x
    assert bundled("bybit").contract("BTCUSDT").tiers[6].initial_rate == 1 / D(55)


def test_the_second_hyperliquid_tier_of_eth_is_an_exact_thirtieth():
    row = bundled("hyperliquid").contract("ETH").tiers[1]
    assert abs(row.maintenance_rate * 30 - 1) < D("1e-90")
    assert abs(row.deduction * 3 - 4000000) < D("1e-80")


@pytest.mark.parametrize(
    ("name", "symbol", "tiers_by"),
    [
        ("okx", "BTC-USDT-SWAP", TiersBy.QUANTITY),
        ("mexc", "BTC_USDT", TiersBy.QUANTITY),
        ("weex", "TRBUSDT", TiersBy.QUANTITY),
        ("weex", "PAXGUSDT", TiersBy.NOTIONAL),
        ("bybit", "BTCUSDT", TiersBy.NOTIONAL),
    ],
)
def test_what_tiers_are_measured_in(name, symbol, tiers_by):
    assert bundled(name).contract(symbol).tiers_by is tiers_by


def test_venues_that_publish_no_maintenance_rates_list_contracts_without_tiers():
    listing = bundled("bingx-usdm").listing("BTC-USDT")
    assert listing.contract.tiers == ()
    assert [(cap.up_to, cap.max_leverage) for cap in listing.leverage_caps[:2]] == [(300000, 150), (800000, 100)]
    assert len(listing.leverage_caps) == 12
    for name, symbol, size in (
        ("bingx-coinm", "BTC-USD", 100),
        ("okx", "BTC-USD-SWAP", 100),
        ("deribit", "BTC-PERPETUAL", 10),
    ):
        contract = bundled(name).contract(symbol)
        assert (contract.type, contract.contract_size, contract.tiers) == (ContractType.INVERSE, size, ())


@pytest.mark.parametrize(
    ("name", "mode", "asset", "haircut"),
    [
        ("generic", "multi-asset", "USDT", "0"),
        ("generic", "multi-asset", "BTC", None),
        ("binance-usdm", "multi-asset", "BTC", "0.05"),
        ("binance-usdm", "multi-asset", "FDUSD", "0.011"),
        ("binance-usdm", "multi-asset", "USDT", "0.0001"),
        ("binance-usdm", "multi-asset", "SOL", None),  # only of 2021-2022
        ("binance-usdm", "single-asset", "SOL", "0"),  # haircuts do not count there
        ("binance-pm", "multi-asset", "AXS", "0.5"),  # 60% of 2025-05-16, replaced on 2025-06-13
        ("binance-pm", "multi-asset", "GALA", "0.7"),  # 2025-11-04 after 2025-10-21
        ("binance-pm", "multi-asset", "IOTA", "0.85"),
        ("binance-pm", "multi-asset", "BTC", None),  # only an undated sample
        ("bybit", "multi-asset", "USDT", "0"),
        ("bybit", "multi-asset", "BTC", None),
        ("bybit", "multi-asset", "USDC", None),
        ("bingx-usdm", "multi-asset", "USDT", "0.0001"),
        ("bingx-usdm", "multi-asset", "TRX", None),
        ("mexc", "multi-asset", "BTC", "0.025"),
        ("okx", "multi-asset", "BTC", None),
        ("okx", "multi-asset", "USDT", None),
        ("kraken", "multi-asset", "USD", "0"),
        ("kraken", "multi-asset", "AAVE", "0.2"),
        ("kraken", "multi-asset", "BTC", "0.01"),
        ("kraken", "multi-asset", "SOL", "0.075"),
        ("kraken", "multi-asset", "USDC", None),
        ("bitget", "multi-asset", "USDT", "0"),
        ("bitget", "multi-asset", "BTC", None),
        ("gate", "multi-asset", "USDT", None),  # only a sample
        ("deribit", "multi-asset", "USDC", None),
        ("hyperliquid", "single-asset", "USDC", "0"),
        ("hyperliquid", "single-asset", "USDT", None),
        ("dydx", "single-asset", "ETH", None),
        ("weex", "single-asset", "USDT", "0"),
    ],
)
def test_haircuts_in_force(name, mode, asset, haircut):
    terms = bundled(name).mode(mode).terms(asset, "USD")
    assert (None if terms is None else terms.haircuts[0].haircut) == (None if haircut is None else D(haircut))


def test_the_account_currency_has_no_haircut_under_the_generic_rules():
    assert bundled("generic").mode().terms("USD", "USD").haircuts[0].haircut == 0


def test_an_ask_buffer_is_taken_to_equal_the_haircut():
    mode = bundled("binance-usdm").mode("multi-asset")
    terms = mode.terms("BTC", "USD")
    assert (terms.liability_factor, terms.requirement_factor) == (D("1.05"), D("1.05"))
    assert any("ask_buffer = haircut" in note.text for note in mode.notes)
    assert bundled("bybit").mode().terms("USDT", "USD").liability_factor == 1


def test_mexc_knows_no_haircut_beyond_a_hundred_btc():
    collateral = bundled("mexc").mode("multi-asset").collateral
    assert collateral.largest_amount("BTC") == 100
    assert collateral.largest_amount("USDT") is None
    terms = collateral.terms("BTC", "USD")
    assert [(row.up_to, row.haircut) for row in terms.haircuts] == [
        (1, D("0.025")),
        (5, D("0.03")),
        (10, D("0.035")),
        (50, D("0.04")),
        (100, D("0.15")),
    ]


def test_bingx_has_a_second_haircut_for_opening():
    assets = bundled("bingx-usdm").mode("multi-asset").collateral.assets
    assert (assets["TRX"].initial_haircut, assets["TRX"].haircuts[0].haircut) == (D("0.15"), D("0.05"))
    assert (assets["BTC"].initial_haircut, assets["BTC"].haircuts[0].up_to) == (D("0.05"), 10)


@pytest.mark.parametrize(
    ("name", "mode", "required"),
    [
        ("binance-pm", "multi-asset", True),
        ("bybit", "multi-asset", True),
        ("okx", "multi-asset", True),
        ("mexc", "multi-asset", True),
        ("binance-usdm", "multi-asset", False),
        ("generic", "multi-asset", False),
    ],
)
def test_where_a_debt_needs_a_loan_rate_from_the_portfolio(name, mode, required):
    assert bundled(name).mode(mode).collateral.requires_loan_rate("USDC") is required


def test_a_fee_that_is_published_is_stated_and_one_that_is_not_is_asked_for():
    assert bundled("weex").mode().taker_fee == D("0.0008")
    for name in ("bybit", "okx", "mexc", "bingx-usdm", "bingx-coinm"):
        rule_set = bundled(name)
        assert rule_set.mode().rules.needs_taker_fee
        assert rule_set.mode().taker_fee is None
        assert rule_set.taker_fee_hint


def test_liquidation_sequences():
    step = LiquidationStep
    bingx = bundled("bingx-usdm").liquidation
    assert bingx.steps == [step.CANCEL_ORDERS, step.NET_LEGS, step.CLOSE_POSITIONS]
    assert bingx.order is PublishedOrder.LARGEST_LOSS_FIRST
    assert bundled("weex").liquidation.steps == []
    hyperliquid = bundled("hyperliquid").liquidation
    assert (hyperliquid.fee, hyperliquid.order) == (0, PublishedOrder.ALL_AT_ONCE)
    assert abs(hyperliquid.take_over_level * 3 - 2) < D("1e-90")
    assert bundled("binance-usdm").liquidation.fee is None
    assert bundled("dydx").liquidation.order is PublishedOrder.RANDOM


def test_funding_intervals():
    assert bundled("bingx-usdm").published_funding_interval == 8
    assert bundled("bybit").published_funding_interval is None
    assert bundled("bybit").funding_interval == 8


def test_only_the_generic_rules_are_conventions():
    assert [name for name in PRODUCTS if bundled(name).is_generic] == ["generic"]
    assert [name for name in PRODUCTS if bundled(name).splits_symbols] == ["generic"]


def test_what_is_not_offered_says_why():
    message = bundled("bybit").not_offered_message("margin_model", "scenario")
    assert message == "Bybit portfolio margin is not offered yet: its ranges and factors are not published"
    assert bundled("bybit").not_offered_message("margin_model", "tiered") == ""


def test_rules_are_plain_data():
    rules = bundled("bybit").mode().rules
    assert (rules.equality, rules.open_loss) == (Equality.LIQUIDATED, OpenLoss.MARGIN)
    assert bundled("bybit").mode().rules.close_fee_in is CloseFeeIn.INITIAL_AND_MAINTENANCE
    json.dumps([text for name in PRODUCTS for text in bundled(name).unknown])
