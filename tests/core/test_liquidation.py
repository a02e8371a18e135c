"""Where a pool is liquidated and where it is bankrupt; every expected price is solved by hand beside its case.

Marks are 100 (BTC) and 10 (ETH) unless said otherwise, maintenance is 1%, p is the moving price.
"""

from decimal import Decimal
from fractions import Fraction

import pytest

from marginctl.core.account import Account, AssetTerms, Basis, CloseFee, Equality, Netting, Rules
from marginctl.core.assemble import report_of
from marginctl.core.contract import TiersBy
from marginctl.core.exact import ONE
from marginctl.core.liquidation import HERE, asset_sides, first_on_path, joint_sides, pool_state, shock_path
from marginctl.core.pool import partition
from marginctl.core.report import PositionFigures
from marginctl.core.risk import pool_risk

from .accounts import LONG, SHORT, account, d, flat, haircuts, inverse, linear, position, tiers

BTC, ETH, PERP = linear(), linear("ETHUSDT", "ETH"), inverse()
JUMPING = tiers((92, "0.01", None), (None, "0.1", None), deductions=[0, 0])
"""1% up to 92, 10% of the whole beyond."""


def first(one: Account) -> PositionFigures:
    return report_of(one).positions[0]


def close(found: Decimal | None, expected: Fraction | str | int) -> bool:
    """Equal to 1e-60 of itself."""
    return found is not None and abs(Fraction(found) - Fraction(expected)) < Fraction(1, 10**60) * (1 + abs(Fraction(expected)))


# One position alone in its pool.


@pytest.mark.parametrize(
    ("one", "price", "side"),
    [
        pytest.param(
            account(position(BTC, LONG, 1, 100), balances={"USDT": 10}),
            Fraction(90) / Fraction("0.99"),
            "below",
            id="linear long: 10 + p - 100 = 1% p",
        ),
        pytest.param(
            account(position(BTC, SHORT, 1, 100), balances={"USDT": 10}),
            Fraction(110) / Fraction("1.01"),
            "above",
            id="linear short: 10 + 100 - p = 1% p",
        ),
        pytest.param(
            account(position(BTC, LONG, 1, 90, 100), balances={"USDT": 10}),
            Fraction(80) / Fraction("0.99"),
            "below",
            id="a profit counts: 10 + p - 90 = 1% p",
        ),
        pytest.param(
            account(position(PERP, LONG, 10, 100), balances={"BTC": "0.5"}, single_asset=True),
            Fraction(101) / Fraction("1.5"),
            "below",
            id="inverse long on its coin: 1.5 p - 100 = 1, falling with the collateral",
        ),
        pytest.param(
            account(position(PERP, SHORT, 10, 100), balances={"BTC": "0.5"}, single_asset=True),
            Fraction(99) / Fraction("0.5"),
            "above",
            id="inverse short on half its coin: 100 - 0.5 p = 1",
        ),
        pytest.param(
            account(position(BTC, LONG, 1, 100), balances={"USDT": 10}, rules=Rules(level=d("1.05"))),
            Fraction(90) / Fraction("0.9895"),
            "below",
            id="level 1.05: 10 + p - 100 = 1.05% p",
        ),
        pytest.param(
            account(position(BTC, LONG, 1, 100), balances={"USDT": 10}, rules=Rules(maintenance_basis=Basis.ENTRY)),
            Fraction(91),
            "below",
            id="maintenance on the entry: 10 + p - 100 = 1",
        ),
        pytest.param(
            account(position(BTC, LONG, 1, 100, taker_fee="0.001"), balances={"USDT": 10}, rules=Rules(close_fee=CloseFee.MARK)),
            Fraction(90) / Fraction("0.989"),
            "below",
            id="fee to close at the mark: 10 + p - 100 = 1.1% p",
        ),
        pytest.param(
            account(
                position(BTC, LONG, 1, 100, taker_fee="0.001", leverage=10),
                balances={"USDT": 10},
                rules=Rules(close_fee=CloseFee.BANKRUPTCY),
            ),
            Fraction("90.09") / Fraction("0.99"),
            "below",
            id="fee to close at the bankruptcy price: 10 + p - 100 = 1% p + 0.09",
        ),
        pytest.param(
            account(position(BTC, LONG, 1, 100, isolated_margin=10), balances={"USDT": 1000}),
            Fraction(90) / Fraction("0.99"),
            "below",
            id="isolated: only its own margin counts",
        ),
    ],
)
def test_one_position(one: Account, price: Fraction, side: str) -> None:
    row = first(one)
    assert close(row.liquidation_price, price)
    assert row.liquidation_side == side
    assert close(row.distance_to_liquidation, abs(price - 100) / 100)
    assert close(row.contract_liquidation_price, row.liquidation_price) or row.symbol == "BTCUSD"


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(account(position(BTC, LONG, 1, 100), balances={"USDT": 100}), id="a fully paid long reaches 0 at a price of 0"),
        pytest.param(
            account(position(BTC, LONG, 1, 100), balances={"USDT": 100}, rules=Rules(equality=Equality.LIQUIDATED)),
            id="also where equality counts: nothing is required at a price of 0",
        ),
        pytest.param(
            account(position(PERP, SHORT, 10, 100), balances={"BTC": 1}, single_asset=True),
            id="an inverse short on its whole coin is worth 100 at every price",
        ),
        pytest.param(account(position(BTC, SHORT, 1, 100), balances={"USDT": 1012}), id="a crossing beyond 11 times the mark"),
        pytest.param(account(balances={"BTC": 3}), id="nothing held, nothing to liquidate"),
    ],
)
def test_what_never_liquidates(one: Account) -> None:
    report = report_of(one)
    assert [(row.liquidation_price, row.liquidation_side, row.distance_to_liquidation) for row in report.positions] in (
        [],
        [(None, None, None)],
    )
    found = report.liquidation
    assert (found.down, found.up, found.distance, found.direction, found.pool) == (None, None, None, None, None)


def test_a_crossing_within_11_times_the_mark_counts() -> None:
    assert close(first(account(position(BTC, SHORT, 1, 100), balances={"USDT": 1000})).liquidation_price, Fraction(1100) / Fraction("1.01"))


def test_an_inverse_short_that_rises_beyond_double_its_mark_has_a_contract_price_under_both_rules_for_equality() -> None:
    # 0.9 BTC, short 100 USD at 100; only the mark m moves, BTC stays at 100: 0.9 - 1 + 100/m = 1% 100/m -> m = 990.
    for equality in Equality:
        one = account(position(PERP, SHORT, 10, 100), balances={"BTC": "0.9"}, rules=Rules(equality=equality))
        assert close(first(one).contract_liquidation_price, 990)


# Several positions in one pool.


def test_another_positions_maintenance_counts_once() -> None:
    # Equity 5: 5 + p - 100 = 0.4% p + 4  ->  p = 99 / 0.996 = 99.3975..., 0.60% away and not 4.6%.
    held = position(linear(table=flat("0.004")), LONG, 1, 100)
    other = position(ETH, LONG, 40, 10)
    one = account(held, other, balances={"USDT": 5})
    row = first(one)
    assert report_of(one).totals.maintenance_margin == d("4.4")
    assert close(row.liquidation_price, Fraction(99) / Fraction("0.996"))
    assert str(row.liquidation_price)[:7] == "99.3975"
    assert round(row.distance_to_liquidation or 0, 4) == d("0.0060")


def test_a_losing_short_elsewhere_brings_liquidation_nearer_never_further() -> None:
    def distance(entry: str) -> Decimal:
        one = account(position(BTC, LONG, 1, 100), position(ETH, SHORT, 1, entry, 10), balances={"USDT": 20})
        found = first(one).distance_to_liquidation
        assert found is not None
        return found

    entries = ("12", "10", "9", "5", "1")
    distances = [distance(entry) for entry in entries]
    assert distances == sorted(distances, reverse=True)
    # 20 + (entry - 10) + p - 100 = 1% p + 0.1
    assert all(close(100 - 100 * found, (90 - Fraction(e) + Fraction("0.1")) / Fraction("0.99")) for e, found in zip(entries, distances, strict=True))


def test_positions_that_share_pool_and_underlying_share_their_liquidation_price() -> None:
    one = account(position(BTC, LONG, 2, 100), position(PERP, SHORT, 10, 100), balances={"USDT": 20, "BTC": "0.1"})
    # 20 + 2p - 200 + 0.1p + 100 - p = 2% p + 1  ->  1.08 p = 81
    rows = report_of(one).positions
    assert all(close(row.liquidation_price, 75) for row in rows)
    assert {row.liquidation_side for row in rows} == {"below"}


def test_only_the_contracts_own_mark_moves_in_what_venues_show() -> None:
    one = account(position(BTC, LONG, 1, 100), balances={"USDT": 5, "BTC": "0.1"})
    row = first(one)
    assert close(row.liquidation_price, Fraction(95) / Fraction("1.09"))
    assert close(row.contract_liquidation_price, Fraction(85) / Fraction("0.99"))


def test_silos_do_not_help_each_other() -> None:
    positions = (position(BTC, LONG, 1, 100), position(PERP, LONG, 10, 100))
    rows = report_of(account(*positions, balances={"USDT": 10, "BTC": "0.5"}, single_asset=True)).positions
    assert close(rows[0].liquidation_price, Fraction(90) / Fraction("0.99"))
    assert close(rows[1].liquidation_price, Fraction(101) / Fraction("1.5"))


def test_the_larger_side_of_an_underlying_changes_on_the_way() -> None:
    # Long 1 BTCUSDT against an inverse short of 100,000 USD at 81,000, USDT 3,000 and 0.1 BTC. From 100,000 on the long
    # is the dearer side: 22,000 + 1.1 p - 100,000 p / 81,000 = 0.5 p - 49,000. Both sides need the same exactly there.
    long = linear(table=tiers((100000, "0.01", None), (None, "0.5", None)))
    one = account(
        position(long, LONG, 1, 81000),
        position(inverse(size=100), SHORT, 1000, 81000),
        balances={"USDT": 3000, "BTC": "0.1"},
        prices={"BTC": 81000},
        rules=Rules(underlying_netting=Netting.LARGER_LEG),
    )
    assert close(first(one).liquidation_price, 71000 / (Fraction("0.5") + Fraction(100000, 81000) - Fraction("1.1")))


# Coin equity, debts, haircuts.


@pytest.mark.parametrize(
    ("haircut", "loan_rate", "price"),
    [
        pytest.param("0", "0", Fraction(51) / Fraction("1.1"), id="50 + 1.1 p - 100 = 1: the coin is owed, no haircut on debts"),
        pytest.param("0.5", "0", Fraction(51) / Fraction("1.1"), id="the haircut does not count where the coin is owed"),
        pytest.param("0.5", "0.1", Fraction(61) / Fraction("1.21"), id="the debt needs 10%: 1.1 p - 50 = 1 + 10% (100 - 1.1 p)"),
    ],
)
def test_coin_equity_turns_negative_on_the_way(haircut: str, loan_rate: str, price: Fraction) -> None:
    terms = {"BTC": AssetTerms(haircuts=haircuts((None, haircut)), loan_rate=d(loan_rate))}
    one = account(position(PERP, LONG, 10, 100), balances={"USDT": 50, "BTC": "0.1"}, terms=terms)
    assert close(first(one).liquidation_price, price)


def test_a_haircut_counts_while_the_coin_is_held() -> None:
    terms = {"BTC": AssetTerms(haircuts=haircuts((None, "0.1")))}
    one = account(position(PERP, LONG, 10, 100), balances={"BTC": "0.5"}, terms=terms)
    assert close(first(one).liquidation_price, (100 + 1 / Fraction("0.9")) / Fraction("1.5"))


def test_a_coin_debt_is_liquidated_by_a_rise() -> None:
    # 150 - p - 1 = 5% p + 0.1: the loan needs maintenance of its own, the position is in ETH.
    terms = {"BTC": AssetTerms(loan_rate=d("0.05"))}
    one = account(position(ETH, LONG, 1, 10), balances={"USDT": 149, "BTC": -1}, terms=terms)
    (row,) = (row for row in report_of(one).underlyings if row.asset == "BTC")
    assert close(row.liquidation_up, Fraction("148.9") / Fraction("1.05"))
    assert row.liquidation_down is None


# Tiers.


def test_dead_at_minus_4_percent_and_healthy_again_at_minus_9() -> None:
    # Equity 13.6 + p - 100. Above 92: 10% p, crossing at 96. At 91: 4.6 against 0.91.
    one = account(position(linear(table=JUMPING), LONG, 1, 100), balances={"USDT": "13.6"})
    assert close(first(one).liquidation_price, 96)
    (pool,) = partition(one)
    assert [pool_risk(pool, {"BTC": d(r)}).is_liquidatable(pool.rules) for r in ("0.97", "0.95", "0.92", "0.91", "0.87")] == [
        False,
        True,
        False,
        False,
        True,
    ]
    assert close(first_on_path(pool_state(pool), shock_path({"BTC": d("-0.09")}), pool.rules), Fraction(4, 9))


def test_a_jump_on_the_way_up_liquidates_at_the_border() -> None:
    table = tiers((105, "0.01", None), (None, "0.1", None), deductions=[0, 0])
    row = first(account(position(linear(table=table), SHORT, 1, 100), balances={"USDT": 12}))
    assert row.liquidation_price == 105
    assert row.liquidation_side == "above"


def test_a_notional_exactly_on_a_border_is_liquidated_by_the_smallest_rise() -> None:
    table = tiers((100, "0.01", None), (None, "0.1", None), deductions=[0, 0])
    one = account(position(linear(table=table), LONG, 1, 100), balances={"USDT": 3})
    report = report_of(one)
    row = report.positions[0]
    assert not report.totals.liquidatable
    assert (row.tier, row.maintenance_margin) == (1, 1)
    assert (row.liquidation_price, row.liquidation_side, row.distance_to_liquidation) == (100, "above", 0)
    assert close(report.underlyings[0].liquidation_down, Fraction(97) / Fraction("0.99"))


def test_the_tier_is_that_of_the_notional_at_the_price() -> None:
    # 1% up to 100, 5% of what is beyond: short 1 with 12 -> 12 + 100 - p = 1 + 5% (p - 100).
    table = tiers((100, "0.01", None), (None, "0.05", None))
    row = first(account(position(linear(table=table), SHORT, 1, 100), balances={"USDT": 12}))
    assert close(row.liquidation_price, Fraction(116) / Fraction("1.05"))


def test_by_quantity_the_tier_stays_where_it_is() -> None:
    table = tiers((1, "0.01", None), (None, "0.5", None), deductions=[0, 0])
    contract = linear(table=table, tiers_by=TiersBy.QUANTITY)
    row = first(account(position(contract, SHORT, 1, 100), balances={"USDT": 500}))
    assert close(row.liquidation_price, Fraction(600) / Fraction("1.01"))


def test_beyond_the_last_bounded_tier_its_line_goes_on() -> None:
    table = tiers((100, "0.01", None), (150, "0.05", None))
    row = first(account(position(linear(table=table), SHORT, 1, 100), balances={"USDT": 100}))
    assert close(row.liquidation_price, Fraction(204) / Fraction("1.05"))


# Equality.


def test_equity_exactly_at_the_level_is_safe_and_the_smallest_fall_liquidates() -> None:
    report = report_of(account(position(BTC, LONG, 1, 100), balances={"USDT": 1}))
    row = report.positions[0]
    assert (report.totals.liquidatable, report.totals.state) == (False, "restricted")
    assert (row.liquidation_price, row.liquidation_side, row.distance_to_liquidation) == (100, "below", 0)


def test_equity_exactly_at_the_level_is_liquidated_where_equality_counts() -> None:
    one = account(position(BTC, LONG, 1, 100), balances={"USDT": 1}, rules=Rules(equality=Equality.LIQUIDATED))
    report = report_of(one)
    row = report.positions[0]
    assert (report.totals.liquidatable, report.totals.state) == (True, "liquidation")
    assert (row.liquidation_price, row.liquidation_side, row.distance_to_liquidation) == (100, None, 0)
    found = report.liquidation
    assert (found.down, found.up, found.distance, found.direction, found.pool) == (0, 0, 0, None, "cross")


def test_already_liquidatable_is_the_mark_itself() -> None:
    report = report_of(account(position(BTC, LONG, 1, "150.5", "100.25"), balances={"USDT": 20}, prices={"BTC": "100.25"}))
    row = report.positions[0]
    assert row.liquidation_price == row.contract_liquidation_price == d("100.25")
    assert (row.liquidation_side, row.distance_to_liquidation) == (None, 0)


def test_without_maintenance_nothing_is_ever_liquidated() -> None:
    free = linear(table=flat("0", "0.1"))
    report = report_of(account(position(free, LONG, 1, 100), balances={"USDT": -5}))
    assert report.totals.equity == -5
    assert not report.totals.liquidatable
    assert report.positions[0].liquidation_price is None


def test_a_deduction_that_eats_the_margin_protects_until_it_is_used_up() -> None:
    # max(0, 10% p - 8): nothing is required below 80, and equity 15 + p - 100 is gone at 85: first 15 + p - 100 = 10% p - 8.
    table = tiers((None, "0.1", None), deductions=[8])
    rows = [first(account(position(linear(table=table), LONG, 1, 100), balances={"USDT": usdt})) for usdt in (15, 21)]
    assert close(rows[0].liquidation_price, Fraction(77) / Fraction("0.9"))
    assert rows[1].liquidation_price is None


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
    found = asset_sides(state, "USDT", one.rules)
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


# Bankruptcy.


@pytest.mark.parametrize(
    ("one", "price"),
    [
        pytest.param(account(position(BTC, LONG, 1, 100), balances={"USDT": 10}), Fraction(90), id="10 + p - 100 = 0"),
        pytest.param(account(position(BTC, SHORT, 1, 100), balances={"USDT": 10}), Fraction(110), id="10 + 100 - p = 0"),
        pytest.param(
            account(position(PERP, LONG, 10, 100), balances={"BTC": "0.5"}, single_asset=True),
            Fraction(200, 3),
            id="1.5 p - 100 = 0",
        ),
        pytest.param(
            account(position(BTC, LONG, 1, 100), balances={"USDT": "0.5"}), Fraction("99.5"), id="liquidatable: the nearest root"
        ),
        pytest.param(
            account(position(BTC, LONG, 1, 100), balances={"USDT": -2}), Fraction(102), id="bankrupt already: the root back up"
        ),
        pytest.param(account(position(BTC, LONG, 1, 100), balances={"USDT": 0}), Fraction(100), id="no equity: the mark itself"),
        pytest.param(account(position(BTC, LONG, 1, 100), balances={"USDT": 100}), None, id="never liquidated, never bankrupt"),
    ],
)
def test_bankruptcy(one: Account, price: Fraction | None) -> None:
    found = first(one).bankruptcy_price
    assert found is None if price is None else close(found, price)


# States.


def test_a_pool_that_is_liquidatable_is_so_here() -> None:
    one = account(position(BTC, LONG, 1, 100), balances={"USDT": "0.5"})
    state = pool_state(partition(one)[0])
    assert asset_sides(state, "BTC", one.rules) == HERE
    assert joint_sides(state, one.betas, one.rules) == HERE
    assert first_on_path(state, shock_path({"BTC": d("0.5")}), one.rules) == 0


def test_a_scenario_exactly_at_the_crossing_is_survived_and_slightly_beyond_is_not() -> None:
    one = account(position(linear(table=flat("0.02")), LONG, 1, 100), balances={"USDT": "11.8"})
    (pool,) = partition(one)  # 11.8 + p - 100 = 2% p  ->  p = 90
    assert close(first(one).liquidation_price, 90)
    assert not pool_risk(pool, {"BTC": d("0.9")}).is_liquidatable(pool.rules)
    assert pool_risk(pool, {"BTC": d("0.8999999999")}).is_liquidatable(pool.rules)
    assert first_on_path(pool_state(pool), shock_path({"BTC": d("-0.1")}), pool.rules) is None
    assert close(first_on_path(pool_state(pool), shock_path({"BTC": d("-0.2")}), pool.rules), Fraction(1, 2))


def test_sixty_digit_numbers_lose_nothing() -> None:
    tail = "0." + "0" * 39 + "1"
    balance = d("10") + d(tail)
    one = account(position(linear(table=flat("0.01")), LONG, 1, 100), balances={"USDT": balance})
    assert close(first(one).liquidation_price, (100 - Fraction(balance)) / Fraction("0.99"))
    assert report_of(one).totals.equity == balance
    just = account(position(BTC, LONG, 1, 100), balances={"USDT": ONE - d(tail)})
    assert report_of(just).totals.liquidatable
