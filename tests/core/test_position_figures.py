"""What a position's row says, by hand: the asset that liquidates it, its tier, its leverage."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.builders import LONG, SHORT, account, d, linear, position, tiers

from marginctl.core.account import Basis, MarginRules, PriceShown
from marginctl.core.assemble import report_of
from marginctl.core.contract import TiersBy
from marginctl.core.position_figures import Reached, maintenance_tier, shown_price, underlying_of

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
