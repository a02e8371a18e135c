"""Portfolios, and accounts of the engine, as books of one row: a header as text, and the row as texts."""

import json
from datetime import date
from typing import Any

import pyarrow as pa
import yaml

from marginctl.analysis.check import Settings
from marginctl.books.batch import BATCH, Header
from marginctl.books.header import read_header
from marginctl.core.account import Account, AssetTerms, MarginRules, PositionMode
from marginctl.core.contract import TiersBy, side_word

TODAY = date(2026, 11, 22)
OPTIONS = ("collateral_mode", "position_mode", "netting", "underlying_netting", "liquidation_level", "venue")
POSITION = tuple(field.name for field in BATCH.field("positions").type.value_type)
OF_ACCOUNT = ("collateral", "positions")


def header_of(text: str | dict[str, Any], name: str = "header.yaml", **settings: Any) -> Header:
    """A header that is right."""
    data = text if isinstance(text, str) else json.dumps(text)
    header, problems = read_header(data.encode(), name, Settings(today=TODAY, **settings))
    assert not problems, [one.message for one in problems]
    assert header is not None
    return header


def batch_of(*rows: dict[str, Any]) -> pa.RecordBatch:
    """Rows of texts as a batch; what a row leaves out is null."""
    return pa.RecordBatch.from_pylist([_whole(row) for row in rows], schema=BATCH)


def _whole(row: dict[str, Any]) -> dict[str, Any]:
    positions = [{name: one.get(name) for name in POSITION} for one in row.get("positions") or []]
    return {"as_of": None, **dict.fromkeys(OPTIONS), "balances": [], **row, "positions": positions}


def portfolio(text: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The header and the row that a portfolio file means; None for what books do not have."""
    file = yaml.load(text, yaml.BaseLoader)
    if {"orders", "portfolio_margin", "history", "waivers", "other"} & file.keys():
        return None
    if any("notional" in one for one in file.get("positions", [])):
        return None
    header = {name: value for name, value in file.items() if name not in {*OF_ACCOUNT, "schema", "limits", "expect"}}
    held = file.get("collateral", [])
    header["collateral"] = [{name: value for name, value in one.items() if name != "amount"} for one in held]
    balances = [{"asset": one["asset"], "amount": one["amount"]} for one in held]
    positions = [{**one, **_rates(one)} for one in file.get("positions", [])]
    return header, {"account_id": "one", "balances": balances, "positions": positions}


def _rates(position: dict[str, str]) -> dict[str, str]:
    """Rates as fractions: tables have no percent sign. Exact: the point moves two places."""
    from decimal import Decimal

    return {name: format(Decimal(text[:-1] + "E-2"), "f") for name, text in position.items() if text.endswith("%")}


def text(value: Any) -> str | None:
    """A decimal as a file writes it."""
    return None if value is None else format(value, "f")


def of_account(account: Account) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The header and the row that mean an account of the engine; None where no file can say it."""
    rules = account.rules
    said = {
        "level": rules.level,
        "netting": rules.netting,
        "underlying_netting": rules.underlying_netting,
        "initial_basis": rules.initial_basis,
        "maintenance_basis": rules.maintenance_basis,
        "close_fee": rules.close_fee,
        "close_fee_in": rules.close_fee_in,
    }
    fees = {position.taker_fee for position in account.positions}
    plain = all(one.liability_factor == 1 and one.requirement_factor == 1 for one in account.terms.values())
    growing = any(one.maintenance_growth or one.initial_growth for one in account.positions)
    if MarginRules(**said) != rules or account.orders or account.model or not plain or growing or len(fees) > 1:
        return None
    if not all(position.has_rates and (position.initial_rate or 0) < 1 for position in account.positions):
        return None
    if any(len(price.as_tuple().digits) > 60 for price in account.prices.values()):
        return None
    if account.isolated_rules not in (None, rules):
        return None
    contracts = {position.contract.symbol: position.contract for position in account.positions}
    header: dict[str, Any] = {
        "account": {
            "venue": "generic",
            "currency": account.currency,
            "collateral_mode": account.collateral_mode.value,
            "position_mode": account.position_mode.value,
            "netting": rules.netting.value,
            "underlying_netting": rules.underlying_netting.value,
            "liquidation_level": text(rules.level),
            "initial_basis": rules.initial_basis.value,
            "maintenance_basis": rules.maintenance_basis.value,
            "close_fee": {"at": rules.close_fee.value, "in": rules.close_fee_in.value, **_fee(rules, fees)},
        },
        "prices": {asset: text(price) for asset, price in account.prices.items() if asset != account.currency},
        "betas": {asset: text(beta) for asset, beta in account.betas.items()},
        "collateral": [
            {
                "asset": asset,
                "loan_rate": text(terms.loan_rate),
                "haircut_tiers": [
                    {"haircut": text(one.haircut), **({"up_to": text(one.up_to)} if one.up_to else {})}
                    for one in terms.haircuts
                ],
            }
            for asset, terms in _terms(account).items()
        ],
        "contracts": {symbol: _contract(one) for symbol, one in contracts.items()},
    }
    balances = [{"asset": asset, "amount": text(amount)} for asset, amount in account.balances.items()]
    is_hedged = account.position_mode is PositionMode.HEDGE
    keys = [(one.contract.symbol, is_hedged and one.side, one.margin_mode) for one in account.positions]
    if len(set(keys)) < len(keys):
        return None
    return header, {"account_id": "one", "balances": balances, "positions": [_position(p) for p in account.positions]}


def _terms(account: Account) -> dict[str, AssetTerms]:
    """The terms of every asset that counts; the engine cuts nothing where an account has none."""
    assets = {*account.balances, *(position.contract.settle for position in account.positions)}
    return {asset: AssetTerms() for asset in sorted(assets)} | account.terms


def _fee(rules: MarginRules, fees: set[Any]) -> dict[str, str | None]:
    return {"rate": text(next(iter(fees), None))} if fees and rules.needs_taker_fee else {}


def _contract(contract: Any) -> dict[str, Any]:
    tiers = [
        {
            "maintenance_rate": text(tier.maintenance_rate),
            **({"up_to": text(tier.up_to)} if tier.up_to is not None else {}),
            **({"initial_rate": text(tier.initial_rate)} if tier.initial_rate is not None else {}),
            **({"deduction": text(tier.deduction)} if contract.tiers_by is TiersBy.NOTIONAL else {}),
        }
        for tier in contract.tiers
    ]
    return {
        "type": contract.type.value,
        "base": contract.base,
        "quote": contract.quote,
        "contract_size": text(contract.contract_size),
        "tiers_by": contract.tiers_by.value,
        **({"tiers": tiers} if tiers else {}),
    }


def _position(position: Any) -> dict[str, Any]:
    fields = ("quantity", "entry_price", "mark_price", "initial_rate", "leverage", "initial_margin")
    fields += ("maintenance_rate", "isolated_margin", "funding_rate")
    row = {name: text(getattr(position, name)) for name in fields}
    if position.maintenance_rate is not None:
        row["maintenance_deduction"] = text(position.maintenance_deduction)
    row |= {"symbol": position.contract.symbol, "side": side_word(position.side)}
    return {**row, "margin_mode": position.margin_mode.value}
