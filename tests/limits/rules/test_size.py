"""The rules of ``limits/rules/size``."""

import pytest
from tests.limits.builders import (
    ACCOUNT_LINE,
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
    underlying,
)

from marginctl.findings import Location, Status

# MC101: (initial + order margin) / equity of every cross pool.


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


def test_mc101_names_value_limit_and_remedy() -> None:
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


def test_mc101_warns_by_default_above_60_percent() -> None:
    assert check(by_default("MC101", report(pool(initial=600)))).status is Status.PASS
    warned = by_default("MC101", report(pool(initial="600.1")))
    assert check(warned).status is Status.WARN
    assert "above the limit 60% (default)" in finding(warned).message


# MC104: gross notional / equity of the whole account.


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


def test_mc104_names_value_limit_and_remedy() -> None:
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


# MC105: 1 / initial rate of every position that is not marked hedge.


@pytest.mark.parametrize(
    ("initial_rate", "status"),
    [
        pytest.param("0.1000000001", Status.PASS, id="just below 10x"),
        pytest.param("0.1", Status.PASS, id="equality passes"),
        pytest.param("0.0999999999", Status.WARN, id="just above 10x"),
        pytest.param("0", Status.WARN, id="no initial margin at all"),
    ],
)
def test_warns_by_default_above_10(initial_rate: str, status: Status) -> None:
    found = check(by_default("MC105", report(positions=(position(initial_rate=initial_rate),))))
    assert found.status is status
    assert found.value == (1 / d(initial_rate) if d(initial_rate) else None)


def test_equality_holds_where_the_quotient_has_no_end() -> None:
    third = 1 / d(3)
    assert check(judged("MC105", 3, report(positions=(position(initial_rate=third),)))).status is Status.PASS


def test_points_at_the_position_and_names_the_setting() -> None:
    found = finding(judged("MC105", 20, report(positions=(position(initial_rate="0.04"),))))
    assert found.message == "leverage of the BTCUSDT long is 25x, above the limit 20x"
    assert found.remedy == "set its leverage to 20 or less"
    assert found.location == Location("desk.yaml", 20, 5)


def test_leaves_hedges_out_and_isolated_positions_in() -> None:
    rows = (
        position("BTCUSDT", initial_rate="0.01", purpose="hedge"),
        position("ETHUSDT", initial_rate="0.01", purpose="speculative", pool="isolated:ETHUSDT:long"),
    )
    found = finding(by_default("MC105", report(positions=rows)))
    assert (found.subject, found.location) == ("ETHUSDT", ACCOUNT_LINE)


# MC107: share of one underlying in the gross notional of the cross pools.


def mc107_book(btc: str, eth: str = "400"):
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
def test_mc107_warns_by_default_above_60_percent(btc: str, status: Status) -> None:
    evaluation = by_default("MC107", mc107_book(btc))
    assert check(evaluation, "BTC").status is status
    assert check(evaluation, "ETH").value == 400 / (d(btc) + 400)
    assert [one.subject for one in evaluation.checks] == ["BTC", "ETH"]  # SOL is held, not traded


def test_mc107_names_value_limit_and_remedy() -> None:
    found = finding(judged("MC107", "0.6", mc107_book("700", "300")))
    assert found.message == "share of BTC in the gross notional is 70%, above the limit 60%: 700.00 USD of 1,000.00 USD"
    # (700 - R) / (1000 - R) = 0.6  ->  R = 100 / 0.4 = 250: 450 of 750
    assert found.remedy == "close 250.00 USD of BTC notional"
    assert check(judged("MC107", "0.6", mc107_book("450", "300")), "BTC").status is Status.PASS
    assert check(judged("MC107", "0.6", mc107_book("450.000001", "300")), "BTC").status is Status.FAIL


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


# MC108: |sum of delta x price| / equity over the cross pools.


def mc108_book(btc: str, eth: str, equity: str = "1000"):
    """BTC at 100 and ETH at 10; ``USDC`` as an underlying does not count."""
    rows = (underlying("BTC", delta=btc), underlying("ETH", delta=eth), underlying("USDC", delta=9999))
    return report(pool(equity=equity, initial=1), underlyings=rows, collateral=(held("USDT", equity),))


@pytest.mark.parametrize(
    ("btc", "eth", "status"),
    [
        pytest.param("20", "99.9999999", Status.PASS, id="longs add up, just below"),
        pytest.param("20", "100", Status.PASS, id="equality passes"),
        pytest.param("20", "100.0000001", Status.WARN, id="just above"),
        pytest.param("-40", "100", Status.PASS, id="a net short of the same size"),
        pytest.param("-40", "99.9999999", Status.WARN, id="a larger net short"),
    ],
)
def test_warns_by_default_above_3(btc: str, eth: str, status: Status) -> None:
    found = check(by_default("MC108", mc108_book(btc, eth)))
    assert (found.status, found.value) == (status, abs(d(btc) * 100 + d(eth) * 10) / 1000)


def test_mc108_names_value_limit_and_remedy() -> None:
    long = finding(judged("MC108", 2, mc108_book("20", "100")))
    assert long.message == (
        "directional exposure of the account is 3x, above the limit 2x: net long 3,000.00 USD on 1,000.00 USD of equity"
    )
    # 3000 / 2 - 1000 = 500; 3000 - 2 * 1000 = 1000
    assert long.remedy == "deposit 500 USDT, or sell 1,000.00 USD of the net long"
    short = finding(judged("MC108", 2, mc108_book("-30", "0")))
    assert short.remedy == "deposit 500 USDT, or buy back 1,000.00 USD of the net short"


def test_without_equity_it_fails_unless_there_is_no_exposure() -> None:
    found = finding(judged("MC108", 2, mc108_book("1", "0", equity="0")))
    assert found.message == (
        "directional exposure of the account does not exist, limit 2x: "
        "equity is 0.00 USD under a net long of 100.00 USD"
    )
    assert found.remedy == "deposit 50 USDT"
    assert check(judged("MC108", 2, mc108_book("1", "-10", equity="0"))).value == 0


def test_a_coin_is_no_remedy() -> None:
    figures = report(
        pool(equity=1000, initial=1),
        underlyings=(underlying("BTC", delta=30),),
        collateral=(held("BTC", 1000, price=100),),
    )
    assert finding(judged("MC108", 2, figures)).remedy == "sell 1,000.00 USD of the net long"
