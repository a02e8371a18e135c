"""Rows taken as given: in equity, deltas and requirements, along shocks, in pools, netting and cascades."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.builders import LONG, SHORT, account, d, flat, linear, position

from marginctl.core.account import Account
from marginctl.core.assemble import report_of
from marginctl.core.cascade import cascade
from marginctl.core.motion import Motion
from marginctl.core.opaque import FIXED, GivenMargin, OpaqueRow
from marginctl.core.path import PricePath
from marginctl.core.piecewise import Line
from marginctl.core.pool import partition
from marginctl.core.scenario import moved
from marginctl.core.sequence import Action, LiquidationSequence

from .strategies import accounts

CALLS = OpaqueRow(
    name="7 calls 85k",
    value=d("-7.60"),
    delta={"BTC": d("-0.0035")},
    initial_margin=d(54),
    maintenance_margin=d(27),
    settle="USDT",
)
PERPETUAL = position(linear(table=flat("0.005", "0.1"), size="0.001"), LONG, 3, 77529)


def mixed(*rows: OpaqueRow, single_asset: bool = False) -> Account:
    """500 USDT, 3 contracts of 0.001 BTC at 77,529, and rows."""
    bare = account(PERPETUAL, balances={"USDT": 500}, prices={"BTC": 77529}, single_asset=single_asset)
    return replace(bare, others=rows)


def test_a_row_enters_equity_margins_and_deltas_as_it_is_given() -> None:
    # Notional 3 x 0.001 x 77,529 = 232.587; initial 10% = 23.2587, maintenance 0.5% = 1.162935.
    report = report_of(mixed(CALLS))
    totals = report.totals
    assert totals.equity == d("492.40")  # 500 - 7.60
    assert totals.other == d("-7.60")
    assert totals.initial_margin == d("77.2587")  # 23.2587 + 54
    assert totals.maintenance_margin == d("28.162935")  # 1.162935 + 27
    assert totals.haircut == 0  # nothing of it is a haircut: 500 + 0 - 7.60 - 492.40
    assert totals.gross_notional == d("232.587")  # that of contracts alone
    deltas = {row.asset: row.delta for row in report.underlyings}
    assert deltas["BTC"] == d("-0.0005")  # 0.003 - 0.0035
    (row,) = report.other
    assert (row.name, row.pool, row.value, row.delta) == ("7 calls 85k", "cross", d("-7.60"), {"BTC": d("-0.0035")})


def test_it_moves_in_a_straight_line_by_its_deltas() -> None:
    # Up by u: equity 492.40 + (232.587 - 271.3515) u, maintenance 27 + 1.162935 (1 + u), as 0.0035 x 77,529 = 271.3515.
    # 492.40 - 28.162935 = 464.237065 = (38.7645 + 1.162935) u, so u = 464.237065 / 39.927435.
    found = report_of(mixed(CALLS)).liquidation
    assert found.down is None
    assert found.up == d("464.237065") / d("39.927435")
    after = moved(mixed(CALLS), {"BTC": d("1.1")})
    assert after.others[0].value == d("-34.73515")  # -7.60 - 27.13515
    assert after.others[0].delta == CALLS.delta


def test_netting_is_of_positions_alone() -> None:
    netting = report_of(mixed(CALLS)).netting
    assert (netting.gross_initial_margin, netting.initial_margin, netting.saving) == (d("23.2587"), d("23.2587"), 0)
    assert netting.maintenance.saving == 0


def test_with_one_pool_an_asset_it_stands_in_that_of_its_settle_asset() -> None:
    report = report_of(mixed(replace(CALLS, settle="BTC"), single_asset=True))
    assert [(pool.name, pool.equity) for pool in report.pools] == [("cross:USDT", d(500)), ("cross:BTC", d("-7.60"))]
    assert report.totals.worst_pool == "cross:BTC"
    assert report.totals.liquidatable  # -7.60 of equity against 27


def test_alone_it_makes_the_pool_of_the_accounts_currency() -> None:
    bare = replace(account(), others=(replace(CALLS, value=d(100), settle=""),))
    (pool,) = partition(bare)
    assert pool.name == "cross"
    report = report_of(bare)
    assert report.totals.equity == 100
    # 100 - 0.0035 x 100 u = 27 at u = 73 / 0.35: BTC is 100 here.
    (row,) = (one for one in report.underlyings if one.asset == "BTC")
    assert row.up == d(73) / d("0.35")


def test_all_of_it_in_a_row_is_a_position_all_the_same() -> None:
    # A linear position entered at its mark is worth 0 and moves by its quantity: the same as a row of that delta.
    quantity, rate = d("0.003"), d("0.01")
    as_position = account(position(linear(table=flat(rate, "0.1")), LONG, quantity, 100), balances={"USDT": 10})
    margin = quantity * 100 * rate
    as_row = replace(
        account(balances={"USDT": 10}),
        others=(OpaqueRow(name="same", value=d(0), delta={"BTC": quantity}, maintenance_margin=margin),),
    )
    ends = [moved(one, {"BTC": d("0.5")}) for one in (as_position, as_row)]
    assert report_of(ends[0]).totals.equity == report_of(ends[1]).totals.equity == d("9.85")  # 10 - 0.003 x 50


def test_a_cascade_closes_no_row_and_a_bankrupt_pool_has_none_left() -> None:
    # BTC x 2.5: 0.0035 of a BTC short lose 407.027..., more than the rest of the pool with 100 USDT can bear.
    book = replace(mixed(CALLS), balances={"USDT": d(100)})
    story = cascade(book, PricePath({"BTC": d("19")}), LiquidationSequence())
    assert [step.action for step in story.steps] == [Action.CLOSE]
    assert story.account.others == book.others
    short = replace(book, positions=(replace(PERPETUAL, side=SHORT, key="short"),))
    story = cascade(short, PricePath({"BTC": d("1.5")}), LiquidationSequence())
    assert story.account.positions == ()
    assert (
        story.equity
        == story.account.balances["USDT"] + story.account.others[0].moved(story.account.prices, story.ratios).value
    )


def test_what_takes_over_a_pool_leaves_its_rows() -> None:
    book = replace(mixed(replace(CALLS, value=d(50), delta={})), balances={"USDT": d(-30)})
    story = cascade(book, PricePath({"BTC": d("-0.1")}), LiquidationSequence(takes_over=True))
    # Equity 20 below 27 + 1.16: dead at once. Without the row the pool is owed 30: nothing is left to keep.
    assert [step.action for step in story.steps] == [Action.TAKE_OVER]
    assert story.account.others == book.others


@pytest.mark.rounds(800)
@given(accounts(), st.integers(-5000, 5000), st.sampled_from(["USDT", "BTC"]))
@settings(max_examples=8)
def test_a_row_without_delta_shifts_equity_exactly(one: Account, value: int, settle: str) -> None:
    row = OpaqueRow(name="shift", value=Decimal(value), settle=settle)
    before, after = (
        report_of(one, looks_ahead=False),
        report_of(replace(one, others=(*one.others, row)), looks_ahead=False),
    )
    assert abs(after.totals.equity - before.totals.equity - value) < Decimal("1e-40")
    for name in ("initial_margin", "order_margin", "maintenance_margin", "gross_notional"):
        assert getattr(after.totals, name) == getattr(before.totals, name), name


@pytest.mark.rounds(800)
@given(accounts(with_orders=False), st.integers(-60, 60), st.sampled_from(["BTC", "ETH", "USDC"]))
@settings(max_examples=8)
def test_a_row_moves_with_the_account(one: Account, percent: int, asset: str) -> None:
    by = {asset: Decimal(100 + percent) / 100}
    after = moved(one, by)
    for row, now in zip(one.others, after.others, strict=True):
        gain = row.delta.get(asset, Decimal(0)) * one.prices[asset] * Decimal(percent) / 100
        assert now.value == row.value + gain
        assert sum(row.form(one.prices).values()) == row.value
        assert FIXED in row.form(one.prices)


def test_a_given_margin_stays_in_currency_whatever_the_motion_measures_in() -> None:
    part = GivenMargin(d(54), "calls")
    assert list(part.pieces(Motion(rest=Line(d(2), d(-1))), None, d(3))) == [(0, 324, -162)]
    assert list(part.pieces(Motion(), None)) == [(0, 54, 0)]
