"""Trades keep equity, merge entries, realise profit and leave orders their rates."""

import pytest
from tests.builders import LONG, SHORT, account, d, inverse, linear, order, position, tiers

from marginctl.core.account import MarginMode
from marginctl.core.assemble import report_of
from marginctl.core.trade import added_margin, closed, crossed, filled, isolated, reduced, secured, transferred
from marginctl.core.value import merged_entry, realized_pnl, unrealized_pnl

BTC = linear()
BOOK = account(
    position(BTC, LONG, 2, 90, 100, key="BTCUSDT", leverage="10"),
    position(inverse(), SHORT, 30, 80, 100, key="BTCUSD", leverage="5"),
    balances={"USDT": 500, "BTC": 3},
)


def held(book, key):
    return next((one for one in book.positions if one.key == key), None)


def totals(book):
    return report_of(book).totals


@pytest.mark.parametrize("size", ["0.25", "1.5", "2", "3.75"])
@pytest.mark.parametrize("side", [LONG, SHORT])
def test_an_order_at_the_mark_changes_no_equity(side, size):
    for terms in BOOK.positions:
        after = filled(BOOK, terms, side, d(size))
        assert abs(totals(after).equity - totals(BOOK).equity) < d("1e-90")
        assert totals(after).net_notional == totals(BOOK).net_notional + side * d(size) * (
            100 if terms.key == "BTCUSDT" else 10
        )


def test_an_order_on_the_same_side_merges_the_entries():
    after = held(filled(BOOK, BOOK.positions[0], LONG, d(3)), "BTCUSDT")
    assert (after.quantity, after.entry_price) == (5, 96)  # (2 x 90 + 3 x 100) / 5
    after = held(filled(BOOK, BOOK.positions[1], SHORT, d(10)), "BTCUSD")
    # 40 / (30 / 80 + 10 / 100)
    assert after.quantity == 40
    assert abs(after.entry_price * d("0.475") - 40) < d("1e-90")


def test_an_order_against_a_position_realises_closes_and_turns_it():
    less = filled(BOOK, BOOK.positions[0], SHORT, d("0.5"))
    assert (held(less, "BTCUSDT").quantity, held(less, "BTCUSDT").entry_price) == (d("1.5"), 90)
    assert less.balances["USDT"] == 505  # 0.5 x (100 - 90)
    none = filled(BOOK, BOOK.positions[0], SHORT, d(2))
    assert (held(none, "BTCUSDT"), none.balances["USDT"]) == (None, 520)
    turned = held(filled(BOOK, BOOK.positions[0], SHORT, d(5)), "BTCUSDT")
    assert (turned.side, turned.quantity, turned.entry_price, turned.leverage) == (SHORT, 3, 100, 10)


def test_in_hedge_mode_an_order_adds_to_its_leg():
    book = account(position(BTC, LONG, 2, 90, 100, key="long", leverage="10"), balances={"USDT": 500}, hedge=True)
    after = filled(book, book.positions[0], SHORT, d(3))
    assert [(one.side, one.quantity) for one in after.positions] == [(LONG, 2), (SHORT, 3)]
    again = filled(after, book.positions[0], SHORT, d(1))
    assert [(one.side, one.quantity) for one in again.positions] == [(LONG, 2), (SHORT, 4)]


def test_an_order_beside_an_isolated_position_stands_in_the_cross_pool():
    book = account(position(BTC, LONG, 2, 90, 100, leverage="10", isolated_margin=20), balances={"USDT": 500})
    after = filled(book, book.positions[0], SHORT, d(1))
    assert [(one.side, one.margin_mode.value) for one in after.positions] == [(LONG, "isolated"), (SHORT, "cross")]
    assert after.positions[1].isolated_margin is None


def test_a_margin_given_as_an_amount_grows_with_the_position_and_is_a_rate_for_a_new_one():
    book = account(position(BTC, LONG, 2, 100, key="a", initial_margin=50), balances={"USDT": 500})
    assert held(filled(book, book.positions[0], LONG, d(2)), "a").initial_margin == 100
    turned = filled(book, book.positions[0], SHORT, d(3))
    assert (turned.positions[0].initial_margin, turned.positions[0].initial_rate) == (None, d("0.25"))
    assert totals(turned).initial_margin == 25


def test_closing_a_part_keeps_its_share_of_the_margins():
    book = account(
        position(BTC, LONG, 4, 110, 100, key="a", isolated_margin=80), balances={"USDT": 500}, prices={"BTC": 100}
    )
    after = reduced(book, book.positions[0], d(1))
    assert (after.balances["USDT"], after.positions[0].isolated_margin, after.positions[0].quantity) == (490, 60, 3)
    assert totals(after).equity == totals(book).equity == 460
    assert reduced(book, book.positions[0], d(4)).positions == ()
    assert reduced(book, book.positions[0], d(0)) is book


def test_orders_keep_the_rate_of_a_position_that_is_closed():
    book = account(
        position(BTC, LONG, 1, 100, key="a", leverage="5"),
        balances={"USDT": 500},
        orders=(order(BTC, LONG, 2, 100, 100), order(linear("ETHUSDT", "ETH"), LONG, 2, 10, 10, leverage="4")),
    )
    after = reduced(book, book.positions[0], d(1))
    assert [one.leverage for one in after.orders] == [5, 4]
    assert totals(after).order_margin == 45  # 200 / 5 + 20 / 4


def test_a_deposit_into_an_isolated_position_is_set_aside_for_it():
    book = account(position(BTC, LONG, 1, 100, key="a", isolated_margin=10), balances={"USDT": 50})
    after = secured(book, book.positions[0], d(7))
    assert (after.balances["USDT"], after.positions[0].isolated_margin) == (57, 17)
    assert [pool.equity for pool in report_of(after).pools] == [40, 17]
    assert transferred(book, {"ETH": d(2)}).balances == {"USDT": 50, "ETH": 2}


def test_a_part_that_a_venue_closes_leaves_the_isolated_margin_behind_the_rest():
    book = account(
        position(BTC, LONG, 4, 110, 100, key="a", isolated_margin=80, initial_margin=40), balances={"USDT": 500}
    )
    after = closed(book, book.positions[0], d(1), d(-10), frees_margin=False)
    left = after.positions[0]
    assert (after.balances["USDT"], left.isolated_margin, left.initial_margin, left.quantity) == (490, 70, 30, 3)


def test_what_cancels_leaves_no_residue():
    third = d(1) / 3
    book = account(position(BTC, LONG, 1, 100, key="a", leverage="5"), balances={"USDT": third})
    assert transferred(book, {"USDT": -(d(2) / 3) / 2}).balances["USDT"] == 0


@pytest.mark.parametrize(
    ("contract", "lots", "entry"),
    [
        pytest.param(BTC, [("2", "90"), ("3", "100")], "96", id="by quantity: (2 x 90 + 3 x 100) / 5"),
        pytest.param(inverse(), [("30", "75"), ("10", "100")], "80", id="harmonic: 40 / (30 / 75 + 10 / 100)"),
        pytest.param(inverse(), [("1", "30000.1"), ("2", "30000.1")], "30000.1", id="one price, no division"),
    ],
)
def test_entries_merge_so_that_the_pnl_stays(contract, lots, entry):
    held = [(d(quantity), d(price)) for quantity, price in lots]
    assert merged_entry(contract, held) == d(entry)
    parts = [realized_pnl(contract, LONG, quantity, price, d(120)) for quantity, price in held]
    whole = realized_pnl(contract, LONG, sum(quantity for quantity, _ in held), d(entry), d(120))
    assert abs(whole - sum(parts)) < d("1e-90")


def test_pnl_in_the_settle_asset_and_in_currency_is_one():
    # linear: 2 x (100 - 90) = 20 USDT; inverse: -30 x 10 x (1 / 80 - 1 / 100) = -0.75 BTC, x 100 = -75
    for held, pnl in zip(BOOK.positions, (d(20), d("-75")), strict=True):
        in_asset = realized_pnl(held.contract, held.side, held.quantity, held.entry_price, held.mark_price)
        assert in_asset * BOOK.prices[held.contract.settle] == unrealized_pnl(held, BOOK.prices, {}) == pnl


def test_a_position_goes_behind_its_initial_margin_and_back():
    resting = order(BTC, LONG, 1, 90, 100)
    book = account(*BOOK.positions, balances={"USDT": 500, "BTC": 3}, orders=(resting,))
    apart = isolated(book, book.positions[0])
    found = held(apart, "BTCUSDT")
    # 2 x 100 / 10, out of the same 500
    assert (found.margin_mode, found.isolated_margin, apart.balances) == (MarginMode.ISOLATED, 20, book.balances)
    assert apart.orders[0].leverage == 10  # the order keeps the rate that it had from there
    assert crossed(apart, found) == book


@pytest.mark.parametrize(
    ("table", "margin"),
    [
        pytest.param(((None, "0.01", "0.1"),), 27, id="3 x 90 at 10%"),
        pytest.param(((300, "0.01", "0.1"), (None, "0.02", "0.2")), 54, id="the whole, 5 x 100, is in the tier of 20%"),
    ],
)
def test_more_of_an_isolated_position_needs_margin_at_the_rate_of_the_whole(table, margin):
    contract = linear(table=tiers(*table))
    book = account(position(contract, LONG, 2, 100, isolated_margin=20), balances={"USDT": 500})
    assert added_margin(book, book.positions[0], d(3), d(90)) == margin
