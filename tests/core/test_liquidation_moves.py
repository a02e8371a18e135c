"""Liquidation along other moves: all assets together, a quote, a scenario; and where a pool is bankrupt.

Marks are 100 (BTC) and 10 (ETH) unless said otherwise, maintenance is 1%, p is the moving price.
"""

# A Decimal equals an int: mypy calls such tuples incomparable.
# mypy: disable-error-code="comparison-overlap"

from decimal import Decimal
from fractions import Fraction

import pytest
from tests.builders import LONG, SHORT, account, d, flat, inverse, linear, position, tiers

from marginctl.core.account import Account, MarginRules, Netting
from marginctl.core.assemble import report_of
from marginctl.core.exact import ONE
from marginctl.core.liquidation import HERE, asset_sides, first_on_path, joint_sides, moves_alone, pool_state
from marginctl.core.motion import shock_path
from marginctl.core.pool import partition
from marginctl.core.report import PositionFigures
from marginctl.core.risk import pool_risk

BTC, ETH, PERP = linear(), linear("ETHUSDT", "ETH"), inverse()


def first(one: Account) -> PositionFigures:
    return report_of(one).positions[0]


def close(found: Decimal | None, expected: Fraction | str | int) -> bool:
    """Equal to 1e-60 of itself."""
    wanted = Fraction(expected)
    return found is not None and abs(Fraction(found) - wanted) < Fraction(1, 10**60) * (1 + abs(wanted))


# All together.


def test_all_volatile_assets_move_by_their_betas() -> None:
    # 30 - 100 u - 2 x 10 u x 1.5 = 1% (100 (1 - u) + 20 (1 - 1.5 u))
    positions = (position(BTC, LONG, 1, 100), position(ETH, LONG, 2, 10))
    found = report_of(account(*positions, balances={"USDT": 30}, betas={"ETH": "1.5"})).liquidation
    assert close(found.down, -Fraction("28.8") / Fraction("128.7"))
    assert (found.up, found.direction) == (None, "down")


def test_an_asset_with_beta_2_is_gone_at_minus_50_percent_and_falls_no_further() -> None:
    # 160 - 100 - 100 u = 1% 100 (1 - u) once the coin is gone.
    coin = linear("XUSDT", "X")
    positions = (position(coin, LONG, 100, 1), position(BTC, LONG, 1, 100))
    one = account(*positions, balances={"USDT": 160}, prices={"X": 1}, betas={"X": 2})
    assert close(report_of(one).liquidation.down, -Fraction(59, 99))


def test_a_rise_goes_on_where_a_price_with_a_negative_beta_is_gone() -> None:
    # X is gone at +50% and costs its 100; then 5000 - 100 - 100 u = 1% 100 (1 + u).
    coin = linear("XUSDT", "X")
    positions = (position(coin, LONG, 100, 1), position(BTC, SHORT, 1, 100))
    one = account(*positions, balances={"USDT": 5000}, prices={"X": 1}, betas={"X": -2})
    assert close(report_of(one).liquidation.up, Fraction(4899, 101))


def test_once_every_position_is_worth_nothing_nothing_is_liquidated() -> None:
    # The coin is gone at -50%, and with it the maintenance margin; the euro debt then outgrows the rest at -60%.
    coin = linear("XUSDT", "X")
    one = account(
        position(coin, LONG, 100, 1),
        balances={"USDT": 220, "EUR": -60},
        prices={"X": 1, "EUR": "1.25"},
        betas={"X": 2, "EUR": -1},
    )
    assert report_of(one).liquidation.down is None


def test_hedged_in_two_coins_an_account_dies_on_the_side_where_they_part() -> None:
    # Long 1 BTC (beta 1), short 10 ETH (beta 2): 10 + 100 u - 200 u = 1% (100 (1 + u) + 100 (1 + 2 u)) on the way up.
    positions = (position(BTC, LONG, 1, 100), position(ETH, SHORT, 10, 10))
    found = report_of(account(*positions, balances={"USDT": 10}, betas={"ETH": 2})).liquidation
    assert close(found.up, Fraction(8, 103))
    assert found.direction == "up"


def test_the_first_pool_to_go_names_the_account() -> None:
    positions = (position(BTC, LONG, 1, 100, isolated_margin=5), position(ETH, SHORT, 1, 10))
    found = report_of(account(*positions, balances={"USDT": 15})).liquidation
    assert close(found.down, Fraction(95) / 99 - 1)
    assert close(found.up, Fraction(20) / Fraction("10.1") - 1)
    assert (found.direction, found.pool) == ("down", "isolated:BTCUSDT:long")


# Quotes that move.


@pytest.mark.parametrize(
    ("side", "usdt", "down", "up"),
    [
        pytest.param(LONG, 10, None, "0.1", id="long 1 BTC: 100 - 90 t = 1, USDT rising is a loss"),
        pytest.param(SHORT, 10, -Fraction(9, 110), None, id="short 1 BTC: 110 t - 100 = 1, a depeg is a loss"),
        pytest.param(LONG, 200, None, None, id="with 200 USDT a long does not mind: 100 + 100 t = 1"),
    ],
)
def test_a_depegging_stablecoin_moves_every_mark_quoted_in_it(
    side: int, usdt: int, down: Fraction | None, up: str | None
) -> None:
    one = account(position(BTC, side, 1, 100), balances={"USDT": usdt})
    state = pool_state(partition(one)[0])
    found = asset_sides(state, "USDT")
    assert found.down is None if down is None else close(found.down, -down)
    assert found.up is None if up is None else close(found.up, up)
    world = pool_risk(state.pool, {"USDT": d("0.9")})
    assert close(world.maintenance_margin, 1)
    assert close(world.equity, Fraction("0.9") * usdt + side * (100 - 90))


def test_a_coin_quoted_contract_moves_with_either_coin() -> None:
    # 10 ETHBTC at 0.1 on 0.2 BTC: with BTC 100 - 0.8 p = 1, with ETH 10 p - 80 = 1% 10 p.
    one = account(position(linear("ETHBTC", "ETH", "BTC"), LONG, 10, "0.1"), balances={"BTC": "0.2"})
    row, by_asset = first(one), {row.asset: row for row in report_of(one).underlyings}
    assert close(by_asset["BTC"].liquidation_up, Fraction(99) / Fraction("0.8"))
    assert close(by_asset["ETH"].liquidation_down, Fraction(80) / Fraction("9.9"))
    assert close(row.liquidation_price, Fraction(8) / Fraction("99"))


def test_both_coins_of_a_coin_quoted_contract_falling_together_leave_its_mark_alone() -> None:
    # Equity and maintenance fall by the same share: 0.2 BTC against 1% of 1 BTC at every price.
    one = account(position(linear("ETHBTC", "ETH", "BTC"), LONG, 10, "0.1"), balances={"BTC": "0.2"})
    assert report_of(one).liquidation.distance is None


def test_a_fiat_pair_is_a_contract_like_any_other() -> None:
    # 100 EURUSDT at 1.25 on 10 USDT: 10 + 100 p - 125 = 1% 100 p; the euro stays out of the joint move.
    one = account(position(linear("EURUSDT", "EUR"), LONG, 100, "1.25"), balances={"USDT": 10})
    assert close(first(one).liquidation_price, Fraction(115, 99))
    assert report_of(one).liquidation.distance is None


def test_an_inverse_contract_on_the_accounts_currency_has_one_mark_whichever_price_moves() -> None:
    # Long 1000 EUR of USDEUR at 0.8 on 300 USD: 300 + 1250 - 1000 / m = 1% 1000 / m, the euro rising or the mark alone
    # falling: m = 1010 / 1550.
    contract = inverse("USDEUR", base="USD", quote="EUR")
    row = first(account(position(contract, LONG, 100, "0.8"), balances={"USD": 300}))
    assert close(row.liquidation_price, Fraction(1010, 1550))
    assert close(row.contract_liquidation_price, Fraction(1010, 1550))
    assert (row.liquidation_side, row.contract_liquidation_side) == ("below", "below")


def test_a_base_that_is_the_accounts_currency_is_liquidated_by_its_quote() -> None:
    # 1,000 USDTRY at 40 on 50 USD, TRY at t: 1,050 - 40,000 t = 10  ->  t = 0.026, a mark of 1 / 0.026.
    one = account(position(linear("USDTRY", "USD", "TRY"), LONG, 1000, 40), balances={"USD": 50})
    row = first(one)
    assert close(row.liquidation_price, 1 / Fraction("0.026"))
    assert row.liquidation_side == "below"
    assert close(row.distance_to_liquidation, 1 - 1 / (40 * Fraction("0.026")))


def test_the_nearest_crossing_is_the_one_nearest_to_the_mark_and_not_to_the_quotes_price() -> None:
    # Long 1,000 USDTRY at 40 on 500 USD, 95% needed beyond 66,000 TRY. TRY up: 1,500 - 40,000 t = 10, t = 0.03725
    # (+49%), a mark of 26.8 (-33%). TRY down to 1/66 (-39%): a mark of 66 (+65%).
    table = tiers((66000, "0.01", None), (None, "0.95", None), deductions=[0, 0])
    one = account(position(linear("USDTRY", "USD", "TRY", table), LONG, 1000, 40), balances={"USD": 500})
    row = first(one)
    assert close(row.liquidation_price, 1 / Fraction("0.03725"))
    assert row.liquidation_side == "below"


def test_a_contract_that_is_said_to_stay_does_so_while_its_asset_falls() -> None:
    """10 + p - 100 = 1% p at 90 / 0.99; with the mark held where it is nothing moves."""
    state = pool_state(partition(account(position(BTC, LONG, 1, 100), balances={"USDT": 10}))[0])
    assert close(first_on_path(state, shock_path({"BTC": d("-0.5")})), 2 * (1 - Fraction(90, 99)))
    assert first_on_path(state, shock_path({"BTC": d("-0.5"), ":BTCUSDT": d(0)})) is None


def test_a_mark_is_all_that_its_base_moves_only_where_nothing_settles_in_the_base() -> None:
    """Short 100 USD at 100 on 2 BTC, 150 USDT owed: the coin without the loss counts 100, as much as the contract.

    BTC at p: 2 p - p + 100 - 150 = 1, p = 51. The mark alone at m: 200 - 100 + 10000 / m - 150 = 100 / m, m = 198.
    """
    coined = account(position(PERP, SHORT, 10, 100), balances={"BTC": 2, "USDT": -150})
    row = first(coined)
    assert close(row.liquidation_price, 51)
    assert close(row.contract_liquidation_price, 198)
    plain = account(position(BTC, LONG, 1, 100), balances={"USDT": 10, "ETH": 2})
    held = account(position(BTC, LONG, 1, 100), balances={"USDT": 10, "BTC": 2})
    rules = MarginRules(underlying_netting=Netting.LARGER_LEG)
    later = position(linear("BTCUSDT-27"), SHORT, 2, 100)
    spread = account(position(BTC, LONG, 1, 100), later, balances={"USDT": 10}, rules=rules)
    found = [(pool_state(partition(one)[0]), one.positions[0].contract) for one in (coined, plain, held, spread)]
    assert [moves_alone(state, "BTC", contract) for state, contract in found] == [False, True, False, False]


# Bankruptcy.


@pytest.mark.parametrize(
    ("one", "price"),
    [
        pytest.param(account(position(BTC, LONG, 1, 100), balances={"USDT": 10}), Fraction(90), id="10 + p - 100 = 0"),
        pytest.param(
            account(position(BTC, SHORT, 1, 100), balances={"USDT": 10}), Fraction(110), id="10 + 100 - p = 0"
        ),
        pytest.param(
            account(position(PERP, LONG, 10, 100), balances={"BTC": "0.5"}, single_asset=True),
            Fraction(200, 3),
            id="1.5 p - 100 = 0",
        ),
        pytest.param(
            account(position(BTC, LONG, 1, 100), balances={"USDT": "0.5"}),
            Fraction("99.5"),
            id="liquidatable: the nearest root",
        ),
        pytest.param(
            account(position(BTC, LONG, 1, 100), balances={"USDT": -2}),
            Fraction(102),
            id="bankrupt already: the root back up",
        ),
        pytest.param(
            account(position(BTC, LONG, 1, 100), balances={"USDT": 1}),
            Fraction(99),
            id="exactly at the level: on the side where it is liquidated",
        ),
        pytest.param(
            account(position(BTC, LONG, 1, 100), balances={"USDT": 0}), Fraction(100), id="no equity: the mark itself"
        ),
        pytest.param(
            account(position(BTC, LONG, 1, 100), balances={"USDT": 100}), None, id="never liquidated, never bankrupt"
        ),
    ],
)
def test_bankruptcy(one: Account, price: Fraction | None) -> None:
    found = first(one).bankruptcy_price
    assert found is None if price is None else close(found, price)


# States.


def test_a_pool_that_is_liquidatable_is_so_here() -> None:
    one = account(position(BTC, LONG, 1, 100), balances={"USDT": "0.5"})
    state = pool_state(partition(one)[0])
    assert asset_sides(state, "BTC") == HERE
    assert joint_sides(state, one.betas) == HERE
    assert first_on_path(state, shock_path({"BTC": d("0.5")})) == 0


def test_a_scenario_exactly_at_the_crossing_is_survived_and_slightly_beyond_is_not() -> None:
    one = account(position(linear(table=flat("0.02")), LONG, 1, 100), balances={"USDT": "11.8"})
    (pool,) = partition(one)  # 11.8 + p - 100 = 2% p  ->  p = 90
    assert close(first(one).liquidation_price, 90)
    assert not pool_risk(pool, {"BTC": d("0.9")}).is_liquidatable(pool.rules)
    assert pool_risk(pool, {"BTC": d("0.8999999999")}).is_liquidatable(pool.rules)
    assert first_on_path(pool_state(pool), shock_path({"BTC": d("-0.1")})) is None
    assert close(first_on_path(pool_state(pool), shock_path({"BTC": d("-0.2")})), Fraction(1, 2))


def test_sixty_digit_numbers_lose_nothing() -> None:
    tail = "0." + "0" * 39 + "1"
    balance = d("10") + d(tail)
    one = account(position(linear(table=flat("0.01")), LONG, 1, 100), balances={"USDT": balance})
    assert close(first(one).liquidation_price, (100 - Fraction(balance)) / Fraction("0.99"))
    assert report_of(one).totals.equity == balance
    just = account(position(BTC, LONG, 1, 100), balances={"USDT": ONE - d(tail)})
    assert report_of(just).totals.liquidatable
