"""What a division leaves is no amount: no debt, no margin, no profit, no liquidation; and every walk ends.

Each account is worked out by hand beside its test; the residue in it comes from thirds and from inverse contracts.
"""

from decimal import Decimal
from fractions import Fraction

import pytest
from msgspec.structs import replace
from tests.builders import LONG, SHORT, account, d, flat, haircuts, inverse, linear, order, position

from marginctl.core.account import Account, AssetTerms, CloseFee, Equality, MarginRules, Netting, Position
from marginctl.core.assemble import report_of
from marginctl.core.cascade import EndlessError, cascade, compared, isolated_apart
from marginctl.core.exact import ONE, ZERO, net
from marginctl.core.funding import runway_days
from marginctl.core.liquidation import NO_SIDES, PoolState, Sides, asset_sides, joint_sides, pool_state
from marginctl.core.path import FirstCrossings, PricePath, first_crossing
from marginctl.core.piecewise import Crossing, Curve, Line, Piece, along, first_below, masked, total
from marginctl.core.pool import Pool, partition
from marginctl.core.risk import pool_risk
from marginctl.core.sequence import LiquidationSequence

THIRD = ONE / 3
RESIDUE = Decimal("1e-97")
BANKRUPTCY = MarginRules(close_fee=CloseFee.BANKRUPTCY, netting=Netting.NONE)


def states(one: Account) -> dict[str, PoolState]:
    return {pool.name: pool_state(pool) for pool in partition(one)}


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        pytest.param([THIRD, THIRD, THIRD, -ONE], ZERO, id="three thirds are one"),
        pytest.param([ONE, -ONE, RESIDUE], ZERO, id="what is left of amounts that cancel"),
        pytest.param([RESIDUE], RESIDUE, id="one amount alone is what it is"),
        pytest.param([d("1e-60"), d("1e18"), d("-1e18")], d("1e-60"), id="78 digits apart are amounts"),
        pytest.param([], ZERO, id="nothing"),
    ],
)
def test_amounts_that_cancel_leave_nothing(amounts: list[Decimal], expected: Decimal) -> None:
    assert net(*amounts) == expected


# A liquidation that does not exist.


def test_a_pool_that_lives_until_every_price_is_gone_is_liquidated_nowhere() -> None:
    """Inverse legs, net short 184.48: one of the random accounts that were said to be liquidated at -100%.

    In the value of SOL the pool has 34.4 ADA x 6.54534 + (2550 - 2734.48) x (the price part that ADA settles); with
    beta 3 ADA is gone at -1/3. From there on it holds 184.48 x 0.227 = 41.87696 (1 - u) of exposure and needs
    1.25 x 0.4% of that: more than nothing is left up to u = 1, where both are 0.
    """
    table = flat("0.004", "0.01")
    contract = inverse("ADASOL", "ADA", "SOL", table, size=1)
    mark = d("6.54534") / d("0.227")
    book = account(
        position(contract, LONG, 2550, "30.79", mark),
        position(contract, SHORT, "2734.48", "28.3", mark),
        balances={"ADA": "34.4"},
        prices={"ADA": "6.54534", "SOL": "0.227"},
        betas={"ADA": 3},
        rules=MarginRules(level=d("1.25")),
        single_asset=True,
        hedge=True,
    )
    pool = states(book)["cross:ADA"]
    for u in (Fraction(1, 3), Fraction(1, 2), Fraction(99, 100)):
        held = Fraction("41.87696") * (1 - u)
        assert held - Fraction("1.25") * Fraction("0.004") * held > 0
    assert joint_sides(pool, book.betas) == NO_SIDES


@pytest.mark.parametrize("residue", [RESIDUE, -RESIDUE])
@pytest.mark.parametrize("until", [d(5), None])
def test_a_guard_of_residue_is_zero(residue: Decimal, until: Decimal | None) -> None:
    health = [Piece(ZERO, d(-5), ZERO)]
    for guard in (Piece(ZERO, residue, ZERO), Piece(ZERO, ZERO, residue), Piece(ZERO, residue, residue)):
        assert list(masked(health, [guard], until, ONE)) == [Piece(ZERO, ONE, ZERO)]
    assert list(masked(health, [Piece(ZERO, ZERO, d("1e-60"))], until, ONE)) == health


def test_a_guard_that_ends_at_zero_is_none() -> None:
    health, guard = [Piece(ZERO, d(-5), ZERO)], [Piece(ZERO, ONE, -ONE)]
    assert list(masked(health, guard, ONE, ONE)) == health


@pytest.mark.parametrize("or_at_zero", [False, True])
@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(Piece(ZERO, ONE, -(ONE + RESIDUE)), id="the root lies a residue before the end"),
        pytest.param(Piece(ZERO, ONE, -(ONE - RESIDUE)), id="the root lies a residue beyond the end"),
    ],
)
def test_a_root_at_the_end_but_for_residue_is_no_crossing(piece: Piece, or_at_zero: bool) -> None:
    assert first_below([piece], ONE, ONE, or_at_zero=or_at_zero) is None


def test_a_piece_too_short_to_fall_below_zero_is_no_crossing() -> None:
    pieces = [Piece(ZERO, ONE, -ONE), Piece(ONE - RESIDUE, d(2), d(-2)), Piece(ONE, -ONE, ONE)]
    assert first_below(pieces, d(2), ONE) is None


def test_a_slope_of_residue_falls_nowhere() -> None:
    assert first_below([Piece(ZERO, ZERO, -RESIDUE)], None, ONE) is None
    assert first_below([Piece(ZERO, ONE, -RESIDUE)], None, ONE) is None
    assert first_below([Piece(ZERO, ONE, d("-1e-60"))], None, ONE) == Crossing(d("1e60"), jump=False)


def test_zero_for_a_while_is_left_where_it_falls() -> None:
    pieces = [Piece(ZERO, ONE, -ONE), Piece(ONE, RESIDUE, -RESIDUE), Piece(d(2), d(2), -ONE)]
    assert first_below(pieces, d(5), ONE) == Crossing(d(2), jump=False)


def test_borders_met_at_one_place_are_one_border() -> None:
    """A jump down and a jump up at 1/3, computed on two ways: between them there is no stretch."""
    falls = [Piece(ZERO, d(5), ZERO), Piece(THIRD, d(-5), ZERO)]
    rises = [Piece(ZERO, ONE, ZERO), Piece(THIRD + RESIDUE, d(20), ZERO)]
    assert list(total([falls, rises])) == [Piece(ZERO, d(6), ZERO), Piece(THIRD, d(15), ZERO)]
    assert first_below(total([falls, rises]), None, ONE) is None


def test_a_value_that_keeps_its_unit_stays_in_its_tier() -> None:
    """x = 1 stays at the border of the first tier, as value and unit fall together: it never enters the second one."""
    value, unit = Line(ONE, RESIDUE - ONE), Line(ONE, -ONE)
    tiered = Curve((ONE,), (d("0.01"), d("0.1")), (ZERO, ZERO))
    assert list(along(tiered, value, unit, ONE)) == [Piece(ZERO, d("0.01"), d("0.01") * value.slope)]


def test_at_a_price_of_zero_nothing_is_required_and_nothing_is_liquidated() -> None:
    """1 BTC of 100 behind a perpetual of 10: at -100% equity and requirement are both 0, so equality is not reached."""
    book = account(
        position(linear("BTCUSD", "BTC", "USD"), LONG, 1, 100),
        balances={"USD": 100},
        rules=MarginRules(equality=Equality.LIQUIDATED),
    )
    (pool,) = states(book).values()
    path = PricePath({"BTC": d(-1)})
    # 100 - 100 u - (1 - u) = 99 (1 - u): 0 at u = 1, where the requirement of 1% of the notional is 0 as well
    assert not pool_risk(pool.pool, path.ratios(ONE)).is_liquidatable(book.rules)
    assert first_crossing(path, pool, book, ZERO) is None


# Residue taken for a debt, a profit, a holding.


def halved_apart() -> Account:
    """Both legs of an inverse contract, isolated on a tenth of their notional out of a silo that holds nothing else."""
    contract = inverse("ETHUSD", "ETH", "USD", flat("0.008", "0.02"))
    return account(
        position(contract, LONG, 29, "1143.5", leverage=10),
        position(contract, SHORT, 3, "1143.5", leverage=10),
        balances={"USDT": 39300, "ETH": 0},
        prices={"ETH": "1143.5"},
        terms={"ETH": AssetTerms(loan_rate=d("0.05"))},
        single_asset=True,
        hedge=True,
    )


def test_what_isolated_margins_leave_of_their_own_sum_is_nothing() -> None:
    """29 and 3 contracts of 10 USD: margins of 29 and 3 USD in ETH, bought for 32 USD, and nothing is left of them."""
    apart = isolated_apart(halved_apart())
    assert apart is not None
    pools = states(apart.account)
    assert pools["cross:ETH"].risk.equity == 0
    assert [holding.balance for holding in pools["cross:ETH"].pool.holdings] == [0]
    assert pools["cross:ETH"].risk.maintenance_margin == 0


def test_a_cascade_of_isolated_legs_ends() -> None:
    """Long 290 USD on 29 USD of ETH: at a fall of x it holds 29 (1 - x) - 290 x and must cover 0.8% of 290 = 2.32.

    26.68 = 319 x, which is 2 x of the way to -50%. The short, 30 USD on 3, gains and stays.
    """
    book = halved_apart()
    path = PricePath({"ETH": d("-0.5")})
    compare = compared(book, cascade(book, path, LiquidationSequence()), path, LiquidationSequence())
    assert compare is not None
    (step,) = compare.apart.steps
    assert (step.pool, step.symbol, step.side) == ("isolated:ETHUSD:long", "ETHUSD", "long")
    assert abs(Fraction(step.move) - 2 * Fraction("26.68") / 319) < Fraction(1, 10**60)
    assert [one.side for one in compare.apart.account.positions] == [SHORT]


def test_an_asset_whose_holding_cancels_has_no_haircut() -> None:
    """All 162.5 DOGE are set aside; what cross positions make of them at their marks is 0: nothing is cut."""
    xrp = inverse("DOGEXRP", "DOGE", "XRP", flat("0.01", "0.02"), size=1)
    usd = inverse("DOGEUSD", "DOGE", "USD", flat("0.004", "0.01"), size=1)
    mark = d("239.3") / d("2.30512")
    book = account(
        position(xrp, LONG, 7, "116.4907", mark, isolated_margin="162.5"),
        position(usd, LONG, 1068, "239.3"),
        position(xrp, LONG, 4, mark),
        balances={"USDT": 4090, "DOGE": "162.5"},
        prices={"DOGE": "239.3", "XRP": "2.30512"},
        terms={"DOGE": AssetTerms(haircuts=haircuts((None, "0.02")))},
    )
    row = next(row for row in report_of(book).collateral if (row.asset, row.pool) == ("DOGE", "cross"))
    assert (row.balance, row.equity, row.unrealized_pnl, row.haircut, row.value) == (0, 0, 0, 0, 0)


def test_an_order_that_turns_a_position_to_the_same_size_costs_nothing() -> None:
    """Long 10 of 10 USD at 3, sell 20: |10 - 20| = 10 is what there is, though 200 / 3 is not twice 100 / 3."""
    contract = inverse()
    book = account(
        position(contract, LONG, 10, 3, leverage=3),
        balances={"BTC": 100},
        orders=(order(contract, SHORT, 20, 3, 3),),
    )
    assert report_of(book).totals.order_margin == 0


def test_a_deep_difference_of_sizes_is_no_residue() -> None:
    """10 USDT behind 1e60 - 1 BTC at 100, margin 1/50: utilization (1e60 - 1) x 2 / 10."""
    size = d("9" * 60)
    book = account(position(linear(table=flat("0.01")), LONG, size, 100, leverage=50), balances={"USDT": 10})
    totals = report_of(book).totals
    assert totals.equity == 10
    assert totals.utilization == size * 2 / 10


# A requirement is never negative.


@pytest.mark.parametrize(
    ("one", "fee"),
    [
        # entry 100 x (1 - rate), rate = 1 / leverage; short inverse: the same, its notional falls as the price rises
        pytest.param(position(linear(), LONG, 1, 100, leverage="0.02"), 0, id="long at leverage 0.02: 1 - 50 < 0"),
        pytest.param(position(linear(), LONG, 1, 100, leverage=1), 0, id="long at leverage 1: at a price of 0"),
        pytest.param(position(linear(), LONG, 1, 100, leverage=2), "0.05", id="long at leverage 2: 0.1% of 50"),
        pytest.param(position(linear(), LONG, 1, 100, initial_margin=300), 0, id="margin of three times the notional"),
        pytest.param(position(linear(), SHORT, 1, 100, leverage="0.5"), "0.3", id="short at leverage 0.5: 0.1% of 300"),
        pytest.param(position(inverse(), SHORT, 10, 100, leverage="0.5"), 0, id="short inverse: at no price"),
        pytest.param(position(inverse(), LONG, 10, 100, leverage="0.5"), "0.3", id="long inverse: 0.1% of 300"),
    ],
)
def test_the_fee_to_close_is_nothing_where_no_price_above_zero_makes_the_position_bankrupt(
    one: Position, fee: str | int
) -> None:
    """1% of the notional of 100 and a fee of 0.1% of the value at the bankruptcy price."""
    report = report_of(
        account(replace(one, taker_fee=d("0.001")), balances={"USDT": 1000, "BTC": 10}, rules=BANKRUPTCY)
    )
    assert report.positions[0].maintenance_margin == 1 + d(fee)
    assert report.totals.maintenance_margin == 1 + d(fee)


def test_a_debt_is_liquidated_where_it_begins_and_not_below_what_a_negative_fee_gives() -> None:
    """Long 1 at 2 behind 1 USD, margin 3 (150%), 0.5% less a deduction of 1, a fee of 0.1% at bankruptcy, loans 2%.

    p is the price. The position's own margin is max(0, 0.005 p - 1) = 0 below 200, its fee 0.001 x 2 x max(0, 1 - 1.5)
    = 0. Equity is p - 1; below p = 1 it is a debt, which needs 0.02 (1 - p) > 0 while there is no equity: liquidated
    from p = 1 on. With a fee of -0.001 it would be 1.02 (p - 1) + 0.001 = 0, p = 0.99902.
    """
    held = position(
        linear("XRPUSD", "XRP", "USD", ()),
        LONG,
        1,
        2,
        initial_margin=3,
        maintenance_rate="0.005",
        maintenance_deduction=1,
        taker_fee="0.001",
    )
    book = account(
        held,
        balances={"USD": 1},
        prices={"XRP": 2},
        terms={"USD": AssetTerms(loan_rate=d("0.02"))},
        rules=BANKRUPTCY,
        single_asset=True,
    )
    pool = states(book)["cross:USD"]
    assert pool.risk.maintenance_margin == 0
    assert asset_sides(pool, "XRP").down == d("0.5")
    assert report_of(book).positions[0].liquidation_price == 1


# Every walk ends.


def crossed(_: FirstCrossings, pool: Pool, account: Account, start: Decimal) -> Decimal | None:
    """A pool is said to cross at half of the way, whatever was done there."""
    return max(start, d("0.5")) if pool.name == "cross" else None


def test_a_pool_for_which_nothing_can_be_done_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FirstCrossings, "first", crossed)
    book = account(balances={"USDT": 5})
    story = cascade(book, PricePath({}), LiquidationSequence())
    assert (story.steps, story.account) == ((), book)


class Growing(PricePath, frozen=True):
    """One that opens a position at every look, so that there is always something to close."""

    opened: Position

    def carried(self, account: Account, start: Decimal, u: Decimal) -> Account:
        return replace(account, positions=(self.opened,))


def test_a_walk_without_an_end_is_a_defect_and_no_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FirstCrossings, "first", crossed)
    opened = position(linear(), LONG, 1, 100)
    with pytest.raises(EndlessError):
        cascade(account(opened, balances={"USDT": 5}), Growing({}, opened), LiquidationSequence())


def touching(side: int) -> Account:
    """Long or short 1 BTC at 100 on nothing, 1% less a deduction of 1: equity and margin are both 0, and equality is
    liquidated where something is required. A rise by u makes 100 u and requires u: with a long 99 u are left.
    """
    contract = linear(table=flat("0.02"))
    own = position(contract, side, 1, 100, maintenance_rate="0.01", maintenance_deduction=1, funding_rate="0.001")
    return account(own, balances={"USDT": 0}, rules=MarginRules(equality=Equality.LIQUIDATED))


def test_equality_where_nothing_is_required_is_no_crossing() -> None:
    book = touching(LONG)
    (pool,) = states(book).values()
    assert asset_sides(pool, "BTC") == NO_SIDES  # down: nothing is required; up: 99 u > 0
    assert first_crossing(PricePath({"BTC": ONE}), pool, book, ZERO) is None
    short = touching(SHORT)
    (pool,) = states(short).values()
    assert asset_sides(pool, "BTC") == Sides(None, ZERO)  # -100 u against a margin of u
    assert runway_days(pool, short) is None  # it receives 0.3 a day, and nothing is required
