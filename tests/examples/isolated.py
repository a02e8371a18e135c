"""Adapters: isolated positions, and margins with the fee to close in them."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from marginctl.core.account import Basis, CloseFee, MarginRules
from marginctl.core.exact import ONE, ZERO

from .accounts import inverse, linear, needed, position, report, row, up_to_tick

Inputs = dict[str, Any]
Figures = dict[str, Any]
ON_ENTRY = MarginRules(initial_basis=Basis.ENTRY, maintenance_basis=Basis.ENTRY)


def position_margin(inputs: Inputs) -> Figures:
    """Margins on entry or mark with the fee to close at the bankruptcy price."""
    quantity = inputs["quantity"]
    entry = inputs["entry_price"] if "entry_price" in inputs else inputs["entry_value"] / quantity
    basis = Basis(inputs["basis"])
    held = position(
        linear(),
        inputs["side"],
        quantity,
        entry,
        inputs.get("mark_price"),
        leverage=inputs["leverage"],
        maintenance_rate=inputs["maintenance_rate"],
        maintenance_deduction=inputs["maintenance_deduction"],
        taker_fee=inputs["taker_fee"],
    )
    rules = MarginRules(initial_basis=basis, maintenance_basis=basis, close_fee=CloseFee.BANKRUPTCY)
    found = report(held, balances={"USDT": ONE}, rules=rules).totals
    return {"initial_margin": found.initial_margin, "maintenance_margin": found.maintenance_margin}


def isolated_position(inputs: Inputs) -> Figures:
    """The same position before and after maintenance moved from the entry to the mark."""
    figures: Figures = {}
    for name, basis in (("old", Basis.ENTRY), ("new", Basis.MARK)):
        rules = MarginRules(initial_basis=Basis.ENTRY, maintenance_basis=basis, close_fee=CloseFee.BANKRUPTCY)
        given: dict[str, Any] = {
            "leverage": inputs["leverage"],
            "maintenance_rate": inputs["maintenance_rate"],
            "taker_fee": inputs["taker_fee"],
        }
        place = (linear(), inputs["side"], inputs["quantity"], inputs["entry_price"], inputs["mark_price"])
        margin = report(position(*place, **given), balances={"USDT": ONE}, rules=rules).totals.initial_margin
        own = row(report(position(*place, **given, isolated_margin=margin), rules=rules), "COINUSDT")
        figures["initial_margin"] = margin
        figures[f"maintenance_margin_{name}"] = own.maintenance_margin
        figures[f"liquidation_price_{name}"] = up_to_tick(needed(own.contract_liquidation_price), inputs["tick"])
    return figures


def isolated_prices(inputs: Inputs) -> Figures:
    """Bankruptcy and liquidation price on the initial margin, maintenance on the entry."""
    entry, leverage = inputs["entry_price"], inputs["leverage"]
    held = position(
        linear(),
        inputs["side"],
        ONE,
        entry,
        maintenance_rate=inputs["maintenance_rate"],
        isolated_margin=entry / leverage,
    )
    found = row(report(held, rules=ON_ENTRY), "COINUSDT")
    return {
        "bankruptcy_price": up_to_tick(needed(found.bankruptcy_price), inputs["tick"]),
        "liquidation_price": up_to_tick(needed(found.contract_liquidation_price), inputs["tick"]),
    }


def isolated_liquidation_price(inputs: Inputs) -> Figures:
    """Liquidation price on the initial margin and what was added to it, maintenance on the entry."""
    quantity = inputs["quantity"] if "quantity" in inputs else inputs["contracts"]
    place = (linear(size=inputs.get("contract_size", ONE)), inputs["side"], quantity, inputs["entry_price"])
    given = {"leverage": inputs["leverage"], "maintenance_rate": inputs["maintenance_rate"]}
    alone = report(position(*place, **given), balances={"USDT": ONE}, rules=ON_ENTRY).totals
    margin = alone.initial_margin + inputs.get("extra_margin", ZERO)
    own = row(report(position(*place, **given, isolated_margin=margin), rules=ON_ENTRY), "COINUSDT")
    with_fee = report(
        position(*place, **given, taker_fee=inputs.get("taker_fee", ZERO)),
        balances={"USDT": ONE},
        rules=MarginRules(close_fee=CloseFee.MARK),
    ).totals
    return {
        "position_margin": alone.initial_margin,
        "maintenance_margin": own.maintenance_margin,
        "initial_margin_with_fee": with_fee.initial_margin,
        "liquidation_price": _to_tick(needed(own.contract_liquidation_price), inputs.get("tick")),
    }


def _to_tick(price: Decimal, tick: Decimal | None) -> Decimal:
    """The nearest multiple of the tick."""
    return price if tick is None else (price / tick).to_integral_value(ROUND_HALF_UP) * tick


def inverse_isolated_prices(inputs: Inputs) -> Figures:
    """The same for an inverse contract."""
    contracts, size, entry = inputs["contracts"], inputs["contract_size"], inputs["entry_price"]
    held = position(
        inverse(size=size),
        inputs["side"],
        contracts,
        entry,
        maintenance_rate=inputs["maintenance_rate"],
        isolated_margin=contracts * size / entry / inputs["leverage"],
    )
    found = row(report(held, rules=ON_ENTRY), "COINUSD")
    return {
        "bankruptcy_price": up_to_tick(needed(found.bankruptcy_price), inputs["tick"]),
        "liquidation_price": up_to_tick(needed(found.contract_liquidation_price), inputs["tick"]),
    }


def inverse_cross_prices(inputs: Inputs) -> Figures:
    """On a coin balance, with the fee to close at the price itself; bankrupt where only that fee is left."""
    prices: Figures = {}
    for name, rate in (("liquidation_price", inputs["maintenance_rate"]), ("bankruptcy_price", ZERO)):
        held = position(
            inverse(size=inputs["contract_size"]),
            inputs["side"],
            inputs["contracts"],
            inputs["entry_price"],
            maintenance_rate=rate,
            taker_fee=inputs["taker_fee"],
        )
        rules = MarginRules(maintenance_basis=Basis.ENTRY, close_fee=CloseFee.MARK)
        found = report(held, balances={"COIN": inputs["balance"]}, rules=rules, single_asset=True)
        prices[name] = needed(found.positions[0].liquidation_price)
    return prices | {"liquidation_price": up_to_tick(prices["liquidation_price"], inputs["tick"])}


def margin_rate(inputs: Inputs) -> Figures:
    """Equity of an isolated position over its value at the mark."""
    contracts, size, mark = inputs["contracts"], inputs["contract_size"], inputs["mark_price"]
    entry = mark - inputs["unrealized_pnl"] / (contracts * size)
    held = position(linear(size=size), "long", contracts, entry, mark, isolated_margin=inputs["margin"])
    found = report(held, balances={"USDT": inputs["margin"]})
    (pool,) = (pool for pool in found.pools if pool.margin_mode == "isolated")
    return {"margin_rate": round(pool.equity / found.positions[0].notional, 40)}
