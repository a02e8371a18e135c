"""MC104: gross notional / equity of the whole account."""

import pytest

from marginctl.findings import Status

from .builders import (
    account,
    by_default,
    check,
    d,
    finding,
    held,
    isolated,
    judged,
    linear,
    pool,
    position,
    report,
    stand,
)


@pytest.mark.parametrize(
    ("notional", "status"),
    [
        pytest.param("4999.99999999", Status.PASS, id="just below"),
        pytest.param("5000", Status.PASS, id="equality passes"),
        pytest.param("5000.00000001", Status.WARN, id="just above"),
    ],
)
def test_warns_by_default_above_5(notional: str, status: Status) -> None:
    found = check(by_default("MC104", report(pool(equity=1000), positions=(position(notional=notional),))))
    assert (found.status, found.value, found.subject) == (status, d(notional) / 1000, "account")


def test_names_value_limit_and_remedy() -> None:
    figures = report(pool(equity=1000), positions=(position(notional=4500),), collateral=(held("USDT", 1000),))
    found = finding(judged("MC104", 3, figures))
    assert found.message == (
        "leverage of the account is 4.5x, above the limit 3x: 4,500.00 USD of gross notional on 1,000.00 USD of equity"
    )
    # 4500 / 3 - 1000 = 500; 4500 - 3 * 1000 = 1500
    assert found.remedy == "deposit 500 USDT, or close 1,500.00 USD of notional"


def test_counts_isolated_positions_with_their_margin() -> None:
    # 300 of cross and 700 of isolated notional on 100 of equity, of which 70 are set aside
    book = account({"USDT": 100}, stand(linear(), 1, 3, 100), isolated(linear("ETHUSDT", "ETH"), -1, 70, 10, 70))
    assert check(by_default("MC104", book)).value == 10


def test_equity_of_exactly_zero_fails() -> None:
    figures = report(pool(equity=0), positions=(position(notional=50),), collateral=(held("USDT", 0),))
    assert finding(judged("MC104", 5, figures)).remedy == "deposit 10 USDT"


def test_without_equity_it_fails() -> None:
    figures = report(pool(equity=-10), positions=(position(notional=50),), collateral=(held("USDT", -10),))
    found = finding(judged("MC104", 5, figures))
    assert found.message == (
        "leverage of the account does not exist, limit 5x: equity is -10.00 USD under 50.00 USD of gross notional"
    )
    assert found.remedy == "deposit 20 USDT"
