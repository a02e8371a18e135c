"""MC107: share of one underlying in the gross notional of the cross pools."""

import pytest

from marginctl.findings import Status

from .builders import by_default, check, d, finding, judged, pool, position, report, underlying


def book(btc: str, eth: str = "400"):
    rows = (underlying("BTC", net=0, gross=btc), underlying("ETH", net=-d(eth)), underlying("SOL", delta=5))
    return report(pool(initial=1), positions=(position(),), underlyings=rows)


@pytest.mark.parametrize(
    ("btc", "status"),
    [
        pytest.param("599.99999999", Status.PASS, id="just below"),
        pytest.param("600", Status.PASS, id="equality passes"),
        pytest.param("600.00000001", Status.WARN, id="just above"),
    ],
)
def test_warns_by_default_above_60_percent(btc: str, status: Status) -> None:
    evaluation = by_default("MC107", book(btc))
    assert check(evaluation, "BTC").status is status
    assert check(evaluation, "ETH").value == 400 / (d(btc) + 400)
    assert [one.subject for one in evaluation.checks] == ["BTC", "ETH"]  # SOL is held, not traded


def test_names_value_limit_and_remedy() -> None:
    found = finding(judged("MC107", "0.6", book("700", "300")))
    assert found.message == "share of BTC in the gross notional is 70%, above the limit 60%: 700.00 USD of 1,000.00 USD"
    # (700 - R) / (1000 - R) = 0.6  ->  R = 100 / 0.4 = 250: 450 of 750
    assert found.remedy == "close 250.00 USD of BTC notional"
    assert check(judged("MC107", "0.6", book("450", "300")), "BTC").status is Status.PASS
    assert check(judged("MC107", "0.6", book("450.000001", "300")), "BTC").status is Status.FAIL


def test_a_single_underlying_is_for_whoever_set_a_limit() -> None:
    figures = report(pool(initial=1), positions=(position(),), underlyings=(underlying("BTC", net=5),))
    assert (by_default("MC107", figures).findings, by_default("MC107", figures).checks) == ((), ())
    found = finding(judged("MC107", "0.6", figures))
    assert found.remedy == "BTC is the only underlying: its share is 100% at any size"


def test_adds_one_underlying_over_silos_and_leaves_isolated_positions_out() -> None:
    figures = report(
        pool("cross:USDT", initial=1),
        pool("cross:BTC", initial=1),
        pool("isolated:ETHUSDT:long", initial=1),
        underlyings=(
            underlying("BTC", net=300, pool="cross:USDT"),
            underlying("BTC", net=-200, pool="cross:BTC"),
            underlying("ETH", net=500, pool="cross:USDT"),
            underlying("ETH", net=9000, pool="isolated:ETHUSDT:long"),
        ),
    )
    assert [(one.subject, one.value) for one in by_default("MC107", figures).checks] == [
        ("BTC", d("0.5")),
        ("ETH", d("0.5")),
    ]


def test_without_positions_it_passes() -> None:
    found = check(by_default("MC107", report(pool())))
    assert (found.subject, found.value, found.status) == ("account", None, Status.PASS)
