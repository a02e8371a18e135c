"""Derivations: their arithmetic gives the figures of the report, from the inputs up."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings

from marginctl.core.account import Account, AssetTerms, Basis, CloseFee, Equality, Netting, OpenLoss, Rules
from marginctl.core.assemble import report_of
from marginctl.core.contract import Contract, TiersBy
from marginctl.core.exact import ONE, SNAP, ZERO
from marginctl.core.explain.book import Book
from marginctl.core.explain.decision import Absent, Condition, Ranking
from marginctl.core.explain.figures import UnknownFigureError, explain, figures, paths
from marginctl.core.explain.node import (
    At,
    Constant,
    Difference,
    Input,
    Larger,
    Node,
    Product,
    Quotient,
    Ratio,
    Row,
    Sum,
    Unknown,
    line_of,
)
from marginctl.core.explain.reported import reported
from marginctl.core.explain.solution import Border, Never, Root
from marginctl.core.liquidation import pool_state
from marginctl.core.piecewise import Line
from marginctl.core.pool import partition
from marginctl.core.report import Report

from .accounts import LONG, SHORT, account, d, flat, haircuts, inverse, linear, order, position, tiers
from .strategies import accounts
from .trees import labelled, nodes, tampered

TABLE = tiers((1000, "0.01", "0.02"), (5000, "0.02", "0.05"), (None, "0.05", "0.2"))
"""Deductions 0, 10 and 160: 1000 x 1%, then 5000 x 3%."""


def explained(book: Account, figure: str, **stated: Any) -> Node:
    """The derivation of a figure."""
    return explain(book, report_of(book), figure, {key.replace("__", "."): value for key, value in stated.items()})


def amounts(tree: Node) -> dict[str, Any]:
    """Value by ``key`` of every input of a tree."""
    return {node.key: node.value for node in nodes(tree) if isinstance(node, Input)}


# Nodes.

TWO, MOVE = Constant(amount=d(2)), Unknown()
HALF_MOVED = Sum(terms=(Constant(amount=d("0.5")), MOVE))


def test_operations_compute_with_numbers_and_with_lines_of_the_unknown() -> None:
    assert Sum(terms=()).value == ZERO
    assert Difference(terms=(TWO, Constant(amount=d(5)), Constant(amount=ONE))).value == d(-4)
    assert Product(factors=(TWO, HALF_MOVED)).value == Line(ONE, d(2))
    assert Difference(terms=(TWO, HALF_MOVED)).value == Line(d("1.5"), d(-1))
    assert Quotient(numerator=HALF_MOVED, denominator=TWO).value == Line(d("0.25"), d("0.5"))
    assert At(line=HALF_MOVED, place=TWO).value == d("2.5")
    assert Larger(options=(TWO, HALF_MOVED), probe=d(1)).value == Line(d(2), ZERO)
    assert Larger(options=(TWO, HALF_MOVED), probe=d(9)).value == Line(d("0.5"), ONE)


def test_what_is_no_straight_line_is_refused() -> None:
    with pytest.raises(ValueError, match="two of its factors move"):
        _ = Product(factors=(MOVE, HALF_MOVED)).value
    with pytest.raises(TypeError, match="no number"):
        line_of(Constant(amount="long"))


@pytest.mark.parametrize(
    ("numerator", "denominator", "value"), [(3, 2, "1.5"), (0, -1, 0), (3, 0, None), (3, -2, None)]
)
def test_a_ratio_of_money_exists_only_over_a_positive_denominator(
    numerator: int, denominator: int, value: str | int | None
) -> None:
    ratio = Ratio(numerator=Constant(amount=d(numerator)), denominator=Constant(amount=d(denominator)))
    assert ratio.value == (None if value is None else d(value))


@pytest.mark.parametrize(("size", "index"), [(0, 0), (999, 0), (1000, 0), (1001, 1), (5000, 1), (5001, 2)])
def test_a_row_holds_up_to_its_border_inclusive(size: int, index: int) -> None:
    row = Row(
        measured=Constant(amount=d(size) * 2),
        unit_price=TWO,
        up_to=(d(1000), d(5000)),
        column=("a", "b", "c"),
        table="t",
        measure="notional",
        measure_unit=TWO.unit,
    )
    assert (row.index, row.value, row.key) == (index, "abc"[index], f"t.{index}")


# Figures derived by hand.


def test_a_maintenance_margin_is_notional_times_rate_less_deduction() -> None:
    # 20 x 100 = 2,000 USDT in tier 2: 2,000 x 2% - 10 = 30
    book = account(position(linear(table=TABLE), LONG, 20, 90, 100), balances={"USDT": 1000})
    key = book.positions[0].key
    tree = explained(book, f"positions.{key}.maintenance_margin")
    assert tree.value == d(30)
    assert isinstance(tree, Difference)
    assert labelled(tree, "maintenance_rate").value == d("0.02")
    assert labelled(tree, "deduction").value == d(10)
    assert labelled(tree, "notional").value == d(2000)
    rate = labelled(tree, "maintenance_rate")
    assert isinstance(rate, Row)
    assert (rate.key, rate.borders, rate.size) == ("contracts.BTCUSDT.tiers.1", (d(1000), d(5000)), d(2000))


@pytest.mark.parametrize(
    ("key", "amount", "margin"),
    [
        ("quantity", 10, "10"),  # 1,000 is still in tier 1: 1,000 x 1%
        ("quantity", 60, "140"),  # 6,000 in tier 3: 6,000 x 5% - 160
    ],
)
def test_tampering_with_an_input_changes_every_figure_above_it(key: str, amount: int, margin: str) -> None:
    book = account(position(linear(table=TABLE), LONG, 20, 90, 100), balances={"USDT": 1000})
    name = book.positions[0].key
    tree = explained(book, f"positions.{name}.maintenance_margin")
    assert tampered(tree, f"positions.{name}.{key}", d(amount)).value == d(margin)
    # the whole account: equity 1,000 + 10 x quantity, initial margin 5% in tier 2, 2% in tier 1, 20% in tier 3
    utilization = explained(book, "totals.utilization")
    assert utilization.value == d(100) / d(1200)
    changed = tampered(utilization, f"positions.{name}.quantity", d(amount)).value
    assert changed == {10: d(20) / d(1100), 60: d(1200) / d(1600)}[amount]


def test_the_first_margin_of_a_position_is_the_dearer_of_its_leverage_and_its_tier() -> None:
    book = account(position(linear(table=TABLE), LONG, 20, 90, 100, leverage=50), balances={"USDT": 1000})
    tree = explained(book, f"positions.{book.positions[0].key}.initial_rate")
    assert tree.value == d("0.05")
    assert tampered(tree, f"positions.{book.positions[0].key}.leverage", d(10)).value == d("0.1")


def test_a_liquidation_price_solves_the_two_lines_that_cross() -> None:
    # 10 BTC long at 100 with 200 USDT, 1%: 200 + 1,000 x = 10 + 10 x, x = -190 / 990
    book = account(position(linear(), LONG, 10, 100), balances={"USDT": 200})
    key = book.positions[0].key
    tree = explained(book, f"positions.{key}.liquidation_price")
    assert tree.value == d(100) * (ONE + d(-190) / d(990))
    (root,) = [node for node in nodes(tree) if isinstance(node, Root)]
    assert (line_of(root.equity), root.needed) == (Line(d(200), d(1000)), Line(d(10), d(10)))
    assert root.value == d(-190) / d(990)
    # more collateral: 380 + 1,000 x = 10 + 10 x
    assert tampered(root, "collateral.USDT.amount", d(380)).value == d(-370) / d(990)


def test_the_tier_of_a_crossing_is_that_at_the_crossing() -> None:
    # 60 x 100 = 6,000 in tier 3 falls: below 5,000 it needs 2% - 10. Equity 1,500 + 6,000 x
    # = (6,000 + 6,000 x) 2% - 10 -> 1,390 = -5,880 x; the notional there is 4,581.6: tier 2
    book = account(position(linear(table=TABLE), LONG, 60, 100), balances={"USDT": 1500})
    tree = explained(book, f"positions.{book.positions[0].key}.liquidation_price")
    (root,) = [node for node in nodes(tree) if isinstance(node, Root)]
    assert root.value == d(-1390) / d(5880)
    assert root.requirement is not None
    assert labelled(root.requirement, "maintenance_rate").value == d("0.02")
    assert root.end == d(-1000) / d(6000)  # 5,000 is passed at -16.7%


def test_a_requirement_that_jumps_over_the_equity_is_explained_by_the_border_it_jumps_at() -> None:
    # rates on the whole position: at 1,000 the margin jumps from 10 to 500. Equity 100 + 900 x: dead at the border
    jump = tiers((1000, "0.01", "0.02"), (None, "0.5", "0.5"), deductions=[0, 0])
    book = account(position(linear(table=jump), LONG, 9, 100), balances={"USDT": 350})
    tree = explained(book, "underlyings.BTC.liquidation_up")
    assert tree.value == d(100) * (ONE + ONE / 9)
    (border,) = [node for node in nodes(tree) if isinstance(node, Border)]
    assert border.value == ONE / 9
    assert labelled(border.operands[0], "moved notional").value == Line(d(900), d(900))
    assert border.border.value == d(1000)
    assert (line_of(border.equity).at(ONE / 9), line_of(border.requirement).at(ONE / 9)) == (d(450), d(500))


def test_a_side_that_never_liquidates_shows_where_least_is_left() -> None:
    book = account(position(linear(), LONG, 10, 100), balances={"USDT": 2000})
    tree = explained(book, "underlyings.BTC.liquidation_down")
    assert tree.value is None
    (never,) = [node for node in nodes(tree) if isinstance(node, Never)]
    # at -100%: 2,000 - 1,000 against nothing
    assert (never.place.value, never.have, never.need, never.least) == (d(-1), d(1000), ZERO, d(1000))


def test_haircut_tiers_count_slice_by_slice() -> None:
    # 3 BTC at 100: the first at 95%, two at 90%: 95 + 180
    terms = {"BTC": AssetTerms(haircuts=haircuts((1, "0.05"), (None, "0.1")))}
    book = account(balances={"BTC": 3}, terms=terms)
    tree = explained(book, "collateral.BTC.value")
    assert tree.value == d(275)
    assert explained(book, "collateral.BTC.haircut").value == ONE - d(275) / d(300)
    assert tampered(tree, "collateral.BTC.haircut_tiers.0", d("0.5")).value == d(230)


def test_a_debt_counts_in_full_and_needs_its_loan_rate() -> None:
    terms = {"USDT": AssetTerms(loan_rate=d("0.05")), "BTC": AssetTerms()}
    book = account(position(linear(), LONG, 1, 100), balances={"BTC": 10, "USDT": -200}, terms=terms)
    assert explained(book, "collateral.USDT.value").value == d(-200)
    # 100 x 1% + 200 x 5%
    tree = explained(book, "totals.maintenance_margin")
    assert tree.value == d(11)
    assert tampered(tree, "collateral.USDT.loan_rate", d("0.1")).value == d(21)


def test_what_netting_leaves_is_the_difference_of_the_legs() -> None:
    legs = (position(linear(), LONG, 10, 100), position(linear(), SHORT, 4, 100))
    book = account(*legs, balances={"USDT": 1000}, hedge=True)
    tree = explained(book, "pools.cross.maintenance_margin")
    assert tree.value == d(6)
    assert labelled(tree, "net quantity").value == d(6)
    assert tampered(tree, f"positions.{legs[1].key}.quantity", d(7)).value == d(3)
    assert explained(book, "netting.maintenance.saving_rate").value == d(8) / d(14)


def test_legs_that_cancel_need_nothing_and_say_so() -> None:
    legs = (position(linear(), LONG, 5, 100), position(linear(), SHORT, 5, 100))
    tree = explained(account(*legs, balances={"USDT": 1000}, hedge=True), "pools.cross.initial_margin")
    assert (tree.value, tree.note) == (ZERO, "the legs of BTCUSDT cancel: nothing of them needs margin")


def test_of_opposite_sides_the_dearer_counts() -> None:
    legs = (position(linear(), LONG, 10, 100), position(linear(), SHORT, 4, 100))
    book = account(*legs, balances={"USDT": 1000}, hedge=True, rules=Rules(netting=Netting.LARGER_LEG))
    tree = explained(book, "pools.cross.maintenance_margin")
    assert tree.value == d(10)
    assert tampered(tree, f"positions.{legs[1].key}.quantity", d(30)).value == d(30)


def test_a_close_fee_is_part_of_the_margins_where_the_rules_count_it() -> None:
    rules = Rules(close_fee=CloseFee.BANKRUPTCY, initial_basis=Basis.ENTRY)
    held = position(linear(), LONG, 10, 90, 100, leverage=10, taker_fee="0.001")
    book = account(held, balances={"USDT": 1000}, rules=rules)
    # maintenance: 1,000 x 1% + 0.1% x 900 x (1 - 10%)
    assert explained(book, f"positions.{held.key}.maintenance_margin").value == d("10.81")


def test_orders_cost_what_the_dearer_outcome_adds() -> None:
    held = position(linear(), LONG, 10, 100, leverage=10)
    contract = held.contract
    placed = (
        order(contract, LONG, 5, 90, 100),
        order(contract, SHORT, 25, 110, 100),
        order(contract, LONG, 1, 120, 100),
    )
    book = account(held, balances={"USDT": 1000}, orders=placed)
    # |1,000 + 450 + 120| and |1,000 - 2,750| at 10%, less 100: 175 - 100
    tree = explained(book, "totals.order_margin")
    assert tree.value == d(75)
    assert tampered(tree, "orders.1.quantity", d(10)).value == d(57)
    charged = account(held, balances={"USDT": 1000}, orders=placed, rules=Rules(open_loss=OpenLoss.MARGIN))
    # the buy at 120 opens 20 below its price: 157 + 20 against 175
    assert explained(charged, "totals.order_margin").value == d(77)


def test_a_state_is_decided_by_the_first_condition_that_holds() -> None:
    held = position(linear(), LONG, 10, 100, leverage=5)
    book = account(held, balances={"USDT": 150})
    tree = explained(book, "totals.state")
    assert tree.value == "restricted"  # 150 - 1,000 / 5
    assert tampered(tree, "collateral.USDT.amount", d(300)).value == "healthy"
    assert tampered(tree, "collateral.USDT.amount", d(9)).value == "liquidation"
    warned = account(held, balances={"USDT": 300}, rules=Rules(warning_level=d(40)))
    assert explained(warned, "totals.state").value == "margin-call"  # 300 <= 40 x 10


@pytest.mark.parametrize(("equality", "liquidated"), [(Equality.SAFE, False), (Equality.LIQUIDATED, True)])
def test_equality_counts_as_the_rules_say(equality: Equality, liquidated: bool) -> None:
    book = account(position(linear(), LONG, 10, 100), balances={"USDT": 10}, rules=Rules(equality=equality))
    tree = explained(book, "pools.cross.liquidatable")
    assert tree.value is liquidated
    relations = [node.relation for node in nodes(tree) if isinstance(node, Condition)]
    assert ("<=" if liquidated else "<") in relations


def test_the_worst_pool_is_the_one_with_the_highest_ratio() -> None:
    held = (position(linear(), LONG, 10, 100), position(linear("BTCUSDC", quote="USDC"), LONG, 10, 100))
    book = account(*held, balances={"USDT": 500, "USDC": 400}, single_asset=True)
    tree = explained(book, "totals.worst_pool")
    assert tree.value == "cross:USDC"
    assert isinstance(tree, Ranking)
    assert tampered(tree, "collateral.USDT.amount", d(300)).value == "cross:USDT"


@pytest.mark.parametrize(
    ("figure", "note"),
    [
        ("positions.{key}.tier", "the position brings its own maintenance_rate"),
        ("positions.{key}.funding_per_day", "the position states no funding_rate"),
        ("positions.{key}.liquidation_side", "there is no such price"),
        ("positions.{key}.bankruptcy_price", "there is no liquidation price"),
        ("funding.runway_days", "the funding rate of a position is missing"),
        ("liquidation.direction", "nothing liquidates on either side"),
        ("underlyings.BTC.distance", "nothing liquidates"),
    ],
)
def test_a_figure_that_does_not_exist_says_why(figure: str, note: str) -> None:
    held = position(linear(), SHORT, 1, 100, maintenance_rate="0.01", leverage=1)
    book = account(held, balances={"USDT": 5000, "BTC": 2})
    tree = explained(book, figure.format(key=held.key))
    assert tree.value is None
    assert isinstance(tree, Absent)
    assert tree.note == note


@pytest.mark.parametrize("name", ["liquidation_side", "contract_liquidation_side"])
@pytest.mark.parametrize(
    ("contract", "side", "balances", "expected"),
    [
        pytest.param(linear(), SHORT, {"USDT": 1}, "above", id="1 + 100 - p = 1% p at a rise of 0%"),
        pytest.param(linear(), LONG, {"USDT": 1}, "below", id="1 + p - 100 = 1% p at a fall of 0%"),
        pytest.param(
            inverse("USDEUR", base="USD", quote="EUR"),
            LONG,
            {"USD": "12.5"},
            "below",
            id="12.5 + 1250 - 1000 / m = 1% 1000 / m at 0%: the quote rises, the mark falls",
        ),
        pytest.param(
            inverse("USDEUR", base="USD", quote="EUR"), SHORT, {"USD": "12.5"}, "above", id="and the other way round"
        ),
    ],
)
def test_a_crossing_at_0_lies_on_the_side_that_the_engine_says(
    name: str, contract: Contract, side: int, balances: dict[str, Any], expected: str
) -> None:
    quantity, entry = (1, 100) if contract.base == "BTC" else (100, "0.8")
    held = position(contract, side, quantity, entry)
    book = account(held, balances=balances)
    (row,) = report_of(book).positions
    assert (row.liquidation_price, row.distance_to_liquidation) == (row.mark_price, 0)
    assert getattr(row, name) == expected
    assert explained(book, f"positions.{held.key}.{name}").value == expected


def test_two_legs_at_their_maintenance_margin_are_liquidated_by_opposite_moves() -> None:
    # 456 USDT = 0.7% of 8000 + 5% of 8000: BTC rising and ETH falling by 0% liquidate.
    short = position(linear(), SHORT, "0.4", 20000, maintenance_rate="0.007", leverage=1)
    long = position(linear("ETHUSDT", "ETH"), LONG, 8, 1000, maintenance_rate="0.05", leverage=1)
    book = account(short, long, balances={"USDT": 456}, prices={"BTC": 20000, "ETH": 1000})
    for held, side in ((short, "above"), (long, "below")):
        assert explained(book, f"positions.{held.key}.liquidation_side").value == side
    assert [row.liquidation_side for row in report_of(book).positions] == ["above", "below"]


def test_a_ratio_over_no_equity_does_not_exist() -> None:
    book = account(position(linear(), LONG, 10, 100), balances={"USDT": -5})
    assert explained(book, "totals.utilization").value is None
    assert explained(book, "totals.leverage").value is None
    assert explained(book, "liquidation.down").value == ZERO


def test_a_runway_is_the_day_on_which_the_margin_is_reached() -> None:
    # 10 x 100 x 0.1% three times a day: 3 a day; 100 - 3 day = 10
    held = position(linear(), LONG, 10, 100, funding_rate="0.001")
    tree = explained(account(held, balances={"USDT": 100}), "funding.runway_days")
    assert tree.value == d(30)
    assert tampered(tree, f"positions.{held.key}.funding_interval", d(4)).value == d(15)


def test_a_delta_is_coin_equity_and_signed_base_quantities() -> None:
    held = (position(linear(size=2), SHORT, 3, 100), position(inverse(), LONG, 20, 100))
    book = account(*held, balances={"BTC": 8, "USDT": 100})
    # 8 - 6 + 200 / 100
    tree = explained(book, "underlyings.BTC.delta")
    assert tree.value == d(4)
    assert tampered(tree, f"positions.{held[0].key}.quantity", d(4)).value == d(2)


# What was given, and what follows.


def test_a_mark_follows_from_prices_unless_it_was_stated() -> None:
    book = account(position(linear(), LONG, 10, 100), balances={"USDT": 200}, prices={"USDT": "0.5", "BTC": 50})
    figure = f"positions.{book.positions[0].key}.mark_price"
    assert amounts(explained(book, figure)) == {"prices.BTC": d(50), "prices.USDT": d("0.5")}
    assert amounts(explained(book, figure, marks__BTCUSDT=d(100))) == {"marks.BTCUSDT": d(100)}


def test_a_quantity_follows_from_a_notional_that_was_stated() -> None:
    held = position(linear(), LONG, 10, 100)
    tree = explain(
        book := account(held, balances={"USDT": 200}),
        report_of(book),
        f"positions.{held.key}.quantity",
        {f"positions.{held.key}.notional": d(1000)},
    )
    assert tree.value == d(10)
    assert f"positions.{held.key}.notional" in amounts(tree)


def test_a_price_follows_from_the_mark_that_gave_it() -> None:
    book = account(position(linear(), LONG, 10, 100), balances={"USDT": 200})
    tree = explained(book, "underlyings.BTC.liquidation_down", marks__BTCUSDT=d(100))
    assert "prices.BTC" not in amounts(tree)
    assert amounts(tree)["marks.BTCUSDT"] == d(100)


def test_an_unknown_figure_is_refused() -> None:
    book = account(balances={"USDT": 1})
    with pytest.raises(UnknownFigureError):
        explained(book, "totals.equitty")


def test_a_row_that_two_pools_have_is_named_with_its_pool() -> None:
    held = position(linear(), LONG, 1, 100, isolated_margin=50)
    book = account(held, balances={"USDT": 200})
    assert explained(book, "collateral.USDT@cross.balance").value == d(150)
    assert explained(book, "collateral.USDT@isolated:BTCUSDT:long.balance").value == d(50)
    assert explained(book, "underlyings.BTC@isolated:BTCUSDT:long.delta").figure == "underlyings.BTC.delta"
    assert "collateral.USDT.balance" not in paths(book, report_of(book))


def test_tiers_by_quantity_are_told_by_the_quantity() -> None:
    contract = linear(
        table=tiers((5, "0.01", "0.1"), (None, "0.02", "0.2"), deductions=[0, 0]), tiers_by=TiersBy.QUANTITY
    )
    book = account(position(contract, LONG, 6, 100), balances={"USDT": 500})
    tree = explained(book, f"positions.{book.positions[0].key}.maintenance_rate")
    assert isinstance(tree, Row)
    assert (tree.value, tree.measure, tree.size) == (d("0.02"), "quantity", d(6))


# Every figure of any account.


def exact_figures(report: Report) -> dict[str, Any]:
    """Path -> unrounded value."""
    from msgspec import Struct
    from msgspec.structs import asdict

    found: dict[str, Any] = {}

    def put(prefix: str, row: Struct) -> None:
        for name, value in asdict(row).items():
            if isinstance(value, Struct):
                put(f"{prefix}.{name}", value)
            elif name != "key":
                found[f"{prefix}.{name}"] = value

    for section in ("account", "totals", "liquidation", "netting", "funding"):
        put(section, getattr(report, section))
    for pool in report.pools:
        put(f"pools.{pool.name}", pool)
    for held in report.positions:
        put(f"positions.{held.key}", held)
    for section in ("collateral", "underlyings"):
        rows = getattr(report, section)
        assets = [row.asset for row in rows]
        for row in rows:
            put(f"{section}.{row.asset}{f'@{row.pool}' if assets.count(row.asset) > 1 else ''}", row)
    return found


def is_same(one: Any, other: Any, scale: Decimal) -> bool:
    """Equal values; numbers but for division residue."""
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return abs(one - other) <= SNAP * max(ONE, abs(other)) or abs(one - other) <= Decimal("1e-75") * scale
    return bool(one == other)


def is_on_the_edge(book: Account, report: Report) -> bool:
    """Whether it is chance that a figure exists: an equity or a price that is the residue of a division."""
    risks = [pool_state(pool).risk for pool in partition(book)]
    prices = [
        price / held.mark_price
        for held in report.positions
        for price in (held.liquidation_price, held.contract_liquidation_price, held.bankruptcy_price)
        if price is not None
    ]
    return any(ZERO < abs(risk.equity) <= SNAP * risk.scale for risk in risks) or min(prices, default=ONE) <= SNAP


@given(accounts())
@settings(max_examples=60)
def test_every_figure_of_an_account_is_what_its_derivation_gives(book: Account) -> None:
    report = report_of(book)
    assume(not is_on_the_edge(book, report))
    expected = exact_figures(report)
    scale = max((abs(value) for value in expected.values() if isinstance(value, Decimal)), default=ONE)
    builders = figures(Book(book, report, {}))
    assert paths(book, report) == list(reported(report))
    assert set(paths(book, report)) == set(expected)
    for path, value in expected.items():
        tree = builders[path]()
        assert tree.figure == path
        assert is_same(tree.value, value, scale), f"{path}: {tree.value} is not {value}"


@given(accounts(with_orders=False))
@settings(max_examples=40)
def test_the_lines_of_every_root_vanish_there_within_the_stretch_on_which_they_hold(book: Account) -> None:
    builders = figures(Book(book, report_of(book), {}))
    names = ("liquidation_price", "bankruptcy_price", "liquidation.down", "liquidation.up", "runway_days")
    for path, build in builders.items():
        if not path.endswith(names):
            continue
        for node in nodes(build()):
            if not isinstance(node, Root) or node.value is None:
                continue
            place = node.value
            assert isinstance(place, Decimal)
            scale = abs(line_of(node.equity).at_zero) + abs(node.needed.at_zero)
            assert abs(node.health.at(place)) <= SNAP * max(ONE, scale)
            assert node.start is None or node.start - SNAP <= place
            assert node.end is None or place <= node.end + SNAP


@given(accounts(with_orders=False, most_contracts=2))
@settings(max_examples=40)
def test_values_are_evaluated_not_pasted(book: Account) -> None:
    """Twice the quantity of every position is twice the gross notional, tree by tree."""
    tree = explained(book, "totals.gross_notional")
    assert isinstance(tree.value, Decimal)
    changed = tree
    for held in book.positions:
        changed = tampered(changed, f"positions.{held.key}.quantity", held.quantity * 2)
    assert is_same(changed.value, tree.value * 2, tree.value)


def test_flat_tables_have_one_row_without_borders() -> None:
    book = account(position(linear(table=flat("0.01", "0.1")), LONG, 1, 100), balances={"USDT": 100})
    rate = explained(book, f"positions.{book.positions[0].key}.maintenance_rate")
    assert isinstance(rate, Row)
    assert (rate.borders, rate.index) == ((ZERO, None), 0)
