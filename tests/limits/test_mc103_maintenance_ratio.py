"""MC103: level x maintenance margin / equity of every cross pool."""

import pytest

from marginctl.core.account import MarginRules
from marginctl.findings import Status

from .builders import account, by_default, check, d, finding, held, judged, linear, pool, report, stand


@pytest.mark.parametrize(
    ("maintenance", "status"),
    [
        pytest.param("549.99999999", Status.PASS, id="just below"),
        pytest.param("550", Status.PASS, id="equality passes"),
        pytest.param("550.00000001", Status.FAIL, id="just above"),
    ],
)
def test_breaks_above_the_limit(maintenance: str, status: Status) -> None:
    found = check(judged("MC103", "0.55", report(pool(equity=1000, maintenance=maintenance))))
    assert (found.status, found.value) == (status, d(maintenance) / 1000)
    assert found.headroom == d("0.55") - d(maintenance) / 1000


def test_names_value_limit_and_remedy() -> None:
    figures = report(pool(equity=1000, maintenance=600), collateral=(held("USDT", 1000),))
    found = finding(judged("MC103", "0.5", figures))
    assert found.message == (
        "maintenance ratio of cross is 60%, above the limit 50%: 600 USD of maintenance margin on 1,000 USD of equity"
    )
    # 600 / 0.5 - 1000 = 200; 600 - 0.5 * 1000 = 100
    assert found.remedy == "deposit 200 USDT, or close positions until the maintenance margin is 100 USD lower"


def test_counts_the_level() -> None:
    # 10 BTC at 100: maintenance 10, level 2, equity 40: 20 / 40; one more unit of debt breaks it
    position = stand(linear(), 1, 10, 100)
    assert (
        check(judged("MC103", "0.5", account({"USDT": 40}, position, rules=MarginRules(level=d(2))))).status
        is Status.PASS
    )
    found = finding(judged("MC103", "0.5", account({"USDT": 39}, position, rules=MarginRules(level=d(2)))))
    assert "is 51.29%, above the limit 50%: 2 x 10 USD of maintenance margin on 39 USD of equity" in found.message
    # (20 - 0.5 * 39) / 2 = 0.25
    assert found.remedy == "deposit 1 USDT, or close positions until the maintenance margin is 0.25 USD lower"


def test_without_equity_it_fails() -> None:
    found = finding(judged("MC103", "0.5", report(pool(equity=0, maintenance=5), collateral=(held("USDT", 0),))))
    assert found.message == (
        "maintenance ratio of cross does not exist, limit 50%: equity is 0 USD under 5 USD of maintenance margin"
    )
    assert (found.value, found.remedy) == (None, "deposit 10 USDT")


def test_warns_by_default_above_50_percent() -> None:
    assert check(by_default("MC103", report(pool(maintenance=500)))).status is Status.PASS
    assert check(by_default("MC103", report(pool(maintenance="500.1")))).status is Status.WARN
