"""Which pools a picture of all assets together has a curve of."""

from tests.builders import LONG, account, d, flat, linear, order, position

from marginctl.core.account import Account, MarginRules, OpenLoss
from marginctl.core.assemble import report_of
from marginctl.core.contract import Contract, ContractType
from marginctl.core.curve import EquityCurve, Point, asset_curves, curve_of, pool_curves
from marginctl.core.outcome import states_of

QUANTO = Contract("ETHUSD", ContractType.QUANTO, "ETH", "USD", d("0.001"), flat("0.01", "0.1"), third="BTC")
BTC, CHEAP = linear("BTCUSDT"), linear("BTCUSDC", quote="USDC")


def drawn(book: Account) -> list[str]:
    return [one.pool for one in pool_curves(book, states_of(book), report_of(book), d("0.5"))]


def test_a_pool_with_a_position_has_one_and_a_pool_that_only_holds_coins_has_none() -> None:
    book = account(position(BTC, LONG, 1, 100, leverage=5), balances={"USDT": 90, "USDC": 5}, single_asset=True)
    assert {one.pool.name for one in states_of(book)} == {"cross:USDT", "cross:USDC"}
    assert drawn(book) == ["cross:USDT"]


def test_the_worst_pool_comes_first() -> None:
    positions = position(BTC, LONG, 1, 100, leverage=5), position(CHEAP, LONG, 1, 100, leverage=5)
    for usdt, usdc, names in ((90, 40, ["cross:USDC", "cross:USDT"]), (40, 90, ["cross:USDT", "cross:USDC"])):
        assert drawn(account(*positions, balances={"USDT": usdt, "USDC": usdc}, single_asset=True)) == names


def test_a_pool_that_a_quanto_bends_has_none() -> None:
    assert drawn(account(position(QUANTO, LONG, 50, 10, leverage=5), balances={"BTC": 1})) == []


def by_asset(book: Account, size: str | None = None) -> list[EquityCurve]:
    found = asset_curves(book, states_of(book), report_of(book), None if size is None else d(size))
    return list(found)


def test_an_asset_that_liquidates_has_a_curve_the_nearest_first_and_as_far_as_it_asks() -> None:
    """Longs of 100, isolated: A goes just before -20%, B just before -40%, C never.

    1.25 times 20% is 25%, of 40% a half; with a size every one goes so far.
    """
    a, b, c = (linear(f"{one}USDT", one, table=flat("0.000001", "0.1")) for one in "ABC")
    book = account(
        position(b, LONG, 1, 100, isolated_margin=40),
        position(a, LONG, 1, 100, isolated_margin=20),
        position(c, LONG, 1, 100, isolated_margin=200),
        balances={"USDT": 900},
        prices={"A": 100, "B": 100, "C": 100},
    )
    found = by_asset(book)
    assert [(one.asset, one.pool) for one in found] == [("A", "isolated:AUSDT:long"), ("B", "isolated:BUSDT:long")]
    assert [(one.points[0].move, one.points[-1].move) for one in found] == [
        (d("-0.25"), d("0.25")),
        (d("-0.5"), d("0.5")),
    ]
    assert {one.points[-1].move for one in by_asset(book, "0.3")} == {d("0.3")}


def test_no_more_than_fifteen_assets_have_one_of_their_own() -> None:
    coins = [f"C{k:02}" for k in range(17)]
    contracts = [linear(f"{coin}USDT", coin) for coin in coins]
    held = [position(one, LONG, 1, 100, isolated_margin=20 + k) for k, one in enumerate(contracts)]
    book = account(*reversed(held), balances={"USDT": 900}, prices=dict.fromkeys(coins, 100))
    assert [one.asset for one in by_asset(book)] == coins[:15]


def test_a_move_of_one_asset_bends_no_quanto() -> None:
    """While ETH alone moves its value is straight: drawn; BTC, in which it settles, does not liquidate it."""
    book = account(position(QUANTO, LONG, 50, 10, leverage=5), balances={"BTC": "0.1"})
    assert [one.asset for one in by_asset(book)] == ["ETH"]


def test_what_is_between_two_points_is_as_far_from_each_as_the_move() -> None:
    curve = EquityCurve(
        "cross",
        (
            Point(d("-0.4"), d(0), d(8), d(2), d(40)),
            Point(d(0), d(40), d(4), d(6), d(20)),
            Point(d(0), d(40), d(30), d(6), None),
            Point(d("0.2"), d(60), d(50), d(16), None),
        ),
    )
    assert curve.at(d("-0.1")) == Point(d("-0.1"), d(30), d(5), d(5), d(25))
    assert curve.at(d("0.05")) == Point(d("0.05"), d(45), d(35), d("8.5"), None)
    assert curve.at(d(0)) == Point(d(0), d(40), d(4), d(6), d(20))  # of a jump the side before it
    assert curve.at(d("0.2")) == curve.points[-1]


def test_of_a_jump_on_the_way_down_the_side_before_it_is_the_later_point() -> None:
    """Points go from the deepest fall to the highest rise: at -20% the one toward now is the second of two."""
    rows = [("-0.4", 5), ("-0.2", 15), ("-0.2", 25), ("0", 45), ("0.1", 50), ("0.1", 90), ("0.3", 95)]
    curve = EquityCurve("cross", tuple(Point(d(move), d(equity), d(0)) for move, equity in rows))
    assert [curve.at(d(move)).equity for move in ("-0.4", "-0.2", "-0.1", "0.1", "0.2", "0.3")] == [
        5,
        25,
        35,
        50,
        d("92.5"),
        95,
    ]


def test_the_marks_of_orders_move_in_a_pool_that_holds_nothing_of_their_assets() -> None:
    """A buy of 2 BTC at 90 with 10 x: 18. With marks of 87.5 and 50 it would open at a loss of 2 x 2.5, and 2 x 40."""
    held = account(
        position(linear("ETHUSDT", "ETH"), LONG, 1, 10),
        balances={"USDT": 500},
        orders=(order(BTC, LONG, 2, 90, 100, leverage=d(10)),),
        rules=MarginRules(open_loss=OpenLoss.MARGIN),
    )
    (state,) = states_of(held)
    curve = curve_of(held, state, d("0.5"))
    margins = [curve.at(d(move)).order_margin for move in ("0.5", "0", "-0.125", "-0.5")]
    assert margins == [18, 18, 23, 98]
