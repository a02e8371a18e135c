"""What a position's row says, by hand: the asset that liquidates it, its tier, its leverage."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.builders import LONG, SHORT, account, d, linear, position, tiers

from marginctl.core.account import Basis, MarginRules, PriceShown
from marginctl.core.assemble import report_of
from marginctl.core.contract import TiersBy
from marginctl.core.position_figures import Reached, maintenance_tier, price_after, shown_price, underlying_of

FOLLOWS = {"STETH": "ETH", "WUSD": "USD"}


@pytest.mark.parametrize(
    ("base", "quote", "underlying"),
    [
        pytest.param("BTC", "USDT", "BTC", id="its base"),
        pytest.param("STETH", "USDT", "ETH", id="what that follows"),
        pytest.param("USD", "EUR", "EUR", id="its quote, the base being the account's currency"),
        pytest.param("USD", "STETH", "ETH", id="what that one follows"),
        pytest.param("STETH", "ETH", "STETH", id="both move together: the base, which follows"),
        pytest.param("ETH", "STETH", "STETH", id="both move together: the quote, which follows"),
        pytest.param("STETH", "BTC", "ETH", id="what the base follows, not the quote"),
    ],
)
def test_the_asset_whose_move_liquidates(base: str, quote: str, underlying: str) -> None:
    held = position(linear("X", base, quote), LONG, 1, 1)
    assert underlying_of(held, replace(account(held), follows=FOLLOWS)) == underlying


TABLE = tiers((300, "0.01", "0.1"), (500, "0.02", "0.1"))


@pytest.mark.parametrize(
    ("quantity", "fields", "by", "basis", "tier"),
    [
        pytest.param(2, {}, TiersBy.NOTIONAL, Basis.MARK, 2, id="2 at the mark of 200"),
        pytest.param(2, {}, TiersBy.NOTIONAL, Basis.ENTRY, 1, id="2 at the entry of 100"),
        pytest.param(9, {}, TiersBy.NOTIONAL, Basis.MARK, 2, id="beyond the last one"),
        pytest.param(400, {}, TiersBy.QUANTITY, Basis.MARK, 2, id="400 contracts"),
        pytest.param(2, {"maintenance_rate": "0.05"}, TiersBy.NOTIONAL, Basis.MARK, None, id="a rate of its own"),
    ],
)
def test_the_tier_of_a_position(quantity: int, fields: dict[str, Any], by: TiersBy, basis: Basis, tier: Any) -> None:
    held = position(linear(table=TABLE, tiers_by=by), LONG, quantity, 100, 200, **fields)
    rules = MarginRules(maintenance_basis=basis)
    assert maintenance_tier(held, account(held, rules=rules, prices={"BTC": 200})) == tier
    bare = position(linear(table=()), LONG, 1, 100, 200)
    assert maintenance_tier(bare, account(bare, prices={"BTC": 200})) is None


def test_the_leverage_is_one_over_the_initial_rate() -> None:
    (row,) = report_of(account(position(linear(), LONG, 1, 100, leverage=5), balances={"USDT": 100})).positions
    assert (row.leverage, row.initial_rate) == (5, d("0.2"))
    free = position(linear(), LONG, 1, 100, initial_rate="0")
    assert report_of(account(free, balances={"USDT": 100})).positions[0].leverage is None


@pytest.mark.parametrize(
    ("side", "price", "shown"),
    [
        pytest.param(LONG, "90", "90.5", id="a tick above one below the mark"),
        pytest.param(LONG, "99.8", "100", id="never past the mark"),
        pytest.param(SHORT, "110", "109.5", id="a tick below one above it"),
        pytest.param(SHORT, "100.2", "100", id="never past the mark from above"),
        pytest.param(SHORT, "100", "100", id="at the mark"),
    ],
)
def test_a_price_is_shown_one_tick_nearer(side: int, price: str, shown: str) -> None:
    held = position(replace(linear(), tick_size=d("0.5")), side, 1, 100)
    crossing = Reached(d(price) / 100 - 1, d(price), side == LONG)
    assert shown_price(held, crossing, MarginRules(shown_liquidation_price=PriceShown.ONE_TICK_TOWARD_MARK)) == d(shown)
    assert shown_price(held, crossing, MarginRules()) == d(price)
    assert shown_price(held, None, MarginRules()) is None
    unknown = replace(held, contract=linear())
    assert shown_price(unknown, crossing, MarginRules(shown_liquidation_price=PriceShown.ONE_TICK_TOWARD_MARK)) == d(
        price
    )


@pytest.mark.parametrize(
    ("move", "base", "quote"), [("0.25", 125, 80), ("-0.5", 50, 200), ("-1", None, None), (None, None, None)]
)
def test_a_mark_moves_with_its_base_and_against_its_quote(move: str | None, base: Any, quote: Any) -> None:
    held, by = position(linear(), LONG, 1, 100), None if move is None else d(move)
    assert [price_after(held, by, on_base=on_base) for on_base in (True, False)] == [base, quote]


def test_a_contract_on_the_currency_is_liquidated_by_its_quote() -> None:
    """100 USD in EUR at 0.8, 20 EUR: in USD 20 p + 100 - 80 p of a EUR at p, which is 1, 1% of 100, at p = 1.65."""
    held = position(linear("USDEUR", "USD", "EUR"), LONG, 100, "0.8", key="held")
    (row,) = report_of(account(held, balances={"EUR": 20})).positions
    assert (row.liquidation_side, row.liquidation_price) == ("below", 1 / d("1.65"))
    assert row.distance_to_liquidation is not None
    assert round(row.distance_to_liquidation, 60) == round(d(8) / 33, 60)
