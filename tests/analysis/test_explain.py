"""Explanations of accounts: the side that is told is that of the move that is shown, at a crossing of 0% as well."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from msgspec.structs import replace
from tests.analysis.formulas import check_figure
from tests.builders import LONG, SHORT, account, linear, position
from tests.core.strategies import accounts

from marginctl.analysis.check import Settings, load_portfolio
from marginctl.analysis.explain import book_of
from marginctl.analysis.subjects import ExplainedAccount, reported
from marginctl.core.account import Account
from marginctl.core.assemble import report_of
from marginctl.core.exact import ZERO, exactly
from marginctl.core.liquidation import pool_state
from marginctl.core.pool import partition
from marginctl.core.position_figures import underlying_of
from marginctl.results.explanation import Step

PAIRS = {
    "liquidation_side": "liquidation_price",
    "contract_liquidation_side": "contract_liquidation_price",
}


def book(of: Account) -> ExplainedAccount:
    """The explanations of an account of which nobody says where it stands."""
    return book_of(of, report_of(of), {})


def move_of(side: Step) -> Step:
    """The fall or the rise that counts, below the side of a liquidation price."""
    (move,) = side.operands
    return move if move.chosen is None else move.operands[move.chosen]


def told(side: Step, *, of_base: bool) -> str | None:
    """The side to which the move leads that is shown; None where the pool is liquidatable already, or nothing is."""
    move = move_of(side)
    if move.value is None or move.name == "move":
        return None
    return "below" if (move.name == "fall") == of_base else "above"


def assert_sides(of: Account) -> None:
    """Every side is that of the move below it, and every price lies there or is the mark."""
    explained = book(of)
    for row, held in zip(explained.report.positions, of.positions, strict=True):
        for name, price in PAIRS.items():
            side = explained.figure(f"positions.{row.key}.{name}")
            is_base = name != "liquidation_side" or underlying_of(held, of) == held.contract.base
            assert side.value == told(side, of_base=is_base), (row.key, name)
            at = getattr(row, price)
            if side.value is not None:
                assert at == row.mark_price or side.value == ("below" if at < row.mark_price else "above"), name


@given(accounts(with_orders=False))
@settings(max_examples=10)
def test_a_side_is_that_of_the_move_that_is_shown(of: Account) -> None:
    assert_sides(of)


def at_the_level(of: Account) -> Account:
    """The account with as much more or less of a stablecoin as puts a pool exactly at its level."""
    state = pool_state(partition(of)[0])
    coin = next((one for one in state.pool.holdings if one.asset == "USDT"), None)
    assume(coin is not None and state.pool.is_shared and state.risk.maintenance_margin > 0)
    assert coin is not None
    missing = -state.risk.buffer(state.pool.rules.level) / coin.price
    moved = account_with(of, "USDT", of.balances.get("USDT", ZERO) + missing)
    assume(not pool_state(partition(moved)[0]).risk.buffer(state.pool.rules.level))
    return moved


def account_with(of: Account, asset: str, balance: Decimal) -> Account:
    """The account with another balance of an asset."""
    return replace(of, balances={**of.balances, asset: balance})


@given(accounts(with_orders=False))
@settings(max_examples=15)
def test_at_a_crossing_of_nothing_a_side_is_that_of_the_move_that_is_shown(of: Account) -> None:
    assert_sides(at_the_level(of))


@pytest.mark.parametrize(("side", "name", "word"), [(SHORT, "rise", "above"), (LONG, "fall", "below")])
def test_a_pool_exactly_at_its_maintenance_margin_is_liquidated_by_a_move_of_nothing(
    side: int, name: str, word: str
) -> None:
    # 0.4 BTC at 20,000 need 0.7% of 8,000 = 56: what is held
    held = position(linear(), side, "0.4", 20000, 20000, maintenance_rate=Decimal("0.007"), leverage=Decimal(1))
    explained = book(account(held, balances={"USDT": Decimal(56)}))
    for figure in PAIRS:
        step = explained.figure(f"positions.{held.key}.{figure}")
        assert (step.value, move_of(step).name, move_of(step).value) == (word, name, 0)


GROWING = """
account: {position_mode: hedge, collateral_mode: multi-asset}
prices: {SOL: 49.72}
collateral: [{asset: SOL, amount: 20000, haircut: 5%}, {asset: USDT, amount: 5000}]
contracts: {SOL-PERPETUAL: {type: inverse, base: SOL, quote: USD, contract_size: 10}}
positions:
  - {symbol: SOL-PERPETUAL, side: long, quantity: 30000, initial_rate: {base: 4%, per_unit: 0.0005%},
     maintenance_rate: {base: 2%, per_unit: 0.0005%}}
  - {symbol: SOL-PERPETUAL, side: short, quantity: 3000, leverage: 5, maintenance_rate: {base: 2%, per_unit: 0.0005%}}
  - {symbol: SOLUSDT, side: short, quantity: 3000, initial_rate: {base: 4%, per_unit: 0.0005%},
     maintenance_rate: {base: 2%, per_unit: 0.0005%}}
orders:
  - {symbol: SOLUSDT, side: sell, position_side: short, quantity: 100, price: 50}
"""


@pytest.mark.parametrize("mode", ["hedge", "one-way"])
@pytest.mark.parametrize("terms", ["netting: none", "netting: net", "maintenance_basis: entry"])
def test_rates_that_grow_are_explained(mode: str, terms: str) -> None:
    text = GROWING.replace("position_mode: hedge", f"position_mode: {mode}, {terms}")
    if mode == "one-way":
        short = "  - {symbol: SOL-PERPETUAL, side: short, quantity: 3000, leverage: 5, "
        text = text.replace(f"{short}maintenance_rate: {{base: 2%, per_unit: 0.0005%}}}}\n", "")
        text = text.replace("position_side: short, ", "")
    loaded, problems = load_portfolio(text.encode(), "book.yaml", Settings(today=date(2026, 11, 22)))
    assert loaded is not None, problems
    with exactly():
        whole, reckoned = book(loaded.account), set[int]()
        for path in reported(report_of(loaded.account)):
            check_figure(whole.figure(path), reckoned)
