"""MC120 to MC123 beyond their two files: any other, shares of a day, failed hedges, calls; and ages in seconds."""

from decimal import Decimal
from typing import Any

import pytest
from tests.cli.running import Ran, check

from marginctl.document.scalars import duration
from marginctl.venues.loader import DATA

D = Decimal
BOOK = """\
account: {{name: desk{header}}}
prices: {{BTC: 100, ETH: 10}}
collateral: [{{asset: USDT, amount: {amount}}}]
positions:
  - {{symbol: BTCUSDT, side: long, quantity: 1, leverage: 10, maintenance_rate: 1%}}
  - {{symbol: ETHUSDT, side: short, quantity: 5, leverage: 10, maintenance_rate: 1%, purpose: hedge}}
limits: {limits}
"""


def ran(tmp_path, limits: str, *flags: str, amount: str = "100", header: str = "", more: str = "") -> Ran:
    """The JSON of a book: maintenance margin 1.5, a long of 100 and a short of 50."""
    path = tmp_path / "book.yaml"
    path.write_text(BOOK.format(limits=limits, amount=amount, header=header) + more)
    return check(str(path), "--format", "json", *flags)


def checks(found: Ran, code: str) -> dict[str, dict[str, Any]]:
    """The checks of a limit by subject."""
    (report,) = found.json()["reports"]
    return {one["subject"]: one for one in report["checks"] if one["code"] == code}


def messages(found: Ran, code: str) -> list[str]:
    (report,) = found.json()["reports"]
    return [one["message"] for one in report["findings"] if one["code"] == code]


@pytest.mark.parametrize(
    ("limits", "statuses"),
    [
        ("{max_position_notional: 60}", {"BTCUSDT": "fail", "ETHUSDT": "pass"}),
        ('{positions: {"*": {max_notional: 60}}}', {"BTCUSDT": "fail", "ETHUSDT": "pass"}),
        (
            '{positions: {BTCUSDT: {max_notional: 100}, "*": {max_notional: 40}}}',
            {"BTCUSDT": "pass", "ETHUSDT": "fail"},
        ),
        ('{max_position_notional: 1, positions: {"*": {max_notional: off}}}', {}),
        ('{underlyings: {"*": {max_position_notional: 60}}}', {"BTCUSDT": "fail", "ETHUSDT": "pass"}),
        ("{purposes: {hedge: {max_position_notional: 49}}}", {"ETHUSDT": "fail"}),
        ("{max_position_notional: {warn: 40, fail: 60}}", {"BTCUSDT": "fail", "ETHUSDT": "warn"}),
    ],
)
def test_caps_in_money_for_one_some_and_any_other(tmp_path, limits: str, statuses: dict[str, str]) -> None:
    found = ran(tmp_path, limits, "--select", "MC120")
    assert {subject: one["status"] for subject, one in checks(found, "MC120").items()} == statuses


def test_any_other_is_told_as_such(tmp_path) -> None:
    (message,) = messages(ran(tmp_path, '{positions: {"*": {max_notional: 60}}}', "--select", "MC120"), "MC120")
    assert message.startswith("notional of the BTCUSDT long is 100, above the limit 60 for any other")


def test_leverage_of_any_other_underlying(tmp_path) -> None:
    # 100 / 100 = 1 for BTC, 50 / 100 = 0.5 for ETH.
    found = ran(tmp_path, '{underlyings: {BTC: {max_leverage: 1}, "*": {max_leverage: 0.25}}}', "--select", "MC104")
    statuses = {subject: one["status"] for subject, one in checks(found, "MC104").items()}
    assert statuses == {"account": "pass", "BTC": "pass", "ETH": "fail"}


@pytest.mark.parametrize(
    ("limit", "status", "threshold"),
    [
        ("25", "pass", "25"),  # 125 - 100
        ("24.9", "fail", "24.9"),
        ("20%", "pass", "25"),  # of 125
        ("19%", "fail", "23.75"),
        ("{warn: 10, fail: 20%}", "warn", "10"),
        ("{warn: 30%, fail: 24}", "fail", "24"),
    ],
)
def test_the_loss_of_a_day_in_money_or_as_a_share(tmp_path, limit: str, status: str, threshold: str) -> None:
    found = ran(tmp_path, f"{{max_daily_loss: {limit}}}", "--select", "MC121", header=", start_of_day_equity: 125")
    one = checks(found, "MC121")["account"]
    assert (one["status"], one["value"], one["limit"]) == (status, 25, D(threshold))


def test_a_day_that_gained_lost_nothing(tmp_path) -> None:
    found = ran(tmp_path, "{max_daily_loss: 0}", "--select", "MC121", header=", start_of_day_equity: 90")
    assert checks(found, "MC121")["account"]["value"] == 0


def test_without_the_start_of_the_day_it_cannot_be_known(tmp_path) -> None:
    found = ran(tmp_path, "{max_daily_loss: 5%}", "--select", "MC121")
    assert found.code == 2
    (error,) = found.json()["errors"]
    assert error["message"].endswith("the account has no start_of_day_equity")


def test_hedges_are_taken_at_their_own_worst(tmp_path) -> None:
    # The short of 5 ETH loses 5 x 10 x 30% = 15 in rise; the buffer is 100 - 1.5 = 98.5.
    scenarios = "scenarios: [{name: rise, shocks: {ETH: 30%}}, {name: less, shocks: {'*': 20%}}]\n"
    found = ran(tmp_path, "{max_hedge_loss: 10%}", "--select", "MC122", more=scenarios)
    assert checks(found, "MC122")["cross"]["value"] == round(D(15) / D("98.5"), 10)
    (message,) = messages(found, "MC122")
    assert "15.00 USD lost by ETHUSDT in rise, a buffer of 98.50 USD" in message


def test_a_hedge_without_a_scenario_cannot_be_judged(tmp_path) -> None:
    found = ran(tmp_path, "{max_hedge_loss: 10%}", "--select", "MC122")
    assert (found.code, checks(found, "MC122")["cross"]["status"]) == (2, "not-evaluated")


@pytest.mark.parametrize(
    ("amount", "limits", "state", "statuses"),
    [
        ("1.875", "{}", "restricted", {}),  # 1.5 / 1.875 = 80%: not called, and nothing is said
        ("1.87", "{}", "margin-call", {"cross": "warn"}),
        ("2.5", "{margin_call: 60%}", "restricted", {"cross": "pass"}),  # 1.5 / 2.5 = 60%
        ("2.49", "{margin_call: 60%}", "margin-call", {"cross": "fail"}),
        ("2.49", "{margin_call: {warn: 60%, fail: 90%}}", "margin-call", {"cross": "warn"}),
        ("1.6", "{margin_call: off}", "restricted", {}),
        ("1.49", "{}", "liquidation", {}),  # no matter of a call any more
    ],
)
def test_the_state_and_the_finding_say_the_same(tmp_path, amount, limits, state, statuses) -> None:
    found = ran(tmp_path, limits, "--select", "MC123", amount=amount)
    (report,) = found.json()["reports"]
    assert report["totals"]["state"] == state
    assert {subject: one["status"] for subject, one in checks(found, "MC123").items()} == statuses


def test_a_policy_may_call_earlier_than_the_file(tmp_path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("schema: marginctl.policy/1\nlimits: {margin_call: 50%}\n")
    found = ran(tmp_path, "{margin_call: 90%}", "--select", "MC123", "--limits", str(policy), amount="2.9")
    (report,) = found.json()["reports"]
    assert report["totals"]["state"] == "margin-call"  # 1.5 / 2.9 = 51.7%
    assert found.code == 1


def test_a_venue_that_publishes_a_level_calls_at_that_one(tmp_path) -> None:
    # OKX warns at equity <= 3 x maintenance margin: a ratio of a third. With 1.5 asked, 4.5 is called and 4.51 is not.
    for amount, state, found_codes in (("4.5", "margin-call", ["MC123"]), ("4.51", "restricted", [])):
        path = tmp_path / "okx.yaml"
        path.write_text(
            "account: {venue: rules.yaml}\nprices: {BTC: 100}\n"
            f"collateral: [{{asset: USDT, amount: {amount}}}]\n"
            "positions: [{symbol: BTCUSDT, side: long, quantity: 1.5, leverage: 10, maintenance_rate: 1%}]\n"
        )
        (tmp_path / "rules.yaml").write_text(rules_that_warn())
        found = check(str(path), "--format", "json", "--select", "MC123")
        (report,) = found.json()["reports"]
        assert report["totals"]["state"] == state
        assert [one["code"] for one in report["findings"] if one["code"] == "MC123"] == found_codes


def rules_that_warn() -> str:
    """The generic rules with a warning level of 3."""
    text = (DATA / "generic.yaml").read_text(encoding="utf-8")
    return text.replace("warning_level: {value: none,", "warning_level: {value: 3,").replace(
        "name: generic", "name: own"
    )


@pytest.mark.parametrize(
    ("as_of", "today", "value", "code"),
    [
        ("2026-11-22T10:58:30Z", "2026-11-22T11:00:00Z", D(90) / 86400, 0),  # 90 s are not above 90 s
        ("2026-11-22T10:58:29Z", "2026-11-22T11:00:00Z", D(91) / 86400, 1),
        ("2026-11-22T12:58:29+02:00", "2026-11-22T11:00:00Z", D(91) / 86400, 1),
        ("2026-11-22T11:00:30Z", "2026-11-22T11:00:00Z", D(0), 0),  # clocks may differ by a minute
        ("2026-11-22T11:02:00Z", "2026-11-22T11:00:00Z", None, 2),
        ("2026-11-22T10:58:30Z", "2026-11-22", None, 2),  # a day says nothing of 90 seconds
    ],
)
def test_ages_to_the_second(tmp_path, as_of: str, today: str, value: Decimal | None, code: int) -> None:
    header = f", as_of: {as_of}"
    found = ran(tmp_path, "{max_data_age: 90s}", "--select", "MC202", "--today", today, header=header)
    one = checks(found, "MC202")["account"]
    assert found.code == code
    assert (one["value"] is None) == (value is None)
    assert value is None or abs(one["value"] - value) < D("1e-10")


def test_whole_days_are_counted_as_before(tmp_path) -> None:
    header, limits = ", as_of: 2026-11-20T23:00:00Z", "{max_data_age: 2d}"
    day = ran(tmp_path, limits, "--select", "MC202", "--today", "2026-11-22", header=header)
    assert (day.code, checks(day, "MC202")["account"]["value"]) == (0, 2)
    moment = ran(tmp_path, limits, "--select", "MC202", "--today", "2026-11-22T23:00:01Z", header=header)
    assert moment.code == 1  # two days and a second


@pytest.mark.parametrize(
    ("text", "hours"), [("90s", "0.025"), ("30m", "0.5"), ("45m", "0.75"), ("8h", "8"), ("1d", "24")]
)
def test_durations_in_all_their_units(text: str, hours: str) -> None:
    assert duration(text) == D(hours)
