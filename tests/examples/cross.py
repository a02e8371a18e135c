"""Adapters: positions in a shared pool, linear and inverse, and their orders."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from marginctl.core.account import Basis, CloseFee, MarginRules, OpenLoss, OrderFees, Position
from marginctl.core.contract import Contract, Tier
from marginctl.core.exact import ONE, ZERO

from .accounts import (
    bracket,
    ceiling,
    collateral,
    inverse,
    linear,
    needed,
    order,
    position,
    report,
    row,
)

Inputs = dict[str, Any]
Figures = dict[str, Any]
LARGE = Decimal(10**7)


def rest_of_the_pool(maintenance: Decimal, pnl: Decimal) -> Position:
    """A second position that needs ``maintenance`` and has ``pnl``, both in the settle asset."""
    return position(
        linear("OTHER"), "long", ONE, LARGE - pnl, LARGE, maintenance_rate=maintenance / LARGE, leverage=ONE
    )


def linear_liquidation_price(inputs: Inputs) -> Figures:
    """One leg beside the rest of the account, or alone on its isolated margin; the tier as given."""
    (leg,) = inputs["legs"]
    isolated = inputs["margin_mode"] == "isolated"
    wallet = inputs["wallet_balance"]
    held = position(
        linear(),
        leg["side"],
        leg["quantity"],
        leg["entry_price"],
        leg.get("mark_price"),
        maintenance_rate=leg["maintenance_rate"],
        maintenance_deduction=leg["maintenance_deduction"],
        isolated_margin=wallet if isolated else None,
    )
    rest = rest_of_the_pool(inputs["other_maintenance_margin"], inputs["other_unrealized_pnl"])
    others = () if isolated else (rest,)
    found = row(report(held, *others, balances={"USDT": wallet}), "COINUSDT")
    return {"liquidation_price": found.contract_liquidation_price, "unrealized_pnl": found.unrealized_pnl}


def linear_cross_account(inputs: Inputs) -> Figures:
    """Several positions in one pool; each liquidation price with the other marks as they are."""
    held = [
        position(
            linear(one["symbol"].removesuffix("USDT")),
            one["side"],
            one["quantity"],
            one["entry_price"],
            one["mark_price"],
            maintenance_rate=one["maintenance_rate"],
            maintenance_deduction=one["maintenance_deduction"],
        )
        for one in inputs["positions"]
    ]
    found = report(*held, balances={"USDT": inputs["wallet_balance"]})
    return {
        one.symbol: {
            "notional": one.notional,
            "maintenance_margin": one.maintenance_margin,
            "unrealized_pnl": one.unrealized_pnl,
            "liquidation_price": one.contract_liquidation_price,
        }
        for one in found.positions
    }


def linear_position_margin(inputs: Inputs) -> Figures:
    """Margins of a position at its mark."""
    held = position(
        linear(),
        inputs["side"],
        inputs["quantity"],
        inputs["entry_price"],
        inputs["mark_price"],
        leverage=inputs["leverage"],
        maintenance_rate=inputs["maintenance_rate"],
        maintenance_deduction=inputs["maintenance_deduction"],
    )
    found = row(report(held, balances={"USDT": ONE}), "COINUSDT")
    names = ("unrealized_pnl", "notional", "initial_margin", "maintenance_margin")
    return {name: getattr(found, name) for name in names}


def inverse_position(inputs: Inputs) -> Figures:
    """Profit and, on the entry price, initial margin of an inverse position, in coin."""
    held = position(
        inverse(size=inputs["contract_size"]),
        inputs["side"],
        inputs["contracts"],
        inputs["entry_price"],
        inputs["mark_price"],
        leverage=inputs.get("leverage", ONE),
    )
    found = report(held, balances={"COIN": ONE}, rules=MarginRules(initial_basis=Basis.ENTRY))
    return {
        "unrealized_pnl": collateral(found, "COIN").unrealized_pnl,
        "initial_margin": row(found, "COINUSD").initial_margin / held.mark_price,
    }


def inverse_liquidation_price(inputs: Inputs) -> Figures:
    """One inverse leg on a wallet of its coin."""
    (leg,) = inputs["legs"]
    held = position(
        inverse(size=inputs["contract_size"]),
        leg["side"],
        leg["contracts"],
        leg["entry_price"],
        maintenance_rate=leg["maintenance_rate"],
        maintenance_deduction=leg["maintenance_deduction"],
    )
    found = row(report(held, balances={"COIN": inputs["wallet_balance"]}, single_asset=True), "COINUSD")
    return {"liquidation_price": found.contract_liquidation_price}


def inverse_maintenance_margin(inputs: Inputs) -> Figures:
    """Notional and maintenance margin of an inverse position, in coin."""
    mark = inputs["mark_price"]
    held = position(
        inverse(size=inputs["contract_size"]),
        "long",
        inputs["contracts"],
        mark,
        maintenance_rate=inputs["maintenance_rate"],
        maintenance_deduction=inputs["maintenance_deduction"],
    )
    found = row(report(held, balances={"COIN": ONE}), "COINUSD")
    return {"notional": found.notional / mark, "maintenance_margin": found.maintenance_margin / mark}


def tier_deduction(inputs: Inputs) -> Figures:
    """Deductions of a table, and the row of a notional in it."""
    table = bracket(inputs["floors"], inputs["maintenance_rates"])
    figures: Figures = {"deduction_of_tier": {str(k): tier.deduction for k, tier in enumerate(table, 1)}}
    if "notional" in inputs:
        held = position(linear(tiers=table), "long", inputs["notional"], ONE)
        found = row(report(held, balances={"USDT": inputs["notional"]}), "COINUSDT")
        names = ("tier", "maintenance_rate", "maintenance_deduction", "maintenance_margin")
        figures |= {name: getattr(found, name) for name in names}
    return figures


def tiered_maintenance_margin(inputs: Inputs) -> Figures:
    """Margins of a notional in a table with given deductions."""
    table = tuple(
        Tier(one["up_to"], one["maintenance_rate"], one["maintenance_deduction"], None) for one in inputs["tiers"]
    )
    held = position(linear(tiers=table), "long", inputs["notional"], ONE, leverage=inputs.get("leverage", ONE))
    found = row(report(held, balances={"USDT": inputs["notional"]}), "COINUSDT")
    return {"maintenance_margin": found.maintenance_margin, "initial_margin": found.initial_margin}


def order_cost(inputs: Inputs) -> Figures:
    """Initial margin of an order, with its open loss against the mark or with its fees to open and to close."""
    if "taker_fee" in inputs:
        return _order_fees(linear(), inputs, inputs["quantity"], ONE)
    placed = order(linear(), inputs, price=inputs["price"], mark=inputs["mark_price"])
    bare, charged = (
        report(orders=(placed,), balances={"USDT": LARGE}, rules=MarginRules(open_loss=kind)).totals.order_margin
        for kind in (OpenLoss.NONE, OpenLoss.MARGIN)
    )
    return {"initial_margin": bare, "open_loss": charged - bare, "cost": charged}


def inverse_order_cost(inputs: Inputs) -> Figures:
    """The same of an inverse contract, in coin."""
    return _order_fees(inverse(size=inputs["contract_size"]), inputs, inputs["contracts"], inputs["price"])


def _order_fees(contract: Contract, inputs: Inputs, quantity: Decimal, unit_price: Decimal) -> Figures:
    """In the settle asset: what an order at the mark needs, bare and with its fees; where what it opens is bankrupt."""
    price, fee = inputs["price"], inputs["taker_fee"]
    placed = replace(order(contract, inputs | {"quantity": quantity}, price=price, mark=price), taker_fee=fee)
    bare, charged = (
        report(
            orders=(placed,), balances={contract.settle: LARGE}, rules=MarginRules(order_fees=kind)
        ).totals.order_margin
        / unit_price
        for kind in OrderFees
    )
    opening = fee * bare * inputs["leverage"]
    filled = position(contract, inputs["side"], quantity, price, isolated_margin=bare, maintenance_rate=fee)
    return {
        "initial_margin": bare,
        "open_fee": opening,
        "close_fee": charged - bare - opening,
        "cost": charged,
        "bankruptcy_price": row(report(filled, balances={contract.settle: bare}), contract.symbol).bankruptcy_price,
    }


def initial_margin(inputs: Inputs) -> Figures:
    """Initial margin of a linear position at its entry."""
    held = position(
        linear(size=inputs["contract_size"]), "long", inputs["contracts"], inputs["price"], leverage=inputs["leverage"]
    )
    return {"initial_margin": report(held, balances={"USDT": ONE}).totals.initial_margin}


def inverse_initial_margin(inputs: Inputs) -> Figures:
    """Initial margin of an inverse position, in coin."""
    held = position(
        inverse(size=inputs["contract_size"]), "long", inputs["contracts"], inputs["price"], leverage=inputs["leverage"]
    )
    found = report(held, balances={"COIN": ONE}).totals.initial_margin
    return {"initial_margin": found / inputs["price"]}


def margin_on_mark(inputs: Inputs) -> Figures:
    """Margin on the value at the mark: the open value and the profit of the side."""
    opened, pnl = inputs["open_value"], inputs["unrealized_pnl"]
    held = position(linear(), inputs["side"], ONE, opened, opened + pnl, leverage=inputs["leverage"])
    return {"position_margin": report(held, balances={"USDT": opened}).totals.initial_margin}


def fee(inputs: Inputs) -> Figures:
    """The taker fee of a value, as the only maintenance of a position of that value."""
    held = position(linear(), "long", ONE, inputs["value"], taker_fee=inputs["taker_fee"])
    found = report(held, balances={"USDT": LARGE}, rules=MarginRules(close_fee=CloseFee.MARK))
    return {"fee": found.totals.maintenance_margin}


def initial_and_maintenance(inputs: Inputs) -> Figures:
    """Margins on the mark, each rounded up to a millionth."""
    rate = inputs["initial_rate"]
    held = position(
        linear(),
        "long" if inputs["quantity"] > 0 else "short",
        abs(inputs["quantity"]),
        inputs["mark_price"],
        initial_rate=rate,
        maintenance_rate=rate * inputs["maintenance_fraction"],
    )
    found = report(held, balances={"USDT": ONE}).totals
    return {
        "initial_margin": ceiling(found.initial_margin, 6),
        "maintenance_margin": ceiling(found.maintenance_margin, 6),
    }


def rate_by_size(inputs: Inputs) -> Figures:
    """Margins at rates that grow with the size, stated by the position: base + rate_per_unit * quantity."""
    grown = inputs["rate_per_unit"] * inputs["quantity"]
    held = position(
        linear(),
        "long",
        inputs["quantity"],
        inputs["price"],
        initial_rate=inputs["initial_base"] + grown,
        maintenance_rate=inputs["maintenance_base"] + grown,
    )
    found = row(report(held, balances={"USDT": ONE}), "COINUSDT")
    return {name: getattr(found, name) for name in ("initial_margin", "maintenance_margin")}


def bankruptcy_value(inputs: Inputs) -> Figures:
    """What closing (a part of) the only position at the bankruptcy price brings, rounded up to a millionth."""
    (held,) = inputs["positions"]
    quantity, mark = held["quantity"], held["mark_price"]
    rate = held["initial_rate"]
    one = position(
        linear(),
        "long" if quantity > 0 else "short",
        abs(quantity),
        mark,
        initial_rate=rate,
        maintenance_rate=rate * held["maintenance_fraction"],
    )
    found = report(one, balances={"USDT": inputs["cash"] + quantity * mark})
    price = needed(found.positions[0].bankruptcy_price)
    return {"cash_for_close": ceiling(-inputs["close"]["quantity_change"] * price, 6) + ZERO}
