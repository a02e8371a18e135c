"""Scenarios, grids and curves in closed form, and what a depeg of the settle asset does."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.builders import LONG, SHORT, account, d, flat, haircuts, inverse, linear, order, position, tiers

from marginctl.core.account import Account, AssetTerms, Equality, MarginRules, Netting, OrderMaintenance, Purpose
from marginctl.core.assemble import report_of
from marginctl.core.curve import Point, curve_of
from marginctl.core.curve import reach as reach_of
from marginctl.core.grid import Axis, grid_of, spread
from marginctl.core.outcome import (
    ScenarioOutcome,
    hedge_effects,
    hedges,
    losers_of,
    outcome_of,
    path_outcome,
    states_of,
)
from marginctl.core.path import FundingPath, FundingShock, PricePath, Scenario, reach, way_to
from marginctl.core.pool import partition
from marginctl.core.risk import pool_risk
from marginctl.core.scenario import PathOutcome, moved

from .strategies import accounts, number

BTC, ETH = linear(), linear("ETHUSDT", "ETH")
TINY = Fraction(1, 10**50)


def at_end(one: Account, shocks: dict[str, str]) -> ScenarioOutcome:
    return outcome_of(one, states_of(one), PricePath({asset: d(shock) for asset, shock in shocks.items()}))


def close(value: Decimal | None, expected: Fraction | int) -> bool:
    return value is not None and abs(Fraction(value) - expected) < TINY


# Long 10 BTC at 100, short 20 ETH at 10, 200 USDT; 1% maintenance, 10% initial margin.
BOOK = account(
    position(BTC, LONG, 10, 100),
    position(ETH, SHORT, 20, 10),
    balances={"USDT": 200},
)


def test_a_scenario_is_survived_and_its_end_is_the_sum() -> None:
    # BTC -10%: -100; ETH -20%: +40. Maintenance 9 + 1.6, initial 90 + 16.
    found = at_end(BOOK, {"BTC": "-0.1", "ETH": "-0.2"})
    assert found.survived
    assert (found.equity, found.change, found.maintenance_margin) == (140, -60, d("10.6"))
    assert close(found.maintenance_ratio, Fraction(106, 1400))
    assert found.free_collateral == 34
    assert found.worst is not None
    assert (found.worst.symbol, found.worst.side, found.worst.change) == ("BTCUSDT", LONG, -100)


def test_how_far_the_same_line_goes_on_before_it_liquidates() -> None:
    # 200 - 100u + 40u = (1000 (1 - 0.1u) + 200 (1 - 0.2u)) 1%: 188 = (60 - 1.4) u
    found = at_end(BOOK, {"BTC": "-0.1", "ETH": "-0.2"})
    assert (found.crossing, found.pool) == (None, "cross")
    assert close(found.reach, Fraction(1880, 586))


def test_a_scenario_that_is_not_survived_says_where_on_its_way() -> None:
    # 188 = 5 times as much: (300 - 7) u
    found = at_end(BOOK, {"BTC": "-0.5", "ETH": "-1"})
    assert not found.survived
    assert close(found.crossing, Fraction(188, 293))
    assert found.reach == found.crossing
    assert found.bystanders == ("ETHUSDT:-1:cross",)
    assert (found.equity, found.maintenance_ratio) == (-100, None)


def test_dead_halfway_and_healthy_at_the_end_is_not_survived() -> None:
    # No deduction: 1% up to 1000 and 20% in the tier beyond, 1% again above 1100 (written as a large deduction).
    table = tiers((1000, "0.01", "0.1"), (1100, "0.2", "0.2"), (None, "0.2", "0.2"), deductions=[0, 0, 209])
    held = account(position(linear(table=table), LONG, 10, 100), balances={"USDT": 150})
    found = at_end(held, {"BTC": "0.5"})
    assert (found.crossing, found.pools[0].liquidatable) == (0, False)
    assert (found.equity, found.maintenance_margin) == (650, 91)


@pytest.mark.parametrize(
    ("equality", "crossing"),
    [pytest.param(Equality.SAFE, None, id="safe"), pytest.param(Equality.LIQUIDATED, 1, id="liquidated")],
)
def test_a_scenario_exactly_at_the_liquidation_move(equality: Equality, crossing: int | None) -> None:
    # Short 10 BTC at 100, 111 USDT: 111 - 100 = 11 = 1% of 1100 at +10%.
    held = account(position(BTC, SHORT, 10, 100), balances={"USDT": 111}, rules=MarginRules(equality=equality))
    found = at_end(held, {"BTC": "0.1"})
    assert (found.crossing, found.reach) == (crossing, 1)
    assert at_end(held, {"BTC": "0.1001"}).crossing is not None
    assert at_end(held, {"BTC": "0.0999"}).crossing is None


def test_without_shocks_nothing_changes() -> None:
    found = at_end(BOOK, {})
    assert (found.crossing, found.reach, found.change, found.worst) == (None, None, 0, None)
    assert (found.equity, found.free_collateral) == (200, 80)


def test_the_first_of_several_pools_is_named() -> None:
    # Isolated ETH short behind 20: 20 - 200u = 2 + 2u at +100%: u = 18/202. The cross pool lives.
    held = account(
        position(BTC, LONG, 10, 100),
        position(ETH, SHORT, 20, 10, isolated_margin=20),
        balances={"USDT": 200},
    )
    found = at_end(held, {"ETH": "1"})
    assert found.pool == "isolated:ETHUSDT:short"
    assert close(found.crossing, Fraction(18, 202))
    assert [(pool.name, pool.crossing is None) for pool in found.pools] == [
        ("cross", True),
        ("isolated:ETHUSDT:short", False),
    ]
    assert found.worst_pool == "cross"
    assert found.free_collateral == 80  # of the cross pool: 180 less 100
    # ETH +5% and BTC -1% are survived: the short would go at 18/202 : 5%, the long long after it.
    found = at_end(held, {"ETH": "0.05", "BTC": "-0.01"})
    assert (found.crossing, found.pool) == (None, "isolated:ETHUSDT:short")
    assert close(found.reach, Fraction(18 * 20, 202))


def test_a_settle_asset_off_its_peg_moves_marks_profit_notional_and_collateral() -> None:
    # USDT -20% and BTC still 100: the mark is 125 USDT. Long 10 at 100: +250 USDT = 200 in dollars;
    # 200 USDT held are 160; notional stays 1000 dollars and its margin 10.
    held = account(position(BTC, LONG, 10, 100), balances={"USDT": 200})
    found = at_end(held, {"USDT": "-0.2"})
    assert (found.equity, found.maintenance_margin) == (360, 10)
    assert found.worst is None
    assert at_end(account(position(BTC, SHORT, 10, 100), balances={"USDT": 200}), {"USDT": "-0.2"}).equity == -40


def test_a_depeg_of_collateral_that_settles_nothing_costs_what_counts_of_it() -> None:
    # 100 USDC at 10% haircut: 90 -> 79.2 at -12%.
    terms = {"USDC": AssetTerms(haircuts=haircuts((None, "0.1")))}
    held = account(position(BTC, LONG, 1, 100), balances={"USDT": 10, "USDC": 100}, terms=terms)
    assert at_end(held, {"USDC": "-0.12"}).change == d("-10.8")


def test_everything_may_go_to_nothing() -> None:
    # Inverse: long 100 USD of BTC at 100 and 2 BTC. At -100% the coin is worthless and the contract still owes.
    held = account(position(inverse(), LONG, 10, 100), balances={"BTC": 2})
    found = at_end(held, {"BTC": "-1"})
    assert (found.equity, found.survived) == (-100, False)
    # 3 (1 - u) - 1 of it in dollars: 200 (1-u) + 100 (1-u) - 100 = 1
    assert close(found.crossing, Fraction(199, 300))


def test_orders_are_weighed_against_the_marks_of_the_end() -> None:
    # A buy of 10 more at 90: 10% of 900 now. At BTC -20% the position is 800, 1700 with it: 90 again.
    held = account(position(BTC, LONG, 10, 100), balances={"USDT": 500}, orders=(order(BTC, LONG, 10, 90, 100),))
    found = at_end(held, {"BTC": "-0.2"})
    assert found.free_collateral == 500 - 200 - 80 - 90
    after = report_of(moved(held, {"BTC": d("0.8")}))
    assert found.free_collateral == after.totals.free_collateral
    assert at_end(held, {"BTC": "-1"}).free_collateral is None  # at a price of 0 an order has no side that opens


def test_path_outcome_is_what_limits_read() -> None:
    path = {"BTC": d("-0.5"), "ETH": d("-1")}
    found = path_outcome(BOOK, states_of(BOOK), path)
    assert found.pool == "cross"
    assert close(found.crossing, Fraction(188, 293))
    assert path_outcome(BOOK, states_of(BOOK), {}) == PathOutcome(None, is_idle=True)


@given(account=accounts(), moves=st.dictionaries(st.sampled_from(["BTC", "ETH", "USDT"]), number(-90, 200, 2)))
def test_beyond_the_reach_it_is_dead_and_before_it_is_not(account: Account, moves: dict[str, Decimal]) -> None:
    """Just before where a path breaks nothing is liquidatable, just beyond it the pool that breaks is."""
    states = states_of(account)
    path = PricePath(moves)
    outcome = outcome_of(account, states, path)
    for state, pool in zip(states, outcome.pools, strict=True):
        if pool.reach is None or not pool.reach:
            continue
        before, beyond = (path.ratios(pool.reach * (1 + Decimal(s) / 10**12)) for s in (-1, 1))
        if min(beyond.values()) < 0:
            continue
        assert not pool_risk(state.pool, before).is_liquidatable(state.pool.rules)
        assert pool_risk(state.pool, beyond).is_liquidatable(state.pool.rules)


def test_funding_that_is_paid_is_a_way_as_well() -> None:
    # Long 10 at 100, 20 USDT, 0.1% a day: 20 - d = 10 on day 10.
    held = account(position(BTC, LONG, 10, 100), position(ETH, SHORT, 1, 10), balances={"USDT": 20})
    scenario = Scenario(name="spike", funding=FundingShock({"BTC": d("0.001")}, d(24), d(5)))
    walking, path = way_to(scenario, held)
    assert [one.funding_rate for one in walking.positions] == [d("0.001"), None]
    found = outcome_of(walking, states_of(walking), path)
    # 0.1 more of maintenance for the ETH short: day 9.9 of 5.
    assert (found.survived, found.equity, found.change, found.reach) == (True, 15, -5, d("1.98"))
    assert found.worst is not None
    assert (found.worst.symbol, found.worst.change) == ("BTCUSDT", -5)
    longer = Scenario(name="spike", funding=FundingShock({"*": d("0.001")}, d(24), d(20)))
    walking, path = way_to(longer, held)
    # The short receives 0.01 a day: 20 - 0.99 d = 10.1
    assert close(
        outcome_of(walking, states_of(walking), path).crossing, Fraction(1000, 99) * Fraction(99, 10) / 10 / 20
    )


def test_a_scenario_names_assets_that_an_account_does_not_have() -> None:
    scenario = Scenario(name="x", shocks={"BTC": d("-0.1"), "DOGE": d("-0.5"), "*": d("-0.2")})
    assert scenario.untouched(BOOK) == ("DOGE",)
    _, path = way_to(scenario, BOOK)
    assert path.ratios(Decimal(1)) == {"BTC": d("0.9"), "ETH": d("0.8")}


def test_moves_of_an_axis_are_even_and_now_is_one_of_them() -> None:
    assert spread(d("0.5"), 5) == (d("-0.5"), d("-0.25"), 0, d("0.25"), d("0.5"))


def test_a_grid_evaluates_every_pair_of_moves() -> None:
    # BTC -20%: -200; ETH +50%: -100.
    found = grid_of(BOOK, states_of(BOOK), Axis("ETH", (d(0), d("0.5"))), Axis("BTC", (d("-0.2"), d(0))))
    assert [[cell.equity for cell in row] for row in found.rows] == [[0, -100], [200, 100]]
    assert [[cell.liquidatable for cell in row] for row in found.rows] == [[True, True], [False, False]]
    assert [[cell.maintenance_ratio for cell in row] for row in found.rows] == [[None, None], [d("0.06"), d("0.13")]]


def test_a_grid_of_one_coin_against_all_others() -> None:
    found = grid_of(BOOK, states_of(BOOK), Axis("*", (d("0.5"),)), Axis("BTC", (d("-0.1"),)))
    assert found.rows[0][0].equity == 0  # -100 for BTC, -100 for ETH, which is an other one
    assert (
        found.rows[0][0]
        == grid_of(BOOK, states_of(BOOK), Axis("ETH", (d("0.5"),)), Axis("BTC", (d("-0.1"),))).rows[0][0]
    )


@given(account=accounts(), x=number(-100, 200, 2), y=number(-100, 200, 2))
def test_a_cell_is_the_account_at_its_prices(account: Account, x: Decimal, y: Decimal) -> None:
    cell = grid_of(account, states_of(account), Axis("BTC", (x,)), Axis("ETH", (y,))).rows[0][0]
    end = outcome_of(account, states_of(account), PricePath({"BTC": x, "ETH": y}))
    assert (cell.equity, cell.maintenance_ratio) == (end.equity, end.maintenance_ratio)
    assert cell.liquidatable == any(pool.liquidatable for pool in end.pools)


def test_a_curve_has_its_corners_where_tiers_change() -> None:
    # Long 10 at 100, 1% to 900, then 5% (deduction 36): equity 200 + 1000u, margin 14 + 50u, below -10% 10 + 10u.
    # Initial margin is a tenth of the notional of 1000 (1 + u) everywhere.
    table = tiers((900, "0.01", "0.1"), (None, "0.05", "0.1"))
    held = account(position(linear(table=table), LONG, 10, 100), balances={"USDT": 200})
    (state,) = states_of(held)
    curve = curve_of(held, state, d("0.2"))
    assert curve.pool == "cross"
    assert curve.points == (
        Point(d("-0.2"), d(0), d(8), d(80)),
        Point(d("-0.1"), d(100), d(9), d(90)),
        Point(d(0), d(200), d(14), d(100)),
        Point(d("0.2"), d(400), d(24), d(120)),
    )
    assert curve.at(d("-0.05")) == Point(d("-0.05"), d(150), d("11.5"), d(95))
    assert curve.at(d("-0.15")) == Point(d("-0.15"), d(50), d("8.5"), d(85))
    assert curve.at(d("0.2")) == curve.points[-1]


def test_a_curve_follows_betas_and_shows_a_jump_as_two_points() -> None:
    # Short 10 at 100, 1% to 1000, 10% beyond without a deduction; BTC moves twice as far.
    table = tiers((1000, "0.01", "0.1"), (None, "0.1", "0.1"), deductions=[0, 0])
    held = account(position(linear(table=table), SHORT, 10, 100), balances={"USDT": 300}, betas={"BTC": 2})
    (state,) = states_of(held)
    curve = curve_of(held, state, d("0.1"))
    assert curve.points == (
        Point(d("-0.1"), d(500), d(8), d(80)),
        Point(d(0), d(300), d(10), d(100)),
        Point(d(0), d(300), d(100), d(100)),
        Point(d("0.1"), d(100), d(120), d(120)),
    )
    assert [curve.at(d(move)).required for move in ("-0.05", "0", "0.05")] == [9, 10, 110]


@pytest.mark.parametrize(
    ("down", "up", "expected"),
    [
        pytest.param("-0.3131", "7874", "0.40", id="1.25 x 31.31% is 39.14%; the rise is beyond 100%"),
        pytest.param("-0.2", "0.4", "0.5", id="1.25 x the farther"),
        pytest.param("-0.05", None, "0.2", id="20% at least"),
        pytest.param("-0.9", None, "1", id="100% at most"),
        pytest.param(None, "1", "1", id="100% counts"),
        pytest.param(None, "1.5", "0.5", id="50% where nothing up to 100% liquidates"),
        pytest.param(None, None, "0.5", id="50% where nothing does"),
    ],
)
def test_a_curve_reaches_past_the_farther_liquidation(down: str | None, up: str | None, expected: str) -> None:
    assert reach_of(None if end is None else d(end) for end in (down, up)) == d(expected)


@given(account=accounts(), share=number(-100, 100, 2))
def test_a_curve_is_the_pool_at_every_move(account: Account, share: Decimal) -> None:
    """Between its corners too, but for a corner itself, where a jump has two values."""
    size = Decimal("0.5")
    move = share * size * Decimal("0.999983")
    for state in states_of(account):
        curve = curve_of(account, state, size)
        ratios = {asset: max(Decimal(0), 1 + beta * move) for asset, beta in account.betas.items()}
        risk = pool_risk(state.pool, ratios)
        found = curve.at(move)
        noise = Fraction(state.risk.scale + 1) / 10**40
        assert abs(Fraction(found.equity) - Fraction(risk.equity)) <= noise
        if move not in {point.move for point in curve.points}:
            needed = state.pool.rules.level * risk.maintenance_margin
            assert abs(Fraction(found.required) - Fraction(needed)) <= noise
            assert abs(Fraction(found.initial_margin) - Fraction(risk.initial_margin)) <= noise


@given(account=accounts(), share=number(-100, 100, 2))
def test_a_curve_of_one_asset_is_the_pool_where_it_alone_has_moved(account: Account, share: Decimal) -> None:
    size = Decimal("0.5")
    move = share * size * Decimal("0.999983")
    for state in states_of(account):
        for asset in [one for one in state.assets if not state.pool.moving_with(one)][:1]:
            curve = curve_of(account, state, size, asset)
            risk = pool_risk(state.pool, {asset: 1 + move})
            found = curve.at(move)
            noise = Fraction(state.risk.scale + 1) / 10**40
            assert abs(Fraction(found.equity) - Fraction(risk.equity)) <= noise
            if move not in {point.move for point in curve.points}:
                assert abs(Fraction(found.initial_margin) - Fraction(risk.initial_margin)) <= noise


# How much of a scenario liquidates, past it as well.


@pytest.mark.parametrize(
    ("shocks", "expected"),
    [
        pytest.param({"BTC": "0.1"}, Fraction(4999) / Fraction("10.1"), id="5000 - 10 u = 1% (100 + 10 u): up 4,950%"),
        pytest.param(
            {"BTC": "0.1", "ETH": "-0.5"}, Fraction(4989) / Fraction("10.1"), id="ETH is gone at u = 2 and cost 10"
        ),
        pytest.param({"ETH": "-0.5"}, None, id="gone at u = 2, and nothing else moves"),
    ],
)
def test_a_scenario_goes_on_where_a_price_is_gone(shocks: dict[str, str], expected: Fraction | None) -> None:
    # Short 1 BTC at 100, long 1 ETH at 10 without a maintenance margin, 5000 USDT.
    eth = linear("ETHUSDT", "ETH", table=flat("0"))
    held = account(position(BTC, SHORT, 1, 100), position(eth, LONG, 1, 10), balances={"USDT": 5000})
    path = PricePath({asset: d(shock) for asset, shock in shocks.items()})
    found = reach(path, states_of(held)[0], held)
    assert found is None if expected is None else close(found, expected)


def test_without_a_hedge_the_orders_on_its_contract_keep_its_rates() -> None:
    # Long 20 ETH at 10 without a maintenance margin, 200 USDT; orders to sell 2 BTC at 100 need the hedge's 50%.
    # With the hedge gone they still need 100: 200 + 200 x = 100 at x = -50%.
    bare = linear(table=())
    book = account(
        position(ETH, LONG, 20, 10, leverage="1", maintenance_rate="0"),
        position(bare, SHORT, 1, 100, leverage="2", maintenance_rate="0.5", key="hedge", purpose=Purpose.HEDGE),
        balances={"USDT": 200},
        orders=(order(bare, SHORT, 2, 100, 100),),
        rules=MarginRules(order_maintenance=OrderMaintenance.MARGIN),
    )
    found = hedge_effects(book, states_of(book))["hedge"]
    assert found.distance_without == d("0.5")
    assert (found.delta, found.delta_without) == (-1, 0)


def test_a_hedge_that_is_isolated_is_none_of_its_pool() -> None:
    inside = position(BTC, SHORT, 2, 100, purpose=Purpose.HEDGE)
    apart = position(BTC, SHORT, 3, 100, purpose=Purpose.HEDGE, isolated_margin=100)
    book = account(position(BTC, LONG, 10, 100), inside, apart, balances={"USDT": 500}, hedge=True)
    assert hedges(book) == (inside,)


def test_the_losers_of_a_scenario_are_those_of_the_pool_that_goes_first_where_it_goes() -> None:
    """BTC -50%, ETH +100%: the isolated long goes first, behind 30 that 500u take, and it alone loses there.

    In one pool BTC long 10 and ETH short 20 lose 500u and 200u: the larger loss first.
    """
    apart = position(BTC, LONG, 10, 100, isolated_margin=30)
    book = account(position(ETH, SHORT, 20, 10), apart, balances={"USDT": 800})
    shocks = {"BTC": d("-0.5"), "ETH": d(1)}
    assert losers_of(book, states_of(book), shocks) == [apart]
    both = account(position(ETH, SHORT, 20, 10), position(BTC, LONG, 10, 100), balances={"USDT": 200})
    assert [one.contract.symbol for one in losers_of(both, states_of(both), shocks)] == ["BTCUSDT", "ETHUSDT"]
    assert losers_of(both, states_of(both), {"BTC": d("0.5")}) == []  # survived


def test_a_loser_is_one_at_the_crossing_not_at_the_end() -> None:
    """Short 1 ETH entered at 15, now 10: ahead by 5 - 10u on the way to +100%, so behind from u = 1/2 on.

    Long 10 BTC at 100 with 150 USDT, -40%: 155 - 410u = 10.1 - 3.9u at u = 0.36, with 300 USDT at u = 0.73.
    """
    book = account(position(BTC, LONG, 10, 100), position(ETH, SHORT, 1, 15, 10), balances={"USDT": 150})
    shocks = {"BTC": d("-0.4"), "ETH": d(1)}
    outcome = path_outcome(book, states_of(book), shocks)
    assert outcome.crossing is not None
    assert outcome.crossing < d("0.5")
    assert outcome.bystanders == ("ETHUSDT:-1:cross",)
    assert [one.contract.symbol for one in losers_of(book, states_of(book), shocks)] == ["BTCUSDT"]
    richer = replace(book, balances={"USDT": d(300)})
    crossing = path_outcome(richer, states_of(richer), shocks).crossing
    assert crossing is not None
    assert crossing > d("0.5")
    assert [one.contract.symbol for one in losers_of(richer, states_of(richer), shocks)] == ["BTCUSDT", "ETHUSDT"]


def test_a_hedge_counts_in_the_pool_it_stands_in_and_the_delta_is_the_accounts() -> None:
    """Single-asset: 10 BTC long settle in USDT, 2 short in USDC. Without the hedge the silo of USDC has no delta.

    The pool of USDC: 100 - 200u = 2 (1 + u) at u = 98/202; without the hedge nothing liquidates it.
    """
    hedge = position(linear("BTCUSDC", "BTC", "USDC"), SHORT, 2, 100, purpose=Purpose.HEDGE)
    book = account(
        position(BTC, LONG, 10, 100), hedge, balances={"USDT": 500, "USDC": 100, "EUR": 10}, single_asset=True
    )
    found = hedge_effects(book, states_of(book))
    assert found.keys() == {hedge.key}
    figures = found[hedge.key]
    assert close(figures.distance, Fraction(98, 202))
    assert (figures.distance_without, figures.delta, figures.delta_without) == (None, 8, 10)


def test_what_is_left_free_is_what_the_margins_do_not_take() -> None:
    assert Point(d(0), d(100), d(5), d(20), d(7)).free_collateral == 73
    assert Point(d(0), d(100), d(5), d(20), None).free_collateral is None
    assert Point(d(0), d(100), d(5)).buffer == 95


@settings(max_examples=12)
@given(account=accounts())
def test_a_curve_has_the_margin_of_orders_against_the_marks_of_every_point(account: Account) -> None:
    for state in states_of(account):
        orders = state.pool.orders
        contracts = [one.contract for one in orders]
        own = {*state.assets, *(name for one in contracts for name in (one.base, one.quote, one.settle))}
        for asset in ("", *state.assets[:1]):
            points = curve_of(account, state, Decimal("0.5"), asset).points
            for point in points[:: len(points) // 4 or 1]:
                ratios = {one: 1 + beta * point.move for one, beta in account.betas.items() if one in own}
                if asset:
                    ratios = dict.fromkeys((asset, *state.pool.moving_with(asset)), 1 + point.move)
                if min(ratios.values(), default=d(1)) <= 0:
                    assert point.order_margin == (None if orders else 0)
                    continue
                there = {pool.name: pool for pool in partition(moved(account, ratios))}[state.pool.name]
                assert abs((point.order_margin or 0) - there.order_margin) <= Decimal("1e-40") * (
                    1 + there.order_margin
                )


def test_a_curved_initial_margin_is_drawn_through_64_points_on_it() -> None:
    """Inverse, 1000 USD, with a rate that grows by 1% with every coin: 10% + 1% x 10 / p of 1000 at p times the price.

    It is 100 + 100 / p: 200 now, 300 at -50%, 150 at +100%; a chord of the curve would be above it.
    """
    held = account(position(inverse(), LONG, 100, 100, initial_rate="0.1", initial_growth="0.01"), balances={"BTC": 50})
    (state,) = states_of(held)
    points = curve_of(held, state, d("0.5")).points
    assert len(points) == 2 * 64 + 1
    assert [(point.move, round(point.initial_margin, 30)) for point in points[::64]] == [
        (d("-0.5"), 300),
        (0, 200),
        (d("0.5"), round(100 + d(100) / d("1.5"), 30)),
    ]
    for point in points[::16]:
        assert abs(point.initial_margin - (100 + 100 / (1 + point.move))) < d("1e-60")


def test_a_curve_with_orders_is_drawn_through_16_points_on_either_side() -> None:
    held = account(position(BTC, LONG, 10, 100), balances={"USDT": 500}, orders=(order(BTC, LONG, 1, 90, 100),))
    (state,) = states_of(held)
    assert [point.move for point in curve_of(held, state, d("0.32")).points] == [d(k) / 50 for k in range(-16, 17)]


def test_a_curve_down_to_nothing_ends_there_and_says_nothing_of_orders() -> None:
    held = account(position(BTC, LONG, 10, 100), balances={"USDT": 2000}, orders=(order(BTC, LONG, 1, 90, 100),))
    (state,) = states_of(held)
    first = curve_of(held, state, d(1)).points[0]
    assert first == Point(d(-1), d(1000), d(0), d(0), None)
    assert first.free_collateral is None


def test_where_a_coin_is_worth_nothing_a_curved_margin_is_not_drawn() -> None:
    """100 + 100 / p has no end at p = 0: the last of 64 points before it is the end of the curve."""
    held = account(position(inverse(), LONG, 100, 100, initial_rate="0.1", initial_growth="0.01"), balances={"BTC": 50})
    (state,) = states_of(held)
    first = curve_of(held, state, d(1)).points[0]
    assert first.move == -d(63) / 64
    assert round(first.initial_margin, 20) == 100 + 100 * 64
    cheap = curve_of(held, state, d("0.995")).points[0]  # at half a dollar it is worth something
    assert (cheap.move, round(cheap.initial_margin, 20)) == (d("-0.995"), 100 + 100 * 200)


def test_where_all_is_isolated_what_is_free_is_what_is_left_beside_it() -> None:
    """300 USDT and 100 USDC; 100 set aside for a long that needs 100. At -20% it has 100 - 200 < 0: the worst pool."""
    apart = position(BTC, LONG, 10, 100, isolated_margin=100)
    book = account(apart, balances={"USDT": 300, "USDC": 100}, single_asset=True)
    found = at_end(book, {"BTC": "-0.2", "USDC": "-0.1"})
    assert (found.worst_pool, found.equity, found.free_collateral) == ("isolated:BTCUSDT:long", 190, 290)
    shared = replace(book, positions=(apart, position(BTC, LONG, 1, 100)))
    assert at_end(shared, {"BTC": "-0.2"}).free_collateral == 200 - 20 - 8


def test_without_moves_orders_are_those_of_now_and_at_nothing_none_can_be_told_where_they_stand() -> None:
    """Single-asset, a buy in USDC: at BTC -100% its pool cannot say, that of USDT can and is the worse one."""
    usdc = linear("BTCUSDC", "BTC", "USDC")
    book = account(
        position(linear("ETHUSDT", "ETH"), LONG, 10, 10),
        orders=(order(usdc, LONG, 1, 90, 100),),
        balances={"USDT": 12, "USDC": 500},
        single_asset=True,
    )
    assert [pool.free_collateral for pool in at_end(book, {}).pools] == [2, 491]
    gone = at_end(book, {"BTC": "-1"})
    assert [pool.free_collateral for pool in gone.pools] == [2, None]
    assert (gone.worst_pool, gone.free_collateral) == ("cross:USDT", 2)


def test_the_position_that_loses_most_and_who_stands_by() -> None:
    """BTC +20%: short 10 loses 200, long 1 gains 20, ETH stays. 150 + 0 at u: 150 - 180u = 13 + 2.2u."""
    book = account(
        position(BTC, SHORT, 10, 100),
        position(BTC, LONG, 1, 100),
        position(ETH, LONG, 20, 10),
        balances={"USDT": 150},
        hedge=True,
        rules=MarginRules(netting=Netting.NONE),
    )
    found = at_end(book, {"BTC": "0.2"})
    assert found.worst is not None
    assert (found.worst.key, found.worst.change, found.change) == ("BTCUSDT:-1:cross", -200, -180)
    assert close(found.crossing, Fraction(1370, 1822))
    assert found.bystanders == ("BTCUSDT:1:cross", "ETHUSDT:1:cross")
    assert at_end(book, {"BTC": "-0.2"}).worst is not None
    assert at_end(book, {"USDC": "-0.2"}).worst is None


def test_of_what_has_no_funding_rate_nothing_is_paid() -> None:
    held = account(
        position(BTC, LONG, 10, 100, funding_rate="0.0003"), position(ETH, SHORT, 5, 10), balances={"USDT": 500}
    )
    assert FundingPath(d(10)).changes(held) == [-9, 0]
    assert PricePath({"BTC": d("0.1")}).changes(held) == [100, 0]


def test_half_a_dollar_of_profit_is_no_loss() -> None:
    """ETH stays, entered at 9.95: 10 of it are half a dollar ahead where BTC takes the pool down."""
    both = account(position(BTC, LONG, 10, 100), position(ETH, LONG, 10, "9.95", 10), balances={"USDT": 150})
    lost = losers_of(both, states_of(both), {"BTC": d("-0.5")})
    assert [one.contract.symbol for one in lost] == ["BTCUSDT"]
