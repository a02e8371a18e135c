"""The figures of random accounts against the naive reading, and the sums and roundings of a report."""

import math
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from marginctl.core.account import Account, CloseFee, OpenLoss
from marginctl.core.assemble import report_of
from marginctl.core.exact import ZERO
from marginctl.core.plain import as_plain
from marginctl.core.pool import partition
from marginctl.core.report import PoolFigures
from marginctl.core.risk import pool_risk
from marginctl.core.scenario import moved

from . import naive
from .naive import frac
from .naive_orders import order_margin
from .strategies import accounts, with_rules
from .ways import CLOSE, states

RESIDUE = Decimal("1e-40")


def assert_close(one: Decimal, other: Decimal) -> None:
    assert abs(one - other) < RESIDUE, f"{one} != {other}"


@given(accounts())
def test_pools_agree_with_the_definitions_at_todays_prices(account: Account) -> None:
    now = naive.today(account)
    for book, pool in zip(naive.books(account), report_of(account).pools, strict=True):
        assert pool.name == book.name
        assert abs(naive.equity(book, now) - frac(pool.equity)) < CLOSE
        assert abs(naive.maintenance(book, now) - frac(pool.maintenance_margin)) < CLOSE
        assert abs(naive.initial(book, now) - frac(pool.initial_margin)) < CLOSE
        assert abs(order_margin(book) - frac(pool.order_margin)) < CLOSE
        assert pool.liquidatable == naive.is_dead(book, now)


@given(accounts(with_orders=False), st.data())
def test_pools_agree_with_the_definitions_at_shocked_prices(account: Account, data: st.DataObject) -> None:
    shocks = st.integers(-60, 150).map(lambda n: Decimal(100 + n) / 100)
    by = {asset: data.draw(shocks, asset) for asset in account.prices if asset != "USD"}
    world = naive.moved(account, {asset: frac(ratio) for asset, ratio in by.items()})
    for state, book in states(account):
        risk = pool_risk(state.pool, by)
        assert abs(naive.equity(book, world) - frac(risk.equity)) < CLOSE
        assert abs(naive.maintenance(book, world) - frac(risk.maintenance_margin)) < CLOSE
        assert abs(naive.initial(book, world) - frac(risk.initial_margin)) < CLOSE


@given(accounts(with_orders=False), st.integers(-60, 150), st.sampled_from(["BTC", "ETH", "USDC", "EUR"]))
def test_a_moved_account_is_the_same_pool_at_moved_prices(account: Account, percent: int, asset: str) -> None:
    fixed_fee = with_rules(account, close_fee=CloseFee.NONE)
    by = {asset: Decimal(100 + percent) / 100}
    for before, after in zip(partition(fixed_fee), partition(moved(fixed_fee, by)), strict=True):
        there, here = pool_risk(before, by), pool_risk(after)
        assert_close(there.equity, here.equity)
        assert_close(there.maintenance_margin, here.maintenance_margin)
        assert_close(there.initial_margin, here.initial_margin)


@given(accounts())
def test_no_shock_is_the_identity(account: Account) -> None:
    assert report_of(moved(account, {})) == report_of(account)
    assert report_of(moved(account, {"BTC": Decimal(1)})) == report_of(account)


@given(accounts())
def test_positions_stand_alone_and_their_sums_are_what_netting_starts_from(account: Account) -> None:
    report = report_of(account)
    now = naive.today(account)
    by_key = {p.key: (p, book) for book in naive.books(account) for p in book.positions}
    assert [row.key for row in report.positions] == [p.key for p in account.positions]
    for row in report.positions:
        position, book = by_key[row.key]
        price = now.prices[position.contract.settle]
        quantity, mark = frac(position.quantity), frac(position.mark_price)
        assert row.pool == book.name
        assert abs(frac(row.notional) - naive.base_size(position.contract, quantity, mark) * price) < CLOSE
        assert abs(frac(row.unrealized_pnl) - naive.pnl(position, mark) * price) < CLOSE
        for initial, figure in ((True, row.initial_margin), (False, row.maintenance_margin)):
            assert abs(frac(figure) - naive.required(position, book, now, quantity, initial=initial)) < CLOSE
    netting = report.netting
    assert_close(netting.gross_initial_margin, sum((row.initial_margin for row in report.positions), ZERO))
    gross = sum((row.maintenance_margin for row in report.positions), ZERO)
    assert_close(netting.maintenance.gross_maintenance_margin, gross)
    needed = sum((naive.margin(book, now, initial=False) for book in naive.books(account)), Fraction(0))
    assert abs(frac(netting.maintenance.maintenance_margin) - needed) < CLOSE
    assert_close(netting.saving, netting.gross_initial_margin - netting.initial_margin)


@given(accounts())
def test_totals_are_the_sums_of_the_pools(account: Account) -> None:
    report = report_of(account)
    totals = report.totals
    for name in ("equity", "initial_margin", "order_margin", "maintenance_margin"):
        assert_close(getattr(totals, name), sum((getattr(pool, name) for pool in report.pools), ZERO))
    given = totals.other or ZERO
    assert_close(totals.haircut, totals.gross_collateral + totals.unrealized_pnl + given - totals.equity)
    if totals.own_equity is not None:
        assert abs(frac(totals.own_equity) - naive.own_equity(account, naive.today(account))) < CLOSE
    assert_close(totals.unrealized_pnl, sum((row.unrealized_pnl for row in report.positions), ZERO))
    assert_close(totals.gross_notional, sum((row.notional for row in report.positions), ZERO))
    signed = (row.notional if row.side == "long" else -row.notional for row in report.positions)
    assert_close(totals.net_notional, sum(signed, ZERO))
    assert totals.liquidatable == any(pool.liquidatable for pool in report.pools)


@given(accounts())
def test_the_worst_pool_has_the_highest_maintenance_ratio_then_utilization(account: Account) -> None:
    report = report_of(account)
    worst = next(pool for pool in report.pools if pool.name == report.totals.worst_pool)
    for name in ("buffer", "maintenance_ratio"):
        assert getattr(report.totals, name) == getattr(worst, name), name
    shared = [pool for pool in report.pools if pool.margin_mode == "cross"]
    usable = [worst] if worst in shared else shared
    assert_close(report.totals.free_collateral, sum((pool.free_collateral for pool in usable), ZERO))
    assert report.totals.utilization == (worst.utilization if worst in shared else 0)
    cross = [book for book in naive.books(account) if not book.isolated]
    occupied = any(book.positions or book.orders or book.others for book in cross)
    candidates = [pool for pool in report.pools if pool.margin_mode == "cross" or not occupied]
    assert worst in candidates
    assert rank(worst) == max(map(rank, candidates))


def rank(pool: PoolFigures) -> tuple[bool, Decimal, bool, Decimal]:
    """None above all; to 30 places, since what division leaves behind must not decide."""
    first, second = pool.maintenance_ratio, pool.utilization
    return first is None, round(first or ZERO, 30), second is None, round(second or ZERO, 30)


@given(accounts())
def test_the_values_of_a_pools_collateral_add_up_to_its_equity(account: Account) -> None:
    report = report_of(account)
    now = naive.today(account)
    for book, pool in zip(naive.books(account), report.pools, strict=True):
        rows = [row for row in report.collateral if row.pool == pool.name]
        held = naive.units(book, now)
        given_here = [row for row in report.other if row.pool == pool.name]
        assert_close(pool.equity, sum((row.value for row in (*rows, *given_here)), ZERO))
        for row in rows:
            assert abs(frac(row.equity) - held[row.asset]) < CLOSE
            assert_close(row.equity, row.balance + row.unrealized_pnl)
            if row.equity > 0:
                assert_close(row.value, row.equity * row.price * (1 - row.haircut))
            else:
                assert row.haircut == 0


@given(accounts())
def test_the_account_goes_when_its_first_pool_goes(account: Account) -> None:
    report = report_of(account)
    found = report.liquidation
    downs = [pool.liquidation.down for pool in report.pools if pool.liquidation.down is not None]
    ups = [pool.liquidation.up for pool in report.pools if pool.liquidation.up is not None]
    assert found.down == max(downs, default=None)
    assert found.up == min(ups, default=None)
    if found.distance is not None:
        first = next(pool for pool in report.pools if pool.name == found.pool)
        assert first.liquidation.distance == found.distance
        assert found.distance == min(abs(move) for move in (found.down, found.up) if move is not None)


@given(accounts())
def test_orders_cost_what_the_worse_side_adds(account: Account) -> None:
    free = report_of(with_rules(account, open_loss=OpenLoss.NONE))
    costly = report_of(with_rules(account, open_loss=OpenLoss.MARGIN))
    assert all(pool.order_margin >= 0 for pool in free.pools)
    assert costly.totals.order_margin >= free.totals.order_margin


@given(accounts())
def test_funding_is_paid_by_the_side_that_its_sign_names(account: Account) -> None:
    report = report_of(account)
    now = naive.today(account)
    received = Fraction(0)
    for position, row in zip(account.positions, report.positions, strict=True):
        if position.funding_rate is None:
            assert row.funding_per_day is None
            assert row.symbol in report.funding.missing
            continue
        paid = naive.funding_received(position, now) * now.prices[position.contract.settle]
        received += paid
        assert abs(frac(row.funding_per_day or ZERO) - paid) < CLOSE
    assert abs(frac(report.funding.per_day) - received) < CLOSE
    assert report.funding.runway_days is None or not report.funding.missing


@given(accounts())
def test_shown_money_is_the_exact_figure_rounded_in_its_direction(account: Account) -> None:
    shown = as_plain(report_of(account))
    now = naive.today(account)
    equity = Fraction(0)
    for book, pool in zip(naive.books(account), shown["pools"], strict=True):
        own, needed = naive.equity(book, now), naive.maintenance(book, now)
        used = naive.initial(book, now) + order_margin(book)
        equity += own
        assert frac(pool["equity"]) == floor(own)
        assert frac(pool["maintenance_margin"]) == ceil(needed)
        assert frac(pool["free_collateral"]) == floor(own - used)
        assert frac(pool["buffer"]) == floor(own - frac(book.rules.level) * needed)
    gross = sum((frac(amount) * now.prices[asset] for asset, amount in account.balances.items()), Fraction(0))
    profit = sum(
        (naive.pnl(p, frac(p.mark_price)) * now.prices[p.contract.settle] for p in account.positions), Fraction(0)
    )
    totals = shown["totals"]
    assert frac(totals["gross_collateral"]) == floor(gross)
    assert frac(totals["unrealized_pnl"]) == floor(profit)
    given_value = sum((frac(row.value) for row in account.others), Fraction(0))
    assert frac(totals["haircut"]) == ceil(gross + profit + given_value - equity)


@given(accounts(with_orders=False))
def test_shown_savings_of_netting_are_never_negative_by_residue(account: Account) -> None:
    shown = as_plain(report_of(account))["netting"]
    now = naive.today(account)
    books = naive.books(account)
    for initial, figures in ((True, shown), (False, shown["maintenance"])):
        alone = (naive.required(p, b, now, frac(p.quantity), initial=initial) for b in books for p in b.positions)
        saved = sum(alone, Fraction(0)) - sum((naive.margin(b, now, initial=initial) for b in books), Fraction(0))
        assert frac(figures["saving"]) == floor(saved)


PLACE = 10**8


def floor(value: Fraction) -> Fraction:
    """Down to 8 decimals."""
    return Fraction(math.floor(value * PLACE), PLACE)


def ceil(value: Fraction) -> Fraction:
    """Up to 8 decimals."""
    return Fraction(math.ceil(value * PLACE), PLACE)
