"""Remedies: doing what they say passes, a millionth less does not."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from marginctl.core.account import Account, AssetTerms, MarginRules
from marginctl.core.contract import HaircutTier
from marginctl.findings import Status
from marginctl.limits.remedy import Segment, segments, stepped, units_for

from .builders import (
    account,
    check,
    context,
    d,
    deposited,
    finding,
    haircut,
    inverse,
    isolated,
    judged,
    linear,
    stand,
)

TIERS = AssetTerms((HaircutTier(d(10), d("0.1")), HaircutTier(d(20), d("0.5")), HaircutTier(None, d(1))))


@pytest.mark.parametrize(
    ("held", "need", "units"),
    [
        pytest.param("0", "9", "10", id="up to the border of the first tier: 10 * 0.9"),
        pytest.param("0", "10", "12", id="beyond it: 9 + 2 * 0.5"),
        pytest.param("5", "5", "6", id="from inside: 5 * 0.9 + 1 * 0.5"),
        pytest.param("10", "5", "10", id="from a border: 10 * 0.5"),
        pytest.param("0", "14.000001", None, id="out of reach: 9 + 5 is all there is"),
        pytest.param("-4", "4", "4", id="a debt counts in full"),
        pytest.param("-4", "13", "14", id="through zero: 4 + 10 * 0.9"),
    ],
)
def test_units_follow_the_marginal_haircuts(held: str, need: str, units: str | None) -> None:
    found = units_for(d(need), segments(d(held), d(1), TIERS))
    assert found == (None if units is None else d(units))


def test_units_at_a_price_with_factors_on_debt() -> None:
    # a unit of debt at 50 with factor 1.1 and 20% interest margin: 55 of equity + 2 * 10 of relief = 75
    terms = haircut("0.2", liability_factor=d("1.1"), loan_rate=d("0.2"))
    assert list(segments(d(-1), d(50), terms)) == [Segment(d(1), d(55), d(10)), Segment(None, d(40), d(0))]
    assert units_for(d(75), segments(d(-1), d(50), terms), d(2)) == 1
    assert units_for(d(115), segments(d(-1), d(50), terms), d(2)) == 2
    assert units_for(d(40), segments(d(-1), d(50), terms, debt_counts=False)) == 2


@pytest.mark.parametrize(
    ("units", "strict", "shown"),
    [
        ("1.0000001", False, "1.000001"),
        ("1", False, "1"),
        ("1", True, "1.000001"),
        ("1.0000015", True, "1.000002"),
        ("0.99999999999999999999999999999999999999999999999999999999", False, "1"),
    ],
)
def test_amounts_are_rounded_up(units: str, strict: bool, shown: str) -> None:
    assert stepped(d(units), 6, strict=strict) == d(shown)


BTC_LONG = stand(linear(), 1, "13.7", "101.3", "97.1")
AT_97 = {"BTC": "97.1"}
BOOKS: dict[str, Account] = {
    "stablecoins": account({"USDT": 150}, BTC_LONG, prices=AT_97),
    "stablecoin off its peg": account({"USDT": 150}, BTC_LONG, prices={"BTC": "97.1", "USDT": "0.9987"}),
    "behind a debt with interest": account(
        {"USDT": -40, "BTC": 2}, BTC_LONG, prices=AT_97, terms={"USDT": AssetTerms(loan_rate=d("0.05"))}
    ),
    "with a haircut on the stablecoin": account(
        {"USDT": 160}, BTC_LONG, prices=AT_97, terms={"USDT": haircut("0.013")}
    ),
    "only coins": account(
        {"BTC": "1.3"}, stand(inverse(), 1, 1100, "101.3", "97.1"), prices=AT_97, terms={"BTC": haircut("0.07")}
    ),
    "equity gone": account({"USDT": 20}, BTC_LONG, prices=AT_97),
    "level above one": account({"USDT": 150}, BTC_LONG, prices=AT_97, rules=MarginRules(level=d("1.3"))),
    "silos": account({"USDT": 150, "ETH": 3}, BTC_LONG, prices=AT_97, single_asset=True),
}
LIMITS = {"MC101": "0.37", "MC103": "0.03", "MC104": "3.1", "MC108": "2.9"}
STEP = {"USDT": "0.000001", "BTC": "0.000001"}


@pytest.mark.parametrize("code", LIMITS)
@pytest.mark.parametrize("book", BOOKS.values(), ids=BOOKS.keys())
def test_a_deposit_passes_and_a_millionth_less_does_not(code: str, book: Account) -> None:
    evaluation = judged(code, LIMITS[code], book)
    if code == "MC108" and "USDT" not in book.balances:
        assert evaluation.ways == ()  # a deposit of the coin would be exposure itself
        return
    (way,) = evaluation.ways
    asset, amount = way.deposit.asset, way.deposit.amount
    enough = judged(code, LIMITS[code], deposited(book, way.deposit.pool, asset, amount))
    almost = judged(code, LIMITS[code], deposited(book, way.deposit.pool, asset, amount - d(STEP[asset])))
    assert check(enough, way.subject).status is Status.PASS
    assert check(almost, way.subject).status is Status.FAIL


def test_a_liquidatable_pool_is_saved_by_its_deposit_and_not_by_less() -> None:
    book = BOOKS["behind a debt with interest"]
    sunk = deposited(book, "cross", "USDT", -150)
    (way,) = judged("MC100", None, sunk).ways
    saved = deposited(sunk, "cross", "USDT", way.deposit.amount)
    assert check(judged("MC100", None, saved)).status is Status.PASS
    assert check(judged("MC100", None, deposited(saved, "cross", "USDT", "-0.000001"))).status is Status.FAIL


def test_deposits_the_currency_before_the_largest_stablecoin() -> None:
    stables = account({"USDC": 30, "USDT": 80, "BTC": 1}, BTC_LONG, prices=AT_97)
    assert judged("MC101", "0.3", stables).ways[0].deposit.asset == "USDT"
    assert judged("MC101", "0.3", deposited(stables, "cross", "USD", 1)).ways[0].deposit.asset == "USD"


def test_no_deposit_where_the_asset_counts_for_nothing() -> None:
    book = account({"USDT": 150}, BTC_LONG, prices=AT_97, terms={"USDT": TIERS})
    found = finding(judged("MC101", "0.37", book))
    assert found.remedy.startswith("release ")


def test_names_the_silo_of_a_deposit() -> None:
    assert "USDT into cross:USDT, or release" in finding(judged("MC101", "0.37", BOOKS["silos"]), "cross:USDT").remedy


def test_an_isolated_pool_is_measured_bare() -> None:
    position = isolated(linear(), 1, 10, 100, 5)
    book = account(
        {"USDT": 100}, replace(position, mark_price=d(99)), prices={"BTC": 99}, terms={"USDT": haircut("0.5")}
    )
    assert judged("MC100", None, book).ways[0].deposit.amount == d("14.9")


MONEY = st.decimals("-300", "2000", places=4)
SIZE = st.decimals("0.001", "40", places=3)


@settings(max_examples=15)
@given(
    usdt=MONEY,
    btc=st.decimals("0", "5", places=3),
    size=SIZE,
    side=st.sampled_from([1, -1]),
    entry=st.decimals("50", "200", places=2),
    cut=st.decimals("0", "0.9", places=3),
    rule=st.sampled_from([("MC101", "0.37"), ("MC103", "0.021"), ("MC104", "1.7"), ("MC102", "0.27")]),
)
def test_any_deposit_that_is_named_is_the_smallest(
    usdt: Decimal, btc: Decimal, size: Decimal, side: int, entry: Decimal, cut: Decimal, rule: tuple[str, str]
) -> None:
    book = account({"USDT": usdt, "BTC": btc}, stand(linear(), side, size, entry, 100), terms={"BTC": haircut(cut)})
    for way in judged(*rule, book).ways:
        enough = deposited(book, "cross", "USDT", way.deposit.amount)
        assert check(judged(*rule, enough), way.subject).status is Status.PASS
        almost = deposited(enough, "cross", "USDT", "-0.000001")
        assert check(judged(*rule, almost), way.subject).status is Status.FAIL


def release(text: str) -> Decimal:
    """The figure of ``release N USD ...`` or ``close N USD ...``."""
    return d(text.split(" USD")[0].rsplit(" ", 1)[1].replace(",", ""))


@pytest.mark.parametrize(
    ("code", "limit", "after"),
    [
        pytest.param("MC101", "0.37", lambda r, x: (r.totals.initial_margin - x, r.totals.equity), id="initial margin"),
        pytest.param(
            "MC103", "0.03", lambda r, x: (r.totals.maintenance_margin - x, r.totals.equity), id="maintenance"
        ),
        pytest.param("MC104", "3.1", lambda r, x: (r.totals.gross_notional - x, r.totals.equity), id="notional"),
    ],
)
def test_a_reduction_passes_and_a_cent_less_does_not(
    code: str, limit: str, after: Callable[..., tuple[Decimal, Decimal]]
) -> None:
    book = BOOKS["stablecoins"]
    figures = context(book).report
    least = release(finding(judged(code, limit, book)).remedy.split(", or ")[1])
    numerator, denominator = after(figures, least)
    assert numerator <= d(limit) * denominator
    numerator, denominator = after(figures, least - d("0.01"))
    assert numerator > d(limit) * denominator


@pytest.mark.parametrize("code", ["MC101", "MC103", "MC104", "MC108", "MC110"])
def test_a_limit_of_zero_names_no_deposit(code: str) -> None:
    book = account({"USDT": 150, "BTC": 1}, BTC_LONG, prices=AT_97)
    evaluation = judged(code, 0, book)
    assert "deposit" not in finding(evaluation).remedy
    assert finding(evaluation).remedy
    assert evaluation.ways == ()


@pytest.mark.parametrize("code", ["MC104", "MC108"])
def test_a_deposit_for_the_whole_account_goes_into_its_worst_pool(code: str) -> None:
    fragile = stand(linear("ETHUSDC", "ETH", "USDC"), 1, 60, 10)
    book = account({"USDT": 900, "USDC": 70}, BTC_LONG, fragile, prices=AT_97, single_asset=True)
    assert context(book).report.totals.worst_pool == "cross:USDC"
    assert [way.deposit.pool for way in judged(code, "0.9", book).ways] == ["cross:USDC"]
