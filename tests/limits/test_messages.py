"""Money inside messages is rounded to the cautious side: what is there down, what is needed up."""

import pytest

from marginctl.core.report import Report

from .builders import d, finding, held, judged, pool, position, report, underlying

ODD_POOL = pool(equity="1000.009", initial="740.001", maintenance="640.001", liquidatable=True)
ODD_BOOK = report(
    ODD_POOL,
    positions=(position(notional="7000.001"),),
    collateral=(held("USDT", "200.009"), held("ETH", "800.001")),
    underlyings=(underlying("ETH", net="7000.001", delta="700.0001"), underlying("BTC", gross="0.008")),
)


@pytest.mark.parametrize(
    ("code", "limit", "said"),
    [
        ("MC100", None, "equity 1,000.00 USD is below the maintenance margin 640.01 USD"),
        ("MC101", "0.5", "740.01 USD of initial and order margin on 1,000.00 USD of equity"),
        ("MC103", "0.5", "640.01 USD of maintenance margin on 1,000.00 USD of equity"),
        ("MC104", 5, "7,000.01 USD of gross notional on 1,000.00 USD of equity"),
        ("MC107", "0.5", "7,000.01 USD of 7,000.01 USD"),
        ("MC108", 5, "net long 7,000.01 USD on 1,000.00 USD of equity"),
        ("MC109", "0.9", "200.00 USD in stablecoins against 260.00 USD of free collateral"),
        ("MC110", "0.3", "800.00 USD in ETH of 1,000.01 USD"),
    ],
)
def test_rounding_in_messages(code: str, limit: str | int | None, said: str) -> None:
    # gross 7000.001 + 0.008 = 7000.009; delta 700.0001 * 10 = 7000.001; collateral 200.009 + 800.001 = 1000.010
    assert finding(judged(code, limit, ODD_BOOK)).message.endswith(said)


@pytest.mark.parametrize(
    ("delta", "equity", "said"),
    [
        pytest.param("-30", "1000", "net short 3,000.00 USD on 1,000.00 USD of equity", id="short"),
        pytest.param("30", "1000", "net long 3,000.00 USD on 1,000.00 USD of equity", id="long"),
    ],
)
def test_the_side_of_an_exposure(delta: str, equity: str, said: str) -> None:
    figures: Report = report(pool(equity=equity, initial=1), underlyings=(underlying("BTC", delta=d(delta)),))
    assert finding(judged("MC108", 2, figures)).message.endswith(said)
