"""Every figure of a recorded answer is read exactly; worked-out ones are the fraction that they are.

Expected figures are those of the files, put together by hand.
"""

from fractions import Fraction

import pytest

from marginctl.venues.answers.account import Amount, LeftOut, Lost, MorePages
from marginctl.venues.answers.recognition import read_answers

from .recordings import FOLDER, F, document_of, file_of, read


def values(figures) -> dict[str, Fraction | None]:
    return {name: None if amount is None else amount.value for name, amount in figures.items()}


def test_a_binance_account_of_one_cross_long() -> None:
    (answer,) = read("binance-usdm/1-fil-testnet-long.account.json")
    (usdt,) = answer.collateral
    (long,) = answer.positions
    assert (answer.venue, answer.name, answer.position_mode, answer.collateral_mode) == (
        "binance-usdm",
        "account",
        "one-way",
        None,
    )
    assert (usdt.asset, usdt.amount) == ("USDT", Amount(F("14614.57417048"), F("1e-8")))
    assert (long.symbol, long.side, long.leg, long.margin_mode) == ("BTCUSDT", "long", "one-way", "cross")
    assert (long.quantity, long.leverage) == (Amount(F("0.237"), F("0.001")), Amount(F(2), F(1)))
    assert long.entry_price == Amount(F("16747.72013242"), F("1e-8"))
    assert long.mark_price is not None
    assert long.mark_price.value == F("16747.72013242") - F("164.57300483") / F("0.237")
    # a last digit of the entry, of the profit / 0.237, and of the quantity: 164.57300483 x 0.001 / 0.237^2
    assert long.mark_price.unit == F("1e-8") + F("1e-8") / F("0.237") + F("164.57300483") * F("0.001") / F("0.056169")
    assert long.mark_price.formula == "entryPrice + (unrealizedProfit / positionAmt)"
    assert values(long.expect) == {
        "unrealized_pnl": F("-164.57300483"),
        "initial_margin": F("1902.31833327"),
        "maintenance_margin": F("15.21854666"),
    }
    assert values(answer.expect) == {
        "equity": F("14450.00116565"),
        "unrealized_pnl": F("-164.57300483"),
        "initial_margin": F("1902.31833327"),
        "order_margin": F(0),
        "maintenance_margin": F("15.21854666"),
    }
    assert answer.lost == ()


def test_an_isolated_leg_has_what_was_set_aside_and_not_the_margin_with_profit() -> None:
    (answer,) = read("binance-usdm/10-blur-isolated-both.positionRisk.json")
    long, short = answer.positions
    assert (answer.position_mode, long.leg, short.leg, short.side) == ("hedge", "long", "short", "short")
    assert (long.isolated_margin, short.isolated_margin) == (
        Amount(F("2.52551250"), F("1e-8")),
        Amount(F("5.04210448"), F("1e-8")),
    )
    assert short.quantity.value == 28
    assert values(short.expect) == {
        "unrealized_pnl": F("0.0154"),
        "notional": F("20.1908"),
        "contract_liquidation_price": F("0.88839917"),
    }


def test_rows_of_no_size_are_no_positions_but_say_how_positions_are_held() -> None:
    (answer,) = read("binance-usdm/3-hedge-long-docs.positionRisk.json")
    assert [one.symbol for one in answer.positions] == ["BTCUSDT"]
    assert answer.position_mode == "hedge"


def test_no_liquidation_price_is_shown_as_a_zero() -> None:
    (answer,) = read("binance-usdm/5-no-liquidation-1x.positionRisk.json")
    assert answer.positions[0].expect["contract_liquidation_price"] is None
    (answer,) = read("hyperliquid/3-sol-short-eth-long.clearinghouseState.json")
    assert "contract_liquidation_price" not in answer.positions[1].expect  # null says nothing


def test_a_third_version_has_neither_leverage_nor_margin_mode() -> None:
    (ada,) = read("binance-usdm/7-ada-v3-docs.positionRisk.json")[0].positions
    assert (ada.leverage, ada.margin_mode, ada.isolated_margin) == (None, "cross", None)
    assert ada.initial_margin == Amount(F("0.61571385"), F("1e-8"))
    assert ada.maintenance_rate is not None
    assert ada.maintenance_rate.value == F("0.08004280") / F("12.31427700")
    assert ada.settle == "USDT"


def test_a_number_with_an_exponent() -> None:
    (agix,) = read("binance-usdm/9-agix-isolated-short.positionRisk.json")[0].positions
    assert (agix.side, agix.isolated_margin) == ("short", Amount(F("5.87046330"), F("1e-8")))


def test_a_coin_margined_position_is_counted_in_contracts() -> None:
    (btc,) = read("binance-coinm/1-docs-long.positionRisk.json")[0].positions
    assert (btc.symbol, btc.quantity.value, btc.notional) == (
        "BTCUSD_201225",
        1,
        Amount(F("11788.66626667"), F("1e-8")),
    )
    assert btc.expect["unrealized_pnl"] == Amount(F("0.00005866"), F("1e-8"))


def test_a_portfolio_margin_balance_is_three_wallets_less_what_is_owed() -> None:
    (answer,) = read("binance-pm/1-papi-balance.balance.json")
    held = {one.asset: one.amount for one in answer.collateral}
    assert {asset: amount.value for asset, amount in held.items()} == {
        "ETH": F("0.00057786"),
        "USDT": F("30.6003261") + F("105.43419058") - F("0.00011146") - F("0.00007902"),
        "LTC": F("0.000636"),
        "USDC": -F("0.00017186"),
        "ADA": F("10.0325"),
    }
    # 30.6003261, 105.43419058, 0.0, 0.00011146, 0.00007902
    assert held["USDT"].unit == F("1e-7") + F("1e-8") + F("0.1") + F("1e-8") + F("1e-8")


def test_a_margin_ratio_the_other_way_round() -> None:
    (answer,) = read("binance-pm/2-papi-account-docs.account.json")
    assert answer.expect["maintenance_ratio"] == Amount(
        1 / F("5167.92171923"), F("1e-8") / F("5167.92171923") ** 2, "1 / uniMMR"
    )
    assert answer.as_of == "2022-07-13T10:13:32.154Z"


def test_a_bybit_wallet_and_position_of_one_moment() -> None:
    wallet, position = read("bybit/1-sol-cross.wallet.json", "bybit/1-sol-cross.position.json")
    assert wallet.as_of == position.as_of == "2025-10-02T19:16:00.944Z"
    (usdt,) = wallet.collateral
    assert (usdt.amount.value, usdt.amount.formula) == (F("11.47904524") - F("0.0018"), "equity - unrealisedPnl")
    assert usdt.price is not None
    assert usdt.price.value == F("11.48691986") / F("11.47904524")
    assert (usdt.unused, wallet.whole, wallet.collateral_mode) == (False, True, "multi-asset")
    assert values(wallet.expect) == {
        "equity": F("11.48691986"),
        "initial_margin + order_margin": F("4.69101722"),
        "maintenance_margin": F("0.26042892"),
        "free_collateral": F("6.79608275"),
        "utilization": F("0.4083"),
        "maintenance_ratio": F("0.0226"),
    }
    assert wallet.expect["maintenance_ratio"] == Amount(F("0.0226"), F("0.0001"), cut=True)
    (sol,) = position.positions
    assert sol.entry_price is not None
    assert sol.entry_price.value == F("46.604") / F("0.2") == F("233.02")
    assert values(sol.expect) == {
        "unrealized_pnl": F("0.0018"),
        "initial_margin": F("4.68780139"),
        "maintenance_margin": F("0.26025039"),
        "contract_liquidation_price": F("176.89650029"),
    }


def test_a_bybit_account_without_the_newer_margins_names_the_older_field() -> None:
    (answer,) = read("bybit/2-xrp-with-order.position.json")
    assert answer.positions[0].expect["initial_margin"] == Amount(F("1.11999668"), F("1e-8"), "positionIM")
    assert "contract_liquidation_price" not in answer.positions[0].expect


def test_a_resting_order() -> None:
    (order,) = read("bybit/2-xrp-with-order.order.json")[0].orders
    assert (order.symbol, order.side, order.quantity.value, order.price.value) == ("XRPUSDT", "buy", 10, F("2.5293"))
    assert (order.reduce_only, order.position_side) == (False, None)


def test_a_cursor_with_fewer_rows_than_a_page_is_no_further_page() -> None:
    (answer,) = read("bybit/4-ltc-ccxt.position.json")
    assert answer.more is None
    (ltc,) = answer.positions
    assert (ltc.margin_mode, ltc.isolated_margin) == ("cross", None)  # positionBalance is not set aside in cross
    assert ltc.entry_price is not None
    assert ltc.entry_price.value == F("77.519375") / F("1.2")


def test_the_value_of_an_inverse_bybit_position_is_in_its_coin() -> None:
    document = document_of(FOLDER / "bybit/4-ltc-ccxt.position.json")
    row = {"symbol": "BTCUSDZ26", "size": "6000", "positionValue": "0.1", "avgPrice": "60000.1", "markPrice": "61000"}
    document["result"]["list"][0].update(row)
    (answer,), problems = read_answers([file_of(document)])
    assert problems == []
    entry = answer.positions[0].entry_price
    assert entry is not None
    assert (entry.value, entry.formula) == (60000, "size / positionValue")


def test_a_message_of_a_stream_is_the_answer_in_it() -> None:
    document = document_of(FOLDER / "hyperliquid/1-hype-isolated.clearinghouseState.json")
    message = {"channel": "webData2", "data": {"clearinghouseState": document, "user": "0x0"}}
    (answer,), _ = read_answers([file_of(message, "1-hype-isolated.clearinghouseState.json")])
    assert (answer,) == read("hyperliquid/1-hype-isolated.clearinghouseState.json")


def test_an_object_of_ccxt_is_the_answer_in_it() -> None:
    (answer,) = read("bybit/7-ccxt-unified-balance.ccxt-balance.json")
    assert [(one.asset, one.amount.value, one.unused) for one in answer.collateral] == [
        ("USDC", 50000, False),
        ("BTC", 1, True),
        ("ETH", 1, True),
        ("USDT", 50000, False),
    ]
    assert answer.as_of == "2024-09-08T00:16:24.140Z"
    assert answer.whole is True


def test_an_okx_account_of_one_isolated_position() -> None:
    balance, positions, instruments = read(
        *(f"okx/1-eth-isolated.{name}.json" for name in ("balance", "positions", "instruments"))
    )
    (usdt,) = balance.collateral
    assert usdt.amount.value == F("4720.3467606665545") - F("3019.3729848096195") == F("1700.973775856935")
    assert usdt.haircut is not None
    assert usdt.haircut.value == 1 - F("4718.942170210257") / F("4719.308284379208")
    assert balance.expect == {}  # totals are "" in this mode
    assert balance.whole is False  # one of several currencies
    (eth,) = positions.positions
    assert (eth.symbol, eth.side, eth.leg, eth.margin_mode, eth.settle) == (
        "ETH-USDT-SWAP",
        "long",
        "long",
        "isolated",
        "USDT",
    )
    assert eth.isolated_margin == Amount(F("1700.6075811251431723"), F("1e-16"))
    assert eth.expect["maintenance_margin"] == Amount(F("47.59679744"), F("1e-8"))  # mmr, without the fee to close
    (contract,) = instruments.contracts
    assert (str(contract.contract_size), str(contract.tick_size), contract.settle) == ("0.1", "0.01", "USDT")
    assert contract.type is not None
    assert contract.type.value == "linear"


def test_what_totals_of_an_okx_account_contain_is_named() -> None:
    (answer,) = read("okx/3-many-currencies.balance.json")
    assert answer.whole is True
    assert len(answer.collateral) == 13
    assert answer.lost == (Lost("spot orders (ordFroz)"),)
    (answer,) = read("okx/2-balance-docs.balance.json")
    assert answer.lost == (Lost("strategy accounts (stgyEq)"),)
    assert answer.expect["maintenance_margin"].value == F("0.3428274116")  # mmr, without the fee to close
    assert answer.expect["maintenance_ratio"].value == 1 / F("143682.59776662575")


@pytest.mark.parametrize(
    ("name", "usdc"),
    [
        ("1-hype-isolated", F("83.307638") + F("0.006")),
        ("2-eth-isolated-docs", F("13109.482328") + F("0.0134")),
        ("3-sol-short-eth-long", F("11524.216934") - F("0.4") - F("2059.2")),
        ("4-hip3-crcl", F("6.889701") + F("0.01924")),
    ],
)
def test_a_hyperliquid_balance_is_without_the_profit_in_its_value(name, usdc) -> None:
    (answer,) = read(f"hyperliquid/{name}.clearinghouseState.json")
    assert [(one.asset, one.amount.value) for one in answer.collateral] == [("USDC", usdc)]


def test_a_hyperliquid_position_is_worked_back_from_its_value() -> None:
    (answer,) = read("hyperliquid/1-hype-isolated.clearinghouseState.json")
    (hype,) = answer.positions
    assert hype.mark_price is not None
    assert hype.entry_price is not None
    assert hype.isolated_margin is not None
    assert hype.maintenance_rate is not None
    assert hype.mark_price.value == F("75.652") / 2
    assert hype.entry_price.value == F("75.652") / 2 + F("0.006") / 2 == F("37.829")
    assert hype.isolated_margin.value == F("7.525754") + F("0.006")
    assert (hype.leverage, hype.maintenance_rate.value) == (Amount(F(10), F(1)), F("1/20"))
    assert values(answer.expect) == {
        "equity": F("83.307638"),
        "gross_notional": F("75.652"),
        "cross.equity": F("75.781884"),
        "cross.initial_margin": F(0),
        "cross.maintenance_margin": F(0),
    }
    (answer,) = read("hyperliquid/4-hip3-crcl.clearinghouseState.json")
    assert answer.positions[0].symbol == "flx:CRCL"
    assert answer.as_of == "2025-11-28T17:29:19.056Z"


def test_a_dydx_account_is_its_equity_without_profit_and_not_its_cash() -> None:
    (answer,) = read("dydx/1-btc-short.subaccount.json")
    profit = F("1339.12776155490566037735812")
    (usdc,), (btc,) = answer.collateral, answer.positions
    assert usdc.amount.value == F("25346.73993597") - profit
    assert (btc.side, btc.quantity.value) == ("short", F("0.491"))
    assert btc.entry_price == Amount(F("118703.60811320754716981132"), F("1e-20"))
    assert btc.mark_price is not None
    assert btc.mark_price.value == F("118703.60811320754716981132") - profit / F("0.491")
    (answer,) = read("dydx/2-usdc-only.subaccount.json")
    assert (answer.positions, answer.collateral[0].amount.value) == ((), F("45.201296"))


def test_a_bingx_mark_that_is_not_printed_is_worked_back_from_the_profit() -> None:
    (xrp,) = read("bingx/2-xrp-cross.positions.json")[0].positions
    assert (xrp.leg, xrp.margin_mode) == ("long", "cross")
    assert xrp.mark_price is not None
    assert xrp.mark_price.value == F("0.6139") - F("0.0019") / 3
    (fart,) = read("bingx/1-fartcoin-isolated.positions.json")[0].positions
    assert (fart.leg, fart.mark_price) == ("one-way", Amount(F("1.0925"), F("0.0001")))
    assert fart.isolated_margin is not None
    assert fart.isolated_margin.value == F("21.4291") + F("4.0142")


def test_balances_of_nothing_are_left_out() -> None:
    (answer,) = read("bingx/2-xrp-cross.balance.json")
    assert [one.asset for one in answer.collateral] == ["USDT"]


def test_mexc_numbers_are_json_numbers_and_there_is_no_mark() -> None:
    (btc,) = read("mexc/1-btc-isolated-10x.open_positions.json")[0].positions
    assert (btc.side, btc.margin_mode, btc.mark_price, btc.isolated_margin) == ("long", "isolated", None, None)
    assert (btc.quantity.value, btc.entry_price) == (1, Amount(F("114744.1"), F("0.1")))
    (eth,) = read("mexc/2-eth-isolated-docs.open_positions.json")[0].positions
    assert eth.isolated_margin == Amount(F("0.1290338"), F("1e-7"))
    (answer,) = read("mexc/2-eth-isolated-docs.assets.json")
    assert answer.collateral[0].amount.value == F("0.03176562")


def test_a_weex_mark_is_its_value_with_profit() -> None:
    (btc,) = read("weex/1-btc-cross-docs.allPosition.json")[0].positions
    assert btc.mark_price is not None
    assert btc.entry_price is not None
    assert btc.mark_price.value == (F("1801.0670000") - F("85.5690000")) / F("0.02")
    assert btc.entry_price.value == F("1801.067") / F("0.02")
    assert values(btc.expect) == {
        "unrealized_pnl": F("-85.569"),
        "initial_margin": F("17.15498"),
        "contract_liquidation_price": None,
    }


def test_a_deribit_balance_is_without_the_profit_of_the_session() -> None:
    (answer,) = read("deribit/1-btc-summary-docs.account_summaries.json")
    assert answer.collateral[0].amount.value == F("302.62729214") - F("0.05921555")
    assert (answer.expect_unit, answer.lost) == ("BTC", (Lost("options (options_value)"),))
    (sol,) = read("deribit/2-sol-perpetual.positions.json")[0].positions
    assert sol.mark_price is not None
    assert (sol.quantity.value, sol.mark_price.value) == (30, 30 / F("0.603420186"))
    # profit of an inverse long: 30 / entry - 30 / mark; the entry of the session, not average_price
    assert sol.entry_price is not None
    assert 30 / sol.entry_price.value - 30 / sol.mark_price.value == F("-0.001131489")


def test_what_is_no_future_is_left_out_and_named() -> None:

    document = document_of(FOLDER / "okx/1-eth-isolated.positions.json")
    option = {**document["data"][0], "instType": "OPTION", "instId": "BTC-USD-260925-60000-C"}
    document["data"] += [option, {**option, "instType": "EVENTS"}]
    from marginctl.venues.answers.recognition import read_answers

    (answer,), problems = read_answers([file_of(document)])
    assert problems == []
    assert answer.left_out == (
        LeftOut("option positions", 1, ("BTC-USD-260925-60000-C",)),
        LeftOut("rows with instType `EVENTS`", 1, ("BTC-USD-260925-60000-C",)),
    )


def test_a_full_page_with_a_cursor_has_another_page() -> None:

    from .recordings import FOLDER, document_of, file_of

    document = document_of(FOLDER / "bybit/4-ltc-ccxt.position.json")
    document["result"]["list"] *= 20
    (answer,), _ = read_answers([file_of(document)])
    assert answer.more == MorePages("cursor", "LTCUSDT%2C1699948800031%2C0", 20, encoded=True)
