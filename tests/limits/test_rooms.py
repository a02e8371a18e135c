"""Rooms and ways: with the size that is told every limit holds, with one step more (or less) one does not.

What holds is asked of the engine as ``check`` does, not of what the search asked.
"""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.builders import order
from tests.core.strategies import accounts

from marginctl.core.account import Account, MarginMode, PositionMode
from marginctl.core.assemble import report_of
from marginctl.core.contract import STEP, Contract, Tier
from marginctl.core.exact import ZERO
from marginctl.core.rooms import DepositWay, OrderRoom, Remedies, Stop
from marginctl.core.search import down_to
from marginctl.core.trade import filled, reduced, secured, transferred
from marginctl.core.turning import beginnings, borders, turns
from marginctl.findings import Finding, Severity, Status
from marginctl.limits.config import Bound, LimitsConfig, LimitSource, Waiver
from marginctl.limits.engine import Evaluation, evaluate
from marginctl.limits.headroom import contract_terms, order_rooms, withdrawal_rooms
from marginctl.limits.rule import with_outcomes
from marginctl.limits.rules import BY_CODE
from marginctl.limits.standing import Inquiry
from marginctl.limits.verdict import FailOn, aims_of
from marginctl.limits.ways import closing_of, sought, ways

from .builders import ACCOUNT_LINE, TODAY, account, bound, context, d, haircut, inverse, isolated, linear, stand

SIDES = {"buy": 1, "sell": -1}
RESIDUE = d("1e-40")
"""What divisions leave behind is less, a step of any order is worth more."""
CRASH = {"crash": {"BTC": d("-0.3"), "*": d("-0.4")}}


def config(limits: dict[str, str | None], *waivers: Waiver) -> LimitsConfig:
    """These limits fail, all others are off but liquidation."""
    bounds = {code: (bound(limit),) for code, limit in limits.items()}
    return LimitsConfig({"MC100": (Bound(Severity.ERROR),)} | bounds, waivers)


def inquiry(book: Account, limits: dict[str, str | None], **fields) -> Inquiry:
    return Inquiry(context_of(book), config(limits), refigure=lambda one: with_outcomes(one, CRASH), **fields)


def context_of(book: Account):
    return with_outcomes(context(book), CRASH)


def judged(book: Account, limits: dict[str, str | None]) -> Evaluation:
    return evaluate(context_of(book), config(limits))


Standing = tuple[set[tuple[str, str]], dict[str, Decimal]]


def standing(book: Account, limits: dict[str, str | None]) -> Standing:
    """What ``check`` finds broken, and the free collateral of the cross pools."""
    asked = context_of(book)
    broken = {(one.code, one.subject) for one in evaluate(asked, config(limits)).checks if one.status is Status.FAIL}
    return broken, {pool.name: pool.free_collateral for pool in asked.report.pools if pool.margin_mode == "cross"}


def newly_broken(now: Standing, before: Standing) -> set[tuple[str, str]]:
    """What is broken and was not; free collateral below 0 that has become less."""
    short = {("", pool) for pool, free in now[1].items() if free < min(ZERO, before[1].get(pool, ZERO)) - RESIDUE}
    return now[0] - before[0] | short


BTC_LONG = stand(linear(), 1, 10, 100, leverage=d(10))
BOOK = account({"USDT": 1000, "BTC": 2}, BTC_LONG, terms={"BTC": haircut("0.1")})
# equity 1000 + 2 x 100 x 0.9 = 1180; initial 100, maintenance 10 of 1000 notional


@pytest.mark.parametrize(
    ("limits", "buy", "sell", "stops"),
    [
        # free collateral: 1180 / 10 a contract = 118 in all
        ({}, "108", "128", ("free-collateral", "free-collateral")),
        # 0.5 x 1180 = 590 of margin: 59 contracts
        ({"MC101": "0.5"}, "49", "69", ("utilization", "utilization")),
        # 3 x 1180 = 3540 of notional: 35.4 contracts
        ({"MC104": "3"}, "25.4", "45.4", ("account-leverage", "account-leverage")),
        # |100 x + 200| <= 2 x 1180: x between -25.6 and 21.6
        ({"MC108": "2"}, "11.6", "35.6", ("directional-exposure", "directional-exposure")),
        # 20% down: 1000 + 144 - 20 x = 0.01 x 80 x: x = 55; USDT 20% down: 800 + 180 + 20 x = |x|: x = -980 / 21
        # (20% up: 1216 + 20 x = 1.2 |x|: x = -1216 / 21.2)
        ({"MC102": "0.2"}, "45", "56.66666666", ("liquidation-distance", "liquidation-distance")),
        # 30% down: 1000 + 126 - 30 x = 0.7 x: x = 1126 / 30.7
        ({"MC113": None}, "26.67752442", "128", ("scenario-survival", "free-collateral")),
        # the stricter of both
        ({"MC101": "0.5", "MC104": "3"}, "25.4", "45.4", ("account-leverage", "account-leverage")),
    ],
)
def test_the_largest_orders(limits, buy, sell, stops):
    rooms = order_rooms(inquiry(BOOK, limits))
    assert [(room.symbol, room.side, room.quantity) for room in rooms] == [
        ("BTCUSDT", "buy", d(buy)),
        ("BTCUSDT", "sell", d(sell)),
    ]
    assert tuple(room.stop.name for room in rooms) == stops
    assert [room.notional for room in rooms] == [d(buy) * 100, d(sell) * 100]


@pytest.mark.parametrize(
    ("lot", "limits", "buy", "sell"),
    [
        # the sizes above, 25.4 and 45.4, in steps of the contract
        ("1", {"MC104": "3"}, "25", "45"),
        ("0.25", {"MC104": "3"}, "25.25", "45.25"),
        # 26.67752442 and 128
        ("3", {"MC113": None}, "24", "126"),
    ],
)
def test_the_largest_orders_are_whole_steps_of_the_contract(lot, limits, buy, sell):
    book = replace(BOOK, positions=(replace(BTC_LONG, contract=replace(BTC_LONG.contract, lot=d(lot))),))
    rooms = order_rooms(inquiry(book, limits))
    assert [room.quantity for room in rooms] == [d(buy), d(sell)]


def test_a_reduction_is_whole_steps_of_the_contract_or_all_of_a_position():
    held = replace(BTC_LONG, contract=replace(BTC_LONG.contract, lot=d(3)))
    # 1000 of notional on 1180: at 0.5 590 may stay, 4.1 contracts go, so 6; at 0.1 118, 8.82 go, so 9; at 0.05 59, and
    # 9 leave 100, so all 10
    for limit, less in (("0.5", 6), ("0.1", 9), ("0.05", 10)):
        asked = {"MC104": limit}
        book = replace(BOOK, positions=(held,))
        ((_, found),) = ways(inquiry(book, asked), judged(book, asked).findings)
        assert found.reduction.quantity == less


@pytest.mark.parametrize(
    ("limits", "usdt", "btc", "stops"),
    [
        # all of it but the margin of 100; BTC is not needed
        ({}, "1000", "2", ("held", "held")),
        # 100 / 0.1 = 1000 of equity: 180 less
        ({"MC101": "0.1"}, "180", "2", ("utilization", "held")),
        # 1000 / 0.95: 127.3684210... less of either; of BTC at 90
        ({"MC104": "0.95"}, "127.36842105", "1.41520467", ("account-leverage", "account-leverage")),
    ],
)
def test_the_largest_withdrawals(limits, usdt, btc, stops):
    book = BOOK if limits else replace(BOOK, balances={"USDT": d(1000), "BTC": d(2)})
    rooms = withdrawal_rooms(inquiry(book, limits))
    assert [(room.asset, room.amount) for room in rooms] == [("USDT", d(usdt)), ("BTC", d(btc))]
    assert tuple(room.stop.name for room in rooms) == stops
    assert rooms[1].value == d(btc) * 100


def test_a_limit_that_is_broken_already_does_not_stop_anything():
    sunk = {"MC104": "0.5"}  # 1000 / 1180 is more
    assert [room.stop.name for room in order_rooms(inquiry(BOOK, sunk))] == ["free-collateral"] * 2


def test_where_collateral_is_missing_already_an_order_may_not_take_more():
    book = replace(BOOK, balances={"USDT": d(50)})
    buy, sell = order_rooms(inquiry(book, {}))
    assert (buy.quantity, buy.stop) == (0, Stop("free-collateral", "", "cross", ZERO))
    assert (sell.quantity, sell.stop.name) == (20, "free-collateral")  # through 0 to the same size short


def test_tiers_end_an_order():
    tiers = (Tier(d(2500), d("0.01"), ZERO, d("0.02")),)
    contract = replace(linear(), tiers=tiers)
    book = account({"USDT": 1000}, stand(contract, 1, 10, 100, leverage=d(50)))
    buy, sell = order_rooms(inquiry(book, {}))
    assert (buy.quantity, sell.quantity) == (15, 35)
    assert buy.stop == sell.stop == Stop("last-tier", subject="BTCUSDT")


def test_without_any_requirement_there_is_no_limit():
    free = replace(BTC_LONG, leverage=None, initial_rate=ZERO, maintenance_rate=ZERO)
    rooms = order_rooms(inquiry(account({"USDT": 1000}, free), {}))
    assert [(room.quantity, room.notional, room.stop) for room in rooms] == [(None, None, None)] * 2


def test_an_order_with_another_leverage_takes_the_position_along():
    # at 5x all 10 + q contracts need 20 each of 1180
    buy, _ = order_rooms(inquiry(BOOK, {}), d(5))
    assert (buy.quantity, buy.initial_rate) == (49, d("0.2"))
    # at 1x they need 100 each
    buy, _ = order_rooms(inquiry(BOOK, {}), d(1))
    assert buy.quantity == d("1.8")


@pytest.mark.parametrize(
    ("severity", "origin", "fail_on", "stop"),
    [
        (Severity.ERROR, LimitSource.PORTFOLIO, FailOn.ERROR, "utilization"),
        (Severity.WARNING, LimitSource.PORTFOLIO, FailOn.ERROR, "utilization"),
        (Severity.WARNING, LimitSource.DEFAULT, FailOn.ERROR, "free-collateral"),
        (Severity.WARNING, LimitSource.DEFAULT, FailOn.WARNING, "utilization"),
        (Severity.WARNING, LimitSource.DEFAULT, FailOn.NEVER, "free-collateral"),
        (Severity.ERROR, LimitSource.PORTFOLIO, FailOn.NEVER, "utilization"),
    ],
)
def test_limits_count_that_fail_a_run_or_were_asked_for(severity, origin, fail_on, stop):
    asked = Inquiry(context(BOOK), LimitsConfig({"MC101": (Bound(severity, d("0.5"), origin),)}), fail_on=fail_on)
    assert order_rooms(asked)[0].stop.name == stop


def test_of_a_limit_with_two_levels_the_failing_one_counts():
    bounds = (
        Bound(Severity.WARNING, d("0.3"), LimitSource.PORTFOLIO),
        Bound(Severity.ERROR, d("0.5"), LimitSource.PORTFOLIO),
    )
    asked = Inquiry(context(BOOK), LimitsConfig({"MC101": bounds}))
    assert order_rooms(asked)[0].quantity == 49
    assert order_rooms(Inquiry(context(BOOK), LimitsConfig({"MC101": bounds}), fail_on=FailOn.WARNING))[
        0
    ].quantity == d("25.4")


def test_a_waived_limit_does_not_stop():
    waiver = Waiver("MC101", TODAY, "known", LimitSource.PORTFOLIO, ACCOUNT_LINE)
    asked = Inquiry(context(BOOK), config({"MC101": "0.5"}, waiver))
    assert order_rooms(asked)[0].stop.name == "free-collateral"


def test_isolated_margin_is_not_withdrawn():
    book = account({"USDT": 100}, isolated(linear(), 1, 1, 100, 30))
    (room,) = withdrawal_rooms(inquiry(book, {}))
    assert (room.amount, room.held, room.stop.name) == (70, 100, "held")


FACTORS = st.sampled_from(["0.3", "0.8", "1", "1.3", "3"]).map(Decimal)
THRESHOLDS = {
    "MC101": "0.6",
    "MC102": "0.2",
    "MC103": "0.3",
    "MC104": "4",
    "MC106": "0.1",
    "MC107": "0.6",
    "MC108": "3",
    "MC109": "0.4",
    "MC110": "0.3",
    "MC112": "30",
}


@st.composite
def limits(draw: st.DrawFn) -> dict[str, str | None]:
    chosen = draw(st.lists(st.sampled_from(sorted(THRESHOLDS)), min_size=1, max_size=4, unique=True))
    found: dict[str, str | None] = {code: str(d(THRESHOLDS[code]) * draw(FACTORS)) for code in chosen}
    if draw(st.booleans()):
        found["MC113"] = None
    return found


def more_broken(book: Account, before: Account, limits: dict[str, str | None]) -> set[tuple[str, str]]:
    return newly_broken(standing(book, limits), standing(before, limits))


@settings(max_examples=15)
@given(book=accounts(most_contracts=3), limits=limits())
def test_any_largest_order_keeps_every_limit_and_one_step_more_breaks_one(book, limits):
    terms = {one.contract.symbol: one for one in contract_terms(book)}
    before = standing(book, limits)
    for room in order_rooms(inquiry(book, limits)):
        if room.quantity is None or room.stop.name == "last-tier":
            continue

        def broken(size: Decimal, room: OrderRoom = room) -> set[tuple[str, str]]:
            after = filled(book, terms[room.symbol], SIDES[room.side], size)
            return newly_broken(standing(after, limits), before)

        assert broken(room.quantity) == set()
        assert broken(room.quantity + terms[room.symbol].contract.sizing_step) != set()


@settings(max_examples=10)
@given(book=accounts(most_contracts=3), limits=limits())
def test_any_largest_withdrawal_keeps_every_limit_and_one_step_more_breaks_one(book, limits):
    for room in withdrawal_rooms(inquiry(book, limits)):
        assert more_broken(transferred(book, {room.asset: -room.amount}), book, limits) == set()
        aside = sum((p.isolated_margin or ZERO for p in book.positions if p.contract.settle == room.asset), ZERO)
        if room.stop.name in ("held", "bonus"):
            assert room.amount == max(ZERO, room.held - aside - book.bonus.get(room.asset, ZERO))
        else:
            assert more_broken(transferred(book, {room.asset: -room.amount - STEP}), book, limits) != set()


def mended(book: Account, finding: Finding, limits: dict[str, str | None]) -> bool:
    checks = judged(book, limits).checks
    return not any((c.code, c.subject, c.status) == (finding.code, finding.subject, Status.FAIL) for c in checks)


def applied(book: Account, way, less: Decimal = ZERO) -> Account:
    """The account after one way out, ``less`` of it."""
    if hasattr(way, "quantity"):
        held = next(one for one in book.positions if one.key == way.key)
        return reduced(book, held, way.quantity - less)
    if way.pool.startswith("isolated"):
        row = next(row for row in report_of(book).positions if row.pool == way.pool)
        return secured(book, next(one for one in book.positions if one.key == row.key), way.amount - less)
    return transferred(book, {way.asset: way.amount - less})


def each(book: Account, found: Remedies):
    """A way out and how much of it is one step: None where all of a position that is no whole number of steps goes."""
    yield from ((way, d("1e-6")) for way in found.deposits)
    if found.reduction is not None:
        held = next(one for one in book.positions if one.key == found.reduction.key)
        yield found.reduction, step_less(found.reduction.quantity, held.contract)


def step_less(quantity: Decimal, contract: Contract) -> Decimal | None:
    """A step of the contract, at least a millionth; of less than a step all."""
    step = contract.sizing_step
    if quantity % step:
        return None if quantity > step else quantity
    return max(step, min(d("1e-6"), quantity))


@settings(max_examples=15)
@given(book=accounts(most_contracts=3), limits=limits())
def test_any_way_out_is_enough_and_a_step_less_is_not(book, limits):
    for finding, found in ways(inquiry(book, limits), judged(book, limits).findings):
        for way, less in each(book, found):
            assert mended(applied(book, way), finding, limits), way
            if less is not None:
                assert not mended(applied(book, way, less), finding, limits), way


@settings(max_examples=15)
@given(book=accounts(most_contracts=3), limits=limits())
def test_a_closing_lifts_every_finding_at_once_and_breaks_nothing(book, limits):
    before = judged(book, limits)
    found = closing_of(inquiry(book, limits), before.findings)
    if found is None:
        return
    after = judged(applied(book, found), limits)
    assert [one for one in after.findings if one.severity is Severity.ERROR and not one.waived] == []


@settings(max_examples=60)
@given(book=accounts(most_contracts=3), limits=limits())
def test_every_deposit_of_what_a_run_fails_by_is_enough_for_its_finding(book, limits):
    before = judged(book, limits)
    asked = inquiry(book, limits)
    aims = {(one.code, one.subject): one for one in aims_of(before.findings, asked.fail_on)}
    for one in sought(asked, before.findings, before.ways)[0]:
        if one in before.ways or (one.code, one.subject) not in aims:
            continue
        way = DepositWay(asset=one.deposit.asset, pool=one.deposit.pool, amount=one.deposit.amount, value=ZERO)
        assert mended(applied(book, way), aims[one.code, one.subject], limits), one


def test_a_deposit_that_has_no_formula_is_looked_for():
    """10 coins of 100 behind a debt of 500 at 5%: half of it gone, 500 - 525 = -25, and of a deposit 1.05 counts."""
    terms = {"USDT": haircut(0, loan_rate=d("0.05")), "BTC": haircut(0)}
    book = account({"BTC": 10, "USDT": -500}, prices={"BTC": d(100), "USDT": d(1)}, terms=terms)
    asked = {"MC102": "0.5"}
    before = judged(book, asked)
    assert before.ways == ()
    deposits, closing = sought(inquiry(book, asked), before.findings, before.ways)
    assert {(one.code, one.deposit.asset, one.deposit.amount) for one in deposits} == {
        ("MC102", "USDT", d("23.809524"))
    }
    assert (closing, sought(inquiry(book, {}), (), ())) == (None, ((), None))


def test_the_closing_is_the_largest_of_what_the_findings_need_rounded_up():
    """100 of equity: 50% of 10 x 100 / 10 leaves 5 contracts, a leverage of 3 leaves 3: 7 go."""
    book = account({"USDT": 100}, stand(linear(), 1, 10, 100))
    asked = {"MC101": "0.5", "MC104": "3"}
    found = closing_of(inquiry(book, asked), judged(book, asked).findings)
    assert (found.quantity, found.left) == (7, 3)
    asked["MC104"] = "2.99999"
    found = closing_of(inquiry(book, asked), judged(book, asked).findings)
    assert found.quantity == d("7.001")  # 7.00001
    assert closing_of(inquiry(book, {"MC101": "0.9"}), ()) is None


@settings(max_examples=15)
@given(book=accounts(most_contracts=3), limits=limits())
def test_a_deposit_that_a_finding_names_is_the_one_that_is_found(book, limits):
    evaluation = judged(book, limits)
    named = {(way.code, way.subject): way.deposit for way in evaluation.ways}
    for finding, found in ways(inquiry(book, limits), evaluation.findings):
        deposit = named.get((finding.code, finding.subject))
        if deposit is not None:
            same = [way for way in found.deposits if (way.pool, way.asset) == (deposit.pool, deposit.asset)]
            # where equality counts, a debt that is paid back to the last unit may end the requirement with it
            assert [deposit.amount - way.amount for way in same] in ([0], [d("1e-6")], [d("1e-8")])


LONGS = account(
    {"USDT": 600, "BTC": 4},
    stand(linear(), 1, 30, 100, leverage=d(10)),
    stand(linear("ETHUSDT", "ETH"), 1, 100, 10, leverage=d(10)),
    terms={"BTC": haircut("0.1")},
)
# equity 600 + 360 = 960; notional 3000 + 1000, initial margin 300 + 100, maintenance 30 + 10


@pytest.mark.parametrize(
    ("code", "limit", "usdt", "btc", "key", "quantity", "notional"),
    [
        # 400 / 0.2 = 2000: 1040 more; of BTC at 90; or 192 of margin: 208 less at 10 a contract
        ("MC101", "0.2", "1040", "11.55555556", "BTCUSDT", "20.8", "2080"),
        # 4000 / 2 = 2000; or 1920 of notional: 2080 less
        ("MC104", "2", "1040", "11.55555556", "BTCUSDT", "20.8", "2080"),
        # net 4000 + 400 of delta <= 3 x: 1466.67 - 960; a BTC adds 100 and counts 90: no; 4400 - 2880 = 1520 less
        ("MC108", "3", "506.666667", "8.94117648", "BTCUSDT", "15.2", "1520"),
        # 30 % down: 600 + 252 - 1200 = -348 against 0.7 x 40 = 28: 376; BTC at 63; a contract of BTC: 30 + 0.7
        ("MC102", "0.3", "376", "5.96825397", "BTCUSDT", "12.24755701", "1224.755701"),
        # crash, BTC -30%, ETH -40%: 600 + 252 - 900 - 400 = -448, maintenance 21 + 6 = 27: 475; ETH: 4 + 0.06 each
        ("MC113", None, "475", "7.53968254", "ETHUSDT", None, None),
    ],
)
def test_the_ways_out_of_one_limit(code, limit, usdt, btc, key, quantity, notional):
    asked = {code: limit}
    found = next(
        w for finding, w in ways(inquiry(LONGS, asked), judged(LONGS, asked).findings) if finding.subject != "ETH"
    )
    assert [(way.asset, way.amount) for way in found.deposits] == [("USDT", d(usdt)), ("BTC", d(btc))]
    assert found.deposits[1].value == d(btc) * 100
    if quantity is not None:
        assert (found.reduction.key, found.reduction.quantity, found.reduction.notional) == (
            key,
            d(quantity),
            d(notional),
        )
    else:
        # 475 / 30.7 BTC contracts are 1,547.23 USD; 475 / 4.06 ETH contracts are 1,169.95 USD, and there are only 100
        assert (found.reduction.key, found.reduction.quantity) == ("BTCUSDT", d("15.47231271"))


def test_an_inverse_position_is_reduced_in_contracts():
    book = account({"BTC": 10}, stand(inverse(size=10), 1, 300, 100, leverage=d(10)), terms={"BTC": haircut("0.1")})
    # 900 of equity, 3000 of notional: 3.33x; 3 x 900 = 2700: 30 contracts of 10 USD
    found = ways(inquiry(book, {"MC104": "3"}), judged(book, {"MC104": "3"}).findings)[0][1]
    assert (found.reduction.quantity, found.reduction.left, found.reduction.notional) == (30, 270, 300)
    assert [(way.asset, way.amount) for way in found.deposits] == [("BTC", d("1.11111112"))]


def test_isolated_margin_is_added_to_an_isolated_position():
    book = account({"USDT": 100}, isolated(linear(), 1, 10, 100, 50))
    # 20% down: 50 - 200 = -150 against 8 of maintenance: 158; or 5 - 20 - 0.8 a contract of which each keeps its margin
    found = ways(inquiry(book, {"MC106": "0.2"}), judged(book, {"MC106": "0.2"}).findings)[0][1]
    assert [(way.pool, way.amount) for way in found.deposits] == [("isolated:BTCUSDT:long", 158)]
    assert found.reduction.quantity == 10  # in proportion nothing changes until it is closed


def test_what_no_size_mends_has_no_way():
    book = account(
        {"USDT": 1000}, stand(replace(linear(), tiers=()), 1, 1, 100, leverage=d(50), maintenance_rate=d("0.01"))
    )
    evaluation = evaluate(context(book), LimitsConfig({"MC105": (bound("10"),)}))
    ((finding, found),) = ways(Inquiry(context(book), LimitsConfig({"MC105": (bound("10"),)})), evaluation.findings)
    assert (finding.code, found, BY_CODE["MC105"].name) == ("MC105", Remedies(), "position-leverage")


def test_positions_marked_cross_are_the_terms_of_a_contract():
    book = account(
        {"USDT": 100},
        isolated(linear(), 1, 1, 100, 30),
        stand(linear(), -1, 1, 100, leverage=d(4), key="BTCUSDT:short"),
    )
    (terms,) = contract_terms(book)
    assert (terms.margin_mode, terms.leverage) == (MarginMode.CROSS, 4)


STEPPED = (Tier(d(500), d("0.02"), ZERO, d("0.05")), Tier(None, d("0.05"), d(15), d("0.2")))
"""Initial rate 5% up to 500, 20% beyond."""


def part_broken(book: Account, room: OrderRoom, size: str, leverage: str | None = None) -> set[tuple[str, str]]:
    """What an order breaks of which only a part is filled; with a leverage, which the position then has too."""
    terms = next(one for one in contract_terms(book) if one.contract.symbol == room.symbol)
    if leverage is not None:
        terms = replace(terms, leverage=d(leverage))
        book_then = replace(book, positions=tuple(replace(one, leverage=d(leverage)) for one in book.positions))
        return more_broken(filled(book_then, terms, SIDES[room.side], d(size)), book, {})
    return more_broken(filled(book, terms, SIDES[room.side], d(size)), book, {})


def test_a_leg_that_an_order_opens_may_make_the_open_orders_on_it_dearer():
    contract = replace(
        linear("BTCUSDC"),
        quote="USDC",
        contract_size=d("0.001"),
        lot=STEP,
        tiers=(Tier(None, d("0.004"), ZERO, d("0.008")),),
    )
    book = account(
        {"USDC": 101},
        stand(contract, 1, 5, 20000, leverage=d(1)),
        prices={"BTC": 20000},
        single_asset=True,
    )
    resting = order(contract, -1, 5, 18000, 20000, position_side=-1)
    book = replace(book, position_mode=PositionMode.HEDGE, orders=(resting,))
    # the order on the empty leg: 90 at 0.8% = 0.72; free 101 - 100 - 0.72 = 0.28. Once the leg has a position, 90 at
    # its 1x: free 101 - (100 - 20 x) - 90 = -89 + 20 x up to x = 5, 0 again from 4.45 to 5.55
    buy, sell = order_rooms(inquiry(book, {}))
    assert (buy.quantity, buy.stop.name) == (d("0.014"), "free-collateral")
    assert (sell.quantity, sell.stop.name) == (0, "free-collateral")
    assert part_broken(book, sell, "0.00000001") == part_broken(book, sell, "4.44999999") == {("", "cross:USDC")}
    assert part_broken(book, sell, "4.45") == part_broken(book, sell, "5.55") == set()


def test_another_leverage_counts_from_the_first_contract_on():
    book = account({"USDT": 600}, stand(linear(), 1, 10, 100, leverage=d(10)))
    # at 1x the 10 that are held need 1000 of 600; with 4 sold 600, and with 16 sold, 6 short, 600 again
    buy, sell = order_rooms(inquiry(book, {}), d(1))
    assert (buy.quantity, sell.quantity) == (0, 0)
    assert part_broken(book, sell, "3.99999999", "1") == {("", "cross")}
    assert part_broken(book, sell, "4", "1") == set()


def test_a_tier_that_begins_before_open_orders_are_made_up_for():
    contract = replace(linear(), tiers=STEPPED)
    book = replace(account({"USDT": 250}, stand(contract, 1, 1, 100)), orders=(order(contract, -1, 20, 100, 100),))
    # the margin is the dearer of v and v - 2000, at the rate of v: 1900 x 5% = 95 now, 1500 x 5% = 75 at 500,
    # 1500 x 20% = 300 just above, 1000 x 20% = 200 at 1000, where both are equal, and 250 at 1250
    buy, _ = order_rooms(inquiry(book, {}))
    assert (buy.quantity, buy.stop.name) == (4, "free-collateral")
    assert part_broken(book, buy, "4.00000001") == {("", "cross")}
    assert part_broken(book, buy, "9") == part_broken(book, buy, "11.5") == set()


def test_an_account_without_equity_is_liquidatable_from_where_a_margin_begins():
    contract = replace(linear(), tiers=(Tier(None, d("0.004"), d(20), d("0.008")),))
    book = account({"USDT": 0}, stand(contract, 1, 51, 100, leverage=d("0.5")), prices={"USDT": 1})
    # 0.4% of 5,100 less 20 are 0.4 of maintenance on no equity: liquidatable now, and again from 50 short on, when
    # nothing but that is said. In between nothing is needed, but where USDT is down 6% the mark is 100 / 0.94, and 47
    # short are worth 5,000: 51 + 47 sold
    _, sell = order_rooms(inquiry(book, {"MC102": "0.06"}))
    assert (sell.quantity, sell.stop.name) == (98, "liquidation-distance")


def test_a_coin_that_leaves_is_not_yet_what_it_is_long():
    book = account({"USDT": 600, "BTC": 4}, stand(linear(), 1, 1, 100, leverage=d(10)))
    # 100 of longs on 1000 of collateral. Less BTC: 100 / (1000 - 100 x) is 12% at x = 5 / 3 and 14.3% at 3; from there
    # on (400 - 100 x) / (1000 - 100 x), none at 4
    usdt, btc = withdrawal_rooms(inquiry(book, {"MC110": "0.12"}))
    assert (btc.amount, btc.stop.name) == (d("1.66666666"), "wrong-way-collateral")
    assert usdt.amount == d("166.66666666")
    assert more_broken(transferred(book, {"BTC": d(-3)}), book, {"MC110": "0.12"}) == {("MC110", "cross")}
    assert more_broken(transferred(book, {"BTC": d(-4)}), book, {"MC110": "0.12"}) == set()


def sizes_below(book: Account, room: OrderRoom, share: Decimal) -> set[Decimal]:
    """Smaller orders, in steps of the contract: the first, shares, at and beside every size where something turns."""
    terms = next(one for one in contract_terms(book) if one.contract.symbol == room.symbol)
    side, step = SIDES[room.side], terms.contract.sizing_step
    points = [*turns(book, terms, side), *beginnings(book, terms, side), *borders(book, terms, side, room.quantity)]
    beside = {down_to(point, step) + k * step for point in points for k in (-1, 0, 1)}
    found = {step, *beside} | {down_to(point * share, step) for point in (room.quantity, *points)}
    return {size for size in found if 0 < size < room.quantity}


@pytest.mark.rounds(400)
@settings(max_examples=10)
@given(book=accounts(most_contracts=3), limits=limits(), share=st.integers(1, 999).map(lambda n: Decimal(n) / 1000))
def test_every_smaller_fill_keeps_the_limits_too(book, limits, share):
    terms = {one.contract.symbol: one for one in contract_terms(book)}
    before = standing(book, limits)
    for room in order_rooms(inquiry(book, limits)):
        for size in sizes_below(book, room, share) if room.quantity else ():
            part = filled(book, terms[room.symbol], SIDES[room.side], size)
            assert newly_broken(standing(part, limits), before) == set(), (room.symbol, room.side, size)


@settings(max_examples=10)
@given(book=accounts(most_contracts=3), limits=limits(), share=st.integers(1, 999).map(lambda n: Decimal(n) / 1000))
def test_every_smaller_withdrawal_keeps_the_limits_too(book, limits, share):
    for room in withdrawal_rooms(inquiry(book, limits)):
        if room.amount:
            part = transferred(book, {room.asset: -room.amount * share})
            assert more_broken(part, book, limits) == set(), (room.asset, share)
