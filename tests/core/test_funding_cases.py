"""Given rates, their mean and their worst: what a day costs, how long it lasts, how much nearer liquidation comes."""

from fractions import Fraction

from msgspec.structs import replace
from tests.builders import LONG, SHORT, account, d, inverse, linear, position

from marginctl.core.funding import after_funding, funding_per_interval
from marginctl.core.funding_cases import RateHistory, funding_table, sides_of

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


def test_the_distance_of_an_account_is_that_of_its_nearest_pool_on_either_side() -> None:
    """Longs and shorts of 100 behind m of their own: m - 100 u = 1 - u down, m - 100 u = 1 + u up."""
    c, e = linear("CUSDT", "C"), linear("EUSDT", "E")
    rows = [
        position(one, side, 1, 100, isolated_margin=margin)
        for one, side, margin in ((BTC, SHORT, 40), (c, SHORT, 20), (c, LONG, 30), (e, LONG, 50))
    ]
    found = sides_of(account(*rows, balances={"USDT": 500}, prices={"C": 100, "E": 100}))
    assert found.down is not None
    assert found.up is not None
    assert abs(Fraction(found.down) - Fraction(29, 99)) < Fraction(1, 10**50)
    assert abs(Fraction(found.up) - Fraction(19, 101)) < Fraction(1, 10**50)


def test_an_isolated_position_pays_out_of_its_own_margin() -> None:
    held = account(position(BTC, LONG, 10, 100, funding_rate="0.001", isolated_margin=150), balances={"USDT": 400})
    after = after_funding(held, d(10))
    assert (after.balances["USDT"], after.positions[0].isolated_margin) == (370, 120)


def test_an_inverse_contract_pays_in_its_coin() -> None:
    # 100 USD of BTC at 100: 1 BTC, 0.1% of it every 8 hours.
    held = account(position(inverse(), LONG, 10, 100, funding_rate="0.001"), balances={"BTC": 2})
    assert funding_per_interval(held.positions[0], held) == d("-0.1")
    assert after_funding(held, d(10)).balances["BTC"] == d("1.97")


def test_the_first_pool_to_run_dry_is_named_and_what_is_missing_once() -> None:
    """Isolated 10 at 100 behind 40, 3 a day: 30 of buffer, 10 days; the shared pool pays 0.3 of 199 and has longer.

    Two positions on a contract without a rate are one symbol that is missing.
    """
    held = account(
        position(BTC, LONG, 10, 100, funding_rate="0.001", isolated_margin=40),
        position(ETH, LONG, 10, 10, funding_rate="0.001"),
        position(linear("CUSDT", "C"), LONG, 1, 1),
        position(linear("CUSDT", "C"), SHORT, 1, 1),
        balances={"USDT": 240},
        prices={"C": 1},
        hedge=True,
    )
    (case,) = funding_table(held, {}, d("0.05"), d(9)).cases
    assert (case.runway_days, case.runway_pool, case.missing) == (10, "isolated:BTCUSDT:long", ("CUSDT",))
    assert case.per_day == d("-3.3")
    # now 40 - 1000u = 10 - 10u; after 9 days 13 - 1000u
    assert case.down is not None
    assert abs(Fraction(case.down) - Fraction(30, 990)) < Fraction(1, 10**50)
    assert case.down_after is not None
    assert abs(Fraction(case.down_after) - Fraction(3, 990)) < Fraction(1, 10**50)


def test_the_interval_is_the_most_frequent_spacing_to_the_minute_the_shorter_of_two() -> None:
    hour = DAY // 24
    times = (0, 8 * hour + 29_000, 16 * hour + 31_000, 24 * hour, 28 * hour)
    assert RateHistory("X", times, (d(0),) * 5).interval == 8
    assert RateHistory("X", (0, 8 * hour, 12 * hour), (d(0),) * 3).interval == 4
    assert RateHistory("X", (0, hour + 30_000), (d(0),) * 2).interval == d(61) / 60
    assert RateHistory("X", (0, hour + 29_999), (d(0),) * 2).interval == 1
    assert RateHistory("X", (0,), (d(0),)).interval is None
    assert RateHistory("X", times, (d(0),) * 5).spacings == {d(8): 2, d(479) / 60: 1, d(4): 1}


def test_the_worst_is_the_nearest_rank_and_never_none_of_them() -> None:
    """Of five rates: 20% is the first, 21% the second, 0 the first all the same, all of them the mildest."""
    history = daily("X", "0.03", "-0.02", "0.01", "0.02", "0")
    assert [history.worst(LONG, d(share)) for share in ("0", "0.2", "0.21", "1")] == [
        d("0.03"),
        d("0.03"),
        d("0.02"),
        d("-0.02"),
    ]
    assert [history.worst(SHORT, d(share)) for share in ("0.2", "0.4")] == [d("-0.02"), 0]


def test_a_bonus_is_paid_first_and_a_balance_may_become_a_debt() -> None:
    """Pays 3 a day for 10 days out of 5 held, of which 4 are the venue's; USDT is worth half a dollar: 60 of it."""
    held = account(position(BTC, LONG, 10, 200, funding_rate="0.001"), balances={"USDT": 5}, prices={"USDT": "0.5"})
    after = after_funding(replace(held, bonus={"USDT": d(4)}), d(10))
    assert (after.balances["USDT"], after.bonus["USDT"]) == (-55, 0)
    gains = account(position(BTC, SHORT, 10, 200, funding_rate="0.001"), balances={}, prices={"USDT": "0.5"})
    after = after_funding(replace(gains, bonus={"USDT": d(4)}), d(10))
    assert (after.balances["USDT"], after.bonus["USDT"]) == (60, 4)
