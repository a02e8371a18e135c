"""MC106: distance of every isolated pool; off unless configured."""

import pytest

from marginctl.findings import Status

from .builders import (
    account,
    by_default,
    check,
    d,
    deposited,
    finding,
    isolated,
    judged,
    linear,
    pool,
    report,
    underlying,
)

LONG = "isolated:BTCUSDT:long"
BOOK = account({"USDT": 1000}, isolated(linear(), 1, 10, 100, 50))


@pytest.mark.parametrize(
    ("together", "alone", "value", "status"),
    [
        pytest.param("0.1", "0.3", "0.1", Status.PASS, id="equality passes"),
        pytest.param("0.3", "0.0999999999", "0.0999999999", Status.FAIL, id="the smaller one counts"),
        pytest.param(None, "0.05", "0.05", Status.FAIL, id="only alone"),
        pytest.param(None, None, None, Status.PASS, id="never"),
    ],
)
def test_breaks_below_the_limit(together: str | None, alone: str | None, value: str | None, status: Status) -> None:
    figures = report(pool(LONG, distance=together), underlyings=(underlying("BTC", pool=LONG, distance=alone),))
    found = check(judged("MC106", "0.1", figures, account=BOOK))
    assert (found.subject, found.status, found.value) == (LONG, status, None if value is None else d(value))


def test_asks_for_exactly_the_margin_that_reaches_the_limit() -> None:
    # 10 BTC at 100 with 50 of margin: at -10% equity 50 - 100 = -50, maintenance 9 -> 59 more
    found = finding(judged("MC106", "0.1", BOOK))
    # 50 + 10 (p - 100) = 0.1 p -> p = 95.9595...: 4.0404...%, rounded down
    assert found.message == "distance of isolated:BTCUSDT:long to liquidation is 4.04%, below the limit 10%"
    assert found.remedy == "add 59 USDT of isolated margin, or reduce the position"
    assert check(judged("MC106", "0.1", deposited(BOOK, LONG, "USDT", 59))).status is Status.PASS
    assert check(judged("MC106", "0.1", deposited(BOOK, LONG, "USDT", "58.999999"))).status is Status.FAIL


def test_is_off_by_default() -> None:
    assert by_default("MC106", BOOK).checks == ()
