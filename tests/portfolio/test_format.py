"""The format against the interface: every key of it is known, with its kind and its bounds."""
# ruff: noqa: E501 - tables with one case a line

from decimal import Decimal
from pathlib import Path

import pytest
from tests.document.told import bound

from marginctl.core.account import MarginMode, Purpose
from marginctl.core.contract import LONG, SHORT
from marginctl.limits.format import LIMITS, PolicyFile
from marginctl.portfolio.format import PortfolioFile, PositionEntry

SAMPLE = Path(__file__).with_name("sample.yaml").read_text(encoding="utf-8")


def test_a_portfolio_with_every_key_binds():
    file, problems = bound(SAMPLE, PortfolioFile)
    assert problems == []
    assert [word.text for word, _, _ in file.items()] == [
        one.name for one in PortfolioFile.layout.keys if one.name != "$schema"
    ]
    short, long = file.positions
    assert (short.funding_rate, short.funding_interval, short.purpose) == (Decimal("-0.0001"), 8, Purpose.HEDGE)
    assert (short.side, long.side) == (SHORT, LONG)
    assert (long.notional, PositionEntry.quantity in long) == (Decimal(3000), False)
    debt = file.collateral[3]
    assert (debt.asset, debt.amount, debt.loan_rate) == ("USDC", Decimal(-250), Decimal("0.05"))


def test_every_key_of_the_sample_is_used():
    """The sample is what the schema is tested with, so it must not fall behind the format."""
    file, _ = bound(SAMPLE, PortfolioFile)
    written = {word.text for word, _, _ in file.limits.items()}
    assert written == set(LIMITS.by_name)


def test_what_a_portfolio_may_leave_out():
    file, problems = bound(
        "positions: [{symbol: A, side: long}]\norders: [{symbol: A, side: sell, quantity: 1, price: 2}]", PortfolioFile
    )
    assert problems == []
    (position,), (order,) = file.positions, file.orders
    assert (file.venue, file.account, file.prices, file.contracts) == ("generic", None, {}, {})
    assert (position.margin_mode, position.maintenance_deduction, position.leverage) == (MarginMode.CROSS, 0, None)
    assert (order.side, order.reduce_only, order.position_side) == (SHORT, False, None)
    assert bound("account: {name: desk}", PortfolioFile)[0].venue == "generic"
    assert bound("account: {venue: okx}", PortfolioFile)[0].venue == "okx"


def test_a_policy_binds():
    policy, problems = bound(
        "schema: marginctl.policy/1\n"
        "limits: {max_utilization: 50%, survive: all}\n"
        "scenarios: [{name: crash, shocks: {'*': -50%}}]\n"
        "waivers: [{code: MC101, until: 2026-12-31, reason: agreed}]\n",
        PolicyFile,
    )
    assert problems == []
    assert {word.text: value for word, value, _ in policy.limits.items()} == {
        "max_utilization": Decimal("0.5"),
        "survive": "all",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("schema: marginctl.portfolio/2", "1:9 MC015 `schema` must be marginctl.portfolio/1: `marginctl.portfolio/2` -> write marginctl.portfolio/1"),
        ("positions: [{side: long}]", "1:13 MC012 `symbol` is missing -> add `symbol`: a text"),
        ("positions: [{symbol: A}]", "1:13 MC012 `side` is missing -> add `side`: long or short"),
        ("positions: [{symbol: A, side: long, quantity: -1}]", "1:47 MC014 `quantity` must be more than 0: `-1` -> write a number above 0"),
        ("positions: [{symbol: A, side: long, leverage: 0}]", "1:47 MC014 `leverage` must be more than 0: `0` -> write a number above 0"),
        ("positions: [{symbol: A, side: long, levrage: 5}]", "1:37 MC010 unknown key `levrage` -> did you mean `leverage`?"),
        ("collateral: [{asset: BTC}]", "1:14 MC012 `amount` is missing -> add `amount`: a number such as 1000 or 0.5"),
        ("prices: {BTC: 60,000}", "1:21 MC013 `000` has no value -> write numbers without commas: within brackets a comma begins a new key"),
        ("collateral: [{asset: USDT, amount: 10,000}]", "1:39 MC010 unknown key `000` -> write numbers without commas: within brackets a comma begins a new key"),
        ("prices: {BTC: '60,000'}", "1:15 MC014 `BTC` has a comma: `60,000` -> write 60000, or 60.000 if the comma is a decimal point"),
        ("scenarios: [{name: a, shocks: {BTC: -120%}}]", "1:37 MC014 `BTC` must be at least -100%: `-120%` -> write a percentage such as 10%, or a fraction such as 0.1"),
        ("waivers: [{code: MC102, until: 2026-12-31}]", "1:11 MC012 `reason` is missing -> add `reason`: a text"),
        ("account: {as_of: 2026-11-22T11:00:00}", "1:18 MC015 `as_of` has no time zone: `2026-11-22T11:00:00` -> write 2026-11-22T11:00:00Z if it is UTC, or add an offset like +02:00"),
        ("account: {netting: larger_leg}", "1:20 MC015 `netting` must be none, larger-leg or net: `larger_leg` -> write none, larger-leg or net"),
        ("limits: {max_contagion: 1.5}", "1:25 MC014 `max_contagion` must be a whole number: `1.5` -> write it without decimals"),
        ("limits: {max_utilisation: 60%}", "1:10 MC010 unknown key `max_utilisation` -> did you mean `max_utilization`?"),
        ("limits: {max_rules_age: 180}", "1:25 MC014 `max_rules_age` has no unit: `180` -> write 180s, 180m, 180h or 180d"),
        ("expect: {totals: {equty: 1}}", "1:19 MC010 unknown key `equty` -> did you mean `equity`?"),
    ],
)  # fmt: skip
def test_a_slip_in_a_portfolio(text, expected):
    assert bound(text, PortfolioFile)[1] == [expected]
