"""All problems of a file in one run: what is wrong with rows that fit stands beside rows that do not."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginctl.analysis.check import Settings, check

TODAY = date(2026, 11, 22)
HEAD = """\
account: {name: desk}
prices: {BTC: 60000}
"""
COLLATERAL = "collateral:\n  - {asset: USDT, amount: 10000}\n"
LONG = "positions:\n  - {symbol: BTCUSDT, side: long, quantity: 0.1, leverage: 10, maintenance_rate: 0.5%}\n"
OTHER = "other:\n  - {name: calls, value: 1, delta: {BTTC: 1}, initial_margin: 0, maintenance_margin: 0}\n"
UNKNOWN = "MC020 no price for BTTC, which moves calls"


def problems(*parts: str) -> list[str]:
    found = check("".join(parts).encode(), "book.yaml", Settings(today=TODAY))
    assert found.report is None
    return [f"{one.location.line} {one.code} {one.message}" for one in found.problems]


def test_a_wrong_bonus_and_an_unknown_asset_of_a_delta_are_both_named() -> None:
    wrong = COLLATERAL + "  - {asset: USDC, amount: 5, bonus: 7}\n"
    assert problems(HEAD, wrong, LONG, OTHER) == ["5 MC015 `bonus` must be true or false: `7`", f"9 {UNKNOWN}"]


def test_a_misspelt_limit_hides_nothing() -> None:
    limits = "limits: {max_utilisation: 60%}\n"
    said = problems(HEAD, COLLATERAL, LONG.replace(", maintenance_rate: 0.5%", ""), OTHER, limits)
    assert [one.split()[1] for one in said] == ["MC022", "MC020", "MC010"]


def test_the_other_rows_of_a_list_are_looked_at() -> None:
    rows = LONG.replace("0.5%", "5") + "  - {symbol: BTC-PERPETUAL, side: long, quantity: 1, leverage: 5}\n"
    said = problems(HEAD, COLLATERAL, rows)
    assert [one.split()[:2] for one in said] == [["6", "MC014"], ["7", "MC021"]]


def test_limits_waivers_and_expectations_are_looked_at_together() -> None:
    limits = "limits: {survive: [nope], positions: {ETHUSDT: {max_leverage: 3}}}\n"
    waivers = "waivers: [{code: MC999, until: 2026-12-01, reason: x}]\n"
    said = problems(HEAD, COLLATERAL, LONG, limits, waivers, "expect: {positions: {FOO: {notional: 3}}}\n")
    assert [one.split()[:2] for one in said] == [["7", "MC030"], ["7", "MC030"], ["8", "MC015"], ["9", "MC030"]]
    missing = LONG.replace(", maintenance_rate: 0.5%", "")
    assert [one.split()[:2] for one in problems(HEAD, COLLATERAL, missing, limits, waivers)] == [
        ["6", "MC022"],
        ["8", "MC015"],
    ]


def test_a_liquidation_price_is_no_mark() -> None:
    found = check((HEAD + COLLATERAL + LONG.replace("}", ", liq_price: 5}")).encode(), "b.yaml", Settings(today=TODAY))
    assert found.problems[0].help == "it is computed; the venue's own goes to `expect:`"


ISOLATED = LONG.replace("}", ", margin_mode: isolated, isolated_margin: 600}")
ORDER = "orders: [{symbol: BTCUSDT, side: buy, quantity: 1, price: 5}]\n"
SCENARIO = "scenarios: [{name: s, shocks: {ETH: -5%}}]\n"


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((HEAD.replace("60000", "x"), COLLATERAL, LONG), id="a price may have been meant"),
        pytest.param((HEAD.replace("name", "nmae"), COLLATERAL, LONG, OTHER), id="an account is run as it is"),
        pytest.param(("price: {BTC: 60000}\n", COLLATERAL, LONG), id="a section by another name"),
        pytest.param((HEAD, COLLATERAL, LONG.replace("0.1", "x, mark_price: 1")), id="a row alone"),
        pytest.param((HEAD, COLLATERAL.replace("10000", "x"), ISOLATED), id="a balance"),
        pytest.param((HEAD, COLLATERAL.replace("10000", "x")), id="the account is not empty"),
        pytest.param((HEAD, COLLATERAL, LONG.replace("0.1", "x"), ORDER), id="an order of a position"),
        pytest.param((HEAD, COLLATERAL, LONG.replace("BTCUSDT", "ETHUSDT, mark_price: x"), SCENARIO), id="a scenario"),
    ],
)
def test_what_a_fault_may_be_the_reason_of_is_not_told(parts: tuple[str, ...]) -> None:
    assert len(problems(*parts)) == 1


TOKENS = ("10000", "x", "{", "}", ", ", "BTC", "5%", "-", "null", "bonus: 3")


@given(st.lists(st.sampled_from(TOKENS), max_size=4), st.data())
def test_no_fault_raises_anything(tokens: list[str], data: st.DataObject) -> None:
    text = HEAD + COLLATERAL + LONG + OTHER + "limits: {max_utilization: 60%}\n"
    at = data.draw(st.integers(0, len(text)))
    check((text[:at] + "".join(tokens) + text[at:]).encode(), "book.yaml", Settings(today=TODAY))
