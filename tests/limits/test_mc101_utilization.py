"""MC101: (initial + order margin) / equity of every cross pool."""

import pytest

from marginctl.findings import Status

from .builders import by_default, check, d, finding, held, judged, pool, position, report


@pytest.mark.parametrize(
    ("initial", "orders", "limit", "status", "headroom"),
    [
        pytest.param("600", "99.99999999", "0.7", Status.PASS, "0.00000000001", id="just below"),
        pytest.param("600", "100", "0.7", Status.PASS, "0", id="equality passes"),
        pytest.param("600", "100.00000001", "0.7", Status.FAIL, "-0.00000000001", id="just above"),
        pytest.param("700.00000001", "0", "0.7", Status.FAIL, "-0.00000000001", id="without orders"),
        pytest.param("0", "0", "0", Status.PASS, "0", id="nothing used, nothing allowed"),
    ],
)
def test_breaks_above_the_limit(initial: str, orders: str, limit: str, status: Status, headroom: str) -> None:
    found = check(judged("MC101", limit, report(pool(equity=1000, initial=initial, orders=orders))))
    assert (found.status, found.headroom) == (status, d(headroom))
    assert found.value == (d(initial) + d(orders)) / 1000


def test_names_value_limit_and_remedy() -> None:
    found = finding(
        judged("MC101", "0.7", report(pool(equity=1000, initial=600, orders=140), collateral=(held("USDT", 1000),)))
    )
    assert found.message == (
        "utilization of cross is 74%, above the limit 70%: "
        "740.00 USD of initial and order margin on 1,000.00 USD of equity"
    )
    # 740 / 0.7 - 1000 = 57.142857...; 740 - 0.7 * 1000 = 40
    assert found.remedy == "deposit 57.15 USDT, or release 40.00 USD of initial and order margin"
    assert (found.location.line, found.value, found.limit) == (2, d("0.74"), d("0.7"))


def test_never_rounds_a_breach_onto_its_limit() -> None:
    found = finding(judged("MC101", "0.7", report(pool(equity=1000, initial="700.000012"))))
    assert (
        "is 70.000002%, above the limit 70%" in found.message
    )  # 70.0000012%, rounded up at the first place that differs


@pytest.mark.parametrize("equity", ["0", "-5"])
def test_without_equity_it_does_not_exist_and_fails(equity: str) -> None:
    evaluation = judged("MC101", "0.7", report(pool(equity=equity, initial=350), collateral=(held("USDT", equity),)))
    assert (check(evaluation).status, check(evaluation).value, check(evaluation).headroom) == (Status.FAIL, None, None)
    found = finding(evaluation)
    assert found.message == (
        "utilization of cross does not exist, limit 70%: "
        f"equity is {equity}.00 USD under 350.00 USD of initial and order margin"
    )
    assert found.remedy == f"deposit {500 - d(equity)} USDT"


def test_without_equity_and_margin_it_is_zero() -> None:
    found = check(judged("MC101", "0.7", report(pool(equity=-5))))
    assert (found.status, found.value) == (Status.PASS, 0)


def test_every_cross_pool_with_something_at_stake_counts_and_no_isolated_one() -> None:
    evaluation = judged(
        "MC101",
        "0.7",
        report(
            pool("cross:USDT", equity=1000, initial=100),
            pool("cross:BTC", equity=100, initial=90),
            pool("cross:ETH", equity=100),
            pool("isolated:BTCUSDT:long", equity=100, initial=100),
            positions=(position(pool="isolated:BTCUSDT:long"),),
        ),
    )
    assert [(one.subject, one.status) for one in evaluation.checks] == [
        ("cross:USDT", Status.PASS),
        ("cross:BTC", Status.FAIL),
    ]


def test_warns_by_default_above_60_percent() -> None:
    assert check(by_default("MC101", report(pool(initial=600)))).status is Status.PASS
    warned = by_default("MC101", report(pool(initial="600.1")))
    assert check(warned).status is Status.WARN
    assert "above the limit 60% (default)" in finding(warned).message
