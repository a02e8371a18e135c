"""Every recorded example is computed with the engine and compared, or is listed with the reason why not."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from . import cross, isolated, not_met, pools
from .entries import Entry, entries

ADAPTERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "linear_liquidation_price": cross.linear_liquidation_price,
    "linear_cross_account": cross.linear_cross_account,
    "linear_position_margin": cross.linear_position_margin,
    "inverse_unrealized_pnl": cross.inverse_position,
    "inverse_position": cross.inverse_position,
    "inverse_liquidation_price": cross.inverse_liquidation_price,
    "inverse_maintenance_margin": cross.inverse_maintenance_margin,
    "tier_deduction": cross.tier_deduction,
    "tiered_maintenance_margin": cross.tiered_maintenance_margin,
    "order_cost": cross.order_cost,
    "inverse_order_cost": cross.inverse_order_cost,
    "initial_margin": cross.initial_margin,
    "inverse_initial_margin": cross.inverse_initial_margin,
    "margin_on_mark": cross.margin_on_mark,
    "fee": cross.fee,
    "initial_and_maintenance": cross.initial_and_maintenance,
    "rate_by_size": cross.rate_by_size,
    "bankruptcy_value": cross.bankruptcy_value,
    "position_margin": isolated.position_margin,
    "isolated_position": isolated.isolated_position,
    "isolated_prices": isolated.isolated_prices,
    "isolated_liquidation_price": isolated.isolated_liquidation_price,
    "inverse_isolated_prices": isolated.inverse_isolated_prices,
    "inverse_cross_prices": isolated.inverse_cross_prices,
    "margin_rate": isolated.margin_rate,
    "multi_assets_account": pools.multi_assets_account,
    "asset_index": pools.asset_index,
    "pm_collateral": pools.pm_collateral,
    "tiered_collateral": pools.tiered_collateral,
    "collateral": pools.collateral_value,
    "account_rates": pools.account_rates,
    "portfolio_margin_account": pools.portfolio_margin_account,
    "pm_ratio": pools.pm_ratio,
    "initial_margin_separate": pools.initial_margin_separate,
    "netting_same_contract": pools.netting_same_contract,
    "utilization_limit": pools.utilization_limit,
}
ALL = entries()
MET = [entry for entry in ALL if entry.kind in ADAPTERS and entry.id not in not_met.ENTRIES]
BELOW_ANY_PRINTED_FIGURE = Decimal("1e-40")


@pytest.mark.parametrize("entry", MET, ids=lambda entry: f"{entry.venue}: {entry.id}")
def test_the_engine_gives_the_figures_of_the_source(entry: Entry) -> None:
    compare(entry, entry.expected, ADAPTERS[entry.kind](entry.inputs))


def compare(entry: Entry, expected: dict[str, Any], found: dict[str, Any]) -> None:
    """Every expected figure within its tolerance."""
    for name, figure in expected.items():
        if isinstance(figure, dict):
            compare(entry, figure, found[name])
        elif isinstance(figure, Decimal):
            tolerance = 0 if isinstance(found[name], int) else entry.tolerance_of(name) + BELOW_ANY_PRINTED_FIGURE
            assert abs(found[name] - figure) <= tolerance, f"{name}: {found[name]}, source {figure}"
        else:
            assert found[name] == figure, name


def test_every_example_is_met_or_listed_with_a_reason() -> None:
    met = {entry.id for entry in MET}
    listed = {entry.id for entry in ALL if entry.kind in not_met.KINDS} | set(not_met.ENTRIES)
    assert len({entry.id for entry in ALL}) == len(ALL) == 139
    assert met | listed == {entry.id for entry in ALL}
    assert not met & listed


def test_the_list_of_what_is_not_met_names_only_what_exists() -> None:
    assert set(not_met.KINDS) <= {entry.kind for entry in ALL}
    assert not set(not_met.KINDS) & set(ADAPTERS)
    assert set(not_met.ENTRIES) <= {entry.id for entry in ALL}
    assert set(ADAPTERS) == {entry.kind for entry in MET}
    assert all(reason.strip() for reason in (*not_met.KINDS.values(), *not_met.ENTRIES.values()))
