"""Limits for single positions, purposes and underlyings: which one counts, whose it is, names that are not there."""

from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import Ran, check

from marginctl.limits.format import NARROWER

# Leverage of the positions: BTC 10x, ETH 8x (a hedge), DOGE 4x; 100 + 40 + 20 of notional on 80 of equity.
BOOK = """\
prices: {BTC: 100, ETH: 10, DOGE: 1}
collateral: [{asset: USDT, amount: 80}]
positions:
  - {symbol: BTCUSDT, side: long, quantity: 1, leverage: 10, maintenance_rate: 1%, purpose: speculative}
  - {symbol: ETHUSDT, side: short, quantity: 4, leverage: 8, maintenance_rate: 1%, purpose: hedge}
  - {symbol: DOGEUSDT, side: long, quantity: 20, leverage: 4, maintenance_rate: 1%, purpose: speculative}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(code: str, limits: str, policy: str | None = None, book: str = BOOK) -> Ran:
    """A book with these limits; a policy with these."""
    Path("book.yaml").write_text(f"{book}limits: {limits}\n")
    arguments = ["book.yaml", "--select", code, "--format", "json"]
    if policy is not None:
        Path("policy.yaml").write_text(f"limits: {policy}\n")
        arguments += ["--limits", "policy.yaml"]
    return check(*arguments)


def statuses(found: Ran, code: str) -> dict[str, Any]:
    """Subject -> status of the checks of one limit."""
    (report,) = found.json()["reports"]
    return {one["subject"]: one["status"] for one in report["checks"] if one["code"] == code}


def message(found: Ran, subject: str) -> str:
    """The message of the finding of a subject."""
    (report,) = found.json()["reports"]
    (text,) = (one["message"] for one in report["findings"] if one["subject"] == subject and one["code"] != "MC100")
    return str(text)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        pytest.param(
            "{max_position_leverage: 9, positions: {BTCUSDT: {max_leverage: 10}}}",
            {"BTCUSDT": "pass", "DOGEUSDT": "pass"},
            id="a position may have a wider limit than all, and meets it at equality",
        ),
        pytest.param(
            "{max_position_leverage: 20, positions: {DOGEUSDT: {max_leverage: 3}}}",
            {"BTCUSDT": "pass", "DOGEUSDT": "fail"},
            id="or a tighter one",
        ),
        pytest.param(
            "{max_position_leverage: 9, positions: {BTCUSDT: {max_leverage: off}}}",
            {"DOGEUSDT": "pass"},
            id="off exempts it",
        ),
        pytest.param(
            "{positions: {BTCUSDT: {max_leverage: {warn: 8, fail: 12}}}}",
            {"BTCUSDT": "warn", "DOGEUSDT": "pass"},
            id="two levels, and the default for the others",
        ),
        pytest.param(
            "{max_position_leverage: off, positions: {ETHUSDT: {max_leverage: 7}}}",
            {"ETHUSDT": "fail"},
            id="a hedge that is named counts, and nothing else where the limit for all is off",
        ),
        pytest.param(
            "{positions: {'ETHUSDT:short': {max_leverage: 7}}}",
            {"BTCUSDT": "pass", "ETHUSDT": "fail", "DOGEUSDT": "pass"},
            id="symbol and side",
        ),
        pytest.param(
            "{purposes: {hedge: {max_position_leverage: 8}, speculative: {max_position_leverage: 3}}}",
            {"BTCUSDT": "fail", "ETHUSDT": "pass", "DOGEUSDT": "fail"},
            id="by purpose",
        ),
        pytest.param(
            "{underlyings: {DOGE: {max_position_leverage: 3}}, purposes: {speculative: {max_position_leverage: 9}}}",
            {"BTCUSDT": "fail", "DOGEUSDT": "fail"},
            id="purpose and underlying hold side by side",
        ),
        pytest.param(
            "{positions: {DOGEUSDT: {max_leverage: 4}}, underlyings: {DOGE: {max_position_leverage: 3}}}",
            {"BTCUSDT": "pass", "DOGEUSDT": "pass"},
            id="the position by name counts before its underlying",
        ),
    ],
)
def test_the_narrowest_of_a_file_counts(limits: str, expected: dict[str, str], folder: Path) -> None:
    assert statuses(ran("MC105", limits), "MC105") == expected


@pytest.mark.parametrize(
    ("limits", "policy", "expected"),
    [
        ("{positions: {BTCUSDT: {max_leverage: off}}}", "{max_position_leverage: 9}", "fail"),
        ("{positions: {BTCUSDT: {max_leverage: 50}}}", "{positions: {BTCUSDT: {max_leverage: 9}}}", "fail"),
        ("{positions: {BTCUSDT: {max_leverage: 9}}}", "{positions: {BTCUSDT: {max_leverage: 50}}}", "fail"),
        ("{}", "{positions: {BTCUSDT: {max_leverage: 10}}}", "pass"),
        ("{max_position_leverage: 9}", "{positions: {BTCUSDT: {max_leverage: 10}}}", "fail"),
    ],
)
def test_a_narrow_limit_of_one_file_takes_nothing_from_the_other(
    limits: str, policy: str, expected: str, folder: Path
) -> None:
    assert statuses(ran("MC105", limits, policy), "MC105")["BTCUSDT"] == expected


def test_a_message_says_whose_limit_it_is(folder: Path) -> None:
    own = ran("MC105", "{positions: {BTCUSDT: {max_leverage: 5}}}")
    assert message(own, "BTCUSDT") == "leverage of the BTCUSDT long is 10x, above the limit 5x for BTCUSDT"
    theirs = ran("MC105", "{}", "{purposes: {hedge: {max_position_leverage: 5}}}")
    assert message(theirs, "ETHUSDT") == (
        "leverage of the ETHUSDT short is 8x, above the limit 5x for hedge positions (policy.yaml:1)"
    )
    both = ran("MC105", "{max_position_leverage: 4}", "{max_position_leverage: 6}")
    assert message(both, "BTCUSDT") == "leverage of the BTCUSDT long is 10x, above the limit 4x (book.yaml:7)"


@pytest.mark.parametrize(
    ("code", "limits", "subject", "said"),
    [
        pytest.param(
            "MC104",
            "{purposes: {speculative: {max_leverage: 1.4}}}",
            "speculative",
            # 100 + 20 of 80
            "leverage of speculative positions is 1.5x, above the limit 1.4x for speculative positions: "
            "120.00 USD of gross notional on 80.00 USD of equity",
            id="gross notional of a purpose",
        ),
        pytest.param(
            "MC104",
            "{underlyings: {BTC: {max_leverage: 1.2}}}",
            "BTC",
            "leverage of positions on BTC is 1.25x, above the limit 1.2x for BTC: "
            "100.00 USD of gross notional on 80.00 USD of equity",
            id="gross notional of an underlying",
        ),
        pytest.param(
            "MC107",
            "{max_concentration: off, underlyings: {DOGE: {max_concentration: 10%}}}",
            "DOGE",
            "share of DOGE in the gross notional is 12.5%, above the limit 10% for DOGE: 20.00 USD of 160.00 USD",
            id="concentration in an underlying",
        ),
        pytest.param(
            "MC108",
            "{underlyings: {ETH: {max_directional_exposure: 0.4}}}",
            "ETH",
            "exposure to ETH is 0.5x, above the limit 0.4x for ETH: net short 40.00 USD on 80.00 USD of equity",
            id="exposure to an underlying",
        ),
    ],
)
def test_parts_of_the_account_have_figures_of_their_own(
    code: str, limits: str, subject: str, said: str, folder: Path
) -> None:
    assert message(ran(code, limits), subject) == said


@pytest.mark.parametrize("section", ["positions: {BTCUSDT: {", "underlyings: {BTC: {"])
@pytest.mark.parametrize(("limit", "status"), [("79.2%", "fail"), ("79.19%", "pass")])
def test_the_distance_of_one_underlying(section: str, limit: str, status: str, folder: Path) -> None:
    # BTC alone falls by d: 80 - 100 d = 1% of (100 (1 - d) + 60), d = 78.4 / 99 = 79.1919...%
    found = ran("MC102", "{min_liquidation_distance: off, " + section + f"min_liquidation_distance: {limit}" + "}}}")
    assert statuses(found, "MC102") == {"BTC": status}


def test_the_distance_of_an_isolated_position(folder: Path) -> None:
    # margin 10.9 on 100 at 1%: 10%
    book = BOOK.replace("speculative}", "speculative, margin_mode: isolated, isolated_margin: 10.9}", 1)
    for limit, status in (("10%", "pass"), ("10.1%", "fail")):
        found = ran("MC106", f"{{positions: {{BTCUSDT: {{min_liquidation_distance: {limit}}}}}}}", book=book)
        assert statuses(found, "MC106") == {"isolated:BTCUSDT:long": status}


@pytest.mark.parametrize(
    ("limits", "said", "help"),
    [
        (
            "{positions: {BTCUSD: {max_leverage: 5}}}",
            "`limits.positions` names no position or order of the account: `BTCUSD`",
            "did you mean `BTCUSDT`?",
        ),
        (
            "{underlyings: {SOL: {max_leverage: 5}}}",
            "`limits.underlyings` names no asset of the account: `SOL`",
            "known here: BTC, DOGE, ETH, USDT",
        ),
    ],
)
def test_a_name_that_is_not_there_is_an_error_in_a_portfolio(limits: str, said: str, help: str, folder: Path) -> None:
    found = ran("MC105", limits)
    assert found.code == 2
    (error,) = found.json()["errors"]
    assert (error["code"], error["message"], error["help"], error["line"]) == ("MC030", said, help, 7)


def test_but_not_in_a_policy_which_is_for_many_accounts(folder: Path) -> None:
    found = ran("MC105", "{}", "{positions: {SOLUSDT: {max_leverage: 5}}, underlyings: {SOL: {max_leverage: 1}}}")
    assert (found.code, statuses(found, "MC105")["BTCUSDT"]) == (0, "pass")


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("{positions: {BTCUSDT: {max_utilization: 5%}}}", "unknown key `max_utilization`"),
        ("{purposes: {bet: {max_leverage: 5}}}", "unknown key `bet`"),
        ("{positions: {BTCUSDT: {max_leverage: {}}}}", "`max_leverage` has neither `warn` nor `fail`"),
        (
            "{underlyings: {BTC: {max_leverage: {warn: 5, fail: 4}}}}",
            "`max_leverage` warns at 5x but fails at 4x already",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_place(limits: str, said: str, folder: Path) -> None:
    found = ran("MC105", limits)
    assert found.code == 2
    (error,) = found.json()["errors"]
    assert (error["message"], error["line"]) == (said, 7)


def test_a_waiver_reaches_a_part_by_its_name(folder: Path) -> None:
    waiver = 'waivers: [{code: MC104, subject: BTC, until: 2027-01-01, reason: "agreed"}]'
    limits = "{underlyings: {BTC: {max_leverage: 1.2}}}\n" + waiver
    assert statuses(ran("MC104", limits), "MC104") == {"account": "pass", "BTC": "waived"}


def test_the_sections_are_those_of_the_documentation() -> None:
    assert list(NARROWER) == ["positions", "purposes", "underlyings"]
