"""Figures of the report that no single part of the engine has: rows, totals of the worst pool, the account's state."""

# A Decimal equals an int: mypy calls such tuples incomparable.
# mypy: disable-error-code="comparison-overlap"

from decimal import Decimal
from fractions import Fraction

import pytest
from msgspec.structs import replace
from tests.builders import LONG, SHORT, account, d, flat, haircuts, inverse, linear, order, position, tiers

from marginctl.core.account import (
    Account,
    AssetTerms,
    Basis,
    CloseFee,
    MaintenanceShown,
    MarginMode,
    MarginRules,
    Netting,
    Purpose,
)
from marginctl.core.assemble import account_liquidation, as_shown, report_of
from marginctl.core.contract import Contract, TiersBy
from marginctl.core.liquidation import Sides
from marginctl.core.opaque import OpaqueRow
from marginctl.core.outcome import states_of

BTC, ETH, PERP = linear(), linear("ETHUSDT", "ETH"), inverse()
TABLE = tiers((150, "0.01", "0.02"), (None, "0.05", "0.1"))


def test_totals_of_a_mixed_account() -> None:
    terms = {"BTC": AssetTerms(haircuts=haircuts((None, "0.1")))}
    report = report_of(
        account(
            position(BTC, LONG, 2, 90, 100),
            position(ETH, SHORT, 5, 11, 10),
            orders=(order(BTC, LONG, 1, 90, 100),),
            balances={"USDT": 100, "BTC": "0.5"},
            terms=terms,
        )
    )
    totals = report.totals
    assert totals.gross_collateral == 150
    assert totals.unrealized_pnl == 25
    assert totals.equity == 100 + 25 + 45
    assert totals.haircut == 5
    assert (totals.initial_margin, totals.maintenance_margin, totals.order_margin) == (25, d("2.5"), 9)
    assert (totals.gross_notional, totals.net_notional) == (250, 150)
    assert totals.leverage == Decimal(250) / 170
    assert totals.free_collateral == 170 - 25 - 9
    assert totals.buffer == d("167.5")
    assert totals.utilization == Decimal(34) / 170
    assert totals.maintenance_ratio == d("2.5") / 170
    assert (totals.worst_pool, totals.state, totals.liquidatable) == ("cross", "healthy", False)


def test_rows_keep_the_order_of_the_account_whatever_their_pools() -> None:
    positions = (
        position(PERP, LONG, 1, 100, isolated_margin="0.02"),
        position(BTC, LONG, 1, 100),
        position(ETH, LONG, 1, 10, isolated_margin=2),
    )
    report = report_of(account(*positions, balances={"USDT": 50, "BTC": 1}))
    assert [row.symbol for row in report.positions] == ["BTCUSD", "BTCUSDT", "ETHUSDT"]
    assert [row.pool for row in report.positions] == ["isolated:BTCUSD:long", "cross", "isolated:ETHUSDT:long"]
    assert [pool.name for pool in report.pools] == ["cross", "isolated:BTCUSD:long", "isolated:ETHUSDT:long"]


def test_a_position_row() -> None:
    held = position(linear(table=TABLE), SHORT, 2, 90, 100, leverage=5, purpose=Purpose.HEDGE, funding_rate="0.001")
    (row,) = report_of(account(held, balances={"USDT": 1000}, prices={"USDT": "0.5", "BTC": 50})).positions
    assert (row.side, row.notional, row.unrealized_pnl) == ("short", 100, -10)
    assert (row.leverage, row.initial_rate, row.initial_margin) == (5, d("0.2"), 20)
    # 200 USDT are in tier 2: 5% of 200 less 6, at 0.5
    assert (row.tier, row.maintenance_rate, row.maintenance_deduction, row.maintenance_margin) == (2, d("0.05"), 3, 2)
    assert (row.margin_mode, row.pool, row.purpose, row.funding_per_day) == ("cross", "cross", "hedge", d("0.3"))


def test_an_own_maintenance_rate_has_no_tier() -> None:
    held = position(linear(table=TABLE), LONG, 2, 100, maintenance_rate="0.03", maintenance_deduction=1)
    (row,) = report_of(account(held, balances={"USDT": 100})).positions
    assert (row.tier, row.maintenance_rate, row.maintenance_deduction, row.maintenance_margin) == (
        None,
        d("0.03"),
        1,
        5,
    )


@pytest.mark.parametrize(
    ("contract", "quantity", "tier"),
    [
        pytest.param(linear(table=TABLE), "1.5", 1, id="a notional on the border is in the tier below"),
        pytest.param(linear(table=TABLE), "1.50000001", 2, id="a trifle more is not"),
        pytest.param(
            linear(table=tiers((3, "0.01", None), (None, "0.02", None)), tiers_by=TiersBy.QUANTITY),
            3,
            1,
            id="by quantity",
        ),
        pytest.param(
            inverse(table=tiers((2, "0.01", None), (None, "0.02", None))), 21, 2, id="inverse: 2.1 of the coin"
        ),
    ],
)
def test_the_tier_of_a_row(contract: Contract, quantity: str, tier: int) -> None:
    assert report_of(account(position(contract, LONG, quantity, 100), balances={"USDT": 999})).positions[0].tier == tier


def test_on_entry_the_rate_shown_is_the_rate_applied() -> None:
    # 2 x 74 = 148 at entry is in tier 1 (2%), 2 x 80 = 160 at the mark would be in tier 2 (10%).
    held = position(linear(table=TABLE), LONG, 2, 74, 80)
    rules = MarginRules(initial_basis=Basis.ENTRY, maintenance_basis=Basis.ENTRY)
    (row,) = report_of(account(held, balances={"USDT": 100}, prices={"BTC": 80}, rules=rules)).positions
    assert row.initial_margin == d("2.96")
    assert row.initial_rate == d("0.02")
    assert (row.tier, row.maintenance_rate, row.maintenance_margin) == (1, d("0.01"), d("1.48"))


def test_stand_alone_margins_stay_whole_where_the_pool_nets() -> None:
    legs = (position(BTC, LONG, 2, 100), position(BTC, SHORT, 1, 100))
    report = report_of(account(*legs, hedge=True, balances={"USDT": 100}))
    assert [row.initial_margin for row in report.positions] == [20, 10]
    netting = report.netting
    assert (netting.gross_initial_margin, netting.initial_margin, netting.saving) == (30, 10, 20)
    assert netting.saving_rate == Decimal(20) / 30
    kept = netting.maintenance
    assert (kept.gross_maintenance_margin, kept.maintenance_margin, kept.saving) == (3, 1, 2)


def test_netting_figures_are_without_loans() -> None:
    terms = {"USDT": AssetTerms(loan_rate=d("0.05"))}
    report = report_of(account(position(BTC, LONG, 1, 100), balances={"USDT": -100, "USDC": 300}, terms=terms))
    assert report.totals.maintenance_margin == 6
    assert report.netting.maintenance.maintenance_margin == 1


@pytest.mark.parametrize(
    ("one", "state"),
    [
        pytest.param(account(position(BTC, LONG, 1, 100), balances={"USDT": 10}), "healthy", id="free collateral of 0"),
        pytest.param(account(position(BTC, LONG, 1, 100), balances={"USDT": 9}), "restricted", id="below 0"),
        pytest.param(
            account(position(BTC, LONG, 1, 100), balances={"USDT": "1.2"}, rules=MarginRules(warning_level=d("1.2"))),
            "margin-call",
            id="at the venue's warning level",
        ),
        pytest.param(
            account(position(BTC, LONG, 1, 100), balances={"USDT": "0.5"}), "liquidation", id="below maintenance"
        ),
        pytest.param(
            account(
                position(BTC, LONG, 1, 100), position(ETH, LONG, 1, 10, isolated_margin="0.05"), balances={"USDT": 1000}
            ),
            "liquidation",
            id="any pool",
        ),
        pytest.param(
            account(position(BTC, LONG, 1, 100, isolated_margin=5), balances={"USDT": 5}),
            "healthy",
            id="an isolated pool below its initial margin restricts nothing",
        ),
    ],
)
def test_the_state_of_an_account(one: Account, state: str) -> None:
    totals = report_of(one).totals
    assert totals.state == state
    assert totals.liquidatable == (state == "liquidation")


def test_the_worst_silo_is_the_one_that_holds_something() -> None:
    one = account(position(BTC, LONG, 1, 100), balances={"USDT": 50, "USDC": -5}, single_asset=True)
    totals = report_of(one).totals
    assert (totals.worst_pool, totals.free_collateral, totals.maintenance_ratio) == ("cross:USDT", 40, d("0.02"))


def test_what_is_isolated_uses_nothing_of_the_rest() -> None:
    """3,000 of 10,000 set aside: 7,000 may be used or withdrawn, and none of them is in use."""
    own = position(BTC, LONG, 1, 100, isolated_margin=30)
    report = report_of(account(own, balances={"USDT": 100}))
    assert (report.totals.worst_pool, report.totals.free_collateral) == ("isolated:BTCUSDT:long", 70)
    assert (report.totals.utilization, report.totals.initial_margin) == (0, report.pools[-1].initial_margin)


def test_where_everything_is_set_aside_nothing_is_free_and_nothing_used() -> None:
    own = position(BTC, LONG, 1, 100, isolated_margin=100)
    totals = report_of(account(own, balances={"USDT": 100})).totals
    assert (totals.free_collateral, totals.utilization) == (0, 0)


def test_the_worst_pools_figures_follow_its_own_rules() -> None:
    own = position(BTC, LONG, 1, 100, isolated_margin=4)
    report = report_of(account(own, balances={"USDT": 4}, isolated_rules=MarginRules(level=d(2))))
    pool = next(pool for pool in report.pools if pool.name == report.totals.worst_pool)
    assert (report.totals.worst_pool, pool.buffer, pool.maintenance_ratio) == ("isolated:BTCUSDT:long", 2, d("0.5"))
    assert (report.totals.buffer, report.totals.maintenance_ratio) == (2, d("0.5"))


@pytest.mark.parametrize("single_asset", [False, True])
def test_an_account_that_holds_nothing_at_all_still_has_a_report(single_asset: bool) -> None:
    report = report_of(account(single_asset=single_asset))
    assert (report.totals.equity, report.totals.utilization, report.totals.state) == (0, 0, "healthy")
    assert report.liquidation.distance is None


def test_collateral_rows() -> None:
    terms = {"BTC": AssetTerms(haircuts=haircuts((1, "0.1"), (None, "0.2")))}
    one = account(position(PERP, LONG, 10, 80, 100), balances={"BTC": 2, "USDT": -30}, terms=terms)
    coin, debt = report_of(one).collateral
    # 2 + 100 x (1/80 - 1/100) = 2.25 BTC: 0.9 + 1.25 x 0.8 = 1.9
    assert (coin.balance, coin.unrealized_pnl, coin.equity, coin.price) == (2, d("0.25"), d("2.25"), 100)
    assert (coin.value, coin.haircut) == (190, 1 - Decimal(190) / 225)
    assert (debt.equity, debt.value, debt.haircut) == (-30, -30, 0)


def test_underlyings_count_coins_and_contracts() -> None:
    positions = (
        position(BTC, LONG, 2, 90, 100),
        position(PERP, SHORT, 5, 80, 100),
        position(linear("ETHBTC", "ETH", "BTC"), LONG, 3, "0.1"),
    )
    rows = {row.asset: row for row in report_of(account(*positions, balances={"USDT": 50, "BTC": 1})).underlyings}
    assert list(rows) == ["BTC", "ETH", "USDT"]
    # Coin equity 1 - 50 (1/80 - 1/100) = 0.875, + 2 - 0.5 of contracts, - 3 x 0.1 as the quote of ETHBTC
    assert rows["BTC"].delta == d("2.075")
    assert (rows["BTC"].net_notional, rows["BTC"].gross_notional) == (150, 250)
    assert (rows["ETH"].delta, rows["ETH"].net_notional) == (3, 30)


def test_the_delta_of_a_contract_is_its_base_quantity_also_off_its_index() -> None:
    one = account(position(BTC, LONG, "0.5", 100, "99.2"), balances={"USDT": 50})
    assert report_of(one).underlyings[0].delta == d("0.5")


@pytest.mark.parametrize("side", [LONG, SHORT])
def test_a_contract_on_the_accounts_currency_counts_against_its_quote(side: int) -> None:
    """1,000 USDTRY at 40: 1,000 dollars against 40,000 lira at 0.025; EURTRY, 20 more of each, is on EUR."""
    usd, eur = linear("USDTRY", "USD", "TRY"), linear("EURTRY", "EUR", "TRY")
    rows = report_of(account(position(usd, side, 1000, 40), position(eur, side, 16, 50), balances={"USD": 500}))
    found = {row.asset: (row.net_notional, row.gross_notional, row.delta) for row in rows.underlyings}
    assert found["TRY"] == (-side * 1000, 1000, -side * 40800)
    assert found["EUR"] == (side * 20, 20, side * 16)


def test_coins_and_stablecoins_that_are_only_held_move_health_as_well() -> None:
    report = report_of(account(position(ETH, LONG, 1, 10), balances={"USDT": 5, "USDC": 7, "BTC": "0.1"}))
    assert [row.asset for row in report.underlyings] == ["ETH", "BTC", "USDT", "USDC"]
    # 12 + 0.1 p = 0.1 never: the coin's fall costs 10 of 22
    assert (report.underlyings[1].liquidation_down, report.underlyings[1].distance) == (None, None)
    # USDT at p: 5 p + 10 - 10 p + 17 = 1% of 10 -> p = 26.9 / 5; USDC falling costs 7 of 22.
    usdt, usdc = report.underlyings[2:]
    assert (usdt.delta, usdt.net_notional, usdt.gross_notional) == (-5, 0, 0)
    assert (usdt.liquidation_down, usdt.liquidation_up, usdt.distance) == (None, d("5.38"), d("4.38"))
    assert (usdc.delta, usdc.liquidation_down, usdc.liquidation_up, usdc.distance) == (7, None, None, None)


def test_a_coin_in_which_a_hedge_has_lost_comes_before_the_stablecoins() -> None:
    """Long and short 10 ETH at 0.1 BTC, 0.1 lost on the long: nothing of BTC is held, but it is owed."""
    contract = linear("ETHBTC", "ETH", "BTC")
    legs = position(contract, LONG, 10, "0.11", "0.1"), position(contract, SHORT, 10, "0.1")
    rows = report_of(account(*legs, balances={"USDT": 50}, hedge=True)).underlyings
    assert [(row.asset, row.delta) for row in rows] == [("ETH", 0), ("BTC", d("-0.1")), ("USDT", 50)]


def test_a_quote_that_loses_its_peg_liquidates_a_short_behind_another_stablecoin() -> None:
    # 10000 USDC behind 0.8 BTC short at 60000 USDT; USDT at p: 10000 + 48000 p - 48000 = 240 -> p = 38240 / 48000.
    short = position(linear(), SHORT, "0.8", 60000, leverage=10, maintenance_rate="0.005")
    rows = report_of(account(short, balances={"USDC": 10000}, prices={"BTC": 60000})).underlyings
    btc, usdt, usdc = sorted(rows, key=lambda row: ["BTC", "USDT", "USDC"].index(row.asset))
    assert abs(Fraction(usdt.liquidation_down or 0) - Fraction(38240, 48000)) < Fraction(1, 10**60)
    assert abs(Fraction(usdt.distance or 0) - Fraction(9760, 48000)) < Fraction(1, 10**60)
    assert (usdt.liquidation_up, usdt.delta) == (None, 48000)
    assert (usdc.liquidation_down, usdc.liquidation_up) == (d("0.024"), None)
    assert btc.liquidation_down is None


def test_an_isolated_pool_and_an_idle_one_list_no_stablecoin_and_no_pool_the_accounts_currency() -> None:
    own = position(BTC, LONG, 1, 100, isolated_margin=20)
    report = report_of(account(own, balances={"USDT": 50, "USDC": 7, "USD": 3}))
    assert [(row.asset, row.pool) for row in report.underlyings] == [("BTC", "isolated:BTCUSDT:long")]
    cross = report_of(account(position(BTC, LONG, 1, 100), balances={"USDT": 50, "USD": 3}))
    assert [row.asset for row in cross.underlyings] == ["BTC", "USDT"]


def test_a_pool_without_positions_lists_its_stablecoins_where_something_is_at_stake() -> None:
    """10 ETH at 10, 50 USDT owed: at 10% of them 100 - 50 p = 5 p, USDT at 100 / 55; without a rate it is idle."""
    terms = {"USDT": AssetTerms(loan_rate=d("0.1"))}
    owed = report_of(account(balances={"ETH": 10, "USDT": -50}, terms=terms)).underlyings
    assert [row.asset for row in owed] == ["ETH", "USDT"]
    assert abs(Fraction(owed[1].liquidation_up or 0) - Fraction(100, 55)) < Fraction(1, 10**60)
    idle = account(balances={"ETH": 10, "USDT": -50})
    assert [row.asset for row in report_of(idle).underlyings] == ["ETH"]
    given = OpaqueRow(
        name="calls", value=d(5), delta={"BTC": d(1)}, initial_margin=d(0), maintenance_margin=d(0), settle="USDT"
    )
    held = report_of(replace(idle, others=(given,))).underlyings
    assert [row.asset for row in held] == ["ETH", "BTC", "USDT"]


def test_an_isolated_position_is_margined_by_its_own_rules() -> None:
    own = position(linear(table=TABLE), LONG, 2, 70, 80, isolated_margin=30)
    report = report_of(
        account(
            own, balances={"USDT": 30}, prices={"BTC": 80}, isolated_rules=MarginRules(maintenance_basis=Basis.ENTRY)
        )
    )
    (row,) = report.positions
    assert (row.tier, row.maintenance_margin, row.margin_mode) == (1, d("1.4"), MarginMode.ISOLATED.value)


def test_perfectly_hedged_legs_move_nothing_and_need_nothing_when_netted() -> None:
    legs = (position(PERP, LONG, 10, "97.3", "99.7"), position(PERP, SHORT, 10, "103.7", "99.7"))
    other = position(inverse("BTCUSD_NEXT", table=flat("0.01")), SHORT, 3, "100.3", "99.9")
    report = report_of(account(*legs, other, hedge=True, balances={"BTC": "0.7", "USDT": "10.3"}))
    assert [row.contract_liquidation_price for row in report.positions[:2]] == [None, None]
    assert report.netting.maintenance.maintenance_margin == report.positions[2].maintenance_margin


def test_larger_legs_may_change_on_the_way() -> None:
    # Legs of 1 at 2% and of 1.5 at 1%: 2% p against 1.5% p, the long leg everywhere: 30 + 2 - 0.5 (p - 100) = 2% p.
    legs = (
        position(BTC, LONG, 1, 98, 100, maintenance_rate="0.02"),
        position(BTC, SHORT, "1.5", 100, maintenance_rate="0.01"),
    )
    one = account(*legs, hedge=True, balances={"USDT": 30}, rules=MarginRules(netting=Netting.LARGER_LEG))
    found = report_of(one).positions[0].liquidation_price
    assert found is not None
    assert abs(Fraction(found) - Fraction(82) / Fraction("0.52")) < Fraction(1, 10**60)


@pytest.mark.parametrize("isolated", [False, True], ids=["of the shared pool", "of an isolated one"])
def test_a_venue_may_show_maintenance_without_the_fee_that_it_counts(isolated: bool) -> None:
    """Long 2 at 100: 1% of 200 and 0.1% to close it. Shown are 2, counted 2.2: the rest of the report says so."""
    bare = MarginRules(close_fee=CloseFee.MARK, shown_maintenance=MaintenanceShown.WITHOUT_CLOSE_FEE)
    whole = MarginRules(close_fee=CloseFee.MARK)
    margin = {"isolated_margin": 50} if isolated else {}
    held = position(BTC, LONG, 2, 100, taker_fee="0.001", **margin)
    with_fee, without = (
        account(
            held,
            balances={"USDT": 100},
            rules=whole if isolated else rules,
            isolated_rules=rules if isolated else None,
        )
        for rules in (whole, bare)
    )
    counted = report_of(with_fee)
    assert as_shown(with_fee, counted) == counted
    found = as_shown(without, report_of(without))
    assert counted.totals.maintenance_margin == d("2.2")
    assert found.totals.maintenance_margin == 2
    assert found.pools[-1].maintenance_margin == 2
    assert found.positions[0].maintenance_margin == 2
    assert (found.totals.buffer, found.liquidation) == (counted.totals.buffer, counted.liquidation)


TWO = states_of(
    account(
        position(BTC, LONG, 1, 100),
        position(linear("BTCUSDC", "BTC", "USDC"), LONG, 1, 100),
        balances={"USDT": 50, "USDC": 50},
        single_asset=True,
    )
)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param(("0.3", None), ("0.2", "0.5"), ("-0.2", "0.5", "0.2", "down", "cross:USDC"), id="the nearer fall"),
        pytest.param(("0.3", "0.1"), ("0.2", "0.5"), ("-0.2", "0.1", "0.1", "up", "cross:USDT"), id="the nearer rise"),
        pytest.param((None, None), (None, "0.5"), (None, "0.5", "0.5", "up", "cross:USDC"), id="one side of one"),
        pytest.param((None, None), (None, None), (None, None, None, None, None), id="never"),
        pytest.param(
            ("0.2", None), (None, "0.2"), ("-0.2", "0.2", "0.2", "down", "cross:USDT"), id="as near: the first"
        ),
        pytest.param(("0.2", None), ("0", "0"), ("0", "0", "0", None, "cross:USDC"), id="one already is"),
        pytest.param(("0", None), (None, "0.3"), ("0", "0.3", "0", "down", "cross:USDT"), id="by the smallest fall"),
    ],
)
def test_the_account_goes_where_its_first_pool_does(
    one: tuple[str | None, ...], other: tuple[str | None, ...], expected: tuple[str | None, ...]
) -> None:
    sides = [Sides(*(None if side is None else d(side) for side in row)) for row in (one, other)]
    found = account_liquidation(list(zip(TWO, sides, strict=True)))
    numbers = [None if figure is None else d(figure) for figure in expected[:3]]
    assert [found.down, found.up, found.distance] == numbers
    assert (found.direction, found.pool) == expected[3:]


def test_a_row_of_collateral_says_what_counts_of_it_and_of_one_unit_more() -> None:
    """2 BTC at 100: 10% off the first 250, half of the rest. Inverse profit of 1 BTC: 300 are 225 + 25, one more 50."""
    terms = {"BTC": AssetTerms(haircuts=haircuts(("2.5", "0.1"), (None, "0.5")))}
    report = report_of(account(position(PERP, LONG, 10, 50, 100), balances={"BTC": 2, "EUR": -4}, terms=terms))
    btc, euro = (next(row for row in report.collateral if row.asset == asset) for asset in ("BTC", "EUR"))
    assert (btc.balance, btc.unrealized_pnl, btc.equity, btc.value, btc.next_unit) == (2, 1, 3, 250, 50)
    assert btc.haircut == 1 - Decimal(250) / 300
    assert (euro.value, euro.haircut, euro.next_unit, euro.equity) == (-5, 0, d("1.25"), -4)


def test_what_an_asset_is_exposed_to_is_in_its_row() -> None:
    """Long 3 and short 1 in BTC, 20 ETH short of which BTC is the quote; 2 BTC held."""
    cross_quote = linear("ETHBTC", "ETH", "BTC")
    report = report_of(
        account(
            position(BTC, LONG, 3, 100),
            position(linear("BTCUSDC", "BTC", "USDC"), SHORT, 1, 100),
            position(cross_quote, SHORT, 20, "0.1"),
            balances={"BTC": 2, "USDT": 900},
        )
    )
    rows = {row.asset: row for row in report.underlyings}
    assert (rows["BTC"].net_notional, rows["BTC"].gross_notional, rows["BTC"].delta) == (200, 400, 2 + 3 - 1 + 2)
    assert (rows["ETH"].net_notional, rows["ETH"].gross_notional, rows["ETH"].delta) == (-200, 200, -20)
    assert rows["USDT"].delta == 900 - 300
    for row in rows.values():
        assert row.liquidation_down == (None if row.down is None else row.price * (1 + row.down))
        assert row.liquidation_up == (None if row.up is None else row.price * (1 + row.up))


def test_funding_is_that_of_the_positions_with_a_rate_and_without_one_no_runway_is_known() -> None:
    paying = position(BTC, LONG, 10, 100, funding_rate="0.001")
    book = account(paying, position(ETH, LONG, 1, 10), position(ETH, SHORT, 1, 10), balances={"USDT": 40}, hedge=True)
    report = report_of(book)
    assert (report.funding.per_day, report.funding.runway_days, report.funding.missing) == (-3, None, ("ETHUSDT",))
    assert report_of(replace(book, positions=(paying,))).funding.runway_days == 10
    assert report_of(replace(book, positions=(paying,)), looks_ahead=False).funding.runway_days is None
