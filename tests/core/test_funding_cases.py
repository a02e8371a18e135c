"""Given rates, their mean and their worst: what a day costs, how long it lasts, how much nearer liquidation comes."""

from fractions import Fraction

from tests.builders import LONG, SHORT, account, d, inverse, linear, position

from marginctl.core.funding import after_funding, funding_per_interval
from marginctl.core.funding_cases import RateHistory, funding_table

BTC, ETH = linear(), linear("ETHUSDT", "ETH")
DAY = 86_400_000


def daily(symbol: str, *rates: str) -> RateHistory:
    return RateHistory(symbol, tuple(DAY * k for k in range(len(rates))), tuple(map(d, rates)))


def test_what_is_paid_per_interval_and_per_day() -> None:
    held = account(
        position(BTC, LONG, 10, 100, funding_rate="0.001"),
        position(ETH, SHORT, 20, 10, funding_rate="0.0005", funding_interval=1),
        balances={"USDT": 200},
    )
    found = funding_table(held, {}, d("0.05"), d(30))
    assert [case.name for case in found.cases] == ["given"]
    btc, eth = (row.rated["given"] for row in found.rows)
    assert btc is not None
    assert eth is not None
    assert (btc.rate, btc.interval, btc.per_interval, btc.per_day) == (d("0.001"), 8, -1, -3)
    assert (eth.rate, eth.interval, eth.per_interval, eth.per_day) == (d("0.0005"), 1, d("0.1"), d("2.4"))
    assert found.cases[0].per_day == d("-0.6")
    # 200 - 12 = 188 of buffer at 0.6 a day
    assert found.cases[0].runway_days is not None
    assert abs(Fraction(found.cases[0].runway_days) - Fraction(1880, 6)) < Fraction(1, 10**50)
    assert found.cases[0].runway_pool == "cross"


def test_how_much_nearer_funding_brings_liquidation() -> None:
    # Long 10 at 100 and 208 USDT, 3 a day: 208 - 1000u = 10 - 10u at u = 0.2; 10 days later 178: u = 168/990.
    held = account(position(BTC, LONG, 10, 100, funding_rate="0.001"), balances={"USDT": 208})
    (case,) = funding_table(held, {}, d("0.05"), d(10)).cases
    assert (case.down, case.up, case.up_after) == (d("0.2"), None, None)
    assert case.down_after is not None
    assert abs(Fraction(case.down_after) - Fraction(168, 990)) < Fraction(1, 10**50)


def test_an_account_that_does_not_live_to_the_horizon_has_no_distance_then() -> None:
    held = account(position(BTC, LONG, 10, 100, funding_rate="0.001"), balances={"USDT": 40})
    (case,) = funding_table(held, {}, d("0.05"), d(10)).cases
    assert (case.runway_days, case.down_after, case.up_after) == (10, 0, 0)
    (case,) = funding_table(held, {}, d("0.05"), d(9)).cases
    assert case.down_after is not None
    assert case.down_after > 0


def test_a_history_gives_the_mean_and_the_worst_for_each_side() -> None:
    held = account(
        position(BTC, LONG, 10, 100, funding_rate="0.0001"), position(ETH, SHORT, 20, 10), balances={"USDT": 200}
    )
    histories = {
        "BTCUSDT": daily("BTCUSDT", "0.001", "0.003", "-0.001", "0.001"),
        "ETHUSDT": daily("ETHUSDT", "0.002", "-0.004", "0.002", "0.004"),
        "XRPUSDT": daily("XRPUSDT", "0.9"),
    }
    found = funding_table(held, histories, d("0.25"), d(30))
    assert [case.name for case in found.cases] == ["given", "mean", "worst"]
    btc, eth = (row.rated for row in found.rows)
    rates = [[rated and (rated.rate, rated.interval) for rated in one.values()] for one in (btc, eth)]
    assert rates == [
        [(d("0.0001"), 8), (d("0.001"), 24), (d("0.003"), 24)],
        [None, (d("0.001"), 24), (d("-0.004"), 24)],
    ]
    # given: -0.3; mean: -1 + 0.2; worst: -3 - 0.8
    assert [case.per_day for case in found.cases] == [d("-0.3"), d("-0.8"), d("-3.8")]
    assert [case.missing for case in found.cases] == [("ETHUSDT",), (), ()]


def test_a_single_rate_keeps_the_interval_of_the_position() -> None:
    held = account(position(BTC, LONG, 10, 100, funding_interval=4), balances={"USDT": 200})
    found = funding_table(held, {"BTCUSDT": daily("BTCUSDT", "0.001")}, d("0.05"), d(30))
    mean = found.rows[0].rated["mean"]
    assert mean is not None
    assert (mean.interval, mean.per_day) == (4, -6)


def test_an_isolated_position_pays_out_of_its_own_margin() -> None:
    held = account(position(BTC, LONG, 10, 100, funding_rate="0.001", isolated_margin=150), balances={"USDT": 400})
    after = after_funding(held, d(10))
    assert (after.balances["USDT"], after.positions[0].isolated_margin) == (370, 120)


def test_an_inverse_contract_pays_in_its_coin() -> None:
    # 100 USD of BTC at 100: 1 BTC, 0.1% of it every 8 hours.
    held = account(position(inverse(), LONG, 10, 100, funding_rate="0.001"), balances={"BTC": 2})
    assert funding_per_interval(held.positions[0], held) == d("-0.1")
    assert after_funding(held, d(10)).balances["BTC"] == d("1.97")
