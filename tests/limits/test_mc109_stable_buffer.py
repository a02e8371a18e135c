"""MC109: min(1, max(0, net stablecoins)) / free collateral of every cross pool at stake."""

import pytest

from marginctl.findings import Status

from .builders import by_default, check, d, finding, held, judged, pool, report

LAST_RESORT = "close positions until some collateral is free, and swap coins into stablecoins"


def book(stable: str, coins: str, initial: str = "200"):
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
def test_breaks_below_the_limit(stable: str, coins: str, value: str, status: Status) -> None:
    found = check(judged("MC109", "0.4", book(stable, coins)))
    assert (found.status, found.value, found.headroom) == (status, d(value), d(value) - d("0.4"))


def test_names_value_limit_and_remedy() -> None:
    found = finding(judged("MC109", "0.5", book("200", "1000")))
    assert found.message == (
        "stable share in the free collateral of cross is 20%, below the limit 50%: "
        "200.00 USD in stablecoins against 1,000.00 USD of free collateral"
    )
    # (200 + D) / (1000 + D) = 0.5  ->  D = (500 - 200) / 0.5 = 600: 800 of 1600
    assert found.remedy == "deposit 600 USDT, or swap coins into stablecoins"
    assert check(judged("MC109", "0.5", book("800", "1000"))).status is Status.PASS
    assert check(judged("MC109", "0.5", book("799.999999", "1000"))).status is Status.FAIL


@pytest.mark.parametrize("stable", ["150", "200"])
def test_without_free_collateral_it_fails(stable: str) -> None:
    figures = book(stable, "0")
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
    assert check(judged("MC109", "0.5", book(str(d(stable) + least), "0"))).status is Status.PASS


def test_nothing_at_all_is_no_buffer_either() -> None:
    found = check(judged("MC109", "0.5", book("0", "200")))
    assert (found.status, found.value, found.headroom) == (Status.FAIL, None, None)


def test_at_a_limit_of_100_percent_no_deposit_helps() -> None:
    assert finding(judged("MC109", 1, book("200", "1000"))).remedy == "swap coins into stablecoins"


def test_a_debt_and_negative_free_collateral_need_the_larger_deposit() -> None:
    # net -100, equity 150, initial 200: free -50. (D - 100) / (D - 50) = 0.5 -> D = 150; above 50 as well
    figures = book("-100", "250")
    assert finding(judged("MC109", "0.5", figures)).remedy == f"deposit 150 USDT, or {LAST_RESORT}"
    assert check(judged("MC109", "0.5", book("50", "250"))).status is Status.PASS
    assert check(judged("MC109", "0.5", book("49.999999", "250"))).status is Status.FAIL


def test_nothing_at_stake_passes() -> None:
    found = check(by_default("MC109", book("0", "1000", initial="0")))
    assert (found.subject, found.status, found.value) == ("account", Status.PASS, None)


def test_warns_by_default_below_50_percent() -> None:
    assert check(by_default("MC109", book("499", "701"))).status is Status.WARN
    assert check(by_default("MC109", book("500", "700"))).status is Status.PASS
