"""Accounts for the examples: what an entry says, and neutral values for what it leaves open."""

from decimal import ROUND_CEILING, ROUND_DOWN, Decimal
from itertools import pairwise
from typing import Any

from tests import builders

from marginctl.core.account import (
    AssetTerms,
    MarginRules,
    Order,
    Position,
)
from marginctl.core.assemble import report_of
from marginctl.core.contract import Contract, Tier, derived_deductions
from marginctl.core.exact import ONE, ZERO
from marginctl.core.report import CollateralFigures, PositionFigures, Report

SIDES = {"long": 1, "buy": 1, "short": -1, "sell": -1}
NO_TIERS = (Tier(None, ZERO, ZERO, None),)


def linear(
    base: str = "COIN", *, tiers: tuple[Tier, ...] = NO_TIERS, size: Decimal = ONE, quote: str = "USDT"
) -> Contract:
    """A contract that settles in its quote."""
    return builders.linear(f"{base}{quote}", base, quote, tiers, size=size)


def inverse(*, tiers: tuple[Tier, ...] = NO_TIERS, size: Decimal = ONE) -> Contract:
    """A contract that settles in its base."""
    return builders.inverse("COINUSD", "COIN", table=tiers, size=size)


def position(
    contract: Contract, side: str, quantity: Decimal, entry: Decimal, mark: Decimal | None = None, **fields: Any
) -> Position:
    """A position; isolated where it is given a margin of its own."""
    own = {name: value for name, value in fields.items() if value is not None}
    return builders.position(contract, SIDES[side], quantity, entry, mark, key=f"{contract.symbol}:{side}", **own)


def order(contract: Contract, inputs: dict[str, Any], *, price: Decimal, mark: Decimal) -> Order:
    """An order of the entry's side, quantity and leverage."""
    side = SIDES[inputs["side"]]
    return builders.order(contract, side, inputs["quantity"], price, mark, leverage=inputs["leverage"])


def report(
    *positions: Position,
    balances: dict[str, Decimal] | None = None,
    prices: dict[str, Decimal] | None = None,
    terms: dict[str, AssetTerms] | None = None,
    orders: tuple[Order, ...] = (),
    rules: MarginRules | None = None,
    single_asset: bool = False,
    hedge: bool = False,
) -> Report:
    """The engine's report of an account; bases without a price have that of their mark."""
    known = {"USD": ONE, "USDT": ONE}
    for p in positions:
        known[p.contract.base] = p.mark_price
    for o in orders:
        known[o.contract.base] = o.mark_price
    known |= prices or {}
    return report_of(
        builders.account(
            *positions,
            balances=dict(balances or {}),
            prices=dict(known),
            terms=terms,
            orders=orders,
            rules=rules,
            single_asset=single_asset,
            hedge=hedge,
        )
    )


def row(found: Report, symbol: str) -> PositionFigures:
    """The position of a contract."""
    return next(one for one in found.positions if one.symbol == symbol)


def collateral(found: Report, asset: str) -> CollateralFigures:
    """The holding of an asset in the first pool."""
    return next(one for one in found.collateral if one.asset == asset)


def needed(price: Decimal | None) -> Decimal:
    """A price that must exist."""
    if price is None:
        raise LookupError("no such price")
    return price


def bracket(floors: list[Decimal], rates: list[Decimal]) -> tuple[Tier, ...]:
    """A table from floors and rates, its deductions derived."""
    bounds: list[Decimal | None] = [*(after for _, after in pairwise(floors)), None]
    return tuple(
        Tier(up_to, rate, deduction, None)
        for up_to, rate, deduction in zip(bounds, rates, derived_deductions(floors, rates), strict=True)
    )


def up_to_tick(price: Decimal, tick: Decimal) -> Decimal:
    """The next multiple of the tick, as venues round the price of a long."""
    settled = round(price, 40)
    return (settled / tick).to_integral_value(ROUND_CEILING) * tick


def cut(value: Decimal, places: int) -> Decimal:
    """Decimals beyond ``places`` cut off."""
    return round(value, 40).quantize(Decimal((0, (1,), -places)), rounding=ROUND_DOWN)


def ceiling(value: Decimal, places: int) -> Decimal:
    """Rounded up."""
    return round(value, 40).quantize(Decimal((0, (1,), -places)), rounding=ROUND_CEILING)
