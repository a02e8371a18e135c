"""What open orders add where every unit takes its own worst move: by hand."""

from decimal import Decimal

import pytest
from msgspec.structs import replace
from tests.builders import LONG, SHORT, account, d, inverse, linear, order, position

from marginctl.core.account import Account, Order
from marginctl.core.model import (
    Charge,
    ChargeBase,
    Grade,
    MarginModel,
    ModelTerms,
    Move,
    MoveTable,
    ScanPrice,
    Spread,
    Where,
)
from marginctl.core.pool import Pool, partition
from marginctl.core.risk import pool_risk

BTC, ETH = linear(), linear("ETHUSDT", "ETH")
BTC_PERP = inverse()
TABLES = (
    MoveTable(("BTC",), (Move(d("-0.1"), d(1)), Move(d("0.2"), d(1))), None),
    MoveTable(("ETH", "SOL"), (Move(d("-0.5"), d(1)), Move(d("0.5"), d(1))), "ALT"),
)
TERMS = ModelTerms(
    model=MarginModel.SCENARIO, tables=TABLES, factors={Grade.MAINTENANCE: d(1), Grade.INITIAL: d("1.5")}
)
HELD = position(BTC, LONG, 3, 100)


def book(*orders: Order, terms: ModelTerms = TERMS, held: bool = True, hedge: bool = False) -> Account:
    one = account(*((HELD,) if held else ()), orders=orders, balances={"USDT": 1000}, prices={"SOL": 20}, hedge=hedge)
    return replace(one, model=terms)


def pool(one: Account) -> Pool:
    (found,) = partition(one)
    return found


def rows(one: Account) -> dict[str, tuple[Decimal, Decimal, Decimal, Decimal]]:
    return {unit.unit: (unit.now, unit.buys, unit.sells, unit.margin) for unit in pool(one).scanned_orders}


@pytest.mark.parametrize(
    ("orders", "units"),
    [
        pytest.param((), {}, id="none"),
        pytest.param(
            (order(BTC, LONG, 2, 90, 100),), {"BTC": (30, 48, 30, 27)}, id="a buy, at its own price: 300 + 180 lose 10%"
        ),
        pytest.param((order(BTC, SHORT, 2, 110, 100),), {"BTC": (30, 30, 8, 0)}, id="a sell that reduces: 300 - 220"),
        pytest.param(
            (order(BTC, SHORT, 6, 100, 100),), {"BTC": (30, 30, 60, 45)}, id="a sell that turns: 300 lose 20% of it"
        ),
        pytest.param(
            (order(BTC, LONG, 2, 90, 100), order(BTC, LONG, 1, 80, 100), order(BTC, SHORT, 6, 100, 100)),
            {"BTC": (30, 56, 60, 45)},
            id="the worse of all its buys and all its sells",
        ),
        pytest.param((order(BTC, LONG, 2, 90, 100, reduce_only=True),), {}, id="what only reduces"),
        pytest.param(
            (order(BTC_PERP, LONG, 9, 50, 100),),
            {"BTC": (30, 39, 30, d("13.5"))},
            id="inverse: 9 x 10 USD at any price",
        ),
        pytest.param(
            (order(ETH, SHORT, 4, 15, 10), order(linear("SOLUSDT", "SOL"), SHORT, 1, 20, 20)),
            {"ALT": (0, 0, 40, 60)},
            id="two coins of a unit, nothing held: half of 60 and 20",
        ),
        pytest.param(
            (order(ETH, SHORT, 4, 15, 10), order(BTC, LONG, 2, 90, 100)),
            {"ALT": (0, 0, 30, 45), "BTC": (30, 48, 30, 27)},
            id="two units, each by itself",
        ),
    ],
)
def test_what_the_orders_of_a_unit_add(orders: tuple[Order, ...], units: dict[str, tuple[int, ...]]) -> None:
    one = book(*orders)
    assert rows(one) == units
    assert pool_risk(pool(one)).order_margin == sum(margin for *_, margin in units.values())


def test_in_hedge_mode_only_what_opens_a_leg_counts() -> None:
    """A sell of the long closes it; a sell of the short leg opens that: 300 less 600 lose 20% of 300."""
    closing = order(BTC, SHORT, 6, 100, 100, position_side=LONG)
    opening = order(BTC, SHORT, 6, 100, 100, position_side=SHORT)
    assert rows(book(closing, hedge=True)) == {}
    assert rows(book(opening, hedge=True)) == {"BTC": (30, 30, 60, 45)}


def test_by_the_index_an_order_counts_at_its_own_price_all_the_same() -> None:
    assert rows(book(order(BTC, LONG, 2, 90, 100), terms=replace(TERMS, scan_price=ScanPrice.INDEX))) == {
        "BTC": (30, 48, 30, 27)
    }


@pytest.mark.parametrize("price", list(ScanPrice))
def test_an_order_in_another_quote_counts_at_what_its_price_is_worth(price: ScanPrice) -> None:
    """72 EUR at 1.25 are the 90 dollars of above."""
    euros = order(linear("BTCEUR", "BTC", "EUR"), LONG, 2, 72, 80)
    assert rows(book(euros, terms=replace(TERMS, scan_price=price))) == {"BTC": (30, 48, 30, 27)}


def test_a_floor_and_charges_of_the_unit_are_in_what_is_compared() -> None:
    """1% of the gross on top of the scan, 20% of it as a floor: 300 need 60, with the buy 480 need 96."""
    charges = (
        Charge(name="core", on=ChargeBase.GROSS, rate=d("0.01"), where=Where.CORE),
        Charge(name="floor", on=ChargeBase.GROSS, rate=d("0.2"), where=Where.FLOOR),
    )
    assert rows(book(order(BTC, LONG, 2, 90, 100), terms=replace(TERMS, charges=charges))) == {"BTC": (60, 96, 60, 54)}


def test_where_units_move_together_orders_count_by_tiers() -> None:
    """10% of 90 beside nothing held."""
    one = book(order(BTC, LONG, 1, 90, 100), terms=replace(TERMS, separate=d("0.5")), held=False)
    assert pool(one).scanned_orders == ()
    assert pool_risk(pool(one)).order_margin == 9


def test_a_scan_of_orders_is_of_units_that_move_apart_without_spreads() -> None:
    assert TERMS.scans_orders
    assert not replace(TERMS, separate=d("0.5")).scans_orders
    assert not replace(TERMS, spreads=(Spread(name="one", legs=()),)).scans_orders
    assert not replace(TERMS, model=MarginModel.VAR).scans_orders
