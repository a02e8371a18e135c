"""How figures are rounded when they are shown: each in its cautious direction, nothing by division residue."""

from decimal import Decimal
from typing import Any

import pytest
from tests.builders import LONG, SHORT, account, d, flat, inverse, linear, position

from marginctl.core.account import Account, Basis, MarginRules, Netting
from marginctl.core.assemble import report_of
from marginctl.core.exact import Direction
from marginctl.core.figures import FIGURES
from marginctl.core.plain import as_plain
from marginctl.core.report import PositionFigures, Totals

BTC, ETH, PERP = linear(), linear("ETHUSDT", "ETH"), inverse()
UNTIERED = linear(table=flat("0.01"))


def shown(one: Account) -> dict[str, Any]:
    return as_plain(report_of(one))


def test_requirements_turn_up_and_what_is_there_down() -> None:
    # 100 / 7 = 14.2857142857...
    totals = shown(account(position(UNTIERED, LONG, 1, 100, leverage=7), balances={"USDT": 100}))["totals"]
    assert totals["initial_margin"] == d("14.28571429")
    assert totals["free_collateral"] == d("85.71428571")
    assert totals["utilization"] == d("0.1428571429")


def test_a_loss_is_rounded_away_and_a_gain_down() -> None:
    # 10 x 10 USD of the coin at 99.7 against 97.3 and 103.7, in USD at 100: 10,000 x (1/e - 1/99.7)
    gain = shown(account(position(PERP, LONG, 10, "97.3", "99.7"), balances={"BTC": 1}))["totals"]["unrealized_pnl"]
    loss = shown(account(position(PERP, LONG, 10, "103.7", "99.7"), balances={"BTC": 1}))["totals"]["unrealized_pnl"]
    assert gain == d("2.47402021")  # 2.474020210...
    assert loss == d("-3.86888728")  # -3.868887279...


@pytest.mark.parametrize(
    ("side", "liquidation", "bankruptcy"),
    [
        pytest.param(LONG, "90.90909091", "90", id="below the mark: up, 90.909090909..."),
        pytest.param(SHORT, "108.91089108", "110", id="above the mark: down, 108.910891089..."),
    ],
)
def test_prices_turn_toward_the_mark(side: int, liquidation: str, bankruptcy: str) -> None:
    (row,) = shown(account(position(BTC, side, 1, 100), balances={"USDT": 10}))["positions"]
    assert row["liquidation_price"] == d(liquidation)
    assert row["contract_liquidation_price"] == d(liquidation)
    assert row["bankruptcy_price"] == d(bankruptcy)


def test_distances_turn_toward_zero() -> None:
    one = shown(account(position(BTC, LONG, 1, 100), balances={"USDT": 10}))
    assert one["positions"][0]["distance_to_liquidation"] == d("0.0909090909")
    assert one["liquidation"]["down"] == d("-0.0909090909")
    assert one["liquidation"]["distance"] == d("0.0909090909")
    other = shown(account(position(BTC, SHORT, 1, 100), balances={"USDT": 10}))
    assert other["liquidation"]["up"] == d("0.0891089108")
    assert other["underlyings"][0]["liquidation_up"] == d("108.91089108")


def test_what_the_user_gave_is_echoed_as_given() -> None:
    held = position(BTC, LONG, "0.123456789012345", "99.123456789012345", 100)
    one = shown(account(held, balances={"USDT": "10.123456789012345"}))
    assert one["positions"][0]["quantity"] == d("0.123456789012345")
    assert one["positions"][0]["entry_price"] == d("99.123456789012345")
    assert one["collateral"][0]["balance"] == d("10.123456789012345")


@pytest.mark.parametrize("leverage", [3, 6, 7, 9, 11, 13, 49])
@pytest.mark.parametrize("mark", [7, 9, 50000])
def test_equity_exactly_used_up_leaves_nothing_and_restricts_nothing(leverage: int, mark: int) -> None:
    one = account(
        position(UNTIERED, LONG, leverage, mark, leverage=leverage), balances={"USDT": mark}, prices={"BTC": mark}
    )
    totals = shown(one)["totals"]
    assert totals["free_collateral"] == 0
    assert (totals["utilization"], totals["state"]) == (1, "healthy")


@pytest.mark.parametrize("entry", ["61.3", "97.3", "99.1", "103.7"])
@pytest.mark.parametrize("mark", ["97.1", "99.7", "100.3"])
@pytest.mark.parametrize("quantity", [7, 11, 13])
def test_without_haircuts_none_is_shown(entry: str, mark: str, quantity: int) -> None:
    positions = (position(PERP, LONG, quantity, entry, mark), position(BTC, LONG, 3, "99.1", "100.3"))
    one = shown(account(*positions, balances={"BTC": "0.37", "USDT": "50.1"}))
    assert one["totals"]["haircut"] == 0
    assert [row["haircut"] for row in one["collateral"]] == [0, 0]


@pytest.mark.parametrize("leverages", [(3, 7, 6), (7, 9, 3), (11, 13, 7), (6, 13, 3)])
def test_without_opposite_legs_nothing_is_saved(leverages: tuple[int, int, int]) -> None:
    one, two, three = leverages
    positions = (
        position(BTC, LONG, 3, "99.1", "100.3", leverage=one),
        position(ETH, LONG, 7, "10.1", leverage=two),
        position(PERP, SHORT, 7, "99.7", leverage=three, isolated_margin="0.1"),
        position(PERP, LONG, 7, "99.7", leverage=three),
    )
    netting = shown(account(*positions, balances={"BTC": "0.37", "USDT": "500.1"}))["netting"]
    assert (netting["saving"], netting["saving_rate"]) == (0, 0)
    assert (netting["maintenance"]["saving"], netting["maintenance"]["saving_rate"]) == (0, 0)


def test_no_figure_of_a_report_is_without_a_rounding() -> None:
    for struct in (Totals, PositionFigures):
        for name in struct.__struct_fields__:
            kind = struct.__annotations__[name]
            assert name in FIGURES or kind not in (Decimal, Decimal | None), name


def test_every_key_of_the_report_exists_and_unknown_is_none() -> None:
    one = shown(account(balances={"USDT": 5}))
    assert set(one) == {
        "account",
        "totals",
        "liquidation",
        "pools",
        "positions",
        "collateral",
        "underlyings",
        "netting",
        "funding",
        "portfolio_margin",
    }
    assert one["portfolio_margin"] == []
    assert one["totals"]["leverage"] == 0
    assert one["liquidation"] == {"down": None, "up": None, "distance": None, "direction": None, "pool": None}
    assert one["funding"] == {"per_day": 0, "runway_days": None, "missing": []}
    (pool,) = one["pools"]
    assert pool["liquidation"] == {"down": None, "up": None, "distance": None, "direction": None}


def test_a_position_shows_every_figure_of_the_interface() -> None:
    (row,) = shown(account(position(BTC, LONG, 1, 100), balances={"USDT": 5}))["positions"]
    assert {
        "symbol",
        "side",
        "quantity",
        "entry_price",
        "mark_price",
        "notional",
        "unrealized_pnl",
        "leverage",
        "initial_rate",
        "initial_margin",
        "maintenance_rate",
        "maintenance_deduction",
        "tier",
        "maintenance_margin",
        "margin_mode",
        "pool",
        "liquidation_price",
        "liquidation_side",
        "distance_to_liquidation",
        "contract_liquidation_price",
        "bankruptcy_price",
        "funding_per_day",
        "purpose",
    } <= set(row)


@pytest.mark.parametrize("netting", Netting)
def test_money_beyond_8_decimals_never_shows_more_than_8(netting: Netting) -> None:
    legs = (position(PERP, LONG, 7, "97.3", "99.7", leverage=7), position(PERP, SHORT, 3, "99.1", "99.7", leverage=3))
    rules = MarginRules(netting=netting, initial_basis=Basis.ENTRY)
    one = shown(account(*legs, balances={"BTC": "0.3"}, hedge=True, rules=rules))
    for part in (one["totals"], *one["pools"], one["netting"]):
        for name, value in part.items():
            if isinstance(value, Decimal):
                assert len(f"{value:f}".partition(".")[2].rstrip("0")) <= 10, name
                assert len(f"{value:f}".partition(".")[2]) <= 10, name


def test_a_saving_of_two_thirds_is_rounded_to_the_nearest() -> None:
    assert FIGURES["saving_rate"].direction is Direction.NEAREST  # no side of it is safer
