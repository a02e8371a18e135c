"""Risk of a pool, its ratios, and which pool is the worst."""

# A Decimal equals an int: mypy calls such tuples incomparable.
# mypy: disable-error-code="comparison-overlap"

from decimal import Decimal

import pytest
from msgspec.structs import replace
from tests.builders import LONG, SHORT, account, d, inverse, linear, order, position

from marginctl.core.account import Equality, MarginMode, MarginRules
from marginctl.core.pool import partition
from marginctl.core.risk import NO_RISK, Risk, deltas, own_deltas, pool_risk, worst_pool

LIQUIDATED = MarginRules(equality=Equality.LIQUIDATED)


def risk(equity: str, maintenance: str, initial: str = "0", orders: str = "0") -> Risk:
    return Risk(d(equity), d(initial), d(orders), d(maintenance), scale=Decimal(1000))


@pytest.mark.parametrize(
    ("one", "rules", "expected"),
    [
        pytest.param(risk("10", "10"), MarginRules(), False, id="equity at the level is safe"),
        pytest.param(risk("10", "10"), LIQUIDATED, True, id="unless the venue counts equality"),
        pytest.param(risk("9.99999999", "10"), MarginRules(), True, id="a trifle below is liquidated"),
        pytest.param(risk("10.00000001", "10"), LIQUIDATED, False, id="a trifle above is not"),
        pytest.param(risk("10.5", "10"), MarginRules(level=d("1.05")), False, id="level 1.05: 10.5 is at it"),
        pytest.param(risk("10.4", "10"), MarginRules(level=d("1.05")), True, id="level 1.05: 10.4 is below it"),
        pytest.param(risk("-500", "0"), MarginRules(), False, id="nothing to maintain never liquidates"),
        pytest.param(risk("0", "0"), LIQUIDATED, False, id="not even at equality"),
        pytest.param(replace(risk("0", "0"), needs_equity=True), LIQUIDATED, False, id="none of what is needed anyway"),
        pytest.param(replace(risk("-0.5", "0"), needs_equity=True), MarginRules(), True, id="less than none of it"),
        pytest.param(risk("-1", "0.01"), MarginRules(), True, id="negative equity under any maintenance"),
        pytest.param(risk("10." + "0" * 85 + "1", "10"), LIQUIDATED, True, id="division residue above is equality"),
        pytest.param(risk("9." + "9" * 85, "10"), MarginRules(), False, id="division residue below is equality"),
    ],
)
def test_liquidatable(one: Risk, rules: MarginRules, expected: bool) -> None:
    assert one.is_liquidatable(rules) is expected


@pytest.mark.parametrize(
    ("equity", "level", "expected"),
    [("12.5", "1.25", True), ("12.6", "1.25", False), ("9", None, False)],
    ids=["at the warning level", "above it", "a venue without one"],
)
def test_warned(equity: str, level: str | None, expected: bool) -> None:
    assert risk(equity, "10").is_warned(MarginRules(warning_level=None if level is None else d(level))) is expected


@pytest.mark.parametrize(
    ("one", "free", "utilization", "ratio"),
    [
        pytest.param(risk("100", "10", "20", "5"), "75", "0.25", "0.1", id="healthy"),
        pytest.param(risk("20", "10", "20", "5"), "-5", "1.25", "0.5", id="more used than there is"),
        pytest.param(risk("0", "10", "20"), "-20", None, None, id="no equity"),
        pytest.param(risk("-5", "10", "20"), "-25", None, None, id="negative equity"),
        pytest.param(risk("-5", "0"), "-5", "0", "0", id="negative equity with nothing required"),
    ],
)
def test_ratios(one: Risk, free: str, utilization: str | None, ratio: str | None) -> None:
    assert one.free_collateral == d(free)
    assert one.utilization == (None if utilization is None else d(utilization))
    assert one.maintenance_ratio(d(1)) == (None if ratio is None else d(ratio))


def test_the_level_counts_in_buffer_and_ratio() -> None:
    assert risk("100", "10").buffer(d("1.05")) == d("89.5")
    assert risk("100", "10").maintenance_ratio(d("1.05")) == d("0.105")


def test_risks_add_up_from_nothing() -> None:
    assert risk("1", "2", "3", "4") + NO_RISK == risk("1", "2", "3", "4")
    both = risk("1", "2", "3", "4") + risk("10", "20", "30", "40")
    assert (both.equity, both.maintenance_margin, both.initial_margin, both.order_margin) == (11, 22, 33, 44)


def test_risk_at_moved_prices_without_moving_the_account() -> None:
    (pool,) = partition(account(position(linear(), LONG, 2, 100), balances={"USDT": 50, "BTC": 1}))
    moved = pool_risk(pool, {"BTC": d("0.8")})
    assert moved.equity == 50 - 40 + 80
    assert moved.maintenance_margin == d("1.6")
    assert moved.initial_margin == 16


def test_orders_keep_todays_margin_at_moved_prices() -> None:
    placed = order(linear(), LONG, 1, 100, 100, leverage=d(10))
    (pool,) = partition(account(orders=(placed,), balances={"USDT": 50}))
    assert pool_risk(pool, {"BTC": d("0.5")}).order_margin == 10


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param({"a": risk("100", "10"), "b": risk("100", "20")}, "b", id="the higher maintenance ratio"),
        pytest.param({"a": risk("10", "10"), "b": risk("1000", "20")}, "a", id="not the higher maintenance margin"),
        pytest.param({"a": risk("1", "10"), "b": risk("0", "1")}, "b", id="no ratio at all is the worst"),
        pytest.param({"a": risk("-9", "10"), "b": risk("1", "10")}, "a", id="on either place"),
        pytest.param(
            {"a": risk("100", "10", "20"), "b": risk("10", "1", "3")}, "b", id="equal ratios: the higher utilization"
        ),
        pytest.param({"a": risk("100", "10", "20"), "b": risk("100", "10", "20")}, "a", id="all equal: the first"),
        pytest.param(
            {"a": risk("100", "1"), "b": risk("-250", "0")}, "a", id="a debt with nothing required is ratio 0"
        ),
        pytest.param({"a": risk("-250", "0"), "b": risk("100", "1")}, "b", id="on either place too"),
        pytest.param({"a": risk("-250", "0"), "b": risk("100", "0", "1")}, "b", id="then utilization decides"),
        pytest.param(
            {"a": risk("-1", "5", "1"), "b": risk("-2", "9")}, "a", id="two without a ratio: utilization decides"
        ),
    ],
)
def test_the_worst_pool(rows: dict[str, Risk], expected: str) -> None:
    held = position(linear(), LONG, 1, 100)
    (template,) = partition(account(held, balances={"USDT": 100}))
    pools = [(replace(template, name=name), one) for name, one in rows.items()]
    assert worst_pool(pools)[0].name == expected


def test_an_idle_cross_pool_is_ignored_where_isolated_ones_hold_everything() -> None:
    own = position(linear(), LONG, 1, 100, isolated_margin=20)
    rows = [(pool, pool_risk(pool)) for pool in partition(account(own, balances={"USDT": 100}))]
    assert worst_pool(rows)[0].margin_mode is MarginMode.ISOLATED


def test_an_isolated_pool_is_ignored_where_a_cross_one_holds_something() -> None:
    own = position(linear(), LONG, 1, 100, isolated_margin=2)
    other = position(inverse(), SHORT, 1, 100)
    rows = [(pool, pool_risk(pool)) for pool in partition(account(own, other, balances={"USDT": 100}))]
    assert worst_pool(rows)[0].name == "cross"


def test_the_money_involved_and_loans_add_up_too() -> None:
    both = Risk(loan_margin=d(1), scale=d(10)) + Risk(loan_margin=d(2), scale=d(5), needs_equity=True)
    assert (both.loan_margin, both.scale, both.needs_equity) == (3, 15, True)
    assert (Risk(needs_equity=True) + NO_RISK).needs_equity
    assert not (NO_RISK + NO_RISK).needs_equity


@pytest.mark.parametrize(
    ("equity", "level", "ratio", "called"),
    [
        pytest.param("20", "1", "0.5", False, id="half of the equity exactly"),
        pytest.param("19.99", "1", "0.5", True, id="a trifle more than half"),
        pytest.param("30", "1.5", "0.5", False, id="the level counts: 15 of 30"),
        pytest.param("29", "1.5", "0.5", True, id="15 of 29"),
        pytest.param("1", "1", None, False, id="without a ratio nobody calls"),
    ],
)
def test_called(equity: str, level: str, ratio: str | None, called: bool) -> None:
    rules = MarginRules(level=d(level))
    assert risk(equity, "10").is_called(rules, None if ratio is None else d(ratio)) is called
    assert not risk(equity, "0").is_called(rules, d("0.5"))


@pytest.mark.parametrize("equity", ["-5", "0", "5"])
def test_where_nothing_is_needed_nobody_warns_or_calls(equity: str) -> None:
    one, rules = risk(equity, "0"), MarginRules(warning_level=d("1.25"))
    assert not one.is_warned(rules)
    assert not one.is_called(rules, d("0.5"))


def test_the_money_involved_is_all_that_adds_up_at_its_largest() -> None:
    """300 of notional and as much of entry value that is 250, 50 in USDT, 100 in BTC: |50 - 250| + 300 + 100.

    Where BTC falls it stays; where it doubles, its 300 and its 100 count twice.
    """
    (pool,) = partition(account(position(linear(), LONG, 3, d(250) / 3, 100), balances={"USDT": 50, "BTC": 1}))
    scales = [pool_risk(pool, {"BTC": d(ratio)}).scale for ratio in ("1", "0.1", "2")]
    assert [round(one, 20) for one in scales] == [600, 600, 1000]


@pytest.mark.parametrize(
    ("one", "other", "worse"),
    [
        pytest.param(risk("0", "0.5"), risk("10", "9"), True, id="however little is needed of nothing"),
        pytest.param(risk("-1", "0.5"), risk("0.1", "0.09"), True, id="or of less than nothing"),
        pytest.param(risk("0.2", "0.1"), risk("0.3", "0.1"), True, id="a half is more than a third"),
        pytest.param(risk("0.3", "0.1"), risk("0.2", "0.1"), False, id="a third is not more than a half"),
        pytest.param(risk("1", "0.1", "0.6"), risk("1", "0.1", "0.5"), True, id="equal ratios: by what is used"),
        pytest.param(risk("1", "0.1", "0.5", "0.2"), risk("1", "0.1", "0.6"), True, id="orders use as well"),
        pytest.param(risk("0.5", "0"), risk("0.6", "0"), True, id="nothing needed: by the smaller buffer"),
        pytest.param(
            risk("-1", "0.5", "1"), risk("-2", "0.5", "1"), False, id="no ratio on either side: by the buffer"
        ),
    ],
)
def test_the_worse_of_two_pools(one: Risk, other: Risk, worse: bool) -> None:
    """By name the worse one, whichever comes first."""
    book = account(
        position(linear(), LONG, 1, 100),
        position(linear("BTCUSDC", "BTC", "USDC"), LONG, 1, 100),
        balances={"USDT": 1, "USDC": 1},
        single_asset=True,
    )
    first, second = partition(book)
    for rows in ([(first, one), (second, other)], [(second, other), (first, one)]):
        assert (worst_pool(rows)[0] is first) is worse


def test_what_follows_an_asset_counts_as_so_many_of_it_as_it_is_worth() -> None:
    """3 STETH at 12 are 3.6 ETH at 10, whether there is any ETH of its own beside them or none."""
    alone = replace(account(balances={"STETH": 3}, prices={"STETH": 12}), follows={"STETH": "ETH"})
    both = replace(alone, balances={"STETH": d(3), "ETH": d(2)})
    for held, eth in ((alone, d("3.6")), (both, d("5.6"))):
        (pool,) = partition(held)
        assert {asset: units for asset, units in deltas(held, pool).items() if units} == {"STETH": 3, "ETH": eth}


@pytest.mark.parametrize("side", [LONG, SHORT])
def test_a_contract_is_short_its_quote_by_as_much_as_it_is_long_its_base(side: int) -> None:
    """30 of 10 USD at 100 are 3 BTC against 300 USD, and 1 is held; 5 of 0.1 BTC at 100 are 0.5 BTC against 50 USDT."""
    of_coins = account(position(inverse(), side, 30, 100), balances={"BTC": 1})
    assert own_deltas(of_coins, partition(of_coins)[0]) == {"BTC": 1 + side * 3, "USD": -side * 300}
    of_dollars = account(position(linear(size="0.1"), side, 5, 100), balances={"USDT": 80})
    assert own_deltas(of_dollars, partition(of_dollars)[0]) == {"USDT": 80 - side * 50, "BTC": side * d("0.5")}
