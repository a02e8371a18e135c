"""Where a pool is liquidated and where it is bankrupt; every expected price is solved by hand beside its case.

Marks are 100 (BTC) and 10 (ETH) unless said otherwise, maintenance is 1%, p is the moving price.
"""

# A Decimal equals an int: mypy calls such tuples incomparable.
# mypy: disable-error-code="comparison-overlap"

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import pytest
from msgspec.structs import replace
from tests.builders import LONG, ONE, SHORT, ZERO, account, d, flat, haircuts, inverse, linear, position, tiers

from marginctl.core.account import Account, AssetTerms, Basis, CloseFee, Equality, MarginRules, Netting
from marginctl.core.assemble import report_of
from marginctl.core.contract import TiersBy
from marginctl.core.liquidation import asset_sides, first_on_path, pool_state
from marginctl.core.motion import Motion, shock_path
from marginctl.core.piecewise import Piece
from marginctl.core.pool import partition
from marginctl.core.report import PositionFigures
from marginctl.core.requirement import Requirement
from marginctl.core.risk import pool_risk

BTC, ETH, PERP = linear(), linear("ETHUSDT", "ETH"), inverse()
JUMPING = tiers((92, "0.01", None), (None, "0.1", None), deductions=[0, 0])
"""1% up to 92, 10% of the whole beyond."""


def first(one: Account) -> PositionFigures:
    return report_of(one).positions[0]


def close(found: Decimal | None, expected: Fraction | str | int) -> bool:
    """Equal to 1e-60 of itself."""
    wanted = Fraction(expected)
    return found is not None and abs(Fraction(found) - wanted) < Fraction(1, 10**60) * (1 + abs(wanted))


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
            account(position(BTC, LONG, 1, 100), balances={"USDT": 10}, rules=MarginRules(level=d("1.05"))),
            Fraction(90) / Fraction("0.9895"),
            "below",
            id="level 1.05: 10 + p - 100 = 1.05% p",
        ),
        pytest.param(
            account(
                position(BTC, LONG, 1, 100), balances={"USDT": 10}, rules=MarginRules(maintenance_basis=Basis.ENTRY)
            ),
            Fraction(91),
            "below",
            id="maintenance on the entry: 10 + p - 100 = 1",
        ),
        pytest.param(
            account(
                position(BTC, LONG, 1, 100, taker_fee="0.001"),
                balances={"USDT": 10},
                rules=MarginRules(close_fee=CloseFee.MARK),
            ),
            Fraction(90) / Fraction("0.989"),
            "below",
            id="fee to close at the mark: 10 + p - 100 = 1.1% p",
        ),
        pytest.param(
            account(
                position(BTC, LONG, 1, 100, taker_fee="0.001", leverage=10),
                balances={"USDT": 10},
                rules=MarginRules(close_fee=CloseFee.BANKRUPTCY),
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
    if row.symbol != "BTCUSD":
        assert row.contract_liquidation_price == row.liquidation_price


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(
            account(position(BTC, LONG, 1, 100), balances={"USDT": 100}),
            id="a fully paid long reaches 0 at a price of 0",
        ),
        pytest.param(
            account(
                position(BTC, LONG, 1, 100), balances={"USDT": 100}, rules=MarginRules(equality=Equality.LIQUIDATED)
            ),
            id="also where equality counts: nothing is required at a price of 0",
        ),
        pytest.param(
            account(position(PERP, SHORT, 10, 100), balances={"BTC": 1}, single_asset=True),
            id="an inverse short on its whole coin is worth 100 at every price",
        ),
        pytest.param(
            account(position(BTC, SHORT, 1, 100), balances={"USDT": 1012, "BTC": "1.01"}),
            id="a short on its whole coin and its margin is worth 1112 at every price",
        ),
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


@pytest.mark.parametrize("usdt", [1000, 1012, 5000, 10**15])
def test_a_rise_has_no_end(usdt: int) -> None:
    # usdt + 100 - p = 1% p, also beyond 11 times the mark; equity is 0 at usdt + 100.
    one = account(position(BTC, SHORT, 1, 100), balances={"USDT": usdt})
    row = first(one)
    price = Fraction(usdt + 100) / Fraction("1.01")
    assert close(row.liquidation_price, price)
    assert close(row.contract_liquidation_price, price)
    assert close(row.bankruptcy_price, usdt + 100)
    assert close(report_of(one).liquidation.up, price / 100 - 1)


def test_a_short_of_a_small_coin_is_liquidated_at_18_times_its_mark() -> None:
    # 36568 AKE at 0.0003002 behind 200 USDT, 2.5%: (200 + 10.9777136) / (36568 x 1.025) = 0.00562874...
    held = position(linear("AKEUSDT", "AKE"), SHORT, 36568, "0.0003002", leverage=5, maintenance_rate="0.025")
    one = account(held, balances={"USDT": 200}, prices={"AKE": "0.0003002"})
    price = Fraction("210.9777136") / Fraction("37482.2")
    assert close(first(one).liquidation_price, price)
    assert close(report_of(one).liquidation.distance, price / Fraction("0.0003002") - 1)
    assert 1774 < report_of(one).liquidation.distance * 100 < 1775


def test_an_inverse_contracts_mark_alone_rises_without_end() -> None:
    # 100 USD short at 100 on 0.981 BTC, only the mark m moves: 0.981 - 1 + 100/m = 1% 100/m -> m = 99 / 0.019.
    one = account(position(PERP, SHORT, 10, 100), balances={"BTC": "0.981"})
    assert close(first(one).contract_liquidation_price, Fraction(99) / Fraction("0.019"))


def test_a_short_that_is_covered_but_for_its_margin_is_liquidated_far_out() -> None:
    # 1 BTC behind a short of 1 BTC and 5000 USDT: 5000 + 100 = 1% p.
    one = account(position(BTC, SHORT, 1, 100), balances={"USDT": 5000, "BTC": 1})
    assert close(first(one).liquidation_price, 510_000)


def test_an_inverse_short_that_rises_beyond_double_its_mark_has_a_contract_price_under_both_rules_for_equality() -> (
    None
):
    # 0.9 BTC, short 100 USD at 100; only the mark m moves, BTC stays at 100: 0.9 - 1 + 100/m = 1% 100/m -> m = 990.
    for equality in Equality:
        one = account(position(PERP, SHORT, 10, 100), balances={"BTC": "0.9"}, rules=MarginRules(equality=equality))
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
    assert all(
        close(100 - 100 * found, (90 - Fraction(e) + Fraction("0.1")) / Fraction("0.99"))
        for e, found in zip(entries, distances, strict=True)
    )


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
        rules=MarginRules(underlying_netting=Netting.LARGER_LEG),
    )
    assert close(first(one).liquidation_price, 71000 / (Fraction("0.5") + Fraction(100000, 81000) - Fraction("1.1")))


# Coin equity, debts, haircuts.


@pytest.mark.parametrize(
    ("haircut", "loan_rate", "price"),
    [
        pytest.param(
            "0", "0", Fraction(51) / Fraction("1.1"), id="50 + 1.1 p - 100 = 1: the coin is owed, no haircut on debts"
        ),
        pytest.param(
            "0.5", "0", Fraction(51) / Fraction("1.1"), id="the haircut does not count where the coin is owed"
        ),
        pytest.param(
            "0.5", "0.1", Fraction(61) / Fraction("1.21"), id="the debt needs 10%: 1.1 p - 50 = 1 + 10% (100 - 1.1 p)"
        ),
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
    assert [
        pool_risk(pool, {"BTC": d(r)}).is_liquidatable(pool.rules) for r in ("0.97", "0.95", "0.92", "0.91", "0.87")
    ] == [
        False,
        True,
        False,
        False,
        True,
    ]
    assert close(first_on_path(pool_state(pool), shock_path({"BTC": d("-0.09")})), Fraction(4, 9))


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
    one = account(position(BTC, LONG, 1, 100), balances={"USDT": 1}, rules=MarginRules(equality=Equality.LIQUIDATED))
    report = report_of(one)
    row = report.positions[0]
    assert (report.totals.liquidatable, report.totals.state) == (True, "liquidation")
    assert (row.liquidation_price, row.liquidation_side, row.distance_to_liquidation) == (100, None, 0)
    found = report.liquidation
    assert (found.down, found.up, found.distance, found.direction, found.pool) == (0, 0, 0, None, "cross")


def test_already_liquidatable_is_the_mark_itself() -> None:
    report = report_of(
        account(position(BTC, LONG, 1, "150.5", "100.25"), balances={"USDT": 20}, prices={"BTC": "100.25"})
    )
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
    # max(0, 10% p - 8) is 0 below 80. 15 + p - 100 = 10% p - 8 crosses above that, 21 + p - 100 would below.
    table = tiers((None, "0.1", None), deductions=[8])
    rows = [first(account(position(linear(table=table), LONG, 1, 100), balances={"USDT": usdt})) for usdt in (15, 21)]
    assert close(rows[0].liquidation_price, Fraction(77) / Fraction("0.9"))
    assert rows[1].liquidation_price is None


class ShareOfPrice(NamedTuple):
    """A requirement of no kind that the engine has: ``money`` at today's price of BTC, and in proportion to it."""

    money: Decimal
    label = "share of a price"
    movers = ("BTC",)
    always_needs = True

    def at(self, ratios: dict[str, Decimal]) -> Decimal:
        return self.money * ratios.get("BTC", ONE)

    def pieces(self, motion: Motion, end: Decimal | None, factor: Decimal = ONE) -> list[Piece]:
        line = motion.of("BTC").scaled(self.money * factor)
        return [Piece(ZERO, line.at_zero, line.slope)]


def test_liquidation_knows_no_kinds_of_requirement() -> None:
    """50 - 100 u = 20 (1 - u) at u = 3/8, whatever a part is; rising, 50 + 100 u stays above 20 (1 + u)."""
    (pool,) = partition(account(position(BTC, LONG, 1, 100), balances={"USDT": 50}))
    state = pool_state(replace(pool, maintenance=Requirement((ShareOfPrice(d(20)),))))
    assert asset_sides(state, "BTC") == (d("0.375"), None)
    assert first_on_path(state, shock_path({"BTC": d("-0.75")})) == d("0.5")
    assert state.risk.maintenance_margin == 20


def test_a_curved_requirement_counts_level_times() -> None:
    """Long 100 USD at 100 behind 3 BTC, maintenance 0.25 of the size in BTC: 25 / p x 100 / p USD, twice as the level.

    With q = p / 100: 300 q + 100 q - 100 = 2 x 25 / q, 4 q^2 - q - 1/2 = 0 at q = 1/2.
    """
    grown = position(PERP, LONG, 10, 100, initial_rate="0.1", maintenance_rate="0", maintenance_growth="0.25")
    held = account(grown, balances={"BTC": 3}, single_asset=True, rules=MarginRules(level=d(2)))
    assert close(first(held).liquidation_price, 50)
