"""Small accounts for tests: short to write, complete for the engine."""

from decimal import Decimal
from typing import Any

from marginctl.core.account import (
    Account,
    AssetTerms,
    CollateralMode,
    MarginMode,
    MarginRules,
    Order,
    Position,
    PositionMode,
    default_beta,
)
from marginctl.core.contract import Contract, ContractType, HaircutTier, Tier, TiersBy, derived_deductions
from marginctl.core.exact import ONE, ZERO

LONG, SHORT = 1, -1
PRICES = {"USD": "1", "USDT": "1", "USDC": "1", "BTC": "100", "ETH": "10", "EUR": "1.25", "TRY": "0.025"}
Number = str | int | Decimal


def d(value: Number) -> Decimal:
    """An exact decimal."""
    return Decimal(value)


def optional(value: Number | None) -> Decimal | None:
    """An exact decimal or nothing."""
    return None if value is None else Decimal(value)


def tiers(
    *rows: tuple[Number | None, Number, Number | None], deductions: list[Number] | None = None
) -> tuple[Tier, ...]:
    """Rows (up_to, maintenance rate, initial rate); deductions continuous unless given."""
    rates = [d(rate) for _, rate, _ in rows]
    floors = [ZERO, *(d(up_to) for up_to, _, _ in rows if up_to is not None)]
    given = [d(one) for one in deductions] if deductions is not None else derived_deductions(floors, rates)
    return tuple(
        Tier(optional(up_to), rate, deduction, optional(initial))
        for (up_to, _, initial), rate, deduction in zip(rows, rates, given, strict=True)
    )


def flat(maintenance: Number, initial: Number | None = None) -> tuple[Tier, ...]:
    """One tier without end."""
    return tiers((None, maintenance, initial))


def linear(
    symbol: str = "BTCUSDT",
    base: str = "BTC",
    quote: str = "USDT",
    table: tuple[Tier, ...] = flat("0.01", "0.1"),
    *,
    size: Number = 1,
    tiers_by: TiersBy = TiersBy.NOTIONAL,
) -> Contract:
    """A contract that settles in its quote."""
    return Contract(symbol, ContractType.LINEAR, base, quote, d(size), table, tiers_by)


def inverse(
    symbol: str = "BTCUSD",
    base: str = "BTC",
    quote: str = "USD",
    table: tuple[Tier, ...] = flat("0.01", "0.1"),
    *,
    size: Number = 10,
) -> Contract:
    """A contract that settles in its base."""
    return Contract(symbol, ContractType.INVERSE, base, quote, d(size), table)


def position(
    contract: Contract, side: int, quantity: Number, entry: Number, mark: Number | None = None, **fields: Any
) -> Position:
    """A position; numbers in ``fields`` may be text. The mark defaults to the entry price."""
    own: dict[str, Any] = {
        name: d(value) if isinstance(value, str | int) and name != "key" else value for name, value in fields.items()
    }
    if "isolated_margin" in own:
        own["margin_mode"] = MarginMode.ISOLATED
    key = own.pop("key", f"{contract.symbol}:{side}:{'isolated' if 'isolated_margin' in own else 'cross'}")
    return Position(key, contract, side, d(quantity), d(entry), d(entry if mark is None else mark), **own)


def order(contract: Contract, side: int, quantity: Number, price: Number, mark: Number, **fields: Any) -> Order:
    """An order."""
    own: dict[str, Any] = {name: d(value) if isinstance(value, str) else value for name, value in fields.items()}
    return Order(contract, side, d(quantity), d(price), d(mark), **own)


def haircuts(*rows: tuple[Number | None, Number]) -> tuple[HaircutTier, ...]:
    """Rows (up_to, haircut)."""
    return tuple(HaircutTier(optional(up_to), d(haircut)) for up_to, haircut in rows)


def account(
    *positions: Position,
    balances: dict[str, Number] | None = None,
    prices: dict[str, Number] | None = None,
    betas: dict[str, Number] | None = None,
    terms: dict[str, AssetTerms] | None = None,
    orders: tuple[Order, ...] = (),
    rules: MarginRules | None = None,
    isolated_rules: MarginRules | None = None,
    single_asset: bool = False,
    hedge: bool = False,
    currency: str = "USD",
) -> Account:
    """An account with the prices above; only what a test is about needs to be said."""
    known = {asset: d(price) for asset, price in {**PRICES, **(prices or {})}.items()}
    moves = {asset: default_beta(asset) for asset in known} | {a: d(beta) for a, beta in (betas or {}).items()}
    return Account(
        name="test",
        venue="generic",
        currency=currency,
        collateral_mode=CollateralMode.SINGLE_ASSET if single_asset else CollateralMode.MULTI_ASSET,
        position_mode=PositionMode.HEDGE if hedge else PositionMode.ONE_WAY,
        rules=rules or MarginRules(),
        isolated_rules=isolated_rules,
        prices=known,
        betas=moves,
        balances={asset: d(amount) for asset, amount in (balances or {}).items()},
        terms=terms or {},
        positions=positions,
        orders=orders,
    )


__all__ = [
    "LONG",
    "ONE",
    "SHORT",
    "ZERO",
    "account",
    "d",
    "flat",
    "haircuts",
    "inverse",
    "linear",
    "order",
    "position",
    "tiers",
]
