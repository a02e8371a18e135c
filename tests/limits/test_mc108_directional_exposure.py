"""MC108: |sum of delta x price| / equity over the cross pools."""

import pytest

from marginctl.findings import Status

from .builders import by_default, check, d, finding, held, judged, pool, report, underlying


def book(btc: str, eth: str, equity: str = "1000"):
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
    found = check(by_default("MC108", book(btc, eth)))
    assert (found.status, found.value) == (status, abs(d(btc) * 100 + d(eth) * 10) / 1000)


def test_names_value_limit_and_remedy() -> None:
    long = finding(judged("MC108", 2, book("20", "100")))
    assert long.message == (
        "directional exposure of the account is 3x, above the limit 2x: net long 3,000.00 USD on 1,000.00 USD of equity"
    )
    # 3000 / 2 - 1000 = 500; 3000 - 2 * 1000 = 1000
    assert long.remedy == "deposit 500 USDT, or sell 1,000.00 USD of the net long"
    short = finding(judged("MC108", 2, book("-30", "0")))
    assert short.remedy == "deposit 500 USDT, or buy back 1,000.00 USD of the net short"


def test_without_equity_it_fails_unless_there_is_no_exposure() -> None:
    found = finding(judged("MC108", 2, book("1", "0", equity="0")))
    assert found.message == (
        "directional exposure of the account does not exist, limit 2x: "
        "equity is 0.00 USD under a net long of 100.00 USD"
    )
    assert found.remedy == "deposit 50 USDT"
    assert check(judged("MC108", 2, book("1", "-10", equity="0"))).value == 0


def test_a_coin_is_no_remedy() -> None:
    figures = report(
        pool(equity=1000, initial=1),
        underlyings=(underlying("BTC", delta=30),),
        collateral=(held("BTC", 1000, price=100),),
    )
    assert finding(judged("MC108", 2, figures)).remedy == "sell 1,000.00 USD of the net long"
