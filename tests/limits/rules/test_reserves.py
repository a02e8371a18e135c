"""The rules of ``limits/rules/reserves``."""

from datetime import date

import pytest
from tests.limits.builders import (
    LIMIT_LINE,
    bound,
    by_default,
    check,
    context,
    d,
    finding,
    held,
    judged,
    only,
    pool,
    position,
    report,
    underlying,
)

from marginctl.findings import Severity, Status
from marginctl.limits.config import LimitsConfig, LimitSource, Waiver
from marginctl.limits.engine import evaluate

# MC109: min(1, max(0, net stablecoins)) / free collateral of every cross pool at stake.


LAST_RESORT = "close positions until some collateral is free, and swap coins into stablecoins"


def mc109_book(stable: str, coins: str, initial: str = "200"):
    rows = (held("USDT", stable), held("BTC", coins, price=100))
    return report(pool(equity=d(stable) + d(coins), initial=initial), collateral=rows)


@pytest.mark.parametrize(
    ("stable", "coins", "value", "status"),
    [
        pytest.param("400", "800", "0.4", Status.PASS, id="equality passes"),
        pytest.param("399.99999999", "800.00000001", "0.39999999999", Status.FAIL, id="just below"),
        pytest.param("1200", "0", "1", Status.PASS, id="all of it: no more than 100%"),
        pytest.param("-100", "1300", "0", Status.FAIL, id="a debt counts as nothing"),
    ],
)
def test_mc109_breaks_below_the_limit(stable: str, coins: str, value: str, status: Status) -> None:
    found = check(judged("MC109", "0.4", mc109_book(stable, coins)))
    assert (found.status, found.value, found.headroom) == (status, d(value), d(value) - d("0.4"))


def test_mc109_names_value_limit_and_remedy() -> None:
    found = finding(judged("MC109", "0.5", mc109_book("200", "1000")))
    assert found.message == (
        "stable share in the free collateral of cross is 20%, below the limit 50%: "
        "200.00 USD in stablecoins against 1,000.00 USD of free collateral"
    )
    # (200 + D) / (1000 + D) = 0.5  ->  D = (500 - 200) / 0.5 = 600: 800 of 1600
    assert found.remedy == "deposit 600 USDT, or swap coins into stablecoins"
    assert check(judged("MC109", "0.5", mc109_book("800", "1000"))).status is Status.PASS
    assert check(judged("MC109", "0.5", mc109_book("799.999999", "1000"))).status is Status.FAIL


@pytest.mark.parametrize("stable", ["150", "200"])
def test_without_free_collateral_it_fails(stable: str) -> None:
    figures = mc109_book(stable, "0")
    found = finding(judged("MC109", "0.5", figures))
    free = d(stable) - 200
    assert (found.value, found.message) == (
        None,
        f"stable share in the free collateral of cross does not exist, limit 50%: free collateral is {free}.00 USD",
    )
    # free collateral has to be above 0; all of it is then stablecoins
    least = -free + d("0.000001")
    shown = {"150": "50.01", "200": "0.000001"}[stable]
    assert found.remedy == f"deposit {shown} USDT, or {LAST_RESORT}"
    assert check(judged("MC109", "0.5", mc109_book(str(d(stable) + least), "0"))).status is Status.PASS


def test_nothing_at_all_is_no_buffer_either() -> None:
    found = check(judged("MC109", "0.5", mc109_book("0", "200")))
    assert (found.status, found.value, found.headroom) == (Status.FAIL, None, None)


def test_at_a_limit_of_100_percent_no_deposit_helps() -> None:
    assert finding(judged("MC109", 1, mc109_book("200", "1000"))).remedy == "swap coins into stablecoins"


def test_a_debt_and_negative_free_collateral_need_the_larger_deposit() -> None:
    # net -100, equity 150, initial 200: free -50. (D - 100) / (D - 50) = 0.5 -> D = 150; above 50 as well
    figures = mc109_book("-100", "250")
    assert finding(judged("MC109", "0.5", figures)).remedy == f"deposit 150 USDT, or {LAST_RESORT}"
    assert check(judged("MC109", "0.5", mc109_book("50", "250"))).status is Status.PASS
    assert check(judged("MC109", "0.5", mc109_book("49.999999", "250"))).status is Status.FAIL


def test_nothing_at_stake_passes() -> None:
    found = check(by_default("MC109", mc109_book("0", "1000", initial="0")))
    assert (found.subject, found.status, found.value) == ("account", Status.PASS, None)


def test_warns_by_default_below_50_percent() -> None:
    assert check(by_default("MC109", mc109_book("499", "701"))).status is Status.WARN
    assert check(by_default("MC109", mc109_book("500", "700"))).status is Status.PASS


# MC110: sum over coins of min(collateral value, max(0, net notional)) / collateral value.


def mc110_book(usdt: str, *coins: tuple[str, str, str]):
    """Coins as (asset, collateral value, net notional)."""
    values = (held("USDT", usdt), *(held(asset, value, price=10) for asset, value, _ in coins))
    rows = tuple(underlying(asset, net=net) for asset, _, net in coins)
    return report(pool(equity=1000, initial=1), positions=(position(),), collateral=values, underlyings=rows)


@pytest.mark.parametrize(
    ("net", "status", "value"),
    [
        pytest.param("299.99999999", Status.PASS, "0.29999999999", id="just below"),
        pytest.param("300", Status.PASS, "0.3", id="equality passes"),
        pytest.param("300.00000001", Status.WARN, "0.30000000001", id="just above"),
        pytest.param("5000", Status.WARN, "0.4", id="no more than is held"),
        pytest.param("-5000", Status.PASS, "0", id="a short is a hedge"),
    ],
)
def test_warns_by_default_above_30_percent(net: str, status: Status, value: str) -> None:
    found = check(by_default("MC110", mc110_book("600", ("ETH", "400", net))))
    assert (found.status, found.value) == (status, d(value))


def test_mc110_names_value_limit_and_remedy() -> None:
    found = finding(judged("MC110", "0.3", mc110_book("600", ("ETH", "400", "500"))))
    assert found.message == (
        "wrong-way share in the collateral of cross is 40%, above the limit 30%: 400.00 USD in ETH of 1,000.00 USD"
    )
    # 400 / 0.3 - 1000 = 333.33...; the long from 500 to 300
    assert found.remedy == "deposit 333.34 USDT, or close 200.00 USD of the net ETH long"
    assert check(judged("MC110", "0.3", mc110_book("933.333334", ("ETH", "400", "500")))).status is Status.PASS
    assert check(judged("MC110", "0.3", mc110_book("933.333333", ("ETH", "400", "500")))).status is Status.FAIL
    assert check(judged("MC110", "0.3", mc110_book("600", ("ETH", "400", "300")))).status is Status.PASS
    assert check(judged("MC110", "0.3", mc110_book("600", ("ETH", "400", "300.000001")))).status is Status.FAIL


def test_sums_coins_and_leaves_debts_out() -> None:
    # min(200, 900) + min(300, 100) = 300 of 200 + 300 + 500; the debt of 50 USDC is no collateral
    figures = mc110_book("500", ("ETH", "200", "900"), ("BTC", "300", "100"), ("USDC", "-50", "70"))
    assert check(by_default("MC110", figures)).value == d("0.3")


def test_closes_the_coin_that_takes_least() -> None:
    # wrong 500 of 1000, 300 at most: ETH 900 - 300 + 200 = 800, BTC 250 - 200 + 200 = 250
    figures = mc110_book("500", ("ETH", "300", "900"), ("BTC", "200", "250"))
    assert finding(judged("MC110", "0.3", figures)).remedy.endswith("or close 250.00 USD of the net BTC long")


def test_a_deposit_pays_back_debt_before_it_counts() -> None:
    # 400 wrong of 400 + 600 = 1000: 333.33... more collateral, behind a debt of 50
    figures = mc110_book("-50", ("ETH", "400", "500"), ("BTC", "600", "0"))
    assert finding(judged("MC110", "0.3", figures)).remedy.startswith("deposit 383.34 USDT")
    assert (
        check(judged("MC110", "0.3", mc110_book("333.333334", ("ETH", "400", "500"), ("BTC", "600", "0")))).status
        is Status.PASS
    )


def test_without_collateral_it_is_zero() -> None:
    assert check(by_default("MC110", mc110_book("-5", ("ETH", "0", "500")))).value == 0


def test_a_waiver_may_name_the_coin_where_it_is_the_only_one() -> None:
    accepted = Waiver("MC110", date(2027, 1, 1), "staked", LimitSource.PORTFOLIO, LIMIT_LINE, "ETH")
    config = LimitsConfig(only("MC110", bound("0.3")).bounds, (accepted,))
    alone = evaluate(context(mc110_book("600", ("ETH", "400", "500"))), config)
    assert check(alone).status is Status.WAIVED
    together = evaluate(context(mc110_book("200", ("ETH", "400", "500"), ("BTC", "400", "500"))), config)
    assert check(together).status is Status.FAIL


# MC112: days until funding liquidates a pool.


@pytest.mark.parametrize(
    ("runway", "status"),
    [
        pytest.param("30.0000000001", Status.PASS, id="just longer"),
        pytest.param("30", Status.PASS, id="equality passes"),
        pytest.param("29.9999999999", Status.FAIL, id="just shorter"),
        pytest.param("0", Status.FAIL, id="liquidatable now"),
        pytest.param(None, Status.PASS, id="never"),
    ],
)
def test_mc112_breaks_below_the_limit(runway: str | None, status: Status) -> None:
    found = check(judged("MC112", 30, report(pool(), runway=runway)))
    assert (found.status, found.value) == (status, None if runway is None else d(runway))


def test_names_value_limit_and_what_pays_most() -> None:
    rows = (position("BTCUSDT", funding="-3.5"), position("ETHUSDT", funding="-6.505"), position("SOLUSDT", funding=1))
    found = finding(judged("MC112", 30, report(pool(), positions=rows, runway="25.04", per_day="-9.005")))
    assert found.message == (
        "funding runway of the account is 25 days, below the limit 30 days: funding of -9.01 USD a day"
    )
    assert found.remedy == "reduce ETHUSDT, which pays 6.51 USD a day, or deposit"


def test_a_missing_rate_is_nothing_unless_the_limit_was_asked_for() -> None:
    figures = report(pool(), runway=3, missing=("BTCUSDT", "ETHUSDT"))
    silent = by_default("MC112", figures)
    assert (check(silent).status, check(silent).value) == (Status.NOT_EVALUATED, None)
    assert (silent.findings, silent.problems) == ((), ())
    asked = judged("MC112", 30, figures)
    assert finding(asked).severity is Severity.ERROR
    assert finding(asked).message == "funding runway of the account not evaluated: no funding_rate for BTCUSDT, ETHUSDT"
    (problem,) = asked.problems
    assert (problem.code, problem.location.line) == ("MC030", 40)
    assert problem.message == "`min_funding_runway` cannot be evaluated: no funding_rate for BTCUSDT, ETHUSDT"
    assert problem.help == "add `funding_rate` to these positions, 0% if there is none"
