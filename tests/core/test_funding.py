"""Funding per day and the runway: how long an account lives on it with prices flat."""

from fractions import Fraction

import pytest
from tests.builders import LONG, SHORT, account, d, flat, haircuts, inverse, linear, position

from marginctl.core.account import Account, AssetTerms, Position
from marginctl.core.assemble import report_of
from marginctl.core.report import FundingFigures

BTC, PERP = linear(), inverse()


def funding(one: Account) -> FundingFigures:
    return report_of(one).funding


@pytest.mark.parametrize(
    ("held", "per_day"),
    [
        pytest.param(position(BTC, LONG, 2, 90, 100, funding_rate="0.001"), "-0.6", id="longs pay: 3 x 0.1% of 200"),
        pytest.param(position(BTC, SHORT, 2, 90, 100, funding_rate="0.001"), "0.6", id="shorts receive"),
        pytest.param(position(BTC, LONG, 2, 90, 100, funding_rate="-0.001"), "0.6", id="a negative rate turns it"),
        pytest.param(
            position(BTC, LONG, 2, 90, 100, funding_rate="0.001", funding_interval=1), "-4.8", id="every hour: 24 times"
        ),
        pytest.param(position(PERP, LONG, 10, 80, 100, funding_rate="0.001"), "-0.3", id="inverse: 3 x 0.1% of 1 BTC"),
        pytest.param(position(BTC, LONG, 2, 90, 100), None, id="without a rate: unknown"),
    ],
)
def test_funding_per_day(held: Position, per_day: str | None) -> None:
    report = report_of(account(held, balances={"USDT": 100, "BTC": 1}))
    assert report.positions[0].funding_per_day == (None if per_day is None else d(per_day))
    assert report.funding.per_day == d(per_day or "0")
    assert report.funding.missing == (() if per_day else (held.contract.symbol,))


def test_the_runway_ends_where_equity_meets_the_maintenance_margin() -> None:
    # 10 - 0.3 days = 1
    assert funding(account(position(BTC, LONG, 1, 100, funding_rate="0.001"), balances={"USDT": 10})).runway_days == 30


def test_a_runway_follows_the_haircuts_of_the_coin_that_pays() -> None:
    # 0.05 BTC and 2 USDT, paying 0.003 BTC a day; 10% haircut while it is held: gone after 16.67 days, and 2 left.
    # Beyond that the debt counts in full: 2 - (0.003 days - 0.05) 100 = 1.
    terms = {"BTC": AssetTerms(haircuts=haircuts((None, "0.1")))}
    one = account(position(PERP, LONG, 10, 100, funding_rate="0.001"), balances={"USDT": 2, "BTC": "0.05"}, terms=terms)
    found = funding(one).runway_days
    assert found is not None
    assert abs(Fraction(found) - 20) < Fraction(1, 10**60)


def test_a_debt_that_funding_builds_up_needs_maintenance_too() -> None:
    # 5 USDC and 1 USDT, paying 0.3 USDT a day: 6 - 0.3 t = 1 + 10% (0.3 t - 1)  ->  t = 5.1 / 0.33
    terms = {"USDT": AssetTerms(loan_rate=d("0.1"))}
    one = account(position(BTC, LONG, 1, 100, funding_rate="0.001"), balances={"USDC": 5, "USDT": 1}, terms=terms)
    found = funding(one).runway_days
    assert found is not None
    assert abs(Fraction(found) - Fraction("5.1") / Fraction("0.33")) < Fraction(1, 10**60)


def test_the_first_pool_to_run_dry_counts() -> None:
    one = account(
        position(BTC, LONG, 1, 100, funding_rate="0.001"),
        position(BTC, LONG, 1, 100, funding_rate="0.001", isolated_margin=4),
        balances={"USDT": 14},
    )
    assert funding(one).runway_days == 10


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(account(position(BTC, SHORT, 1, 100, funding_rate="0.001"), balances={"USDT": 10}), id="received"),
        pytest.param(account(position(BTC, SHORT, 1, 100, funding_rate="0"), balances={"USDT": 10}), id="a rate of 0"),
        pytest.param(account(position(BTC, SHORT, 1, 100), balances={"USDT": 10}), id="an unknown rate"),
        pytest.param(
            account(
                position(BTC, LONG, 1, 100, funding_rate="0.001"),
                position(linear("ETHUSDT", "ETH"), SHORT, 10, 10, funding_rate="0.001"),
                balances={"USDT": 10},
            ),
            id="paid and received alike",
        ),
        pytest.param(
            account(position(linear(table=flat("0")), LONG, 1, 100, funding_rate="0.001"), balances={"USDT": 10}),
            id="nothing to maintain",
        ),
        pytest.param(account(balances={"USDT": 10}), id="no position"),
    ],
)
def test_a_runway_without_end_is_none(one: Account) -> None:
    assert funding(one).runway_days is None


def test_who_only_receives_funding_never_runs_dry_even_where_more_of_a_coin_counts_nothing() -> None:
    terms = {asset: AssetTerms(haircuts=haircuts((2, "0.1"), (None, 1))) for asset in ("BTC", "ETH")}
    one = account(
        position(PERP, SHORT, "1.3", "99.7", funding_rate="0.0003"),
        position(inverse("ETHUSD", "ETH"), SHORT, 7, "10.1", funding_rate="0.0007"),
        balances={"BTC": 1, "ETH": "1.9"},
        terms=terms,
    )
    assert funding(one).per_day > 0
    assert funding(one).runway_days is None


def test_one_missing_rate_leaves_the_runway_unknown() -> None:
    one = account(
        position(BTC, LONG, 1, 100, funding_rate="0.001"), position(PERP, SHORT, 1, 100), balances={"USDT": 10}
    )
    assert funding(one).runway_days is None
    assert funding(one).per_day == d("-0.3")
    assert funding(one).missing == ("BTCUSD",)


def test_already_liquidatable_is_no_runway_at_all() -> None:
    assert (
        funding(account(position(BTC, LONG, 1, 100, funding_rate="0.001"), balances={"USDT": "0.5"})).runway_days == 0
    )
