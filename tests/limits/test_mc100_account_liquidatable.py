"""MC100: any pool is liquidatable; always an error."""

from msgspec.structs import replace

from marginctl.core.account import Equality, MarginRules
from marginctl.findings import Severity, Status

from .builders import (
    account,
    by_default,
    check,
    context,
    d,
    deposited,
    finding,
    held,
    isolated,
    linear,
    pool,
    report,
    stand,
)


def test_a_healthy_pool_passes_with_its_headroom() -> None:
    found = check(by_default("MC100", report(pool(equity=1000, maintenance=250))))
    assert (found.status, found.value, found.limit, found.headroom) == (Status.PASS, d("0.25"), 1, d("0.75"))


def test_a_liquidatable_pool_is_an_error_with_the_deposit_that_saves_it() -> None:
    figures = report(pool(equity=900, maintenance=1000, liquidatable=True), collateral=(held("USDT", 900),))
    found = finding(by_default("MC100", figures))
    assert found.severity is Severity.ERROR
    assert found.message == "cross is liquidatable: equity 900 USD is below the maintenance margin 1,000 USD"
    assert found.remedy == "deposit 100 USDT, or close positions until the maintenance margin is 100 USD lower"


def test_every_pool_counts_isolated_ones_too() -> None:
    figures = report(pool(), pool("isolated:BTCUSDT:long", equity=-1, maintenance=1, liquidatable=True))
    evaluation = by_default("MC100", figures)
    assert check(evaluation, "cross").status is Status.PASS
    failed = check(evaluation, "isolated:BTCUSDT:long")
    assert (failed.status, failed.value, failed.headroom) == (Status.FAIL, None, None)


def test_equality_is_alive_where_the_venue_says_so() -> None:
    # long 10 BTC entered at 199, mark 100: equity 1000 - 990 = 10; maintenance 1% of 1000 = 10
    book = account({"USDT": 1000}, stand(linear(), 1, 10, 199, 100))
    assert check(by_default("MC100", book)).status is Status.PASS
    strict = account({"USDT": 1000}, stand(linear(), 1, 10, 199, 100), rules=MarginRules(equality=Equality.LIQUIDATED))
    found = finding(by_default("MC100", strict))
    assert found.message == "cross is liquidatable: equity 10 USD does not exceed the maintenance margin 10 USD"
    assert found.remedy == "deposit 0.000001 USDT"
    assert check(by_default("MC100", deposited(strict, "cross", "USDT", "0.000001"))).status is Status.PASS


def test_the_level_is_part_of_the_message() -> None:
    # equity 10, maintenance 10, level 1.05: 10.50 needed
    book = account({"USDT": 1000}, stand(linear(), 1, 10, 199, 100), rules=MarginRules(level=d("1.05")))
    found = finding(by_default("MC100", book))
    assert "equity 10 USD is below 1.05 x the maintenance margin 10 USD" in found.message
    # 0.5 USDT of equity, or 0.5 / 1.05 = 0.476190476... of maintenance margin
    assert found.remedy == "deposit 0.5 USDT, or close positions until the maintenance margin is 0.476191 USD lower"


def test_an_isolated_position_asks_for_isolated_margin() -> None:
    # margin 5, loss 10 * (100 - 99) = 10 -> equity -5 with maintenance 1% of 990 = 9.9
    position = isolated(linear(), 1, 10, 100, 5)
    book = account({"USDT": 1000}, position, prices={"BTC": 99})
    book = replace(book, positions=(replace(position, mark_price=d(99)),))
    found = finding(by_default("MC100", book))
    assert found.remedy == "add 14.9 USDT of isolated margin"
    assert found.location == context(book).locations.account


def test_an_isolated_pool_has_rules_of_its_own() -> None:
    # margin 15, no loss, maintenance 1% of 1000 = 10: alive at level 1, dead at level 2 which asks for 20
    book = account({"USDT": 1000}, isolated(linear(), 1, 10, 100, 15))
    assert check(by_default("MC100", book), "isolated:BTCUSDT:long").value == 10 / d(15)
    stricter = replace(book, isolated_rules=MarginRules(level=d(2)))
    found = finding(by_default("MC100", stricter))
    assert found.value == 20 / d(15)
    # 2 * 10 - 15 = 5; 5 / 2 = 2.5 of maintenance margin
    assert found.remedy == (
        "add 5 USDT of isolated margin, or close positions until the maintenance margin is 2.5 USD lower"
    )
