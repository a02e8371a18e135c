"""Published answers beside this module: tables, contracts and settings, every figure by hand."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from marginctl.core.contract import ContractType, TiersBy
from marginctl.venues.answers import answer_of
from marginctl.venues.answers.account import Amount, LeftOut, PublishedContract, VenueAnswer
from marginctl.venues.answers.public_reading import decimal_of
from marginctl.venues.answers.recognition import AnswerFile, read_answers
from marginctl.venues.tiers import TierRow

from .recordings import F, document_of, file_of

D = Decimal
FOLDER = Path(__file__).parent / "public"


def published(name: str) -> VenueAnswer:
    path = FOLDER / f"{name}.json"
    (answer,), problems = read_answers([AnswerFile(path.name, path.read_bytes())], name.partition(".")[0])
    assert [one.message for one in problems] == []
    return answer


def rows(answer: VenueAnswer) -> dict[str, list[tuple[Any, ...]]]:
    """Border, rate, initial rate, leverage, deduction of every tier, by contract."""
    return {
        table.name: [
            (row.up_to, row.maintenance_rate, row.initial_rate, row.max_leverage, row.deduction) for row in table.rows
        ]
        for table in answer.tables
    }


TABLES = {
    "hyperliquid.meta": {
        # 1 / (2 x 40), 1 / (2 x 20); a market with an id below 50 has one tier
        "BTC": [(D(150000000), D("0.0125"), None, D(40), None), (None, D("0.025"), None, D(20), None)],
        "XMR": [(D(3000000), D("0.05"), None, D(10), None), (None, D("0.1"), None, D(5), None)],
        "MATIC": [(None, D("0.025"), None, D(20), None)],
    },
    "dydx.perpetualMarkets": {"BTC-USD": [(None, D("0.012"), D("0.02"), None, None)]},
    "bingx-usdm.maintMarginRatio": {
        "BTC-USDT": [
            (D(150000), D("0.0033"), None, None, D(0)),
            (D(900000), D("0.005"), None, None, D(255)),
        ]
    },
    "bitget.query-position-lever": {
        "BTCUSDT": [
            (D(50000), D("0.004"), None, D(125), D(0)),
            (D(200000), D("0.005"), None, D(100), D(0)),
        ]
    },
    "gate.risk_limit_tiers": {
        "BTC_USDT": [
            (D(1000000), D("0.003"), D("0.005"), D(200), D(0)),
            (D(2000000), D("0.004"), D("0.008"), D(125), D(1000)),
        ]
    },
    "kraken-inverse.instruments": {
        "PI_XBTUSD": [(D(500000), D("0.01"), D("0.02"), None, None), (None, D("0.02"), D("0.04"), None, None)],
    },
    "kraken.instruments": {
        "PF_PEPEUSD": [(D(2000000), D("0.01"), D("0.02"), None, None), (None, D("0.02"), D("0.04"), None, None)],
    },
    "binance-usdm.ccxt-leverage-tiers": {
        "BTCUSDT": [
            (D(300000), D("0.004"), None, D(150), D(0)),
            (D(800000), D("0.005"), None, D(100), D(300)),
        ],
        "BTCUSDT_261225": [(D(375000), D("0.02"), None, D(25), D(0))],
    },
    "bybit.ccxt-leverage-tiers": {"BTCUSDT": [(D(2000000), D("0.005"), None, D(100), D(0))]},
    "okx.ccxt-leverage-tiers": {"BTC-USDT": [(D(1000), D("0.004"), D("0.01"), D(100), D(0))]},
    "bitget.ccxt-leverage-tiers": {"BTCUSDT": [(D(50000), D("0.004"), None, D(125), D(0))]},
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_read_to_the_last_figure(name: str) -> None:
    answer = published(name)
    assert rows(answer) == TABLES[name]
    assert [table.fault for table in answer.tables] == [""] * len(answer.tables)


def test_levels_that_are_not_listed_rise_by_their_steps() -> None:
    answer = published("mexc.detail")
    found = rows(answer)
    assert answer.tiers_by is TiersBy.QUANTITY
    assert len(found["BTC_USDT"]) == 13
    assert found["BTC_USDT"][:2] == [
        (D(15000), D("0.0015"), D("0.0025"), None, D(0)),
        (D(215000), D("0.0065"), D("0.0105"), None, D(0)),
    ]
    assert found["BTC_USDT"][12] == (D(2415000), D("0.0615"), D("0.0985"), None, D(0))
    assert found["DOT_USDT"] == [
        (D(500000), D("0.002"), D("0.0033"), D(300), D(0)),
        (D(13000000), D("0.0025"), D("0.005"), D(200), D(0)),
    ]
    assert {table.name: table.fault for table in answer.tables} == {
        "BTC_USDT": "",
        "DOT_USDT": "",
        "SOL_USDT": "its levels go by value (riskLimitType), those of the rule set count contracts",
    }


def test_a_type_is_said_where_all_contracts_are_of_it() -> None:
    assert published("hyperliquid.meta").tables_type is ContractType.LINEAR
    assert published("kraken-inverse.instruments").tables_type is ContractType.INVERSE
    assert published("gate.risk_limit_tiers").tables_type is None


def test_gate_rows_without_a_contract_are_nobodys() -> None:
    document = document_of(FOLDER / "gate.risk_limit_tiers.json")
    (answer,), _ = read_answers([file_of([{**row, "contract": ""} for row in document])])
    assert "names no contract" in answer.tables[0].fault


CONTRACTS = {
    "binance-usdm.exchangeInfo": PublishedContract(
        symbol="BTCUSDT_261225",
        type=ContractType.LINEAR,
        base="BTC",
        quote="USDT",
        settle="USDT",
        contract_size=D(1),
        tick_size=D("0.1"),
        lot=D("0.001"),
        expires="2026-12-25",
    ),
    "binance-coinm.exchangeInfo": PublishedContract(
        symbol="BTCUSD_PERP",
        type=ContractType.INVERSE,
        base="BTC",
        quote="USD",
        settle="BTC",
        contract_size=D(100),
        tick_size=D("0.1"),
        lot=D(1),
    ),
    "bybit.instruments": PublishedContract(
        symbol="BTCUSDT",
        type=ContractType.LINEAR,
        base="BTC",
        quote="USDT",
        settle="USDT",
        contract_size=D(1),
        tick_size=D("0.1"),
        lot=D("0.001"),
        max_leverage=Amount(F("100"), F("0.01")),
    ),
    "gate.contracts": PublishedContract(
        symbol="BTC_USD",
        type=ContractType.INVERSE,
        contract_size=D(1),
        tick_size=D("0.1"),
        mark_price=Amount(F("37985.6"), F("0.1")),
        taker_fee=Amount(F("0.00075"), F("0.00001")),
        max_leverage=Amount(F(100), F(1)),
    ),
    "kraken.instruments": PublishedContract(
        symbol="PF_PEPEUSD",
        type=ContractType.LINEAR,
        base="PEPE",
        quote="USD",
        contract_size=D(1),
        tick_size=D("0.0000000001"),
    ),
    "deribit.instruments": PublishedContract(
        symbol="BTC-PERPETUAL",
        type=ContractType.INVERSE,
        base="BTC",
        quote="USD",
        settle="BTC",
        contract_size=D(10),
        tick_size=D("0.5"),
        taker_fee=Amount(F("0.0005"), F("0.0001")),
        max_leverage=Amount(F(50), F(1)),
    ),
    "mexc.fair_price": PublishedContract(symbol="BTC_USDT", mark_price=Amount(F(114700), F(1))),
    "binance-usdm.symbolConfig": PublishedContract(symbol="BTCUSDT", margin_mode="cross", leverage=Amount(F(21), F(1))),
    "bybit.fee-rate": PublishedContract(symbol="ETHUSDT", taker_fee=Amount(F("0.00055"), F("0.00001"))),
    "dydx.perpetualMarkets": PublishedContract(
        symbol="BTC-USD",
        type=ContractType.LINEAR,
        contract_size=D(1),
        tick_size=D(1),
        lot=D("0.0001"),
        mark_price=Amount(F(82501), F(1)),
    ),
    "bitget.contracts": PublishedContract(
        symbol="BTCUSDT",
        base="BTC",
        quote="USDT",
        contract_size=D(1),
        lot=D("0.001"),
        taker_fee=Amount(F("0.0006"), F("0.0001")),
        max_leverage=Amount(F(125), F(1)),
    ),
}


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_is_read_to_the_last_figure(name: str) -> None:
    assert published(name).contracts[-1] == CONTRACTS[name]


def test_a_perpetual_has_no_expiry_however_far_away_it_is_printed() -> None:
    assert published("binance-usdm.exchangeInfo").contracts[0].expires is None


SETTINGS = {
    "binance-usdm.accountConfig": ("hedge", "single-asset", None),
    "binance-usdm.multiAssetsMargin": (None, "multi-asset", None),
    "binance-usdm.commissionRate": (None, None, F("0.0004")),
    "bybit.account-info": (None, "multi-asset", None),
    "okx.config": ("hedge", "multi-asset", None),
    "okx.trade-fee": (None, None, F("0.0005")),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_of_the_account(name: str) -> None:
    answer = published(name)
    fee = None if answer.taker_fee is None else answer.taker_fee.value
    assert (answer.position_mode, answer.collateral_mode, fee) == SETTINGS[name]


@pytest.mark.parametrize(
    ("name", "field", "value", "message"),
    [
        ("okx.config", "acctLv", "4", "account level 4, portfolio margin"),
        ("okx.config", "acctLv", "1", "account level 1, spot alone"),
        ("okx.config", "acctLv", "9", "`acctLv` is `9`, known: 1, 2, 3, 4"),
        ("bybit.account-info", "unifiedMarginStatus", "1", "a classic account"),
        ("bybit.account-info", "marginMode", "PORTFOLIO_MARGIN", "portfolio margin"),
    ],
)
def test_an_account_that_no_rule_covers_is_refused(name: str, field: str, value: str, message: str) -> None:
    document = document_of(FOLDER / f"{name}.json")
    (document["data"][0] if "data" in document else document["result"])[field] = value
    _, (problem,) = read_answers([file_of(document)])
    assert message in problem.message


def test_orders_that_need_no_margin_are_left_out_and_named() -> None:
    answer = published("binance-usdm.openOrders")
    (order,) = answer.orders
    assert (order.side, order.quantity.value, order.price.value, order.reduce_only) == (
        "buy",
        F("0.6"),
        59000,
        False,
    )
    assert answer.left_out == (LeftOut("conditional orders", 1, ("BTCUSDT",)),)
    (order,) = published("okx.orders").orders
    assert (order.side, order.quantity.value, order.position_side) == ("sell", 2, "short")


def test_positions_of_a_portfolio_margin_account() -> None:
    (btc,) = published("binance-pm.um-account").positions
    assert btc.mark_price is not None
    assert btc.entry_price is not None
    assert (btc.mark_price.value, btc.entry_price.value) == (F("86986.5"), F("86486.5"))
    (coin,) = published("binance-pm.cm-account").positions
    assert (coin.side, coin.quantity.value, coin.leg) == ("short", 3, "short")


def test_a_position_of_a_venue_whose_accounts_have_no_recording() -> None:
    answer = published("bitget.all-position")
    (btc,) = answer.positions
    assert (answer.position_mode, answer.collateral_mode, btc.leg) == ("one-way", "single-asset", "one-way")
    assert (btc.side, btc.quantity.value, btc.margin_mode) == ("long", F("0.01"), "cross")
    assert btc.expect["unrealized_pnl"] == Amount(F("14.338"), F("0.001"))


def test_an_account_has_no_tables_to_refresh() -> None:
    path = Path(__file__).parent / "recorded/bybit/1-sol-cross.wallet.json"
    answer, (problem,) = answer_of(path.read_bytes(), "wallet.json")
    assert answer is None
    assert problem.help.startswith("known: leverage brackets, ")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (F("1/8"), "0.125"),
        (F("-2.50"), "-2.5"),
        (F("120"), "120"),
        (F("1/3"), "0.3333333333333333333333333333"),
        (F("200/3"), "66.66666666666666666666666667"),
        (F("1/30"), "0.03333333333333333333333333333"),
        (F("2/3") / 10**9, "6.666666666666666666666666667E-10"),
        (Fraction(10**30, 3), "3.333333333333333333333333333E+29"),
    ],
)
def test_a_number_is_exact_where_it_ends_and_has_28_digits_where_it_does_not(value: Fraction, written: str) -> None:
    assert str(decimal_of(value)) == written


def test_a_tier_row_keeps_every_digit() -> None:
    assert TierRow(up_to=decimal_of(F("9007199254740993")), maintenance_rate=None).up_to == D("9007199254740993")
