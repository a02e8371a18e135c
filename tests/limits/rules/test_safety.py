"""The rules of ``limits/rules/safety``."""

import pytest
from msgspec.structs import replace
from tests.limits.builders import (
    account,
    by_default,
    check,
    context,
    d,
    deposited,
    finding,
    haircut,
    held,
    inverse,
    isolated,
    judged,
    linear,
    pool,
    report,
    stand,
    underlying,
)

from marginctl.core.account import AssetTerms, Equality, MarginRules
from marginctl.findings import Severity, Status

# MC100: any pool is liquidatable; always an error.


def test_a_healthy_pool_passes_with_its_headroom() -> None:
    found = check(by_default("MC100", report(pool(equity=1000, maintenance=250))))
    assert (found.status, found.value, found.limit, found.headroom) == (Status.PASS, d("0.25"), 1, d("0.75"))


def test_a_liquidatable_pool_is_an_error_with_the_deposit_that_saves_it() -> None:
    figures = report(pool(equity=900, maintenance=1000, liquidatable=True), collateral=(held("USDT", 900),))
    found = finding(by_default("MC100", figures))
    assert found.severity is Severity.ERROR
    assert found.message == "cross is liquidatable: equity 900.00 USD is below the maintenance margin 1,000.00 USD"
    assert found.remedy == "deposit 100 USDT, or close positions until the maintenance margin is 100.00 USD lower"


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
    assert found.message == "cross is liquidatable: equity 10.00 USD does not exceed the maintenance margin 10.00 USD"
    assert found.remedy == "deposit 0.000001 USDT"
    assert check(by_default("MC100", deposited(strict, "cross", "USDT", "0.000001"))).status is Status.PASS


def test_the_level_is_part_of_the_message() -> None:
    # equity 10, maintenance 10, level 1.05: 10.50 needed
    book = account({"USDT": 1000}, stand(linear(), 1, 10, 199, 100), rules=MarginRules(level=d("1.05")))
    found = finding(by_default("MC100", book))
    assert "equity 10.00 USD is below 1.05 x the maintenance margin 10.00 USD" in found.message
    # 0.5 USDT of equity, or 0.5 / 1.05 = 0.476190476... of maintenance margin
    assert found.remedy == "deposit 0.5 USDT, or close positions until the maintenance margin is 0.48 USD lower"


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
        "add 5 USDT of isolated margin, or close positions until the maintenance margin is 2.50 USD lower"
    )


# MC102: smallest move that liquidates a cross pool, all together or one asset alone.


@pytest.mark.parametrize(
    ("distance", "status"),
    [
        pytest.param("0.2000000001", Status.PASS, id="further than the limit"),
        pytest.param("0.2", Status.PASS, id="equality passes"),
        pytest.param("0.1999999999", Status.FAIL, id="nearer than the limit"),
        pytest.param("0", Status.FAIL, id="liquidatable now"),
        pytest.param(None, Status.PASS, id="never"),
    ],
)
def test_mc102_breaks_below_the_limit(distance: str | None, status: Status) -> None:
    together = report(pool(distance=distance, direction="down" if distance else None))
    alone = report(pool(), underlyings=(underlying("BTC", distance=distance, down=80),))
    for figures, subject in ((together, "cross"), (alone, "BTC")):
        found = check(judged("MC102", "0.2", figures), subject)
        assert (found.status, found.value) == (status, None if distance is None else d(distance))
        assert found.headroom == (None if distance is None else d(distance) - d("0.2"))


def test_names_the_direction_and_the_price_of_the_underlying() -> None:
    # 10 BTC long at 100 on 110 USDT: equity 110 + 10 (p - 100) = 0.01 * 10 p  ->  9.9 p = 890, p = 89.898989...
    book = account({"USDT": 110}, stand(linear(), 1, 10, 100))
    evaluation = judged("MC102", "0.2", book)
    alone = finding(evaluation, "BTC")
    assert alone.message == (
        "distance of cross to liquidation when BTC alone falls is 10.1%, below the limit 20%: at 89.899 USD"
    )
    # at -20%: equity 110 - 200 = -90, maintenance 8 -> 98 short
    assert alone.remedy == "deposit 98 USDT, or reduce the BTC long"
    joint = finding(evaluation, "cross")
    assert joint.message == "distance of cross to liquidation (all together, down) is 10.1%, below the limit 20%"
    assert joint.remedy == "deposit 98 USDT, or reduce what loses when the market falls"


def test_a_short_is_liquidated_by_a_rise() -> None:
    # 10 BTC short at 100 on 110 USDT: at +20% equity 110 - 200 = -90, maintenance 12 -> 102 short
    found = finding(judged("MC102", "0.2", account({"USDT": 110}, stand(linear(), -1, 10, 100))), "BTC")
    assert "when BTC alone rises is 9.9%" in found.message  # 1110 / 1010 - 1 = 9.9009...%, rounded down
    assert found.remedy == "deposit 102 USDT, or reduce the BTC short"


def test_passes_with_the_deposit_and_fails_a_millionth_before() -> None:
    book = account(
        {"USDT": 60, "BTC": 1},
        stand(linear(), 1, 10, 100),
        stand(linear("ETHUSDT", "ETH"), -1, 50, 9, 10),
    )
    evaluation = judged("MC102", "0.25", book)
    for way in evaluation.ways:
        enough = judged("MC102", "0.25", deposited(book, "cross", "USDT", way.deposit.amount))
        almost = judged("MC102", "0.25", deposited(book, "cross", "USDT", way.deposit.amount - d("0.000001")))
        assert check(enough, way.subject).status is Status.PASS
        assert check(almost, way.subject).status is Status.FAIL
    assert [way.subject for way in evaluation.ways] == ["cross", "BTC", "ETH", "USDT"]


def test_without_an_exact_deposit_says_what_to_reduce() -> None:
    # the only collateral is the coin itself, a deposit of it would move along: 2 p - 100 = 1 at p = 50.5
    found = finding(judged("MC102", "0.5", account({"BTC": 1}, stand(inverse(), 1, 100, 100))), "BTC")
    assert found.value == d("0.495")
    assert found.remedy == "reduce the BTC long"


def test_each_silo_is_a_subject_of_its_own_and_isolated_pools_are_not() -> None:
    book = account(
        {"USDT": 200, "BTC": 1},
        stand(linear(), 1, 10, 100),
        isolated(linear("ETHUSDT", "ETH"), 1, 1, 10, 1),
        single_asset=True,
    )
    subjects = [one.subject for one in by_default("MC102", book).checks]
    assert subjects == ["cross:USDT", "cross:USDT:BTC", "cross:USDT:USDT"]


QUOTED = account({"USDC": 10000}, stand(linear(), -1, 400, 100))
"""400 BTC short at 100 USDT behind 10000 USDC: USDT at p: 10000 + 40000 p - 40000 = 400 at p = 0.76."""


@pytest.mark.parametrize(("limit", "status"), [("0.24", Status.PASS), ("0.2401", Status.FAIL)])
def test_a_stablecoin_that_loses_its_peg_is_a_subject(limit: str, status: Status) -> None:
    found = check(judged("MC102", limit, QUOTED), "USDT")
    assert (found.value, found.status) == (d("0.24"), status)
    # 10000 p = 400
    assert check(judged("MC102", limit, QUOTED), "USDC").value == d("0.96")


def test_a_quote_that_liquidates_says_what_to_reduce() -> None:
    found = finding(judged("MC102", "0.5", QUOTED), "USDT")
    assert found.message == (
        "distance of cross to liquidation when USDT alone falls is 24%, below the limit 50%: at 0.76 USD"
    )
    # at 0.5: 10000 - 20000 + 0.5 d = 400
    assert found.remedy == "deposit 20,800 USDT, or reduce the shorts quoted in USDT"
    # 1000 p + 10000 - 10000 p = 100 at p = 1.1: USDT rising is a loss of the long.
    long = finding(judged("MC102", "0.5", account({"USDT": 1000}, stand(linear(), 1, 100, 100))), "USDT")
    # at 1.5: 1500 + 10000 - 15000 + 1.5 d = 100
    assert (long.value, long.remedy) == (d("0.1"), "deposit 2,400 USDT, or reduce the longs quoted in USDT")


def test_a_rise_is_looked_for_without_an_end() -> None:
    # 2021 + 100 - p = 1% p at p = 2100: a rise of 2000%
    book = account({"USDT": 2021}, stand(linear(), -1, 1, 100))
    assert check(judged("MC102", "20.1", book), "BTC").status is Status.FAIL
    found = check(judged("MC102", "20", book), "BTC")
    assert (found.value, found.status) == (20, Status.PASS)


def test_liquidatable_now_is_said_once() -> None:
    # equity 5 - 10 = -5 after the mark fell to 90 with 1 BTC entered at 100
    book = account({"USDT": 5}, stand(linear(), 1, 1, 100, 90), prices={"BTC": 90})
    found = finding(by_default("MC102", book))
    assert found.subject == "cross"
    assert (
        found.message == "distance of cross to liquidation is 0%, below the limit 20% (default): it is liquidatable now"
    )


def test_at_the_edge_the_direction_is_said() -> None:
    # 10 BTC entered at 199, mark 100: equity 10, maintenance 10: alive, and any fall ends that
    book = account({"USDT": 1000}, stand(linear(), 1, 10, 199, 100))
    found = finding(by_default("MC102", book), "BTC")
    assert found.message == (
        "distance of cross to liquidation when BTC alone falls is 0%, below the limit 20% (default): at 100.00 USD"
    )
    # at -20%: equity 10 - 200, maintenance 8
    assert found.remedy == "deposit 198 USDT, or reduce the BTC long"


def test_collateral_that_falls_is_named_where_no_position_is_long() -> None:
    # 10 BTC of collateral, 820 USDT of debt, 1 BTC short: 10 p - 820 - (p - 100) = 0.5 p at p = 720 / 8.5 = 84.70...
    book = account({"USDT": -820, "BTC": 10}, stand(linear(maintenance="0.5"), -1, 1, 100))
    found = finding(by_default("MC102", book), "BTC")
    assert found.value is not None
    assert abs(found.value - (1 - d(72) / 85)) < d("1e-50")
    assert found.remedy.endswith("or hold less BTC as collateral")


def test_a_pool_with_nothing_that_moves_passes() -> None:
    found = check(by_default("MC102", account({"USDT": 5})))
    assert (found.subject, found.status, found.value) == ("cross", Status.PASS, None)


def test_a_debt_in_the_coin_is_named_where_no_position_is_short() -> None:
    # 150 USDT against 1 BTC owed: 150 - p = 0.1 p at p = 136.36...
    owed = {"BTC": AssetTerms(loan_rate=d("0.1"))}
    found = finding(judged("MC102", "0.4", account({"USDT": 150, "BTC": -1}, terms=owed)), "BTC")
    assert "when BTC alone rises is 36.36%" in found.message
    # at +40%: 150 - 140 - 14
    assert found.remedy == "deposit 4 USDT, or owe less BTC"


@pytest.mark.parametrize(
    ("down", "up", "said"),
    [
        pytest.param("81", "120", "falls is 19%, below the limit 20%: at 81.00 USD", id="down is nearer"),
        pytest.param("75", "119", "rises is 19%, below the limit 20%: at 119.00 USD", id="up is nearer"),
        pytest.param("81", "119", "falls is 19%, below the limit 20%: at 81.00 USD", id="both as near"),
        pytest.param(None, "119", "rises is 19%, below the limit 20%: at 119.00 USD", id="only up"),
        pytest.param(
            "81.000000001", None, "falls is 19%, below the limit 20%: at 81.0001 USD", id="rounded up to the mark"
        ),
        pytest.param(
            None, "118.999999999", "rises is 19%, below the limit 20%: at 118.999 USD", id="rounded down to it"
        ),
    ],
)
def test_names_the_nearer_side(down: str | None, up: str | None, said: str) -> None:
    """BTC stands at 100."""
    figures = report(pool(), underlyings=(underlying("BTC", distance="0.19", down=down, up=up),))
    assert finding(judged("MC102", "0.2", figures)).message.endswith(f"when BTC alone {said}")


@pytest.mark.parametrize(
    "terms",
    [
        pytest.param(haircut("0.01"), id="with a haircut"),
        pytest.param(AssetTerms(loan_rate=d("0.01")), id="with interest on debt"),
        pytest.param(AssetTerms(liability_factor=d("1.1")), id="with a factor on debt"),
    ],
)
def test_no_figure_where_money_does_not_count_in_full(terms: AssetTerms) -> None:
    book = account({"USDT": 115}, stand(linear(), 1, 10, 100), terms={"USDT": terms})
    assert finding(judged("MC102", "0.2", book), "BTC").remedy == "reduce the BTC long"


def test_the_deposit_covers_a_path_beyond_a_price_of_zero() -> None:
    # ETH moves twice as far: gone at -50%. At -60%: 60 of loss on BTC, 30 on ETH, maintenance 0.01 * 40
    book = account({"USDT": 50}, stand(linear(), 1, 1, 100), stand(linear("ETHUSDT", "ETH"), 1, 3, 10))
    book = replace(book, betas=book.betas | {"ETH": d(2)})
    found = judged("MC102", "0.6", book)
    assert finding(found, "cross").remedy.startswith("deposit 40.4 USDT")
    assert check(judged("MC102", "0.6", deposited(book, "cross", "USDT", "40.4")), "cross").status is Status.PASS


# MC103: level x maintenance margin / equity of every cross pool.


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
        "maintenance ratio of cross is 60%, above the limit 50%: "
        "600.00 USD of maintenance margin on 1,000.00 USD of equity"
    )
    # 600 / 0.5 - 1000 = 200; 600 - 0.5 * 1000 = 100
    assert found.remedy == "deposit 200 USDT, or close positions until the maintenance margin is 100.00 USD lower"


def test_counts_the_level() -> None:
    # 10 BTC at 100: maintenance 10, level 2, equity 40: 20 / 40; one more unit of debt breaks it
    position = stand(linear(), 1, 10, 100)
    assert (
        check(judged("MC103", "0.5", account({"USDT": 40}, position, rules=MarginRules(level=d(2))))).status
        is Status.PASS
    )
    found = finding(judged("MC103", "0.5", account({"USDT": 39}, position, rules=MarginRules(level=d(2)))))
    assert "is 51.29%, above the limit 50%: 2 x 10.00 USD of maintenance margin on 39.00 USD of equity" in found.message
    # (20 - 0.5 * 39) / 2 = 0.25
    assert found.remedy == "deposit 1 USDT, or close positions until the maintenance margin is 0.25 USD lower"


def test_without_equity_it_fails() -> None:
    found = finding(judged("MC103", "0.5", report(pool(equity=0, maintenance=5), collateral=(held("USDT", 0),))))
    assert found.message == (
        "maintenance ratio of cross does not exist, limit 50%: equity is 0.00 USD under 5.00 USD of maintenance margin"
    )
    assert (found.value, found.remedy) == (None, "deposit 10 USDT")


def test_warns_by_default_above_50_percent() -> None:
    assert check(by_default("MC103", report(pool(maintenance=500)))).status is Status.PASS
    assert check(by_default("MC103", report(pool(maintenance="500.1")))).status is Status.WARN


# MC106: distance of every isolated pool; off unless configured.


LONG = "isolated:BTCUSDT:long"
BOOK = account({"USDT": 1000}, isolated(linear(), 1, 10, 100, 50))


@pytest.mark.parametrize(
    ("together", "alone", "value", "status"),
    [
        pytest.param("0.1", "0.3", "0.1", Status.PASS, id="equality passes"),
        pytest.param("0.3", "0.0999999999", "0.0999999999", Status.FAIL, id="the smaller one counts"),
        pytest.param(None, "0.05", "0.05", Status.FAIL, id="only alone"),
        pytest.param(None, None, None, Status.PASS, id="never"),
    ],
)
def test_mc106_breaks_below_the_limit(
    together: str | None, alone: str | None, value: str | None, status: Status
) -> None:
    figures = report(pool(LONG, distance=together), underlyings=(underlying("BTC", pool=LONG, distance=alone),))
    found = check(judged("MC106", "0.1", figures, account=BOOK))
    assert (found.subject, found.status, found.value) == (LONG, status, None if value is None else d(value))


def test_asks_for_exactly_the_margin_that_reaches_the_limit() -> None:
    # 10 BTC at 100 with 50 of margin: at -10% equity 50 - 100 = -50, maintenance 9 -> 59 more
    found = finding(judged("MC106", "0.1", BOOK))
    # 50 + 10 (p - 100) = 0.1 p -> p = 95.9595...: 4.0404...%, rounded down
    assert found.message == "distance of isolated:BTCUSDT:long to liquidation is 4.04%, below the limit 10%"
    assert found.remedy == "add 59 USDT of isolated margin, or reduce the position"
    assert check(judged("MC106", "0.1", deposited(BOOK, LONG, "USDT", 59))).status is Status.PASS
    assert check(judged("MC106", "0.1", deposited(BOOK, LONG, "USDT", "58.999999"))).status is Status.FAIL


def test_is_off_by_default() -> None:
    assert by_default("MC106", BOOK).checks == ()
