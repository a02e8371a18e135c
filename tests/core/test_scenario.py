"""Shocks: prices move, quantities and entries stay, marks follow."""

# A Decimal equals an int: mypy calls such tuples incomparable.
# mypy: disable-error-code="comparison-overlap"

from decimal import Decimal

import pytest
from msgspec.structs import replace
from tests.builders import LONG, SHORT, account, d, inverse, linear, order, position

from marginctl.core.account import Basis, MarginRules
from marginctl.core.assemble import report_of
from marginctl.core.scenario import expanded, moved, moves_in, ratios, remarked

ONE = account(
    position(linear(), LONG, 1, 90, 102, leverage=10),
    position(linear("ETHBTC", "ETH", "BTC"), SHORT, 2, "0.1"),
    orders=(order(linear(), LONG, 1, 80, 102),),
    balances={"USDT": 50, "BTC": 1},
)


def test_a_mark_moves_with_its_base_and_against_its_quote() -> None:
    after = moved(ONE, {"BTC": d("0.8"), "USDT": d("0.5"), "ETH": d("1.6")})
    assert [p.mark_price for p in after.positions] == [d("163.2"), d("0.2")]
    assert (after.prices["BTC"], after.prices["USDT"], after.prices["ETH"]) == (80, d("0.5"), 16)


def test_quantities_entries_balances_and_order_prices_stay() -> None:
    after = moved(ONE, {"BTC": d("0.8")})
    assert [(p.quantity, p.entry_price) for p in after.positions] == [(1, 90), (2, d("0.1"))]
    assert after.balances == ONE.balances
    assert (after.orders[0].price, after.orders[0].mark_price) == (80, d("81.6"))


def test_no_shock_is_the_account_itself() -> None:
    assert moved(ONE, {}) is ONE
    assert moved(ONE, {"BTC": Decimal(1)}) is ONE


def test_an_initial_margin_given_as_an_amount_goes_on_as_its_rate() -> None:
    # 20 on a notional of 100 at the quote's price of 1: 20% of 80 afterwards.
    held = position(linear(), LONG, 1, 100, initial_margin=20)
    after = report_of(moved(account(held, balances={"USDT": 50}), {"BTC": d("0.8")}))
    assert after.totals.initial_margin == 16


def test_an_inverse_contract_loses_in_coin_and_the_coin_in_price() -> None:
    # 0.5 BTC and long 100 USD at 100: 1.5 - 100/80 = 0.25 BTC at 80.
    one = account(position(inverse(), LONG, 10, 100), balances={"BTC": "0.5"})
    assert report_of(moved(one, {"BTC": d("0.8")})).totals.equity == 20


@pytest.mark.parametrize(
    ("shocks", "expected"),
    [
        pytest.param({"BTC": "-0.3"}, {"BTC": "-0.3"}, id="one asset"),
        pytest.param(
            {"*": "-0.5"}, {"BTC": "-0.5", "ETH": "-0.5"}, id="all volatile ones, no stablecoin, no fiat currency"
        ),
        pytest.param({"BTC": "-0.3", "*": "-0.5"}, {"BTC": "-0.3", "ETH": "-0.5"}, id="every other one"),
        pytest.param({"USDT": "-0.1", "*": "0"}, {"USDT": "-0.1", "BTC": "0", "ETH": "0"}, id="a depeg by name"),
    ],
)
def test_a_star_stands_for_every_other_volatile_asset(shocks: dict[str, str], expected: dict[str, str]) -> None:
    found = expanded({asset: d(shock) for asset, shock in shocks.items()}, ONE)
    assert found == {asset: d(shock) for asset, shock in expected.items()}


def test_ratios_are_one_plus_the_shock() -> None:
    assert ratios({"BTC": d("-0.3"), "ETH": d("1.5")}) == {"BTC": d("0.7"), "ETH": d("2.5")}


def test_one_mark_moves_alone() -> None:
    held = position(linear(), LONG, 2, 100, initial_margin=20)
    book = account(held, ONE.positions[1], orders=ONE.orders, balances={"USDT": 50})
    after = remarked(book, "BTCUSDT", d(80))
    assert (after.prices, after.positions[1]) == (book.prices, book.positions[1])
    assert (after.positions[0].mark_price, after.orders[0].mark_price) == (80, 80)
    assert after.positions[0].initial_margin == 16  # the same tenth of the notional


@pytest.mark.parametrize(
    ("isolated", "margin"),
    [(True, 20), (False, 16)],
    ids=["an isolated one by the rules of isolated ones: on its entry", "a cross one on the mark"],
)
def test_a_margin_given_as_an_amount_goes_on_by_the_rules_of_its_mode(isolated: bool, margin: int) -> None:
    fields = {"isolated_margin": 30} if isolated else {}
    held = position(linear(), LONG, 1, 100, initial_margin=20, **fields)
    book = account(held, balances={"USDT": 50}, isolated_rules=MarginRules(initial_basis=Basis.ENTRY))
    after = moved(book, {"BTC": d("0.8")})
    assert after.positions[0].initial_margin == margin
    assert moved(book, {"BTC": d(1), "ETH": d("0.8")}).positions[0].initial_margin == 20


def test_an_amount_of_the_settle_asset_stays_where_only_that_asset_moves() -> None:
    """Inverse: 10 contracts of 10 USD at 100 are 1 BTC; at 80 they are 1.25, and 0.2 BTC of margin are 0.25."""
    book = account(position(inverse(), LONG, 10, 100, initial_margin="0.2"), balances={"BTC": 2})
    assert moved(book, {"BTC": d("0.8")}).positions[0].initial_margin == d("0.25")


def test_what_follows_an_asset_falls_with_it_unless_it_is_named() -> None:
    book = replace(account(balances={"ETH": 1, "TRY": 1}), follows={"TRY": "ETH"})
    assert expanded({"ETH": d("-0.2")}, book) == {"ETH": d("-0.2"), "TRY": d("-0.2")}
    assert expanded({"ETH": d("-0.2"), "TRY": d("0.1")}, book) == {"ETH": d("-0.2"), "TRY": d("0.1")}
    assert expanded({"*": d("-0.3"), "ETH": d("-0.2")}, book) == {
        "ETH": d("-0.2"),
        "TRY": d("-0.2"),
        "BTC": d("-0.3"),
    }


def test_a_contract_named_by_its_symbol_moves_by_its_own_shock() -> None:
    """As if its base moved so, whatever that does: a linear notional by 50%, an inverse one by 1.1 x 0.8 / 1.6."""
    found = expanded({"BTCUSDT": d("0.5"), "USDT": d("-0.2"), "BTC": d("0.1")}, ONE)
    assert found == {"USDT": d("-0.2"), "BTC": d("0.1"), ":BTCUSDT": d("0.5")}
    coin = account(position(inverse("BTCEUR", quote="EUR"), LONG, 1, 100), balances={"BTC": 1})
    found = expanded({"BTCEUR": d("0.6"), "EUR": d("-0.2"), "BTC": d("0.1")}, coin)
    assert found == {"EUR": d("-0.2"), "BTC": d("0.1"), ":BTCEUR": d("-0.45")}
    assert moves_in({"BTCUSDT": d("0.5"), "DOGE": d("-0.2"), "BTC": d("0.1")}, ONE) == {
        "BTC": d("0.1"),
        ":BTCUSDT": d("0.5"),
    }
