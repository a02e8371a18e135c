"""Adapters: collateral, multi-asset pools, account rates, and the examples the product itself is asked for."""

from decimal import Decimal
from typing import Any

from marginctl.core.account import AssetTerms, MarginRules, Netting, Position
from marginctl.core.contract import HaircutTier
from marginctl.core.exact import ONE, ZERO, exceeds
from marginctl.core.report import Report

from .accounts import collateral, cut, linear, position, report

Inputs = dict[str, Any]
Figures = dict[str, Any]


def buffered(bid_buffer: Decimal, ask_buffer: Decimal) -> AssetTerms:
    """Held at the bid, owed and required at the ask."""
    ask = ONE + ask_buffer
    return AssetTerms((HaircutTier(None, bid_buffer),), liability_factor=ask, requirement_factor=ask)


def rate(index: Decimal, amount: int, bid_buffer: Decimal, ask_buffer: Decimal) -> Decimal:
    """What one unit counts, held (+1) or owed (-1)."""
    terms = {"COIN": buffered(bid_buffer, ask_buffer)}
    found = report(balances={"COIN": Decimal(amount)}, prices={"COIN": index}, terms=terms)
    return found.totals.equity * amount


def multi_assets_account(inputs: Inputs) -> Figures:
    """A pool of two stablecoins, each with its own index and buffers."""
    assets = inputs["assets"]
    terms = {a: buffered(one["bid_buffer"], one["ask_buffer"]) for a, one in assets.items()}
    held = [
        position(
            linear(one["symbol"].removesuffix(one["settle"]), quote=one["settle"]),
            one["side"],
            one["quantity"],
            one["entry_price"],
            one["mark_price"],
            initial_rate=one["initial_rate"],
            maintenance_rate=one["maintenance_rate"],
        )
        for one in inputs["positions"]
    ]
    found = report(
        *held,
        balances={a: one["wallet_balance"] for a, one in assets.items()},
        prices={a: one["index_price"] for a, one in assets.items()},
        terms=terms,
    )
    totals = found.totals
    figures: Figures = {
        "equity": totals.equity,
        "available_usd": totals.free_collateral,
        "maintenance_margin": totals.maintenance_margin,
        "margin_ratio": totals.maintenance_ratio,
    }
    for asset, one in assets.items():
        buffers = (one["bid_buffer"], one["ask_buffer"])
        figures[f"bid_rate_{asset}"] = rate(one["index_price"], 1, *buffers)
        figures[f"ask_rate_{asset}"] = ask = rate(one["index_price"], -1, *buffers)
        figures[f"available_{asset}"] = totals.free_collateral / ask
    return figures


def asset_index(inputs: Inputs) -> Figures:
    """Rates at which an asset counts, cut to 8 decimals."""
    index = inputs["index_price"]
    plain = (inputs["bid_buffer"], inputs["ask_buffer"])
    auto = (inputs["auto_exchange_bid_buffer"], inputs["auto_exchange_ask_buffer"])
    return {
        "bid_rate": cut(rate(index, 1, *plain), 8),
        "ask_rate": cut(rate(index, -1, *plain), 8),
        "auto_exchange_bid_rate": cut(rate(index, 1, *auto), 8),
        "auto_exchange_ask_rate": cut(rate(index, -1, *auto), 8),
    }


def pm_collateral(inputs: Inputs) -> Figures:
    """The balances of three wallets at one ratio, in units of the asset."""
    terms = {"COIN": AssetTerms((HaircutTier(None, ONE - inputs["collateral_ratio"]),))}
    amount = sum(inputs["amounts"].values(), ZERO)
    found = report(balances={"COIN": amount}, prices={"COIN": Decimal(100)}, terms=terms)
    return {"value_in_asset": collateral(found, "COIN").value / 100}


def tiered_collateral(inputs: Inputs) -> Figures:
    """Marginal tiers, in units of the asset."""
    tiers = tuple(HaircutTier(one["cap"], ONE - one["ratio"]) for one in inputs["tiers"])
    terms = {"COIN": AssetTerms(tiers)}
    found = report(balances={"COIN": inputs["amount"]}, prices={"COIN": Decimal(100)}, terms=terms)
    return {"value_in_asset": collateral(found, "COIN").value / 100}


def collateral_value(inputs: Inputs) -> Figures:
    """A value after its haircut."""
    haircut = inputs["haircut"] if "haircut" in inputs else ONE - inputs["collateral_ratio"]
    terms = {"COIN": AssetTerms((HaircutTier(None, haircut),))}
    found = report(balances={"COIN": inputs["gross_value"]}, prices={"COIN": ONE}, terms=terms)
    return {"value": collateral(found, "COIN").value}


def holding(margin: Decimal, maintenance: Decimal, pnl: Decimal = ZERO) -> Position:
    """A position with these margins and this profit, in its settle asset."""
    mark = Decimal(100000)
    return position(linear(), "long", ONE, mark - pnl, mark, initial_margin=margin, maintenance_rate=maintenance / mark)


def account_rates(inputs: Inputs) -> Figures:
    """Figures of one coin, valued at its price, and their rates cut to 4 decimals."""
    held = holding(inputs["position_initial_margin"], inputs["position_maintenance_margin"], inputs["unrealized_pnl"])
    price = inputs["usd_value"] / inputs["equity"]
    totals = report(held, balances={"USDT": inputs["wallet_balance"]}, prices={"USDT": price}).totals
    return {
        "total_wallet_balance": totals.gross_collateral,
        "total_unrealized_pnl": totals.unrealized_pnl,
        "total_initial_margin": totals.initial_margin,
        "total_maintenance_margin": totals.maintenance_margin,
        "initial_margin_rate": cut(totals.utilization or ZERO, 4),
        "maintenance_margin_rate": cut(totals.maintenance_ratio or ZERO, 4),
        "available": totals.free_collateral,
    }


def with_margins(inputs: Inputs) -> Report:
    """An account with an equity and margins."""
    held = holding(inputs.get("initial_margin", ZERO), inputs["maintenance_margin"])
    return report(held, balances={"USDT": inputs["equity"]})


def portfolio_margin_account(inputs: Inputs) -> Figures:
    """Rates of an account, cut to 4 decimals."""
    totals = with_margins(inputs).totals
    return {
        "initial_margin_rate": cut(totals.utilization or ZERO, 4),
        "maintenance_margin_rate": cut(totals.maintenance_ratio or ZERO, 4),
        "available": totals.free_collateral,
    }


def pm_ratio(inputs: Inputs) -> Figures:
    """Equity over maintenance margin: one over our ratio."""
    return {"maintenance_margin_ratio": ONE / (with_margins(inputs).totals.maintenance_ratio or ZERO)}


def initial_margin_separate(inputs: Inputs) -> Figures:
    """Two underlyings held separately: their requirements add."""
    held = [
        position(linear(one["name"]), one["side"], one["notional"], ONE, initial_margin=one["initial_margin"])
        for one in inputs["positions"]
    ]
    totals = report(*held, balances={"USD": inputs["equity"]}).totals
    return {name: getattr(totals, name) for name in ("initial_margin", "free_collateral", "utilization")}


def netting_same_contract(inputs: Inputs) -> Figures:
    """A long and a short of one contract, at a price of 1 with a requirement of 100%."""
    legs = [position(linear(), one["side"], one["quantity"], ONE, initial_rate=ONE) for one in inputs["legs"]]
    found = report(
        *legs, balances={"USDT": Decimal(100)}, hedge=True, rules=MarginRules(netting=Netting(inputs["netting"]))
    )
    delta = found.underlyings[0].delta
    return {
        "net_side": "long" if delta > 0 else "short",
        "net_quantity": abs(delta),
        "margined_quantity": found.totals.initial_margin,
    }


def utilization_limit(inputs: Inputs) -> Figures:
    """Utilization against two limits, and the share of the equity that is left."""
    equity = Decimal(1000)
    held = holding(inputs["utilization"] * equity, ZERO)
    totals = report(held, balances={"USDT": equity}).totals
    broken = [
        name
        for name, limit in (("error", inputs["fail_above"]), ("warning", inputs["warn_above"]))
        if exceeds(totals.initial_margin + totals.order_margin, totals.equity, limit)
    ]
    return {"severity": [*broken, "none"][0], "free_share": totals.free_collateral / totals.equity}
