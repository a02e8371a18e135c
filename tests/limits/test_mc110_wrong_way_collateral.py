"""MC110: sum over coins of min(collateral value, max(0, net notional)) / collateral value."""

from datetime import date

import pytest

from marginctl.findings import Status
from marginctl.limits.config import LimitsConfig, LimitSource, Waiver
from marginctl.limits.engine import evaluate

from .builders import (
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


def book(usdt: str, *coins: tuple[str, str, str]):
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
    found = check(by_default("MC110", book("600", ("ETH", "400", net))))
    assert (found.status, found.value) == (status, d(value))


def test_names_value_limit_and_remedy() -> None:
    found = finding(judged("MC110", "0.3", book("600", ("ETH", "400", "500"))))
    assert found.message == (
        "wrong-way share in the collateral of cross is 40%, above the limit 30%: 400.00 USD in ETH of 1,000.00 USD"
    )
    # 400 / 0.3 - 1000 = 333.33...; the long from 500 to 300
    assert found.remedy == "deposit 333.34 USDT, or close 200.00 USD of the net ETH long"
    assert check(judged("MC110", "0.3", book("933.333334", ("ETH", "400", "500")))).status is Status.PASS
    assert check(judged("MC110", "0.3", book("933.333333", ("ETH", "400", "500")))).status is Status.FAIL
    assert check(judged("MC110", "0.3", book("600", ("ETH", "400", "300")))).status is Status.PASS
    assert check(judged("MC110", "0.3", book("600", ("ETH", "400", "300.000001")))).status is Status.FAIL


def test_sums_coins_and_leaves_debts_out() -> None:
    # min(200, 900) + min(300, 100) = 300 of 200 + 300 + 500; the debt of 50 USDC is no collateral
    figures = book("500", ("ETH", "200", "900"), ("BTC", "300", "100"), ("USDC", "-50", "70"))
    assert check(by_default("MC110", figures)).value == d("0.3")


def test_closes_the_coin_that_takes_least() -> None:
    # wrong 500 of 1000, 300 at most: ETH 900 - 300 + 200 = 800, BTC 250 - 200 + 200 = 250
    figures = book("500", ("ETH", "300", "900"), ("BTC", "200", "250"))
    assert finding(judged("MC110", "0.3", figures)).remedy.endswith("or close 250.00 USD of the net BTC long")


def test_a_deposit_pays_back_debt_before_it_counts() -> None:
    # 400 wrong of 400 + 600 = 1000: 333.33... more collateral, behind a debt of 50
    figures = book("-50", ("ETH", "400", "500"), ("BTC", "600", "0"))
    assert finding(judged("MC110", "0.3", figures)).remedy.startswith("deposit 383.34 USDT")
    assert (
        check(judged("MC110", "0.3", book("333.333334", ("ETH", "400", "500"), ("BTC", "600", "0")))).status
        is Status.PASS
    )


def test_without_collateral_it_is_zero() -> None:
    assert check(by_default("MC110", book("-5", ("ETH", "0", "500")))).value == 0


def test_a_waiver_may_name_the_coin_where_it_is_the_only_one() -> None:
    accepted = Waiver("MC110", date(2027, 1, 1), "staked", LimitSource.PORTFOLIO, LIMIT_LINE, "ETH")
    config = LimitsConfig(only("MC110", bound("0.3")).bounds, (accepted,))
    alone = evaluate(context(book("600", ("ETH", "400", "500"))), config)
    assert check(alone).status is Status.WAIVED
    together = evaluate(context(book("200", ("ETH", "400", "500"), ("BTC", "400", "500"))), config)
    assert check(together).status is Status.FAIL
