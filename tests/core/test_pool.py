"""Partitions, requirements and their netting, order margin: each figure derived by hand beside its case."""

# A Decimal equals an int: mypy calls such tuples incomparable.
# mypy: disable-error-code="comparison-overlap"

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from tests.builders import LONG, SHORT, account, d, haircuts, inverse, linear, order, position, tiers

from marginctl.core.account import (
    Account,
    AssetTerms,
    Basis,
    CloseFee,
    CloseFeeIn,
    MarginMode,
    MarginRules,
    Netting,
    Position,
)
from marginctl.core.contract import TiersBy
from marginctl.core.liquidation import asset_sides, pool_state
from marginctl.core.motion import asset_path
from marginctl.core.pool import Pool, partition
from marginctl.core.requirement import DearerSide, Term
from marginctl.core.risk import pool_risk

BTC, ETH = linear(), linear("ETHUSDT", "ETH")
PERP = inverse()


def margins(one: Account) -> tuple[Decimal, Decimal]:
    """Initial and maintenance margin of the first pool."""
    risk = pool_risk(partition(one)[0])
    return risk.initial_margin, risk.maintenance_margin


def balances(pool: Pool) -> dict[str, Decimal]:
    return {holding.asset: holding.balance for holding in pool.holdings}


# Who stands and falls together.


def test_multi_asset_is_one_pool_with_everything() -> None:
    (pool,) = partition(
        account(position(BTC, LONG, 1, 100), position(PERP, SHORT, 5, 100), balances={"USDT": 9, "ETH": 1})
    )
    assert pool.name == "cross"
    assert balances(pool) == {"USDT": 9, "ETH": 1, "BTC": 0}
    assert [p.contract.symbol for p in pool.positions] == ["BTCUSDT", "BTCUSD"]


def test_single_asset_is_a_pool_per_asset_held_or_settled_in() -> None:
    pools = partition(
        account(
            position(BTC, LONG, 1, 100),
            position(PERP, SHORT, 5, 100),
            balances={"ETH": 1, "USDT": 9},
            single_asset=True,
        )
    )
    assert [pool.name for pool in pools] == ["cross:ETH", "cross:USDT", "cross:BTC"]
    assert [[p.contract.symbol for p in pool.positions] for pool in pools] == [[], ["BTCUSDT"], ["BTCUSD"]]
    assert [pool.is_occupied for pool in pools] == [False, True, True]


def test_an_isolated_margin_is_set_aside_out_of_the_balance() -> None:
    cross, own = partition(
        account(position(BTC, LONG, 1, 100, isolated_margin=4), position(ETH, LONG, 1, 10), balances={"USDT": 9})
    )
    assert (cross.name, own.name) == ("cross", "isolated:BTCUSDT:long")
    assert balances(cross) == {"USDT": 5}
    assert balances(own) == {"USDT": 4}
    assert own.margin_mode is MarginMode.ISOLATED


def test_isolated_legs_on_both_sides_and_a_cross_one_are_three_pools() -> None:
    pools = partition(
        account(
            position(BTC, LONG, 1, 100, isolated_margin=4),
            position(BTC, SHORT, 2, 100, isolated_margin=5),
            position(BTC, SHORT, 3, 100),
            balances={"USDT": 20},
        )
    )
    assert [pool.name for pool in pools] == ["cross", "isolated:BTCUSDT:long", "isolated:BTCUSDT:short"]
    assert balances(pools[0]) == {"USDT": 11}


def test_haircuts_count_in_a_multi_asset_pool_only() -> None:
    terms = {
        "BTC": AssetTerms(haircuts=haircuts((None, "0.1")), liability_factor=d("1.05"), requirement_factor=d("1.02"))
    }
    held = position(PERP, SHORT, 5, 100)
    together = account(held, balances={"BTC": 1}, terms=terms)
    apart = account(held, balances={"BTC": 1}, terms=terms, single_asset=True)
    assert pool_risk(partition(together)[0]).equity == 90
    assert pool_risk(partition(apart)[0]).equity == 100
    assert margins(together) == (d("5.1"), d("0.51"))
    assert margins(apart) == (5, d("0.5"))


def test_loan_rates_count_in_silos_too_and_never_in_an_isolated_pool() -> None:
    terms = {"USDT": AssetTerms(loan_rate=d("0.05"))}
    cross, own = partition(
        account(
            position(BTC, LONG, 1, 150, 100, isolated_margin=10), balances={"USDT": -90}, terms=terms, single_asset=True
        )
    )
    assert pool_risk(cross).loan_margin == 5
    assert pool_risk(own).equity == -40
    assert pool_risk(own).loan_margin == 0


def test_isolated_pools_follow_their_own_rules_where_the_venue_has_them() -> None:
    cross, own = partition(
        account(
            position(BTC, LONG, 1, 100, isolated_margin=4),
            balances={"USDT": 9},
            isolated_rules=MarginRules(level=d(2), maintenance_basis=Basis.ENTRY),
        )
    )
    assert cross.rules.level == 1
    assert own.rules.level == 2


# One position.


@pytest.mark.parametrize(
    ("held", "initial", "maintenance"),
    [
        pytest.param(position(BTC, LONG, 2, 90, 100), 20, 2, id="tiers: 10% and 1% of 200 at the mark"),
        pytest.param(position(BTC, LONG, 2, 90, 100, leverage=4), 50, 2, id="a quarter of 200"),
        pytest.param(
            position(BTC, LONG, 2, 90, 100, leverage=20), 20, 2, id="leverage never goes below the tier's rate"
        ),
        pytest.param(
            position(BTC, LONG, 2, 90, 100, initial_rate="0.03"), 6, 2, id="an own initial rate stands as given"
        ),
        pytest.param(
            position(BTC, LONG, 2, 90, 100, initial_margin=7), 7, 2, id="an own initial margin stands as given"
        ),
        pytest.param(position(BTC, LONG, 2, 90, 100, maintenance_rate="0.02"), 20, 4, id="an own maintenance rate"),
        pytest.param(
            position(BTC, LONG, 2, 90, 100, maintenance_rate="0.02", maintenance_deduction=3),
            20,
            1,
            id="less its deduction",
        ),
        pytest.param(
            position(BTC, LONG, 2, 90, 100, maintenance_rate="0.02", maintenance_deduction=5),
            20,
            0,
            id="but never below 0",
        ),
        pytest.param(position(PERP, LONG, 20, 90, 100), 20, 2, id="inverse: 20 x 10 / 100 = 2 BTC, worth 200"),
        pytest.param(position(linear(size="0.01"), LONG, 200, 90, 100), 20, 2, id="200 contracts of 0.01"),
    ],
)
def test_margins_of_one_position(held: Position, initial: int, maintenance: int) -> None:
    assert margins(account(held, balances={"USDT": 100, "BTC": 1})) == (initial, maintenance)


@pytest.mark.parametrize(
    ("rules", "held", "initial", "maintenance"),
    [
        pytest.param(
            MarginRules(initial_basis=Basis.ENTRY), position(BTC, LONG, 2, 90, 100), "18", "2", id="initial on entry"
        ),
        pytest.param(
            MarginRules(maintenance_basis=Basis.ENTRY),
            position(BTC, LONG, 2, 90, 100),
            "20",
            "1.8",
            id="maintenance on entry",
        ),
        pytest.param(
            MarginRules(initial_basis=Basis.ENTRY),
            position(PERP, LONG, 20, 80, 100),
            "25",
            "2",
            id="inverse: 2.5 BTC at entry",
        ),
        pytest.param(
            MarginRules(close_fee=CloseFee.MARK),
            position(BTC, LONG, 2, 90, 100, taker_fee="0.001"),
            "20.2",
            "2.2",
            id="fee to close at the mark: 0.1% of 200",
        ),
        pytest.param(
            MarginRules(close_fee=CloseFee.MARK, close_fee_in=CloseFeeIn.MAINTENANCE),
            position(BTC, LONG, 2, 90, 100, taker_fee="0.001"),
            "20",
            "2.2",
            id="in the maintenance margin only",
        ),
        pytest.param(
            MarginRules(close_fee=CloseFee.BANKRUPTCY),
            position(BTC, LONG, 2, 90, 100, taker_fee="0.001", leverage=10),
            "20.162",
            "2.162",
            id="at the bankruptcy price of a long: 0.1% of 180 x (1 - 1/10)",
        ),
        pytest.param(
            MarginRules(close_fee=CloseFee.BANKRUPTCY),
            position(BTC, SHORT, 2, 90, 100, taker_fee="0.001", leverage=10),
            "20.198",
            "2.198",
            id="of a short: 0.1% of 180 x (1 + 1/10)",
        ),
        pytest.param(
            MarginRules(close_fee=CloseFee.BANKRUPTCY),
            position(PERP, LONG, 20, 80, 100, taker_fee="0.001", leverage=10),
            "20.275",
            "2.275",
            id="of an inverse long: 0.1% of 2.5 BTC x (1 + 1/10), worth 0.275",
        ),
        pytest.param(
            MarginRules(close_fee=CloseFee.BANKRUPTCY),
            position(PERP, SHORT, 20, 80, 100, taker_fee="0.001", leverage=10),
            "20.225",
            "2.225",
            id="of an inverse short: 0.1% of 2.5 BTC x (1 - 1/10)",
        ),
    ],
)
def test_bases_and_fees(rules: MarginRules, held: Position, initial: str, maintenance: str) -> None:
    assert margins(account(held, balances={"USDT": 100, "BTC": 1}, rules=rules)) == (d(initial), d(maintenance))


def test_margins_in_a_coin_are_valued_at_its_price_and_stablecoin_ones_at_theirs() -> None:
    coin_quoted = position(linear("ETHBTC", "ETH", "BTC"), LONG, 10, "0.1")
    assert margins(account(coin_quoted, balances={"BTC": 1})) == (10, 1)
    depegged = position(linear(), LONG, 1, 125)
    assert margins(account(depegged, prices={"USDT": "0.8"}, balances={"USDT": 100})) == (10, 1)


# Several legs.


NETTED = [
    pytest.param(Netting.NONE, 30, 3, id="none: both legs, 10% and 1% of 200 + 100"),
    pytest.param(Netting.LARGER_LEG, 20, 2, id="larger-leg: the one of 200"),
    pytest.param(Netting.NET, 10, 1, id="net: the 100 that remain"),
]


@pytest.mark.parametrize(("netting", "initial", "maintenance"), NETTED)
def test_netting_of_the_legs_of_one_contract(netting: Netting, initial: int, maintenance: int) -> None:
    legs = (position(BTC, LONG, 2, 90, 100), position(BTC, SHORT, 1, 120, 100))
    one = account(*legs, hedge=True, balances={"USDT": 100}, rules=MarginRules(netting=netting))
    assert margins(one) == (initial, maintenance)
    other_way = account(*reversed(legs), hedge=True, balances={"USDT": 100}, rules=MarginRules(netting=netting))
    assert margins(other_way) == (initial, maintenance)


@pytest.mark.parametrize(
    ("netting", "initial", "maintenance"), [(Netting.NONE, 40, 4), (Netting.LARGER_LEG, 20, 2), (Netting.NET, 0, 0)]
)
def test_a_perfect_hedge(netting: Netting, initial: int, maintenance: int) -> None:
    legs = (position(PERP, LONG, 20, 90, 100), position(PERP, SHORT, 20, 120, 100))
    assert margins(account(*legs, hedge=True, balances={"BTC": 1}, rules=MarginRules(netting=netting))) == (
        initial,
        maintenance,
    )


def test_net_takes_the_rates_of_the_side_that_remains() -> None:
    legs = (
        position(BTC, LONG, 1, 100, initial_rate="0.5", maintenance_rate="0.3"),
        position(BTC, SHORT, 3, 100, initial_margin=30, maintenance_rate="0.02"),
    )
    assert margins(account(*legs, hedge=True, balances={"USDT": 100})) == (20, 4)


def test_the_larger_leg_is_the_dearer_one_for_each_margin_apart() -> None:
    legs = (
        position(BTC, LONG, 1, 100, initial_rate="0.5", maintenance_rate="0.01"),
        position(BTC, SHORT, 3, 100, initial_rate="0.1", maintenance_rate="0.02"),
    )
    one = account(*legs, hedge=True, balances={"USDT": 100}, rules=MarginRules(netting=Netting.LARGER_LEG))
    assert margins(one) == (50, 6)


def test_the_net_quantity_has_the_tier_of_its_own_notional() -> None:
    contract = linear(table=tiers((100, "0.01", "0.02"), (None, "0.03", "0.1")))
    legs = (position(contract, LONG, 2, 100), position(contract, SHORT, 1, 100))
    assert margins(account(*legs, hedge=True, balances={"USDT": 100})) == (2, 1)


@pytest.mark.parametrize(("long", "short"), [(2, 1), (3, 1), (6, 5), (7, 6), (13, 12), (29, 17), (31, 29)])
@pytest.mark.parametrize("mark", [9, 100, 50000, 70000])
def test_a_net_notional_exactly_on_a_border_stays_in_the_tier_below(long: int, short: int, mark: int) -> None:
    border = (long - short) * mark
    contract = linear(table=tiers((border, "0.01", "0.02"), (None, "0.05", "0.1"), deductions=[0, 0]))
    legs = (position(contract, LONG, long, mark), position(contract, SHORT, short, mark))
    one = account(*legs, hedge=True, balances={"USDT": 10**6}, prices={"BTC": mark})
    initial, maintenance = margins(one)
    assert abs(initial - border * d("0.02")) < d("1e-40")
    assert abs(maintenance - border * d("0.01")) < d("1e-40")


@pytest.mark.parametrize("notional", [50000, 600000, 800000])
@pytest.mark.parametrize("mark", ["30274.3", "30685.3", "30959.3", "31233.3", "60000.7"])
def test_a_quantity_worked_out_from_a_notional_on_a_border_is_on_that_border(notional: int, mark: str) -> None:
    contract = linear(table=tiers((notional, "0.01", "0.02"), (None, "0.05", "0.1"), deductions=[0, 0]))
    held = position(contract, LONG, d(notional) / d(mark), mark)
    initial, maintenance = margins(account(held, balances={"USDT": 10**6}, prices={"BTC": mark}))
    assert abs(initial - notional * d("0.02")) < d("1e-40")
    assert abs(maintenance - notional * d("0.01")) < d("1e-40")


@pytest.mark.parametrize("sevenths", range(8, 20))
def test_an_entry_notional_on_a_border_stays_on_it_when_its_quote_moves(sevenths: int) -> None:
    table = tiers(("6218.345", "0.01", None), (None, "0.05", None), deductions=[0, 0])
    held = position(linear(table=table), LONG, "0.07", "88833.5", "88000")
    rules = MarginRules(maintenance_basis=Basis.ENTRY)
    one = account(held, balances={"USDT": 10**4}, prices={"BTC": 88000, "USDT": "1.003"}, rules=rules)
    moved = pool_risk(partition(one)[0], {"USDT": Decimal(sevenths) / 7})
    assert abs(moved.maintenance_margin - d("62.18345") * d("1.003") * sevenths / 7) < d("1e-40")


def test_by_quantity_the_net_quantity_has_its_own_tier_for_both_margins() -> None:
    table = tiers((5, "0.01", "0.02"), (None, "0.02", "0.1"), deductions=[0, 0])
    contract = linear(table=table, tiers_by=TiersBy.QUANTITY)
    legs = (position(contract, LONG, 10, 100), position(contract, SHORT, 7, 100))
    assert margins(account(*legs, hedge=True, balances={"USDT": 1000})) == (6, 3)


@pytest.mark.parametrize(
    ("netting", "underlying", "initial", "maintenance"),
    [
        pytest.param(Netting.NET, Netting.NONE, 10 + 30 + 10, "5", id="none across contracts: net 100, 300, 100"),
        pytest.param(Netting.NET, Netting.LARGER_LEG, 30, "3", id="longs 100 + 100 against shorts 300"),
        pytest.param(Netting.NONE, Netting.LARGER_LEG, 40, "4", id="longs 200 + 100 against shorts 100 + 300"),
    ],
)
def test_netting_across_contracts_of_one_underlying(
    netting: Netting, underlying: Netting, initial: int, maintenance: str
) -> None:
    legs = (
        position(BTC, LONG, 2, 100),
        position(BTC, SHORT, 1, 100),
        position(PERP, SHORT, 30, 100),
        position(linear("BTCUSDC", "BTC", "USDC"), LONG, 1, 100),
    )
    rules = MarginRules(netting=netting, underlying_netting=underlying)
    assert margins(account(*legs, hedge=True, balances={"USDT": 100}, rules=rules)) == (initial, d(maintenance))


def test_a_leg_that_is_hedged_whole_is_no_side_of_the_dearer_one() -> None:
    legs = (position(BTC, SHORT, 2, 100), position(BTC, LONG, 1, 100))
    rules = MarginRules(netting=Netting.HEDGED_FEES, underlying_netting=Netting.LARGER_LEG)
    one = account(*legs, hedge=True, balances={"USDT": 100}, rules=rules)
    # initial 10% of 200 against 100; maintenance 1% of half of 200, and the long, hedged whole, needs none
    assert margins(one) == (20, 1)
    (pool,) = partition(one)
    assert [part.label for part in pool.maintenance.parts] == [f"maintenance_margin of {legs[0].key}"]


def test_requirements_in_an_asset_count_by_its_factor() -> None:
    terms = {"USDT": AssetTerms(requirement_factor=d("1.02"))}
    held = position(BTC, LONG, 1, 100, leverage=10)
    one = account(held, orders=(order(BTC, LONG, 1, 90, 100),), balances={"USDT": 100}, terms=terms)
    risk = pool_risk(partition(one)[0])
    assert (risk.initial_margin, risk.order_margin, risk.maintenance_margin) == (d("10.2"), d("9.18"), d("1.02"))
    assert risk.equity == 100


@pytest.mark.parametrize("side", [LONG, SHORT])
@pytest.mark.parametrize(
    "rules", [MarginRules(netting=Netting.LARGER_LEG), MarginRules(underlying_netting=Netting.LARGER_LEG)]
)
def test_where_one_side_alone_stands_there_is_no_dearer_one(side: int, rules: MarginRules) -> None:
    # 10 at 100: 10% and 1% of 1000, whichever side it is.
    one = account(position(BTC, side, 10, 100), balances={"USDT": 500}, rules=rules, hedge=True)
    assert margins(one) == (100, 10)
    (pool,) = partition(one)
    assert [type(part) for part in pool.maintenance.parts] == [Term]


@pytest.mark.parametrize(
    ("longs", "shorts", "move"),
    [
        pytest.param(1, 3, "1", id="shorts: 206 - 200u = 1% of 300 (1 + u) at u = 1"),
        pytest.param(3, 1, None, id="longs: a rise makes 200u, and needs 3u"),
    ],
)
def test_the_dearer_side_is_the_one_that_counts_on_the_way(longs: int, shorts: int, move: str | None) -> None:
    legs = position(BTC, LONG, longs, 100), position(BTC, SHORT, shorts, 100)
    rules = MarginRules(netting=Netting.LARGER_LEG)
    one = account(*legs, balances={"USDT": 206}, rules=rules, hedge=True)
    assert asset_sides(pool_state(partition(one)[0]), "BTC").up == (None if move is None else d(move))


@pytest.mark.parametrize(("btc", "scale"), [("1", 1850), ("2", 2850), ("0.5", 1850)])
def test_what_is_residue_is_measured_against_the_money_involved(btc: str, scale: int) -> None:
    # 150 USDT behind a long of 10 BTC at 100: 1000 that move with BTC, and 150 - 1000 that do not. What falls does not
    # make it less, or the residue of a fall would count.
    one = account(position(BTC, LONG, 10, 100), balances={"USDT": 150})
    assert pool_risk(partition(one)[0], {"BTC": d(btc)}).scale == scale


def test_an_order_makes_the_pool_of_its_settle_asset_and_counts_in_no_other() -> None:
    """Single-asset: nothing is held in USDC, and an order of 2 at 90 needs 10% of 180 there."""
    usdc = linear("BTCUSDC", "BTC", "USDC")
    book = account(
        position(linear(), LONG, 1, 100),
        orders=(order(usdc, LONG, 2, 90, 100), order(linear(), LONG, 3, 90, 100)),
        balances={"USDT": 500},
        single_asset=True,
    )
    pools = {pool.name: pool for pool in partition(book)}
    assert list(pools) == ["cross:USDT", "cross:USDC"]
    assert {name: pool.order_margin for name, pool in pools.items()} == {"cross:USDT": 27, "cross:USDC": 18}
    assert [one.contract.symbol for one in pools["cross:USDC"].orders] == ["BTCUSDC"]


def test_where_only_one_side_is_held_nothing_is_the_dearer_one() -> None:
    """Of BTC a long of 300 and a short of 100, of ETH longs alone: the dearer side of one, all of the other."""
    other = linear("ETHUSDC", "ETH", "USDC")
    held = (
        position(BTC, SHORT, 1, 100),
        position(ETH, LONG, 5, 10),
        position(BTC, LONG, 3, 100),
        position(other, LONG, 2, 10),
    )
    for netting in (
        {"underlying_netting": Netting.LARGER_LEG, "netting": Netting.NONE},
        {"netting": Netting.LARGER_LEG},
    ):
        rules = MarginRules(**netting)
        (pool,) = partition(account(*held, balances={"USDT": 100}, rules=rules, hedge=True))
        parts = pool.maintenance.parts
        assert [type(part) for part in parts] == [Term, Term, DearerSide]
        assert [part.at({}) for part in parts] == [d("0.5"), d("0.2"), 3]
        assert [part.label for part in parts if isinstance(part, DearerSide)] == ["dearer side of BTCUSDT:1:cross"]
        assert pool.initial.at({}) == 30 + 5 + 2
    (pool,) = partition(account(position(BTC, SHORT, 1, 100), balances={"USDT": 100}, rules=rules))
    assert [type(part) for part in pool.maintenance.parts] == [Term]


@pytest.mark.parametrize(
    ("table", "fields", "always"),
    [
        pytest.param(tiers((None, "0.01", "0.1")), {}, True, id="a rate, however small"),
        pytest.param(tiers((100, "0", "0.1"), (None, "0.01", "0.1")), {}, False, id="none at first"),
        pytest.param(tiers((100, "0.01", "0.1"), (None, "0.02", "0.1")), {}, True, id="rates that rise"),
        pytest.param(
            tiers((None, "0.01", "0.1"), deductions=[1]), {}, False, id="a deduction that takes all of a small one"
        ),
        pytest.param((), {"maintenance_rate": "0"}, False, id="none of its own"),
        pytest.param(
            (), {"maintenance_rate": "0.001", "maintenance_growth": "0.001"}, True, id="one that grows with its size"
        ),
    ],
)
def test_what_needs_maintenance_wherever_prices_are(table: Any, fields: dict[str, str], always: bool) -> None:
    held = position(linear(table=table), LONG, 1, 100, leverage=10, **fields)
    (pool,) = partition(account(held, balances={"USDT": 100}))
    (part,) = pool.maintenance.parts
    assert part.always_needs is always
    assert isinstance(part, Term)
    assert not any(replace(part, **{name: d(0)}).always_needs for name in ("amount", "weight"))
    assert pool_state(pool).may_vanish is not always


@pytest.mark.parametrize(("growth", "always"), [("0.001", True), ("0", False)])
def test_a_rate_that_grows_in_coins_from_nothing_needs_something_wherever_prices_are(growth: str, always: bool) -> None:
    held = position(PERP, LONG, 10, 100, leverage=10, maintenance_rate="0", maintenance_growth=growth)
    (part,) = partition(account(held, balances={"BTC": 1}))[0].maintenance.parts
    assert part.always_needs is always


def test_a_rate_grows_with_the_units_of_the_base_not_with_the_contracts() -> None:
    """50 contracts of 0.1 BTC are 5: 10% and 5 x 1% of 500, and 1% and 5 x 0.1%."""
    rates = {"initial_rate": "0.1", "initial_growth": "0.01", "maintenance_rate": "0.01", "maintenance_growth": "0.001"}
    held = position(linear(size="0.1"), LONG, 50, 100, **rates)
    assert margins(account(held, balances={"USDT": 1000})) == (75, d("7.5"))


def test_what_bends_counts_by_the_factor_of_its_coin() -> None:
    """0.1% of a coin for a coin of size, at 100, twice: 0.2; with the coin at 50 two coins, 0.4% of 50, twice."""
    held = position(PERP, LONG, 10, 100, leverage=10, maintenance_rate="0", maintenance_growth="0.001")
    terms = {"BTC": AssetTerms(requirement_factor=d(2))}
    (part,) = partition(account(held, balances={"BTC": 1}, terms=terms))[0].maintenance.parts
    assert isinstance(part, Term)
    (bend,) = part.bends(asset_path("BTC", -1)[0].motion)
    for u, ratio, need in (("0", "1", "0.2"), ("0.5", "0.5", "0.4")):
        assert bend.at(d(u)) == part.at({"BTC": d(ratio)}) == d(need)


@pytest.mark.parametrize(("longs", "shorts"), [("0", "0.01"), ("0.01", "0"), ("0", "0")])
def test_the_dearer_side_always_needs_something_where_one_side_does(longs: str, shorts: str) -> None:
    held = (
        position(BTC, LONG, 1, 100, leverage=10, maintenance_rate=longs),
        position(BTC, SHORT, 1, 100, leverage=10, maintenance_rate=shorts),
    )
    rules = MarginRules(netting=Netting.LARGER_LEG)
    (part,) = partition(account(*held, balances={"USDT": 100}, rules=rules, hedge=True))[0].maintenance.parts
    assert isinstance(part, DearerSide)
    assert part.always_needs is (longs != shorts)


@pytest.mark.parametrize(("quantity", "rate"), [(2, "0.01"), (5, "0.02"), (9, "0.02")], ids=["1st", "2nd", "beyond"])
def test_beyond_a_last_tier_that_ends_its_rate_goes_on(quantity: int, rate: str) -> None:
    """By quantity and by notional: 2 contracts or 200 at 1%, 5 or 500 at 2%, and no tier for more."""
    by_quantity = linear(
        table=tiers((2, "0.01", "0.1"), (5, "0.02", "0.1"), deductions=[0, 0]), tiers_by=TiersBy.QUANTITY
    )
    by_notional = linear(table=tiers((200, "0.01", "0.1"), (500, "0.02", "0.1"), deductions=[0, 0]))
    for contract in (by_quantity, by_notional):
        one = account(position(contract, LONG, quantity, 100), balances={"USDT": 900})
        assert margins(one) == (quantity * 10, quantity * 100 * d(rate))


def test_what_a_contract_exposes_a_pool_to_is_its_signed_value() -> None:
    """3 long and 1 short at 100, an inverse long of 50 USD: short of dollars, as it enters the form of its coin."""
    held = position(BTC, LONG, 3, 90, 100), position(BTC, SHORT, 1, 100), position(PERP, LONG, 5, 100)
    (pool,) = partition(account(*held, balances={"USDT": 900, "BTC": 1}, hedge=True))
    assert pool.exposures == {"BTCUSDT": 200, "BTCUSD": -50}
